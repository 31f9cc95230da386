//! Every advisory-lock key.
//!
//! Two releases of this crate may work on one database at the same time, so a key never changes.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Integer;

use crate::error::Result;

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

/// Takes the lock for the session, if it is free.
pub(crate) fn try_session(connection: &mut PgConnection, key: Key) -> Result<bool> {
    let taken = diesel::select(pg_try_advisory_lock(key.class, key.object));
    Ok(taken.get_result(connection)?)
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
