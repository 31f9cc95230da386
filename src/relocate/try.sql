-- planwright: rows that refer to nothing, each tried in a subtransaction that is taken back
--
-- The triggers of the host's are switched off meanwhile: the tables are locked, and what they would
-- do elsewhere is of no use here. SQLSTATEs are seen in here, in any language.
DO $$
DECLARE
    told jsonb := '[]';
    attempt jsonb;
    done bigint;
    state text;
    of_constraint text;
    message text;
BEGIN
    FOR attempt IN SELECT jsonb_array_elements(current_setting('planwright.relocate')::jsonb) LOOP
        BEGIN
            done := 0;
            of_constraint := '';
            EXECUTE 'ALTER TABLE ' || (attempt ->> 'table') || ' DISABLE TRIGGER USER';
            EXECUTE attempt ->> 'sql';
            GET DIAGNOSTICS done = ROW_COUNT;
            SET CONSTRAINTS ALL IMMEDIATE;
            RAISE EXCEPTION USING ERRCODE = 'PWUND';
        EXCEPTION
            WHEN SQLSTATE 'PWUND' THEN
                state := '00000';
                message := '';
            WHEN lock_not_available OR deadlock_detected THEN
                RAISE;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                    of_constraint = CONSTRAINT_NAME;
        END;
        told := told || jsonb_build_object('state', state, 'rows', done,
                                           'constraint', of_constraint, 'message', message);
    END LOOP;
    PERFORM set_config('planwright.relocate', told::text, true);
END
$$
