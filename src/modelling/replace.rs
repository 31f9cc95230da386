//! The idempotent replace.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Numeric, Text};
use serde::Serialize;

use super::content::{Content, Measure};
use super::epc_band::EpcBand;
use super::measure::NewPlanMeasure;
use super::plan::{NewPlan, PlanId, PlanRepository, PropertyId};
use super::scenario::ScenarioId;
use super::schema::recommendation;
use super::{explained, shared};
use crate::decimal::Fixed;
use crate::error::{Error, Result};
use crate::statement::Statement;

/// The most plans of one [`PlanRepository::replace_many`].
pub const MAX_PLANS: usize = 10_000;

/// The most measures of one [`PlanRepository::replace_many`], over all of its plans.
pub const MAX_MEASURES_AT_ONCE: usize = 200_000;

/// What a replace has done with one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The plan. Its key survives replaces.
    pub plan_id: PlanId,
    /// What became of it.
    pub outcome: Outcome,
    /// What became of its measures.
    pub measures: MeasureCounts,
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was none with its key; there is now.
    Created,
    /// There was one with another content, or somebody else had written to it.
    Replaced,
    /// It was stored like this already. Nothing was written.
    Unchanged,
}

/// How many measures of a plan were written, and how many were left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MeasureCounts {
    /// Stored anew.
    pub inserted: usize,
    /// Removed. Measures that the legacy join linked only, or that it links to another plan too,
    /// are unlinked, and not counted.
    pub deleted: usize,
    /// Left as they are.
    pub unchanged: usize,
}

/// The columns of `upsert.sql`.
type UpsertRow = (BigInt, BigInt, BigInt, Bool, Bool, Bool, Bool);

#[derive(Queryable)]
#[allow(clippy::struct_excessive_bools)] // a row
struct Upserted {
    property_id: PropertyId,
    scenario_id: ScenarioId,
    plan_id: PlanId,
    is_written: bool,
    is_new: bool,
    is_stamped: bool,
    has_join: bool,
}

impl Upserted {
    fn outcome(&self) -> Outcome {
        match (self.is_written, self.is_new) {
            (false, _) => Outcome::Unchanged,
            (true, true) => Outcome::Created,
            (true, false) => Outcome::Replaced,
        }
    }

    fn result(&self, measures: usize, deleted: usize) -> Replaced {
        let outcome = self.outcome();
        let counts = match outcome {
            Outcome::Unchanged => MeasureCounts { unchanged: measures, ..Default::default() },
            _ => MeasureCounts { inserted: measures, deleted, unchanged: 0 },
        };
        Replaced { plan_id: self.plan_id, outcome, measures: counts }
    }
}

impl PlanRepository<'_> {
    /// Stores exactly this plan with exactly these measures, whatever was there under its property
    /// and scenario.
    ///
    /// Doing it again with the same input writes nothing: no row version, no key drawn from a
    /// sequence. What somebody else has changed in the plan or its measures since is noticed, and
    /// repaired; only what this very transaction changes by hand after a replace is not noticed by
    /// another replace.
    ///
    /// Two statements inside the unit of work, one where nothing changes, whatever the number of
    /// measures (one more inside a savepoint; two more for a plan that was there while the legacy
    /// join is, so that another plan keeps a measure that it has by that). Concurrent replaces of one
    /// key wait for each other and leave one caller's plan, whole.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::Constraint`] for a scenario
    /// that is not there; [`Error::Migration`] where the unique key on property and scenario is
    /// not there yet.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::modelling::{Goal, NewPlan, NewPlanMeasure, NewScenario, Outcome};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Modelling])?;
    /// # let store = database.store();
    /// let scenario = store.write(|uow| {
    ///     uow.scenarios().create(&NewScenario::new(1.into(), "Net zero 2050", Goal::NetZero))
    /// })?;
    /// let plan = NewPlan::new(42.into(), scenario.id);
    /// let measures = [NewPlanMeasure::new("loft_insulation"), NewPlanMeasure::new("solar_pv")];
    ///
    /// let first = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    /// assert_eq!(first.outcome, Outcome::Created);
    /// let again = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    /// assert_eq!(again.outcome, Outcome::Unchanged);
    /// let fewer = store.write(|uow| uow.plans().replace(&plan, &measures[..1]))?;
    /// assert_eq!((fewer.outcome, fewer.plan_id), (Outcome::Replaced, first.plan_id));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn replace(&mut self, plan: &NewPlan, measures: &[NewPlanMeasure]) -> Result<Replaced> {
        let content = Content::new(plan, measures, None)?;
        let upserted = self.upsert(std::slice::from_ref(&content))?;
        let [row] = upserted.as_slice() else {
            let what = format!("the upsert gave {} rows, not one", upserted.len());
            return Err(Error::Verification { what });
        };
        if !row.is_written {
            return Ok(row.result(measures.len(), 0));
        }
        if row.has_join && !row.is_new {
            shared::release(&mut self.uow, &[row.plan_id])?;
        }
        let deleted = self.replace_measures(row, &content)?;
        self.stamp(&upserted)?;
        Ok(row.result(measures.len(), deleted))
    }

    /// [`replace`](Self::replace) for many plans at once, in a fixed number of statements. The
    /// results are in the order of the input.
    ///
    /// At most [`MAX_PLANS`] plans with [`MAX_MEASURES_AT_ONCE`] measures; for more there is
    /// [`Store::replace_portfolio`](crate::Store::replace_portfolio).
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace), the field with the plan's place; [`Error::Invalid`] too
    /// where two plans have the same key. Then nothing is stored of any.
    pub fn replace_many(
        &mut self,
        plans: &[(NewPlan, Vec<NewPlanMeasure>)],
    ) -> Result<Vec<Replaced>> {
        if plans.is_empty() {
            return Ok(Vec::new());
        }
        let contents = validated(plans)?;
        let upserted = self.upsert(&contents)?;
        let written: Vec<&Upserted> = upserted.iter().filter(|row| row.is_written).collect();
        let old: Vec<PlanId> =
            written.iter().filter(|row| !row.is_new).map(|row| row.plan_id).collect();
        let deleted = if old.is_empty() {
            HashMap::new()
        } else {
            if upserted[0].has_join {
                shared::release(&mut self.uow, &old)?;
            }
            self.delete_measures(&old, upserted[0].has_join)?
        };
        let by_key: HashMap<_, _> =
            upserted.iter().map(|row| ((row.property_id, row.scenario_id), row)).collect();
        let rows: Vec<(&Content<'_>, &Upserted)> = contents
            .iter()
            .map(|content| {
                let key = (content.plan.property_id, content.plan.scenario_id);
                by_key.get(&key).map(|row| (content, *row)).ok_or_else(|| {
                    let what = format!("the upsert gave no row for {key:?}");
                    Error::Verification { what }
                })
            })
            .collect::<Result<_>>()?;
        self.copy_measures(&rows)?;
        self.stamp(&upserted)?;
        Ok(rows
            .iter()
            .map(|(content, row)| {
                let deleted = deleted.get(&row.plan_id).copied().unwrap_or(0);
                row.result(content.measures.len(), deleted)
            })
            .collect())
    }

    fn upsert(&mut self, contents: &[Content<'_>]) -> Result<Vec<Upserted>> {
        let numbers = |of: fn(&Content<'_>) -> Option<Fixed>| -> Vec<Option<Fixed>> {
            contents.iter().map(of).collect()
        };
        let plans = || contents.iter().map(|content| content.plan);
        let properties: Vec<_> = plans().map(|plan| plan.property_id).collect();
        let scenarios: Vec<_> = plans().map(|plan| plan.scenario_id).collect();
        let defaults: Vec<_> = plans().map(|plan| plan.is_default).collect();
        let bands: Vec<_> = plans().map(|plan| plan.post_epc_band.map(EpcBand::letter)).collect();
        let digests: Vec<&[u8]> = contents.iter().map(|content| &*content.digest).collect();
        let counts: Vec<_> = contents.iter().map(Content::measure_count).collect();
        Statement::<UpsertRow>::new(include_str!("upsert.sql"))
            .bind::<Array<BigInt>, _>(properties)
            .bind::<Array<BigInt>, _>(scenarios)
            .bind::<Array<Bool>, _>(defaults)
            .bind::<Numbers, _>(numbers(|c| c.post_sap_points))
            .bind::<Array<Nullable<Text>>, _>(bands)
            .bind::<Numbers, _>(numbers(|c| c.post_co2_tonnes))
            .bind::<Numbers, _>(numbers(|c| c.co2_savings_tonnes))
            .bind::<Numbers, _>(numbers(|c| c.post_energy_kwh))
            .bind::<Numbers, _>(numbers(|c| c.energy_savings_kwh))
            .bind::<Numbers, _>(numbers(|c| c.post_energy_bill))
            .bind::<Numbers, _>(numbers(|c| c.energy_bill_savings))
            .bind::<Numbers, _>(numbers(|c| Some(c.cost_of_works)))
            .bind::<Numbers, _>(numbers(|c| Some(c.contingency_cost)))
            .bind::<Array<Binary>, _>(digests)
            .bind::<Array<BigInt>, _>(counts)
            .load(self.uow.connection())
            .map_err(|error| needs_key(explained(&self.uow, error)))
    }

    /// Deletes a plan's measures and stores the new ones. Returns how many were deleted.
    fn replace_measures(&mut self, row: &Upserted, content: &Content<'_>) -> Result<usize> {
        const PLAIN: &str = concat!(
            "WITH target AS (SELECT $1::bigint AS id, $2::bigint AS property_id),\n",
            include_str!("replace_measures.sql")
        );
        const JOINED: &str = concat!(
            "WITH target AS (SELECT $1::bigint AS id, $2::bigint AS property_id), unlinked AS (\n",
            "    DELETE FROM plan_recommendations WHERE plan_id = (SELECT id FROM target)\n),\n",
            include_str!("replace_measures.sql")
        );
        let numbers = |of: fn(&Measure<'_>) -> Option<Fixed>| -> Vec<Option<Fixed>> {
            content.measures.iter().map(of).collect()
        };
        let measures = || content.measures.iter();
        let types: Vec<_> = measures().map(|measure| measure.measure_type).collect();
        let descriptions: Vec<_> = measures().map(|measure| measure.description).collect();
        let installed: Vec<_> = measures().map(|measure| measure.already_installed).collect();
        let deleted: i64 = Statement::<BigInt>::new(if row.has_join { JOINED } else { PLAIN })
            .bind::<BigInt, _>(row.plan_id)
            .bind::<BigInt, _>(row.property_id)
            .bind::<Array<Text>, _>(types)
            .bind::<Array<Text>, _>(descriptions)
            .bind::<Numbers, _>(numbers(|m| m.estimated_cost))
            .bind::<Array<Bool>, _>(installed)
            .bind::<Numbers, _>(numbers(|m| m.sap_points))
            .bind::<Numbers, _>(numbers(|m| m.co2_savings_tonnes))
            .bind::<Numbers, _>(numbers(|m| m.energy_savings_kwh))
            .bind::<Numbers, _>(numbers(|m| m.energy_bill_savings))
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(usize::try_from(deleted).unwrap_or_default())
    }

    /// Deletes the measures of plans. Returns how many each had.
    fn delete_measures(
        &mut self,
        plans: &[PlanId],
        has_join: bool,
    ) -> Result<HashMap<PlanId, usize>> {
        const PLAIN: &str = concat!(
            "WITH target AS (SELECT $1::bigint[] AS ids),\n",
            include_str!("delete_measures.sql")
        );
        const JOINED: &str = concat!(
            "WITH target AS (SELECT $1::bigint[] AS ids), unlinked AS (\n",
            "    DELETE FROM plan_recommendations\n",
            "     WHERE plan_id = ANY ((SELECT ids FROM target)::bigint[])\n),\n",
            include_str!("delete_measures.sql")
        );
        let sql = if has_join { JOINED } else { PLAIN };
        let rows: Vec<(PlanId, i64)> = Statement::<(BigInt, BigInt)>::new(sql)
            .bind::<Array<BigInt>, _>(plans)
            .load(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(rows
            .into_iter()
            .map(|(plan, count)| (plan, usize::try_from(count).unwrap_or_default()))
            .collect())
    }

    fn copy_measures(&mut self, rows: &[(&Content<'_>, &Upserted)]) -> Result<()> {
        let measures: Vec<MeasureToCopy<'_>> = rows
            .iter()
            .filter(|(_, row)| row.is_written)
            .flat_map(|(content, row)| {
                content.measures.iter().zip(0..).map(|(measure, position)| MeasureToCopy {
                    plan_id: row.plan_id,
                    property_id: row.property_id,
                    position,
                    measure_type: measure.measure_type,
                    description: measure.description,
                    estimated_cost: measure.estimated_cost,
                    already_installed: measure.already_installed,
                    sap_points: measure.sap_points,
                    co2_savings_tonnes: measure.co2_savings_tonnes,
                    energy_savings_kwh: measure.energy_savings_kwh,
                    energy_bill_savings: measure.energy_bill_savings,
                })
            })
            .collect();
        if measures.is_empty() {
            return Ok(());
        }
        let copy = diesel::copy_from(recommendation::table).from_insertable(&measures);
        self.uow.copy(|conn| copy.execute(conn)).map_err(|error| explained(&self.uow, error))?;
        Ok(())
    }

    /// Inside a savepoint the rows carry the id of a subtransaction, which no function tells. It
    /// is their xmin, so the digest is ended with that.
    fn stamp(&mut self, upserted: &[Upserted]) -> Result<()> {
        let plans: Vec<PlanId> =
            upserted.iter().filter(|row| !row.is_stamped).map(|row| row.plan_id).collect();
        if plans.is_empty() {
            return Ok(());
        }
        Statement::<Integer>::new(include_str!("stamp.sql"))
            .bind::<Array<BigInt>, _>(plans)
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(())
    }
}

type Numbers = Array<Nullable<Numeric>>;

#[derive(Insertable)]
#[diesel(table_name = recommendation, treat_none_as_default_value = false)]
struct MeasureToCopy<'a> {
    plan_id: PlanId,
    property_id: PropertyId,
    position: i32,
    measure_type: &'a str,
    description: &'a str,
    estimated_cost: Option<Fixed>,
    already_installed: bool,
    sap_points: Option<Fixed>,
    co2_savings_tonnes: Option<Fixed>,
    energy_savings_kwh: Option<Fixed>,
    energy_bill_savings: Option<Fixed>,
}

/// Each plan validated, and all of them together.
fn validated(plans: &[(NewPlan, Vec<NewPlanMeasure>)]) -> Result<Vec<Content<'_>>> {
    const ENTITY: &str = "modelling::NewPlan";
    if plans.len() > MAX_PLANS {
        let rule = format!("must be at most {MAX_PLANS}, not {}", plans.len());
        return Err(Error::invalid(ENTITY, "plans", rule));
    }
    let measures: usize = plans.iter().map(|(_, measures)| measures.len()).sum();
    if measures > MAX_MEASURES_AT_ONCE {
        let rule = format!("must hold at most {MAX_MEASURES_AT_ONCE} measures, not {measures}");
        return Err(Error::invalid(ENTITY, "plans", rule));
    }
    let mut seen = HashMap::with_capacity(plans.len());
    plans
        .iter()
        .enumerate()
        .map(|(nth, (plan, measures))| {
            let key = (plan.property_id, plan.scenario_id);
            if let Some(first) = seen.insert(key, nth) {
                return Err(duplicate(key, nth, first));
            }
            Content::new(plan, measures, Some(nth))
        })
        .collect()
}

pub(super) fn duplicate(
    (property, scenario): (PropertyId, ScenarioId),
    nth: usize,
    first: usize,
) -> Error {
    Error::invalid(
        "modelling::NewPlan",
        format!("plans[{nth}].property_id"),
        format!("property {property} with scenario {scenario} is plans[{first}] already"),
    )
}

/// Without its unique key the upsert is refused in a way that has no name but its text, in which
/// every language keeps the SQL words.
fn needs_key(error: Error) -> Error {
    match error {
        Error::Database { source } if source.to_string().contains("CONFLICT") => Error::migration(
            "20261120000700_modelling_plan_property_id_scenario_id_key",
            "a replace needs this step, which waits until it is asked for: call \
             Migrator::contract with it",
            Some(source.into()),
        ),
        other => other,
    }
}
