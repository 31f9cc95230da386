//! How a migration waits for its locks: shortly, again and again, and naming who is in the way.

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::locked::{Locked, Stop, transaction_limited};
use super::migration::{Migration, known_statements};
use super::report::Progress;
use super::tokens::Kind;
use crate::catalog::activity::{self, Blocker};
use crate::error::{self, Error, Result};
use crate::ident::{Ident, Literal};
use crate::lock;
use crate::store::Store;

/// The limits of the waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// `lock_timeout` of the first try.
    pub(super) first: Duration,
    /// The most that it grows to.
    pub(super) most: Duration,
    /// For how long a migration is tried.
    pub(super) total: Duration,
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
    pub(super) fn within(self, store: &Store) -> Self {
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
pub(super) struct Watch<'m> {
    store: &'m Store,
    pid: i32,
    connection: Option<PgConnection>,
}

impl<'m> Watch<'m> {
    pub(super) fn new(store: &'m Store, pid: i32) -> Self {
        Self { store, pid, connection: None }
    }

    /// `lock_timeout` of the session, or half a second where it has none.
    pub(super) fn store_limit(&self) -> Duration {
        let limit = self.store.options().lock_timeout;
        if limit.is_zero() { Duration::from_millis(500) } else { limit }
    }

    fn connection(&mut self) -> Result<&mut PgConnection> {
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

impl Locked<'_> {
    /// Does the work of a migration in a transaction, from its start again where it was rolled
    /// back because of what others do at the same time.
    pub(super) fn patiently<T>(
        &mut self,
        migration: &Migration,
        sql: &str,
        mut work: impl FnMut(&mut PgConnection) -> Result<T, Stop> + Send,
    ) -> Result<T, Stop>
    where
        T: Send,
    {
        let begin = Instant::now();
        let (mut limit, mut tries) = (self.patience.first, 1);
        loop {
            let (try_began, mut blockers) = (Instant::now(), Vec::new());
            let done = self.watched(
                limit,
                |connection| transaction_limited(connection, migration, limit, &mut work),
                |now| blockers = now,
            );
            let Err(Stop::Failed(error)) = done else { return done };
            let took = try_began.elapsed();
            let Some(why) = self.transient(&error, took >= limit) else {
                return Err(Stop::Failed(error));
            };
            if blockers.is_empty() {
                // It was too short to be seen. What began later has waited behind it.
                let age = try_began.elapsed();
                blockers = activity::users_of(&mut self.connection, &names(sql), age)?;
            }
            let pause = Patience::pause(limit);
            if begin.elapsed() + pause >= self.patience.total {
                let times =
                    if tries == 1 { "one try".to_owned() } else { format!("{tries} tries") };
                let waited = format!("gave up after {times} in {:.1?}", begin.elapsed());
                return Err(Stop::Failed(give_up(error, &waited, limit, blockers)));
            }
            (self.progress)(Progress::Retrying {
                name: migration.to_string(),
                why,
                lock_timeout: limit,
                pause,
                blockers,
            });
            let paused = Instant::now();
            let left = self.patience.total.saturating_sub(begin.elapsed());
            self.outwait_vacuum(&names(sql), left)?;
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
        let (tables, deadlock_ms) = activity::maintained(&mut self.connection, names)?;
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
    pub(super) fn watched<T: Send>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut PgConnection) -> T + Send,
        saw: impl FnMut(Vec<Blocker>),
    ) -> T {
        let Self { connection, watch, .. } = self;
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

    /// Tells of the transactions that a migration may have to queue behind, and others behind it.
    pub(super) fn tell_in_the_way(&mut self, migration: &Migration, sql: &str) -> Result<()> {
        let names = names(sql);
        let sessions = activity::users_of(&mut self.connection, &names, self.patience.first)?;
        if !sessions.is_empty() {
            (self.progress)(Progress::InTheWay { name: migration.to_string(), sessions });
            // It will be wanted, and a short try may be over before it is there.
            drop(self.watch.connection());
        }
        Ok(())
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
    pub(super) fn is_foreign_lock_timeout(&mut self, source: &DieselError) -> bool {
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

/// The names in the SQL, and every word of its strings, where a block of code names what it
/// changes.
fn names(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    for statement in known_statements(sql) {
        for token in &statement.tokens {
            match token.kind {
                Kind::Word => names.push(token.text.to_lowercase()),
                Kind::Quoted => names.push(token.text.trim_matches('"').replace("\"\"", "\"")),
                Kind::Text => {
                    let words = token.text.split(|c: char| !c.is_alphanumeric() && c != '_');
                    names.extend(words.filter(|word| !word.is_empty()).map(str::to_lowercase));
                }
                Kind::Number | Kind::Operator | Kind::Mark => {}
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
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

    #[test]
    fn names_are_those_of_the_statements_and_of_what_stands_in_strings() {
        let sql = "ALTER TABLE Live.\"Odd \"\"name\" ADD x int DEFAULT 7;
                   DO $$ BEGIN UPDATE t SET a = 1; END $$;";
        let names = names(sql);
        for name in ["live", "Odd \"name", "x", "t", "a"] {
            assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
        }
        assert!(!names.contains(&"Live".to_owned()) && !names.contains(&"7".to_owned()));
    }
}
