//! The rules that come behind the move: what live data stands against each, and what it refuses.

use super::*;

const SELECTED: &str = "20261120192330";
const SELECTED_CHECKED: &str = "20261120192335";
const PARENTS: &str = "20261120192340";
const PARENTS_CHECKED: &str = "20261120192345";
const PATH: &str = "20261120192400";
const VERSION: &str = "20261120192410";
const PLACE: &str = "20261120192420";
const NUMBER: &str = "20261120192430";
const STEPS: &str = "20261120192440";
const LAST: &str = "20261120192441";

/// The key of a row of `rows.sql`.
fn key(last: &str) -> String {
    format!("00000000-0000-0000-0000-0000000000{last}")
}

/// Whether the server refuses it by this constraint.
fn refuses(installation: &Installation, sql: &str, constraint: &str) {
    let refused = installation.refused(sql);
    assert!(refused.contains(&format!("\"{constraint}\"")), "{sql}: {refused}");
}

#[test]
fn a_selected_attempt_is_one_of_the_plans_own() {
    let installation = Installation::before(SELECTED);
    let (plan, other, refinement) = (key("10"), key("11"), key("20"));
    let none = key("99");
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans
            SET selected_refinement_id = '{refinement}', selected_plan_generation_id = '{none}'
          WHERE id = '{other}'"
    ));
    installation.contract(SELECTED).unwrap();
    assert_eq!(
        installation.guarded(SELECTED_CHECKED),
        format!(
            "2: plan {other} selects refinement {refinement}, which is of plan {plan}; \
             plan {other} selects generation {none}, which is not there"
        )
    );
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans
            SET selected_refinement_id = NULL, selected_plan_generation_id = NULL
          WHERE id = '{other}'"
    ));
    installation.contract(SELECTED_CHECKED).unwrap();
    for (column, of) in [
        ("selected_refinement_id", "20"),
        ("selected_discovery_session_id", "30"),
        ("selected_plan_generation_id", "50"),
    ] {
        let sql = format!(
            "UPDATE feature_planner.feature_plans SET {column} = '{}' WHERE id = '{other}'",
            key(of)
        );
        refuses(&installation, &sql, &format!("feature_plans_{column}_id_fk"));
    }
    installation.revert(SELECTED_CHECKED).unwrap();
    installation.revert(SELECTED).unwrap();
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans SET selected_refinement_id = '{refinement}'
          WHERE id = '{other}'"
    ));
}

#[test]
fn a_plan_forgets_the_attempt_that_is_deleted_and_nothing_else() {
    let installation = Installation::before(PARENTS);
    installation.execute("DELETE FROM feature_planner.file_discovery_sessions");
    let plan = "SELECT format('%s %s %s', selected_refinement_id, selected_discovery_session_id,
                              selected_plan_generation_id)
                  FROM feature_planner.feature_plans WHERE version = 1";
    assert_eq!(installation.texts(plan), [format!("{}  {}", key("20"), key("50"))]);
    // A plan goes with all that it has selected.
    installation.execute("DELETE FROM feature_planner.feature_plans WHERE version = 1");
    let left = "SELECT count(*) FROM feature_planner.feature_refinements";
    assert_eq!(installation.texts(left), ["0"]);
}

#[test]
fn a_parent_that_is_named_is_there() {
    let installation = Installation::before(PARENTS);
    let none = key("99");
    let (plan, log, step) = (key("11"), key("81"), key("70"));
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans SET parent_plan_id = '{none}' WHERE id = '{plan}';
         UPDATE feature_planner.plan_execution_logs SET parent_log_id = '{none}' WHERE id = '{log}';
         UPDATE feature_planner.plan_steps SET template_id = '{none}' WHERE id = '{step}'"
    ));
    installation.contract(PARENTS).unwrap();
    assert_eq!(
        installation.guarded(PARENTS_CHECKED),
        format!(
            "3: plan {plan} is a version of plan {none}, which is not there; \
             log entry {log} is below entry {none}, which is not there; \
             step {step} was made from template {none}, which is not there"
        )
    );
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans SET parent_plan_id = '{}' WHERE id = '{plan}';
         UPDATE feature_planner.plan_execution_logs SET parent_log_id = '{}' WHERE id = '{log}';
         UPDATE feature_planner.plan_steps SET template_id = '{}' WHERE id = '{step}'",
        key("10"),
        key("80"),
        key("60")
    ));
    installation.contract(PARENTS_CHECKED).unwrap();
    for (table, column, constraint) in [
        ("feature_plans", "parent_plan_id", "feature_plans_parent_plan_id_fk"),
        ("plan_execution_logs", "parent_log_id", "plan_execution_logs_parent_log_id_fk"),
        ("plan_steps", "template_id", "plan_steps_template_id_fk"),
    ] {
        let sql = format!("UPDATE feature_planner.{table} SET {column} = '{none}'");
        refuses(&installation, &sql, constraint);
    }
    installation.execute(&format!(
        "DELETE FROM feature_planner.plan_step_templates;
         DELETE FROM feature_planner.plan_execution_logs WHERE id = '{}';
         DELETE FROM feature_planner.feature_plans WHERE id = '{}'",
        key("80"),
        key("10")
    ));
    let left = "SELECT count(*) FROM feature_planner.feature_plans WHERE parent_plan_id IS NULL";
    assert_eq!(installation.texts(left), ["1"]);
    installation.revert(PARENTS_CHECKED).unwrap();
    installation.revert(PARENTS).unwrap();
    let sql = format!("UPDATE feature_planner.feature_plans SET parent_plan_id = '{none}'");
    installation.execute(&sql);
}

#[test]
fn a_discovery_has_a_file_once() {
    let installation = Installation::before(PATH);
    let again = format!(
        "INSERT INTO feature_planner.discovered_files (id, discovery_session_id, file_path, priority, created_at)
         VALUES ('{}', '{}', 'src/list.rs', 'low', now() + interval '1 s')",
        key("41"),
        key("30")
    );
    installation.execute(&again);
    assert_eq!(
        installation.guarded(PATH),
        format!(
            "1: discovery {} has the file src/list.rs 2 times: {}, {}",
            key("30"),
            key("40"),
            key("41")
        )
    );
    installation.execute(&format!(
        "DELETE FROM feature_planner.discovered_files WHERE id = '{}'",
        key("41")
    ));
    installation.contract(PATH).unwrap();
    refuses(&installation, &again, "discovered_files_discovery_session_id_file_path_uq");
    installation.revert(PATH).unwrap();
    installation.execute(&again);
}

#[test]
fn versions_of_a_plan_have_different_numbers() {
    let installation = Installation::before(VERSION);
    let again = format!(
        "INSERT INTO feature_planner.feature_plans (id, user_id, original_request, parent_plan_id, version, created_at)
         VALUES ('{}', '{}', 'Once more', '{}', 2, now() + interval '1 s')",
        key("12"),
        key("01"),
        key("10")
    );
    // Plans without a parent are no versions of one.
    installation.execute(&format!(
        "INSERT INTO feature_planner.feature_plans (user_id, original_request)
         VALUES ('{0}', 'Another'), ('{0}', 'A third')",
        key("01")
    ));
    installation.execute(&again);
    assert_eq!(
        installation.guarded(VERSION),
        format!("1: plan {} has 2 versions 2: {}, {}", key("10"), key("11"), key("12"))
    );
    installation
        .execute(&format!("DELETE FROM feature_planner.feature_plans WHERE id = '{}'", key("12")));
    installation.contract(VERSION).unwrap();
    refuses(&installation, &again, "feature_plans_parent_plan_id_version_uq");
    installation.revert(VERSION).unwrap();
    installation.execute(&again);
}

#[test]
fn steps_have_different_places_and_numbers_and_change_them_in_one_statement() {
    let installation = Installation::before(PLACE);
    let steps = "feature_planner.plan_steps";
    let (generation, one, two) = (key("50"), key("70"), key("71"));
    installation.execute(&format!("UPDATE {steps} SET display_order = 5, step_number = 6"));
    assert_eq!(
        installation.guarded(PLACE),
        format!("1: generation {generation} has 2 steps of place 5: {one}, {two}")
    );
    assert_eq!(
        installation.guarded(NUMBER),
        format!("1: generation {generation} has 2 steps of number 6: {one}, {two}")
    );
    installation.execute(&format!(
        "UPDATE {steps} SET display_order = 0, step_number = 1 WHERE id = '{one}'"
    ));
    let swap = format!(
        "UPDATE {steps} SET display_order = 5 - display_order, step_number = 7 - step_number"
    );
    let same = [
        ("display_order", format!("UPDATE {steps} SET display_order = 0")),
        ("step_number", format!("UPDATE {steps} SET step_number = 1")),
    ];
    let refuse = |installation: &Installation| {
        for (column, sql) in &same {
            let constraint = format!("plan_steps_plan_generation_id_{column}_uq");
            refuses(installation, sql, &constraint);
        }
    };
    installation.contract(PLACE).unwrap();
    installation.contract(NUMBER).unwrap();
    refuse(&installation);
    refuses(&installation, &swap, "plan_steps_plan_generation_id_display_order_uq");

    installation.contract(STEPS).unwrap();
    refuse(&installation);
    installation.execute(&swap);
    let order = format!("SELECT title FROM {steps} ORDER BY display_order");
    assert_eq!(installation.texts(&order), ["Two", "One"]);

    installation.revert(STEPS).unwrap();
    refuse(&installation);
    refuses(&installation, &swap, "plan_steps_plan_generation_id_display_order_uq");
    for version in [NUMBER, PLACE] {
        installation.revert(version).unwrap();
    }
    installation.execute(&swap);
}

#[test]
fn an_installation_with_rows_goes_all_the_way_and_back() {
    let installation = Installation::before(LAST);
    let found = installation.migrator().status().unwrap();
    assert_eq!(found.held, Vec::<String>::new());
    let sanity = installation
        .store()
        .read(|uow| planwright::verify::invariants(uow, planwright::feature_planner::INVARIANTS));
    let sanity = sanity.unwrap();
    assert!(sanity.is_sound(), "{sanity}");
    assert_eq!(sanity.checked.len(), 57);
    installation.migrator().down_to(BASELINE).unwrap();
    let rows = "SELECT (SELECT count(*) FROM public.feature_plans)
                     + (SELECT count(*) FROM public.plan_steps)";
    assert_eq!(installation.texts(rows), ["4"]);
    let refused = installation.revert(BASELINE).unwrap_err();
    assert!(refused.contains("still hold rows"), "{refused}");
}
