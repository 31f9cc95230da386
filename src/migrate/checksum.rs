//! What is remembered of an applied migration, to know it again.

use sha2::{Digest, Sha256};

use super::migration::Migration;
use super::tokens::tokens;

/// The rule that new rows are written with, and the first byte of each.
const RULE: u8 = 1;

/// The checksum of a migration: the rule, then 32 bytes.
///
/// It covers the tokens of `up.sql`, the kind, and whether there is a transaction. Comments, white
/// space and the case of words without quotes may change; so may the down, the guard and the
/// needs, which leave no trace in the database. All of a string counts, and so all of a function's
/// body between dollar quotes.
pub(super) fn checksum(migration: &Migration) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |code: u8, text: &str| {
        hash.update([code]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(0, migration.kind.name());
    add(0, if migration.transactional { "transaction" } else { "none" });
    let tokens = tokens(&migration.up).expect("a migration was lexed when it was read");
    for token in tokens {
        add(token.kind.code(), &token.canonical());
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
