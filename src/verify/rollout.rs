//! A deployment of the schema with a receipt.

use std::fmt;
use std::time::{Duration, Instant};

use super::drift::Drift;
use super::fingerprint::{Content, Fingerprint, Mapping, Source};
use super::invariants::{Invariant, invariants};
use super::rollout_report::{RolloutReport, Stage, Stages};
use super::tables::{not_adopted, relations};
use crate::catalog::activity;
use crate::error::Result;
use crate::migrate::{Migrator, Own, State, Status};
use crate::severity::Severity;
use crate::store::Store;

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
    accepted: Vec<String>,
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
            accepted: Vec::new(),
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

    /// Differences that shall not stop it, as [`Drift::accepting`] has them.
    pub fn accepting(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.accepted.extend(keys.into_iter().map(Into::into));
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
    /// applied, and compares the content with that of before. What another runner has applied
    /// stays; where that is on top of it, nothing is taken back.
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
    /// Those of the first look at the history, such as
    /// [`Error::Unavailable`](crate::Error::Unavailable). Every later one is in the report.
    pub fn run(&self) -> Result<RolloutReport> {
        let begin = Instant::now();
        // Without a database there is no report.
        self.migrator.status()?;
        let mut stages = Stages::default();
        self.roll_out(&mut stages);
        Ok(stages.report(begin.elapsed()))
    }

    fn store(&self) -> &Store {
        self.migrator.store()
    }

    fn roll_out(&self, stages: &mut Stages) {
        if !self.look(stages, When::Before) {
            return;
        }
        let print = if self.beside_writers {
            stages.add(Stage::skipped("fingerprint before", OTHERS_WRITE));
            None
        } else {
            match self.fingerprint() {
                Ok(print) => {
                    stages.add(Stage::done("fingerprint before", contents(&print)));
                    Some(print)
                }
                Err(error) => return stages.add(Stage::error("fingerprint before", &error)),
            }
        };
        let mut own = Own::default();
        let up = self.migrator.up_noting(&mut own);
        let applied = up.is_ok();
        stages.add(match up {
            Ok(applied) => Stage::done("up", applied.into_iter().map(|one| one.name)),
            Err(error) => Stage::error("up", &error),
        });
        let good = applied
            && self.look(stages, When::After)
            && self.compare(stages, print.as_ref(), "fingerprint after", &self.mapping);
        if !good && self.back_on_failure {
            self.go_back(stages, &own, print.as_ref());
        }
    }

    /// Status, drift, rules and, before, who is in the way.
    fn look(&self, stages: &mut Stages, when: When) -> bool {
        let installed = match self.status(when) {
            Ok((good, status)) => {
                let installed = !status.applied.is_empty();
                stages.add(Stage::of(good, when.status(), lines(&status)));
                if !good {
                    return false;
                }
                installed
            }
            Err(error) => {
                stages.add(Stage::error(when.status(), &error));
                return false;
            }
        };
        let mut good = stages.judge(when.drift(), self.drift(when));
        if installed && !self.invariants.is_empty() {
            let asked = self.store().read(|uow| invariants(uow, &self.invariants));
            good &=
                stages.judge(when.rules(), asked.map(|found| (found.is_sound(), lines(&found))));
        } else {
            stages.add(Stage::skipped(when.rules(), "there is nothing to ask"));
        }
        if when == When::Before {
            // They are told of and no failure: the runner waits for them shortly, and again.
            good &= stages.judge("old transactions on the tables", self.in_the_way());
        }
        good
    }

    fn status(&self, when: When) -> Result<(bool, Status)> {
        let status = self.migrator.status()?;
        let good = match status.state {
            State::Current => true,
            State::Behind { .. } => when == When::Before,
            State::Ahead { .. } | State::Tampered { .. } => false,
        };
        Ok((good, status))
    }

    fn drift(&self, when: When) -> Result<(bool, Vec<String>)> {
        let (contexts, migrations) = self.migrator.chosen();
        let drift = Drift::new(self.store())
            .contexts(contexts.iter().copied())
            .migrations(migrations.clone())
            .accepting(&self.accepted)
            .run()?;
        let mut lines = lines(&drift);
        if when == When::After {
            return Ok((drift.is_clean(), lines));
        }
        // Before, a context need not be there. But then it must not be there in part.
        let not_adopted = not_adopted(self.migrator, &drift.not_installed)?;
        for (context, table) in &not_adopted {
            lines.push(format!("[ ] {table} is there already: adopt {context} first"));
        }
        let refused = self.migrator.plan()?.refused;
        lines.extend(refused.iter().map(|why| format!("[ ] {why}")));
        let minor = drift.worst().is_none_or(|worst| worst == Severity::Note);
        Ok((minor && not_adopted.is_empty() && refused.is_none(), lines))
    }

    fn in_the_way(&self) -> Result<(bool, Vec<String>)> {
        let names: Vec<_> = relations(self.migrator)?
            .into_iter()
            .flat_map(|name| [name.schema, name.name])
            .collect();
        let found =
            self.store().read(|uow| activity::users_of(uow.connection(), &names, self.old))?;
        Ok((true, found.iter().map(ToString::to_string).collect()))
    }

    fn fingerprint(&self) -> Result<Fingerprint> {
        match &self.sources {
            Some(sources) => Fingerprint::take(self.store(), sources),
            None => Fingerprint::take(self.store(), &Source::tables_of(self.migrator)?),
        }
    }

    fn compare(
        &self,
        stages: &mut Stages,
        before: Option<&Fingerprint>,
        name: &'static str,
        mapping: &Mapping,
    ) -> bool {
        let Some(before) = before else {
            stages.add(Stage::skipped(name, OTHERS_WRITE));
            return true;
        };
        let compared = before.take_again(self.store(), mapping).map(|after| {
            let comparison = before.compare_with(&after, mapping);
            (comparison.is_equal(), lines(&comparison))
        });
        stages.judge(name, compared)
    }

    /// Takes back what this run has applied, and nothing else.
    fn go_back(&self, stages: &mut Stages, own: &Own, print: Option<&Fingerprint>) {
        match self.migrator.take_back(own) {
            Ok(reverted) => {
                stages.add(Stage::done("back", reverted.into_iter().map(|one| one.name)));
                self.compare(stages, print, "fingerprint back", &Mapping::new());
            }
            Err(error) => stages.add(Stage::error("back", &error)),
        }
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
    fn status(self) -> &'static str {
        self.either("status before", "status after")
    }

    fn drift(self) -> &'static str {
        self.either("drift before", "drift after")
    }

    fn rules(self) -> &'static str {
        self.either("rules before", "rules after")
    }

    fn either(self, before: &'static str, after: &'static str) -> &'static str {
        if self == Self::Before { before } else { after }
    }
}

const OTHERS_WRITE: &str = "others write meanwhile";

fn lines(report: &impl fmt::Display) -> Vec<String> {
    report.to_string().lines().map(str::to_owned).collect()
}

/// Without the times of the printed form.
fn contents(print: &Fingerprint) -> Vec<String> {
    let line = |of: &Content| format!("{}: {} rows, {}", of.source.name(), of.rows, of.hash);
    print.contents.iter().map(line).collect()
}
