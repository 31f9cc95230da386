use bigdecimal::BigDecimal;
use planwright::modelling::{
    EpcBand, NewPlan, NewPlanMeasure, Outcome, PlanFilter, PlanId, PlanRepository, PropertyId,
    ScenarioId, Tonnes, factory,
};
use planwright::testing::{Fault, FaultProxy, RequestKind};
use planwright::{Error, Page, Result, Store, StoreOptions};
use serde_json::json;

use crate::support::{execute, expanded, modelling, number, scenario, whole};

fn replace(store: &Store, property: i64, scenario: ScenarioId, measures: usize) -> PlanId {
    let plan = factory::plan(property, scenario);
    let measures = factory::measures(measures);
    store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap().plan_id
}

fn read<T>(store: &Store, f: impl Fn(&mut PlanRepository<'_>) -> Result<T>) -> T {
    store.read(|uow| f(&mut uow.plans())).unwrap()
}

fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

#[test]
fn a_plan_is_found_by_each_of_its_keys() {
    let database = modelling();
    let store = database.store();
    let [a, b] = [scenario(store), scenario(store)];
    let ids = [replace(store, 1, a, 0), replace(store, 1, b, 0), replace(store, i64::MAX, a, 0)];
    for (id, property, scenario) in [(ids[0], 1, a), (ids[1], 1, b), (ids[2], i64::MAX, a)] {
        let got = read(store, |plans| plans.get(id));
        assert_eq!((got.id, got.property_id, got.scenario_id), (id, property.into(), scenario));
        assert_eq!(read(store, |plans| plans.find(id)), Some(got.clone()));
        assert_eq!(read(store, |plans| plans.find_by_key(property.into(), scenario)), Some(got));
    }
    assert_eq!(read(store, |plans| plans.find_by_key(i64::MAX.into(), b)), None);
    assert_eq!(read(store, |plans| plans.find_by_key(i64::MIN.into(), i64::MAX.into())), None);
}

#[test]
fn what_is_not_there_is_none_or_an_error_that_names_it() {
    let database = modelling();
    let store = database.store();
    for id in [i64::MIN, -1, 0, 1, i64::MAX].map(PlanId) {
        assert_eq!(read(store, |plans| plans.find(id)), None);
        assert_eq!(read(store, |plans| plans.measures(id)), []);
        assert_eq!(read(store, |plans| plans.with_measures(&[id])), []);
        assert_eq!(store.write(|uow| uow.plans().delete_many(&[id])).unwrap(), 0);
        for error in [
            store.read(|uow| uow.plans().get(id)).map(drop),
            store.write(|uow| uow.plans().delete(id)),
        ] {
            let error = error.unwrap_err();
            assert!(error.is_not_found(), "{error:?}");
            assert_eq!(error.to_string(), format!("modelling::Plan {id} was not found"));
        }
    }
}

#[test]
fn of_plans_that_share_a_key_the_newest_is_found() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    store.write(|uow| execute(uow, "DROP INDEX plan_property_id_scenario_id_uq")).unwrap();
    let insert = format!(
        "INSERT INTO plan (property_id, scenario_id) VALUES (1, {scenario}), (1, {scenario})"
    );
    store.write(|uow| execute(uow, &insert)).unwrap();
    let found = read(store, |plans| plans.find_by_key(1.into(), scenario)).unwrap();
    assert_eq!(found.id.0, number(store, "SELECT max(id) FROM plan"));
}

#[test]
fn pages_are_whole_and_in_order_while_rows_come_and_go() {
    let database = modelling();
    let store = database.store();
    let [a, b] = [scenario(store), scenario(store)];
    // Two filters, each of which leaves out every second plan.
    let mut all: Vec<(PlanId, i64, ScenarioId)> = Vec::new();
    for property in 1..=6 {
        for scenario in [a, b] {
            all.push((replace(store, property, scenario, 0), property, scenario));
        }
    }
    let mut next_property = 100;
    type Matches = fn(i64, ScenarioId, ScenarioId) -> bool;
    let cases: [(PlanFilter, Matches); 4] = [
        (PlanFilter::all(), |_, _, _| true),
        (PlanFilter::all().scenario(a), |_, of, a| of == a),
        (PlanFilter::all().property(2.into()), |property, _, _| property == 2),
        (PlanFilter::all().property(3.into()).scenario(a), |property, of, a| {
            property == 3 && of == a
        }),
    ];
    for (filter, matches) in cases {
        for limit in [1, 2, 5, 1_000] {
            let (mut seen, mut page, mut pages) = (Vec::new(), Page::first(limit), 0);
            loop {
                let listed = read(store, |plans| plans.list(filter, page));
                assert!(listed.items.len() <= usize::from(limit));
                seen.extend(listed.items.iter().map(|plan| plan.id));
                let Some(next) = listed.next else { break };
                assert_eq!(listed.items.last().unwrap().id, next);
                pages += 1;
                if pages == 1 {
                    next_property += 1;
                    all.push((replace(store, next_property, a, 0), next_property, a));
                    // What was seen may go: the next page does not begin anew.
                    store.write(|uow| uow.plans().delete(seen[0])).unwrap();
                    all.retain(|(id, ..)| *id != seen[0]);
                    seen.remove(0);
                }
                page = Page::after(next, limit);
            }
            let expected: Vec<_> = all
                .iter()
                .filter(|(_, property, scenario)| matches(*property, *scenario, a))
                .map(|(id, ..)| *id)
                .collect();
            assert_eq!(seen, expected, "{filter:?}, {limit}");
        }
    }
    let empty =
        read(store, |plans| plans.list(PlanFilter::all(), Page::after(PlanId(i64::MAX), 1)));
    assert_eq!((empty.items, empty.next), (vec![], None));
    for limit in [0, 1_001] {
        let listed = store.read(|uow| uow.plans().list(PlanFilter::all(), Page::first(limit)));
        assert_eq!(listed.unwrap_err().to_string(), "Page.limit: must be from 1 to 1000");
    }
}

#[test]
fn plans_with_measures_come_in_the_order_of_the_question() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let ids: Vec<_> = (0..5).map(|n| replace(store, 1 + n, scenario, n as usize)).collect();
    let question = [ids[3], PlanId(-1), ids[0], ids[4], ids[3], PlanId(i64::MAX), ids[1]];
    let found = read(store, |plans| plans.with_measures(&question));
    let order: Vec<_> = found.iter().map(|found| found.plan.id).collect();
    assert_eq!(order, [ids[3], ids[0], ids[4], ids[1]]);
    for one in &found {
        assert_eq!(one.plan, read(store, |plans| plans.get(one.plan.id)));
        assert_eq!(one.measures, read(store, |plans| plans.measures(one.plan.id)));
        let positions: Vec<_> = one.measures.iter().map(|measure| measure.position).collect();
        let expected: Vec<_> = (0..one.plan.property_id.0 as i32 - 1).map(Some).collect();
        assert_eq!(positions, expected);
    }
    assert_eq!(read(store, |plans| plans.with_measures(&[])), []);
}

#[test]
fn a_thousand_plans_take_as_many_statements_as_one() {
    let database = modelling();
    let scenario = scenario(database.store());
    let plans: Vec<_> =
        (1..=1_000).map(|n| (factory::plan(n, scenario), factory::measures(3))).collect();
    let stored = database.store().write(|uow| uow.plans().replace_many(&plans)).unwrap();
    let ids: Vec<_> = stored.iter().map(|plan| plan.plan_id).collect();

    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let statements = |ids: &[PlanId]| {
        proxy.set(Fault::None);
        let found = store.read(|uow| uow.plans().with_measures(ids)).unwrap();
        assert_eq!(found.len(), ids.len());
        assert!(found.iter().all(|plan| plan.measures.len() == 3));
        let trace = proxy.trace();
        trace.iter().filter(|request| request.kind == RequestKind::Execute).count()
    };
    statements(&ids[..1]);
    assert_eq!((statements(&ids[..1]), statements(&ids)), (1, 1));
    assert_eq!(proxy.requests(), 3, "BEGIN, the statement, COMMIT");
}

#[test]
fn totals_count_what_is_stated() {
    let database = modelling();
    let store = database.store();
    let [one, other, empty] = [(); 3].map(|()| scenario(store));
    let nothing = read(store, |plans| plans.totals(empty));
    assert_eq!(nothing.plans, 0);
    assert_eq!(nothing.total_cost(), BigDecimal::from(0));
    assert_eq!(nothing.co2_savings_tonnes, Tonnes::default());
    assert_eq!(read(store, |plans| plans.totals(ScenarioId(i64::MIN))), nothing);

    let plan = |property: i64, scenario, co2: Option<&str>| NewPlan {
        co2_savings_tonnes: co2.map(|co2| Tonnes::new(decimal(co2))),
        cost_of_works: decimal("9999999999.99"),
        ..NewPlan::new(property.into(), scenario)
    };
    let measures = [NewPlanMeasure { contingency: decimal("0.01"), ..NewPlanMeasure::new("a") }];
    for new in [plan(1, one, Some("1.25")), plan(2, one, None), plan(3, one, Some("-0.0001"))] {
        store.write(|uow| uow.plans().replace(&new, &measures)).unwrap();
    }
    store.write(|uow| uow.plans().replace(&plan(1, other, None), &[])).unwrap();
    let totals = read(store, |plans| plans.totals(one));
    assert_eq!((totals.plans, &totals.cost_of_works), (3, &decimal("29999999999.97")));
    assert_eq!(totals.contingency_cost, decimal("0.03"));
    assert_eq!(totals.total_cost(), decimal("30000000000.00"));
    assert_eq!(totals.co2_savings_tonnes, Tonnes::new(decimal("1.2499")));
    let unstated = read(store, |plans| plans.totals(other));
    assert_eq!((unstated.plans, unstated.co2_savings_tonnes), (1, Tonnes::default()));
}

#[test]
fn a_deleted_plan_takes_its_measures_along_and_no_others() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let ids: Vec<_> = (1..=5).map(|property| replace(store, property, scenario, 3)).collect();
    let left = || {
        let plans = read(store, |plans| plans.list(PlanFilter::all(), Page::first(10))).items;
        let measures = number(store, "SELECT count(*) FROM recommendation");
        (plans.iter().map(|plan| plan.id).collect::<Vec<_>>(), measures)
    };
    store.write(|uow| uow.plans().delete(ids[1])).unwrap();
    assert_eq!(left(), (vec![ids[0], ids[2], ids[3], ids[4]], 12));
    let many = [ids[0], PlanId(-1), ids[4], ids[0], ids[1]];
    assert_eq!(store.write(|uow| uow.plans().delete_many(&many)).unwrap(), 2);
    assert_eq!(left(), (vec![ids[2], ids[3]], 6));
    assert_eq!(store.write(|uow| uow.plans().delete_many(&[])).unwrap(), 0);
    assert_eq!(left().1, 6);
    let gone = store.write(|uow| uow.plans().delete(ids[1])).unwrap_err();
    assert!(gone.is_not_found());
}

#[test]
fn the_measures_of_a_deleted_legacy_plan_stay_as_candidates() {
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    let legacy = format!(
        "WITH p AS (INSERT INTO plan (property_id, scenario_id) VALUES (1, {scenario}) RETURNING id),
              r AS (INSERT INTO recommendation (property_id, measure_type, description)
                    VALUES (1, 'a', ''), (1, 'b', '') RETURNING id)
         INSERT INTO plan_recommendations SELECT p.id, r.id FROM p, r"
    );
    store.write(|uow| execute(uow, &legacy)).unwrap();
    let plan = read(store, |plans| plans.find_by_key(1.into(), scenario)).unwrap();
    let measures = read(store, |plans| plans.measures(plan.id));
    assert_eq!(measures.len(), 2);
    assert!(measures.iter().all(|m| m.position.is_none() && m.plan_id == plan.id));
    store.write(|uow| uow.plans().delete(plan.id)).unwrap();
    assert_eq!(number(store, "SELECT count(*) FROM plan_recommendations"), 0);
    assert_eq!(number(store, "SELECT count(*) FROM recommendation WHERE plan_id IS NULL"), 2);
}

#[test]
fn a_number_that_is_none_is_an_error_and_a_replace_repairs_it() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    for (column, sql) in [
        ("cost_of_works", "UPDATE plan SET cost_of_works = 'NaN'"),
        ("contingency_cost", "UPDATE plan SET contingency_cost = 'NaN'"),
        ("post_co2_tonnes", "UPDATE plan SET post_co2_tonnes = 'NaN'"),
        ("estimated_cost", "UPDATE recommendation SET estimated_cost = 'NaN' WHERE position = 1"),
        ("sap_points", "UPDATE recommendation SET sap_points = 'NaN'"),
    ] {
        let id = replace(store, 1, scenario, 2);
        store.write(|uow| execute(uow, sql)).unwrap();
        let is_plans = sql.starts_with("UPDATE plan");
        let reads = [
            store.read(|uow| uow.plans().get(id)).map(drop),
            store.read(|uow| uow.plans().list(PlanFilter::all(), Page::first(1))).map(drop),
            store.read(|uow| uow.plans().measures(id)).map(drop),
            store.read(|uow| uow.plans().with_measures(&[id])).map(drop),
        ];
        for (result, fails) in reads.into_iter().zip([is_plans, is_plans, !is_plans, true]) {
            let Err(error) = result else {
                assert!(!fails, "{column}");
                continue;
            };
            assert!(fails && matches!(error, Error::Database { .. }), "{column}: {error:?}");
            assert!(whole(&error).contains("NaN"), "{}", whole(&error));
        }
        let plan = factory::plan(1, scenario);
        let repaired =
            store.write(|uow| uow.plans().replace(&plan, &factory::measures(2))).unwrap();
        assert_eq!((repaired.plan_id, repaired.outcome), (id, Outcome::Replaced), "{column}");
        assert_eq!(read(store, |plans| plans.with_measures(&[id]))[0].measures.len(), 2);
    }
    store.write(|uow| execute(uow, "UPDATE plan SET cost_of_works = 'NaN'")).unwrap();
    let error = store.read(|uow| uow.plans().totals(scenario)).unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error:?}");
}

#[test]
fn a_band_that_is_none_is_an_error() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let id = replace(store, 1, scenario, 0);
    for sql in [
        "ALTER TABLE plan DROP CONSTRAINT plan_post_epc_band_check",
        "UPDATE plan SET post_epc_band = 'é'",
    ] {
        store.write(|uow| execute(uow, sql)).unwrap();
    }
    let error = store.read(|uow| uow.plans().get(id)).unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error:?}");
    assert!(whole(&error).contains("\"é\" is no EPC band"), "{}", whole(&error));
    for (nth, band) in "ABCDEFG".chars().zip(1..) {
        let json = json!({"property_id": band, "scenario_id": scenario, "post_epc_band": nth});
        let plan: NewPlan = serde_json::from_value(json).unwrap();
        let id = store.write(|uow| uow.plans().replace(&plan, &[])).unwrap().plan_id;
        let stored = read(store, |plans| plans.get(id)).post_epc_band.unwrap();
        assert_eq!(stored.letter(), nth.to_string());
    }
}

#[test]
fn plans_come_from_json_as_they_are_written_and_rows_go_to_it() {
    let database = modelling();
    let store = database.store();
    let scenario = scenario(store);
    let text = format!(
        r#"{{"property_id": 9223372036854775807, "scenario_id": {scenario}, "is_default": true,
             "post_sap_points": 1.005, "post_epc_band": "B", "post_co2_tonnes": "0.00005",
             "co2_savings_tonnes": 0.1, "post_energy_kwh": 1e3, "energy_savings_kwh": null,
             "cost_of_works": 2.675}}"#
    );
    let plan: NewPlan = serde_json::from_str(&text).unwrap();
    assert_eq!(plan.property_id, PropertyId(i64::MAX));
    assert_eq!(plan.post_epc_band, Some(EpcBand::B));
    assert_eq!(plan.post_sap_points, Some(decimal("1.005")), "no binary fraction");
    assert_eq!(plan.post_co2_tonnes, Some(Tonnes::new(decimal("0.00005"))));
    assert_eq!(plan.co2_savings_tonnes, Some(Tonnes::new(decimal("0.1"))));
    assert_eq!((&plan.energy_savings_kwh, &plan.post_energy_bill), (&None, &None));
    let measures: Vec<NewPlanMeasure> = serde_json::from_str(
        r#"[{"measure_type": "a", "estimated_cost": 0.125, "contingency": "1.5"},
            {"measure_type": "b", "description": "é", "already_installed": true, "sap_points": -2}]"#,
    )
    .unwrap();
    assert_eq!(measures[0].contingency, decimal("1.5"));
    assert_eq!(
        (&measures[1].contingency, &measures[1].estimated_cost),
        (&BigDecimal::from(0), &None)
    );
    let again: (NewPlan, Vec<NewPlanMeasure>) =
        serde_json::from_str(&serde_json::to_string(&(&plan, &measures)).unwrap()).unwrap();
    assert_eq!(again, (plan.clone(), measures.clone()));

    let replaced = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
    assert_eq!(
        serde_json::to_value(replaced).unwrap(),
        json!({"plan_id": replaced.plan_id.0, "outcome": "created",
               "measures": {"inserted": 2, "deleted": 0, "unchanged": 0}})
    );
    let found = read(store, |plans| plans.with_measures(&[replaced.plan_id])).remove(0);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["plan"]["property_id"], json!(i64::MAX));
    assert_eq!(json["plan"]["post_sap_points"], "1.01");
    assert_eq!(json["plan"]["cost_of_works"], "2.68");
    assert_eq!(json["plan"]["post_epc_band"], "B");
    assert_eq!(json["plan"]["energy_savings_kwh"], json!(null));
    assert_eq!(json["measures"][0]["estimated_cost"], "0.13");
    assert_eq!(json["measures"][1]["position"], 1);
    assert_eq!(json["measures"][1]["already_installed"], true);
    let totals = read(store, |plans| plans.totals(scenario));
    assert_eq!(serde_json::to_value(totals).unwrap()["plans"], 1);
    let page = read(store, |plans| plans.list(PlanFilter::all(), Page::first(1)));
    assert_eq!(serde_json::to_value(page).unwrap()["next"], json!(null));
}

#[test]
fn json_that_is_no_plan_says_why() {
    for (bad, why) in [
        (r#"{"property_id": 1, "scenario_id": 1, "colour": 1}"#, "unknown field `colour`"),
        (r#"{"property_id": 1, "scenario_id": 1, "contingency_cost": 1}"#, "unknown field"),
        (r#"{"property_id": 1}"#, "missing field `scenario_id`"),
        (r#"{"property_id": 9223372036854775808, "scenario_id": 1}"#, "9223372036854775808"),
        (r#"{"property_id": "1", "scenario_id": 1}"#, "invalid type"),
        (r#"{"property_id": 1, "scenario_id": 1, "post_epc_band": "H"}"#, "unknown variant `H`"),
        (r#"{"property_id": 1, "scenario_id": 1, "cost_of_works": "NaN"}"#, "NaN"),
        (r#"{"property_id": 1, "scenario_id": 1, "cost_of_works": null}"#, "null"),
    ] {
        let error = serde_json::from_str::<NewPlan>(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    for (bad, why) in [
        (r#"{"measure_type": "a", "position": 1}"#, "unknown field `position`"),
        (r#"{"description": "a"}"#, "missing field `measure_type`"),
        (r#"{"measure_type": "a", "sap_points": true}"#, "true"),
        (r#"{"measure_type": "a", "co2_savings_tonnes": "1 kg"}"#, "1 kg"),
    ] {
        let error = serde_json::from_str::<NewPlanMeasure>(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
