//! Databases that have the objects of a context already: they are compared, and what they have is
//! written into the history.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::adoption::{Adoption, Judged, judge};
use super::context::Context;
use super::history::{self, Recorded};
use super::locked::{Locked, Outcome, failed, transaction};
use super::migration::{Kind, Migration};
use super::plan::{Plan, Strange, rows_of};
use super::runner::Migrator;
use super::target::Target;
use crate::catalog::{self, Catalog, ObjectKind, ObjectName, accepted, names};
use crate::error::{Error, Result};
use crate::ident::Ident;
use crate::patience::Stop;

impl Migrator<'_> {
    /// Names differences that do not stand against [`adopt`](Self::adopt), by the keys that
    /// [`adoption`](Self::adoption) prints. Each must be there, so that a list which is out of
    /// date is noticed.
    ///
    /// What is accepted is not changed. What works on it later, such as a pending migration or a
    /// repository, meets it as it is. Verification lists it by itself as long as it stays so.
    pub fn accepting(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.accepted.extend(keys.into_iter().map(Into::into));
        self
    }

    /// What [`adopt`](Self::adopt) would find and do. Reads only, and takes no lock: what somebody
    /// changes meanwhile is seen or not.
    ///
    /// `None` where the history has all of it already.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] where there is no such version of this context, or a difference that
    /// was to be accepted is not there; where a released migration was edited or deleted, or the
    /// database is of a later release; where a foreign key cannot refer to the host's users, and
    /// the context needs them. Those of a query.
    pub fn adoption(&self, context: Context, version: &str) -> Result<Option<Adoption>> {
        let history = history::read(self.store)?;
        let Some(adopting) = self.adopting(context, version, &history)? else { return Ok(None) };
        let plan = self.plan_with_core(context, &history);
        self.store.read(|uow| {
            plan.ask_host(uow.connection())?;
            Ok(Some(adopting.judged(uow.connection())?.adoption))
        })
    }

    /// Records the migrations of a context as applied, up to this version, where the database has
    /// their objects already: a live one at its baseline, or one that was brought to a released
    /// state by hand. Nothing is run but what belongs to [`Context::Core`]; users that the host has
    /// are left as they are.
    ///
    /// The catalog is compared with the one that the migrations make. Objects of the host beside
    /// them, and other names of constraints and indexes, do not stand against it; the names are
    /// written down, so that errors are explained by stores that connect from now on.
    ///
    /// A held migration up to the version is taken for applied where the catalog shows what it
    /// does, or where it is the version itself. Every other held one waits, and
    /// [`up`](Self::up) goes on with the rest. What is adopted belongs to the host: no down takes
    /// it back. A database that the host has brought further by hand is adopted again, at the
    /// later version.
    ///
    /// `None` where the history has all of it already.
    ///
    /// # Locks
    ///
    /// SHARE UPDATE EXCLUSIVE on each table of the context, while the catalog is read and the
    /// history is written: readers and writers go on, and changes of tables wait. It waits for these
    /// locks as a migration does, see [`lock_timeout`](Self::lock_timeout). Views, types and
    /// functions cannot be locked: do not change them meanwhile.
    ///
    /// # Errors
    ///
    /// Those of [`adoption`](Self::adoption). [`Error::Migration`] with the list of all differences
    /// that stand against it; then nothing is recorded. [`Error::Unavailable`] where another runner
    /// holds the lock for too long.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use planwright::migrate::Migrator;
    /// # fn f(store: &planwright::Store, context: planwright::Context) -> planwright::Result<()> {
    ///
    /// let migrator = Migrator::new(store).contexts([context]);
    /// if let Some(adoption) = migrator.adopt(context, "20261120000100")? {
    ///     println!("{adoption}");
    /// }
    /// migrator.up()?;
    /// # Ok(()) }
    /// ```
    pub fn adopt(&self, context: Context, version: &str) -> Result<Option<Adoption>> {
        if self.adopting(context, version, &history::read(self.store)?)?.is_none() {
            return Ok(None);
        }
        self.locked(|session| {
            let history = session.history()?;
            let Some(adopting) = self.adopting(context, version, &history)? else {
                return Ok(None);
            };
            let plan = self.plan_with_core(context, &history);
            plan.ask_host(&mut session.connection)?;
            // Looked at twice: a database that is not to be adopted is not given a history.
            let seen = adopting.seen(session)?;
            seen.adoption.refuse()?;
            run_core(session, &plan)?;
            adopting.recorded(session, &seen.tables).map(Some)
        })
    }

    /// `None` where the history has all of it.
    fn adopting(
        &self,
        context: Context,
        version: &str,
        history: &[Recorded],
    ) -> Result<Option<Adopting<'_>>> {
        let migration = self.migrations.find(version)?;
        let refuse = |what: String| Err(Error::migration(&*migration.name, what, None));
        if context == Context::Core {
            return refuse("core is made by the runner, and never adopted".to_owned());
        }
        if migration.context != context {
            return refuse(format!("belongs to {}, not to {context}", migration.context));
        }
        let strange = Strange::find(&self.migrations, &[Context::Core, context], history);
        strange.refuse_tampered()?;
        if let Some(unknown) = strange.unknown.first() {
            return refuse(format!(
                "the history has {unknown} of a later release, which alone can adopt"
            ));
        }
        let recorded: BTreeSet<&str> =
            rows_of(&[context], history).map(|row| row.version.as_str()).collect();
        let of_context: Vec<_> = self.migrations.of(&[context]).collect();
        let target = Target::new(of_context, recorded, migration);
        if target.least().is_empty() {
            return Ok(None);
        }
        Ok(Some(Adopting { migration, target, accepted: &self.accepted }))
    }

    /// What an adoption runs of core depends on what the context needs.
    fn plan_with_core(&self, context: Context, history: &[Recorded]) -> Plan<'_> {
        Plan::new(&self.migrations, &[Context::Core, context], history, None)
    }

    /// Tables that were there before are adopted, not made.
    pub(super) fn refuse_to_make_again(
        &self,
        session: &mut Locked<'_>,
        migration: &Migration,
    ) -> Result<()> {
        if migration.kind != Kind::Baseline || migration.catalog.is_none() {
            return Ok(());
        }
        let made = migration.delta()?.made.into_iter().map(|object| object.name);
        let tables: Vec<_> = made
            .filter(|name| name.kind == ObjectKind::Table)
            .map(|name| format!("{}.{}", Ident(&name.schema), Ident(&name.name)))
            .collect();
        let Some(table) = catalog::first_relation(&mut session.connection, &tables)? else {
            return Ok(());
        };
        let what = format!(
            "table {table} is there already, and the history does not know it: adopt it, if it is \
             this migration's, with `{}.adopt(Context::{:?}, \"{}\")`",
            self.call(),
            migration.context,
            migration.version
        );
        Err(Error::migration(&*migration.name, what, None))
    }
}

fn run_core(session: &mut Locked<'_>, plan: &Plan<'_>) -> Result<()> {
    for step in plan.steps.iter().filter(|step| step.migration.context == Context::Core) {
        if let Outcome::Refused(refusal) = session.apply(step)? {
            return Err(refusal);
        }
    }
    Ok(())
}

/// One adoption.
struct Adopting<'m> {
    /// The one whose state the database is said to have.
    migration: &'m Migration,
    target: Target<'m>,
    accepted: &'m [String],
}

impl<'m> Adopting<'m> {
    /// In a transaction.
    fn judged(&self, connection: &mut PgConnection) -> Result<Judged<'m>> {
        let live = Catalog::read_on(connection, &self.target.scope()?)?;
        judge(self.migration, &self.target, &live, self.accepted)
    }

    fn seen(&self, session: &mut Locked<'_>) -> Result<Judged<'m>> {
        let seen = transaction(&mut session.connection, self.migration, |connection| {
            Ok(self.judged(connection)?)
        });
        seen.map_err(Stop::error)
    }

    fn recorded(&self, session: &mut Locked<'_>, tables: &[ObjectName]) -> Result<Adoption> {
        let names: Vec<_> =
            tables.iter().map(|of| format!("{}.{}", Ident(&of.schema), Ident(&of.name))).collect();
        let recorded = session.patiently(self.migration, &names.join(" "), |connection| {
            self.lock(connection, tables)?;
            let Judged { adoption, migrations, renamed, accepted, .. } = self.judged(connection)?;
            let adoption = adoption.refuse()?;
            let context = self.migration.context.name();
            history::adopt(connection, &migrations)
                .and_then(|()| names::replace(connection, context, &renamed))
                .and_then(|()| accepted::replace(connection, context, &accepted))
                .map_err(|source| {
                    failed(self.migration, "the history could not be written", source)
                })?;
            Ok(adoption)
        });
        recorded.map_err(Stop::error)
    }

    /// Against whoever would change the tables. Before anything is read: what was waited for is
    /// to be seen.
    fn lock(&self, connection: &mut PgConnection, tables: &[ObjectName]) -> Result<()> {
        for ObjectName { schema, name, .. } in tables {
            connection
                .batch_execute(&format!(
                    "LOCK TABLE {}.{} IN SHARE UPDATE EXCLUSIVE MODE",
                    Ident(schema),
                    Ident(name)
                ))
                .map_err(|source| {
                    let what = format!("table {schema}.{name} could not be locked");
                    failed(self.migration, &what, source)
                })?;
        }
        Ok(())
    }
}
