-- A migration's iterations have different names, by which link finds them.
-- Held: live data may have doubles, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on iterations_ite while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY iterations_ite_mig_id_ite_name_uq ON iterations_ite (mig_id, ite_name);
