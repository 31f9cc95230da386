//! A deployment of the schema with a receipt.

use std::fmt;
use std::time::{Duration, Instant};

use super::drift::Drift;
use super::fingerprint::{Content, Fingerprint, Mapping, Source};
use super::invariants::{Invariant, invariants};
use super::rollout_report::{RolloutReport, Stage, Stages};
use super::tables::relations;
use crate::catalog::activity;
use crate::error::Result;
use crate::migrate::{Context, Migrator, Recorded, State, Status};
use crate::severity::Severity;

/// Runs what is pending between two looks at the database, and leaves a receipt: preflight, a
/// fingerprint, [`Migrator::up`], the same looks again, and the same fingerprint.
///
/// The same report comes of an empty database, of a staging copy and of production: printed it
/// holds no times but those of transactions that are in the way, so that the three can be compared
/// line by line.
///
/// # Example
///
/// ```
/// use planwright::migrate::Migrator;
/// use planwright::testing::TestDatabase;
/// use planwright::verify::Rollout;
/// use planwright::Context;
///
/// let database = TestDatabase::new([])?;
/// let migrator = Migrator::new(database.store()).contexts([Context::Core]);
/// let report = Rollout::new(&migrator).back_on_failure(true).run()?;
/// assert!(report.succeeded(), "{report}");
/// # Ok::<(), planwright::Error>(())
/// ```
#[must_use = "nothing is rolled out until it is run"]
pub struct Rollout<'a, 'm> {
    migrator: &'a Migrator<'m>,
    invariants: Vec<Invariant>,
    sources: Option<Vec<Source>>,
    mapping: Mapping,
    beside_writers: bool,
    back_on_failure: bool,
    old: Duration,
}

impl<'a, 'm> Rollout<'a, 'm> {
    /// A rollout of the migrator's contexts and migrations on the store that it works on.
    pub fn new(migrator: &'a Migrator<'m>) -> Self {
        Self {
            migrator,
            invariants: Vec::new(),
            sources: None,
            mapping: Mapping::new(),
            beside_writers: false,
            back_on_failure: false,
            old: Duration::from_secs(1),
        }
    }

    /// Rules that must hold before and after.
    pub fn invariants(mut self, of: &[Invariant]) -> Self {
        self.invariants.extend_from_slice(of);
        self
    }

    /// What the fingerprint is taken of. Without this, every table of the contexts with all of its
    /// columns, as they are before.
    pub fn fingerprint_of(mut self, sources: impl IntoIterator<Item = Source>) -> Self {
        self.sources = Some(sources.into_iter().collect());
        self
    }

    /// What is called otherwise afterwards.
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// Takes no fingerprint: while others write, content differs without anything being wrong.
    pub fn beside_writers(mut self, beside: bool) -> Self {
        self.beside_writers = beside;
        self
    }

    /// Where a migration fails, or a look afterwards finds something: takes back what this run has
    /// applied, and compares the content with that of before.
    pub fn back_on_failure(mut self, back: bool) -> Self {
        self.back_on_failure = back;
        self
    }

    /// From which age on an open transaction that has locked a table of the contexts is told of.
    /// 1 s by default.
    pub fn old_transactions(mut self, age: Duration) -> Self {
        self.old = age;
        self
    }

    /// Runs it. What is not as it should be is in the report: a preflight that fails leaves the
    /// database untouched, and what fails later is taken back where that was asked for.
    ///
    /// # Errors
    ///
    /// Those of a query before anything is applied. From then on an error, of whatever kind, is a
    /// stage of the report that has failed.
    pub fn run(&self) -> Result<RolloutReport> {
        let begin = Instant::now();
        let mut stages = Stages::default();
        let before = self.migrator.status()?;
        let ready = self.look(&mut stages, When::Before)?;
        if !ready {
            return Ok(stages.report(begin.elapsed()));
        }
        let print = if self.beside_writers {
            stages.add(Stage::skipped("fingerprint before", "others write meanwhile"));
            None
        } else {
            let sources = match &self.sources {
                Some(sources) => sources.clone(),
                None => Source::tables_of(self.migrator)?,
            };
            let print = Fingerprint::take(self.migrator.store(), &sources)?;
            stages.add(Stage::done("fingerprint before", &lines(&print)));
            Some(print)
        };
        let mut good = match self.migrator.up() {
            Ok(applied) => {
                let lines: Vec<_> = applied.iter().map(|one| one.name.clone()).collect();
                stages.add(Stage::done("up", &lines));
                true
            }
            Err(error) => stages.good_or_failed("up", Err(error)),
        };
        good = good && {
            let looked = self.look(&mut stages, When::After);
            stages.good_or_failed("look after", looked)
        };
        good = good && {
            let compared = self.compare(&mut stages, print.as_ref());
            stages.good_or_failed("fingerprint after", compared)
        };
        if !good && self.back_on_failure {
            let gone_back = self.go_back(&mut stages, &before);
            let back = stages.good_or_failed("back", gone_back);
            if let (true, Some(print)) = (back, &print) {
                let compared = self.compare_back(&mut stages, print);
                stages.good_or_failed("fingerprint back", compared);
            }
        }
        Ok(stages.report(begin.elapsed()))
    }

    /// Status, drift, rules and, before, who is in the way.
    fn look(&self, stages: &mut Stages, when: When) -> Result<bool> {
        let status = self.migrator.status()?;
        let known = matches!(
            (&status.state, when),
            (State::Current, _) | (State::Behind { .. }, When::Before)
        );
        let lines: Vec<_> = status.to_string().lines().map(str::to_owned).collect();
        stages.add(Stage::of(known, when.named("status"), &lines));
        if !known {
            return Ok(false);
        }
        let (contexts, migrations) = self.migrator.chosen();
        let drift = Drift::new(self.migrator.store())
            .contexts(contexts.iter().copied())
            .migrations(migrations.clone())
            .run()?;
        // Before, a context need not be there.
        let clean = match when {
            When::Before => drift.worst().is_none_or(|worst| worst == Severity::Note),
            When::After => drift.is_clean(),
        };
        let lines: Vec<_> = drift.to_string().lines().map(str::to_owned).collect();
        stages.add(Stage::of(clean, when.named("drift"), &lines));

        let installed = !status.applied.is_empty();
        let sound = if installed && !self.invariants.is_empty() {
            let sanity = self.migrator.store().read(|uow| invariants(uow, &self.invariants))?;
            let lines: Vec<_> = sanity.to_string().lines().map(str::to_owned).collect();
            stages.add(Stage::of(sanity.is_sound(), when.named("rules"), &lines));
            sanity.is_sound()
        } else {
            stages.add(Stage::skipped(when.named("rules"), "there is nothing to ask"));
            true
        };
        if when == When::Before {
            self.look_for_old_transactions(stages)?;
        }
        Ok(clean && sound)
    }

    /// They are told of and no failure: the runner waits for them shortly, and again.
    fn look_for_old_transactions(&self, stages: &mut Stages) -> Result<()> {
        let names = relations(self.migrator)?
            .into_iter()
            .flat_map(|name| [name.schema, name.name])
            .collect::<Vec<_>>();
        let store = self.migrator.store();
        let found = store.read(|uow| activity::users_of(uow.connection(), &names, self.old))?;
        let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
        stages.add(Stage::done("old transactions on the tables", &lines));
        Ok(())
    }

    fn compare(&self, stages: &mut Stages, before: Option<&Fingerprint>) -> Result<bool> {
        let name = "fingerprint after";
        let Some(before) = before else {
            stages.add(Stage::skipped(name, "others write meanwhile"));
            return Ok(true);
        };
        let after = before.take_again(self.migrator.store(), &self.mapping)?;
        Ok(stages.compared(name, &before.compare_with(&after, &self.mapping)))
    }

    /// Takes back what was not there before.
    fn go_back(&self, stages: &mut Stages, before: &Status) -> Result<bool> {
        let of_core = |row: &&Recorded| row.context == Context::Core.name();
        let new = |row: &&Recorded| before.applied.iter().all(|old| old.version != row.version);
        let now = self.migrator.status()?;
        let (core, others): (Vec<_>, Vec<_>) = now.applied.iter().filter(new).partition(of_core);
        // Core goes last. It stays where something else does that it has recorded.
        let core = if before.applied.iter().all(|row| of_core(&row)) { core.len() } else { 0 };
        let reverted = self.migrator.down_steps(others.len() + core)?;
        let lines: Vec<_> = reverted.iter().map(|one| one.name.clone()).collect();
        stages.add(Stage::done("back", &lines));
        Ok(true)
    }

    fn compare_back(&self, stages: &mut Stages, print: &Fingerprint) -> Result<bool> {
        let same = print.take_again(self.migrator.store(), &Mapping::new())?;
        Ok(stages.compared("fingerprint back", &print.compare(&same)))
    }
}

impl fmt::Debug for Rollout<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rollout").field("migrator", &self.migrator).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

impl When {
    fn named(self, what: &'static str) -> &'static str {
        match (self, what) {
            (Self::Before, "status") => "status before",
            (Self::Before, "drift") => "drift before",
            (Self::Before, _) => "rules before",
            (Self::After, "status") => "status after",
            (Self::After, "drift") => "drift after",
            (Self::After, _) => "rules after",
        }
    }
}

/// Without the times of the printed form.
fn lines(print: &Fingerprint) -> Vec<String> {
    let line = |of: &Content| format!("{}: {} rows, {}", of.source.name(), of.rows, of.hash);
    print.contents.iter().map(line).collect()
}
