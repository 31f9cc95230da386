//! What is broken, what the checklist says of it, and that its remedies mend it.

use planwright::verify::Remedy;

use super::*;

/// How a remedy is given.
#[derive(Debug, PartialEq)]
enum Remedied {
    /// Its statements make the drift go away.
    BySql,
    /// By a person: it says something.
    ByAdvice,
}
use Remedied::{ByAdvice, BySql};

/// A name, what breaks, and the lines of the checklist.
type Case = (&'static str, &'static str, &'static [&'static str], Remedied);

/// Every line says what is broken, and what to do.
fn each(cases: &[Case]) {
    let shop = Shop::new();
    assert_eq!(shop.report().differences, [], "before anything is broken");
    for (name, broken, lines, remedied) in cases {
        for statement in broken.split(";\n") {
            shop.execute(statement);
        }
        let report = shop.report();
        let found: Vec<_> = report.differences.iter().map(line).collect();
        assert_eq!(found, *lines, "{name}");
        let printed = report.to_string();
        let serialised = serde_json::to_value(&report).unwrap();
        for (place, difference) in report.differences.iter().enumerate() {
            assert!(printed.contains(&format!("[ ] {}\n      ", line(difference))), "{printed}");
            assert!(difference.remedy != Remedy::default(), "{name}: {difference}");
            for statement in &difference.remedy.sql {
                let statement = statement.trim().trim_end_matches(';');
                assert!(printed.contains(&format!("{statement};")), "{name}: {printed}");
            }
            let kind = serde_json::to_value(difference.object.kind).unwrap();
            assert_eq!(serialised["differences"][place]["object"]["kind"], kind, "{name}");
        }
        let serious = serious(&report);
        assert_eq!(report.is_clean(), serious.is_empty(), "{name}");
        match remedied {
            BySql => {
                for difference in &serious {
                    assert!(!difference.remedy.sql.is_empty(), "{name}: {difference}");
                    for statement in &difference.remedy.sql {
                        shop.execute(statement);
                    }
                }
                let after = shop.report();
                assert!(after.is_clean(), "{name}: {after}");
            }
            ByAdvice => {
                let told = |one: &&Difference| !one.remedy.advice.is_empty();
                assert!(report.differences.iter().any(|one| told(&one)), "{name}: {report}");
                let mended = |one: &&Difference| !one.remedy.sql.is_empty();
                assert!(serious.is_empty() || !serious.iter().all(mended), "{name}: {report}");
            }
        }
        shop.again();
    }
    assert_eq!(shop.report().differences, [], "after everything is as it was");
}

#[test]
fn columns() {
    each(COLUMNS);
}

const COLUMNS: &[Case] = &[
    (
        "missing",
        "ALTER TABLE shop.customer DROP COLUMN note",
        &["error: column shop.customer.note is missing"],
        BySql,
    ),
    (
        "missing, computed",
        "ALTER TABLE shop.\"order\" DROP COLUMN gross",
        &["error: column shop.order.gross is missing"],
        BySql,
    ),
    (
        "missing with its index, under a strange name",
        "ALTER TABLE shop.\"order\" DROP COLUMN \"Strange \"\"Name\"",
        &[
            "error: column shop.order.Strange \"Name is missing",
            "warning: index shop.order.order_Strange \"Name_ix is missing",
        ],
        BySql,
    ),
    (
        "missing, and nothing can fill it",
        "ALTER TABLE shop.customer DROP COLUMN email",
        &[
            "error: column shop.customer.email is missing",
            "error: constraint shop.customer.customer_email_uq is missing",
        ],
        ByAdvice,
    ),
    (
        "narrower type",
        "ALTER TABLE shop.\"order\" ALTER COLUMN \"Strange \"\"Name\" TYPE integer",
        &["error: column shop.order.Strange \"Name has type integer instead of bigint"],
        BySql,
    ),
    (
        "varchar for text",
        "ALTER TABLE shop.customer ALTER COLUMN note TYPE varchar(40)",
        &["warning: column shop.customer.note has type character varying(40) instead of text"],
        BySql,
    ),
    (
        "varchar for text under a check, which means the same",
        "ALTER TABLE shop.customer ALTER COLUMN name TYPE varchar(40)",
        &["warning: column shop.customer.name has type character varying(40) instead of text"],
        BySql,
    ),
    (
        "other type",
        "ALTER TABLE shop.customer ALTER COLUMN note DROP DEFAULT;
             ALTER TABLE shop.customer ALTER COLUMN note TYPE bytea USING NULL",
        &[
            "error: column shop.customer.note has default nothing instead of 'none'::text",
            "error: column shop.customer.note has type bytea instead of text",
        ],
        ByAdvice,
    ),
];

#[test]
fn nulls_and_defaults() {
    each(NULLS_AND_DEFAULTS);
}

const NULLS_AND_DEFAULTS: &[Case] = &[
    (
        "nullable",
        "ALTER TABLE shop.customer ALTER COLUMN email DROP NOT NULL",
        &["error: column shop.customer.email has nullable yes instead of no"],
        BySql,
    ),
    (
        "not nullable",
        "ALTER TABLE shop.customer ALTER COLUMN size SET NOT NULL",
        &["error: column shop.customer.size has nullable no instead of yes"],
        BySql,
    ),
    (
        "no default",
        "ALTER TABLE shop.\"order\" ALTER COLUMN total DROP DEFAULT",
        &["error: column shop.order.total has default nothing instead of 0"],
        BySql,
    ),
    (
        "other default",
        "ALTER TABLE shop.\"order\" ALTER COLUMN created_at SET DEFAULT clock_timestamp()",
        &["warning: column shop.order.created_at has default clock_timestamp() instead of now()"],
        BySql,
    ),
    (
        "defaults that mean the same",
        "ALTER TABLE shop.\"order\" ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP;
             ALTER TABLE shop.\"order\" ALTER COLUMN total SET DEFAULT 0.00::numeric(10, 2);
             ALTER TABLE shop.customer ALTER COLUMN note SET DEFAULT 'none'::varchar;
             ALTER TABLE shop.customer ALTER COLUMN size SET DEFAULT NULL::integer",
        &[],
        BySql,
    ),
    (
        "a default too many",
        "ALTER TABLE shop.customer ALTER COLUMN name SET DEFAULT 'a'",
        &["warning: column shop.customer.name has default 'a'::text instead of nothing"],
        BySql,
    ),
    (
        "no identity",
        "ALTER TABLE shop.customer ALTER COLUMN id DROP IDENTITY",
        &["error: column shop.customer.id has identity nothing instead of by default"],
        BySql,
    ),
    (
        "identity of the other sort",
        "ALTER TABLE shop.customer ALTER COLUMN id SET GENERATED ALWAYS",
        &["error: column shop.customer.id has identity always instead of by default"],
        BySql,
    ),
    (
        "a serial for an identity",
        "ALTER TABLE shop.customer ALTER COLUMN id DROP IDENTITY;
             CREATE SEQUENCE shop.customer_id_seq OWNED BY shop.customer.id;
             ALTER TABLE shop.customer ALTER COLUMN id SET DEFAULT nextval('shop.customer_id_seq')",
        &[
            "note: sequence shop.customer_id_seq is not expected",
            "warning: column shop.customer.id has identity nothing instead of by default",
        ],
        ByAdvice,
    ),
    (
        "no longer computed",
        "ALTER TABLE shop.\"order\" ALTER COLUMN gross DROP EXPRESSION",
        &["error: column shop.order.gross has generated nothing instead of (total * 1.2) stored"],
        ByAdvice,
    ),
    (
        "the host's own",
        "ALTER TABLE shop.customer ADD COLUMN colour text NOT NULL DEFAULT 'red'",
        &["note: column shop.customer.colour is not expected"],
        ByAdvice,
    ),
    (
        "the host's own, and inserts fail",
        "ALTER TABLE shop.customer ADD COLUMN colour text NOT NULL DEFAULT 'red';
             ALTER TABLE shop.customer ALTER COLUMN colour DROP DEFAULT",
        &["error: column shop.customer.colour is not expected"],
        BySql,
    ),
];

#[test]
fn types_and_functions() {
    each(TYPES_AND_FUNCTIONS);
}

const TYPES_AND_FUNCTIONS: &[Case] = &[
        (
            "a label is missing",
            "ALTER TYPE shop.state RENAME TO before;
             CREATE TYPE shop.state AS ENUM ('new', 'sent');
             ALTER TABLE shop.\"order\" ALTER COLUMN state DROP DEFAULT;
             ALTER TABLE shop.\"order\" ALTER COLUMN state TYPE shop.state USING state::text::shop.state;
             ALTER TABLE shop.\"order\" ALTER COLUMN state SET DEFAULT 'new';
             DROP TYPE shop.before",
            &[
                "error: type shop.state has labels [\"new\", \"sent\"] instead of [\"new\", \"paid\", \"sent\"]",
            ],
            BySql,
        ),
        (
            "labels in another order",
            "ALTER TYPE shop.state RENAME VALUE 'new' TO 'x';
             ALTER TYPE shop.state RENAME VALUE 'paid' TO 'new';
             ALTER TYPE shop.state RENAME VALUE 'x' TO 'paid';
             ALTER TABLE shop.\"order\" ALTER COLUMN state SET DEFAULT 'new'",
            &[
                "warning: type shop.state has labels [\"paid\", \"new\", \"sent\"] instead of [\"new\", \"paid\", \"sent\"]",
            ],
            ByAdvice,
        ),
        (
            "a label too many",
            "ALTER TYPE shop.state ADD VALUE 'lost'",
            &[
                "warning: type shop.state has labels [\"new\", \"paid\", \"sent\", \"lost\"] instead of [\"new\", \"paid\", \"sent\"]",
            ],
            ByAdvice,
        ),
        ("a domain is missing", "DROP DOMAIN shop.quantity", &["error: type shop.quantity is missing"], BySql),
        (
            "another domain",
            "ALTER DOMAIN shop.quantity DROP CONSTRAINT quantity_check",
            &[
                "warning: type shop.quantity has domain integer instead of integer CHECK ((VALUE > 0))",
            ],
            ByAdvice,
        ),
        ("a sequence is missing", "DROP SEQUENCE shop.ticket", &["error: sequence shop.ticket is missing"], ByAdvice),
        (
            "another function",
            "CREATE OR REPLACE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RETURN NEW; END'",
            &["error: function shop.stamp() has another definition"],
            BySql,
        ),
        (
            "a function is missing with its trigger",
            "DROP FUNCTION shop.stamp() CASCADE",
            &[
                "error: function shop.stamp() is missing",
                "error: trigger shop.order.order_stamp is missing",
            ],
            BySql,
        ),
        (
            "what the host has made",
            "CREATE TYPE shop.mood AS ENUM ('good');
             CREATE FUNCTION shop.stamp(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            &["note: type shop.mood is not expected", "note: function shop.stamp(a integer) is not expected"],
            ByAdvice,
        ),];

#[test]
fn constraints() {
    each(CONSTRAINTS);
}

const CONSTRAINTS: &[Case] = &[
        (
            "a check is missing",
            "ALTER TABLE shop.\"order\" DROP CONSTRAINT order_total_check",
            &["error: constraint shop.order.order_total_check is missing"],
            BySql,
        ),
        (
            "another check",
            "ALTER TABLE shop.\"order\" DROP CONSTRAINT order_total_check;
             ALTER TABLE shop.\"order\" ADD CONSTRAINT order_total_check CHECK (total > 0)",
            &[
                "error: constraint shop.order.order_total_check has definition \
                 CHECK ((total > (0)::numeric)) instead of CHECK ((total >= (0)::numeric))",
            ],
            BySql,
        ),
        (
            "checks that mean the same",
            "ALTER TABLE shop.\"order\" DROP CONSTRAINT order_total_check;
             ALTER TABLE shop.\"order\" ADD CONSTRAINT order_total_check CHECK (total >= 0.00);
             ALTER TABLE shop.customer DROP CONSTRAINT customer_name_check;
             ALTER TABLE shop.customer ADD CONSTRAINT customer_name_check
                CHECK (name::text = ANY (ARRAY['a'::varchar, 'b', '']::text[]))",
            &[],
            BySql,
        ),
        (
            "renamed",
            "ALTER TABLE shop.\"order\" RENAME CONSTRAINT order_total_check TO \"Positive\"",
            &[
                "warning: constraint shop.order.order_total_check is there as \
                 constraint shop.order.Positive",
            ],
            BySql,
        ),
        (
            "renamed key",
            "ALTER TABLE shop.customer RENAME CONSTRAINT customer_id_pk TO customer_pkey",
            &[
                "warning: constraint shop.customer.customer_id_pk is there as \
                 constraint shop.customer.customer_pkey",
            ],
            BySql,
        ),
        (
            "a unique constraint is missing",
            "ALTER TABLE shop.customer DROP CONSTRAINT customer_email_uq",
            &["error: constraint shop.customer.customer_email_uq is missing"],
            BySql,
        ),
        (
            "a unique constraint of other columns",
            "ALTER TABLE shop.customer DROP CONSTRAINT customer_email_uq;
             ALTER TABLE shop.customer ADD CONSTRAINT customer_email_uq UNIQUE (email, name)",
            &[
                "error: constraint shop.customer.customer_email_uq has definition \
                 UNIQUE (email, name) instead of UNIQUE (email)",
            ],
            BySql,
        ),
        (
            "a primary key is missing, and the foreign key on it",
            "ALTER TABLE shop.customer DROP CONSTRAINT customer_id_pk CASCADE",
            &[
                "error: constraint shop.customer.customer_id_pk is missing",
                "error: constraint shop.order.order_customer_id_fk is missing",
            ],
            BySql,
        ),
        (
            "a unique index for the constraint",
            "ALTER TABLE shop.customer DROP CONSTRAINT customer_email_uq;
             CREATE UNIQUE INDEX other ON shop.customer (email)",
            &[
                "warning: constraint shop.customer.customer_email_uq is there as \
                 index shop.customer.other",
            ],
            BySql,
        ),
        (
            "an unvalidated foreign key",
            "ALTER TABLE shop.\"order\" DROP CONSTRAINT order_customer_id_fk;
             ALTER TABLE shop.\"order\" ADD CONSTRAINT order_customer_id_fk FOREIGN KEY (customer_id)
                REFERENCES shop.customer (id) ON DELETE CASCADE NOT VALID",
            &["warning: constraint shop.order.order_customer_id_fk has validated no instead of yes"],
            BySql,
        ),
        (
            "a foreign key with another action",
            "ALTER TABLE shop.\"order\" DROP CONSTRAINT order_customer_id_fk;
             ALTER TABLE shop.\"order\" ADD CONSTRAINT order_customer_id_fk FOREIGN KEY (customer_id)
                REFERENCES shop.customer (id)",
            &[
                "error: constraint shop.order.order_customer_id_fk has definition \
                 FOREIGN KEY (customer_id) REFERENCES shop.customer(id) instead of \
                 FOREIGN KEY (customer_id) REFERENCES shop.customer(id) ON DELETE CASCADE",
            ],
            BySql,
        ),
        (
            "a foreign key that can be deferred",
            "ALTER TABLE shop.\"order\" ALTER CONSTRAINT order_customer_id_fk DEFERRABLE",
            &[
                "error: constraint shop.order.order_customer_id_fk has definition \
                 FOREIGN KEY (customer_id) REFERENCES shop.customer(id) ON DELETE CASCADE DEFERRABLE \
                 instead of FOREIGN KEY (customer_id) REFERENCES shop.customer(id) ON DELETE CASCADE",
            ],
            BySql,
        ),
        (
            "a foreign key whose triggers are disabled",
            "ALTER TABLE shop.customer DISABLE TRIGGER ALL",
            &["error: constraint shop.order.order_customer_id_fk has triggers disabled instead of enabled"],
            BySql,
        ),
        (
            "the host's own",
            "ALTER TABLE shop.customer ADD CONSTRAINT small CHECK (size < 9)",
            &["warning: constraint shop.customer.small is not expected"],
            ByAdvice,
        ),];

#[test]
fn indexes() {
    each(INDEXES);
}

const INDEXES: &[Case] = &[
        (
            "missing",
            "DROP INDEX shop.order_customer_id_ix",
            &["warning: index shop.order.order_customer_id_ix is missing"],
            BySql,
        ),
        (
            "missing and unique",
            "DROP INDEX shop.order_reference_uq",
            &["error: index shop.order.order_reference_uq is missing"],
            BySql,
        ),
        (
            "of another predicate",
            "DROP INDEX shop.order_reference_uq;
             CREATE UNIQUE INDEX order_reference_uq ON shop.\"order\" (reference) WHERE reference <> 'x'",
            &[
                "error: index shop.order.order_reference_uq has definition \
                 USING btree (reference) WHERE (reference <> 'x'::text) instead of \
                 USING btree (reference) WHERE (reference <> ''::text)",
            ],
            BySql,
        ),
        (
            "not unique",
            "DROP INDEX shop.order_reference_uq;
             CREATE INDEX order_reference_uq ON shop.\"order\" (reference) WHERE reference <> ''",
            &["error: index shop.order.order_reference_uq has unique no instead of yes"],
            BySql,
        ),
        (
            "of another order and operator class",
            "DROP INDEX shop.\"order_Strange \"\"Name_ix\";
             CREATE INDEX \"order_Strange \"\"Name_ix\" ON shop.\"order\" (\"Strange \"\"Name\")",
            &[
                "warning: index shop.order.order_Strange \"Name_ix has definition \
                 USING btree (\"Strange \"\"Name\") instead of \
                 USING btree (\"Strange \"\"Name\" DESC NULLS LAST)",
            ],
            BySql,
        ),
        (
            "renamed",
            "ALTER INDEX shop.order_customer_id_ix RENAME TO order_customer",
            &["note: index shop.order.order_customer_id_ix is there as index shop.order.order_customer"],
            BySql,
        ),
        (
            "renamed and unique",
            "ALTER INDEX shop.order_reference_uq RENAME TO reference",
            &["warning: index shop.order.order_reference_uq is there as index shop.order.reference"],
            BySql,
        ),
        (
            "the host's own",
            "CREATE INDEX own ON shop.customer (name);
             CREATE UNIQUE INDEX own_uq ON shop.customer (lower(email))",
            &[
                "note: index shop.customer.own is not expected",
                "warning: index shop.customer.own_uq is not expected",
            ],
            ByAdvice,
        ),];

/// What a `CREATE INDEX CONCURRENTLY` leaves that fails.
#[test]
fn an_invalid_index_is_found_and_rebuilt() {
    let shop = Shop::new();
    let fails = |sql: &str| {
        shop.connection.borrow_mut().batch_execute(sql).unwrap_err();
    };
    shop.execute("DROP INDEX shop.order_reference_uq");
    shop.execute("UPDATE shop.\"order\" SET reference = 'r'");
    fails(
        "CREATE UNIQUE INDEX CONCURRENTLY order_reference_uq ON shop.\"order\" (reference)
         WHERE reference <> ''",
    );
    fails("CREATE UNIQUE INDEX CONCURRENTLY left_behind ON shop.\"order\" (reference)");
    let report = shop.report();
    let [left, index] = &report.differences[..] else { panic!("{report}") };
    assert_eq!(line(left), "warning: index shop.order.left_behind is not expected");
    assert!(left.remedy.advice.ends_with("DROP INDEX CONCURRENTLY \"shop\".\"left_behind\""));
    assert!(left.remedy.sql.is_empty(), "somebody may be building it");
    assert_eq!(
        line(index),
        "error: index shop.order.order_reference_uq has valid no instead of yes"
    );
    shop.execute("UPDATE shop.\"order\" SET reference = id");
    shop.execute("DROP INDEX CONCURRENTLY shop.left_behind");
    shop.execute(&index.remedy.sql[0]);
    assert_eq!(shop.report().differences, []);

    // It enforces nothing for the rows that are there, so it stands in for no constraint.
    shop.execute("ALTER TABLE shop.customer DROP CONSTRAINT customer_email_uq");
    shop.execute("UPDATE shop.customer SET email = 'twice'");
    fails("CREATE UNIQUE INDEX CONCURRENTLY customer_email_uq ON shop.customer (email)");
    let lines: Vec<_> = shop.report().differences.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "warning: index shop.customer.customer_email_uq is not expected",
            "error: constraint shop.customer.customer_email_uq is missing",
        ]
    );
}

#[test]
fn relations_triggers_and_rules() {
    each(RELATIONS_TRIGGERS_AND_RULES);
}

const RELATIONS_TRIGGERS_AND_RULES: &[Case] = &[
    (
        "a table is missing",
        "DROP TABLE shop.customer CASCADE",
        &[
            "error: table shop.customer is missing",
            "error: constraint shop.order.order_customer_id_fk is missing",
            "error: view shop.sums is missing",
        ],
        ByAdvice,
    ),
    (
        "an extra table and view",
        "CREATE TABLE shop.own (id int PRIMARY KEY);
             CREATE VIEW shop.seen AS SELECT id FROM shop.own",
        &["note: table shop.own is not expected", "note: view shop.seen is not expected"],
        ByAdvice,
    ),
    (
        "unlogged",
        "ALTER TABLE shop.\"order\" SET UNLOGGED",
        &["error: table shop.order has persistence unlogged instead of nothing"],
        BySql,
    ),
    (
        "row level security",
        "ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY",
        &["warning: table shop.customer has row_security on instead of nothing"],
        ByAdvice,
    ),
    (
        "storage parameters",
        "ALTER TABLE shop.customer SET (fillfactor = 70)",
        &["note: table shop.customer has options fillfactor=70 instead of nothing"],
        ByAdvice,
    ),
    ("a view is missing", "DROP VIEW shop.big", &["error: view shop.big is missing"], BySql),
    (
        "a materialised view is missing",
        "DROP MATERIALIZED VIEW shop.sums",
        &["error: view shop.sums is missing"],
        BySql,
    ),
    (
        "another view",
        "CREATE OR REPLACE VIEW shop.big AS
             SELECT o.id, o.customer_id FROM shop.\"order\" o WHERE o.total > 1000",
        &["error: view shop.big has another definition"],
        BySql,
    ),
    (
        "a view with a column more",
        "CREATE OR REPLACE VIEW shop.big AS
             SELECT o.id, o.customer_id, o.total FROM shop.\"order\" o WHERE o.total > 100",
        &["error: view shop.big has another definition"],
        BySql,
    ),
    (
        "a disabled trigger",
        "ALTER TABLE shop.\"order\" DISABLE TRIGGER order_stamp",
        &["error: trigger shop.order.order_stamp has enabled no instead of origin"],
        BySql,
    ),
    (
        "another trigger",
        "CREATE OR REPLACE TRIGGER order_stamp BEFORE INSERT ON shop.\"order\"
             FOR EACH ROW EXECUTE FUNCTION shop.stamp()",
        &["error: trigger shop.order.order_stamp has definition CREATE TRIGGER order_stamp \
                 BEFORE INSERT ON shop.\"order\" FOR EACH ROW EXECUTE FUNCTION shop.stamp() instead of \
                 CREATE TRIGGER order_stamp BEFORE UPDATE ON shop.\"order\" FOR EACH ROW \
                 WHEN ((new.total > (0)::numeric)) EXECUTE FUNCTION shop.stamp()"],
        BySql,
    ),
    (
        "a renamed trigger",
        "ALTER TRIGGER order_stamp ON shop.\"order\" RENAME TO \"Stamp\"",
        &["note: trigger shop.order.order_stamp is there as trigger shop.order.Stamp"],
        BySql,
    ),
    (
        "a trigger too many",
        "CREATE TRIGGER other BEFORE INSERT ON shop.customer
             FOR EACH STATEMENT EXECUTE FUNCTION shop.stamp()",
        &["warning: trigger shop.customer.other is not expected"],
        ByAdvice,
    ),
    (
        "a rule is missing",
        "DROP RULE keep ON shop.customer",
        &["error: rule shop.customer.keep is missing"],
        BySql,
    ),
    (
        "a policy is missing",
        "DROP POLICY own ON shop.customer",
        &["error: policy shop.customer.own is missing"],
        BySql,
    ),
    (
        "a grant is missing",
        "REVOKE ALL ON shop.customer FROM PUBLIC",
        &["error: grant on shop.customer to public is missing"],
        BySql,
    ),
    (
        "a grant is less",
        "REVOKE INSERT ON shop.customer FROM PUBLIC",
        &["error: grant on shop.customer to public has privileges SELECT instead of \
                 INSERT, SELECT"],
        BySql,
    ),
    (
        "everybody may write",
        "GRANT SELECT, DELETE ON shop.\"order\" TO PUBLIC",
        &["warning: grant on shop.order to public is not expected"],
        ByAdvice,
    ),
    ("everybody may read", "GRANT SELECT ON shop.\"order\" TO PUBLIC", &[], BySql),
];
