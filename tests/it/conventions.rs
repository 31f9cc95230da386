//! What every table of every context keeps to, read from the catalog of a freshly migrated
//! database. Each rule states how many things it looked at, for one that looks at nothing holds
//! for ever. `cargo test --test it conventions -- --nocapture` shows them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use planwright::testing::rolled_back;
use planwright::verify::Invariant;
use planwright::{Result, Store, UnitOfWork};
use planwright::{cutover, feature_planner, meal_planning, modelling};

use crate::support::{everything, execute};

/// The invariants of every context, in the order of `Context::ALL`.
pub(crate) const INVARIANTS: &[&[Invariant]] = &[
    modelling::INVARIANTS,
    meal_planning::INVARIANTS,
    cutover::INVARIANTS,
    feature_planner::INVARIANTS,
];

/// Names that PostgreSQL has given in live installations, which the baselines keep.
const LEGACY_NAMES: &[&str] = &[
    "discovered_files_added_by_user_id_users_id_fk",
    "discovered_files_discovery_session_id_file_discovery_sessions_i",
    "discovered_files_discovery_session_id_idx",
    "discovered_files_file_path_idx",
    "discovered_files_is_manually_added_idx",
    "discovered_files_is_selected_idx",
    "discovered_files_lines_of_code_positive",
    "discovered_files_pkey",
    "discovered_files_priority_idx",
    "discovered_files_relevance_score_range",
    "discovered_files_session_priority_idx",
    "feature_plans_current_step_idx",
    "feature_plans_current_step_range",
    "feature_plans_execution_time_non_negative",
    "feature_plans_original_request_not_empty",
    "feature_plans_original_request_search_idx",
    "feature_plans_parent_id_idx",
    "feature_plans_parent_version_idx",
    "feature_plans_pkey",
    "feature_plans_refined_request_search_idx",
    "feature_plans_status_idx",
    "feature_plans_user_created_desc_idx",
    "feature_plans_user_created_idx",
    "feature_plans_user_id_idx",
    "feature_plans_user_id_users_id_fk",
    "feature_plans_user_status_idx",
    "feature_plans_version_positive",
    "feature_refinements_agent_id_idx",
    "feature_refinements_character_count_non_negative",
    "feature_refinements_execution_time_non_negative",
    "feature_refinements_expansion_ratio_positive",
    "feature_refinements_pkey",
    "feature_refinements_plan_id_feature_plans_id_fk",
    "feature_refinements_plan_id_idx",
    "feature_refinements_plan_status_idx",
    "feature_refinements_retry_count_non_negative",
    "feature_refinements_status_idx",
    "feature_refinements_token_counts_non_negative",
    "feature_refinements_word_count_non_negative",
    "file_discovery_sessions_agent_id_idx",
    "file_discovery_sessions_counts_non_negative",
    "file_discovery_sessions_execution_time_non_negative",
    "file_discovery_sessions_is_selected_idx",
    "file_discovery_sessions_pkey",
    "file_discovery_sessions_plan_id_feature_plans_id_fk",
    "file_discovery_sessions_plan_id_idx",
    "file_discovery_sessions_status_idx",
    "file_discovery_sessions_token_counts_non_negative",
    "file_discovery_sessions_total_files_non_negative",
    "implementation_plan_generations_agent_id_idx",
    "implementation_plan_generations_counts_non_negative",
    "implementation_plan_generations_execution_time_non_negative",
    "implementation_plan_generations_is_selected_idx",
    "implementation_plan_generations_pkey",
    "implementation_plan_generations_plan_id_feature_plans_id_fk",
    "implementation_plan_generations_plan_id_idx",
    "implementation_plan_generations_status_idx",
    "implementation_plan_generations_token_counts_non_negative",
    "iteration_types_itt_pkey",
    "iterations_ite_itt_code_fkey",
    "iterations_ite_itt_code_idx",
    "iterations_ite_mig_id_fkey",
    "iterations_ite_mig_id_idx",
    "iterations_ite_pkey",
    "migrations_mig_check",
    "migrations_mig_pkey",
    "migrations_mig_usr_id_owner_fkey",
    "migrations_mig_usr_id_owner_idx",
    "plan_contingency_cost_check",
    "plan_execution_logs_agent_level_idx",
    "plan_execution_logs_agent_level_non_negative",
    "plan_execution_logs_created_at_idx",
    "plan_execution_logs_duration_non_negative",
    "plan_execution_logs_parent_log_id_idx",
    "plan_execution_logs_pkey",
    "plan_execution_logs_plan_id_feature_plans_id_fk",
    "plan_execution_logs_plan_id_idx",
    "plan_execution_logs_plan_step_idx",
    "plan_execution_logs_retry_attempt_non_negative",
    "plan_execution_logs_session_id_idx",
    "plan_execution_logs_step_idx",
    "plan_execution_logs_step_number_range",
    "plan_execution_logs_token_counts_non_negative",
    "plan_pkey",
    "plan_post_epc_band_check",
    "plan_scenario_id_fkey",
    "plan_step_templates_category_idx",
    "plan_step_templates_is_public_idx",
    "plan_step_templates_pkey",
    "plan_step_templates_usage_count_idx",
    "plan_step_templates_usage_count_non_negative",
    "plan_step_templates_user_id_idx",
    "plan_step_templates_user_id_users_id_fk",
    "plan_steps_category_idx",
    "plan_steps_display_order_idx",
    "plan_steps_display_order_non_negative",
    "plan_steps_pkey",
    "plan_steps_plan_generation_id_idx",
    "plan_steps_plan_generation_id_implementation_plan_generations_i",
    "plan_steps_step_number_positive",
    "plan_steps_template_id_idx",
    "plans_master_plm_pkey",
    "recommendation_estimated_cost_check",
    "recommendation_pkey",
    "scenario_pkey",
];

/// Rules of the catalog that no caller of a repository can break, so no sentence explains them.
const WITHOUT_SENTENCE: &[(&str, &str)] = &[
    ("accepted_differences_key_pk", "written by an adoption alone"),
    ("adopted_names_schema_name_table_name_actual_name_pk", "written by an adoption alone"),
    ("jobs_name_pk", "runners alone write the state of jobs, each under the lock of its job"),
    ("jobs_phase_ck", "as its primary key"),
    ("jobs_phase_error_ck", "as its primary key"),
    ("jobs_phase_finished_at_ck", "as its primary key"),
    ("migrations_version_uq", "the runner alone writes the history"),
    ("users_id_pk", "the host writes its users"),
];

/// Restricts a query to what the migrations have made; `n` is the namespace.
const OURS: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

#[derive(QueryableByName)]
struct Looked {
    #[diesel(sql_type = Text)]
    at: String,
    #[diesel(sql_type = Nullable<Text>)]
    wrong: Option<String>,
}

/// What is looked at, how many there are, and the query that lists them: what it is, and what is
/// wrong with it or NULL.
const CHECKS: &[(&str, usize, &str)] = &[
    (
        "commented tables and views",
        37,
        "SELECT format('%s %s', c.oid::regclass, c.relkind) AS at,
                CASE WHEN obj_description(c.oid, 'pg_class') ~ '\\S' THEN NULL
                     ELSE 'has no comment' END AS wrong
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
    ),
    (
        "commented columns",
        432,
        "SELECT format('%s.%s', c.oid::regclass, a.attname) AS at,
                CASE WHEN col_description(c.oid, a.attnum) ~ '\\S' THEN NULL
                     ELSE 'has no comment' END AS wrong
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
    ),
    (
        "commented types",
        13,
        "SELECT t.oid::regtype::text AS at,
                CASE WHEN obj_description(t.oid, 'pg_type') ~ '\\S' THEN NULL
                     ELSE 'has no comment' END AS wrong
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
          WHERE {OURS} AND t.typtype IN ('e', 'd')",
    ),
    // A partial one serves where it leaves out only the rows that refer to nothing.
    (
        "indexed foreign keys",
        40,
        "SELECT format('%s.%s', k.conrelid::regclass, k.conname) AS at,
                CASE WHEN EXISTS (
                    SELECT FROM pg_index i
                     WHERE i.indrelid = k.conrelid AND i.indisvalid
                       AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                       AND k.conkey @> (i.indkey::int2[])[0:cardinality(k.conkey) - 1]
                       AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) IN
                            (SELECT format('(%I IS NOT NULL)', a.attname) FROM pg_attribute a
                              WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))))
                THEN NULL ELSE 'has no index' END AS wrong
           FROM pg_constraint k
           JOIN pg_namespace n ON n.oid = k.connamespace
          WHERE {OURS} AND k.contype = 'f' AND k.conparentid = 0",
    ),
    (
        "columns of times",
        48,
        "SELECT format('%s.%s %s', c.oid::regclass, a.attname, format_type(a.atttypid, NULL)) AS at,
                CASE WHEN t.typname IN ('timestamptz', '_timestamptz') THEN NULL
                     ELSE 'is no timestamptz' END AS wrong
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type t ON t.oid = a.atttypid
          WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm')
            AND t.typname IN ('timestamptz', '_timestamptz', 'timestamp', '_timestamp',
                              'timetz', '_timetz', 'abstime')",
    ),
    (
        "sequences",
        9,
        "SELECT c.oid::regclass::text AS at,
                CASE WHEN EXISTS (SELECT FROM pg_depend d
                                   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                     AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i')
                THEN NULL ELSE 'is of no identity column' END AS wrong
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE {OURS} AND c.relkind = 'S'",
    ),
    (
        "defaults",
        93,
        "SELECT format('%s.%s', d.adrelid::regclass, a.attname) AS at,
                CASE WHEN pg_get_expr(d.adbin, d.adrelid) ~ 'nextval'
                     THEN 'is a serial' END AS wrong
           FROM pg_attrdef d
           JOIN pg_class c ON c.oid = d.adrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
          WHERE {OURS}",
    ),
    (
        "indexes",
        121,
        "SELECT i.indexrelid::regclass::text AS at,
                CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive)
                     THEN 'is not valid' END AS wrong
           FROM pg_index i
           JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE {OURS}",
    ),
    // NOT NULL has rows of its own from PostgreSQL 18 on. Triggers can be constraints, too.
    (
        "constraints",
        164,
        "SELECT format('%s.%s', k.conrelid::regclass, k.conname) AS at,
                CASE WHEN NOT k.convalidated THEN 'is not validated' END AS wrong
           FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
          WHERE {OURS} AND k.contype NOT IN ('n', 't')",
    ),
];

fn look(uow: &mut UnitOfWork<'_>, sql: &str) -> Result<Vec<Looked>> {
    Ok(diesel::sql_query(sql.replace("{OURS}", OURS)).load(uow.connection())?)
}

fn report(rule: &str, expected: usize, found: impl Iterator<Item = (String, Option<String>)>) {
    let found: BTreeMap<_, _> = found.collect();
    println!("\n{rule}: {}", found.len());
    for (at, wrong) in &found {
        println!("  {at} {}", wrong.as_deref().unwrap_or_default());
    }
    let wrong: Vec<_> =
        found.iter().filter_map(|(at, why)| Some(format!("{at}: {}", why.as_ref()?))).collect();
    assert!(wrong.is_empty(), "{rule}: {wrong:#?}");
    assert_eq!(found.len(), expected, "{rule}: how many there are; {:#?}", found.keys());
}

#[test]
fn every_table_keeps_the_conventions() {
    let database = everything();
    for (rule, expected, sql) in CHECKS {
        let found = database.store().read(|uow| look(uow, sql)).unwrap();
        report(rule, *expected, found.into_iter().map(|row| (row.at, row.wrong)));
    }
}

#[test]
fn what_breaks_a_convention_is_found() {
    let database = everything();
    rolled_back(database.store(), |uow| {
        for sql in [
            "CREATE TYPE mood AS ENUM ('good')",
            "CREATE TABLE bad (id serial PRIMARY KEY, at timestamp, plan_id bigint)",
            "ALTER TABLE bad ADD CONSTRAINT b FOREIGN KEY (plan_id) REFERENCES plan NOT VALID",
            // One that leaves out rows which refer to a plan does not serve.
            "CREATE INDEX ON bad (plan_id) WHERE at IS NOT NULL",
            "CREATE INDEX ON bad (at, plan_id)",
            "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'bad'::regclass",
        ] {
            execute(uow, sql)?;
        }
        for (rule, expected, sql) in CHECKS {
            let found = look(uow, sql)?;
            assert!(found.len() > *expected, "{rule}");
            let (bad, good): (Vec<_>, Vec<_>) =
                found.iter().partition(|row| row.at.contains("bad") || row.at.contains("mood"));
            assert!(bad.iter().any(|row| row.wrong.is_some()), "{rule} finds nothing");
            assert!(good.iter().all(|row| row.wrong.is_none()), "{rule}");
        }
        Ok(())
    })
    .unwrap();
}

/// A constraint, or an index that no constraint has made.
#[derive(QueryableByName)]
struct Rule {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    table: String,
    /// The end of its name.
    #[diesel(sql_type = Text)]
    kind: String,
    /// In the order of the index or key; of a check in the order of the table.
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    /// For a primary key: whether the server draws it.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    drawn: bool,
}

fn rules(store: &Store) -> Vec<Rule> {
    let sql = "
        WITH found AS (
            SELECT k.conname AS name, k.conrelid AS relation,
                   CASE k.contype WHEN 'p' THEN 'pk' WHEN 'u' THEN 'uq' WHEN 'f' THEN 'fk'
                                  WHEN 'c' THEN 'ck' WHEN 'x' THEN 'ex' ELSE k.contype::text
                   END AS kind,
                   k.conkey AS columns
              FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
             WHERE {OURS} AND k.contype NOT IN ('n', 't') AND k.conrelid <> 0
            UNION ALL
            SELECT c.relname, i.indrelid, CASE WHEN i.indisunique THEN 'uq' ELSE 'ix' END,
                   (i.indkey::int2[])[0:i.indnkeyatts - 1]
              FROM pg_index i
              JOIN pg_class c ON c.oid = i.indexrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE {OURS} AND NOT EXISTS (SELECT FROM pg_constraint k
                                           WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
        )
        SELECT f.name::text, c.relname::text AS table, f.kind,
               (SELECT coalesce(array_agg(a.attname::text ORDER BY u.nth), '{}')
                  FROM unnest(f.columns) WITH ORDINALITY AS u(attnum, nth)
                  JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = u.attnum) AS columns,
               f.kind = 'pk' AND EXISTS (SELECT FROM pg_attribute a
                                          WHERE a.attrelid = f.relation AND a.attidentity <> ''
                                            AND a.attnum = ANY (f.columns)) AS drawn
          FROM found f JOIN pg_class c ON c.oid = f.relation
         ORDER BY 1";
    let sql = sql.replace("{OURS}", OURS);
    store.read(|uow| Ok(diesel::sql_query(&sql).load(uow.connection())?)).unwrap()
}

#[test]
fn names_say_table_columns_and_kind() {
    let database = everything();
    let rules = rules(database.store());
    let mut legacy = BTreeSet::new();
    report(
        "names",
        236,
        rules.iter().map(|rule| {
            let expected = format!("{}_{}_{}", rule.table, rule.columns.join("_"), rule.kind);
            let wrong = if LEGACY_NAMES.contains(&rule.name.as_str()) {
                legacy.insert(rule.name.as_str());
                None
            } else {
                (rule.name != expected).then(|| format!("should be {expected}"))
            };
            (rule.name.clone(), wrong)
        }),
    );
    assert_eq!(legacy.into_iter().collect::<Vec<_>>(), LEGACY_NAMES, "each is there");
}

#[test]
fn every_rule_of_the_database_has_words_for_who_breaks_it() {
    let database = everything();
    let rules = rules(database.store());
    let enforced: BTreeSet<&str> = INVARIANTS
        .iter()
        .flat_map(|invariants| *invariants)
        .filter(|invariant| invariant.enforced)
        .map(|invariant| invariant.name)
        .collect();
    let mut excepted = BTreeSet::new();
    report(
        "rules with a sentence",
        167,
        rules.iter().filter(|rule| rule.kind != "ix" && !rule.drawn).map(|rule| {
            let name = rule.name.as_str();
            let exception = WITHOUT_SENTENCE.iter().find(|(excepted, _)| *excepted == name);
            excepted.extend(exception.map(|(name, _)| *name));
            let known = enforced.contains(name) != exception.is_some();
            (name.to_owned(), (!known).then(|| "must be an invariant or an exception".to_owned()))
        }),
    );
    assert_eq!(excepted.len(), WITHOUT_SENTENCE.len(), "each exception is there: {excepted:?}");
    report(
        "enforced invariants",
        159,
        enforced.iter().map(|name| {
            let found = rules.iter().any(|rule| rule.name == *name);
            ((*name).to_owned(), (!found).then(|| "is not in the database".to_owned()))
        }),
    );
    let names: Vec<_> = INVARIANTS.iter().flat_map(|of| *of).map(|of| of.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no name twice");
}
