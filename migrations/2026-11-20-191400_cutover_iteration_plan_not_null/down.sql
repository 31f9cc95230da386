-- Scans iterations_ite once, under ACCESS EXCLUSIVE: the rule was validated.

-- lint:allow a constraint checked under a lock: it was validated, and the down brings back what was
ALTER TABLE iterations_ite
    ADD CONSTRAINT iterations_ite_plm_id_ck CHECK (plm_id IS NOT NULL);
ALTER TABLE iterations_ite ALTER COLUMN plm_id DROP NOT NULL;

COMMENT ON COLUMN iterations_ite.plm_id IS 'The master plan that it runs. NULL where it is still its migration''s.';
