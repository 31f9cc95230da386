-- planwright: select a refinement
--
-- The plan is locked by the caller's first statement.
WITH plan AS (
    UPDATE feature_planner.feature_plans p
       SET selected_refinement_id = r.id, refined_request = r.refined_request, updated_at = now()
      FROM feature_planner.feature_refinements r
     WHERE p.id = $1 AND r.plan_id = p.id AND r.id = $2 AND r.status = 'completed'
    RETURNING p.*
)
