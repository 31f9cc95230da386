//! The rules of the lint: what each is called, and what to do instead.

use std::fmt;

use serde::{Serialize, Serializer};

/// A rule that a statement of a migration may break.
///
/// Prints and serialises as its name, which is also what an exception calls it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// DROP DATABASE, anywhere. Never allowed.
    DropDatabase,
    /// DROP COLUMN, DROP TABLE, TRUNCATE or DROP SCHEMA … CASCADE of what no earlier migration has
    /// copied or renamed, no guard looks at, and no job has moved.
    LostContent,
    /// SQL of an extension that a server may not have, outside a check of `pg_extension`.
    OptionalExtension,
    /// `INSERT … SELECT *`: it depends on the order of two tables' columns.
    InsertSelectStar,
    /// DROP … CASCADE, TRUNCATE … CASCADE: what it takes along is not written down.
    Cascade,
    /// ATTACH PARTITION of a table without a validated CHECK: it is scanned under ACCESS EXCLUSIVE.
    AttachUnchecked,
    /// A foreign key whose columns lead no index of the set: every delete scans the table.
    UnindexedForeignKey,
    /// GRANT ALL.
    GrantAll,
    /// CREATE INDEX or REINDEX without CONCURRENTLY on a table that is in use.
    BlockingIndex,
    /// REFRESH MATERIALIZED VIEW without CONCURRENTLY on one that is in use.
    BlockingRefresh,
    /// A constraint that is checked while a lock is held: without NOT VALID, or SET NOT NULL
    /// without a validated CHECK.
    CheckedUnderLock,
    /// A change that rewrites a table that is in use.
    Rewrite,
    /// ADD COLUMN … NOT NULL without a default: refused as soon as there is a row.
    NotNullWithoutDefault,
    /// An expand that drops, renames, moves or tightens what the code before it uses.
    NotExpand,
    /// An expand with a constraint or unique index over nothing but what the code before it writes,
    /// NOT VALID or not.
    RefusingExpand,
    /// UPDATE or DELETE of the rows of a table that is in use: data moves in batches, by a job.
    MovedRows,
    /// CREATE OR REPLACE VIEW that neither states options nor brings back those that there were.
    LostOptions,
    /// A guard or an evidence that writes: it is asked when nothing has been decided yet.
    ChangingQuestion,
    /// An up that does not say at its head which locks it takes and whether it is reversible.
    SilentHead,
    /// A body in SQL or PL/pgSQL that cannot be read.
    Unreadable,
    /// An exception without a reason, of a name that no rule has, or that nothing needs.
    Exception,
}

impl Rule {
    /// Every rule.
    pub const ALL: &'static [Self] = &[
        Self::DropDatabase,
        Self::LostContent,
        Self::OptionalExtension,
        Self::InsertSelectStar,
        Self::Cascade,
        Self::AttachUnchecked,
        Self::UnindexedForeignKey,
        Self::GrantAll,
        Self::BlockingIndex,
        Self::BlockingRefresh,
        Self::CheckedUnderLock,
        Self::Rewrite,
        Self::NotNullWithoutDefault,
        Self::NotExpand,
        Self::RefusingExpand,
        Self::MovedRows,
        Self::LostOptions,
        Self::ChangingQuestion,
        Self::SilentHead,
        Self::Unreadable,
        Self::Exception,
    ];

    /// Its name, as `-- lint:allow <name>: <reason>` says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropDatabase => "a dropped database",
            Self::LostContent => "dropped content that nothing has saved",
            Self::OptionalExtension => "an optional extension",
            Self::InsertSelectStar => "an insert of SELECT *",
            Self::Cascade => "a drop that cascades",
            Self::AttachUnchecked => "a partition attached without a validated check",
            Self::UnindexedForeignKey => "a foreign key without an index",
            Self::GrantAll => "a grant of everything",
            Self::BlockingIndex => "an index that blocks writers",
            Self::BlockingRefresh => "a refresh that blocks readers",
            Self::CheckedUnderLock => "a constraint checked under a lock",
            Self::Rewrite => "a rewritten table",
            Self::NotNullWithoutDefault => "a NOT NULL column without a default",
            Self::NotExpand => "an expand that old code notices",
            Self::RefusingExpand => "an expand that refuses rows",
            Self::MovedRows => "rows changed by a migration",
            Self::LostOptions => "a view replaced without its options",
            Self::ChangingQuestion => "a question that changes something",
            Self::SilentHead => "a head without locks and way back",
            Self::Unreadable => "an unreadable body",
            Self::Exception => "an exception",
        }
    }

    /// What to do instead.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::DropDatabase => "no migration drops a database",
            Self::LostContent => {
                "copy or rename it in an earlier migration, or state after_job or a guard that \
                 looks at it"
            }
            Self::OptionalExtension => {
                "put it into a DO block, behind an IF that looks whether pg_extension has it"
            }
            Self::InsertSelectStar => "name the columns on both sides",
            Self::Cascade => "drop what depends on it by name first",
            Self::AttachUnchecked => {
                "in earlier migrations add a CHECK of the bounds NOT VALID, and VALIDATE it"
            }
            Self::UnindexedForeignKey => "add an index that its columns lead",
            Self::GrantAll => "name the privileges",
            Self::BlockingIndex => "use CONCURRENTLY, in a migration without a transaction",
            Self::BlockingRefresh => "use CONCURRENTLY, for which the view needs a unique index",
            Self::CheckedUnderLock => {
                "add it NOT VALID and VALIDATE it in a later migration; for NOT NULL a CHECK (… IS \
                 NOT NULL); for a key USING INDEX"
            }
            Self::Rewrite => "add a column beside it, fill it by a job, and swap",
            Self::NotNullWithoutDefault => "give it a constant default, or make it nullable",
            Self::NotExpand => "this is for a held migration",
            Self::RefusingExpand => {
                "this is for a held migration, with a guard that lists what stands against it"
            }
            Self::MovedRows => "move rows by a job, and state it as after_job",
            Self::LostOptions => {
                "state WITH (…), or read reloptions before it and ALTER VIEW … SET (…) behind it; \
                 one that is new is made with CREATE VIEW"
            }
            Self::ChangingQuestion => "only read there: what it is to change is for up.sql",
            Self::SilentHead => {
                "begin up.sql with a comment that has the words Locks: and Reversible:"
            }
            Self::Unreadable => "write it as the server would read it",
            Self::Exception => "write -- lint:allow <rule>: <reason> where a rule is broken",
        }
    }

    /// The rule of this name, if it may have exceptions.
    pub(super) fn allowable(name: &str) -> Option<Self> {
        let never = [Self::DropDatabase, Self::Unreadable, Self::Exception];
        Self::ALL.iter().copied().find(|rule| rule.name() == name && !never.contains(rule))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
