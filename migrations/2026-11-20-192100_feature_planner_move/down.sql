-- Everything goes back. The schema goes with its privileges, unless something else is in it.

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
    BEGIN
        DROP SCHEMA feature_planner;
    EXCEPTION WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'schema feature_planner stays, for it holds something else';
    END;
END
$$;
