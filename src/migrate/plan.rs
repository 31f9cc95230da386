//! What is to be done: the history against the migrations of this release. No connection here.

use std::collections::HashSet;

use super::checksum;
use super::context::Context;
use super::embedded::Migrations;
use super::history::Recorded;
use super::migration::{Kind, Migration};
use super::report::State;
use crate::error::{Error, Result};

/// What a run would do, and what it would leave.
#[derive(Debug, Default)]
pub(super) struct Plan<'m> {
    /// What runs, in this order.
    pub(super) steps: Vec<Step<'m>>,
    /// Held migrations that nobody has asked for.
    pub(super) held: Vec<&'m Migration>,
    /// Others, which need one that does not run.
    pub(super) waiting: Vec<&'m Migration>,
    /// Those with a column of the host's that a step makes or needs.
    pub(super) of_host: Vec<&'m Migration>,
}

/// One migration of a plan.
#[derive(Debug)]
pub(super) struct Step<'m> {
    pub(super) migration: &'m Migration,
    /// For the first of its context: the held ones that belong to the same installation.
    pub(super) installs: Option<Vec<String>>,
    /// Whether it was asked for by its name. Only then it waits for its job, and for its statement.
    pub(super) asked: bool,
}

impl<'m> Plan<'m> {
    /// What `up` would do, through the version `through` where one is given.
    pub(super) fn new(
        migrations: &'m Migrations,
        contexts: &[Context],
        history: &[Recorded],
        through: Option<&str>,
    ) -> Self {
        let mut plan = Self::default();
        let mut done: HashSet<&str> = history.iter().map(|row| row.version.as_str()).collect();
        let mut installs: HashSet<String> =
            history.iter().flat_map(|row| row.installs.iter().flatten().cloned()).collect();
        let mut begun: HashSet<&str> = history.iter().map(|row| row.context.as_str()).collect();
        let in_range =
            |migration: &Migration| through.is_none_or(|through| *migration.version <= *through);

        for migration in migrations.of(contexts) {
            if done.contains(&*migration.version) || !in_range(migration) {
                continue;
            }
            // A run that installs a context goes on through the held steps that are known to it.
            // The list is written down with the first step, so that a later run can finish an
            // interrupted one, and a later release's held steps are not taken for part of it.
            let first = begun.insert(migration.context.name()).then(|| {
                migrations
                    .of(&[migration.context])
                    .filter(|other| other.kind == Kind::Held && in_range(other))
                    .map(|other| other.version.clone())
                    .collect::<Vec<_>>()
            });
            installs.extend(first.iter().flatten().cloned());

            if migration.kind == Kind::Held && !installs.contains(&migration.version) {
                plan.held.push(migration);
            } else if !migration.needs.iter().all(|need| done.contains(&**need)) {
                plan.waiting.push(migration);
            } else {
                done.insert(&migration.version);
                plan.steps.push(Step { migration, installs: first, asked: false });
            }
        }
        let uses = |one: &&Migration| {
            one.host_column.is_some() && plan.steps.iter().any(|step| step.uses(one))
        };
        let of_host = migrations.as_slice().iter().filter(uses).collect();
        plan.of_host = of_host;
        plan
    }

    /// The names of what it leaves: the held ones, and those that wait.
    pub(super) fn left(&self) -> (Vec<String>, Vec<String>) {
        let names =
            |migrations: &[&Migration]| migrations.iter().map(ToString::to_string).collect();
        (names(&self.held), names(&self.waiting))
    }

    /// What `contract` would do.
    pub(super) fn only(step: Option<Step<'m>>) -> Self {
        Self { steps: step.into_iter().collect(), ..Self::default() }
    }
}

/// What of the history this release does not have, or has otherwise.
#[derive(Debug, Default)]
pub(super) struct Strange {
    /// Versions that were edited or deleted.
    pub(super) tampered: Vec<String>,
    /// Names of a later release.
    pub(super) unknown: Vec<String>,
}

impl Strange {
    pub(super) fn find(
        migrations: &Migrations,
        contexts: &[Context],
        history: &[Recorded],
    ) -> Self {
        let newest = migrations.as_slice().last().map_or("", |migration| &*migration.version);
        let mut strange = Self::default();
        for row in rows_of(contexts, history) {
            let version = &row.version;
            match migrations.as_slice().iter().find(|migration| migration.version == *version) {
                Some(migration) if checksum::is_of(&row.checksum, migration) => {}
                None if version.as_str() > newest => strange.unknown.push(row.name.clone()),
                _ => strange.tampered.push(version.clone()),
            }
        }
        strange
    }

    /// Refuses to touch a database whose history is not this release's.
    pub(super) fn refuse_tampered(&self) -> Result<()> {
        match &self.tampered[..] {
            [] => Ok(()),
            versions => Err(tampered(versions)),
        }
    }

    pub(super) fn state(self, plan: &Plan<'_>) -> State {
        if !self.tampered.is_empty() {
            State::Tampered { versions: self.tampered }
        } else if !plan.steps.is_empty() {
            State::Behind {
                pending: plan.steps.iter().map(|step| step.migration.to_string()).collect(),
            }
        } else if !self.unknown.is_empty() {
            State::Ahead { unknown: self.unknown }
        } else {
            State::Current
        }
    }
}

pub(super) fn tampered(versions: &[String]) -> Error {
    let what = format!(
        "{}: applied to this database, and since then edited or deleted. A released migration \
         never changes: restore it and write a new one",
        versions.join(", ")
    );
    Error::migration("", what, None)
}

/// The rows of these contexts.
pub(super) fn rows_of<'h>(
    contexts: &[Context],
    history: &'h [Recorded],
) -> impl Iterator<Item = &'h Recorded> {
    let chosen = |row: &&Recorded| contexts.iter().any(|context| context.name() == row.context);
    history.iter().filter(chosen)
}
