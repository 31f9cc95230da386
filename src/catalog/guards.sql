-- What guards tables against changes: of each, a trigger for whatever is changed that calls the function.
SELECT c.oid IS NOT NULL AS exists, g.tgname::text AS trigger, g.tgenabled::text AS enabled,
       coalesce(has_table_privilege(c.oid, w.event)
                AND (w.event = 'TRUNCATE' OR has_table_privilege(c.oid, 'SELECT')), false) AS may,
       a.attname::text AS column
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
       WITH ORDINALITY w (schema, name, event, function, place)
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  -- The bits of tgtype: 1 for each row, 2 before; 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE.
  LEFT JOIN LATERAL (
    SELECT g.tgname, g.tgenabled
      FROM pg_catalog.pg_trigger g
      JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
      JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace
     WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
       AND g.tgqual IS NULL AND g.tgattr::text = ''
       AND f.nspname || '.' || p.proname = w.function
       AND CASE w.event WHEN 'INSERT' THEN g.tgtype & 4 = 4
                        WHEN 'DELETE' THEN g.tgtype & 11 = 11
                        WHEN 'UPDATE' THEN g.tgtype & 19 = 19
                        ELSE g.tgtype & 35 = 34 END
     ORDER BY array_position('{A,O,R,D}', g.tgenabled::text), g.tgname LIMIT 1
  ) g ON true
  LEFT JOIN LATERAL (
    SELECT a.attname
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = '' AND a.attidentity <> 'a'
     ORDER BY EXISTS (SELECT FROM pg_catalog.pg_index i
                       WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)),
              a.attnum
     LIMIT 1
  ) a ON true
 ORDER BY w.place
