//! Shows and changes the schema of a database, from a terminal, a deploy job or a check in CI.
//!
//! `DATABASE_URL=… cargo run --example migrate -- status`

// check: rollout

mod args;
mod output;
mod progress;
mod words;

use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use planwright::batch;
use planwright::cutover::transition::Backfilled;
use planwright::diagram;
use planwright::local_server::Database;
use planwright::migrate::{Adoption, Migrations, Migrator, PlanReport, State};
use planwright::modelling;
use planwright::verify::{
    self, Drift, DriftReport, Fingerprint, Immutability, ImmutableTable, Invariant, Privilege,
    Source,
};
use planwright::{Context, Page, Store, StoreOptions};
use planwright::{cutover, feature_planner, meal_planning};
use serde::Serialize;

pub(crate) use args::Arguments;
use args::{Format, Rollout, Verb};
use output::Output;
use words::Words;

type Failure = Box<dyn Error>;

/// How it ended that did not fail.
enum Ending {
    Fine,
    /// Exit status 3.
    NotAsItShouldBe,
}

impl From<bool> for Ending {
    fn from(fine: bool) -> Self {
        if fine { Self::Fine } else { Self::NotAsItShouldBe }
    }
}

fn main() -> ExitCode {
    execute(&Arguments::parse(), &mut io::stdout(), &mut io::stderr()).into()
}

/// Does it, and answers with the exit status.
pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let out = Output::new(out, err, arguments.json);
    match run(arguments, &out) {
        Ok(Ending::Fine) => 0,
        Ok(Ending::NotAsItShouldBe) => 3,
        Err(error) => {
            out.note(Words::of(arguments).error(&*error));
            1
        }
    }
}

fn run(arguments: &Arguments, out: &Output<'_>) -> Result<Ending, Failure> {
    let tool = Tool::new(arguments, out)?;
    // What needs no database.
    match &arguments.verb {
        Verb::Verify { sql: true, .. } => {
            out.show(&verify::sanity_script(&tool.invariants()))?;
            return Ok(Ending::Fine);
        }
        Verb::Inventory => {
            out.show(&verify::Inventory::of(&tool.migrations, tool.contexts.iter().copied())?)?;
            return Ok(Ending::Fine);
        }
        _ => {}
    }
    let private;
    let url = if let Some(url) = &arguments.database_url {
        url
    } else {
        out.note("no DATABASE_URL: a private database, which is gone afterwards");
        private = Database::from_env()?;
        private.url()
    };
    let options = StoreOptions::default().pool_size(4).application_name("planwright migrate");
    tool.run(&Store::connect(url, &options)?)
}

/// What is the same for every verb.
struct Tool<'a, 'w> {
    arguments: &'a Arguments,
    out: &'a Output<'w>,
    contexts: Vec<Context>,
    migrations: Migrations,
}

impl<'a, 'w> Tool<'a, 'w> {
    fn new(arguments: &'a Arguments, out: &'a Output<'w>) -> Result<Self, Failure> {
        let contexts = match &arguments.contexts[..] {
            [] => Context::ALL.to_vec(),
            chosen => chosen.to_vec(),
        };
        let migrations = match &arguments.migrations {
            Some(folder) => Migrations::from_folder(folder)?,
            None => Migrations::embedded(),
        };
        Ok(Self { arguments, out, contexts, migrations })
    }

    /// The rules of the chosen contexts. Each context hands them over as values.
    fn invariants(&self) -> Vec<Invariant> {
        let of = |context: &Context| match context {
            Context::Modelling => modelling::INVARIANTS,
            Context::MealPlanning => meal_planning::INVARIANTS,
            Context::Cutover => cutover::INVARIANTS,
            Context::FeaturePlanner => feature_planner::INVARIANTS,
            _ => &[],
        };
        self.contexts.iter().flat_map(of).copied().collect()
    }

    /// The tables of the installed contexts of which the database refuses changes.
    fn immutable(&self, drift: &DriftReport) -> Vec<ImmutableTable> {
        let of = |context: &Context| match context {
            Context::MealPlanning => meal_planning::IMMUTABLE,
            _ => &[],
        };
        let installed = |context: &&Context| !drift.not_installed.contains(context);
        self.contexts.iter().filter(installed).flat_map(of).copied().collect()
    }

    fn migrator<'s>(&self, store: &'s Store) -> Migrator<'s> {
        Migrator::new(store)
            .contexts(self.contexts.iter().copied())
            .migrations(self.migrations.clone())
            .lock_wait(self.arguments.lock_wait)
    }

    fn run(&self, store: &Store) -> Result<Ending, Failure> {
        let migrator = self.migrator(store);
        match &self.arguments.verb {
            Verb::Status => {
                let status = migrator.status()?;
                self.out.show(&status)?;
                if let State::Behind { .. } = status.state {
                    self.out.note(format!("next is {}", Words::of(self.arguments).command("up")));
                }
                Ok(matches!(status.state, State::Current | State::Ahead { .. }).into())
            }
            Verb::Plan { name, sql } => {
                let plan = match name {
                    None => migrator.plan()?,
                    Some(name) => migrator.plan_contract(name)?,
                };
                if *sql && !self.out.is_json() {
                    self.out.text(&script(&plan))?;
                } else {
                    self.out.show(&plan)?;
                }
                Ok(plan.refused.is_none().into())
            }
            Verb::DryRun { name } => {
                let rehearsal = match name {
                    None => migrator.dry_run()?,
                    Some(name) => migrator.dry_run_contract(name)?,
                };
                self.out.show(&rehearsal)?;
                Ok(rehearsal.passed().into())
            }
            Verb::Up { to } => {
                self.change(store, "applied", "nothing to do", |migrator| match to {
                    None => migrator.up(),
                    Some(version) => migrator.up_to(version),
                })
            }
            Verb::Down { steps, to } => {
                self.change(store, "took back", "nothing to take back", |migrator| match to {
                    None => migrator.down_steps(steps.unwrap_or(1)),
                    Some(version) => migrator.down_to(version),
                })
            }
            Verb::Contract { name, confirm } => {
                self.change(store, "applied", "it is applied already", |migrator| {
                    let stated = confirm.iter().fold(migrator, Migrator::confirm);
                    Ok(stated.contract(name)?.into_iter().collect())
                })
            }
            Verb::Adopt { context, version, accept, compare_only } => {
                let migrator = migrator.accepting(accept);
                let mut found = migrator.adoption(*context, version)?;
                if !compare_only && found.as_ref().is_some_and(Adoption::is_possible) {
                    found = migrator.adopt(*context, version)?;
                }
                match &found {
                    None if self.out.is_json() => self.out.value(&found)?,
                    None => self.out.text("it is recorded already")?,
                    Some(adoption) => self.out.show(adoption)?,
                }
                Ok(found.is_none_or(|found| found.is_possible()).into())
            }
            Verb::Verify { role, accept, .. } => self.verify(store, role, accept),
            Verb::Fingerprint { compare } => self.fingerprint(store, compare.as_deref()),
            Verb::Job { name } => self.job(store, name.as_deref()),
            Verb::Diagram { format, overview } => self.diagram(store, *format, *overview),
            Verb::Rollout(how) => self.rollout(store, how),
            Verb::Inventory => unreachable!("needs no database"),
        }
    }

    /// Runs migrations or takes them back, and tells of each as soon as it is done: what fails
    /// later leaves it so.
    fn change<T: Serialize>(
        &self,
        store: &Store,
        done: &str,
        nothing: &str,
        work: impl FnOnce(Migrator<'_>) -> planwright::Result<Vec<T>>,
    ) -> Result<Ending, Failure> {
        let bar = progress::migrations();
        let tell = |name: &str, took: Duration| {
            if !self.out.is_json() {
                let line = format!("{done} {name} in {} ms", took.as_millis());
                self.out.text(&line).unwrap_or_else(|error| self.out.note(error));
            }
        };
        let all = work(self.migrator(store).on_progress(progress::tell(&bar, self.out, tell)))?;
        bar.finish_and_clear();
        if self.out.is_json() {
            self.out.value(&all)?;
        } else if all.is_empty() {
            self.out.text(nothing)?;
        }
        Ok(Ending::Fine)
    }

    fn verify(
        &self,
        store: &Store,
        roles: &[String],
        accepted: &[String],
    ) -> Result<Ending, Failure> {
        let mut drift = Drift::new(store)
            .contexts(self.contexts.iter().copied())
            .migrations(self.migrations.clone())
            .grants(meal_planning::GRANTS)
            .grants(cutover::GRANTS)
            .grants(feature_planner::GRANTS)
            .accepting(accepted);
        for role in roles {
            drift = drift.role(role, Privilege::ALL);
        }
        let drift = drift.run()?;
        let installed = !drift.status.applied.is_empty();
        let ask = || store.read(|uow| verify::invariants(uow, &self.invariants()));
        // Where a table is missing, rules cannot be asked, and the drift is the news.
        let (sanity, failure) = match installed.then(ask).transpose() {
            Ok(sanity) => (sanity, None),
            Err(error) => (None, Some(error)),
        };
        let immutability = Immutability::of(&self.immutable(&drift)).run(store)?;
        if self.out.is_json() {
            self.out.value(&serde_json::json!({
                "drift": drift, "sanity": sanity, "immutability": immutability,
            }))?;
        } else {
            let sanity = sanity.as_ref().map_or(String::new(), ToString::to_string);
            self.out.text(&format!("{drift}{sanity}{immutability}"))?;
        }
        let sound = sanity.is_none_or(|sanity| sanity.is_sound()) && immutability.is_sound();
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok((drift.is_clean() && sound).into()),
        }
    }

    fn fingerprint(&self, store: &Store, saved: Option<&Path>) -> Result<Ending, Failure> {
        let Some(path) = saved else {
            let sources = Source::tables_of(&self.migrator(store))?;
            self.out.show(&Fingerprint::take(store, &sources)?)?;
            return Ok(Ending::Fine);
        };
        let read = || -> Result<Fingerprint, Failure> {
            Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
        };
        let before = read().map_err(|error| format!("{}: {error}", path.display()))?;
        let after = before.take_again(store, &verify::Mapping::new())?;
        let comparison = before.compare(&after);
        self.out.show(&comparison)?;
        Ok(comparison.is_equal().into())
    }

    fn job(&self, store: &Store, name: Option<&str>) -> Result<Ending, Failure> {
        let Some(name) = name else {
            self.out.list(&batch::list(store)?, "no job has begun")?;
            return Ok(Ending::Fine);
        };
        let bar = progress::job();
        let runner = batch::Runner::new(store)
            .lock_wait(self.arguments.lock_wait)
            .on_progress(progress::tell_job(&bar, self.out));
        let outcome = match name {
            modelling::transition::JOB => runner.run(&mut modelling::transition::Backfill::new())?,
            cutover::transition::JOB => runner.run(&mut cutover::transition::Backfill::new())?,
            _ => {
                let known = [modelling::transition::JOB, cutover::transition::JOB].join(", ");
                return Err(format!("no job is called {name}: try {known}").into());
            }
        };
        bar.finish_and_clear();
        let made = if name == cutover::transition::JOB { backfilled(store)? } else { Vec::new() };
        let finished = outcome.is_finished();
        self.out.show(&Ran { outcome, made })?;
        Ok(finished.into())
    }

    fn diagram(&self, store: &Store, format: Format, overview: bool) -> Result<Ending, Failure> {
        let diagrams = store.read(|uow| diagram::contexts(uow, &self.contexts))?;
        let drawings: Vec<_> = match diagrams.split_last() {
            // The last one is of all that there is.
            Some((_, [])) | None => return Err("nothing is installed that could be drawn".into()),
            Some((last, _)) if overview => vec![Drawing::new(last, format)],
            Some((_, each)) => each.iter().map(|one| Drawing::new(one, format)).collect(),
        };
        self.out.list(&drawings, "")?;
        Ok(Ending::Fine)
    }

    fn rollout(&self, store: &Store, how: &Rollout) -> Result<Ending, Failure> {
        let bar = progress::migrations();
        let migrator = self.migrator(store).on_progress(progress::tell(&bar, self.out, |_, _| {}));
        let report = verify::Rollout::new(&migrator)
            .invariants(&self.invariants())
            .accepting(&how.accept)
            .beside_writers(how.beside_writers)
            .back_on_failure(how.back_on_failure)
            .run()?;
        bar.finish_and_clear();
        self.out.show(&report)?;
        Ok(report.succeeded().into())
    }
}

/// The iterations that the job has made, in this run or before.
fn backfilled(store: &Store) -> planwright::Result<Vec<Backfilled>> {
    let mut page = Page::first(Page::<cutover::IterationId>::MAX);
    let mut all = Vec::new();
    loop {
        let made = store.read(|uow| cutover::transition::backfilled(uow, page))?;
        all.extend(made.items);
        let Some(last) = made.next else { return Ok(all) };
        page = Page::after(last, Page::<cutover::IterationId>::MAX);
    }
}

/// How a job ended, and what it has made that people want to know of.
#[derive(Serialize)]
struct Ran {
    #[serde(flatten)]
    outcome: batch::Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    made: Vec<Backfilled>,
}

impl Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome.to_string().trim_end())?;
        self.made.iter().try_for_each(|made| write!(f, "\n[x] {made}"))
    }
}

#[derive(Serialize)]
struct Drawing {
    title: String,
    text: String,
}

impl Drawing {
    fn new(diagram: &diagram::Diagram, format: Format) -> Self {
        let text = match format {
            Format::Mermaid => diagram.mermaid(),
            Format::Dot => diagram.dot(),
        };
        Self { title: diagram.title().to_owned(), text }
    }
}

impl Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What would run, as a file that can be read and kept.
fn script(plan: &PlanReport) -> String {
    let mut text = String::new();
    if let Some(refused) = &plan.refused {
        let _ = writeln!(text, "-- {refused}\n");
    }
    for planned in &plan.migrations {
        let _ = writeln!(text, "-- {planned}");
        for statement in &planned.statements {
            let _ = writeln!(text, "{statement};");
        }
        text.push('\n');
    }
    text
}
