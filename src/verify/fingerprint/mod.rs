//! Fingerprints of content: how many rows there are, and a hash of them that does not depend on
//! their order.

mod compare;
mod source;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};

pub use self::compare::{Compared, Comparison, Mapping, Verdict};
pub use self::source::Source;
use crate::error::{Error, Result};
use crate::ident::Literal;
use crate::store::Store;
use crate::unit_of_work::UnitOfWork;

/// What tables, views and queries held at one moment: for each a number of rows and a hash.
///
/// Take one before a change and one after it, and [`compare`](Self::compare) them. Saved as JSON it
/// can be compared days later.
///
/// The hash is of the rows as text, under settings that do not depend on role or server, and not of
/// their order. It has 128 bits, which makes a change that keeps it a matter of chance alone; it
/// finds mistakes. It is no cryptographic proof: somebody who wants to can make two contents with
/// one hash. What has the same text has the same hash, whatever its type: a column that was `text`
/// and is an enum has not changed. `1.0` and `1.00` are different texts; where a change touches
/// the scale of a `numeric`, read both sides by a query with `trim_scale`.
///
/// The server's hash functions give the same numbers in PostgreSQL 15 to 18. They depend on the
/// byte order of the machine.
///
/// # Example
///
/// ```no_run
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// use planwright::verify::{Fingerprint, Mapping, Source};
///
/// let sources = [
///     Source::table("orders").columns(["id", "customer", "total"]),
///     Source::query("lines", "SELECT order_id, item FROM order_items").columns(["order_id", "item"]),
/// ];
/// let before = Fingerprint::take(store, &sources)?;
///
/// // … orders moves to schema sales, where total is called amount, and items say their order …
/// let mapping = Mapping::new()
///     .table("orders", "sales.orders")
///     .column("orders", "total", "amount")
///     .source("lines", Source::table("sales.items").columns(["order_id", "item"]));
/// let after = before.take_again(store, &mapping)?;
/// before.compare_with(&after, &mapping).require_equal()
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// How the hashes were made. Those of different rules cannot be compared.
    pub rule: u8,
    /// When the snapshot was taken, by the server's clock.
    pub taken_at: DateTime<Utc>,
    /// What was there, in the order of the sources.
    pub contents: Vec<Content>,
}

/// What one source held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Content {
    /// What was read.
    #[serde(flatten)]
    pub source: Source,
    /// How many rows there were.
    pub rows: u64,
    /// 32 hexadecimal digits: the sums of two hashes of each row, modulo 2^64.
    pub hash: String,
    /// How long it took. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", with = "crate::milliseconds")]
    pub duration: Duration,
}

/// The text of a row is that of `ROW(…)`, the seeds are 1 and 2.
const RULE: u8 = 1;

/// The first connection has the locks, so the others hardly ever wait for one; and it waits for
/// them, which the server does not know when it looks for deadlocks.
const HELPERS_WAIT: Duration = Duration::from_millis(100);

/// What the text of a value, or the rows that are seen, could depend on. And no compiler: it takes
/// longer than it saves.
const SETTINGS: &str = "SET LOCAL search_path = public;
    SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, YMD';
    SET LOCAL intervalstyle = 'postgres';
    SET LOCAL extra_float_digits = 1;
    SET LOCAL bytea_output = 'hex';
    SET LOCAL lc_monetary = 'C';
    SET LOCAL quote_all_identifiers = off;
    SET LOCAL row_security = off;
    SET LOCAL jit = off;
    SELECT set_config('transaction_timeout', '0', true)
     WHERE current_setting('transaction_timeout', true) IS NOT NULL";

impl Fingerprint {
    /// Reads the sources on one snapshot, several at a time on up to half of the store's
    /// connections. No statement timeout applies.
    ///
    /// Names without a schema are those of `public`. Row-level security is an error where it would
    /// hide rows.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for a table or column that is not there; [`Error::Invalid`] for two
    /// sources of one name and for one without columns; [`Error::Timeout`] where a lock on a table
    /// is not to be had within the store's `lock_timeout`; [`Error::Database`] for a query that the
    /// server refuses; else as for [`Store::read`].
    pub fn take(store: &Store, sources: &[Source]) -> Result<Self> {
        let half = usize::try_from(store.options().pool_size / 2).unwrap_or(usize::MAX);
        Self::take_on(store, sources, half)
    }

    /// [`take`](Self::take) on up to so many connections, at least one. Fewer are used where the
    /// pool has fewer to give.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_on(store: &Store, sources: &[Source], connections: usize) -> Result<Self> {
        source::check(sources)?;
        let pool = usize::try_from(store.options().pool_size).unwrap_or(usize::MAX);
        let helpers = connections.min(pool).min(sources.len()).saturating_sub(1);
        let unit = store.transaction().repeatable_read().read_only();
        // This unit waits while others work.
        let unit =
            unit.statement_timeout(Duration::ZERO).idle_in_transaction_timeout(Duration::ZERO);
        unit.run(|uow| {
            uow.connection().batch_execute(SETTINGS)?;
            // Also locks them, so that a TRUNCATE, which no snapshot hides, has to wait.
            for source in sources {
                source.find(uow)?;
            }
            let snapshot = (helpers > 0).then(|| export(uow)).transpose()?;
            let work = Work { sources, next: AtomicUsize::new(0), done: Mutex::default() };
            thread::scope(|scope| {
                let helping: Vec<_> = snapshot
                    .iter()
                    .flat_map(|snapshot| (0..helpers).map(move |_| snapshot))
                    .map(|snapshot| scope.spawn(|| work.help(store, snapshot)))
                    .collect();
                let result = work.run(uow);
                for helper in helping {
                    helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                }
                result
            })?;
            work.finish(uow)?;
            let mut done = work.done.into_inner().unwrap_or_else(PoisonError::into_inner);
            done.sort_by_key(|(place, _)| *place);
            let contents = done.into_iter().map(|(_, content)| content).collect();
            Ok(Self { rule: RULE, taken_at: now(uow)?, contents })
        })
    }

    /// Reads the same content where `mapping` says that it is now. A table that is gone is left out,
    /// so that a comparison says so.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_again(&self, store: &Store, mapping: &Mapping) -> Result<Self> {
        let mut sources = Vec::new();
        for source in self.sources(mapping) {
            if store.read(|uow| source.is_there(uow))? {
                sources.push(source);
            }
        }
        Self::take(store, &sources)
    }

    /// What has been read, as it is called after the change that `mapping` describes.
    pub fn sources(&self, mapping: &Mapping) -> Vec<Source> {
        self.contents.iter().map(|content| mapping.apply(&content.source)).collect()
    }
}

/// Sources that several connections read, each the next one that nobody has begun.
struct Work<'a> {
    sources: &'a [Source],
    next: AtomicUsize,
    done: Mutex<Vec<(usize, Content)>>,
}

impl Work<'_> {
    fn run(&self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = self.sources.get(place) else { return Ok(()) };
            let content = read(uow, source)?;
            self.done.lock().unwrap_or_else(PoisonError::into_inner).push((place, content));
        }
    }

    /// What the others could not read: the first connection has its lock already, and its error
    /// tells what is the matter.
    fn finish(&self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        for (place, source) in self.sources.iter().enumerate() {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            if !done.iter().any(|(read, _)| *read == place) {
                done.push((place, read(uow, source)?));
            }
        }
        Ok(())
    }

    /// The same on a connection of its own, which sees what the first one sees, as long as that
    /// goes well: a pool may have no connection to spare, and a change of a table that queues
    /// behind the first one's lock is in the way here.
    fn help(&self, store: &Store, snapshot: &str) {
        let unit = store.transaction().repeatable_read().read_only().attempts(1);
        let unit = unit.statement_timeout(Duration::ZERO).lock_timeout(HELPERS_WAIT);
        let helped = unit.run(|uow| {
            let import = format!("SET TRANSACTION SNAPSHOT {}", Literal(snapshot));
            uow.connection().batch_execute(&import)?;
            uow.connection().batch_execute(SETTINGS)?;
            self.run(uow)
        });
        drop(helped);
    }
}

fn export(uow: &mut UnitOfWork<'_>) -> Result<String> {
    Ok(diesel::select(pg_export_snapshot()).get_result(uow.connection())?)
}

fn now(uow: &mut UnitOfWork<'_>) -> Result<DateTime<Utc>> {
    Ok(diesel::select(transaction_timestamp()).get_result(uow.connection())?)
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_export_snapshot() -> Text;
    fn transaction_timestamp() -> Timestamptz;
}

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = Text)]
    first: String,
    #[diesel(sql_type = Text)]
    second: String,
}

fn read(uow: &mut UnitOfWork<'_>, source: &Source) -> Result<Content> {
    let begin = Instant::now();
    let Sums { rows, first, second } =
        diesel::sql_query(source.statement()).get_result(uow.connection())?;
    let hash = format!("{:016x}{:016x}", modulo(&first)?, modulo(&second)?);
    let rows = rows.unsigned_abs();
    Ok(Content { source: source.clone(), rows, hash, duration: begin.elapsed() })
}

/// A sum of signed numbers of 64 bits, modulo 2^64. It fits for any number of rows that there are.
fn modulo(sum: &str) -> Result<u64> {
    let sum: i128 = sum
        .parse()
        .map_err(|_| Error::Verification { what: format!("{sum:?} is no sum of hashes") })?;
    let low = sum.rem_euclid(1 << 64);
    u64::try_from(low).map_err(|error| Error::Verification { what: error.to_string() })
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "content at {}", self.taken_at.to_rfc3339())?;
        for Content { source, rows, hash, duration } in &self.contents {
            let (name, ms) = (source.name(), duration.as_millis());
            writeln!(f, "[x] {name}: {rows} rows, {hash}, {ms} ms")?;
        }
        Ok(())
    }
}
