//! Tables whose rows are never changed, each declared once.

use std::fmt;

use serde::Serialize;

use crate::ident::Ident;

/// A table of which the database refuses changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ImmutableTable {
    /// Its schema.
    pub schema: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The version of the migration that makes it.
    pub since: &'static str,
    /// What is refused.
    pub refusals: &'static [Refusal],
}

/// What a trigger of an [`ImmutableTable`] refuses, with
/// [`Error::Immutable`](crate::Error::Immutable).
///
/// # Example
///
/// ```
/// use planwright::verify::{Event, Refusal};
///
/// const REFUSALS: &[Refusal] = &[
///     Refusal::of(Event::Update, "planwright.refuse_change"),
///     Refusal::of(Event::Truncate, "planwright.refuse_change"),
///     Refusal::of(Event::Delete, "shop.refuse_delete").but("orders that were cancelled"),
/// ];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use = "a refusal is part of an ImmutableTable"]
pub struct Refusal {
    /// Of what.
    pub event: Event,
    /// The function that the trigger calls: its schema and name.
    pub function: &'static str,
    /// What it lets through.
    pub exception: Option<&'static str>,
    /// A statement that is to be refused, where it is not any change of any row: of one row at most,
    /// and of none where the table is empty.
    pub attempt: Option<&'static str>,
    /// Whether the trigger is ENABLE ALWAYS: refuses in replica mode, too.
    pub always: bool,
}

/// What can be done to the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// TRUNCATE.
    Truncate,
}

impl Event {
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sql())
    }
}

impl ImmutableTable {
    /// As SQL writes it.
    pub(super) fn quoted(&self) -> String {
        [Ident(self.schema).to_string(), Ident(self.name).to_string()].join(".")
    }
}

impl Refusal {
    /// Whoever does it, to whatever row, in whatever mode.
    pub const fn of(event: Event, function: &'static str) -> Self {
        Self { event, function, exception: None, attempt: None, always: true }
    }

    /// With this exception.
    pub const fn but(mut self, exception: &'static str) -> Self {
        self.exception = Some(exception);
        self
    }

    /// Tried by this statement.
    pub const fn tried_by(mut self, attempt: &'static str) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// Not in replica mode, in which a subscriber applies what was done elsewhere.
    pub const fn but_for_replicas(mut self) -> Self {
        self.always = false;
        self
    }
}
