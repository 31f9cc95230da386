//! The rules of the feature planner.

use crate::verify::{Invariant, Severity};

const MOVE: &str = "20261120192100";
const REFINEMENT: &str = "20261120192300";
const DISCOVERY: &str = "20261120192310";
const GENERATION: &str = "20261120192320";
const SELECTED: &str = "20261120192330";
const PARENTS: &str = "20261120192340";
const PATH: &str = "20261120192400";
const VERSION: &str = "20261120192410";
const PLACE: &str = "20261120192420";
const NUMBER: &str = "20261120192430";

/// A rule that the database enforces: since when, the table, the constraint, its kind, the columns
/// that name a violator, the sentence, and then
///
/// * of a check: the condition of the rows that break it;
/// * of a unique or primary key: the condition of the rows that it covers;
/// * of a foreign key: the condition of the rows c that need a parent, its table, and when a p is it.
macro_rules! rule {
    ($since:ident $table:ident $name:literal ck $by:literal: $sentence:literal, $broken:literal) => {
        enforced(
            $since,
            $name,
            $sentence,
            concat!(violator!($table $by), " WHERE ", $broken),
        )
    };
    ($since:ident $table:ident $name:literal uq $by:literal: $sentence:literal, $covered:literal) => {
        enforced(
            $since,
            $name,
            $sentence,
            concat!(
                violator!($table $by), " WHERE ", $covered, " GROUP BY ", $by, " HAVING count(*) > 1"
            ),
        )
    };
    ($since:ident $table:ident $name:literal fk $by:literal: $sentence:literal, $covered:literal, $parent:literal, $is:literal) => {
        enforced(
            $since,
            $name,
            $sentence,
            concat!(
                violator!($table $by), " WHERE ", $covered, " AND NOT EXISTS (SELECT FROM ", $parent,
                " p WHERE ", $is, ")"
            ),
        )
    };
}

/// The query up to its condition.
macro_rules! violator {
    ($table:ident $by:literal) => {
        concat!(
            "SELECT format('",
            stringify!($table),
            " %s', (",
            $by,
            ")::text) AS violator FROM feature_planner.",
            stringify!($table),
            " c"
        )
    };
}

/// What must hold in the tables of the feature planner.
#[rustfmt::skip] // a rule on three lines
pub const INVARIANTS: &[Invariant] = &[
    rule!(MOVE feature_plans "feature_plans_pkey" uq "id":
        "two plans have different keys",
        "true"),
    rule!(MOVE feature_plans "feature_plans_current_step_range" ck "id":
        "the step that a plan is in is 0 to 3",
        "current_step NOT BETWEEN 0 AND 3"),
    rule!(MOVE feature_plans "feature_plans_execution_time_non_negative" ck "id":
        "a plan's execution time is not negative",
        "total_execution_time_ms < 0"),
    rule!(MOVE feature_plans "feature_plans_original_request_not_empty" ck "id":
        "a plan has a request that is not blank",
        "length(trim(original_request)) = 0"),
    rule!(MOVE feature_plans "feature_plans_version_positive" ck "id":
        "a plan's version is above zero",
        "version <= 0"),
    rule!(MOVE feature_plans "feature_plans_user_id_users_id_fk" fk "id":
        "a plan's user exists",
        "true", "public.users", "p.id = c.user_id"),
    rule!(PARENTS feature_plans "feature_plans_parent_plan_id_fk" fk "id":
        "the plan that one is a version of exists",
        "c.parent_plan_id IS NOT NULL", "feature_planner.feature_plans", "p.id = c.parent_plan_id"),
    rule!(VERSION feature_plans "feature_plans_parent_plan_id_version_uq" uq "parent_plan_id, version":
        "the versions of a plan have different numbers",
        "parent_plan_id IS NOT NULL"),
    rule!(SELECTED feature_plans "feature_plans_selected_refinement_id_id_fk" fk "id":
        "the refinement that a plan has selected is one of its own",
        "c.selected_refinement_id IS NOT NULL", "feature_planner.feature_refinements", "p.id = c.selected_refinement_id AND p.plan_id = c.id"),
    rule!(SELECTED feature_plans "feature_plans_selected_discovery_session_id_id_fk" fk "id":
        "the discovery that a plan has selected is one of its own",
        "c.selected_discovery_session_id IS NOT NULL", "feature_planner.file_discovery_sessions", "p.id = c.selected_discovery_session_id AND p.plan_id = c.id"),
    rule!(SELECTED feature_plans "feature_plans_selected_plan_generation_id_id_fk" fk "id":
        "the generation that a plan has selected is one of its own",
        "c.selected_plan_generation_id IS NOT NULL", "feature_planner.implementation_plan_generations", "p.id = c.selected_plan_generation_id AND p.plan_id = c.id"),
    rule!(MOVE feature_refinements "feature_refinements_pkey" uq "id":
        "two refinements have different keys",
        "true"),
    rule!(MOVE feature_refinements "feature_refinements_character_count_non_negative" ck "id":
        "the characters of a refinement are not fewer than none",
        "character_count < 0"),
    rule!(MOVE feature_refinements "feature_refinements_execution_time_non_negative" ck "id":
        "a refinement's execution time is not negative",
        "execution_time_ms < 0"),
    rule!(MOVE feature_refinements "feature_refinements_expansion_ratio_positive" ck "id":
        "a refinement's expansion is above zero",
        "expansion_ratio <= 0"),
    rule!(MOVE feature_refinements "feature_refinements_retry_count_non_negative" ck "id":
        "the retries of a refinement are not fewer than none",
        "retry_count < 0"),
    rule!(MOVE feature_refinements "feature_refinements_token_counts_non_negative" ck "id":
        "the tokens of a refinement are not fewer than none",
        "prompt_tokens < 0 OR completion_tokens < 0"),
    rule!(MOVE feature_refinements "feature_refinements_word_count_non_negative" ck "id":
        "the words of a refinement are not fewer than none",
        "word_count < 0"),
    rule!(MOVE feature_refinements "feature_refinements_plan_id_feature_plans_id_fk" fk "id":
        "a refinement's plan exists",
        "true", "feature_planner.feature_plans", "p.id = c.plan_id"),
    rule!(REFINEMENT feature_refinements "feature_refinements_id_plan_id_uq" uq "id, plan_id":
        "a refinement is of one plan",
        "true"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_pkey" uq "id":
        "two discoveries have different keys",
        "true"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_counts_non_negative" ck "id":
        "a discovery has no fewer files of a priority than none",
        "critical_priority_count < 0 OR high_priority_count < 0 OR medium_priority_count < 0 OR low_priority_count < 0"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_execution_time_non_negative" ck "id":
        "a discovery's execution time is not negative",
        "execution_time_ms < 0"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_token_counts_non_negative" ck "id":
        "the tokens of a discovery are not fewer than none",
        "prompt_tokens < 0 OR completion_tokens < 0"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_total_files_non_negative" ck "id":
        "the files of a discovery are not fewer than none",
        "total_files_found < 0"),
    rule!(MOVE file_discovery_sessions "file_discovery_sessions_plan_id_feature_plans_id_fk" fk "id":
        "a discovery's plan exists",
        "true", "feature_planner.feature_plans", "p.id = c.plan_id"),
    rule!(DISCOVERY file_discovery_sessions "file_discovery_sessions_id_plan_id_uq" uq "id, plan_id":
        "a discovery is of one plan",
        "true"),
    rule!(MOVE discovered_files "discovered_files_pkey" uq "id":
        "two files have different keys",
        "true"),
    rule!(MOVE discovered_files "discovered_files_lines_of_code_positive" ck "id":
        "a file has a line of code or more, where they are counted",
        "lines_of_code <= 0"),
    rule!(MOVE discovered_files "discovered_files_relevance_score_range" ck "id":
        "a file's relevance is 0 to 100",
        "relevance_score NOT BETWEEN 0 AND 100"),
    rule!(MOVE discovered_files "discovered_files_added_by_user_id_users_id_fk" fk "id":
        "the user who has added a file exists, and stays while it does",
        "c.added_by_user_id IS NOT NULL", "public.users", "p.id = c.added_by_user_id"),
    rule!(MOVE discovered_files "discovered_files_discovery_session_id_file_discovery_sessions_i" fk "id":
        "a file's discovery exists",
        "true", "feature_planner.file_discovery_sessions", "p.id = c.discovery_session_id"),
    rule!(PATH discovered_files "discovered_files_discovery_session_id_file_path_uq" uq "discovery_session_id, file_path":
        "a discovery has a file once",
        "true"),
    rule!(MOVE implementation_plan_generations "implementation_plan_generations_pkey" uq "id":
        "two generations have different keys",
        "true"),
    rule!(MOVE implementation_plan_generations "implementation_plan_generations_counts_non_negative" ck "id":
        "a generation has no fewer steps, prerequisites or gates than none",
        "total_steps < 0 OR prerequisites_count < 0 OR quality_gates_count < 0"),
    rule!(MOVE implementation_plan_generations "implementation_plan_generations_execution_time_non_negative" ck "id":
        "a generation's execution time is not negative",
        "execution_time_ms < 0"),
    rule!(MOVE implementation_plan_generations "implementation_plan_generations_token_counts_non_negative" ck "id":
        "the tokens of a generation are not fewer than none",
        "prompt_tokens < 0 OR completion_tokens < 0"),
    rule!(MOVE implementation_plan_generations "implementation_plan_generations_plan_id_feature_plans_id_fk" fk "id":
        "a generation's plan exists",
        "true", "feature_planner.feature_plans", "p.id = c.plan_id"),
    rule!(GENERATION implementation_plan_generations "implementation_plan_generations_id_plan_id_uq" uq "id, plan_id":
        "a generation is of one plan",
        "true"),
    rule!(MOVE plan_steps "plan_steps_pkey" uq "id":
        "two steps have different keys",
        "true"),
    rule!(MOVE plan_steps "plan_steps_display_order_non_negative" ck "id":
        "a step's place is not negative",
        "display_order < 0"),
    rule!(MOVE plan_steps "plan_steps_step_number_positive" ck "id":
        "a step's number is above zero",
        "step_number <= 0"),
    rule!(MOVE plan_steps "plan_steps_plan_generation_id_implementation_plan_generations_i" fk "id":
        "a step's generation exists",
        "true", "feature_planner.implementation_plan_generations", "p.id = c.plan_generation_id"),
    rule!(PARENTS plan_steps "plan_steps_template_id_fk" fk "id":
        "the template that a step was made from exists",
        "c.template_id IS NOT NULL", "feature_planner.plan_step_templates", "p.id = c.template_id"),
    rule!(PLACE plan_steps "plan_steps_plan_generation_id_display_order_uq" uq "plan_generation_id, display_order":
        "the steps of a generation have different places",
        "true"),
    rule!(NUMBER plan_steps "plan_steps_plan_generation_id_step_number_uq" uq "plan_generation_id, step_number":
        "the steps of a generation have different numbers",
        "true"),
    rule!(MOVE plan_step_templates "plan_step_templates_pkey" uq "id":
        "two templates have different keys",
        "true"),
    rule!(MOVE plan_step_templates "plan_step_templates_usage_count_non_negative" ck "id":
        "a template is used no fewer times than none",
        "usage_count < 0"),
    rule!(MOVE plan_step_templates "plan_step_templates_user_id_users_id_fk" fk "id":
        "a template's user exists",
        "true", "public.users", "p.id = c.user_id"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_pkey" uq "id":
        "two log entries have different keys",
        "true"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_agent_level_non_negative" ck "id":
        "the level of a log entry's agent is not negative",
        "agent_level < 0"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_duration_non_negative" ck "id":
        "a log entry's duration is not negative",
        "duration_ms < 0"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_retry_attempt_non_negative" ck "id":
        "the attempt of a log entry is not negative",
        "retry_attempt < 0"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_step_number_range" ck "id":
        "the step of a log entry is 1 to 3",
        "step_number NOT BETWEEN 1 AND 3"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_token_counts_non_negative" ck "id":
        "the tokens of a log entry are not fewer than none",
        "prompt_tokens < 0 OR completion_tokens < 0"),
    rule!(MOVE plan_execution_logs "plan_execution_logs_plan_id_feature_plans_id_fk" fk "id":
        "a log entry's plan exists",
        "true", "feature_planner.feature_plans", "p.id = c.plan_id"),
    rule!(PARENTS plan_execution_logs "plan_execution_logs_parent_log_id_fk" fk "id":
        "the log entry that one is below exists",
        "c.parent_log_id IS NOT NULL", "feature_planner.plan_execution_logs", "p.id = c.parent_log_id"),
];

const fn enforced(
    since: &'static str,
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    Invariant { name, sentence, enforced: true, severity: Severity::Error, since, violators }
}

/// The words for a constraint.
pub(super) fn sentence(constraint: &str) -> Option<&'static str> {
    INVARIANTS.iter().find(|rule| rule.name == constraint).map(|rule| rule.sentence)
}
