//! The plan that whoever changes a discovery or its files holds first, so that they take turns.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Uuid};

use super::discovered_file;
use super::discovery::{self, DiscoveryRepository};
use super::keys::{DiscoveredFileId, DiscoveryId, FeaturePlanId};
use super::labels::PlanStatus;
use super::plan;
use super::schema::feature_planner::sql_types;
use crate::error::{Error, Result};
use crate::statement::Statement;

/// A plan that is locked until the unit ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldPlan {
    pub(super) id: FeaturePlanId,
    status: PlanStatus,
    pub(super) selected: Option<DiscoveryId>,
}

impl HeldPlan {
    /// Refuses what changes the choice of a plan that is done, or has come to nothing.
    pub(super) fn check_open(&self) -> Result<()> {
        if !self.status.is_final() {
            return Ok(());
        }
        let reason = format!("is {}: its files stay as they are", self.status);
        Err(Error::conflict(plan::ENTITY, self.id, reason))
    }

    /// Refuses a discovery at another time than that of discoveries.
    pub(super) fn check_discovering(&self) -> Result<()> {
        let must = PlanStatus::Discovering;
        if self.status == must {
            return Ok(());
        }
        let reason = format!("is {}: files are discovered while it is {must}", self.status);
        Err(Error::conflict(plan::ENTITY, self.id, reason))
    }
}

macro_rules! hold {
    ($id:literal) => {
        concat!(
            "-- planwright: hold a plan\nSELECT id, status, selected_discovery_session_id \
             FROM feature_planner.feature_plans WHERE user_id = $1 AND id = ",
            $id,
            " FOR NO KEY UPDATE"
        )
    };
}

impl DiscoveryRepository<'_> {
    pub(super) fn hold(&mut self, id: FeaturePlanId) -> Result<HeldPlan> {
        let held = self.held(hold!("$2"), id.0)?;
        held.ok_or_else(|| Error::not_found(plan::ENTITY, id))
    }

    /// Holds the plan of this discovery.
    pub(super) fn hold_of(&mut self, id: DiscoveryId) -> Result<HeldPlan> {
        let sql =
            hold!("(SELECT plan_id FROM feature_planner.file_discovery_sessions WHERE id = $2)");
        self.held(sql, id.0)?.ok_or_else(|| Error::not_found(discovery::ENTITY, id))
    }

    /// Holds the plan of this file.
    pub(super) fn hold_of_file(&mut self, id: DiscoveredFileId) -> Result<HeldPlan> {
        let sql = hold!(
            "(SELECT s.plan_id FROM feature_planner.file_discovery_sessions s \
              JOIN feature_planner.discovered_files f ON f.discovery_session_id = s.id \
             WHERE f.id = $2)"
        );
        self.held(sql, id.0)?.ok_or_else(|| Error::not_found(discovered_file::ENTITY, id))
    }

    fn held(&mut self, sql: &'static str, key: uuid::Uuid) -> Result<Option<HeldPlan>> {
        type Row = (Uuid, sql_types::PlanStatus, Nullable<Uuid>);
        let row = Statement::<Row>::new(sql)
            .bind::<Uuid, _>(self.user)
            .bind::<Uuid, _>(key)
            .get_result(self.uow.connection())
            .optional()?;
        Ok(row.map(|(id, status, selected)| HeldPlan { id, status, selected }))
    }
}
