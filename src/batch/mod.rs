//! Long moves of data: jobs that are done batch by batch, and go on where they were.
//!
//! A [`Job`] goes over rows in the order of a key. A [`Runner`] does it: a transaction for each
//! batch, which changes the rows *and* writes down in `planwright.jobs` that it did, so a batch is
//! done once or not at all, whenever the process or the server dies. At the end of a pass
//! [`Job::verify`] decides whether the job has finished, or goes over the rows once more because
//! writers have added some behind it.
//!
//! * **Size.** A batch should take 200 ms ([`Runner::target`]). After each one the size follows the
//!   time that it took: it grows twofold at most, and falls at once as far as it must. One that
//!   runs into its `statement_timeout` is rolled back and tried again at half the size.
//! * **Pauses.** Between two batches the runner looks whether replicas are behind or sessions wait
//!   for locks, and waits until that is over.
//! * **Two runners.** The session that runs a job holds an advisory lock, which the server frees
//!   when that session ends. Should a runner lose it and not notice, each batch finds out: it locks
//!   the job's row and compares its revision with the one that this runner has written.
//! * **Who is it?** The sessions' `application_name` is `planwright job: <name>` as long as they
//!   work for the job, which `pg_stat_activity` and the log show beside each statement; BEGIN has
//!   the same as a comment.
//!
//! A held migration names in `after_job` the job that must have finished before it;
//! [`Migrator::contract`](crate::migrate::Migrator::contract) asks for that.
//!
//! # Example
//!
//! ```
//! use diesel::{RunQueryDsl, sql_types::BigInt};
//! use planwright::batch::{self, Batch, Job, Outcome, Phase, Runner, Verdict};
//! use planwright::testing::TestDatabase;
//! use planwright::{Context, Result, UnitOfWork};
//!
//! /// Fills a new column from an old one.
//! struct Fill;
//!
//! #[derive(diesel::QueryableByName)]
//! struct Row {
//!     #[diesel(sql_type = BigInt)]
//!     id: i64,
//! }
//!
//! impl Job for Fill {
//!     type Cursor = i64;
//!
//!     fn name(&self) -> &'static str {
//!         "example.fill"
//!     }
//!
//!     fn next_batch(
//!         &mut self,
//!         uow: &mut UnitOfWork<'_>,
//!         after: Option<&i64>,
//!         limit: u32,
//!     ) -> Result<Batch<i64>> {
//!         let done: Vec<Row> = diesel::sql_query(
//!             "UPDATE t SET b = a WHERE id IN
//!                  (SELECT id FROM t WHERE id > $1 AND b IS NULL ORDER BY id LIMIT $2)
//!              RETURNING id",
//!         )
//!         .bind::<BigInt, _>(after.copied().unwrap_or(0))
//!         .bind::<BigInt, _>(i64::from(limit))
//!         .load(uow.connection())?;
//!         Ok(Batch { rows: done.len() as u64, next: done.iter().map(|row| row.id).max() })
//!     }
//!
//!     fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
//!         let left = diesel::sql_query("SELECT id FROM t WHERE b IS NULL LIMIT 1");
//!         let left: Vec<Row> = left.load(uow.connection())?;
//!         Ok(if left.is_empty() { Verdict::Done } else { Verdict::AnotherPass })
//!     }
//! }
//!
//! let database = TestDatabase::new([Context::Core])?;
//! # let store = database.store();
//! # store.write(|uow| {
//! #     use diesel::connection::SimpleConnection;
//! #     let table = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int);
//! #                  INSERT INTO t SELECT n, n * 10 FROM generate_series(1, 1000) n";
//! #     Ok(uow.connection().batch_execute(table)?)
//! # })?;
//! let outcome = Runner::new(store).on_progress(|event| println!("{event}")).run(&mut Fill)?;
//! assert!(matches!(outcome, Outcome::Finished(_)));
//!
//! let status = batch::status(store, "example.fill")?.unwrap();
//! assert_eq!((status.phase, status.rows_done), (Phase::Finished, 1_000));
//! // A second run finds nothing to do.
//! assert!(matches!(Runner::new(store).run(&mut Fill)?, Outcome::FinishedBefore(_)));
//! # Ok::<(), planwright::Error>(())
//! ```

mod job;
mod lease;
mod pause;
mod report;
mod run;
mod runner;
mod state;
mod steering;

pub use job::{Batch, Job, Verdict};
pub use report::{Outcome, Pause, Phase, Progress, Status};
pub use runner::{Runner, Stop};

use diesel::PgConnection;

use self::lease::Holders;
use crate::catalog;
use crate::error::Result;
use crate::store::Store;

/// How far the job of this name is. `None` where it was never begun.
///
/// # Errors
///
/// Those of a query.
pub fn status(store: &Store, name: &str) -> Result<Option<Status>> {
    store.read(|uow| {
        let connection = uow.connection();
        if !is_installed(connection)? {
            return Ok(None);
        }
        let Some(row) = state::find(connection, name)? else { return Ok(None) };
        let runner = Holders::read(connection)?.of(name);
        row.into_status(runner).map(Some)
    })
}

/// How far all jobs are that were ever begun, by name.
///
/// # Errors
///
/// Those of a query.
pub fn list(store: &Store) -> Result<Vec<Status>> {
    store.read(|uow| {
        let connection = uow.connection();
        if !is_installed(connection)? {
            return Ok(Vec::new());
        }
        let holders = Holders::read(connection)?;
        let rows = state::all(connection)?.into_iter();
        rows.map(|row| {
            let runner = holders.of(&row.name);
            row.into_status(runner)
        })
        .collect()
    })
}

/// Whether the job of this name has finished.
///
/// # Errors
///
/// Those of a query.
pub fn is_finished(store: &Store, name: &str) -> Result<bool> {
    Ok(status(store, name)?.is_some_and(|status| status.phase == Phase::Finished))
}

fn is_installed(connection: &mut PgConnection) -> Result<bool> {
    catalog::relation_exists(connection, state::TABLE)
}
