-- Columns of tables and views. Those of a partition are its parent's.
SELECT 'column' AS kind, n.nspname::text AS schema, c.relname::text AS relation,
       a.attname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'position', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)::text,
           'type', format_type(a.atttypid, a.atttypmod),
           'nullable', CASE WHEN c.relkind IN ('v', 'm') THEN NULL
                            -- PostgreSQL 18 has NOT NULL that old rows may break.
                            WHEN a.attnotnull AND NOT EXISTS (
                                SELECT FROM pg_catalog.pg_constraint k
                                 WHERE k.conrelid = c.oid AND k.contype = 'n'
                                   AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated)
                            THEN 'no' ELSE 'yes' END,
           'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
           'generated', CASE a.attgenerated
                            WHEN '' THEN NULL
                            WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' virtual'
                            ELSE pg_get_expr(d.adbin, d.adrelid) || ' stored' END,
           'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
           'collation', CASE WHEN a.attcollation <> t.typcollation
                             THEN a.attcollation::regcollation::text END,
           'comment', col_description(c.oid, a.attnum))) AS properties
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped
   AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($2))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid
                      AND e.deptype = 'e')
