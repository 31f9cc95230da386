-- How much the table is used. Whether the column is, only its readers' code tells, and the text of
-- functions that name both.
SELECT text
  FROM (
    SELECT 1 AS nth,
           format('migrations_mig was read %s times in whole and %s times by an index, %s rows were inserted and %s updated',
                  seq_scan, idx_scan, n_tup_ins, n_tup_upd) AS text
      FROM pg_catalog.pg_stat_user_tables
     WHERE relid = 'migrations_mig'::regclass
    UNION ALL
    SELECT 2, format('%s names migrations_mig and plm_id', p.oid::regprocedure)
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND p.oid::regprocedure::text NOT IN ('planwright.cutover_iteration_plan()',
                                             'planwright.cutover_migration_plan()')
       AND p.prosrc ~* '\mmigrations_mig\M' AND p.prosrc ~* '\mplm_id\M'
  ) AS line
 ORDER BY nth, text;
