//! What refers to the tables and types from outside is found before anything is touched.

use std::collections::BTreeSet;

use planwright::relocate::{Reference, RelocationPlan, Standing};

use super::*;

fn reference<'p>(plan: &'p RelocationPlan, key: &str) -> &'p Reference {
    let found = plan.references.iter().find(|one| one.key() == key);
    found.unwrap_or_else(|| panic!("no {key} in {plan}"))
}

/// What the plan says of each of these, which must be all that it refuses.
fn assert_standing(garden: &Garden, expected: &[(&str, Standing, &str, &str)]) {
    let catalog = garden.catalog();
    let plan = garden.relocator().plan().unwrap();
    for (key, standing, to, remedy) in expected {
        let one = reference(&plan, key);
        assert_eq!((one.standing, &*one.to.join(", ")), (*standing, *to), "{key}");
        let said = one.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(remedy), "{key}: {said}");
    }
    let refused: Vec<_> = plan.problems.iter().map(|problem| &*problem.field).collect();
    let of = expected.iter().filter(|(_, standing, ..)| *standing == Standing::Refused);
    let keys: BTreeSet<_> = of.map(|(key, ..)| *key).collect();
    assert_eq!(refused.iter().copied().collect::<BTreeSet<_>>(), keys, "{plan}");
    if !refused.is_empty() {
        assert_eq!(super::refused(garden.relocator().run()).len(), refused.len());
        assert_eq!(garden.catalog(), catalog);
    }
}

#[test]
fn what_refers_to_objects_follows_and_is_named() {
    use Standing::{Follows, Noted};
    let garden = Garden::new();
    garden.execute(
        "CREATE VIEW wild AS SELECT id FROM bed WHERE mood = 'wild';
         CREATE MATERIALIZED VIEW soils AS SELECT soil, count(*) AS n FROM plant GROUP BY soil;
         CREATE VIEW by_text AS SELECT to_regclass('public.bed') AS bed;
         CREATE FUNCTION beds() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM bed; END;
         CREATE FUNCTION of_mood(m mood) RETURNS text LANGUAGE sql AS $$ SELECT m::text $$;
         CREATE TABLE shed (mood mood, rows bed[], kept soil[] DEFAULT '{clay}', visit bigint REFERENCES visit,
                            CHECK (mood <> 'wild'));
         CREATE INDEX shed_mood_ix ON shed (mood) WHERE mood = 'calm';
         CREATE DOMAIN fine AS soil CHECK (VALUE <> 'clay');
         CREATE TYPE spell AS (mood mood, since date);
         CREATE TYPE soil_range AS RANGE (subtype = soil);
         CREATE POLICY mine ON shed USING (EXISTS (SELECT FROM bed b WHERE b.mood = shed.mood));
         CREATE RULE log AS ON DELETE TO shed DO ALSO UPDATE bed SET note = 'x';
         CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE far (mood mood) SERVER files OPTIONS (filename '/nowhere');
         ALTER TABLE shed REPLICA IDENTITY FULL; CREATE PUBLICATION named FOR TABLE bed; CREATE PUBLICATION everything FOR ALL TABLES;",
    );
    let search = "needs the search path";
    assert_standing(
        &garden,
        &[
            ("view public.wild", Follows, "bed, mood", ""),
            ("materialized view public.soils", Follows, "plant, soil", ""),
            ("view public.by_text", Noted, "bed", "in a string"),
            ("function public.beds()", Follows, "bed", ""),
            ("function public.of_mood(public.mood)", Follows, "mood", ""),
            ("column public.shed.mood", Follows, "mood", search),
            ("column public.shed.rows", Follows, "bed", search),
            ("column public.shed.kept", Follows, "soil", search),
            ("foreign key shed_visit_fkey on public.shed", Follows, "visit", ""),
            ("check shed_mood_check on public.shed", Follows, "mood", ""),
            ("index public.shed_mood_ix", Follows, "mood", ""),
            ("domain public.fine", Follows, "soil", search),
            ("composite type public.spell.mood", Follows, "mood", search),
            ("range public.soil_range", Follows, "soil", search),
            ("policy mine on public.shed", Follows, "bed", ""),
            ("rule log on public.shed", Follows, "bed", ""),
            ("foreign column public.far.mood", Noted, "mood", "the same as before"),
            ("publication public.bed in publication named", Noted, "bed", "subscriber"),
            ("publication everything", Noted, "", "subscriber"),
            ("trigger function public.touch()", Follows, "bed.bed_touch", "It stays in public"),
        ],
    );
    // And they do follow.
    garden.relocator().run().unwrap();
    garden.execute(
        "SELECT * FROM wild; REFRESH MATERIALIZED VIEW soils; SELECT beds();
         SELECT of_mood('calm'); INSERT INTO shed (mood) VALUES ('calm'); DELETE FROM shed;
         SELECT 'loam'::fine, '[clay,sand]'::soil_range, '(calm,)'::spell",
    );
}

#[test]
fn code_as_text_is_refused_unless_it_finds_the_names_or_is_accepted() {
    use Standing::{Accepted, Follows, Noted, Refused};
    let garden = Garden::new();
    garden.execute(
        "CREATE FUNCTION bare() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM Bed $$;
         CREATE FUNCTION qualified() RETURNS bigint LANGUAGE plpgsql AS
             $$ BEGIN RETURN (SELECT count(*) FROM public.visit); END $$;
         CREATE FUNCTION dynamic(t text) RETURNS void LANGUAGE plpgsql AS
             $$ BEGIN EXECUTE 'UPDATE plant SET name = $1' USING t; END $$;
         CREATE FUNCTION typed() RETURNS text LANGUAGE plpgsql AS
             $$ DECLARE m mood := 'calm'; BEGIN RETURN m; END $$;
         CREATE PROCEDURE ready() LANGUAGE sql SET search_path = public, garden AS
             $$ DELETE FROM visit WHERE id < 0 $$;
         CREATE FUNCTION adapted() RETURNS bigint LANGUAGE plpgsql AS
             $$ BEGIN RETURN (SELECT count(*) FROM garden.bed); END $$;
         CREATE FUNCTION others() RETURNS bigint LANGUAGE sql AS
             $$ /* bed */ SELECT o.bed FROM (SELECT 1::bigint) AS o (bed) $$;
         CREATE TABLE gate (id bigint, CHECK (bare() >= 0));
         CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM FROM plant; RETURN NULL; END $$;
         CREATE TRIGGER gate_t AFTER INSERT ON gate EXECUTE FUNCTION t()",
    );
    let callers = "Called by constraint gate_check on table gate.";
    let path = "ALTER ROUTINE public.bare() SET search_path = \"public\", \"garden\";";
    assert_standing(
        &garden,
        &[
            ("function public.bare()", Refused, "bed", path),
            ("function public.qualified()", Refused, "visit", "names schema public"),
            ("function public.dynamic(pg_catalog.text)", Refused, "plant", "search_path"),
            ("function public.typed()", Refused, "mood", "search_path"),
            ("function public.t()", Refused, "plant", "Called by trigger gate_t on table gate."),
            // A name of its own that is like a table's is not told from it.
            ("function public.others()", Refused, "bed", ""),
            ("function public.ready()", Follows, "visit", "has garden"),
        ],
    );
    let plan = garden.relocator().plan().unwrap();
    assert!(reference(&plan, "function public.bare()").to_string().contains(callers), "{plan}");
    assert!(!plan.to_string().contains("adapted"), "{plan}");

    // With views in place of the tables only what names a type is left.
    let views = garden.relocator().compatibility_views().plan().unwrap();
    assert_eq!(reference(&views, "function public.qualified()").standing, Noted);
    let fields: Vec<_> = views.problems.iter().map(|problem| &*problem.field).collect();
    assert_eq!(fields, ["function public.typed()"]);

    // The remedies are remedies.
    for one in &plan.references {
        one.remedy.sql.iter().for_each(|sql| garden.execute(sql));
    }
    let relocator = garden.relocator().accept("function public.qualified()");
    let plan = relocator.plan().unwrap();
    assert_eq!(reference(&plan, "function public.qualified()").standing, Accepted);
    let receipt = relocator.run().unwrap();
    assert!(receipt.to_string().contains("[-] function public.qualified() (visit)"), "{receipt}");
    garden.execute(
        "SELECT bare(), typed(), adapted(), others(); CALL ready(); INSERT INTO gate VALUES (1)",
    );
}

#[test]
fn what_goes_by_the_schema_is_refused() {
    use Standing::Refused;
    let garden = Garden::new();
    garden.execute(
        "CREATE SCHEMA garden;
         CREATE PUBLICATION old FOR TABLES IN SCHEMA public;
         CREATE PUBLICATION new FOR TABLES IN SCHEMA garden;
         CREATE TABLE raised (height int) INHERITS (bed);
         CREATE TABLE ground (id bigint); ALTER TABLE visit INHERIT ground;
         CREATE SUBSCRIPTION abroad CONNECTION 'dbname=nowhere' PUBLICATION x WITH (connect = false)",
    );
    // As a subscriber's first refresh leaves it.
    garden.execute(
        "SET allow_system_table_mods = on;
         INSERT INTO pg_subscription_rel SELECT oid, 'plant'::regclass, 'r' FROM pg_subscription",
    );
    assert_standing(
        &garden,
        &[
            (
                "publication old",
                Refused,
                "public",
                "ALTER PUBLICATION \"old\" DROP TABLES IN SCHEMA \"public\";",
            ),
            ("publication new", Refused, "garden", "would get what moves"),
            ("child public.raised", Refused, "bed", "name it among the tables"),
            ("parent public.ground", Refused, "visit", "name it among the tables"),
            ("subscription abroad", Refused, "plant", "move it where it is published first"),
        ],
    );
    garden.execute(
        "DELETE FROM pg_subscription_rel; ALTER SUBSCRIPTION abroad SET (slot_name = NONE);
         DROP SUBSCRIPTION abroad",
    );
}

#[test]
fn partitions_and_members_of_extensions_are_refused_where_they_would_be_parted() {
    let garden = Garden::empty();
    garden.execute(
        "CREATE TABLE log (day date NOT NULL) PARTITION BY RANGE (day);
         CREATE TABLE log_old PARTITION OF log DEFAULT;
         CREATE TABLE tool (id bigint); CREATE TYPE edge AS ENUM ('a');
         CREATE EXTENSION pg_trgm; ALTER EXTENSION pg_trgm ADD TABLE tool;",
    );
    let asked = |tables| Relocation::new("public", "garden").tables(tables);
    let problems = refused(Relocator::new(garden.store(), asked(&["log", "tool"])).run());
    has(&problems, "partition public.log_old", "would stay in public");
    has(&problems, "table tool", "belongs to the extension pg_trgm");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    let problems = refused(Relocator::new(garden.store(), asked(&["log_old"])).run());
    has(&problems, "parent public.log", "would stay in public");
    Relocator::new(garden.store(), asked(&["log", "log_old"])).run().unwrap();
    garden.execute("INSERT INTO garden.log VALUES ('2026-01-01')");
    assert_eq!(garden.number("count(*) FROM garden.log_old"), 1);
}
