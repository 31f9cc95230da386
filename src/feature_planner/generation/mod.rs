//! Generations: attempts to plan how a request is built.

mod choice;
mod new;
mod result;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::keys::{FeaturePlanId, GenerationId};
use super::labels::{Complexity, ImplementationPlanStatus, RiskLevel};
use super::progress::Progress as _;
use super::schema::feature_planner::{feature_plans, implementation_plan_generations};
use super::time;
use super::{hold, plan};
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page, UserId};
use crate::unit_of_work::UnitOfWork;

pub use new::NewGeneration;
pub use result::{GenerationResult, MAX_STEPS};

pub(super) const ENTITY: &str = "feature_planner::Generation";

/// An attempt of an agent to plan how a request is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = implementation_plan_generations)]
pub struct Generation {
    /// The key.
    pub id: GenerationId,
    /// The plan.
    pub plan_id: FeaturePlanId,
    /// Which agent tries.
    pub agent_id: String,
    /// How far it is.
    pub status: ImplementationPlanStatus,
    /// The request that the agent was given.
    pub refined_request: String,
    /// The files that the agent was given.
    pub discovered_files: Option<Value>,
    /// The implementation plan, in Markdown.
    pub implementation_plan: Option<String>,
    /// How much there is to it.
    pub complexity: Option<Complexity>,
    /// How much can go wrong.
    pub risk_level: Option<RiskLevel>,
    /// How long the work is expected to take, in words.
    pub estimated_duration: Option<String>,
    /// How many steps it has.
    pub total_steps: i32,
    /// How many prerequisites it names.
    pub prerequisites_count: i32,
    /// How many quality gates it names.
    pub quality_gates_count: i32,
    /// Whether it has the sections that were asked for.
    pub has_required_sections: bool,
    /// Whether it is Markdown that can be read.
    pub is_valid_markdown: bool,
    /// Whether it is the one that the plan goes on with.
    pub is_selected: bool,
    /// What was wrong with the answer.
    pub validation_errors: Option<Value>,
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

/// The SQL types of [`Generation`]'s fields.
type Row = SqlTypeOf<AsSelect<Generation, Pg>>;

impl UnitOfWork<'_> {
    /// The generations of this user's plans, and their steps. Those of others are not found.
    pub fn plan_generations(&mut self, user: UserId) -> GenerationRepository<'_> {
        GenerationRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads the [`Generation`]s of one user's plans, and their
/// [steps](super::PlanStep).
///
/// A generation goes `pending -> processing -> completed | failed`. Each step has one status before
/// it; a generation that has another gives [`Error::InvalidTransition`] and stays as it is. No step
/// looks at the plan's status, so that no result is lost.
#[derive(Debug)]
pub struct GenerationRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl GenerationRepository<'_> {
    /// The generation with this key, if the user has one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: GenerationId) -> Result<Option<Generation>> {
        let own = feature_plans::table
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        Ok(Generation::query()
            .filter(implementation_plan_generations::id.eq(id))
            .filter(implementation_plan_generations::plan_id.eq_any(own))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The generation with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn get(&mut self, id: GenerationId) -> Result<Generation> {
        self.find(id)?.ok_or_else(|| absent(id))
    }

    /// The generations of a plan, oldest first. One statement; one more where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan; [`Error::Invalid`] for a page of no or too
    /// many rows.
    pub fn list(
        &mut self,
        plan: FeaturePlanId,
        page: Page<ByTime<GenerationId>>,
    ) -> Result<Listed<Generation, ByTime<GenerationId>>> {
        use super::schema::feature_planner::implementation_plan_generations::{
            created_at, id, plan_id,
        };
        let own = feature_plans::table
            .filter(feature_plans::id.eq(plan))
            .filter(feature_plans::user_id.eq(self.user))
            .select(feature_plans::id);
        let mut query = Generation::query()
            .filter(plan_id.eq_any(own))
            .order((created_at, id))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(ByTime { at, key }) = time::behind(&page)? {
            query = query.filter(created_at.gt(at).or(created_at.eq(at).and(id.gt(key))));
        }
        let found: Vec<Generation> = query.load(self.uow.connection())?;
        if found.is_empty() {
            plan::check_own(&mut self.uow, self.user, plan)?;
        }
        Ok(page.cut(found, |one| ByTime { at: one.created_at, key: one.id }))
    }

    /// Locks its plan.
    pub(super) fn hold(&mut self, id: GenerationId) -> Result<FeaturePlanId> {
        Ok(hold::of_generation(&mut self.uow, self.user, id)?.id)
    }

    /// The status of one whose plan is locked.
    fn status(&mut self, id: GenerationId) -> Result<ImplementationPlanStatus> {
        let status: Option<ImplementationPlanStatus> = implementation_plan_generations::table
            .find(id)
            .select(implementation_plan_generations::status)
            .first(self.uow.connection())
            .optional()?;
        status.ok_or_else(|| absent(id))
    }

    /// What a step has made of it. Where it was not what the step begins from, why.
    fn stepped(
        &mut self,
        id: GenerationId,
        [from, to]: [ImplementationPlanStatus; 2],
        changed: Option<Generation>,
    ) -> Result<Generation> {
        match changed {
            Some(changed) => Ok(changed),
            None => Err(from.lost(to, self.status(id)?, ENTITY, id)),
        }
    }
}

pub(super) fn absent(id: GenerationId) -> Error {
    Error::not_found(ENTITY, id)
}
