//! Plans, and which version of each is active.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid};
use serde::Serialize;

use super::content::{Place, check_name};
use super::draft::{Draft, DraftRow};
use super::explained;
use super::schema::active_plans;
use super::version::VersionId;
use crate::error::{Error, Result};
use crate::key::{Listed, Page, UserId, ids};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "meal_planning::Plan";

ids! {
    /// The key of a [`Plan`].
    PlanId;
}

/// A plan as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = active_plans)]
pub struct Plan {
    /// The key.
    pub plan_id: PlanId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is called now. Unique among the user's plans that are not archived.
    pub name: String,
    /// The active version. `None` until the first commit.
    pub plan_version_id: Option<VersionId>,
    /// Since when that version is active.
    pub activated_at: Option<DateTime<Utc>>,
    /// When it was archived. `None` where it is not.
    pub archived_at: Option<DateTime<Utc>>,
}

/// Which plans to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanFilter {
    archived: Option<bool>,
}

impl PlanFilter {
    /// Every plan.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only plans that are archived, or only the others.
    #[must_use]
    pub fn archived(mut self, archived: bool) -> Self {
        self.archived = Some(archived);
        self
    }
}

/// Whether a call had something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is done.
    Done,
    /// It was so already. Nothing was written.
    Unchanged,
}

/// The SQL types of [`Plan`]'s fields.
type PlanRow = SqlTypeOf<AsSelect<Plan, Pg>>;

impl UnitOfWork<'_> {
    /// The meal plans.
    pub fn meal_plans(&mut self) -> PlanRepository<'_> {
        PlanRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Plan`]s. Who may see or change one is the host's decision.
#[derive(Debug)]
pub struct PlanRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl PlanRepository<'_> {
    /// The plan with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: PlanId) -> Result<Option<Plan>> {
        Ok(Plan::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The plan with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: PlanId) -> Result<Plan> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// A user's own plans, by key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(
        &mut self,
        user: UserId,
        filter: &PlanFilter,
        page: Page<PlanId>,
    ) -> Result<Listed<Plan, PlanId>> {
        let mut query = Plan::query()
            .filter(active_plans::user_id.eq(user))
            .filter(active_plans::plan_id.gt(page.key().unwrap_or(PlanId(i64::MIN))))
            .order(active_plans::plan_id)
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(archived) = filter.archived {
            query = query.filter(active_plans::archived_at.is_not_null().eq(archived));
        }
        let found = query.load(self.uow.connection())?;
        Ok(page.cut(found, |plan| plan.plan_id))
    }

    /// The plan as it is now, locked to the end of the transaction.
    pub(super) fn locked(&mut self, id: PlanId) -> Result<Plan> {
        let found: Option<Plan> = active_plans::table
            .find(id)
            .select(Plan::as_select())
            .for_update()
            .first(self.uow.connection())
            .optional()?;
        found.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Makes a plan, and its user's draft of it. It has no version until the draft is committed.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a blank or too long name; [`Error::Constraint`] where the user has a
    /// plan of this name that is not archived, or there is no such user.
    pub fn create(&mut self, user: UserId, name: &str) -> Result<(Plan, Draft)> {
        check_name(&Place::default(), ENTITY, name)?;
        Statement::<(PlanRow, DraftRow)>::new(include_str!("create_plan.sql"))
            .bind::<Uuid, _>(user)
            .bind::<Text, _>(name)
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }
}

/// An archived plan stays as it is.
pub(super) fn archived(id: PlanId) -> Error {
    Error::conflict(ENTITY, id, "is archived: unarchive it first")
}
