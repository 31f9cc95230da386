//! Diagrams of tables that no context has, which are as odd as a catalog can make them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use planwright::diagram::{self, Diagram};
use planwright::testing::{TestDatabase, rolled_back};
use planwright::verify::{Catalog, ObjectKind, ObjectName, Scope};
use planwright::{Context, Result, UnitOfWork};

use crate::support::{everything, execute, skipped};

const ODD: &[&str] = &[
    "CREATE SCHEMA shop",
    "CREATE SCHEMA \"Odd schema\"",
    "CREATE TYPE shop.\"Mood\" AS ENUM ('so, so', 'it''s \"fine\"', 'größe > <b>')",
    "CREATE TABLE shop.customer (
         id bigint PRIMARY KEY,
         referrer_id bigint REFERENCES shop.customer ON DELETE SET NULL,
         email text NOT NULL UNIQUE,
         mood shop.\"Mood\" NOT NULL,
         moods shop.\"Mood\"[],
         is_first boolean NOT NULL,
         EXCLUDE USING btree (is_first WITH =) WHERE (is_first)
     )",
    "COMMENT ON TABLE shop.customer IS 'Who buys & pays. Not who looks.'",
    "CREATE UNIQUE INDEX ON shop.customer (lower(email))",
    "CREATE UNIQUE INDEX ON shop.customer (is_first) WHERE is_first AND id > 0",
    "CREATE TABLE shop.profile (
         customer_id bigint PRIMARY KEY REFERENCES shop.customer ON DELETE CASCADE,
         price numeric(12, 2) NOT NULL,
         taxed numeric GENERATED ALWAYS AS (price * 2) STORED,
         spans double precision[]
     )",
    "CREATE TABLE shop.orders (
         region text, id bigint, at timestamptz(3) NOT NULL, customer_id bigint NOT NULL,
         PRIMARY KEY (region, id)
     )",
    "ALTER TABLE shop.orders ADD CONSTRAINT orders_customer_id_fk
         FOREIGN KEY (customer_id) REFERENCES shop.customer NOT VALID",
    "CREATE TABLE shop.line (
         region text, order_id bigint, n int NOT NULL,
         FOREIGN KEY (region, order_id) REFERENCES shop.orders (region, id)
             ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE
     )",
    "CREATE UNIQUE INDEX ON shop.line (order_id, region)
         WHERE order_id IS NOT NULL AND region IS NOT NULL",
    "CREATE TABLE shop.event (
         id bigint, at date, PRIMARY KEY (id, at)
     ) PARTITION BY RANGE (at)",
    "CREATE TABLE shop.event_2025 PARTITION OF shop.event
         FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    "CREATE TABLE \"Odd schema\".event_2026 PARTITION OF shop.event
         FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE TABLE shop.note (
         event_id bigint NOT NULL, event_at date NOT NULL,
         FOREIGN KEY (event_id, event_at) REFERENCES shop.event ON DELETE RESTRICT
     )",
    "CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE restrict_violation; END'",
    "CREATE TRIGGER event_immutable BEFORE UPDATE OR DELETE ON shop.event
         FOR EACH ROW EXECUTE FUNCTION shop.refuse()",
    "CREATE TRIGGER event_truncate_immutable BEFORE TRUNCATE ON shop.event
         FOR EACH STATEMENT EXECUTE FUNCTION shop.refuse()",
    "ALTER TABLE shop.event ENABLE ALWAYS TRIGGER event_immutable",
    "ALTER TABLE shop.event ENABLE ALWAYS TRIGGER event_truncate_immutable",
    "CREATE TRIGGER note_immutable BEFORE DELETE ON shop.note
         FOR EACH ROW EXECUTE FUNCTION shop.refuse()",
    "ALTER TABLE shop.note ENABLE ALWAYS TRIGGER note_immutable",
    // Orders are deleted by permit; another name does for TRUNCATE.
    "CREATE TRIGGER orders_immutable BEFORE UPDATE ON shop.orders
         FOR EACH ROW EXECUTE FUNCTION shop.refuse()",
    "CREATE TRIGGER orders_cancelled BEFORE DELETE ON shop.orders
         FOR EACH ROW EXECUTE FUNCTION shop.refuse()",
    "CREATE TRIGGER orders_whole BEFORE TRUNCATE ON shop.orders
         FOR EACH STATEMENT EXECUTE FUNCTION shop.refuse()",
    "ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER orders_immutable",
    "ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER orders_cancelled",
    "ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER orders_whole",
    // One that a session may switch off keeps nothing.
    "CREATE TRIGGER line_immutable BEFORE UPDATE OR DELETE ON shop.line
         FOR EACH ROW EXECUTE FUNCTION shop.refuse()",
    "CREATE TABLE \"Odd schema\".\"a \"\"b\"\".c\" (
         \"pk\" int, \"größe {x}\" text, \"1, <b>&amp;\" text, \"back\\slash\" text UNIQUE, \"%%~~\" int,
         outside_id bigint REFERENCES shop.profile
     )",
    "CREATE VIEW shop.\"direction LR\" AS
         SELECT c.id, c.email, o.at AS \"last one\" FROM shop.customer c
           JOIN shop.orders o ON o.customer_id = c.id",
    "CREATE MATERIALIZED VIEW shop.sums AS SELECT count(*) FROM shop.event",
];

const TABLES: &[(&str, &str)] = &[
    ("shop", "customer"),
    ("shop", "profile"),
    ("shop", "orders"),
    ("shop", "line"),
    ("shop", "event"),
    ("shop", "note"),
    ("Odd schema", "a \"b\".c"),
];
const VIEWS: &[(&str, &str)] = &[("shop", "direction LR"), ("shop", "sums")];

fn names() -> Vec<ObjectName> {
    let of = |kind, list: &[(&str, &str)]| -> Vec<ObjectName> {
        list.iter().map(|(schema, name)| ObjectName::new(kind, *schema, "", *name)).collect()
    };
    let mut names = of(ObjectKind::Table, TABLES);
    names.extend(of(ObjectKind::View, VIEWS));
    names.extend(of(ObjectKind::Table, &[("shop", "is_not_there")]));
    names
}

fn odd<T>(draw: impl Fn(&Catalog) -> Result<T>) -> T {
    let database = TestDatabase::new([]).unwrap();
    let drawn = rolled_back(database.store(), |uow: &mut UnitOfWork<'_>| {
        for sql in ODD {
            execute(uow, sql)?;
        }
        draw(&Catalog::read(uow, &Scope::everything())?)
    });
    drawn.unwrap()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// Whether the text has these lines, in this order.
fn assert_has(text: &str, expected: &[&str]) {
    let lines = lines(text);
    let mut rest = lines.iter();
    for line in expected {
        assert!(rest.any(|own| own == line), "{line}\nis not there, or not in its place:\n{text}");
    }
}

/// What stands between the tags of a node's label.
fn node(dot: &str, id: &str) -> String {
    let start = dot.find(&format!("  {id} [label=<")).unwrap_or_else(|| panic!("no {id}:\n{dot}"));
    let end = dot[start..].find("</TABLE>>]").unwrap();
    let mut text = String::new();
    let mut inside = false;
    for c in dot[start..start + end].chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => {}
            c => text.push(c),
        }
        if c == '>' && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
    text
}

#[test]
fn mermaid_gets_tables_with_their_keys_and_lines_with_their_ends() {
    let text = odd(|catalog| Ok(Diagram::of(catalog, "a: \"shop\"", &names())?.mermaid()));
    assert_has(&text, &["---", r#"title: "a: \"shop\"""#, "---", "erDiagram"]);
    assert_has(
        &text,
        &[
            r#""shop.customer"["shop.customer (UNIQUE (lower(email)), EXCLUDE USING btree (is_first WITH =) WHERE (is_first))"] {"#,
            "bigint id PK",
            r#"bigint referrer_id FK "null""#,
            "text email UK",
            r#"Mood mood "so, so | it's #34;fine#34; | größe #62; #60;b#62;""#,
            r#"Mood[] moods "null, so, so | it's #34;fine#34; | größe #62; #60;b#62;""#,
            r#"boolean is_first "UNIQUE (is_first) WHERE is_first AND (id #62; 0)""#,
            "}",
        ],
    );
    assert_has(
        &text,
        &[
            r#""shop.event"["shop.event (partitioned by RANGE (at), 2 partitions, immutable)"] {"#,
            "bigint id PK",
            "date at PK",
            "}",
            r#""shop.line" {"#,
            r#""shop.note"["shop.note (immutable in part)"] {"#,
            r#""shop.orders"["shop.orders (immutable, deleted by permit)"] {"#,
            r#""shop.profile" {"#,
            "bigint customer_id PK, FK",
            "numeric(12\u{201a}2) price",
            r#"numeric taxed "generated, null""#,
            r#"double_precision[] spans "null""#,
            r#""shop.sums"["shop.sums (materialized view)"] {"#,
        ],
    );
    let links: Vec<_> = lines(&text)
        .into_iter()
        .filter(|line| line.contains("--") || line.contains(".."))
        .collect();
    assert_eq!(
        links[2..],
        [
            r#""shop.profile" |o--o{ "Odd schema.#34;a #34;#34;b#34;#34;.c#34;" : "outside_id""#,
            r#""shop.customer" |o--o{ "shop.customer" : "referrer_id, ON DELETE SET NULL""#,
            r#""shop.customer" ||..o{ "shop.direction#32;LR" : "is read by""#,
            r#""shop.orders" ||..o{ "shop.direction#32;LR" : "is read by""#,
            r#""shop.orders" |o--o| "shop.line" : "region, order_id, ON DELETE SET NULL""#,
            // One, though the catalog has a row for each partition.
            r#""shop.event" ||--o{ "shop.note" : "event_id, event_at""#,
            r#""shop.customer" ||--o{ "shop.orders" : "customer_id, not validated""#,
            r#""shop.customer" ||--o| "shop.profile" : "customer_id, ON DELETE CASCADE""#,
            r#""shop.event" ||..o{ "shop.sums" : "is read by""#,
        ]
    );
}

#[test]
fn names_that_mermaid_does_not_take_stand_behind_ones_that_it_does() {
    let text = odd(|catalog| Ok(Diagram::of(catalog, "odd", &names())?.mermaid()));
    assert_has(
        &text,
        &[
            r#""Odd schema.#34;a #34;#34;b#34;#34;.c#34;" {"#,
            r#"integer _pk "pk, null""#,
            r#"text größe__x_ "größe #123;x#125;, null""#,
            "text _1\u{201a}__b__amp_ \"1, #60;b#62;#38;amp#59;, null\"",
            r#"text back_slash UK "back#92;slash, null""#,
            r##"integer ____ "#37;#37;#126;#126;, null""##,
            r#"bigint outside_id FK "null""#,
            "}",
        ],
    );
}

#[test]
fn graphviz_gets_the_same() {
    let dot = odd(|catalog| Ok(Diagram::of(catalog, "a \"shop\"", &names())?.dot()));
    assert!(dot.starts_with("digraph \"a \\\"shop\\\"\" {\n"), "{dot}");
    let event = node(&dot, "\"shop.event\"");
    assert!(event.contains("partitioned by RANGE (at), 2"), "{event}");
    assert!(event.contains(" immutable "), "{event}");
    assert!(node(&dot, "\"shop.note\"").contains(" immutable in part "));
    // A session may switch its trigger off.
    assert!(!node(&dot, "\"shop.line\"").contains("immutable"));
    let customer = node(&dot, "\"shop.customer\"");
    for part in [
        " Who buys &amp; pays ",
        " UQ email text ",
        " FK referrer_id bigint null ",
        " UNIQUE (is_first) WHERE is_first AND (id ",
        " referrer_id → id, ON DELETE SET NULL ",
        "größe &gt;",
    ] {
        assert!(customer.contains(part), "{part:?} is not in {customer}");
    }
    assert!(node(&dot, "\"shop.direction LR\"").contains(" id, email, last one "));
    assert_has(
        &dot,
        &[
            r#""shop.customer":title:w -> "shop.customer":w1:w [arrowtail=teeodot, arrowhead=crowodot]"#,
            r#""shop.orders":title:e -> "shop.line":w0:w [arrowtail=teeodot, arrowhead=teeodot, label=<region, order_id<BR/>ON DELETE<BR/>SET NULL>]"#,
            r#""shop.event":e0:e -> "shop.note":w0:w [arrowtail=teetee, arrowhead=crowodot, label=<event_id, event_at>]"#,
            r#""shop.customer":e0:e -> "shop.profile":w0:w [arrowtail=teetee, arrowhead=teeodot, label=<ON DELETE<BR/>CASCADE>]"#,
        ],
    );
}

#[test]
fn a_table_that_is_referred_to_from_elsewhere_is_drawn_by_its_name() {
    let only = ObjectName::new(ObjectKind::Table, "shop", "", "orders");
    let (text, dot) = odd(|catalog| {
        let diagram = Diagram::of(catalog, "orders", [&only])?;
        Ok((diagram.mermaid(), diagram.dot()))
    });
    assert_eq!(text.matches('{').count() - text.matches("o{").count(), 1, "{text}");
    assert!(text.contains(r#""shop.customer" ||--o{ "shop.orders""#), "{text}");
    assert!(node(&dot, "\"shop.customer\"").contains(" shop.customer "), "{dot}");
    assert!(dot.contains(r#""shop.customer" -> "shop.orders":w3:w ["#), "{dot}");
}

fn groups() -> [(String, Vec<ObjectName>); 3] {
    let names = names();
    [
        ("buy & \"sell\"".to_owned(), names[..4].to_vec()),
        ("none".to_owned(), names[9..].to_vec()),
        ("rest".to_owned(), names[2..].to_vec()),
    ]
}

#[test]
fn an_overview_has_names_in_groups() {
    let (text, dot) = odd(|catalog| {
        let diagram = Diagram::overview(catalog, "all", &groups())?;
        Ok((diagram.mermaid(), diagram.dot()))
    });
    let group = lines(&text).into_iter().skip_while(|line| !line.starts_with("subgraph"));
    assert_eq!(
        group.take(6).collect::<Vec<_>>(),
        [
            r#"subgraph g0["buy #38; #34;sell#34;"]"#,
            r#"n1["shop.customer"]"#,
            r#"n4["shop.line"]"#,
            r#"n6["shop.orders<br/>immutable, deleted by permit"]"#,
            r#"n7["shop.profile"]"#,
            "end",
        ],
        "{text}"
    );
    assert_has(
        &text,
        &[
            r#"subgraph g1["rest"]"#,
            r#"n2(["shop.direction#32;LR<br/>view"])"#,
            r#"n3["shop.event<br/>partitioned by RANGE (at), 2 partitions<br/>immutable"]"#,
            "end",
            r#"n1 -->|"referrer_id"| n1"#,
            "n2 -. reads .-> n1",
        ],
    );
    assert_eq!(dot.matches("subgraph").count(), 2, "{dot}");
    assert!(dot.contains("label=<<B>buy &amp; &quot;sell&quot;</B>>"), "{dot}");
    assert_has(&dot, &[r#""shop.orders" -> "shop.line" [arrowtail=none, arrowhead=crow]"#]);
}

#[test]
fn a_context_is_drawn_as_the_database_has_it() {
    let database = TestDatabase::new([Context::Core]).unwrap();
    let draw = |uow: &mut UnitOfWork<'_>| diagram::contexts(uow, Context::ALL);
    let titles = |diagrams: &[Diagram]| -> Vec<String> {
        diagrams.iter().map(|diagram| diagram.title().to_owned()).collect()
    };
    let diagrams = database.store().read(draw).unwrap();
    assert_eq!(titles(&diagrams), ["core", "overview"]);

    let database = everything();
    let diagrams = rolled_back(database.store(), |uow| {
        let before = draw(uow)?;
        execute(uow, "ALTER TABLE recommendation DROP COLUMN plan_id CASCADE")?;
        execute(uow, "CREATE TABLE of_the_host (id int)")?;
        Ok([before, draw(uow)?])
    });
    let [before, after] = diagrams.unwrap();
    assert_eq!(
        titles(&before),
        ["core", "modelling", "meal_planning", "cutover", "feature_planner", "overview"]
    );
    assert!(before[1].mermaid().contains(r#""plan" ||--o{ "recommendation""#));
    let after = after[1].mermaid();
    assert!(!after.contains(r#""plan" ||--o{ "recommendation""#), "{after}");
    assert!(!after.contains("plan_measure") && !after.contains("of_the_host"), "{after}");
}

/// Its parser knows best what ends a label.
#[test]
fn graphviz_reads_what_it_gets() {
    let texts = odd(|catalog| {
        let detailed = Diagram::of(catalog, "odd \\ \"%% {x}\" <b> &amp;", &names())?;
        Ok([detailed.dot(), Diagram::overview(catalog, "all", &groups())?.dot()])
    });
    for text in texts {
        let child = Command::new("dot")
            .args(["-Tplain"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            return skipped("Graphviz is not installed, so nothing reads the text of a diagram");
        };
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("rror"), "{said}\n{text}");
        let plain = String::from_utf8_lossy(&output.stdout);
        assert_eq!(plain.lines().filter(|line| line.starts_with("node ")).count(), 9, "{plain}");
        assert_eq!(plain.lines().filter(|line| line.starts_with("edge ")).count(), 9, "{plain}");
    }
}
