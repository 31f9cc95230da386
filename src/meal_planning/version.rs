//! Versions: what was committed.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;

use super::content::Content;
use super::message::MAX_LABEL;
use super::plan::PlanId;
use super::schema::plan_versions;
use super::tree;
use crate::error::{Error, Result};
use crate::input;
use crate::key::{UserId, ids};
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "meal_planning::Version";

ids! {
    /// The key of a [`Version`].
    VersionId;
}

/// What was committed of a plan, without its meals. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plan_versions)]
pub struct Version {
    /// The key.
    pub plan_version_id: VersionId,
    /// The plan.
    pub plan_id: PlanId,
    /// Its number in the plan, from 1: the highest before it plus 1.
    pub version_number: i32,
    /// What the plan is called in it.
    pub name: String,
    /// The version that it was drafted from, which may have been pruned since.
    pub base_version_id: Option<VersionId>,
    /// The number of that version.
    pub base_version_number: Option<i32>,
    /// Who committed it.
    pub author_id: UserId,
    /// What the author says of it.
    pub message: String,
    /// A name for it, unique in the plan.
    pub label: Option<String>,
    /// Equal for equal content. The first byte says by which rules it was made.
    pub content_digest: Vec<u8>,
    /// When it was committed: the start of the transaction.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`Version`]'s fields.
pub(super) type VersionRow = SqlTypeOf<AsSelect<Version, Pg>>;

impl UnitOfWork<'_> {
    /// The versions of meal plans.
    pub fn meal_plan_versions(&mut self) -> VersionRepository<'_> {
        VersionRepository { uow: self.reborrow() }
    }
}

/// Reads and prunes [`Version`]s.
#[derive(Debug)]
pub struct VersionRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl VersionRepository<'_> {
    /// The version with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: VersionId) -> Result<Option<Version>> {
        Ok(Version::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The version with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: VersionId) -> Result<Version> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The version of a plan with this number, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find_by_number(&mut self, plan: PlanId, number: i32) -> Result<Option<Version>> {
        Ok(Version::query()
            .filter(plan_versions::plan_id.eq(plan))
            .filter(plan_versions::version_number.eq(number))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The version of a plan with this label, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a label that none can have.
    pub fn find_by_label(&mut self, plan: PlanId, label: &str) -> Result<Option<Version>> {
        input::name(label, MAX_LABEL).map_err(|why| Error::invalid(ENTITY, "label", why))?;
        Ok(Version::query()
            .filter(plan_versions::plan_id.eq(plan))
            .filter(plan_versions::label.eq(label))
            .first(self.uow.connection())
            .optional()?)
    }

    /// All of a version, in one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn content(&mut self, id: VersionId) -> Result<Content> {
        tree::of_version(&mut self.uow, id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }
}
