//! The replace of 1,000 plans, against statements and a COPY by hand.

use std::io::Write;

use bigdecimal::BigDecimal;
use diesel::connection::SimpleConnection;
use diesel::data_types::PgNumeric;
use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::{Array, BigInt};
use planwright::Store;
use planwright::modelling::{NewPlanMeasure, ScenarioId, Tonnes};

use super::input::{Input, bind_plans, database, input};
use crate::harness::{
    Figures, Goal, Latency, Outcome, Race, Ratio, Statement, Times, round_trips, timed,
};

const PLANS: i64 = 1_000;
const MEASURES: usize = 10;

diesel::table! {
    recommendation (id) {
        id -> BigInt,
        plan_id -> BigInt,
        property_id -> BigInt,
        position -> Integer,
        measure_type -> Text,
        description -> Text,
        estimated_cost -> Nullable<Numeric>,
        already_installed -> Bool,
        sap_points -> Nullable<Numeric>,
        co2_savings_tonnes -> Nullable<Numeric>,
        energy_savings_kwh -> Nullable<Numeric>,
        energy_bill_savings -> Nullable<Numeric>,
    }
}

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let (database, scenario) = database(figures)?;
    let store = database.store();
    let needed = round_trips(&database, |store, number| {
        store.write(|uow| uow.plans().replace_many(&portfolio(scenario, number))).map(drop)
    })?;
    let trips = Some((needed, 6));

    let what = "replace of 1,000 plans of 10 measures";
    let [ours, theirs, each] = race(store, database.url(), scenario, 30)?;
    figures.ratio(what, Ratio::cost(&ours, &theirs), Goal::AtMost(1.2), trips);
    let each_trips = Some((needed, 4 * PLANS.unsigned_abs()));
    figures.ratio(what, Ratio::speed(&ours, &each), Goal::AtLeast(3.5), each_trips);

    let away = Latency::of(&database)?;
    let what = "the same, server 1 ms away";
    let [ours, theirs] = by_hand(&away.store, &away.url, scenario)?.run(20, 1)?;
    figures.ratio(what, Ratio::cost(&ours, &theirs), Goal::None, trips);
    Ok(())
}

fn portfolio(scenario: ScenarioId, number: i64) -> Vec<Input> {
    (1..=PLANS).map(|property| input(property, scenario, MEASURES, number)).collect()
}

fn by_hand<'a>(store: &'a Store, url: &str, scenario: ScenarioId) -> Outcome<Race<'a>> {
    let mut bare = PgConnection::establish(url)?;
    Ok(Race::new()
        .enter("replace_many", move |number| {
            let plans = portfolio(scenario, number);
            timed(|| store.write(|uow| uow.plans().replace_many(&plans)))
        })
        .enter("upsert, DELETE and COPY by hand", move |number| {
            let plans = portfolio(scenario, number);
            timed(|| replace_by_hand(&mut bare, &plans))
        }))
}

fn race(store: &Store, url: &str, scenario: ScenarioId, rounds: usize) -> Outcome<[Times; 3]> {
    by_hand(store, url, scenario)?
        .enter("a transaction each", |number| {
            let plans = portfolio(scenario, number);
            timed(|| -> planwright::Result<()> {
                for (plan, measures) in &plans {
                    store.write(|uow| uow.plans().replace(plan, measures))?;
                }
                Ok(())
            })
        })
        .run(rounds, 1)
}

fn replace_by_hand(conn: &mut PgConnection, plans: &[Input]) -> Outcome {
    conn.batch_execute("BEGIN")?;
    let upsert = Statement::<(BigInt, BigInt)>::new(include_str!("many.sql"));
    let ids: Vec<(i64, i64)> = bind_plans(upsert, plans).load(conn)?;
    let of: std::collections::HashMap<i64, i64> = ids.into_iter().collect();
    let ids: Vec<i64> = of.values().copied().collect();
    for sql in [
        "DELETE FROM plan_recommendations WHERE plan_id = ANY ($1)",
        "DELETE FROM recommendation WHERE plan_id = ANY ($1)",
    ] {
        Statement::<BigInt>::new(sql).bind::<Array<BigInt>, _>(&ids).execute(conn)?;
    }
    let mut rows = Vec::with_capacity(plans.len() * MEASURES * 160);
    rows.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for (plan, measures) in plans {
        let property = plan.property_id.0;
        for (measure, position) in measures.iter().zip(0..) {
            copy_row(&mut rows, of[&property], property, position, measure);
        }
    }
    rows.extend_from_slice(&(-1_i16).to_be_bytes());
    diesel::copy_from(recommendation::table)
        .from_raw_data(
            (
                recommendation::plan_id,
                recommendation::property_id,
                recommendation::position,
                recommendation::measure_type,
                recommendation::description,
                recommendation::estimated_cost,
                recommendation::already_installed,
                recommendation::sap_points,
                recommendation::co2_savings_tonnes,
                recommendation::energy_savings_kwh,
                recommendation::energy_bill_savings,
            ),
            |copy: &mut dyn Write| {
                copy.write_all(&rows).map_err(|e| QueryError::SerializationError(e.into()))
            },
        )
        .with_format(CopyFormat::Binary)
        .execute(conn)?;
    Ok(conn.batch_execute("COMMIT")?)
}

fn copy_row(out: &mut Vec<u8>, plan: i64, property: i64, position: i32, measure: &NewPlanMeasure) {
    out.extend_from_slice(&11_i16.to_be_bytes());
    field(out, &plan.to_be_bytes());
    field(out, &property.to_be_bytes());
    field(out, &position.to_be_bytes());
    field(out, measure.measure_type.as_bytes());
    field(out, measure.description.as_bytes());
    numeric(out, measure.estimated_cost.as_ref());
    field(out, &[measure.already_installed.into()]);
    numeric(out, measure.sap_points.as_ref());
    numeric(out, measure.co2_savings_tonnes.as_ref().map(Tonnes::value));
    numeric(out, measure.energy_savings_kwh.as_ref());
    numeric(out, measure.energy_bill_savings.as_ref());
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&i32::try_from(bytes.len()).expect("short").to_be_bytes());
    out.extend_from_slice(bytes);
}

fn numeric(out: &mut Vec<u8>, value: Option<&BigDecimal>) {
    let Some(value) = value else { return out.extend_from_slice(&(-1_i32).to_be_bytes()) };
    let (sign, weight, scale, digits) = match PgNumeric::from(value) {
        PgNumeric::Positive { weight, scale, digits } => (0_u16, weight, scale, digits),
        PgNumeric::Negative { weight, scale, digits } => (0x4000, weight, scale, digits),
        PgNumeric::NaN => unreachable!("a BigDecimal is a number"),
    };
    let count = i16::try_from(digits.len()).expect("few digits");
    out.extend_from_slice(&(8 + 2 * i32::from(count)).to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
    out.extend(digits.iter().flat_map(|digit| digit.to_be_bytes()));
}
