//! Iterations: each runs a master plan once, for a migration.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::iteration_type::IterationTypeCode;
use super::master_plan::MasterPlanId;
use super::migration::MigrationId;
use super::status::Status;
use crate::error::{Error, Result};
use crate::key::uuids;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::Iteration";

uuids! {
    /// The key of an [`Iteration`].
    IterationId;
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::cutover::schema::sql_types::CutoverStatus;

    /// The view that knows the plan of every iteration in every state of the schema. In states before
    /// the contract an iteration may have its migration's.
    iteration_plans (ite_id) {
        ite_id -> Uuid,
        mig_id -> Uuid,
        plm_id -> Uuid,
        itt_code -> Varchar,
        ite_name -> Varchar,
        ite_description -> Nullable<Text>,
        ite_status -> CutoverStatus,
        ite_static_cutover_date -> Nullable<Timestamptz>,
        ite_dynamic_cutover_date -> Nullable<Timestamptz>,
        created_by -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_by -> Nullable<Text>,
        updated_at -> Timestamptz,
    }
}

/// One run of a master plan for a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = iteration_plans)]
pub struct Iteration {
    /// The key.
    pub ite_id: IterationId,
    /// The migration.
    pub mig_id: MigrationId,
    /// The master plan that it runs.
    pub plm_id: MasterPlanId,
    /// What it is for.
    pub itt_code: IterationTypeCode,
    /// What people call it. Unique in the migration.
    pub ite_name: String,
    /// What is special about it.
    pub ite_description: Option<String>,
    /// How far it is.
    pub ite_status: Status,
    /// When the cutover is agreed to be.
    pub ite_static_cutover_date: Option<DateTime<Utc>>,
    /// When the cutover is now expected to be.
    pub ite_dynamic_cutover_date: Option<DateTime<Utc>>,
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
    /// The iterations of cutover migrations.
    pub fn iterations(&mut self) -> IterationRepository<'_> {
        IterationRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Iteration`]s.
#[derive(Debug)]
pub struct IterationRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl IterationRepository<'_> {
    /// The iteration with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: IterationId) -> Result<Option<Iteration>> {
        Ok(Iteration::query()
            .filter(iteration_plans::ite_id.eq(id))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The iteration with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: IterationId) -> Result<Iteration> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }
}
