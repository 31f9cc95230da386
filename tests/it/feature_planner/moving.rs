//! The move, and the way back.

use uuid::Uuid;

use super::*;

/// Every table, index and enum with its OID, its file and, of tables, its rows; and the constraints.
pub(super) fn objects(installation: &Installation, schema: &str) -> Vec<String> {
    let rows = installation.texts(&format!(
        "SELECT format('SELECT format(''%%s %%s'', %L, md5(string_agg(t::text, E''\\n'' ORDER BY id)))
                  FROM {schema}.%I t', relname, relname)
           FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r'
            AND relname <> 'users'"
    ));
    assert_eq!(rows.len(), 8);
    let rows = rows.join("\nUNION ALL ");
    installation.texts(&format!(
        "SELECT line FROM (
            SELECT format('%s %s %s', c.relname, c.oid, pg_relation_filenode(c.oid)) AS line
              FROM pg_class c
             WHERE c.relnamespace = '{schema}'::regnamespace AND c.relname !~ '^users'
            UNION ALL
            SELECT format('%s %s', typname, oid) FROM pg_type
             WHERE typnamespace = '{schema}'::regnamespace AND typtype = 'e'
            UNION ALL
            SELECT format('%s %s', conname, oid) FROM pg_constraint
             WHERE connamespace = '{schema}'::regnamespace AND conname !~ '^users'
               AND contype <> 'n'
            UNION ALL
            {rows}
        ) AS lines ORDER BY line"
    ))
}

#[test]
fn the_move_keeps_every_object_and_row_and_comes_back() {
    let installation = Installation::new();
    let before = objects(&installation, "public");
    // Tables, indexes, enums, constraints and the rows of the tables.
    assert_eq!(before.len(), 8 + 51 + 11 + (27 + 9 + 8) + 8);

    installation.contract(MOVE).unwrap();
    assert_eq!(objects(&installation, "feature_planner"), before);
    let left = "SELECT relname FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relname !~ '^users'
                UNION ALL
                SELECT typname FROM pg_type
                 WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'";
    assert!(installation.texts(left).is_empty());
    let stranger = "INSERT INTO feature_planner.feature_plans (user_id, original_request)
                    VALUES (gen_random_uuid(), 'x')";
    let refused = installation.refused(stranger);
    assert!(refused.contains("feature_plans_user_id_users_id_fk"), "{refused}");
    let comment = "SELECT obj_description('feature_planner'::regnamespace)";
    assert_eq!(
        installation.texts(comment),
        ["Feature requests, and how each is refined, examined and planned."]
    );

    installation.revert(MOVE).unwrap();
    assert_eq!(objects(&installation, "public"), before);
    assert!(
        installation
            .texts("SELECT oid FROM pg_namespace WHERE nspname = 'feature_planner'")
            .is_empty()
    );
}

#[test]
fn what_has_moved_already_is_left_alone() {
    let installation = Installation::new();
    let before = objects(&installation, "public");
    installation.execute(
        "CREATE SCHEMA feature_planner;
         ALTER TYPE complexity SET SCHEMA feature_planner;
         ALTER TABLE feature_plans SET SCHEMA feature_planner;
         ALTER TABLE plan_steps SET SCHEMA feature_planner;
         CREATE VIEW feature_plans AS SELECT * FROM feature_planner.feature_plans",
    );
    installation.contract(MOVE).unwrap();
    assert_eq!(objects(&installation, "feature_planner"), before);
    assert_eq!(installation.texts("SELECT count(*) FROM public.feature_plans"), ["2"]);
}

#[test]
fn a_schema_that_holds_something_else_stays() {
    let installation = Installation::new();
    installation.contract(MOVE).unwrap();
    installation.execute("CREATE TABLE feature_planner.other (id int)");
    installation.revert(MOVE).unwrap();
    let left = "SELECT relname FROM pg_class WHERE relnamespace = 'feature_planner'::regnamespace";
    assert_eq!(installation.texts(left), ["other"]);
}

#[test]
fn the_move_refuses_what_is_in_both_schemas_and_what_is_in_neither() {
    let installation = Installation::new();
    installation.execute(
        "CREATE SCHEMA feature_planner;
         CREATE TABLE feature_planner.plan_steps (id int);
         CREATE TYPE feature_planner.risk_level AS ENUM ('none');
         ALTER TYPE file_priority RENAME TO priority;",
    );
    assert_eq!(
        installation.guarded(MOVE),
        "3: enum file_priority is neither in public nor in feature_planner; \
         there is a plan_steps both in public and in feature_planner: rename or drop one; \
         there is a risk_level both in public and in feature_planner: rename or drop one"
    );
    installation.execute(
        "DROP TABLE feature_planner.plan_steps; DROP TYPE feature_planner.risk_level;
         ALTER TYPE priority RENAME TO file_priority;",
    );
    installation.contract(MOVE).unwrap();
}

#[test]
fn the_move_refuses_functions_that_would_no_longer_find_it() {
    let installation = Installation::new();
    installation.execute(
        "CREATE FUNCTION public.newest(n int) RETURNS bigint LANGUAGE sql
             AS 'SELECT count(*) FROM Feature_Plans WHERE version = n';
         CREATE FUNCTION public.risk() RETURNS text LANGUAGE plpgsql
             AS 'BEGIN RETURN ''low''::public.risk_level::text; END';
         CREATE FUNCTION public.whole() RETURNS bigint LANGUAGE sql
             BEGIN ATOMIC SELECT count(*) FROM feature_plans; END;
         CREATE FUNCTION public.others() RETURNS text LANGUAGE sql
             AS 'SELECT ''my_feature_plans, feature_planner.plan_steps''';",
    );
    assert_eq!(
        installation.guarded(MOVE),
        "2: function public.newest(n integer) names feature_plans: give it a search_path with \
         feature_planner; function public.risk() names risk_level: give it a search_path with \
         feature_planner"
    );
    installation.execute(
        "ALTER FUNCTION newest SET search_path = public, feature_planner;
         ALTER FUNCTION risk SET search_path = public, feature_planner;",
    );
    assert_eq!(
        installation.guarded(MOVE),
        "1: function public.risk() names risk_level: it names schema public, which must go from \
         its text"
    );
    installation.execute(
        "CREATE OR REPLACE FUNCTION public.risk() RETURNS text LANGUAGE plpgsql
             SET search_path = public, feature_planner
             AS 'BEGIN RETURN ''low''::risk_level::text; END'",
    );
    installation.contract(MOVE).unwrap();
    let answers = "SELECT format('%s %s %s', newest(2), risk(), whole())";
    assert_eq!(installation.texts(answers), ["1 low 2"]);
}

#[test]
fn views_and_tables_of_the_host_go_on_without_notice() {
    let installation = Installation::new();
    installation.execute(
        "CREATE VIEW public.open AS SELECT id, status FROM feature_plans WHERE status <> 'completed';
         CREATE TABLE public.notes (plan_id uuid REFERENCES feature_plans (id), risk risk_level);
         INSERT INTO notes SELECT id, 'high' FROM feature_plans;",
    );
    installation.contract(MOVE).unwrap();
    assert_eq!(installation.texts("SELECT count(*) FROM public.open"), ["2"]);
    installation.execute("INSERT INTO notes SELECT id, 'low' FROM feature_planner.feature_plans");
    assert!(
        installation
            .refused("INSERT INTO notes VALUES (gen_random_uuid())")
            .contains("notes_plan_id_fkey")
    );
    installation.revert(MOVE).unwrap();
    assert_eq!(installation.texts("SELECT count(*) FROM public.open"), ["2"]);
}

#[test]
fn roles_with_privileges_on_a_table_may_use_the_schema_and_nobody_else() {
    let installation = Installation::new();
    let [reader, column, none] =
        ["reader", "column", "none"].map(|name| format!("{name}_{}", Uuid::new_v4().simple()));
    installation.execute(&format!(
        "CREATE ROLE {reader}; CREATE ROLE {column}; CREATE ROLE {none};
         GRANT SELECT ON plan_steps TO {reader};
         GRANT UPDATE (title) ON plan_steps TO {column};
         GRANT SELECT ON users TO {none}"
    ));
    installation.contract(MOVE).unwrap();
    let may = |role: &str| {
        installation.texts(&format!(
            "SELECT format('%s %s', has_schema_privilege('{role}', 'feature_planner', 'USAGE'),
                           has_schema_privilege('{role}', 'feature_planner', 'CREATE'))"
        ))
    };
    assert_eq!([may(&reader), may(&column), may(&none)].concat(), ["t f", "t f", "f f"]);
    let sql = format!("SET ROLE {reader}; SELECT count(*) FROM feature_planner.plan_steps");
    installation.execute(&sql);

    installation.revert(MOVE).unwrap();
    installation.execute(&format!("SET ROLE {reader}; SELECT count(*) FROM plan_steps"));
    // PUBLIC stands for everybody.
    installation.execute("GRANT SELECT ON plan_steps TO PUBLIC");
    installation.run_by_hand(MOVE);
    assert_eq!(may(&none), ["t f"]);
    installation.execute(&format!(
        "DROP OWNED BY {reader}, {column}, {none}; DROP ROLE {reader}, {column}, {none}"
    ));
}
