//! Rules, each declared once: as the constraint that enforces it, the statement that finds what
//! breaks it, and the sentence that explains a refusal.

use std::fmt::{self, Write as _};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use crate::error::Result;
use crate::ident::Literal;
use crate::migrate;
use crate::severity::Severity;
use crate::unit_of_work::UnitOfWork;

/// A rule that holds for every row of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Invariant {
    /// Its name: that of the constraint or index that enforces it, else one of its own. It is a
    /// word of SQL.
    pub name: &'static str,
    /// The rule, as the sentence that a caller gets who breaks it.
    pub sentence: &'static str,
    /// Whether a constraint, index or trigger of this name enforces it.
    pub enforced: bool,
    /// How bad a violator is.
    pub severity: Severity,
    /// The version of the migration that makes what the query reads.
    pub since: &'static str,
    /// A query that lists violators, one text column each: their keys. Reads only.
    pub violators: &'static str,
}

/// What became of one [`Invariant`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// Its name.
    pub invariant: &'static str,
    /// The rule.
    pub sentence: &'static str,
    /// How bad a violator is.
    pub severity: Severity,
    /// Whether there are any.
    pub outcome: Outcome,
}

/// Whether an [`Invariant`] holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing breaks it.
    Holds,
    /// Some rows break it.
    Broken {
        /// How many violators there are.
        count: i64,
        /// The keys of the first ones, at most ten.
        sample: Vec<String>,
    },
    /// It was not asked, as this migration is not applied.
    Waits {
        /// The version of the migration.
        for_migration: &'static str,
    },
}

/// Whether the rules hold that were asked for. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sanity {
    /// Each rule, in the order in which they were given.
    pub checked: Vec<Checked>,
}

impl Sanity {
    /// The rules that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Checked> {
        self.checked.iter().filter(|one| matches!(one.outcome, Outcome::Broken { .. }))
    }

    /// Whether no rule of [`Severity::Error`] is broken.
    pub fn is_sound(&self) -> bool {
        self.broken().all(|one| one.severity < Severity::Error)
    }
}

impl fmt::Display for Sanity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Checked { invariant, sentence, severity, outcome } in &self.checked {
            match outcome {
                Outcome::Holds => writeln!(f, "[x] {invariant}: {sentence}")?,
                Outcome::Broken { count, sample } => {
                    let more = if *count > SAMPLE { ", …" } else { "" };
                    let sample = sample.join(", ");
                    writeln!(f, "[ ] {invariant}: {sentence}")?;
                    writeln!(f, "    {severity}: {count} break it: {sample}{more}")?;
                }
                Outcome::Waits { for_migration } => {
                    writeln!(f, "[-] {invariant}: waits for migration {for_migration}")?;
                }
            }
        }
        Ok(())
    }
}

const SAMPLE: i64 = 10;

#[derive(QueryableByName)]
struct Violator {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Text)]
    violator: String,
}

/// Looks for violators: a statement for each invariant, and one for the history, which says what
/// there is to ask. Without a history every rule is asked.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) where a table is not there.
///
/// # Example
///
/// ```
/// use planwright::testing::TestDatabase;
/// use planwright::verify::{self, Invariant, Severity};
/// use planwright::Context;
///
/// // A host's own rules can be asked the same way.
/// let rule = Invariant {
///     name: "migrations_version_digits",
///     sentence: "a version has 14 digits",
///     enforced: false,
///     severity: Severity::Error,
///     since: "20261120000000",
///     violators: "SELECT version AS violator FROM planwright.migrations WHERE version !~ '^[0-9]{14}$'",
/// };
/// let database = TestDatabase::new([Context::Core])?;
/// let sanity = database.store().read(|uow| verify::invariants(uow, &[rule]))?;
/// assert!(sanity.is_sound());
/// print!("{sanity}"); // [x] migrations_version_digits: a version has 14 digits
/// # Ok::<(), planwright::Error>(())
/// ```
pub fn invariants(uow: &mut UnitOfWork<'_>, of: &[Invariant]) -> Result<Sanity> {
    let history = migrate::applied_versions(uow.connection())?;
    let mut checked = Vec::with_capacity(of.len());
    for invariant in of {
        let Invariant { name, sentence, severity, since, .. } = *invariant;
        let applied = |versions: &Vec<String>| versions.iter().any(|version| version == since);
        let outcome = if history.as_ref().is_none_or(applied) {
            ask(uow, invariant)?
        } else {
            Outcome::Waits { for_migration: since }
        };
        checked.push(Checked { invariant: name, sentence, severity, outcome });
    }
    Ok(Sanity { checked })
}

fn ask(uow: &mut UnitOfWork<'_>, invariant: &Invariant) -> Result<Outcome> {
    let query = format!(
        "SELECT count(*) OVER () AS total, violator::text AS violator FROM (\n{}\n) v
         ORDER BY violator LIMIT {SAMPLE}",
        invariant.violators
    );
    let found: Vec<Violator> = diesel::sql_query(query).load(uow.connection())?;
    Ok(match found.first() {
        None => Outcome::Holds,
        Some(first) => Outcome::Broken {
            count: first.total,
            sample: found.iter().map(|row| row.violator.clone()).collect(),
        },
    })
}

/// The same as a script for psql that only reads: a row for each rule, and an error at the end
/// where one of [`Severity::Error`] is broken, so that psql's exit code says so.
pub fn sanity_script(of: &[Invariant]) -> String {
    let mut script = String::from(include_str!("sanity_head.sql"));
    for Invariant { name, sentence, severity, since, violators, .. } in of {
        let (words, version) = (Literal(sentence), Literal(since));
        let broken = i32::from(*severity == Severity::Error);
        write!(
            script,
            "
-- {name}
SELECT NOT :'history'::boolean OR {version} = ANY (string_to_array(:'applied', ' ')) AS asked \\gset
\\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE {broken} END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:{SAMPLE}], ', ') AS sample
  FROM (
{violators}
) v \\gset
\\echo :mark {name}: {words}
\\if :found
\\echo '   ' {severity}: :count 'break it:' :sample
\\endif
\\else
\\echo [-] {name}: waits for migration {since}
\\endif
"
        )
        .expect("a String takes any text");
    }
    script + include_str!("sanity_tail.sql")
}
