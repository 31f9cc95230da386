-- Constraints, and indexes that back none. PostgreSQL 18 keeps NOT NULL among the constraints,
-- where the others do not: it is a property of the column here.
WITH tables AS (
    SELECT c.oid, n.nspname, c.relname
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($2))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid
                          AND e.deptype = 'e')
)
SELECT 'constraint' AS kind, t.nspname::text AS schema, t.relname::text AS relation,
       k.conname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
           'validated', CASE WHEN k.contype IN ('c', 'f')
                             THEN CASE WHEN k.convalidated THEN 'yes' ELSE 'no' END END,
           -- A foreign key is enforced by triggers, which ALTER TABLE … DISABLE TRIGGER ALL stops.
           'triggers', CASE WHEN k.contype = 'f' THEN
               CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger g
                                  WHERE g.tgconstraint = k.oid AND g.tgenabled NOT IN ('O', 'A'))
                    THEN 'disabled' ELSE 'enabled' END END,
           'comment', obj_description(k.oid, 'pg_constraint'))) AS properties
  FROM pg_catalog.pg_constraint k JOIN tables t ON t.oid = k.conrelid
 WHERE k.contype IN ('p', 'u', 'c', 'f', 'x')
   -- A foreign key to a partitioned table has another row for each partition.
   AND k.conparentid = 0
UNION ALL
SELECT 'index', t.nspname, t.relname, x.relname,
       jsonb_strip_nulls(jsonb_build_object(
           'unique', CASE WHEN i.indisunique THEN 'yes' ELSE 'no' END,
           'definition', substring(pg_get_indexdef(x.oid)
                                   FROM position(' USING ' IN pg_get_indexdef(x.oid)) + 1),
           'valid', CASE WHEN i.indisvalid THEN 'yes' ELSE 'no' END,
           'comment', obj_description(x.oid, 'pg_class')))
  FROM pg_catalog.pg_index i
  JOIN tables t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                    WHERE k.conindid = x.oid AND k.conrelid = i.indrelid
                      AND k.contype IN ('p', 'u', 'x'))
