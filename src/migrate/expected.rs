//! The catalog that migrations make, as each of them has it written down.

use super::context::Context;
use super::embedded::Migrations;
use super::migration::Migration;
use crate::catalog::{Catalog, Delta};
use crate::error::{Error, Result};

impl Migration {
    /// What it does to the catalog, as `catalog.json` of its folder says.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] where there is no such file, or it is not of this form.
    pub fn delta(&self) -> Result<Delta> {
        let Some(text) = &self.catalog else {
            let what = "has no catalog.json, which says what it does to the catalog";
            return Err(Error::migration(&*self.name, what, None));
        };
        serde_json::from_str(text)
            .map_err(|error| Error::migration(&*self.name, "catalog.json", Some(error.into())))
    }
}

impl Migrations {
    /// The catalog of a database to which these migrations of the contexts are applied: what
    /// `applied` says yes to, in the order of their versions.
    ///
    /// # Errors
    ///
    /// Those of [`Migration::delta`].
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::migrate::{Kind, Migrations};
    /// use planwright::verify::{ObjectKind, ObjectName};
    /// use planwright::Context;
    ///
    /// let table = ObjectName::new(ObjectKind::Table, "planwright", "", "migrations");
    /// let catalog = Migrations::embedded()
    ///     .catalog(&[Context::Core], |migration| migration.kind != Kind::Held)?;
    /// assert!(catalog.get(&table).is_some());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn catalog(
        &self,
        contexts: &[Context],
        applied: impl Fn(&Migration) -> bool,
    ) -> Result<Catalog> {
        let mut catalog = Catalog::default();
        for migration in self.of(contexts).filter(|migration| applied(migration)) {
            catalog.apply(&migration.delta()?);
        }
        Ok(catalog)
    }
}
