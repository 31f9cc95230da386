-- The rule goes back to being unchecked for the rows that were there.

ALTER TABLE iterations_ite DROP CONSTRAINT iterations_ite_plm_id_ck;
ALTER TABLE iterations_ite
    ADD CONSTRAINT iterations_ite_plm_id_ck CHECK (plm_id IS NOT NULL) NOT VALID;
