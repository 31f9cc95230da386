//! Where a master plan is used.

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Uuid};
use serde::Serialize;

use super::iteration::{Iteration, IterationId};
use super::master_plan::{MasterPlanId, MasterPlanRepository};
use super::migration::Migration;
use crate::error::Result;
use crate::key::{Listed, Page};
use crate::statement::Statement;

/// An iteration that runs a master plan, and its migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable)]
pub struct MasterPlanUse {
    /// The iteration.
    pub iteration: Iteration,
    /// Its migration.
    pub migration: Migration,
}

/// The SQL types of the fields.
type UseRow = (SqlTypeOf<AsSelect<Iteration, Pg>>, SqlTypeOf<AsSelect<Migration, Pg>>);

impl MasterPlanRepository<'_> {
    /// The iterations that run a master plan, with their migrations, by the iteration's key. One
    /// statement. None for a plan that is not there, as for one that no iteration runs.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a page of no or too many rows.
    pub fn used_by(
        &mut self,
        plan: MasterPlanId,
        page: Page<IterationId>,
    ) -> Result<Listed<MasterPlanUse, IterationId>> {
        let found = Statement::<UseRow>::new(include_str!("master_plan_use.sql"))
            .bind::<Uuid, _>(plan)
            .bind::<Uuid, _>(page.key().unwrap_or(IterationId(uuid::Uuid::nil())))
            .bind::<Nullable<Uuid>, _>(page.key())
            .bind::<BigInt, _>(page.fetch()?)
            .load(self.uow.connection())?;
        Ok(page.cut(found, |one: &MasterPlanUse| one.iteration.ite_id))
    }
}
