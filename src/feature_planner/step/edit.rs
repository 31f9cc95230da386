//! How steps change and go.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::fields::Fields;
use super::super::generation::GenerationRepository;
use super::super::keys::PlanStepId;
use super::super::schema::feature_planner::plan_steps;
use super::super::usage::{MAX_DURATION, MAX_TEXT};
use super::super::{explained, hold};
use super::add::{MAX_CATEGORY, MAX_CONFIDENCE, MAX_STEP_TITLE};
use super::{PlanStep, absent};
use crate::error::Result;
use crate::statement::Statement;

const INPUT: &str = "feature_planner::PlanStepUpdate";

/// What a step shall say: all of it, so begin with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsChangeset)]
#[diesel(table_name = plan_steps, treat_none_as_null = true)]
#[serde(deny_unknown_fields)]
pub struct PlanStepUpdate {
    /// What people call it: 1 to 255 characters, not blank.
    pub title: String,
    /// What is to be done: at most 100,000 characters.
    pub description: String,
    /// What kind of step it is: at most 50 characters.
    pub category: Option<String>,
    /// How sure the author is of it: at most 20 characters.
    pub confidence_level: Option<String>,
    /// How long the work is expected to take, in words: at most 50 characters.
    pub estimated_duration: Option<String>,
    /// Its commands: at most 1,000,000 bytes.
    pub commands: Option<Value>,
    /// Commands that show whether it is done: at most 1,000,000 bytes.
    pub validation_commands: Option<Value>,
}

impl From<&PlanStep> for PlanStepUpdate {
    /// One that changes nothing.
    fn from(stored: &PlanStep) -> Self {
        Self {
            title: stored.title.clone(),
            description: stored.description.clone(),
            category: stored.category.clone(),
            confidence_level: stored.confidence_level.clone(),
            estimated_duration: stored.estimated_duration.clone(),
            commands: stored.commands.clone(),
            validation_commands: stored.validation_commands.clone(),
        }
    }
}

impl PlanStepUpdate {
    /// Checks every rule of [`update_step`](GenerationRepository::update_step) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let fields = Fields::of(INPUT);
        fields.name("title", &self.title, MAX_STEP_TITLE)?;
        fields.text("description", &self.description, MAX_TEXT)?;
        fields.text_if("category", self.category.as_deref(), MAX_CATEGORY)?;
        fields.text_if("confidence_level", self.confidence_level.as_deref(), MAX_CONFIDENCE)?;
        fields.text_if("estimated_duration", self.estimated_duration.as_deref(), MAX_DURATION)?;
        fields.json_if("commands", self.commands.as_ref())?;
        fields.json_if("validation_commands", self.validation_commands.as_ref())
    }
}

impl GenerationRepository<'_> {
    /// Changes what a step says. Its place stays, and so does where it comes from. The plan's lock,
    /// and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a field that breaks its rule;
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such step.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::{UserId, feature_planner::{PlanStep, PlanStepUpdate}};
    /// # fn f(store: &planwright::Store, user: UserId, step: &PlanStep) -> planwright::Result<()> {
    /// let update = PlanStepUpdate { category: Some("backend".into()), ..step.into() };
    /// store.write(|uow| uow.plan_generations(user).update_step(step.id, &update))?;
    /// # Ok(()) }
    /// ```
    pub fn update_step(&mut self, id: PlanStepId, update: &PlanStepUpdate) -> Result<PlanStep> {
        update.validate()?;
        self.hold_step(id)?;
        let updated = diesel::update(plan_steps::table.find(id))
            .set((update, plan_steps::updated_at.eq(now)))
            .returning(PlanStep::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        updated.ok_or_else(|| absent(id))
    }

    /// Deletes a step. The gap closes, and the generation's `total_steps` follows. Steps of live data
    /// that have doubled or missing numbers are numbered through. The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such step;
    /// [`Error::Constraint`](crate::Error::Constraint) as for [`add_step`](Self::add_step).
    pub fn delete_step(&mut self, id: PlanStepId) -> Result<()> {
        self.hold_step(id)?;
        let gone: Option<PlanStepId> = Statement::<Uuid>::new(include_str!("delete.sql"))
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        gone.map(drop).ok_or_else(|| absent(id))
    }

    /// Locks its plan.
    fn hold_step(&mut self, id: PlanStepId) -> Result<()> {
        hold::of_step(&mut self.uow, self.user, id).map(drop)
    }
}
