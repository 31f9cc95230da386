-- Locks: SHARE UPDATE EXCLUSIVE on iterations_ite while it scans; writers go on.
-- Reversible: nothing to reverse.
ALTER TABLE iterations_ite VALIDATE CONSTRAINT iterations_ite_plm_id_ck;
