-- Locks: SHARE UPDATE EXCLUSIVE on recommendation, ROW SHARE on plan, while it scans; writers go on.
-- Reversible: nothing to reverse.
ALTER TABLE recommendation VALIDATE CONSTRAINT recommendation_plan_id_fk;
