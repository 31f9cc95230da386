//! What is said of a file when it is found, added or updated.

use serde::{Deserialize, Serialize};

use super::super::labels::FilePriority;
use super::super::usage::MAX_TEXT;
use super::file::DiscoveredFile;
use crate::error::{Error, Result};
use crate::input;

pub(super) const INPUT: &str = "feature_planner::NewDiscoveredFile";
const UPDATE: &str = "feature_planner::FileUpdate";

const MAX_PATH: usize = 500;
const MAX_TYPE: usize = 50;
const MAX_ROLE: usize = 100;
const MAX_INTEGRATION_POINT: usize = 1_000;

/// A file that was found, or is added by hand.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{FilePriority, NewDiscoveredFile};
///
/// let mut file = NewDiscoveredFile::new("src/invoices/list.rs", FilePriority::Critical);
/// file.relevance_score = 95;
/// file.role = Some("the list to extend".into());
/// assert!(file.validate().is_ok());
/// file.relevance_score = 101;
/// assert_eq!(
///     file.validate().unwrap_err().to_string(),
///     "feature_planner::NewDiscoveredFile.relevance_score: must be from 0 to 100"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDiscoveredFile {
    /// Where it is, from the root of the project: 1 to 500 characters, not blank. Unique in the
    /// discovery, compared as it is written.
    pub file_path: String,
    /// How much it matters.
    pub priority: FilePriority,
    /// How relevant it is, from 0 to 100.
    #[serde(default)]
    pub relevance_score: i32,
    /// What kind of file it is: at most 50 characters.
    #[serde(default)]
    pub file_type: Option<String>,
    /// Whether it exists, or is to be made.
    #[serde(default = "exists")]
    pub file_exists: bool,
    /// What part it plays: 1 to 100 characters, not blank.
    #[serde(default)]
    pub role: Option<String>,
    /// Where the feature meets it: at most 1,000 characters.
    #[serde(default)]
    pub integration_point: Option<String>,
    /// What the file is: at most 100,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Why it is held to matter: at most 100,000 characters.
    #[serde(default)]
    pub reasoning: Option<String>,
    /// How long it is, in lines. Above zero.
    #[serde(default)]
    pub lines_of_code: Option<i32>,
}

fn exists() -> bool {
    true
}

impl NewDiscoveredFile {
    /// A file that exists, of relevance 0, of which nothing else is known.
    pub fn new(file_path: impl Into<String>, priority: FilePriority) -> Self {
        Self {
            file_path: file_path.into(),
            priority,
            relevance_score: 0,
            file_type: None,
            file_exists: true,
            role: None,
            integration_point: None,
            description: None,
            reasoning: None,
            lines_of_code: None,
        }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        self.check().map_err(|(field, why)| Error::invalid(INPUT, field, why))
    }

    /// How long its texts are together, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let texts = [
            &self.file_type,
            &self.role,
            &self.integration_point,
            &self.description,
            &self.reasoning,
        ];
        let others = texts.into_iter().flatten().map(String::len).sum::<usize>();
        self.file_path.len() + others
    }

    /// The first field that breaks its rule, and how.
    pub(super) fn check(&self) -> Result<(), Broken> {
        input::name(&self.file_path, MAX_PATH).map_err(|why| ("file_path", why))?;
        Said {
            relevance_score: self.relevance_score,
            file_type: self.file_type.as_deref(),
            role: self.role.as_deref(),
            integration_point: self.integration_point.as_deref(),
            description: self.description.as_deref(),
            reasoning: self.reasoning.as_deref(),
            lines_of_code: self.lines_of_code,
        }
        .check()
    }
}

/// What shall be said of a file: all of it, so begin with what is stored. Its path stays, and so does
/// whether it is selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileUpdate {
    /// How much it matters.
    pub priority: FilePriority,
    /// How relevant it is, from 0 to 100.
    pub relevance_score: i32,
    /// What kind of file it is: at most 50 characters.
    pub file_type: Option<String>,
    /// Whether it exists, or is to be made.
    pub file_exists: bool,
    /// What part it plays: 1 to 100 characters, not blank.
    pub role: Option<String>,
    /// Where the feature meets it: at most 1,000 characters.
    pub integration_point: Option<String>,
    /// What the file is: at most 100,000 characters.
    pub description: Option<String>,
    /// Why it is held to matter: at most 100,000 characters.
    pub reasoning: Option<String>,
    /// How long it is, in lines. Above zero.
    pub lines_of_code: Option<i32>,
}

impl From<&DiscoveredFile> for FileUpdate {
    /// One that changes nothing.
    fn from(stored: &DiscoveredFile) -> Self {
        Self {
            priority: stored.priority,
            relevance_score: stored.relevance_score,
            file_type: stored.file_type.clone(),
            file_exists: stored.file_exists,
            role: stored.role.clone(),
            integration_point: stored.integration_point.clone(),
            description: stored.description.clone(),
            reasoning: stored.reasoning.clone(),
            lines_of_code: stored.lines_of_code,
        }
    }
}

impl FileUpdate {
    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let said = Said {
            relevance_score: self.relevance_score,
            file_type: self.file_type.as_deref(),
            role: self.role.as_deref(),
            integration_point: self.integration_point.as_deref(),
            description: self.description.as_deref(),
            reasoning: self.reasoning.as_deref(),
            lines_of_code: self.lines_of_code,
        };
        said.check().map_err(|(field, why)| Error::invalid(UPDATE, field, why))
    }
}

/// A field, and how it breaks its rule.
type Broken = (&'static str, String);

struct Said<'a> {
    relevance_score: i32,
    file_type: Option<&'a str>,
    role: Option<&'a str>,
    integration_point: Option<&'a str>,
    description: Option<&'a str>,
    reasoning: Option<&'a str>,
    lines_of_code: Option<i32>,
}

impl Said<'_> {
    fn check(&self) -> Result<(), Broken> {
        if !(0..=100).contains(&self.relevance_score) {
            return Err(("relevance_score", "must be from 0 to 100".to_owned()));
        }
        if let Some(role) = self.role {
            input::name(role, MAX_ROLE).map_err(|why| ("role", why))?;
        }
        let texts = [
            ("file_type", self.file_type, MAX_TYPE),
            ("integration_point", self.integration_point, MAX_INTEGRATION_POINT),
            ("description", self.description, MAX_TEXT),
            ("reasoning", self.reasoning, MAX_TEXT),
        ];
        for (field, text, limit) in texts {
            input::text(text.unwrap_or_default(), limit).map_err(|why| (field, why))?;
        }
        match self.lines_of_code {
            Some(lines) if lines < 1 => Err(("lines_of_code", "must be positive".to_owned())),
            _ => Ok(()),
        }
    }
}
