-- What live installations have before this crate: eight tables and eleven enums in public. Names of
-- constraints and indexes, and the order of columns, are theirs.
--
-- Locks: public.users, SHARE ROW EXCLUSIVE, milliseconds. Every table is new.
-- Reversible: yes, while the tables are empty.

CREATE TYPE complexity AS ENUM ('low', 'medium', 'high');
CREATE TYPE confidence_level AS ENUM ('high', 'medium', 'low');
CREATE TYPE estimated_scope AS ENUM ('small', 'medium', 'large');
CREATE TYPE execution_step AS ENUM ('refinement', 'discovery', 'planning');
CREATE TYPE file_discovery_status AS ENUM ('pending', 'processing', 'completed', 'failed');
CREATE TYPE file_priority AS ENUM ('critical', 'high', 'medium', 'low');
CREATE TYPE implementation_plan_status AS ENUM ('pending', 'processing', 'completed', 'failed');
CREATE TYPE plan_status AS ENUM ('draft', 'refining', 'discovering', 'planning', 'completed', 'failed', 'cancelled');
CREATE TYPE refinement_status AS ENUM ('pending', 'processing', 'completed', 'failed', 'cancelled');
CREATE TYPE risk_level AS ENUM ('low', 'medium', 'high');
CREATE TYPE technical_complexity AS ENUM ('high', 'medium', 'low');

COMMENT ON TYPE complexity IS 'How much there is to a plan.';
COMMENT ON TYPE confidence_level IS 'How sure an agent is.';
COMMENT ON TYPE estimated_scope IS 'How much an agent expects to change.';
COMMENT ON TYPE execution_step IS 'Which part of the work a log entry belongs to.';
COMMENT ON TYPE file_discovery_status IS 'How far a discovery is.';
COMMENT ON TYPE file_priority IS 'How much a file matters to a plan, the most first.';
COMMENT ON TYPE implementation_plan_status IS 'How far a generation is.';
COMMENT ON TYPE plan_status IS 'How far a feature plan is.';
COMMENT ON TYPE refinement_status IS 'How far a refinement is.';
COMMENT ON TYPE risk_level IS 'How much can go wrong with a plan.';
COMMENT ON TYPE technical_complexity IS 'How hard an agent expects the work to be.';

CREATE TABLE feature_plans (
    completed_at timestamp,
    complexity complexity,
    created_at timestamp NOT NULL DEFAULT now(),
    current_step integer NOT NULL DEFAULT 0,
    discovered_files jsonb,
    estimated_duration varchar(50),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    implementation_plan text,
    original_request text NOT NULL,
    parent_plan_id uuid,
    refined_request text,
    refinement_settings jsonb,
    risk_level risk_level,
    selected_discovery_session_id uuid,
    selected_files jsonb,
    selected_plan_generation_id uuid,
    selected_refinement_id uuid,
    session_id varchar(255),
    status plan_status NOT NULL DEFAULT 'draft',
    total_execution_time_ms integer NOT NULL DEFAULT 0,
    updated_at timestamp NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT feature_plans_pkey PRIMARY KEY (id),
    CONSTRAINT feature_plans_current_step_range CHECK ((current_step >= 0) AND (current_step <= 3)),
    CONSTRAINT feature_plans_execution_time_non_negative CHECK (total_execution_time_ms >= 0),
    CONSTRAINT feature_plans_original_request_not_empty CHECK (length(TRIM(BOTH FROM original_request)) > 0),
    CONSTRAINT feature_plans_version_positive CHECK (version > 0),
    CONSTRAINT feature_plans_user_id_users_id_fk
        FOREIGN KEY (user_id) REFERENCES public.users (id) ON DELETE CASCADE
);
CREATE INDEX feature_plans_current_step_idx ON feature_plans (current_step);
CREATE INDEX feature_plans_original_request_search_idx
    ON feature_plans USING gin (to_tsvector('english', original_request));
CREATE INDEX feature_plans_parent_id_idx ON feature_plans (parent_plan_id);
CREATE INDEX feature_plans_parent_version_idx ON feature_plans (parent_plan_id, version);
CREATE INDEX feature_plans_refined_request_search_idx
    ON feature_plans USING gin (to_tsvector('english', refined_request));
CREATE INDEX feature_plans_status_idx ON feature_plans (status);
CREATE INDEX feature_plans_user_created_desc_idx ON feature_plans (user_id, created_at DESC);
CREATE INDEX feature_plans_user_created_idx ON feature_plans (user_id, created_at);
CREATE INDEX feature_plans_user_id_idx ON feature_plans (user_id);
CREATE INDEX feature_plans_user_status_idx ON feature_plans (user_id, status);

COMMENT ON TABLE feature_plans IS 'Feature requests, and what has become of each.';
COMMENT ON COLUMN feature_plans.completed_at IS 'When it was done.';
COMMENT ON COLUMN feature_plans.complexity IS 'How much there is to it.';
COMMENT ON COLUMN feature_plans.created_at IS 'When the row was made.';
COMMENT ON COLUMN feature_plans.current_step IS 'The step of the work that it is in: 0 before the first, 1 refinement, 2 discovery, 3 planning.';
COMMENT ON COLUMN feature_plans.discovered_files IS 'The files of the selected discovery, copied.';
COMMENT ON COLUMN feature_plans.estimated_duration IS 'How long the work is expected to take, in words.';
COMMENT ON COLUMN feature_plans.id IS 'The key.';
COMMENT ON COLUMN feature_plans.implementation_plan IS 'The implementation plan, in Markdown.';
COMMENT ON COLUMN feature_plans.original_request IS 'The request as it was made.';
COMMENT ON COLUMN feature_plans.parent_plan_id IS 'The plan that this one is a version of.';
COMMENT ON COLUMN feature_plans.refined_request IS 'The request as the selected refinement says it.';
COMMENT ON COLUMN feature_plans.refinement_settings IS 'How refinements are to be made, as the application keeps it.';
COMMENT ON COLUMN feature_plans.risk_level IS 'How much can go wrong.';
COMMENT ON COLUMN feature_plans.selected_discovery_session_id IS 'The discovery that the plan goes on with.';
COMMENT ON COLUMN feature_plans.selected_files IS 'The files that were selected of it.';
COMMENT ON COLUMN feature_plans.selected_plan_generation_id IS 'The generation that the plan goes on with.';
COMMENT ON COLUMN feature_plans.selected_refinement_id IS 'The refinement that the plan goes on with.';
COMMENT ON COLUMN feature_plans.session_id IS 'The session of the agent, by its own name.';
COMMENT ON COLUMN feature_plans.status IS 'How far the plan is.';
COMMENT ON COLUMN feature_plans.total_execution_time_ms IS 'How long agents have worked on it, in milliseconds.';
COMMENT ON COLUMN feature_plans.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN feature_plans.user_id IS 'Whose it is.';
COMMENT ON COLUMN feature_plans.version IS 'Which version of its parent it is, from 1.';

CREATE TABLE feature_refinements (
    agent_id varchar(100) NOT NULL,
    agent_model varchar(50) NOT NULL DEFAULT 'sonnet',
    character_count integer,
    completed_at timestamp,
    completion_tokens integer,
    created_at timestamp NOT NULL DEFAULT now(),
    error_message text,
    execution_time_ms integer,
    expansion_ratio integer,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    input_request text NOT NULL,
    is_valid_format boolean NOT NULL DEFAULT false,
    plan_id uuid NOT NULL,
    prompt_tokens integer,
    refined_request text,
    retry_count integer NOT NULL DEFAULT 0,
    status refinement_status NOT NULL DEFAULT 'pending',
    total_tokens integer,
    validation_errors jsonb,
    word_count integer,
    agent_name varchar(100),
    agent_role varchar(100),
    assumptions jsonb,
    confidence confidence_level,
    estimated_scope estimated_scope,
    focus text,
    key_requirements jsonb,
    risks jsonb,
    technical_complexity technical_complexity,
    CONSTRAINT feature_refinements_pkey PRIMARY KEY (id),
    CONSTRAINT feature_refinements_character_count_non_negative
        CHECK ((character_count IS NULL) OR (character_count >= 0)),
    CONSTRAINT feature_refinements_execution_time_non_negative
        CHECK ((execution_time_ms IS NULL) OR (execution_time_ms >= 0)),
    CONSTRAINT feature_refinements_expansion_ratio_positive
        CHECK ((expansion_ratio IS NULL) OR (expansion_ratio > 0)),
    CONSTRAINT feature_refinements_retry_count_non_negative CHECK (retry_count >= 0),
    CONSTRAINT feature_refinements_token_counts_non_negative
        CHECK (((prompt_tokens IS NULL) OR (prompt_tokens >= 0))
            AND ((completion_tokens IS NULL) OR (completion_tokens >= 0))),
    CONSTRAINT feature_refinements_word_count_non_negative CHECK ((word_count IS NULL) OR (word_count >= 0)),
    CONSTRAINT feature_refinements_plan_id_feature_plans_id_fk
        FOREIGN KEY (plan_id) REFERENCES feature_plans (id) ON DELETE CASCADE
);
CREATE INDEX feature_refinements_agent_id_idx ON feature_refinements (agent_id);
CREATE INDEX feature_refinements_plan_id_idx ON feature_refinements (plan_id);
CREATE INDEX feature_refinements_plan_status_idx ON feature_refinements (plan_id, status);
CREATE INDEX feature_refinements_status_idx ON feature_refinements (status);

COMMENT ON TABLE feature_refinements IS 'Attempts of agents to say precisely what a request asks for.';
COMMENT ON COLUMN feature_refinements.agent_id IS 'Which agent has tried.';
COMMENT ON COLUMN feature_refinements.agent_model IS 'The model that the agent ran on.';
COMMENT ON COLUMN feature_refinements.character_count IS 'Characters of the refined request.';
COMMENT ON COLUMN feature_refinements.completed_at IS 'When it was done.';
COMMENT ON COLUMN feature_refinements.completion_tokens IS 'Tokens that came out.';
COMMENT ON COLUMN feature_refinements.created_at IS 'When the row was made.';
COMMENT ON COLUMN feature_refinements.error_message IS 'Why it failed.';
COMMENT ON COLUMN feature_refinements.execution_time_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN feature_refinements.expansion_ratio IS 'How much longer the refined request is than the one that came in.';
COMMENT ON COLUMN feature_refinements.id IS 'The key.';
COMMENT ON COLUMN feature_refinements.input_request IS 'The request that the agent was given.';
COMMENT ON COLUMN feature_refinements.is_valid_format IS 'Whether the answer had the form that was asked for.';
COMMENT ON COLUMN feature_refinements.plan_id IS 'The feature plan.';
COMMENT ON COLUMN feature_refinements.prompt_tokens IS 'Tokens that went in.';
COMMENT ON COLUMN feature_refinements.refined_request IS 'The request as it was refined.';
COMMENT ON COLUMN feature_refinements.retry_count IS 'How often it was tried again.';
COMMENT ON COLUMN feature_refinements.status IS 'How far it is.';
COMMENT ON COLUMN feature_refinements.total_tokens IS 'Tokens together.';
COMMENT ON COLUMN feature_refinements.validation_errors IS 'What was wrong with the answer.';
COMMENT ON COLUMN feature_refinements.word_count IS 'Words of the refined request.';
COMMENT ON COLUMN feature_refinements.agent_name IS 'What people call the agent.';
COMMENT ON COLUMN feature_refinements.agent_role IS 'What the agent is good at.';
COMMENT ON COLUMN feature_refinements.assumptions IS 'What the agent took for granted.';
COMMENT ON COLUMN feature_refinements.confidence IS 'How sure the agent is.';
COMMENT ON COLUMN feature_refinements.estimated_scope IS 'How much the agent expects to change.';
COMMENT ON COLUMN feature_refinements.focus IS 'What the agent was to look at.';
COMMENT ON COLUMN feature_refinements.key_requirements IS 'What the agent holds to be essential.';
COMMENT ON COLUMN feature_refinements.risks IS 'What the agent expects to go wrong.';
COMMENT ON COLUMN feature_refinements.technical_complexity IS 'How hard the agent expects the work to be.';

CREATE TABLE file_discovery_sessions (
    agent_id varchar(100) NOT NULL,
    architecture_insights text,
    completed_at timestamp,
    completion_tokens integer,
    created_at timestamp NOT NULL DEFAULT now(),
    critical_priority_count integer NOT NULL DEFAULT 0,
    discovered_files jsonb,
    error_message text,
    execution_time_ms integer,
    high_priority_count integer NOT NULL DEFAULT 0,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    is_selected boolean NOT NULL DEFAULT false,
    low_priority_count integer NOT NULL DEFAULT 0,
    medium_priority_count integer NOT NULL DEFAULT 0,
    plan_id uuid NOT NULL,
    prompt_tokens integer,
    refined_request text NOT NULL,
    status file_discovery_status NOT NULL DEFAULT 'pending',
    total_files_found integer NOT NULL DEFAULT 0,
    total_tokens integer,
    CONSTRAINT file_discovery_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT file_discovery_sessions_counts_non_negative
        CHECK ((critical_priority_count >= 0) AND (high_priority_count >= 0)
            AND (medium_priority_count >= 0) AND (low_priority_count >= 0)),
    CONSTRAINT file_discovery_sessions_execution_time_non_negative
        CHECK ((execution_time_ms IS NULL) OR (execution_time_ms >= 0)),
    CONSTRAINT file_discovery_sessions_token_counts_non_negative
        CHECK (((prompt_tokens IS NULL) OR (prompt_tokens >= 0))
            AND ((completion_tokens IS NULL) OR (completion_tokens >= 0))),
    CONSTRAINT file_discovery_sessions_total_files_non_negative CHECK (total_files_found >= 0),
    CONSTRAINT file_discovery_sessions_plan_id_feature_plans_id_fk
        FOREIGN KEY (plan_id) REFERENCES feature_plans (id) ON DELETE CASCADE
);
CREATE INDEX file_discovery_sessions_agent_id_idx ON file_discovery_sessions (agent_id);
CREATE INDEX file_discovery_sessions_is_selected_idx ON file_discovery_sessions (is_selected);
CREATE INDEX file_discovery_sessions_plan_id_idx ON file_discovery_sessions (plan_id);
CREATE INDEX file_discovery_sessions_status_idx ON file_discovery_sessions (status);

COMMENT ON TABLE file_discovery_sessions IS 'Attempts of agents to find the files that a plan is about.';
COMMENT ON COLUMN file_discovery_sessions.agent_id IS 'Which agent has tried.';
COMMENT ON COLUMN file_discovery_sessions.architecture_insights IS 'What the agent has learned about the architecture.';
COMMENT ON COLUMN file_discovery_sessions.completed_at IS 'When it was done.';
COMMENT ON COLUMN file_discovery_sessions.completion_tokens IS 'Tokens that came out.';
COMMENT ON COLUMN file_discovery_sessions.created_at IS 'When the row was made.';
COMMENT ON COLUMN file_discovery_sessions.critical_priority_count IS 'How many of the files are critical.';
COMMENT ON COLUMN file_discovery_sessions.discovered_files IS 'The files that it was given or has found, as they were then.';
COMMENT ON COLUMN file_discovery_sessions.error_message IS 'Why it failed.';
COMMENT ON COLUMN file_discovery_sessions.execution_time_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN file_discovery_sessions.high_priority_count IS 'How many matter much.';
COMMENT ON COLUMN file_discovery_sessions.id IS 'The key.';
COMMENT ON COLUMN file_discovery_sessions.is_selected IS 'Whether it is the one that the plan goes on with.';
COMMENT ON COLUMN file_discovery_sessions.low_priority_count IS 'How many matter little.';
COMMENT ON COLUMN file_discovery_sessions.medium_priority_count IS 'How many matter.';
COMMENT ON COLUMN file_discovery_sessions.plan_id IS 'The feature plan.';
COMMENT ON COLUMN file_discovery_sessions.prompt_tokens IS 'Tokens that went in.';
COMMENT ON COLUMN file_discovery_sessions.refined_request IS 'The request as it was refined.';
COMMENT ON COLUMN file_discovery_sessions.status IS 'How far it is.';
COMMENT ON COLUMN file_discovery_sessions.total_files_found IS 'How many files it has found.';
COMMENT ON COLUMN file_discovery_sessions.total_tokens IS 'Tokens together.';

CREATE TABLE discovered_files (
    added_by_user_id uuid,
    created_at timestamp NOT NULL DEFAULT now(),
    description text,
    discovery_session_id uuid NOT NULL,
    file_exists boolean NOT NULL DEFAULT true,
    file_path varchar(500) NOT NULL,
    file_type varchar(50),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    integration_point varchar(1000),
    is_manually_added boolean NOT NULL DEFAULT false,
    is_selected boolean NOT NULL DEFAULT false,
    lines_of_code integer,
    priority file_priority NOT NULL,
    reasoning text,
    relevance_score integer NOT NULL DEFAULT 0,
    role varchar(100),
    CONSTRAINT discovered_files_pkey PRIMARY KEY (id),
    CONSTRAINT discovered_files_lines_of_code_positive CHECK ((lines_of_code IS NULL) OR (lines_of_code > 0)),
    CONSTRAINT discovered_files_relevance_score_range
        CHECK ((relevance_score >= 0) AND (relevance_score <= 100)),
    CONSTRAINT discovered_files_added_by_user_id_users_id_fk
        FOREIGN KEY (added_by_user_id) REFERENCES public.users (id),
    CONSTRAINT discovered_files_discovery_session_id_file_discovery_sessions_i
        FOREIGN KEY (discovery_session_id) REFERENCES file_discovery_sessions (id) ON DELETE CASCADE
);
CREATE INDEX discovered_files_discovery_session_id_idx ON discovered_files (discovery_session_id);
CREATE INDEX discovered_files_file_path_idx ON discovered_files (file_path);
CREATE INDEX discovered_files_is_manually_added_idx ON discovered_files (is_manually_added);
CREATE INDEX discovered_files_is_selected_idx ON discovered_files (is_selected);
CREATE INDEX discovered_files_priority_idx ON discovered_files (priority);
CREATE INDEX discovered_files_session_priority_idx ON discovered_files (discovery_session_id, priority);

COMMENT ON TABLE discovered_files IS 'Files that a discovery has found, or a person has added.';
COMMENT ON COLUMN discovered_files.added_by_user_id IS 'Who added it, where a person did.';
COMMENT ON COLUMN discovered_files.created_at IS 'When the row was made.';
COMMENT ON COLUMN discovered_files.description IS 'What the file is.';
COMMENT ON COLUMN discovered_files.discovery_session_id IS 'The discovery.';
COMMENT ON COLUMN discovered_files.file_exists IS 'Whether it exists, or is to be made.';
COMMENT ON COLUMN discovered_files.file_path IS 'Where it is, from the root of the project.';
COMMENT ON COLUMN discovered_files.file_type IS 'What kind of file it is.';
COMMENT ON COLUMN discovered_files.id IS 'The key.';
COMMENT ON COLUMN discovered_files.integration_point IS 'Where the feature meets it.';
COMMENT ON COLUMN discovered_files.is_manually_added IS 'Whether a person added it.';
COMMENT ON COLUMN discovered_files.is_selected IS 'Whether the plan goes on with it.';
COMMENT ON COLUMN discovered_files.lines_of_code IS 'How long it is, in lines.';
COMMENT ON COLUMN discovered_files.priority IS 'How much it matters.';
COMMENT ON COLUMN discovered_files.reasoning IS 'Why the agent holds it to matter.';
COMMENT ON COLUMN discovered_files.relevance_score IS 'How relevant it is, from 0 to 100.';
COMMENT ON COLUMN discovered_files.role IS 'What part it plays.';

CREATE TABLE implementation_plan_generations (
    agent_id varchar(100) NOT NULL,
    completed_at timestamp,
    completion_tokens integer,
    complexity complexity,
    created_at timestamp NOT NULL DEFAULT now(),
    discovered_files jsonb,
    error_message text,
    estimated_duration varchar(50),
    execution_time_ms integer,
    has_required_sections boolean NOT NULL DEFAULT false,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    implementation_plan text,
    is_selected boolean NOT NULL DEFAULT false,
    is_valid_markdown boolean NOT NULL DEFAULT false,
    plan_id uuid NOT NULL,
    prerequisites_count integer NOT NULL DEFAULT 0,
    prompt_tokens integer,
    quality_gates_count integer NOT NULL DEFAULT 0,
    refined_request text NOT NULL,
    risk_level risk_level,
    status implementation_plan_status NOT NULL DEFAULT 'pending',
    total_steps integer NOT NULL DEFAULT 0,
    total_tokens integer,
    validation_errors jsonb,
    CONSTRAINT implementation_plan_generations_pkey PRIMARY KEY (id),
    CONSTRAINT implementation_plan_generations_counts_non_negative
        CHECK ((total_steps >= 0) AND (prerequisites_count >= 0) AND (quality_gates_count >= 0)),
    CONSTRAINT implementation_plan_generations_execution_time_non_negative
        CHECK ((execution_time_ms IS NULL) OR (execution_time_ms >= 0)),
    CONSTRAINT implementation_plan_generations_token_counts_non_negative
        CHECK (((prompt_tokens IS NULL) OR (prompt_tokens >= 0))
            AND ((completion_tokens IS NULL) OR (completion_tokens >= 0))),
    CONSTRAINT implementation_plan_generations_plan_id_feature_plans_id_fk
        FOREIGN KEY (plan_id) REFERENCES feature_plans (id) ON DELETE CASCADE
);
CREATE INDEX implementation_plan_generations_agent_id_idx ON implementation_plan_generations (agent_id);
CREATE INDEX implementation_plan_generations_is_selected_idx ON implementation_plan_generations (is_selected);
CREATE INDEX implementation_plan_generations_plan_id_idx ON implementation_plan_generations (plan_id);
CREATE INDEX implementation_plan_generations_status_idx ON implementation_plan_generations (status);

COMMENT ON TABLE implementation_plan_generations IS 'Attempts of agents to plan the implementation.';
COMMENT ON COLUMN implementation_plan_generations.agent_id IS 'Which agent has tried.';
COMMENT ON COLUMN implementation_plan_generations.completed_at IS 'When it was done.';
COMMENT ON COLUMN implementation_plan_generations.completion_tokens IS 'Tokens that came out.';
COMMENT ON COLUMN implementation_plan_generations.complexity IS 'How much there is to it.';
COMMENT ON COLUMN implementation_plan_generations.created_at IS 'When the row was made.';
COMMENT ON COLUMN implementation_plan_generations.discovered_files IS 'The files that it was given or has found, as they were then.';
COMMENT ON COLUMN implementation_plan_generations.error_message IS 'Why it failed.';
COMMENT ON COLUMN implementation_plan_generations.estimated_duration IS 'How long the work is expected to take, in words.';
COMMENT ON COLUMN implementation_plan_generations.execution_time_ms IS 'How long it took, in milliseconds.';
COMMENT ON COLUMN implementation_plan_generations.has_required_sections IS 'Whether the plan has the sections that were asked for.';
COMMENT ON COLUMN implementation_plan_generations.id IS 'The key.';
COMMENT ON COLUMN implementation_plan_generations.implementation_plan IS 'The implementation plan, in Markdown.';
COMMENT ON COLUMN implementation_plan_generations.is_selected IS 'Whether it is the one that the plan goes on with.';
COMMENT ON COLUMN implementation_plan_generations.is_valid_markdown IS 'Whether the plan is Markdown that can be read.';
COMMENT ON COLUMN implementation_plan_generations.plan_id IS 'The feature plan.';
COMMENT ON COLUMN implementation_plan_generations.prerequisites_count IS 'How many prerequisites it names.';
COMMENT ON COLUMN implementation_plan_generations.prompt_tokens IS 'Tokens that went in.';
COMMENT ON COLUMN implementation_plan_generations.quality_gates_count IS 'How many quality gates it names.';
COMMENT ON COLUMN implementation_plan_generations.refined_request IS 'The request as it was refined.';
COMMENT ON COLUMN implementation_plan_generations.risk_level IS 'How much can go wrong.';
COMMENT ON COLUMN implementation_plan_generations.status IS 'How far it is.';
COMMENT ON COLUMN implementation_plan_generations.total_steps IS 'How many steps it has.';
COMMENT ON COLUMN implementation_plan_generations.total_tokens IS 'Tokens together.';
COMMENT ON COLUMN implementation_plan_generations.validation_errors IS 'What was wrong with the answer.';

CREATE TABLE plan_step_templates (
    category varchar(50) NOT NULL,
    commands jsonb,
    confidence_level varchar(20) NOT NULL DEFAULT 'high',
    content text NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    description varchar(1000) NOT NULL,
    estimated_duration varchar(50),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    is_public boolean NOT NULL DEFAULT false,
    name varchar(100) NOT NULL,
    title varchar(255) NOT NULL,
    updated_at timestamp NOT NULL DEFAULT now(),
    usage_count integer NOT NULL DEFAULT 0,
    user_id uuid NOT NULL,
    validation_commands jsonb,
    CONSTRAINT plan_step_templates_pkey PRIMARY KEY (id),
    CONSTRAINT plan_step_templates_usage_count_non_negative CHECK (usage_count >= 0),
    CONSTRAINT plan_step_templates_user_id_users_id_fk
        FOREIGN KEY (user_id) REFERENCES public.users (id) ON DELETE CASCADE
);
CREATE INDEX plan_step_templates_category_idx ON plan_step_templates (category);
CREATE INDEX plan_step_templates_is_public_idx ON plan_step_templates (is_public);
CREATE INDEX plan_step_templates_usage_count_idx ON plan_step_templates (usage_count);
CREATE INDEX plan_step_templates_user_id_idx ON plan_step_templates (user_id);

COMMENT ON TABLE plan_step_templates IS 'Steps that a user keeps, to put them into plans.';
COMMENT ON COLUMN plan_step_templates.category IS 'What kind of step it is.';
COMMENT ON COLUMN plan_step_templates.commands IS 'Commands of the step, as a JSON array.';
COMMENT ON COLUMN plan_step_templates.confidence_level IS 'How sure the author is of the step.';
COMMENT ON COLUMN plan_step_templates.content IS 'The step itself, in Markdown.';
COMMENT ON COLUMN plan_step_templates.created_at IS 'When the row was made.';
COMMENT ON COLUMN plan_step_templates.description IS 'What the step is for.';
COMMENT ON COLUMN plan_step_templates.estimated_duration IS 'How long the work is expected to take, in words.';
COMMENT ON COLUMN plan_step_templates.id IS 'The key.';
COMMENT ON COLUMN plan_step_templates.is_public IS 'Whether others may use it.';
COMMENT ON COLUMN plan_step_templates.name IS 'What its owner calls it.';
COMMENT ON COLUMN plan_step_templates.title IS 'The title of the step.';
COMMENT ON COLUMN plan_step_templates.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN plan_step_templates.usage_count IS 'How often it was put into a plan.';
COMMENT ON COLUMN plan_step_templates.user_id IS 'Whose it is.';
COMMENT ON COLUMN plan_step_templates.validation_commands IS 'Commands that show whether the step is done, as a JSON array.';

CREATE TABLE plan_steps (
    category varchar(50),
    commands jsonb,
    confidence_level varchar(20),
    created_at timestamp NOT NULL DEFAULT now(),
    description text NOT NULL,
    display_order integer NOT NULL,
    estimated_duration varchar(50),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    is_from_template boolean NOT NULL DEFAULT false,
    plan_generation_id uuid NOT NULL,
    step_number integer NOT NULL,
    template_id uuid,
    title varchar(255) NOT NULL,
    updated_at timestamp NOT NULL DEFAULT now(),
    validation_commands jsonb,
    CONSTRAINT plan_steps_pkey PRIMARY KEY (id),
    CONSTRAINT plan_steps_display_order_non_negative CHECK (display_order >= 0),
    CONSTRAINT plan_steps_step_number_positive CHECK (step_number > 0),
    CONSTRAINT plan_steps_plan_generation_id_implementation_plan_generations_i
        FOREIGN KEY (plan_generation_id) REFERENCES implementation_plan_generations (id) ON DELETE CASCADE
);
CREATE INDEX plan_steps_category_idx ON plan_steps (category);
CREATE INDEX plan_steps_display_order_idx ON plan_steps (display_order);
CREATE INDEX plan_steps_plan_generation_id_idx ON plan_steps (plan_generation_id);
CREATE INDEX plan_steps_template_id_idx ON plan_steps (template_id);

COMMENT ON TABLE plan_steps IS 'The steps of a generated plan.';
COMMENT ON COLUMN plan_steps.category IS 'What kind of step it is.';
COMMENT ON COLUMN plan_steps.commands IS 'Commands of the step, as a JSON array.';
COMMENT ON COLUMN plan_steps.confidence_level IS 'How sure the author is of the step.';
COMMENT ON COLUMN plan_steps.created_at IS 'When the row was made.';
COMMENT ON COLUMN plan_steps.description IS 'What is to be done.';
COMMENT ON COLUMN plan_steps.display_order IS 'Its place in the plan, from 0.';
COMMENT ON COLUMN plan_steps.estimated_duration IS 'How long the work is expected to take, in words.';
COMMENT ON COLUMN plan_steps.id IS 'The key.';
COMMENT ON COLUMN plan_steps.is_from_template IS 'Whether it comes from a template.';
COMMENT ON COLUMN plan_steps.plan_generation_id IS 'The generation.';
COMMENT ON COLUMN plan_steps.step_number IS 'Its number in the plan, from 1.';
COMMENT ON COLUMN plan_steps.template_id IS 'The template that it comes from.';
COMMENT ON COLUMN plan_steps.title IS 'What people call it.';
COMMENT ON COLUMN plan_steps.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN plan_steps.validation_commands IS 'Commands that show whether the step is done, as a JSON array.';

CREATE TABLE plan_execution_logs (
    agent_level integer NOT NULL DEFAULT 0,
    agent_model varchar(50),
    agent_response text,
    agent_type varchar(100) NOT NULL,
    cache_creation_tokens integer,
    cache_read_tokens integer,
    completion_tokens integer,
    created_at timestamp NOT NULL DEFAULT now(),
    duration_ms integer,
    end_time timestamp,
    error_message text,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    input_prompt text,
    is_success boolean NOT NULL DEFAULT true,
    metadata jsonb,
    parent_log_id uuid,
    parent_tool_use_id varchar(255),
    plan_id uuid NOT NULL,
    prompt_tokens integer,
    retry_attempt integer NOT NULL DEFAULT 0,
    session_id varchar(255),
    start_time timestamp NOT NULL,
    step execution_step NOT NULL,
    step_number integer NOT NULL,
    total_tokens integer,
    CONSTRAINT plan_execution_logs_pkey PRIMARY KEY (id),
    CONSTRAINT plan_execution_logs_agent_level_non_negative CHECK (agent_level >= 0),
    CONSTRAINT plan_execution_logs_duration_non_negative CHECK ((duration_ms IS NULL) OR (duration_ms >= 0)),
    CONSTRAINT plan_execution_logs_retry_attempt_non_negative CHECK (retry_attempt >= 0),
    CONSTRAINT plan_execution_logs_step_number_range CHECK ((step_number >= 1) AND (step_number <= 3)),
    CONSTRAINT plan_execution_logs_token_counts_non_negative
        CHECK (((prompt_tokens IS NULL) OR (prompt_tokens >= 0))
            AND ((completion_tokens IS NULL) OR (completion_tokens >= 0))),
    CONSTRAINT plan_execution_logs_plan_id_feature_plans_id_fk
        FOREIGN KEY (plan_id) REFERENCES feature_plans (id) ON DELETE CASCADE
);
CREATE INDEX plan_execution_logs_agent_level_idx ON plan_execution_logs (agent_level);
CREATE INDEX plan_execution_logs_created_at_idx ON plan_execution_logs (created_at);
CREATE INDEX plan_execution_logs_parent_log_id_idx ON plan_execution_logs (parent_log_id);
CREATE INDEX plan_execution_logs_plan_id_idx ON plan_execution_logs (plan_id);
CREATE INDEX plan_execution_logs_plan_step_idx ON plan_execution_logs (plan_id, step_number);
CREATE INDEX plan_execution_logs_session_id_idx ON plan_execution_logs (session_id);
CREATE INDEX plan_execution_logs_step_idx ON plan_execution_logs (step);

COMMENT ON TABLE plan_execution_logs IS 'What agents did for a plan, call by call.';
COMMENT ON COLUMN plan_execution_logs.agent_level IS 'How deep the call is nested, from 0.';
COMMENT ON COLUMN plan_execution_logs.agent_model IS 'The model that the agent ran on.';
COMMENT ON COLUMN plan_execution_logs.agent_response IS 'What the agent answered.';
COMMENT ON COLUMN plan_execution_logs.agent_type IS 'What kind of agent was called.';
COMMENT ON COLUMN plan_execution_logs.cache_creation_tokens IS 'Tokens that were put into the cache.';
COMMENT ON COLUMN plan_execution_logs.cache_read_tokens IS 'Tokens that came from the cache.';
COMMENT ON COLUMN plan_execution_logs.completion_tokens IS 'Tokens that came out.';
COMMENT ON COLUMN plan_execution_logs.created_at IS 'When the row was made.';
COMMENT ON COLUMN plan_execution_logs.duration_ms IS 'How long the call took, in milliseconds.';
COMMENT ON COLUMN plan_execution_logs.end_time IS 'When the call ended.';
COMMENT ON COLUMN plan_execution_logs.error_message IS 'Why it failed.';
COMMENT ON COLUMN plan_execution_logs.id IS 'The key.';
COMMENT ON COLUMN plan_execution_logs.input_prompt IS 'What the agent was asked.';
COMMENT ON COLUMN plan_execution_logs.is_success IS 'Whether it succeeded.';
COMMENT ON COLUMN plan_execution_logs.metadata IS 'What else the application keeps of it.';
COMMENT ON COLUMN plan_execution_logs.parent_log_id IS 'The call that made this one.';
COMMENT ON COLUMN plan_execution_logs.parent_tool_use_id IS 'By which use of a tool that call made it, by its own name.';
COMMENT ON COLUMN plan_execution_logs.plan_id IS 'The feature plan.';
COMMENT ON COLUMN plan_execution_logs.prompt_tokens IS 'Tokens that went in.';
COMMENT ON COLUMN plan_execution_logs.retry_attempt IS 'Which retry it was, from 0.';
COMMENT ON COLUMN plan_execution_logs.session_id IS 'The session of the agent, by its own name.';
COMMENT ON COLUMN plan_execution_logs.start_time IS 'When the call began.';
COMMENT ON COLUMN plan_execution_logs.step IS 'The part of the work.';
COMMENT ON COLUMN plan_execution_logs.step_number IS 'The number of that part, from 1 to 3.';
COMMENT ON COLUMN plan_execution_logs.total_tokens IS 'Tokens together.';
