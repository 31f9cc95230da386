//! The log of a feature plan: what agents did for it, call by call.

mod append;
mod new;
mod totals;
mod tree;

pub use append::{MAX_LOG_BYTES, MAX_LOG_ENTRIES};
pub use new::{MAX_AGENT_TYPE, NewExecutionLog};
pub use totals::{LogSums, LogTotals};
pub use tree::LogNode;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::keys::{ExecutionLogId, FeaturePlanId};
use super::labels::ExecutionStep;
use super::schema::feature_planner::{feature_plans, plan_execution_logs};
use super::{plan, time};
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page, UserId};
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "feature_planner::ExecutionLog";

/// An entry of the log: one call of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, HasQuery)]
#[diesel(table_name = plan_execution_logs)]
pub struct ExecutionLog {
    /// The key.
    pub id: ExecutionLogId,
    /// The feature plan.
    pub plan_id: FeaturePlanId,
    /// The call that made this one.
    pub parent_log_id: Option<ExecutionLogId>,
    /// The part of the work.
    pub step: ExecutionStep,
    /// The number of that part: 1 refinement, 2 discovery, 3 planning.
    pub step_number: i32,
    /// What kind of agent was called.
    pub agent_type: String,
    /// The model that the agent ran on.
    pub agent_model: Option<String>,
    /// How deep the call is nested, from 0.
    pub agent_level: i32,
    /// The session of the agent, by its own name.
    pub session_id: Option<String>,
    /// By which use of a tool the call above made it, by its own name.
    pub parent_tool_use_id: Option<String>,
    /// What the agent was asked.
    pub input_prompt: Option<String>,
    /// What the agent answered.
    pub agent_response: Option<String>,
    /// When the call began.
    pub start_time: DateTime<Utc>,
    /// When the call ended.
    pub end_time: Option<DateTime<Utc>>,
    /// How long the call took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// How many tokens were read.
    pub prompt_tokens: Option<i32>,
    /// How many tokens were written.
    pub completion_tokens: Option<i32>,
    /// How many tokens were paid for.
    pub total_tokens: Option<i32>,
    /// How many tokens were put into the cache.
    pub cache_creation_tokens: Option<i32>,
    /// How many tokens came from the cache.
    pub cache_read_tokens: Option<i32>,
    /// Whether the call succeeded.
    pub is_success: bool,
    /// Which retry it was, from 0.
    pub retry_attempt: i32,
    /// Why it failed.
    pub error_message: Option<String>,
    /// What else the application keeps of it.
    pub metadata: Option<Value>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`ExecutionLog`]'s fields.
pub(super) type ExecutionLogRow = SqlTypeOf<AsSelect<ExecutionLog, Pg>>;

impl UnitOfWork<'_> {
    /// The logs of this user's feature plans. Those of others are not found.
    pub fn execution_logs(&mut self, user: UserId) -> ExecutionLogRepository<'_> {
        ExecutionLogRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads the [`ExecutionLog`]s of one user's plans.
#[derive(Debug)]
pub struct ExecutionLogRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl ExecutionLogRepository<'_> {
    /// The entry with this key, if a plan of the user's has it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: ExecutionLogId) -> Result<Option<ExecutionLog>> {
        let plans = feature_plans::table
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        Ok(ExecutionLog::query()
            .filter(plan_execution_logs::id.eq(id))
            .filter(plan_execution_logs::plan_id.eq_any(plans))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The entry with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no plan of the user's has it.
    pub fn get(&mut self, id: ExecutionLogId) -> Result<ExecutionLog> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Entries of a plan, of one part of the work or of all, in the order in which they were appended.
    /// One statement; one more where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan; [`Error::Invalid`] for a page of no or too
    /// many rows, or a time that is out of range.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use planwright::Page;
    /// use planwright::feature_planner::ExecutionStep;
    /// # use planwright::UserId;
    /// # use planwright::feature_planner::FeaturePlanId;
    /// # fn f(store: &planwright::Store, user: UserId, plan: FeaturePlanId) -> planwright::Result<()> {
    /// let of_discovery = store.read(|uow| {
    ///     uow.execution_logs(user).list(plan, Some(ExecutionStep::Discovery), Page::first(100))
    /// })?;
    /// # let _ = of_discovery;
    /// # Ok(()) }
    /// ```
    pub fn list(
        &mut self,
        plan: FeaturePlanId,
        step: Option<ExecutionStep>,
        page: Page<ByTime<ExecutionLogId>>,
    ) -> Result<Listed<ExecutionLog, ByTime<ExecutionLogId>>> {
        let plans = feature_plans::table
            .filter(feature_plans::id.eq(plan))
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        let mut query = ExecutionLog::query()
            .filter(plan_execution_logs::plan_id.eq_any(plans))
            .order((plan_execution_logs::created_at, plan_execution_logs::id))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(step) = step {
            query = query.filter(plan_execution_logs::step.eq(step));
        }
        if let Some(ByTime { at, key }) = time::behind(&page)? {
            query = query
                .filter(plan_execution_logs::created_at.ge(at))
                .filter(plan_execution_logs::created_at.gt(at).or(plan_execution_logs::id.gt(key)));
        }
        let found: Vec<ExecutionLog> = query.load(self.uow.connection())?;
        if found.is_empty() {
            plan::check_own(&mut self.uow, self.user, plan)?;
        }
        Ok(page.cut(found, |entry| ByTime { at: entry.created_at, key: entry.id }))
    }
}
