//! Iterations: each runs a master plan once, for a migration.

use chrono::{DateTime, Datelike, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use serde::Serialize;

use super::iteration_type::IterationTypeCode;
use super::master_plan::MasterPlanId;
use super::migration::MigrationId;
use super::schema::iterations_ite;
use super::status::Status;
use crate::error::{Error, Result};
use crate::input;
use crate::key::{Listed, Page, uuids};
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::Iteration";

/// The most characters of an iteration's name.
pub const MAX_ITERATION_NAME: usize = 255;

/// The most characters of an iteration's description.
pub const MAX_ITERATION_DESCRIPTION: usize = 10_000;

uuids! {
    /// The key of an [`Iteration`].
    IterationId;
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid, Varchar};
    use crate::cutover::schema::sql_types::CutoverStatus;

    /// The view that knows the plan of every iteration in every state of the schema. In states before
    /// the contract an iteration may have its migration's.
    iteration_plans (ite_id) {
        ite_id -> Uuid,
        mig_id -> Uuid,
        plm_id -> Uuid,
        itt_code -> Varchar,
        ite_name -> Varchar,
        ite_description -> Nullable<Text>,
        ite_status -> CutoverStatus,
        ite_static_cutover_date -> Nullable<Timestamptz>,
        ite_dynamic_cutover_date -> Nullable<Timestamptz>,
        created_by -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_by -> Nullable<Text>,
        updated_at -> Timestamptz,
    }
}

/// One run of a master plan for a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = iteration_plans)]
pub struct Iteration {
    /// The key.
    pub ite_id: IterationId,
    /// The migration.
    pub mig_id: MigrationId,
    /// The master plan that it runs.
    pub plm_id: MasterPlanId,
    /// What it is for.
    pub itt_code: IterationTypeCode,
    /// What people call it. Unique in the migration.
    pub ite_name: String,
    /// What is special about it.
    pub ite_description: Option<String>,
    /// How far it is.
    pub ite_status: Status,
    /// When the cutover is agreed to be.
    pub ite_static_cutover_date: Option<DateTime<Utc>>,
    /// When the cutover is now expected to be.
    pub ite_dynamic_cutover_date: Option<DateTime<Utc>>,
    /// Who made it: the [actor](crate::Transaction::actor) of the unit of work.
    pub created_by: Option<String>,
    /// When it was made: the start of that transaction.
    pub created_at: DateTime<Utc>,
    /// Who changed it last, of those who were named: a change without an actor leaves it.
    pub updated_by: Option<String>,
    /// When it was changed last: the start of that transaction.
    pub updated_at: DateTime<Utc>,
}

/// The SQL types of [`Iteration`]'s fields.
pub(super) type IterationRow = SqlTypeOf<AsSelect<Iteration, Pg>>;

/// The rules of what people write about an iteration. `entity` is the input that they write it in.
pub(super) fn check(
    entity: &'static str,
    name: &str,
    description: Option<&str>,
    dates: [(&str, Option<DateTime<Utc>>); 2],
) -> Result<()> {
    input::name(name, MAX_ITERATION_NAME).map_err(|why| Error::invalid(entity, "ite_name", why))?;
    input::text(description.unwrap_or_default(), MAX_ITERATION_DESCRIPTION)
        .map_err(|why| Error::invalid(entity, "ite_description", why))?;
    for (field, date) in dates {
        if date.is_some_and(|date| !(1..=9999).contains(&date.year())) {
            return Err(Error::invalid(entity, field, "must be in the years 1 to 9999"));
        }
    }
    Ok(())
}

/// Which iterations to list. What is asked for more than once is asked for as the last time.
///
/// # Example
///
/// ```
/// use planwright::cutover::{IterationFilter, IterationTypeCode, MigrationId, Status};
///
/// let rehearsals_to_come = IterationFilter::all()
///     .migration(MigrationId::new())
///     .itt_code(&IterationTypeCode::dress_rehearsal())
///     .status(Status::Planning);
/// # let _ = rehearsals_to_come;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct IterationFilter {
    migration: Option<MigrationId>,
    plan: Option<MasterPlanId>,
    itt_code: Option<IterationTypeCode>,
    status: Option<Status>,
}

impl IterationFilter {
    /// Every iteration.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only iterations of this migration.
    pub fn migration(mut self, id: MigrationId) -> Self {
        self.migration = Some(id);
        self
    }

    /// Only iterations that run this master plan.
    pub fn plan(mut self, id: MasterPlanId) -> Self {
        self.plan = Some(id);
        self
    }

    /// Only iterations of this type.
    pub fn itt_code(mut self, code: &IterationTypeCode) -> Self {
        self.itt_code = Some(code.clone());
        self
    }

    /// Only iterations that are this far.
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }
}

/// The plan of a row of the table, in every state of the schema.
const PLAN: &str = "coalesce(iterations_ite.plm_id, (SELECT v.plm_id FROM iteration_plans v
                                                      WHERE v.ite_id = iterations_ite.ite_id))";

/// The rows behind the page's key that the filter lets through, whatever plan they run.
macro_rules! narrowed {
    ($query:expr, $of:ident, $filter:expr, $page:expr) => {{
        let mut query = $query;
        if let Some(key) = $page.key() {
            query = query.filter($of::ite_id.gt(key));
        }
        if let Some(id) = $filter.migration {
            query = query.filter($of::mig_id.eq(id));
        }
        if let Some(code) = &$filter.itt_code {
            query = query.filter($of::itt_code.eq(code));
        }
        if let Some(status) = $filter.status {
            query = query.filter($of::ite_status.eq(status));
        }
        query
    }};
}

impl UnitOfWork<'_> {
    /// The iterations of cutover migrations.
    pub fn iterations(&mut self) -> IterationRepository<'_> {
        IterationRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Iteration`]s.
#[derive(Debug)]
pub struct IterationRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl IterationRepository<'_> {
    /// The iteration with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: IterationId) -> Result<Option<Iteration>> {
        Ok(Iteration::query()
            .filter(iteration_plans::ite_id.eq(id))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The iteration with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: IterationId) -> Result<Iteration> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Iterations, by key: those that this crate made in the order in which they were made. One
    /// statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(
        &mut self,
        filter: &IterationFilter,
        page: Page<IterationId>,
    ) -> Result<Listed<Iteration, IterationId>> {
        let rows = page.fetch()?;
        let found: Vec<Iteration> = if let Some(id) = filter.plan {
            let query = Iteration::query().order(iteration_plans::ite_id).limit(rows).into_boxed();
            narrowed!(query, iteration_plans, filter, page)
                .filter(iteration_plans::plm_id.eq(id))
                .load(self.uow.connection())?
        } else {
            // From the table: the view would be sorted whole for each page.
            let query =
                iterations_ite::table.order(iterations_ite::ite_id).limit(rows).into_boxed();
            narrowed!(query, iterations_ite, filter, page)
                .select((
                    iterations_ite::ite_id,
                    iterations_ite::mig_id,
                    sql::<Uuid>(PLAN),
                    iterations_ite::itt_code,
                    iterations_ite::ite_name,
                    iterations_ite::ite_description,
                    iterations_ite::ite_status,
                    iterations_ite::ite_static_cutover_date,
                    iterations_ite::ite_dynamic_cutover_date,
                    iterations_ite::created_by,
                    iterations_ite::created_at,
                    iterations_ite::updated_by,
                    iterations_ite::updated_at,
                ))
                .load(self.uow.connection())?
        };
        Ok(page.cut(found, |iteration| iteration.ite_id))
    }

    /// The newest iteration of this type that the migration has: of those that were made at the same
    /// moment, the one with the greatest key. `None` where it has none, or there is no such
    /// migration. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn latest(
        &mut self,
        migration: MigrationId,
        itt_code: &IterationTypeCode,
    ) -> Result<Option<Iteration>> {
        Ok(Iteration::query()
            .filter(iteration_plans::mig_id.eq(migration))
            .filter(iteration_plans::itt_code.eq(itt_code))
            .order((iteration_plans::created_at.desc(), iteration_plans::ite_id.desc()))
            .first(self.uow.connection())
            .optional()?)
    }
}
