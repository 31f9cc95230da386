//! The runner: how a job is run.

use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::job::{Job, check_name};
use super::pause::Limits;
use super::report::{Outcome, Progress};
use super::run;
use super::steering::Steering;
use crate::error::{Error, Result};
use crate::store::{Store, milliseconds};

type Listener<'a> = Box<dyn FnMut(&Progress) + 'a>;

/// Runs a [`Job`] to its end, or until it is told to stop.
///
/// Needs a direct connection, not a pooler in transaction mode: one session of its own holds the
/// job's lock, beside the pooled one that does the batches.
#[must_use = "a runner does nothing until it is given a job"]
pub struct Runner<'a> {
    pub(super) store: &'a Store,
    pub(super) steering: Steering,
    pub(super) first_size: u32,
    statement_timeout: Option<Duration>,
    pub(super) verify_timeout: Duration,
    pub(super) passes: u32,
    pub(super) lock_wait: Duration,
    pub(super) anew: bool,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    listener: RefCell<Option<Listener<'a>>>,
}

/// Asks a run to end behind the batch that it is doing, from wherever a copy of it is: the
/// listener, another thread, the handler of a signal. It cannot be taken back.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for it.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked for.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<'a> Runner<'a> {
    /// Batches of 200 ms with 1 to 50,000 rows, beginning with 100; ten passes; the limits that the
    /// other options state.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            steering: Steering { target: Duration::from_millis(200), min: 1, max: 50_000 },
            first_size: 100,
            statement_timeout: None,
            verify_timeout: Duration::from_secs(600),
            passes: 10,
            lock_wait: Duration::from_secs(5),
            anew: false,
            limits: Limits::default(),
            stop: Stop::default(),
            listener: RefCell::new(None),
        }
    }

    /// How long a batch should take, with its COMMIT. 200 ms by default: writers that meet a batch
    /// wait about as long.
    pub fn target(mut self, time: Duration) -> Self {
        self.steering.target = time;
        self
    }

    /// The least and the most rows of a batch, between which the time steers. From 1 to 50,000 by
    /// default.
    pub fn sizes(mut self, rows: RangeInclusive<u32>) -> Self {
        (self.steering.min, self.steering.max) = rows.into_inner();
        self
    }

    /// The most rows of the first batch of all; a resumed job goes on with the size that it had.
    /// 100 by default.
    pub fn first_size(mut self, rows: u32) -> Self {
        self.first_size = rows;
        self
    }

    /// `statement_timeout` in each batch; one that runs into it is tried again at half the size.
    /// Ten times the target by default.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = Some(limit);
        self
    }

    /// `statement_timeout` for the estimate and the verification, which may have to read all of
    /// the table. Ten minutes by default. Zero: none.
    pub fn verify_timeout(mut self, limit: Duration) -> Self {
        self.verify_timeout = limit;
        self
    }

    /// How many passes a run begins at most, before it says that writers outrun the job. 10 by
    /// default.
    pub fn passes(mut self, passes: u32) -> Self {
        self.passes = passes;
        self
    }

    /// How long to wait for another runner of the same job. 5 s by default, in which the server
    /// has noticed that a killed one is gone. Zero: not at all.
    pub fn lock_wait(mut self, limit: Duration) -> Self {
        self.lock_wait = limit;
        self
    }

    /// Whether to begin at the first row, whatever the job's row says. `false` by default: an
    /// unfinished job is resumed, and of a finished one nothing is done.
    pub fn anew(mut self, anew: bool) -> Self {
        self.anew = anew;
        self
    }

    /// Pauses while a streaming replica has more than this still to replay. 64 MiB by default.
    /// `None`: however much it is.
    ///
    /// A role without `pg_read_all_stats` does not see replicas, and does not wait for them. One
    /// that is not connected is not seen by anybody.
    pub fn max_replica_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.limits.replica_bytes = bytes.into();
        self
    }

    /// Pauses while a streaming replica is later than this. 10 s by default. `None`: however late
    /// it is.
    pub fn max_replica_lag(mut self, lag: impl Into<Option<Duration>>) -> Self {
        self.limits.replica_lag = lag.into();
        self
    }

    /// Pauses while more sessions than this of the database wait for a lock, other than an
    /// advisory one. It is looked between the batches, when the job itself holds none: then
    /// something else is wrong, and a batch would make it worse. 5 by default. `None`: however
    /// many they are.
    pub fn max_waiting(mut self, sessions: impl Into<Option<u64>>) -> Self {
        self.limits.waiting = sessions.into();
        self
    }

    /// How long a pause may last, before the run ends with an error; the next one resumes. One
    /// hour by default.
    pub fn max_pause(mut self, limit: Duration) -> Self {
        self.limits.patience = limit;
        self
    }

    /// Ends behind the batch that is being done once `stop` is told to.
    pub fn stop_with(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Tells the listener what is going on, while it goes on: of a batch when it is committed.
    pub fn on_progress(mut self, listener: impl FnMut(&Progress) + 'a) -> Self {
        self.listener = RefCell::new(Some(Box::new(listener)));
        self
    }

    /// Runs the job: begins it, or resumes it where it was stopped, killed or failed.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for an option or the job's name;
    /// * [`Error::Unavailable`] where another runner has the job (its session is named), where a
    ///   pause is too long, where the connection is lost, and behind a pooler in transaction mode;
    /// * [`Error::Migration`] where `planwright.jobs` is missing;
    /// * [`Error::Stale`] where another runner took over, because this one's session was lost;
    /// * [`Error::Verification`] where the passes did not suffice;
    /// * [`Error::Timeout`] where a batch of the least size runs into its limit three times;
    /// * the job's own, which its row then tells, too.
    pub fn run<J: Job + ?Sized>(&self, job: &mut J) -> Result<Outcome> {
        check_name(job.name())?;
        self.validate()?;
        run::run(self, job)
    }

    fn validate(&self) -> Result<()> {
        let invalid = |field: &'static str, rule: &'static str| {
            Err(Error::invalid("batch::Runner", field, rule))
        };
        let Steering { target, min, max } = self.steering;
        if target.is_zero() {
            return invalid("target", "must not be zero");
        }
        if min == 0 || max < min || i32::try_from(max).is_err() {
            return invalid("sizes", "must be from at least 1 to at most 2,147,483,647");
        }
        if self.passes == 0 {
            return invalid("passes", "must be at least 1");
        }
        for (field, limit) in [
            ("target", target),
            ("statement_timeout", self.batch_timeout()),
            ("verify_timeout", self.verify_timeout),
        ] {
            milliseconds("batch::Runner", field, limit)?;
        }
        Ok(())
    }

    pub(super) fn batch_timeout(&self) -> Duration {
        self.statement_timeout.unwrap_or_else(|| self.steering.target.saturating_mul(10))
    }

    pub(super) fn tell(&self, event: Progress) {
        if let Some(listener) = &mut *self.listener.borrow_mut() {
            listener(&event);
        }
    }
}

impl fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("steering", &self.steering)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
