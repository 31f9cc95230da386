//! Shows and changes the schema of a database, from a terminal, a deploy job or a check in CI.
//!
//! `DATABASE_URL=… cargo run --example migrate -- status`

// check: rollout

mod args;
mod progress;

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use planwright::batch;
use planwright::diagram;
use planwright::local_server::Database;
use planwright::migrate::{Applied, Migrations, Migrator, Reverted, State};
use planwright::modelling::{self, transition};
use planwright::verify::{self, Drift, Fingerprint, Invariant, Privilege, Rollout, Source};
use planwright::{Context, Store, StoreOptions};
use serde::Serialize;

use args::{Arguments, Format, Verb};

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
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(Ending::Fine) => ExitCode::SUCCESS,
        Ok(Ending::NotAsItShouldBe) => ExitCode::from(3),
        Err(error) => {
            eprintln!("migrate: {error}");
            let mut why = error.source();
            while let Some(cause) = why {
                eprintln!("  because: {cause}");
                why = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Ending, Failure> {
    let tool = Tool::new(arguments)?;
    // What needs no database.
    match &arguments.verb {
        Verb::Verify { sql: true, .. } => {
            print!("{}", verify::sanity_script(&tool.invariants()));
            return Ok(Ending::Fine);
        }
        Verb::Inventory => {
            tool.show(&verify::Inventory::of(&tool.migrations, tool.contexts.iter().copied())?)?;
            return Ok(Ending::Fine);
        }
        _ => {}
    }
    let database = match &arguments.database_url {
        Some(_) => None,
        None => {
            eprintln!("migrate: no DATABASE_URL: a private database, which is gone afterwards");
            Some(Database::from_env()?)
        }
    };
    let given = arguments.database_url.as_deref();
    let url = given.or(database.as_ref().map(Database::url)).unwrap_or_default();
    let options = StoreOptions::default().pool_size(4).application_name("planwright migrate");
    tool.run(&Store::connect(url, &options)?, &arguments.verb)
}

/// What is the same for every verb.
struct Tool<'a> {
    arguments: &'a Arguments,
    contexts: Vec<Context>,
    migrations: Migrations,
}

impl<'a> Tool<'a> {
    fn new(arguments: &'a Arguments) -> Result<Self, Failure> {
        let contexts = match &arguments.contexts[..] {
            [] => Context::ALL.to_vec(),
            chosen => chosen.to_vec(),
        };
        let migrations = match &arguments.migrations {
            Some(folder) => Migrations::from_folder(folder)?,
            None => Migrations::embedded(),
        };
        Ok(Self { arguments, contexts, migrations })
    }

    /// The rules of the chosen contexts. Each context hands them over as values.
    fn invariants(&self) -> Vec<Invariant> {
        let of = |context: &Context| match context {
            Context::Modelling => modelling::INVARIANTS,
            _ => &[],
        };
        self.contexts.iter().flat_map(of).copied().collect()
    }

    /// Prints a report for a person, or as JSON.
    fn show(&self, report: &(impl Serialize + Display)) -> Result<(), Failure> {
        if self.arguments.json {
            println!("{}", serde_json::to_string_pretty(report)?);
        } else {
            print!("{report}");
        }
        Ok(())
    }

    /// The same for a list.
    fn list(&self, list: &[impl Serialize + Display], empty: &str) -> Result<(), Failure> {
        if self.arguments.json {
            println!("{}", serde_json::to_string_pretty(list)?);
        } else if list.is_empty() {
            println!("{empty}");
        }
        for one in list.iter().filter(|_| !self.arguments.json) {
            println!("{one}");
        }
        Ok(())
    }

    fn migrator<'s>(&self, store: &'s Store) -> Migrator<'s> {
        Migrator::new(store)
            .contexts(self.contexts.iter().copied())
            .migrations(self.migrations.clone())
            .lock_wait(self.arguments.lock_wait)
    }

    fn run(&self, store: &Store, verb: &Verb) -> Result<Ending, Failure> {
        let migrator = self.migrator(store);
        match verb {
            Verb::Status => {
                let status = migrator.status()?;
                self.show(&status)?;
                let fine = matches!(status.state, State::Current | State::Ahead { .. });
                return Ok(fine.into());
            }
            Verb::Plan { name } => match name {
                None => self.show(&migrator.plan()?)?,
                Some(name) => self.show(&migrator.plan_contract(name)?)?,
            },
            Verb::DryRun { name } => {
                let rehearsal = match name {
                    None => migrator.dry_run()?,
                    Some(name) => migrator.dry_run_contract(name)?,
                };
                self.show(&rehearsal)?;
                return Ok(rehearsal.passed().into());
            }
            Verb::Up { to } => {
                let bar = progress::migrations();
                let migrator = migrator.on_progress(progress::tell(&bar));
                let applied: Vec<Applied> = match to {
                    None => migrator.up()?,
                    Some(version) => migrator.up_to(version)?,
                };
                bar.finish_and_clear();
                self.list(&applied, "nothing to do")?;
            }
            Verb::Down { steps, to } => {
                let bar = progress::migrations();
                let migrator = migrator.on_progress(progress::tell(&bar));
                let reverted: Vec<Reverted> = match to {
                    None => migrator.down_steps(steps.unwrap_or(1))?,
                    Some(version) => migrator.down_to(version)?,
                };
                bar.finish_and_clear();
                self.list(&reverted, "nothing to take back")?;
            }
            Verb::Contract { name, confirm } => {
                let bar = progress::migrations();
                let mut migrator = migrator.on_progress(progress::tell(&bar));
                for statement in confirm {
                    migrator = migrator.confirm(statement);
                }
                let applied: Vec<Applied> = migrator.contract(name)?.into_iter().collect();
                bar.finish_and_clear();
                self.list(&applied, "it is applied already")?;
            }
            Verb::Adopt { context, version, accept, compare_only } => {
                let migrator = migrator.accepting(accept);
                let adoption = if *compare_only {
                    migrator.adoption(*context, version)?
                } else {
                    migrator.adopt(*context, version)?
                };
                match adoption {
                    None => self.list(&[] as &[Applied], "it is recorded already")?,
                    Some(adoption) => {
                        self.show(&adoption)?;
                        return Ok(adoption.is_possible().into());
                    }
                }
            }
            Verb::Verify { role, .. } => return self.verify(store, role),
            Verb::Fingerprint { compare } => return self.fingerprint(store, compare.as_deref()),
            Verb::Job { name } => return self.job(store, name.as_deref()),
            Verb::Diagram { format, overview } => self.diagram(store, *format, *overview)?,
            Verb::Rollout(how) => {
                let bar = progress::migrations();
                let migrator = migrator.on_progress(progress::tell(&bar));
                let report = Rollout::new(&migrator)
                    .invariants(&self.invariants())
                    .back_on_failure(how.back_on_failure)
                    .run()?;
                bar.finish_and_clear();
                self.show(&report)?;
                return Ok(report.succeeded().into());
            }
            Verb::Inventory => unreachable!("needs no database"),
        }
        Ok(Ending::Fine)
    }

    fn verify(&self, store: &Store, roles: &[String]) -> Result<Ending, Failure> {
        let mut drift = Drift::new(store)
            .contexts(self.contexts.iter().copied())
            .migrations(self.migrations.clone());
        for role in roles {
            drift = drift.role(role, Privilege::ALL);
        }
        let drift = drift.run()?;
        if !drift.not_installed.is_empty() {
            self.show(&drift)?;
            return Ok(Ending::NotAsItShouldBe);
        }
        let sanity = store.read(|uow| verify::invariants(uow, &self.invariants()))?;
        if self.arguments.json {
            let both = serde_json::json!({ "drift": drift, "sanity": sanity });
            println!("{}", serde_json::to_string_pretty(&both)?);
        } else {
            print!("{drift}{sanity}");
        }
        Ok((drift.is_clean() && sanity.is_sound()).into())
    }

    fn fingerprint(&self, store: &Store, saved: Option<&Path>) -> Result<Ending, Failure> {
        let Some(path) = saved else {
            let sources = Source::tables_of(&self.migrator(store))?;
            self.show(&Fingerprint::take(store, &sources)?)?;
            return Ok(Ending::Fine);
        };
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let before: Fingerprint =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let same = before.contents.iter().map(|content| content.source.clone());
        let after = Fingerprint::take(store, &same.collect::<Vec<Source>>())?;
        let comparison = before.compare(&after);
        self.show(&comparison)?;
        Ok(comparison.is_equal().into())
    }

    fn job(&self, store: &Store, name: Option<&str>) -> Result<Ending, Failure> {
        let Some(name) = name else {
            self.list(&batch::list(store)?, "no job has begun")?;
            return Ok(Ending::Fine);
        };
        let bar = progress::job();
        let runner = batch::Runner::new(store)
            .lock_wait(self.arguments.lock_wait)
            .on_progress(progress::tell_job(&bar));
        let outcome = match name {
            transition::JOB => runner.run(&mut transition::Backfill::new())?,
            _ => return Err(format!("no job is called {name}: try {}", transition::JOB).into()),
        };
        bar.finish_and_clear();
        self.show(&outcome)?;
        Ok(outcome.is_finished().into())
    }

    fn diagram(&self, store: &Store, format: Format, overview: bool) -> Result<(), Failure> {
        let diagrams = store.read(|uow| diagram::contexts(uow, &self.contexts))?;
        let (last, each) = diagrams.split_last().ok_or("there is nothing to draw")?;
        let chosen = if overview { std::slice::from_ref(last) } else { each };
        for diagram in chosen {
            match format {
                Format::Mermaid => print!("{}", diagram.mermaid()),
                Format::Dot => print!("{}", diagram.dot()),
            }
        }
        Ok(())
    }
}
