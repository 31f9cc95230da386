//! Scenarios.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use serde::{Deserialize, Serialize};

use super::schema::{scenario, sql_types};
use super::{explained, shared};
use crate::decimal::{Fixed, as_written};
use crate::error::{Error, Result};
use crate::input;
use crate::key::{Listed, Page, ids};
use crate::unit_of_work::UnitOfWork;

const ENTITY: &str = "modelling::Scenario";
const INPUT: &str = "modelling::NewScenario";

/// The most characters of a scenario's name.
pub const MAX_SCENARIO_NAME: usize = 200;

ids! {
    /// The key of a [`Scenario`].
    ScenarioId;
    /// The key of a portfolio, which the host keeps.
    PortfolioId;
}

/// The brief of a modelling run over a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = scenario)]
pub struct Scenario {
    /// The key.
    pub id: ScenarioId,
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// What people call it.
    pub name: String,
    /// What the run is asked to reach.
    pub goal: Goal,
    /// How much of the goal, in the goal's own unit.
    pub goal_value: Option<BigDecimal>,
    /// The most that the works on one property may cost, in the portfolio's currency.
    pub budget: Option<BigDecimal>,
    /// Whether the portfolio shows this scenario first. At most one is.
    pub is_default: bool,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// What a modelling run is asked to reach.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = sql_types::ScenarioGoal)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goal {
    /// A better EPC band.
    IncreaseEpc,
    /// No net CO2 emissions.
    NetZero,
    /// Less energy used.
    EnergySavings,
    /// The most for a limited cost.
    CostLimit,
}

impl Goal {
    const ALL: [Self; 4] = [Self::IncreaseEpc, Self::NetZero, Self::EnergySavings, Self::CostLimit];

    /// Its label in the database.
    pub fn label(self) -> &'static str {
        match self {
            Self::IncreaseEpc => "increase_epc",
            Self::NetZero => "net_zero",
            Self::EnergySavings => "energy_savings",
            Self::CostLimit => "cost_limit",
        }
    }
}

impl ToSql<sql_types::ScenarioGoal, Pg> for Goal {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.label().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::ScenarioGoal, Pg> for Goal {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let label = std::str::from_utf8(value.as_bytes())?;
        Self::ALL
            .into_iter()
            .find(|goal| goal.label() == label)
            .ok_or_else(|| format!("scenario_goal has a label {label:?} that is not known").into())
    }
}

/// A scenario to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewScenario {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// What people call it: 1 to 200 characters.
    pub name: String,
    /// What the run is asked to reach.
    pub goal: Goal,
    /// How much of the goal, in the goal's own unit.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub goal_value: Option<BigDecimal>,
    /// The most that the works on one property may cost, in the portfolio's currency, rounded to
    /// 2 places.
    #[serde(default, deserialize_with = "as_written::optional::deserialize")]
    pub budget: Option<BigDecimal>,
}

impl NewScenario {
    /// A scenario without goal value and budget.
    pub fn new(portfolio_id: PortfolioId, name: impl Into<String>, goal: Goal) -> Self {
        Self { portfolio_id, name: name.into(), goal, goal_value: None, budget: None }
    }

    /// Checks every rule of [`create`](ScenarioRepository::create) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::modelling::{Goal, NewScenario};
    ///
    /// assert!(NewScenario::new(1.into(), "Net zero 2050", Goal::NetZero).validate().is_ok());
    /// assert!(NewScenario::new(1.into(), " ", Goal::NetZero).validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        let refuse = |field| move |reason: String| Error::invalid(INPUT, field, reason);
        input::key(self.portfolio_id.0).map_err(refuse("portfolio_id"))?;
        input::name(&self.name, MAX_SCENARIO_NAME).map_err(refuse("name"))?;
        if let Some(value) = &self.goal_value
            && (value.digits() > 30 || value.fractional_digit_count().abs() > 30)
        {
            return Err(Error::invalid(INPUT, "goal_value", "must have at most 30 digits"));
        }
        self.rounded_budget().map(drop)
    }

    fn rounded_budget(&self) -> Result<Option<Fixed>> {
        let rounded = self.budget.as_ref().map(|budget| {
            Fixed::new(budget, 12, 2)
                .filter(|budget| budget.units >= 0)
                .ok_or_else(|| Error::invalid(INPUT, "budget", "must be from 0 to 9999999999.99"))
        });
        rounded.transpose()
    }
}

impl UnitOfWork<'_> {
    /// The scenarios.
    pub fn scenarios(&mut self) -> ScenarioRepository<'_> {
        ScenarioRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Scenario`]s.
#[derive(Debug)]
pub struct ScenarioRepository<'uow> {
    uow: UnitOfWork<'uow>,
}

impl ScenarioRepository<'_> {
    /// The scenario with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: ScenarioId) -> Result<Option<Scenario>> {
        Ok(Scenario::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The scenario with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: ScenarioId) -> Result<Scenario> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// A portfolio's scenarios, by key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(
        &mut self,
        portfolio_id: PortfolioId,
        page: Page<ScenarioId>,
    ) -> Result<Listed<Scenario, ScenarioId>> {
        let found = Scenario::query()
            .filter(scenario::portfolio_id.eq(portfolio_id))
            .filter(scenario::id.gt(page.key().unwrap_or(ScenarioId(i64::MIN))))
            .order(scenario::id)
            .limit(page.fetch()?)
            .load(self.uow.connection())?;
        Ok(page.cut(found, |scenario| scenario.id))
    }

    /// Stores a scenario.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule.
    pub fn create(&mut self, new: &NewScenario) -> Result<Scenario> {
        new.validate()?;
        diesel::insert_into(scenario::table)
            .values((
                scenario::portfolio_id.eq(new.portfolio_id),
                scenario::name.eq(&new.name),
                scenario::goal.eq(new.goal),
                scenario::goal_value.eq(&new.goal_value),
                scenario::budget.eq(new.rounded_budget()?),
            ))
            .returning(Scenario::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Makes this the scenario that its portfolio shows first, in place of the one that was.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this key.
    pub fn set_default(&mut self, id: ScenarioId) -> Result<()> {
        let own = diesel::alias!(scenario as own);
        let portfolio =
            own.filter(own.field(scenario::id).eq(id)).select(own.field(scenario::portfolio_id));
        // All of the portfolio's rows, in one order, so that concurrent calls wait for each other.
        let rows: Vec<(ScenarioId, bool)> = scenario::table
            .filter(scenario::portfolio_id.eq_any(portfolio))
            .select((scenario::id, scenario::is_default))
            .order(scenario::id)
            .for_no_key_update()
            .load(self.uow.connection())?;
        let Some((_, is_default)) = rows.iter().find(|(other, _)| *other == id) else {
            return Err(Error::not_found(ENTITY, id));
        };
        if *is_default {
            return Ok(());
        }
        // The partial unique index is checked row by row, so the old one goes first.
        let others: Vec<_> = rows.iter().map(|(other, _)| *other).filter(|o| *o != id).collect();
        diesel::update(scenario::table.filter(scenario::id.eq_any(others)))
            .filter(scenario::is_default)
            .set(scenario::is_default.eq(false))
            .execute(self.uow.connection())?;
        diesel::update(scenario::table.find(id))
            .set(scenario::is_default.eq(true))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(())
    }

    /// Deletes a scenario with all of its plans and their measures. A measure that the legacy join
    /// links to a plan under another scenario too stays with that one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this key.
    pub fn delete(&mut self, id: ScenarioId) -> Result<()> {
        shared::before_delete_of(&mut self.uow, id)?;
        match diesel::delete(scenario::table.find(id)).execute(self.uow.connection())? {
            0 => Err(Error::not_found(ENTITY, id)),
            _ => Ok(()),
        }
    }
}
