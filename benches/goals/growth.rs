//! The replace of one plan while the tables grow.

use std::time::Duration;

use planwright::Store;
use planwright::modelling::ScenarioId;

use super::input::{database, execute, input, number};
use crate::harness::{Figures, Goal, Outcome, Race, Ratio, timed};

const SMALL: i64 = 10_000;
const LARGE: i64 = 1_000_000;

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let stored = |figures: &mut Figures, measures: i64, joined: bool| -> Outcome<_> {
        let (database, scenario) = database(figures)?;
        fill(database.store(), measures, joined)?;
        let linked = "SELECT count(*)::float8 FROM recommendation WHERE plan_id IS NOT NULL";
        assert_eq!(number(database.store(), linked)? as i64, measures);
        Ok((database, scenario))
    };
    let (small, scenario) = stored(figures, SMALL, false)?;
    let (large, _) = stored(figures, LARGE, false)?;
    let (joined, _) = stored(figures, LARGE, true)?;
    for count in [10, 100] {
        let [small, large, joined] = Race::new()
            .enter("10,000 stored", |n| replace(small.store(), scenario, SMALL, count, n))
            .enter("1,000,000 stored", |n| replace(large.store(), scenario, LARGE, count, n))
            .enter("1,000,000 and as many in the join", |n| {
                replace(joined.store(), scenario, LARGE, count, n)
            })
            .run(60, 5)?;
        let what = format!("replace of {count}, 1 M measures stored");
        figures.ratio(&what, Ratio::cost(&large, &small), Goal::AtMost(1.5), None);
        let what = format!("replace of {count}, 1 M in the join, too");
        figures.ratio(&what, Ratio::cost(&joined, &small), Goal::AtMost(1.5), None);
    }
    Ok(())
}

/// Goes through the stored plans in leaps, so that their pages are not those of the turn before.
fn replace(
    store: &Store,
    scenario: ScenarioId,
    stored: i64,
    count: usize,
    number: i64,
) -> Outcome<Duration> {
    let property = 1 + (number * 7_919) % (stored / 10);
    let (plan, measures) = input(property, scenario, count, number);
    timed(|| store.write(|uow| uow.plans().replace(&plan, &measures)))
}

/// Plans of 10 measures, and perhaps as many measures that only the legacy join links.
fn fill(store: &Store, measures: i64, joined: bool) -> Outcome {
    let plans = measures / 10;
    execute(
        store,
        &format!(
            "SET LOCAL statement_timeout = 0;
             SET LOCAL session_replication_role = replica; -- the rows are right: no checks
             INSERT INTO plan (property_id, scenario_id)
             SELECT property, 1 FROM generate_series(1, {plans}) property;
             INSERT INTO recommendation (plan_id, position, property_id, measure_type, description)
             SELECT id, place, property_id, 'solar_pv', 'measure ' || place
               FROM plan, generate_series(0, 9) place"
        ),
    )?;
    if joined {
        execute(
            store,
            "SET LOCAL statement_timeout = 0;
             SET LOCAL session_replication_role = replica;
             WITH legacy AS (
                 INSERT INTO recommendation (property_id, measure_type, description)
                 SELECT property_id, measure_type, description FROM recommendation
                 RETURNING id, property_id
             )
             INSERT INTO plan_recommendations (plan_id, recommendation_id)
             SELECT p.id, l.id FROM legacy l JOIN plan p USING (property_id)",
        )?;
    }
    execute(store, "SET LOCAL statement_timeout = 0; ANALYZE")
}
