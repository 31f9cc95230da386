//! What a job is.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::job_name;
use crate::unit_of_work::UnitOfWork;

/// Work over many rows that is done batch by batch, in the order of a key.
///
/// The value holds what the job needs to know; how far it is stands in the database.
pub trait Job {
    /// A place in the order of the key, kept as JSON: what of it a later release cannot read is an
    /// error there, and nothing is lost.
    type Cursor: Serialize + DeserializeOwned + Clone;

    /// Its key in `planwright.jobs`: 1 to 47 of `a-z`, `0-9`, `_`, `-`, `.` and `:`.
    fn name(&self) -> &str;

    /// About how many rows it will have to do, asked when it starts and not when it is resumed.
    /// `None`, the default, where that is not known.
    ///
    /// # Errors
    ///
    /// Those of its queries. The job is then not started.
    fn estimate(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        let _ = uow;
        Ok(None)
    }

    /// Does at most `limit` rows behind the key `after`, or the first ones where that is `None`.
    ///
    /// It runs in a transaction of its own, which also writes down that it was done. It may be run
    /// again where the server rolls that one back, and with a lower limit after a timeout, so it
    /// must have no effect elsewhere.
    ///
    /// # Errors
    ///
    /// Any: it is noted in the job's row and returned by the run. The next run begins with this
    /// batch.
    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&Self::Cursor>,
        limit: u32,
    ) -> Result<Batch<Self::Cursor>>;

    /// Whether everything is done, asked at the end of each pass. Nothing has finished before this
    /// says so.
    ///
    /// # Errors
    ///
    /// [`Error::Verification`] where more passes would not help.
    fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict>;
}

/// What a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<C> {
    /// The rows that it did: zero where those it looked at were done already.
    pub rows: u64,
    /// The key behind which the next one begins. `None` where nothing is left in this pass.
    pub next: Option<C>,
}

/// What the verification of a [`Job`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Verdict {
    /// Everything is done.
    Done,
    /// Writers have added work behind the cursor: once more from the first key.
    AnotherPass,
}

/// Refuses a name that could not stand in a comment or in `application_name`.
pub(super) fn check_name(name: &str) -> Result<()> {
    if job_name::is_allowed(name) {
        return Ok(());
    }
    Err(Error::invalid("Job", "name", job_name::RULE))
}
