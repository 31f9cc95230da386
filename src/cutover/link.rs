//! How a migration comes to an iteration that runs a master plan.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid};
use serde::{Deserialize, Serialize};

use super::explained;
use super::iteration::{self, Iteration, IterationId, IterationRepository, IterationRow};
use super::iteration_type::IterationTypeCode;
use super::master_plan::MasterPlanId;
use super::migration::{self, MigrationId};
use super::schema::{migrations_mig, plans_master_plm};
use crate::error::{Error, Result};
use crate::statement::Statement;

const INPUT: &str = "cutover::NewIteration";

/// An iteration to link to its migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIteration {
    /// The migration.
    pub mig_id: MigrationId,
    /// The master plan that it runs.
    pub plm_id: MasterPlanId,
    /// What it is for.
    pub itt_code: IterationTypeCode,
    /// What people call it: 1 to 255 characters. Unique in the migration.
    pub ite_name: String,
    /// What is special about it: at most 10,000 characters.
    #[serde(default)]
    pub ite_description: Option<String>,
    /// When the cutover is agreed to be: in the years 1 to 9999.
    #[serde(default)]
    pub ite_static_cutover_date: Option<DateTime<Utc>>,
    /// When the cutover is now expected to be: in the years 1 to 9999.
    #[serde(default)]
    pub ite_dynamic_cutover_date: Option<DateTime<Utc>>,
}

impl NewIteration {
    /// An iteration without description and dates.
    pub fn new(
        mig_id: MigrationId,
        plm_id: MasterPlanId,
        itt_code: IterationTypeCode,
        ite_name: impl Into<String>,
    ) -> Self {
        Self {
            mig_id,
            plm_id,
            itt_code,
            ite_name: ite_name.into(),
            ite_description: None,
            ite_static_cutover_date: None,
            ite_dynamic_cutover_date: None,
        }
    }

    /// Checks every rule of [`link`](IterationRepository::link) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{IterationTypeCode, MasterPlanId, MigrationId, NewIteration};
    ///
    /// let (migration, plan) = (MigrationId::new(), MasterPlanId::new());
    /// let rehearsal = IterationTypeCode::dress_rehearsal();
    /// let new = NewIteration::new(migration, plan, rehearsal, "Rehearsal 1");
    /// assert!(new.validate().is_ok());
    /// assert!(NewIteration { ite_name: " ".into(), ..new }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        let dates = [
            ("ite_static_cutover_date", self.ite_static_cutover_date),
            ("ite_dynamic_cutover_date", self.ite_dynamic_cutover_date),
        ];
        iteration::check(INPUT, &self.ite_name, self.ite_description.as_deref(), dates)
    }
}

/// The iteration that [`link`](IterationRepository::link) has made or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Linked {
    /// It is new, and as it was asked for.
    Created(Iteration),
    /// The migration had one of this name, plan and type already. It is as it was.
    Found(Iteration),
}

impl Linked {
    /// The iteration, whichever it is.
    pub fn iteration(&self) -> &Iteration {
        match self {
            Self::Created(iteration) | Self::Found(iteration) => iteration,
        }
    }

    /// [`iteration`](Self::iteration), given away.
    pub fn into_iteration(self) -> Iteration {
        match self {
            Self::Created(iteration) | Self::Found(iteration) => iteration,
        }
    }
}

impl IterationRepository<'_> {
    /// Gives a migration an iteration that runs a master plan. The same name, plan and type again
    /// give the one that is there, with whatever dates, description and status it has by now:
    /// nothing is written. The migration's lock, and one statement; one more where it is refused.
    ///
    /// Callers for one migration wait for each other, so none makes a double, in states of the
    /// schema too in which names are not unique yet.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for a field that breaks its rule.
    /// * [`Error::NotFound`] where there is no such migration.
    /// * [`Error::Conflict`] where the migration has an iteration of this name with another plan or
    ///   type; where the type is inactive; and, with the [policy](super::policy) turned on, where it
    ///   is `CUTOVER` and the migration has an open one.
    /// * [`Error::Constraint`] where there is no such plan or type. Also where somebody who does not
    ///   link, such as an old writer, has just inserted one of this name; and in a unit that reads at
    ///   one moment (REPEATABLE READ), where anybody has since it began. Run again, it gives theirs.
    ///   Before names are unique there is a double instead.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{IterationTypeCode, Linked, NewIteration, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    /// # let (migration, plan, other) = store.write(|uow| Ok((
    /// #     factory::migration(uow, "Data centre north")?,
    /// #     factory::master_plan(uow, "Plan A")?,
    /// #     factory::master_plan(uow, "Plan B")?,
    /// # )))?;
    ///
    /// let rehearsal = IterationTypeCode::dress_rehearsal();
    /// let new = NewIteration::new(migration, plan, rehearsal, "Rehearsal 1");
    /// let first = store.write(|uow| uow.iterations().link(&new))?;
    /// let again = store.write(|uow| uow.iterations().link(&new))?;
    /// assert!(matches!(first, Linked::Created(_)));
    /// assert_eq!(again, Linked::Found(first.into_iteration()));
    ///
    /// let with_another_plan = NewIteration { plm_id: other, ..new };
    /// let refused = store.write(|uow| uow.iterations().link(&with_another_plan)).unwrap_err();
    /// assert!(refused.is_conflict());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn link(&mut self, new: &NewIteration) -> Result<Linked> {
        new.validate()?;
        let locked: Option<MigrationId> = migrations_mig::table
            .find(new.mig_id)
            .select(migrations_mig::mig_id)
            .for_no_key_update()
            .first(self.uow.connection())
            .optional()?;
        if locked.is_none() {
            return Err(Error::not_found(migration::ENTITY, new.mig_id));
        }
        let row: Option<(String, Iteration)> =
            Statement::<(Text, IterationRow)>::new(include_str!("link.sql"))
                .bind::<Uuid, _>(new.mig_id)
                .bind::<Text, _>(&new.ite_name)
                .bind::<Uuid, _>(new.plm_id)
                .bind::<Text, _>(&new.itt_code)
                .bind::<Text, _>(&new.itt_code)
                .bind::<Uuid, _>(new.mig_id)
                .bind::<Text, _>(&new.itt_code)
                .bind::<Uuid, _>(IterationId::new())
                .bind::<Uuid, _>(new.mig_id)
                .bind::<Uuid, _>(new.plm_id)
                .bind::<Text, _>(&new.itt_code)
                .bind::<Text, _>(&new.ite_name)
                .bind::<Nullable<Text>, _>(&new.ite_description)
                .bind::<Nullable<Timestamptz>, _>(new.ite_static_cutover_date)
                .bind::<Nullable<Timestamptz>, _>(new.ite_dynamic_cutover_date)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
        let Some((what, iteration)) = row else { return Err(inactive(&new.itt_code)) };
        match &*what {
            "made" => Ok(Linked::Created(iteration)),
            "found" if (iteration.plm_id, &iteration.itt_code) == (new.plm_id, &new.itt_code) => {
                Ok(Linked::Found(iteration))
            }
            "found" => Err(self.another(&iteration, new)?),
            _ => Err(unfinished(&iteration)),
        }
    }

    /// The refusal of a name that is taken: what is stored and what was asked for.
    fn another(&mut self, stored: &Iteration, new: &NewIteration) -> Result<Error> {
        let mut both = Vec::new();
        if stored.plm_id != new.plm_id {
            let rows: Vec<(MasterPlanId, String)> = plans_master_plm::table
                .filter(plans_master_plm::plm_id.eq_any([stored.plm_id, new.plm_id]))
                .select((plans_master_plm::plm_id, plans_master_plm::plm_name))
                .load(self.uow.connection())?;
            let names: HashMap<_, _> = rows.into_iter().collect();
            let told = |id: MasterPlanId| match names.get(&id) {
                Some(name) => format!("{name:?} ({id})"),
                None => format!("{id}, which is not there"),
            };
            both.push(format!(
                "runs master plan {}, not {}",
                told(stored.plm_id),
                told(new.plm_id)
            ));
        }
        if stored.itt_code != new.itt_code {
            both.push(format!("is of type {}, not {}", stored.itt_code, new.itt_code));
        }
        let reason = format!("the one named {:?} {}", stored.ite_name, both.join(", and "));
        Ok(Error::conflict(iteration::ENTITY, stored.ite_id, reason))
    }
}

fn inactive(code: &IterationTypeCode) -> Error {
    let reason = "is inactive: no new iteration may have it";
    Error::conflict(super::iteration_type::ENTITY, code, reason)
}

fn unfinished(open: &Iteration) -> Error {
    let reason = format!(
        "{:?} is {}, and a migration has at most one open CUTOVER iteration: complete or cancel it \
         first",
        open.ite_name, open.ite_status
    );
    Error::conflict(iteration::ENTITY, open.ite_id, reason)
}
