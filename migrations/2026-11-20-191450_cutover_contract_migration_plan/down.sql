-- The column as it was, filled from the iterations. Writers of both tables wait while it is filled.
LOCK TABLE iteration_plans, migrations_mig, iterations_ite IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(line, '; ') INTO found FROM (
        SELECT format('migration %s (%s) uses %s', m.mig_id, m.mig_name,
                      string_agg(DISTINCT i.plm_id::text, ', ')) AS line
          FROM migrations_mig m JOIN iterations_ite i USING (mig_id)
         GROUP BY m.mig_id, m.mig_name HAVING count(DISTINCT i.plm_id) > 1
         ORDER BY m.mig_id
         LIMIT 100
    ) AS lines;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a migration can name one master plan only: %', found
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

ALTER TABLE migrations_mig
    ADD COLUMN plm_id uuid
        CONSTRAINT migrations_mig_plm_id_fkey REFERENCES plans_master_plm (plm_id) ON DELETE RESTRICT;
COMMENT ON COLUMN migrations_mig.plm_id IS 'The master plan of those iterations that name none. NULL in a migration whose iterations all name theirs.';

ALTER TABLE migrations_mig DISABLE TRIGGER migrations_mig_audit;
UPDATE migrations_mig m SET plm_id = i.plm_id
  FROM (SELECT DISTINCT mig_id, plm_id FROM iterations_ite) i
 WHERE i.mig_id = m.mig_id;
ALTER TABLE migrations_mig ENABLE TRIGGER migrations_mig_audit;
-- lint:allow an index that blocks writers: the tables are locked anyway
CREATE INDEX migrations_mig_plm_id_idx ON migrations_mig (plm_id);

CREATE FUNCTION planwright.cutover_iteration_plan() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was uuid;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.mig_id <> OLD.mig_id AND NEW.plm_id IS NOT DISTINCT FROM OLD.plm_id THEN
        -- It goes to another migration. Where it ran the plan of the one that it leaves, it runs that of
        -- the one that it comes to.
        SELECT m.plm_id INTO was
          FROM public.migrations_mig m WHERE m.mig_id = OLD.mig_id FOR KEY SHARE;
        IF OLD.plm_id IS NOT NULL AND OLD.plm_id IS DISTINCT FROM was THEN
            RETURN NEW;
        END IF;
    ELSIF NEW.plm_id IS NOT NULL THEN
        -- To name the plan that it had by its migration changes nothing, so it is no change.
        IF TG_OP = 'UPDATE' AND OLD.plm_id IS NULL
           AND NEW.plm_id = (SELECT m.plm_id FROM public.migrations_mig m WHERE m.mig_id = OLD.mig_id)
           AND (NEW.ite_id, NEW.mig_id, NEW.itt_code, NEW.ite_name, NEW.ite_description,
                NEW.ite_status, NEW.ite_static_cutover_date, NEW.ite_dynamic_cutover_date,
                NEW.created_by, NEW.created_at)
               IS NOT DISTINCT FROM
               (OLD.ite_id, OLD.mig_id, OLD.itt_code, OLD.ite_name, OLD.ite_description,
                OLD.ite_status, OLD.ite_static_cutover_date, OLD.ite_dynamic_cutover_date,
                OLD.created_by, OLD.created_at) THEN
            NEW.updated_by := OLD.updated_by;
            NEW.updated_at := OLD.updated_at;
        END IF;
        RETURN NEW;
    END IF;
    -- Whoever changes the plan of the migration just now is waited for: its iterations follow, this one
    -- must too. Nobody else is: the foreign key takes the same lock.
    SELECT coalesce(m.plm_id, was) INTO NEW.plm_id
      FROM public.migrations_mig m WHERE m.mig_id = NEW.mig_id FOR KEY SHARE;
    IF NEW.plm_id IS NULL AND FOUND THEN
        RAISE EXCEPTION 'iteration % names no master plan, and its migration has none', NEW.ite_name
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  COLUMN = 'plm_id', CONSTRAINT = 'iterations_ite_plm_id_ck';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION planwright.cutover_iteration_plan() IS 'Trigger: an iteration without a master plan gets its migration''s';

-- Behind iterations_ite_audit by its name: what is no change is not told as one.
CREATE TRIGGER iterations_ite_plan BEFORE INSERT OR UPDATE OF plm_id, mig_id ON iterations_ite
    FOR EACH ROW EXECUTE FUNCTION planwright.cutover_iteration_plan();

CREATE FUNCTION planwright.cutover_migration_plan() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_WHEN = 'AFTER' THEN
        UPDATE public.iterations_ite SET plm_id = NEW.plm_id
         WHERE mig_id = NEW.mig_id AND plm_id = OLD.plm_id;
        RETURN NULL;
    END IF;
    -- As if the key were changed: who inserts an iteration meanwhile waits, and sees the new plan.
    PERFORM FROM public.migrations_mig m WHERE m.mig_id = OLD.mig_id FOR UPDATE;
    IF NEW.plm_id IS NULL THEN
        UPDATE public.iterations_ite SET plm_id = OLD.plm_id
         WHERE mig_id = OLD.mig_id AND plm_id IS NULL;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION planwright.cutover_migration_plan() IS 'Trigger: where a migration''s master plan is changed, the iterations that had the old one follow; where it is taken away, they keep it';

CREATE TRIGGER migrations_mig_plan_before BEFORE UPDATE OF plm_id ON migrations_mig
    FOR EACH ROW WHEN (OLD.plm_id IS DISTINCT FROM NEW.plm_id)
    EXECUTE FUNCTION planwright.cutover_migration_plan();
CREATE TRIGGER migrations_mig_plan AFTER UPDATE OF plm_id ON migrations_mig
    FOR EACH ROW WHEN (OLD.plm_id <> NEW.plm_id)
    EXECUTE FUNCTION planwright.cutover_migration_plan();

-- Nobody makes a trigger of them on a table of his own, where they would write for him.
REVOKE EXECUTE ON FUNCTION planwright.cutover_iteration_plan(), planwright.cutover_migration_plan()
    FROM PUBLIC;

-- A view that is replaced loses its options, such as the security_invoker of a host.
DO $$
BEGIN
    PERFORM set_config('planwright.view_options', coalesce(array_to_string(reloptions, ', '), ''), true)
       FROM pg_catalog.pg_class
      WHERE oid = 'iteration_plans'::regclass;
END
$$;

CREATE OR REPLACE VIEW iteration_plans AS
SELECT i.ite_id, i.mig_id, i.plm_id, i.itt_code, i.ite_name, i.ite_description, i.ite_status,
       i.ite_static_cutover_date, i.ite_dynamic_cutover_date, i.created_by, i.created_at,
       i.updated_by, i.updated_at
  FROM iterations_ite i
 WHERE (i.plm_id IS NULL) IS FALSE
UNION ALL
SELECT i.ite_id, i.mig_id, m.plm_id, i.itt_code, i.ite_name, i.ite_description, i.ite_status,
       i.ite_static_cutover_date, i.ite_dynamic_cutover_date, i.created_by, i.created_at,
       i.updated_by, i.updated_at
  FROM iterations_ite i JOIN migrations_mig m ON m.mig_id = i.mig_id
 WHERE (i.plm_id IS NULL) IS TRUE;

DO $$
BEGIN
    IF current_setting('planwright.view_options') <> '' THEN
        EXECUTE format('ALTER VIEW iteration_plans SET (%s)', current_setting('planwright.view_options'));
    END IF;
END
$$;

COMMENT ON VIEW iteration_plans IS 'Iterations, each with the master plan that it runs: the one that it names, else its migration''s.';
