//! Plan measures.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Numeric, Text, Timestamptz};
use serde::{Deserialize, Serialize};

use super::plan::{PlanId, PropertyId};
use super::tonnes::Tonnes;
use crate::decimal::as_written;
use crate::key::ids;

/// The most characters of a measure's type.
pub const MAX_MEASURE_TYPE: usize = 100;

/// The most characters of a measure's description.
pub const MAX_DESCRIPTION: usize = 10_000;

ids! {
    /// The key of a [`PlanMeasure`]. A measure of a plan that is replaced with another content
    /// gets a new one.
    PlanMeasureId;
}

/// A measure that a plan has selected: a row of `recommendation`.
///
/// The figures are its *attribution*: what of the plan's gain is credited to it. Money is in the
/// portfolio's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable)]
pub struct PlanMeasure {
    /// The key.
    pub id: PlanMeasureId,
    /// The plan.
    pub plan_id: PlanId,
    /// The property.
    pub property_id: PropertyId,
    /// Place in the plan, from 0. `None` for a plan that was never replaced.
    pub position: Option<i32>,
    /// The kind of measure, such as `loft_insulation`.
    pub measure_type: String,
    /// What is done, for people.
    pub description: String,
    /// Cost without contingency.
    pub estimated_cost: Option<BigDecimal>,
    /// Whether the property has it already.
    pub already_installed: bool,
    /// SAP points gained.
    pub sap_points: Option<BigDecimal>,
    /// CO2 saved per year.
    pub co2_savings_tonnes: Option<Tonnes>,
    /// Energy saved per year, in kWh.
    pub energy_savings_kwh: Option<BigDecimal>,
    /// Energy bill saved per year.
    pub energy_bill_savings: Option<BigDecimal>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`PlanMeasure`]'s fields, as the view `plan_measure` gives them.
pub(super) type MeasureRow = (
    BigInt,
    BigInt,
    BigInt,
    Nullable<Integer>,
    Text,
    Text,
    Nullable<Numeric>,
    Bool,
    Nullable<Numeric>,
    Nullable<Numeric>,
    Nullable<Numeric>,
    Nullable<Numeric>,
    Timestamptz,
);

/// A measure that a modelling run has selected for a plan.
///
/// Money, energy and SAP points are rounded to 2 places, CO2 to 4, half away from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPlanMeasure {
    /// The kind of measure: 1 to 100 characters, such as `loft_insulation`.
    pub measure_type: String,
    /// What is done, for people: at most 10,000 characters.
    #[serde(default)]
    pub description: String,
    /// Cost without contingency, not negative.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub estimated_cost: Option<BigDecimal>,
    /// What to set aside for surprises, not negative. The plan keeps the sum.
    #[serde(default, deserialize_with = "as_written::deserialize")]
    pub contingency: BigDecimal,
    /// Whether the property has it already.
    #[serde(default)]
    pub already_installed: bool,
    /// SAP points gained, below 10,000.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub sap_points: Option<BigDecimal>,
    /// CO2 saved per year.
    #[serde(default)]
    pub co2_savings_tonnes: Option<Tonnes>,
    /// Energy saved per year, in kWh.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub energy_savings_kwh: Option<BigDecimal>,
    /// Energy bill saved per year.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub energy_bill_savings: Option<BigDecimal>,
}

impl NewPlanMeasure {
    /// A measure without figures: every optional field is `None`, the contingency zero.
    pub fn new(measure_type: impl Into<String>) -> Self {
        Self {
            measure_type: measure_type.into(),
            description: String::new(),
            estimated_cost: None,
            contingency: BigDecimal::default(),
            already_installed: false,
            sap_points: None,
            co2_savings_tonnes: None,
            energy_savings_kwh: None,
            energy_bill_savings: None,
        }
    }
}
