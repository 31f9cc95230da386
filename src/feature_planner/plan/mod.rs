//! Feature plans: requests, and what has become of each.

mod details;
mod list;
mod new;
mod search;
mod stale;
mod status;
mod version;

pub use details::{AttemptSums, FeaturePlanDetails};
pub use list::FeaturePlanFilter;
pub use new::{FeaturePlanUpdate, MAX_REQUEST, MAX_SESSION, MIN_REQUEST, NewFeaturePlan};
pub use search::{FeaturePlanMatch, MARK, MARK_END, MAX_FOUND, MAX_QUERY, MatchedRequest};
pub use stale::{Attempt, StaleAttempt, Unfinished};

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::keys::{DiscoveryId, FeaturePlanId, GenerationId, RefinementId};
use super::labels::{Complexity, PlanStatus, RiskLevel};
use super::schema::feature_planner::feature_plans;
use crate::error::{Error, Result};
use crate::key::UserId;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "feature_planner::FeaturePlan";

/// A feature request of a user, and what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, HasQuery)]
#[diesel(table_name = feature_plans)]
pub struct FeaturePlan {
    /// The key.
    pub id: FeaturePlanId,
    /// Whose it is.
    pub user_id: UserId,
    /// The request as it was made.
    pub original_request: String,
    /// The request as the selected refinement says it.
    pub refined_request: Option<String>,
    /// How far it is.
    pub status: PlanStatus,
    /// The step of the work that it is in, or was in when it ended: 0 before the first, 1 refinement,
    /// 2 discovery, 3 planning.
    pub current_step: i32,
    /// Which version of the request it is, from 1 on.
    pub version: i32,
    /// The first version, where this one is another.
    pub parent_plan_id: Option<FeaturePlanId>,
    /// The refinement that it goes on with.
    pub selected_refinement_id: Option<RefinementId>,
    /// The discovery that it goes on with.
    pub selected_discovery_session_id: Option<DiscoveryId>,
    /// The generation that it goes on with.
    pub selected_plan_generation_id: Option<GenerationId>,
    /// The list of files of the selected discovery, as [`Discovery`](super::Discovery) has it. It
    /// follows when files are added, updated or removed.
    pub discovered_files: Option<Value>,
    /// Those of them that are selected.
    pub selected_files: Option<Value>,
    /// How refinements are to be made, as the application keeps it.
    pub refinement_settings: Option<Value>,
    /// The implementation plan of the selected generation, in Markdown.
    pub implementation_plan: Option<String>,
    /// How much there is to it, as the selected generation says.
    pub complexity: Option<Complexity>,
    /// How much can go wrong, as the selected generation says.
    pub risk_level: Option<RiskLevel>,
    /// How long the work is expected to take, in words.
    pub estimated_duration: Option<String>,
    /// The session of the agent, by its own name.
    pub session_id: Option<String>,
    /// How long its attempts have taken together, in milliseconds.
    pub total_execution_time_ms: i32,
    /// When it was done.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// The SQL types of [`FeaturePlan`]'s fields.
pub(super) type FeaturePlanRow = SqlTypeOf<AsSelect<FeaturePlan, Pg>>;

impl UnitOfWork<'_> {
    /// The feature plans of this user. Those of others are not found.
    pub fn feature_plans(&mut self, user: UserId) -> FeaturePlanRepository<'_> {
        FeaturePlanRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads the [`FeaturePlan`]s of one user.
#[derive(Debug)]
pub struct FeaturePlanRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl FeaturePlanRepository<'_> {
    /// The user's plan with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: FeaturePlanId) -> Result<Option<FeaturePlan>> {
        Ok(FeaturePlan::query()
            .find(id)
            .filter(feature_plans::user_id.eq(self.user))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The user's plan with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn get(&mut self, id: FeaturePlanId) -> Result<FeaturePlan> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }
}

/// Refuses a plan that the user has not.
pub(super) fn check_own(uow: &mut UnitOfWork<'_>, user: UserId, id: FeaturePlanId) -> Result<()> {
    let own = feature_plans::table.find(id).filter(feature_plans::user_id.eq(user));
    let own: bool = diesel::select(diesel::dsl::exists(own)).get_result(uow.connection())?;
    if own { Ok(()) } else { Err(Error::not_found(ENTITY, id)) }
}
