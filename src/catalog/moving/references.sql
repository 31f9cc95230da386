-- planwright: foreign keys between what is in a schema and what is not, of or to these tables
SELECT k.conname::text AS name, t.oid = ANY ($1) AS own,
       s.nspname::text AS schema, t.relname::text AS table, o.oid::regclass::text AS referred,
       k.convalidated AS validated,
       -- Two on either side; a partition's are not its own.
       (SELECT count(*) FROM pg_catalog.pg_trigger g
         WHERE g.tgconstraint = k.oid AND g.tgenabled IN ('O', 'A')) >= 4 AS enabled,
       (SELECT array_agg(a.attname::text ORDER BY c.place)
          FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number) AS columns,
       (SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY c.place)
          FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number) AS types
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
  JOIN pg_catalog.pg_class o ON o.oid = k.confrelid
  JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace
 WHERE k.contype = 'f' AND (t.oid = ANY ($1) OR o.oid = ANY ($1))
   AND t.relnamespace <> o.relnamespace AND k.conparentid = 0
 ORDER BY 4, 1
