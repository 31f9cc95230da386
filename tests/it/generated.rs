//! Files that are generated and committed: each is what it should be. `./dev schema` writes them.

use std::fmt::Write as _;

use diesel::migration::Migration as _;
use diesel::{Connection, PgConnection};
use planwright::migrate::Migrations;
use planwright::testing::TestDatabase;
use planwright::verify::{Catalog, Delta, Scope};
use planwright::{UnitOfWork, verify};

use crate::conventions::INVARIANTS;
use crate::support::golden;

/// An object on each line, so that a change of one is a change of one line.
fn written(delta: &Delta) -> String {
    fn list(text: &mut String, name: &str, lines: &[String]) {
        let separator = if text.len() > 1 { "," } else { "" };
        write!(text, "{separator}\n  \"{name}\": [\n    {}\n  ]", lines.join(",\n    ")).unwrap();
    }
    let mut text = String::from("{");
    let made: Vec<_> = delta.made.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    let gone: Vec<_> = delta.gone.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    if !made.is_empty() {
        list(&mut text, "made", &made);
    }
    if !gone.is_empty() {
        list(&mut text, "gone", &gone);
    }
    text + "\n}\n"
}

#[test]
fn each_migration_does_to_the_catalog_what_its_folder_says() {
    let database = TestDatabase::new([]).unwrap();
    let mut connection = PgConnection::establish(database.url()).unwrap();
    let catalog = || {
        let read = |uow: &mut UnitOfWork<'_>| Catalog::read(uow, &Scope::everything());
        database.store().read(read).unwrap()
    };
    let mut before = catalog();
    let embedded = Migrations::embedded();
    for migration in embedded.as_slice() {
        migration.run(&mut connection).unwrap();
        let after = catalog();
        let delta = before.delta_to(&after);
        golden(&format!("migrations/{}/catalog.json", migration.name), &written(&delta));
        before = after;
    }
}

#[test]
fn the_script_for_psql_asks_every_invariant() {
    golden("docs/db_sanity.sql", &verify::sanity_script(&INVARIANTS.concat()));
}
