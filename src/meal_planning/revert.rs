//! Going back to a version.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid};

use super::explained;
use super::message::check_reason;
use super::plan::{self, Effect, PlanId, PlanRepository};
use super::schema::{plan_prunings, plan_versions};
use super::version::{self, VersionId};
use crate::error::{Error, Result};
use crate::key::UserId;
use crate::statement::Statement;

impl PlanRepository<'_> {
    /// Makes a version of the plan active, as it stands. Its name is the plan's again.
    ///
    /// Nothing is copied, no version is made, and drafts stay as they are. Two statements, one where
    /// the version is active already.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a reason that is blank or has more than 2,000 characters;
    /// [`Error::NotFound`] where there is no such plan or version; [`Error::Conflict`] where the
    /// plan is archived, or the version is of another plan or was pruned; [`Error::Constraint`] where
    /// another plan of the owner has the name by now.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::meal_planning::{Effect, Message, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::MealPlanning])?;
    /// # let store = database.store();
    /// # let (user, ingredients) = store.write(|uow| {
    /// #     Ok((factory::user(uow)?, factory::ingredients(uow, "oats", 1)?))
    /// # })?;
    /// # let content = factory::content("Week", [7, 3, 1, 2], &ingredients);
    /// # let (plan, version) = store.write(|uow| {
    /// #     let (plan, draft) = uow.meal_plans().create(user, "Week")?;
    /// #     let mut drafts = uow.meal_plan_drafts(user);
    /// #     let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
    /// #     let committed = drafts.commit(draft.draft_id, revision, &Message::new("First"))?;
    /// #     Ok((plan.plan_id, committed.version().plan_version_id))
    /// # })?;
    /// let back = || {
    ///     let reason = "Too much salt in the new one";
    ///     store.write(|uow| uow.meal_plans().revert(plan, version, user, reason))
    /// };
    /// // It was active already, so nothing is logged.
    /// assert_eq!(back()?, Effect::Unchanged);
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn revert(
        &mut self,
        id: PlanId,
        version: VersionId,
        user: UserId,
        reason: &str,
    ) -> Result<Effect> {
        check_reason(plan::ENTITY, reason)?;
        let plan = self.locked(id)?;
        if plan.archived_at.is_some() {
            return Err(plan::archived(id));
        }
        if plan.plan_version_id == Some(version) {
            return Ok(Effect::Unchanged);
        }
        let logged = Statement::<BigInt>::new(include_str!("revert.sql"))
            .bind::<BigInt, _>(version)
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(user)
            .bind::<Text, _>(reason)
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if logged == 0 { Err(self.no_target(id, version)?) } else { Ok(Effect::Done) }
    }

    /// Why the plan has no such version.
    fn no_target(&mut self, id: PlanId, version: VersionId) -> Result<Error> {
        let other: Option<PlanId> = plan_versions::table
            .find(version)
            .select(plan_versions::plan_id)
            .first(self.uow.connection())
            .optional()?;
        if let Some(other) = other {
            let reason = format!("version {version} is of plan {other}");
            return Ok(Error::conflict(plan::ENTITY, id, reason));
        }
        let pruned: Option<(PlanId, i32)> = plan_prunings::table
            .find(version)
            .select((plan_prunings::plan_id, plan_prunings::version_number))
            .first(self.uow.connection())
            .optional()?;
        Ok(match pruned {
            Some((plan, number)) => {
                let reason = format!("was pruned; it was number {number} of plan {plan}");
                Error::conflict(version::ENTITY, version, reason)
            }
            None => Error::not_found(version::ENTITY, version),
        })
    }
}
