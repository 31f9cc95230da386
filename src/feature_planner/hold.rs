//! The lock on a plan, which whatever changes the plan or its attempts takes first.
//!
//! It is a statement of its own: the next one then sees all that was done before the lock was given.

use diesel::prelude::*;

use super::keys::{FeaturePlanId, GenerationId, PlanStepId, RefinementId};
use super::labels::PlanStatus;
use super::plan::ENTITY;
use super::schema::feature_planner::{
    feature_plans, feature_refinements, implementation_plan_generations, plan_steps,
};
use crate::error::{Error, Result};
use crate::key::UserId;
use crate::unit_of_work::UnitOfWork;

/// Locks this plan of the user's.
pub(super) fn plan(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    plan: FeaturePlanId,
) -> Result<PlanStatus> {
    let status: Option<PlanStatus> = feature_plans::table
        .find(plan)
        .filter(feature_plans::user_id.eq(user))
        .select(feature_plans::status)
        .for_no_key_update()
        .first(uow.connection())
        .optional()?;
    status.ok_or_else(|| Error::not_found(ENTITY, plan))
}

/// [`plan`], which has to be in the step that `things` belong to.
pub(super) fn plan_in(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: FeaturePlanId,
    needed: PlanStatus,
    things: &str,
) -> Result<()> {
    let status = plan(uow, user, id)?;
    if status == needed {
        return Ok(());
    }
    let reason = format!("is {status}, and {things} are made while it is {needed}");
    Err(Error::conflict(ENTITY, id, reason))
}

/// [`plan`], which may still select something.
pub(super) fn plan_to_select(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: FeaturePlanId,
) -> Result<()> {
    let status = plan(uow, user, id)?;
    if status.is_final() {
        return Err(Error::conflict(ENTITY, id, format!("is {status}, and selects nothing more")));
    }
    Ok(())
}

/// Locks the user's plan that this refinement is of. Which, if there is one.
pub(super) fn of_refinement(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: RefinementId,
) -> Result<Option<FeaturePlanId>> {
    let own = feature_refinements::table
        .filter(feature_refinements::id.eq(id))
        .select(feature_refinements::plan_id);
    Ok(feature_plans::table
        .filter(feature_plans::user_id.eq(user))
        .filter(feature_plans::id.eq_any(own))
        .select(feature_plans::id)
        .for_no_key_update()
        .first(uow.connection())
        .optional()?)
}

/// Locks the user's plan that this generation is of. Which, if there is one.
pub(super) fn of_generation(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: GenerationId,
) -> Result<Option<FeaturePlanId>> {
    let own = implementation_plan_generations::table
        .filter(implementation_plan_generations::id.eq(id))
        .select(implementation_plan_generations::plan_id);
    Ok(feature_plans::table
        .filter(feature_plans::user_id.eq(user))
        .filter(feature_plans::id.eq_any(own))
        .select(feature_plans::id)
        .for_no_key_update()
        .first(uow.connection())
        .optional()?)
}

/// Locks the user's plan that this step is of. Which, if there is one.
pub(super) fn of_step(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: PlanStepId,
) -> Result<Option<FeaturePlanId>> {
    let generation =
        plan_steps::table.filter(plan_steps::id.eq(id)).select(plan_steps::plan_generation_id);
    let own = implementation_plan_generations::table
        .filter(implementation_plan_generations::id.eq_any(generation))
        .select(implementation_plan_generations::plan_id);
    Ok(feature_plans::table
        .filter(feature_plans::user_id.eq(user))
        .filter(feature_plans::id.eq_any(own))
        .select(feature_plans::id)
        .for_no_key_update()
        .first(uow.connection())
        .optional()?)
}
