//! What each migration does to the catalog, and that its down takes that back.

use diesel::migration::Migration as _;
use planwright::migrate::{Kind, Migration};
use planwright::verify::{Catalog, Scope};

use super::*;
use crate::support::is_of_host;

impl Database {
    pub(super) fn catalog(&self) -> Catalog {
        self.store.read(|uow| Catalog::read(uow, &Scope::everything())).unwrap()
    }
}

/// In the order of versions, held ones as far as `held` says.
fn bring_to(database: &Database, held: usize) -> usize {
    let mut left = held;
    for migration in Migrations::embedded().as_slice() {
        if migration.kind != Kind::Held || left > 0 {
            left -= usize::from(migration.kind == Kind::Held);
            migration.run(&mut database.connection()).unwrap();
        }
    }
    held - left
}

#[test]
fn what_the_folders_say_adds_up_to_the_catalog_whichever_held_steps_were_taken() {
    let embedded = Migrations::embedded();
    let all = embedded.as_slice();
    let held: Vec<_> = all.iter().filter(|one| one.kind == Kind::Held).collect();
    assert!(!held.is_empty());
    for taken in 0..=held.len() {
        let database = Database::new();
        let empty = database.catalog();
        assert_eq!(bring_to(&database, taken), taken);
        let mut found = empty.delta_to(&database.catalog());
        // All of it is made here, and of it the id alone is expected.
        let objects = found.made.len();
        found.made.retain(|object| !is_of_host(&object.name));
        assert_eq!(objects - found.made.len(), 3);
        let applied = |one: &Migration| {
            one.kind != Kind::Held || held[..taken].iter().any(|held| held.version == one.version)
        };
        let expected = embedded.catalog(Context::ALL, applied).unwrap();
        let mut expected = Catalog::default().delta_to(&expected);
        expected.made.retain(|object| !is_of_host(&object.name));
        assert_eq!(found.made.len(), expected.made.len(), "after {taken} held steps");
        assert_eq!(found, expected, "after {taken} held steps");
    }
}

#[test]
fn each_down_brings_back_what_was_there() {
    let database = Database::new();
    let embedded = Migrations::embedded();
    for migration in embedded.as_slice() {
        let mut connection = database.connection();
        let before = database.catalog();
        migration.run(&mut connection).unwrap();
        let after = database.catalog();
        assert_ne!(after, before, "{migration} does nothing");
        migration.revert(&mut connection).unwrap();
        assert_eq!(database.catalog(), before, "{migration} comes down to something else");
        migration.run(&mut connection).unwrap();
        assert_eq!(database.catalog(), after, "{migration} comes up to something else");
    }
}
