-- The rule goes back to being unchecked for the rows that were there.

ALTER TABLE recommendation
    DROP CONSTRAINT recommendation_plan_id_ck,
    ADD CONSTRAINT recommendation_plan_id_ck CHECK (plan_id IS NOT NULL) NOT VALID;
