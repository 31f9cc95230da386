-- Migrations whose plan would be forgotten: none of their iterations runs it. Give them one that does,
-- which the backfill does where there is none at all, or set the migration's plan to NULL. And what of
-- the host's hangs on the column: it goes with it, or keeps it from going.
SELECT problem
  FROM (
    SELECT 1 AS nth, m.mig_id::text AS key,
           format('master plan %s of migration %s (%s) is in none of its iterations', m.plm_id, m.mig_id,
                  m.mig_name) AS problem
      FROM migrations_mig m
     WHERE m.plm_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id AND i.plm_id = m.plm_id)
    UNION ALL
    SELECT DISTINCT 2, u.name, format('%s uses migrations_mig.plm_id', u.name)
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_depend d
        ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
           AND d.refobjsubid = a.attnum
     CROSS JOIN LATERAL (SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS name) u
     WHERE a.attrelid = 'migrations_mig'::regclass AND a.attname = 'plm_id'
       -- The foreign key with its triggers, the index, and what this migration drops or replaces itself.
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c
                        WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = d.objid
                          AND c.contype = 'f' AND c.conkey = ARRAY[a.attnum])
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND x.indexrelid = d.objid
                          AND x.indkey::text = a.attnum::text AND x.indpred IS NULL
                          AND NOT x.indisunique)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                        WHERE d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid
                          AND t.tgname IN ('migrations_mig_plan', 'migrations_mig_plan_before'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w
                        WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
                          AND w.ev_class = 'iteration_plans'::regclass)
  ) AS found
 ORDER BY nth, key
 LIMIT 100;
