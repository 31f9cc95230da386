//! Drift: each kind of it is found, named and mended.

mod kinds;
mod live;
mod roles;

use std::cell::RefCell;
use std::sync::OnceLock;

use diesel::{Connection, PgConnection};
use planwright::migrate::{Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::verify::{Difference, Drift, DriftReport, Severity};
use planwright::{Context, Store};

use super::{execute, run};

/// A schema of every kind of object, with rows.
const SHOP: &str = include_str!("shop.sql");

/// A migration of a made-up release: the end of its name, its kind, and what it does.
type Step<'s> = (&'s str, &'s str, &'s str);

/// The shop as the one migration of a context.
fn shop() -> Migrations {
    static SET: OnceLock<Migrations> = OnceLock::new();
    SET.get_or_init(|| release(&[("shop", "baseline", SHOP)])).clone()
}

/// A release with these migrations.
fn release(steps: &[Step<'_>]) -> Migrations {
    let down = "SELECT 'nothing of this is taken back';";
    let steps: Vec<_> = steps.iter().map(|(name, kind, up)| (*name, *kind, *up, down)).collect();
    super::release(&steps)
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
