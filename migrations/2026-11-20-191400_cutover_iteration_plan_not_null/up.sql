-- The server takes the validated rule as proof and scans nothing.
-- Locks: ACCESS EXCLUSIVE on iterations_ite for some milliseconds.
-- Reversible: yes; the down scans iterations_ite under its lock.
ALTER TABLE iterations_ite ALTER COLUMN plm_id SET NOT NULL;
ALTER TABLE iterations_ite DROP CONSTRAINT iterations_ite_plm_id_ck;

COMMENT ON COLUMN iterations_ite.plm_id IS 'The master plan that it runs.';
