//! Drafts: what a user is making of a plan.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::plan::PlanId;
use super::schema::draft_plans;
use super::tree;
use super::version::VersionId;
use crate::error::{Error, Result};
use crate::key::{Listed, Page, UserId, ids};
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "meal_planning::Draft";

ids! {
    /// The key of a [`Draft`].
    DraftId;
}

/// How often a draft was changed. Each change states the one it expects, and gives the next.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel_derive_newtype::DieselNewType,
)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "revision {}", self.0)
    }
}

/// What a user is making of a plan, without its meals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = draft_plans)]
pub struct Draft {
    /// The key.
    pub draft_id: DraftId,
    /// Whose draft it is.
    pub user_id: UserId,
    /// The plan.
    pub plan_id: PlanId,
    /// What the plan will be called.
    pub name: String,
    /// The version that it was made from, or rebased onto.
    pub base_version_id: Option<VersionId>,
    /// The highest number of the plan at that time, 0 where there was none. A commit is stale once
    /// there is a higher one.
    pub seen_version_number: i32,
    /// How often it was changed.
    pub revision: Revision,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The SQL types of [`Draft`]'s fields.
pub(super) type DraftRow = SqlTypeOf<AsSelect<Draft, Pg>>;

impl UnitOfWork<'_> {
    /// The drafts of this user. Those of others are not found.
    pub fn meal_plan_drafts(&mut self, user: UserId) -> DraftRepository<'_> {
        DraftRepository { uow: self.reborrow(), user }
    }
}

/// Stores, edits and commits the [`Draft`]s of one user.
#[derive(Debug)]
pub struct DraftRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl DraftRepository<'_> {
    /// The user's draft with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: DraftId) -> Result<Option<Draft>> {
        Ok(Draft::query()
            .find(id)
            .filter(draft_plans::user_id.eq(self.user))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The user's draft with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn get(&mut self, id: DraftId) -> Result<Draft> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The user's draft of this plan, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find_by_plan(&mut self, plan: PlanId) -> Result<Option<Draft>> {
        Ok(Draft::query()
            .filter(draft_plans::user_id.eq(self.user))
            .filter(draft_plans::plan_id.eq(plan))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The user's drafts, by key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(&mut self, page: Page<DraftId>) -> Result<Listed<Draft, DraftId>> {
        let found = Draft::query()
            .filter(draft_plans::user_id.eq(self.user))
            .filter(draft_plans::draft_id.gt(page.key().unwrap_or(DraftId(i64::MIN))))
            .order(draft_plans::draft_id)
            .limit(page.fetch()?)
            .load(self.uow.connection())?;
        Ok(page.cut(found, |draft| draft.draft_id))
    }

    /// All of a draft, in one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn content(&mut self, id: DraftId) -> Result<Content> {
        let found = tree::of_draft(&mut self.uow, self.user, id)?;
        found.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Deletes a draft with all that is in it. No version is made.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft, [`Error::Stale`] where it has another
    /// revision.
    pub fn cancel(&mut self, id: DraftId, expected: Revision) -> Result<()> {
        let own = draft_plans::table.find(id).filter(draft_plans::user_id.eq(self.user));
        let deleted = diesel::delete(own.filter(draft_plans::revision.eq(expected)))
            .execute(self.uow.connection())?;
        if deleted == 1 {
            return Ok(());
        }
        Err(self.refusal(id, expected)?.unwrap_or_else(|| Error::not_found(ENTITY, id)))
    }

    /// Why a change of a draft found nothing to change: the answer to a statement that asks for
    /// the draft, its user and its revision. `None` where all of them are as expected, so that it
    /// must be the thing in the draft that is not there.
    pub(super) fn refusal(&mut self, id: DraftId, expected: Revision) -> Result<Option<Error>> {
        let Some(draft) = self.find(id)? else {
            return Ok(Some(Error::not_found(ENTITY, id)));
        };
        if draft.revision == expected {
            return Ok(None);
        }
        Ok(Some(stale(id, expected, draft.revision)))
    }
}

/// The draft has another revision than the caller has seen.
pub(super) fn stale(id: DraftId, expected: Revision, actual: Revision) -> Error {
    Error::Stale {
        entity: ENTITY,
        key: id.to_string(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    }
}
