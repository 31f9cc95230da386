//! Master plans: what is done in a cutover, or in its rehearsal.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::schema::plans_master_plm;
use super::status::Status;
use crate::error::{Error, Result};
use crate::key::uuids;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::MasterPlan";

uuids! {
    /// The key of a [`MasterPlan`].
    MasterPlanId;
}

/// What is done in a cutover, or in its rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plans_master_plm)]
pub struct MasterPlan {
    /// The key.
    pub plm_id: MasterPlanId,
    /// What people call it.
    pub plm_name: String,
    /// What it is for.
    pub plm_description: Option<String>,
    /// How far it is.
    pub plm_status: Status,
    /// Who made it: the [actor](crate::Transaction::actor) of the unit of work.
    pub created_by: Option<String>,
    /// When it was made: the start of that transaction.
    pub created_at: DateTime<Utc>,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// When it was changed last: the start of that transaction.
    pub updated_at: DateTime<Utc>,
}

impl UnitOfWork<'_> {
    /// The master plans.
    pub fn master_plans(&mut self) -> MasterPlanRepository<'_> {
        MasterPlanRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`MasterPlan`]s.
#[derive(Debug)]
pub struct MasterPlanRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl MasterPlanRepository<'_> {
    /// The master plan with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: MasterPlanId) -> Result<Option<MasterPlan>> {
        Ok(MasterPlan::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The master plan with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: MasterPlanId) -> Result<MasterPlan> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }
}
