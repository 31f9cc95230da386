//! Replacing the plans of a whole portfolio, batch by batch.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::Serialize;

use super::measure::NewPlanMeasure;
use super::plan::NewPlan;
use super::replace::{MAX_MEASURES_AT_ONCE, MAX_PLANS, Outcome, Replaced, duplicate};
use crate::error::{Error, Result};
use crate::store::Store;

/// How [`Store::replace_portfolio`] goes about it.
#[must_use]
pub struct PortfolioOptions<'a> {
    batch_plans: usize,
    batch_measures: usize,
    actor: Option<&'a str>,
    progress: Box<OnProgress<'a>>,
}

type OnProgress<'a> = dyn FnMut(&PortfolioProgress) -> ControlFlow<()> + 'a;

impl Default for PortfolioOptions<'_> {
    /// 1,000 plans or 20,000 measures in a batch, whichever comes first.
    fn default() -> Self {
        Self {
            batch_plans: 1_000,
            batch_measures: 20_000,
            actor: None,
            progress: Box::new(|_| ControlFlow::Continue(())),
        }
    }
}

impl std::fmt::Debug for PortfolioOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PortfolioOptions")
            .field("batch_plans", &self.batch_plans)
            .field("batch_measures", &self.batch_measures)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

impl<'a> PortfolioOptions<'a> {
    /// The most plans of a batch: 1 to [`MAX_PLANS`].
    pub fn batch_plans(mut self, plans: usize) -> Self {
        self.batch_plans = plans;
        self
    }

    /// A batch is stored once it holds this many measures: 1 to half of
    /// [`MAX_MEASURES_AT_ONCE`].
    pub fn batch_measures(mut self, measures: usize) -> Self {
        self.batch_measures = measures;
        self
    }

    /// Who does this; see [`Transaction::actor`](crate::Transaction::actor).
    pub fn actor(mut self, actor: &'a str) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Called after each batch is committed. [`ControlFlow::Break`] stops there.
    pub fn on_progress(
        mut self,
        progress: impl FnMut(&PortfolioProgress) -> ControlFlow<()> + 'a,
    ) -> Self {
        self.progress = Box::new(progress);
        self
    }

    fn validate(&self) -> Result<()> {
        let refuse = |field, limit| {
            let rule = format!("must be from 1 to {limit}");
            Err(Error::invalid("modelling::PortfolioOptions", field, rule))
        };
        if !(1..=MAX_PLANS).contains(&self.batch_plans) {
            return refuse("batch_plans", MAX_PLANS);
        }
        if !(1..=MAX_MEASURES_AT_ONCE / 2).contains(&self.batch_measures) {
            return refuse("batch_measures", MAX_MEASURES_AT_ONCE / 2);
        }
        Ok(())
    }
}

/// How far a portfolio has come. All of it is committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PortfolioProgress {
    /// Batches committed.
    pub batches: usize,
    /// Plans that were new.
    pub created: usize,
    /// Plans whose content was replaced.
    pub replaced: usize,
    /// Plans that were stored like this already.
    pub unchanged: usize,
    /// Measures written.
    pub measures_inserted: usize,
}

impl PortfolioProgress {
    /// Plans done.
    pub fn plans(&self) -> usize {
        self.created + self.replaced + self.unchanged
    }

    fn add(&mut self, batch: &[Replaced]) {
        self.batches += 1;
        for plan in batch {
            *match plan.outcome {
                Outcome::Created => &mut self.created,
                Outcome::Replaced => &mut self.replaced,
                Outcome::Unchanged => &mut self.unchanged,
            } += 1;
            self.measures_inserted += plan.measures.inserted;
        }
    }
}

/// What became of a portfolio.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortfolioSummary {
    /// The counts.
    pub progress: PortfolioProgress,
    /// What became of each plan, in the order of the input.
    pub plans: Vec<Replaced>,
    /// Whether the progress callback stopped it before the end.
    pub stopped: bool,
}

/// A portfolio of which a batch was refused or failed. The batches before it are stored; the one
/// that failed is not, unless [`Error::outcome_unknown`]. Running all of it again is safe: what is
/// stored comes out unchanged.
#[derive(Debug, thiserror::Error)]
#[error("the portfolio stopped after {} plans were stored", .stored.progress.plans())]
pub struct PortfolioError {
    /// What was stored before.
    pub stored: Box<PortfolioSummary>,
    /// What went wrong. A place such as `plans[17]` counts from the start of the input.
    #[source]
    pub source: Error,
}

impl Store {
    /// Replaces the plans of a portfolio of any size, a transaction for each batch. Holds keys and
    /// results, and of the content one batch at a time.
    ///
    /// Each batch finds out what became of a COMMIT whose reply was lost; see
    /// [`Transaction::resolve_commit`](crate::Transaction::resolve_commit).
    ///
    /// # Errors
    ///
    /// [`PortfolioError`], which says what was stored before. As for
    /// [`replace_many`](super::PlanRepository::replace_many); a key that comes twice is refused
    /// when it comes again.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use planwright::modelling::{NewPlan, NewPlanMeasure, PortfolioOptions};
    ///
    /// # fn f(store: &planwright::Store) -> Result<(), planwright::modelling::PortfolioError> {
    /// let plans = (1..=100_000).map(|property| {
    ///     (NewPlan::new(property.into(), 1.into()), vec![NewPlanMeasure::new("loft_insulation")])
    /// });
    /// let summary = store.replace_portfolio(plans, PortfolioOptions::default())?;
    /// println!("{} created, {} unchanged", summary.progress.created, summary.progress.unchanged);
    /// # Ok(()) }
    /// ```
    pub fn replace_portfolio(
        &self,
        plans: impl IntoIterator<Item = (NewPlan, Vec<NewPlanMeasure>)>,
        mut options: PortfolioOptions<'_>,
    ) -> Result<PortfolioSummary, PortfolioError> {
        let mut done = PortfolioSummary::default();
        if let Err(source) = options.validate() {
            return Err(PortfolioError { stored: done.into(), source });
        }
        let mut seen = HashMap::new();
        let mut batch = Vec::new();
        let mut measures = 0;
        let mut plans = plans.into_iter().enumerate();
        loop {
            let next = plans.next();
            let full = batch.len() == options.batch_plans || measures >= options.batch_measures;
            if full || (next.is_none() && !batch.is_empty()) {
                match self.store_batch(&batch, &options) {
                    Ok(results) => {
                        done.progress.add(&results);
                        done.plans.extend(results);
                    }
                    Err(source) => {
                        let source = counted_from_start(source, done.plans.len());
                        return Err(PortfolioError { stored: done.into(), source });
                    }
                }
                batch.clear();
                measures = 0;
                if (options.progress)(&done.progress).is_break() {
                    done.stopped = next.is_some();
                    return Ok(done);
                }
            }
            let Some((nth, plan)) = next else { return Ok(done) };
            let key = (plan.0.property_id, plan.0.scenario_id);
            if let Some(first) = seen.insert(key, nth) {
                return Err(PortfolioError {
                    stored: done.into(),
                    source: duplicate(key, nth, first),
                });
            }
            measures += plan.1.len();
            batch.push(plan);
        }
    }

    fn store_batch(
        &self,
        batch: &[(NewPlan, Vec<NewPlanMeasure>)],
        options: &PortfolioOptions<'_>,
    ) -> Result<Vec<Replaced>> {
        let mut unit = self.transaction().resolve_commit(true);
        if let Some(actor) = options.actor {
            unit = unit.actor(actor);
        }
        unit.run(|uow| uow.plans().replace_many(batch))
    }
}

/// The batch counts its plans from 0; the caller counts them from the start of the input.
fn counted_from_start(error: Error, before: usize) -> Error {
    let Error::Invalid { entity, field, reason } = error else { return error };
    let place = field
        .strip_prefix("plans[")
        .and_then(|rest| rest.split_once(']'))
        .and_then(|(nth, rest)| Some((nth.parse::<usize>().ok()?, rest)));
    let field = match place {
        Some((nth, rest)) => format!("plans[{}]{rest}", before + nth),
        None => field,
    };
    Error::Invalid { entity, field, reason }
}
