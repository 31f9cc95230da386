-- planwright: try what is to be refused
--
-- In one message, each try in a subtransaction that is taken back. SQLSTATEs are seen in here, in
-- any language. A statement timeout is not caught.
DO $$
DECLARE
    told jsonb := '[]';
    attempt jsonb;
    done bigint;
    state text;
    of_table text;
    of_constraint text;
    message text;
BEGIN
    FOR attempt IN SELECT jsonb_array_elements(current_setting('planwright.attempts')::jsonb) LOOP
        -- What is busy for one mode is so for the other.
        IF (attempt ->> 'in_replica_mode')::boolean AND state = '55P03' THEN
            told := told || (told -> -1);
            CONTINUE;
        END IF;
        BEGIN
            of_table := '';
            of_constraint := '';
            IF (attempt ->> 'in_replica_mode')::boolean THEN
                PERFORM set_config('session_replication_role', 'replica', true);
            END IF;
            EXECUTE attempt ->> 'sql';
            GET DIAGNOSTICS done = ROW_COUNT;
            RAISE EXCEPTION USING ERRCODE = 'PWUND';
        EXCEPTION
            WHEN SQLSTATE 'PWUND' THEN
                state := '00000';
                message := '';
            WHEN OTHERS THEN
                done := 0;
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                    of_table = TABLE_NAME, of_constraint = CONSTRAINT_NAME;
        END;
        told := told || jsonb_build_object('state', state, 'rows', done, 'table', of_table,
                                           'constraint', of_constraint, 'message', message);
    END LOOP;
    PERFORM set_config('planwright.attempts', told::text, true);
END
$$
