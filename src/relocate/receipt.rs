//! What a move has done, and how it is known.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::plan::Item;
use crate::error::Problem;

/// What was done, with its proof, and what follows for people. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The schema that was left.
    pub source: String,
    /// The schema that was moved to.
    pub target: String,
    /// What has moved now, with its state before.
    pub moved: Vec<Item>,
    /// What had moved before, and was left alone.
    pub left_alone: Vec<Item>,
    /// Whether the target was made.
    pub made_schema: bool,
    /// Whether the source was dropped: a move had made it, and it was empty.
    pub dropped_schema: bool,
    /// The GRANT statements that were made.
    pub grants: Vec<String>,
    /// The compatibility views that were made, or on the way back dropped.
    pub views: Vec<String>,
    /// What was looked at inside the transaction.
    pub proof: Proof,
    /// How often it was tried until the locks were there. 0 where there was nothing to do.
    pub tries: u32,
    /// From the first lock to the end of COMMIT: others have waited for that long at most, beside
    /// the tries. In milliseconds where it is serialised.
    #[serde(rename = "locked_ms", serialize_with = "crate::milliseconds::serialize")]
    pub locked: Duration,
    /// What somebody has to do or to know.
    pub follows: Vec<String>,
}

impl Receipt {
    /// Whether everything was as it should be already.
    pub fn nothing_done(&self) -> bool {
        self.moved.is_empty()
            && self.grants.is_empty()
            && self.views.is_empty()
            && !self.dropped_schema
    }
}

/// What was compared inside the transaction, at a cost that does not depend on the number of rows.
/// That files are the same is the proof for the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Proof {
    /// How many tables, indexes, sequences and TOAST relations have the same OID and the same file.
    pub same_files: usize,
    /// How many other objects have the same OID: types, constraints, triggers, statistics, ….
    pub same_objects: usize,
    /// How many there are of each kind, before as after: of all that was asked for.
    pub counts: BTreeMap<String, usize>,
    /// The foreign keys between the two schemas, and any third.
    pub keys: Vec<KeyProof>,
}

/// A foreign key between two schemas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyProof {
    /// The table that has it, with its schema.
    pub table: String,
    /// Its name.
    pub name: String,
    /// The table that it refers to.
    pub referred: String,
    /// How it is known that it is enforced.
    pub finding: KeyFinding,
}

/// How it is known that a foreign key is enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyFinding {
    /// A row was given a reference to nothing, inside a savepoint, and that was refused.
    Refused,
    /// Not tried. Its triggers are there and enabled.
    ByCatalog {
        /// Why it was not tried.
        why: String,
        /// Whether all rows were checked; not so for one that is NOT VALID.
        validated: bool,
    },
    /// Its triggers are switched off, and were before.
    SwitchedOff,
}

impl fmt::Display for KeyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, name, referred, finding } = self;
        match finding {
            KeyFinding::Refused => {
                write!(f, "[x] {name} of {table}: a reference to nothing in {referred} is refused")
            }
            KeyFinding::ByCatalog { why, validated } => {
                let valid = if *validated { "" } else { ", and it is NOT VALID, as before" };
                write!(
                    f,
                    "[-] {name} of {table}: not tried ({why}); its triggers are enabled{valid}"
                )
            }
            KeyFinding::SwitchedOff => {
                write!(f, "[ ] {name} of {table}: its triggers are switched off, as before")
            }
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[x] {} relations with the same OID and file", self.same_files)?;
        writeln!(f, "[x] {} other objects with the same OID", self.same_objects)?;
        writeln!(f, "[x] before as after: {}", super::plan::counted(&self.counts))?;
        writeln!(f, "[x] nothing of it is left behind")?;
        self.keys.iter().try_for_each(|key| writeln!(f, "{key}"))
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from schema {} to schema {}", self.source, self.target)?;
        if self.nothing_done() {
            writeln!(f, "[x] nothing to do")?;
        }
        if self.made_schema {
            writeln!(f, "[x] schema {} made", self.target)?;
        }
        for Item { kind, name, .. } in &self.moved {
            writeln!(f, "[x] {kind} {name} moved")?;
        }
        for Item { kind, name, .. } in &self.left_alone {
            writeln!(f, "[x] {kind} {name} had moved before")?;
        }
        self.views.iter().try_for_each(|view| writeln!(f, "[x] compatibility view {view}"))?;
        self.grants.iter().try_for_each(|sql| writeln!(f, "[x] {sql}"))?;
        if self.dropped_schema {
            writeln!(f, "[x] schema {} dropped, which was empty", self.source)?;
        }
        write!(f, "{}", self.proof)?;
        if self.tries > 0 {
            let (tries, locked) = (self.tries, self.locked.as_millis());
            writeln!(f, "[x] try {tries} had its locks, for {locked} ms")?;
        }
        self.follows.iter().try_for_each(|line| writeln!(f, "[-] {line}"))
    }
}

/// The compatibility views that were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DroppedViews {
    /// With their schema.
    pub views: Vec<String>,
}

impl fmt::Display for DroppedViews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.views.is_empty() {
            return writeln!(f, "[x] nothing to do");
        }
        self.views.iter().try_for_each(|view| writeln!(f, "[x] compatibility view {view} dropped"))
    }
}

/// What goes with a schema, or has gone. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TornDown {
    /// The schema.
    pub schema: String,
    /// What is in it.
    pub contents: Vec<Goes>,
    /// The compatibility views of it, in the source.
    pub views: Vec<String>,
    /// The context that the history of migrations forgets, and how many rows that are.
    pub history: Option<(String, usize)>,
    /// What stands against it: what outside would go, too.
    pub problems: Vec<Problem>,
    /// Whether it is done.
    pub done: bool,
}

/// Something that goes with its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Goes {
    /// `table`, `type`, ….
    pub kind: String,
    /// As the server identifies it.
    pub name: String,
    /// The server's estimate of a table's rows, where it has one.
    pub rows: Option<i64>,
}

impl fmt::Display for TornDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, words) = if self.done { ("[x]", "is gone") } else { ("[-]", "would go") };
        writeln!(f, "{mark} schema {} {words}", self.schema)?;
        for Goes { kind, name, rows } in &self.contents {
            let rows = rows.map(|rows| format!(", with some {rows} rows")).unwrap_or_default();
            writeln!(f, "{mark} {kind} {name}{rows}")?;
        }
        self.views.iter().try_for_each(|view| writeln!(f, "{mark} compatibility view {view}"))?;
        if let Some((context, rows)) = &self.history {
            writeln!(f, "{mark} {rows} rows of {context} in the history of migrations")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "[ ] {problem}"))
    }
}
