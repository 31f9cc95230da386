-- What these roles may not do of what they need. Membership in other roles counts.
SELECT w.role, w.schema, w.relation, string_agg(w.privilege, ', ' ORDER BY w.place) AS missing,
       r.oid IS NOT NULL AS exists
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
       WITH ORDINALITY w (role, schema, relation, privilege, place)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relation
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.role
 WHERE CASE WHEN w.relation <> '' AND c.oid IS NULL THEN false
            WHEN r.oid IS NULL THEN true
            WHEN w.relation = '' THEN NOT has_schema_privilege(r.oid, n.oid, w.privilege)
            ELSE NOT has_table_privilege(r.oid, c.oid, w.privilege) END
 GROUP BY w.role, w.schema, w.relation, r.oid
 ORDER BY min(w.place)
