//! What contexts need of the host: a column that their tables refer to, such as `public.users.id`.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::context::Context;
use super::embedded::Migrations;
use super::guard::guard;
use super::history::Recorded;
use super::migration::Migration;
use super::plan::{Plan, Step};
use crate::error::{Error, Result};

/// Why a run does not begin.
pub(super) struct Refused {
    /// The place of the first step that needs what is refused.
    pub(super) step: usize,
    pub(super) what: String,
    /// The name of the migration that makes the column.
    by: String,
}

impl Refused {
    pub(super) fn error(self) -> Error {
        Error::migration(self.by, self.what, None)
    }
}

impl Plan<'_> {
    /// What the host has that the steps could not refer to: asked before any of them runs, also of
    /// what is recorded already. Asks the server only where a step refers to it.
    pub(super) fn refused_by_host(&self, connection: &mut PgConnection) -> Result<Option<Refused>> {
        for made in &self.of_host {
            if let Some(Error::Migration { what, .. }) = guard(connection, made)? {
                let what = format!("{}nothing is run: {what}", self.needed_by(made));
                let step = self.steps.iter().position(|step| step.uses(made)).unwrap_or_default();
                return Ok(Some(Refused { step, what, by: made.to_string() }));
            }
        }
        Ok(None)
    }

    fn needed_by(&self, made: &Migration) -> String {
        let steps = self.steps.iter().map(|step| step.migration);
        let needing = steps.filter(|one| one.needs.contains(&made.version));
        let contexts: BTreeSet<_> = needing.map(|one| one.context.name()).collect();
        match &contexts.into_iter().collect::<Vec<_>>()[..] {
            [] => String::new(), // a run that ends before them
            contexts => format!("needed by {}, so ", contexts.join(", ")),
        }
    }

    /// Fails where the run must not begin.
    pub(super) fn ask_host(&self, connection: &mut PgConnection) -> Result<()> {
        self.refused_by_host(connection)?.map_or(Ok(()), |refused| Err(refused.error()))
    }
}

impl Step<'_> {
    /// Whether it makes the column of the host's that the migration makes, or needs it.
    pub(super) fn uses(&self, made: &Migration) -> bool {
        self.migration.version == made.version || self.migration.needs.contains(&made.version)
    }
}

impl Migrations {
    /// Whether this row goes last of all, as others lean on it, and not in its turn. So goes all
    /// of core, by which the others are recorded, however late a part of it came. What makes a
    /// column of the host's is older than all that needs it, so it goes in its turn, unless a
    /// context needs it that is not chosen.
    pub(crate) fn goes_last(
        &self,
        row: &Recorded,
        contexts: &[Context],
        history: &[Recorded],
    ) -> bool {
        let of_host = |one: &&Migration| one.version == row.version && one.host_column.is_some();
        let needs = |one: &Migration| {
            one.needs.contains(&row.version)
                && !contexts.contains(&one.context)
                && history.iter().any(|other| other.version == one.version)
        };
        row.context == Context::Core.name()
            && (self.as_slice().iter().find(of_host).is_none() || self.as_slice().iter().any(needs))
    }
}
