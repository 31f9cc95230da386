use bigdecimal::BigDecimal;
use diesel::prelude::*;
use planwright::modelling::{
    EpcBand, MeasureCounts, NewPlan, NewPlanMeasure, Outcome, PlanFilter, PlanId, Replaced, Tonnes,
    factory,
};
use planwright::{ConstraintKind, Error, Result, Store, UnitOfWork};

use crate::support::{execute, expanded, modelling, number, scenario, text};

/// Everything that a write to these tables would change.
fn traces(store: &Store) -> Vec<i64> {
    [
        "SELECT coalesce(sum(xmin::text::bigint), 0) FROM plan",
        "SELECT coalesce(sum(xmin::text::bigint * id), 0) FROM recommendation",
        "SELECT last_value FROM plan_id_seq",
        "SELECT last_value FROM recommendation_id_seq",
    ]
    .into_iter()
    .map(|sql| number(store, sql))
    .collect()
}

/// Rows that this transaction has written.
fn written(uow: &mut UnitOfWork<'_>) -> Result<String> {
    text(uow, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
}

#[test]
fn the_same_input_again_writes_nothing() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let plan = factory::plan(7, scenario);
    for count in [0, 1, 100] {
        let measures = factory::measures(count);
        let replace = || store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
        let first = replace();
        assert_ne!(first.outcome, Outcome::Unchanged);
        let before = traces(store);
        let again = store
            .write(|uow| {
                let counted = written(uow)?;
                let again = uow.plans().replace(&plan, &measures)?;
                let many = uow.plans().replace_many(&[(plan.clone(), measures.clone())])?;
                assert_eq!(many, [again]);
                assert_eq!(written(uow)?, counted);
                let id = "SELECT coalesce(pg_current_xact_id_if_assigned()::text, 'none')";
                assert_eq!(text(uow, id)?, "none");
                Ok(again)
            })
            .unwrap();
        assert_eq!(again.outcome, Outcome::Unchanged);
        assert_eq!(again.plan_id, first.plan_id);
        assert_eq!(again.measures, MeasureCounts { unchanged: count, ..Default::default() });
        assert_eq!(traces(store), before);
    }
}

#[test]
fn what_is_stored_is_exactly_the_input() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let decimal = |text: &str| text.parse::<BigDecimal>().unwrap();
    let plan = NewPlan {
        is_default: true,
        post_sap_points: Some(decimal("81.005")),
        post_epc_band: Some(EpcBand::B),
        post_co2_tonnes: Some(Tonnes::new(decimal("-0.00005"))),
        co2_savings_tonnes: Some(Tonnes::from_kilograms(decimal("1234.56"))),
        post_energy_kwh: Some(decimal("9999999999.99")),
        energy_savings_kwh: Some(decimal("-1e3")),
        post_energy_bill: Some(decimal("0")),
        energy_bill_savings: None,
        cost_of_works: decimal("12345.675"),
        ..NewPlan::new(i64::MAX.into(), scenario)
    };
    let measures = vec![
        NewPlanMeasure {
            description: "für Ø e\u{301} 🏠 '; DROP TABLE plan; -- \\".to_owned(),
            estimated_cost: Some(decimal("0.005")),
            contingency: decimal("10.10"),
            already_installed: true,
            sap_points: Some(decimal("-9999.99")),
            co2_savings_tonnes: Some(Tonnes::new(decimal("0.1234"))),
            energy_savings_kwh: Some(decimal("1")),
            energy_bill_savings: Some(decimal("100000")),
            ..NewPlanMeasure::new("solar_pv")
        },
        NewPlanMeasure { contingency: decimal("0.05"), ..NewPlanMeasure::new("a") },
    ];
    let one = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
    let many = (NewPlan { property_id: 2.into(), ..plan.clone() }, measures.clone());
    let many = store.write(|uow| uow.plans().replace_many(std::slice::from_ref(&many))).unwrap();
    for id in [one.plan_id, many[0].plan_id] {
        let found = store.read(|uow| uow.plans().with_measures(&[id])).unwrap().remove(0);
        let stored = &found.plan;
        assert!(stored.is_default);
        assert_eq!(stored.post_sap_points, Some(decimal("81.01")));
        assert_eq!(stored.post_epc_band, Some(EpcBand::B));
        assert_eq!(stored.post_co2_tonnes, Some(Tonnes::new(decimal("-0.0001"))));
        assert_eq!(stored.co2_savings_tonnes, Some(Tonnes::new(decimal("1.2346"))));
        assert_eq!(stored.post_energy_kwh, Some(decimal("9999999999.99")));
        assert_eq!(stored.energy_savings_kwh, Some(decimal("-1000")));
        assert_eq!(stored.post_energy_bill, Some(decimal("0")));
        assert_eq!(stored.energy_bill_savings, None);
        assert_eq!(stored.cost_of_works, decimal("12345.68"));
        assert_eq!(stored.contingency_cost, decimal("10.15"));
        assert_eq!(stored.total_cost(), decimal("12355.83"));
        assert!(stored.updated_at.is_some());
        assert_eq!(found.measures.len(), 2);
        let measure = &found.measures[0];
        assert_eq!((measure.plan_id, measure.position), (id, Some(0)));
        assert_eq!(measure.property_id, stored.property_id);
        assert_eq!(measure.description, measures[0].description);
        assert_eq!(measure.estimated_cost, Some(decimal("0.01")));
        assert!(measure.already_installed);
        assert_eq!(measure.sap_points, Some(decimal("-9999.99")));
        assert_eq!(measure.co2_savings_tonnes, Some(Tonnes::new(decimal("0.1234"))));
        assert_eq!(measure.energy_savings_kwh, Some(decimal("1")));
        assert_eq!(measure.energy_bill_savings, Some(decimal("100000")));
        let bare = &found.measures[1];
        assert_eq!((bare.measure_type.as_str(), bare.position), ("a", Some(1)));
        assert_eq!((&bare.estimated_cost, &bare.sap_points), (&None, &None));
    }
}

#[test]
fn every_written_field_is_part_of_the_comparison() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let plan = factory::plan(7, scenario);
    let measures = factory::measures(3);
    let one = || Some(BigDecimal::from(1));
    type Change = (&'static str, fn(&mut NewPlan, Option<BigDecimal>));
    let changes: [Change; 10] = [
        ("is_default", |plan, _| plan.is_default = true),
        ("post_sap_points", |plan, n| plan.post_sap_points = n),
        ("post_epc_band", |plan, _| plan.post_epc_band = None),
        ("post_co2_tonnes", |plan, n| plan.post_co2_tonnes = n.map(Tonnes::new)),
        ("co2_savings_tonnes", |plan, n| plan.co2_savings_tonnes = n.map(Tonnes::new)),
        ("post_energy_kwh", |plan, n| plan.post_energy_kwh = n),
        ("energy_savings_kwh", |plan, n| plan.energy_savings_kwh = n),
        ("post_energy_bill", |plan, n| plan.post_energy_bill = n),
        ("energy_bill_savings", |plan, n| plan.energy_bill_savings = n),
        ("cost_of_works", |plan, n| plan.cost_of_works = n.unwrap()),
    ];
    type MeasureChange = (&'static str, fn(&mut NewPlanMeasure, Option<BigDecimal>));
    let measure_changes: [MeasureChange; 9] = [
        ("measure_type", |m, _| m.measure_type = "other".into()),
        ("description", |m, _| m.description = "other".into()),
        ("estimated_cost", |m, n| m.estimated_cost = n),
        ("contingency", |m, n| m.contingency = n.unwrap()),
        ("already_installed", |m, _| m.already_installed = true),
        ("sap_points", |m, n| m.sap_points = n),
        ("co2_savings_tonnes", |m, n| m.co2_savings_tonnes = n.map(Tonnes::new)),
        ("energy_savings_kwh", |m, n| m.energy_savings_kwh = n),
        ("energy_bill_savings", |m, n| m.energy_bill_savings = n),
    ];
    let mut inputs = Vec::new();
    for (field, change) in changes {
        let mut plan = plan.clone();
        change(&mut plan, one());
        inputs.push((field, plan, measures.clone()));
    }
    for (field, change) in measure_changes {
        let mut measures = measures.clone();
        change(&mut measures[1], one());
        inputs.push((field, plan.clone(), measures));
    }
    let mut swapped = measures.clone();
    swapped.swap(0, 2);
    inputs.push(("order", plan.clone(), swapped));
    let replace = |plan: &NewPlan, measures: &[NewPlanMeasure]| {
        store.write(|uow| uow.plans().replace(plan, measures)).unwrap().outcome
    };
    for (field, changed_plan, changed_measures) in inputs {
        replace(&plan, &measures);
        assert_eq!(replace(&plan, &measures), Outcome::Unchanged);
        assert_eq!(replace(&changed_plan, &changed_measures), Outcome::Replaced, "{field}");
        assert_eq!(replace(&changed_plan, &changed_measures), Outcome::Unchanged, "{field}");
    }
}

#[test]
fn more_fewer_and_no_measures_leave_exactly_those() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let plan = factory::plan(7, scenario);
    let mut before = 0;
    for count in [3, 10, 2, 0, 1_000, 1] {
        let measures = factory::measures(count);
        let replaced = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
        let counts = MeasureCounts { inserted: count, deleted: before, unchanged: 0 };
        assert_eq!(replaced.measures, counts);
        let stored = store.read(|uow| uow.plans().measures(replaced.plan_id)).unwrap();
        let descriptions: Vec<_> = stored.iter().map(|m| m.description.clone()).collect();
        let expected: Vec<_> = measures.iter().map(|m| m.description.clone()).collect();
        assert_eq!(descriptions, expected);
        assert_eq!(number(store, "SELECT count(*) FROM recommendation"), count as i64);
        before = count;
    }
    assert_eq!(number(store, "SELECT count(*) FROM plan"), 1);
}

#[test]
fn what_somebody_else_wrote_is_repaired() {
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    for count in [0, 1, 3] {
        let plan = factory::plan(7, scenario);
        let measures = factory::measures(count);
        let replace = || store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
        let id = replace().plan_id;
        let intact = || {
            let found = store.read(|uow| uow.plans().with_measures(&[id])).unwrap().remove(0);
            let costs: Vec<_> = found.measures.iter().map(|m| m.estimated_cost.clone()).collect();
            let expected: Vec<_> = measures.iter().map(|m| m.estimated_cost.clone()).collect();
            costs == expected && found.plan.cost_of_works == plan.cost_of_works
        };
        for tampering in [
            "UPDATE plan SET cost_of_works = 1",
            "UPDATE recommendation SET estimated_cost = 1",
            "UPDATE recommendation SET estimated_cost = 1 WHERE position = 1",
            "DELETE FROM recommendation WHERE position = 1",
            "INSERT INTO recommendation (property_id, measure_type, description, plan_id)
                SELECT property_id, 'x', '', id FROM plan",
            // All rows get one xmin again, only not the one that the digest knows.
            "WITH p AS (UPDATE plan SET cost_of_works = 1)
                UPDATE recommendation SET estimated_cost = 1",
            "UPDATE recommendation SET estimated_cost = 1;
                UPDATE plan SET cost_of_works = 1",
            // Deletes a measure, and puts another one in its place.
            "WITH d AS (DELETE FROM recommendation WHERE position = 0 RETURNING plan_id)
                INSERT INTO recommendation (property_id, measure_type, description, plan_id)
                SELECT 7, 'x', '', plan_id FROM d",
            "WITH r AS (INSERT INTO recommendation (property_id, measure_type, description)
                        VALUES (7, 'x', '') RETURNING id)
                INSERT INTO plan_recommendations SELECT plan.id, r.id FROM plan, r",
        ] {
            assert_eq!(replace().outcome, Outcome::Unchanged);
            let touched = store.write(|uow| {
                let mut touched = 0;
                for statement in tampering.split(';') {
                    touched += execute(uow, statement)?;
                }
                Ok(touched)
            });
            let changes = touched.unwrap() > 0 || tampering.contains("UPDATE plan");
            let expected = if changes { Outcome::Replaced } else { Outcome::Unchanged };
            assert_eq!(replace().outcome, expected, "{count} measures: {tampering}");
            assert!(intact(), "{count} measures: {tampering}");
            assert_eq!(replace().outcome, Outcome::Unchanged, "{count} measures: {tampering}");
        }
    }
}

#[test]
fn what_was_rolled_back_is_no_change() {
    let database = modelling();
    let store = database.store();
    let plan = factory::plan(7, scenario(store));
    let measures = factory::measures(3);
    store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
    planwright::testing::rolled_back(store, |uow| {
        execute(uow, "UPDATE recommendation SET estimated_cost = 1")?;
        execute(uow, "SELECT * FROM plan FOR UPDATE")
    })
    .unwrap();
    // Freezing keeps the transaction ids.
    let mut direct =
        <diesel::PgConnection as diesel::Connection>::establish(database.url()).unwrap();
    for statement in ["VACUUM FREEZE plan", "VACUUM FREEZE recommendation", "ANALYZE"] {
        diesel::connection::SimpleConnection::batch_execute(&mut direct, statement).unwrap();
    }
    let again = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged);
}

#[test]
fn inside_savepoints_the_same_input_is_unchanged_too() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let plans: Vec<_> =
        (1..=5).map(|p| (factory::plan(p, scenario), factory::measures(p as usize))).collect();
    let replace = |uow: &mut UnitOfWork<'_>| -> Result<Vec<Replaced>> {
        let (plan, measures) = &plans[0];
        let one = uow.plans().replace(plan, measures)?;
        let mut all = uow.plans().replace_many(&plans[1..])?;
        all.insert(0, one);
        Ok(all)
    };
    let outcomes = |all: Vec<Replaced>| all.iter().map(|one| one.outcome).collect::<Vec<_>>();
    let inside = store.write(|uow| uow.savepoint(|uow| uow.savepoint(replace))).unwrap();
    assert_eq!(outcomes(inside), [Outcome::Created; 5]);
    assert_eq!(outcomes(store.write(replace).unwrap()), [Outcome::Unchanged; 5]);
    let inside = store.write(|uow| uow.savepoint(replace)).unwrap();
    assert_eq!(outcomes(inside), [Outcome::Unchanged; 5]);
    // By hand, so that Diesel knows of none.
    store.write(|uow| execute(uow, "UPDATE plan SET cost_of_works = 1")).unwrap();
    let by_hand = store.write(|uow| {
        execute(uow, "SAVEPOINT mine")?;
        let all = replace(uow)?;
        execute(uow, "RELEASE mine")?;
        Ok(all)
    });
    assert_eq!(outcomes(by_hand.unwrap()), [Outcome::Replaced; 5]);
    assert_eq!(outcomes(store.write(replace).unwrap()), [Outcome::Unchanged; 5]);
    store.write(|uow| execute(uow, "UPDATE plan SET cost_of_works = 1")).unwrap();
    assert_eq!(outcomes(store.write(replace).unwrap()), [Outcome::Replaced; 5]);
}

#[test]
fn many_plans_are_as_one_after_the_other() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let input = |from: i64, to: i64, extra: usize| -> Vec<_> {
        (from..=to)
            .rev()
            .map(|p| (factory::plan(p, scenario), factory::measures(p as usize % 4 + extra)))
            .collect()
    };
    let first = store.write(|uow| uow.plans().replace_many(&input(1, 50, 0))).unwrap();
    assert!(first.iter().all(|one| one.outcome == Outcome::Created));
    let mut second = input(26, 75, 0);
    for (_, measures) in &mut second[40..] {
        measures.push(NewPlanMeasure::new("extra"));
    }
    let results = store.write(|uow| uow.plans().replace_many(&second)).unwrap();
    for (nth, ((plan, measures), result)) in second.iter().zip(&results).enumerate() {
        let is_new = plan.property_id.0 > 50;
        let expected = match nth {
            _ if is_new => Outcome::Created,
            40.. => Outcome::Replaced,
            _ => Outcome::Unchanged,
        };
        assert_eq!(result.outcome, expected, "{nth}");
        if expected == Outcome::Replaced {
            assert_eq!(result.measures.deleted, measures.len() - 1);
        }
        let found = store.read(|uow| {
            let found = uow.plans().find_by_key(plan.property_id, scenario)?.expect("a plan");
            Ok((found.id, uow.plans().measures(found.id)?.len()))
        });
        assert_eq!(found.unwrap(), (result.plan_id, measures.len()));
    }
    assert_eq!(number(store, "SELECT count(*) FROM plan"), 75);
    assert!(store.write(|uow| uow.plans().replace_many(&[])).unwrap().is_empty());
}

#[test]
fn bad_input_is_refused_by_entity_and_field_before_anything_is_sent() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let number_of = |text: &str| Some(text.parse::<BigDecimal>().unwrap());
    type Break = fn(&mut NewPlan, &mut Vec<NewPlanMeasure>, Option<BigDecimal>);
    const PLAN: &str = "modelling::NewPlan";
    const MEASURE: &str = "modelling::NewPlanMeasure";
    let cases: Vec<(&str, &str, Break)> = vec![
        (PLAN, "property_id", |p, _, _| p.property_id = 0.into()),
        (PLAN, "property_id", |p, _, _| p.property_id = i64::MIN.into()),
        (PLAN, "scenario_id", |p, _, _| p.scenario_id = (-1).into()),
        (PLAN, "post_sap_points", |p, _, n| p.post_sap_points = n),
        (PLAN, "post_co2_tonnes", |p, _, n| p.post_co2_tonnes = n.map(Tonnes::new)),
        (PLAN, "co2_savings_tonnes", |p, _, n| p.co2_savings_tonnes = n.map(Tonnes::new)),
        (PLAN, "post_energy_kwh", |p, _, n| p.post_energy_kwh = n),
        (PLAN, "energy_savings_kwh", |p, _, n| p.energy_savings_kwh = n),
        (PLAN, "post_energy_bill", |p, _, n| p.post_energy_bill = n),
        (PLAN, "energy_bill_savings", |p, _, n| p.energy_bill_savings = n),
        (PLAN, "cost_of_works", |p, _, n| p.cost_of_works = n.unwrap()),
        (PLAN, "measures", |_, m, _| *m = factory::measures(10_001)),
        (PLAN, "contingency_cost", |_, m, _| {
            for measure in m {
                measure.contingency = BigDecimal::from(9_999_999_999_i64);
            }
        }),
        (MEASURE, "measures[1].measure_type", |_, m, _| m[1].measure_type = " \t".into()),
        (MEASURE, "measures[1].measure_type", |_, m, _| m[1].measure_type = "a\0".into()),
        (MEASURE, "measures[1].measure_type", |_, m, _| m[1].measure_type = "a".repeat(101)),
        (MEASURE, "measures[2].description", |_, m, _| m[2].description = "\0".into()),
        (MEASURE, "measures[2].description", |_, m, _| m[2].description = "é".repeat(5 << 20)),
        (MEASURE, "measures[0].estimated_cost", |_, m, n| m[0].estimated_cost = n),
        (MEASURE, "measures[0].estimated_cost", |_, m, _| {
            m[0].estimated_cost = Some("-0.005".parse().unwrap());
        }),
        (MEASURE, "measures[0].contingency", |_, m, n| m[0].contingency = n.unwrap()),
        (MEASURE, "measures[0].contingency", |_, m, _| m[0].contingency = BigDecimal::from(-1)),
        (MEASURE, "measures[0].sap_points", |_, m, n| m[0].sap_points = n),
        (MEASURE, "measures[0].co2_savings_tonnes", |_, m, n| {
            m[0].co2_savings_tonnes = n.map(Tonnes::new);
        }),
        (MEASURE, "measures[0].energy_savings_kwh", |_, m, n| m[0].energy_savings_kwh = n),
        (MEASURE, "measures[0].energy_bill_savings", |_, m, n| m[0].energy_bill_savings = n),
    ];
    for (entity, field, break_it) in cases {
        let (mut plan, mut measures) = (factory::plan(7, scenario), factory::measures(3));
        break_it(&mut plan, &mut measures, number_of("9999999999.995"));
        let one = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap_err();
        assert_eq!(plan.validate(&measures).unwrap_err().to_string(), one.to_string());
        let good = (factory::plan(8, scenario), factory::measures(1));
        let many = [good, (plan, measures)];
        let many = store.write(|uow| uow.plans().replace_many(&many)).unwrap_err();
        for (error, prefix) in [(one, ""), (many, "plans[1].")] {
            let Error::Invalid { entity: e, field: f, .. } = &error else { panic!("{error:?}") };
            assert_eq!((*e, f.as_str()), (entity, format!("{prefix}{field}").as_str()));
            assert!(error.to_string().len() < 200, "long values are not repeated");
        }
    }
    assert_eq!(number(store, "SELECT count(*) FROM plan"), 0);
    assert!(Tonnes::try_from(f64::NAN).is_err() && Tonnes::try_from(f64::INFINITY).is_err());
}

#[test]
fn one_key_twice_is_refused_naming_it() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let mut plans: Vec<_> = (1..=3).map(|p| (factory::plan(p, scenario), vec![])).collect();
    plans.push(plans[1].clone());
    let error = store.write(|uow| uow.plans().replace_many(&plans)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "modelling::NewPlan.plans[3].property_id: property 2 with scenario {scenario} is \
             plans[1] already"
        )
    );
    assert_eq!(number(store, "SELECT count(*) FROM plan"), 0);
}

#[test]
fn an_unknown_scenario_is_a_sentence() {
    let database = modelling();
    let store = database.store();
    let plan = factory::plan(7, i64::MAX);
    let error = store.write(|uow| uow.plans().replace(&plan, &[])).unwrap_err();
    assert_eq!(error.to_string(), "a plan's scenario exists");
    assert!(matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
}

#[test]
fn without_the_unique_key_a_replace_names_the_step_it_needs() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    store.write(|uow| execute(uow, "DROP INDEX plan_property_id_scenario_id_uq")).unwrap();
    let plan = factory::plan(7, scenario);
    let error = store.write(|uow| uow.plans().replace(&plan, &[])).unwrap_err();
    let Error::Migration { version, .. } = &error else { panic!("{error:?}") };
    assert_eq!(version, "20261120000700_modelling_plan_property_id_scenario_id_key");

    store
        .write(|uow| {
            execute(
                uow,
                &format!("INSERT INTO plan (property_id, scenario_id) SELECT g % 3, {scenario} FROM generate_series(1, 10) g"),
            )
        })
        .unwrap();
    let deleted = store.write(|uow| uow.plans().delete_duplicates()).unwrap();
    assert_eq!(deleted.len(), 7);
    let newest = number(store, "SELECT min(id) FROM plan");
    assert!(deleted.iter().all(|id| *id < PlanId(newest)));
}

#[test]
fn a_legacy_plan_is_replaced_and_never_looks_empty_before() {
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    let legacy = format!(
        "WITH p AS (INSERT INTO plan (property_id, scenario_id) SELECT g, {scenario}
                      FROM generate_series(1, 2) g RETURNING id, property_id),
              r AS (INSERT INTO recommendation (property_id, measure_type, description)
                    SELECT 1, 'legacy', g::text FROM generate_series(1, 5) g RETURNING id)
         INSERT INTO plan_recommendations SELECT p.id, r.id FROM p, r"
    );
    store.write(|uow| execute(uow, &legacy)).unwrap();
    let ids = store.read(|uow| {
        let plans = uow.plans().list(PlanFilter::all(), planwright::Page::first(10))?;
        Ok(plans.items.iter().map(|plan| plan.id).collect::<Vec<_>>())
    });
    let ids = ids.unwrap();
    let both = store.read(|uow| uow.plans().with_measures(&ids)).unwrap();
    assert!(both.iter().all(|plan| plan.measures.len() == 5), "shared by both, seen in both");

    let replace = |uow: &mut UnitOfWork<'_>| {
        uow.plans().replace(&factory::plan(1, scenario), &factory::measures(2))
    };
    let replaced = store.write(replace).unwrap();
    assert_eq!((replaced.plan_id, replaced.outcome), (ids[0], Outcome::Replaced));
    assert_eq!(replaced.measures, MeasureCounts { inserted: 2, deleted: 0, unchanged: 0 });
    let both = store.read(|uow| uow.plans().with_measures(&ids)).unwrap();
    assert_eq!(both[0].measures.len(), 2);
    assert!(both[0].measures.iter().all(|m| m.measure_type != "legacy"));
    assert_eq!(both[1].measures.len(), 5, "the other plan keeps its own");
    assert_eq!(store.write(replace).unwrap().outcome, Outcome::Unchanged);

    let many = [(factory::plan(2, scenario), factory::measures(1))];
    let replaced = store.write(|uow| uow.plans().replace_many(&many)).unwrap();
    assert_eq!(replaced[0].plan_id, ids[1]);
    assert_eq!(number(store, "SELECT count(*) FROM plan_recommendations"), 0);
    assert_eq!(number(store, "SELECT count(*) FROM recommendation WHERE plan_id IS NULL"), 5);

    // After the join is gone the same statements work, on the same connections.
    store
        .write(|uow| {
            execute(
                uow,
                "CREATE OR REPLACE VIEW plan_measure AS SELECT plan_id, id, property_id,
                position, measure_type, description, estimated_cost, already_installed, sap_points,
                co2_savings_tonnes, energy_savings_kwh, energy_bill_savings, created_at,
                true AS linked FROM recommendation WHERE plan_id IS NOT NULL",
            )?;
            execute(uow, "DROP TABLE plan_recommendations")
        })
        .unwrap();
    assert_eq!(store.write(replace).unwrap().outcome, Outcome::Unchanged);
    let other = store.write(|uow| uow.plans().replace(&factory::plan(1, scenario), &[])).unwrap();
    assert_eq!(other.measures.deleted, 2);
    let many = [(factory::plan(2, scenario), factory::measures(2))];
    assert_eq!(
        store.write(|uow| uow.plans().replace_many(&many)).unwrap()[0].outcome,
        Outcome::Replaced
    );
}

/// A statement lives as long as its connection, with the plan that it got while the tables were
/// small. So the plan must be right for large ones already then.
#[test]
fn the_legacy_links_of_a_plan_are_looked_up_also_by_what_was_prepared_early() {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        text: String,
    }
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    let plan = factory::plan(1, scenario);
    let lines: Vec<Line> = store
        .write(|uow| {
            uow.plans().replace(&plan, &factory::measures(100))?;
            execute(uow, "SET LOCAL plan_cache_mode = force_generic_plan")?;
            execute(
                uow,
                "PREPARE links (bigint) AS
                 SELECT count(*) FROM plan_measure WHERE plan_id = $1 AND NOT linked",
            )?;
            Ok(diesel::sql_query("EXPLAIN EXECUTE links (1)").load(uow.connection())?)
        })
        .unwrap();
    let text: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let text = text.join("\n");
    assert!(text.contains("recommendation_pkey"), "{text}");
    assert!(!text.contains("Seq Scan on recommendation"), "{text}");
}
