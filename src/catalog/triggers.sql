-- Triggers, rules and row security policies.
WITH tables AS (
    SELECT c.oid, n.nspname, c.relname
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT c.relispartition
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($2))
)
SELECT 'trigger' AS kind, t.nspname::text AS schema, t.relname::text AS relation,
       g.tgname::text AS name,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_triggerdef(g.oid),
           'enabled', CASE g.tgenabled WHEN 'O' THEN 'origin' WHEN 'A' THEN 'always'
                                       WHEN 'R' THEN 'replica' ELSE 'no' END,
           'comment', obj_description(g.oid, 'pg_trigger'))) AS properties
  FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid
 WHERE NOT g.tgisinternal
UNION ALL
SELECT 'rule', t.nspname, t.relname, r.rulename,
       jsonb_build_object('definition', pg_get_ruledef(r.oid),
           'enabled', CASE r.ev_enabled WHEN 'O' THEN 'origin' WHEN 'A' THEN 'always'
                                        WHEN 'R' THEN 'replica' ELSE 'no' END)
  FROM pg_catalog.pg_rewrite r JOIN tables t ON t.oid = r.ev_class
 WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', t.nspname, t.relname, p.polname,
       jsonb_strip_nulls(jsonb_build_object(
           'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert'
                                    WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
           'form', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
           'roles', (SELECT string_agg(CASE WHEN o = 0 THEN 'public' ELSE o::regrole::text END,
                                       ', ' ORDER BY o::regrole::text)
                       FROM unnest(p.polroles) o),
           'using', pg_get_expr(p.polqual, p.polrelid),
           'check', pg_get_expr(p.polwithcheck, p.polrelid)))
  FROM pg_catalog.pg_policy p JOIN tables t ON t.oid = p.polrelid
