//! Drift: each kind of it is found, named and mended.

mod kinds;
mod live;
mod partitioned;
mod roles;

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::migrate::{Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::verify::{Catalog, Difference, Drift, DriftReport, Scope, Severity};
use planwright::{Context, Store};

/// A schema of every kind of object, with rows.
const SHOP: &str = include_str!("shop.sql");

/// A migration of a made-up release: the end of its name, its kind, and what it does.
type Step<'s> = (&'s str, &'s str, &'s str);

/// The shop as the one migration of a context.
fn shop() -> Migrations {
    static SET: OnceLock<Migrations> = OnceLock::new();
    SET.get_or_init(|| release(&[("shop", "baseline", SHOP)])).clone()
}

fn release(steps: &[Step<'_>]) -> Migrations {
    const NEVER: &str = "SELECT 'nothing of this is taken back';";
    let steps: Vec<_> = steps.iter().map(|&(name, kind, up)| (name, kind, up, NEVER)).collect();
    release_with_downs(&steps)
}

/// A release with these migrations, each of which knows what it does to the catalog.
pub(super) fn release_with_downs(steps: &[(&str, &str, &str, &str)]) -> Migrations {
    let database = TestDatabase::new([]).unwrap();
    let catalog = || {
        let scope = Scope::everything();
        database.store().read(|uow| Catalog::read(uow, &scope)).unwrap()
    };
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database.name());
    // What belongs to core, first.
    Migrator::new(database.store()).up().unwrap();
    let mut before = catalog();
    for (place, (name, kind, sql, down)) in steps.iter().enumerate() {
        execute(database.url(), sql);
        let after = catalog();
        let delta = serde_json::to_string(&before.delta_to(&after)).unwrap();
        before = after;
        let folder = root.join(format!("2099-01-01-00{place:02}00_modelling_{name}"));
        fs::create_dir_all(&folder).unwrap();
        let metadata = format!("run_in_transaction = true\nkind = \"{kind}\"\n");
        for (file, text) in [
            ("up.sql", *sql),
            ("down.sql", *down),
            ("metadata.toml", &metadata),
            ("catalog.json", &delta),
        ] {
            fs::write(folder.join(file), text).unwrap();
        }
    }
    let set = Migrations::from_folder(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    set
}

fn execute(url: &str, sql: &str) {
    run(&mut PgConnection::establish(url).unwrap(), sql);
}

fn run(connection: &mut PgConnection, sql: &str) {
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A database with the shop, as its history says.
struct Shop {
    connection: RefCell<PgConnection>,
    database: TestDatabase,
}

impl Shop {
    fn new() -> Self {
        let database = TestDatabase::new([]).unwrap();
        let migrator = Migrator::new(database.store()).contexts([Context::Modelling]);
        migrator.migrations(shop()).up().unwrap();
        let connection = RefCell::new(PgConnection::establish(database.url()).unwrap());
        Self { connection, database }
    }

    fn store(&self) -> &Store {
        self.database.store()
    }

    fn execute(&self, sql: &str) {
        run(&mut self.connection.borrow_mut(), sql);
    }

    fn drift(&self) -> Drift<'_> {
        Drift::new(self.store()).contexts([Context::Modelling]).migrations(shop())
    }

    fn report(&self) -> DriftReport {
        self.drift().run().unwrap()
    }

    fn again(&self) {
        self.execute("DROP SCHEMA shop CASCADE");
        self.execute(SHOP);
    }
}

/// What is worse than a note.
fn serious(report: &DriftReport) -> Vec<&Difference> {
    report.differences.iter().filter(|one| one.severity > Severity::Note).collect()
}

/// The line of the checklist, without the remedy.
fn line(difference: &Difference) -> String {
    format!("{}: {} {}", difference.severity, difference.object, difference.finding)
}
