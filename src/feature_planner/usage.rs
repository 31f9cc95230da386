//! What an attempt of an agent has used.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::input;

/// The most characters of an error's message.
pub const MAX_MESSAGE: usize = 10_000;

/// The most characters of a refined request, and of other texts of agents.
pub const MAX_TEXT: usize = 100_000;

/// The most characters of an implementation plan, a prompt or a response.
pub const MAX_DOCUMENT: usize = 1_000_000;

/// The most bytes of a JSON value, written without spaces. Nothing else is asked of one but that it has
/// at most 127 levels of lists and objects, and no NUL.
pub const MAX_JSON: usize = 1_000_000;

/// The most characters of what an agent is called, and of its role.
pub const MAX_AGENT: usize = 100;

/// The most characters of the name of an agent's model.
pub const MAX_AGENT_MODEL: usize = 50;

/// The most characters of how long something is expected to take.
pub const MAX_DURATION: usize = 50;

/// What an attempt has used, as far as the agent tells.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::Usage;
///
/// let usage = Usage::new().tokens(1_200, 300).execution_time_ms(2_500);
/// assert_eq!(usage.total_tokens, Some(1_500));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct Usage {
    /// How many tokens were read. Not negative.
    pub prompt_tokens: Option<i32>,
    /// How many tokens were written. Not negative.
    pub completion_tokens: Option<i32>,
    /// How many tokens were paid for: the sum, or what the agent says. Not negative.
    pub total_tokens: Option<i32>,
    /// How long it took, in milliseconds. Not negative.
    pub execution_time_ms: Option<i32>,
}

impl Usage {
    /// Nothing is known.
    pub const fn new() -> Self {
        Self {
            prompt_tokens: None,
            completion_tokens: None,
            total_tokens: None,
            execution_time_ms: None,
        }
    }

    /// Tokens read and written, and their sum.
    pub const fn tokens(self, prompt: i32, completion: i32) -> Self {
        Self {
            prompt_tokens: Some(prompt),
            completion_tokens: Some(completion),
            total_tokens: Some(prompt.saturating_add(completion)),
            ..self
        }
    }

    /// How long it took, in milliseconds.
    pub const fn execution_time_ms(self, milliseconds: i32) -> Self {
        Self { execution_time_ms: Some(milliseconds), ..self }
    }

    pub(super) fn check(&self, entity: &'static str) -> Result<()> {
        let fields = [
            ("prompt_tokens", self.prompt_tokens),
            ("completion_tokens", self.completion_tokens),
            ("total_tokens", self.total_tokens),
            ("execution_time_ms", self.execution_time_ms),
        ];
        for (field, value) in fields {
            if value.is_some_and(|value| value < 0) {
                return Err(Error::invalid(entity, field, "must not be negative"));
            }
        }
        Ok(())
    }
}

/// How an attempt came to nothing.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{Failure, Usage};
///
/// let mut failure = Failure::new("the model is overloaded");
/// failure.usage = Usage::new().execution_time_ms(30_000);
/// assert!(failure.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What went wrong: 1 to 10,000 characters, not blank.
    pub message: String,
    /// What it has used all the same.
    #[serde(default)]
    pub usage: Usage,
}

impl Failure {
    /// This went wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), usage: Usage::new() }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        const ENTITY: &str = "feature_planner::Failure";
        input::name(&self.message, MAX_MESSAGE)
            .map_err(|why| Error::invalid(ENTITY, "message", why))?;
        self.usage.check(ENTITY)
    }
}
