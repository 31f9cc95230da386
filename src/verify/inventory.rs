//! What the migrations make, without a database.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::catalog::{Catalog, ObjectKind, ObjectName};
use crate::error::Result;
use crate::migrate::{Context, Migrations};

/// The tables and views of some contexts.
///
/// Prints as a list for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inventory {
    /// In the order of their names, with those that were taken away.
    pub relations: Vec<InventoryRelation>,
}

/// A table or view, and the migrations that have made it what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InventoryRelation {
    /// Its name.
    pub name: ObjectName,
    /// The context that makes it.
    pub context: Context,
    /// The names of the migrations that make or alter it, or what belongs to it, oldest first.
    pub migrations: Vec<String>,
    /// The name of the migration that takes it away for good, which is one of them.
    pub taken_away_by: Option<String>,
    /// Its columns after the last migration, held ones included, in the order of their names.
    /// Empty where it was taken away.
    pub columns: Vec<InventoryColumn>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InventoryColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the server writes it.
    #[serde(rename = "type")]
    pub type_: String,
    /// Whether it may be NULL. `None` for a view's, which does not say.
    pub nullable: Option<bool>,
}

/// What the migrations in this crate make of the contexts: each table and view, the migrations
/// that create or alter it, and its final columns.
///
/// # Errors
///
/// [`Error::Migration`](crate::Error::Migration) where a migration does not say what it does to
/// the catalog.
///
/// # Example
///
/// ```
/// use planwright::{Context, verify};
///
/// let inventory = verify::inventory([Context::Core])?;
/// let history = inventory.relations.iter().find(|one| one.name.name == "migrations").unwrap();
/// assert_eq!(history.migrations[0], "2026-11-20-000000_core_history");
/// assert!(history.columns.iter().any(|column| column.name == "checksum"));
/// # Ok::<(), planwright::Error>(())
/// ```
pub fn inventory(contexts: impl IntoIterator<Item = Context>) -> Result<Inventory> {
    Inventory::of(&Migrations::embedded(), contexts)
}

impl Inventory {
    /// The same of other migrations than the ones in this crate.
    ///
    /// # Errors
    ///
    /// Those of [`inventory`].
    pub fn of(
        migrations: &Migrations,
        contexts: impl IntoIterator<Item = Context>,
    ) -> Result<Self> {
        let contexts: Vec<Context> = contexts.into_iter().collect();
        let mut found: BTreeMap<ObjectName, InventoryRelation> = BTreeMap::new();
        for migration in migrations.of(&contexts) {
            let delta = migration.delta()?;
            for name in
                delta.made.iter().map(|object| &object.name).filter(|name| is_relation(name))
            {
                let relation = found.entry(name.clone()).or_insert_with(|| InventoryRelation {
                    name: name.clone(),
                    context: migration.context,
                    migrations: Vec::new(),
                    taken_away_by: None,
                    columns: Vec::new(),
                });
                relation.taken_away_by = None;
            }
            for name in &delta.gone {
                if let Some(relation) = found.get_mut(name) {
                    relation.taken_away_by = Some(migration.to_string());
                }
            }
            let touched = || delta.made.iter().map(|object| &object.name).chain(&delta.gone);
            for relation in found.values_mut() {
                if touched().any(|name| *name == relation.name || belongs(name, &relation.name)) {
                    relation.migrations.push(migration.to_string());
                }
            }
        }
        let last = migrations.catalog(&contexts, |_| true)?;
        for relation in found.values_mut() {
            relation.columns = columns(&last, &relation.name);
        }
        Ok(Self { relations: found.into_values().collect() })
    }
}

fn is_relation(name: &ObjectName) -> bool {
    matches!(name.kind, ObjectKind::Table | ObjectKind::View)
}

fn belongs(name: &ObjectName, relation: &ObjectName) -> bool {
    name.schema == relation.schema && name.relation == relation.name
}

fn columns(catalog: &Catalog, relation: &ObjectName) -> Vec<InventoryColumn> {
    if catalog.get(relation).is_none() {
        return Vec::new();
    }
    let own = |name: &ObjectName| name.kind == ObjectKind::Column && belongs(name, relation);
    let found = catalog.iter().filter(|(name, _)| own(name));
    found
        .map(|(name, properties)| InventoryColumn {
            name: name.name.clone(),
            type_: properties.get("type").cloned().unwrap_or_default(),
            nullable: properties.get("nullable").map(|nullable| nullable == "yes"),
        })
        .collect()
}

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for relation in &self.relations {
            write!(f, "{relation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for InventoryRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, context, migrations, taken_away_by, columns } = self;
        let end = if taken_away_by.is_some() { ", taken away" } else { "" };
        writeln!(f, "{name} ({context}{end})")?;
        for migration in migrations {
            writeln!(f, "  {migration}")?;
        }
        for InventoryColumn { name, type_, nullable } in columns {
            let not = if *nullable == Some(false) { " NOT NULL" } else { "" };
            writeln!(f, "    {name} {type_}{not}")?;
        }
        Ok(())
    }
}
