-- A migration is a container: which master plans it uses, its iterations say.
-- Held: what reads or writes migrations_mig.plm_id fails from here on, and an iteration without a plan
-- is refused. Readers of iteration_plans, and the repositories, never notice.
-- Locks: ACCESS EXCLUSIVE on migrations_mig, iterations_ite and iteration_plans for some milliseconds,
-- and for a scan of migrations_mig that the guard makes behind the locks.
-- Reversible: the down fills the column from the iterations, and refuses where a migration uses several
-- plans: that cannot go back. Privileges that were granted on the column are not given again.
-- The view first, and with it its tables: so do its readers, and nobody waits in a circle.
LOCK TABLE iteration_plans, migrations_mig, iterations_ite IN ACCESS EXCLUSIVE MODE;

-- A view that is replaced loses its options, such as the security_invoker of a host.
DO $$
BEGIN
    PERFORM set_config('planwright.view_options', coalesce(array_to_string(reloptions, ', '), ''), true)
       FROM pg_catalog.pg_class
      WHERE oid = 'iteration_plans'::regclass;
END
$$;

-- With a second relation nobody writes through the view, and each version of the server writes it alike.
CREATE OR REPLACE VIEW iteration_plans AS
SELECT i.ite_id, i.mig_id, i.plm_id, i.itt_code, i.ite_name, i.ite_description, i.ite_status,
       i.ite_static_cutover_date, i.ite_dynamic_cutover_date, i.created_by, i.created_at,
       i.updated_by, i.updated_at
  FROM iterations_ite i
 CROSS JOIN (SELECT) one;

DO $$
BEGIN
    IF current_setting('planwright.view_options') <> '' THEN
        EXECUTE format('ALTER VIEW iteration_plans SET (%s)', current_setting('planwright.view_options'));
    END IF;
END
$$;

COMMENT ON VIEW iteration_plans IS 'Iterations, each with the master plan that it runs.';

DROP TRIGGER iterations_ite_plan ON iterations_ite;
DROP TRIGGER migrations_mig_plan ON migrations_mig;
DROP TRIGGER migrations_mig_plan_before ON migrations_mig;
DROP FUNCTION planwright.cutover_iteration_plan();
DROP FUNCTION planwright.cutover_migration_plan();
ALTER TABLE migrations_mig DROP COLUMN plm_id;
