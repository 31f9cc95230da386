//! The end of the feature planner, with all that is in it.

use planwright::migrate::State;

use super::moving::objects;
use super::*;

const SCHEMA: &str = "SELECT nspname FROM pg_namespace WHERE nspname = 'feature_planner'";

fn state(installation: &Installation) -> State {
    installation.migrator().status().unwrap().state
}

#[test]
fn it_says_what_goes_and_goes_by_its_name_and_comes_again() {
    let installation = Installation::new();
    installation.relocator().compatibility_views().run().unwrap();
    installation.contract(MOVE).unwrap();
    installation.execute("ANALYZE");
    let before = objects(&installation, "feature_planner");
    let goes = installation.relocator().plan_teardown().unwrap();
    let text = goes.to_string();
    println!("{text}");
    assert!(goes.problems.is_empty() && !goes.done, "{goes}");
    for line in [
        "[-] schema feature_planner would go",
        "[-] table feature_planner.feature_plans, with some 2 rows",
        "[-] type feature_planner.plan_status",
        "[-] compatibility view public.feature_plans",
        "of feature_planner in the history of migrations",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    let of = |kind: &str| goes.contents.iter().filter(|one| one.kind == kind).count();
    assert_eq!((of("table"), of("type"), goes.views.len()), (8, 11, 8), "{goes}");

    let was = state(&installation);
    for name in ["", "public", "feature_plans", "FEATURE_PLANNER", "feature_planner ", "yes"] {
        let error = installation.relocator().teardown(name).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "confirm"), "{error:?}");
        assert!(error.to_string().contains("feature_planner"), "{error}");
    }
    assert_eq!(objects(&installation, "feature_planner"), before);
    assert_eq!(state(&installation), was);

    let torn = installation.relocator().teardown("feature_planner").unwrap();
    assert!(torn.done && torn.contents == goes.contents && torn.views == goes.views, "{torn}");
    assert!(installation.texts(SCHEMA).is_empty());
    let left = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                   AND relname !~ '^users'
                UNION ALL
                SELECT context FROM planwright.migrations WHERE context = 'feature_planner'";
    assert!(installation.texts(left).is_empty());
    assert_eq!(installation.texts("SELECT count(*) FROM public.users"), ["1"]);
    let State::Behind { pending } = state(&installation) else { panic!("nothing is pending") };
    assert!(pending[0].ends_with("_feature_planner_baseline"), "{pending:?}");

    installation.migrator().up().unwrap();
    assert_eq!(state(&installation), State::Current);
    assert!(installation.relocator().plan().unwrap().nothing_to_do());
    assert_eq!(installation.texts("SELECT count(*) FROM feature_planner.feature_plans"), ["0"]);
}

#[test]
fn what_outside_would_go_too_and_what_has_not_moved_stand_against_it() {
    let installation = Installation::new();
    let refused = |reason: &str| {
        let error = installation.relocator().teardown("feature_planner").unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    };
    refused("schema feature_planner: is not there");
    installation.execute("CREATE SCHEMA feature_planner");
    refused("table feature_plans: has not moved, and the history would forget it");
    installation.contract(MOVE).unwrap();
    let before = objects(&installation, "feature_planner");
    installation.execute(
        "CREATE TABLE public.tickets (plan_id uuid REFERENCES feature_planner.feature_plans)",
    );
    refused("foreign key tickets_plan_id_fkey on public.tickets: is outside");
    assert_eq!(objects(&installation, "feature_planner"), before);
    installation.execute("DROP TABLE tickets");
    assert!(installation.relocator().teardown("feature_planner").unwrap().done);
    refused("schema feature_planner: is not there");
}
