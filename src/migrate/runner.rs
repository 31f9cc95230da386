//! The runner.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use super::context::Context;
use super::embedded::Migrations;
use super::guard::unstated;
use super::history::{self, Recorded};
use super::locked::{Locked, Outcome};
use super::migration::{Kind, Migration};
use super::plan::{Plan, Step, Strange, rows_of, tampered};
use super::report::{Applied, Progress, Reverted, State, Status};
use crate::batch::{self, Phase};
use crate::error::{Error, Result};
use crate::store::Store;

type Listener<'a> = Box<dyn FnMut(&Progress) + 'a>;

/// Brings the schema of the chosen contexts to where it should be, one runner at a time.
///
/// The session that changes the schema is one of its own, so it needs a direct connection, not a
/// pooler in transaction mode. It has no `statement_timeout`, and `public` as its `search_path`. The store's `lock_timeout` holds for
/// migrations in a transaction.
///
/// # Example
///
/// ```no_run
/// use planwright::migrate::Migrator;
/// use planwright::{Context, Store, StoreOptions};
///
/// let store = Store::connect("postgres://owner@db/plans", &StoreOptions::default())?;
///
/// // In the deploy job.
/// for applied in Migrator::new(&store).contexts([Context::Modelling]).up()? {
///     println!("{applied}");
/// }
/// // At the start of the service.
/// Migrator::new(&store).contexts([Context::Modelling]).require_current()?;
/// # Ok::<(), planwright::Error>(())
/// ```
#[must_use = "a migrator does nothing until it is asked to"]
pub struct Migrator<'a> {
    store: &'a Store,
    migrations: Migrations,
    /// Sorted, without doubles, with `core`.
    contexts: Vec<Context>,
    confirmed: Vec<String>,
    lock_wait: Duration,
    listener: RefCell<Option<Listener<'a>>>,
}

impl<'a> Migrator<'a> {
    /// A runner for [`Context::Core`] alone, until [`contexts`](Self::contexts) says more.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            migrations: Migrations::embedded(),
            contexts: vec![Context::Core],
            confirmed: Vec::new(),
            lock_wait: Duration::from_secs(60),
            listener: RefCell::new(None),
        }
    }

    /// Chooses the contexts. Nothing of another one is touched.
    pub fn contexts(mut self, contexts: impl IntoIterator<Item = Context>) -> Self {
        self.contexts = contexts.into_iter().chain([Context::Core]).collect();
        self.contexts.sort_unstable();
        self.contexts.dedup();
        self
    }

    /// Runs other migrations than the ones in this crate.
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = migrations;
        self
    }

    /// States what a held migration asks for in its `metadata.toml`, such as `no_readers_left`,
    /// which only the caller can know. [`contract`](Self::contract) of one that was not given its
    /// statement refuses with what the database shows of it. No run that installs a context asks.
    pub fn confirm(mut self, statement: impl Into<String>) -> Self {
        self.confirmed.push(statement.into());
        self
    }

    /// How long to wait for another runner. 60 s by default.
    pub fn lock_wait(mut self, limit: Duration) -> Self {
        self.lock_wait = limit;
        self
    }

    /// Tells the listener what is going on, while it goes on.
    pub fn on_progress(mut self, listener: impl FnMut(&Progress) + 'a) -> Self {
        self.listener = RefCell::new(Some(Box::new(listener)));
        self
    }

    /// How the database and this release compare: one query, and no change.
    ///
    /// # Errors
    ///
    /// Those of a query, such as [`Error::Unavailable`].
    pub fn status(&self) -> Result<Status> {
        Ok(self.status_of(&history::read(self.store)?))
    }

    /// Fails unless the schema is what this release needs, or is of a later one.
    ///
    /// Held migrations that wait are no failure.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] with the call to make where migrations are pending, and where a
    /// released one was edited or deleted. Those of a query.
    pub fn require_current(&self) -> Result<()> {
        match self.status()?.state {
            State::Current | State::Ahead { .. } => Ok(()),
            State::Tampered { versions } => Err(tampered(&versions)),
            State::Behind { pending } => {
                let what = format!(
                    "the schema is behind by {}: {}. Run `{}.up()`",
                    pending.len(),
                    pending.join(", "),
                    self.call()
                );
                Err(Error::migration("", what, None))
            }
        }
    }

    /// Runs every pending migration but the held ones. In a run that installs a context it goes
    /// on through those too, so that a fresh installation has the final model; an interrupted run
    /// is finished by the next one.
    ///
    /// What was applied stays applied where a later one fails. With nothing to do it is one query.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] naming the migration and the statement that failed, with the server's
    /// answer as its source; or what a guard has found, after everything else has run; or that a
    /// released migration was edited or deleted. [`Error::Unavailable`] where another runner holds
    /// the lock for too long.
    pub fn up(&self) -> Result<Vec<Applied>> {
        self.run_up(None)
    }

    /// The same, but no further than this version: `20261120000300`, with or without dashes, or
    /// the name of the folder. An installation that ends there is complete: the held migrations
    /// beyond it wait to be asked for.
    ///
    /// # Errors
    ///
    /// Those of [`up`](Self::up), and [`Error::Migration`] where there is no such version.
    pub fn up_to(&self, version: &str) -> Result<Vec<Applied>> {
        let version = &self.find(version)?.version;
        self.run_up(Some(version))
    }

    /// Runs a held migration, by its version or the name of its folder. `None` where it is
    /// applied already.
    ///
    /// # Errors
    ///
    /// Those of [`up`](Self::up). [`Error::Migration`] where it is not held, where its guard
    /// refuses (with the first lines of the guard's list), where something must run before it:
    /// another migration, or a job (with how far that one is), or where it asks for a statement
    /// that was not [made](Self::confirm).
    pub fn contract(&self, name: &str) -> Result<Option<Applied>> {
        let migration = self.find(name)?;
        let refuse = |what: String| Err(Error::migration(&*migration.name, what, None));
        if migration.kind != Kind::Held {
            return refuse(format!(
                "is {}, not held: {}.up() runs it",
                migration.kind,
                self.call()
            ));
        }
        if !self.must_run(migration, &history::read(self.store)?)? {
            return Ok(None);
        }
        self.locked(|session| {
            if !self.must_run(migration, &session.history()?)? {
                return Ok(None);
            }
            let stated = |asked: &String| self.confirmed.contains(asked);
            if !migration.confirm.as_ref().is_none_or(stated)
                && let Some(refusal) = unstated(&mut session.connection, migration, &self.call())?
            {
                return Err(refusal);
            }
            match session.apply(&Step { migration, installs: None })? {
                Outcome::Applied(applied) => Ok(Some(applied)),
                Outcome::Refused(refusal) => Err(refusal),
            }
        })
    }

    /// Takes the last applied migration of the chosen contexts back.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] where the down refuses (the server's message is the source), where the
    /// objects were adopted and so belong to the host, and where this release does not have the
    /// migration or has another one. [`Error::Unavailable`] where another runner holds the lock
    /// for too long.
    pub fn down(&self) -> Result<Vec<Reverted>> {
        self.down_steps(1)
    }

    /// Takes the last `steps` migrations of the chosen contexts back, the newest first; fewer
    /// where there are fewer.
    ///
    /// What belongs to [`Context::Core`] stays while another context is installed.
    ///
    /// # Errors
    ///
    /// Those of [`down`](Self::down). A step that fails leaves those before it taken back.
    pub fn down_steps(&self, steps: usize) -> Result<Vec<Reverted>> {
        self.run_down(|rows| Ok(steps.min(rows.len())))
    }

    /// Takes back what was applied after this version, which stays.
    ///
    /// # Errors
    ///
    /// Those of [`down`](Self::down), and [`Error::Migration`] where it is not applied.
    pub fn down_to(&self, version: &str) -> Result<Vec<Reverted>> {
        let migration = self.find(version)?;
        self.run_down(|rows| {
            let found = rows.iter().position(|row| row.version == migration.version);
            found.ok_or_else(|| Error::migration(&*migration.name, "is not applied", None))
        })
    }

    fn run_up(&self, through: Option<&str>) -> Result<Vec<Applied>> {
        if self.plan(&history::read(self.store)?, through)?.steps.is_empty() {
            return Ok(Vec::new());
        }
        self.locked(|session| {
            let history = session.history()?;
            let plan = self.plan(&history, through)?;
            let (mut applied, mut refused) = (Vec::new(), None);
            let mut left_out: HashSet<&str> = HashSet::new();
            for step in &plan.steps {
                let migration = step.migration;
                if migration.needs.iter().any(|need| left_out.contains(need.as_str())) {
                    left_out.insert(&migration.version);
                    continue;
                }
                match session.apply(step)? {
                    Outcome::Applied(step) => applied.push(step),
                    Outcome::Refused(refusal) => {
                        left_out.insert(&migration.version);
                        refused.get_or_insert(refusal);
                    }
                }
            }
            refused.map_or(Ok(applied), Err)
        })
    }

    /// `how_many` of the rows, newest first, are taken back.
    fn run_down(&self, how_many: impl Fn(&[&Recorded]) -> Result<usize>) -> Result<Vec<Reverted>> {
        self.locked(|session| {
            let history = session.history()?;
            let others = history.len() > rows_of(&self.contexts, &history).count();
            let mut rows: Vec<_> = rows_of(&self.contexts, &history)
                .filter(|row| !others || row.context != Context::Core.name())
                .collect();
            rows.reverse();
            let chosen = &rows[..how_many(&rows)?];
            // All of it is checked before any of it is done.
            let steps: Result<Vec<_>> = chosen.iter().map(|row| self.to_revert(row)).collect();
            steps?.into_iter().map(|migration| session.revert(migration)).collect()
        })
    }

    fn to_revert(&self, row: &Recorded) -> Result<&Migration> {
        if row.adopted {
            let what = "was adopted: its objects were there before, and belong to the host";
            return Err(Error::migration(&row.name, what, None));
        }
        let strange = Strange::find(&self.migrations, &self.contexts, std::slice::from_ref(row));
        strange.refuse_tampered()?;
        if !strange.unknown.is_empty() {
            let what = "is of a later release, which alone can take it back";
            return Err(Error::migration(&row.name, what, None));
        }
        self.migrations.find(&row.version)
    }

    /// Whether a held migration is still to be run; an error where it cannot be.
    fn must_run(&self, migration: &Migration, history: &[Recorded]) -> Result<bool> {
        let refuse = |what: String| Err(Error::migration(&*migration.name, what, None));
        let applied = |version: &str| history.iter().any(|row| row.version == version);
        let plan = self.plan(history, Some(&migration.version))?;
        if applied(&migration.version) {
            return Ok(false);
        }
        let before = plan.steps.iter().map(|step| step.migration).find(|before| {
            before.kind != Kind::Held
                && [migration.context, Context::Core].contains(&before.context)
        });
        if let Some(before) = before {
            return refuse(format!("{before} comes before it: run `{}.up()`", self.call()));
        }
        if let Some(need) = migration.needs.iter().find(|need| !applied(need)) {
            return refuse(format!("needs {}, which is not applied", self.migrations.find(need)?));
        }
        let Some(job) = &migration.after_job else { return Ok(true) };
        match batch::status(self.store, job)? {
            Some(found) if found.phase == Phase::Finished => Ok(true),
            found => {
                let how_far = found.map_or("never begun".to_owned(), |found| {
                    let rows = found.rows();
                    let by = found.runner.map_or(String::new(), |runner| format!(" by {runner}"));
                    format!("{}{by} after {rows}", found.phase)
                });
                refuse(format!(
                    "waits for the job {job}, which is {how_far}: finish it with \
                     `batch::Runner::new(&store).run(&mut job)`"
                ))
            }
        }
    }

    fn plan(&self, history: &[Recorded], through: Option<&str>) -> Result<Plan<'_>> {
        Strange::find(&self.migrations, &self.contexts, history).refuse_tampered()?;
        Ok(Plan::new(&self.migrations, &self.contexts, history, through))
    }

    fn status_of(&self, history: &[Recorded]) -> Status {
        let plan = Plan::new(&self.migrations, &self.contexts, history, None);
        let names =
            |migrations: &[&Migration]| migrations.iter().map(ToString::to_string).collect();
        Status {
            held: names(&plan.held),
            waiting: names(&plan.waiting),
            applied: rows_of(&self.contexts, history).cloned().collect(),
            state: Strange::find(&self.migrations, &self.contexts, history).state(&plan),
        }
    }

    fn find(&self, name: &str) -> Result<&Migration> {
        let migration = self.migrations.find(name)?;
        if self.contexts.contains(&migration.context) {
            return Ok(migration);
        }
        let what = format!("belongs to {}, which is not chosen", migration.context);
        Err(Error::migration(&*migration.name, what, None))
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Locked<'_>) -> Result<T>) -> Result<T> {
        let tell = |event: Progress| {
            if let Some(listener) = &mut *self.listener.borrow_mut() {
                listener(&event);
            }
        };
        let mut session = Locked::open(self.store, self.lock_wait, &tell)?;
        let done = work(&mut session);
        session.close();
        done
    }

    /// The call that makes this migrator.
    fn call(&self) -> String {
        let chosen = self.contexts.iter().filter(|&&context| context != Context::Core);
        let chosen: Vec<_> = chosen.map(|context| format!("Context::{context:?}")).collect();
        match &chosen[..] {
            [] => "Migrator::new(&store)".to_owned(),
            _ => format!("Migrator::new(&store).contexts([{}])", chosen.join(", ")),
        }
    }
}

impl fmt::Debug for Migrator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("contexts", &self.contexts)
            .field("lock_wait", &self.lock_wait)
            .finish_non_exhaustive()
    }
}
