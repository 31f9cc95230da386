//! Master plans: what is done in a cutover, or in its rehearsal.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::explained;
use super::new_master_plan::NewMasterPlan;
use super::schema::plans_master_plm;
use super::status::Status;
use crate::error::{Error, Result};
use crate::key::{Listed, Page, uuids};
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
    /// Who changed it last, of those who were named: a change without an actor leaves it.
    pub updated_by: Option<String>,
    /// When it was changed last: the start of that transaction.
    pub updated_at: DateTime<Utc>,
}

/// Which master plans to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MasterPlanFilter {
    status: Option<Status>,
}

impl MasterPlanFilter {
    /// Every master plan.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that are so far.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
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

    /// Master plans, by key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(
        &mut self,
        filter: &MasterPlanFilter,
        page: Page<MasterPlanId>,
    ) -> Result<Listed<MasterPlan, MasterPlanId>> {
        let mut query =
            MasterPlan::query().order(plans_master_plm::plm_id).limit(page.fetch()?).into_boxed();
        if let Some(key) = page.key() {
            query = query.filter(plans_master_plm::plm_id.gt(key));
        }
        if let Some(status) = filter.status {
            query = query.filter(plans_master_plm::plm_status.eq(status));
        }
        let found = query.load(self.uow.connection())?;
        Ok(page.cut(found, |plan| plan.plm_id))
    }

    /// Stores a master plan, which begins as [`Status::Planning`].
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{NewMasterPlan, Status};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    ///
    /// let new = NewMasterPlan::new("Weekend in three waves");
    /// let made = store.write(|uow| uow.master_plans().create(&new))?;
    /// assert_eq!(made.plm_status, Status::Planning);
    /// assert_eq!(store.read(|uow| uow.master_plans().get(made.plm_id))?, made);
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn create(&mut self, new: &NewMasterPlan) -> Result<MasterPlan> {
        new.validate()?;
        diesel::insert_into(plans_master_plm::table)
            .values((plans_master_plm::plm_id.eq(MasterPlanId::new()), new))
            .returning(MasterPlan::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Replaces all that a master plan was made with; its status stays. Of two callers the last one
    /// wins.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where there is no
    /// master plan with this key.
    pub fn update(&mut self, id: MasterPlanId, new: &NewMasterPlan) -> Result<MasterPlan> {
        new.validate()?;
        diesel::update(plans_master_plm::table.find(id))
            .set(new)
            .returning(MasterPlan::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Brings a master plan from the status that the caller saw to the next one. Its iterations have a
    /// status of their own, which stays.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTransition`] for a step that there is not, before anything is sent;
    /// [`Error::NotFound`] where there is no master plan with this key; [`Error::Conflict`] where it
    /// has another status than `from` by now, and nothing is changed.
    pub fn set_status(&mut self, id: MasterPlanId, from: Status, to: Status) -> Result<MasterPlan> {
        from.check_step(to, ENTITY, id)?;
        let set = diesel::update(plans_master_plm::table.find(id))
            .filter(plans_master_plm::plm_status.eq(from))
            .set(plans_master_plm::plm_status.eq(to))
            .returning(MasterPlan::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        match set {
            Some(plan) => Ok(plan),
            None => Err(from.lost(ENTITY, id, self.get(id)?.plm_status)),
        }
    }

    /// Deletes a master plan that nothing uses.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this key; [`Error::Constraint`] while iterations
    /// run it, or, in states of the schema before the contract, while a migration names it.
    pub fn delete(&mut self, id: MasterPlanId) -> Result<()> {
        let deleted = diesel::delete(plans_master_plm::table.find(id))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if deleted == 0 { Err(Error::not_found(ENTITY, id)) } else { Ok(()) }
    }
}
