-- Links that are not in recommendation.plan_id, what else of the database reads the join, and what else
-- it holds.
SELECT problem
  FROM (
    SELECT 1 AS nth, format('%s links to recommendations without a plan_id, which the backfill moves', count(*)) AS problem
      FROM plan_recommendations l JOIN recommendation r ON r.id = l.recommendation_id
     WHERE r.plan_id IS NULL
    HAVING count(*) > 0
    UNION ALL
    SELECT 2, format('%s links to recommendations of another plan, which have to be resolved', count(*))
      FROM plan_recommendations l JOIN recommendation r ON r.id = l.recommendation_id
     WHERE r.plan_id <> l.plan_id
    HAVING count(*) > 0
    UNION ALL
    SELECT DISTINCT 3, format('%s reads plan_recommendations', w.ev_class::regclass)
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
       AND d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.refobjid = 'plan_recommendations'::regclass
       AND w.ev_class NOT IN ('plan_recommendations'::regclass, 'plan_measure'::regclass)
    UNION ALL
    -- The server does not know what most functions read. Their text does.
    SELECT 4, format('%s names plan_recommendations', p.oid::regprocedure)
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND (p.prosrc ~* '\mplan_recommendations\M'
            OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
                          AND d.refclassid = 'pg_catalog.pg_class'::regclass
                          AND d.refobjid = 'plan_recommendations'::regclass))
    UNION ALL
    SELECT 5, format('plan_recommendations has a column of the host, %I, whose content would be lost', a.attname)
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = 'plan_recommendations'::regclass AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attname NOT IN ('plan_id', 'recommendation_id')
  ) AS found
 ORDER BY nth, problem
 LIMIT 100;
