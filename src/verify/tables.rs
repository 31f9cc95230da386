//! The tables of contexts, as far as a database has them.

use super::fingerprint::Source;
use crate::catalog::{self, ObjectKind, ObjectName};
use crate::error::Result;
use crate::ident::Ident;
use crate::migrate::{Context, Kind, Migration, Migrator};

impl Source {
    /// Every table of the migrator's contexts that the history of its database records, with all of
    /// its columns, but for what the schema tools remember themselves.
    ///
    /// # Errors
    ///
    /// Those of a query.
    pub fn tables_of(migrator: &Migrator<'_>) -> Result<Vec<Self>> {
        let tables = relations(migrator)?;
        migrator.store().read(|uow| {
            let whole = |of: &ObjectName| Self::whole(uow, format!("{}.{}", of.schema, of.name));
            tables.iter().map(whole).collect()
        })
    }
}

pub(super) fn relations(migrator: &Migrator<'_>) -> Result<Vec<ObjectName>> {
    let (contexts, migrations) = migrator.chosen();
    let chosen = contexts.iter().copied();
    let contexts: Vec<_> = chosen.filter(|context| *context != Context::Core).collect();
    let standing = migrator.store().read(|uow| migrations.standing(&contexts, uow))?;
    let applied = |one: &Migration| standing.applied.contains(&one.version);
    let catalog = migrations.catalog(&contexts, applied)?;
    let tables = catalog.iter().filter(|(name, _)| name.kind == ObjectKind::Table);
    Ok(tables.map(|(name, _)| name.clone()).collect())
}

/// A table of each of these contexts, of which nothing is applied, that the database has all the
/// same: what was there before is adopted, not made.
pub(super) fn not_adopted(
    migrator: &Migrator<'_>,
    contexts: &[Context],
) -> Result<Vec<(Context, ObjectName)>> {
    let (_, migrations) = migrator.chosen();
    migrator.store().read(|uow| {
        let mut found = Vec::new();
        for context in contexts {
            let baseline = migrations.catalog(&[*context], |one| one.kind == Kind::Baseline)?;
            for (name, _) in baseline.iter().filter(|(name, _)| name.kind == ObjectKind::Table) {
                let relation = format!("{}.{}", Ident(&name.schema), Ident(&name.name));
                if catalog::relation_exists(uow.connection(), &relation)? {
                    found.push((*context, name.clone()));
                    break;
                }
            }
        }
        Ok(found)
    })
}
