//! The store: a pool of connections, and the settings that every session of it has.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;

use crate::catalog::names::Names;
use crate::conninfo::ConnInfo;
use crate::error::{Error, Result};
use crate::session::{Manager, PooledSession, Probed};
use crate::transaction::Transaction;
use crate::unit_of_work::UnitOfWork;

/// A PostgreSQL database: the place where units of work are run. Cheap to clone.
///
/// # Example
///
/// ```no_run
/// use planwright::{Store, StoreOptions};
///
/// let store = Store::connect("postgres://app@db/plans", &StoreOptions::default())?;
/// let name = store.read(|uow| {
///     Ok(diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_user"))
///         .get_result::<String>(uow.connection())?)
/// })?;
/// # use diesel::prelude::*;
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    /// Tells stores apart in the check for nested units.
    id: u64,
    pool: r2d2::Pool<Manager>,
    manager: Manager,
    options: StoreOptions,
    /// Whether the role may ask for English messages.
    sets_messages: bool,
}

/// How a [`Store`] connects, and the limits that each of its sessions has.
///
/// A limit of zero is no limit, as it is for PostgreSQL.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use planwright::StoreOptions;
///
/// let options = StoreOptions::default()
///     .pool_size(16)
///     .application_name("planner")
///     .statement_timeout(Duration::from_secs(10));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct StoreOptions {
    pub(crate) pool_size: u32,
    acquire_timeout: Duration,
    connect_timeout: Duration,
    tcp_user_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) idle_in_transaction_timeout: Duration,
    application_name: String,
    pub(crate) transaction_pooler: bool,
}

impl Default for StoreOptions {
    /// 8 connections; 5 s to acquire and to connect; statements 30 s, locks 5 s, idle in a
    /// transaction 60 s; unacknowledged TCP data 30 s.
    fn default() -> Self {
        Self {
            pool_size: 8,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            tcp_user_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
            application_name: "planwright".to_owned(),
            transaction_pooler: false,
        }
    }
}

impl StoreOptions {
    /// The most connections that are open at a time. At least 1.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// How long a unit of work waits for a connection before [`Error::Unavailable`].
    pub fn acquire_timeout(mut self, limit: Duration) -> Self {
        self.acquire_timeout = limit;
        self
    }

    /// How long libpq waits for one connection, in whole seconds, rounded up to at least 2. The
    /// URL's `connect_timeout` wins.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long sent data may stay unacknowledged on TCP before the connection counts as lost.
    ///
    /// libpq has no read timeout. This limit, and keepalive probes over the same time while the
    /// connection is idle, end a connection whose other side is gone. A middlebox that
    /// acknowledges data and swallows it is beyond them.
    pub fn tcp_user_timeout(mut self, limit: Duration) -> Self {
        self.tcp_user_timeout = limit;
        self
    }

    /// `statement_timeout` of each session.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = limit;
        self
    }

    /// `lock_timeout` of each session.
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = limit;
        self
    }

    /// `idle_in_transaction_session_timeout` of each session: how long a closure may compute
    /// between two statements.
    pub fn idle_in_transaction_timeout(mut self, limit: Duration) -> Self {
        self.idle_in_transaction_timeout = limit;
        self
    }

    /// `application_name` of each session. The URL's wins.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Whether the URL leads to a pooler in transaction mode, such as PgBouncer.
    ///
    /// Then prepared statements are not cached and the session's limits travel with each BEGIN.
    /// Without this option such a pooler is recognised and refused, for cached statements on it
    /// give silently wrong rows. What needs a session of its own, [`migrate`](crate::migrate)
    /// for one, needs a direct connection.
    pub fn transaction_pooler(mut self, pooler: bool) -> Self {
        self.transaction_pooler = pooler;
        self
    }

    fn validate(&self) -> Result<()> {
        if self.pool_size == 0 {
            return Err(Error::invalid("StoreOptions", "pool_size", "must be at least 1"));
        }
        if self.application_name.contains('\0') {
            return Err(Error::invalid("StoreOptions", "application_name", "must not hold NUL"));
        }
        for (name, limit) in [
            ("acquire_timeout", self.acquire_timeout),
            ("connect_timeout", self.connect_timeout),
            ("tcp_user_timeout", self.tcp_user_timeout),
        ] {
            milliseconds("StoreOptions", name, limit)?;
        }
        if self.acquire_timeout.is_zero() {
            return Err(Error::invalid("StoreOptions", "acquire_timeout", "must not be zero"));
        }
        self.limits().map(|_| ())
    }

    /// The session's limits, as settings of the server.
    pub(crate) fn limits(&self) -> Result<[(&'static str, i32); 3]> {
        let of = |name, limit| milliseconds("StoreOptions", name, limit).map(|ms| (name, ms));
        Ok([
            of("statement_timeout", self.statement_timeout)?,
            of("lock_timeout", self.lock_timeout)?,
            of("idle_in_transaction_session_timeout", self.idle_in_transaction_timeout)?,
        ])
    }

    fn conninfo(&self, url: &str) -> Result<ConnInfo> {
        let seconds = self.connect_timeout.as_millis().div_ceil(1000).max(2);
        let keepalive = self.tcp_user_timeout.as_secs().max(3) / 3;
        let mut info = ConnInfo::new(url)
            .with_default("connect_timeout", &seconds.to_string())
            .with_default("application_name", &self.application_name);
        if !self.tcp_user_timeout.is_zero() {
            info = info
                .with_default("tcp_user_timeout", &self.tcp_user_timeout.as_millis().to_string())
                .with_default("keepalives_idle", &keepalive.to_string())
                .with_default("keepalives_interval", &keepalive.to_string())
                .with_default("keepalives_count", "2");
        }
        if self.transaction_pooler {
            return Ok(info);
        }
        let settings: Vec<_> =
            self.limits()?.iter().map(|(name, ms)| format!("-c {name}={ms}")).collect();
        Ok(info.with_options(&format!("{} -c planwright.direct=1", settings.join(" "))))
    }
}

/// A limit in whole milliseconds; what is not zero stays a limit.
pub(crate) fn milliseconds(
    entity: &'static str,
    field: &'static str,
    limit: Duration,
) -> Result<i32> {
    let rounded = limit.as_millis().max(u128::from(!limit.is_zero()));
    i32::try_from(rounded).map_err(|_| Error::invalid(entity, field, "must be under 24 days"))
}

impl Store {
    /// Connects to a database.
    ///
    /// Opens one connection at once, so a wrong address, password or database is known in
    /// milliseconds; the pool opens its own as they are needed.
    ///
    /// What an [adopted](crate::migrate::Migrator::adopt) database calls its rules is read here, so
    /// that an [`Error::Constraint`] has its sentence whatever the rule is called. A store that was
    /// connected before the adoption does not know it, nor does one whose role may not read
    /// `planwright.adopted_names`: its errors have the names, and no sentence.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an option out of range; [`Error::Unavailable`] where no connection
    /// is to be had, where the server is older than PostgreSQL 15, or where a pooler answers and
    /// [`StoreOptions::transaction_pooler`] is not set.
    pub fn connect(database_url: &str, options: &StoreOptions) -> Result<Self> {
        static IDS: AtomicU64 = AtomicU64::new(0);

        options.validate()?;
        if database_url.contains('\0') {
            return Err(Error::invalid("Store", "database_url", "must not hold NUL"));
        }
        let mut manager = Manager {
            conninfo: options.conninfo(database_url)?,
            transaction_pooler: options.transaction_pooler,
            names: Names::default(),
        };
        let Probed { sets_messages, names } = manager.probe()?;
        manager.names = names;
        let pool = r2d2::Pool::builder()
            .max_size(options.pool_size)
            .min_idle(Some(0))
            .connection_timeout(options.acquire_timeout)
            .test_on_check_out(false)
            // The waiting unit of work reports what kept a connection from being made.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(manager.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                id: IDS.fetch_add(1, Ordering::Relaxed),
                pool,
                manager,
                options: options.clone(),
                sets_messages,
            }),
        })
    }

    /// Runs a unit of work at READ COMMITTED and commits it.
    ///
    /// `Ok` means committed. The closure is run again, twice at most, where the server rolled the
    /// transaction back because of concurrent work, so it must not have effects of its own.
    ///
    /// # Errors
    ///
    /// The closure's, after everything was rolled back; else as for [`Transaction::run`].
    pub fn write<T>(&self, f: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>) -> Result<T> {
        self.transaction().run(f)
    }

    /// Runs a unit of work that only reads, on one snapshot (REPEATABLE READ, READ ONLY).
    ///
    /// # Errors
    ///
    /// The closure's; else as for [`Transaction::run`].
    pub fn read<T>(&self, f: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>) -> Result<T> {
        self.transaction().repeatable_read().read_only().run(f)
    }

    /// A unit of work with options of its own.
    pub fn transaction(&self) -> Transaction<'_> {
        Transaction::new(self)
    }

    pub(crate) fn id(&self) -> u64 {
        self.inner.id
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.inner.options
    }

    /// Whether BEGIN must ask for English messages, because the session does not.
    pub(crate) fn messages_with_begin(&self) -> bool {
        self.inner.sets_messages && self.inner.options.transaction_pooler
    }

    /// A connection on which `begin` has succeeded, within the acquire timeout.
    ///
    /// A BEGIN that finds its connection closed has done nothing, so it is tried on another: the
    /// one thing that is ever repeated after a lost connection.
    pub(crate) fn begin(&self, begin: &str) -> Result<PooledSession> {
        let deadline = Instant::now() + self.inner.options.acquire_timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut conn = self.inner.pool.get_timeout(left).map_err(|error| {
                let text = error.to_string();
                let cause = text.strip_prefix("timed out waiting for connection: ");
                let limit = self.inner.options.acquire_timeout;
                Error::unavailable(
                    format!("no database connection became free within {limit:?}"),
                    cause.map(Into::into),
                )
            })?;
            match conn.begin(begin) {
                Ok(()) => return Ok(conn),
                Err(error) => {
                    // The string may have failed behind its BEGIN, which Diesel does not know.
                    conn.discard();
                    match Error::from(error) {
                        Error::Unavailable { .. } if Instant::now() < deadline => {}
                        error => return Err(error),
                    }
                }
            }
        }
    }

    /// A connection of its own, outside the pool, for work that needs one session throughout.
    pub(crate) fn dedicated(&self) -> Result<PgConnection> {
        if self.inner.options.transaction_pooler {
            return Err(Error::unavailable(
                "this needs a session of its own, which a pooler in transaction mode does not \
                 give: connect directly to the server",
                None,
            ));
        }
        self.inner.manager.establish()
    }
}

/// Without the password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("options", &self.inner.options).finish_non_exhaustive()
    }
}
