//! How far the transition is.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::column_exists;
use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// Where the plans of iterations and migrations stand. Each iteration is in exactly one of the
/// first three counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransitionStatus {
    /// Iterations that name their plan.
    pub named: u64,
    /// Iterations that name none and run their migration's. [`Backfill`](super::Backfill) names
    /// it.
    pub by_migration: u64,
    /// Iterations without any plan, which triggers refuse. Whoever has inserted them has switched
    /// those off.
    pub without_plan: u64,
    /// Migrations that name a plan and have no iteration. [`Backfill`](super::Backfill) makes one.
    pub without_iteration: u64,
    /// Migrations that have iterations, none of which runs the plan that they name. They stand
    /// against [`DROP_COLUMN`](super::DROP_COLUMN).
    pub apart: u64,
    /// Migrations that have more than one plan, the one that they name among them. They stand
    /// against every way back.
    pub several: u64,
    /// Whether `migrations_mig.plm_id` is still there.
    pub column_exists: bool,
}

impl TransitionStatus {
    /// Whether the iterations alone know every plan.
    pub fn is_moved(&self) -> bool {
        (self.by_migration, self.without_plan, self.without_iteration, self.apart) == (0, 0, 0, 0)
    }
}

impl fmt::Display for TransitionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = |f: &mut fmt::Formatter<'_>, count: u64, what: &str, then: &str| {
            let (mark, then) = if count == 0 { ("x", "") } else { (" ", then) };
            writeln!(f, "[{mark}] {count} {what}{then}")
        };
        writeln!(f, "[x] {} iterations name their plan", self.named)?;
        open(f, self.by_migration, "run their migration's", ": the backfill names it")?;
        open(f, self.without_plan, "have none at all", ": give them one")?;
        open(
            f,
            self.without_iteration,
            "migrations name a plan and have no iteration",
            ": the backfill makes one",
        )?;
        open(
            f,
            self.apart,
            "name a plan that none of their iterations runs",
            ": link it, or set it to NULL",
        )?;
        let (mark, then) = if self.several == 0 { ("x", "") } else { ("-", ": no way back") };
        writeln!(f, "[{mark}] {} have several plans{then}", self.several)?;
        let (mark, what) = if self.column_exists { (" ", "is there") } else { ("x", "is gone") };
        writeln!(f, "[{mark}] migrations_mig.plm_id {what}")
    }
}

/// Counts them: a scan of both tables, without a lock that anybody waits for.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) before the schema was expanded, and the like.
pub fn status(uow: &mut UnitOfWork<'_>) -> Result<TransitionStatus> {
    const BOTH: &str = include_str!("status.sql");
    const ALONE: &str = "SELECT count(*), 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                                (SELECT count(*)
                                   FROM (SELECT FROM iterations_ite
                                          GROUP BY mig_id HAVING count(DISTINCT plm_id) > 1) s)
                           FROM iterations_ite";
    type Counts = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

    let column_exists = column_exists(uow)?;
    let counts: (i64, i64, i64, i64, i64, i64) =
        Statement::<Counts>::new(if column_exists { BOTH } else { ALONE })
            .get_result(uow.connection())?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(TransitionStatus {
        named: count(counts.0),
        by_migration: count(counts.1),
        without_plan: count(counts.2),
        without_iteration: count(counts.3),
        apart: count(counts.4),
        several: count(counts.5),
        column_exists,
    })
}
