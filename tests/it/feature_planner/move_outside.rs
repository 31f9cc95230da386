//! What is outside and refers to the tables and types is found before anything is touched, by the
//! relocator and by the guard of the migration.

use planwright::relocate::Standing;

use super::moving::objects;
use super::*;

/// Something that stands against the move: what makes it, what the relocator and the guard say, and
/// what takes it away.
struct Against {
    made: &'static str,
    field: &'static str,
    reason: &'static str,
    guard: &'static str,
    remedy: &'static str,
}

const AGAINST: &[Against] = &[
    Against {
        made: "CREATE FUNCTION public.newest(n int) RETURNS bigint LANGUAGE sql
                   AS 'SELECT count(*) FROM feature_plans WHERE version = n'",
        field: "function public.newest(integer)",
        reason: "ALTER ROUTINE public.newest(integer) SET search_path = \"public\", \"feature_planner\"",
        guard: "1: function public.newest(n integer) names feature_plans: give it a search_path \
                with feature_planner",
        remedy: "ALTER ROUTINE newest SET search_path = public, feature_planner",
    },
    Against {
        made: "CREATE FUNCTION public.open() RETURNS bigint LANGUAGE plpgsql
                   SET search_path = public, feature_planner
                   AS 'BEGIN RETURN (SELECT count(*) FROM public.feature_plans); END'",
        field: "function public.open()",
        reason: "Its text names schema public",
        guard: "1: function public.open() names feature_plans: it names schema public, which must \
                go from its text",
        remedy: "DROP FUNCTION open",
    },
    // A function of the schema that it goes to is looked at as any other.
    Against {
        made: "CREATE SCHEMA feature_planner;
               CREATE FUNCTION feature_planner.step() RETURNS trigger LANGUAGE plpgsql
                   AS 'BEGIN PERFORM FROM plan_steps; RETURN NULL; END'",
        field: "function feature_planner.step()",
        reason: "SET search_path = ",
        guard: "1: function feature_planner.step() names plan_steps: give it a search_path with \
                feature_planner",
        remedy: "DROP SCHEMA feature_planner CASCADE",
    },
    Against {
        made: "CREATE SCHEMA feature_planner; CREATE TABLE feature_planner.plan_steps (id int)",
        field: "table plan_steps",
        reason: "is in schema public and in schema feature_planner: drop or rename one",
        guard: "1: there is a plan_steps both in public and in feature_planner: rename or drop one",
        remedy: "DROP SCHEMA feature_planner CASCADE",
    },
    Against {
        made: "CREATE SCHEMA feature_planner; CREATE TYPE feature_planner.plan_status AS ENUM ('x')",
        field: "type plan_status",
        reason: "is in schema public and in schema feature_planner: drop or rename one",
        guard: "1: there is a plan_status both in public and in feature_planner: rename or drop one",
        remedy: "DROP SCHEMA feature_planner CASCADE",
    },
    Against {
        made: "CREATE SCHEMA feature_planner;
               CREATE SEQUENCE feature_planner.feature_plans_status_idx",
        field: "sequence feature_planner.feature_plans_status_idx",
        reason: "has a name that is to move there: drop or rename it",
        guard: "1: feature_plans_status_idx of feature_plans moves to feature_planner, which has \
                something of that name: rename or drop one",
        remedy: "DROP SCHEMA feature_planner CASCADE",
    },
    Against {
        made: "ALTER TYPE file_priority RENAME TO priority",
        field: "type file_priority",
        reason: "is neither in schema public nor in schema feature_planner",
        guard: "1: enum file_priority is neither in public nor in feature_planner",
        remedy: "ALTER TYPE priority RENAME TO file_priority",
    },
    Against {
        made: "CREATE PUBLICATION whole FOR TABLES IN SCHEMA public",
        field: "publication whole",
        reason: "ALTER PUBLICATION \"whole\" DROP TABLES IN SCHEMA \"public\"",
        guard: "1: publication whole is of all tables of public, and tables would leave it: drop \
                the schema from it, and add tables by name",
        remedy: "DROP PUBLICATION whole",
    },
    Against {
        made: "CREATE SCHEMA feature_planner;
               CREATE PUBLICATION own FOR TABLES IN SCHEMA feature_planner",
        field: "publication own",
        reason: "would get what moves",
        guard: "1: publication own is of all tables of feature_planner, and tables would come into \
                it: drop the schema from it, and add tables by name",
        remedy: "DROP PUBLICATION own; DROP SCHEMA feature_planner",
    },
    Against {
        made: "CREATE SCHEMA old; CREATE TABLE old.logs () INHERITS (plan_execution_logs)",
        field: "child old.logs",
        reason: "would stay in public: name it among the tables",
        guard: "1: table old.logs is tied to plan_execution_logs by inheritance, and would stay \
                behind: part them, or move both with a relocation that names it",
        remedy: "DROP SCHEMA old CASCADE",
    },
    Against {
        made: "CREATE SUBSCRIPTION abroad CONNECTION 'dbname=nowhere' PUBLICATION x
                   WITH (connect = false, slot_name = NONE);
               SET allow_system_table_mods = on;
               INSERT INTO pg_subscription_rel
               SELECT oid, 'plan_steps'::regclass, 'r' FROM pg_subscription WHERE subname = 'abroad'",
        field: "subscription abroad",
        reason: "move it where it is published first",
        guard: "1: subscription abroad finds plan_steps by its schema: move it where it is \
                published first",
        remedy: "SET allow_system_table_mods = on; DELETE FROM pg_subscription_rel;
                 DROP SUBSCRIPTION abroad",
    },
];

#[test]
fn what_stands_against_the_move_is_named_with_its_remedy_before_anything_is_touched() {
    let installation = Installation::new();
    let before = objects(&installation, "public");
    for Against { made, field, reason, guard, remedy } in AGAINST {
        installation.execute(made);
        let made_before = objects(&installation, "public");
        let plan = installation.relocator().plan().unwrap();
        let error = installation.relocator().run().unwrap_err();
        let Error::Unfit { problems, .. } = error else { panic!("{made}: {error:?}") };
        let [problem] = &*problems else { panic!("{made}: {problems:#?}") };
        assert_eq!(problem.field, *field);
        assert!(problem.reason.contains(reason), "{field}: {}", problem.reason);
        assert_eq!(plan.problems, problems);
        assert_eq!(installation.guarded(MOVE), *guard, "{made}");
        assert_eq!(objects(&installation, "public"), made_before, "{made}");
        installation.execute(remedy);
        assert!(installation.relocator().plan().unwrap().is_clear(), "{remedy}");
    }
    installation.contract(MOVE).unwrap();
    assert_eq!(objects(&installation, "feature_planner"), before);
}

#[test]
fn a_word_that_means_something_else_does_not_stand_against_it() {
    let installation = Installation::new();
    installation.execute(
        "CREATE FUNCTION public.others() RETURNS text LANGUAGE sql
             AS 'SELECT o.complexity FROM (SELECT ''my_feature_plans'') AS o (complexity)';
         CREATE FUNCTION public.adapted() RETURNS bigint LANGUAGE sql
             AS 'SELECT count(*) FROM pg_class WHERE relname = ''feature_planner.plan_steps''';",
    );
    // The alias is a word of its own, and a search_path does it no harm.
    let refused = "1: function public.others() names complexity: give it a search_path with \
                   feature_planner";
    assert_eq!(installation.guarded(MOVE), refused);
    installation.execute(
        "CREATE TABLE notes (complexity text);
         CREATE OR REPLACE FUNCTION public.others() RETURNS text LANGUAGE sql
             AS 'SELECT o.complexity FROM notes o'",
    );
    assert!(installation.relocator().plan().unwrap().is_clear());
    installation.contract(MOVE).unwrap();
}

#[test]
fn what_refers_to_objects_is_named_and_follows() {
    let installation = Installation::new();
    installation.execute(
        "CREATE VIEW public.open AS SELECT id, status FROM feature_plans WHERE status <> 'completed';
         CREATE TABLE public.tickets (id bigint PRIMARY KEY, status plan_status DEFAULT 'draft',
                                      plan_id uuid REFERENCES feature_plans);
         CREATE FUNCTION public.whole() RETURNS bigint LANGUAGE sql
             BEGIN ATOMIC SELECT count(*) FROM feature_plans; END;",
    );
    let files = "SELECT name FROM pg_available_extensions WHERE name = 'file_fdw'";
    let has_files = !installation.texts(files).is_empty();
    if has_files {
        installation.execute(
            "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
             CREATE FOREIGN TABLE public.far (status plan_status) SERVER files
                 OPTIONS (filename '/nowhere')",
        );
    }
    let plan = installation.relocator().plan().unwrap();
    assert!(plan.is_clear(), "{plan}");
    let standing = |key: &str| {
        let one = plan.references.iter().find(|one| one.key() == key);
        let one = one.unwrap_or_else(|| panic!("no {key} in {plan}"));
        (one.to.join(", "), one.standing)
    };
    let follows = |to: &str| (to.to_owned(), Standing::Follows);
    assert_eq!(standing("view public.open"), follows("feature_plans, plan_status"));
    assert_eq!(standing("column public.tickets.status"), follows("plan_status"));
    assert_eq!(standing("default for public.tickets.status"), follows("plan_status"));
    let key = "foreign key tickets_plan_id_fkey on public.tickets";
    assert_eq!(standing(key), follows("feature_plans"));
    assert_eq!(standing("function public.whole()"), follows("feature_plans"));
    if has_files {
        let far = standing("foreign column public.far.status");
        assert_eq!(far, ("plan_status".to_owned(), Standing::Noted));
    }
    assert_eq!(plan.references.len(), 5 + usize::from(has_files), "{plan}");

    let works = "INSERT INTO tickets SELECT 1, status, id FROM open LIMIT 1;
                 UPDATE tickets SET status = DEFAULT; DELETE FROM tickets; SELECT whole();
                 SET enable_seqscan = off; SELECT * FROM open";
    let receipt = installation.relocator().run().unwrap();
    assert!(receipt.proof.keys.iter().any(|key| key.name == "tickets_plan_id_fkey"), "{receipt}");
    installation.execute(works);
    installation.relocator().reverse().unwrap();
    installation.contract(MOVE).unwrap();
    installation.execute(works);
}
