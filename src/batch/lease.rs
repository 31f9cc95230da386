//! The session that holds the lock of a job.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::pause::Load;
use super::report::{Pause, Progress, Status};
use super::runner::Runner;
use super::state;
use crate::catalog;
use crate::error::{Error, Result};
use crate::lock::{self, Key};
use crate::transaction::application_name;

/// How soon a run that rests sees that it was told to stop.
const POLL: Duration = Duration::from_millis(50);

/// How often others are looked at. Quick batches do not ask before each.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A connection of its own that holds the lock, and looks at what else goes on. The lock ends with
/// the connection, however that ends.
pub(super) struct Lease {
    connection: PgConnection,
    key: Key,
    looked: Option<Instant>,
}

/// How the waiting for a lease has ended.
pub(super) enum Taken {
    Lease(Lease),
    /// It was told to stop, while another runner had the job: that one's status.
    Stopped(Status),
}

impl Lease {
    /// Waits for the lock.
    pub(super) fn take(runner: &Runner<'_>, name: &str) -> Result<Taken> {
        let mut connection = runner.store.dedicated()?;
        if !catalog::relation_exists(&mut connection, state::TABLE)? {
            let what = "planwright.jobs is not there: run `Migrator::new(&store).up()`";
            return Err(Error::migration("", what, None));
        }
        // In long pauses the session is idle.
        connection.batch_execute("SET idle_session_timeout = 0")?;
        diesel::select(
            sql::<Text>("set_config('application_name', ")
                .bind::<Text, _>(application_name(name))
                .sql(", false)"),
        )
        .execute(&mut connection)?;
        let key = lock::job(name);
        let begin = Instant::now();
        let holder = |connection: &mut PgConnection| -> Result<Option<String>> {
            Ok(Holders::read(connection)?.of(name))
        };
        let waits = |connection: &mut PgConnection| {
            runner.tell(Progress::WaitingForRunner { holder: holder(connection)? });
            Ok(())
        };
        let is_over = || runner.stop.is_stopped();
        if !lock::wait_session(&mut connection, key, runner.lock_wait, is_over, waits)? {
            let who = holder(&mut connection)?.unwrap_or_else(|| "another session".to_owned());
            if runner.stop.is_stopped() {
                let row = state::find(&mut connection, name)?;
                let row = row.map_or_else(|| state::to_come(&mut connection, name), Ok)?;
                return Ok(Taken::Stopped(row.into_status(Some(who))?));
            }
            let waited = begin.elapsed().as_secs_f64();
            let what = format!("{who} runs the job {name}; gave up after {waited:.1} s");
            return Err(Error::unavailable(what, None));
        }
        Ok(Taken::Lease(Self { connection, key, looked: None }))
    }

    /// Gives the lock back, so that the next runner need not wait until the server sees that this
    /// session is gone. Where that fails the session is gone already, and the lock with it.
    pub(super) fn give_back(mut self) {
        let _ = lock::release_session(&mut self.connection, self.key);
    }

    /// Waits while others need the server more than the job does.
    pub(super) fn make_way(&mut self, runner: &Runner<'_>) -> Result<()> {
        let looked = self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY);
        if looked || !runner.limits.are_any() {
            return Ok(());
        }
        let begin = Instant::now();
        let mut told = None;
        while let Some(reason) = runner.limits.reason(&self.load()?) {
            if runner.stop.is_stopped() {
                return Ok(());
            }
            if begin.elapsed() >= runner.limits.patience {
                let waited = begin.elapsed().as_secs();
                let what = format!("gave up after a pause of {waited} s: {reason}");
                return Err(Error::unavailable(what, None));
            }
            if !told.is_some_and(|told| same_kind(told, reason)) {
                runner.tell(Progress::Paused { reason });
                told = Some(reason);
            }
            rest(runner, LOOK_EVERY);
        }
        self.looked = Some(Instant::now());
        if told.is_some() {
            runner.tell(Progress::Continued { waited: begin.elapsed() });
        }
        Ok(())
    }

    fn load(&mut self) -> Result<Load> {
        let load = catalog::load(&mut self.connection)?;
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Load {
            replica_bytes: unsigned(load.replica_bytes),
            replica_lag: Duration::from_millis(unsigned(load.replica_ms)),
            waiting: unsigned(load.waiting),
        })
    }
}

/// Sleeps, unless the run is told to stop.
pub(super) fn rest(runner: &Runner<'_>, time: Duration) {
    let begin = Instant::now();
    while !runner.stop.is_stopped() && begin.elapsed() < time {
        thread::sleep(POLL.min(time.saturating_sub(begin.elapsed())));
    }
}

/// The sessions that run jobs.
pub(super) struct Holders(Vec<catalog::Holder>);

impl Holders {
    pub(super) fn read(connection: &mut PgConnection) -> Result<Self> {
        Ok(Self(catalog::lock_holders(connection, lock::JOB_CLASS)?))
    }

    /// The one that runs the job of this name.
    pub(super) fn of(&self, name: &str) -> Option<String> {
        let object = i64::from(lock::job(name).object);
        let holder = self.0.iter().find(|holder| holder.object == object)?;
        Some(holder.to_string())
    }
}

fn same_kind(a: Pause, b: Pause) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}
