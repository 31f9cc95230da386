-- The server takes the validated rule as proof and scans nothing.
-- Locks: ACCESS EXCLUSIVE on recommendation for some milliseconds.
-- Reversible: yes; the down scans recommendation under its lock.
ALTER TABLE recommendation ALTER COLUMN plan_id SET NOT NULL;
ALTER TABLE recommendation DROP CONSTRAINT recommendation_plan_id_ck;

COMMENT ON COLUMN recommendation.plan_id IS 'The plan that has selected this measure.';
