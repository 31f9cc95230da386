-- The trigger function of rows that are never changed. It names the constraint <table>_immutable, by
-- which callers tell its refusals from others.
--
-- Locks: none that anybody waits for; the function is new. Time: milliseconds. Writers need not stop.
-- Reversible: yes, where no trigger uses it.

CREATE FUNCTION planwright.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: its rows are immutable',
            TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              CONSTRAINT = TG_TABLE_NAME || '_immutable';
END
$$;

COMMENT ON FUNCTION planwright.refuse_change() IS 'Trigger: refuses whatever fired it';
