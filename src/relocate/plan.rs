//! What a move would do, and what stands against it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::Remedy;
use crate::catalog::activity::Blocker;
use crate::error::Problem;

/// What a move would do, what leans on it from outside, and what stands against it. Prints as a
/// checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RelocationPlan {
    /// The schema that is left.
    pub source: String,
    /// The schema that is moved to.
    pub target: String,
    /// Whether that one is made.
    pub makes_schema: bool,
    /// What was asked for, each table and each type.
    pub items: Vec<Item>,
    /// What moves, counted by kind: `table`, `index`, `check`, `foreign key`, `trigger`, ….
    pub counts: BTreeMap<String, usize>,
    /// The sequences and statistics that go with the tables.
    pub along: Vec<String>,
    /// What refers to what moves, by kind and name.
    pub references: Vec<Reference>,
    /// The roles that own something of it or have privileges on it, and may not use the target:
    /// they get USAGE unless that is opted out of. `PUBLIC` is everybody.
    pub locked_out: Vec<String>,
    /// The GRANT statements that a run would make.
    pub grants: Vec<String>,
    /// The compatibility views that a run would make, or the way back would drop.
    pub views: Vec<String>,
    /// What code that names the types or tables without a schema needs: not run, but printed.
    pub search_paths: Vec<String>,
    /// Who holds locks on it for longer than the first limit.
    pub in_the_way: Vec<Blocker>,
    /// For how long the first try waits for its locks, all together. In milliseconds where it is
    /// serialised, as the next two.
    #[serde(rename = "lock_timeout_ms", serialize_with = "crate::milliseconds::serialize")]
    pub lock_timeout: Duration,
    /// The most that this grows to.
    #[serde(rename = "most_lock_timeout_ms", serialize_with = "crate::milliseconds::serialize")]
    pub most_lock_timeout: Duration,
    /// For how long it is tried.
    #[serde(rename = "lock_patience_ms", serialize_with = "crate::milliseconds::serialize")]
    pub lock_patience: Duration,
    /// What stands against it.
    pub problems: Vec<Problem>,
}

impl RelocationPlan {
    /// Whether nothing stands against it.
    pub fn is_clear(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether all of it is as it would be afterwards.
    pub fn nothing_to_do(&self) -> bool {
        self.is_clear()
            && self.items.iter().all(|item| item.state != ItemState::Waits)
            && self.grants.is_empty()
            && self.views.is_empty()
    }
}

/// A table or a type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// `table` or `type`.
    pub kind: &'static str,
    /// Its name, without the schema.
    pub name: String,
    /// Where it is.
    pub state: ItemState,
    /// The server's estimate of a table's rows, where it has one.
    pub rows: Option<i64>,
}

/// Where a table or a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ItemState {
    /// In the source: it moves.
    Waits,
    /// In the target.
    Moved,
    /// In both schemas. Refused.
    InBoth,
    /// In neither. Refused.
    Missing,
    /// It is something else, such as a view. Refused.
    Otherwise,
}

/// Something that refers to what moves, or is tied to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reference {
    /// `view`, `function`, `foreign key`, `publication`, ….
    pub kind: String,
    /// As the server identifies it.
    pub name: String,
    /// The names of what it refers to.
    pub to: Vec<String>,
    /// What becomes of it.
    pub standing: Standing,
    /// Why, and what to do.
    pub remedy: Remedy,
}

impl Reference {
    /// By which it can be [accepted](super::Relocator::accept): `function public.f(integer)`.
    pub fn key(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// What becomes of a [`Reference`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It refers to the object, not to its name: nothing changes for it.
    Follows,
    /// It goes on, and somebody should know of the move.
    Noted,
    /// It would break, and was accepted.
    Accepted,
    /// It would break: the move is refused.
    Refused,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, state, rows } = self;
        let (mark, words) = match state {
            ItemState::Waits => ("[-]", "moves"),
            ItemState::Moved => ("[x]", "has moved"),
            ItemState::InBoth => ("[ ]", "is in both schemas"),
            ItemState::Missing => ("[ ]", "is in neither schema"),
            ItemState::Otherwise => ("[ ]", "is something else"),
        };
        write!(f, "{mark} {kind} {name} {words}")?;
        rows.map_or(Ok(()), |rows| write!(f, ", with some {rows} rows"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, to, standing, remedy } = self;
        let (mark, words) = match standing {
            Standing::Follows => ("[x]", ", follows"),
            Standing::Noted => ("[-]", ""),
            Standing::Accepted => ("[-]", ", accepted"),
            Standing::Refused => ("[ ]", ", refused"),
        };
        write!(f, "{mark} {kind} {name} ({}){words}{remedy}", to.join(", "))
    }
}

impl fmt::Display for RelocationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = if self.makes_schema { ", which is made" } else { "" };
        writeln!(f, "from schema {} to schema {}{made}", self.source, self.target)?;
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))?;
        if !self.counts.is_empty() {
            writeln!(f, "[-] in all: {}", counted(&self.counts))?;
        }
        self.along.iter().try_for_each(|one| writeln!(f, "[-] {one} goes along"))?;
        self.references.iter().try_for_each(|one| writeln!(f, "{one}"))?;
        for role in &self.locked_out {
            writeln!(f, "[-] {role} uses it, and may not use schema {} yet", self.target)?;
        }
        self.grants.iter().try_for_each(|sql| writeln!(f, "[-] {sql};"))?;
        self.views.iter().try_for_each(|view| writeln!(f, "[-] compatibility view {view}"))?;
        for sql in &self.search_paths {
            writeln!(f, "[-] for code that leaves schemas out: {sql};")?;
        }
        self.in_the_way.iter().try_for_each(|one| writeln!(f, "[-] in its way: {one}"))?;
        let [first, most] = [self.lock_timeout, self.most_lock_timeout].map(|t| t.as_millis());
        let patience = self.lock_patience.as_secs_f64();
        writeln!(f, "[-] waits {first} to {most} ms for its locks, for {patience} s in all")?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "[ ] {problem}"))
    }
}

pub(super) fn counted(counts: &BTreeMap<String, usize>) -> String {
    let all: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    all.join(", ")
}
