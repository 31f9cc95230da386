-- Everything goes back. The schema goes with its privileges, unless somebody else has made it or has
-- something in it. Compatibility views of planwright::relocate go first; whatever else has one of the names
-- in public stands against it, and so does a publication of all tables of either schema, which they would
-- leave or come into.

-- Wherever they are.
DO $$
BEGIN
    EXECUTE (
        SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE',
                      string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname))
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'feature_planner') AND c.relkind IN ('r', 'p')
           AND c.relname IN (
               'discovered_files', 'feature_plans', 'feature_refinements',
               'file_discovery_sessions', 'implementation_plan_generations', 'plan_execution_logs',
               'plan_step_templates', 'plan_steps'
           ));
END
$$;

DO $$
DECLARE
    view text;
    taken text;
BEGIN
    FOR view IN
        SELECT format('public.%I', c.relname) FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
           AND starts_with(obj_description(c.oid, 'pg_class'), 'Made by planwright::relocate')
           AND c.relname IN (
               'discovered_files', 'feature_plans', 'feature_refinements',
               'file_discovery_sessions', 'implementation_plan_generations', 'plan_execution_logs',
               'plan_step_templates', 'plan_steps')
    LOOP
        EXECUTE format('DROP VIEW %s', view);
    END LOOP;

    WITH back (class, oid, name) AS (
        SELECT 'pg_catalog.pg_class'::regclass, c.oid, c.relname FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'feature_planner'::regnamespace AND c.relname IN (
               'discovered_files', 'feature_plans', 'feature_refinements',
               'file_discovery_sessions', 'implementation_plan_generations', 'plan_execution_logs',
               'plan_step_templates', 'plan_steps')
        UNION ALL
        SELECT 'pg_catalog.pg_type', t.oid, t.typname FROM pg_catalog.pg_type t
         WHERE t.typnamespace = 'feature_planner'::regnamespace AND t.typname IN (
               'complexity', 'confidence_level', 'estimated_scope', 'execution_step',
               'file_discovery_status', 'file_priority', 'implementation_plan_status', 'plan_status',
               'refinement_status', 'risk_level', 'technical_complexity')
    ), present (class, oid, name) AS (
        SELECT 'pg_catalog.pg_class'::regclass, c.oid, c.relname FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'pg_catalog.pg_type', t.oid, t.typname FROM pg_catalog.pg_type t
         WHERE t.typnamespace = 'public'::regnamespace
    )
    SELECT string_agg(pg_catalog.pg_describe_object(p.class, p.oid, 0), ', ' ORDER BY p.name) INTO taken
      FROM back b JOIN present p USING (class, name);
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'what comes back to public finds its name taken there, by %', taken
            USING ERRCODE = 'restrict_violation', HINT = 'Drop or rename it first.';
    END IF;

    SELECT string_agg(DISTINCT format('%I', p.pubname), ', ') INTO taken
      FROM pg_catalog.pg_publication p
      JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid
     WHERE s.pnnspid IN ('public'::regnamespace, 'feature_planner'::regnamespace);
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'tables would leave or come into what publishes all tables of a schema: %', taken
            USING ERRCODE = 'restrict_violation', HINT = 'Drop the schema from it, and add tables by name.';
    END IF;
END
$$;

DO $$
DECLARE
    statistics text;
BEGIN
    IF to_regtype('public.complexity') IS NULL THEN
        ALTER TYPE feature_planner.complexity SET SCHEMA public;
    END IF;
    IF to_regtype('public.confidence_level') IS NULL THEN
        ALTER TYPE feature_planner.confidence_level SET SCHEMA public;
    END IF;
    IF to_regtype('public.estimated_scope') IS NULL THEN
        ALTER TYPE feature_planner.estimated_scope SET SCHEMA public;
    END IF;
    IF to_regtype('public.execution_step') IS NULL THEN
        ALTER TYPE feature_planner.execution_step SET SCHEMA public;
    END IF;
    IF to_regtype('public.file_discovery_status') IS NULL THEN
        ALTER TYPE feature_planner.file_discovery_status SET SCHEMA public;
    END IF;
    IF to_regtype('public.file_priority') IS NULL THEN
        ALTER TYPE feature_planner.file_priority SET SCHEMA public;
    END IF;
    IF to_regtype('public.implementation_plan_status') IS NULL THEN
        ALTER TYPE feature_planner.implementation_plan_status SET SCHEMA public;
    END IF;
    IF to_regtype('public.plan_status') IS NULL THEN
        ALTER TYPE feature_planner.plan_status SET SCHEMA public;
    END IF;
    IF to_regtype('public.refinement_status') IS NULL THEN
        ALTER TYPE feature_planner.refinement_status SET SCHEMA public;
    END IF;
    IF to_regtype('public.risk_level') IS NULL THEN
        ALTER TYPE feature_planner.risk_level SET SCHEMA public;
    END IF;
    IF to_regtype('public.technical_complexity') IS NULL THEN
        ALTER TYPE feature_planner.technical_complexity SET SCHEMA public;
    END IF;
    IF to_regclass('public.discovered_files') IS NULL THEN
        ALTER TABLE feature_planner.discovered_files SET SCHEMA public;
    END IF;
    IF to_regclass('public.feature_plans') IS NULL THEN
        ALTER TABLE feature_planner.feature_plans SET SCHEMA public;
    END IF;
    IF to_regclass('public.feature_refinements') IS NULL THEN
        ALTER TABLE feature_planner.feature_refinements SET SCHEMA public;
    END IF;
    IF to_regclass('public.file_discovery_sessions') IS NULL THEN
        ALTER TABLE feature_planner.file_discovery_sessions SET SCHEMA public;
    END IF;
    IF to_regclass('public.implementation_plan_generations') IS NULL THEN
        ALTER TABLE feature_planner.implementation_plan_generations SET SCHEMA public;
    END IF;
    IF to_regclass('public.plan_execution_logs') IS NULL THEN
        ALTER TABLE feature_planner.plan_execution_logs SET SCHEMA public;
    END IF;
    IF to_regclass('public.plan_step_templates') IS NULL THEN
        ALTER TABLE feature_planner.plan_step_templates SET SCHEMA public;
    END IF;
    IF to_regclass('public.plan_steps') IS NULL THEN
        ALTER TABLE feature_planner.plan_steps SET SCHEMA public;
    END IF;

    FOR statistics IN
        SELECT format('%I.%I', n.nspname, s.stxname)
          FROM pg_catalog.pg_statistic_ext s
          JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
          JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
         WHERE c.relnamespace = 'public'::regnamespace AND n.nspname = 'feature_planner'
           AND c.relname IN (
               'discovered_files', 'feature_plans', 'feature_refinements',
               'file_discovery_sessions', 'implementation_plan_generations', 'plan_execution_logs',
               'plan_step_templates', 'plan_steps')
    LOOP
        EXECUTE format('ALTER STATISTICS %s SET SCHEMA public', statistics);
    END LOOP;

    IF obj_description('feature_planner'::regnamespace, 'pg_namespace')
       ~ '^(Feature requests, and how each is refined|Made by planwright::relocate)' THEN
        BEGIN
            DROP SCHEMA feature_planner;
        EXCEPTION
            WHEN dependent_objects_still_exist THEN
                RAISE NOTICE 'schema feature_planner stays, for it holds something else';
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'schema feature_planner stays, for it belongs to another role';
        END;
    END IF;
END
$$;

-- What was accepted of them when the database was adopted is accepted where they are now.
DO $$
DECLARE
    own CONSTANT text := '\mfeature_planner\.(discovered_files|feature_plans|feature_refinements|file_discovery_sessions|'
               'implementation_plan_generations|plan_execution_logs|plan_step_templates|plan_steps|'
               'complexity|confidence_level|estimated_scope|execution_step|file_discovery_status|'
               'file_priority|implementation_plan_status|plan_status|refinement_status|risk_level|'
               'technical_complexity)\M';
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'planwright' AND c.relname = 'accepted_differences'
                  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'UPDATE')) THEN
        UPDATE planwright.accepted_differences a
           SET key = regexp_replace(a.key, own, 'public.\1', 'g'),
               found = regexp_replace(a.found::text, own, 'public.\1', 'g')::jsonb
         WHERE a.context = 'feature_planner';
    END IF;
END
$$;
