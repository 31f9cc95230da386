-- What these roles may not do of what they need. Membership in other roles counts.
WITH named AS (
    SELECT w.role, w.schema, w.relation, w.privilege, w."column", w.place, n.oid AS namespace,
           c.oid AS class, CASE WHEN w.relation = '' THEN 'schema' WHEN c.relkind = 'S' THEN 'sequence'
                             ELSE 'relation' END AS kind
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
           WITH ORDINALITY w (role, schema, relation, privilege, "column", place)
      JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relation
), wanted AS (
    SELECT * FROM named WHERE kind = 'schema' OR class IS NOT NULL
    UNION ALL
    -- Whoever inserts draws from the sequences of the defaults: of a serial, not of an identity.
    SELECT w.role, n.nspname, s.relname, 'USAGE', '', min(w.place), n.oid, s.oid, 'sequence'
      FROM named w
      JOIN pg_catalog.pg_attrdef a ON a.adrelid = w.class
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass
           AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
      JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
     WHERE w.privilege = 'INSERT'
     GROUP BY w.role, n.oid, n.nspname, s.oid, s.relname
)
SELECT w.role, w.schema::text AS schema, w.relation::text AS relation, w.kind, string_agg(
           w.privilege || CASE w."column" WHEN '' THEN '' ELSE format(' (%I)', w."column") END,
           ', ' ORDER BY w.place) AS missing,
       r.oid IS NOT NULL AS exists
  FROM wanted w
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.role
 WHERE CASE WHEN r.oid IS NULL THEN true
            WHEN w.kind = 'schema' THEN NOT has_schema_privilege(r.oid, w.namespace, w.privilege)
            -- UPDATE of a sequence is as good.
            WHEN w.kind = 'sequence' THEN NOT has_sequence_privilege(r.oid, w.class, 'USAGE, UPDATE')
            -- Of a column that is not there nothing can be granted.
            WHEN w."column" <> '' THEN EXISTS (
                SELECT FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = w.class AND a.attname = w."column" AND NOT a.attisdropped
                   AND NOT has_column_privilege(r.oid, w.class, a.attnum, w.privilege))
            ELSE NOT has_table_privilege(r.oid, w.class, w.privilege) END
 GROUP BY w.role, w.schema, w.relation, w.kind, r.oid
 ORDER BY min(w.place), w.relation
