-- Refuses while a row is left that the up has not made: dropping the tables would lose it.
DO $$
BEGIN
    LOCK TABLE plans_master_plm, migrations_mig, iteration_types_itt, iterations_ite
        IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM plans_master_plm) OR EXISTS (SELECT FROM migrations_mig)
       OR EXISTS (SELECT FROM iterations_ite)
       OR EXISTS (SELECT FROM iteration_types_itt WHERE itt_code NOT IN ('RUN', 'DR', 'CUTOVER')) THEN
        RAISE EXCEPTION 'the tables of cutover still hold rows, which dropping them would lose'
            USING ERRCODE = 'restrict_violation', HINT = 'Delete or move the rows first.';
    END IF;
END
$$;

DROP TABLE iterations_ite;
DROP TABLE iteration_types_itt;
DROP TABLE migrations_mig;
DROP TABLE plans_master_plm;
DROP TYPE cutover_status;
