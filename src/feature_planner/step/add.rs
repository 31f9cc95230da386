//! How steps come to a generation that is there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::explained;
use super::super::fields::Fields;
use super::super::generation::{GenerationRepository, absent as no_generation};
use super::super::keys::{GenerationId, PlanStepId, TemplateId};
use super::super::template::ENTITY as TEMPLATE;
use super::super::usage::{MAX_DURATION, MAX_TEXT};
use super::{PlanStep, Row};
use crate::error::{Error, Result};
use crate::input;
use crate::statement::Statement;

const INPUT: &str = "feature_planner::NewPlanStep";

/// The most characters of a step's title.
pub const MAX_STEP_TITLE: usize = 255;

/// The most characters of a step's category.
pub const MAX_CATEGORY: usize = 50;

/// The most characters of how sure the author of a step is.
pub const MAX_CONFIDENCE: usize = 20;

/// A step for an implementation plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPlanStep {
    /// What people call it: 1 to 255 characters, not blank.
    pub title: String,
    /// What is to be done: at most 100,000 characters.
    pub description: String,
    /// What kind of step it is: at most 50 characters.
    #[serde(default)]
    pub category: Option<String>,
    /// How sure the author is of it: at most 20 characters.
    #[serde(default)]
    pub confidence_level: Option<String>,
    /// How long the work is expected to take, in words: at most 50 characters.
    #[serde(default)]
    pub estimated_duration: Option<String>,
    /// Its commands: at most 1,000,000 bytes.
    #[serde(default)]
    pub commands: Option<Value>,
    /// Commands that show whether it is done: at most 1,000,000 bytes.
    #[serde(default)]
    pub validation_commands: Option<Value>,
}

impl NewPlanStep {
    /// A step of which nothing else is said.
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            category: None,
            confidence_level: None,
            estimated_duration: None,
            commands: None,
            validation_commands: None,
        }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::NewPlanStep;
    ///
    /// assert!(NewPlanStep::new("Query", "Read the invoices.").validate().is_ok());
    /// assert!(NewPlanStep::new(" ", "Read the invoices.").validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        self.check(&Fields::of(INPUT))
    }

    /// How long its texts and commands are together, in bytes.
    pub(in super::super) fn bytes(&self) -> usize {
        let texts = [&self.category, &self.confidence_level, &self.estimated_duration];
        let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
        let commands = [&self.commands, &self.validation_commands];
        let commands = commands.into_iter().flatten().map(input::json_bytes).sum::<usize>();
        self.title.len() + self.description.len() + texts + commands
    }

    pub(in super::super) fn check(&self, fields: &Fields) -> Result<()> {
        fields.name("title", &self.title, MAX_STEP_TITLE)?;
        fields.text("description", &self.description, MAX_TEXT)?;
        fields.text_if("category", self.category.as_deref(), MAX_CATEGORY)?;
        fields.text_if("confidence_level", self.confidence_level.as_deref(), MAX_CONFIDENCE)?;
        fields.text_if("estimated_duration", self.estimated_duration.as_deref(), MAX_DURATION)?;
        fields.json_if("commands", self.commands.as_ref())?;
        fields.json_if("validation_commands", self.validation_commands.as_ref())
    }
}

/// A place as the server counts it. One behind the end is the end.
fn rank(place: Option<usize>) -> i64 {
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(i64::MAX)
}

impl GenerationRepository<'_> {
    /// Adds a step to a generation, however far that is: at a place from 0, or at the end for `None`
    /// and for a place behind the end. Those at and behind the place make room, and the generation's
    /// `total_steps` follows. Steps of live data that have doubled or missing numbers are numbered
    /// through. The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where the user has no
    /// such generation; [`Error::Constraint`] while the indexes that make places and numbers unique
    /// are there and the constraints are not, where others have to make room.
    pub fn add_step(
        &mut self,
        generation: GenerationId,
        new: &NewPlanStep,
        place: Option<usize>,
    ) -> Result<PlanStep> {
        new.validate()?;
        self.hold(generation)?;
        let sql = concat!(include_str!("add.sql"), include_str!("row.sql"));
        let made: Option<PlanStep> = Statement::<Row>::new(sql)
            .bind::<Uuid, _>(generation)
            .bind::<BigInt, _>(rank(place))
            .bind::<Uuid, _>(generation)
            .bind::<Uuid, _>(PlanStepId::new())
            .bind::<Text, _>(&new.title)
            .bind::<Text, _>(&new.description)
            .bind::<Nullable<Text>, _>(&new.category)
            .bind::<Nullable<Text>, _>(&new.confidence_level)
            .bind::<Nullable<Text>, _>(&new.estimated_duration)
            .bind::<Nullable<Jsonb>, _>(&new.commands)
            .bind::<Nullable<Jsonb>, _>(&new.validation_commands)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        // None: deleted while the lock was waited for.
        made.ok_or_else(|| no_generation(generation))
    }

    /// [`add_step`](Self::add_step), as a template says, which is the user's or public: its content is
    /// the step's description, and it is used once more. The plan's lock, and one statement; one more
    /// where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such generation, or may not use such a template;
    /// [`Error::Constraint`] as for [`add_step`](Self::add_step).
    pub fn add_step_from_template(
        &mut self,
        generation: GenerationId,
        template: TemplateId,
        place: Option<usize>,
    ) -> Result<PlanStep> {
        self.hold(generation)?;
        let sql = concat!(include_str!("add_from_template.sql"), include_str!("row.sql"));
        let made: Option<PlanStep> = Statement::<Row>::new(sql)
            .bind::<Uuid, _>(template)
            .bind::<Uuid, _>(self.user)
            .bind::<Uuid, _>(generation)
            .bind::<BigInt, _>(rank(place))
            .bind::<Uuid, _>(generation)
            .bind::<Uuid, _>(PlanStepId::new())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(made) = made {
            return Ok(made);
        }
        self.get(generation)?;
        Err(Error::not_found(TEMPLATE, template))
    }
}
