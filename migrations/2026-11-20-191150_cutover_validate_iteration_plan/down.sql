-- The key goes back to being unchecked for the rows that were there.

ALTER TABLE iterations_ite DROP CONSTRAINT iterations_ite_plm_id_fk;
ALTER TABLE iterations_ite
    ADD CONSTRAINT iterations_ite_plm_id_fk
        FOREIGN KEY (plm_id) REFERENCES plans_master_plm (plm_id) ON DELETE RESTRICT NOT VALID;
