//! Refinements: attempts to say precisely what a request asks for.

mod choice;
mod new;
mod result;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::keys::{FeaturePlanId, RefinementId};
use super::labels::{ConfidenceLevel, EstimatedScope, RefinementStatus, TechnicalComplexity};
use super::progress::Progress as _;
use super::schema::feature_planner::{feature_plans, feature_refinements};
use super::time;
use super::{hold, plan};
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page, UserId};
use crate::unit_of_work::UnitOfWork;

pub use new::{DEFAULT_AGENT_MODEL, MAX_AGENTS, NewRefinement};
pub use result::RefinementResult;

pub(super) const ENTITY: &str = "feature_planner::Refinement";

/// An attempt of an agent to say precisely what a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = feature_refinements)]
pub struct Refinement {
    /// The key.
    pub id: RefinementId,
    /// The plan.
    pub plan_id: FeaturePlanId,
    /// Which agent tries.
    pub agent_id: String,
    /// The model that the agent runs on.
    pub agent_model: String,
    /// What people call the agent.
    pub agent_name: Option<String>,
    /// What the agent is good at.
    pub agent_role: Option<String>,
    /// How far it is.
    pub status: RefinementStatus,
    /// The request that the agent was given.
    pub input_request: String,
    /// The request as it was refined.
    pub refined_request: Option<String>,
    /// What the agent was to look at.
    pub focus: Option<String>,
    /// What the agent took for granted.
    pub assumptions: Option<Value>,
    /// What the agent holds to be essential.
    pub key_requirements: Option<Value>,
    /// What the agent expects to go wrong.
    pub risks: Option<Value>,
    /// How sure the agent is.
    pub confidence: Option<ConfidenceLevel>,
    /// How much the agent expects to change.
    pub estimated_scope: Option<EstimatedScope>,
    /// How hard the agent expects the work to be.
    pub technical_complexity: Option<TechnicalComplexity>,
    /// Whether the answer had the form that was asked for.
    pub is_valid_format: bool,
    /// What was wrong with the answer.
    pub validation_errors: Option<Value>,
    /// How often it was tried before.
    pub retry_count: i32,
    /// Words of the refined request: what stands between white space.
    pub word_count: Option<i32>,
    /// Characters of the refined request, as Unicode counts them.
    pub character_count: Option<i32>,
    /// How much longer the refined request is than the one that came in.
    pub expansion_ratio: Option<i32>,
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
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`Refinement`]'s fields.
type Row = SqlTypeOf<AsSelect<Refinement, Pg>>;

impl UnitOfWork<'_> {
    /// The refinements of this user's plans. Those of others are not found.
    pub fn feature_refinements(&mut self, user: UserId) -> RefinementRepository<'_> {
        RefinementRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads the [`Refinement`]s of one user's plans.
///
/// A refinement goes `pending -> processing -> completed | failed`, and may be cancelled before it
/// ends. Each step but `cancelled` has one status before it; a refinement that has another gives
/// [`Error::InvalidTransition`] and stays as it is. No step looks at the plan's status, so that no
/// result is lost.
#[derive(Debug)]
pub struct RefinementRepository<'uow> {
    uow: UnitOfWork<'uow>,
    user: UserId,
}

impl RefinementRepository<'_> {
    /// The refinement with this key, if the user has one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: RefinementId) -> Result<Option<Refinement>> {
        let own = feature_plans::table
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        Ok(Refinement::query()
            .filter(feature_refinements::id.eq(id))
            .filter(feature_refinements::plan_id.eq_any(own))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The refinement with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn get(&mut self, id: RefinementId) -> Result<Refinement> {
        self.find(id)?.ok_or_else(|| absent(id))
    }

    /// The refinements of a plan, oldest first. One statement; one more where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan; [`Error::Invalid`] for a page of no or too
    /// many rows.
    pub fn list(
        &mut self,
        plan: FeaturePlanId,
        page: Page<ByTime<RefinementId>>,
    ) -> Result<Listed<Refinement, ByTime<RefinementId>>> {
        let own = feature_plans::table
            .filter(feature_plans::id.eq(plan))
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        let mut query = Refinement::query()
            .filter(feature_refinements::plan_id.eq_any(own))
            .order((feature_refinements::created_at, feature_refinements::id))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(ByTime { at, key }) = time::behind(&page)? {
            let later = feature_refinements::created_at.gt(at);
            let same = feature_refinements::created_at.eq(at).and(feature_refinements::id.gt(key));
            query = query.filter(later.or(same));
        }
        let found: Vec<Refinement> = query.load(self.uow.connection())?;
        if found.is_empty() {
            plan::check_own(&mut self.uow, self.user, plan)?;
        }
        Ok(page.cut(found, |one| ByTime { at: one.created_at, key: one.id }))
    }

    /// Locks its plan.
    fn hold(&mut self, id: RefinementId) -> Result<FeaturePlanId> {
        Ok(hold::of_refinement(&mut self.uow, self.user, id)?.id)
    }

    /// The status of one whose plan is locked.
    fn status(&mut self, id: RefinementId) -> Result<RefinementStatus> {
        let status: Option<RefinementStatus> = feature_refinements::table
            .find(id)
            .select(feature_refinements::status)
            .first(self.uow.connection())
            .optional()?;
        status.ok_or_else(|| absent(id))
    }

    /// What a step has made of it. Where it was not what the step begins from, why.
    fn stepped(
        &mut self,
        id: RefinementId,
        [from, to]: [RefinementStatus; 2],
        changed: Option<Refinement>,
    ) -> Result<Refinement> {
        match changed {
            Some(changed) => Ok(changed),
            None => Err(from.lost(to, self.status(id)?, ENTITY, id)),
        }
    }
}

fn absent(id: RefinementId) -> Error {
    Error::not_found(ENTITY, id)
}
