//! What a fingerprint sees, and what it does not look at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::testing::TestDatabase;
use planwright::verify::{Comparison, Fingerprint, Mapping, Source, Verdict};
use planwright::{Error, Store, StoreOptions, TimeoutKind};

use crate::support::{number, text};

fn database(sql: &str) -> TestDatabase {
    let database = TestDatabase::new([]).unwrap();
    run(database.store(), sql);
    database
}

fn run(store: &Store, sql: &str) {
    store.write(|uow| Ok(uow.connection().batch_execute(sql)?)).unwrap();
}

const T: &str = "CREATE TABLE t (id int, a text, n numeric);
    INSERT INTO t SELECT i, 'row ' || i, i / 4.0 FROM generate_series(1, 1000) i;";

fn t() -> Source {
    Source::table("t").columns(["id", "a", "n"])
}

fn take(store: &Store, sources: &[Source]) -> Fingerprint {
    Fingerprint::take(store, sources).unwrap()
}

/// What a change does to `t`.
fn after(sql: &str) -> Verdict {
    let database = database(T);
    let before = take(database.store(), &[t()]);
    run(database.store(), sql);
    verdict(&before.compare(&take(database.store(), &[t()])))
}

fn verdict(comparison: &Comparison) -> Verdict {
    let [one] = &comparison.sources[..] else { panic!("{comparison}") };
    one.verdict.clone()
}

const EQUAL: Verdict = Verdict::Equal { rows: 1000 };
const CONTENT: Verdict = Verdict::ContentDiffers { rows: 1000 };

#[test]
fn only_the_content_counts() {
    for same in [
        // Another physical order, new row versions, an index, a column that was not asked for.
        "CREATE TABLE u AS SELECT * FROM t ORDER BY id DESC; TRUNCATE t;
         INSERT INTO t SELECT * FROM u",
        "UPDATE t SET a = a; CREATE INDEX ON t (id); ALTER TABLE t ADD COLUMN b int DEFAULT 1",
        // Another type with the same text.
        "ALTER TABLE t ALTER id TYPE bigint, ALTER a TYPE varchar(10)",
        "ALTER TABLE t ALTER id TYPE text",
    ] {
        assert_eq!(after(same), EQUAL, "{same}");
    }
    for other in [
        "UPDATE t SET n = 7 WHERE id = 500",
        "UPDATE t SET a = '' WHERE id = 500",
        "UPDATE t SET a = NULL WHERE id = 500",
        // The values of two rows in each other's place.
        "UPDATE t SET a = 'row ' || 601 - id WHERE id IN (300, 301)",
        // One row twice in the place of another one.
        "UPDATE t SET (id, a, n) = (SELECT id, a, n FROM t WHERE id = 1) WHERE id = 2",
        // Another scale is another text.
        "UPDATE t SET n = trim_scale(n)",
    ] {
        assert_eq!(after(other), CONTENT, "{other}");
    }
    assert_eq!(
        after("DELETE FROM t WHERE id = 1"),
        Verdict::CountDiffers { before: 1000, after: 999 }
    );
    assert_eq!(
        after("INSERT INTO t VALUES (1, 'x', 1)"),
        Verdict::CountDiffers { before: 1000, after: 1001 }
    );
}

/// The hash of a few rows of two text columns.
fn hash(store: &Store, rows: &str) -> String {
    let query = format!("SELECT a::text, b::text FROM (VALUES {rows}) v (a, b)");
    let source = Source::query("rows", query).columns(["a", "b"]);
    take(store, &[source]).contents[0].hash.clone()
}

#[test]
fn rows_that_look_alike_have_other_hashes() {
    let database = database(T);
    let alike = [
        ("(NULL, 'x')", "('', 'x')"),
        ("(NULL, 'x')", "('NULL', 'x')"),
        ("(NULL, 'x')", "('x', NULL)"),
        ("('a,b', 'c')", "('a', 'b,c')"),
        ("('a\",\"b', 'c')", "('a', 'b\",\"c')"),
        ("('(', ')')", "('()', '')"),
        ("('a\\', 'b')", "('a', '\\b')"),
        ("('a', 'b')", "('b', 'a')"),
        ("('a ', 'b')", "('a', 'b')"),
        // Duplicates do not cancel.
        (
            "('a', 'b'), ('a', 'b'), ('c', 'd'), ('c', 'd')",
            "('e', 'f'), ('e', 'f'), ('g', 'h'), ('g', 'h')",
        ),
        ("('a', 'b'), ('a', 'b'), ('c', 'd')", "('a', 'b'), ('c', 'd'), ('c', 'd')"),
        // Values that changed their rows.
        ("('a', 'b'), ('c', 'd')", "('a', 'd'), ('c', 'b')"),
    ];
    for (one, other) in alike {
        assert_ne!(hash(database.store(), one), hash(database.store(), other), "{one} {other}");
    }
    let (one, other) = ("('a', 'b'), (NULL, 'd')", "(NULL, 'd'), ('a', 'b')");
    assert_eq!(hash(database.store(), one), hash(database.store(), other));
}

/// Saved fingerprints must be comparable with those of a later release and of another server.
#[test]
fn the_rule_never_changes() {
    let database =
        database("CREATE TABLE t (a text, b int); INSERT INTO t VALUES ('x', 1), (NULL, 2)");
    let source = Source::table("t").columns(["a", "b"]);
    let empty = Source::query("none", "SELECT 1 AS a WHERE false").columns(["a"]);
    let fingerprint = take(database.store(), &[source, empty]);
    assert_eq!(fingerprint.rule, 1);
    let found: Vec<_> = fingerprint.contents.iter().map(|of| (of.rows, of.hash.as_str())).collect();
    assert_eq!(
        found,
        [(2, "27ec886adc03e6e9ff19fb0b70e21fe0"), (0, "00000000000000000000000000000000")]
    );
}

#[test]
fn settings_of_role_and_session_do_not_matter() {
    let database = database(
        "CREATE TABLE t (at timestamptz, day date, f float8, bytes bytea, span interval,
                         price money, relation regclass);
         INSERT INTO t SELECT now() + i * '1 hour 1.5 seconds'::interval, date '2026-03-02' + i,
                random() / 3, sha256(i::text::bytea), i * interval '1 day 2 hours', i::money,
                't'::regclass
           FROM generate_series(1, 20) i",
    );
    let columns = ["at", "day", "f", "bytes", "span", "price", "relation"];
    let sources = [Source::table("t").columns(columns)];
    let before = take(database.store(), &sources);
    let name = database.store().read(|uow| text(uow, "current_database()")).unwrap();
    run(
        database.store(),
        &[
            "timezone = 'Asia/Kathmandu'",
            "datestyle = 'SQL, DMY'",
            "intervalstyle = 'iso_8601'",
            "extra_float_digits = -3",
            "bytea_output = 'escape'",
            "quote_all_identifiers = on",
            "search_path = pg_catalog",
        ]
        .map(|setting| format!("ALTER DATABASE \"{name}\" SET {setting};"))
        .concat(),
    );
    let store = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    let as_text =
        |store: &Store| store.read(|uow| text(uow, "SELECT min(t::text) FROM public.t t"));
    assert_ne!(as_text(&store).unwrap(), as_text(database.store()).unwrap(), "they do matter");
    let comparison = before.compare(&take(&store, &sources));
    assert_eq!(verdict(&comparison), Verdict::Equal { rows: 20 });
}

#[test]
fn renamed_columns_and_moved_tables_are_followed() {
    let database = database(T);
    let store = database.store();
    let before = take(store, &[t()]);
    let mapping = Mapping::new()
        .table("public.t", "app.\"U")
        .column("t", "a", "Z \"1")
        .column("t", "id", "key");
    run(
        store,
        "CREATE SCHEMA app; ALTER TABLE t SET SCHEMA app; ALTER TABLE app.t RENAME TO \"\"\"U\";
         ALTER TABLE app.\"\"\"U\" RENAME a TO \"Z \"\"1\"; ALTER TABLE app.\"\"\"U\" RENAME id TO key",
    );
    let after = before.take_again(store, &mapping).unwrap();
    let comparison = before.compare_with(&after, &mapping);
    assert!(comparison.is_equal(), "{comparison}");
    assert_eq!(comparison.to_string(), "[x] t, now app.\"U: the same 1000 rows\n");
    comparison.require_equal().unwrap();

    // Without the mapping nothing is known of it.
    let told: Vec<_> = before.compare(&after).sources.into_iter().map(|of| of.verdict).collect();
    assert_eq!(told, [Verdict::Missing, Verdict::Extra]);
    // Columns in another order are others.
    let other = [Source::table("app.\"U").columns(["Z \"1", "key", "n"])];
    let comparison = before.compare_with(&take(store, &other), &mapping);
    assert!(matches!(verdict(&comparison), Verdict::Incomparable { .. }), "{comparison}");
    let error = comparison.require_equal().unwrap_err();
    assert!(matches!(error, Error::Verification { .. }), "{error:?}");
    assert!(error.to_string().contains("t, now app.\"U: cannot be compared"), "{error}");
}

#[test]
fn a_join_is_compared_with_the_column_that_replaces_it() {
    let database = database(
        "CREATE TABLE plan_item (plan_id int, item_id int);
         CREATE TABLE item (id int, plan_id int);
         INSERT INTO item SELECT i FROM generate_series(1, 50) i;
         INSERT INTO plan_item SELECT i % 7, i FROM generate_series(1, 40) i",
    );
    let store = database.store();
    let before = take(store, &[Source::table("plan_item").columns(["plan_id", "item_id"])]);
    run(
        store,
        "UPDATE item SET plan_id = l.plan_id FROM plan_item l WHERE l.item_id = item.id;
         DROP TABLE plan_item",
    );
    // Ends in a comment.
    let links = "SELECT plan_id, id FROM item WHERE plan_id IS NOT NULL -- linked";
    let mapping = Mapping::new()
        .source("plan_item", Source::query("links", links).columns(["plan_id", "id"]));
    let saved = serde_json::to_string(&before).unwrap();
    let before: Fingerprint = serde_json::from_str(&saved).unwrap();
    let after = before.take_again(store, &mapping).unwrap();
    let comparison = before.compare_with(&after, &mapping);
    assert_eq!(verdict(&comparison), Verdict::Equal { rows: 40 });

    run(store, "UPDATE item SET plan_id = plan_id + 1 WHERE id = 40");
    let after = before.take_again(store, &mapping).unwrap();
    let comparison = before.compare_with(&after, &mapping);
    assert_eq!(verdict(&comparison), Verdict::ContentDiffers { rows: 40 });
    let told = comparison.to_string();
    assert_eq!(told, "[ ] plan_item, now links: 40 rows, with other content\n");
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["sources"][0]["verdict"], "content_differs");
    assert_eq!(serde_json::from_value::<Comparison>(json).unwrap(), comparison);

    // What is gone is told of, and stops nothing.
    let tables =
        [Source::table("item").columns(["id"]), Source::table("plan_item").columns(["id"])];
    run(store, "CREATE TABLE plan_item (id bigint)");
    let before = Fingerprint::take(store, &tables).unwrap();
    run(store, "DROP TABLE plan_item");
    let after = before.take_again(store, &Mapping::new()).unwrap();
    let verdicts: Vec<_> =
        before.compare(&after).sources.into_iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Equal { rows: 50 }, Verdict::Missing]);
}

#[test]
fn all_stored_columns_are_listed_by_name() {
    let database = database(
        "CREATE TABLE t (b int, \"A\" int, c int GENERATED ALWAYS AS (b + 1) STORED, gone int);
         ALTER TABLE t DROP COLUMN gone; CREATE VIEW v AS SELECT b AS z, b AS y FROM t",
    );
    let whole = |name: &str| database.store().read(|uow| Source::whole(uow, name));
    assert_eq!(whole("public.t").unwrap(), Source::table("t").columns(["A", "b"]));
    assert_eq!(whole("v").unwrap().column_names(), ["y", "z"]);
    let error = whole("app.t").unwrap_err();
    assert_eq!(error.to_string(), "table or view app.t was not found");
}

#[test]
fn what_is_not_there_is_named() {
    let database = database(T);
    let refusal = |source: Source| {
        let error = Fingerprint::take(database.store(), &[t(), source]).unwrap_err();
        assert!(error.is_not_found() || matches!(error, Error::Invalid { .. }), "{error:?}");
        error.to_string()
    };
    let column = |source: Source| refusal(source.columns(["id", "position"]));
    assert_eq!(refusal(Source::table("u").columns(["id"])), "table or view u was not found");
    assert_eq!(column(Source::query("q", "SELECT id FROM t")), "column q.position was not found");
    assert_eq!(
        Fingerprint::take(database.store(), &[Source::table("t").columns(["id", "xmin"])])
            .unwrap_err()
            .to_string(),
        "column t.xmin was not found"
    );
    assert_eq!(refusal(t()), "verify::Source.name: t is the name of two sources");
    assert!(refusal(Source::table("u")).contains("u has none: name those that count"));
    assert!(refusal(Source::table("u").columns(["\0"])).contains("must not hold NUL"));
    let error = Fingerprint::take(
        database.store(),
        &[Source::query("q", "DELETE FROM t RETURNING id").columns(["id"])],
    );
    assert!(matches!(error, Err(Error::Database { .. })), "{error:?}");
}

#[test]
fn rows_that_the_role_may_not_see_are_an_error() {
    let database = database(&format!(
        "{T} ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         CREATE POLICY few ON t USING (id < 10);"
    ));
    let name = database.store().read(|uow| text(uow, "current_database()")).unwrap();
    let role = format!("reader_of_{name}");
    run(database.store(), &format!("CREATE ROLE \"{role}\"; GRANT SELECT ON t TO \"{role}\""));
    run(database.store(), &format!("ALTER DATABASE \"{name}\" SET role = \"{role}\""));
    let store = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    let seen = store.read(|uow| text(uow, "SELECT count(*) FROM t"));
    let taken = Fingerprint::take(&store, &[t()]);
    run(
        database.store(),
        &format!(
            "ALTER DATABASE \"{name}\" RESET role; REVOKE ALL ON t FROM \"{role}\";
             DROP ROLE \"{role}\""
        ),
    );
    assert_eq!(seen.unwrap(), "9");
    assert!(matches!(taken, Err(Error::Database { .. })), "{taken:?}");
}

/// Each source holds a row for every commit of the writer, and the first one takes a while.
#[test]
fn all_sources_are_read_from_one_snapshot() {
    const TABLES: [&str; 4] = ["a", "b", "c", "d"];
    let tables: String =
        TABLES.map(|name| format!("CREATE TABLE {name} (id int PRIMARY KEY);")).concat();
    let database = database(&tables);
    let writer = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    let options = StoreOptions::default().pool_size(8);
    let store = Store::connect(database.url(), &options).unwrap();
    let slow = Source::query("slow", "SELECT id FROM a, pg_sleep(0.05)").columns(["id"]);
    let mut sources = vec![slow];
    sources.extend(TABLES.map(|name| Source::table(name).columns(["id"])));
    let backends = "SELECT pg_backend_pid() AS id FROM pg_sleep(0.05)";
    sources.extend([1, 2].map(|n| Source::query(format!("backend {n}"), backends).columns(["id"])));

    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let insert = TABLES.map(|name| format!("INSERT INTO {name} VALUES ({id});"));
                run(&writer, &insert.concat());
            }
        });
        // The writer is stopped whatever becomes of these.
        let taken: Vec<_> = (0..5).map(|_| Fingerprint::take(&store, &sources)).collect();
        stop.store(true, Ordering::Relaxed);
        let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
        for fingerprint in &taken {
            let tables: Vec<_> =
                fingerprint.contents[..5].iter().map(|of| (of.rows, &of.hash)).collect();
            assert!(tables.iter().all(|of| *of == tables[0]), "{fingerprint}");
        }
        // A busy machine may take longer to connect than another connection to do the work.
        let parallel = |of: &Fingerprint| of.contents[5].hash != of.contents[6].hash;
        assert!(taken.iter().any(parallel), "on connections of their own: {taken:?}");
        let rows = |of: &Fingerprint| of.contents[0].rows;
        assert!(rows(&taken[0]) < rows(&taken[4]), "the writer went on: {taken:?}");
        assert!(taken[0].taken_at < taken[4].taken_at);
    });
}

#[test]
fn one_connection_is_enough() {
    let database = database(T);
    let options = StoreOptions::default().pool_size(1).acquire_timeout(Duration::from_millis(200));
    let store = Store::connect(database.url(), &options).unwrap();
    let sources = [t(), Source::query("a", "SELECT a FROM t").columns(["a"])];
    let serial = Fingerprint::take_on(&store, &sources, 8).unwrap();
    let parallel = Fingerprint::take_on(database.store(), &sources, 8).unwrap();
    assert!(serial.compare(&parallel).is_equal());

    // A pool whose other connections are taken has one, too.
    let options = options.pool_size(2);
    let store = Store::connect(database.url(), &options).unwrap();
    let other = store.clone();
    let busy = std::thread::scope(|scope| {
        store.read(|_| {
            let taking = scope.spawn(|| Fingerprint::take_on(&other, &sources, 2));
            Ok(taking.join().expect("no panic"))
        })
    });
    assert!(serial.compare(&busy.unwrap().unwrap()).is_equal());
}

#[test]
fn a_locked_table_is_waited_for_within_the_lock_timeout_and_a_scan_without_limit() {
    let database = database(T);
    let options = StoreOptions::default()
        .statement_timeout(Duration::from_millis(20))
        .lock_timeout(Duration::from_millis(50));
    let store = Store::connect(database.url(), &options).unwrap();
    let slow = Source::query("slow", "SELECT id FROM t, pg_sleep(0.05) LIMIT 1").columns(["id"]);
    take(&store, &[slow]);
    let error = database
        .store()
        .write(|uow| {
            uow.connection().batch_execute("LOCK TABLE t")?;
            std::thread::scope(|scope| {
                let taking = scope.spawn(|| Fingerprint::take(&store, &[t()]));
                Ok(taking.join().expect("no panic").unwrap_err())
            })
        })
        .unwrap();
    assert!(matches!(error, Error::Timeout { what: TimeoutKind::Lock, .. }), "{error:?}");
}

/// What waits for the first connection's lock on a table is in the way of the others, and the first
/// one waits for those.
#[test]
fn a_change_that_queues_while_it_is_taken_waits_and_is_no_deadlock() {
    let database = database(T);
    let options = StoreOptions::default().lock_timeout(Duration::ZERO);
    let store = Store::connect(database.url(), &options).unwrap();
    // Both connections wait here, until the change has queued.
    let gate = |name| {
        let shared = "SELECT 1 AS id FROM (SELECT pg_advisory_xact_lock_shared(7)) gate";
        Source::query(name, shared).columns(["id"])
    };
    let t = |name| Source::query(name, "SELECT id FROM t").columns(["id"]);
    let sources = [gate("one"), gate("two"), t("three"), t("four"), t("five")];
    let waiting = |n: i64, what: &str| {
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
             AND wait_event_type = 'Lock' AND query LIKE '%{what}%' AND pid <> pg_backend_pid()"
        );
        while number(database.store(), &count) < n {
            assert!(std::time::Instant::now() < deadline, "{what} does not wait");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    std::thread::scope(|scope| {
        let mut keeper = PgConnection::establish(database.url()).unwrap();
        keeper.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
        let taking = scope.spawn(|| Fingerprint::take_on(&store, &sources, 2));
        waiting(2, "pg_advisory_xact_lock_shared");
        let changing = scope.spawn(|| {
            let mut other = PgConnection::establish(database.url()).unwrap();
            // Lets a failing test end.
            other.batch_execute("SET lock_timeout = '10s'; ALTER TABLE t ADD late int")
        });
        waiting(1, "ADD late int");
        drop(keeper);
        let taken = taking.join().expect("no panic").unwrap();
        assert!(taken.contents[2..].iter().all(|of| of.rows == 1000), "{taken}");
        changing.join().expect("no panic").unwrap();
    });
}
