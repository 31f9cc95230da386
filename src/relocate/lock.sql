-- planwright: the locks of a move, one after the other, all within one limit
--
-- What comes after it on a table waits behind it: with a limit for each lock that would be their sum.
DO $$
DECLARE
    task jsonb := current_setting('planwright.relocate')::jsonb;
    most integer := (task ->> 'limit_ms')::integer;
    until timestamptz := clock_timestamp() + most * interval '1 millisecond';
    name text;
BEGIN
    FOR name IN SELECT jsonb_array_elements_text(task -> 'tables') LOOP
        IF most > 0 THEN
            PERFORM set_config('lock_timeout', greatest(1, ceil(
                extract(epoch FROM until - clock_timestamp()) * 1000))::integer::text, true);
        END IF;
        EXECUTE 'LOCK TABLE ONLY ' || name || ' IN ACCESS EXCLUSIVE MODE';
    END LOOP;
    PERFORM set_config('lock_timeout', most::text, true);
END
$$
