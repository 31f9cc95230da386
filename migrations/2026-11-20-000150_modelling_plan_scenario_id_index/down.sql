DROP INDEX CONCURRENTLY plan_scenario_id_id_ix;
