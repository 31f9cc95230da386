//! The rehearsal: a plan is executed, looked at after each statement, and rolled back.

use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::history;
use super::locked::Locked;
use super::plan::Plan;
use super::rehearsed::{Ending, HeldLock, Rehearsal};
use super::runner::Migrator;
use super::stage::Stage;
use crate::error::{self, Result};

impl Migrator<'_> {
    /// Executes what [`up`](Self::up) would run in one transaction that is rolled back, and tells
    /// of each statement: how long it took, the locks that it took, what it has rewritten, the
    /// rows that it has written. Guards are asked, and deferred constraints checked.
    ///
    /// **All locks are held until the end of the rehearsal**, longer than a run would hold them,
    /// and queue behind others as a run's would: so rehearse on a copy, or when the time that
    /// [`Rehearsal::duration`] tells of a copy can be borne. It waits for a lock once, for the
    /// `lock_timeout` of the store at the most.
    ///
    /// What ends with the transaction is all gone. What a transaction does not take back stays:
    /// numbers that sequences have given ([`Rehearsal::sequences`]), and dead rows, in tables that
    /// were written to, for VACUUM to clear away.
    ///
    /// What runs without a transaction is executed without the word CONCURRENTLY where its table
    /// was made by the same rehearsal; elsewhere it is not tried, and the report says so.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`](crate::Error::Migration) where a released migration was edited or deleted;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where another runner holds the lock for too long; those of a query.
    /// A migration that fails or is refused is no error but stands in the report; so does a run
    /// that would not begin, for what the host has.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::{Context, Store, StoreOptions, migrate::Migrator};
    /// let copy = Store::connect("postgres://owner@staging/plans", &StoreOptions::default())?;
    /// let rehearsal = Migrator::new(&copy).contexts(Context::ALL.iter().copied()).dry_run()?;
    /// print!("{rehearsal}");
    /// assert!(rehearsal.passed());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn dry_run(&self) -> Result<Rehearsal> {
        let plan = self.plan_of(&history::read(self.store)?, None)?;
        if plan.steps.is_empty() {
            return Ok(report(&plan, Stage::default(), Duration::ZERO));
        }
        self.locked(|session| {
            let plan = self.plan_of(&session.history()?, None)?;
            session.rehearse(&plan)
        })
    }

    /// The same of a held migration, with its guard: what [`contract`](Self::contract) would run.
    ///
    /// # Errors
    ///
    /// Those of [`dry_run`](Self::dry_run), and those of [`contract`](Self::contract) where
    /// something must come before it.
    pub fn dry_run_contract(&self, name: &str) -> Result<Rehearsal> {
        let Some(_) = self.held_step(name, &history::read(self.store)?)? else {
            return Ok(report(&Plan::default(), Stage::default(), Duration::ZERO));
        };
        self.locked(|session| {
            let step = self.held_step(name, &session.history()?)?;
            session.rehearse(&Plan::only(step))
        })
    }
}

fn report(plan: &Plan<'_>, stage: Stage, duration: Duration) -> Rehearsal {
    let (held, waiting) = plan.left();
    Rehearsal {
        migrations: stage.done,
        locks: stage
            .strongest
            .into_iter()
            .map(|(relation, (mode, since))| HeldLock { relation, mode, held: since.elapsed() })
            .collect(),
        sequences: stage.sequences.into_iter().collect(),
        rows_counted: stage.rows_counted,
        held,
        waiting,
        duration,
    }
}

impl Locked<'_> {
    fn rehearse(&mut self, plan: &Plan<'_>) -> Result<Rehearsal> {
        type Manager = AnsiTransactionManager;
        let (begin, mut blockers) = (Instant::now(), Vec::new());
        if let Some(refused) = plan.refused_by_host(&mut self.connection)? {
            return Ok(report(plan, Stage::refused(&plan.steps, &refused), begin.elapsed()));
        }
        Manager::begin_transaction(&mut self.connection)?;
        let limit = self.watch.store_limit();
        let played = self.watched(
            limit,
            |connection| Stage::default().play(connection, &plan.steps),
            |now| blockers = now,
        );
        let rolled_back = Manager::rollback_transaction(&mut self.connection);
        let (mut stage, failure) = played?;
        match failure {
            // The connection may be lost, and the transaction with it; the report says why.
            Some((at, source)) => {
                let waited = !blockers.is_empty()
                    && (error::is_lock_timeout(&source) || self.is_foreign_lock_timeout(&source));
                if let Ending::Failed { blockers: named, .. } = &mut stage.done[at].ending
                    && waited
                {
                    *named = blockers;
                }
            }
            None => rolled_back?,
        }
        Ok(report(plan, stage, begin.elapsed()))
    }
}
