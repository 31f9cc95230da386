//! Putting plans away, and back.

use diesel::prelude::*;

use super::explained;
use super::plan::{Effect, PlanId, PlanRepository};
use super::schema::active_plans;
use crate::error::Result;

impl PlanRepository<'_> {
    /// Puts the plan away: it takes no commits and no reverts, and its name is free for another.
    /// Drafts and versions stay.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where there is no such plan.
    pub fn archive(&mut self, id: PlanId) -> Result<Effect> {
        if self.locked(id)?.archived_at.is_some() {
            return Ok(Effect::Unchanged);
        }
        diesel::update(active_plans::table.find(id))
            .set(active_plans::archived_at.eq(diesel::dsl::now))
            .execute(self.uow.connection())?;
        Ok(Effect::Done)
    }

    /// Takes an archived plan out again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where there is no such plan;
    /// [`Error::Constraint`](crate::Error::Constraint) where another plan of the owner has the name
    /// by now.
    pub fn unarchive(&mut self, id: PlanId) -> Result<Effect> {
        if self.locked(id)?.archived_at.is_none() {
            return Ok(Effect::Unchanged);
        }
        diesel::update(active_plans::table.find(id))
            .set(active_plans::archived_at.eq(None::<chrono::DateTime<chrono::Utc>>))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(Effect::Done)
    }
}
