//! The versions of a plan.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use serde::Serialize;

use super::plan::PlanId;
use super::version::{Version, VersionRepository, VersionRow};
use crate::error::Result;
use crate::key::{Listed, Page};
use crate::statement::Statement;

/// A version, and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable)]
pub struct HistoryEntry {
    /// The version.
    pub version: Version,
    /// How many meals it has.
    pub meals: i64,
    /// How many sections they have.
    pub sections: i64,
    /// How many lines these have.
    pub lines: i64,
    /// Whether it is the active one.
    pub is_active: bool,
}

impl VersionRepository<'_> {
    /// The versions of a plan that are not pruned, the newest first; a page goes on behind the
    /// number of its last one. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a page of no or too many rows.
    pub fn history(&mut self, plan: PlanId, page: Page<i32>) -> Result<Listed<HistoryEntry, i32>> {
        let before = page.key().map_or(i64::MAX, i64::from);
        let found = Statement::<(VersionRow, BigInt, BigInt, BigInt, Bool)>::new(include_str!(
            "history.sql"
        ))
        .bind::<BigInt, _>(plan)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(page.fetch()?)
        .load(self.uow.connection())?;
        Ok(page.cut(found, |entry: &HistoryEntry| entry.version.version_number))
    }
}
