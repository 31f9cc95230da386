//! Long moves of data: jobs that are done batch by batch, and go on where they were.

mod job;
mod pause;
mod report;
mod run;
mod runner;
mod steering;

pub use job::{Batch, Job, Verdict};
pub use report::{Outcome, Pause, Phase, Progress, Status};
pub use runner::{Runner, Stop};

use crate::error::Result;
use crate::store::Store;

/// How far the job of this name is. `None` where it was never started.
///
/// # Errors
///
/// Those of a query.
pub fn status(store: &Store, name: &str) -> Result<Option<Status>> {
    let _ = (store, name);
    Err(crate::Error::unavailable("not written yet", None))
}
