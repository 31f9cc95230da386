-- Times were without a time zone. They are read as UTC, which is asked for as a statement: written by a
-- session with another TimeZone they would be hours off, and only people know by which ones they were.
-- Held: what reads or writes them in a session with another TimeZone gets other texts from here on.
-- Locks: ACCESS EXCLUSIVE on the eight tables, milliseconds: with the session's time zone UTC nothing is
-- rewritten or scanned, and the indexes on such columns are gone.
-- Reversible: yes, in the same way.
LOCK TABLE feature_planner.discovered_files, feature_planner.feature_plans, feature_planner.feature_refinements,
    feature_planner.file_discovery_sessions, feature_planner.implementation_plan_generations, feature_planner.plan_execution_logs,
    feature_planner.plan_step_templates, feature_planner.plan_steps
    IN ACCESS EXCLUSIVE MODE;

SET LOCAL TimeZone = 'UTC';

-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.discovered_files
    ALTER COLUMN created_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.feature_plans
    ALTER COLUMN completed_at TYPE timestamptz,
    ALTER COLUMN created_at TYPE timestamptz,
    ALTER COLUMN updated_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.feature_refinements
    ALTER COLUMN completed_at TYPE timestamptz,
    ALTER COLUMN created_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.file_discovery_sessions
    ALTER COLUMN completed_at TYPE timestamptz,
    ALTER COLUMN created_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.implementation_plan_generations
    ALTER COLUMN completed_at TYPE timestamptz,
    ALTER COLUMN created_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.plan_execution_logs
    ALTER COLUMN created_at TYPE timestamptz,
    ALTER COLUMN end_time TYPE timestamptz,
    ALTER COLUMN start_time TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.plan_step_templates
    ALTER COLUMN created_at TYPE timestamptz,
    ALTER COLUMN updated_at TYPE timestamptz;
-- lint:allow a rewritten table: under UTC the values stay as they are, and so does the file
ALTER TABLE feature_planner.plan_steps
    ALTER COLUMN created_at TYPE timestamptz,
    ALTER COLUMN updated_at TYPE timestamptz;
