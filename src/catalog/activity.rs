//! Who else is at work on the database.

use std::fmt;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use serde::Serialize;

use crate::error::Result;

/// A session in the way of a migration, as `pg_stat_activity` shows it.
///
/// Of another role's session it shows process and application only, unless the runner's role has
/// `pg_read_all_stats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName)]
#[non_exhaustive]
pub struct Blocker {
    /// Its process. 0 for a prepared transaction, which has none.
    #[diesel(sql_type = Integer)]
    pub pid: i32,
    /// Its `application_name`, or else what kind of process it is.
    #[diesel(sql_type = Text)]
    pub application: String,
    /// Such as `idle in transaction`. Empty where it may not be seen.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// For how long its transaction is open, in milliseconds, where that may be seen.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub transaction_ms: Option<i64>,
    /// The beginning of its current statement, or of the last one, on one line.
    #[diesel(sql_type = Text)]
    pub statement: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            0 => write!(f, "a prepared transaction")?,
            pid => write!(f, "process {pid} ({})", self.application)?,
        }
        if !self.state.is_empty() {
            write!(f, ", {}", self.state)?;
        }
        if let Some(ms) = self.transaction_ms {
            write!(f, ", in its transaction for {ms} ms")?;
        }
        if self.statement.is_empty() { Ok(()) } else { write!(f, ": {}", self.statement) }
    }
}

/// The sessions of these processes that satisfy a condition.
macro_rules! sessions {
    ($pids:literal, $condition:literal) => {
        concat!(
            "SELECT w.pid, coalesce(nullif(a.application_name, ''), a.backend_type, '') AS application,
                    coalesce(a.state, '') AS state,
                    (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint
                        AS transaction_ms,
                    left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 80) AS statement
             FROM (",
            $pids,
            ") AS w (pid) LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid WHERE ",
            $condition,
            " ORDER BY a.xact_start, w.pid LIMIT 20"
        )
    };
}

/// The process of this session.
pub(crate) fn own_pid(connection: &mut PgConnection) -> Result<i32> {
    Ok(diesel::select(pg_backend_pid()).get_result(connection)?)
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_backend_pid() -> Integer;
}

/// Whom the process waits for. Nobody, where it does not wait for a lock.
pub(crate) fn blockers_of(connection: &mut PgConnection, pid: i32) -> Result<Vec<Blocker>> {
    // `pg_blocking_pids` stops the lock manager for a moment, so it is asked only where need be.
    let blockers = diesel::sql_query(sessions!(
        "SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids($1))
         WHERE EXISTS (SELECT FROM pg_catalog.pg_stat_activity
                       WHERE pid = $1 AND wait_event_type = 'Lock')",
        "true"
    ));
    Ok(blockers.bind::<Integer, _>(pid).load(connection)?)
}

/// Other sessions whose transaction is older than `age`, and holds a lock on a relation with one
/// of these names: in a schema of the search path, or in one that is named too. And those whose
/// age may not be seen.
pub(crate) fn users_of(
    connection: &mut PgConnection,
    names: &[String],
    age: Duration,
) -> Result<Vec<Blocker>> {
    // The locks are read first: whose state can be seen, and has no transaction, is through with it.
    let users = diesel::sql_query(sessions!(
        "SELECT DISTINCT coalesce(l.pid, 0)
         FROM pg_catalog.pg_locks l
         JOIN pg_catalog.pg_class c ON c.oid = l.relation
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE l.locktype = 'relation' AND l.granted
           AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
           AND l.database = (SELECT oid FROM pg_catalog.pg_database
                             WHERE datname = current_database())
           AND c.relname = ANY ($1)
           AND (n.nspname = ANY (current_schemas(false)) OR n.nspname = ANY ($1))",
        "a.leader_pid IS NULL
         AND coalesce(clock_timestamp() - a.xact_start > $2 * interval '1 millisecond',
                      a.state IS NULL OR a.state = 'disabled')"
    ));
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Ok(users.bind::<Array<Text>, _>(names).bind::<BigInt, _>(age).load(connection)?)
}

/// A table, by the names of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Maintained {
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
}

/// Tables with one of these names, as for [`users_of`], that a VACUUM, an ANALYZE or the like is at
/// work on; and for how many milliseconds the server lets others wait for an automatic one.
pub(crate) fn maintained(
    connection: &mut PgConnection,
    names: &[String],
) -> Result<(Vec<Maintained>, i64)> {
    #[derive(QueryableByName)]
    struct Limit {
        #[diesel(sql_type = BigInt)]
        ms: i64,
    }

    let tables = diesel::sql_query(
        "SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS name
         FROM pg_catalog.pg_locks l
         JOIN pg_catalog.pg_class c ON c.oid = l.relation
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'
           AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
           AND l.database = (SELECT oid FROM pg_catalog.pg_database
                             WHERE datname = current_database())
           AND c.relkind IN ('r', 'p')
           AND c.relname = ANY ($1)
           AND (n.nspname = ANY (current_schemas(false)) OR n.nspname = ANY ($1))
         ORDER BY 1, 2",
    );
    let tables: Vec<Maintained> = tables.bind::<Array<Text>, _>(names).load(connection)?;
    if tables.is_empty() {
        return Ok((tables, 0));
    }
    let limit = "SELECT setting::bigint AS ms FROM pg_catalog.pg_settings
                  WHERE name = 'deadlock_timeout'";
    let Limit { ms } = diesel::sql_query(limit).get_result(connection)?;
    Ok((tables, ms))
}
