-- planwright: who owns tables and types, or has privileges on them, and whether they may use a schema
WITH lists AS (
    SELECT c.relowner AS owner, c.relacl AS acl FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)
    UNION ALL
    SELECT s.relowner, s.relacl
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
     WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY ($1)
       AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
       AND s.relkind = 'S'
    UNION ALL
    SELECT c.relowner, a.attacl
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     WHERE a.attrelid = ANY ($1) AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT t.typowner, (SELECT array_agg(i) FROM unnest(t.typacl) AS i
                         -- Everybody's by default.
                         WHERE NOT starts_with(i::text, '='))
      FROM pg_catalog.pg_type t WHERE t.oid = ANY ($2)
), roles AS (
    SELECT owner AS role FROM lists
    UNION
    SELECT e.grantee FROM lists l CROSS JOIN LATERAL aclexplode(l.acl) e
)
SELECT coalesce(r.rolname::text, 'public') AS role, o.role = 0 AS everybody,
       CASE WHEN n.oid IS NULL THEN coalesce(r.rolsuper, false)
            WHEN o.role = 0 THEN EXISTS (
                SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) e
                 WHERE e.grantee = 0 AND e.privilege_type = 'USAGE')
            ELSE has_schema_privilege(o.role, n.oid, 'USAGE') END AS may_use,
       r.rolname = current_user AND n.oid IS NULL AS makes_it
  FROM roles o
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = o.role
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $3
 WHERE o.role = 0 OR r.oid IS NOT NULL
 ORDER BY o.role = 0, 1
