-- What these roles may not do of what they need. Membership in other roles counts.
SELECT w.role, w.schema, w.relation, string_agg(
           w.privilege || CASE w."column" WHEN '' THEN '' ELSE format(' (%I)', w."column") END,
           ', ' ORDER BY w.place) AS missing,
       r.oid IS NOT NULL AS exists
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
       WITH ORDINALITY w (role, schema, relation, privilege, "column", place)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relation
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.role
 WHERE CASE WHEN w.relation <> '' AND c.oid IS NULL THEN false
            WHEN r.oid IS NULL THEN true
            WHEN w.relation = '' THEN NOT has_schema_privilege(r.oid, n.oid, w.privilege)
            -- Of a column that is not there nothing can be granted.
            WHEN w."column" <> '' THEN EXISTS (
                SELECT FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attname = w."column" AND NOT a.attisdropped
                   AND NOT has_column_privilege(r.oid, c.oid, a.attnum, w.privilege))
            ELSE NOT has_table_privilege(r.oid, c.oid, w.privilege) END
 GROUP BY w.role, w.schema, w.relation, r.oid
 ORDER BY min(w.place)
