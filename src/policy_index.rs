//! A rule that a host may turn on and off: an index that no migration makes.

use crate::catalog;
use crate::error::Result;
use crate::migrate;
use crate::store::Store;

/// A unique index, and the statements that make and drop it beside writers: of the forms that a
/// migration without a transaction may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolicyIndex {
    /// Its name, as SQL writes it.
    pub(crate) name: &'static str,
    /// The table that it stands on, as SQL writes it.
    pub(crate) table: &'static str,
    /// `CREATE UNIQUE INDEX CONCURRENTLY …`
    pub(crate) create: &'static str,
    /// `DROP INDEX CONCURRENTLY IF EXISTS …`
    pub(crate) drop: &'static str,
}

impl PolicyIndex {
    /// Whether it stands as it is made, and answers for all rows.
    pub(crate) fn is_valid(&self, store: &Store) -> Result<bool> {
        store.read(|uow| {
            let found = catalog::index(uow.connection(), self.table, self.name)?;
            Ok(found.is_some_and(|index| {
                index.valid && index.unique && migrate::is_policy(self.name, &index.definition)
            }))
        })
    }

    /// Builds it, unless it stands. What an attempt that died has left is dropped first; one that
    /// fails leaves nothing.
    pub(crate) fn build(&self, store: &Store) -> Result<()> {
        migrate::run_unrecorded(store, self.name, self.create)
    }

    /// Drops it, if it is there.
    pub(crate) fn drop(&self, store: &Store) -> Result<()> {
        migrate::run_unrecorded(store, self.name, self.drop)
    }
}
