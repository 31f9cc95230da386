//! Which version was active when.

use chrono::{DateTime, TimeZone, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use super::plan::{PlanId, PlanRepository};
use super::schema::{plan_activations, plan_prunings, plan_versions};
use super::version::{Version, VersionId};
use crate::error::Result;
use crate::key::{Listed, Page, UserId, ids};

ids! {
    /// The key of an [`Activation`].
    ActivationId;
}

/// A version became active. It was so until the next activation of its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plan_activations)]
pub struct Activation {
    /// The key.
    pub activation_id: ActivationId,
    /// The plan.
    pub plan_id: PlanId,
    /// The version, which may have been pruned since.
    pub plan_version_id: VersionId,
    /// Its number.
    pub version_number: i32,
    /// From when on. Later than any before it of the same plan.
    pub activated_at: DateTime<Utc>,
    /// Who made it active.
    pub activated_by: UserId,
    /// How it became active.
    pub cause: Cause,
    /// The message of the commit, or why it was reverted.
    pub reason: String,
}

/// How a version becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It was new.
    Commit,
    /// Somebody went back to it.
    Revert,
}

impl FromSql<Text, Pg> for Cause {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            b"commit" => Ok(Self::Commit),
            b"revert" => Ok(Self::Revert),
            other => Err(format!("{:?} is no cause", String::from_utf8_lossy(other)).into()),
        }
    }
}

/// What was active at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActiveAt {
    /// This version.
    Version(Version),
    /// One whose content is gone.
    Pruned {
        /// Its key.
        plan_version_id: VersionId,
        /// Its number.
        number: i32,
        /// The digest that its content had.
        content_digest: Vec<u8>,
        /// When it was pruned.
        pruned_at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

impl PlanRepository<'_> {
    /// The activations of a plan, the latest first; a page goes on behind the time of its last one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a page of no or too many rows.
    pub fn activations(
        &mut self,
        id: PlanId,
        page: Page<DateTime<Utc>>,
    ) -> Result<Listed<Activation, DateTime<Utc>>> {
        let mut query = Activation::query()
            .filter(plan_activations::plan_id.eq(id))
            .order(plan_activations::activated_at.desc())
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(time) = page.key() {
            query = query.filter(plan_activations::activated_at.lt(storable(time)));
        }
        let found = query.load(self.uow.connection())?;
        Ok(page.cut(found, |activation| activation.activated_at))
    }

    /// What was active at this time. `None` before the first commit of the plan, or where there is
    /// no such plan.
    ///
    /// # Errors
    ///
    /// [`Error::Database`](crate::Error::Database) and the like, as for any statement.
    pub fn active_at(&mut self, id: PlanId, time: DateTime<Utc>) -> Result<Option<ActiveAt>> {
        type Pruned = (VersionId, i32, Vec<u8>, DateTime<Utc>, String);
        let of_version = plan_versions::plan_version_id.eq(plan_activations::plan_version_id);
        let of_pruned = plan_prunings::plan_version_id.eq(plan_activations::plan_version_id);
        let pruned = (
            plan_prunings::plan_version_id,
            plan_prunings::version_number,
            plan_prunings::content_digest,
            plan_prunings::pruned_at,
            plan_prunings::reason,
        );
        let found: Option<(Option<Version>, Option<Pruned>)> = plan_activations::table
            .left_join(plan_versions::table.on(of_version))
            .left_join(plan_prunings::table.on(of_pruned))
            .filter(plan_activations::plan_id.eq(id))
            .filter(plan_activations::activated_at.le(storable(time)))
            .order(plan_activations::activated_at.desc())
            .select((Option::<Version>::as_select(), pruned.nullable()))
            .first(self.uow.connection())
            .optional()?;
        Ok(match found {
            Some((Some(version), _)) => Some(ActiveAt::Version(version)),
            Some((None, Some((plan_version_id, number, content_digest, pruned_at, reason)))) => {
                let pruned =
                    ActiveAt::Pruned { plan_version_id, number, content_digest, pruned_at, reason };
                Some(pruned)
            }
            _ => None,
        })
    }
}

/// PostgreSQL's times begin later than chrono's; nothing happened that early.
fn storable(time: DateTime<Utc>) -> DateTime<Utc> {
    match Utc.with_ymd_and_hms(1, 1, 1, 0, 0, 0).single() {
        Some(first) => time.max(first),
        None => time,
    }
}
