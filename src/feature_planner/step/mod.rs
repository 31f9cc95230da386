//! Steps: what an implementation plan consists of.

mod add;
mod edit;
mod reorder;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::generation::{GenerationRepository, absent as no_generation};
use super::keys::{GenerationId, PlanStepId, TemplateId};
use super::schema::feature_planner::{feature_plans, implementation_plan_generations, plan_steps};
use crate::error::{Error, Result};

pub use add::{MAX_CATEGORY, MAX_CONFIDENCE, MAX_STEP_TITLE, NewPlanStep};
pub use edit::PlanStepUpdate;

pub(super) const ENTITY: &str = "feature_planner::PlanStep";

/// A step of an implementation plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plan_steps)]
pub struct PlanStep {
    /// The key.
    pub id: PlanStepId,
    /// The generation.
    pub plan_generation_id: GenerationId,
    /// Its place in the plan, from 0.
    pub display_order: i32,
    /// Its number in the plan, from 1.
    pub step_number: i32,
    /// What people call it.
    pub title: String,
    /// What is to be done.
    pub description: String,
    /// What kind of step it is.
    pub category: Option<String>,
    /// How sure the author is of it.
    pub confidence_level: Option<String>,
    /// How long the work is expected to take, in words.
    pub estimated_duration: Option<String>,
    /// Its commands.
    pub commands: Option<Value>,
    /// Commands that show whether it is done.
    pub validation_commands: Option<Value>,
    /// Whether it comes from a template.
    pub is_from_template: bool,
    /// That template, while it is there.
    pub template_id: Option<TemplateId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// The SQL types of [`PlanStep`]'s fields.
type Row = SqlTypeOf<AsSelect<PlanStep, Pg>>;

impl GenerationRepository<'_> {
    /// The steps of a generation, in their order: those that live data has at one place by number and
    /// key. One statement; one more where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such generation.
    pub fn steps(&mut self, generation: GenerationId) -> Result<Vec<PlanStep>> {
        let plans = feature_plans::table
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        let own = implementation_plan_generations::table
            .filter(implementation_plan_generations::id.eq(generation))
            .filter(implementation_plan_generations::plan_id.eq_any(plans))
            .select(implementation_plan_generations::id);
        let found: Vec<PlanStep> = PlanStep::query()
            .filter(plan_steps::plan_generation_id.eq_any(own))
            .order((plan_steps::display_order, plan_steps::step_number, plan_steps::id))
            .load(self.uow.connection())?;
        if found.is_empty() && self.find(generation)?.is_none() {
            return Err(no_generation(generation));
        }
        Ok(found)
    }
}

fn absent(id: PlanStepId) -> Error {
    Error::not_found(ENTITY, id)
}
