//! How refinements go on and end.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Jsonb, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::explained;
use super::super::fields::Fields;
use super::super::keys::RefinementId;
use super::super::labels::{
    ConfidenceLevel, EstimatedScope, RefinementStatus, TechnicalComplexity,
};
use super::super::schema::feature_planner::{feature_refinements, sql_types};
use super::super::usage::{Failure, MAX_TEXT, Usage};
use super::{Refinement, RefinementRepository, Row};
use crate::error::Result;
use crate::statement::Statement;

const INPUT: &str = "feature_planner::RefinementResult";

/// What an agent has made of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefinementResult {
    /// The request as it is refined: 1 to 100,000 characters, not blank.
    pub refined_request: String,
    /// What the agent was to look at: at most 100,000 characters.
    #[serde(default)]
    pub focus: Option<String>,
    /// How sure the agent is.
    #[serde(default)]
    pub confidence: Option<ConfidenceLevel>,
    /// How hard the agent expects the work to be.
    #[serde(default)]
    pub technical_complexity: Option<TechnicalComplexity>,
    /// How much the agent expects to change.
    #[serde(default)]
    pub estimated_scope: Option<EstimatedScope>,
    /// What the agent took for granted: at most 1,000,000 bytes.
    #[serde(default)]
    pub assumptions: Option<Value>,
    /// What the agent holds to be essential: at most 1,000,000 bytes.
    #[serde(default)]
    pub key_requirements: Option<Value>,
    /// What the agent expects to go wrong: at most 1,000,000 bytes.
    #[serde(default)]
    pub risks: Option<Value>,
    /// Whether somebody has seen that the answer has the form that was asked for.
    #[serde(default)]
    pub is_valid_format: bool,
    /// What is wrong with the answer: at most 1,000,000 bytes.
    #[serde(default)]
    pub validation_errors: Option<Value>,
    /// How much longer it is than the request that came in. Positive.
    #[serde(default)]
    pub expansion_ratio: Option<i32>,
    /// What the agent has used.
    #[serde(default)]
    pub usage: Usage,
}

impl RefinementResult {
    /// This request, of which nothing else is said.
    pub fn new(refined_request: impl Into<String>) -> Self {
        Self {
            refined_request: refined_request.into(),
            focus: None,
            confidence: None,
            technical_complexity: None,
            estimated_scope: None,
            assumptions: None,
            key_requirements: None,
            risks: None,
            is_valid_format: false,
            validation_errors: None,
            expansion_ratio: None,
            usage: Usage::new(),
        }
    }

    /// Checks every rule of [`finish`](RefinementRepository::finish) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let fields = Fields::of(INPUT);
        fields.name("refined_request", &self.refined_request, MAX_TEXT)?;
        fields.text_if("focus", self.focus.as_deref(), MAX_TEXT)?;
        fields.json_if("assumptions", self.assumptions.as_ref())?;
        fields.json_if("key_requirements", self.key_requirements.as_ref())?;
        fields.json_if("risks", self.risks.as_ref())?;
        fields.json_if("validation_errors", self.validation_errors.as_ref())?;
        fields.positive_if("expansion_ratio", self.expansion_ratio)?;
        self.usage.check(INPUT)
    }
}

/// As many as a column can hold; a text of the most characters has fewer.
fn count(things: impl Iterator) -> i32 {
    i32::try_from(things.count()).unwrap_or(i32::MAX)
}

impl RefinementRepository<'_> {
    /// Says that the agent has begun: `pending -> processing`. The plan's lock, and one statement; one
    /// more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such refinement; [`Error::InvalidTransition`](crate::Error::InvalidTransition) where it
    /// is not `pending`.
    pub fn begin(&mut self, id: RefinementId) -> Result<Refinement> {
        use RefinementStatus::{Pending, Processing};
        self.hold(id)?;
        let begun = diesel::update(feature_refinements::table.find(id))
            .filter(feature_refinements::status.eq(Pending))
            .set(feature_refinements::status.eq(Processing))
            .returning(Refinement::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        self.stepped(id, [Pending, Processing], begun)
    }

    /// Keeps what the agent has made: `processing -> completed`. Its words, which are what stands
    /// between white space, and its characters, which are Unicode's, are counted here; its time is
    /// added to the plan's, which stops at the greatest that its column can hold. The plan's lock, and
    /// one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a field that breaks its rule; [`Error::NotFound`](crate::Error::NotFound) where the user has no
    /// such refinement; [`Error::InvalidTransition`](crate::Error::InvalidTransition) where it is not `processing`.
    pub fn finish(&mut self, id: RefinementId, result: &RefinementResult) -> Result<Refinement> {
        use RefinementStatus::{Completed, Processing};
        result.validate()?;
        self.hold(id)?;
        let request = &result.refined_request;
        let usage = result.usage;
        let sql = concat!(include_str!("finish.sql"), include_str!("row.sql"));
        let finished = Statement::<Row>::new(sql)
            .bind::<Text, _>(request)
            .bind::<Integer, _>(count(request.split_whitespace()))
            .bind::<Integer, _>(count(request.chars()))
            .bind::<Nullable<Text>, _>(&result.focus)
            .bind::<Nullable<sql_types::ConfidenceLevel>, _>(result.confidence)
            .bind::<Nullable<sql_types::TechnicalComplexity>, _>(result.technical_complexity)
            .bind::<Nullable<sql_types::EstimatedScope>, _>(result.estimated_scope)
            .bind::<Nullable<Jsonb>, _>(&result.assumptions)
            .bind::<Nullable<Jsonb>, _>(&result.key_requirements)
            .bind::<Nullable<Jsonb>, _>(&result.risks)
            .bind::<Bool, _>(result.is_valid_format)
            .bind::<Nullable<Jsonb>, _>(&result.validation_errors)
            .bind::<Nullable<Integer>, _>(result.expansion_ratio)
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
    pub fn fail(&mut self, id: RefinementId, failure: &Failure) -> Result<Refinement> {
        use RefinementStatus::{Failed, Processing};
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

    /// Gives a refinement up before it ends: `pending | processing -> cancelled`. The plan's lock, and
    /// one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such refinement; [`Error::InvalidTransition`](crate::Error::InvalidTransition) where it
    /// has ended.
    pub fn cancel(&mut self, id: RefinementId) -> Result<Refinement> {
        use RefinementStatus::{Cancelled, Pending, Processing};
        self.hold(id)?;
        let cancelled = diesel::update(feature_refinements::table.find(id))
            .filter(feature_refinements::status.eq_any([Pending, Processing]))
            .set((
                feature_refinements::status.eq(Cancelled),
                feature_refinements::completed_at.eq(now),
            ))
            .returning(Refinement::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        self.stepped(id, [Processing, Cancelled], cancelled)
    }
}
