-- Rows of before are looked at.
-- Held: live data may name what is gone, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans, plan_execution_logs and plan_steps while it scans; writers
-- go on.
-- Reversible: the rules go back to being unchecked for the rows that were there.
ALTER TABLE feature_planner.feature_plans
    VALIDATE CONSTRAINT feature_plans_parent_plan_id_fk;
ALTER TABLE feature_planner.plan_execution_logs
    VALIDATE CONSTRAINT plan_execution_logs_parent_log_id_fk;
ALTER TABLE feature_planner.plan_steps
    VALIDATE CONSTRAINT plan_steps_template_id_fk;
