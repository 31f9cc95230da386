-- Who made and changed a row, and when, is written by the database: by the actor of the unit of work
-- where there is one, else as the statement says.
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
CREATE TRIGGER iterations_ite_audit BEFORE INSERT OR UPDATE ON iterations_ite
    FOR EACH ROW EXECUTE FUNCTION planwright.cutover_audit();
