//! The tables of contexts, as far as a database has them.

use super::fingerprint::Source;
use crate::catalog::{ObjectKind, ObjectName};
use crate::error::Result;
use crate::migrate::{Context, Migration, Migrator};

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
