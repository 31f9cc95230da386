//! A plan with all that belongs to it.

use diesel::prelude::*;
use serde::Serialize;

use super::super::discovery::DiscoveredFile;
use super::super::discovery::Discovery;
use super::super::generation::Generation;
use super::super::keys::FeaturePlanId;
use super::super::labels::{FileDiscoveryStatus, ImplementationPlanStatus, RefinementStatus};
use super::super::log::LogTotals;
use super::super::refinement::Refinement;
use super::super::schema::feature_planner::{
    discovered_files, feature_refinements, file_discovery_sessions,
    implementation_plan_generations, plan_steps,
};
use super::super::step::PlanStep;
use super::{FeaturePlan, FeaturePlanRepository};
use crate::error::Result;

/// A plan with its attempts, the files and steps that it goes on with, and what it has used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeaturePlanDetails {
    /// The plan.
    pub plan: FeaturePlan,
    /// Its refinements, the oldest first.
    pub refinements: Vec<Refinement>,
    /// Its discoveries, the oldest first.
    pub discoveries: Vec<Discovery>,
    /// Its generations, the oldest first.
    pub generations: Vec<Generation>,
    /// The files of the selected discovery, critical ones first, then by relevance.
    pub files: Vec<DiscoveredFile>,
    /// The steps of the selected generation, in their order.
    pub steps: Vec<PlanStep>,
    /// What its attempts have used.
    pub metrics: AttemptSums,
    /// What its log sums up to.
    pub log: LogTotals,
}

impl FeaturePlanDetails {
    /// The refinement that the plan goes on with.
    pub fn selected_refinement(&self) -> Option<&Refinement> {
        let selected = self.plan.selected_refinement_id?;
        self.refinements.iter().find(|one| one.id == selected)
    }

    /// The discovery that the plan goes on with.
    pub fn selected_discovery(&self) -> Option<&Discovery> {
        let selected = self.plan.selected_discovery_session_id?;
        self.discoveries.iter().find(|one| one.id == selected)
    }

    /// The generation that the plan goes on with.
    pub fn selected_generation(&self) -> Option<&Generation> {
        let selected = self.plan.selected_plan_generation_id?;
        self.generations.iter().find(|one| one.id == selected)
    }
}

/// Sums over attempts of every kind. What an attempt does not tell counts as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AttemptSums {
    /// How many there are.
    pub attempts: usize,
    /// How many are completed.
    pub completed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many are pending or processing.
    pub unfinished: usize,
    /// How many tokens were read.
    pub prompt_tokens: i64,
    /// How many tokens were written.
    pub completion_tokens: i64,
    /// How many tokens were paid for: what an attempt says, or else what it read and wrote.
    pub total_tokens: i64,
    /// How long they took, in milliseconds.
    pub execution_time_ms: i64,
}

impl AttemptSums {
    fn add(
        &mut self,
        [is_completed, is_failed, is_unfinished]: [bool; 3],
        [prompt, completion, total, time]: [Option<i32>; 4],
    ) {
        let number = |value: Option<i32>| i64::from(value.unwrap_or(0));
        self.attempts += 1;
        self.completed += usize::from(is_completed);
        self.failed += usize::from(is_failed);
        self.unfinished += usize::from(is_unfinished);
        self.prompt_tokens += number(prompt);
        self.completion_tokens += number(completion);
        self.total_tokens +=
            total.map_or(number(prompt) + number(completion), |total| number(Some(total)));
        self.execution_time_ms += number(time);
    }
}

macro_rules! sum {
    ($sums:ident, $attempts:expr, $status:ident) => {
        for one in $attempts {
            let is = |status| one.status == status;
            $sums.add(
                [is($status::Completed), is($status::Failed), !one.status.is_final()],
                [one.prompt_tokens, one.completion_tokens, one.total_tokens, one.execution_time_ms],
            );
        }
    };
}

impl FeaturePlanRepository<'_> {
    /// A plan with all that belongs to it. Seven statements, however much that is, so read it with
    /// [`Store::read`](crate::Store::read), which shows all of them the same moment.
    ///
    /// It is read whole, every text of every attempt. The log comes as sums.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such plan.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{NewRefinement, PlanStatus, RefinementResult, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    ///
    /// let plan = store.write(|uow| factory::plan(uow, user, PlanStatus::Refining))?;
    /// store.write(|uow| {
    ///     let mut refinements = uow.feature_refinements(user);
    ///     let begun = refinements.start(plan, &[NewRefinement::new("strict")])?;
    ///     let result = RefinementResult::new("A page that lists a customer's invoices, by date.");
    ///     refinements.finish(begun[0].id, &result)?;
    ///     refinements.select(plan, begun[0].id)
    /// })?;
    ///
    /// let details = store.read(|uow| uow.feature_plans(user).details(plan))?;
    /// assert_eq!(details.selected_refinement(), details.refinements.first());
    /// assert_eq!((details.metrics.attempts, details.metrics.completed), (1, 1));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn details(&mut self, id: FeaturePlanId) -> Result<FeaturePlanDetails> {
        let plan = self.get(id)?;
        let refinements: Vec<Refinement> = Refinement::query()
            .filter(feature_refinements::plan_id.eq(id))
            .order((feature_refinements::created_at, feature_refinements::id))
            .load(self.uow.connection())?;
        let discoveries: Vec<Discovery> = Discovery::query()
            .filter(file_discovery_sessions::plan_id.eq(id))
            .order((file_discovery_sessions::created_at, file_discovery_sessions::id))
            .load(self.uow.connection())?;
        let generations: Vec<Generation> = Generation::query()
            .filter(implementation_plan_generations::plan_id.eq(id))
            .order((
                implementation_plan_generations::created_at,
                implementation_plan_generations::id,
            ))
            .load(self.uow.connection())?;
        // Of this plan's: before the rules of selections came, live data could name another's.
        let discovery = discoveries
            .iter()
            .map(|one| one.id)
            .find(|id| plan.selected_discovery_session_id == Some(*id));
        let files: Vec<DiscoveredFile> = DiscoveredFile::query()
            .filter(discovered_files::discovery_session_id.nullable().eq(discovery))
            .order((
                discovered_files::priority,
                discovered_files::relevance_score.desc(),
                discovered_files::id,
            ))
            .load(self.uow.connection())?;
        let generation = generations
            .iter()
            .map(|one| one.id)
            .find(|id| plan.selected_plan_generation_id == Some(*id));
        let steps: Vec<PlanStep> = PlanStep::query()
            .filter(plan_steps::plan_generation_id.nullable().eq(generation))
            .order((plan_steps::display_order, plan_steps::step_number, plan_steps::id))
            .load(self.uow.connection())?;
        let log = self.uow.execution_logs(self.user).totals(id)?;
        let mut metrics = AttemptSums::default();
        sum!(metrics, &refinements, RefinementStatus);
        sum!(metrics, &discoveries, FileDiscoveryStatus);
        sum!(metrics, &generations, ImplementationPlanStatus);
        Ok(FeaturePlanDetails {
            plan,
            refinements,
            discoveries,
            generations,
            files,
            steps,
            metrics,
            log,
        })
    }
}
