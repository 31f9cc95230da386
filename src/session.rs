//! One connection of a pool: how it is opened, and what it remembers of failed statements.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Instrumentation, InstrumentationEvent, SimpleConnection,
    TransactionManager, get_default_instrumentation,
};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Bool, Integer};

use crate::catalog::names::{self, Names};
use crate::conninfo::ConnInfo;
use crate::error::{self, Error, Result};

const OLDEST_SERVER: i32 = 150_000;

/// Opens connections for the pool.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    pub(crate) conninfo: ConnInfo,
    pub(crate) transaction_pooler: bool,
    /// What every session of the pool knows of an adopted database.
    pub(crate) names: Names,
}

/// What one connection has told of the database.
pub(crate) struct Probed {
    /// Whether the role may ask for English messages.
    pub(crate) sets_messages: bool,
    pub(crate) names: Names,
}

#[derive(QueryableByName)]
struct Probe {
    #[diesel(sql_type = Integer)]
    server_version: i32,
    #[diesel(sql_type = Bool)]
    is_direct: bool,
}

#[derive(QueryableByName)]
struct More {
    #[diesel(sql_type = Bool)]
    may_set: bool,
    #[diesel(sql_type = Bool)]
    has_names: bool,
}

impl Manager {
    /// Opens one connection and looks at what answers.
    pub(crate) fn probe(&self) -> Result<Probed> {
        let mut conn = self.establish()?;
        // In one transaction, so that a pooler answers from one server.
        conn.transaction(|conn| {
            let probe: Probe = diesel::sql_query(
                "SELECT current_setting('server_version_num')::int AS server_version, \
                        coalesce(current_setting('planwright.direct', true), '') = '1' AS is_direct",
            )
            .get_result(conn)?;
            if probe.server_version < OLDEST_SERVER {
                let version = probe.server_version;
                return Err(Error::unavailable(
                    format!("PostgreSQL 15 or later is needed, this server is {version}"),
                    None,
                ));
            }
            if !probe.is_direct && !self.transaction_pooler {
                return Err(pooler_answers(None));
            }
            let more: More = diesel::sql_query(
                "SELECT has_parameter_privilege('lc_messages', 'SET') AS may_set, ",
            )
            .sql(names::ARE_READABLE)
            .sql(" AS has_names")
            .get_result(conn)?;
            let names = if more.has_names { Names::read(conn)? } else { Names::default() };
            Ok(Probed { sets_messages: more.may_set, names })
        })
    }

    /// A connection outside any pool.
    pub(crate) fn establish(&self) -> Result<PgConnection> {
        let mut conn = PgConnection::establish(self.conninfo.as_str()).map_err(|error| {
            let why = self.conninfo.scrub(&error.to_string());
            if !self.transaction_pooler && why.contains("unsupported startup parameter") {
                return pooler_answers(Some(why.into()));
            }
            Error::unavailable("the database cannot be connected to", Some(why.into()))
        })?;
        if self.transaction_pooler {
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        } else {
            // Timeouts are told apart by their text; see `error`.
            diesel::sql_query(
                "SELECT set_config('lc_messages', 'C', false) \
                 WHERE has_parameter_privilege('lc_messages', 'SET')",
            )
            .execute(&mut conn)?;
        }
        Ok(conn)
    }
}

fn pooler_answers(source: Option<error::Cause>) -> Error {
    Error::unavailable(
        "a connection pooler answers at this address: set StoreOptions::transaction_pooler(true) \
         if it pools by transaction, or connect directly",
        source,
    )
}

/// An error that tells its reasons itself: a pool keeps the text of what it meets, and no source.
#[derive(Debug)]
pub(crate) struct InFull(Error);

impl From<Error> for InFull {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for InFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.in_full())
    }
}

impl std::error::Error for InFull {}

impl r2d2::ManageConnection for Manager {
    type Connection = Session;
    type Error = InFull;

    fn connect(&self) -> Result<Session, InFull> {
        let mut pg = self.establish()?;
        let failures = FailureLog::default();
        let host = get_default_instrumentation();
        pg.set_instrumentation(Recorder { host, failures: failures.clone() });
        Ok(Session { pg, failures, names: self.names.clone() })
    }

    fn is_valid(&self, conn: &mut Session) -> Result<(), InFull> {
        Ok(conn.pg.ping().map_err(Error::from)?)
    }

    fn has_broken(&self, conn: &mut Session) -> bool {
        std::thread::panicking() || conn.pg.is_broken()
    }
}

/// A session that goes back to its pool.
pub(crate) type PooledSession = r2d2::PooledConnection<Manager>;

/// A pooled connection with its record of failed statements.
#[allow(missing_debug_implementations)]
pub(crate) struct Session {
    pub(crate) pg: PgConnection,
    pub(crate) failures: FailureLog,
    pub(crate) names: Names,
}

impl Session {
    pub(crate) fn begin(&mut self, begin: &str) -> QueryResult<()> {
        self.failures.reset(None);
        AnsiTransactionManager::begin_transaction_sql(&mut self.pg, begin)
    }

    /// Has the pool close this connection when it comes back.
    pub(crate) fn discard(&mut self) {
        AnsiTransactionManager::transaction_manager_status_mut(&mut self.pg).set_in_error();
    }

    /// Whether a statement has found the connection closed.
    pub(crate) fn is_lost(&mut self) -> bool {
        AnsiTransactionManager::transaction_manager_status_mut(&mut self.pg)
            .transaction_depth()
            .is_err()
    }

    /// Whether libpq has seen the transaction end.
    pub(crate) fn is_idle(&mut self) -> bool {
        matches!(
            AnsiTransactionManager::transaction_manager_status_mut(&mut self.pg)
                .transaction_depth(),
            Ok(None)
        )
    }

    pub(crate) fn execute(&mut self, sql: &str) -> QueryResult<()> {
        self.pg.batch_execute(sql)
    }
}

/// What a failed statement leaves behind: enough to decide on a retry, and to name it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The server rolled the transaction back because of concurrent work.
    pub(crate) retryable: bool,
    message: String,
}

impl Failure {
    pub(crate) fn of(error: &DieselError) -> Self {
        Self { retryable: error::is_retryable(error), message: error.to_string() }
    }

    pub(crate) fn into_error(self) -> DieselError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(self.message))
    }
}

/// The first failure of a statement in the open transaction: the one that aborted it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FailureLog(Arc<Mutex<Option<Failure>>>);

impl FailureLog {
    fn slot(&self) -> MutexGuard<'_, Option<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self) -> Option<Failure> {
        self.slot().clone()
    }

    pub(crate) fn reset(&self, to: Option<Failure>) {
        *self.slot() = to;
    }

    fn note(&self, error: &DieselError) {
        if matches!(error, DieselError::DatabaseError(..)) {
            self.slot().get_or_insert_with(|| Failure::of(error));
        }
    }
}

/// Notes failures, and hands every event on to the instrumentation that the host has set.
struct Recorder {
    host: Option<Box<dyn Instrumentation>>,
    failures: FailureLog,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = &event {
            self.failures.note(error);
        }
        if let Some(host) = &mut self.host {
            host.on_connection_event(event);
        }
    }
}
