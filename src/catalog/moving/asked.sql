-- planwright: what has the names that are to move, in either schema
SELECT w.kind, w.name, n.nspname::text AS schema, f.oid, f.form, f.rows,
       f.owner::regrole::text AS owner, pg_has_role(f.owner, 'USAGE') AS may,
       (SELECT e.extname::text FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
         WHERE d.classid = f.class AND d.objid = f.oid AND d.deptype = 'e'
           AND d.refclassid = 'pg_catalog.pg_extension'::regclass LIMIT 1) AS extension,
       coalesce(obj_description(f.oid, f.class::regclass::name), '') AS comment
  FROM (SELECT 'table' AS kind, unnest($3::text[]) AS name
        UNION ALL SELECT 'type', unnest($4::text[])) w
  JOIN pg_catalog.pg_namespace n ON n.nspname IN ($1, $2)
  JOIN LATERAL (
    SELECT c.oid, 'pg_catalog.pg_class'::regclass AS class, c.relkind::text AS form,
           c.relowner AS owner, c.reltuples::bigint AS rows
      FROM pg_catalog.pg_class c
     WHERE w.kind = 'table' AND c.relnamespace = n.oid AND c.relname = w.name
    UNION ALL
    SELECT t.oid, 'pg_catalog.pg_type'::regclass, t.typtype::text, t.typowner, 0
      FROM pg_catalog.pg_type t
     WHERE w.kind = 'type' AND t.typnamespace = n.oid AND t.typname = w.name
  ) f ON true
 ORDER BY w.kind, w.name, n.nspname
