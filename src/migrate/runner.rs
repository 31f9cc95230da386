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
use super::standing::status_of;
use crate::batch::{self, Phase};
use crate::error::{Error, Result};
use crate::patience::Patience;
use crate::store::Store;

type Listener<'a> = Box<dyn FnMut(&Progress) + 'a>;

/// Brings the schema of the chosen contexts to where it should be, one runner at a time.
///
/// The session that changes the schema is one of its own, so it needs a direct connection, not a
/// pooler in transaction mode. It has no limit in time but for locks, is at READ COMMITTED, and has `public` as its
/// `search_path`.
/// For locks it waits shortly and again: see [`lock_timeout`](Self::lock_timeout). Who is in the
/// way is told ([`Progress`]), and stands in the error where it gives up; nobody is ended.
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
    pub(super) store: &'a Store,
    pub(super) migrations: Migrations,
    /// The keys of differences that do not stand against an adoption.
    pub(super) accepted: Vec<String>,
    /// Sorted, without doubles, with `core`.
    contexts: Vec<Context>,
    confirmed: Vec<String>,
    lock_wait: Duration,
    patience: Patience,
    listener: RefCell<Option<Listener<'a>>>,
}

impl<'a> Migrator<'a> {
    /// A runner for [`Context::Core`] alone, until [`contexts`](Self::contexts) says more.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            migrations: Migrations::embedded(),
            accepted: Vec::new(),
            contexts: vec![Context::Core],
            confirmed: Vec::new(),
            lock_wait: Duration::from_secs(60),
            patience: Patience::default(),
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

    /// `lock_timeout` of a migration in a transaction: of its first try, and the most that it grows
    /// to. 50 ms and 800 ms by default, and never more than the store's.
    ///
    /// While a migration waits for a lock, everything that comes after it on that table waits
    /// behind it: at most for this limit, for each lock. Then it is rolled back and tried again
    /// after four times as long, with twice the limit. An automatic VACUUM is made to give way
    /// meanwhile, in a queue that readers and writers overtake.
    pub fn lock_timeout(mut self, first: Duration, most: Duration) -> Self {
        self.patience = Patience { first, most: most.max(first), ..self.patience };
        self
    }

    /// For how long one migration is tried that does not get its locks. 60 s by default; with
    /// zero it is tried once.
    pub fn lock_patience(mut self, limit: Duration) -> Self {
        self.patience.total = limit;
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
        Ok(status_of(&self.migrations, &self.contexts, &history::read(self.store)?))
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
    /// released migration was edited or deleted; or, before the first change, what is wrong with a
    /// `public.users` of the host's that a pending one refers to. [`Error::Unavailable`] where
    /// another runner holds the lock for too long.
    pub fn up(&self) -> Result<Vec<Applied>> {
        self.run_up(None, &mut Vec::new())
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
        self.run_up(Some(version), &mut Vec::new())
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
        if self.held_step(name, &history::read(self.store)?)?.is_none() {
            return Ok(None);
        }
        self.locked(|session| {
            let Some(step) = self.held_step(name, &session.history()?)? else { return Ok(None) };
            let stated = |asked: &String| self.confirmed.contains(asked);
            if !step.migration.confirm.as_ref().is_none_or(stated)
                && let Some(refusal) =
                    unstated(&mut session.connection, step.migration, &self.call())?
            {
                return Err(refusal);
            }
            match session.apply(&step)? {
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
    /// What belongs to [`Context::Core`] goes last, and stays while another context is installed.
    /// What it has made for contexts that refer to users goes after the last of these.
    ///
    /// # Errors
    ///
    /// Those of [`down`](Self::down). A step that fails leaves those before it taken back.
    pub fn down_steps(&self, steps: usize) -> Result<Vec<Reverted>> {
        self.run_down(|rows| Ok(rows.iter().copied().take(steps).collect()))
    }

    /// Takes back what was applied after this version, which stays; of [`Context::Core`] as
    /// [`down_steps`](Self::down_steps) does.
    ///
    /// # Errors
    ///
    /// Those of [`down`](Self::down), and [`Error::Migration`] where it is not applied.
    pub fn down_to(&self, version: &str) -> Result<Vec<Reverted>> {
        let migration = self.find(version)?;
        self.run_down(|rows| {
            let found = rows.iter().find(|row| row.version == migration.version);
            let Some(found) = found else {
                return Err(Error::migration(&*migration.name, "is not applied", None));
            };
            Ok(rows.iter().copied().filter(|row| row.seq > found.seq).collect())
        })
    }

    /// `recorded` gets the places of its rows in the history, of a run that fails, too.
    pub(super) fn run_up(
        &self,
        through: Option<&str>,
        recorded: &mut Vec<i64>,
    ) -> Result<Vec<Applied>> {
        if self.plan_of(&history::read(self.store)?, through)?.steps.is_empty() {
            return Ok(Vec::new());
        }
        self.locked(|session| {
            let done = self.run_steps(session, through);
            recorded.append(&mut session.recorded);
            done
        })
    }

    fn run_steps(&self, session: &mut Locked<'_>, through: Option<&str>) -> Result<Vec<Applied>> {
        let history = session.history()?;
        let plan = self.plan_of(&history, through)?;
        plan.ask_host(&mut session.connection)?;
        for step in &plan.steps {
            self.refuse_to_make_again(session, step.migration)?;
        }
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
    }

    /// What is chosen of the rows, newest first, is taken back.
    pub(super) fn run_down(
        &self,
        choose: impl for<'h> Fn(&[&'h Recorded]) -> Result<Vec<&'h Recorded>>,
    ) -> Result<Vec<Reverted>> {
        self.locked(|session| {
            let history = session.history()?;
            let goes_last =
                |row: &&Recorded| self.migrations.goes_last(row, &self.contexts, &history);
            let mut rows: Vec<_> = rows_of(&self.contexts, &history).collect();
            rows.reverse();
            rows.sort_by_key(goes_last);
            let mut chosen = choose(&rows)?;
            let stays = |row: &Recorded| !goes_last(&row) && !chosen.contains(&row);
            if history.iter().any(stays) {
                chosen.retain(|row| !goes_last(row));
            }
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

    /// What `contract` of this name runs. `None` where it is applied.
    pub(super) fn held_step(&self, name: &str, history: &[Recorded]) -> Result<Option<Step<'_>>> {
        let migration = self.find(name)?;
        if migration.kind != Kind::Held {
            let what = format!("is {}, not held: {}.up() runs it", migration.kind, self.call());
            return Err(Error::migration(&*migration.name, what, None));
        }
        let must_run = self.must_run(migration, history)?;
        Ok(must_run.then_some(Step { migration, installs: None, asked: true }))
    }

    /// Whether a held migration is still to be run; an error where it cannot be.
    fn must_run(&self, migration: &Migration, history: &[Recorded]) -> Result<bool> {
        let refuse = |what: String| Err(Error::migration(&*migration.name, what, None));
        let applied = |version: &str| history.iter().any(|row| row.version == version);
        let plan = self.plan_of(history, Some(&migration.version))?;
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
                    let by = found.runner.map_or(String::new(), |runner| format!(", by {runner}"));
                    format!("{} after {rows}{by}", found.phase)
                });
                refuse(format!(
                    "waits for the job {job}, which is {how_far}: finish it with \
                     `batch::Runner::new(&store).run(&mut job)`"
                ))
            }
        }
    }

    pub(super) fn plan_of(&self, history: &[Recorded], through: Option<&str>) -> Result<Plan<'_>> {
        Strange::find(&self.migrations, &self.contexts, history).refuse_tampered()?;
        Ok(Plan::new(&self.migrations, &self.contexts, history, through))
    }

    fn find(&self, name: &str) -> Result<&Migration> {
        let migration = self.migrations.find(name)?;
        if self.contexts.contains(&migration.context) {
            return Ok(migration);
        }
        let what = format!("belongs to {}, which is not chosen", migration.context);
        Err(Error::migration(&*migration.name, what, None))
    }

    pub(super) fn locked<T>(&self, work: impl FnOnce(&mut Locked<'_>) -> Result<T>) -> Result<T> {
        let tell = |event: Progress| {
            if let Some(listener) = &mut *self.listener.borrow_mut() {
                listener(&event);
            }
        };
        let mut session = Locked::open(self.store, self.lock_wait, self.patience, &tell)?;
        let done = work(&mut session);
        session.close();
        done
    }

    /// What it works on: contexts, with `core`, and migrations.
    pub(crate) fn chosen(&self) -> (&[Context], &Migrations) {
        (&self.contexts, &self.migrations)
    }

    /// The database that it works on.
    pub(crate) fn store(&self) -> &'a Store {
        self.store
    }

    /// The call that makes this migrator.
    pub(super) fn call(&self) -> String {
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
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
