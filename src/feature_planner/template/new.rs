//! What a template is made of, at first and later.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::fields::Fields;
use super::super::labels::ConfidenceLevel;
use super::super::step::{MAX_CATEGORY, MAX_STEP_TITLE};
use super::super::usage::{MAX_DURATION, MAX_TEXT};
use super::Template;
use crate::error::Result;

const INPUT: &str = "feature_planner::NewTemplate";
const UPDATE: &str = "feature_planner::TemplateUpdate";

const MAX_NAME: usize = 100;
const MAX_DESCRIPTION: usize = 1_000;

/// A step that a user keeps, to put it into plans.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::NewTemplate;
///
/// let mut new = NewTemplate::new("migration", "Write the migration", "database", "1. …");
/// new.commands = Some(serde_json::json!(["./dev schema"]));
/// assert!(new.validate().is_ok());
/// new.title = " ".into();
/// assert_eq!(
///     new.validate().unwrap_err().to_string(),
///     "feature_planner::NewTemplate.title: must not be blank"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// What its owner calls it: 1 to 100 characters, not blank.
    pub name: String,
    /// The title of the step: 1 to 255 characters, not blank.
    pub title: String,
    /// What kind of step it is: 1 to 50 characters, not blank.
    pub category: String,
    /// What the step is for: at most 1,000 characters.
    #[serde(default)]
    pub description: String,
    /// The step itself, in Markdown: 1 to 100,000 characters, not blank.
    pub content: String,
    /// How sure the author is of it.
    #[serde(default = "high")]
    pub confidence_level: ConfidenceLevel,
    /// How long the work is expected to take, in words: at most 50 characters.
    #[serde(default)]
    pub estimated_duration: Option<String>,
    /// Commands of the step: at most 1,000,000 bytes.
    #[serde(default)]
    pub commands: Option<Value>,
    /// Commands that show whether the step is done: at most 1,000,000 bytes.
    #[serde(default)]
    pub validation_commands: Option<Value>,
    /// Whether others may see and use it.
    #[serde(default)]
    pub is_public: bool,
}

fn high() -> ConfidenceLevel {
    ConfidenceLevel::High
}

impl NewTemplate {
    /// One for the user alone, of high confidence, with no description and no commands.
    pub fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        category: impl Into<String>,
        content: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            category: category.into(),
            description: String::new(),
            content: content.into(),
            confidence_level: high(),
            estimated_duration: None,
            commands: None,
            validation_commands: None,
            is_public: false,
        }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        check(
            INPUT,
            [&self.name, &self.title, &self.category, &self.content, &self.description],
            self.estimated_duration.as_deref(),
            [self.commands.as_ref(), self.validation_commands.as_ref()],
        )
    }
}

/// What a template shall be: all of it, so begin with what is stored. How often it was used stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateUpdate {
    /// What its owner calls it: 1 to 100 characters, not blank.
    pub name: String,
    /// The title of the step: 1 to 255 characters, not blank.
    pub title: String,
    /// What kind of step it is: 1 to 50 characters, not blank.
    pub category: String,
    /// What the step is for: at most 1,000 characters.
    pub description: String,
    /// The step itself, in Markdown: 1 to 100,000 characters, not blank.
    pub content: String,
    /// How sure the author is of it. `None` leaves what is stored, which may be a text of an
    /// application's own.
    pub confidence_level: Option<ConfidenceLevel>,
    /// How long the work is expected to take, in words: at most 50 characters.
    pub estimated_duration: Option<String>,
    /// Commands of the step: at most 1,000,000 bytes.
    pub commands: Option<Value>,
    /// Commands that show whether the step is done: at most 1,000,000 bytes.
    pub validation_commands: Option<Value>,
    /// Whether others may see and use it.
    pub is_public: bool,
}

impl From<&Template> for TemplateUpdate {
    /// One that changes nothing.
    fn from(stored: &Template) -> Self {
        Self {
            name: stored.name.clone(),
            title: stored.title.clone(),
            category: stored.category.clone(),
            description: stored.description.clone(),
            content: stored.content.clone(),
            confidence_level: stored.confidence_level.parse().ok(),
            estimated_duration: stored.estimated_duration.clone(),
            commands: stored.commands.clone(),
            validation_commands: stored.validation_commands.clone(),
            is_public: stored.is_public,
        }
    }
}

impl TemplateUpdate {
    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        check(
            UPDATE,
            [&self.name, &self.title, &self.category, &self.content, &self.description],
            self.estimated_duration.as_deref(),
            [self.commands.as_ref(), self.validation_commands.as_ref()],
        )
    }
}

fn check(
    entity: &'static str,
    [name, title, category, content, description]: [&str; 5],
    estimated_duration: Option<&str>,
    [commands, validation_commands]: [Option<&Value>; 2],
) -> Result<()> {
    let fields = Fields::of(entity);
    fields.name("name", name, MAX_NAME)?;
    fields.name("title", title, MAX_STEP_TITLE)?;
    fields.name("category", category, MAX_CATEGORY)?;
    fields.name("content", content, MAX_TEXT)?;
    fields.text("description", description, MAX_DESCRIPTION)?;
    fields.text_if("estimated_duration", estimated_duration, MAX_DURATION)?;
    fields.json_if("commands", commands)?;
    fields.json_if("validation_commands", validation_commands)
}
