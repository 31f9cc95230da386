//! A move, the same again, and back.

use planwright::relocate::{ItemState, KeyFinding};

use super::*;

#[test]
fn a_move_and_the_way_back_leave_everything_as_it_was() {
    let garden = Garden::new();
    let (catalog, files, rows) = (garden.catalog(), garden.files(), garden.rows("public"));

    let plan = garden.relocator().plan().unwrap();
    assert!(plan.is_clear() && plan.makes_schema && !plan.nothing_to_do(), "{plan}");
    assert_eq!(garden.catalog(), catalog, "a plan changes nothing");
    let counts = ["table", "type", "index", "check", "foreign key", "primary key", "unique"];
    let counts = counts.map(|kind| plan.counts.get(kind).copied().unwrap_or_default());
    assert_eq!(counts, [3, 2, 2, 1, 4, 3, 1], "{plan}");
    for along in ["sequence bed_number_seq (of bed)", "sequence plant_id_seq (of plant)"] {
        assert!(plan.along.contains(&along.to_owned()), "{plan}");
    }
    assert!(plan.along.contains(&"statistics plant_names (of plant)".to_owned()), "{plan}");

    let receipt = garden.relocator().run().unwrap();
    assert_eq!((receipt.moved.len(), receipt.left_alone.len()), (5, 0), "{receipt}");
    assert!(receipt.made_schema && receipt.tries == 1 && !receipt.nothing_done());
    assert_eq!((garden.in_schema("public"), garden.in_schema("garden")), (0, 5));
    assert_eq!(garden.files(), files);
    assert_eq!(garden.rows("garden"), rows);
    assert_eq!(
        garden.number("count(*) FROM pg_statistic_ext WHERE stxnamespace = 'garden'::regnamespace"),
        1
    );
    // Two to users of the host's; what is inside is not between schemas.
    let keys: Vec<_> = receipt.proof.keys.iter().map(|key| (&*key.name, &key.finding)).collect();
    assert_eq!(
        keys,
        [("bed_user_id_fkey", &KeyFinding::Refused), ("plant_gardener_fkey", &KeyFinding::Refused)]
    );
    assert_eq!((receipt.proof.counts["check"], receipt.proof.counts["foreign key"]), (1, 4));
    let text = receipt.to_string();
    for line in ["[x] table bed moved", "a reference to nothing in public.users is refused"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("SQL that names public.*") && text.contains("pg_dump -n"), "{text}");
    assert!(serde_json::to_value(&receipt).unwrap()["locked_ms"].is_u64());

    let again = garden.relocator().run().unwrap();
    assert!(again.nothing_done() && again.tries == 0, "{again}");
    assert_eq!(again.left_alone.len(), 5);
    assert!(again.left_alone.iter().all(|item| item.state == ItemState::Moved));
    assert!(again.to_string().contains("[x] nothing to do"), "{again}");
    assert!(garden.relocator().plan().unwrap().nothing_to_do());

    let back = garden.relocator().reverse().unwrap();
    assert!(back.dropped_schema && back.moved.len() == 5, "{back}");
    assert_eq!(garden.catalog(), catalog);
    assert_eq!(garden.files(), files);
    assert_eq!(garden.rows("public"), rows);
    assert!(garden.relocator().reverse().unwrap().nothing_done());
}

#[test]
fn what_has_moved_is_left_alone_and_the_rest_comes_after() {
    let garden = Garden::new();
    garden.execute("CREATE SCHEMA garden; ALTER TABLE plant SET SCHEMA garden; ALTER TYPE soil SET SCHEMA garden");
    let receipt = garden.relocator().run().unwrap();
    let names: Vec<_> = receipt.left_alone.iter().map(|item| &*item.name).collect();
    assert_eq!(names, ["plant", "soil"]);
    assert!(!receipt.made_schema);
    // With what had not followed by itself.
    assert_eq!(
        garden.number("count(*) FROM pg_statistic_ext WHERE stxnamespace = 'garden'::regnamespace"),
        1
    );
    assert_eq!(garden.in_schema("garden"), 5);
    // A schema of somebody else's stays.
    let back = garden.relocator().reverse().unwrap();
    assert!(!back.dropped_schema);
    assert_eq!(garden.number("count(*) FROM pg_namespace WHERE nspname = 'garden'"), 1);
}

#[test]
fn what_is_not_as_asked_for_is_told_and_refused_before_anything_is_touched() {
    let garden = Garden::new();
    garden.execute(
        "CREATE SCHEMA garden; CREATE TABLE garden.bed (id int); CREATE VIEW vue AS SELECT 1 AS a;
         CREATE DOMAIN clay AS text; CREATE SEQUENCE garden.bed_mood_ix;
         CREATE TABLE garden.other (a int); ALTER TABLE garden.other ADD CONSTRAINT plant_pkey PRIMARY KEY (a);
         CREATE TYPE garden._soil AS ENUM ('a'); CREATE VIEW garden.bed_number_seq AS SELECT 1 AS b;
         CREATE STATISTICS garden.plant_names ON id, plant_id FROM visit",
    );
    let catalog = garden.catalog();
    let tables = &["bed", "plant", "nowhere", "vue"];
    let asked = Relocation::new("public", "garden").tables(tables).types(&["soil", "clay", "mood"]);
    let relocator = Relocator::new(garden.store(), asked);
    let plan = relocator.plan().unwrap();
    let problems = refused(relocator.run());
    assert_eq!(plan.problems, problems);
    has(&problems, "table bed", "is in schema public and in schema garden");
    has(&problems, "table nowhere", "is neither in schema public nor in schema garden");
    has(&problems, "table vue", "is a view");
    has(&problems, "type clay", "is a domain");
    has(&problems, "index garden.plant_pkey", "drop or rename it");
    has(&problems, "type garden._soil", "drop or rename it");
    has(&problems, "statistics garden.plant_names", "drop or rename it");
    assert_eq!(problems.len(), 7, "{problems:#?}");
    assert_eq!(garden.catalog(), catalog);

    // What belongs to a table that would move is in the way as well.
    garden.execute("DROP TABLE garden.bed");
    let problems = refused(relocator.run());
    has(&problems, "sequence garden.bed_mood_ix", "drop or rename it");
    has(&problems, "view garden.bed_number_seq", "drop or rename it");
    assert_eq!(garden.in_schema("public"), 5);
}

#[test]
fn terrible_names_are_names() {
    let garden = Garden::empty();
    let (source, target) = ("It's \"old\"", "new; DROP TABLE x; --\\ ü");
    let (table, of) = ("Ta\"ble 'a'\\", "Ty.pe \"$1\" {}");
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let [s, t, ty] = [source, table, of].map(quoted);
    garden.execute(&format!(
        "CREATE SCHEMA {s}; CREATE TABLE {s}.parent (id bigint PRIMARY KEY);
         INSERT INTO {s}.parent VALUES (1);
         CREATE TYPE {s}.{ty} AS ENUM ('a ''b');
         CREATE TABLE {s}.{t} (\"I \"\"d\" serial PRIMARY KEY, \"f k'\" bigint REFERENCES {s}.parent,
                               x {s}.{ty} DEFAULT 'a ''b');
         INSERT INTO {s}.{t} (\"f k'\") VALUES (1)"
    ));
    let catalog = garden.catalog();
    let (tables, types) = ([table], [of]);
    let asked = Relocation::new(source, target).tables(&tables).types(&types);
    let relocator = || Relocator::new(garden.store(), asked).compatibility_views();
    let receipt = relocator().run().unwrap();
    assert_eq!(receipt.proof.keys[0].finding, KeyFinding::Refused, "{receipt}");
    garden.execute(&format!("INSERT INTO {s}.{t} (\"f k'\") VALUES (1)"));
    let moved = format!("count(*) FROM {}.{t}", quoted(target));
    assert_eq!(garden.number(&moved), 2);
    assert!(relocator().run().unwrap().nothing_done());
    relocator().reverse().unwrap();
    assert_eq!(garden.catalog(), catalog);
}

#[test]
fn names_that_no_schema_can_have_are_refused_by_field() {
    let garden = Garden::empty();
    let long = "x".repeat(64);
    for (asked, field) in [
        (Relocation::new("public", "garden"), "tables"),
        (Relocation::new("public", "public").tables(&["t"]), "target"),
        (Relocation::new("public", "pg_catalog").tables(&["t"]), "target"),
        (Relocation::new("", "garden").tables(&["t"]), "source"),
        (Relocation::new("public", "garden").tables(&["t", "u", "t"]), "tables[2]"),
        (Relocation::new("public", "garden").types(&["a\0b"]), "types[0]"),
        (Relocation::new("public", "garden").tables(&[&long]), "tables[0]"),
    ] {
        let error = Relocator::new(garden.store(), asked).run().unwrap_err();
        assert!(matches!(&error, Error::Invalid { field: f, .. } if f == field), "{error}");
    }
}

#[test]
fn a_key_that_cannot_be_tried_says_why_and_is_read_from_the_catalog() {
    let garden = Garden::new();
    garden.execute(
        "CREATE TABLE log (bed uuid REFERENCES bed); INSERT INTO log SELECT id FROM bed;
         DELETE FROM visit; DELETE FROM plant;
         ALTER TABLE visit ADD day date; CREATE TABLE day (day date PRIMARY KEY);
         ALTER TABLE visit ADD FOREIGN KEY (day) REFERENCES day NOT VALID",
    );
    let receipt = garden.relocator().run().unwrap();
    let why = |name: &str| {
        let key = receipt.proof.keys.iter().find(|key| key.name == name);
        match &key.unwrap_or_else(|| panic!("{name}: {receipt}")).finding {
            KeyFinding::ByCatalog { why, validated } => (why.clone(), *validated),
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(why("plant_gardener_fkey"), ("no row".to_owned(), true));
    assert_eq!(why("log_bed_fkey"), ("it is of a table that does not move".to_owned(), true));
    assert_eq!(why("visit_day_fkey"), ("no value of date is certain to be none".to_owned(), false));
    // Nothing of the tries is left: not the row, and not the triggers switched off.
    assert_eq!(garden.number("count(*) FROM pg_trigger WHERE tgenabled <> 'O'"), 0);

    garden.relocator().reverse().unwrap();
    garden.execute("ALTER TABLE bed DISABLE TRIGGER ALL");
    let receipt = garden.relocator().run().unwrap();
    let key = receipt.proof.keys.iter().find(|key| key.name == "bed_user_id_fkey").unwrap();
    assert_eq!(key.finding, KeyFinding::SwitchedOff);
}
