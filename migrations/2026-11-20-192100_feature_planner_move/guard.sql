-- What stands against the move:
-- * an object that is in neither schema, or in both, or that is something else. A view in public that reads
--   the moved one is none.
-- * a name that is taken in feature_planner by something else: of an index, or of a type.
-- * publications of all tables of a schema, which what moves would leave or come into; subscriptions, which
--   find their tables by name; tables that are tied to one by inheritance and stay behind.
-- * functions of any schema whose text names an object: the server looks it up when they run. Give such a
--   function a search_path with feature_planner (ALTER FUNCTION … SET search_path = …), which may be before
--   the schema is there; one whose text names public.feature_plans must be changed. A word that is a column
--   or a variable is listed as well, and a search_path does no harm there.
-- Of the last three, what has moved already is not asked. So whoever knows better accepts it one by one in a
-- planwright::relocate::Relocator, which moves the same, and this migration leaves that alone.
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
), waits AS (
    SELECT o.kind, o.name, o.oid FROM own o WHERE o.is_it AND o.nspname = 'public'
), along (name, of) AS (
    SELECT c.relname, w.name
      FROM waits w
      JOIN pg_catalog.pg_index i ON i.indrelid = w.oid AND w.kind = 'table'
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
), tied AS (
    SELECT i.inhrelid AS one, w.name
      FROM waits w JOIN pg_catalog.pg_inherits i ON i.inhparent = w.oid AND w.kind = 'table'
    UNION ALL
    SELECT i.inhparent, w.name
      FROM waits w JOIN pg_catalog.pg_inherits i ON i.inhrelid = w.oid AND w.kind = 'table'
), routine AS (
    SELECT p.oid, pg_get_function_identity_arguments(p.oid) AS arguments, n.nspname, p.proname, w.name,
           p.prosrc ~* ('\mpublic"?\s*\.\s*"?' || w.name || '\M') AS by_schema,
           EXISTS (SELECT FROM unnest(p.proconfig) AS setting
                    WHERE setting ~ '^search_path=.*\mfeature_planner\M') AS finds_it
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      -- With another schema, or as the column of something, it means something else.
      JOIN waits w ON p.prosrc ~* ('(?<!\.\s*"?)\m' || w.name || '\M|\mpublic"?\s*\.\s*"?' || w.name || '\M')
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
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
    SELECT 3, a.name, format('%s of %s moves to feature_planner, which has something of that name: '
                             'rename or drop one', a.name, a.of)
      FROM along a
     WHERE to_regclass(format('feature_planner.%I', a.name)) IS NOT NULL
    UNION ALL
    SELECT 4, p.pubname, format('publication %s is of all tables of %s, and tables would %s it: drop the '
                                'schema from it, and add tables by name', p.pubname, n.nspname,
                                CASE n.nspname WHEN 'public' THEN 'leave' ELSE 'come into' END)
      FROM pg_catalog.pg_publication p
      JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
     WHERE n.nspname IN ('public', 'feature_planner')
       AND EXISTS (SELECT FROM waits w WHERE w.kind = 'table')
    UNION ALL
    SELECT 5, w.name, format('subscription %s finds %s by its schema: move it where it is published first',
                             s.subname, w.name)
      FROM waits w
      JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = w.oid AND w.kind = 'table'
      JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
    UNION ALL
    SELECT 6, t.one::text, format('table %s is tied to %s by inheritance, and would stay behind: part them, or '
                                  'move both with a relocation that names it', t.one::regclass, t.name)
      FROM tied t
     WHERE t.one NOT IN (SELECT o.oid FROM own o)
    UNION ALL
    SELECT 7, format('%s.%s %s', r.nspname, r.proname, r.oid),
           format('function %I.%I(%s) names %s: %s', r.nspname, r.proname, r.arguments,
                  string_agg(r.name, ', ' ORDER BY r.name),
                  CASE WHEN bool_and(r.finds_it)
                       THEN 'it names schema public, which must go from its text'
                       ELSE 'give it a search_path with feature_planner' END)
      FROM routine r
     WHERE NOT r.finds_it OR r.by_schema
     GROUP BY r.oid, r.nspname, r.proname, r.arguments
  ) AS problems
 ORDER BY nth, key
 LIMIT 100;
