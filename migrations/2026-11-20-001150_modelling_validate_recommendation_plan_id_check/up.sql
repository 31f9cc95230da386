-- Locks: SHARE UPDATE EXCLUSIVE on recommendation while it scans; writers go on.
-- Reversible: nothing to reverse.
ALTER TABLE recommendation VALIDATE CONSTRAINT recommendation_plan_id_ck;
