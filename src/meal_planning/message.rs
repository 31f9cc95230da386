//! What an author says of a commit, and the reasons of other verbs.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::input;

/// The most characters of a message or reason.
pub const MAX_MESSAGE: usize = 2_000;

/// The most characters of a version's label.
pub const MAX_LABEL: usize = 100;

/// What the author of a commit says of it: 1 to 2,000 characters, not blank.
///
/// # Example
///
/// ```
/// use planwright::meal_planning::Message;
///
/// let message = Message::new("Less salt on Mondays").label("clinic 2026-11");
/// assert!(message.validate().is_ok());
/// assert!(Message::new(" ").validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What changed, and why.
    pub text: String,
    /// A name for the version, unique in its plan: 1 to 100 characters, not blank. A labelled
    /// version is never pruned.
    #[serde(default)]
    pub label: Option<String>,
}

impl Message {
    /// A message without label.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), label: None }
    }

    /// Gives the version a label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Checks what a commit checks of it before the server is asked.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        const ENTITY: &str = "meal_planning::Message";
        input::name(&self.text, MAX_MESSAGE).map_err(|why| Error::invalid(ENTITY, "text", why))?;
        if let Some(label) = &self.label {
            input::name(label, MAX_LABEL).map_err(|why| Error::invalid(ENTITY, "label", why))?;
        }
        Ok(())
    }
}

/// Why something other than a commit is done: as the text of a [`Message`].
pub(super) fn check_reason(entity: &'static str, reason: &str) -> Result<()> {
    input::name(reason, MAX_MESSAGE).map_err(|why| Error::invalid(entity, "reason", why))
}
