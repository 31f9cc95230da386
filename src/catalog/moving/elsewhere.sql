-- planwright: what goes by the schema or the name of tables, and what is inherited beyond them
SELECT 'publication of all tables' AS kind, p.pubname::text AS name, '' AS part
  FROM pg_catalog.pg_publication p WHERE p.puballtables AND cardinality($1::oid[]) > 0
UNION ALL
SELECT CASE n.nspname WHEN $2 THEN 'publication of the source' ELSE 'publication of the target' END,
       p.pubname, n.nspname
  FROM pg_catalog.pg_publication p
  JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
 WHERE n.nspname IN ($2, $3) AND cardinality($1) > 0
UNION ALL
SELECT 'subscription', s.subname, c.relname
  FROM pg_catalog.pg_subscription_rel r
  JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
  JOIN pg_catalog.pg_class c ON c.oid = r.srrelid
 WHERE r.srrelid = ANY ($1)
UNION ALL
SELECT CASE WHEN c.relispartition THEN 'partition' ELSE 'child' END,
       (pg_identify_object('pg_catalog.pg_class'::regclass, c.oid, 0)).identity, p.relname
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
 WHERE i.inhparent = ANY ($1) AND i.inhrelid <> ALL ($1) AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'parent', (pg_identify_object('pg_catalog.pg_class'::regclass, p.oid, 0)).identity, c.relname
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
 WHERE i.inhrelid = ANY ($1) AND i.inhparent <> ALL ($1) AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'trigger function', (pg_identify_object('pg_catalog.pg_proc'::regclass, g.tgfoid, 0)).identity,
       c.relname || '.' || g.tgname
  FROM pg_catalog.pg_trigger g
  JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
  JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
  JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
 WHERE g.tgrelid = ANY ($1) AND NOT g.tgisinternal AND n.nspname = $2
 ORDER BY 1, 2, 3
