//! How generations go on and end.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Jsonb, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::explained;
use super::super::fields::Fields;
use super::super::keys::{GenerationId, PlanStepId};
use super::super::labels::{Complexity, ImplementationPlanStatus, RiskLevel};
use super::super::schema::feature_planner::{implementation_plan_generations, sql_types};
use super::super::step::NewPlanStep;
use super::super::usage::{Failure, MAX_DOCUMENT, MAX_DURATION, Usage};
use super::{Generation, GenerationRepository, Row};
use crate::error::{Error, Result};
use crate::statement::Statement;

const INPUT: &str = "feature_planner::GenerationResult";

/// The most steps that a generation ends with.
pub const MAX_STEPS: usize = 1_000;

/// The most bytes that the texts and commands of one result's steps have together.
const MAX_BYTES: usize = 100_000_000;

/// What an agent has planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationResult {
    /// The implementation plan, in Markdown: 1 to 1,000,000 characters, not blank.
    pub implementation_plan: String,
    /// How much there is to it.
    #[serde(default)]
    pub complexity: Option<Complexity>,
    /// How much can go wrong.
    #[serde(default)]
    pub risk_level: Option<RiskLevel>,
    /// How long the work is expected to take, in words: at most 50 characters.
    #[serde(default)]
    pub estimated_duration: Option<String>,
    /// How many prerequisites it names. Not negative.
    #[serde(default)]
    pub prerequisites_count: i32,
    /// How many quality gates it names. Not negative.
    #[serde(default)]
    pub quality_gates_count: i32,
    /// Whether somebody has seen that it has the sections that were asked for.
    #[serde(default)]
    pub has_required_sections: bool,
    /// Whether somebody has seen that it is Markdown that can be read.
    #[serde(default)]
    pub is_valid_markdown: bool,
    /// What is wrong with the answer: at most 1,000,000 bytes.
    #[serde(default)]
    pub validation_errors: Option<Value>,
    /// What the agent has used.
    #[serde(default)]
    pub usage: Usage,
    /// Its steps, in their order: at most 1,000, their texts and commands together at most 100,000,000
    /// bytes.
    #[serde(default)]
    pub steps: Vec<NewPlanStep>,
}

impl GenerationResult {
    /// This implementation plan, of which nothing else is said.
    pub fn new(implementation_plan: impl Into<String>) -> Self {
        Self {
            implementation_plan: implementation_plan.into(),
            complexity: None,
            risk_level: None,
            estimated_duration: None,
            prerequisites_count: 0,
            quality_gates_count: 0,
            has_required_sections: false,
            is_valid_markdown: false,
            validation_errors: None,
            usage: Usage::new(),
            steps: Vec::new(),
        }
    }

    /// Checks every rule of [`finish`](GenerationRepository::finish) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule, as `steps[3].title`.
    pub fn validate(&self) -> Result<()> {
        let fields = Fields::of(INPUT);
        fields.name("implementation_plan", &self.implementation_plan, MAX_DOCUMENT)?;
        fields.text_if("estimated_duration", self.estimated_duration.as_deref(), MAX_DURATION)?;
        fields.not_negative("prerequisites_count", self.prerequisites_count)?;
        fields.not_negative("quality_gates_count", self.quality_gates_count)?;
        fields.json_if("validation_errors", self.validation_errors.as_ref())?;
        self.usage.check(INPUT)?;
        if self.steps.len() > MAX_STEPS {
            let reason = format!("must be at most {MAX_STEPS}, not {}", self.steps.len());
            return Err(Error::invalid(INPUT, "steps", reason));
        }
        let mut steps = self.steps.iter().enumerate();
        steps.try_for_each(|(nth, step)| step.check(&Fields::nth(INPUT, "steps", nth)))?;
        if self.steps.iter().map(NewPlanStep::bytes).sum::<usize>() > MAX_BYTES {
            let reason = format!("must be at most {MAX_BYTES} bytes of text and commands together");
            return Err(Error::invalid(INPUT, "steps", reason));
        }
        Ok(())
    }
}

impl GenerationRepository<'_> {
    /// Says that the agent has begun: `pending -> processing`. The plan's lock, and one statement; one
    /// more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such generation; [`Error::InvalidTransition`] where it
    /// is not `pending`.
    pub fn begin(&mut self, id: GenerationId) -> Result<Generation> {
        use ImplementationPlanStatus::{Pending, Processing};
        self.hold(id)?;
        let begun = diesel::update(implementation_plan_generations::table.find(id))
            .filter(implementation_plan_generations::status.eq(Pending))
            .set(implementation_plan_generations::status.eq(Processing))
            .returning(Generation::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        self.stepped(id, [Pending, Processing], begun)
    }

    /// Keeps what the agent has planned, with its steps: `processing -> completed`. Steps that are
    /// there already stay before them, and are counted too. Its time is added to the plan's, which
    /// stops at the greatest that its column can hold. The plan's lock, and one statement, however
    /// many steps there are; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where the user has no
    /// such generation; [`Error::InvalidTransition`] where it is not `processing`.
    pub fn finish(&mut self, id: GenerationId, result: &GenerationResult) -> Result<Generation> {
        use ImplementationPlanStatus::{Completed, Processing};
        result.validate()?;
        self.hold(id)?;
        let steps = &result.steps;
        let ids: Vec<_> = steps.iter().map(|_| PlanStepId::new()).collect();
        let titles: Vec<&str> = steps.iter().map(|step| &*step.title).collect();
        let descriptions: Vec<&str> = steps.iter().map(|step| &*step.description).collect();
        let texts = |field: fn(&NewPlanStep) -> Option<&str>| -> Vec<_> {
            steps.iter().map(field).collect()
        };
        let jsons = |field: fn(&NewPlanStep) -> Option<&Value>| -> Vec<_> {
            steps.iter().map(field).collect()
        };
        let usage = result.usage;
        let sql = concat!(include_str!("finish.sql"), include_str!("row.sql"));
        let finished = Statement::<Row>::new(sql)
            .bind::<Array<Uuid>, _>(ids)
            .bind::<Array<Text>, _>(titles)
            .bind::<Array<Text>, _>(descriptions)
            .bind::<Array<Nullable<Text>>, _>(texts(|step| step.category.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(texts(|step| step.confidence_level.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(texts(|step| step.estimated_duration.as_deref()))
            .bind::<Array<Nullable<Jsonb>>, _>(jsons(|step| step.commands.as_ref()))
            .bind::<Array<Nullable<Jsonb>>, _>(jsons(|step| step.validation_commands.as_ref()))
            .bind::<Uuid, _>(id)
            .bind::<Text, _>(&result.implementation_plan)
            .bind::<Nullable<sql_types::Complexity>, _>(result.complexity)
            .bind::<Nullable<sql_types::RiskLevel>, _>(result.risk_level)
            .bind::<Nullable<Text>, _>(&result.estimated_duration)
            .bind::<Integer, _>(result.prerequisites_count)
            .bind::<Integer, _>(result.quality_gates_count)
            .bind::<Bool, _>(result.has_required_sections)
            .bind::<Bool, _>(result.is_valid_markdown)
            .bind::<Nullable<Jsonb>, _>(&result.validation_errors)
            .bind::<Nullable<Integer>, _>(usage.prompt_tokens)
            .bind::<Nullable<Integer>, _>(usage.completion_tokens)
            .bind::<Nullable<Integer>, _>(usage.total_tokens)
            .bind::<Nullable<Integer>, _>(usage.execution_time_ms)
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        self.stepped(id, [Processing, Completed], finished)
    }

    /// Says how the agent came to nothing: `processing -> failed`, with the message. Its time is added
    /// to the plan's. The plan's lock, and one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish).
    pub fn fail(&mut self, id: GenerationId, failure: &Failure) -> Result<Generation> {
        use ImplementationPlanStatus::{Failed, Processing};
        failure.validate()?;
        self.hold(id)?;
        let usage = failure.usage;
        let sql = concat!(include_str!("fail.sql"), include_str!("row.sql"));
        let failed = Statement::<Row>::new(sql)
            .bind::<Text, _>(&failure.message)
            .bind::<Nullable<Integer>, _>(usage.prompt_tokens)
            .bind::<Nullable<Integer>, _>(usage.completion_tokens)
            .bind::<Nullable<Integer>, _>(usage.total_tokens)
            .bind::<Nullable<Integer>, _>(usage.execution_time_ms)
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        self.stepped(id, [Processing, Failed], failed)
    }
}
