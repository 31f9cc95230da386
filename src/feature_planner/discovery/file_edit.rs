//! How people add, update and remove the files of a discovery.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid};

use super::super::keys::{DiscoveredFileId, DiscoveryId};
use super::super::labels::FileDiscoveryStatus;
use super::super::schema::feature_planner::{discovered_files, sql_types};
use super::super::{explained, hold};
use super::DiscoveryRepository;
use super::file::{DiscoveredFile, ENTITY, FileRow};
use super::finish::MAX_FILES;
use super::new_file::{FileUpdate, NewDiscoveredFile};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// Each of these is followed by the list and the counts of the discovery, and, where its plan goes on
/// with it, by the plan's copies.
macro_rules! with_copies {
    ($sql:literal) => {
        concat!(
            include_str!($sql),
            include_str!("listed_files.sql"),
            include_str!("recount_files.sql")
        )
    };
}

impl DiscoveryRepository<'_> {
    /// Adds a file to a completed discovery by hand: it is manually added, by this user, and not
    /// selected. The counts and the list of the discovery follow, and the copies of its plan where it
    /// goes on with it. The plan's lock, and one statement; two more where it is refused.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for a field that breaks its rule.
    /// * [`Error::NotFound`] where no plan of the user's has the discovery.
    /// * [`Error::Conflict`] where the discovery has a file of this path, where it is not `completed`
    ///   or has [`MAX_FILES`], and where its plan is `completed`, `failed` or `cancelled`.
    /// * [`Error::Constraint`] where somebody who does not take the plan's lock, such as an old writer,
    ///   has just added one of this path.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{
    ///     DiscoveryResult, FilePriority, FileUpdate, NewDiscoveredFile, NewDiscovery, PlanStatus,
    ///     factory,
    /// };
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, discovery) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     let plan = factory::plan(uow, user, PlanStatus::Discovering)?;
    /// #     let mut discoveries = uow.file_discoveries(user);
    /// #     let begun = discoveries.start(plan, &NewDiscovery::new("file-finder"))?;
    /// #     Ok((user, discoveries.finish(begun.id, &DiscoveryResult::default())?.id))
    /// # })?;
    ///
    /// let new = NewDiscoveredFile::new("docs/invoices.md", FilePriority::Medium);
    /// let file = store.write(|uow| uow.file_discoveries(user).add_file(discovery, &new))?;
    /// assert!(file.is_manually_added);
    /// let again = store.write(|uow| uow.file_discoveries(user).add_file(discovery, &new));
    /// assert!(again.unwrap_err().is_conflict());
    ///
    /// let update = FileUpdate { priority: FilePriority::High, ..(&file).into() };
    /// store.write(|uow| uow.file_discoveries(user).update_file(file.id, &update))?;
    /// let counted = store.read(|uow| uow.file_discoveries(user).get(discovery))?;
    /// assert_eq!((counted.medium_priority_count, counted.high_priority_count), (0, 1));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn add_file(
        &mut self,
        discovery: DiscoveryId,
        new: &NewDiscoveredFile,
    ) -> Result<DiscoveredFile> {
        new.validate()?;
        hold::of_discovery(&mut self.uow, self.user, discovery)?.check_open()?;
        let most = i64::try_from(MAX_FILES).unwrap_or(i64::MAX);
        let added: Option<DiscoveredFile> = Statement::<FileRow>::new(with_copies!("add_file.sql"))
            .bind::<Uuid, _>(discovery)
            .bind::<Text, _>(&new.file_path)
            .bind::<BigInt, _>(most)
            .bind::<Uuid, _>(DiscoveredFileId::new())
            .bind::<Uuid, _>(self.user)
            .bind::<Text, _>(&new.file_path)
            .bind::<Nullable<Text>, _>(&new.file_type)
            .bind::<Bool, _>(new.file_exists)
            .bind::<sql_types::FilePriority, _>(new.priority)
            .bind::<Integer, _>(new.relevance_score)
            .bind::<Nullable<Text>, _>(&new.role)
            .bind::<Nullable<Text>, _>(&new.integration_point)
            .bind::<Nullable<Text>, _>(&new.description)
            .bind::<Nullable<Text>, _>(&new.reasoning)
            .bind::<Nullable<Integer>, _>(new.lines_of_code)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match added {
            Some(added) => Ok(added),
            None => Err(self.not_added(discovery, &new.file_path)?),
        }
    }

    /// Why a file was not added.
    fn not_added(&mut self, discovery: DiscoveryId, path: &str) -> Result<Error> {
        let status = self.get(discovery)?.status;
        if status != FileDiscoveryStatus::Completed {
            let reason = format!("is {status}: files are added to a completed one");
            return Ok(Error::conflict(super::ENTITY, discovery, reason));
        }
        let taken: Option<DiscoveredFileId> = discovered_files::table
            .filter(discovered_files::discovery_session_id.eq(discovery))
            .filter(discovered_files::file_path.eq(path))
            .select(discovered_files::id)
            .first(self.uow.connection())
            .optional()?;
        if let Some(id) = taken {
            let reason = format!("has the path {path:?} in discovery {discovery} already");
            return Ok(Error::conflict(ENTITY, id, reason));
        }
        let reason = format!("has {MAX_FILES} files, which is the most");
        Ok(Error::conflict(super::ENTITY, discovery, reason))
    }

    /// Says something else of a file. Counts, lists and copies follow as for
    /// [`add_file`](Self::add_file). The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where no discovery of
    /// the user's has the file; [`Error::Conflict`] where its plan is `completed`, `failed` or
    /// `cancelled`.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::UserId;
    /// # use planwright::feature_planner::{DiscoveredFile, FilePriority, FileUpdate};
    /// # fn f(store: &planwright::Store, user: UserId, file: &DiscoveredFile) -> planwright::Result<()> {
    /// let update = FileUpdate { priority: FilePriority::Critical, ..file.into() };
    /// store.write(|uow| uow.file_discoveries(user).update_file(file.id, &update))?;
    /// # Ok(()) }
    /// ```
    pub fn update_file(
        &mut self,
        id: DiscoveredFileId,
        update: &FileUpdate,
    ) -> Result<DiscoveredFile> {
        update.validate()?;
        hold::of_file(&mut self.uow, self.user, id)?.check_open()?;
        Statement::<FileRow>::new(with_copies!("update_file.sql"))
            .bind::<Nullable<Text>, _>(&update.file_type)
            .bind::<Bool, _>(update.file_exists)
            .bind::<sql_types::FilePriority, _>(update.priority)
            .bind::<Integer, _>(update.relevance_score)
            .bind::<Nullable<Text>, _>(&update.role)
            .bind::<Nullable<Text>, _>(&update.integration_point)
            .bind::<Nullable<Text>, _>(&update.description)
            .bind::<Nullable<Text>, _>(&update.reasoning)
            .bind::<Nullable<Integer>, _>(update.lines_of_code)
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Removes a file, which is given back, found or added. Counts, lists and copies follow as for
    /// [`add_file`](Self::add_file). The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where no discovery of the user's has the file; [`Error::Conflict`] where
    /// its plan is `completed`, `failed` or `cancelled`.
    pub fn remove_file(&mut self, id: DiscoveredFileId) -> Result<DiscoveredFile> {
        hold::of_file(&mut self.uow, self.user, id)?.check_open()?;
        Statement::<FileRow>::new(with_copies!("remove_file.sql"))
            .bind::<Uuid, _>(id)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }
}
