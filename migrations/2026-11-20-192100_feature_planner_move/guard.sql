-- What stands against the move:
-- * an object that is in neither schema, or in both. A view in public that reads the moved one is none.
-- * functions of other schemas whose text names an object: the server looks it up when they run. Give
--   such a function a search_path with feature_planner (ALTER FUNCTION … SET search_path = …), which may
--   be before the schema is there; one whose text names public.feature_plans must be changed. A word that is
--   a column or a variable is listed as well, and a search_path does no harm there.
WITH wanted (kind, name) AS (
    VALUES
        ('table', 'discovered_files'), ('table', 'feature_plans'),
        ('table', 'feature_refinements'), ('table', 'file_discovery_sessions'),
        ('table', 'implementation_plan_generations'), ('table', 'plan_execution_logs'),
        ('table', 'plan_step_templates'), ('table', 'plan_steps'), ('enum', 'complexity'),
        ('enum', 'confidence_level'), ('enum', 'estimated_scope'), ('enum', 'execution_step'),
        ('enum', 'file_discovery_status'), ('enum', 'file_priority'),
        ('enum', 'implementation_plan_status'), ('enum', 'plan_status'),
        ('enum', 'refinement_status'), ('enum', 'risk_level'), ('enum', 'technical_complexity')
), found AS (
    SELECT w.kind, w.name, n.nspname, c.relkind::text AS form, c.oid
      FROM wanted w
      JOIN pg_catalog.pg_class c ON c.relname = w.name
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('public', 'feature_planner')
    UNION ALL
    SELECT w.kind, w.name, n.nspname, 'type ' || t.typtype::text, t.oid
      FROM wanted w
      JOIN pg_catalog.pg_type t ON t.typname = w.name AND t.typrelid = 0
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname IN ('public', 'feature_planner')
), own AS (
    SELECT f.kind, f.name, f.nspname, f.form, f.oid,
           CASE f.kind WHEN 'enum' THEN f.form = 'type e' ELSE f.form IN ('r', 'p') END AS is_it,
           f.form = 'v' AND EXISTS (
               SELECT FROM pg_catalog.pg_rewrite r
                 JOIN pg_catalog.pg_depend d
                   ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
                      AND d.refclassid = 'pg_catalog.pg_class'::regclass
                 JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE r.ev_class = f.oid AND n.nspname = 'feature_planner' AND c.relname = f.name
           ) AS reads_it
      FROM found f
), routine AS (
    SELECT p.oid, pg_get_function_identity_arguments(p.oid) AS arguments, n.nspname, p.proname,
           p.prosrc AS body, w.name,
           EXISTS (SELECT FROM unnest(p.proconfig) AS setting
                    WHERE setting ~ '^search_path=.*\mfeature_planner\M') AS finds_it
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      JOIN wanted w ON p.prosrc ~* ('(?<!feature_planner"?\s*\.\s*"?)\m' || w.name || '\M')
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'feature_planner')
       AND l.lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
                          AND d.deptype = 'e')
)
SELECT problem
  FROM (
    SELECT 1 AS nth, w.name AS key,
           format('%s %s is neither in public nor in feature_planner', w.kind, w.name) AS problem
      FROM wanted w
     WHERE NOT EXISTS (SELECT FROM own o WHERE o.name = w.name AND o.kind = w.kind AND o.is_it)
    UNION ALL
    SELECT 2, o.name, format('there is a %s both in public and in feature_planner: rename or drop one', o.name)
      FROM own o
     WHERE NOT o.reads_it
     GROUP BY o.name HAVING count(DISTINCT o.nspname) > 1
    UNION ALL
    SELECT 3, format('%s.%s %s', r.nspname, r.proname, r.oid),
           format('function %I.%I(%s) names %s: %s', r.nspname, r.proname, r.arguments,
                  string_agg(r.name, ', ' ORDER BY r.name),
                  CASE WHEN bool_and(r.finds_it)
                       THEN 'it names schema public, which must go from its text'
                       ELSE 'give it a search_path with feature_planner' END)
      FROM routine r
     WHERE NOT r.finds_it OR r.body ~* ('\mpublic"?\s*\.\s*"?' || r.name || '\M')
     GROUP BY r.oid, r.nspname, r.proname, r.arguments
  ) AS problems
 ORDER BY nth, key
 LIMIT 100;
