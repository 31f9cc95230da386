//! Sets of migrations: the ones in this crate, or the ones in a folder.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use diesel::connection::BoxableConnection;
use diesel::migration as harness;
use diesel::pg::Pg;

use super::context::Context;
use super::folder;
use super::migration::{Files, Migration};
use crate::error::{Error, Result};

/// The files of `migrations/`, which the build script has checked.
static FILES: &[Files] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

static EMBEDDED: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    folder::parse(FILES.iter().cloned()).expect("the build script has read the same files")
});

/// Migrations in the order of their versions.
///
/// # Example
///
/// ```
/// use planwright::migrate::Migrations;
///
/// let embedded = Migrations::embedded();
/// assert_eq!(embedded.as_slice()[0].name, "2026-11-20-000000_core_history");
/// ```
#[derive(Debug, Clone)]
pub struct Migrations(Cow<'static, [Migration]>);

impl Migrations {
    /// The ones in this crate.
    pub fn embedded() -> Self {
        Self(Cow::Borrowed(&EMBEDDED))
    }

    /// The ones in a folder of the same form, to try them before a release embeds them. What
    /// belongs to [`Context::Core`] still comes from this crate.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] with a sentence for what breaks the rules of `migrations/README.md`:
    /// the same that would fail the build.
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self> {
        let core = FILES.iter().filter(|files| is_core(files)).cloned();
        let all = folder::read(path.as_ref())
            .map(|files| files.into_iter().filter(|files| !is_core(files)))
            .and_then(|files| folder::parse(core.chain(files)))
            .map_err(|sentence| Error::migration("", sentence, None))?;
        Ok(Self(Cow::Owned(all)))
    }

    /// The migrations, oldest first.
    pub fn as_slice(&self) -> &[Migration] {
        &self.0
    }

    /// The one with this version, which may be written with its dashes or be the whole name.
    pub(super) fn find(&self, name: &str) -> Result<&Migration> {
        let plain = name.replace('-', "");
        self.0
            .iter()
            .find(|migration| migration.version == plain || migration.name == name)
            .ok_or_else(|| Error::migration(name, "this release has no such migration", None))
    }

    /// What belongs to these contexts. What makes a column of the host's is only where one of them
    /// needs it.
    pub(crate) fn of(&self, contexts: &[Context]) -> impl Iterator<Item = &Migration> {
        self.0.iter().filter(move |one| {
            let needs = |other: &Migration| {
                contexts.contains(&other.context) && other.needs.contains(&one.version)
            };
            contexts.contains(&one.context)
                && (one.host_column.is_none() || self.0.iter().any(needs))
        })
    }
}

fn is_core(files: &Files) -> bool {
    files.folder.split_once('_').is_some_and(|(_, rest)| rest.starts_with("core_"))
}

impl harness::MigrationSource<Pg> for Migrations {
    fn migrations(&self) -> harness::Result<Vec<Box<dyn harness::Migration<Pg>>>> {
        let boxed = |migration: &Migration| Box::new(migration.clone()) as Box<_>;
        Ok(self.0.iter().map(boxed).collect())
    }
}

impl harness::Migration<Pg> for Migration {
    /// Sends the statements alone: no guard, no history. [`Migrator`](super::Migrator) has both.
    fn run(&self, connection: &mut dyn BoxableConnection<Pg>) -> harness::Result<()> {
        Ok(connection.batch_execute(&self.up)?)
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<Pg>) -> harness::Result<()> {
        Ok(connection.batch_execute(&self.down)?)
    }

    fn metadata(&self) -> &dyn harness::MigrationMetadata {
        self
    }

    fn name(&self) -> &dyn harness::MigrationName {
        self
    }
}

impl harness::MigrationMetadata for Migration {
    fn run_in_transaction(&self) -> bool {
        self.transactional
    }
}

impl harness::MigrationName for Migration {
    fn version(&self) -> harness::MigrationVersion<'_> {
        harness::MigrationVersion::from(&self.version)
    }
}
