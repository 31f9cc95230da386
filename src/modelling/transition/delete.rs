//! A legacy plan with all that is only its own.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::links::join_exists;
use crate::error::{Error, Result};
use crate::modelling::plan::PlanId;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// What went with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeletedLegacyPlan {
    /// The recommendations that were deleted with it: those that it alone had selected.
    pub removed: u64,
    /// Those that it had selected and that stay, since another plan has them too.
    pub kept: u64,
}

/// Deletes a plan with the recommendations that are reached through it alone, by `plan_id` or by
/// the join. [`PlanRepository::delete`](crate::modelling::PlanRepository::delete) leaves those of
/// the join behind as orphans.
///
/// # Errors
///
/// [`Error::NotFound`] where there is none with this key.
pub fn delete_legacy_plan(uow: &mut UnitOfWork<'_>, id: PlanId) -> Result<DeletedLegacyPlan> {
    const PLAN: &str = "SELECT id FROM plan WHERE id = $1 FOR UPDATE";
    // Two plans that share a recommendation and are deleted at once wait here for each other, and
    // the second sees that it is the last.
    const ROWS: &str = "SELECT id FROM recommendation
                         WHERE id IN (SELECT recommendation_id FROM plan_recommendations
                                       WHERE plan_id = $1
                                      UNION
                                      SELECT id FROM recommendation WHERE plan_id = $2)
                         ORDER BY id FOR UPDATE";
    const DELETE: &str = "DELETE FROM plan WHERE id = $1";
    const ALONE: &str = "WITH removed AS (
                             DELETE FROM recommendation WHERE plan_id = $1 RETURNING 1
                         )
                         SELECT count(*), 0::bigint FROM removed";

    let plan: Option<PlanId> = Statement::<BigInt>::new(PLAN)
        .bind::<BigInt, _>(id)
        .get_result(uow.connection())
        .optional()?;
    if plan.is_none() {
        return Err(Error::not_found("modelling::Plan", id));
    }
    let joined = join_exists(uow)?;
    if joined {
        let _: Vec<i64> = Statement::<BigInt>::new(ROWS)
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(id)
            .load(uow.connection())?;
    }
    let sql = if joined { include_str!("delete_rows.sql") } else { ALONE };
    let (removed, kept): (i64, i64) = Statement::<(BigInt, BigInt)>::new(sql)
        .bind::<BigInt, _>(id)
        .get_result(uow.connection())?;
    Statement::<()>::new(DELETE).bind::<BigInt, _>(id).execute(uow.connection())?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(DeletedLegacyPlan { removed: count(removed), kept: count(kept) })
}
