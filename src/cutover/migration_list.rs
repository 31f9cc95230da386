//! Lists of migrations, alone or with the master plans that they use.

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Record, Uuid, VarChar};
use serde::Serialize;

use super::master_plan::MasterPlanId;
use super::migration::{Migration, MigrationId, MigrationRepository};
use super::new_migration::MAX_MIGRATION_TYPE;
use super::schema::migrations_mig;
use super::schema::sql_types::CutoverStatus;
use super::status::Status;
use crate::error::{Error, Result};
use crate::input;
use crate::key::{Listed, Page, UserId};

/// Which migrations to list. Conditions add up.
///
/// # Example
///
/// ```
/// use planwright::cutover::{MigrationFilter, Status};
///
/// let running = MigrationFilter::all().status(Status::InProgress).mig_type("DATA_CENTRE");
/// # let _ = running;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationFilter {
    status: Option<Status>,
    mig_type: Option<String>,
    owner: Option<UserId>,
}

impl MigrationFilter {
    /// Every migration.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that are so far.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those of this type, as it is written.
    #[must_use]
    pub fn mig_type(mut self, mig_type: impl Into<String>) -> Self {
        self.mig_type = Some(mig_type.into());
        self
    }

    /// Only those that this user answers for.
    #[must_use]
    pub fn owner(mut self, owner: UserId) -> Self {
        self.owner = Some(owner);
        self
    }

    fn validate(&self) -> Result<()> {
        match &self.mig_type {
            Some(text) => input::text(text, MAX_MIGRATION_TYPE)
                .map_err(|why| Error::invalid("cutover::MigrationFilter", "mig_type", why)),
            None => Ok(()),
        }
    }
}

/// A migration, and what its iterations come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationWithPlans {
    /// The migration.
    pub migration: Migration,
    /// The master plans that its iterations run, each once, by name.
    pub plans: Vec<PlanOfMigration>,
    /// How many iterations it has.
    pub iterations: i64,
}

/// What a list of migrations tells of a [`MasterPlan`](super::MasterPlan).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanOfMigration {
    /// The key.
    pub plm_id: MasterPlanId,
    /// What people call it.
    pub plm_name: String,
    /// How far it is.
    pub plm_status: Status,
}

impl MigrationRepository<'_> {
    /// Migrations, by key. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows, or a type that no migration can have.
    pub fn list(
        &mut self,
        filter: &MigrationFilter,
        page: Page<MigrationId>,
    ) -> Result<Listed<Migration, MigrationId>> {
        let found = query(filter, page)?.load(self.uow.connection())?;
        Ok(page.cut(found, |migration| migration.mig_id))
    }

    /// The same page, each migration with the master plans of its iterations and the count of these.
    /// One statement, however long the page.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list).
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::Page;
    /// use planwright::cutover::{MigrationFilter, NewMigration, Status};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    /// # store.write(|uow| {
    /// #     uow.cutover_migrations().create(&NewMigration::new("Data centre north", "DATA_CENTRE"))
    /// # })?;
    ///
    /// let filter = MigrationFilter::all().status(Status::Planning);
    /// let page = store.read(|uow| uow.cutover_migrations().list_with_plans(&filter, Page::first(50)))?;
    /// for entry in &page.items {
    ///     let plans: Vec<_> = entry.plans.iter().map(|plan| plan.plm_name.as_str()).collect();
    ///     println!("{}: {} iterations of {plans:?}", entry.migration.mig_name, entry.iterations);
    /// }
    /// # assert_eq!((page.items.len(), page.next), (1, None));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn list_with_plans(
        &mut self,
        filter: &MigrationFilter,
        page: Page<MigrationId>,
    ) -> Result<Listed<MigrationWithPlans, MigrationId>> {
        let found: Vec<(Migration, Option<Vec<PlanRow>>, i64)> =
            WithPlans(query(filter, page)?).load(self.uow.connection())?;
        let found = found.into_iter().map(|(migration, plans, iterations)| {
            let plans = plans.into_iter().flatten().map(|(plm_id, plm_name, plm_status)| {
                PlanOfMigration { plm_id, plm_name, plm_status }
            });
            MigrationWithPlans { migration, plans: plans.collect(), iterations }
        });
        Ok(page.cut(found.collect(), |entry| entry.migration.mig_id))
    }
}

type PlanRow = (MasterPlanId, String, Status);
type PlanRowSql = Record<(Uuid, VarChar, CutoverStatus)>;
/// The SQL types of [`Migration`]'s fields.
type MigrationRow = SqlTypeOf<AsSelect<Migration, Pg>>;
type Found<'a> = migrations_mig::BoxedQuery<'a, Pg, MigrationRow>;

/// The page, with a row more that tells whether another follows.
fn query(filter: &MigrationFilter, page: Page<MigrationId>) -> Result<Found<'_>> {
    filter.validate()?;
    let mut query = migrations_mig::table
        .select(Migration::as_select())
        .order(migrations_mig::mig_id)
        .limit(page.fetch()?)
        .into_boxed();
    if let Some(key) = page.key() {
        query = query.filter(migrations_mig::mig_id.gt(key));
    }
    if let Some(status) = filter.status {
        query = query.filter(migrations_mig::mig_status.eq(status));
    }
    if let Some(mig_type) = &filter.mig_type {
        query = query.filter(migrations_mig::mig_type.eq(mig_type));
    }
    if let Some(owner) = filter.owner {
        query = query.filter(migrations_mig::usr_id_owner.eq(owner));
    }
    Ok(query)
}

/// A page of migrations, and what their iterations come to.
struct WithPlans<'a>(Found<'a>);

impl QueryFragment<Pg> for WithPlans<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, after) =
            include_str!("migrations_with_plans.sql").split_once("{page}").ok_or_else(|| {
                diesel::result::Error::QueryBuilderError("no place for the page".into())
            })?;
        pass.push_sql(before);
        QueryFragment::<Pg>::walk_ast(&self.0, pass.reborrow())?;
        pass.push_sql(after);
        Ok(())
    }
}

impl QueryId for WithPlans<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for WithPlans<'_> {
    type SqlType = (MigrationRow, Nullable<Array<PlanRowSql>>, BigInt);
}

impl RunQueryDsl<PgConnection> for WithPlans<'_> {}
