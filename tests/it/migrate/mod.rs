//! The schema runner against a real server.

mod adopt;
mod catalogs;
mod folder;
mod held;
mod killed;
mod lint;
mod locking;
mod patience;
mod plan;
mod rehearsal;
mod run;
mod users;

use std::error::Error as _;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use planwright::local_server::LocalServer;
use planwright::migrate::{Applied, Migrations, Migrator, Reverted};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Store, StoreOptions};

/// A new, empty database.
struct Database {
    url: String,
    store: Store,
    /// Drops it, where its server is not the test's own.
    _drops: Option<TestDatabase>,
}

impl Database {
    fn new() -> Self {
        let options = StoreOptions::default().pool_size(2).application_name("the tests");
        let database = TestDatabase::with_options([], &options).unwrap();
        let (url, store) = (database.url().to_owned(), database.store().clone());
        Self { url, store, _drops: Some(database) }
    }

    /// The first database of a server of the test's own.
    fn on(server: &LocalServer) -> Self {
        let url = server.url("postgres");
        let store = Store::connect(&url, &StoreOptions::default()).unwrap();
        Self { url, store, _drops: None }
    }

    fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.connection().batch_execute(sql).unwrap();
    }

    /// What `SELECT …` with this text answers.
    fn number(&self, selected: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let query = sql_query(format!("SELECT (SELECT {selected})::bigint AS number"));
        query.get_result::<Row>(&mut self.connection()).unwrap().number
    }

    fn texts(&self, query: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let query = sql_query(format!("SELECT text::text FROM ({query}) AS rows (text)"));
        let rows = query.load::<Row>(&mut self.connection()).unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// The relations, types and schemas that are not the server's own.
    fn objects(&self) -> Vec<String> {
        self.texts(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname !~ '^(pg_|information_schema)'
             UNION ALL
             SELECT 'type ' || t.typname FROM pg_type t
             JOIN pg_namespace n ON n.oid = t.typnamespace
             WHERE n.nspname !~ '^(pg_|information_schema)' AND t.typtype = 'e'
             UNION ALL
             SELECT 'schema ' || nspname FROM pg_namespace
             WHERE nspname !~ '^(pg_|information_schema|public)' ORDER BY 1",
        )
    }

    /// A runner of the migrations in this folder.
    fn migrator(&self, folder: &Folder) -> Migrator<'_> {
        self.modelling().migrations(folder.set())
    }

    /// A runner of the migrations in the crate.
    fn modelling(&self) -> Migrator<'_> {
        Migrator::new(&self.store).contexts([Context::Modelling])
    }
}

/// A folder of migrations, gone with the value.
struct Folder {
    root: PathBuf,
}

const BASELINE: &str = "run_in_transaction = true\nkind = \"baseline\"\n";
const EXPAND: &str = "run_in_transaction = true\nkind = \"expand\"\n";
const ALONE: &str = "run_in_transaction = false\nkind = \"expand\"\n";
const HELD: &str = "run_in_transaction = true\nkind = \"held\"\n";

/// The names of the migrations that most tests work with. They are newer than those of core.
const T: &str = "2026-11-21-000100_modelling_t";
const B: &str = "2026-11-21-000200_modelling_b";
const INDEX: &str = "2026-11-21-000300_modelling_index";
const DROP_B: &str = "2026-11-21-000400_modelling_drop_b";
const CORE: &str = "2026-11-20-000000_core_history";

impl Folder {
    fn empty() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("migrations-{}-{number}", std::process::id());
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&root).unwrap();
        Self { root }
    }

    /// A table as the baseline, and a column of it.
    fn new() -> Self {
        Self::empty().with(T, BASELINE, "CREATE TABLE t (id bigint, a int);", "DROP TABLE t;").with(
            B,
            EXPAND,
            "ALTER TABLE t ADD COLUMN b int;",
            "ALTER TABLE t DROP COLUMN b;",
        )
    }

    /// The same and an index that is built concurrently.
    fn with_index() -> Self {
        Self::new().with(
            INDEX,
            ALONE,
            "CREATE INDEX CONCURRENTLY t_a_ix ON t (a) WHERE a > 0;",
            "DROP INDEX CONCURRENTLY IF EXISTS t_a_ix;",
        )
    }

    /// Adds a held step, which a row with a `b` stands against.
    fn with_held(self) -> Self {
        self.with(
            DROP_B,
            HELD,
            "LOCK TABLE t; ALTER TABLE t DROP COLUMN b;",
            "ALTER TABLE t ADD COLUMN b int;",
        )
        .write(
            DROP_B,
            "guard.sql",
            "SELECT format('row %s has b %s', id, b) FROM t WHERE b IS NOT NULL ORDER BY id;",
        )
    }

    /// The same, asking for a statement.
    fn with_asking(self) -> Self {
        self.with_held()
            .write(DROP_B, "metadata.toml", &format!("{HELD}confirm = \"nobody_reads_b\"\n"))
            .write(
                DROP_B,
                "evidence.sql",
                "SELECT text FROM (VALUES (1, 'b was read yesterday'), (2, NULL), (3, 'by two'))
                     AS evidence (nth, text) ORDER BY nth;",
            )
    }

    fn with(self, name: &str, metadata: &str, up: &str, down: &str) -> Self {
        fs::create_dir_all(self.root.join(name)).unwrap();
        self.write(name, "metadata.toml", metadata)
            .write(name, "up.sql", up)
            .write(name, "down.sql", down)
    }

    fn write(self, name: &str, file: &str, text: &str) -> Self {
        fs::write(self.root.join(name).join(file), text).unwrap();
        self
    }

    fn without(self, name: &str) -> Self {
        fs::remove_dir_all(self.root.join(name)).unwrap();
        self
    }

    fn set(&self) -> Migrations {
        Migrations::from_folder(&self.root).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

/// The names, less what belongs to core beside its history: a run that is given a folder installs
/// that, too, and in front of it.
trait Names {
    fn names(&self) -> Vec<&str>;
}

impl Names for Vec<Applied> {
    fn names(&self) -> Vec<&str> {
        let names = self.iter().map(|applied| applied.name.as_str());
        names.filter(|name| is_told(name)).collect()
    }
}

impl Names for Vec<Reverted> {
    fn names(&self) -> Vec<&str> {
        let names = self.iter().map(|reverted| reverted.name.as_str());
        names.filter(|name| is_told(name)).collect()
    }
}

impl Names for planwright::migrate::Status {
    fn names(&self) -> Vec<&str> {
        let names = self.applied.iter().map(|row| row.name.as_str());
        names.filter(|name| is_told(name)).collect()
    }
}

/// The names of all, of core too.
fn every(applied: &[Applied]) -> Vec<&str> {
    applied.iter().map(|applied| applied.name.as_str()).collect()
}

fn is_told(name: &str) -> bool {
    name == CORE || !name.contains("_core_")
}

/// What belongs to core.
fn core() -> Vec<String> {
    let embedded = Migrations::embedded();
    let core = embedded.as_slice().iter().filter(|migration| {
        // What makes a column of the host's comes with a context that needs it.
        migration.context == Context::Core && migration.host_column.is_none()
    });
    core.map(ToString::to_string).collect()
}

/// What the error says, and what its source says.
fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    let error = result.unwrap_err();
    (error.to_string(), error.source().map_or(String::new(), ToString::to_string))
}

const SCHEMA_LOCK: &str = "FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Ends the session that holds the schema lock, and waits until it is gone.
fn kill_runner(database: &Database) {
    let kill = format!("SELECT pg_terminate_backend(pid, 10000) AS gone {SCHEMA_LOCK}");
    assert_eq!(database.number(&format!("count(*) FROM ({kill}) AS k WHERE gone")), 1);
}
