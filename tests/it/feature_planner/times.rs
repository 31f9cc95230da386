//! Times get their time zone, without a rewrite.

use super::*;

const TIMES: &str = "20261120192230";

const FILES: &str = "SELECT format('%s %s', relname, pg_relation_filenode(oid)) FROM pg_class
    WHERE relnamespace = 'feature_planner'::regnamespace AND relkind = 'r' ORDER BY 1";

const COLUMNS: &str =
    "SELECT format('%s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, NULL),
           pg_get_expr(d.adbin, d.adrelid))
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'feature_planner'::regnamespace AND c.relkind = 'r'
       AND a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype) ORDER BY 1";

const EPOCHS: &str =
    "SELECT extract(epoch FROM created_at) || ' ' || extract(epoch FROM completed_at)
      FROM feature_planner.feature_plans WHERE version = 1";

#[test]
fn times_are_read_as_utc_in_any_session_and_nothing_is_rewritten() {
    let installation = Installation::before(TIMES);
    let (files, columns, epochs) =
        (installation.texts(FILES), installation.texts(COLUMNS), installation.texts(EPOCHS));
    assert_eq!((files.len(), columns.len()), (8, 17));
    // Without a time zone it is the second since 1970 as if in UTC, on both sides of summer time.
    assert_eq!(epochs, ["1767323045.678000 1782961445.678000"]);

    installation.contract(TIMES).unwrap();
    assert_eq!(installation.texts(FILES), files);
    assert_eq!(installation.texts(EPOCHS), epochs);
    let zoned: Vec<_> = columns.iter().map(|line| line.replace("without", "with")).collect();
    assert_eq!(installation.texts(COLUMNS), zoned);

    installation.revert(TIMES).unwrap();
    assert_eq!(installation.texts(FILES), files);
    assert_eq!(installation.texts(EPOCHS), epochs);
    assert_eq!(installation.texts(COLUMNS), columns);

    // Sessions of this crate are at UTC anyway. That of who runs the SQL by hand is not.
    installation.run_by_hand(TIMES);
    assert_eq!(installation.texts(FILES), files);
    assert_eq!(installation.texts(EPOCHS), epochs);
}

#[test]
fn what_hangs_on_a_time_is_listed_before() {
    let installation = Installation::before(TIMES);
    installation.execute(
        "CREATE VIEW public.done AS SELECT completed_at FROM feature_planner.feature_plans;
         CREATE INDEX steps_updated ON feature_planner.plan_steps (updated_at);",
    );
    assert_eq!(
        installation.guarded(TIMES),
        "2: index feature_planner.steps_updated uses plan_steps.updated_at: drop it, and make it \
         again later; view public.done uses feature_plans.completed_at: drop it, and make it again later"
    );
    installation.execute("DROP VIEW done; DROP INDEX feature_planner.steps_updated");

    // What the server refuses to change the type under.
    installation.execute(
        "ALTER TABLE feature_planner.feature_plans
             ADD is_done boolean GENERATED ALWAYS AS (completed_at IS NOT NULL) STORED;
         CREATE TABLE public.kept (step feature_planner.plan_steps,
                                   plans feature_planner.feature_plans[]);",
    );
    assert_eq!(
        installation.guarded(TIMES),
        "3: column plans of kept has the type of the rows of feature_plans: drop it, and make it \
         again later; column step of kept has the type of the rows of plan_steps: drop it, and make \
         it again later; default value for column is_done of table feature_planner.feature_plans \
         uses feature_plans.completed_at: drop it, and make it again later"
    );
    installation.execute("DROP TABLE kept; ALTER TABLE feature_planner.feature_plans DROP is_done");
    installation.contract(TIMES).unwrap();
}

#[test]
fn that_times_are_utc_is_asked_of_people_with_what_the_database_shows() {
    let installation = Installation::before(TIMES);
    let name = installation.texts("SELECT current_database()").concat();
    installation.execute(&format!("ALTER DATABASE \"{name}\" SET timezone = 'Europe/Berlin'"));
    let unsaid = Migrator::new(installation.store()).contexts([Context::FeaturePlanner]);
    let error = unsaid.contract(TIMES).unwrap_err().to_string();
    for part in [
        "asks for the statement times_are_utc",
        "in UTC now",
        "feature_plans: the newest was made at 20",
        "0 of 2 later than now",
        "plan_execution_logs: the newest was made at 20",
        "TimeZone=Europe/Berlin is set for all roles in",
    ] {
        assert!(error.contains(part), "no {part} in {error}");
    }
    installation.contract(TIMES).unwrap();
}

#[test]
fn times_wait_until_the_indexes_on_them_are_gone() {
    let installation = Installation::before("20261120192220");
    let error = installation.contract(TIMES).unwrap_err().to_string();
    assert!(
        error.contains("needs 2026-11-20-192220_feature_planner_drop_log_created_index"),
        "{error}"
    );
}
