//! Versions of a feature plan: the same request, asked again.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid};

use super::super::explained;
use super::super::keys::FeaturePlanId;
use super::new::check_request;
use super::{ENTITY, FeaturePlan, FeaturePlanRepository, FeaturePlanRow};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl FeaturePlanRepository<'_> {
    /// Makes a draft that is the next version of a plan: with another request or the same, and its
    /// settings and session. It gets the number behind the greatest of all versions; its parent is the
    /// first version, whichever `id` names. The first version's lock, and one statement; one more where
    /// it is refused.
    ///
    /// Callers for the versions of one plan wait for each other, so that each gets a number of its own,
    /// in states of the schema too in which numbers are not unique yet.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for a request that breaks the rule of
    ///   [`NewFeaturePlan`](super::NewFeaturePlan).
    /// * [`Error::NotFound`] where the user has no such plan.
    /// * [`Error::Conflict`] where the first version was deleted at this moment.
    /// * [`Error::Constraint`] in a unit that reads at one moment (REPEATABLE READ), where somebody has
    ///   made a version since it began. Before numbers are unique it gets the same number instead.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::NewFeaturePlan;
    /// # use planwright::feature_planner::factory;
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    ///
    /// let (first, second, third) = store.write(|uow| {
    ///     let mut plans = uow.feature_plans(user);
    ///     let first = plans.create(&NewFeaturePlan::new("Sort invoices by date."))?;
    ///     let second = plans.new_version(first.id, Some("Sort invoices by customer."))?;
    ///     let third = plans.new_version(second.id, None)?;
    ///     Ok((first, second, third))
    /// })?;
    /// assert_eq!((second.version, third.version), (2, 3));
    /// assert_eq!(third.parent_plan_id, Some(first.id));
    /// assert_eq!(third.original_request, "Sort invoices by customer.");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn new_version(
        &mut self,
        id: FeaturePlanId,
        original_request: Option<&str>,
    ) -> Result<FeaturePlan> {
        if let Some(request) = original_request {
            check_request(ENTITY, request)?;
        }
        let first: Option<FeaturePlanId> = Statement::<Uuid>::new(include_str!("version_lock.sql"))
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(self.user)
            .get_result(self.uow.connection())
            .optional()?;
        let Some(first) = first else {
            self.status(id)?;
            let reason = "its first version was deleted at this moment";
            return Err(Error::conflict(ENTITY, id, reason));
        };
        Statement::<FeaturePlanRow>::new(include_str!("version_new.sql"))
            .bind::<Uuid, _>(first)
            .bind::<Uuid, _>(FeaturePlanId::new())
            .bind::<Nullable<Text>, _>(original_request)
            .bind::<Uuid, _>(first)
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(self.user)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            // Deleted while the lock was waited for.
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Every version of a plan, whichever of them `id` names, the oldest first. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan.
    pub fn versions(&mut self, id: FeaturePlanId) -> Result<Vec<FeaturePlan>> {
        let found: Vec<FeaturePlan> =
            Statement::<FeaturePlanRow>::new(include_str!("versions.sql"))
                .bind::<Uuid, _>(id)
                .bind::<Uuid, _>(self.user)
                .load(self.uow.connection())?;
        if found.is_empty() { Err(Error::not_found(ENTITY, id)) } else { Ok(found) }
    }

    /// Deletes a plan with its attempts and its log. The others of its versions stay as they are: of
    /// a first version the next one takes the place, as the parent of the others. The locks of both,
    /// and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan.
    pub fn delete(&mut self, id: FeaturePlanId) -> Result<()> {
        let locked: Vec<FeaturePlanId> = Statement::<Uuid>::new(include_str!("lock.sql"))
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(self.user)
            .load(self.uow.connection())?;
        if !locked.contains(&id) {
            return Err(Error::not_found(ENTITY, id));
        }
        Statement::<()>::new(include_str!("delete.sql"))
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(id)
            .bind::<Uuid, _>(id)
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(())
    }
}
