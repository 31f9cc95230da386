//! The mover, and what it is told.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use super::grants::Grants;
use super::look::look;
use super::plan::RelocationPlan;
use super::progress::Progress;
use super::receipt::{DroppedViews, Receipt, TornDown};
use super::relocation::Relocation;
use super::{run, teardown};
use crate::catalog::activity;
use crate::error::Result;
use crate::patience::{self, Patience, Waiting, Watch};
use crate::store::{self, Store};

type Listener<'a> = Box<dyn FnMut(&Progress) + 'a>;

/// What a move was told, but for whom it tells.
#[derive(Debug, Clone)]
pub(super) struct Options<'a> {
    pub(super) relocation: Relocation<'a>,
    pub(super) back: bool,
    pub(super) patience: Patience,
    pub(super) grants: Vec<Grants>,
    pub(super) usage_for_present: bool,
    pub(super) views: bool,
    pub(super) accepted: Vec<String>,
    pub(super) history_of: Option<String>,
}

/// Moves a [`Relocation`], and back.
///
/// It works on a session of its own, so it needs a direct connection, not a pooler in transaction
/// mode, and it is the only one that changes the schema: [`Migrator`](crate::migrate::Migrator)s
/// and other moves wait for it.
#[must_use = "a relocator does nothing until it is asked to"]
pub struct Relocator<'a> {
    store: &'a Store,
    options: Options<'a>,
    lock_wait: Duration,
    listener: RefCell<Option<Listener<'a>>>,
}

impl<'a> Relocator<'a> {
    /// A mover of this on that database.
    pub fn new(store: &'a Store, relocation: Relocation<'a>) -> Self {
        let options = Options {
            relocation,
            back: false,
            patience: Patience::default(),
            grants: Vec::new(),
            usage_for_present: true,
            views: false,
            accepted: Vec::new(),
            history_of: None,
        };
        let lock_wait = Duration::from_secs(60);
        Self { store, options, lock_wait, listener: RefCell::new(None) }
    }

    /// How long to wait for another session that changes the schema. 60 s by default.
    pub fn lock_wait(mut self, limit: Duration) -> Self {
        self.lock_wait = limit;
        self
    }

    /// For how long a try waits for its locks, all together: the first one, and the most that this
    /// grows to. 50 ms and 800 ms by default, and never more than the store's `lock_timeout`.
    ///
    /// What comes after the move on one of the tables waits behind it for that long at most. Then
    /// it is rolled back and tried again after four times as long, with twice the limit.
    pub fn lock_timeout(mut self, first: Duration, most: Duration) -> Self {
        let total = self.options.patience.total;
        self.options.patience = Patience { first, most: most.max(first), total };
        self
    }

    /// For how long a move is tried that does not get its locks. 60 s by default; with zero it is
    /// tried once.
    pub fn lock_patience(mut self, limit: Duration) -> Self {
        self.options.patience.total = limit;
        self
    }

    /// Tells the listener what is going on, while it goes on.
    pub fn on_progress(mut self, listener: impl FnMut(&Progress) + 'a) -> Self {
        self.listener = RefCell::new(Some(Box::new(listener)));
        self
    }

    /// Gives a role more than it has. The way back does not take privileges on tables away again.
    pub fn grant(mut self, grants: Grants) -> Self {
        self.options.grants.push(grants);
        self
    }

    /// Gives no USAGE of the target to the roles that own something of what moves or have
    /// privileges on it. Without it they cannot reach it by name.
    pub fn without_usage_for_present_grantees(mut self) -> Self {
        self.options.usage_for_present = false;
        self
    }

    /// Leaves a view of each table's name in the source, for readers and writers that do not know
    /// of the move yet. They do with it what they may do with the table.
    pub fn compatibility_views(mut self) -> Self {
        self.options.views = true;
        self
    }

    /// Names a reference that would be refused, as the plan prints it, such as
    /// `function public.f(integer)`: the caller knows what it does after the move.
    pub fn accept(mut self, reference: impl Into<String>) -> Self {
        self.options.accepted.push(reference.into());
        self
    }

    /// With a [`teardown`](Self::teardown) the history of migrations forgets this context, so that
    /// the runner's status stays true.
    pub fn history_of(mut self, context: impl Into<String>) -> Self {
        self.options.history_of = Some(context.into());
        self
    }

    /// What [`run`](Self::run) would do, and what stands against it. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a relocation without or with impossible names.
    /// Those of a query.
    pub fn plan(&self) -> Result<RelocationPlan> {
        self.planned(false)
    }

    /// What [`reverse`](Self::reverse) would do, and what stands against it. Changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan).
    pub fn plan_reverse(&self) -> Result<RelocationPlan> {
        self.planned(true)
    }

    /// Moves what has not moved yet, in one transaction, and proves it.
    ///
    /// # Errors
    ///
    /// [`Error::Unfit`](crate::Error::Unfit) with everything that the plan says against it, before
    /// anything is touched. [`Error::Verification`](crate::Error::Verification) where the proof
    /// fails, and [`Error::Conflict`](crate::Error::Conflict) where somebody has changed the tables
    /// since the plan: all is rolled back. [`Error::Migration`](crate::Error::Migration) where the
    /// locks are not to be had, with a [`Blocked`](crate::migrate::Blocked) that names who is in
    /// the way as its source, and for any other answer of the server.
    /// [`Error::CommitUnknown`](crate::Error::CommitUnknown) where the connection was lost in
    /// COMMIT: run it again. [`Error::Unavailable`](crate::Error::Unavailable) where another
    /// session changes the schema for too long.
    pub fn run(&self) -> Result<Receipt> {
        self.moved(false)
    }

    /// Moves everything back, with the same proof. Drops the compatibility views, and the schema
    /// where a move has made it and nothing is left in it.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    pub fn reverse(&self) -> Result<Receipt> {
        self.moved(true)
    }

    /// Drops the compatibility views of these tables. Others that lean on one stand against it.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    pub fn drop_compatibility_views(&self) -> Result<DroppedViews> {
        let options = self.checked(false)?;
        self.in_session(&options, |waiting, tell| run::drop_views(waiting, &options, tell))
    }

    /// What a [`teardown`](Self::teardown) would drop, and what stands against it.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan).
    pub fn plan_teardown(&self) -> Result<TornDown> {
        let options = self.checked(false)?;
        self.store.read(|uow| teardown::look(uow.connection(), &options))
    }

    /// Drops the schema that is moved to with all that is in it, **data included**. `confirm` must
    /// be its name.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) without that name.
    /// [`Error::Unfit`](crate::Error::Unfit) where something outside would go too. Those of
    /// [`run`](Self::run).
    pub fn teardown(&self, confirm: &str) -> Result<TornDown> {
        let options = self.checked(false)?;
        teardown::check(&options, confirm)?;
        self.in_session(&options, |waiting, tell| teardown::run(waiting, &options, tell))
    }

    fn planned(&self, back: bool) -> Result<RelocationPlan> {
        let options = self.checked(back)?;
        self.store.read(|uow| Ok(look(uow.connection(), &options)?.plan))
    }

    fn moved(&self, back: bool) -> Result<Receipt> {
        let options = self.checked(back)?;
        self.in_session(&options, |waiting, tell| run::run(waiting, &options, tell))
    }

    fn checked(&self, back: bool) -> Result<Options<'a>> {
        let mut options = self.options.clone();
        options.relocation.check()?;
        for limit in [options.patience.first, options.patience.most] {
            store::milliseconds("relocate::Relocator", "lock_timeout", limit)?;
        }
        options.patience = options.patience.within(self.store);
        options.back = back;
        if back {
            options.relocation = options.relocation.reversed();
        }
        Ok(options)
    }

    fn in_session<T>(
        &self,
        options: &Options<'_>,
        work: impl FnOnce(&mut Waiting<'_, '_>, &dyn Fn(Progress)) -> Result<T>,
    ) -> Result<T> {
        let tell = |event: Progress| {
            if let Some(listener) = &mut *self.listener.borrow_mut() {
                listener(&event);
            }
        };
        let waits = |holder| tell(Progress::WaitingForLock { holder });
        // What is named without a schema is the server's own, and the server writes every schema.
        let settings = [patience::UNLIMITED, "SET search_path = ''"].join("; ");
        let mut connection =
            patience::schema_session(self.store, &settings, self.lock_wait, waits)?;
        let pid = activity::own_pid(&mut connection)?;
        let mut watch = Watch::new(self.store, pid);
        let patience = options.patience;
        let mut waiting = Waiting { connection: &mut connection, watch: &mut watch, patience };
        let done = work(&mut waiting, &tell);
        patience::release(&mut connection);
        done
    }
}

impl fmt::Debug for Relocator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relocator").field("options", &self.options).finish_non_exhaustive()
    }
}
