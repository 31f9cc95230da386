//! Old readers and writers go on by way of the compatibility views.

use super::moving::objects;
use super::*;

const TIMES: &str = "20261120192230";

const VIEWS: &str = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                        AND relkind = 'v' ORDER BY 1";

/// What the code of before does, by names of `public` alone.
fn old_code_goes_on(installation: &Installation) {
    let mut connection = installation.connection();
    for sql in [
        "SET search_path = public",
        "INSERT INTO public.feature_plans (user_id, original_request)
         SELECT id, 'By the old name' FROM public.users",
        "INSERT INTO feature_refinements (plan_id, agent_id, input_request)
         SELECT id, 'old', 'x' FROM feature_plans WHERE original_request = 'By the old name'",
        "UPDATE feature_plans SET status = 'refining', current_step = 1
          WHERE original_request = 'By the old name'",
        "SELECT * FROM feature_plans WHERE status = 'refining' FOR UPDATE",
        "DO $$ BEGIN ASSERT named() = 1; END $$",
        "DELETE FROM feature_plans WHERE original_request = 'By the old name'",
        "DO $$ BEGIN ASSERT named() = 0; END $$",
    ] {
        connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// With a function that names a table by its old schema.
fn installation() -> Installation {
    let installation = Installation::new();
    installation.execute(
        "CREATE FUNCTION public.named() RETURNS bigint LANGUAGE sql
             AS 'SELECT count(*) FROM public.feature_plans WHERE version = 1 AND current_step = 1'",
    );
    installation
}

#[test]
fn old_readers_and_writers_go_on_until_the_views_are_dropped() {
    let installation = installation();
    old_code_goes_on(&installation);
    let receipt = installation.relocator().compatibility_views().run().unwrap();
    assert_eq!(receipt.views.len(), 8, "{receipt}");
    old_code_goes_on(&installation);
    // The view and the function, which has it, do not stand against the migration.
    installation.contract(MOVE).unwrap();
    old_code_goes_on(&installation);

    // Migrations behind it go on with the views, but for the one that changes types.
    for version in ["20261120192200", "20261120192210", "20261120192220"] {
        installation.contract(version).unwrap();
    }
    let guarded = installation.guarded(TIMES);
    assert!(guarded.starts_with("8: view public.discovered_files uses "), "{guarded}");
    let plans = "view public.feature_plans uses feature_plans.completed_at, \
                 feature_plans.created_at, feature_plans.updated_at: drop the compatibility \
                 views, and make them again later";
    assert!(guarded.contains(plans), "{guarded}");
    let dropped = installation.relocator().drop_compatibility_views().unwrap();
    assert_eq!(dropped.views.len(), 8, "{dropped}");
    installation.refused("SELECT FROM public.feature_plans");
    installation.contract(TIMES).unwrap();

    installation.relocator().compatibility_views().run().unwrap();
    old_code_goes_on(&installation);
    installation.contract_the_rest();
    old_code_goes_on(&installation);
    let dropped = installation.relocator().drop_compatibility_views().unwrap();
    assert_eq!(dropped.views.len(), 8, "{dropped}");
    assert!(installation.texts(VIEWS).is_empty());
    assert!(installation.relocator().drop_compatibility_views().unwrap().views.is_empty());
}

#[test]
fn the_way_back_takes_compatibility_views_along_and_refuses_others() {
    let installation = installation();
    let before = objects(&installation, "public");
    installation.relocator().compatibility_views().run().unwrap();
    installation.contract(MOVE).unwrap();
    installation.execute(
        "DROP VIEW public.plan_steps; CREATE VIEW public.plan_steps AS SELECT 1 AS mine;
         CREATE TYPE public.risk_level AS ENUM ('mine')",
    );
    let moved = objects(&installation, "feature_planner");
    let refused = installation.migrator().down().unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    let reason = "what comes back to public finds its name taken there, by view plan_steps, type \
                  risk_level";
    assert!(source.contains(reason), "{refused}: {source}");
    assert_eq!(objects(&installation, "feature_planner"), moved);
    assert_eq!(installation.texts(VIEWS).len(), 8, "and the views are there");
    assert!(installation.has_moved());

    installation.execute("DROP VIEW public.plan_steps; DROP TYPE public.risk_level");
    installation.execute("CREATE VIEW public.report AS SELECT id FROM public.feature_plans");
    let refused = installation.migrator().down().unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains("cannot drop view feature_plans"), "{source}");
    assert_eq!(objects(&installation, "feature_planner"), moved);

    installation.execute("DROP VIEW public.report");
    assert_eq!(installation.migrator().down().unwrap().len(), 1);
    assert_eq!(objects(&installation, "public"), before);
    assert!(installation.texts(VIEWS).is_empty());
    old_code_goes_on(&installation);
}
