//! What a look at a live database has found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::catalog::{Catalog, Delta, Difference, ObjectKind, ObjectName};
use crate::migrate::{Context, Migration, State, Status};
use crate::severity::Severity;

/// How a database differs from the state that its history records: the delta checklist.
///
/// Prints as a checklist for a person, and serialises for a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftReport {
    /// How the history and this release compare. What is pending or held is not expected.
    pub status: Status,
    /// Contexts of which nothing is applied, and so nothing is expected. One of which there are no
    /// migrations is none of them.
    pub not_installed: Vec<Context>,
    /// Names of applied migrations that this release does not have, or has otherwise: what they
    /// did is not known here, and may be among the differences.
    pub unknown: Vec<String>,
    /// How many objects of each kind are there as expected.
    pub as_expected: BTreeMap<ObjectKind, usize>,
    /// What is not as expected, in an order in which the remedies can be followed.
    pub differences: Vec<Difference>,
    /// What is not as expected either, and was accepted.
    pub accepted: Vec<Difference>,
    /// What is not as expected either, was accepted when the database was adopted, and is as it was
    /// then.
    pub adopted: Vec<Difference>,
    /// Keys that were to be accepted, and of which there is no difference.
    pub unneeded: Vec<String>,
    /// What held migrations that are not applied would still do.
    pub held: Vec<HeldStep>,
}

impl DriftReport {
    /// Whether every chosen context is installed, no applied migration was edited since, and
    /// nothing differs that is worse than a [`Severity::Note`].
    ///
    /// A database that is behind, or that keeps held steps waiting, can be clean.
    pub fn is_clean(&self) -> bool {
        self.not_installed.is_empty()
            && !matches!(self.status.state, State::Tampered { .. })
            && self.worst().is_none_or(|worst| worst == Severity::Note)
    }

    /// How bad the worst difference is. `None` where there is none.
    pub fn worst(&self) -> Option<Severity> {
        self.differences.iter().map(|difference| difference.severity).max()
    }
}

/// What a held migration that is not applied would do to the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HeldStep {
    /// The name of the migration.
    pub migration: String,
    /// What it makes.
    pub makes: Vec<ObjectName>,
    /// What it changes.
    pub changes: Vec<ObjectName>,
    /// What it takes away, without what belongs to something that it takes away.
    pub takes_away: Vec<ObjectName>,
}

impl HeldStep {
    pub(super) fn new(migration: &Migration, delta: &Delta, expected: &Catalog) -> Self {
        let names = |there: bool| {
            let made = delta.made.iter().map(|object| &object.name);
            made.filter(|name| expected.get(name).is_some() == there).cloned().collect()
        };
        let whole = |name: &&ObjectName| {
            !delta.gone.iter().any(|of| {
                let relation = matches!(of.kind, ObjectKind::Table | ObjectKind::View);
                relation && of.schema == name.schema && of.name == name.relation
            })
        };
        Self {
            migration: migration.to_string(),
            makes: names(false),
            changes: names(true),
            takes_away: delta.gone.iter().filter(whole).cloned().collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.makes.is_empty() && self.changes.is_empty() && self.takes_away.is_empty()
    }
}

impl fmt::Display for HeldStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[-] held: {} has still to be asked for", self.migration)?;
        for (what, names) in
            [("makes", &self.makes), ("changes", &self.changes), ("takes away", &self.takes_away)]
        {
            for name in names {
                write!(f, "\n      {what} {name}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in &self.not_installed {
            writeln!(f, "[ ] {context} is not installed: nothing is expected of it")?;
        }
        match &self.status.state {
            State::Behind { pending } => {
                let first = pending.first().map_or("", String::as_str);
                let what = match pending.len() {
                    1 => first.to_owned(),
                    many => format!("{many} migrations from {first} on"),
                };
                writeln!(f, "[-] pending, and not expected yet: {what}")?;
            }
            State::Tampered { .. } => writeln!(
                f,
                "[ ] edited or deleted since they were applied, so that nobody knows what to \
                 expect: {}",
                self.unknown.join(", ")
            )?,
            State::Ahead { .. } | State::Current => {}
        }
        if !self.unknown.is_empty() && !matches!(self.status.state, State::Tampered { .. }) {
            writeln!(
                f,
                "[-] of a later release, whose changes look like differences here: {}",
                self.unknown.join(", ")
            )?;
        }
        let counts: Vec<String> = self
            .as_expected
            .iter()
            .map(
                |(kind, count)| {
                    if *count == 1 { format!("1 {kind}") } else { plural(*count, *kind) }
                },
            )
            .collect();
        if !counts.is_empty() {
            writeln!(f, "[x] {} as expected", counts.join(", "))?;
        }
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        for Difference { object, finding, .. } in &self.accepted {
            writeln!(f, "[x] accepted: {object} {finding}")?;
        }
        for Difference { object, finding, .. } in &self.adopted {
            writeln!(f, "[x] accepted when it was adopted: {object} {finding}")?;
        }
        for key in &self.unneeded {
            writeln!(f, "[-] to be accepted, and not there: {key}")?;
        }
        for step in &self.held {
            writeln!(f, "{step}")?;
        }
        Ok(())
    }
}

fn plural(count: usize, kind: ObjectKind) -> String {
    match kind {
        ObjectKind::Index => format!("{count} indexes"),
        ObjectKind::Policy => format!("{count} policies"),
        kind => format!("{count} {kind}s"),
    }
}
