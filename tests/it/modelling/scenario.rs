use std::collections::BTreeSet;
use std::sync::Barrier;

use bigdecimal::BigDecimal;
use planwright::modelling::{Goal, NewScenario, PortfolioId, Scenario, ScenarioId, factory};
use planwright::{Error, Page, Store};
use serde_json::json;

use crate::support::{execute, modelling, number, whole};

const GOALS: [Goal; 4] = [Goal::IncreaseEpc, Goal::NetZero, Goal::EnergySavings, Goal::CostLimit];

fn create(store: &Store, portfolio: i64, name: &str) -> ScenarioId {
    let new = NewScenario::new(portfolio.into(), name, Goal::NetZero);
    store.write(|uow| uow.scenarios().create(&new)).unwrap().id
}

fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

#[test]
fn what_is_created_is_found_as_it_was_given() {
    let database = modelling();
    let store = database.store();
    for goal in GOALS {
        let new = NewScenario {
            goal_value: Some(decimal("69.123456789")),
            budget: Some(decimal("15000.005")),
            ..NewScenario::new(i64::MAX.into(), "é 'x' \\ ; --", goal)
        };
        let created = store.write(|uow| uow.scenarios().create(&new)).unwrap();
        assert_eq!((&created.name, created.goal), (&new.name, goal));
        assert_eq!(created.portfolio_id, PortfolioId(i64::MAX));
        assert_eq!(created.goal_value, new.goal_value);
        assert_eq!(created.budget, Some(decimal("15000.01")));
        assert!(!created.is_default);
        let (got, found) = store
            .read(|uow| Ok((uow.scenarios().get(created.id)?, uow.scenarios().find(created.id)?)))
            .unwrap();
        assert_eq!((&got, found.as_ref()), (&created, Some(&created)));
    }
    let bare = create(store, 1, "bare");
    let bare = store.read(|uow| uow.scenarios().get(bare)).unwrap();
    assert_eq!((bare.goal_value, bare.budget), (None, None));
}

#[test]
fn what_is_not_there_is_none_or_an_error_that_names_it() {
    let database = modelling();
    let store = database.store();
    for id in [i64::MIN, -1, 0, 1, i64::MAX].map(ScenarioId) {
        assert_eq!(store.read(|uow| uow.scenarios().find(id)).unwrap(), None);
        for error in [
            store.read(|uow| uow.scenarios().get(id)).map(drop),
            store.write(|uow| uow.scenarios().set_default(id)),
            store.write(|uow| uow.scenarios().delete(id)),
        ] {
            let error = error.unwrap_err();
            assert!(error.is_not_found(), "{error:?}");
            assert_eq!(error.to_string(), format!("modelling::Scenario {id} was not found"));
        }
    }
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let database = modelling();
    let store = database.store();
    type Break = fn(&mut NewScenario);
    let cases: [(&str, Break); 12] = [
        ("portfolio_id", |new| new.portfolio_id = 0.into()),
        ("portfolio_id", |new| new.portfolio_id = i64::MIN.into()),
        ("name", |new| new.name = String::new()),
        ("name", |new| new.name = " \n\u{a0}".into()),
        ("name", |new| new.name = "a\0b".into()),
        ("name", |new| new.name = "é".repeat(201)),
        ("goal_value", |new| new.goal_value = Some(decimal("1e31"))),
        ("goal_value", |new| new.goal_value = Some(decimal("1e-1000000"))),
        ("budget", |new| new.budget = Some(decimal("-0.005"))),
        ("budget", |new| new.budget = Some(decimal("9999999999.995"))),
        ("budget", |new| new.budget = Some(decimal("1e1000000000"))),
        ("budget", |new| new.budget = Some(decimal("-1"))),
    ];
    for (field, spoil) in cases {
        let mut new = NewScenario::new(1.into(), "good", Goal::NetZero);
        spoil(&mut new);
        let sent = store.write(|uow| {
            let error = uow.scenarios().create(&new).unwrap_err();
            let Error::Invalid { entity, field: refused, .. } = &error else { panic!("{error:?}") };
            assert_eq!((*entity, refused.as_str()), ("modelling::NewScenario", field));
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1, "{field}");
    }
    let longest = NewScenario {
        goal_value: Some(decimal(&"9".repeat(30))),
        budget: Some(decimal("-0.0049")),
        ..NewScenario::new(1.into(), "é".repeat(200), Goal::NetZero)
    };
    let created = store.write(|uow| uow.scenarios().create(&longest)).unwrap();
    assert_eq!(created.name, longest.name);
    assert_eq!((created.goal_value, created.budget), (longest.goal_value, Some(0.into())));
    assert_eq!(number(store, "SELECT count(*) FROM scenario"), 1);
}

#[test]
fn a_portfolios_pages_are_whole_and_in_order_while_rows_come_and_go() {
    let database = modelling();
    let store = database.store();
    let mut expected: Vec<_> = (0..10).map(|n| create(store, 7, &format!("{n}"))).collect();
    create(store, 8, "of another portfolio");
    let (mut seen, mut page, mut pages) = (Vec::new(), Page::first(3), 0);
    loop {
        let listed = store.read(|uow| uow.scenarios().list(7.into(), page)).unwrap();
        assert!(listed.items.iter().all(|scenario| scenario.portfolio_id == PortfolioId(7)));
        seen.extend(listed.items.iter().map(|scenario| scenario.id));
        pages += 1;
        if pages <= 2 {
            // Behind the end it is seen, before the page it is missed by nobody.
            expected.push(create(store, 7, "late"));
            store.write(|uow| uow.scenarios().delete(seen[0])).unwrap();
            expected.remove(0);
            seen.remove(0);
        }
        let Some(next) = listed.next else { break };
        assert_eq!(listed.items.last().unwrap().id, next);
        page = Page::after(next, 3);
    }
    assert_eq!((seen, pages), (expected, 4));

    let list = |portfolio: i64, page| {
        store.read(|uow| uow.scenarios().list(portfolio.into(), page)).map(|page| page.items.len())
    };
    assert_eq!(list(7, Page::first(Page::<ScenarioId>::MAX)).unwrap(), 10);
    assert_eq!(list(9, Page::first(1)).unwrap(), 0);
    assert_eq!(list(7, Page::after(ScenarioId(i64::MAX), 5)).unwrap(), 0);
    assert_eq!(list(7, Page::after(ScenarioId(i64::MIN), 5)).unwrap(), 5);
    for limit in [0, 1_001] {
        let error = list(7, Page::first(limit)).unwrap_err();
        assert_eq!(error.to_string(), "Page.limit: must be from 1 to 1000");
    }
}

#[test]
fn a_full_last_page_is_known_to_be_the_last() {
    let database = modelling();
    let store = database.store();
    let ids: Vec<_> = (0..4).map(|n| create(store, 1, &format!("{n}"))).collect();
    let first = store.read(|uow| uow.scenarios().list(1.into(), Page::first(2))).unwrap();
    assert_eq!(first.next, Some(ids[1]));
    let last = store.read(|uow| uow.scenarios().list(1.into(), Page::after(ids[1], 2))).unwrap();
    assert_eq!((last.items.len(), last.next), (2, None));
}

fn defaults(store: &Store, portfolio: i64) -> Vec<ScenarioId> {
    let listed = store.read(|uow| uow.scenarios().list(portfolio.into(), Page::first(100)));
    let of = |scenario: Scenario| scenario.is_default.then_some(scenario.id);
    listed.unwrap().items.into_iter().filter_map(of).collect()
}

#[test]
fn a_portfolio_has_one_default_at_most_and_the_others_keep_theirs() {
    let database = modelling();
    let store = database.store();
    let [a, b, other] = [(1, "a"), (1, "b"), (2, "c")].map(|(of, name)| create(store, of, name));
    let set = |id| store.write(|uow| uow.scenarios().set_default(id)).unwrap();
    assert_eq!(defaults(store, 1), []);
    set(other);
    for id in [a, b, a, a] {
        set(id);
        assert_eq!(defaults(store, 1), [id]);
    }
    assert_eq!(defaults(store, 2), [other]);

    let xmins = "SELECT sum(xmin::text::bigint) FROM scenario";
    let before = number(store, xmins);
    set(a);
    assert_eq!(number(store, xmins), before, "what is so already is not written");
    store.write(|uow| uow.scenarios().delete(a)).unwrap();
    assert_eq!(defaults(store, 1), []);
}

#[test]
fn concurrent_calls_leave_one_default_and_no_error() {
    let database = modelling();
    let store = database.store();
    let ids: Vec<_> = (0..8).map(|n| create(store, 1, &format!("{n}"))).collect();
    let start = &Barrier::new(ids.len());
    std::thread::scope(|scope| {
        for nth in 0..ids.len() {
            let ids = &ids;
            scope.spawn(move || {
                start.wait();
                for round in 0..20 {
                    let id = ids[(nth * 3 + round) % ids.len()];
                    // No second attempt: waiting in one order needs none.
                    let unit = store.transaction().attempts(1);
                    unit.run(|uow| uow.scenarios().set_default(id)).unwrap();
                }
            });
        }
    });
    let left: BTreeSet<_> = defaults(store, 1).into_iter().collect();
    assert_eq!(left.len(), 1);
    assert!(ids.contains(left.first().unwrap()));
}

#[test]
fn a_scenario_takes_its_plans_and_their_measures_along() {
    let database = modelling();
    let store = database.store();
    let [gone, kept] = ["gone", "kept"].map(|name| create(store, 1, name));
    for scenario in [gone, kept] {
        for property in 1..=3 {
            let plan = factory::plan(property, scenario);
            store.write(|uow| uow.plans().replace(&plan, &factory::measures(4))).unwrap();
        }
    }
    store.write(|uow| uow.scenarios().delete(gone)).unwrap();
    assert_eq!(store.read(|uow| uow.scenarios().find(gone)).unwrap(), None);
    assert_eq!(number(store, "SELECT count(*) FROM plan"), 3);
    assert_eq!(number(store, "SELECT count(*) FROM recommendation"), 12);
    assert_eq!(store.read(|uow| uow.plans().totals(gone)).unwrap().plans, 0);
    assert_eq!(store.read(|uow| uow.plans().totals(kept)).unwrap().plans, 3);
}

#[test]
fn what_a_later_release_or_a_legacy_writer_stores_is_an_error_and_no_panic() {
    let database = modelling();
    let store = database.store();
    store.write(|uow| execute(uow, "ALTER TYPE scenario_goal ADD VALUE 'passive_house'")).unwrap();
    let insert = |goal: &str, value: &str| {
        let sql = format!(
            "INSERT INTO scenario (portfolio_id, name, goal, goal_value)
                 VALUES (1, 'x', '{goal}', {value})"
        );
        store.write(|uow| execute(uow, &sql)).unwrap();
        ScenarioId(number(store, "SELECT max(id) FROM scenario"))
    };
    for (goal, value, cause) in [
        ("passive_house", "NULL", "scenario_goal has a label \"passive_house\" that is not known"),
        ("net_zero", "'NaN'", "NaN"),
        ("net_zero", "'Infinity'", "goal_value"),
    ] {
        let id = insert(goal, value);
        for result in [
            store.read(|uow| uow.scenarios().get(id)).map(drop),
            store
                .read(|uow| uow.scenarios().list(1.into(), Page::after(ScenarioId(id.0 - 1), 9)))
                .map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Database { .. }), "{error:?}");
            assert!(whole(&error).contains(cause), "{}", whole(&error));
        }
        // What need not be read can still be worked with.
        store.write(|uow| uow.scenarios().set_default(id)).unwrap();
        store.write(|uow| uow.scenarios().delete(id)).unwrap();
    }
    insert("net_zero", &format!("{}.{}", "9".repeat(200), "9".repeat(200)));
    let listed = store.read(|uow| uow.scenarios().list(1.into(), Page::first(9))).unwrap();
    assert_eq!(listed.items[0].goal_value.as_ref().unwrap().digits(), 400);
}

#[test]
fn scenarios_come_from_json_as_they_are_written_and_go_to_it() {
    let new: NewScenario = serde_json::from_value(json!({
        "portfolio_id": 3, "name": "x", "goal": "increase_epc", "budget": 0.1, "goal_value": "1.005",
    }))
    .unwrap();
    assert_eq!(new.portfolio_id, PortfolioId(3));
    assert_eq!(
        (new.budget.clone(), new.goal_value.clone()),
        (Some(decimal("0.1")), Some(decimal("1.005")))
    );
    let again: NewScenario = serde_json::from_str(&serde_json::to_string(&new).unwrap()).unwrap();
    assert_eq!(again, new);
    for (bad, why) in [
        (json!({"portfolio_id": 3, "name": "x", "goal": "net_zero", "colour": 1}), "unknown field"),
        (json!({"portfolio_id": 3, "name": "x"}), "missing field `goal`"),
        (json!({"portfolio_id": 3, "name": "x", "goal": "no_such"}), "unknown variant"),
        (json!({"portfolio_id": 3.5, "name": "x", "goal": "net_zero"}), "3.5"),
        (json!({"portfolio_id": 3, "name": "x", "goal": "net_zero", "budget": "NaN"}), "NaN"),
    ] {
        let error = serde_json::from_value::<NewScenario>(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    let database = modelling();
    let row = database.store().write(|uow| uow.scenarios().create(&new)).unwrap();
    let mut json = serde_json::to_value(&row).unwrap();
    let created_at = json["created_at"].take();
    assert_eq!(created_at.as_str().unwrap().parse(), Ok(row.created_at));
    assert_eq!(
        json,
        json!({
            "id": row.id.0, "portfolio_id": 3, "name": "x", "goal": "increase_epc",
            "goal_value": "1.005", "budget": "0.10", "is_default": false, "created_at": null,
        })
    );
}
