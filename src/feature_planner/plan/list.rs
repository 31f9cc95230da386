//! Lists of feature plans.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::keys::FeaturePlanId;
use super::super::labels::PlanStatus;
use super::super::schema::feature_planner::feature_plans;
use super::super::time;
use super::{FeaturePlan, FeaturePlanRepository};
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page};

/// Which plans to list. Conditions add up; what is asked for more than once is asked for as the last
/// time.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{FeaturePlanFilter, PlanStatus};
///
/// let completed_in_may = FeaturePlanFilter::all()
///     .status(PlanStatus::Completed)
///     .created_from("2027-05-01T00:00:00Z".parse()?)
///     .created_before("2027-06-01T00:00:00Z".parse()?);
/// # let _ = completed_in_may;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct FeaturePlanFilter {
    status: Option<PlanStatus>,
    created_from: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
}

impl FeaturePlanFilter {
    /// Every plan of the user's.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that are so far.
    pub fn status(self, status: PlanStatus) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Only those that were made at this time, in the years 1 to 9999, or later.
    pub fn created_from(self, time: DateTime<Utc>) -> Self {
        Self { created_from: Some(time), ..self }
    }

    /// Only those that were made before this time, in the years 1 to 9999.
    pub fn created_before(self, time: DateTime<Utc>) -> Self {
        Self { created_before: Some(time), ..self }
    }

    fn validate(&self) -> Result<()> {
        let times = [("created_from", self.created_from), ("created_before", self.created_before)];
        for (field, time) in times {
            if let Some(time) = time {
                time::check(time).map_err(|why| {
                    Error::invalid("feature_planner::FeaturePlanFilter", field, why)
                })?;
            }
        }
        Ok(())
    }
}

impl FeaturePlanRepository<'_> {
    /// The user's plans, the newest first. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows, or a time that is out of range.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::Page;
    /// use planwright::feature_planner::{FeaturePlanFilter, PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// # let older = store.write(|uow| factory::plan(uow, user, PlanStatus::Draft))?;
    /// # let newer = store.write(|uow| factory::plan(uow, user, PlanStatus::Refining))?;
    ///
    /// let all = FeaturePlanFilter::all();
    /// let first = store.read(|uow| uow.feature_plans(user).list(&all, Page::first(1)))?;
    /// assert_eq!(first.items[0].id, newer);
    /// let next = Page::after(first.next.expect("another page"), 1);
    /// let second = store.read(|uow| uow.feature_plans(user).list(&all, next))?;
    /// assert_eq!((second.items[0].id, second.next), (older, None));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn list(
        &mut self,
        filter: &FeaturePlanFilter,
        page: Page<ByTime<FeaturePlanId>>,
    ) -> Result<Listed<FeaturePlan, ByTime<FeaturePlanId>>> {
        filter.validate()?;
        let mut query = FeaturePlan::query()
            .filter(feature_plans::user_id.eq(self.user))
            .order((feature_plans::created_at.desc(), feature_plans::id.desc()))
            .limit(page.fetch()?)
            .into_boxed();
        if let Some(ByTime { at, key }) = time::behind(&page)? {
            // The first condition is one for the index.
            query = query
                .filter(feature_plans::created_at.le(at))
                .filter(feature_plans::created_at.lt(at).or(feature_plans::id.lt(key)));
        }
        if let Some(status) = filter.status {
            query = query.filter(feature_plans::status.eq(status));
        }
        if let Some(time) = filter.created_from {
            query = query.filter(feature_plans::created_at.ge(time));
        }
        if let Some(time) = filter.created_before {
            query = query.filter(feature_plans::created_at.lt(time));
        }
        let found: Vec<FeaturePlan> = query.load(self.uow.connection())?;
        Ok(page.cut(found, |plan| ByTime { at: plan.created_at, key: plan.id }))
    }
}
