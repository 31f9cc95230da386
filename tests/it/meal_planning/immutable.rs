//! What the database itself refuses, whoever asks.

use planwright::meal_planning::{PrunePolicy, PruneScope};
use planwright::testing::rolled_back;
use planwright::{Error, Result, UnitOfWork};

use super::Kitchen;
use super::steps::assert_sound;
use crate::support::{execute, number};

/// The immutable tables, and a column of each.
const TABLES: [(&str, &str); 7] = [
    ("plans", "name"),
    ("plan_versions", "message"),
    ("meals_in_plan_versions", "name"),
    ("meal_section_versions", "position"),
    ("ingredient_versions", "quantity_g"),
    ("plan_activations", "reason"),
    ("plan_prunings", "reason"),
];

const MODES: [&str; 2] = ["origin", "replica"];

/// Three versions, of which the second is active, and a pruned one.
fn cooked() -> Kitchen {
    let kitchen = Kitchen::new();
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let second = kitchen.commit_again(&kitchen.content([1, 2, 1, 1]));
    kitchen.commit_again(&kitchen.content([1, 3, 1, 1]));
    let (user, plan) = (kitchen.user, kitchen.plan.plan_id);
    kitchen
        .store()
        .write(|uow| {
            uow.meal_plans().revert(plan, second.plan_version_id, user, "Back")?;
            let policy = PrunePolicy::keep_last(1).active_within(0);
            let scope = PruneScope::Plan(plan);
            let report = uow.meal_plan_versions().prune(scope, &policy, user, "Space")?;
            assert_eq!(report.gone().count(), 1);
            Ok(())
        })
        .unwrap();
    kitchen
}

/// Runs SQL as the owner in a mode, and takes it back.
fn attempt(kitchen: &Kitchen, mode: &str, before: &[&str], sql: &str) -> Result<usize> {
    rolled_back(kitchen.store(), |uow: &mut UnitOfWork<'_>| {
        execute(uow, &format!("SET LOCAL session_replication_role = {mode}"))?;
        for sql in before {
            execute(uow, sql)?;
        }
        execute(uow, sql)
    })
}

fn refused_by(kitchen: &Kitchen, mode: &str, before: &[&str], sql: &str, table: &str) {
    match attempt(kitchen, mode, before, sql) {
        Err(Error::Immutable { table: named, .. }) => assert_eq!(named, table, "{mode}: {sql}"),
        other => panic!("{mode}: {sql}: {other:?}"),
    }
}

#[test]
fn no_immutable_row_is_changed_by_anybody() {
    let kitchen = cooked();
    for mode in MODES {
        for (table, column) in TABLES {
            assert!(number(kitchen.store(), &format!("SELECT count(*) FROM {table}")) > 0);
            let update = format!("UPDATE {table} SET {column} = {column}");
            refused_by(&kitchen, mode, &[], &update, table);
            refused_by(&kitchen, mode, &[], &format!("DELETE FROM {table}"), table);
            // CASCADE reaches others, whose triggers would answer in its place.
            let others: Vec<_> = TABLES
                .iter()
                .filter(|(other, _)| *other != table)
                .map(|(other, _)| format!("ALTER TABLE {other} DISABLE TRIGGER {other}_whole"))
                .collect();
            let others: Vec<_> = others.iter().map(String::as_str).collect();
            let truncate = format!("TRUNCATE {table} CASCADE");
            refused_by(&kitchen, mode, &others, &truncate, table);
        }
    }
    assert_sound(kitchen.store());
}

#[test]
fn a_committed_version_takes_no_more_rows() {
    let kitchen = cooked();
    let version = "(SELECT max(plan_version_id) FROM plan_versions)";
    let cases = [
        (
            "meals_in_plan_versions",
            format!("({version}, gen_random_uuid(), 9, 'Late', '12:00', 0)"),
        ),
        (
            "meal_section_versions",
            format!(
                "({version}, gen_random_uuid(), (SELECT meal_id FROM meals_in_plan_versions
                   WHERE plan_version_id = {version} LIMIT 1), NULL, 9)"
            ),
        ),
        (
            "ingredient_versions",
            format!(
                "({version}, gen_random_uuid(), (SELECT section_id FROM meal_section_versions
                   WHERE plan_version_id = {version} LIMIT 1),
                  (SELECT min(ingredient_id) FROM ingredients), 1, 9)"
            ),
        ),
    ];
    for (table, values) in cases {
        let insert = format!("INSERT INTO {table} VALUES {values}");
        refused_by(&kitchen, "origin", &[], &insert, table);
    }
}

/// A version that claims to be of another transaction is of the one that inserts it.
#[test]
fn a_forged_transaction_opens_nothing() {
    let kitchen = cooked();
    let store = kitchen.store();
    let unpermitted = "DELETE FROM plan_versions WHERE version_number = 2";
    // The permit of the pruned version is of an older transaction, and there is none for version 2.
    for mode in MODES {
        refused_by(&kitchen, mode, &[], unpermitted, "plan_versions");
    }

    // A permit that was given, committed, and not used: no transaction ends with one.
    let unchecked = "ALTER TABLE plan_prunings DISABLE TRIGGER plan_prunings_gone";
    let permit = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason, xid, pruned_at,
                      plan_id, version_number, content_digest)
                  SELECT plan_version_id, gen_random_uuid(), 'forged',
                         pg_current_xact_id(), now() + interval '1 day', 4711, 4711, ''
                    FROM plan_versions WHERE version_number = 2";
    store
        .write(|uow| {
            execute(uow, unchecked)?;
            execute(uow, permit)
        })
        .unwrap();
    let told = "SELECT count(*) FROM plan_prunings p JOIN plan_versions v USING (plan_version_id)
                 WHERE p.version_number = 2 AND p.plan_id = v.plan_id AND p.pruned_at <= now()
                   AND p.content_digest = v.content_digest";
    assert_eq!(number(store, told), 1, "a permit tells the truth, whatever is given");
    let lines = "DELETE FROM ingredient_versions
                  WHERE plan_version_id = (SELECT plan_version_id FROM plan_versions
                                            WHERE version_number = 2)";
    for mode in MODES {
        refused_by(&kitchen, mode, &[], lines, "ingredient_versions");
        let forge = "UPDATE plan_prunings SET xid = pg_current_xact_id(), pruned_at = now()";
        refused_by(&kitchen, mode, &[], forge, "plan_prunings");
        // Nor is there a second one.
        let error = attempt(&kitchen, mode, &[], permit).unwrap_err();
        assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    }

    // A restored cluster counts its transactions again, so the time counts, too.
    let future = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason, xid)
                  SELECT plan_version_id, gen_random_uuid(), 'forged', '99999999'::xid8
                    FROM plan_versions WHERE version_number = 2";
    let clear = "ALTER TABLE plan_prunings DISABLE TRIGGER plan_prunings_immutable";
    let gone = "DELETE FROM plan_prunings WHERE version_number = 2";
    let stamped = attempt(
        &kitchen,
        "origin",
        &[clear, gone, future],
        "SELECT 1 / count(*) FROM plan_prunings
          WHERE version_number = 2 AND xid = pg_current_xact_id()",
    );
    stamped.unwrap();
}

#[test]
fn the_newest_version_is_never_pruned() {
    let kitchen = cooked();
    let newest = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
                  SELECT max(plan_version_id), gen_random_uuid(), 'no' FROM plan_versions";
    let unknown = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
                   VALUES (-1, gen_random_uuid(), 'no')";
    for mode in MODES {
        for sql in [newest, unknown] {
            if mode == "replica" && sql == unknown {
                continue;
            }
            let error = attempt(&kitchen, mode, &[], sql).unwrap_err();
            let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
            assert_eq!(constraint, "plan_prunings_version_number_ck");
        }
    }
}

/// The active version and the base of a draft are held by foreign keys, with a permit, too.
#[test]
fn a_permit_does_not_free_what_is_referred_to() {
    let kitchen = cooked();
    let store = kitchen.store();
    let permit = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
                  SELECT plan_version_id, gen_random_uuid(), 'no' FROM plan_versions
                   WHERE version_number = 2";
    let all = "WITH l AS (DELETE FROM ingredient_versions l USING plan_versions v
                    WHERE v.plan_version_id = l.plan_version_id AND v.version_number = 2),
                s AS (DELETE FROM meal_section_versions l USING plan_versions v
                    WHERE v.plan_version_id = l.plan_version_id AND v.version_number = 2),
                m AS (DELETE FROM meals_in_plan_versions l USING plan_versions v
                    WHERE v.plan_version_id = l.plan_version_id AND v.version_number = 2)
               DELETE FROM plan_versions WHERE version_number = 2";
    let error = attempt(&kitchen, "origin", &[permit], all).unwrap_err();
    let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
    assert_eq!(constraint, "active_plans_plan_version_id_plan_id_fk");
    store.write(|uow| super::steps::begin(uow, kitchen.plan.plan_id, kitchen.user)).unwrap();
    let elsewhere = "UPDATE active_plans SET plan_version_id = NULL, activated_at = NULL";
    let error = attempt(&kitchen, "origin", &[permit, elsewhere], all).unwrap_err();
    let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
    assert_eq!(constraint, "draft_plans_base_version_id_plan_id_fk");
    // Without either it goes: the rest of the attempt was in order.
    attempt(&kitchen, "origin", &[permit, elsewhere, "DELETE FROM draft_plans"], all).unwrap();
}

/// What a copy of the tables begins with has no versions for the permits that it brings.
#[test]
fn a_copy_takes_over_what_was_pruned_before() {
    let kitchen = cooked();
    let past =
        "INSERT INTO plan_prunings (plan_version_id, plan_id, version_number, content_digest,
                    pruned_by, pruned_at, reason, xid)
                SELECT -1, plan_id, 4711, content_digest, pruned_by, timestamptz '2020-01-01 UTC',
                       'Past', '1'
                  FROM plan_prunings";
    let told = "SELECT 1 / count(*) FROM plan_prunings
                 WHERE version_number = 4711 AND pruned_at = timestamptz '2020-01-01 UTC'";
    attempt(&kitchen, "replica", &[past], told).unwrap();
    let error = attempt(&kitchen, "origin", &[], past).unwrap_err();
    let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
    assert_eq!(constraint, "plan_prunings_version_number_ck");
}

#[test]
fn a_version_is_pruned_as_a_whole_and_for_good() {
    let kitchen = cooked();
    let store = kitchen.store();
    let free = "UPDATE active_plans SET plan_version_id = NULL, activated_at = NULL";
    let permit = "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
                  SELECT plan_version_id, gen_random_uuid(), 'no' FROM plan_versions
                   WHERE version_number = 2";
    let line = "DELETE FROM ingredient_versions
                 WHERE ctid = (SELECT l.ctid FROM ingredient_versions l
                                 JOIN plan_versions v USING (plan_version_id)
                                WHERE v.version_number = 2 LIMIT 1)";
    let tree =
        ["ingredient_versions", "meal_section_versions", "meals_in_plan_versions"].map(|table| {
            format!(
                "DELETE FROM {table} WHERE plan_version_id IN
                        (SELECT plan_version_id FROM plan_versions WHERE version_number = 2)"
            )
        });
    let [lines, sections, meals] = tree.each_ref().map(String::as_str);
    let version = "DELETE FROM plan_versions WHERE version_number = 2";
    let again = "INSERT INTO plan_versions
                        (plan_version_id, plan_id, version_number, name, author_id, message,
                         content_digest)
                 SELECT p.plan_version_id, p.plan_id, 4711, 'Forged', p.pruned_by, '', ''
                   FROM plan_prunings p";
    let number = "INSERT INTO plan_versions
                        (plan_id, version_number, name, author_id, message, content_digest)
                  SELECT p.plan_id, p.version_number, 'Forged', p.pruned_by, '', ''
                    FROM plan_prunings p";
    for all in [
        &[permit][..],
        &[permit, line],
        &[permit, lines, sections, meals],
        &[free, permit, lines, sections, meals, version, again],
        &[free, permit, lines, sections, meals, version, number],
        &[again],
        &[number],
    ] {
        let error = store
            .write(|uow| all.iter().try_for_each(|sql| execute(uow, sql).map(drop)))
            .unwrap_err();
        let Error::Constraint { constraint, .. } = &error else { panic!("{all:?}: {error:?}") };
        assert_eq!(constraint, "plan_prunings_gone", "{all:?}");
    }
    assert_sound(store);
}

/// The functions and operators of the caller are not asked, whatever they are called.
#[test]
fn what_the_search_path_of_a_caller_leads_to_opens_nothing() {
    let kitchen = cooked();
    let lying = |time: &str, from: &str| {
        [
            "CREATE SCHEMA mine".to_owned(),
            format!(
                "CREATE FUNCTION mine.now() RETURNS timestamptz LANGUAGE sql
                     AS 'SELECT {time} FROM public.{from}'"
            ),
            format!(
                "CREATE FUNCTION mine.pg_current_xact_id() RETURNS xid8 LANGUAGE sql
                     AS 'SELECT xid FROM public.{from}'"
            ),
        ]
    };
    let path = "SET LOCAL search_path = mine, pg_catalog, public";

    let [schema, now, xid] = lying("created_at", "plan_versions WHERE version_number = 3");
    let late = "INSERT INTO meals_in_plan_versions
                SELECT plan_version_id, gen_random_uuid(), 9, 'Late', '12:00', 0
                  FROM plan_versions WHERE version_number = 3";
    refused_by(&kitchen, "origin", &[&schema, &now, &xid, path], late, "meals_in_plan_versions");

    let [schema, now, xid] = lying("pruned_at", "plan_prunings");
    let equal =
        "CREATE FUNCTION mine.equal(bigint, bigint) RETURNS bool LANGUAGE sql AS 'SELECT true'";
    let operator = "CREATE OPERATOR mine.= (LEFTARG = bigint, RIGHTARG = bigint,
                                            FUNCTION = mine.equal)";
    let before = [&schema, &now, &xid, equal, operator, path];
    let delete = "DELETE FROM ingredient_versions";
    refused_by(&kitchen, "origin", &before, delete, "ingredient_versions");
}

#[test]
fn a_quantity_is_a_number() {
    let kitchen = Kitchen::new();
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let plan = kitchen.plan.plan_id;
    let drafts = |uow: &mut UnitOfWork<'_>| uow.meal_plan_drafts(kitchen.user).begin(plan);
    let draft = kitchen.store().write(drafts).unwrap().into_draft();
    let nan = |sql: &str| kitchen.store().write(|uow| execute(uow, sql)).unwrap_err();
    let of_draft = nan("UPDATE draft_ingredients SET quantity_g = 'NaN'");
    let of_version = nan("INSERT INTO ingredient_versions
                          SELECT plan_version_id, gen_random_uuid(), section_id, ingredient_id, 'NaN', 9
                            FROM ingredient_versions");
    for (error, expected) in [
        (of_draft, "draft_ingredients_quantity_g_ck"),
        (of_version, "ingredient_versions_quantity_g_ck"),
    ] {
        let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
        assert_eq!(constraint, expected);
    }
    let content =
        kitchen.store().read(|uow| uow.meal_plan_drafts(kitchen.user).content(draft.draft_id));
    assert_eq!(content.unwrap().meals.len(), 1);
}
