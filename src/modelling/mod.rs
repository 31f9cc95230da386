//! Retrofit plans: what a modelling run has decided for a property under a scenario.
//!
//! A [`Scenario`] is the brief. A [`Plan`] is the result for one property under one scenario, with
//! the [`PlanMeasure`]s that the run has selected. Every run computes a plan anew and
//! [replaces](PlanRepository::replace) it.
//!
//! # Tables
//!
//! | table | holds |
//! | --- | --- |
//! | `scenario` | [`Scenario`] |
//! | `plan` | [`Plan`], unique by property and scenario |
//! | `recommendation` | [`PlanMeasure`] where `plan_id` is set, else a candidate |
//! | `plan_recommendations` | legacy links, until the [`transition`] from them is at its end |
//! | `plan_measure` | view: the measures of each plan, however they are linked |
//!
//! # Units
//!
//! CO2 is in tonnes ([`Tonnes`]), energy in kWh, money in the portfolio's currency. Numbers are
//! `BigDecimal`, rounded to the column's scale, half away from zero, before they are compared or
//! written.

mod content;
mod epc_band;
#[cfg(feature = "testing")]
pub mod factory;
mod invariants;
mod measure;
mod plan;
mod portfolio;
mod replace;
mod scenario;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod shared;
mod tonnes;
pub mod transition;

pub use content::MAX_MEASURES;
pub use epc_band::EpcBand;
pub use invariants::INVARIANTS;
pub use measure::{MAX_DESCRIPTION, MAX_MEASURE_TYPE, NewPlanMeasure, PlanMeasure, PlanMeasureId};
pub use plan::{
    NewPlan, Plan, PlanFilter, PlanId, PlanRepository, PlanWithMeasures, PropertyId, ScenarioTotals,
};
pub use portfolio::{PortfolioError, PortfolioOptions, PortfolioProgress, PortfolioSummary};
pub use replace::{MAX_MEASURES_AT_ONCE, MAX_PLANS, MeasureCounts, Outcome, Replaced};
pub use scenario::{
    Goal, MAX_SCENARIO_NAME, NewScenario, PortfolioId, Scenario, ScenarioId, ScenarioRepository,
};
pub use tonnes::Tonnes;

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
