-- planwright: the versions of a plan
--
-- Up from the plan as far as plans are the user's, and down again from each: a plan counts once,
-- so that parents that go round come to an end.
WITH RECURSIVE up AS (
    SELECT id, parent_plan_id, user_id
      FROM feature_planner.feature_plans
     WHERE id = $1 AND user_id = $2
    UNION
    SELECT p.id, p.parent_plan_id, p.user_id
      FROM up
      JOIN feature_planner.feature_plans p ON p.id = up.parent_plan_id AND p.user_id = up.user_id
), family AS (
    SELECT id, user_id FROM up
    UNION
    SELECT p.id, p.user_id
      FROM family
      JOIN feature_planner.feature_plans p
        ON p.parent_plan_id = family.id AND p.user_id = family.user_id
)
SELECT id, user_id, original_request, refined_request, status, current_step, version,
       parent_plan_id, selected_refinement_id, selected_discovery_session_id,
       selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
       implementation_plan, complexity, risk_level, estimated_duration, session_id,
       total_execution_time_ms, completed_at, created_at, updated_at
  FROM feature_planner.feature_plans
 WHERE id IN (SELECT id FROM family)
 ORDER BY version, created_at, id
