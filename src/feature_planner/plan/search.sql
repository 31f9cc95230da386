-- planwright: search feature plans
--
-- Ranks are computed for what matches, headlines for what is returned. What would look like a mark is
-- taken out of the text.
WITH found AS (
    SELECT p.*, asked.query, rank.original AS original_rank, rank.refined AS refined_rank
      FROM (SELECT websearch_to_tsquery('english', $1) AS query) asked
      JOIN feature_planner.feature_plans p
        ON to_tsvector('english', p.original_request) @@ asked.query
        OR to_tsvector('english', p.refined_request) @@ asked.query
     CROSS JOIN LATERAL (
            SELECT CASE WHEN to_tsvector('english', p.original_request) @@ asked.query
                        THEN ts_rank(to_tsvector('english', p.original_request), asked.query)
                   END AS original,
                   CASE WHEN to_tsvector('english', p.refined_request) @@ asked.query
                        THEN ts_rank(to_tsvector('english', p.refined_request), asked.query)
                   END AS refined) rank
     WHERE p.user_id = $2
     ORDER BY greatest(rank.original, rank.refined) DESC, p.created_at DESC, p.id DESC
     LIMIT $3
)
SELECT id, user_id, found.original_request, found.refined_request, status, current_step, version,
       parent_plan_id, selected_refinement_id, selected_discovery_session_id,
       selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
       implementation_plan, complexity, risk_level, estimated_duration, session_id,
       total_execution_time_ms, completed_at, created_at, updated_at,
       greatest(original_rank, refined_rank), which.is_refined,
       ts_headline(
           'english',
           translate(CASE WHEN which.is_refined THEN found.refined_request ELSE found.original_request END,
                     E'\x02\x03', ''),
           query, E'StartSel=\x02, StopSel=\x03')
  FROM found
 CROSS JOIN LATERAL (
        SELECT coalesce(refined_rank > original_rank, original_rank IS NULL) AS is_refined) which
 ORDER BY greatest(original_rank, refined_rank) DESC, created_at DESC, id DESC
