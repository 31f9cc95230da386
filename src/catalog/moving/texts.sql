-- planwright: code and expressions as text that may name one of these words
WITH texts AS (
    SELECT 'function' AS kind, 'pg_catalog.pg_proc'::regclass::oid AS class, p.oid,
           p.pronamespace AS schema, p.prosrc AS text, p.proconfig AS config
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE l.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL
    UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END,
           'pg_catalog.pg_class'::regclass, c.oid, c.relnamespace, pg_get_viewdef(c.oid), NULL
      FROM pg_catalog.pg_class c
     WHERE c.relkind IN ('v', 'm') AND c.relnamespace >= 16384
        OR c.relkind IN ('v', 'm') AND c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'default', 'pg_catalog.pg_attrdef'::regclass, a.oid, c.relnamespace,
           pg_get_expr(a.adbin, a.adrelid), NULL
      FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_class c ON c.oid = a.adrelid
    UNION ALL
    SELECT 'check', 'pg_catalog.pg_constraint'::regclass, k.oid, k.connamespace,
           pg_get_constraintdef(k.oid), NULL
      FROM pg_catalog.pg_constraint k WHERE k.contype = 'c'
    UNION ALL
    SELECT 'policy', 'pg_catalog.pg_policy'::regclass, y.oid, c.relnamespace,
           concat_ws(' AND ', pg_get_expr(y.polqual, y.polrelid),
                     pg_get_expr(y.polwithcheck, y.polrelid)), NULL
      FROM pg_catalog.pg_policy y JOIN pg_catalog.pg_class c ON c.oid = y.polrelid
)
SELECT t.kind, i.identity AS name, t.text,
       (SELECT substr(s.setting, 13) FROM unnest(t.config) AS s (setting)
         WHERE starts_with(s.setting, 'search_path=')) AS search_path,
       coalesce((SELECT array_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid))
                   FROM pg_catalog.pg_depend d
                  WHERE t.kind = 'function' AND d.refclassid = t.class AND d.refobjid = t.oid
                    AND d.deptype IN ('n', 'a')), '{}') AS callers
  FROM texts t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.schema
 CROSS JOIN LATERAL pg_identify_object(t.class, t.oid, 0) i
 WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
   AND EXISTS (SELECT FROM unnest($1::text[]) AS w (word)
                WHERE position(lower(w.word) IN lower(t.text)) > 0)
 ORDER BY t.kind, i.identity
