-- The key goes back to being unchecked for the rows that were there.

ALTER TABLE recommendation DROP CONSTRAINT recommendation_plan_id_fk;
ALTER TABLE recommendation
    ADD CONSTRAINT recommendation_plan_id_fk
        FOREIGN KEY (plan_id) REFERENCES plan (id) ON DELETE CASCADE NOT VALID;
