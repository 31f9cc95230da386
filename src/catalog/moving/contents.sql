-- planwright: what is in a schema
SELECT i.type AS kind, i.identity AS name, d.classid AS class, d.objid AS oid,
       c.relkind::text AS form, coalesce(c.reltuples, 0)::bigint AS rows
  FROM pg_catalog.pg_namespace n
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass
   AND d.refobjid = n.oid AND d.deptype = 'n'
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
  LEFT JOIN pg_catalog.pg_class c
    ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
 WHERE n.nspname = $1
 ORDER BY 1, 2
