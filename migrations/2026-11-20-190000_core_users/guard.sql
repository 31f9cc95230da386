-- Why no foreign key of this role could refer to the public.users that is there. None is good: it
-- is made. A unique id may be NULL.
WITH users AS (
    SELECT c.oid, c.relkind, c.relpersistence, a.attnum, a.atttypid,
           format_type(a.atttypid, a.atttypmod) AS type
      FROM pg_catalog.pg_class c
      LEFT JOIN pg_catalog.pg_attribute a
             ON a.attrelid = c.oid AND a.attname = 'id' AND a.attnum > 0
     WHERE c.relnamespace = to_regnamespace('public') AND c.relname = 'users'
), problems AS (
    SELECT CASE
           WHEN relkind NOT IN ('r', 'p') THEN
               'public.users is no table, and a foreign key refers to a table alone: rename it, '
               'and a minimal one is made, or leave out the contexts that refer to users'
           WHEN attnum IS NULL THEN
               'public.users has no column id: add one of type uuid with a unique index, or leave '
               'out the contexts that refer to users'
           WHEN atttypid <> 'uuid'::regtype THEN
               format('public.users.id is of type %s, and not uuid: leave out the contexts that '
                      'refer to users', type)
           WHEN NOT EXISTS (
               SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = users.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                  AND i.indnkeyatts = 1 AND i.indkey[0] = users.attnum
                  AND i.indpred IS NULL) THEN
               'public.users.id has no unique index that a foreign key can refer to, which is '
               'valid, for all rows, and of no deferrable constraint: '
               'CREATE UNIQUE INDEX CONCURRENTLY users_id_uq ON public.users (id)'
           WHEN relpersistence <> 'p' THEN
               'public.users is unlogged, and lasting tables cannot refer to it: '
               'ALTER TABLE public.users SET LOGGED'
           WHEN NOT has_column_privilege(oid, attnum, 'REFERENCES') THEN
               format('the role %1$I may not refer to public.users: '
                      'GRANT REFERENCES (id) ON public.users TO %1$I', current_user)
           END
      FROM users
    UNION ALL
    SELECT 'public.users is a type, and a table cannot have its name: rename it, or leave out the '
           'contexts that refer to users'
      FROM pg_catalog.pg_type
     WHERE typnamespace = to_regnamespace('public') AND typname = 'users' AND typrelid = 0
)
SELECT problem FROM problems AS found (problem) WHERE problem IS NOT NULL;
