, counted AS (
    UPDATE feature_planner.file_discovery_sessions s
       SET total_files_found = l.total, critical_priority_count = l.critical,
           high_priority_count = l.high, medium_priority_count = l.medium,
           low_priority_count = l.low, discovered_files = l.discovered_files
      FROM held h, listed l
     WHERE s.id = h.id
), copied AS (
    UPDATE feature_planner.feature_plans p
       SET discovered_files = l.discovered_files, selected_files = l.selected_files,
           updated_at = now()
      FROM held h, listed l
     WHERE p.id = h.plan_id AND p.selected_discovery_session_id = h.id
)
SELECT id, discovery_session_id, file_path, file_type, file_exists, priority, relevance_score, role,
       integration_point, description, reasoning, lines_of_code, is_selected, is_manually_added,
       added_by_user_id, created_at
  FROM changed
