-- The users of the host application, as far as contexts refer to them: a minimal table where there
-- is none. One that is there is the host's, and is not touched; the guard has looked at it.
--
-- Locks: none that anybody waits for; a table that is made is new. Time: milliseconds. Writers need
-- not stop. Reversible.
DO $$
BEGIN
    IF to_regclass('public.users') IS NULL THEN
        CREATE TABLE public.users (
            id uuid CONSTRAINT users_id_pk PRIMARY KEY
        );
        COMMENT ON TABLE public.users IS 'Made by planwright: the users of the host application, which owns them and writes the rows. Contexts refer to id';
        COMMENT ON COLUMN public.users.id IS 'By which the host application knows the user';
    END IF;
END
$$;
