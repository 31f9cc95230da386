//! How far the transition is.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::links::join_exists;
use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// How the recommendations are linked to plans. Each of them is in exactly one of the five counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransitionStatus {
    /// Those with a `plan_id` that the join, if it says anything of them, confirms.
    pub linked: u64,
    /// Those without one that the join links to a single plan. [`Backfill`](super::Backfill)
    /// links them.
    pub legacy_only: u64,
    /// Those without one that the join links to several plans. [`Backfill`](super::Backfill)
    /// copies them.
    pub shared: u64,
    /// Those without one that the join does not know either: candidates, and what replaced legacy
    /// plans have left. They stand against [`CHECK_PLAN_ID`](super::CHECK_PLAN_ID).
    pub orphaned: u64,
    /// Those with a `plan_id` that the join links to another plan, too. Both plans show them.
    /// [`resolve_contradictions`](super::resolve_contradictions) is told what to believe.
    pub contradictory: u64,
    /// Whether the join is still there.
    pub join_exists: bool,
}

impl TransitionStatus {
    /// Whether every link of the join is in `recommendation.plan_id`.
    pub fn is_moved(&self) -> bool {
        (self.legacy_only, self.shared, self.contradictory) == (0, 0, 0)
    }
}

impl fmt::Display for TransitionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = |f: &mut fmt::Formatter<'_>, count: u64, what: &str, then: &str| {
            let (mark, then) = if count == 0 { ("x", "") } else { (" ", then) };
            writeln!(f, "[{mark}] {count} {what}{then}")
        };
        writeln!(f, "[x] {} linked", self.linked)?;
        open(f, self.legacy_only, "linked by the join only", ": the backfill links them")?;
        open(f, self.shared, "shared by several plans", ": the backfill copies them")?;
        open(f, self.contradictory, "contradictory", ": resolve_contradictions settles them")?;
        open(f, self.orphaned, "orphaned", ": theirs is no plan, and plan_id stays nullable")?;
        let (mark, what) = if self.join_exists { (" ", "is there") } else { ("x", "is gone") };
        writeln!(f, "[{mark}] plan_recommendations {what}")
    }
}

/// Counts how recommendations are linked: a scan of `recommendation` and of the join, without a
/// lock that anybody waits for.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) before the schema was expanded, and the like.
pub fn status(uow: &mut UnitOfWork<'_>) -> Result<TransitionStatus> {
    const JOINED: &str = include_str!("status.sql");
    const ALONE: &str = "SELECT count(plan_id), 0::bigint, 0::bigint, count(*) - count(plan_id),
                                0::bigint
                           FROM recommendation";
    type Counts = (BigInt, BigInt, BigInt, BigInt, BigInt);

    let join_exists = join_exists(uow)?;
    let (linked, legacy_only, shared, orphaned, contradictory): (i64, i64, i64, i64, i64) =
        Statement::<Counts>::new(if join_exists { JOINED } else { ALONE })
            .get_result(uow.connection())?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(TransitionStatus {
        linked: count(linked),
        legacy_only: count(legacy_only),
        shared: count(shared),
        orphaned: count(orphaned),
        contradictory: count(contradictory),
        join_exists,
    })
}
