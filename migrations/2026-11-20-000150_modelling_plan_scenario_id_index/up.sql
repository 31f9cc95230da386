-- The foreign key's cascade, and a scenario's plans page by page.
-- Locks: SHARE UPDATE EXCLUSIVE on plan while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY plan_scenario_id_id_ix ON plan (scenario_id, id);
