//! What a rehearsal tells.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::planned::{Planned, left};
use super::report::head;
use crate::catalog::activity::Blocker;
use crate::catalog::locks::LockMode;

/// What a run did in a transaction that was rolled back: the answer of
/// [`dry_run`](super::Migrator::dry_run).
///
/// Printed it is a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The migrations of the plan, in their order.
    pub migrations: Vec<Rehearsed>,
    /// The strongest lock on each relation that was there before, and for how long the rehearsal
    /// has held it, waiting for it included: up to its own end. A real run gives locks back at the
    /// end of each migration.
    pub locks: Vec<HeldLock>,
    /// Sequences that were there before and have given numbers, which are not given back.
    pub sequences: Vec<String>,
    /// Whether the server counts rows (`track_counts`). Where it does not, none are told.
    pub rows_counted: bool,
    /// The names of held migrations, which wait to be asked for.
    pub held: Vec<String>,
    /// The names of other migrations that wait, as they need one that is held.
    pub waiting: Vec<String>,
    /// From BEGIN to the end of ROLLBACK. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
    pub duration: Duration,
}

impl Rehearsal {
    /// Whether nothing has failed and no guard has refused. What could not be tried counts as
    /// neither.
    pub fn passed(&self) -> bool {
        let passed =
            |one: &Rehearsed| matches!(one.ending, Ending::Passed | Ending::NotTried { .. });
        self.migrations.iter().all(passed)
    }
}

/// A migration in a [`Rehearsal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rehearsed {
    /// What was planned.
    #[serde(flatten)]
    pub planned: Planned,
    /// How it ended.
    pub ending: Ending,
    /// What each of its statements has done, as far as it came.
    pub effects: Vec<Effect>,
    /// How long its statements took. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
    pub duration: Duration,
}

/// How the rehearsal of a migration ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// Every statement ran, and so did what waits for COMMIT: deferred constraints.
    Passed,
    /// Its guard has something against it. The others were rehearsed without it.
    Refused {
        /// What.
        why: String,
    },
    /// It cannot be tried in a transaction. The others were rehearsed without it.
    NotTried {
        /// Why not.
        why: String,
    },
    /// It failed, and the rehearsal ended here.
    Failed {
        /// Which statement, or what else.
        what: String,
        /// The server's answer.
        why: String,
        /// Whom it has waited for, where it was a lock that was not to be had in time.
        blockers: Vec<Blocker>,
        /// The migrations of the same context that were not tried: what failed may need them.
        not_tried: Vec<String>,
    },
    /// It was not come to.
    NotReached {
        /// Why not.
        why: String,
    },
}

/// What one statement has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// The statement as it was executed: that of the plan, less a word CONCURRENTLY on a table that
    /// is new.
    pub statement: String,
    /// How long it took. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
    pub duration: Duration,
    /// The locks that it added on relations that were there before: on tables every one, on
    /// indexes those that are in the way of use. Deferred constraints count to the last statement.
    /// What the rehearsal holds already, perhaps by an earlier migration, is not added again.
    pub locks: Vec<RelationLock>,
    /// The relations, there before, that have another file now: tables and indexes were written
    /// anew, which takes time and space, or emptied.
    pub rewritten: Vec<String>,
    /// The tables in which it has written rows, by itself, in functions or in triggers.
    pub rows: Vec<Rows>,
}

/// A lock on a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RelationLock {
    /// The name, qualified and quoted where need be.
    pub relation: String,
    /// The mode.
    pub mode: LockMode,
}

/// The strongest lock on a relation in a [`Rehearsal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HeldLock {
    /// The name, qualified and quoted where need be.
    pub relation: String,
    /// The mode.
    pub mode: LockMode,
    /// From the beginning of the statement that took it to the end of the rehearsal. In
    /// milliseconds where it is serialised.
    #[serde(rename = "held_ms", serialize_with = "crate::milliseconds::serialize")]
    pub held: Duration,
}

/// How many rows of a table were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rows {
    /// The name of the table, qualified and quoted where need be.
    pub table: String,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were updated.
    pub updated: u64,
    /// Rows that were deleted.
    pub deleted: u64,
}

impl Effect {
    /// Whether it is worth lines of its own.
    fn is_loud(&self) -> bool {
        let Self { locks, rewritten, rows, duration, .. } = self;
        !(locks.is_empty() && rewritten.is_empty() && rows.is_empty())
            || *duration >= Duration::from_millis(10)
    }
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.migrations.is_empty() {
            writeln!(f, "nothing to do")?;
        } else {
            writeln!(
                f,
                "rehearsed in {} ms, in one transaction that was rolled back",
                self.duration.as_millis()
            )?;
        }
        for rehearsed in &self.migrations {
            write!(f, "{rehearsed}")?;
        }
        left(f, &self.held, &self.waiting)?;
        if !self.locks.is_empty() {
            writeln!(
                f,
                "locks are told where they were taken first, and were held until the end of the \
                 rehearsal; a run gives them back after each migration:"
            )?;
        }
        for HeldLock { relation, mode, held } in &self.locks {
            writeln!(f, "      {mode} on {relation} for {} ms", held.as_millis())?;
        }
        for sequence in &self.sequences {
            writeln!(f, "      {sequence} has given numbers that are not given back")?;
        }
        if !self.rows_counted && !self.migrations.is_empty() {
            writeln!(f, "rows were not counted: track_counts is off")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, ending, effects, duration } = self;
        match ending {
            Ending::Passed => writeln!(f, "[x] {planned}, {} ms", duration.as_millis())?,
            Ending::Refused { why } => writeln!(f, "[!] {planned}: {why}")?,
            Ending::NotTried { why } => writeln!(f, "[?] {planned}: not tried, {why}")?,
            Ending::NotReached { why } => writeln!(f, "[-] {planned}: not reached, {why}")?,
            Ending::Failed { what, .. } => writeln!(f, "[!] {planned}: {what}")?,
        }
        if let Ending::Failed { why, blockers, not_tried, .. } = ending {
            writeln!(f, "      {why}")?;
            for blocker in blockers {
                writeln!(f, "      in the way: {blocker}")?;
            }
            for name in not_tried {
                writeln!(f, "      perhaps for want of {name}, which was not tried")?;
            }
        }
        let (loud, quiet): (Vec<_>, Vec<_>) = effects.iter().partition(|effect| effect.is_loud());
        for effect in loud {
            write!(f, "{effect}")?;
        }
        if quiet.is_empty() {
            return Ok(());
        }
        let took: Duration = quiet.iter().map(|effect| effect.duration).sum();
        let others = if quiet.len() == effects.len() { "" } else { "other " };
        let statements = if quiet.len() == 1 { "statement" } else { "statements" };
        writeln!(
            f,
            "      {} ms: {} {others}{statements}, with no effect on what was there",
            took.as_millis(),
            quiet.len()
        )
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "      {} ms: {}", self.duration.as_millis(), head(&self.statement))?;
        for RelationLock { relation, mode } in &self.locks {
            let stronger =
                |other: &&RelationLock| other.relation == *relation && other.mode > *mode;
            if self.locks.iter().find(stronger).is_none() {
                writeln!(f, "          locks {relation}: {mode}")?;
            }
        }
        for relation in &self.rewritten {
            writeln!(f, "          rewrites {relation}")?;
        }
        for Rows { table, inserted, updated, deleted } in &self.rows {
            writeln!(
                f,
                "          writes {table}: {inserted} inserted, {updated} updated, {deleted} deleted"
            )?;
        }
        Ok(())
    }
}
