//! What the lint finds in the text of migrations, and what it lets pass.

use planwright::migrate::{Finding, Lint, Rule};

use super::*;

const HEAD: &str = "-- Locks: none that matter.\n-- Reversible: yes.\n";

/// A step behind the baseline, which has the tables `t`, `u` and `part`.
const STEP: &str = "2026-11-21-000300_modelling_step";
const LATER: &str = "2026-11-21-000400_modelling_later";
const TABLES: &str = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text);
    CREATE TABLE u (id bigint PRIMARY KEY, a int, b text);
    CREATE TABLE part (id bigint, a int) PARTITION BY RANGE (id);
    CREATE TABLE old (id bigint, a int);";

/// A rule, the metadata of the step, an up that breaks the rule and one that does not.
const CASES: &[(Rule, &str, &str, &str)] = &[
    (
        Rule::DropDatabase,
        HELD,
        "SELECT 1; drop /* x */ DATABASE plans;",
        "SELECT 'DROP DATABASE plans' AS \"drop database\"; -- DROP DATABASE plans",
    ),
    (
        Rule::DropDatabase,
        EXPAND,
        "DO $$ BEGIN IF true THEN EXECUTE 'DROP DATABASE plans'; END IF; END $$;",
        "DO $$ BEGIN RAISE NOTICE 'DROP DATABASE plans'; END $$;",
    ),
    (
        Rule::LostContent,
        HELD,
        "ALTER TABLE t ADD COLUMN c text; ALTER TABLE t DROP COLUMN b;",
        "ALTER TABLE t ADD COLUMN c text; ALTER TABLE t RENAME COLUMN b TO d;",
    ),
    (
        Rule::LostContent,
        HELD,
        "DROP TABLE old;",
        "CREATE TABLE scratch (id int); DROP TABLE scratch; DROP VIEW v;",
    ),
    (
        Rule::LostContent,
        HELD,
        "TRUNCATE TABLE ONLY u, old RESTART IDENTITY;",
        "CREATE TABLE scratch (id int); TRUNCATE scratch;",
    ),
    (
        // Without CASCADE it is refused where anything is in it.
        Rule::LostContent,
        HELD,
        "DROP SCHEMA app CASCADE;",
        "DROP SCHEMA app;",
    ),
    (
        Rule::OptionalExtension,
        EXPAND,
        "SELECT create_hypertable('t', 'id');",
        "DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
                PERFORM create_hypertable('t', 'id');
            END IF;
         END $$;",
    ),
    (
        Rule::OptionalExtension,
        EXPAND,
        "CREATE EXTENSION IF NOT EXISTS citext;",
        "CREATE TABLE x (citext int, geometry text, \"vector\" int);
         SELECT citext, geometry FROM x;",
    ),
    (
        Rule::OptionalExtension,
        EXPAND,
        "ALTER TABLE t ADD COLUMN place geometry(Point, 4326);",
        "DO $$ BEGIN
            IF (SELECT count(*) FROM pg_extension WHERE extname = 'postgis') = 1 THEN
                EXECUTE 'ALTER TABLE t ADD COLUMN place geometry(Point, 4326)';
            END IF;
         END $$;",
    ),
    (
        Rule::OptionalExtension,
        EXPAND,
        "CREATE FUNCTION f() RETURNS uuid LANGUAGE sql AS 'SELECT uuid_generate_v4()';",
        "CREATE FUNCTION f() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';",
    ),
    (
        Rule::InsertSelectStar,
        EXPAND,
        "INSERT INTO t SELECT * FROM u;",
        "INSERT INTO t (id, a) SELECT id, a FROM (SELECT * FROM u) x;
         INSERT INTO t (id, a) SELECT id, 2 * a FROM u; INSERT INTO t (id) SELECT count(*) FROM u;",
    ),
    (
        Rule::InsertSelectStar,
        EXPAND,
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$
         BEGIN
            WITH n AS (SELECT 1) INSERT INTO t (id, a, b) SELECT DISTINCT u.* FROM u;
         END $f$;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$
         BEGIN
            WITH n AS (SELECT * FROM u) INSERT INTO t (id, a, b) SELECT id, a, b FROM n;
         END $f$;",
    ),
    (
        Rule::Cascade,
        HELD,
        "DROP VIEW v CASCADE;",
        "CREATE TABLE x (id bigint PRIMARY KEY REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE);
         DROP VIEW v RESTRICT;",
    ),
    (
        Rule::Cascade,
        HELD,
        "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE;",
        "ALTER TABLE t DROP CONSTRAINT t_pkey;
         ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES u ON DELETE CASCADE NOT VALID;",
    ),
    (
        Rule::AttachUnchecked,
        HELD,
        "ALTER TABLE part ATTACH PARTITION old FOR VALUES FROM (0) TO (10);",
        "CREATE TABLE new (LIKE part);
         ALTER TABLE part ATTACH PARTITION new FOR VALUES FROM (0) TO (10);",
    ),
    (
        Rule::UnindexedForeignKey,
        EXPAND,
        "CREATE TABLE x (t_id bigint REFERENCES t, n int); CREATE INDEX i ON x (n, t_id);",
        "CREATE TABLE x (t_id bigint REFERENCES t, n int); CREATE INDEX i ON x (t_id, n);",
    ),
    (
        Rule::UnindexedForeignKey,
        EXPAND,
        "CREATE TABLE x (p int, q int, r int, CONSTRAINT k FOREIGN KEY (p, q) REFERENCES t (a, b));
         CREATE INDEX i ON x (p, r, q);",
        "CREATE TABLE x (p int, q int, r int, CONSTRAINT k FOREIGN KEY (p, q) REFERENCES t (a, b));
         CREATE INDEX i ON x (q, p, r);",
    ),
    (
        Rule::UnindexedForeignKey,
        EXPAND,
        "ALTER TABLE t ADD COLUMN u_id bigint REFERENCES u; CREATE TABLE x (id int);
         DO $$ BEGIN CREATE INDEX i ON x (id) WHERE id > 1; END $$;",
        "CREATE TABLE x (t_id bigint, n int);
         ALTER TABLE x ADD CONSTRAINT k FOREIGN KEY (t_id) REFERENCES t;
         CREATE INDEX i ON x (t_id) WHERE (t_id IS NOT NULL);",
    ),
    (
        Rule::UnindexedForeignKey,
        EXPAND,
        "CREATE TABLE x (t_id bigint REFERENCES t, n int);
         CREATE INDEX i ON x (t_id) WHERE n > 1;",
        "CREATE TABLE x (t_id bigint REFERENCES t PRIMARY KEY, n int);",
    ),
    (
        Rule::GrantAll,
        EXPAND,
        "GRANT ALL PRIVILEGES ON t TO app;",
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO app;",
    ),
    (
        Rule::BlockingIndex,
        EXPAND,
        "CREATE UNIQUE INDEX i ON t (a);",
        "CREATE TABLE x (a int); CREATE UNIQUE INDEX i ON x (a); CREATE INDEX ON ONLY part (a);",
    ),
    (
        Rule::BlockingIndex,
        HELD,
        "DO $$ BEGIN IF true THEN CREATE INDEX i ON public.t (a); END IF; END $$;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql
            AS $$ BEGIN CREATE INDEX i ON public.t (a); END $$;",
    ),
    (
        Rule::BlockingRefresh,
        HELD,
        "DO $$ BEGIN REFRESH MATERIALIZED VIEW app.sums; END $$;",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY app.sums;
         CREATE MATERIALIZED VIEW n AS SELECT 1; REFRESH MATERIALIZED VIEW n;",
    ),
    (
        Rule::CheckedUnderLock,
        HELD,
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;",
    ),
    (
        Rule::CheckedUnderLock,
        HELD,
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES u;",
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES u NOT VALID, ADD COLUMN c text;",
    ),
    (
        Rule::CheckedUnderLock,
        HELD,
        "ALTER TABLE t ADD CONSTRAINT t_a_uq UNIQUE (a);",
        "ALTER TABLE t ADD CONSTRAINT t_a_uq UNIQUE USING INDEX t_a_uq;",
    ),
    (
        Rule::CheckedUnderLock,
        HELD,
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
        "CREATE TABLE x (a int); ALTER TABLE x ALTER COLUMN a SET NOT NULL;
         ALTER TABLE t ALTER COLUMN a DROP NOT NULL, ALTER a SET DEFAULT 1;",
    ),
    (
        Rule::Rewrite,
        HELD,
        "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1, ALTER b SET STATISTICS 200;",
    ),
    (
        Rule::Rewrite,
        EXPAND,
        "ALTER TABLE t ADD COLUMN c uuid NOT NULL DEFAULT gen_random_uuid();",
        "ALTER TABLE t ADD COLUMN c timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN d numeric(12, 2) DEFAULT 0::numeric(12, 2);",
    ),
    (
        Rule::Rewrite,
        EXPAND,
        "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + 1) STORED;",
        "CREATE TABLE x (id bigserial, c int GENERATED ALWAYS AS (1) STORED);",
    ),
    (
        Rule::NotNullWithoutDefault,
        EXPAND,
        "ALTER TABLE t ADD COLUMN c int NOT NULL;",
        "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0, ADD d int;",
    ),
    (Rule::NotExpand, EXPAND, "DROP VIEW v;", "CREATE VIEW v AS SELECT 1; DROP VIEW v;"),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TABLE t RENAME COLUMN a TO c;",
        "CREATE TABLE x (a int); ALTER TABLE x RENAME COLUMN a TO c; ALTER TABLE x RENAME TO y;",
    ),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TYPE mood SET SCHEMA app;",
        "ALTER TYPE mood ADD VALUE 'better';",
    ),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
        "CREATE TABLE x (a int); ALTER TABLE x ENABLE ROW LEVEL SECURITY;
         ALTER TABLE t ENABLE ALWAYS TRIGGER g; TRUNCATE x;",
    ),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TABLE t FORCE ROW LEVEL SECURITY;",
        "ALTER TABLE t NO FORCE ROW LEVEL SECURITY;",
    ),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TABLE part DETACH PARTITION part_1;",
        "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);",
    ),
    (
        Rule::NotExpand,
        EXPAND,
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT;",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1;",
    ),
    (
        Rule::RefusingExpand,
        EXPAND,
        "ALTER TABLE t ADD COLUMN c int, ADD CONSTRAINT k CHECK (a > 0) NOT VALID;",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0 OR \"c\" IS NULL) NOT VALID, ADD COLUMN c int;",
    ),
    (
        Rule::RefusingExpand,
        EXPAND,
        "CREATE TABLE x (id int PRIMARY KEY);
         ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES x NOT VALID;
         CREATE INDEX ON ONLY t (a);",
        "ALTER TABLE t ADD COLUMN u_id int; ALTER TABLE u ADD COLUMN a int;
         ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (u_id) REFERENCES u (id) NOT VALID;
         CREATE TABLE x (a int); ALTER TABLE x ADD CHECK (a > 0);
         CREATE INDEX ON ONLY t (u_id);",
    ),
    (
        Rule::RefusingExpand,
        ALONE,
        "CREATE UNIQUE INDEX CONCURRENTLY i ON public.t (a, lower(b)) INCLUDE (id) WHERE a > 0",
        "CREATE INDEX CONCURRENTLY i ON t (a, lower(b))",
    ),
    (
        Rule::RefusingExpand,
        EXPAND,
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a);",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i;",
    ),
    (
        Rule::LostOptions,
        HELD,
        "CREATE OR REPLACE VIEW v (a) AS WITH (x) AS (SELECT 1) SELECT 1;
         ALTER VIEW other SET (security_invoker = true);",
        "CREATE OR REPLACE VIEW v (a) WITH (security_invoker = true) AS SELECT 1;
         CREATE VIEW w AS SELECT 1; CREATE OR REPLACE VIEW w AS SELECT 2;",
    ),
    (
        Rule::LostOptions,
        EXPAND,
        "ALTER VIEW v SET (security_invoker = true); CREATE OR REPLACE VIEW v AS SELECT 1;",
        "CREATE OR REPLACE VIEW public.v AS SELECT 1;
         DO $$ BEGIN
            IF current_setting('app.options') <> '' THEN
                EXECUTE format('ALTER VIEW v SET (%s)', current_setting('app.options'));
            END IF;
         END $$;",
    ),
    (
        Rule::MovedRows,
        EXPAND,
        "WITH x AS (SELECT 1) UPDATE t SET a = 1;",
        "CREATE TABLE x (a int); UPDATE x SET a = 1;
         INSERT INTO x (a) VALUES (1) ON CONFLICT DO NOTHING; SELECT * FROM t FOR UPDATE;",
    ),
    (
        Rule::MovedRows,
        HELD,
        "DO $$ BEGIN DELETE FROM t; END $$;",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN DELETE FROM t; RETURN NULL; END $$;
         CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();",
    ),
    (
        Rule::Unreadable,
        EXPAND,
        "DO $$ BEGIN RAISE NOTICE 'x; END $$;",
        "DO LANGUAGE plpython3u $$ print(\"it's\") $$;",
    ),
];

fn folder(metadata: &str, up: &str) -> Folder {
    let baseline = format!("{HEAD}{TABLES}");
    Folder::empty().with(T, BASELINE, &baseline, "DROP TABLE t;").with(
        STEP,
        metadata,
        &format!("{HEAD}{up}"),
        down_of(metadata),
    )
}

fn down_of(metadata: &str) -> &'static str {
    if metadata == ALONE { "DROP INDEX CONCURRENTLY IF EXISTS i" } else { "SELECT 1;" }
}

fn rules(lint: &Lint) -> Vec<Rule> {
    lint.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn what_the_crate_embeds_is_clean() {
    let embedded = Migrations::embedded();
    let lint = embedded.lint();
    println!("{lint}");
    assert_eq!(lint.findings, [], "{lint}");
    let least = embedded.as_slice().len() * 2;
    assert!(lint.statements > least + 60, "{} statements", lint.statements);
    let bodies = embedded.as_slice().iter().filter(|migration| migration.down.contains("$$"));
    assert!(bodies.count() > 0, "there are bodies to look into");
}

#[test]
fn each_rule_finds_what_breaks_it_and_passes_its_twin() {
    for (rule, kind, bad, good) in CASES {
        let lint = folder(kind, bad).set().lint();
        assert!(rules(&lint).contains(rule), "{bad}\n{lint}");
        assert!(
            lint.findings.iter().all(|finding| finding.migration == STEP),
            "nothing else is found: {lint}"
        );
        let lint = folder(kind, good).set().lint();
        assert!(!rules(&lint).contains(rule), "{good}\n{lint}");
    }
    let tried: Vec<_> = CASES.iter().map(|case| case.0).collect();
    let elsewhere = [Rule::ChangingQuestion, Rule::SilentHead, Rule::Exception];
    for rule in Rule::ALL {
        assert!(tried.contains(rule) || elsewhere.contains(rule), "{rule} is tried");
    }
}

#[test]
fn a_finding_says_where_and_what_to_do() {
    let up = "SELECT 1;\n\nDO $$\nBEGIN\n  IF true THEN\n    CREATE INDEX i\n      ON t (a);\n  END IF;\nEND $$;";
    let lint = folder(EXPAND, up).set().lint();
    let [finding] = &lint.findings[..] else { panic!("{lint}") };
    assert_eq!((finding.line, finding.file), (8, "up.sql"));
    assert_eq!(
        finding.to_string(),
        format!(
            "{STEP}/up.sql:8: an index that blocks writers (t): CREATE INDEX i ON t (a); use \
             CONCURRENTLY, in a migration without a transaction"
        )
    );
    let json = serde_json::to_value(&lint).unwrap();
    assert_eq!(json["findings"][0]["rule"], "an index that blocks writers");
    assert_eq!(json["findings"][0]["line"], 8);
    let text = lint.to_string();
    assert!(text.starts_with(&format!("[ ] {STEP}/up.sql:8: ")), "{text}");
}

#[test]
fn downs_and_guards_are_read_too() {
    let folder = folder(HELD, "SELECT 1;")
        .write(STEP, "down.sql", "SELECT 1; DROP VIEW v CASCADE; CREATE INDEX i ON t (a);")
        .write(STEP, "guard.sql", "SELECT name FROM cron.schedule('x')");
    let found = folder.set().lint().findings;
    let found: Vec<_> = found.iter().map(|Finding { file, rule, .. }| (*file, *rule)).collect();
    assert_eq!(
        found,
        [
            ("down.sql", Rule::Cascade),
            ("down.sql", Rule::BlockingIndex),
            ("guard.sql", Rule::OptionalExtension)
        ]
    );
}

#[test]
fn evidence_is_read_and_changes_nothing_nor_does_a_guard() {
    let asks = format!("{HELD}confirm = \"sure\"\n");
    let found = |file: &str, sql: &str| {
        let folder = folder(&asks, "SELECT 1;").write(STEP, "evidence.sql", "SELECT 'fine'");
        let lint = folder.write(STEP, file, sql).set().lint();
        let of = |one: &Finding| (one.file, one.rule, one.about.clone());
        lint.findings.iter().map(of).collect::<Vec<_>>()
    };
    let extension = Rule::OptionalExtension;
    assert_eq!(
        found("evidence.sql", "SELECT name FROM cron.schedule('x')")
            .pop()
            .map(|one| (one.0, one.1)),
        Some(("evidence.sql", extension))
    );
    for file in ["evidence.sql", "guard.sql"] {
        for (sql, about) in [
            ("WITH gone AS (DELETE FROM t RETURNING id) SELECT id::text FROM gone", "DELETE"),
            ("WITH made AS (INSERT INTO t VALUES (1) RETURNING id) SELECT id FROM made", "INTO"),
            ("WITH new AS (UPDATE t SET a = 1 RETURNING id) SELECT id FROM new", "UPDATE"),
            ("SELECT b INTO kept FROM t", "INTO"),
            ("SELECT setval('t_id_seq', 1)::text", "setval"),
            ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "pg_terminate_backend"),
        ] {
            let changing = (file, Rule::ChangingQuestion, about.to_owned());
            assert_eq!(found(file, sql), [changing], "{sql}");
        }
        let good =
            "SELECT b AS delete, (update) FROM t WHERE b <> 'setval(1) INTO' AND \"into\" > 0";
        assert_eq!(found(file, good), []);
    }
}

#[test]
fn an_up_says_its_locks_and_its_way_back() {
    for head in ["", "-- Locks: none.\n", "-- Reversible: yes.\n", "SELECT 1; -- Locks: Reversible"]
    {
        let folder = folder(EXPAND, "").write(STEP, "up.sql", &format!("{head}\nSELECT 2;"));
        assert_eq!(rules(&folder.set().lint()), [Rule::SilentHead], "{head:?}");
    }
}

const FOREIGN_KEY: &str = "CREATE TABLE x (t_id bigint REFERENCES t);";

#[test]
fn the_index_of_a_foreign_key_may_be_of_any_migration_and_must_stay() {
    let later = |metadata: &str, up: &str| {
        let folder = folder(EXPAND, FOREIGN_KEY);
        let up = format!("{HEAD}{up}");
        rules(&folder.with(LATER, metadata, &up, down_of(metadata)).set().lint())
    };
    assert_eq!(later(ALONE, "CREATE INDEX CONCURRENTLY i ON x (t_id)"), []);
    assert_eq!(
        later(ALONE, "CREATE INDEX CONCURRENTLY i ON t (t_id)"),
        [Rule::UnindexedForeignKey]
    );
    assert_eq!(
        later(HELD, "ALTER TABLE x ADD PRIMARY KEY USING INDEX j"),
        [Rule::UnindexedForeignKey]
    );
    let indexed = format!("{FOREIGN_KEY} CREATE INDEX i ON x (t_id);");
    for (up, expected) in [
        ("DROP INDEX i;", &[Rule::UnindexedForeignKey][..]),
        ("ALTER TABLE x RENAME COLUMN t_id TO t_key;", &[]),
        (
            "ALTER TABLE x RENAME TO y; ALTER TABLE y SET SCHEMA app; DROP INDEX i;",
            &[Rule::UnindexedForeignKey],
        ),
        ("ALTER TABLE x RENAME TO y; ALTER TABLE y SET SCHEMA app;", &[]),
    ] {
        let folder = folder(EXPAND, &indexed);
        let lint = folder.with(LATER, HELD, &format!("{HEAD}{up}"), "SELECT 1").set().lint();
        assert_eq!(rules(&lint), expected, "{up}");
    }
}

#[test]
fn dropped_content_is_saved_by_an_earlier_migration_a_guard_or_a_job() {
    let drop = format!("{HEAD}ALTER TABLE t DROP COLUMN b;");
    let copy = "-- lint:allow rows changed by a migration: ten rows\nUPDATE t SET c = b;";
    let copied = |first: &str| folder(HELD, first).with(LATER, HELD, &drop, "SELECT 1");
    assert_eq!(rules(&copied(copy).set().lint()), []);
    let insert = "INSERT INTO u (id, b) SELECT id, b FROM t;";
    assert_eq!(rules(&copied(insert).set().lint()), []);
    let other = "INSERT INTO u (id, a) SELECT id, a FROM t;";
    assert_eq!(rules(&copied(other).set().lint()), [Rule::LostContent]);

    // In the same migration, or after it, is too late.
    let same = format!("{insert} ALTER TABLE t DROP COLUMN b;");
    assert_eq!(rules(&folder(HELD, &same).set().lint()), [Rule::LostContent]);
    let after = folder(HELD, "ALTER TABLE t DROP COLUMN b;").with(
        LATER,
        HELD,
        &format!("{HEAD}{insert}"),
        "SELECT 1",
    );
    assert_eq!(rules(&after.set().lint()), [Rule::LostContent]);

    let job = format!("{HELD}after_job = \"copy\"\n");
    assert_eq!(rules(&folder(&job, "ALTER TABLE t DROP COLUMN b;").set().lint()), []);
    for (guard, expected) in [
        ("SELECT id::text FROM t WHERE b IS NOT NULL", &[][..]),
        ("SELECT id::text FROM t WHERE a IS NOT NULL", &[Rule::LostContent]),
    ] {
        let folder = folder(HELD, "ALTER TABLE t DROP COLUMN b;").write(STEP, "guard.sql", guard);
        assert_eq!(rules(&folder.set().lint()), expected, "{guard}");
    }
}

#[test]
fn an_expand_may_rule_over_columns_that_migrations_have_added() {
    let unique = "CREATE UNIQUE INDEX CONCURRENTLY i ON ";
    for (kind, first, then, expected) in [
        (EXPAND, "ALTER TABLE t ADD COLUMN c int;", "t (c, a)", &[][..]),
        (EXPAND, "ALTER TABLE t ADD COLUMN c int;", "t (a) WHERE c IS NOT NULL", &[]),
        (EXPAND, "ALTER TABLE t ADD COLUMN c int;", "t (a) INCLUDE (c)", &[Rule::RefusingExpand]),
        (EXPAND, "ALTER TABLE t ADD COLUMN c int;", "u (c)", &[Rule::RefusingExpand]),
        (EXPAND, "CREATE TABLE x (a int);", "x (a)", &[]),
        (HELD, "ALTER TABLE t RENAME a TO c;", "t (c)", &[Rule::RefusingExpand]),
        (
            HELD,
            "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t RENAME c TO d;
             ALTER TABLE t RENAME TO y; ALTER TABLE y SET SCHEMA app;",
            "app.y (d)",
            &[],
        ),
    ] {
        let up = format!("{HEAD}{unique}{then}");
        let lint = folder(kind, first).with(LATER, ALONE, &up, down_of(ALONE)).set().lint();
        assert_eq!(rules(&lint), expected, "{first} {then}");
    }
}

#[test]
fn a_check_that_was_validated_before_serves_what_needs_it() {
    let attach = "ALTER TABLE part ATTACH PARTITION old FOR VALUES FROM (0) TO (10);";
    let not_null = "ALTER TABLE t ALTER COLUMN a SET NOT NULL;";
    for (rule, table, check, then) in [
        (Rule::AttachUnchecked, "old", "id >= 0 AND id < 10", attach),
        (Rule::CheckedUnderLock, "t", "a IS NOT NULL", not_null),
    ] {
        let add = format!("ALTER TABLE {table} ADD CONSTRAINT c CHECK ({check}) NOT VALID;");
        let validate = format!("ALTER TABLE {table} VALIDATE CONSTRAINT c;");
        let set = |first: String| {
            let folder = folder(HELD, &first);
            let lint = folder.with(LATER, HELD, &format!("{HEAD}{then}"), "SELECT 1").set().lint();
            rules(&lint)
        };
        assert_eq!(set(format!("{add} {validate}")), [], "{then}");
        assert_eq!(set(add), [rule], "{then}");
        assert_eq!(set("SELECT 1".to_owned()), [rule], "{then}");
    }
    let wrong = "ALTER TABLE t ADD CONSTRAINT c CHECK (b IS NOT NULL) NOT VALID;
                 ALTER TABLE t VALIDATE CONSTRAINT c;";
    assert_eq!(
        rules(&folder(HELD, &format!("{wrong} {not_null}")).set().lint()),
        [Rule::CheckedUnderLock]
    );
}

#[test]
fn an_exception_stands_beside_its_statement_and_has_a_reason() {
    let allowed = |up: &str| folder(HELD, up).set().lint();
    let why = "lint:allow a drop that cascades: the view is nobody's";
    for up in [
        format!("-- {why}\nDROP VIEW v CASCADE;"),
        format!("SELECT 1;\n-- {why}\n-- and more of it\n\nDROP VIEW v CASCADE;\nSELECT 2;"),
        format!("DROP VIEW v CASCADE; -- {why}"),
        format!("DROP VIEW v /* {why} */ CASCADE;"),
        format!("DO $$ BEGIN\n  -- {why}\n  DROP VIEW v CASCADE;\nEND $$;"),
        format!("-- {why}\nDO $$ BEGIN DROP VIEW v CASCADE; END $$;"),
    ] {
        let lint = allowed(&up);
        assert_eq!(lint.findings, [], "{up}");
        assert_eq!(lint.exceptions[0].reason, "the view is nobody's", "{up}");
        assert!(lint.to_string().contains("allowed: the view is nobody's"), "{lint}");
    }
    for (up, expected) in [
        // Of another statement.
        (
            format!("-- {why}\nSELECT 1;\nDROP VIEW v CASCADE;"),
            &[Rule::Cascade, Rule::Exception][..],
        ),
        (format!("DROP VIEW v CASCADE;\n-- {why}\nSELECT 1;"), &[Rule::Cascade, Rule::Exception]),
        // Of another rule, or of none.
        (
            "-- lint:allow a grant of everything: x\nDROP VIEW v CASCADE;".to_owned(),
            &[Rule::Cascade, Rule::Exception],
        ),
        (
            "-- lint:allow cascades: x\nDROP VIEW v CASCADE;".to_owned(),
            &[Rule::Cascade, Rule::Exception],
        ),
        // Without a reason.
        (
            "-- lint:allow a drop that cascades:\nDROP VIEW v CASCADE;".to_owned(),
            &[Rule::Cascade, Rule::Exception],
        ),
        // Not needed, or not to be had.
        (format!("-- {why}\nSELECT 1;"), &[Rule::Exception]),
        (
            "-- lint:allow a dropped database: x\nDROP DATABASE v;".to_owned(),
            &[Rule::DropDatabase, Rule::Exception],
        ),
        // In a string it is no comment.
        (format!("SELECT $x$-- {why}$x$; DROP VIEW v CASCADE;"), &[Rule::Cascade]),
    ] {
        assert_eq!(rules(&allowed(&up)), expected, "{up}");
    }
}
