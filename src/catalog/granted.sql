-- Who else than the owner may do this to these tables, wholly or in some columns.
SELECT (w.place - 1)::integer AS place,
       CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role,
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
  FROM unnest($1::text[], $2::text[], $3::text[])
       WITH ORDINALITY w (schema, name, event, place)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
 CROSS JOIN LATERAL (
    SELECT e.grantee, e.privilege_type, NULL::name AS attname, NULL::smallint AS attnum
      FROM aclexplode(c.relacl) e
    UNION
    SELECT e.grantee, e.privilege_type, t.attname, t.attnum
      FROM pg_catalog.pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) e
     WHERE t.attrelid = c.oid AND NOT t.attisdropped
 ) a
 WHERE a.grantee <> c.relowner AND a.privilege_type = w.event AND w.event <> 'INSERT'
 GROUP BY w.place, a.grantee, a.attname IS NULL
 ORDER BY w.place, a.grantee, a.attname IS NULL DESC
