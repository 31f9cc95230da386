-- An iteration names its master plan itself, and a migration may have none. Nothing is filled here:
-- iterations keep NULL until the backfill.
--
-- Old writers go on: what they insert without a plan gets its migration's, where they change the
-- migration's plan the iterations that had the old one follow, and so does an iteration that they move
-- to another migration. The functions run as their owner: an old writer may have no right to lock a
-- migration, or to change an iteration.
--
-- Locks: ACCESS EXCLUSIVE on migrations_mig and iterations_ite, SHARE ROW EXCLUSIVE on
-- plans_master_plm, for some milliseconds. Nothing is rewritten or scanned.
-- Reversible: yes; the down refuses where a migration would have more than one plan, or none.

ALTER TABLE migrations_mig ALTER COLUMN plm_id DROP NOT NULL;

-- The foreign key's index is built in a migration of its own, which does not block writers.
ALTER TABLE iterations_ite
    ADD COLUMN plm_id uuid,
    ADD CONSTRAINT iterations_ite_plm_id_fk
        FOREIGN KEY (plm_id) REFERENCES plans_master_plm (plm_id) ON DELETE RESTRICT NOT VALID;

COMMENT ON COLUMN migrations_mig.plm_id IS 'The master plan of those iterations that name none. NULL in a migration whose iterations all name theirs.';
COMMENT ON COLUMN iterations_ite.plm_id IS 'The master plan that it runs. NULL where it is still its migration''s.';

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
-- lint:allow an expand that old code notices: the functions are new
REVOKE EXECUTE ON FUNCTION planwright.cutover_iteration_plan(), planwright.cutover_migration_plan()
    FROM PUBLIC;

-- Two branches, so that an index serves each whatever is asked for.
-- Which of them a row is in must not be looked up by the index of plm_id: while the column is filled, the
-- statistics are wrong about it.
CREATE VIEW iteration_plans AS
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

COMMENT ON VIEW iteration_plans IS 'Iterations, each with the master plan that it runs: the one that it names, else its migration''s.';
COMMENT ON COLUMN iteration_plans.ite_id IS 'The key.';
COMMENT ON COLUMN iteration_plans.mig_id IS 'The migration.';
COMMENT ON COLUMN iteration_plans.plm_id IS 'The master plan that it runs.';
COMMENT ON COLUMN iteration_plans.itt_code IS 'What it is for.';
COMMENT ON COLUMN iteration_plans.ite_name IS 'What people call it.';
COMMENT ON COLUMN iteration_plans.ite_description IS 'What is special about it.';
COMMENT ON COLUMN iteration_plans.ite_status IS 'How far it is.';
COMMENT ON COLUMN iteration_plans.ite_static_cutover_date IS 'When the cutover is agreed to be.';
COMMENT ON COLUMN iteration_plans.ite_dynamic_cutover_date IS 'When the cutover is now expected to be.';
COMMENT ON COLUMN iteration_plans.created_by IS 'Who made the row, where the application said so.';
COMMENT ON COLUMN iteration_plans.created_at IS 'When the row was made.';
COMMENT ON COLUMN iteration_plans.updated_by IS 'Who changed the row last, where the application said so.';
COMMENT ON COLUMN iteration_plans.updated_at IS 'When the row was last changed.';
