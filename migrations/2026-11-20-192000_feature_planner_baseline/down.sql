-- Refuses while a row is left: dropping the tables would lose it.
DO $$
BEGIN
    LOCK TABLE feature_plans, feature_refinements, file_discovery_sessions, discovered_files,
        implementation_plan_generations, plan_steps, plan_step_templates, plan_execution_logs
        IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM feature_plans) OR EXISTS (SELECT FROM plan_step_templates) THEN
        RAISE EXCEPTION 'the tables of feature_planner still hold rows, which dropping them would lose'
            USING ERRCODE = 'restrict_violation', HINT = 'Delete or move the rows first.';
    END IF;
END
$$;

DROP TABLE plan_execution_logs, plan_steps, plan_step_templates, implementation_plan_generations,
    discovered_files, file_discovery_sessions, feature_refinements, feature_plans;
DROP TYPE complexity, confidence_level, estimated_scope, execution_step, file_discovery_status,
    file_priority, implementation_plan_status, plan_status, refinement_status, risk_level,
    technical_complexity;
