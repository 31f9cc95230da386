-- The tables and enums of the feature planner go into a schema of their own. They stay the same objects:
-- rows, indexes, constraints, privileges and whatever refers to them by its OID, such as views and foreign
-- keys, stay. What another tool has moved already is left alone.
--
-- Held: what names public.feature_plans and the like fails from here on, and so does what names them
-- without a schema, until its search_path has feature_planner. The guard lists functions that do.
-- Table privileges travel, USAGE of the schema does not: the owners and the roles with privileges on what
-- moves get it, and nobody else. Where this role may not give it, as somebody else has made the schema,
-- nothing moves.
--
-- Locks: ACCESS EXCLUSIVE on the eight tables, milliseconds, whatever their size. Nothing is rewritten or
-- scanned.
-- Reversible: yes. The schema goes where this has made it and it is empty then.

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
    statistics text;
    grantee oid;
    role text;
BEGIN
    IF to_regnamespace('feature_planner') IS NULL THEN
        CREATE SCHEMA feature_planner;
        COMMENT ON SCHEMA feature_planner IS 'Feature requests, and how each is refined, examined and planned.';
    END IF;
    IF to_regtype('feature_planner.complexity') IS NULL THEN
        ALTER TYPE public.complexity SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.confidence_level') IS NULL THEN
        ALTER TYPE public.confidence_level SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.estimated_scope') IS NULL THEN
        ALTER TYPE public.estimated_scope SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.execution_step') IS NULL THEN
        ALTER TYPE public.execution_step SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.file_discovery_status') IS NULL THEN
        ALTER TYPE public.file_discovery_status SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.file_priority') IS NULL THEN
        ALTER TYPE public.file_priority SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.implementation_plan_status') IS NULL THEN
        ALTER TYPE public.implementation_plan_status SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.plan_status') IS NULL THEN
        ALTER TYPE public.plan_status SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.refinement_status') IS NULL THEN
        ALTER TYPE public.refinement_status SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.risk_level') IS NULL THEN
        ALTER TYPE public.risk_level SET SCHEMA feature_planner;
    END IF;
    IF to_regtype('feature_planner.technical_complexity') IS NULL THEN
        ALTER TYPE public.technical_complexity SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.discovered_files') IS NULL THEN
        ALTER TABLE public.discovered_files SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.feature_plans') IS NULL THEN
        ALTER TABLE public.feature_plans SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.feature_refinements') IS NULL THEN
        ALTER TABLE public.feature_refinements SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.file_discovery_sessions') IS NULL THEN
        ALTER TABLE public.file_discovery_sessions SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.implementation_plan_generations') IS NULL THEN
        ALTER TABLE public.implementation_plan_generations SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.plan_execution_logs') IS NULL THEN
        ALTER TABLE public.plan_execution_logs SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.plan_step_templates') IS NULL THEN
        ALTER TABLE public.plan_step_templates SET SCHEMA feature_planner;
    END IF;
    IF to_regclass('feature_planner.plan_steps') IS NULL THEN
        ALTER TABLE public.plan_steps SET SCHEMA feature_planner;
    END IF;

    -- These do not follow their table by themselves.
    FOR statistics IN
        SELECT format('%I.%I', n.nspname, s.stxname)
          FROM pg_catalog.pg_statistic_ext s
          JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
          JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
         WHERE c.relnamespace = 'feature_planner'::regnamespace AND n.nspname = 'public'
           AND c.relname IN (
               'discovered_files', 'feature_plans', 'feature_refinements',
               'file_discovery_sessions', 'implementation_plan_generations', 'plan_execution_logs',
               'plan_step_templates', 'plan_steps')
    LOOP
        EXECUTE format('ALTER STATISTICS %s SET SCHEMA feature_planner', statistics);
    END LOOP;

    FOR grantee, role IN
        WITH lists (owner, acl) AS (
            SELECT c.relowner, c.relacl FROM pg_catalog.pg_class c
             WHERE c.relnamespace = 'feature_planner'::regnamespace AND c.relname IN (
                 'discovered_files', 'feature_plans', 'feature_refinements',
                 'file_discovery_sessions', 'implementation_plan_generations',
                 'plan_execution_logs', 'plan_step_templates', 'plan_steps')
            UNION ALL
            SELECT c.relowner, a.attacl
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = 'feature_planner'::regnamespace AND c.relname IN (
                 'discovered_files', 'feature_plans', 'feature_refinements',
                 'file_discovery_sessions', 'implementation_plan_generations',
                 'plan_execution_logs', 'plan_step_templates', 'plan_steps')
            UNION ALL
            SELECT t.typowner, (SELECT array_agg(i) FROM unnest(t.typacl) AS i
                                 -- Everybody's by default.
                                 WHERE NOT starts_with(i::text, '='))
              FROM pg_catalog.pg_type t
             WHERE t.typnamespace = 'feature_planner'::regnamespace AND t.typname IN (
                 'complexity', 'confidence_level', 'estimated_scope', 'execution_step',
                 'file_discovery_status', 'file_priority', 'implementation_plan_status',
                 'plan_status', 'refinement_status', 'risk_level', 'technical_complexity')
        ), roles (oid) AS (
            SELECT owner FROM lists UNION SELECT e.grantee FROM lists l, aclexplode(l.acl) e
        )
        SELECT r.oid, CASE r.oid WHEN 0 THEN 'PUBLIC' ELSE r.oid::regrole::text END FROM roles r
         WHERE NOT has_schema_privilege(r.oid, 'feature_planner', 'USAGE')
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA feature_planner TO %s', role);
        -- Without the right to it a GRANT is a warning.
        IF NOT has_schema_privilege(grantee, 'feature_planner', 'USAGE') THEN
            RAISE EXCEPTION '% has privileges on what moves, and would not get USAGE of schema feature_planner, '
                            'which this role may not give', role
                USING ERRCODE = 'insufficient_privilege', HINT = 'Let the owner of the schema give it first.';
        END IF;
    END LOOP;
END
$$;

-- What was accepted of them when the database was adopted is accepted where they are now.
DO $$
DECLARE
    own CONSTANT text := '\mpublic\.(discovered_files|feature_plans|feature_refinements|file_discovery_sessions|'
               'implementation_plan_generations|plan_execution_logs|plan_step_templates|plan_steps|'
               'complexity|confidence_level|estimated_scope|execution_step|file_discovery_status|'
               'file_priority|implementation_plan_status|plan_status|refinement_status|risk_level|'
               'technical_complexity)\M';
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'planwright' AND c.relname = 'accepted_differences'
                  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'UPDATE')) THEN
        -- lint:allow rows changed by a migration: there is a row for each difference that somebody accepted
        UPDATE planwright.accepted_differences a
           SET key = regexp_replace(a.key, own, 'feature_planner.\1', 'g'),
               found = regexp_replace(a.found::text, own, 'feature_planner.\1', 'g')::jsonb
         WHERE a.context = 'feature_planner';
    END IF;
END
$$;
