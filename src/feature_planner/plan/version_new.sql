-- planwright: make a version of a plan
--
-- The first version is locked by the caller's first statement, so what another caller has made is
-- seen. The number is free whoever owns what hangs below it. OFFSET 0 keeps a table without statistics
-- from being read whole.
WITH RECURSIVE family AS (
    SELECT id, version FROM feature_planner.feature_plans WHERE id = $1
    UNION
    SELECT p.id, p.version
      FROM family
     CROSS JOIN LATERAL (SELECT id, version FROM feature_planner.feature_plans
                          WHERE parent_plan_id = family.id
                         OFFSET 0) p
)
INSERT INTO feature_planner.feature_plans
       (id, user_id, original_request, version, parent_plan_id, refinement_settings, session_id)
SELECT $2, user_id, coalesce($3, original_request), (SELECT max(version) + 1 FROM family), $4,
       refinement_settings, session_id
  FROM feature_planner.feature_plans
 WHERE id = $5 AND user_id = $6
RETURNING id, user_id, original_request, refined_request, status, current_step, version,
          parent_plan_id, selected_refinement_id, selected_discovery_session_id,
          selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
          implementation_plan, complexity, risk_level, estimated_duration, session_id,
          total_execution_time_ms, completed_at, created_at, updated_at
