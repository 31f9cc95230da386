-- Whether the times are those of UTC. Where they are not, the newest is hours away from now, and a role or
-- the database may have a TimeZone.
SELECT line.text
  FROM (SELECT timezone('UTC', now()) AS utc) AS clock,
       LATERAL (
           SELECT 1 AS nth, 'it is ' || clock.utc || ' in UTC now'
           UNION ALL
           SELECT 2, format('feature_plans: the newest was made at %s, %s of %s later than now',
                            coalesce(max(created_at)::text, 'no time'),
                            count(*) FILTER (WHERE created_at > clock.utc), count(*))
             FROM feature_planner.feature_plans
           UNION ALL
           SELECT 3, format('plan_execution_logs: the newest was made at %s, %s of %s later than now',
                            coalesce(max(created_at)::text, 'no time'),
                            count(*) FILTER (WHERE created_at > clock.utc), count(*))
             FROM feature_planner.plan_execution_logs
           UNION ALL
           SELECT 4, format('%s is set for %s', setting,
                            concat_ws(' in ', CASE s.setrole WHEN 0 THEN 'all roles' ELSE s.setrole::regrole::text END,
                                      d.datname))
             FROM pg_catalog.pg_db_role_setting s
             LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
                  unnest(s.setconfig) AS setting
            WHERE setting ILIKE 'timezone=%' AND (s.setdatabase = 0 OR d.datname = current_database())
       ) AS line (nth, text)
 ORDER BY line.nth, line.text;
