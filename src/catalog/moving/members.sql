-- planwright: what moves with tables and types, and the files that it is in
WITH tables AS (
    SELECT c.* FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)
), relations AS (
    SELECT 'table' AS kind, t.oid, t.relname AS of FROM tables t
    UNION ALL
    SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint k
                              WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
                THEN 'constraint index' ELSE 'index' END, i.indexrelid, t.relname
      FROM tables t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
    UNION ALL
    SELECT 'sequence', s.oid, t.relname
      FROM tables t
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.refobjid = t.oid AND d.classid = 'pg_catalog.pg_class'::regclass
       AND d.deptype IN ('a', 'i')
      JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    UNION ALL
    SELECT 'toast', t.reltoastrelid, t.relname FROM tables t WHERE t.reltoastrelid <> 0
    UNION ALL
    SELECT 'toast', i.indexrelid, t.relname
      FROM tables t JOIN pg_catalog.pg_index i ON i.indrelid = t.reltoastrelid
)
SELECT r.kind, c.oid, c.relname::text AS name, r.of::text, n.nspname::text AS schema,
       c.relfilenode AS file, true AS may
  FROM relations r
  JOIN pg_catalog.pg_class c ON c.oid = r.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
                      WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' WHEN 'n' THEN 'not null'
                      ELSE 'constraint trigger' END,
       k.oid, k.conname, t.relname, n.nspname, 0, true
  FROM tables t
  JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
UNION ALL
SELECT CASE WHEN g.tgisinternal THEN 'internal trigger' ELSE 'trigger' END,
       g.oid, g.tgname, t.relname, '', 0, true
  FROM tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
UNION ALL
SELECT 'statistics', s.oid, s.stxname, t.relname, n.nspname, 0, pg_has_role(s.stxowner, 'USAGE')
  FROM tables t
  JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = t.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'policy', p.oid, p.polname, t.relname, '', 0, true
  FROM tables t JOIN pg_catalog.pg_policy p ON p.polrelid = t.oid
UNION ALL
SELECT 'rule', r.oid, r.rulename, t.relname, '', 0, true
  FROM tables t JOIN pg_catalog.pg_rewrite r ON r.ev_class = t.oid
UNION ALL
SELECT 'default', a.oid, a.adnum::text, t.relname, '', 0, true
  FROM tables t JOIN pg_catalog.pg_attrdef a ON a.adrelid = t.oid
UNION ALL
SELECT CASE WHEN y.oid = ANY ($2) THEN 'type' WHEN y.typrelid <> 0 THEN 'row type'
            ELSE 'array type' END,
       y.oid, y.typname, coalesce(t.relname, e.typname, y.typname), n.nspname, 0, true
  FROM pg_catalog.pg_type y
  JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
  LEFT JOIN pg_catalog.pg_type e ON e.typarray = y.oid
  LEFT JOIN tables t ON t.reltype IN (y.oid, e.oid)
 WHERE y.oid = ANY ($2) OR e.oid = ANY ($2) OR t.oid IS NOT NULL
 ORDER BY 1, 3, 2
