DROP INDEX CONCURRENTLY IF EXISTS plan_property_id_scenario_id_uq;
