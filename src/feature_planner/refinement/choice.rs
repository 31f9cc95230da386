//! Which refinement a plan goes on with, and how others go.

use diesel::prelude::*;
use diesel::sql_types::Uuid;

use super::super::keys::{FeaturePlanId, RefinementId};
use super::super::labels::RefinementStatus;
use super::super::plan::{FeaturePlan, FeaturePlanRow};
use super::super::schema::feature_planner::{feature_plans, feature_refinements};
use super::super::{explained, hold};
use super::{ENTITY, RefinementRepository, absent};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl RefinementRepository<'_> {
    /// Makes the plan go on with this refinement of its own, which is `completed`: its refined request
    /// becomes the plan's. What was selected before is so no longer. The plan's lock, and one
    /// statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan, or the plan no such refinement;
    /// [`Error::Conflict`] where the refinement is not `completed`, or the plan is final.
    pub fn select(&mut self, plan: FeaturePlanId, id: RefinementId) -> Result<FeaturePlan> {
        hold::plan(&mut self.uow, self.user, plan)?.check_open()?;
        let sql = include_str!("select.sql");
        let selected: Option<FeaturePlan> = Statement::<FeaturePlanRow>::new(sql)
            .bind::<Uuid, _>(plan)
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(selected) = selected {
            return Ok(selected);
        }
        let status: Option<RefinementStatus> = feature_refinements::table
            .find(id)
            .filter(feature_refinements::plan_id.eq(plan))
            .select(feature_refinements::status)
            .first(self.uow.connection())
            .optional()?;
        let status = status.ok_or_else(|| absent(id))?;
        let reason = format!("is {status}, and only a completed one can be selected");
        Err(Error::conflict(ENTITY, id, reason))
    }

    /// Deletes a refinement that no agent works on and that is not selected. The time that it took
    /// stays in the plan's. The plan's lock, and one statement; one more where it is refused.
    ///
    /// The database itself would forget the choice where a selected one goes; here nothing is
    /// forgotten that nobody has named: select another one first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such refinement; [`Error::Conflict`] where it is
    /// `processing` or selected.
    pub fn delete(&mut self, id: RefinementId) -> Result<()> {
        use RefinementStatus::Processing;
        let plan = self.hold(id)?;
        let selecting =
            feature_plans::table.find(plan).filter(feature_plans::selected_refinement_id.eq(id));
        let gone = diesel::delete(feature_refinements::table.find(id))
            .filter(feature_refinements::status.ne(Processing))
            .filter(diesel::dsl::not(diesel::dsl::exists(selecting)))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if gone > 0 {
            return Ok(());
        }
        let reason = match self.status(id)? {
            Processing => "is processing: fail or cancel it first",
            _ => "is selected: select another one first",
        };
        Err(Error::conflict(ENTITY, id, reason))
    }
}
