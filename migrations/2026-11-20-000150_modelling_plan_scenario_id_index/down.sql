DROP INDEX CONCURRENTLY IF EXISTS plan_scenario_id_id_ix;
