//! What the job has made.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use serde::Serialize;

use super::backfill::JOB;
use crate::cutover::iteration::IterationId;
use crate::cutover::migration::MigrationId;
use crate::error::Result;
use crate::key::{Listed, Page};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// An iteration that [`Backfill`](super::Backfill) has made, so that the plan of a migration
/// without iterations is not lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Backfilled {
    /// The migration.
    pub mig_id: MigrationId,
    /// What people call that.
    pub mig_name: String,
    /// The iteration.
    pub ite_id: IterationId,
    /// What people call it now: [`RUN_NAME`](super::RUN_NAME), while nobody has renamed it.
    pub ite_name: String,
}

impl fmt::Display for Backfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mig_id, mig_name, ite_id, ite_name } = self;
        write!(f, "migration {mig_id} ({mig_name}) has got iteration {ite_id} ({ite_name})")
    }
}

/// The iterations that [`Backfill`](super::Backfill) has made, by key of the iteration: all of
/// them, whichever process has run the job, as often as it was resumed. Nobody can change
/// `created_by`, by which they are known; one that was deleted is not listed.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) for a page out of range.
pub fn backfilled(
    uow: &mut UnitOfWork<'_>,
    page: Page<IterationId>,
) -> Result<Listed<Backfilled, IterationId>> {
    const SQL: &str = "-- planwright: what the backfill has made
         SELECT m.mig_id, m.mig_name, i.ite_id, i.ite_name
           FROM iterations_ite i JOIN migrations_mig m ON m.mig_id = i.mig_id
          WHERE i.created_by = $1 AND i.ite_id > coalesce($2, '00000000-0000-0000-0000-000000000000')
          ORDER BY i.ite_id LIMIT $3";

    let rows: Vec<(MigrationId, String, IterationId, String)> =
        Statement::<(SqlUuid, Text, SqlUuid, Text)>::new(SQL)
            .bind::<Text, _>(JOB)
            .bind::<Nullable<SqlUuid>, _>(page.key().map(|key| key.0))
            .bind::<BigInt, _>(page.fetch()?)
            .load(uow.connection())?;
    let made = rows.into_iter().map(|(mig_id, mig_name, ite_id, ite_name)| Backfilled {
        mig_id,
        mig_name,
        ite_id,
        ite_name,
    });
    Ok(page.cut(made.collect(), |made| made.ite_id))
}
