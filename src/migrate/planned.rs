//! What a run would do, told before it does it.

use std::fmt;

use serde::Serialize;

use super::context::Context;
use super::history;
use super::migration::{Kind, Migration, known_statements};
use super::plan::{Plan, Step};
use super::report::head;
use super::runner::Migrator;
use crate::error::Result;

/// What a run would do, in this order, and what it would leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlanReport {
    /// What would run.
    pub migrations: Vec<Planned>,
    /// The names of held migrations, which wait to be asked for.
    pub held: Vec<String>,
    /// The names of other migrations that wait, as they need one that is held.
    pub waiting: Vec<String>,
    /// Why a run would not begin, in a sentence: the host has something that what would run cannot
    /// refer to, such as a `public.users` without a unique `id uuid`.
    pub refused: Option<String>,
}

/// A migration that would run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Planned {
    /// The name of the folder.
    pub name: String,
    /// The timestamp of the folder, 14 digits.
    pub version: String,
    /// Its context.
    pub context: Context,
    /// Its kind.
    pub kind: Kind,
    /// Whether it runs in a transaction.
    pub transactional: bool,
    /// The SELECT that must find nothing, of a held one, or of what the host may have instead.
    pub guard: Option<String>,
    /// The job that must have finished. `None` in a run that installs the context, which asks for
    /// none.
    pub after_job: Option<String>,
    /// What the caller has to state with [`Migrator::confirm`]. `None` in a run that installs the
    /// context, which asks nobody.
    pub confirm: Option<String>,
    /// The statements, as they are in `up.sql`.
    pub statements: Vec<String>,
}

impl Planned {
    pub(super) fn new(step: &Step<'_>) -> Self {
        let Migration { name, version, context, kind, transactional, up, guard, .. } =
            step.migration;
        let asked = |of: &Option<String>| of.clone().filter(|_| step.asked);
        let texts = |sql: &str| -> Vec<String> {
            known_statements(sql).iter().map(|statement| statement.text.to_owned()).collect()
        };
        Self {
            name: name.to_string(),
            version: version.clone(),
            context: *context,
            kind: *kind,
            transactional: *transactional,
            guard: guard.as_ref().and_then(|guard| texts(guard).pop()),
            after_job: asked(&step.migration.after_job),
            confirm: asked(&step.migration.confirm),
            statements: texts(up),
        }
    }
}

/// One line, without the statements.
impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = if self.transactional { "" } else { ", without a transaction" };
        let guard = if self.guard.is_some() { ", after its guard" } else { "" };
        write!(f, "{} ({}{alone}{guard}", self.name, self.kind)?;
        if let Some(job) = &self.after_job {
            write!(f, ", after the job {job}")?;
        }
        if let Some(statement) = &self.confirm {
            write!(f, ", once {statement} is stated")?;
        }
        f.write_str(")")
    }
}

/// Each statement by its beginning; [`Planned::statements`] has the whole texts.
impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refused) = &self.refused {
            writeln!(f, "[!] {refused}")?;
        }
        if self.migrations.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        for planned in &self.migrations {
            writeln!(f, "[ ] {planned}")?;
            for statement in &planned.statements {
                writeln!(f, "      {}", head(statement))?;
            }
        }
        left(f, &self.held, &self.waiting)
    }
}

/// The lines of what does not run.
pub(super) fn left(f: &mut fmt::Formatter<'_>, held: &[String], waiting: &[String]) -> fmt::Result {
    for name in waiting {
        writeln!(f, "[-] {name} (needs a held one)")?;
    }
    for name in held {
        writeln!(f, "[-] {name} (held: runs when asked for)")?;
    }
    Ok(())
}

impl Migrator<'_> {
    /// What [`up`](Self::up) would run: one query, and no change. Where it would refer to a table of
    /// the host's, a second query looks at that.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`](crate::Error::Migration) where a released migration was edited or
    /// deleted. Those of a query.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::{Context, Store, StoreOptions, migrate::Migrator};
    /// # let store = Store::connect("postgres://owner@db/plans", &StoreOptions::default())?;
    /// let migrator = Migrator::new(&store).contexts(Context::ALL.iter().copied());
    /// print!("{}", migrator.plan()?);
    /// for statement in migrator.plan()?.migrations.iter().flat_map(|one| &one.statements) {
    ///     println!("{statement};");
    /// }
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn plan(&self) -> Result<PlanReport> {
        let history = history::read(self.store)?;
        let plan = self.plan_of(&history, None)?;
        let refused = if plan.of_host.is_empty() {
            None
        } else {
            self.store.read(|uow| plan.refused_by_host(uow.connection()))?
        };
        let refused = refused.map(|refused| refused.error().to_string());
        Ok(PlanReport { refused, ..PlanReport::new(&plan) })
    }

    /// What [`contract`](Self::contract) of this held migration would run: nothing where it is
    /// applied. Its guard is not asked.
    ///
    /// # Errors
    ///
    /// Those of [`contract`](Self::contract) where something must come before it.
    pub fn plan_contract(&self, name: &str) -> Result<PlanReport> {
        let step = self.held_step(name, &history::read(self.store)?)?;
        Ok(PlanReport::new(&Plan::only(step)))
    }
}

impl PlanReport {
    fn new(plan: &Plan<'_>) -> Self {
        let (held, waiting) = plan.left();
        let migrations = plan.steps.iter().map(Planned::new).collect();
        Self { migrations, held, waiting, refused: None }
    }
}
