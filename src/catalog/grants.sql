-- Privileges that somebody else than the owner has: one object for each grantee.
WITH lists AS (
    SELECT 'schema' AS of, '' AS schema, n.nspname::text AS name, n.nspacl AS acl, n.nspowner AS owner
      FROM pg_catalog.pg_namespace n
     WHERE ($1::text[] IS NULL OR n.nspname = ANY ($1))
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
    UNION ALL
    SELECT 'relation', n.nspname, c.relname, c.relacl, c.relowner
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT c.relispartition
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($2))
    UNION ALL
    SELECT 'function', n.nspname,
           format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           p.proacl, p.proowner
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE $1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || p.proname = ANY ($2)
)
SELECT 'grant' AS kind, l.schema, l.name AS relation,
       CASE WHEN a.grantee = 0 THEN 'public' ELSE a.grantee::regrole::text END AS name,
       jsonb_build_object('on', l.of, 'privileges', string_agg(
           a.privilege, ', ' ORDER BY a.privilege)) AS properties
  FROM lists l
 -- Several grantors may have given the same.
 CROSS JOIN LATERAL (
    SELECT e.grantee, e.privilege_type
           || CASE WHEN bool_or(e.is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
      FROM aclexplode(l.acl) e GROUP BY e.grantee, e.privilege_type
 ) a
 WHERE a.grantee <> l.owner
   AND l.schema <> 'information_schema' AND l.schema NOT LIKE 'pg\_%'
 GROUP BY l.of, l.schema, l.name, a.grantee
