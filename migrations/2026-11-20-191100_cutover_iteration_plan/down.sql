-- A migration names one plan for all of its iterations again. Refuses where that cannot be true.
LOCK TABLE iteration_plans, migrations_mig, iterations_ite IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(line, '; ') INTO found FROM (
        SELECT format('migration %s (%s) has the master plans %s', m.mig_id, m.mig_name,
                      string_agg(DISTINCT p.plm_id::text, ', ')) AS line
          FROM migrations_mig m
          JOIN (SELECT mig_id, plm_id FROM iteration_plans
                UNION
                SELECT mig_id, plm_id FROM migrations_mig WHERE plm_id IS NOT NULL) p USING (mig_id)
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
DROP TRIGGER migrations_mig_plan_before ON migrations_mig;
UPDATE migrations_mig m SET plm_id = i.plm_id
  FROM iterations_ite i
 WHERE i.mig_id = m.mig_id AND i.plm_id IS NOT NULL AND m.plm_id IS NULL;
DROP TRIGGER iterations_ite_plan ON iterations_ite;
DROP FUNCTION planwright.cutover_migration_plan();
DROP FUNCTION planwright.cutover_iteration_plan();
ALTER TABLE iterations_ite DROP COLUMN plm_id;
ALTER TABLE migrations_mig ALTER COLUMN plm_id SET NOT NULL;

COMMENT ON COLUMN migrations_mig.plm_id IS 'The master plan that all of its iterations run.';
