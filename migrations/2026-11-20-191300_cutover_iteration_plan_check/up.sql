-- The first of three steps that make iterations_ite.plm_id NOT NULL, each with the least lock.
-- Held: the backfill must have given every iteration its plan.
-- Locks: ACCESS EXCLUSIVE on iterations_ite for some milliseconds; rows that are there are not looked
-- at. The guard scans before that, without a lock that anybody waits for.
-- Reversible: yes, in milliseconds.
ALTER TABLE iterations_ite
    ADD CONSTRAINT iterations_ite_plm_id_ck CHECK (plm_id IS NOT NULL) NOT VALID;
