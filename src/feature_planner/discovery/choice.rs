//! What a plan goes on with: one of its discoveries, and files of it.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Uuid};

use super::super::keys::{DiscoveredFileId, DiscoveryId, FeaturePlanId};
use super::super::labels::FileDiscoveryStatus;
use super::super::plan::{self, FeaturePlan, FeaturePlanRow};
use super::super::schema::feature_planner::{discovered_files, file_discovery_sessions};
use super::super::{explained, hold};
use super::DiscoveryRepository;
use super::finish::MAX_FILES;
use crate::error::{Error, Result};
use crate::statement::Statement;

macro_rules! of_plan {
    ($sql:literal) => {
        concat!(
            include_str!($sql),
            include_str!("listed_files.sql"),
            include_str!("choose_files.sql")
        )
    };
}

impl DiscoveryRepository<'_> {
    /// Lets a plan go on with one of its completed discoveries, in place of any other. The plan gets a
    /// copy of its list of files as `discovered_files`, and of those that are selected as
    /// `selected_files`. Both follow when its files are added, updated, removed, selected or
    /// deselected. The plan's lock, and one statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan, or the plan no such discovery;
    /// [`Error::Conflict`] where the discovery is not `completed`, and where the plan is `completed`,
    /// `failed` or `cancelled`.
    pub fn select(&mut self, plan: FeaturePlanId, discovery: DiscoveryId) -> Result<FeaturePlan> {
        hold::plan(&mut self.uow, self.user, plan)?.check_open()?;
        let chosen = Statement::<FeaturePlanRow>::new(of_plan!("select.sql"))
            .bind::<Uuid, _>(discovery)
            .bind::<Uuid, _>(plan)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match chosen {
            Some(plan) => Ok(plan),
            None => Err(self.not_selected(plan, discovery)?),
        }
    }

    /// Why a discovery was not selected.
    fn not_selected(&mut self, plan: FeaturePlanId, id: DiscoveryId) -> Result<Error> {
        let status: Option<FileDiscoveryStatus> = file_discovery_sessions::table
            .find(id)
            .filter(file_discovery_sessions::plan_id.eq(plan))
            .select(file_discovery_sessions::status)
            .first(self.uow.connection())
            .optional()?;
        Ok(match status {
            Some(status) => {
                let reason = format!("is {status}, and only a completed one can be selected");
                Error::conflict(super::ENTITY, id, reason)
            }
            None => Error::not_found(super::ENTITY, id),
        })
    }

    /// Lets a plan go on with these files of its selected discovery too. The plan's `selected_files`
    /// are those of them that are selected, as objects like those of
    /// [`discovered_files`](super::Discovery::discovered_files) and in the same order. A key that is
    /// given twice, and a file that is selected already, is as if it was given once. The plan's lock,
    /// and one statement, however many files; one more where it is refused.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for more than [`MAX_FILES`] keys.
    /// * [`Error::NotFound`] where the user has no such plan, and for the first key that is of no file
    ///   of the selected discovery: nothing is changed.
    /// * [`Error::Conflict`] where the plan has selected no discovery, and where it is `completed`,
    ///   `failed` or `cancelled`.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{
    ///     DiscoveryResult, FileFilter, FilePriority, NewDiscoveredFile, NewDiscovery, PlanStatus,
    ///     factory,
    /// };
    /// use planwright::Page;
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, plan) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     Ok((user, factory::plan(uow, user, PlanStatus::Discovering)?))
    /// # })?;
    ///
    /// let result = DiscoveryResult::new(vec![
    ///     NewDiscoveredFile::new("README.md", FilePriority::Low),
    ///     NewDiscoveredFile::new("src/list.rs", FilePriority::Critical),
    /// ]);
    /// let chosen = store.write(|uow| {
    ///     let mut discoveries = uow.file_discoveries(user);
    ///     let begun = discoveries.start(plan, &NewDiscovery::new("file-finder"))?;
    ///     discoveries.finish(begun.id, &result)?;
    ///     discoveries.select(plan, begun.id)?;
    ///     let critical = FileFilter::all().priority(FilePriority::Critical);
    ///     let files = discoveries.files(begun.id, &critical, Page::first(100))?.items;
    ///     let keys: Vec<_> = files.iter().map(|file| file.id).collect();
    ///     discoveries.select_files(plan, &keys)
    /// })?;
    /// let selected = chosen.selected_files.expect("a list");
    /// assert_eq!(selected.as_array().map(Vec::len), Some(1));
    /// assert_eq!(selected[0]["file_path"], "src/list.rs");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn select_files(
        &mut self,
        plan: FeaturePlanId,
        files: &[DiscoveredFileId],
    ) -> Result<FeaturePlan> {
        self.choose_files(plan, files, true)
    }

    /// Lets a plan go on without these files of its selected discovery. All else is as for
    /// [`select_files`](Self::select_files).
    ///
    /// # Errors
    ///
    /// As for [`select_files`](Self::select_files).
    pub fn deselect_files(
        &mut self,
        plan: FeaturePlanId,
        files: &[DiscoveredFileId],
    ) -> Result<FeaturePlan> {
        self.choose_files(plan, files, false)
    }

    fn choose_files(
        &mut self,
        plan: FeaturePlanId,
        files: &[DiscoveredFileId],
        is_selected: bool,
    ) -> Result<FeaturePlan> {
        if files.len() > MAX_FILES {
            let why = format!("must be at most {MAX_FILES}, not {}", files.len());
            return Err(Error::invalid(plan::ENTITY, "selected_files", why));
        }
        let held = hold::plan(&mut self.uow, self.user, plan)?;
        held.check_open()?;
        let discovery = held.discovery.ok_or_else(|| no_discovery(plan))?;
        let chosen = Statement::<FeaturePlanRow>::new(of_plan!("select_files.sql"))
            .bind::<Array<Uuid>, _>(files)
            .bind::<Bool, _>(is_selected)
            .bind::<Uuid, _>(discovery)
            .bind::<Uuid, _>(plan)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match chosen {
            Some(plan) => Ok(plan),
            None => Err(self.not_chosen(plan, discovery, files)?),
        }
    }

    /// Why files were not selected: the first that is not of this discovery, or, where none is, that
    /// the plan's pointer leads nowhere, as it may in some states of the schema.
    fn not_chosen(
        &mut self,
        plan: FeaturePlanId,
        discovery: DiscoveryId,
        files: &[DiscoveredFileId],
    ) -> Result<Error> {
        let own: HashSet<DiscoveredFileId> = discovered_files::table
            .filter(discovered_files::discovery_session_id.eq(discovery))
            .select(discovered_files::id)
            .load(self.uow.connection())?
            .into_iter()
            .collect();
        Ok(match files.iter().find(|id| !own.contains(id)) {
            Some(id) => Error::not_found(super::file::ENTITY, id),
            None => no_discovery(plan),
        })
    }
}

fn no_discovery(plan: FeaturePlanId) -> Error {
    Error::conflict(plan::ENTITY, plan, "has selected no discovery, and so has no files to select")
}
