-- planwright: what depends on tables and types, and does not belong to them
WITH parts AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid AS class, c.oid, c.relname::text AS name
      FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, s.oid, s.relname
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
     WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY ($1)
       AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
       AND s.relkind = 'S'
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, t.oid, coalesce(e.typname, t.typname)
      FROM pg_catalog.pg_type t
      LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
     WHERE coalesce(e.oid, t.oid) = ANY ($2)
        OR coalesce(e.typrelid, t.typrelid) = ANY ($1)
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::regclass, p.oid, p.proname
      FROM pg_catalog.pg_proc p WHERE p.oid = ANY ($3)
), found AS (
    SELECT d.classid, d.objid, d.objsubid, p.name AS part,
           CASE d.classid
             WHEN 'pg_catalog.pg_rewrite'::regclass THEN w.ev_class
             WHEN 'pg_catalog.pg_attrdef'::regclass THEN a.adrelid
             WHEN 'pg_catalog.pg_constraint'::regclass THEN nullif(k.conrelid, 0)
             WHEN 'pg_catalog.pg_policy'::regclass THEN y.polrelid
             WHEN 'pg_catalog.pg_trigger'::regclass THEN g.tgrelid
             WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN s.stxrelid
             WHEN 'pg_catalog.pg_class'::regclass THEN coalesce(i.indrelid, c.oid)
           END AS home,
           CASE WHEN w.oid IS NOT NULL AND w.rulename <> '_RETURN' THEN 'rule'
                WHEN k.oid IS NOT NULL AND k.contype = 'f' THEN 'foreign key'
                WHEN k.oid IS NOT NULL THEN 'check'
                WHEN a.oid IS NOT NULL THEN 'default'
                WHEN y.oid IS NOT NULL THEN 'policy'
                WHEN g.oid IS NOT NULL THEN 'trigger'
                WHEN s.oid IS NOT NULL THEN 'statistics'
                WHEN i.indexrelid IS NOT NULL THEN 'index'
                WHEN d.classid = 'pg_catalog.pg_proc'::regclass THEN 'function'
                WHEN d.classid = 'pg_catalog.pg_publication_rel'::regclass THEN 'publication'
                WHEN d.classid = 'pg_catalog.pg_type'::regclass
                     THEN CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'type' END
                WHEN c.relkind = 'c' THEN 'composite type'
           END AS kind
      FROM parts p
      JOIN pg_catalog.pg_depend d ON d.refclassid = p.class AND d.refobjid = p.oid
       AND NOT EXISTS (SELECT FROM parts o WHERE o.class = d.classid AND o.oid = d.objid)
      LEFT JOIN pg_catalog.pg_rewrite w
        ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
      LEFT JOIN pg_catalog.pg_attrdef a
        ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
      LEFT JOIN pg_catalog.pg_constraint k
        ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_catalog.pg_policy y
        ON d.classid = 'pg_catalog.pg_policy'::regclass AND y.oid = d.objid
      LEFT JOIN pg_catalog.pg_trigger g
        ON d.classid = 'pg_catalog.pg_trigger'::regclass AND g.oid = d.objid
      LEFT JOIN pg_catalog.pg_statistic_ext s
        ON d.classid = 'pg_catalog.pg_statistic_ext'::regclass AND s.oid = d.objid
      LEFT JOIN pg_catalog.pg_class c
        ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
      LEFT JOIN pg_catalog.pg_index i
        ON d.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = d.objid
      LEFT JOIN pg_catalog.pg_type t
        ON d.classid = 'pg_catalog.pg_type'::regclass AND t.oid = d.objid
     WHERE d.deptype IN ('n', 'a', 'i') AND NOT coalesce(g.tgisinternal, false)
       -- A multirange is made with its range.
       AND coalesce(t.typtype, '') <> 'm'
)
SELECT coalesce(f.kind, CASE h.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                       WHEN 'f' THEN 'foreign column' WHEN 'r' THEN 'column'
                                       WHEN 'p' THEN 'column' ELSE 'other' END) AS kind,
       b.identity AS name, coalesce(b.schema, n.nspname::text, '') AS schema,
       coalesce(starts_with(obj_description(h.oid, 'pg_class'), $4), false) AS ours,
       array_agg(DISTINCT f.part ORDER BY f.part) AS parts
  FROM found f
  LEFT JOIN pg_catalog.pg_class h ON h.oid = f.home
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = h.relnamespace
 CROSS JOIN LATERAL (
    -- Of a view this is its rule, which nobody knows by name.
    SELECT i.* FROM pg_identify_object(
        CASE WHEN h.relkind IN ('v', 'm') THEN 'pg_catalog.pg_class'::regclass ELSE f.classid END,
        CASE WHEN h.relkind IN ('v', 'm') THEN h.oid ELSE f.objid END,
        CASE WHEN h.relkind IN ('v', 'm') THEN 0 ELSE f.objsubid END) i
 ) b
 WHERE (f.home IS NULL OR f.home <> ALL ($1))
   -- Children and partitions are asked for by themselves.
   AND NOT (f.classid = 'pg_catalog.pg_class'::regclass AND f.objsubid = 0 AND f.kind IS NULL)
   -- What belongs to a view belongs to it.
   AND NOT (h.relkind = 'c' AND f.kind IS NULL)
 GROUP BY 1, 2, 3, 4
 ORDER BY 1, 2
