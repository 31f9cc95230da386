//! How an iteration comes to another master plan, and how it goes.

use diesel::prelude::*;
use diesel::sql_types::Uuid;

use super::explained;
use super::iteration::{self, Iteration, IterationId, IterationRepository, IterationRow};
use super::master_plan::MasterPlanId;
use super::schema::sql_types::CutoverStatus;
use super::status::Status;
use crate::error::{Error, Result};
use crate::statement::Statement;

impl IterationRepository<'_> {
    /// Gives an iteration another master plan, while it is `PLANNING`. Where it runs that plan
    /// already, however far it is, nothing is written. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such iteration; [`Error::InvalidTransition`] where it is
    /// no longer `PLANNING`; [`Error::Constraint`] where there is no such plan.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::cutover::{IterationId, MasterPlanId};
    /// # fn f(store: &planwright::Store, rehearsal: IterationId, better: MasterPlanId) -> planwright::Result<()> {
    /// let relinked = store.write(|uow| uow.iterations().relink(rehearsal, better))?;
    /// assert_eq!(relinked.plm_id, better);
    /// # Ok(()) }
    /// ```
    pub fn relink(&mut self, id: IterationId, plan: MasterPlanId) -> Result<Iteration> {
        let stored: Option<Iteration> = Statement::<IterationRow>::new(include_str!("relink.sql"))
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(plan)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        let stored = stored.ok_or_else(|| Error::not_found(iteration::ENTITY, id))?;
        if stored.plm_id == plan {
            return Ok(stored);
        }
        Err(no_step(id, stored.ite_status, format!("master plan {plan}")))
    }

    /// Deletes an iteration that has not begun or was cancelled. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such iteration; [`Error::InvalidTransition`] where it is
    /// `IN_PROGRESS` or `COMPLETED`.
    pub fn unlink(&mut self, id: IterationId) -> Result<()> {
        let status: Option<Status> = Statement::<CutoverStatus>::new(include_str!("unlink.sql"))
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match status {
            None => Err(Error::not_found(iteration::ENTITY, id)),
            Some(Status::Planning | Status::Cancelled) => Ok(()),
            Some(status) => Err(no_step(id, status, "unlinked".to_owned())),
        }
    }
}

fn no_step(id: IterationId, from: Status, to: String) -> Error {
    let (key, from) = (id.to_string(), from.to_string());
    Error::InvalidTransition { entity: iteration::ENTITY, key, from, to }
}
