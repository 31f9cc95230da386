, listed AS (
    -- What the copies hold of a file is short: no description and no reasoning.
    SELECT count(*)::integer AS total,
           (count(*) FILTER (WHERE f.priority = 'critical'))::integer AS critical,
           (count(*) FILTER (WHERE f.priority = 'high'))::integer AS high,
           (count(*) FILTER (WHERE f.priority = 'medium'))::integer AS medium,
           (count(*) FILTER (WHERE f.priority = 'low'))::integer AS low,
           coalesce(jsonb_agg(f.entry ORDER BY f.priority, f.relevance_score DESC, f.id), '[]')
               AS discovered_files,
           coalesce(jsonb_agg(f.entry ORDER BY f.priority, f.relevance_score DESC, f.id)
                        FILTER (WHERE f.is_selected), '[]') AS selected_files
      FROM (SELECT files.*,
                   jsonb_build_object(
                       'id', id, 'file_path', file_path, 'file_type', file_type,
                       'file_exists', file_exists, 'priority', priority,
                       'relevance_score', relevance_score, 'role', role,
                       'integration_point', integration_point, 'lines_of_code', lines_of_code,
                       'is_manually_added', is_manually_added) AS entry
              FROM files) f
)
