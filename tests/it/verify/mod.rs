//! What a database holds against what it should hold.

mod drift;
mod fingerprint;
mod inventory;
mod rollout;
mod sanity;

use std::fs;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::migrate::{Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::verify::{Catalog, Scope};

/// A release with these migrations, each of which knows what it does to the catalog: the end of its
/// name, its kind, what it does, and what takes that back.
fn release(steps: &[(&str, &str, &str, &str)]) -> Migrations {
    let database = TestDatabase::new([]).unwrap();
    let catalog = || {
        let scope = Scope::everything();
        database.store().read(|uow| Catalog::read(uow, &scope)).unwrap()
    };
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database.name());
    // What belongs to core, first.
    Migrator::new(database.store()).up().unwrap();
    let mut before = catalog();
    for (place, (name, kind, up, down)) in steps.iter().enumerate() {
        execute(database.url(), up);
        let after = catalog();
        let delta = serde_json::to_string(&before.delta_to(&after)).unwrap();
        before = after;
        let folder = root.join(format!("2099-01-01-00{place:02}00_modelling_{name}"));
        fs::create_dir_all(&folder).unwrap();
        let metadata = format!("run_in_transaction = true\nkind = \"{kind}\"\n");
        for (file, text) in [
            ("up.sql", *up),
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
