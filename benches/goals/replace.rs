//! The replace of one plan, against one call of a function that does the same by hand.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Numeric, Text};
use planwright::modelling::{ScenarioId, Tonnes};
use planwright::{Store, UnitOfWork};

use super::input::{Input, bind_measures, contingency, database, execute, input};
use crate::harness::{
    Figures, Goal, Latency, Outcome, Race, Ratio, Statement, Times, round_trips, timed,
};

/// So many plans are replaced in turn, so that dead rows of one do not pile up.
const PLANS: i64 = 50;

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let (database, scenario) = database(figures)?;
    let store = database.store();
    execute(store, include_str!("replace.sql"))?;

    let mut trips = Vec::new();
    for (count, rounds, turns, goal) in [
        (10, 60, 10, Goal::None),
        (100, 60, 5, Goal::AtMost(1.25)),
        (1_000, 30, 1, Goal::AtMost(1.1)),
    ] {
        let [ours, theirs] = by_hand(store, scenario, count, rounds, turns)?;
        let needed = round_trips(&database, |store, number| {
            let (plan, measures) = input(1, scenario, count, number);
            store.write(|uow| uow.plans().replace(&plan, &measures)).map(drop)
        })?;
        trips.push(needed);
        let what = format!("replace of {count} measures");
        figures.ratio(&what, Ratio::cost(&ours, &theirs), goal, Some((needed, 3)));
    }
    let most = *trips.iter().max().unwrap_or(&0);
    let same = trips.iter().all(|needed| *needed == most);
    figures.number("its round trips, at most", most as f64, "", Goal::AtMost(4.0));
    figures.number("they differ with the measures", f64::from(!same), "", Goal::Exactly(0.0));
    unchanged(store, scenario, figures)?;

    let away = Latency::of(&database)?;
    let [ours, theirs] = by_hand(&away.store, scenario, 100, 20, 1)?;
    let what = "replace of 100, server 1 ms away";
    figures.ratio(what, Ratio::cost(&ours, &theirs), Goal::None, Some((4, 3)));
    let [ours, naive] = one_by_one(&away.store, scenario)?;
    figures.ratio(what, Ratio::speed(&ours, &naive), Goal::None, Some((4, 104)));
    Ok(())
}

fn by_hand(
    store: &Store,
    scenario: ScenarioId,
    count: usize,
    rounds: usize,
    turns: usize,
) -> Outcome<[Times; 2]> {
    Race::new()
        .enter("replace", |number| replace(store, &next(scenario, count, number)))
        .enter("one plpgsql call", |number| {
            let one = next(scenario, count, number);
            timed(|| store.write(|uow| Ok(call(uow.connection(), &one)?)))
        })
        .run(rounds, turns)
}

fn next(scenario: ScenarioId, count: usize, number: i64) -> Input {
    input(1 + number % PLANS, scenario, count, number)
}

fn replace(store: &Store, (plan, measures): &Input) -> Outcome<Duration> {
    timed(|| store.write(|uow| uow.plans().replace(plan, measures)))
}

fn call(conn: &mut PgConnection, (plan, measures): &Input) -> QueryResult<i64> {
    type Number = Nullable<Numeric>;
    let statement = Statement::<BigInt>::new(
        "SELECT replace_by_hand($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
                                $16, $17, $18, $19, $20, $21)",
    )
    .bind::<BigInt, _>(plan.property_id)
    .bind::<BigInt, _>(plan.scenario_id)
    .bind::<Bool, _>(plan.is_default)
    .bind::<Number, _>(plan.post_sap_points.as_ref())
    .bind::<Nullable<Text>, _>(plan.post_epc_band.map(|band| format!("{band:?}")))
    .bind::<Number, _>(plan.post_co2_tonnes.as_ref().map(Tonnes::value))
    .bind::<Number, _>(plan.co2_savings_tonnes.as_ref().map(Tonnes::value))
    .bind::<Number, _>(plan.post_energy_kwh.as_ref())
    .bind::<Number, _>(plan.energy_savings_kwh.as_ref())
    .bind::<Number, _>(plan.post_energy_bill.as_ref())
    .bind::<Number, _>(plan.energy_bill_savings.as_ref())
    .bind::<Numeric, _>(&plan.cost_of_works)
    .bind::<Numeric, _>(contingency(measures));
    bind_measures(statement, measures).get_result(conn)
}

/// Inside one unit of work, as the third replace of a plan: content that is stored already.
fn unchanged(store: &Store, scenario: ScenarioId, figures: &mut Figures) -> Outcome {
    let inside = |(plan, measures): &Input| -> Outcome<Duration> {
        Ok(store.write(|uow| {
            let start = Instant::now();
            uow.plans().replace(plan, measures)?;
            Ok(start.elapsed())
        })?)
    };
    let stored = |number| input(PLANS + 1 + number % PLANS, scenario, 100, 0);
    for number in 0..PLANS {
        replace(store, &stored(number))?;
    }
    let [same, other] = Race::new()
        .enter("unchanged replace", |number| inside(&stored(number)))
        .enter("replace with another content", |number| inside(&next(scenario, 100, number)))
        .run(100, 10)?;
    let what = "unchanged replace of 100 measures";
    figures.ratio(what, Ratio::cost(&same, &other), Goal::AtMost(0.1), Some((1, 2)));

    let (plan, measures) = stored(0);
    let written: f64 = store.write(|uow| {
        let counted = |uow: &mut UnitOfWork<'_>| -> planwright::Result<f64> {
            let sql = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 \
                            + (pg_current_xact_id_if_assigned() IS NOT NULL)::int \
                         FROM pg_stat_xact_user_tables";
            Ok(Statement::<Double>::new(sql).get_result(uow.connection())?)
        };
        let before = counted(uow)?;
        uow.plans().replace(&plan, &measures)?;
        Ok(counted(uow)? - before)
    })?;
    figures.number("its writes", written, "", Goal::Exactly(0.0));
    Ok(())
}

/// How much a statement for each measure costs where the server is not next door.
fn one_by_one(store: &Store, scenario: ScenarioId) -> Outcome<[Times; 2]> {
    Race::new()
        .enter("replace", |number| replace(store, &next(scenario, 100, number)))
        .enter("one INSERT for each", |number| {
            let (plan, measures) = next(scenario, 100, number);
            timed(|| {
                store.write(|uow| {
                    let id: i64 = Statement::<BigInt>::new(
                        "UPDATE plan SET cost_of_works = $1 \
                          WHERE property_id = $2 AND scenario_id = $3 RETURNING id",
                    )
                    .bind::<Numeric, _>(&plan.cost_of_works)
                    .bind::<BigInt, _>(plan.property_id)
                    .bind::<BigInt, _>(plan.scenario_id)
                    .get_result(uow.connection())?;
                    Statement::<BigInt>::new("DELETE FROM recommendation WHERE plan_id = $1")
                        .bind::<BigInt, _>(id)
                        .execute(uow.connection())?;
                    for (measure, position) in measures.iter().zip(0_i64..) {
                        Statement::<BigInt>::new(
                            "INSERT INTO recommendation \
                                (plan_id, property_id, position, measure_type, description, \
                                 estimated_cost) VALUES ($1, $2, $3::bigint, $4, $5, $6)",
                        )
                        .bind::<BigInt, _>(id)
                        .bind::<BigInt, _>(plan.property_id)
                        .bind::<BigInt, _>(position)
                        .bind::<Text, _>(&measure.measure_type)
                        .bind::<Text, _>(&measure.description)
                        .bind::<Nullable<Numeric>, _>(measure.estimated_cost.as_ref())
                        .execute(uow.connection())?;
                    }
                    Ok(())
                })
            })
        })
        .run(20, 1)
}
