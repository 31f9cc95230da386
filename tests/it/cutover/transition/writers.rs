//! What knows only the baseline, in every state up to the contract.

use planwright::ConstraintKind;
use planwright::cutover::{IterationId, MasterPlanId};

use super::*;
use crate::support::number;

/// The states that an old writer lives through.
fn states() -> Vec<(&'static str, TestDatabase)> {
    let mut states = vec![("expanded", legacy()), ("filled", filled())];
    states.extend(STEPS[..4].iter().map(|step| (*step, contracted(step))));
    states
}

fn plan_of(store: &Store, name: &str) -> MasterPlanId {
    let sql = format!("SELECT ite_id FROM iterations_ite WHERE ite_name = '{name}'");
    let id: uuid::Uuid = of(store, &sql).parse().unwrap();
    store.read(|uow| uow.iterations().get(IterationId(id))).unwrap().plm_id
}

/// A plan of the legacy data.
fn plan(n: u32) -> MasterPlanId {
    MasterPlanId(format!("{n:032}").parse().unwrap())
}

#[test]
fn an_old_writer_goes_on_in_every_state() {
    for (state, database) in states() {
        let store = database.store();
        let write = |sql: &str| run(store, sql).unwrap_or_else(|error| panic!("{state}: {error}"));
        let insert = |name: &str, migration: u32| {
            format!(
                "INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
                 VALUES ({}, 'DR', '{name}')",
                key(migration)
            )
        };
        write(&insert("late", 13));
        assert_eq!(plan_of(store, "late"), plan(2), "{state}");
        // A change of the migration's plan reaches all of its iterations, and no others.
        let set = |migration: u32, plan: &str| {
            format!("UPDATE migrations_mig SET plm_id = {plan} WHERE mig_id = {}", key(migration))
        };
        write(&set(13, &key(3)));
        for name in ["late", "Run 105", "Run 106"] {
            assert_eq!(plan_of(store, name), plan(3), "{state}: {name}");
        }
        assert_eq!(plan_of(store, "Run 104"), plan(1), "{state}");
        write(&insert("later", 13));
        assert_eq!(plan_of(store, "later"), plan(3), "{state}");
        // An iteration goes to another migration, and is saved with all of its columns.
        let moved = format!(
            "UPDATE iterations_ite SET mig_id = {}, ite_name = 'later', itt_code = 'DR'
              WHERE ite_name = 'later'",
            key(11)
        );
        write(&moved);
        assert_eq!(plan_of(store, "later"), plan(1), "{state}");
        // A plan that nothing names any more goes, another one does not.
        write("DELETE FROM iterations_ite WHERE ite_name LIKE 'Run 1'");
        write(&format!("UPDATE migrations_mig SET plm_id = {} WHERE plm_id = {}", key(1), key(2)));
        write(&format!("DELETE FROM plans_master_plm WHERE plm_id = {}", key(2)));
        let used = format!("DELETE FROM plans_master_plm WHERE plm_id = {}", key(3));
        let refused = run(store, &used).unwrap_err();
        assert!(
            matches!(refused, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }),
            "{state}: {refused:?}"
        );
        // One with a plan and without iterations, and its end.
        let both = format!(
            "WITH m AS (INSERT INTO migrations_mig (plm_id, mig_name, mig_type)
                        VALUES ({}, 'Last', 'X') RETURNING mig_id)
             SELECT count(*) FROM m",
            key(3)
        );
        write(&both);
        write("DELETE FROM migrations_mig WHERE mig_name = 'Last'");
        write("UPDATE migrations_mig SET mig_status = 'CANCELLED', plm_id = plm_id");
        let old = "SELECT count(*) FROM iteration_plans p JOIN migrations_mig m USING (mig_id)
                    WHERE p.plm_id IS DISTINCT FROM m.plm_id";
        assert_eq!(number(store, old), 0, "{state}: an old reader sees what everybody sees");
    }
}

#[test]
fn what_runs_a_plan_of_its_own_keeps_it() {
    for (state, database) in states() {
        let store = database.store();
        let write = |sql: &str| run(store, sql).unwrap_or_else(|error| panic!("{state}: {error}"));
        write(&format!(
            "UPDATE iterations_ite SET plm_id = {} WHERE ite_id = {}",
            key(3),
            key(105)
        ));
        let set = |plan: &str| {
            write(&format!("UPDATE migrations_mig SET plm_id = {plan} WHERE mig_id = {}", key(13)))
        };
        set(&key(1));
        assert_eq!(plan_of(store, "Run 105"), plan(3), "{state}");
        assert_eq!(plan_of(store, "Run 106"), plan(1), "{state}");
        write(&format!(
            "UPDATE iterations_ite SET mig_id = {} WHERE ite_id = {}",
            key(12),
            key(105)
        ));
        assert_eq!(plan_of(store, "Run 105"), plan(3), "{state}: moved");
        // It is named in the same statement.
        write(&format!(
            "UPDATE iterations_ite SET mig_id = {}, plm_id = {} WHERE ite_id = {}",
            key(14),
            key(2),
            key(104)
        ));
        assert_eq!(plan_of(store, "Run 104"), plan(2), "{state}: moved and named");
        // A migration without a plan of its own: its iterations keep theirs, and new ones name one.
        set("NULL");
        assert_eq!(plan_of(store, "Run 106"), plan(1), "{state}");
        let insert = |name: &str, plan: &str| {
            let sql = format!(
                "INSERT INTO iterations_ite (mig_id, itt_code, ite_name, plm_id)
                 VALUES ({}, 'DR', '{name}', {plan})",
                key(13)
            );
            run(store, &sql)
        };
        let refused = insert("none", "NULL").unwrap_err();
        assert!(
            matches!(&refused, Error::Constraint { constraint, kind: ConstraintKind::Check, table, .. }
                     if constraint == "iterations_ite_plm_id_ck" && table == "iterations_ite"),
            "{state}: {refused:?}"
        );
        insert("own", &key(2)).unwrap();
        // What leaves a migration with a plan for one without takes it along.
        write(&format!(
            "UPDATE iterations_ite SET mig_id = {} WHERE ite_id = {}",
            key(13),
            key(103)
        ));
        assert_eq!(plan_of(store, "Run 103"), plan(1), "{state}");
        set(&key(2));
        assert_eq!(plan_of(store, "Run 106"), plan(1), "{state}: there was no old one to follow");
        // An iteration of nothing is refused as ever.
        let nowhere = "INSERT INTO iterations_ite (mig_id, itt_code, ite_name, plm_id)
                       SELECT gen_random_uuid(), 'DR', 'x', plm_id FROM plans_master_plm LIMIT 1";
        let refused = run(store, nowhere).unwrap_err();
        assert!(
            matches!(refused, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }),
            "{state}: {refused:?}"
        );
    }
}

/// Does it as a role that has what an old writer needs, and puts in the way what it can.
fn as_old_role<T>(
    database: &TestDatabase,
    work: impl Fn(&mut UnitOfWork<'_>, &str) -> Result<T>,
) -> Result<T> {
    let role = format!("old_{}", database.name());
    database.store().write(|uow| {
        for sql in [
            "CREATE ROLE {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, UPDATE (plm_id) ON migrations_mig TO {role}",
            "GRANT INSERT ON iterations_ite TO {role}",
            "CREATE SCHEMA hostile AUTHORIZATION {role}",
            "SET LOCAL ROLE {role}",
            "CREATE TABLE hostile.migrations_mig (mig_id uuid, plm_id uuid)",
            "CREATE TABLE hostile.iterations_ite (mig_id uuid, plm_id uuid)",
            "CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql
                 AS $$ SELECT 'infinity'::timestamptz $$",
            "CREATE FUNCTION hostile.eq(uuid, uuid) RETURNS bool LANGUAGE sql AS $$ SELECT true $$",
            "CREATE OPERATOR hostile.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hostile.eq)",
            "SET LOCAL search_path = hostile, public, pg_catalog",
        ] {
            execute(uow, &sql.replace("{role}", &role))?;
        }
        let done = work(uow, &role)?;
        for sql in [
            "SET LOCAL search_path = public",
            "RESET ROLE",
            "DROP OWNED BY {role} CASCADE",
            "DROP ROLE {role}",
        ] {
            execute(uow, &sql.replace("{role}", &role))?;
        }
        Ok(done)
    })
}

#[test]
fn a_role_that_may_only_insert_needs_no_more_than_before() {
    for (state, database) in states() {
        let store = database.store();
        as_old_role(&database, |uow, _| {
            execute(
                uow,
                &format!(
                    "INSERT INTO public.iterations_ite (mig_id, itt_code, ite_name)
                     VALUES ({}, 'DR', 'theirs')",
                    key(14)
                ),
            )?;
            execute(
                uow,
                &format!(
                    "UPDATE public.migrations_mig SET plm_id = {}
                      WHERE mig_id OPERATOR(pg_catalog.=) {}",
                    key(2),
                    key(14)
                ),
            )
        })
        .unwrap_or_else(|error| panic!("{state}: {error:?}"));
        assert_eq!(plan_of(store, "theirs"), plan(2), "{state}");
        assert_eq!(plan_of(store, "Run 107"), plan(2), "{state}");
        assert_eq!(plan_of(store, "Run 104"), plan(1), "{state}");
        let stamped = "SELECT count(*) FROM iterations_ite WHERE updated_at > now()";
        assert_eq!(number(store, stamped), 0, "{state}");
    }
}

#[test]
fn nobody_makes_the_functions_write_for_him() {
    let database = legacy();
    for function in ["cutover_iteration_plan", "cutover_migration_plan"] {
        let trigger = format!(
            "CREATE TRIGGER mine AFTER UPDATE ON hostile.migrations_mig FOR EACH ROW
             EXECUTE FUNCTION planwright.{function}()"
        );
        let refused = as_old_role(&database, |uow, role| {
            execute(uow, "RESET ROLE")?;
            execute(uow, &format!("GRANT USAGE ON SCHEMA planwright TO {role}"))?;
            execute(uow, &format!("SET LOCAL ROLE {role}"))?;
            execute(uow, &trigger)
        });
        let text = crate::support::whole(&refused.unwrap_err());
        assert!(
            text.contains(&format!("permission denied for function planwright.{function}")),
            "{text}"
        );
    }
}

#[test]
fn the_database_writes_down_who_made_and_changed_a_row() {
    let database = filled();
    let store = database.store();
    let amy = |sql: &str| store.transaction().actor("amy").run(|uow| execute(uow, sql)).unwrap();
    let insert = "INSERT INTO plans_master_plm (plm_name, created_by) VALUES ('Own', 'bob')";
    let who = "SELECT created_by || ' ' || updated_by FROM plans_master_plm WHERE plm_name = 'Own'";
    amy(insert);
    assert_eq!(of(store, who), "amy amy");
    run(
        store,
        "UPDATE plans_master_plm SET created_by = 'eve', updated_by = 'eve', plm_name = 'Own'
                 WHERE plm_name = 'Own'",
    )
    .unwrap();
    assert_eq!(of(store, who), "amy eve", "as the statement says, where nobody acts");
    for (table, name) in [("migrations_mig", "mig"), ("iterations_ite", "ite")] {
        amy(&format!("UPDATE {table} SET {name}_description = 'x'"));
        let stamped = format!(
            "SELECT count(*) FROM {table}
              WHERE updated_by = 'amy' AND updated_at > now() - interval '1 hour'
                AND created_by IS DISTINCT FROM 'amy'"
        );
        let all = format!("SELECT count(*) FROM {table}");
        assert_eq!(number(store, &stamped), number(store, &all), "{table}");
    }
}
