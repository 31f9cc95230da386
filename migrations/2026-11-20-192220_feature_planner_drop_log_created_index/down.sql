CREATE INDEX CONCURRENTLY plan_execution_logs_created_at_idx
    ON feature_planner.plan_execution_logs (created_at);
