//! What one iteration has that another has not.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::iteration::{self, Iteration, IterationId, IterationRepository, iteration_plans};
use super::iteration_type::IterationTypeCode;
use super::master_plan::MasterPlanId;
use super::schema::plans_master_plm;
use super::status::Status;
use crate::error::{Error, Result};

diesel::allow_tables_to_appear_in_same_query!(iteration_plans, plans_master_plm);

/// What is different about two iterations: a field is `None` where they are equal. `Display` tells
/// it line by line.
///
/// Names and descriptions are not compared: those of two iterations differ anyway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Comparison {
    /// The master plans that they run.
    pub plan: Option<Sides<NamedPlan>>,
    /// What they are for.
    pub itt_code: Option<Sides<IterationTypeCode>>,
    /// How far they are.
    pub ite_status: Option<Sides<Status>>,
    /// When the cutover is agreed to be.
    pub ite_static_cutover_date: Option<Sides<Option<DateTime<Utc>>>>,
    /// When the cutover is now expected to be.
    pub ite_dynamic_cutover_date: Option<Sides<Option<DateTime<Utc>>>>,
}

/// Two values that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sides<T> {
    /// Of the first iteration.
    pub a: T,
    /// Of the second.
    pub b: T,
}

/// A master plan, as people speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedPlan {
    /// The key.
    pub plm_id: MasterPlanId,
    /// What people call it. Not unique.
    pub plm_name: String,
}

impl fmt::Display for NamedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.plm_name, self.plm_id)
    }
}

impl<T: PartialEq> Sides<T> {
    fn of(a: T, b: T) -> Option<Self> {
        (a != b).then_some(Self { a, b })
    }
}

impl Comparison {
    fn of(a: (Iteration, String), b: (Iteration, String)) -> Self {
        let ((a, a_plan), (b, b_plan)) = (a, b);
        Self {
            plan: Sides::of(
                NamedPlan { plm_id: a.plm_id, plm_name: a_plan },
                NamedPlan { plm_id: b.plm_id, plm_name: b_plan },
            ),
            itt_code: Sides::of(a.itt_code, b.itt_code),
            ite_status: Sides::of(a.ite_status, b.ite_status),
            ite_static_cutover_date: Sides::of(
                a.ite_static_cutover_date,
                b.ite_static_cutover_date,
            ),
            ite_dynamic_cutover_date: Sides::of(
                a.ite_dynamic_cutover_date,
                b.ite_dynamic_cutover_date,
            ),
        }
    }

    /// Whether both were equal.
    pub fn is_empty(&self) -> bool {
        let Self { plan, itt_code, ite_status, ite_static_cutover_date, ite_dynamic_cutover_date } =
            self;
        plan.is_none()
            && itt_code.is_none()
            && ite_status.is_none()
            && ite_static_cutover_date.is_none()
            && ite_dynamic_cutover_date.is_none()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn date(date: Option<DateTime<Utc>>) -> String {
            date.map_or_else(|| "none".to_owned(), |date| date.to_string())
        }
        if let Some(Sides { a, b }) = &self.plan {
            writeln!(f, "master plan: {a}, then {b}")?;
        }
        if let Some(Sides { a, b }) = &self.itt_code {
            writeln!(f, "type: {a}, then {b}")?;
        }
        if let Some(Sides { a, b }) = &self.ite_status {
            writeln!(f, "status: {a}, then {b}")?;
        }
        for (what, dates) in [
            ("static cutover date", self.ite_static_cutover_date),
            ("dynamic cutover date", self.ite_dynamic_cutover_date),
        ] {
            if let Some(Sides { a, b }) = dates {
                writeln!(f, "{what}: {}, then {}", date(a), date(b))?;
            }
        }
        Ok(())
    }
}

impl IterationRepository<'_> {
    /// What is different about two iterations, of one migration or of two. One statement, so both
    /// are of one moment.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for the one that is not there; for `a` where neither is.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{IterationTypeCode, NewIteration, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    /// # let (migration, plan) = store.write(|uow| Ok((
    /// #     factory::migration(uow, "Data centre north")?,
    /// #     factory::master_plan(uow, "Plan A")?,
    /// # )))?;
    ///
    /// let comparison = store.write(|uow| {
    ///     let mut link = |code, name| {
    ///         let new = NewIteration::new(migration, plan, code, name);
    ///         Ok::<_, planwright::Error>(uow.iterations().link(&new)?.into_iteration().ite_id)
    ///     };
    ///     let rehearsal = link(IterationTypeCode::dress_rehearsal(), "Rehearsal")?;
    ///     let cutover = link(IterationTypeCode::cutover(), "Cutover")?;
    ///     uow.iterations().compare(rehearsal, cutover)
    /// })?;
    /// assert_eq!(comparison.to_string(), "type: DR, then CUTOVER\n");
    /// assert!(comparison.plan.is_none());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn compare(&mut self, a: IterationId, b: IterationId) -> Result<Comparison> {
        let plan = plans_master_plm::plm_id.eq(iteration_plans::plm_id);
        let found: Vec<(Iteration, String)> = iteration_plans::table
            .inner_join(plans_master_plm::table.on(plan))
            .filter(iteration_plans::ite_id.eq_any([a, b]))
            .select((Iteration::as_select(), plans_master_plm::plm_name))
            .load(self.uow.connection())?;
        let one = |id| {
            let one = found.iter().find(|(iteration, _)| iteration.ite_id == id);
            one.cloned().ok_or_else(|| Error::not_found(iteration::ENTITY, id))
        };
        Ok(Comparison::of(one(a)?, one(b)?))
    }
}
