DROP INDEX CONCURRENTLY IF EXISTS iterations_ite_plm_id_ix;
