-- Drops the table as it was made. It stays where it is the host's, or has become so: with a row,
-- another column, a trigger, row security (which may hide rows), or anything that refers to it.
DO $$
BEGIN
    IF obj_description(to_regclass('public.users'), 'pg_class') LIKE 'Made by planwright:%' THEN
        LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_class
                        WHERE oid = 'public.users'::regclass AND relrowsecurity)
           AND NOT EXISTS (SELECT FROM public.users)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute
                            WHERE attrelid = 'public.users'::regclass AND attnum > 0
                              AND attname <> 'id' AND NOT attisdropped)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
                            WHERE tgrelid = 'public.users'::regclass AND NOT tgisinternal)
        THEN
            BEGIN
                DROP TABLE public.users;
            EXCEPTION WHEN dependent_objects_still_exist THEN
                NULL; -- a foreign key, a view, a function: it stays
            END;
        END IF;
    END IF;
END
$$;
