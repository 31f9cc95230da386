//! One migration, and how it is read from its folder.
//!
//! The build script uses this file too, so it depends on nothing but its neighbours.

use std::borrow::Cow;
use std::fmt;

use super::context::Context;
use super::metadata::Metadata;
use super::tokens::{Statement, statements};

/// One migration of the schema: a folder of `migrations/`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// The name of the folder, such as `2026-11-20-000100_modelling_baseline`.
    pub name: Cow<'static, str>,
    /// Its timestamp without dashes: 14 digits, which put the migrations in order.
    pub version: String,
    /// The context whose tables it makes or changes.
    pub context: Context,
    /// When it may run.
    pub kind: Kind,
    /// The statements that apply it.
    pub up: Cow<'static, str>,
    /// The statements that take it back, or that refuse to and say why.
    pub down: Cow<'static, str>,
    /// For held ones, and with a `host_column`: the SELECT that lists what stands against it.
    pub guard: Option<Cow<'static, str>>,
    /// What it does to the catalog, as JSON; read by [`delta`](Self::delta).
    pub(crate) catalog: Option<Cow<'static, str>>,
    /// Whether it runs in a transaction. If not, it is a single statement.
    pub transactional: bool,
    /// The versions that must be applied before it, beside the older ones of its context that
    /// are not held.
    pub needs: Vec<String>,
    /// The job over the data that must be finished before it.
    pub after_job: Option<String>,
    /// For held ones: what the caller must state, such as `no_readers_left`. See
    /// [`Migrator::confirm`](super::Migrator::confirm).
    pub confirm: Option<String>,
    /// For one of core: the column of the host's, such as `public.users.id`, that it makes where
    /// the host has none. It runs only where a chosen context needs it, no run begins that its
    /// guard refuses, and of the table only this column is expected.
    pub host_column: Option<String>,
    /// The SELECT that lists what speaks for or against that statement.
    pub evidence: Option<Cow<'static, str>>,
}

/// When a migration may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// What live installations have: run on an empty database.
    Baseline,
    /// Safe under old code, and never refused by live data.
    Expand,
    /// Drops, renames, tightens: run when asked for by name, after its guard.
    Held,
}

impl Kind {
    /// Its name in `metadata.toml` and in the history.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Expand => "expand",
            Self::Held => "held",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// The files of one folder, as they are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// The name of the folder.
    pub(crate) folder: Cow<'static, str>,
    /// `metadata.toml`.
    pub(crate) metadata: Cow<'static, str>,
    /// `up.sql`.
    pub(crate) up: Cow<'static, str>,
    /// `down.sql`.
    pub(crate) down: Cow<'static, str>,
    /// `guard.sql`.
    pub(crate) guard: Option<Cow<'static, str>>,
    /// `evidence.sql`.
    pub(crate) evidence: Option<Cow<'static, str>>,
    /// `catalog.json`.
    pub(crate) catalog: Option<Cow<'static, str>>,
}

impl Migration {
    /// Reads the files of a folder, and refuses with a sentence what breaks the rules of
    /// `migrations/README.md`.
    pub(crate) fn parse(files: Files) -> Result<Self, String> {
        let Files { folder, metadata, up, down, guard, evidence, catalog } = files;
        let (version, context) = parse_name(&folder)?;
        let file = |name: &str, what: &dyn fmt::Display| format!("{folder}/{name}: {what}");

        let Metadata { transactional, kind, needs, after_job, confirm, host_column } =
            Metadata::parse(&metadata).map_err(|what| file("metadata.toml", &what))?;
        if after_job.is_some() && kind != Kind::Held {
            return Err(file("metadata.toml", &"only a held migration waits for a job"));
        }
        if confirm.is_some() && kind != Kind::Held {
            return Err(file("metadata.toml", &"only a held migration asks for a statement"));
        }
        if confirm.is_some() != evidence.is_some() {
            return Err(file("metadata.toml", &"confirm and evidence.sql go together"));
        }
        for (name, sql) in [("up.sql", &up), ("down.sql", &down)] {
            let found = statements(sql).map_err(|error| file(name, &error))?;
            check_statements(&found, transactional).map_err(|what| file(name, &what))?;
        }
        if host_column.is_some() {
            if context != Context::Core || kind != Kind::Expand || !transactional {
                let what = "only an expand of core, in a transaction, has a host_column";
                return Err(file("metadata.toml", &what));
            }
            if guard.is_none() {
                return Err(file("metadata.toml", &"host_column and guard.sql go together"));
            }
        } else if guard.is_some() && kind != Kind::Held {
            let what = "only a held migration has a guard, and one with a host_column";
            return Err(file("guard.sql", &what));
        }
        for (name, sql) in [("guard.sql", &guard), ("evidence.sql", &evidence)] {
            let Some(sql) = sql else { continue };
            match &statements(sql).map_err(|error| file(name, &error))?[..] {
                [query] if query.begins(&["select"]) || query.begins(&["with"]) => {}
                _ => return Err(file(name, &"must be one SELECT")),
            }
        }
        Ok(Self {
            name: folder,
            version,
            context,
            kind,
            up,
            down,
            guard,
            catalog,
            transactional,
            needs,
            after_job,
            confirm,
            host_column,
            evidence,
        })
    }
}

/// The statements of a text that [`Migration::parse`] has let pass.
pub(crate) fn known_statements(sql: &str) -> Vec<Statement<'_>> {
    statements(sql).expect("a migration was lexed when it was read")
}

/// `2026-11-20-000100_modelling_baseline`: the version and the context.
fn parse_name(folder: &str) -> Result<(String, Context), String> {
    let refuse = |what: &str| format!("{folder}: {what}");
    let (timestamp, rest) = folder
        .split_once('_')
        .ok_or_else(|| refuse("the name must be <timestamp>_<context>_<what>"))?;
    let is_timestamp = timestamp.len() == "2026-11-20-000100".len()
        && timestamp.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 | 10 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_timestamp {
        return Err(refuse("the timestamp must have the form 2026-11-20-000100"));
    }
    let (context, what) = Context::ALL
        .iter()
        .find_map(|&context| Some((context, rest.strip_prefix(context.name())?.strip_prefix('_')?)))
        .ok_or_else(|| refuse("no context has this name"))?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if what.is_empty() || !what.bytes().all(plain) {
        return Err(refuse("what it does must be said in a-z, 0-9 and _"));
    }
    Ok((timestamp.replace('-', ""), context))
}

fn check_statements(statements: &[Statement<'_>], transactional: bool) -> Result<(), String> {
    let begins = |statement: &Statement<'_>, words: &[&str]| statement.begins(words);
    let concurrent = |statement: &Statement<'_>| {
        [
            &["create", "index", "concurrently"][..],
            &["create", "unique", "index", "concurrently"],
            &["drop", "index", "concurrently"],
        ]
        .iter()
        .any(|words| begins(statement, words))
    };
    if statements.is_empty() {
        return Err("holds no statement".to_owned());
    }
    for statement in statements {
        let control = ["begin", "start", "commit", "end", "rollback", "abort"];
        if control.iter().any(|word| begins(statement, &[word])) {
            return Err(format!(
                "the runner begins and ends transactions, not {:?}",
                statement.text
            ));
        }
        if transactional && concurrent(statement) {
            return Err("CONCURRENTLY needs run_in_transaction = false".to_owned());
        }
    }
    if transactional {
        return Ok(());
    }
    let [statement] = statements else {
        // The server runs several as one implicit transaction, which is what was not wanted.
        return Err(format!(
            "holds {} statements; without a transaction it must be exactly one",
            statements.len()
        ));
    };
    // A step that died must be recognised by the next run. These are the forms that can be.
    if begins(statement, &["drop", "index", "concurrently", "if", "exists"])
        || ConcurrentIndex::of(statement).is_some()
    {
        Ok(())
    } else {
        Err("without a transaction only CREATE [UNIQUE] INDEX CONCURRENTLY <name> ON <table> and \
             DROP INDEX CONCURRENTLY IF EXISTS can be resumed"
            .to_owned())
    }
}

/// What `CREATE [UNIQUE] INDEX CONCURRENTLY name ON table …` makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConcurrentIndex {
    /// The name of the index, as it is written.
    pub(crate) name: String,
    /// The table, as it is written, with its schema where one is given.
    pub(crate) table: String,
    /// What follows the table.
    pub(crate) definition: String,
    /// Whether it is unique.
    pub(crate) unique: bool,
}

impl ConcurrentIndex {
    /// What `statement` makes, or `None` where it is no such statement.
    ///
    /// With IF NOT EXISTS an INVALID index would pass for a good one, so that is none.
    pub(crate) fn of(statement: &Statement<'_>) -> Option<Self> {
        use super::tokens::Kind::{Quoted, Word};
        let unique = statement.begins(&["create", "unique", "index", "concurrently"]);
        if !unique && !statement.begins(&["create", "index", "concurrently"]) {
            return None;
        }
        let rest = &statement.tokens[if unique { 4 } else { 3 }..];
        let [name, on, rest @ ..] = rest else { return None };
        if !matches!(name.kind, Word | Quoted) || name.is("on") || !on.is("on") {
            return None;
        }
        let part = |i: usize| rest.get(i).filter(|token| matches!(token.kind, Word | Quoted));
        let first = part(0).filter(|token| !token.is("only"))?;
        let (table, used) = match rest.get(1) {
            Some(dot) if dot.text == "." => (format!("{}.{}", first.text, part(2)?.text), 3),
            _ => (first.text.to_owned(), 1),
        };
        let from = rest.get(used)?.start - statement.tokens[0].start;
        let definition = statement.text[from..].to_owned();
        Some(Self { name: name.text.to_owned(), table, definition, unique })
    }
}
