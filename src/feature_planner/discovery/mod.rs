//! Discoveries: attempts to find the files that a feature is about.

mod choice;
pub(super) mod file;
mod file_edit;
mod finish;
mod new_file;

pub use file::{DiscoveredFile, FileFilter, FilePlace};
pub use finish::{DiscoveryResult, MAX_FILES};
pub use new_file::{FileUpdate, NewDiscoveredFile};

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::Fields;
use super::keys::{DiscoveryId, FeaturePlanId};
use super::labels::{FileDiscoveryStatus, PlanStatus};
use super::plan;
use super::progress::Progress as _;
use super::schema::feature_planner::{feature_plans, file_discovery_sessions, sql_types};
use super::time;
use super::usage::{Failure, MAX_AGENT, MAX_TEXT};
use super::{explained, hold};
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page, UserId};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "feature_planner::Discovery";
const INPUT: &str = "feature_planner::NewDiscovery";

/// An attempt of an agent to find the files that a feature is about.
#[derive(Debug, Clone, PartialEq, Serialize, HasQuery)]
#[diesel(table_name = file_discovery_sessions)]
pub struct Discovery {
    /// The key.
    pub id: DiscoveryId,
    /// The plan.
    pub plan_id: FeaturePlanId,
    /// Which agent looks.
    pub agent_id: String,
    /// How far it is.
    pub status: FileDiscoveryStatus,
    /// The request for which files are looked for.
    pub refined_request: String,
    /// Its files as a list of objects in the order in which [`files`](DiscoveryRepository::files)
    /// lists them, each with `id`, `file_path`, `file_type`, `file_exists`, `priority`,
    /// `relevance_score`, `role`, `integration_point`, `lines_of_code` and `is_manually_added`. It
    /// follows when files are added, updated or removed.
    pub discovered_files: Option<Value>,
    /// What the agent has learnt of how the project is built.
    pub architecture_insights: Option<String>,
    /// Whether it is the one that the plan goes on with.
    pub is_selected: bool,
    /// How many files it has. It follows as the list does, and so do the four counts.
    pub total_files_found: i32,
    /// How many of them are critical.
    pub critical_priority_count: i32,
    /// How many are of high priority.
    pub high_priority_count: i32,
    /// How many are of medium priority.
    pub medium_priority_count: i32,
    /// How many are of low priority.
    pub low_priority_count: i32,
    /// How many tokens were read.
    pub prompt_tokens: Option<i32>,
    /// How many tokens were written.
    pub completion_tokens: Option<i32>,
    /// How many tokens were paid for.
    pub total_tokens: Option<i32>,
    /// How long it took, in milliseconds.
    pub execution_time_ms: Option<i32>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// When it was completed, or failed.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`Discovery`]'s fields.
pub(super) type DiscoveryRow = SqlTypeOf<AsSelect<Discovery, Pg>>;

/// A discovery to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDiscovery {
    /// Which agent looks: 1 to 100 characters, not blank.
    pub agent_id: String,
    /// The request for which files are looked for: 1 to 100,000 characters, not blank. By default
    /// the plan's refined request, or the original one where it has none.
    #[serde(default)]
    pub refined_request: Option<String>,
}

impl NewDiscovery {
    /// This agent looks for the files of the plan's request.
    pub fn new(agent_id: impl Into<String>) -> Self {
        Self { agent_id: agent_id.into(), refined_request: None }
    }

    /// Checks every rule that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let fields = Fields::of(INPUT);
        fields.name("agent_id", &self.agent_id, MAX_AGENT)?;
        fields.name_if("refined_request", self.refined_request.as_deref(), MAX_TEXT)
    }
}

impl UnitOfWork<'_> {
    /// The discoveries of this user's plans, and their files. Those of others are not found.
    pub fn file_discoveries(&mut self, user: UserId) -> DiscoveryRepository<'_> {
        DiscoveryRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads the [`Discovery`]s of one user, and their files.
///
/// Whatever changes one first locks its plan, so changes of one plan take turns.
#[derive(Debug)]
pub struct DiscoveryRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl DiscoveryRepository<'_> {
    /// The discovery with this key, if it is of a plan of the user's.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: DiscoveryId) -> Result<Option<Discovery>> {
        let own = feature_plans::table
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        Ok(Discovery::query()
            .find(id)
            .filter(file_discovery_sessions::plan_id.eq_any(own))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The discovery with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no plan of the user's has it.
    pub fn get(&mut self, id: DiscoveryId) -> Result<Discovery> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The discoveries of a plan, oldest first. One statement; one more where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan; [`Error::Invalid`] for a page of no or
    /// too many rows.
    pub fn list(
        &mut self,
        plan: FeaturePlanId,
        page: Page<ByTime<DiscoveryId>>,
    ) -> Result<Listed<Discovery, ByTime<DiscoveryId>>> {
        use file_discovery_sessions::{created_at, id, plan_id};
        let own = feature_plans::table
            .find(plan)
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        let mut query = Discovery::query()
            .filter(plan_id.eq_any(own))
            .order((created_at, id))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(ByTime { at, key }) = time::behind(&page)? {
            query = query.filter(created_at.gt(at).or(created_at.eq(at).and(id.gt(key))));
        }
        let found: Vec<Discovery> = query.load(self.uow.connection())?;
        if found.is_empty() {
            plan::check_own(&mut self.uow, self.user, plan)?;
        }
        Ok(page.cut(found, |one| ByTime { at: one.created_at, key: one.id }))
    }

    /// Makes a discovery that is yet to [`begin`](Self::begin). The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where the user has no
    /// such plan; [`Error::Conflict`] where it is not `discovering`.
    pub fn enqueue(&mut self, plan: FeaturePlanId, new: &NewDiscovery) -> Result<Discovery> {
        self.create(plan, new, FileDiscoveryStatus::Pending)
    }

    /// Makes a discovery that begins at once. The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// As for [`enqueue`](Self::enqueue).
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{FileDiscoveryStatus, NewDiscovery, PlanStatus, factory};
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
    /// assert_eq!(begun.status, FileDiscoveryStatus::Processing);
    /// assert_eq!(begun.refined_request, "A page that lists the invoices of a customer.");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn start(&mut self, plan: FeaturePlanId, new: &NewDiscovery) -> Result<Discovery> {
        self.create(plan, new, FileDiscoveryStatus::Processing)
    }

    fn create(
        &mut self,
        plan: FeaturePlanId,
        new: &NewDiscovery,
        status: FileDiscoveryStatus,
    ) -> Result<Discovery> {
        new.validate()?;
        hold::plan(&mut self.uow, self.user, plan)?
            .check_is(PlanStatus::Discovering, "discoveries")?;
        Statement::<DiscoveryRow>::new(include_str!("create.sql"))
            .bind::<Uuid, _>(DiscoveryId::new())
            .bind::<Text, _>(&new.agent_id)
            .bind::<sql_types::FileDiscoveryStatus, _>(status)
            .bind::<Nullable<Text>, _>(&new.refined_request)
            .bind::<Uuid, _>(plan)
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Begins a discovery that waits. The plan's lock, and one statement; one more where it is
    /// refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no plan of the user's has it; [`Error::InvalidTransition`] where it
    /// is not `pending`.
    pub fn begin(&mut self, id: DiscoveryId) -> Result<Discovery> {
        let (from, to) = (FileDiscoveryStatus::Pending, FileDiscoveryStatus::Processing);
        hold::of_discovery(&mut self.uow, self.user, id)?;
        let begun: Option<Discovery> = diesel::update(file_discovery_sessions::table.find(id))
            .filter(file_discovery_sessions::status.eq(from))
            .set(file_discovery_sessions::status.eq(to))
            .returning(Discovery::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        match begun {
            Some(begun) => Ok(begun),
            None => Err(self.lost(id, from, to)?),
        }
    }

    /// Ends a discovery that came to nothing. What it has taken counts for its plan. The plan's lock,
    /// and one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where no plan of the
    /// user's has it; [`Error::InvalidTransition`] where it is not `processing`.
    pub fn fail(&mut self, id: DiscoveryId, failure: &Failure) -> Result<Discovery> {
        const SQL: &str = concat!(include_str!("fail.sql"), include_str!("ended.sql"));
        failure.validate()?;
        hold::of_discovery(&mut self.uow, self.user, id)?;
        let usage = &failure.usage;
        let failed: Option<Discovery> = Statement::<DiscoveryRow>::new(SQL)
            .bind::<Text, _>(&failure.message)
            .bind::<Nullable<Integer>, _>(usage.prompt_tokens)
            .bind::<Nullable<Integer>, _>(usage.completion_tokens)
            .bind::<Nullable<Integer>, _>(usage.total_tokens)
            .bind::<Nullable<Integer>, _>(usage.execution_time_ms)
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(failed) = failed {
            return Ok(failed);
        }
        let (from, to) = (FileDiscoveryStatus::Processing, FileDiscoveryStatus::Failed);
        Err(self.lost(id, from, to)?)
    }

    /// Deletes a discovery with its files, that no agent works on and that is not selected. The time
    /// that it took stays in the plan's. The plan's lock, and one statement; one more where it is
    /// refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no plan of the user's has it; [`Error::Conflict`] where it is
    /// `processing` or selected.
    pub fn delete(&mut self, id: DiscoveryId) -> Result<()> {
        use FileDiscoveryStatus::Processing;
        let held = hold::of_discovery(&mut self.uow, self.user, id)?;
        if held.discovery == Some(id) {
            let reason = "is selected: select another one first";
            return Err(Error::conflict(ENTITY, id, reason));
        }
        let gone = diesel::delete(file_discovery_sessions::table.find(id))
            .filter(file_discovery_sessions::status.ne(Processing))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if gone > 0 {
            return Ok(());
        }
        self.get(id)?;
        Err(Error::conflict(ENTITY, id, "is processing: fail it first"))
    }

    /// Why a step from a status found nothing to change.
    pub(super) fn lost(
        &mut self,
        id: DiscoveryId,
        from: FileDiscoveryStatus,
        to: FileDiscoveryStatus,
    ) -> Result<Error> {
        Ok(from.lost(to, self.get(id)?.status, ENTITY, id))
    }
}
