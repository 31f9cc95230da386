//! The relocator of the feature planner: there, back, and beside the migration that does the same.

use planwright::feature_planner::{self, RELOCATION};
use planwright::migrate::State;
use planwright::relocate::{KeyFinding, Relocator};

use super::moving::objects;
use super::*;

impl Installation {
    pub(super) fn relocator(&self) -> Relocator<'_> {
        feature_planner::relocator(self.store())
    }

    /// Whether the history has the move.
    pub(super) fn has_moved(&self) -> bool {
        let recorded = format!("SELECT 1 FROM planwright.migrations WHERE version = '{MOVE}'");
        !self.texts(&recorded).is_empty()
    }
}

const STRANGER: &str = "INSERT INTO feature_planner.feature_plans (user_id, original_request)
                        VALUES (gen_random_uuid(), 'x')";

#[test]
fn the_relocator_moves_every_object_proves_it_and_comes_back() {
    let installation = Installation::new();
    let before = objects(&installation, "public");
    let plan = installation.relocator().plan().unwrap();
    assert!(plan.is_clear() && plan.makes_schema && !plan.nothing_to_do(), "{plan}");
    let receipt = installation.relocator().run().unwrap();
    println!("{receipt}");
    assert_eq!((receipt.moved.len(), receipt.left_alone.len()), (8 + 11, 0), "{receipt}");
    for counts in [&plan.counts, &receipt.proof.counts] {
        for (kind, count) in [
            ("table", 8),
            ("type", 11),
            ("index", 43),
            ("check", 27),
            ("foreign key", 9),
            ("primary key", 8),
        ] {
            assert_eq!(counts.get(kind), Some(&count), "{kind}: {counts:?}");
        }
    }
    let keys: Vec<_> = receipt.proof.keys.iter().map(|key| &*key.name).collect();
    assert_eq!(
        keys,
        [
            "discovered_files_added_by_user_id_users_id_fk",
            "feature_plans_user_id_users_id_fk",
            "plan_step_templates_user_id_users_id_fk"
        ]
    );
    for key in &receipt.proof.keys {
        assert_eq!((&*key.referred, &key.finding), ("public.users", &KeyFinding::Refused));
    }
    assert_eq!(objects(&installation, "feature_planner"), before);
    let refused = installation.refused(STRANGER);
    assert!(refused.contains("feature_plans_user_id_users_id_fk"), "{refused}");
    let gone = "SELECT coalesce(to_regclass('public.feature_plans')::text, 'none')";
    assert_eq!(installation.texts(gone), ["none"]);

    assert!(installation.relocator().plan().unwrap().nothing_to_do());
    let again = installation.relocator().run().unwrap();
    assert!(again.nothing_done() && again.left_alone.len() == 8 + 11, "{again}");
    assert_eq!(again.proof.counts, receipt.proof.counts);

    let back = installation.relocator().reverse().unwrap();
    assert!(back.moved.len() == 8 + 11 && back.dropped_schema, "{back}");
    assert_eq!(back.proof.counts, receipt.proof.counts);
    assert_eq!(objects(&installation, "public"), before);
    assert!(installation.relocator().reverse().unwrap().nothing_done());
}

#[test]
fn what_the_relocator_has_moved_the_migration_leaves_alone_and_records() {
    let installation = Installation::new();
    // A function that somebody has looked at: it has a word that is a type's name, too.
    installation.execute(
        "CREATE FUNCTION public.words(complexity text) RETURNS text LANGUAGE sql
             AS 'SELECT complexity || ''!'''",
    );
    let before = objects(&installation, "public");
    let known = "function public.words(pg_catalog.text)";
    installation.relocator().run().unwrap_err();
    installation.relocator().accept(known).run().unwrap();
    assert!(!installation.has_moved());
    installation.contract(MOVE).unwrap();
    assert!(installation.has_moved());
    assert_eq!(objects(&installation, "feature_planner"), before);
    assert!(installation.relocator().run().unwrap().nothing_done());
    // What comes behind the move goes on from there.
    installation.contract_the_rest();
    assert_eq!(installation.migrator().status().unwrap().state, State::Current);
}

#[test]
fn what_the_migration_has_moved_the_relocator_leaves_alone() {
    let installation = Installation::new();
    // Extended statistics do not follow their table by themselves.
    installation.execute("CREATE STATISTICS places ON step_number, display_order FROM plan_steps");
    installation.contract(MOVE).unwrap();
    let moved = objects(&installation, "feature_planner");
    let place = "SELECT stxnamespace::regnamespace FROM pg_statistic_ext WHERE stxname = 'places'";
    assert_eq!(installation.texts(place), ["feature_planner"]);
    assert!(installation.relocator().plan().unwrap().nothing_to_do());
    let receipt = installation.relocator().run().unwrap();
    assert!(receipt.nothing_done() && receipt.proof.counts["index"] == 43, "{receipt}");
    assert_eq!(objects(&installation, "feature_planner"), moved);

    let [reverted] = &*installation.migrator().down().unwrap() else { panic!("one step") };
    assert!(reverted.to_string().contains(feature_planner::MOVE_TABLES), "{reverted}");
    assert_eq!(objects(&installation, "public"), moved);
    assert_eq!(installation.texts(place), ["public"]);
    assert!(!installation.has_moved());
}

#[test]
fn a_database_that_was_moved_before_this_crate_knew_it_is_adopted_at_the_move() {
    let live = Installation(TestDatabase::new([]).unwrap());
    live.execute("CREATE TABLE public.users (id uuid PRIMARY KEY, name text)");
    let embedded = Migrations::embedded();
    let baseline = embedded.as_slice().iter().find(|one| one.version == BASELINE).unwrap();
    baseline.run(&mut live.connection()).unwrap();
    live.execute(ROWS);
    live.relocator().run().unwrap();
    live.migrator().adopt(Context::FeaturePlanner, MOVE).unwrap();
    assert!(live.has_moved());
    assert!(live.migrator().contract(MOVE).unwrap().is_none());
    live.contract_the_rest();
    assert_eq!(live.migrator().status().unwrap().state, State::Current);
}

#[test]
fn half_of_it_is_moved_by_either() {
    for by_migration in [true, false] {
        let installation = Installation::new();
        let before = objects(&installation, "public");
        installation.execute(
            "CREATE SCHEMA feature_planner; COMMENT ON SCHEMA feature_planner IS 'The team''s';
             ALTER TYPE risk_level SET SCHEMA feature_planner;
             ALTER TABLE plan_steps SET SCHEMA feature_planner;",
        );
        if by_migration {
            installation.contract(MOVE).unwrap();
        } else {
            let receipt = installation.relocator().run().unwrap();
            assert_eq!((receipt.moved.len(), receipt.left_alone.len()), (7 + 10, 2), "{receipt}");
        }
        assert_eq!(objects(&installation, "feature_planner"), before);
        // The schema is somebody's.
        let comment = "SELECT obj_description('feature_planner'::regnamespace)";
        assert_eq!(installation.texts(comment), ["The team's"]);
        if by_migration {
            installation.revert(MOVE).unwrap();
        } else {
            assert!(!installation.relocator().reverse().unwrap().dropped_schema);
        }
        assert_eq!(installation.texts(comment), ["The team's"]);
        assert_eq!(objects(&installation, "public"), before);
    }
}

#[test]
fn the_relocation_names_what_the_baseline_makes() {
    let installation = Installation::new();
    let plan = installation.relocator().plan().unwrap();
    let own = |kind: &str| {
        let items = plan.items.iter().filter(|item| item.kind == kind);
        items.map(|item| item.name.clone()).collect::<Vec<_>>()
    };
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                     AND relkind = 'r' AND relname <> 'users' ORDER BY relname COLLATE \"C\"";
    assert_eq!(own("table"), installation.texts(tables));
    let types = "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
                    AND typtype = 'e' ORDER BY typname COLLATE \"C\"";
    assert_eq!(own("type"), installation.texts(types));
    assert_eq!(RELOCATION.to_string(), "public to feature_planner");
    let one = Migrations::embedded().as_slice().iter().find(|one| one.version == MOVE).cloned();
    assert_eq!(one.unwrap().name, feature_planner::MOVE_TABLES);
}

#[test]
fn one_unit_of_work_writes_both_schemas_or_none() {
    let installation = Installation::new();
    installation.relocator().run().unwrap();
    let write = |fails: bool| {
        installation.store().write(|uow| {
            uow.connection().batch_execute(
                "INSERT INTO public.users (id) VALUES ('00000000-0000-0000-0000-000000000002');
                 INSERT INTO feature_planner.feature_plans (user_id, original_request)
                 VALUES ('00000000-0000-0000-0000-000000000002', 'Both or none')",
            )?;
            if fails { Err(Error::conflict("User", "2", "not now")) } else { Ok(()) }
        })
    };
    let count = "SELECT (SELECT count(*) FROM public.users) || ' ' ||
                        (SELECT count(*) FROM feature_planner.feature_plans)";
    assert_eq!(installation.texts(count), ["1 2"]);
    write(true).unwrap_err();
    assert_eq!(installation.texts(count), ["1 2"]);
    // The server refuses the second of two writes.
    let half = installation.store().write(|uow| {
        let user = "INSERT INTO public.users (id) VALUES (gen_random_uuid())";
        uow.connection().batch_execute(user)?;
        Ok(uow.connection().batch_execute(STRANGER)?)
    });
    assert!(matches!(half, Err(Error::Constraint { .. })), "{half:?}");
    assert_eq!(installation.texts(count), ["1 2"]);
    write(false).unwrap();
    assert_eq!(installation.texts(count), ["2 3"]);
}
