-- Who made and changed a row, and when, is written by the database: by the actor of the unit of work
-- where there is one, else as the statement says. To name the plan that an iteration had by its
-- migration changes nothing, so it is no change.
--
-- Locks: SHARE ROW EXCLUSIVE on plans_master_plm, migrations_mig and iterations_ite, milliseconds.
-- Reversible: yes.

CREATE FUNCTION planwright.cutover_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := nullif(current_setting('planwright.actor', true), '');
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.created_by := coalesce(actor, NEW.created_by);
        NEW.updated_by := coalesce(actor, NEW.updated_by, NEW.created_by);
        RETURN NEW;
    END IF;
    NEW.created_by := OLD.created_by;
    NEW.created_at := OLD.created_at;
    NEW.updated_by := coalesce(actor, NEW.updated_by);
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION planwright.cutover_audit() IS 'Trigger: fills created_by, updated_by and updated_at';

CREATE TRIGGER plans_master_plm_audit BEFORE INSERT OR UPDATE ON plans_master_plm
    FOR EACH ROW EXECUTE FUNCTION planwright.cutover_audit();
CREATE TRIGGER migrations_mig_audit BEFORE INSERT OR UPDATE ON migrations_mig
    FOR EACH ROW EXECUTE FUNCTION planwright.cutover_audit();
CREATE TRIGGER iterations_ite_audit BEFORE INSERT ON iterations_ite
    FOR EACH ROW EXECUTE FUNCTION planwright.cutover_audit();
CREATE TRIGGER iterations_ite_audit_update BEFORE UPDATE ON iterations_ite
    FOR EACH ROW
    WHEN (OLD.plm_id IS NOT NULL OR NEW.plm_id IS NULL
          OR (OLD.ite_id, OLD.mig_id, OLD.itt_code, OLD.ite_name, OLD.ite_description, OLD.ite_status,
              OLD.ite_static_cutover_date, OLD.ite_dynamic_cutover_date, OLD.created_by,
              OLD.created_at, OLD.updated_by, OLD.updated_at)
             IS DISTINCT FROM
             (NEW.ite_id, NEW.mig_id, NEW.itt_code, NEW.ite_name, NEW.ite_description, NEW.ite_status,
              NEW.ite_static_cutover_date, NEW.ite_dynamic_cutover_date, NEW.created_by,
              NEW.created_at, NEW.updated_by, NEW.updated_at))
    EXECUTE FUNCTION planwright.cutover_audit();
