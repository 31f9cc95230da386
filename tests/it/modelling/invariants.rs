//! Each invariant finds what breaks it, and explains the refusal of what would.

use std::collections::BTreeSet;

use planwright::modelling::{Goal, INVARIANTS, NewScenario, factory};
use planwright::testing::rolled_back;
use planwright::verify::{self, Outcome, Severity};
use planwright::{Error, Result, UnitOfWork};

use crate::support::{execute, expanded, modelling, text};

/// Two scenarios and two replaced plans of two measures; all rules hold.
fn good(uow: &mut UnitOfWork<'_>) -> Result<()> {
    for name in ["first", "second"] {
        let new = NewScenario::new(1.into(), name, Goal::NetZero);
        let scenario = uow.scenarios().create(&new)?.id;
        uow.plans().replace(&factory::plan(scenario.0, scenario), &factory::measures(2))?;
    }
    let first = text(uow, "SELECT min(id) FROM scenario")?.parse::<i64>().unwrap();
    uow.scenarios().set_default(first.into())
}

/// What breaks an invariant, and how its violator is named; `{a}` and `{b}` are the two plans.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "plan_property_id_scenario_id_uq",
        "INSERT INTO plan (property_id, scenario_id)
             SELECT property_id, scenario_id FROM plan WHERE id = {a}",
        "SELECT format('property %s, scenario %s', property_id, scenario_id)
           FROM plan WHERE id = {a}",
    ),
    (
        "plan_scenario_id_fkey",
        "UPDATE plan SET scenario_id = -1 WHERE id = {b}",
        "SELECT 'plan ' || {b}",
    ),
    (
        "plan_post_epc_band_check",
        "UPDATE plan SET post_epc_band = 'H' WHERE id = {a}",
        "SELECT 'plan ' || {a}",
    ),
    (
        "plan_contingency_cost_check",
        "UPDATE plan SET contingency_cost = -0.01 WHERE id = {b}",
        "SELECT 'plan ' || {b}",
    ),
    (
        "recommendation_estimated_cost_check",
        "UPDATE recommendation SET estimated_cost = -0.01 WHERE plan_id = {a} AND position = 1",
        "SELECT 'recommendation ' || id FROM recommendation WHERE plan_id = {a} AND position = 1",
    ),
    (
        "recommendation_plan_id_fk",
        "INSERT INTO recommendation (id, property_id, measure_type, description, plan_id)
             VALUES (777, 1, 'x', '', -1)",
        "SELECT 'recommendation 777'",
    ),
    (
        "recommendation_plan_id_position_uq",
        "INSERT INTO recommendation (property_id, measure_type, description, plan_id, position)
             SELECT property_id, 'x', '', NULL, 0 FROM plan WHERE id = {a};
         UPDATE plan SET content_digest = NULL WHERE id = {a};
         UPDATE recommendation SET position = 0 WHERE plan_id = {a}",
        "SELECT 'plan ' || {a} || ', position 0'",
    ),
    ("scenario_portfolio_id_uq", "UPDATE scenario SET is_default = true", "SELECT 'portfolio 1'"),
    (
        "recommendation_property_id",
        "UPDATE recommendation SET property_id = -1 WHERE plan_id = {b} AND position = 0",
        "SELECT 'recommendation ' || id FROM recommendation WHERE plan_id = {b} AND position = 0",
    ),
    (
        "recommendation_position_dense",
        "DELETE FROM recommendation WHERE plan_id = {a} AND position = 0",
        "SELECT 'plan ' || {a}",
    ),
];

#[test]
fn each_invariant_finds_what_breaks_it_and_that_alone() {
    let database = expanded();
    let tried: BTreeSet<_> = BROKEN.iter().map(|(name, ..)| *name).collect();
    let declared: BTreeSet<_> = INVARIANTS.iter().map(|invariant| invariant.name).collect();
    assert_eq!(tried, declared);
    for invariant in INVARIANTS {
        let (name, breaking, violator) =
            BROKEN.iter().find(|(name, ..)| *name == invariant.name).unwrap();
        rolled_back(database.store(), |uow| {
            good(uow)?;
            let sanity = verify::invariants(uow, INVARIANTS)?;
            assert!(sanity.checked.iter().all(|one| one.outcome == Outcome::Holds), "{sanity}");
            let a = text(uow, "SELECT min(id) FROM plan")?;
            let b = text(uow, "SELECT max(id) FROM plan")?;
            let fill = |sql: &str| sql.replace("{a}", &a).replace("{b}", &b);
            let expected = text(uow, &fill(violator))?;
            if invariant.enforced {
                let refused = uow.savepoint(|uow| all(uow, &fill(breaking))).unwrap_err();
                let Error::Constraint { constraint, .. } = &refused else { panic!("{refused:?}") };
                assert_eq!(constraint, name);
                lift(uow, name)?;
            }
            all(uow, &fill(breaking))?;
            let sanity = verify::invariants(uow, INVARIANTS)?;
            let found: Vec<_> = sanity.broken().collect();
            assert_eq!(found.len(), 1, "{name}: {sanity}");
            assert_eq!(found[0].invariant, *name, "{sanity}");
            let outcome = Outcome::Broken { count: 1, sample: vec![expected.clone()] };
            assert_eq!(found[0].outcome, outcome, "{name}");
            assert_eq!(found[0].severity, invariant.severity);
            assert_eq!(sanity.is_sound(), invariant.severity < Severity::Error);
            let line = format!(
                "[ ] {name}: {}\n    {}: 1 break it: {expected}",
                invariant.sentence, invariant.severity
            );
            assert!(sanity.to_string().contains(&line), "{sanity}");
            Ok(())
        })
        .unwrap();
    }
}

fn all(uow: &mut UnitOfWork<'_>, sql: &str) -> Result<()> {
    sql.split(';').try_for_each(|statement| execute(uow, statement).map(|_| ()))
}

/// Takes the constraint or the index away.
fn lift(uow: &mut UnitOfWork<'_>, name: &str) -> Result<()> {
    let sql = text(
        uow,
        &format!(
            "SELECT coalesce((SELECT format('ALTER TABLE %s DROP CONSTRAINT %I',
                                            conrelid::regclass, conname)
                                FROM pg_constraint WHERE conname = '{name}'),
                             'DROP INDEX {name}')"
        ),
    )?;
    execute(uow, &sql).map(|_| ())
}

/// A trigger stands in for the writer that no repository is: it spoils the row on its way, so that
/// the refusal comes through the repository.
#[test]
fn a_refusal_speaks_in_the_words_of_its_invariant() {
    type Call = fn(&mut UnitOfWork<'_>) -> Result<()>;
    let replace: Call = |uow| {
        let scenario = text(uow, "SELECT min(id) FROM scenario")?.parse::<i64>().unwrap();
        let plan = factory::plan(99, scenario);
        uow.plans().replace(&plan, &factory::measures(3)).map(|_| ())
    };
    let replace_many: Call = |uow| {
        let scenario = text(uow, "SELECT min(id) FROM scenario")?.parse::<i64>().unwrap();
        let plans = [(factory::plan(99, scenario), factory::measures(3))];
        uow.plans().replace_many(&plans).map(|_| ())
    };
    let again: Call = |uow| {
        let sql = "SELECT max(scenario_id) FROM plan";
        let scenario = text(uow, sql)?.parse::<i64>().unwrap();
        uow.plans().replace(&factory::plan(scenario, scenario), &[]).map(|_| ())
    };
    let set_default: Call = |uow| {
        let id = text(uow, "SELECT max(id) FROM scenario")?.parse::<i64>().unwrap();
        uow.scenarios().set_default(id.into())
    };
    let cases: [(&str, &str, &str, &[Call]); 8] = [
        (
            "plan_property_id_scenario_id_uq",
            "plan",
            "IF TG_OP = 'UPDATE' THEN
                 SELECT property_id, scenario_id INTO NEW.property_id, NEW.scenario_id
                   FROM plan ORDER BY id LIMIT 1;
             END IF;",
            &[again],
        ),
        ("plan_scenario_id_fkey", "plan", "NEW.scenario_id = -1;", &[replace, replace_many]),
        ("plan_post_epc_band_check", "plan", "NEW.post_epc_band = 'H';", &[replace, replace_many]),
        (
            "plan_contingency_cost_check",
            "plan",
            "NEW.contingency_cost = -1;",
            &[replace, replace_many],
        ),
        (
            "recommendation_estimated_cost_check",
            "recommendation",
            "NEW.estimated_cost = -1;",
            &[replace, replace_many],
        ),
        (
            "recommendation_plan_id_fk",
            "recommendation",
            "NEW.plan_id = -1;",
            &[replace, replace_many],
        ),
        (
            "recommendation_plan_id_position_uq",
            "recommendation",
            "NEW.position = 0;",
            &[replace, replace_many],
        ),
        ("scenario_portfolio_id_uq", "scenario", "NEW.is_default = true;", &[set_default]),
    ];
    let enforced = INVARIANTS.iter().filter(|invariant| invariant.enforced);
    assert_eq!(
        cases.iter().map(|(name, ..)| *name).collect::<BTreeSet<_>>(),
        enforced.clone().map(|invariant| invariant.name).collect()
    );
    let database = modelling();
    for (name, table, spoil, calls) in cases {
        let sentence = enforced.clone().find(|rule| rule.name == name).unwrap().sentence;
        for call in calls {
            rolled_back(database.store(), |uow| {
                good(uow)?;
                execute(
                    uow,
                    &format!(
                        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
                             $$ BEGIN {spoil} RETURN NEW; END $$"
                    ),
                )?;
                execute(
                    uow,
                    &format!(
                        "CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON {table}
                             FOR EACH ROW EXECUTE FUNCTION spoil()"
                    ),
                )?;
                let refused = uow.savepoint(|uow| call(uow)).unwrap_err();
                let Error::Constraint { constraint, .. } = &refused else { panic!("{refused:?}") };
                assert_eq!((constraint.as_str(), refused.to_string().as_str()), (name, sentence));
                Ok(())
            })
            .unwrap();
        }
    }
}
