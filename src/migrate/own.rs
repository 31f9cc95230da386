//! A run that can be taken back, and nothing that others have done.

use super::context::Context;
use super::history::Recorded;
use super::report::{Applied, Reverted};
use super::runner::Migrator;
use crate::error::{Error, Result};

/// What one run has applied, of a run that failed, too.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Places in the history.
    recorded: Vec<i64>,
}

impl Migrator<'_> {
    /// [`up`](Self::up), which notes in `own` what it applies.
    pub(crate) fn up_noting(&self, own: &mut Own) -> Result<Vec<Applied>> {
        self.run_up(None, &mut own.recorded)
    }

    /// Takes back what is still there of a run, the newest first. What belongs to
    /// [`Context::Core`] stays while another context is installed.
    ///
    /// # Errors
    ///
    /// Those of [`down`](Self::down), and [`Error::Migration`] where others have applied something
    /// on top of it.
    pub(crate) fn take_back(&self, own: &Own) -> Result<Vec<Reverted>> {
        self.run_down(|rows| {
            let is_own = |row: &Recorded| own.recorded.contains(&row.seq);
            let chosen: Vec<_> = rows.iter().copied().filter(|row| is_own(row)).collect();
            let on_top = rows.iter().find(|row| {
                let below = |own: &&Recorded| own.context == row.context && own.seq < row.seq;
                row.context != Context::Core.name() && !is_own(row) && chosen.iter().any(below)
            });
            match on_top {
                None => Ok(chosen),
                Some(row) => {
                    let what = "was applied by another runner since, on top of what this one has \
                                applied: nothing is taken back";
                    Err(Error::migration(&row.name, what, None))
                }
            }
        })
    }
}
