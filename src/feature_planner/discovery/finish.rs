//! How a discovery is completed, with the files that it has found.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};

use super::super::keys::{DiscoveredFileId, DiscoveryId};
use super::super::labels::FileDiscoveryStatus;
use super::super::schema::feature_planner::sql_types;
use super::super::usage::{MAX_TEXT, Usage};
use super::super::{explained, hold};
use super::new_file::NewDiscoveredFile;
use super::{Discovery, DiscoveryRepository, DiscoveryRow};
use crate::error::{Error, Result};
use crate::input;
use crate::statement::Statement;

const INPUT: &str = "feature_planner::DiscoveryResult";

/// The most files of a discovery.
pub const MAX_FILES: usize = 10_000;

/// The most bytes that the texts of one result's files have together.
const MAX_BYTES: usize = 100_000_000;

/// What a discovery has come to.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{DiscoveryResult, FilePriority, NewDiscoveredFile};
///
/// let file = NewDiscoveredFile::new("src/list.rs", FilePriority::High);
/// let result = DiscoveryResult::new(vec![file.clone(), file]);
/// assert_eq!(
///     result.validate().unwrap_err().to_string(),
///     "feature_planner::DiscoveryResult.files[1].file_path: is the path of files[0] already"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoveryResult {
    /// The files: at most 10,000, each path once, their texts together at most 100,000,000 bytes.
    pub files: Vec<NewDiscoveredFile>,
    /// What the agent has learnt of how the project is built: at most 100,000 characters.
    #[serde(default)]
    pub architecture_insights: Option<String>,
    /// What it has used.
    #[serde(default)]
    pub usage: Usage,
}

impl DiscoveryResult {
    /// These files were found.
    pub fn new(files: Vec<NewDiscoveredFile>) -> Self {
        Self { files, architecture_insights: None, usage: Usage::new() }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule, with the place of its file.
    pub fn validate(&self) -> Result<()> {
        if self.files.len() > MAX_FILES {
            let why = format!("must be at most {MAX_FILES}, not {}", self.files.len());
            return Err(Error::invalid(INPUT, "files", why));
        }
        let (mut seen, mut bytes) = (HashMap::with_capacity(self.files.len()), 0);
        for (nth, file) in self.files.iter().enumerate() {
            let refuse = |(field, why)| Error::invalid(INPUT, format!("files[{nth}].{field}"), why);
            file.check().map_err(refuse)?;
            if let Some(first) = seen.insert(file.file_path.as_str(), nth) {
                let why = format!("is the path of files[{first}] already");
                return Err(refuse(("file_path", why)));
            }
            bytes += file.bytes();
        }
        if bytes > MAX_BYTES {
            let why = format!("must be at most {MAX_BYTES} bytes of text together");
            return Err(Error::invalid(INPUT, "files", why));
        }
        if let Some(text) = &self.architecture_insights {
            input::text(text, MAX_TEXT)
                .map_err(|why| Error::invalid(INPUT, "architecture_insights", why))?;
        }
        self.usage.check(INPUT)
    }
}

impl DiscoveryRepository<'_> {
    /// Completes a discovery with the files that it has found. The counts and the list of them are
    /// made of what is stored, and what it has taken counts for its plan, however far that is. The
    /// plan's lock, and one statement, however many files; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule, and for a path that is given twice;
    /// [`Error::NotFound`] where no plan of the user's has the discovery;
    /// [`Error::InvalidTransition`] where it is not `processing`; [`Error::Constraint`] where somebody
    /// else, such as an old writer, has put one of its paths there before.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{
    ///     DiscoveryResult, FilePriority, NewDiscoveredFile, NewDiscovery, PlanStatus, Usage, factory,
    /// };
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, plan) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     Ok((user, factory::plan(uow, user, PlanStatus::Discovering)?))
    /// # })?;
    ///
    /// let new = NewDiscovery::new("file-finder");
    /// let begun = store.write(|uow| uow.file_discoveries(user).start(plan, &new))?;
    /// let result = DiscoveryResult {
    ///     usage: Usage::new().execution_time_ms(2_500),
    ///     ..DiscoveryResult::new(vec![
    ///         NewDiscoveredFile::new("README.md", FilePriority::Low),
    ///         NewDiscoveredFile::new("src/list.rs", FilePriority::Critical),
    ///     ])
    /// };
    /// let done = store.write(|uow| uow.file_discoveries(user).finish(begun.id, &result))?;
    /// assert_eq!((done.total_files_found, done.critical_priority_count), (2, 1));
    /// let files = done.discovered_files.expect("a list");
    /// assert_eq!(files[0]["file_path"], "src/list.rs"); // critical ones come first
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn finish(&mut self, id: DiscoveryId, result: &DiscoveryResult) -> Result<Discovery> {
        const SQL: &str = concat!(
            include_str!("finish.sql"),
            include_str!("listed_files.sql"),
            include_str!("finished.sql"),
            include_str!("ended.sql")
        );
        result.validate()?;
        hold::of_discovery(&mut self.uow, self.user, id)?;
        let (files, usage) = (&result.files, &result.usage);
        let keys: Vec<_> = files.iter().map(|_| DiscoveredFileId::new()).collect();
        let done: Option<Discovery> = Statement::<DiscoveryRow>::new(SQL)
            .bind::<Uuid, _>(id)
            .bind::<Nullable<Text>, _>(&result.architecture_insights)
            .bind::<Nullable<Integer>, _>(usage.prompt_tokens)
            .bind::<Nullable<Integer>, _>(usage.completion_tokens)
            .bind::<Nullable<Integer>, _>(usage.total_tokens)
            .bind::<Nullable<Integer>, _>(usage.execution_time_ms)
            .bind::<Array<Uuid>, _>(keys)
            .bind::<Array<Text>, _>(column(files, |file| file.file_path.as_str()))
            .bind::<Texts, _>(column(files, |file| file.file_type.as_deref()))
            .bind::<Array<Bool>, _>(column(files, |file| file.file_exists))
            .bind::<Array<sql_types::FilePriority>, _>(column(files, |file| file.priority))
            .bind::<Array<Integer>, _>(column(files, |file| file.relevance_score))
            .bind::<Texts, _>(column(files, |file| file.role.as_deref()))
            .bind::<Texts, _>(column(files, |file| file.integration_point.as_deref()))
            .bind::<Texts, _>(column(files, |file| file.description.as_deref()))
            .bind::<Texts, _>(column(files, |file| file.reasoning.as_deref()))
            .bind::<Array<Nullable<Integer>>, _>(column(files, |file| file.lines_of_code))
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(done) = done {
            return Ok(done);
        }
        let (from, to) = (FileDiscoveryStatus::Processing, FileDiscoveryStatus::Completed);
        Err(self.lost(id, from, to)?)
    }
}

type Texts = Array<Nullable<Text>>;

/// A field of every file.
fn column<'a, T>(
    files: &'a [NewDiscoveredFile],
    of: impl Fn(&'a NewDiscoveredFile) -> T,
) -> Vec<T> {
    files.iter().map(of).collect()
}
