-- Scans recommendation once, under ACCESS EXCLUSIVE: the rule was validated.

ALTER TABLE recommendation
    ADD CONSTRAINT recommendation_plan_id_ck CHECK (plan_id IS NOT NULL);
ALTER TABLE recommendation ALTER COLUMN plan_id DROP NOT NULL;

COMMENT ON COLUMN recommendation.plan_id IS 'The plan that has selected this measure. NULL for a candidate.';
