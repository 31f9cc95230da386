//! The only way in which versions leave.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};

use super::explained;
use super::message::check_reason;
use super::plan::PlanId;
use super::version::{self, VersionId, VersionRepository};
use crate::error::{Error, Result};
use crate::key::UserId;
use crate::statement::Statement;

/// The most days that a [`PrunePolicy`] looks back.
pub const MAX_PRUNE_DAYS: u32 = 36_500;

/// Which versions stay whatever their age. Beside these always stay: the newest and the active
/// version, labelled ones, and those that a draft is based on.
///
/// The default keeps the last 20 and what was active within 90 days.
///
/// # Example
///
/// ```
/// use planwright::meal_planning::PrunePolicy;
///
/// assert_eq!(PrunePolicy::default(), PrunePolicy::keep_last(20).active_within(90));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrunePolicy {
    keep_last: u32,
    active_within_days: u32,
}

impl Default for PrunePolicy {
    fn default() -> Self {
        Self::keep_last(20)
    }
}

impl PrunePolicy {
    /// Keeps so many versions of each plan, the newest, and what was active within 90 days.
    pub fn keep_last(versions: u32) -> Self {
        Self { keep_last: versions, active_within_days: 90 }
    }

    /// Keeps the versions that were active at any time within so many days of 24 hours, up to
    /// 36,500. With 0, that they were active keeps none but the active ones.
    #[must_use]
    pub fn active_within(mut self, days: u32) -> Self {
        self.active_within_days = days;
        self
    }

    fn validate(self) -> Result<()> {
        if self.active_within_days <= MAX_PRUNE_DAYS {
            return Ok(());
        }
        let rule = format!("must be at most {MAX_PRUNE_DAYS}");
        Err(Error::invalid("meal_planning::PrunePolicy", "active_within_days", rule))
    }
}

/// Whose versions to prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneScope {
    /// This plan's.
    Plan(PlanId),
    /// Those of all plans that have more versions than the policy keeps as the last ones. All of
    /// these plans are locked until the transaction ends: where there are many, go plan by plan.
    All,
}

/// Why a version stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kept {
    /// It is the newest of its plan.
    Newest,
    /// It is among the last ones.
    Last,
    /// It has a label.
    Labelled,
    /// It is the active version.
    Active,
    /// A draft is based on it.
    BaseOfDraft,
    /// It was active at some time within the days of the policy.
    RecentlyActive,
}

/// What becomes of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The plan.
    pub plan_id: PlanId,
    /// The version.
    pub plan_version_id: VersionId,
    /// Its number.
    pub version_number: i32,
    /// Its label.
    pub label: Option<String>,
    /// Every reason why it stays. Where there is none, it goes.
    pub kept: Vec<Kept>,
}

impl Verdict {
    /// Whether it goes.
    pub fn goes(&self) -> bool {
        self.kept.is_empty()
    }
}

/// What becomes of each version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use = "it says what goes and why the rest stays"]
pub struct PruneReport {
    /// By plan, the newest first.
    pub verdicts: Vec<Verdict>,
}

impl PruneReport {
    /// The versions that go.
    pub fn gone(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.goes())
    }

    /// The versions that stay.
    pub fn stayed(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.goes())
    }
}

type VerdictRow = (BigInt, BigInt, Integer, Nullable<Text>, Bool, Bool, Bool, Bool, Bool);

type Found = (PlanId, VersionId, i32, Option<String>, bool, bool, bool, bool, bool);

impl VersionRepository<'_> {
    /// Deletes the versions that the policy does not keep, and notes each in `plan_prunings` with
    /// its number and digest.
    ///
    /// Four statements, whatever the number of versions. Commits and reverts of the plans wait.
    /// The role must be allowed to delete versions, which an application's need not be.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a reason that is blank or has more than 2,000 characters, or too many
    /// days; [`Error::NotFound`] where there is no such plan. In a unit that reads at one moment
    /// (REPEATABLE READ) [`Error::Constraint`] where a version that goes became the base of a draft
    /// since: nothing was pruned, and the same call succeeds later.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::meal_planning::{PrunePolicy, PruneScope, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::MealPlanning])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// let policy = PrunePolicy::keep_last(10).active_within(365);
    /// let would = store.read(|uow| {
    ///     uow.meal_plan_versions().prune_dry_run(PruneScope::All, &policy)
    /// })?;
    /// for verdict in would.stayed() {
    ///     println!("version {} stays: {:?}", verdict.version_number, verdict.kept);
    /// }
    /// let report = store.write(|uow| {
    ///     uow.meal_plan_versions().prune(PruneScope::All, &policy, user, "Yearly")
    /// })?;
    /// assert_eq!(report, would);
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn prune(
        &mut self,
        scope: PruneScope,
        policy: &PrunePolicy,
        user: UserId,
        reason: &str,
    ) -> Result<PruneReport> {
        check_reason(version::ENTITY, reason)?;
        policy.validate()?;
        let plans = match scope {
            PruneScope::Plan(id) => vec![self.uow.meal_plans().locked(id)?.plan_id],
            PruneScope::All => {
                self.plans(*policy, concat!(include_str!("prune_scope.sql"), "   FOR UPDATE"))?
            }
        };
        let report = self.judge(&plans, *policy)?;
        let ids: Vec<_> = report.gone().map(|verdict| verdict.plan_version_id).collect();
        if ids.is_empty() {
            return Ok(report);
        }
        Statement::<BigInt>::new(include_str!("prune_permit.sql"))
            .bind::<Uuid, _>(user)
            .bind::<Text, _>(reason)
            .bind::<Array<BigInt>, _>(&ids)
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Statement::<BigInt>::new(include_str!("prune_delete.sql"))
            .bind::<Array<BigInt>, _>(&ids)
            .bind::<Array<BigInt>, _>(&ids)
            .bind::<Array<BigInt>, _>(&ids)
            .bind::<Array<BigInt>, _>(&ids)
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(report)
    }

    /// What [`prune`](Self::prune) would do now. Changes and locks nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for too many days; [`Error::NotFound`] where there is no such plan.
    pub fn prune_dry_run(
        &mut self,
        scope: PruneScope,
        policy: &PrunePolicy,
    ) -> Result<PruneReport> {
        policy.validate()?;
        let plans = match scope {
            PruneScope::Plan(id) => vec![self.uow.meal_plans().get(id)?.plan_id],
            PruneScope::All => self.plans(*policy, include_str!("prune_scope.sql"))?,
        };
        self.judge(&plans, *policy)
    }

    fn plans(&mut self, policy: PrunePolicy, sql: &'static str) -> Result<Vec<PlanId>> {
        Ok(Statement::<BigInt>::new(sql)
            .bind::<BigInt, _>(i64::from(policy.keep_last.max(1)))
            .load(self.uow.connection())?)
    }

    fn judge(&mut self, plans: &[PlanId], policy: PrunePolicy) -> Result<PruneReport> {
        let days = i32::try_from(policy.active_within_days).unwrap_or(i32::MAX);
        let found: Vec<Found> = Statement::<VerdictRow>::new(include_str!("prune_verdict.sql"))
            .bind::<Array<BigInt>, _>(plans)
            .bind::<Array<BigInt>, _>(plans)
            .bind::<Integer, _>(days)
            .bind::<Array<BigInt>, _>(plans)
            .bind::<BigInt, _>(i64::from(policy.keep_last))
            .load(self.uow.connection())?;
        Ok(PruneReport { verdicts: found.into_iter().map(verdict).collect() })
    }
}

fn verdict(
    (plan_id, plan_version_id, version_number, label, newest, last, active, base, recent): Found,
) -> Verdict {
    let kept = [
        (newest, Kept::Newest),
        (last, Kept::Last),
        (label.is_some(), Kept::Labelled),
        (active, Kept::Active),
        (base, Kept::BaseOfDraft),
        (recent, Kept::RecentlyActive),
    ];
    let kept = kept.into_iter().filter_map(|(stays, why)| stays.then_some(why)).collect();
    Verdict { plan_id, plan_version_id, version_number, label, kept }
}
