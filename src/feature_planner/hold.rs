//! The lock on a plan, which whatever changes the plan's attempts, files or steps takes first.
//!
//! It is a statement of its own: the next one then sees all that was done before the lock was given.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Uuid};

use super::keys::{
    DiscoveredFileId, DiscoveryId, FeaturePlanId, GenerationId, PlanStepId, RefinementId,
};
use super::labels::PlanStatus;
use super::schema::feature_planner::sql_types;
use super::{discovery, generation, plan, refinement, step};
use crate::error::{Error, Result};
use crate::key::UserId;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// A plan that is locked until the unit ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldPlan {
    pub(super) id: FeaturePlanId,
    status: PlanStatus,
    pub(super) discovery: Option<DiscoveryId>,
}

impl HeldPlan {
    /// Refuses what belongs to another part of the work.
    pub(super) fn check_is(&self, needed: PlanStatus, things: &str) -> Result<()> {
        if self.status == needed {
            return Ok(());
        }
        let reason = format!("is {}, and {things} are made while it is {needed}", self.status);
        Err(Error::conflict(plan::ENTITY, self.id, reason))
    }

    /// Refuses what changes the choice of a plan that is over.
    pub(super) fn check_open(&self) -> Result<()> {
        if !self.status.is_final() {
            return Ok(());
        }
        let reason = format!("is {}, and what it goes on with stays as it is", self.status);
        Err(Error::conflict(plan::ENTITY, self.id, reason))
    }
}

/// The lock on the user's plan with this key: an expression that knows the key as `$2`.
macro_rules! lock {
    ($id:literal) => {
        concat!(
            "-- planwright: lock a plan\nSELECT id, status, selected_discovery_session_id \
             FROM feature_planner.feature_plans WHERE user_id = $1 AND id = ",
            $id,
            " FOR NO KEY UPDATE"
        )
    };
}

/// Locks this plan of the user's.
pub(super) fn plan(uow: &mut UnitOfWork<'_>, user: UserId, id: FeaturePlanId) -> Result<HeldPlan> {
    held(uow, user, lock!("$2"), id.0)?.ok_or_else(|| Error::not_found(plan::ENTITY, id))
}

macro_rules! locks {
    ($($(#[$doc:meta])* $name:ident($key:ty) $entity:expr, $id:literal;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name(uow: &mut UnitOfWork<'_>, user: UserId, id: $key) -> Result<HeldPlan> {
            held(uow, user, lock!($id), id.0)?.ok_or_else(|| Error::not_found($entity, id))
        }
    )*};
}
locks! {
    /// Locks the user's plan that this refinement is of.
    of_refinement(RefinementId) refinement::ENTITY,
        "(SELECT plan_id FROM feature_planner.feature_refinements WHERE id = $2)";
    /// Locks the user's plan that this discovery is of.
    of_discovery(DiscoveryId) discovery::ENTITY,
        "(SELECT plan_id FROM feature_planner.file_discovery_sessions WHERE id = $2)";
    /// Locks the user's plan that this file is of.
    of_file(DiscoveredFileId) discovery::file::ENTITY,
        "(SELECT s.plan_id FROM feature_planner.file_discovery_sessions s \
            JOIN feature_planner.discovered_files f ON f.discovery_session_id = s.id \
           WHERE f.id = $2)";
    /// Locks the user's plan that this generation is of.
    of_generation(GenerationId) generation::ENTITY,
        "(SELECT plan_id FROM feature_planner.implementation_plan_generations WHERE id = $2)";
    /// Locks the user's plan that this step is of.
    of_step(PlanStepId) step::ENTITY,
        "(SELECT g.plan_id FROM feature_planner.implementation_plan_generations g \
            JOIN feature_planner.plan_steps s ON s.plan_generation_id = g.id WHERE s.id = $2)";
}

fn held(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    sql: &'static str,
    key: uuid::Uuid,
) -> Result<Option<HeldPlan>> {
    type Row = (Uuid, sql_types::PlanStatus, Nullable<Uuid>);
    let row = Statement::<Row>::new(sql)
        .bind::<Uuid, _>(user)
        .bind::<Uuid, _>(key)
        .get_result(uow.connection())
        .optional()?;
    Ok(row.map(|(id, status, discovery)| HeldPlan { id, status, discovery }))
}
