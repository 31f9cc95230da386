//! How drafts of a plan begin.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Uuid};
use serde::Serialize;

use super::draft::{self, Draft, DraftRepository, DraftRow};
use super::explained;
use super::plan::{self, PlanId};
use super::schema::active_plans;
use super::version::{self, VersionId};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// How often a plan is asked for again where something came between. Behind the first time its lock
/// is held, or it was archived and no longer is.
const ATTEMPTS: usize = 3;

/// The draft that [`begin`](DraftRepository::begin) has found or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// It is new, and has the content of the active version.
    Created(Draft),
    /// The user had it already. It is as it was.
    Resumed(Draft),
}

impl Begun {
    /// The draft, whichever it is.
    pub fn draft(&self) -> &Draft {
        match self {
            Self::Created(draft) | Self::Resumed(draft) => draft,
        }
    }

    /// [`draft`](Self::draft), given away.
    pub fn into_draft(self) -> Draft {
        match self {
            Self::Created(draft) | Self::Resumed(draft) => draft,
        }
    }
}

impl DraftRepository<'_> {
    /// The user's draft of a plan. If there is none, it is made: with the content of the active
    /// version, or empty where nothing was committed yet. One statement, and one or two more where
    /// somebody else commits, reverts or begins at the same moment.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such plan; [`Error::Conflict`] where it is archived
    /// and the user has no draft of it; [`Error::Constraint`] where there is no such user. In a unit
    /// that reads at one moment (REPEATABLE READ) [`Error::Serialization`] where somebody else came
    /// between: run again, it gives their draft.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::meal_planning::{Begun, PlanId};
    /// # fn f(store: &planwright::Store, user: planwright::UserId, plan: PlanId) -> planwright::Result<()> {
    /// match store.write(|uow| uow.meal_plan_drafts(user).begin(plan))? {
    ///     Begun::Created(draft) => println!("{} is new", draft.draft_id),
    ///     Begun::Resumed(draft) => println!("{} had {}", draft.draft_id, draft.revision),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn begin(&mut self, plan: PlanId) -> Result<Begun> {
        for _ in 0..ATTEMPTS {
            if let Some(begun) = self.copy(plan, None)? {
                return Ok(begun);
            }
            self.refuse_archived(plan)?;
        }
        Err(Error::conflict(plan::ENTITY, plan, "is archived and unarchived again and again"))
    }

    /// Makes the user's draft of a plan from any of its versions. The plan's lock, and one statement.
    ///
    /// A commit of it is stale only once there is another version than now.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such version; [`Error::Conflict`] where the user has a
    /// draft of the plan already, which is left as it is: cancel or commit it first. Also where the
    /// plan is archived. Else as for [`begin`](Self::begin).
    pub fn begin_from(&mut self, version: VersionId) -> Result<Draft> {
        const LOCK: &str = "-- planwright: lock the plan of a version
                            SELECT a.plan_id
                              FROM plan_versions v JOIN active_plans a USING (plan_id)
                             WHERE v.plan_version_id = $1
                               FOR NO KEY UPDATE OF a";

        let plan: Option<PlanId> = Statement::<BigInt>::new(LOCK)
            .bind::<BigInt, _>(version)
            .get_result(self.uow.connection())
            .optional()?;
        let absent = || Error::not_found(version::ENTITY, version);
        let plan = plan.ok_or_else(absent)?;
        match self.copy(plan, Some(version))? {
            Some(Begun::Created(draft)) => Ok(draft),
            Some(Begun::Resumed(draft)) => Err(Error::conflict(
                draft::ENTITY,
                draft.draft_id,
                format!(
                    "is the user's draft of plan {plan} already: cancel or commit it before one \
                     begins from version {version}"
                ),
            )),
            None => {
                self.refuse_archived(plan)?;
                // Pruned while the lock was waited for.
                Err(absent())
            }
        }
    }

    /// `None` where the plan is not there or archived, or something came between.
    fn copy(&mut self, plan: PlanId, version: Option<VersionId>) -> Result<Option<Begun>> {
        let row: Option<(bool, Draft)> =
            Statement::<(Bool, DraftRow)>::new(include_str!("begin.sql"))
                .bind::<Uuid, _>(self.user)
                .bind::<BigInt, _>(plan)
                .bind::<BigInt, _>(plan)
                .bind::<Nullable<BigInt>, _>(version)
                .bind::<Uuid, _>(self.user)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
        Ok(row.map(|(new, draft)| if new { Begun::Created(draft) } else { Begun::Resumed(draft) }))
    }

    fn refuse_archived(&mut self, plan: PlanId) -> Result<()> {
        let archived: Option<bool> = active_plans::table
            .find(plan)
            .select(active_plans::archived_at.is_not_null())
            .first(self.uow.connection())
            .optional()?;
        match archived {
            None => Err(Error::not_found(plan::ENTITY, plan)),
            Some(true) => {
                let reason = "is archived: unarchive it before a draft of it begins";
                Err(Error::conflict(plan::ENTITY, plan, reason))
            }
            Some(false) => Ok(()),
        }
    }
}
