-- Enum types and domains, functions and procedures. What an extension owns is its own affair.
SELECT 'type' AS kind, n.nspname::text AS schema, '' AS relation, t.typname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)::text
                        FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
           'domain', CASE WHEN t.typtype = 'd' THEN concat_ws(' ',
               format_type(t.typbasetype, t.typtypmod),
               CASE WHEN t.typnotnull THEN 'NOT NULL' END,
               'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0),
               (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname)
                  FROM pg_catalog.pg_constraint k
                 WHERE k.contypid = t.oid AND k.contype = 'c')) END,
           'comment', obj_description(t.oid, 'pg_type'))) AS properties
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd')
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || t.typname = ANY ($2))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = t.oid
                      AND e.deptype = 'e')
UNION ALL
SELECT 'function', n.nspname, '',
       format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_functiondef(p.oid),
           'comment', obj_description(p.oid, 'pg_proc')))
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prokind IN ('f', 'p')
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || p.proname = ANY ($2))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid
                      AND e.deptype = 'e')
