-- How much the table is used. Whether the column is, only its readers' code tells.
SELECT format('migrations_mig was read %s times in whole and %s times by an index, %s rows were inserted and %s updated',
              seq_scan, idx_scan, n_tup_ins, n_tup_upd)
  FROM pg_catalog.pg_stat_user_tables
 WHERE relid = 'migrations_mig'::regclass;
