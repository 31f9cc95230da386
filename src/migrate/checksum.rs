//! What is remembered of an applied migration, to know it again.

use sha2::{Digest, Sha256};

use super::migration::{Migration, known_statements};

/// The rule that new rows are written with, and the first byte of each.
const RULE: u8 = 1;

/// The checksum of a migration: the rule, then 32 bytes.
///
/// It covers the tokens of the statements of `up.sql`, the kind, and whether there is a
/// transaction. Comments, white space and the case of words without quotes may change; so may the
/// down, the guard and the needs, which leave no trace in the database. All of a string counts,
/// and so all of a function's body between dollar quotes.
pub(super) fn checksum(migration: &Migration) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |code: u8, text: &str| {
        hash.update([code]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(0, migration.kind.name());
    add(0, if migration.transactional { "transaction" } else { "none" });
    for statement in known_statements(&migration.up) {
        add(0, ";");
        for token in statement.tokens {
            add(token.kind.code(), &token.canonical());
        }
    }
    let mut sum = vec![RULE];
    sum.extend_from_slice(&hash.finalize());
    sum
}

/// Whether `stored` is of this migration. A rule of a later release is not judged.
pub(super) fn is_of(stored: &[u8], migration: &Migration) -> bool {
    match stored.first() {
        Some(&RULE) => stored == checksum(migration),
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::migrate::migration::{Files, Kind};

    fn migration(up: &'static str) -> Migration {
        let text = |text: &'static str| Cow::Borrowed(text);
        Migration::parse(Files {
            folder: text("2026-11-20-000100_modelling_baseline"),
            metadata: text("run_in_transaction = true\nkind = \"baseline\""),
            up: text(up),
            down: text("SELECT 1"),
            guard: None,
            evidence: None,
            catalog: None,
        })
        .unwrap()
    }

    /// Databases hold this sum. If this test fails, the rule needs a new number, and the old one
    /// must still be computed for the rows that have it.
    #[test]
    fn the_rule_never_changes() {
        let sum = checksum(&migration("CREATE TABLE \"T\" (a int DEFAULT -1.5); SELECT $$;$$;"));
        let hex: String = sum.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hex, "0126c3c029c38e98591df3b4b2ab11fe655a730b85d3456f7350f9b6307cfb6227");
    }

    #[test]
    fn what_leaves_no_trace_in_the_database_may_change() {
        let one = migration("CREATE TABLE t (a int, b text DEFAULT 'x'); SELECT 1;");
        let sum = checksum(&one);
        for same in [
            "create table T(a INT,b text default 'x');select 1",
            "-- Why.\nCREATE TABLE t /* a /* b */ */ (a int, b text DEFAULT 'x');;\n\nSELECT 1;\n",
        ] {
            assert!(is_of(&sum, &migration(same)), "{same}");
        }
        let mut down = one.clone();
        down.down = Cow::Borrowed("SELECT 2");
        down.needs.push("20261120000000".to_owned());
        assert!(is_of(&sum, &down));

        for other in [
            "CREATE TABLE t (a int, b text DEFAULT 'X'); SELECT 1;",
            "CREATE TABLE t (a int, b text DEFAULT E'x'); SELECT 1;",
            "CREATE TABLE \"t\" (a int, b text DEFAULT 'x'); SELECT 1;",
            "CREATE TABLE t (a int, b text DEFAULT 'x') SELECT 1;",
            "CREATE TABLE t (a int, b text DEFAULT 'x'); SELECT 1; SELECT 1;",
        ] {
            assert!(!is_of(&sum, &migration(other)), "{other}");
        }
        let mut held = one.clone();
        held.kind = Kind::Held;
        assert!(!is_of(&sum, &held));
        let mut alone = one;
        alone.transactional = false;
        assert!(!is_of(&sum, &alone));
    }
}
