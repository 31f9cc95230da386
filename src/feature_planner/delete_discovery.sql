-- planwright: delete a discovery
--
-- The plan forgets it here, and with it the copies: in some states of the schema nothing else does.
WITH gone AS (
    DELETE FROM feature_planner.file_discovery_sessions WHERE id = $1
    RETURNING id, plan_id
), forgotten AS (
    UPDATE feature_planner.feature_plans p
       SET selected_discovery_session_id = NULL, discovered_files = NULL, selected_files = NULL,
           updated_at = now()
      FROM gone g
     WHERE p.id = g.plan_id AND p.selected_discovery_session_id = g.id
)
SELECT id FROM gone
