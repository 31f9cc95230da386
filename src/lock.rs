//! Every advisory-lock key.
//!
//! Two releases of this crate may work on one database at the same time, so a key never changes.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Integer;
use sha2::{Digest, Sha256};

use crate::error::Result;

/// Long enough to cost nothing, short enough that nobody notices.
const POLL: Duration = Duration::from_millis(50);

/// A key in the space of two integers: the crate, and what is locked. Positive, as `pg_locks`
/// shows them without a sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) class: i32,
    pub(crate) object: i32,
}

/// `plan` in ASCII.
const CLASS: i32 = 0x706c_616e;

/// Held by the session that changes the schema.
pub(crate) const SCHEMA: Key = Key { class: CLASS, object: 1 };

/// `plaj` in ASCII: the class of the jobs over the data.
pub(crate) const JOB_CLASS: i32 = 0x706c_616a;

/// Held by the session that runs the job of this name.
///
/// The object is the beginning of the name's SHA-256. Two names in 2,147,483,648 share one: such
/// jobs run one after the other, and nothing else happens.
pub(crate) fn job(name: &str) -> Key {
    let hash = Sha256::digest(name.as_bytes());
    let object = i32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    Key { class: JOB_CLASS, object: object & i32::MAX }
}

/// Takes the lock for the session, if it is free.
pub(crate) fn try_session(connection: &mut PgConnection, key: Key) -> Result<bool> {
    let taken = diesel::select(pg_try_advisory_lock(key.class, key.object));
    Ok(taken.get_result(connection)?)
}

/// Takes the lock for the session within `limit`, by asking again: a statement that *waits* for it
/// would hold a snapshot, which a CREATE INDEX CONCURRENTLY of the holder would wait for in turn.
/// `waits` is told once. `false` where it was not to be had, or the waiting `is_over`.
pub(crate) fn wait_session(
    connection: &mut PgConnection,
    key: Key,
    limit: Duration,
    is_over: impl Fn() -> bool,
    waits: impl FnOnce(&mut PgConnection) -> Result<()>,
) -> Result<bool> {
    let begin = Instant::now();
    let mut waits = Some(waits);
    while !try_session(connection, key)? {
        if begin.elapsed() >= limit || is_over() {
            return Ok(false);
        }
        if let Some(waits) = waits.take() {
            waits(connection)?;
        }
        thread::sleep(POLL.min(limit.saturating_sub(begin.elapsed())));
    }
    Ok(true)
}

/// Gives the session's lock back. `false` where the session did not hold it.
pub(crate) fn release_session(connection: &mut PgConnection, key: Key) -> Result<bool> {
    let held = diesel::select(pg_advisory_unlock(key.class, key.object));
    Ok(held.get_result(connection)?)
}

/// The server's words, in whatever language, for a lock that was not to be had in time. `None`
/// where nobody holds `key`: then `connection` holds it now.
pub(crate) fn timeout_words(connection: &mut PgConnection, key: Key) -> Result<Option<String>> {
    connection.batch_execute("SET lock_timeout = 1")?;
    let waited = diesel::select(pg_advisory_lock(key.class, key.object)).execute(connection);
    connection.batch_execute("RESET lock_timeout")?;
    match waited {
        Ok(_) => Ok(None),
        Err(DieselError::DatabaseError(_, info)) => Ok(Some(info.message().to_owned())),
        Err(error) => Err(error.into()),
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_try_advisory_lock(class: Integer, object: Integer) -> Bool;
    fn pg_advisory_lock(class: Integer, object: Integer) -> Bool;
    fn pg_advisory_unlock(class: Integer, object: Integer) -> Bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_job_is_the_same_in_every_release() {
        let key = job("a_job");
        assert_eq!((key.class, key.object), (0x706c_616a, 0x40b9_47e3));
        assert_ne!(job("b_job").object, key.object);
    }
}
