//! Where a database stands, for those who look at it in a unit of their own.

use std::collections::HashSet;

use super::context::Context;
use super::embedded::Migrations;
use super::history::{self, Recorded};
use super::plan::{Plan, Strange, rows_of};
use super::report::Status;
use crate::error::Result;
use crate::unit_of_work::UnitOfWork;

/// What the history of a database says.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Of the chosen contexts.
    pub(crate) status: Status,
    /// The versions that are applied, of every context.
    pub(crate) applied: HashSet<String>,
    /// The names of applied migrations of the chosen contexts that these are not, or are otherwise:
    /// what they did is not known here.
    pub(crate) unknown: Vec<String>,
}

impl Migrations {
    /// Reads the history, in two statements.
    pub(crate) fn standing(
        &self,
        contexts: &[Context],
        uow: &mut UnitOfWork<'_>,
    ) -> Result<Standing> {
        let history = history::read_on(uow.connection())?;
        let strange = Strange::find(self, contexts, &history);
        let unknown = rows_of(contexts, &history)
            .filter(|row| {
                strange.tampered.contains(&row.version) || strange.unknown.contains(&row.name)
            })
            .map(|row| row.name.clone())
            .collect();
        let applied = history.iter().map(|row| row.version.clone()).collect();
        Ok(Standing { status: status_of(self, contexts, &history), applied, unknown })
    }
}

/// How the history and these migrations compare.
pub(super) fn status_of(
    migrations: &Migrations,
    contexts: &[Context],
    history: &[Recorded],
) -> Status {
    let plan = Plan::new(migrations, contexts, history, None);
    let (held, waiting) = plan.left();
    Status {
        held,
        waiting,
        applied: rows_of(contexts, history).cloned().collect(),
        state: Strange::find(migrations, contexts, history).state(&plan),
    }
}
