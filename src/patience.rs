//! How a schema change waits: for other runners, and for its locks. Shortly, again and again, and
//! naming who is in the way.

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::catalog;
use crate::catalog::activity::{self, Blocker};
use crate::error::{self, Error, Result};
use crate::ident::{Ident, Literal};
use crate::lock;
use crate::store::{self, Store};

/// The limits of the waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// `lock_timeout` of the first try.
    pub(crate) first: Duration,
    /// The most that it grows to.
    pub(crate) most: Duration,
    /// For how long a migration is tried.
    pub(crate) total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            // Under `deadlock_timeout`: in a circle the migration gives way, and the server ends nobody.
            most: Duration::from_millis(800),
            total: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// The same with no limit above the store's own: what queues behind a migration has that one.
    pub(crate) fn within(self, store: &Store) -> Self {
        let cap = store.options().lock_timeout;
        let cap = if cap.is_zero() { self.most } else { cap.min(self.most) };
        Self { first: self.first.min(cap), most: cap, total: self.total }
    }

    fn after(self, limit: Duration) -> Duration {
        limit.saturating_mul(2).min(self.most)
    }

    /// So that what has queued behind a try is done before the next: others wait a fifth of the
    /// time at the most.
    fn pause(limit: Duration) -> Duration {
        limit.saturating_mul(4)
    }
}

/// The server's answer to a migration that gave up, and who was in the way. The source of an
/// [`Error::Migration`]: `downcast_ref` finds it there.
#[derive(Debug, thiserror::Error)]
#[error("{answer}")]
#[non_exhaustive]
pub struct Blocked {
    answer: DieselError,
    /// The sessions that the last try has waited for; where it was over before they were seen, the
    /// older ones that have locked what it names.
    pub blockers: Vec<Blocker>,
}

fn in_words(blockers: &[Blocker]) -> String {
    if blockers.is_empty() {
        return "who is in the way could not be seen".to_owned();
    }
    let all: Vec<_> = blockers.iter().map(ToString::to_string).collect();
    format!("in the way: {}", all.join("; "))
}

/// A second session, opened where a statement takes long, that sees for whom the first one waits.
#[allow(missing_debug_implementations)]
pub(crate) struct Watch<'m> {
    store: &'m Store,
    pid: i32,
    connection: Option<PgConnection>,
}

impl<'m> Watch<'m> {
    pub(crate) fn new(store: &'m Store, pid: i32) -> Self {
        Self { store, pid, connection: None }
    }

    /// `lock_timeout` of the session, or half a second where it has none.
    pub(crate) fn store_limit(&self) -> Duration {
        let limit = self.store.options().lock_timeout;
        if limit.is_zero() { Duration::from_millis(500) } else { limit }
    }

    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.store.dedicated()?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Looks until it is over. What is done within half of the limit costs nothing.
    fn look(
        &mut self,
        limit: Duration,
        is_over: &Receiver<Infallible>,
        mut saw: impl FnMut(Vec<Blocker>),
    ) {
        let (soonest, latest) = (Duration::from_millis(5), Duration::from_millis(250));
        let (pid, mut pause) = (self.pid, (limit / 2).clamp(soonest, latest));
        while is_over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            match self.connection().and_then(|second| activity::blockers_of(second, pid)) {
                // A statement that works for long is looked at now and then.
                Ok(now) if now.is_empty() => pause = (pause * 2).min(latest),
                Ok(now) => {
                    saw(now);
                    pause = (limit / 4).clamp(soonest, latest);
                }
                // Nothing is decided by what it sees, so the first session goes on without it.
                Err(_) => (self.connection, pause) = (None, latest),
            }
        }
    }
}

/// A try that was rolled back because of what others do, and comes again after a pause.
pub(crate) struct Retry {
    pub(crate) why: String,
    /// The limit of the try that failed.
    pub(crate) lock_timeout: Duration,
    pub(crate) pause: Duration,
    pub(crate) blockers: Vec<Blocker>,
}

/// Why a transaction is rolled back.
pub(crate) enum Stop {
    Failed(Error),
    Refused(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    pub(crate) fn error(self) -> Error {
        let (Self::Failed(error) | Self::Refused(error)) = self;
        error
    }
}

/// Does the work in a transaction that `begin` begins, and rolls it back where that fails.
pub(crate) fn transaction<T>(
    begin: &str,
    connection: &mut PgConnection,
    failed_commit: impl FnOnce(DieselError) -> Error,
    body: impl FnOnce(&mut PgConnection) -> Result<T, Stop>,
) -> Result<T, Stop> {
    type Manager = AnsiTransactionManager;
    Manager::begin_transaction_sql(connection, begin).map_err(Error::from)?;
    match body(connection) {
        Ok(value) => match Manager::commit_transaction(connection) {
            Ok(()) => Ok(value),
            Err(source) => Err(Stop::Failed(failed_commit(source))),
        },
        Err(stop) => {
            let rolled_back = Manager::rollback_transaction(connection);
            match (stop, rolled_back) {
                // The connection is done with; the first error says why.
                (Stop::Failed(error), _) => Err(Stop::Failed(error)),
                (refused, Ok(())) => Err(refused),
                (_, Err(error)) => Err(Stop::Failed(error.into())),
            }
        }
    }
}

/// The BEGIN of a try.
pub(crate) fn begin_limited(limit: Duration) -> Result<String> {
    let limit = store::milliseconds("Migrator", "lock_timeout", limit)?;
    Ok(format!("BEGIN;SET LOCAL lock_timeout = {limit}"))
}

/// Whether a COMMIT that failed may have been done all the same.
pub(crate) fn is_lost(commit: &DieselError) -> bool {
    use DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    matches!(commit, DieselError::DatabaseError(ClosedConnection | UnableToSendCommand, _))
}

/// The host's limits are made for its queries. What a change looks at behind its locks is to be
/// what they keep.
pub(crate) const UNLIMITED: &str = "SET statement_timeout = 0;
    SET idle_session_timeout = 0;
    SELECT set_config('transaction_timeout', '0', false)
     WHERE current_setting('transaction_timeout', true) IS NOT NULL;
    SET default_transaction_isolation = 'read committed'";

/// A connection of its own that changes the schema: one at a time for each database. The lock ends
/// with the connection, however that ends. `waits` is told once, of the session that holds it.
pub(crate) fn schema_session(
    store: &Store,
    settings: &str,
    lock_wait: Duration,
    waits: impl FnOnce(Option<String>),
) -> Result<PgConnection> {
    let mut connection = store.dedicated()?;
    connection.batch_execute(settings)?;
    let holder = |connection: &mut PgConnection| -> Result<Option<String>> {
        let holder = catalog::lock_holder(connection, lock::SCHEMA)?;
        Ok(holder.map(|holder| holder.to_string()))
    };
    let tell = |connection: &mut PgConnection| {
        waits(holder(connection)?);
        Ok(())
    };
    if !lock::wait_session(&mut connection, lock::SCHEMA, lock_wait, || false, tell)? {
        let who = holder(&mut connection)?.unwrap_or_else(|| "another session".to_owned());
        let waited = lock_wait.as_secs_f64();
        let what = format!("{who} is changing the schema; gave up after {waited} s");
        return Err(Error::unavailable(what, None));
    }
    Ok(connection)
}

/// Gives the lock back, so that the next one need not wait until the server sees that this session
/// is gone. Where that fails the session is gone already, and the lock with it.
pub(crate) fn release(connection: &mut PgConnection) {
    let _ = lock::release_session(connection, lock::SCHEMA);
}

/// The session that changes the schema, as it waits for its locks.
pub(crate) struct Waiting<'s, 'm> {
    pub(crate) connection: &'s mut PgConnection,
    pub(crate) watch: &'s mut Watch<'m>,
    pub(crate) patience: Patience,
}

impl Waiting<'_, '_> {
    /// Does work in a transaction that `work` begins with this limit, from its start again where
    /// it was rolled back because of what others do at the same time. `names` are those of
    /// [`activity::users_of`]. A failure that may be transient is an [`Error::Migration`] with the
    /// server's answer as its source.
    pub(crate) fn patiently<T: Send>(
        &mut self,
        names: &[String],
        mut work: impl FnMut(&mut PgConnection, Duration) -> Result<T, Stop> + Send,
        tell: impl Fn(Retry),
    ) -> Result<T, Stop> {
        let begin = Instant::now();
        let (mut limit, mut tries) = (self.patience.first, 1);
        loop {
            let (try_began, mut blockers) = (Instant::now(), Vec::new());
            let done =
                self.watched(limit, |connection| work(connection, limit), |now| blockers = now);
            let Err(Stop::Failed(error)) = done else { return done };
            let took = try_began.elapsed();
            let Some(why) = self.transient(&error, took >= limit) else {
                return Err(Stop::Failed(error));
            };
            if blockers.is_empty() {
                // It was too short to be seen. What began later has waited behind it.
                let age = try_began.elapsed();
                blockers = activity::users_of(self.connection, names, age)?;
            }
            let pause = Patience::pause(limit);
            if begin.elapsed() + pause >= self.patience.total {
                let times =
                    if tries == 1 { "one try".to_owned() } else { format!("{tries} tries") };
                let waited = format!("gave up after {times} in {:.1?}", begin.elapsed());
                return Err(Stop::Failed(give_up(error, &waited, limit, blockers)));
            }
            tell(Retry { why, lock_timeout: limit, pause, blockers });
            let paused = Instant::now();
            let left = self.patience.total.saturating_sub(begin.elapsed());
            self.outwait_vacuum(names, left)?;
            thread::sleep(pause.saturating_sub(paused.elapsed()));
            (limit, tries) = (self.patience.after(limit), tries + 1);
        }
    }

    /// Waits for who maintains one of these tables, in a queue where readers and writers overtake.
    ///
    /// An automatic VACUUM gives way to whoever has waited for `deadlock_timeout`, 1 s by default: a
    /// try that others queue behind is too short for that, and may never get its lock.
    fn outwait_vacuum(&mut self, names: &[String], left: Duration) -> Result<()> {
        const SPARE: Duration = Duration::from_secs(1);
        let (tables, deadlock_ms) = activity::maintained(self.connection, names)?;
        let deadlock = Duration::from_millis(u64::try_from(deadlock_ms).unwrap_or_default());
        let limit = (deadlock + SPARE).min(left).max(Duration::from_millis(1));
        let limit = format!("{}ms", limit.as_millis());
        for table in tables {
            // In one message, which is one transaction. What it ends in is no matter: a VACUUM that
            // somebody has asked for goes on, and the next try says whether that is in the way.
            let _ = self.connection.batch_execute(&format!(
                "SET LOCAL lock_timeout = {}; LOCK TABLE {}.{} IN SHARE UPDATE EXCLUSIVE MODE",
                Literal(&limit),
                Ident(&table.schema),
                Ident(&table.name),
            ));
        }
        Ok(())
    }

    /// Does some work on the session, on another thread, and sees meanwhile whom it waits for.
    pub(crate) fn watched<T: Send>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut PgConnection) -> T + Send,
        saw: impl FnMut(Vec<Blocker>),
    ) -> T {
        let Self { connection, watch, .. } = self;
        let connection: &mut PgConnection = connection;
        let (over, is_over) = mpsc::channel();
        thread::scope(|scope| {
            let worker = scope.spawn(move || {
                // Dropped at the end, however that comes.
                let _over = over;
                work(connection)
            });
            watch.look(limit, &is_over, saw);
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The server's answer, where it rolled back only because of what others do at the same time.
    fn transient(&mut self, error: &Error, limit_elapsed: bool) -> Option<String> {
        let Error::Migration { source: Some(cause), .. } = error else { return None };
        let source = cause.downcast_ref::<DieselError>()?;
        let transient = error::is_retryable(source)
            || error::is_lock_timeout(source)
            || limit_elapsed && self.is_foreign_lock_timeout(source);
        transient.then(|| source.to_string())
    }

    /// A role that may not ask for English gets the words of a language that nobody knows here, so
    /// the second session runs into the schema lock, and the words are compared.
    pub(crate) fn is_foreign_lock_timeout(&mut self, source: &DieselError) -> bool {
        let DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) = source else {
            return false;
        };
        let asked =
            self.watch.connection().and_then(|second| lock::timeout_words(second, lock::SCHEMA));
        if let Ok(Some(words)) = asked {
            return words == info.message();
        }
        // The first session is gone, and the second holds its lock. Or that one is gone.
        self.watch.connection = None;
        false
    }
}

fn give_up(error: Error, waited: &str, limit: Duration, blockers: Vec<Blocker>) -> Error {
    let Error::Migration { version, what, source: Some(source) } = error else { return error };
    match source.downcast::<DieselError>() {
        Ok(source) => {
            let words = in_words(&blockers);
            let what = format!("{what}; {waited}, with lock_timeout {limit:?} at last; {words}");
            let blocked = Blocked { answer: *source, blockers };
            Error::Migration { version, what, source: Some(Box::new(blocked)) }
        }
        Err(source) => Error::Migration { version, what, source: Some(source) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_to_its_most_and_pauses_grow_with_it() {
        let patience = Patience::default();
        let mut limits = vec![patience.first];
        for _ in 0..6 {
            limits.push(patience.after(*limits.last().unwrap()));
        }
        let milliseconds: Vec<_> = limits.iter().map(Duration::as_millis).collect();
        assert_eq!(milliseconds, [50, 100, 200, 400, 800, 800, 800]);
        assert_eq!(Patience::pause(limits[0]), Duration::from_millis(200));
    }
}
