//! How far a feature plan is.

use diesel::dsl::now;
use diesel::prelude::*;

use super::super::explained;
use super::super::keys::FeaturePlanId;
use super::super::labels::PlanStatus;
use super::super::progress::Progress as _;
use super::super::schema::feature_planner::feature_plans;
use super::{ENTITY, FeaturePlan, FeaturePlanRepository};
use crate::error::{Error, Result};

/// The step of the work that comes with a status. One that only ends the work leaves it.
const fn step(status: PlanStatus) -> Option<i32> {
    match status {
        PlanStatus::Draft => Some(0),
        PlanStatus::Refining => Some(1),
        PlanStatus::Discovering => Some(2),
        PlanStatus::Planning | PlanStatus::Completed => Some(3),
        PlanStatus::Failed | PlanStatus::Cancelled => None,
    }
}

impl FeaturePlanRepository<'_> {
    /// Brings a plan from the status that the caller saw to the next one, and its `current_step` along;
    /// `completed_at` is set where it is completed. One statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTransition`] for a step that there is not: from `from`, before anything is sent,
    /// or from the status that the plan has by now. [`Error::NotFound`] where the user has no such
    /// plan; [`Error::Conflict`] where it has another status than `from` by now, from which there is
    /// the step as well. Nothing is changed then.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// # let id = store.write(|uow| factory::plan(uow, user, PlanStatus::Draft))?;
    ///
    /// let set = |from, to| store.write(|uow| uow.feature_plans(user).set_status(id, from, to));
    /// let plan = set(PlanStatus::Draft, PlanStatus::Refining)?;
    /// assert_eq!((plan.status, plan.current_step), (PlanStatus::Refining, 1));
    /// // Somebody who still sees a draft changes nothing.
    /// assert!(set(PlanStatus::Draft, PlanStatus::Cancelled).unwrap_err().is_conflict());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn set_status(
        &mut self,
        id: FeaturePlanId,
        from: PlanStatus,
        to: PlanStatus,
    ) -> Result<FeaturePlan> {
        from.check_step(to, ENTITY, id)?;
        let changed = diesel::update(feature_plans::table.find(id))
            .filter(feature_plans::user_id.eq(self.user))
            .filter(feature_plans::status.eq(from))
            .set((
                feature_plans::status.eq(to),
                step(to).map(|step| feature_plans::current_step.eq(step)),
                (to == PlanStatus::Completed).then(|| feature_plans::completed_at.eq(now)),
                feature_plans::updated_at.eq(now),
            ))
            .returning(FeaturePlan::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match changed {
            Some(plan) => Ok(plan),
            None => Err(from.lost(to, self.status(id)?, ENTITY, id)),
        }
    }

    /// How far the plan is now.
    pub(super) fn status(&mut self, id: FeaturePlanId) -> Result<PlanStatus> {
        feature_plans::table
            .find(id)
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::status)
            .first(self.uow.connection())
            .optional()?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }
}
