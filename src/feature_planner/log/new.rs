//! Entries to append to the log of a feature plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::keys::ExecutionLogId;
use super::super::labels::ExecutionStep;
use super::super::plan::MAX_SESSION;
use super::super::time;
use super::super::usage::{MAX_AGENT_MODEL, MAX_DOCUMENT, MAX_JSON, MAX_MESSAGE};
use super::ExecutionLog;
use crate::error::{Error, Result};
use crate::input;

pub(super) const INPUT: &str = "feature_planner::NewExecutionLog";

/// The most characters of an agent's type.
pub const MAX_AGENT_TYPE: usize = 100;

/// An entry to append to the log.
///
/// It has its key from the start, so that entries of one call can stand below each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewExecutionLog {
    /// The key that it will have. A new one, where it is not given.
    #[serde(default = "ExecutionLogId::new")]
    pub id: ExecutionLogId,
    /// The call that made this one: an entry of the same plan, stored or before this one.
    #[serde(default)]
    pub parent_log_id: Option<ExecutionLogId>,
    /// The part of the work. The number of the step follows.
    pub step: ExecutionStep,
    /// What kind of agent was called: 1 to 100 characters, not blank.
    pub agent_type: String,
    /// The model that the agent ran on: at most 50 characters.
    #[serde(default)]
    pub agent_model: Option<String>,
    /// How deep the call is nested, from 0.
    #[serde(default)]
    pub agent_level: i32,
    /// The session of the agent, by its own name: at most 255 characters.
    #[serde(default)]
    pub session_id: Option<String>,
    /// By which use of a tool the call above made it, by its own name: at most 255 characters.
    #[serde(default)]
    pub parent_tool_use_id: Option<String>,
    /// What the agent was asked: at most [`MAX_DOCUMENT`] characters.
    #[serde(default)]
    pub input_prompt: Option<String>,
    /// What the agent answered: at most [`MAX_DOCUMENT`] characters.
    #[serde(default)]
    pub agent_response: Option<String>,
    /// When the call began: in the years 1 to 9999.
    pub start_time: DateTime<Utc>,
    /// When the call ended: not before it began.
    #[serde(default)]
    pub end_time: Option<DateTime<Utc>>,
    /// How long the call took, in milliseconds, not negative. The time between, where it is not given.
    #[serde(default)]
    pub duration_ms: Option<i32>,
    /// How many tokens were read. Not negative.
    #[serde(default)]
    pub prompt_tokens: Option<i32>,
    /// How many tokens were written. Not negative.
    #[serde(default)]
    pub completion_tokens: Option<i32>,
    /// How many tokens were paid for, as the agent says. Not negative.
    #[serde(default)]
    pub total_tokens: Option<i32>,
    /// How many tokens were put into the cache. Not negative.
    #[serde(default)]
    pub cache_creation_tokens: Option<i32>,
    /// How many tokens came from the cache. Not negative.
    #[serde(default)]
    pub cache_read_tokens: Option<i32>,
    /// Whether the call succeeded. It did, where it is not given.
    #[serde(default = "yes")]
    pub is_success: bool,
    /// Which retry it was, from 0.
    #[serde(default)]
    pub retry_attempt: i32,
    /// Why it failed: at most 10,000 characters.
    #[serde(default)]
    pub error_message: Option<String>,
    /// What else the application keeps of it: at most [`MAX_JSON`] bytes.
    #[serde(default)]
    pub metadata: Option<Value>,
}

const fn yes() -> bool {
    true
}

impl NewExecutionLog {
    /// A call that began at this time and succeeded, below none.
    pub fn new(
        step: ExecutionStep,
        agent_type: impl Into<String>,
        start_time: DateTime<Utc>,
    ) -> Self {
        Self {
            id: ExecutionLogId::new(),
            parent_log_id: None,
            step,
            agent_type: agent_type.into(),
            agent_model: None,
            agent_level: 0,
            session_id: None,
            parent_tool_use_id: None,
            input_prompt: None,
            agent_response: None,
            start_time,
            end_time: None,
            duration_ms: None,
            prompt_tokens: None,
            completion_tokens: None,
            total_tokens: None,
            cache_creation_tokens: None,
            cache_read_tokens: None,
            is_success: true,
            retry_attempt: 0,
            error_message: None,
            metadata: None,
        }
    }

    /// The same as a call that another one made, one level deeper.
    #[must_use]
    pub fn below(self, parent: &Self) -> Self {
        self.beneath(parent.id, parent.agent_level)
    }

    /// The same as a call that a stored one made, one level deeper.
    #[must_use]
    pub fn below_stored(self, parent: &ExecutionLog) -> Self {
        self.beneath(parent.id, parent.agent_level)
    }

    fn beneath(self, parent: ExecutionLogId, level: i32) -> Self {
        Self { parent_log_id: Some(parent), agent_level: level.saturating_add(1), ..self }
    }

    /// The number of its step: 1 refinement, 2 discovery, 3 planning.
    pub(super) const fn step_number(&self) -> i32 {
        match self.step {
            ExecutionStep::Refinement => 1,
            ExecutionStep::Discovery => 2,
            ExecutionStep::Planning => 3,
        }
    }

    /// How long it took: what is given, or the time between.
    pub(super) fn duration(&self) -> Option<i32> {
        self.duration_ms.or_else(|| i32::try_from(self.between()?).ok())
    }

    /// From start to end, in milliseconds.
    fn between(&self) -> Option<i64> {
        Some((self.end_time? - self.start_time).num_milliseconds())
    }

    /// The bytes of its texts and its metadata.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.input_prompt, &self.agent_response, &self.error_message];
        let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
        texts + self.metadata.as_ref().map_or(0, input::json_bytes)
    }

    /// Checks every rule of [`append`](super::ExecutionLogRepository::append) that one entry can break
    /// alone.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{ExecutionStep, NewExecutionLog};
    ///
    /// let start = "2027-05-01T10:00:00Z".parse()?;
    /// let mut entry = NewExecutionLog::new(ExecutionStep::Discovery, "file finder", start);
    /// entry.end_time = Some("2027-05-01T10:00:02Z".parse()?);
    /// assert!(entry.validate().is_ok());
    /// entry.end_time = Some("2027-05-01T09:59:59Z".parse()?);
    /// assert_eq!(
    ///     entry.validate().unwrap_err().to_string(),
    ///     "feature_planner::NewExecutionLog.end_time: must not be before start_time"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn validate(&self) -> Result<()> {
        self.check().map_err(|(field, why)| Error::invalid(INPUT, field, why))
    }

    /// The first field that breaks its rule, and how.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let at = |field: &'static str| move |why: String| (field, why);
        input::name(&self.agent_type, MAX_AGENT_TYPE).map_err(at("agent_type"))?;
        let texts = [
            ("agent_model", &self.agent_model, MAX_AGENT_MODEL),
            ("session_id", &self.session_id, MAX_SESSION),
            ("parent_tool_use_id", &self.parent_tool_use_id, MAX_SESSION),
            ("input_prompt", &self.input_prompt, MAX_DOCUMENT),
            ("agent_response", &self.agent_response, MAX_DOCUMENT),
            ("error_message", &self.error_message, MAX_MESSAGE),
        ];
        for (field, text, limit) in texts {
            input::text(text.as_deref().unwrap_or_default(), limit).map_err(at(field))?;
        }
        if let Some(metadata) = &self.metadata {
            input::json(metadata, MAX_JSON).map_err(at("metadata"))?;
        }
        let numbers = [
            ("agent_level", Some(self.agent_level)),
            ("duration_ms", self.duration_ms),
            ("prompt_tokens", self.prompt_tokens),
            ("completion_tokens", self.completion_tokens),
            ("total_tokens", self.total_tokens),
            ("cache_creation_tokens", self.cache_creation_tokens),
            ("cache_read_tokens", self.cache_read_tokens),
            ("retry_attempt", Some(self.retry_attempt)),
        ];
        for (field, number) in numbers {
            if number.is_some_and(|number| number < 0) {
                return Err((field, "must not be negative".to_owned()));
            }
        }
        time::check(self.start_time).map_err(at("start_time"))?;
        let Some(end) = self.end_time else { return Ok(()) };
        time::check(end).map_err(at("end_time"))?;
        if end < self.start_time {
            return Err(("end_time", "must not be before start_time".to_owned()));
        }
        if self.duration().is_none() {
            let why = format!("must be at most {} ms after start_time", i32::MAX);
            return Err(("end_time", why));
        }
        Ok(())
    }
}
