//! The end of the schema.

use planwright::Context;
use planwright::migrate::{Migrator, State};

use super::*;

#[test]
fn a_teardown_says_what_will_go_and_needs_the_name() {
    let garden = Garden::new();
    garden.relocator().compatibility_views().run().unwrap();
    garden.execute("CREATE FUNCTION garden.own() RETURNS garden.mood LANGUAGE sql AS $$ SELECT NULL::garden.mood $$; ANALYZE");
    let plan = garden.relocator().plan_teardown().unwrap();
    assert!(plan.problems.is_empty() && !plan.done, "{plan}");
    for line in [
        "[-] table garden.bed, with some 2 rows",
        "[-] type garden.mood",
        "[-] function garden.own()",
        "[-] sequence garden.bed_number_seq",
        "[-] compatibility view public.bed",
    ] {
        assert!(plan.to_string().contains(line), "{line}: {plan}");
    }
    for wrong in ["", "Garden", "garden ", "public"] {
        let error = garden.relocator().teardown(wrong).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "confirm"), "{error}");
    }
    assert_eq!(garden.in_schema("garden"), 5);
    let torn = garden.relocator().teardown("garden").unwrap();
    assert!(torn.done && torn.contents == plan.contents && torn.views == plan.views, "{torn}");
    assert_eq!(garden.number("count(*) FROM pg_namespace WHERE nspname = 'garden'"), 0);
    assert_eq!(
        garden.number("count(*) FROM pg_class WHERE relname IN ('bed', 'plant', 'visit')"),
        0
    );
    assert_eq!(garden.number("count(*) FROM users"), 2, "what it referred to stays");
}

#[test]
fn what_outside_would_go_too_stands_against_it() {
    let garden = Garden::new();
    garden.relocator().run().unwrap();
    garden.execute(
        "CREATE VIEW wild AS SELECT id FROM garden.bed; CREATE TABLE shed (mood garden.mood,
             bed uuid REFERENCES garden.bed, n bigint DEFAULT nextval('garden.bed_number_seq'));
         CREATE TABLE kid () INHERITS (garden.visit);
         CREATE FUNCTION garden.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER shed_f BEFORE INSERT ON shed FOR EACH ROW EXECUTE FUNCTION garden.f();
         CREATE COLLATION garden.c FROM \"C\"",
    );
    let catalog = garden.catalog();
    let problems = refused(garden.relocator().teardown("garden"));
    for (field, reason) in [
        ("view public.wild", "is outside"),
        ("column public.shed.mood", "is outside"),
        ("foreign key shed_bed_fkey on public.shed", "is outside"),
        ("default for public.shed.n", "is outside"),
        ("trigger shed_f on public.shed", "is outside"),
        ("child public.kid", "is outside"),
        ("collation garden.c", "drop it first"),
    ] {
        has(&problems, field, reason);
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");
    assert_eq!(garden.catalog(), catalog);
    // Nobody's schema of that kind.
    let away = Relocation::new("garden", "public").tables(&["bed"]);
    let problems = refused(Relocator::new(garden.store(), away).teardown("public"));
    has(&problems, "schema public", "is everybody's");
}

#[test]
fn the_history_forgets_the_context_that_is_gone() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    let store = database.store();
    let migrator = || Migrator::new(store).contexts([Context::Modelling]);
    assert_eq!(migrator().status().unwrap().state, State::Current);
    let asked =
        Relocation::new("public", "elsewhere").tables(&["scenario", "plan", "recommendation"]);
    let relocator = || Relocator::new(store, asked).history_of("modelling");
    store.write(|uow| Ok(uow.connection().batch_execute("DROP VIEW plan_measure")?)).unwrap();
    store.write(|uow| Ok(uow.connection().batch_execute("CREATE SCHEMA elsewhere")?)).unwrap();
    has(&refused(relocator().teardown("elsewhere")), "table plan", "the history would forget it");
    assert_eq!(migrator().status().unwrap().state, State::Current);
    relocator().run().unwrap();
    let torn = relocator().teardown("elsewhere").unwrap();
    has(&refused(relocator().teardown("elsewhere")), "schema elsewhere", "is not there");
    assert!(torn.history.as_ref().is_some_and(|(_, rows)| *rows > 5), "{torn}");
    let State::Behind { pending } = migrator().status().unwrap().state else { panic!() };
    assert!(pending.iter().all(|name| name.contains("_modelling_")), "{pending:?}");
    assert!(pending[0].ends_with("_modelling_baseline"), "{pending:?}");
}
