//! What can be asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use planwright::Context;

/// Shows and changes the schema of a database.
///
/// Without a URL it works on a private PostgreSQL that is gone afterwards.
#[derive(Debug, Parser)]
#[command(name = "migrate", version, after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    /// A libpq URL. It needs a direct connection, not a pooler.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true, global = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) database_url: Option<String>,
    /// A context to look at; may be given several times. Every one by default.
    #[arg(short, long = "context", value_name = "CONTEXT", value_parser = context, global = true)]
    pub(crate) contexts: Vec<Context>,
    /// Migrations in a folder, rather than the ones in this program.
    #[arg(long, value_name = "FOLDER", global = true)]
    pub(crate) migrations: Option<PathBuf>,
    /// Prints JSON on standard output. Progress and errors go to standard error in any case.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to wait for another runner, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60", global = true)]
    pub(crate) lock_wait: Duration,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_STATUS: &str = "\
Exit status: 0 as it should be, or done; 1 a failure; 2 wrong arguments; 3 not as it should be:
migrations are pending, a rehearsal met an error, something differs or breaks a rule.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What is applied, pending, held
    Status,
    /// What `up` would run, or `contract` with this NAME
    Plan {
        /// A held migration: its version, or the name of its folder
        name: Option<String>,
        /// Prints the whole of its SQL, as JSON does in any case
        #[arg(long)]
        sql: bool,
    },
    /// Runs what `plan` shows in a transaction that is rolled back: times, locks, rows
    DryRun {
        /// A held migration: its version, or the name of its folder
        name: Option<String>,
    },
    /// Applies what is pending, but for what is held
    Up {
        /// The last version to apply
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
    },
    /// Takes the last migration back
    Down {
        /// How many
        #[arg(long, value_name = "NUMBER", conflicts_with = "to")]
        steps: Option<usize>,
        /// The version that stays
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
    },
    /// Applies a held migration
    Contract {
        /// Its version, or the name of its folder
        name: String,
        /// What it asks the caller to state
        #[arg(long, value_name = "STATEMENT")]
        confirm: Vec<String>,
    },
    /// Records a schema that is there already as applied, where it is what it should be
    Adopt {
        /// The one context to adopt
        #[arg(value_parser = context)]
        context: Context,
        /// The version that the database is at
        version: String,
        /// A difference to accept, as the refusal names it
        #[arg(long, value_name = "DIFFERENCE")]
        accept: Vec<String>,
        /// Compares, and records nothing
        #[arg(long)]
        compare_only: bool,
    },
    /// Compares the catalog with what the history says, asks the rules of the data, and tries to
    /// change what never changes
    Verify {
        /// A role that needs to read and write the tables
        #[arg(long)]
        role: Vec<String>,
        /// A difference that is known and shall stay: what `--json` says of it, as `object: finding`
        #[arg(long, value_name = "DIFFERENCE")]
        accept: Vec<String>,
        /// Prints the rules as a script for psql instead
        #[arg(long)]
        sql: bool,
    },
    /// The tables, their columns, and the migrations that made them
    Inventory,
    /// Counts and hashes the rows of every table
    Fingerprint {
        /// Compares with a fingerprint that was saved by `--json`
        #[arg(long, value_name = "FILE")]
        compare: Option<PathBuf>,
    },
    /// Jobs over the data: how far they are, or run one
    Job {
        /// The one to run, or to go on with
        name: Option<String>,
    },
    /// Draws the tables
    Diagram {
        /// The language of the text
        #[arg(long, default_value = "mermaid")]
        format: Format,
        /// Tables without their columns
        #[arg(long)]
        overview: bool,
    },
    /// Preflight, fingerprint, up, verify, fingerprint: a deployment with a receipt
    Rollout(Rollout),
}

#[derive(Debug, Args)]
pub(crate) struct Rollout {
    /// Takes what was applied back where the verification fails
    #[arg(long)]
    pub(crate) back_on_failure: bool,
    /// A difference that shall not stop it
    #[arg(long, value_name = "DIFFERENCE")]
    pub(crate) accept: Vec<String>,
    /// Takes no fingerprints, which differ while others write
    #[arg(long)]
    pub(crate) beside_writers: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Mermaid,
    Dot,
}

fn context(name: &str) -> Result<Context, String> {
    let names = || Context::ALL.iter().map(|context| context.name()).collect::<Vec<_>>().join(", ");
    name.parse().map_err(|_| format!("the contexts are {}", names()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
