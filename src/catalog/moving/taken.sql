-- planwright: names that are taken where a move goes to, but for the views that stand for moved tables
WITH ours AS (
    SELECT d.objoid FROM pg_catalog.pg_description d
     WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
       AND starts_with(d.description, $5)
)
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                      WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type'
                      ELSE 'index' END AS kind, c.relname::text AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = ANY ($2) AND c.oid NOT IN (SELECT objoid FROM ours)
UNION ALL
SELECT 'type', t.typname
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
  LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(nullif(t.typrelid, 0), e.typrelid)
 WHERE n.nspname = $1 AND t.typname = ANY ($3)
   AND (c.oid IS NULL OR c.oid NOT IN (SELECT objoid FROM ours) AND c.relname <> ALL ($2))
UNION ALL
SELECT 'statistics', s.stxname
  FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
 WHERE n.nspname = $1 AND s.stxname = ANY ($4)
 ORDER BY 1, 2
