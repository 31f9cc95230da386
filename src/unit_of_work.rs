//! The unit of work: one transaction whose `Ok` means committed.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Nullable, Text};

use crate::error::{Error, Result};
use crate::ident::Literal;
use crate::session::{Failure, Manager, Session};
use crate::store::{Store, milliseconds};

type PooledConnection = r2d2::PooledConnection<Manager>;

/// What the check before COMMIT cannot cast to a number where the transaction is not ours.
const FOREIGN: &str = "planwright.unit differs";

/// An open transaction, lent to a closure by [`Store::write`], [`Store::read`] or a
/// [`Transaction`]. Repositories borrow it.
///
/// # It cannot be left behind
///
/// A repository outside its unit of work does not compile:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let mut kept = None;
/// store.write(|uow| { kept = Some(uow.plans()); Ok(()) })?;
/// # Ok(()) }
/// ```
///
/// nor does one that is returned from it:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let plans = store.write(|uow| Ok(uow.plans()))?;
/// # Ok(()) }
/// ```
///
/// nor two of them at once, for they share one connection:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store.write(|uow| { let a = uow.plans(); let b = uow.scenarios(); drop(a); drop(b); Ok(()) })?;
/// # Ok(()) }
/// ```
///
/// while what a repository gives out can be kept, and repositories can follow each other:
///
/// ```no_run
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let mut kept = None;
/// store.write(|uow| { kept = Some(uow.plans().find(1.into())?); Ok(()) })?;
/// let plan = store.write(|uow| Ok(uow.plans().find(1.into())?))?;
/// store.write(|uow| { let a = uow.plans(); drop(a); let b = uow.scenarios(); drop(b); Ok(()) })?;
/// # Ok(()) }
/// ```
pub struct UnitOfWork<'conn> {
    conn: &'conn mut Session,
}

impl UnitOfWork<'_> {
    /// The connection, for a query that no repository has.
    ///
    /// Do not begin or end transactions on it by statements; use [`savepoint`](Self::savepoint).
    /// Where one was ended, the unit ends with [`Error::ForeignTransaction`]. Do not replace its
    /// instrumentation either: retries are decided by what it notes.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.conn.pg
    }

    /// The same unit, lent on to a repository.
    pub(crate) fn reborrow(&mut self) -> UnitOfWork<'_> {
        UnitOfWork { conn: self.conn }
    }

    /// Runs a part of the unit that may fail without losing what came before it.
    ///
    /// # Errors
    ///
    /// The closure's, after its part was rolled back; [`Error::Aborted`] where it returned `Ok`
    /// although a statement of it had failed.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn f(store: &planwright::Store, risky: &dyn Fn(&mut planwright::UnitOfWork<'_>) -> planwright::Result<()>) -> planwright::Result<()> {
    /// store.write(|uow| {
    ///     if let Err(error) = uow.savepoint(|uow| risky(uow)) {
    ///         eprintln!("left out: {error}");
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn savepoint<T, E: From<Error>>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.conn.failures.get();
        AnsiTransactionManager::begin_transaction(&mut self.conn.pg).map_err(Error::from)?;
        let (error, left) = match f(self) {
            Ok(value) => {
                let seen = self.conn.failures.get();
                match AnsiTransactionManager::commit_transaction(&mut self.conn.pg) {
                    Ok(()) => return Ok(value),
                    // Diesel has rolled back to the savepoint where the server still listens.
                    Err(error) => (E::from(refusal(error, seen)), !self.conn.is_lost()),
                }
            }
            Err(error) => {
                let back = AnsiTransactionManager::rollback_transaction(&mut self.conn.pg);
                (error, back.is_ok())
            }
        };
        if left {
            self.conn.failures.reset(before);
        }
        Err(error)
    }
}

impl std::fmt::Debug for UnitOfWork<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").finish_non_exhaustive()
    }
}

/// A unit of work with options of its own, from [`Store::transaction`].
///
/// Starts as READ COMMITTED, with the store's limits and three attempts.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store
///     .transaction()
///     .serializable()
///     .attempts(5)
///     .lock_timeout(Duration::from_secs(2))
///     .actor("alice")
///     .run(|uow| Ok(()))
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a transaction does nothing until it is run"]
pub struct Transaction<'store> {
    store: &'store Store,
    isolation: &'static str,
    read_only: bool,
    deferrable: bool,
    attempts: usize,
    limits: Vec<(&'static str, Duration)>,
    actor: Option<&'store str>,
    reason: Option<&'store str>,
    resolve_within: Option<Duration>,
}

impl<'store> Transaction<'store> {
    pub(crate) fn new(store: &'store Store) -> Self {
        Self {
            store,
            isolation: "READ COMMITTED",
            read_only: false,
            deferrable: false,
            attempts: 3,
            limits: Vec::new(),
            actor: None,
            reason: None,
            resolve_within: None,
        }
    }

    /// Each statement sees what is committed when it starts.
    pub fn read_committed(mut self) -> Self {
        self.isolation = "READ COMMITTED";
        self
    }

    /// The whole unit sees one snapshot.
    pub fn repeatable_read(mut self) -> Self {
        self.isolation = "REPEATABLE READ";
        self
    }

    /// As if units ran one after the other.
    pub fn serializable(mut self) -> Self {
        self.isolation = "SERIALIZABLE";
        self
    }

    /// The server refuses writes.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// A serializable, read-only unit waits for a snapshot on which it cannot fail.
    pub fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    /// How often the closure is run at most, where the server rolls it back because of concurrent
    /// work (SQLSTATE 40001, 40P01). At least 1.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts;
        self
    }

    /// `statement_timeout` in this unit. Zero: none.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.limits.push(("statement_timeout", limit));
        self
    }

    /// `lock_timeout` in this unit. Zero: none.
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.limits.push(("lock_timeout", limit));
        self
    }

    /// `idle_in_transaction_session_timeout` in this unit. Zero: none.
    pub fn idle_in_transaction_timeout(mut self, limit: Duration) -> Self {
        self.limits.push(("idle_in_transaction_session_timeout", limit));
        self
    }

    /// Who does this. Triggers read it as
    /// `nullif(current_setting('planwright.actor', true), '')`; it ends with the unit.
    pub fn actor(mut self, actor: &'store str) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Why it is done, as `planwright.reason`.
    pub fn reason(mut self, reason: &'store str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Whether to find out what became of a COMMIT whose reply was lost: for 30 s, see
    /// [`resolve_commit_within`](Self::resolve_commit_within).
    pub fn resolve_commit(mut self, resolve: bool) -> Self {
        self.resolve_within = resolve.then_some(Duration::from_secs(30));
        self
    }

    /// Notes the transaction's id before COMMIT (one round trip more) and, where the reply is
    /// lost, asks for its state on new connections until the server has decided, so that the
    /// answer is what really happened. After `limit` it is [`Error::CommitUnknown`].
    pub fn resolve_commit_within(mut self, limit: Duration) -> Self {
        self.resolve_within = Some(limit);
        self
    }

    /// Runs the closure and commits.
    ///
    /// # Errors
    ///
    /// * the closure's, after everything was rolled back;
    /// * [`Error::Invalid`] for an option out of range, [`Error::Nested`] inside another unit of
    ///   this store;
    /// * [`Error::Unavailable`] where no connection is to be had, or it is lost before COMMIT;
    /// * [`Error::Aborted`] where a statement failed and the closure returned `Ok` all the same;
    /// * [`Error::Constraint`] and whatever else a deferred check answers at COMMIT;
    /// * [`Error::CommitUnknown`] where the connection is lost in COMMIT.
    pub fn run<T>(self, f: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>) -> Result<T> {
        self.run_with(f)
    }

    /// [`run`](Self::run) for a closure with an error type of the caller.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn f(store: &planwright::Store) -> Result<(), Box<dyn std::error::Error>> {
    /// store.transaction().run_with::<_, Box<dyn std::error::Error>>(|uow| {
    ///     let id: i64 = "7".parse()?;
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn run_with<T, E: From<Error>>(
        self,
        mut f: impl FnMut(&mut UnitOfWork<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let settings = self.settings()?;
        let _open = OpenUnit::enter(self.store.id())?;
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(5))
            .with_max_delay(Duration::from_millis(250))
            .with_max_times(self.attempts - 1)
            .with_jitter()
            .build();
        loop {
            let failed = match self.attempt(&settings, &mut f) {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            match delays.next() {
                Some(delay) if failed.retryable => std::thread::sleep(delay),
                _ => return Err(failed.error),
            }
        }
    }

    /// What follows BEGIN in its message: everything but the nonce.
    fn settings(&self) -> Result<String> {
        const ENTITY: &str = "Transaction";
        if self.attempts == 0 {
            return Err(Error::invalid(ENTITY, "attempts", "must be at least 1"));
        }
        let mode = if self.read_only { "READ ONLY" } else { "READ WRITE" };
        let deferrable = if self.deferrable { " DEFERRABLE" } else { "" };
        let mut sql = format!("BEGIN ISOLATION LEVEL {} {mode}{deferrable}", self.isolation);
        let mut set = |name: &str, value: &dyn std::fmt::Display| {
            write!(sql, ";SET LOCAL {name}={value}").expect("a String takes any text");
        };
        if self.store.messages_with_begin() {
            set("lc_messages", &Literal("C"));
        }
        if self.store.options().transaction_pooler {
            for (name, limit) in self.store.options().limits()? {
                set(name, &limit);
            }
        }
        for (name, limit) in &self.limits {
            set(name, &milliseconds(ENTITY, name, *limit)?);
        }
        for (name, value) in [("actor", self.actor), ("reason", self.reason)] {
            let Some(value) = value else { continue };
            if value.contains('\0') || value.chars().count() > 1_000 {
                let rule = "must be at most 1,000 characters, without NUL";
                return Err(Error::invalid(ENTITY, name, rule));
            }
            set(&format!("planwright.{name}"), &Literal(value));
        }
        Ok(sql)
    }

    fn attempt<T, E: From<Error>>(
        &self,
        settings: &str,
        f: &mut impl FnMut(&mut UnitOfWork<'_>) -> Result<T, E>,
    ) -> Result<T, Failed<E>> {
        let nonce = nonce();
        let begin = format!("{settings};SET LOCAL planwright.unit='{nonce}'");
        let mut conn = self.store.begin(&begin).map_err(Failed::finally)?;
        // A panic in the closure closes the connection, which ends the transaction.
        match f(&mut UnitOfWork { conn: &mut conn }) {
            Ok(value) => self.commit(conn, &nonce, value),
            Err(error) => match roll_back(&mut conn, &nonce) {
                Ok(retryable) => Err(Failed { error, retryable }),
                Err(foreign) => Err(Failed::finally(foreign)),
            },
        }
    }

    fn commit<T, E: From<Error>>(
        &self,
        mut conn: PooledConnection,
        nonce: &str,
        value: T,
    ) -> Result<T, Failed<E>> {
        if conn.is_lost() {
            let what = "the connection was lost, and the server rolls the work back";
            let cause = conn.failures.get().map(|seen| seen.into_error().into());
            return Err(Failed::finally(Error::unavailable(what, cause)));
        }
        let mut xid = None;
        if self.resolve_within.is_some() && !self.read_only {
            let seen = conn.failures.get();
            match transaction_id(&mut conn.pg) {
                Ok(id) => xid = Some(id),
                Err(error) => {
                    let error = refusal(error, seen).into();
                    let retryable = roll_back(&mut conn, nonce).map_err(Failed::finally)?;
                    return Err(Failed { error, retryable });
                }
            }
        }
        // The check fails in an aborted transaction, in another one and in none, and then COMMIT
        // is not reached. PostgreSQL would answer it with ROLLBACK, or a warning, and no error.
        let seen = conn.failures.get();
        let Err(source) = conn.execute(&format!("{};COMMIT", check(nonce))) else {
            return Ok(value);
        };
        let retryable = conn.failures.get().is_some_and(|failure| failure.retryable);
        match refusal(source, seen) {
            Error::CommitUnknown { source } => {
                drop(conn);
                match (xid, self.resolve_within) {
                    _ if self.read_only => {
                        let what = "the connection was lost at the end of a unit that only reads";
                        Err(Failed::finally(Error::unavailable(what, Some(source.into()))))
                    }
                    (Some(xid), Some(limit)) => self.resolve(&xid, limit, source, value),
                    _ => Err(Failed::finally(Error::CommitUnknown { source })),
                }
            }
            error => {
                if error.outcome_unknown() || conn.execute("ROLLBACK").is_err() {
                    conn.discard();
                }
                Err(Failed { error: error.into(), retryable })
            }
        }
    }

    /// Asks what became of a transaction until the server has decided.
    fn resolve<T, E: From<Error>>(
        &self,
        xid: &str,
        limit: Duration,
        lost: DieselError,
        value: T,
    ) -> Result<T, Failed<E>> {
        let deadline = Instant::now() + limit;
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(2))
            .with_max_delay(Duration::from_millis(250))
            .without_max_times()
            .build();
        loop {
            // What fails here says nothing about the transaction: the next round asks again.
            if let Ok(Some(state)) = self.state_of(xid) {
                match state.as_str() {
                    "committed" => return Ok(value),
                    "aborted" => {
                        let what = "the connection was lost during COMMIT, and the server rolled \
                                    the work back";
                        return Err(Failed::finally(Error::unavailable(what, Some(lost.into()))));
                    }
                    _ => {}
                }
            }
            let delay = delays.next().unwrap_or_default();
            if Instant::now() + delay >= deadline {
                return Err(Failed::finally(Error::CommitUnknown { source: lost }));
            }
            std::thread::sleep(delay);
        }
    }

    fn state_of(&self, xid: &str) -> Result<Option<String>> {
        let mut conn = self.store.begin("BEGIN READ ONLY")?;
        let state = sql::<Nullable<Text>>("SELECT pg_xact_status(")
            .bind::<Text, _>(xid)
            .sql("::xid8)")
            .get_result(&mut conn.pg);
        if conn.execute("ROLLBACK").is_err() {
            conn.discard();
        }
        Ok(state?)
    }
}

/// An attempt that did not end with a commit.
struct Failed<E> {
    error: E,
    /// Known to be rolled back because of concurrent work.
    retryable: bool,
}

impl<E: From<Error>> Failed<E> {
    fn finally(error: Error) -> Self {
        Self { error: error.into(), retryable: false }
    }
}

/// A statement that fails unless the transaction is the one with this nonce, and in order. Its
/// failure names the marker in every language.
fn check(nonce: &str) -> String {
    format!(
        "SELECT CASE coalesce(current_setting('planwright.unit', true), '') WHEN '{nonce}' THEN 0 \
         ELSE ('{FOREIGN}' || pg_backend_pid())::int END"
    )
}

/// What the refusal of a COMMIT, or of a release, means. `seen` is what had failed before it.
fn refusal(source: DieselError, seen: Option<Failure>) -> Error {
    let text = source.to_string();
    if text.contains(FOREIGN) {
        return Error::ForeignTransaction;
    }
    let lost = matches!(
        source,
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _
        )
    );
    match (Error::from(source), seen) {
        (Error::Timeout { what, source }, _) => Error::Timeout { what, source },
        (Error::Unavailable { .. }, _) if lost => {
            let kind = DatabaseErrorKind::ClosedConnection;
            Error::CommitUnknown { source: DieselError::DatabaseError(kind, Box::new(text)) }
        }
        (Error::Database { .. }, Some(seen)) => Error::Aborted { source: seen.into_error() },
        (Error::Database { source }, None) if text.contains("transaction is aborted") => {
            Error::Aborted { source }
        }
        (error, _) => error,
    }
}

/// Ends the transaction of a closure that failed. Returns whether the server had rolled it back
/// because of concurrent work.
fn roll_back(conn: &mut Session, nonce: &str) -> Result<bool> {
    if conn.is_lost() {
        return Ok(false);
    }
    if conn.is_idle() {
        conn.discard();
        return Err(Error::ForeignTransaction);
    }
    let seen = conn.failures.get();
    let check = if seen.is_some() { String::new() } else { check(nonce) + ";" };
    if let Err(error) = conn.execute(&format!("{check}ROLLBACK")) {
        conn.discard();
        if error.to_string().contains(FOREIGN) {
            return Err(Error::ForeignTransaction);
        }
    }
    Ok(seen.is_some_and(|failure| failure.retryable))
}

fn transaction_id(conn: &mut PgConnection) -> QueryResult<String> {
    diesel::select(sql::<Text>("pg_current_xact_id()::text")).get_result(conn)
}

/// A name for one attempt that no other transaction of the server has.
fn nonce() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}{:x}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}

thread_local! {
    /// The stores that have a unit of work open on this thread.
    static OPEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Marks a store as having a unit of work open on this thread, until it is dropped.
struct OpenUnit(u64);

impl OpenUnit {
    fn enter(store: u64) -> Result<Self> {
        OPEN.with_borrow_mut(|open| {
            if open.contains(&store) {
                return Err(Error::Nested);
            }
            open.push(store);
            Ok(Self(store))
        })
    }
}

impl Drop for OpenUnit {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.retain(|store| *store != self.0));
    }
}
