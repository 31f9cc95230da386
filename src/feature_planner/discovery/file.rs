//! The files of a discovery: what the agent has found, and what people have added.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::keys::{DiscoveredFileId, DiscoveryId};
use super::super::labels::FilePriority;
use super::super::schema::feature_planner::{
    discovered_files, feature_plans, file_discovery_sessions, sql_types,
};
use super::DiscoveryRepository;
use crate::error::{Error, Result};
use crate::key::{Listed, Page, UserId};

pub(in super::super) const ENTITY: &str = "feature_planner::DiscoveredFile";

/// A file that a feature is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = discovered_files)]
pub struct DiscoveredFile {
    /// The key.
    pub id: DiscoveredFileId,
    /// The discovery.
    pub discovery_session_id: DiscoveryId,
    /// Where it is, from the root of the project. Unique in the discovery.
    pub file_path: String,
    /// What kind of file it is.
    pub file_type: Option<String>,
    /// Whether it exists, or is to be made.
    pub file_exists: bool,
    /// How much it matters.
    pub priority: FilePriority,
    /// How relevant it is, from 0 to 100.
    pub relevance_score: i32,
    /// What part it plays.
    pub role: Option<String>,
    /// Where the feature meets it.
    pub integration_point: Option<String>,
    /// What the file is.
    pub description: Option<String>,
    /// Why it is held to matter.
    pub reasoning: Option<String>,
    /// How long it is, in lines.
    pub lines_of_code: Option<i32>,
    /// Whether the plan goes on with it, where its discovery is the selected one.
    pub is_selected: bool,
    /// Whether a person added it.
    pub is_manually_added: bool,
    /// Who added it, where a person did.
    pub added_by_user_id: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`DiscoveredFile`]'s fields.
pub(super) type FileRow = SqlTypeOf<AsSelect<DiscoveredFile, Pg>>;

impl DiscoveredFile {
    /// Where it stands in the list.
    pub fn place(&self) -> FilePlace {
        FilePlace { priority: self.priority, relevance_score: self.relevance_score, id: self.id }
    }
}

/// The place of a file in the list of its discovery: critical ones first, of one priority the more
/// relevant first, and then by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FilePlace {
    /// How much it matters.
    pub priority: FilePriority,
    /// How relevant it is, from 0 to 100.
    pub relevance_score: i32,
    /// Its key.
    pub id: DiscoveredFileId,
}

/// Which files to list. Conditions add up.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{FileFilter, FilePriority};
///
/// let open = FileFilter::all().priority(FilePriority::Critical).is_selected(false);
/// # let _ = open;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileFilter {
    priority: Option<FilePriority>,
    is_selected: Option<bool>,
    is_manually_added: Option<bool>,
}

impl FileFilter {
    /// Every file.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that matter so much.
    #[must_use]
    pub fn priority(mut self, priority: FilePriority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Only those that the plan goes on with, or only the others.
    #[must_use]
    pub fn is_selected(mut self, is_selected: bool) -> Self {
        self.is_selected = Some(is_selected);
        self
    }

    /// Only those that a person added, or only the others.
    #[must_use]
    pub fn is_manually_added(mut self, is_manually_added: bool) -> Self {
        self.is_manually_added = Some(is_manually_added);
        self
    }
}

/// Labels are compared in the database's order: what matters most is least.
impl diesel::sql_types::SqlOrd for sql_types::FilePriority {}

impl DiscoveryRepository<'_> {
    /// The files of a discovery: critical ones first, of one priority the more relevant first. One
    /// statement; one more where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no plan of the user's has the discovery; [`Error::Invalid`] for a
    /// page of no or too many rows.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::{Page, UserId};
    /// # use planwright::feature_planner::{DiscoveryId, FileFilter};
    /// # fn f(store: &planwright::Store, user: UserId, discovery: DiscoveryId) -> planwright::Result<()> {
    /// let mut page = Page::first(100);
    /// loop {
    ///     let read = store.read(|uow| {
    ///         uow.file_discoveries(user).files(discovery, &FileFilter::all(), page)
    ///     })?;
    ///     for file in &read.items {
    ///         println!("{} {}", file.priority, file.file_path);
    ///     }
    ///     let Some(next) = read.next else { break };
    ///     page = Page::after(next, 100);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn files(
        &mut self,
        discovery: DiscoveryId,
        filter: &FileFilter,
        page: Page<FilePlace>,
    ) -> Result<Listed<DiscoveredFile, FilePlace>> {
        use discovered_files::{
            discovery_session_id, id, is_manually_added, is_selected, priority, relevance_score,
        };
        let own = file_discovery_sessions::table
            .inner_join(
                feature_plans::table.on(feature_plans::id.eq(file_discovery_sessions::plan_id)),
            )
            .filter(file_discovery_sessions::id.eq(discovery))
            .filter(feature_plans::user_id.eq(self.user))
            .select(file_discovery_sessions::id);
        let mut query = DiscoveredFile::query()
            .filter(discovery_session_id.eq_any(own))
            .order((priority, relevance_score.desc(), id))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(after) = page.key() {
            let less_relevant = relevance_score.lt(after.relevance_score);
            let as_relevant = relevance_score.eq(after.relevance_score).and(id.gt(after.id));
            query = query.filter(
                priority
                    .gt(after.priority)
                    .or(priority.eq(after.priority).and(less_relevant.or(as_relevant))),
            );
        }
        if let Some(only) = filter.priority {
            query = query.filter(priority.eq(only));
        }
        if let Some(only) = filter.is_selected {
            query = query.filter(is_selected.eq(only));
        }
        if let Some(only) = filter.is_manually_added {
            query = query.filter(is_manually_added.eq(only));
        }
        let found: Vec<DiscoveredFile> = query.load(self.uow.connection())?;
        if found.is_empty() {
            let is_there = diesel::select(diesel::dsl::exists(own));
            if !is_there.get_result::<bool>(self.uow.connection())? {
                return Err(Error::not_found(super::ENTITY, discovery));
            }
        }
        Ok(page.cut(found, DiscoveredFile::place))
    }
}
