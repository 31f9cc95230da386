//! Which generation a plan goes on with, and how others go.

use diesel::prelude::*;
use diesel::sql_types::Uuid;

use super::super::keys::{FeaturePlanId, GenerationId};
use super::super::labels::ImplementationPlanStatus;
use super::super::plan::{FeaturePlan, FeaturePlanRow};
use super::super::schema::feature_planner::{feature_plans, implementation_plan_generations};
use super::super::{explained, hold};
use super::{ENTITY, GenerationRepository, absent};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl GenerationRepository<'_> {
    /// Makes the plan go on with this generation of its own, which is `completed`: its implementation
    /// plan, complexity, risk and duration become the plan's. What was selected before is so no longer.
    /// The plan's lock, and one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan, or the plan no such generation;
    /// [`Error::Conflict`] where the generation is not `completed`, or the plan is final.
    pub fn select(&mut self, plan: FeaturePlanId, id: GenerationId) -> Result<FeaturePlan> {
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
        let status: Option<ImplementationPlanStatus> = implementation_plan_generations::table
            .find(id)
            .filter(implementation_plan_generations::plan_id.eq(plan))
            .select(implementation_plan_generations::status)
            .first(self.uow.connection())
            .optional()?;
        let status = status.ok_or_else(|| absent(id))?;
        let reason = format!("is {status}, and only a completed one can be selected");
        Err(Error::conflict(ENTITY, id, reason))
    }

    /// Deletes a generation with its steps, that no agent works on and that is not selected. The time
    /// that it took stays in the plan's. The plan's lock, and one statement; one more where it is
    /// refused.
    ///
    /// The database itself would forget the choice where a selected one goes; here nothing is
    /// forgotten that nobody has named: select another one first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such generation; [`Error::Conflict`] where it is
    /// `processing` or selected.
    pub fn delete(&mut self, id: GenerationId) -> Result<()> {
        use ImplementationPlanStatus::Processing;
        let plan = self.hold(id)?;
        let selecting = feature_plans::table
            .find(plan)
            .filter(feature_plans::selected_plan_generation_id.eq(id));
        let gone = diesel::delete(implementation_plan_generations::table.find(id))
            .filter(implementation_plan_generations::status.ne(Processing))
            .filter(diesel::dsl::not(diesel::dsl::exists(selecting)))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if gone > 0 {
            return Ok(());
        }
        let reason = match self.status(id)? {
            Processing => "is processing: fail it first",
            _ => "is selected: select another one first",
        };
        Err(Error::conflict(ENTITY, id, reason))
    }
}
