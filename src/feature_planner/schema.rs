// @generated automatically by Diesel CLI.

pub mod feature_planner {
    pub mod sql_types {
        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "complexity", schema = "feature_planner"))]
        pub struct Complexity;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "confidence_level", schema = "feature_planner"))]
        pub struct ConfidenceLevel;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "estimated_scope", schema = "feature_planner"))]
        pub struct EstimatedScope;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "execution_step", schema = "feature_planner"))]
        pub struct ExecutionStep;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "file_discovery_status", schema = "feature_planner"))]
        pub struct FileDiscoveryStatus;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "file_priority", schema = "feature_planner"))]
        pub struct FilePriority;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "implementation_plan_status", schema = "feature_planner"))]
        pub struct ImplementationPlanStatus;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "plan_status", schema = "feature_planner"))]
        pub struct PlanStatus;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "refinement_status", schema = "feature_planner"))]
        pub struct RefinementStatus;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "risk_level", schema = "feature_planner"))]
        pub struct RiskLevel;

        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "technical_complexity", schema = "feature_planner"))]
        pub struct TechnicalComplexity;
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::FilePriority;

        /// Files that a discovery has found, or a person has added.
        feature_planner.discovered_files (id) {
            /// Who added it, where a person did.
            added_by_user_id -> Nullable<Uuid>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// What the file is.
            description -> Nullable<Text>,
            /// The discovery.
            discovery_session_id -> Uuid,
            /// Whether it exists, or is to be made.
            file_exists -> Bool,
            /// Where it is, from the root of the project.
            #[max_length = 500]
            file_path -> Varchar,
            /// What kind of file it is.
            #[max_length = 50]
            file_type -> Nullable<Varchar>,
            /// The key.
            id -> Uuid,
            /// Where the feature meets it.
            #[max_length = 1000]
            integration_point -> Nullable<Varchar>,
            /// Whether a person added it.
            is_manually_added -> Bool,
            /// Whether the plan goes on with it.
            is_selected -> Bool,
            /// How long it is, in lines.
            lines_of_code -> Nullable<Int4>,
            /// How much it matters.
            priority -> FilePriority,
            /// Why the agent holds it to matter.
            reasoning -> Nullable<Text>,
            /// How relevant it is, from 0 to 100.
            relevance_score -> Int4,
            /// What part it plays.
            #[max_length = 100]
            role -> Nullable<Varchar>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::Complexity;
        use super::sql_types::RiskLevel;
        use super::sql_types::PlanStatus;

        /// Feature requests, and what has become of each.
        feature_planner.feature_plans (id) {
            /// When it was done.
            completed_at -> Nullable<Timestamptz>,
            /// How much there is to it.
            complexity -> Nullable<Complexity>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// The step of the work that it is in: 0 before the first, 1 refinement, 2 discovery, 3 planning.
            current_step -> Int4,
            /// The files of the selected discovery, copied.
            discovered_files -> Nullable<Jsonb>,
            /// How long the work is expected to take, in words.
            #[max_length = 50]
            estimated_duration -> Nullable<Varchar>,
            /// The key.
            id -> Uuid,
            /// The implementation plan, in Markdown.
            implementation_plan -> Nullable<Text>,
            /// The request as it was made.
            original_request -> Text,
            /// The plan that this one is a version of.
            parent_plan_id -> Nullable<Uuid>,
            /// The request as the selected refinement says it.
            refined_request -> Nullable<Text>,
            /// How refinements are to be made, as the application keeps it.
            refinement_settings -> Nullable<Jsonb>,
            /// How much can go wrong.
            risk_level -> Nullable<RiskLevel>,
            /// The discovery that the plan goes on with.
            selected_discovery_session_id -> Nullable<Uuid>,
            /// The files that were selected of it.
            selected_files -> Nullable<Jsonb>,
            /// The generation that the plan goes on with.
            selected_plan_generation_id -> Nullable<Uuid>,
            /// The refinement that the plan goes on with.
            selected_refinement_id -> Nullable<Uuid>,
            /// The session of the agent, by its own name.
            #[max_length = 255]
            session_id -> Nullable<Varchar>,
            /// How far the plan is.
            status -> PlanStatus,
            /// How long agents have worked on it, in milliseconds.
            total_execution_time_ms -> Int4,
            /// When the row was last changed.
            updated_at -> Timestamptz,
            /// Whose it is.
            user_id -> Uuid,
            /// Which version of its parent it is, from 1.
            version -> Int4,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::RefinementStatus;
        use super::sql_types::ConfidenceLevel;
        use super::sql_types::EstimatedScope;
        use super::sql_types::TechnicalComplexity;

        /// Attempts of agents to say precisely what a request asks for.
        feature_planner.feature_refinements (id) {
            /// Which agent has tried.
            #[max_length = 100]
            agent_id -> Varchar,
            /// The model that the agent ran on.
            #[max_length = 50]
            agent_model -> Varchar,
            /// Characters of the refined request.
            character_count -> Nullable<Int4>,
            /// When it was done.
            completed_at -> Nullable<Timestamptz>,
            /// Tokens that came out.
            completion_tokens -> Nullable<Int4>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// Why it failed.
            error_message -> Nullable<Text>,
            /// How long it took, in milliseconds.
            execution_time_ms -> Nullable<Int4>,
            /// How much longer the refined request is than the one that came in.
            expansion_ratio -> Nullable<Int4>,
            /// The key.
            id -> Uuid,
            /// The request that the agent was given.
            input_request -> Text,
            /// Whether the answer had the form that was asked for.
            is_valid_format -> Bool,
            /// The feature plan.
            plan_id -> Uuid,
            /// Tokens that went in.
            prompt_tokens -> Nullable<Int4>,
            /// The request as it was refined.
            refined_request -> Nullable<Text>,
            /// How often it was tried again.
            retry_count -> Int4,
            /// How far it is.
            status -> RefinementStatus,
            /// Tokens together.
            total_tokens -> Nullable<Int4>,
            /// What was wrong with the answer.
            validation_errors -> Nullable<Jsonb>,
            /// Words of the refined request.
            word_count -> Nullable<Int4>,
            /// What people call the agent.
            #[max_length = 100]
            agent_name -> Nullable<Varchar>,
            /// What the agent is good at.
            #[max_length = 100]
            agent_role -> Nullable<Varchar>,
            /// What the agent took for granted.
            assumptions -> Nullable<Jsonb>,
            /// How sure the agent is.
            confidence -> Nullable<ConfidenceLevel>,
            /// How much the agent expects to change.
            estimated_scope -> Nullable<EstimatedScope>,
            /// What the agent was to look at.
            focus -> Nullable<Text>,
            /// What the agent holds to be essential.
            key_requirements -> Nullable<Jsonb>,
            /// What the agent expects to go wrong.
            risks -> Nullable<Jsonb>,
            /// How hard the agent expects the work to be.
            technical_complexity -> Nullable<TechnicalComplexity>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::FileDiscoveryStatus;

        /// Attempts of agents to find the files that a plan is about.
        feature_planner.file_discovery_sessions (id) {
            /// Which agent has tried.
            #[max_length = 100]
            agent_id -> Varchar,
            /// What the agent has learned about the architecture.
            architecture_insights -> Nullable<Text>,
            /// When it was done.
            completed_at -> Nullable<Timestamptz>,
            /// Tokens that came out.
            completion_tokens -> Nullable<Int4>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// How many of the files are critical.
            critical_priority_count -> Int4,
            /// The files that it was given or has found, as they were then.
            discovered_files -> Nullable<Jsonb>,
            /// Why it failed.
            error_message -> Nullable<Text>,
            /// How long it took, in milliseconds.
            execution_time_ms -> Nullable<Int4>,
            /// How many matter much.
            high_priority_count -> Int4,
            /// The key.
            id -> Uuid,
            /// Whether it is the one that the plan goes on with.
            is_selected -> Bool,
            /// How many matter little.
            low_priority_count -> Int4,
            /// How many matter.
            medium_priority_count -> Int4,
            /// The feature plan.
            plan_id -> Uuid,
            /// Tokens that went in.
            prompt_tokens -> Nullable<Int4>,
            /// The request as it was refined.
            refined_request -> Text,
            /// How far it is.
            status -> FileDiscoveryStatus,
            /// How many files it has found.
            total_files_found -> Int4,
            /// Tokens together.
            total_tokens -> Nullable<Int4>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::Complexity;
        use super::sql_types::RiskLevel;
        use super::sql_types::ImplementationPlanStatus;

        /// Attempts of agents to plan the implementation.
        feature_planner.implementation_plan_generations (id) {
            /// Which agent has tried.
            #[max_length = 100]
            agent_id -> Varchar,
            /// When it was done.
            completed_at -> Nullable<Timestamptz>,
            /// Tokens that came out.
            completion_tokens -> Nullable<Int4>,
            /// How much there is to it.
            complexity -> Nullable<Complexity>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// The files that it was given or has found, as they were then.
            discovered_files -> Nullable<Jsonb>,
            /// Why it failed.
            error_message -> Nullable<Text>,
            /// How long the work is expected to take, in words.
            #[max_length = 50]
            estimated_duration -> Nullable<Varchar>,
            /// How long it took, in milliseconds.
            execution_time_ms -> Nullable<Int4>,
            /// Whether the plan has the sections that were asked for.
            has_required_sections -> Bool,
            /// The key.
            id -> Uuid,
            /// The implementation plan, in Markdown.
            implementation_plan -> Nullable<Text>,
            /// Whether it is the one that the plan goes on with.
            is_selected -> Bool,
            /// Whether the plan is Markdown that can be read.
            is_valid_markdown -> Bool,
            /// The feature plan.
            plan_id -> Uuid,
            /// How many prerequisites it names.
            prerequisites_count -> Int4,
            /// Tokens that went in.
            prompt_tokens -> Nullable<Int4>,
            /// How many quality gates it names.
            quality_gates_count -> Int4,
            /// The request as it was refined.
            refined_request -> Text,
            /// How much can go wrong.
            risk_level -> Nullable<RiskLevel>,
            /// How far it is.
            status -> ImplementationPlanStatus,
            /// How many steps it has.
            total_steps -> Int4,
            /// Tokens together.
            total_tokens -> Nullable<Int4>,
            /// What was wrong with the answer.
            validation_errors -> Nullable<Jsonb>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::ExecutionStep;

        /// What agents did for a plan, call by call.
        feature_planner.plan_execution_logs (id) {
            /// How deep the call is nested, from 0.
            agent_level -> Int4,
            /// The model that the agent ran on.
            #[max_length = 50]
            agent_model -> Nullable<Varchar>,
            /// What the agent answered.
            agent_response -> Nullable<Text>,
            /// What kind of agent was called.
            #[max_length = 100]
            agent_type -> Varchar,
            /// Tokens that were put into the cache.
            cache_creation_tokens -> Nullable<Int4>,
            /// Tokens that came from the cache.
            cache_read_tokens -> Nullable<Int4>,
            /// Tokens that came out.
            completion_tokens -> Nullable<Int4>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// How long the call took, in milliseconds.
            duration_ms -> Nullable<Int4>,
            /// When the call ended.
            end_time -> Nullable<Timestamptz>,
            /// Why it failed.
            error_message -> Nullable<Text>,
            /// The key.
            id -> Uuid,
            /// What the agent was asked.
            input_prompt -> Nullable<Text>,
            /// Whether it succeeded.
            is_success -> Bool,
            /// What else the application keeps of it.
            metadata -> Nullable<Jsonb>,
            /// The call that made this one.
            parent_log_id -> Nullable<Uuid>,
            /// By which use of a tool that call made it, by its own name.
            #[max_length = 255]
            parent_tool_use_id -> Nullable<Varchar>,
            /// The feature plan.
            plan_id -> Uuid,
            /// Tokens that went in.
            prompt_tokens -> Nullable<Int4>,
            /// Which retry it was, from 0.
            retry_attempt -> Int4,
            /// The session of the agent, by its own name.
            #[max_length = 255]
            session_id -> Nullable<Varchar>,
            /// When the call began.
            start_time -> Timestamptz,
            /// The part of the work.
            step -> ExecutionStep,
            /// The number of that part, from 1 to 3.
            step_number -> Int4,
            /// Tokens together.
            total_tokens -> Nullable<Int4>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;

        /// Steps that a user keeps, to put them into plans.
        feature_planner.plan_step_templates (id) {
            /// What kind of step it is.
            #[max_length = 50]
            category -> Varchar,
            /// Commands of the step, as a JSON array.
            commands -> Nullable<Jsonb>,
            /// How sure the author is of the step.
            #[max_length = 20]
            confidence_level -> Varchar,
            /// The step itself, in Markdown.
            content -> Text,
            /// When the row was made.
            created_at -> Timestamptz,
            /// What the step is for.
            #[max_length = 1000]
            description -> Varchar,
            /// How long the work is expected to take, in words.
            #[max_length = 50]
            estimated_duration -> Nullable<Varchar>,
            /// The key.
            id -> Uuid,
            /// Whether others may use it.
            is_public -> Bool,
            /// What its owner calls it.
            #[max_length = 100]
            name -> Varchar,
            /// The title of the step.
            #[max_length = 255]
            title -> Varchar,
            /// When the row was last changed.
            updated_at -> Timestamptz,
            /// How often it was put into a plan.
            usage_count -> Int4,
            /// Whose it is.
            user_id -> Uuid,
            /// Commands that show whether the step is done, as a JSON array.
            validation_commands -> Nullable<Jsonb>,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;

        /// The steps of a generated plan.
        feature_planner.plan_steps (id) {
            /// What kind of step it is.
            #[max_length = 50]
            category -> Nullable<Varchar>,
            /// Commands of the step, as a JSON array.
            commands -> Nullable<Jsonb>,
            /// How sure the author is of the step.
            #[max_length = 20]
            confidence_level -> Nullable<Varchar>,
            /// When the row was made.
            created_at -> Timestamptz,
            /// What is to be done.
            description -> Text,
            /// Its place in the plan, from 0.
            display_order -> Int4,
            /// How long the work is expected to take, in words.
            #[max_length = 50]
            estimated_duration -> Nullable<Varchar>,
            /// The key.
            id -> Uuid,
            /// Whether it comes from a template.
            is_from_template -> Bool,
            /// The generation.
            plan_generation_id -> Uuid,
            /// Its number in the plan, from 1.
            step_number -> Int4,
            /// The template that it comes from.
            template_id -> Nullable<Uuid>,
            /// What people call it.
            #[max_length = 255]
            title -> Varchar,
            /// When the row was last changed.
            updated_at -> Timestamptz,
            /// Commands that show whether the step is done, as a JSON array.
            validation_commands -> Nullable<Jsonb>,
        }
    }

    diesel::joinable!(discovered_files -> file_discovery_sessions (discovery_session_id));
    diesel::joinable!(plan_execution_logs -> feature_plans (plan_id));
    diesel::joinable!(plan_steps -> implementation_plan_generations (plan_generation_id));
    diesel::joinable!(plan_steps -> plan_step_templates (template_id));

    diesel::allow_tables_to_appear_in_same_query!(
        discovered_files,
        feature_plans,
        feature_refinements,
        file_discovery_sessions,
        implementation_plan_generations,
        plan_execution_logs,
        plan_step_templates,
        plan_steps,
    );
}
