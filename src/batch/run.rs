//! One run of a job.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::job::{Batch, Job, Verdict};
use super::lease::{Lease, Taken, rest};
use super::report::{Outcome, Phase, Progress};
use super::runner::Runner;
use super::state::{self, Change, Row};
use crate::error::{Error, Result, TimeoutKind};
use crate::transaction::Transaction;
use crate::unit_of_work::UnitOfWork;

/// How often a batch of the least size may run into its limit, one time after the other.
const TIMEOUTS: u32 = 3;

/// The longest text of an error that a row keeps, in characters.
const LONGEST_ERROR: usize = 2_000;

pub(super) fn run<J: Job + ?Sized>(runner: &Runner<'_>, job: &mut J) -> Result<Outcome> {
    let name = job.name().to_owned();
    let lease = match Lease::take(runner, &name)? {
        Taken::Lease(lease) => lease,
        Taken::Stopped(status) => {
            runner.tell(Progress::Stopped { rows_done: status.rows_done });
            return Ok(Outcome::Stopped(status));
        }
    };
    let mut run = match Run::claim(runner, job, name, lease)? {
        Claimed::Run(run) => *run,
        Claimed::Finished(row) => return Ok(Outcome::FinishedBefore(row.into_status(None)?)),
    };
    let done = run.passes(job);
    if let Err(error) = &done {
        run.note(error);
    }
    run.lease.give_back();
    done
}

/// A job in the hands of this runner.
struct Run<'r, 'a, C> {
    runner: &'r Runner<'a>,
    name: String,
    lease: Lease,
    /// As this runner has written it last.
    row: Row,
    cursor: Option<C>,
    size: u32,
    /// Those that this run has begun.
    passes: u32,
}

enum Claimed<R> {
    Run(Box<R>),
    Finished(Row),
}

impl<'r, 'a, C: Serialize + DeserializeOwned> Run<'r, 'a, C> {
    /// Begins the job, or takes it up where it is.
    fn claim<J: Job<Cursor = C> + ?Sized>(
        runner: &'r Runner<'a>,
        job: &mut J,
        name: String,
        lease: Lease,
    ) -> Result<Claimed<Self>> {
        let (row, resumed) = unit(runner, &name, runner.verify_timeout).run(|uow| {
            let stored = state::lock(uow.connection(), &name)?;
            match stored {
                Some(row) if !runner.anew && row.is_finished() => Ok((row, true)),
                Some(row) if !runner.anew => {
                    let phase = if row.pass_ended { Phase::Verifying } else { Phase::Running };
                    Ok((changed(uow, &row, &row.to(phase))?, true))
                }
                _ => {
                    let estimate = job.estimate(uow)?;
                    let size = runner.steering.bounded(runner.first_size);
                    Ok((state::begin(uow.connection(), &name, estimate, size)?, false))
                }
            }
        })?;
        if row.is_finished() {
            lease.give_back();
            return Ok(Claimed::Finished(row));
        }
        let rows_estimated = row.rows_estimated();
        runner.tell(if resumed {
            Progress::Resumed { rows_done: row.rows_done(), rows_estimated, pass: row.pass() }
        } else {
            Progress::Started { rows_estimated }
        });
        let mut run = Self {
            runner,
            name,
            lease,
            cursor: None,
            size: runner.steering.bounded(row.batch_size()),
            passes: u32::from(!row.pass_ended),
            row,
        };
        match run.row.cursor.clone().map(serde_json::from_value).transpose() {
            Ok(cursor) => run.cursor = cursor,
            Err(cause) => {
                let what = format!("the stored cursor cannot be read: {cause}");
                let error = Error::invalid("Job", "cursor", what);
                run.note(&error);
                return Err(error);
            }
        }
        Ok(Claimed::Run(Box::new(run)))
    }

    /// Passes and verifications until one of these finds everything done.
    fn passes<J: Job<Cursor = C> + ?Sized>(&mut self, job: &mut J) -> Result<Outcome> {
        loop {
            while !self.row.pass_ended {
                if self.runner.stop.is_stopped() {
                    return self.stop();
                }
                self.lease.make_way(self.runner)?;
                if !self.runner.stop.is_stopped() {
                    self.batch(job)?;
                }
            }
            if self.runner.stop.is_stopped() {
                return self.stop();
            }
            if self.verify(job)? {
                let status = self.row.clone().into_status(None)?;
                self.runner.tell(Progress::Finished { rows_done: status.rows_done });
                return Ok(Outcome::Finished(status));
            }
        }
    }

    /// The next batch, with fewer rows after each timeout.
    fn batch<J: Job<Cursor = C> + ?Sized>(&mut self, job: &mut J) -> Result<()> {
        let Self { runner, row, cursor, name, .. } = &*self;
        let steering = runner.steering;
        let limit = runner.batch_timeout();
        let (mut size, mut timeouts) = (self.size, 0);
        let (batch, row, took) = loop {
            let mut begin = Instant::now();
            let done = unit(runner, name, limit).run(|uow| {
                begin = Instant::now();
                state::fence(uow.connection(), row)?;
                let batch = job.next_batch(uow, cursor.as_ref(), size)?;
                // Without the time of COMMIT, which is not known yet.
                let next_size = steering.after(size, begin.elapsed());
                let change = advance(row, &batch, next_size)?;
                Ok((batch, changed(uow, row, &change)?))
            });
            match done {
                Ok((batch, row)) => break (batch, row, begin.elapsed()),
                Err(error) if is_timeout(&error, limit, begin.elapsed()) => {
                    timeouts = if size == steering.min { timeouts + 1 } else { 0 };
                    if timeouts == TIMEOUTS {
                        return Err(error);
                    }
                    let next_size = steering.after_timeout(size);
                    runner.tell(Progress::TimedOut { size, next_size });
                    size = next_size;
                    // Whoever was in the way, or was kept waiting, has as long for himself.
                    rest(runner, steering.target);
                    if runner.stop.is_stopped() {
                        self.size = size;
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        };
        // The last batch of a pass has fewer rows, and its time says nothing.
        let ended = row.pass_ended;
        self.size = if ended { size } else { steering.after(size, took) };
        self.cursor = batch.next;
        self.row = row;
        let rows_done = self.row.rows_done();
        let (rows, next_size) = (batch.rows, self.size);
        self.runner.tell(Progress::BatchDone { rows, rows_done, duration: took, next_size });
        if ended {
            self.runner.tell(Progress::PassEnded { pass: self.row.pass(), rows_done });
        }
        Ok(())
    }

    /// Whether everything is done. If not, another pass is begun.
    fn verify<J: Job<Cursor = C> + ?Sized>(&mut self, job: &mut J) -> Result<bool> {
        let Self { runner, row, name, .. } = &*self;
        runner.tell(Progress::Verifying);
        let row = unit(runner, name, runner.verify_timeout).run(|uow| {
            state::fence(uow.connection(), row)?;
            match job.verify(uow)? {
                Verdict::Done => state::finish(uow.connection(), row),
                Verdict::AnotherPass if self.passes < runner.passes => {
                    let pass = row.pass.saturating_add(1);
                    changed(uow, row, &Change { pass, pass_ended: false, ..row.to(Phase::Running) })
                }
                Verdict::AnotherPass => Err(Error::Verification {
                    what: format!(
                        "the job {name} has gone over the data {} times, and writers have again \
                         left it something to do: find the ones that do not know the new form",
                        self.passes
                    ),
                }),
            }
        })?;
        self.row = row;
        if !self.row.is_finished() {
            self.passes += 1;
            self.cursor = None;
            self.runner.tell(Progress::AnotherPass { pass: self.row.pass() });
        }
        Ok(self.row.is_finished())
    }

    fn stop(&mut self) -> Result<Outcome> {
        let batch_size = state::signed_size(self.size);
        let change = Change { batch_size, ..self.row.to(Phase::Stopped) };
        self.row = unit(self.runner, &self.name, self.runner.batch_timeout())
            .run(|uow| changed(uow, &self.row, &change))?;
        let status = self.row.clone().into_status(None)?;
        self.runner.tell(Progress::Stopped { rows_done: status.rows_done });
        Ok(Outcome::Stopped(status))
    }

    /// Writes down why the run ends. Where that fails, or another runner has taken over, the row
    /// says of itself that nobody is at work, and the caller has the error.
    fn note(&self, error: &Error) {
        let change = Change { error: Some(kept(error)), ..self.row.to(Phase::Failed) };
        let noted = unit(self.runner, &self.name, self.runner.batch_timeout())
            .run(|uow| state::change(uow.connection(), &self.row, &change));
        drop(noted);
    }
}

/// A transaction of the job.
fn unit<'s>(runner: &'s Runner<'_>, name: &'s str, limit: Duration) -> Transaction<'s> {
    let unit = runner.store.transaction().job(name).statement_timeout(limit);
    // The row tells what became of a COMMIT, but a run need not end for want of its answer.
    unit.attempts(5).resolve_commit(true)
}

/// Changes the row, and says who else has done so where that was in between.
fn changed(uow: &mut UnitOfWork<'_>, row: &Row, change: &Change) -> Result<Row> {
    if let Some(row) = state::change(uow.connection(), row, change)? {
        return Ok(row);
    }
    state::fence(uow.connection(), row)?;
    Err(Error::not_found("Job", &row.name))
}

/// What a batch changes in the row.
fn advance<C: Serialize>(row: &Row, batch: &Batch<C>, next_size: u32) -> Result<Change> {
    let unfit = |cause| Error::invalid("Job", "cursor", format!("is no JSON: {cause}"));
    let cursor = batch.next.as_ref().map(serde_json::to_value).transpose().map_err(unfit)?;
    if cursor.is_some() && cursor == row.cursor {
        let what = "must move with each batch: this one ends where it began";
        return Err(Error::invalid("Job", "cursor", what));
    }
    let ended = cursor.is_none();
    Ok(Change {
        pass_ended: ended,
        cursor,
        rows_done: row.rows_done.saturating_add(state::signed(batch.rows)),
        batch_size: state::signed_size(next_size),
        ..row.to(if ended { Phase::Verifying } else { Phase::Running })
    })
}

/// Whether a batch was too much for its time. A server that speaks another language does not say
/// so in words that are known; then its time tells.
fn is_timeout(error: &Error, limit: Duration, took: Duration) -> bool {
    match error {
        Error::Timeout { what, .. } => {
            matches!(what, TimeoutKind::Statement | TimeoutKind::Lock)
        }
        Error::Database { .. } => !limit.is_zero() && took >= limit,
        _ => false,
    }
}

/// The error with its reasons, as long as a row keeps it.
fn kept(error: &Error) -> String {
    error.in_full().replace('\0', "").chars().take(LONGEST_ERROR).collect()
}
