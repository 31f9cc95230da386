//! Measures that are to go with their plan, while another one has them by the join.
//!
//! A writer that knows only `plan_recommendations` links a measure to a further plan at any time,
//! also when its row says a plan already. Deleting the row would take it from that plan, too.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::plan::PlanId;
use super::scenario::ScenarioId;
use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// To be called before these plans are deleted. Where the join is gone: a statement that reads
/// nothing.
pub(super) fn before_delete(uow: &mut UnitOfWork<'_>, ids: &[PlanId]) -> Result<()> {
    // In the order in which a replace takes them. As it reads plan, nobody drops the join from here.
    const PLANS: &str = "SELECT p.id FROM plan p
                          WHERE p.id = ANY ($1) AND to_regclass('plan_recommendations') IS NOT NULL
                          ORDER BY p.property_id, p.scenario_id, p.id
                            FOR UPDATE";

    let plans: Vec<PlanId> =
        Statement::<BigInt>::new(PLANS).bind::<Array<BigInt>, _>(ids).load(uow.connection())?;
    release(uow, &plans)
}

/// To be called before this scenario is deleted, and its plans with it.
pub(super) fn before_delete_of(uow: &mut UnitOfWork<'_>, id: ScenarioId) -> Result<()> {
    // From here on it gets no other plan.
    const SCENARIO: &str = "SELECT s.id FROM scenario s
                             WHERE s.id = $1 AND to_regclass('plan_recommendations') IS NOT NULL
                               FOR UPDATE";
    const PLANS: &str = "SELECT p.id FROM plan p
                          WHERE p.scenario_id = $1
                            AND to_regclass('plan_recommendations') IS NOT NULL
                          ORDER BY p.property_id, p.scenario_id, p.id
                            FOR UPDATE";

    let joined: Option<ScenarioId> = Statement::<BigInt>::new(SCENARIO)
        .bind::<BigInt, _>(id)
        .get_result(uow.connection())
        .optional()?;
    if joined.is_none() {
        return Ok(());
    }
    let plans: Vec<PlanId> =
        Statement::<BigInt>::new(PLANS).bind::<BigInt, _>(id).load(uow.connection())?;
    release(uow, &plans)
}

/// Takes from these plans, which the caller has locked, the measures that the join links to others,
/// too: their rows stay, with the links. From here on the rest can be deleted, as no measure of
/// theirs gets another link.
pub(super) fn release(uow: &mut UnitOfWork<'_>, plans: &[PlanId]) -> Result<()> {
    // A new link locks the measure's row. Who waits here for one sees it in the next statement.
    const LOCK: &str = "SELECT count(*)
                          FROM (SELECT r.id FROM recommendation r
                                 WHERE r.plan_id = ANY ($1)
                                 ORDER BY r.id
                                   FOR UPDATE) held";
    // OFFSET 0 keeps this a look-up by key; see the view plan_measure.
    const RELEASE: &str = "UPDATE recommendation r
                              SET plan_id = NULL, position = NULL
                            WHERE r.plan_id = ANY ($1)
                              AND EXISTS (SELECT FROM plan_recommendations l
                                           WHERE l.recommendation_id = r.id
                                             AND l.plan_id <> r.plan_id
                                             AND l.plan_id <> ALL ($2)
                                          OFFSET 0)";

    if plans.is_empty() {
        return Ok(());
    }
    let held: i64 = Statement::<BigInt>::new(LOCK)
        .bind::<Array<BigInt>, _>(plans)
        .get_result(uow.connection())?;
    if held > 0 {
        Statement::<()>::new(RELEASE)
            .bind::<Array<BigInt>, _>(plans)
            .bind::<Array<BigInt>, _>(plans)
            .execute(uow.connection())?;
    }
    Ok(())
}
