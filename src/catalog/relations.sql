-- Schemas, tables, partitions, views and sequences.
WITH chosen AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
     WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
)
SELECT 'schema' AS kind, '' AS schema, '' AS relation, n.nspname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'comment', obj_description(n.oid, 'pg_namespace'))) AS properties
  FROM chosen n
 WHERE $1::text[] IS NULL OR n.nspname = ANY ($1)
UNION ALL
SELECT CASE WHEN c.relispartition THEN 'partition'
            WHEN c.relkind IN ('v', 'm') THEN 'view'
            WHEN c.relkind = 'S' THEN 'sequence'
            ELSE 'table' END,
       n.nspname, '', c.relname,
       jsonb_strip_nulls(jsonb_build_object(
           'form', CASE c.relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned'
                                  WHEN 'f' THEN 'foreign' WHEN 'v' THEN 'plain'
                                  WHEN 'm' THEN 'materialized' END,
           'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
           'row_security', CASE WHEN c.relforcerowsecurity THEN 'forced'
                                WHEN c.relrowsecurity THEN 'on' END,
           'partition_key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
           'partition_of', (SELECT i.inhparent::regclass::text FROM pg_catalog.pg_inherits i
                             WHERE i.inhrelid = c.oid AND c.relispartition),
           'bound', pg_get_expr(c.relpartbound, c.oid),
           'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
           'sequence', (SELECT format('%s from %s by %s between %s and %s%s', s.seqtypid::regtype,
                                      s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
                                      CASE WHEN s.seqcycle THEN ' cycling' ELSE '' END)
                          FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid),
           'options', array_to_string(c.reloptions, ', '),
           'comment', obj_description(c.oid, 'pg_class')))
  FROM pg_catalog.pg_class c JOIN chosen n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
   AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($2))
   -- An identity column owns its sequence, and says so itself.
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype IN ('i', 'e') AND d.objsubid = 0
                      AND (d.deptype = 'e' OR c.relkind = 'S'))
