//! The options of a unit of work, and its attempts.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::commit::{self, Ended};
use crate::error::{Error, Result};
use crate::ident::Literal;
use crate::store::{Store, milliseconds};
use crate::unit_of_work::UnitOfWork;

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
    job: Option<&'store str>,
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
            job: None,
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
    /// answer is what really happened. After `limit` it is [`Error::CommitUnknown`], and so it is
    /// where the server itself crashed and its log does not tell this transaction from a later one.
    pub fn resolve_commit_within(mut self, limit: Duration) -> Self {
        self.resolve_within = Some(limit);
        self
    }

    /// Says in `pg_stat_activity` and in the log which job this is of: as a comment in BEGIN, and as
    /// the transaction's `application_name`, which stands beside each of its statements. The
    /// caller has checked the name. A job has limits of its own, so `transaction_timeout` does not
    /// end it.
    pub(crate) fn job(mut self, name: &'store str) -> Self {
        self.job = Some(name);
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
        let begin = self.begin()?;
        let _open = OpenUnit::enter(self.store.id())?;
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(5))
            .with_max_delay(Duration::from_millis(250))
            .with_max_times(self.attempts - 1)
            .with_jitter()
            .build();
        loop {
            let failed = match self.attempt(&begin, &mut f) {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            match delays.next() {
                Some(delay) if failed.retryable => std::thread::sleep(delay),
                _ => return Err(failed.error),
            }
        }
    }

    /// BEGIN with everything that is set for the transaction, in one message.
    fn begin(&self) -> Result<String> {
        const ENTITY: &str = "Transaction";
        if self.attempts == 0 {
            return Err(Error::invalid(ENTITY, "attempts", "must be at least 1"));
        }
        let mode = if self.read_only { "READ ONLY" } else { "READ WRITE" };
        let deferrable = if self.deferrable { " DEFERRABLE" } else { "" };
        let isolation = self.isolation;
        let job = self.job.map(application_name);
        let comment = job.as_ref().map_or(String::new(), |job| format!(" /* {job} */"));
        let mut sql = format!(
            "BEGIN ISOLATION LEVEL {isolation} {mode}{deferrable}{comment};{}",
            commit::MARK
        );
        let mut set = |name: &str, value: i32| {
            write!(sql, ";SET LOCAL {name}={value}").expect("a String takes any text");
        };
        if self.store.options().transaction_pooler {
            for (name, limit) in self.store.options().limits()? {
                set(name, limit);
            }
        }
        for (name, limit) in &self.limits {
            set(name, milliseconds(ENTITY, name, *limit)?);
        }
        if self.store.messages_with_begin() {
            sql.push_str(";SET LOCAL lc_messages='C'");
        }
        if let Some(job) = &job {
            write!(sql, ";SELECT set_config('application_name',{},true)", Literal(job))
                .expect("a String takes any text");
            sql.push_str(NO_TRANSACTION_TIMEOUT);
        }
        for (name, value) in [("actor", self.actor), ("reason", self.reason)] {
            let Some(value) = value else { continue };
            if value.contains('\0') || value.chars().count() > 1_000 {
                let rule = "must be at most 1,000 characters, without NUL";
                return Err(Error::invalid(ENTITY, name, rule));
            }
            // As a SELECT, of which pg_stat_statements keeps one entry for all values.
            let value = Literal(value);
            write!(sql, ";SELECT set_config('planwright.{name}',{value},true)")
                .expect("a String takes any text");
        }
        Ok(sql)
    }

    /// One run of the closure, in a transaction of its own.
    fn attempt<T, E: From<Error>>(
        &self,
        begin: &str,
        f: &mut impl FnMut(&mut UnitOfWork<'_>) -> Result<T, E>,
    ) -> Result<T, Failed<E>> {
        let mut session = self.store.begin(begin).map_err(Failed::finally)?;
        // A panic in the closure closes the connection, which ends the transaction.
        match f(&mut UnitOfWork::new(&mut session)) {
            Err(error) => match commit::roll_back(&mut session) {
                Ok(retryable) => Err(Failed { error, retryable }),
                Err(foreign) => Err(Failed::finally(foreign)),
            },
            Ok(value) => {
                let resolve = self.resolve_within.filter(|_| !self.read_only);
                match commit::commit(session, self.store, resolve) {
                    Ok(()) => Ok(value),
                    Err(Ended { error: Error::CommitUnknown { source }, .. }) if self.read_only => {
                        let what = "the connection was lost at the end of a unit that only reads";
                        Err(Failed::finally(Error::unavailable(what, Some(source.into()))))
                    }
                    Err(Ended { error, retryable }) => {
                        Err(Failed { error: error.into(), retryable })
                    }
                }
            }
        }
    }
}

/// PostgreSQL 17 and later have it.
const NO_TRANSACTION_TIMEOUT: &str = ";SELECT set_config('transaction_timeout','0',true) \
                                      WHERE current_setting('transaction_timeout',true) IS NOT NULL";

/// What the sessions of a job are called: at most 63 bytes, as a job's name has at most 47.
pub(crate) fn application_name(job: &str) -> String {
    format!("planwright job: {job}")
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
