CREATE INDEX CONCURRENTLY feature_plans_user_created_desc_idx
    ON feature_planner.feature_plans (user_id, created_at DESC);
