-- planwright: which of these privileges roles do not have yet
SELECT w.role, r.oid IS NOT NULL AS exists,
       NOT coalesce(has_schema_privilege(r.oid, n.oid, 'USAGE'), false) AS usage,
       coalesce((SELECT array_agg(c.relname::text ORDER BY c.oid) FROM pg_catalog.pg_class c
                  WHERE c.oid = ANY ($3) AND NOT (
                        has_table_privilege(r.oid, c.oid, 'SELECT')
                        AND has_table_privilege(r.oid, c.oid, 'INSERT')
                        AND has_table_privilege(r.oid, c.oid, 'UPDATE')
                        AND has_table_privilege(r.oid, c.oid, 'DELETE'))), '{}') AS tables,
       coalesce((SELECT array_agg(c.relname::text ORDER BY c.oid) FROM pg_catalog.pg_class c
                  WHERE c.oid = ANY ($4) AND NOT has_sequence_privilege(r.oid, c.oid, 'USAGE')),
                '{}') AS sequences,
       (SELECT count(*) FROM pg_catalog.pg_default_acl a
          CROSS JOIN LATERAL aclexplode(a.defaclacl) e
         WHERE a.defaclnamespace = n.oid AND a.defaclrole = current_user::regrole
           AND a.defaclobjtype = 'r' AND e.grantee = r.oid
           AND e.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) < 4 AS default_tables,
       NOT EXISTS (SELECT FROM pg_catalog.pg_default_acl a
          CROSS JOIN LATERAL aclexplode(a.defaclacl) e
         WHERE a.defaclnamespace = n.oid AND a.defaclrole = current_user::regrole
           AND a.defaclobjtype = 'S' AND e.grantee = r.oid
           AND e.privilege_type = 'USAGE') AS default_sequences
  FROM unnest($1::text[]) WITH ORDINALITY AS w (role, place)
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.role
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $2
 ORDER BY w.place
