-- A migration names one plan for all of its iterations again. Refuses where that cannot be true.
LOCK TABLE migrations_mig, iterations_ite IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(line, '; ') INTO found FROM (
        SELECT format('migration %s (%s) uses %s master plans', m.mig_id, m.mig_name,
                      count(DISTINCT p.plm_id)) AS line
          FROM migrations_mig m JOIN iteration_plans p USING (mig_id)
         GROUP BY m.mig_id, m.mig_name HAVING count(DISTINCT p.plm_id) > 1
        UNION ALL
        SELECT format('migration %s (%s) has no master plan and no iteration', m.mig_id, m.mig_name)
          FROM migrations_mig m
         WHERE m.plm_id IS NULL
           AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id)
        LIMIT 100
    ) AS lines;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a migration can name one master plan only: %', found
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP VIEW iteration_plans;
DROP TRIGGER migrations_mig_plan ON migrations_mig;
UPDATE migrations_mig m SET plm_id = i.plm_id
  FROM iterations_ite i
 WHERE i.mig_id = m.mig_id AND i.plm_id IS NOT NULL AND m.plm_id IS DISTINCT FROM i.plm_id;
DROP TRIGGER iterations_ite_plan ON iterations_ite;
DROP FUNCTION planwright.cutover_migration_plan();
DROP FUNCTION planwright.cutover_iteration_plan();
ALTER TABLE iterations_ite DROP COLUMN plm_id;
ALTER TABLE migrations_mig ALTER COLUMN plm_id SET NOT NULL;

COMMENT ON COLUMN migrations_mig.plm_id IS 'The master plan that all of its iterations run.';
