-- The iterations of a master plan, and the check when one is deleted.
-- Locks: SHARE UPDATE EXCLUSIVE on iterations_ite while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY iterations_ite_plm_id_ix ON iterations_ite (plm_id);
