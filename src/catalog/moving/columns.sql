-- planwright: what a view that stands for a table needs of it: columns, and who may do what
SELECT c.oid, c.relname::text AS table,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS names,
       coalesce((
         SELECT jsonb_agg(jsonb_build_object(
                    'role', coalesce(r.rolname::text, ''), 'privilege', e.privilege_type,
                    'column', e.column, 'grantable', e.is_grantable)
                    ORDER BY r.rolname, e.column, e.privilege_type)
           FROM (SELECT NULL::text AS column, x.* FROM
                     aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                 UNION ALL
                 SELECT a.attname, x.* FROM pg_catalog.pg_attribute a
                  CROSS JOIN LATERAL aclexplode(a.attacl) x
                  WHERE a.attrelid = c.oid AND NOT a.attisdropped) e
           LEFT JOIN pg_catalog.pg_roles r ON r.oid = e.grantee
          WHERE e.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            AND (e.grantee = 0 OR r.rolname <> current_user)), '[]') AS grants
  FROM pg_catalog.pg_class c
 WHERE c.oid = ANY ($1)
 ORDER BY c.oid
