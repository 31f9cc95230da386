-- What of the host's hangs on a column of times. Views, policies, triggers and generated columns keep its
-- type from being changed, as does a column elsewhere of the type of the table's rows, and an index or
-- constraint would be built or checked anew under the lock: drop it, and make it again behind this migration.
WITH times (table_name, column_name) AS (
    VALUES
        ('discovered_files', 'created_at'),
        ('feature_plans', 'completed_at'), ('feature_plans', 'created_at'), ('feature_plans', 'updated_at'),
        ('feature_refinements', 'completed_at'), ('feature_refinements', 'created_at'),
        ('file_discovery_sessions', 'completed_at'), ('file_discovery_sessions', 'created_at'),
        ('implementation_plan_generations', 'completed_at'), ('implementation_plan_generations', 'created_at'),
        ('plan_execution_logs', 'created_at'), ('plan_execution_logs', 'end_time'), ('plan_execution_logs', 'start_time'),
        ('plan_step_templates', 'created_at'), ('plan_step_templates', 'updated_at'),
        ('plan_steps', 'created_at'), ('plan_steps', 'updated_at')
)
SELECT format('%s uses %s: %s', named.object, string_agg(DISTINCT t.table_name || '.' || t.column_name, ', '),
              max(named.remedy))
  FROM times t
  JOIN pg_catalog.pg_attribute a
    ON a.attrelid = to_regclass('feature_planner.' || t.table_name) AND a.attname = t.column_name
  JOIN pg_catalog.pg_depend d
    ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
       AND d.refobjsubid = a.attnum
  LEFT JOIN pg_catalog.pg_rewrite r
    ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
 CROSS JOIN LATERAL (
    -- Of a view this is its rule, which nobody knows by name.
    SELECT CASE WHEN v.oid IS NULL
                THEN pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
                ELSE format('view %I.%I', v.relnamespace::regnamespace, v.relname) END AS object,
           CASE WHEN starts_with(obj_description(v.oid, 'pg_class'), 'Made by planwright::relocate')
                THEN 'drop the compatibility views, and make them again later'
                ELSE 'drop it, and make it again later' END AS remedy
 ) AS named
 -- Its own default goes along; that of another column is what this one is generated from.
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef f
                    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
                      AND (f.adrelid, f.adnum) = (a.attrelid, a.attnum))
   -- NOT NULL is a constraint from PostgreSQL 18 on, of which nothing is checked anew.
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
                      AND k.contype = 'n')
 GROUP BY named.object
 UNION ALL
SELECT format('column %I of %s has the type of the rows of %s: drop it, and make it again later', a.attname,
              a.attrelid::regclass, t.table_name)
  FROM (SELECT DISTINCT table_name FROM times) t
  JOIN pg_catalog.pg_class c ON c.oid = to_regclass('feature_planner.' || t.table_name)
  JOIN pg_catalog.pg_type y ON y.oid = c.reltype
  JOIN pg_catalog.pg_attribute a ON a.atttypid IN (y.oid, y.typarray) AND NOT a.attisdropped
  JOIN pg_catalog.pg_class k ON k.oid = a.attrelid AND k.relkind IN ('r', 'p', 'm')
 ORDER BY 1
 LIMIT 100;
