//! Plans: the rows, and all but the replace.

use std::collections::HashMap;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf, count_star, sum};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::epc_band::EpcBand;
use super::measure::{MeasureRow, NewPlanMeasure, PlanMeasure};
use super::scenario::ScenarioId;
use super::schema::plan;
use super::shared;
use super::tonnes::Tonnes;
use crate::decimal::as_written;
use crate::error::{Error, Result};
use crate::key::{Listed, Page, ids};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

const ENTITY: &str = "modelling::Plan";

ids! {
    /// The key of a [`Plan`]. It survives every replace.
    PlanId;
    /// The key of a property, which the host keeps.
    PropertyId;
}

/// The result of a modelling run for one property under one scenario.
///
/// Energy and bill figures are `None` until bills exist. Money is in the portfolio's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plan)]
pub struct Plan {
    /// The key.
    pub id: PlanId,
    /// The property.
    pub property_id: PropertyId,
    /// The scenario.
    pub scenario_id: ScenarioId,
    /// Whether the property shows this plan first.
    pub is_default: bool,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// SAP points of the property after the works.
    pub post_sap_points: Option<BigDecimal>,
    /// EPC band of the property after the works.
    pub post_epc_band: Option<EpcBand>,
    /// CO2 emitted per year after the works.
    pub post_co2_tonnes: Option<Tonnes>,
    /// CO2 saved per year by the works.
    pub co2_savings_tonnes: Option<Tonnes>,
    /// Energy used per year after the works, in kWh.
    pub post_energy_kwh: Option<BigDecimal>,
    /// Energy saved per year by the works, in kWh.
    pub energy_savings_kwh: Option<BigDecimal>,
    /// Energy bill per year after the works.
    pub post_energy_bill: Option<BigDecimal>,
    /// Energy bill saved per year.
    pub energy_bill_savings: Option<BigDecimal>,
    /// Cost of the selected measures without contingency.
    pub cost_of_works: BigDecimal,
    /// Sum of the measures' contingencies.
    pub contingency_cost: BigDecimal,
    /// When the content was last replaced. `None` where it never was.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Plan {
    /// Cost of the works with contingency.
    pub fn total_cost(&self) -> BigDecimal {
        &self.cost_of_works + &self.contingency_cost
    }
}

/// The SQL types of [`Plan`]'s fields.
type PlanRow = SqlTypeOf<AsSelect<Plan, Pg>>;

/// The plan that a modelling run has made, without its measures.
///
/// Money and energy are rounded to 2 places, CO2 to 4, half away from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// The property.
    pub property_id: PropertyId,
    /// The scenario.
    pub scenario_id: ScenarioId,
    /// Whether the property shows this plan first.
    #[serde(default)]
    pub is_default: bool,
    /// SAP points of the property after the works, below 1,000.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub post_sap_points: Option<BigDecimal>,
    /// EPC band of the property after the works.
    #[serde(default)]
    pub post_epc_band: Option<EpcBand>,
    /// CO2 emitted per year after the works.
    #[serde(default)]
    pub post_co2_tonnes: Option<Tonnes>,
    /// CO2 saved per year by the works.
    #[serde(default)]
    pub co2_savings_tonnes: Option<Tonnes>,
    /// Energy used per year after the works, in kWh.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub post_energy_kwh: Option<BigDecimal>,
    /// Energy saved per year by the works, in kWh.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub energy_savings_kwh: Option<BigDecimal>,
    /// Energy bill per year after the works.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub post_energy_bill: Option<BigDecimal>,
    /// Energy bill saved per year.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub energy_bill_savings: Option<BigDecimal>,
    /// Cost of the selected measures without contingency.
    #[serde(default, deserialize_with = "as_written::deserialize")]
    pub cost_of_works: BigDecimal,
}

impl NewPlan {
    /// A plan without figures: every optional field is `None`, the cost is zero.
    pub fn new(property_id: PropertyId, scenario_id: ScenarioId) -> Self {
        Self {
            property_id,
            scenario_id,
            is_default: false,
            post_sap_points: None,
            post_epc_band: None,
            post_co2_tonnes: None,
            co2_savings_tonnes: None,
            post_energy_kwh: None,
            energy_savings_kwh: None,
            post_energy_bill: None,
            energy_bill_savings: None,
            cost_of_works: BigDecimal::default(),
        }
    }

    /// Checks the plan and these measures by every rule of a [`replace`](PlanRepository::replace)
    /// that needs no database, for input that is to be refused before any of it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::modelling::{NewPlan, NewPlanMeasure};
    ///
    /// let plan = NewPlan::new(42.into(), 1.into());
    /// let mut measures = [NewPlanMeasure::new("loft_insulation")];
    /// assert!(plan.validate(&measures).is_ok());
    /// measures[0].contingency = (-1).into();
    /// assert_eq!(
    ///     plan.validate(&measures).unwrap_err().to_string(),
    ///     "modelling::NewPlanMeasure.measures[0].contingency: must not be negative"
    /// );
    /// ```
    pub fn validate(&self, measures: &[NewPlanMeasure]) -> Result<()> {
        Content::new(self, measures, None).map(drop)
    }
}

/// A plan with its measures, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanWithMeasures {
    /// The plan.
    pub plan: Plan,
    /// Its measures, in their order.
    pub measures: Vec<PlanMeasure>,
}

/// Which plans to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanFilter {
    scenario: Option<ScenarioId>,
    property: Option<PropertyId>,
}

impl PlanFilter {
    /// Every plan.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only plans under this scenario.
    #[must_use]
    pub fn scenario(mut self, id: ScenarioId) -> Self {
        self.scenario = Some(id);
        self
    }

    /// Only plans of this property.
    #[must_use]
    pub fn property(mut self, id: PropertyId) -> Self {
        self.property = Some(id);
        self
    }
}

/// Figures of all plans under a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioTotals {
    /// How many plans there are.
    pub plans: i64,
    /// Sum of [`Plan::cost_of_works`].
    pub cost_of_works: BigDecimal,
    /// Sum of [`Plan::contingency_cost`].
    pub contingency_cost: BigDecimal,
    /// Sum of [`Plan::co2_savings_tonnes`], over the plans that state it.
    pub co2_savings_tonnes: Tonnes,
}

impl ScenarioTotals {
    /// Cost of the works with contingency.
    pub fn total_cost(&self) -> BigDecimal {
        &self.cost_of_works + &self.contingency_cost
    }
}

impl UnitOfWork<'_> {
    /// The modelled plans with their measures.
    pub fn plans(&mut self) -> PlanRepository<'_> {
        PlanRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Plan`]s with their [`PlanMeasure`]s.
///
/// The schema must be expanded (see [`migrate`](crate::migrate)); [`replace`](Self::replace) needs
/// the unique key as well.
#[derive(Debug)]
pub struct PlanRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl PlanRepository<'_> {
    /// The plan with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: PlanId) -> Result<Option<Plan>> {
        Ok(Plan::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The plan with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: PlanId) -> Result<Plan> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The plan of a property under a scenario, if there is one. Where the unique key is not there
    /// yet and several share it: the newest.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find_by_key(
        &mut self,
        property: PropertyId,
        scenario: ScenarioId,
    ) -> Result<Option<Plan>> {
        Ok(Plan::query()
            .filter(plan::property_id.eq(property))
            .filter(plan::scenario_id.eq(scenario))
            .order(plan::id.desc())
            .first(self.uow.connection())
            .optional()?)
    }

    /// Plans by key, a page at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(&mut self, filter: PlanFilter, page: Page<PlanId>) -> Result<Listed<Plan, PlanId>> {
        let mut query = Plan::query().order(plan::id).limit(page.fetch()?).into_boxed();
        if let Some(key) = page.key() {
            query = query.filter(plan::id.gt(key));
        }
        if let Some(scenario) = filter.scenario {
            query = query.filter(plan::scenario_id.eq(scenario));
        }
        if let Some(property) = filter.property {
            query = query.filter(plan::property_id.eq(property));
        }
        Ok(page.cut(query.load(self.uow.connection())?, |plan| plan.id))
    }

    /// A plan's measures in their order, however they are linked to it. None where there is no
    /// such plan.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn measures(&mut self, plan: PlanId) -> Result<Vec<PlanMeasure>> {
        Ok(Statement::<MeasureRow>::new(include_str!("measures.sql"))
            .bind::<BigInt, _>(plan)
            .load(self.uow.connection())?)
    }

    /// Plans with their measures, in the order of `ids`. A plan that is not there is left out, one
    /// that is named twice comes once.
    ///
    /// One statement, so plan and measures are of one moment in any unit of work.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn with_measures(&mut self, ids: &[PlanId]) -> Result<Vec<PlanWithMeasures>> {
        let rows: Vec<(Plan, Option<PlanMeasure>)> =
            Statement::<(PlanRow, Nullable<MeasureRow>)>::new(include_str!("with_measures.sql"))
                .bind::<Array<BigInt>, _>(ids)
                .bind::<Array<BigInt>, _>(ids)
                .load(self.uow.connection())?;
        let mut found: HashMap<PlanId, PlanWithMeasures> = HashMap::new();
        for (plan, measure) in rows {
            found
                .entry(plan.id)
                .or_insert_with(|| PlanWithMeasures { plan, measures: Vec::new() })
                .measures
                .extend(measure);
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Figures of all plans under a scenario. Zeros where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn totals(&mut self, scenario: ScenarioId) -> Result<ScenarioTotals> {
        let (plans, cost, contingency, co2): (i64, Option<_>, Option<_>, Option<_>) = plan::table
            .filter(plan::scenario_id.eq(scenario))
            .select((
                count_star(),
                sum(plan::cost_of_works),
                sum(plan::contingency_cost),
                sum(plan::co2_savings_tonnes),
            ))
            .first(self.uow.connection())?;
        Ok(ScenarioTotals {
            plans,
            cost_of_works: cost.unwrap_or_default(),
            contingency_cost: contingency.unwrap_or_default(),
            co2_savings_tonnes: Tonnes::new(co2.unwrap_or_default()),
        })
    }

    /// Deletes a plan with the measures that are linked by `recommendation.plan_id`. Of one that
    /// was never replaced, the recommendations stay as candidates. A measure that the legacy join
    /// links to another plan too stays with that one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this key.
    pub fn delete(&mut self, id: PlanId) -> Result<()> {
        match self.delete_many(&[id])? {
            0 => Err(Error::not_found(ENTITY, id)),
            _ => Ok(()),
        }
    }

    /// Deletes plans as [`delete`](Self::delete) does, in a fixed number of statements. Returns how
    /// many there were; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn delete_many(&mut self, ids: &[PlanId]) -> Result<usize> {
        shared::before_delete(&mut self.uow, ids)?;
        Ok(diesel::delete(plan::table.filter(plan::id.eq_any(ids)))
            .execute(self.uow.connection())?)
    }

    /// Deletes, of plans that share property and scenario, all but the newest, as
    /// [`delete`](Self::delete) does: what the unique key needs on a live database. Returns the
    /// deleted keys.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn delete_duplicates(&mut self) -> Result<Vec<PlanId>> {
        let ids: Vec<PlanId> =
            Statement::<BigInt>::new(include_str!("duplicates.sql")).load(self.uow.connection())?;
        self.delete_many(&ids)?;
        Ok(ids)
    }
}
