//! Where two sides of a merge contradict each other, and how a caller answers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::row::{Field, Parent, RowId, Value};

/// One of the two that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The caller's, such as the draft that is rebased.
    Mine,
    /// The other, such as the version that it is rebased onto.
    Theirs,
}

impl Side {
    /// The one that this is not.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Mine => Self::Theirs,
            Self::Theirs => Self::Mine,
        }
    }
}

/// What both sides have done with the same thing, each in its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// Both gave a field another value. The answer says which holds.
    Field {
        /// The row.
        row: RowId,
        /// The field.
        field: Field,
        /// What both started from. `None` where both added the row.
        base: Option<Value>,
        /// What it holds in mine.
        mine: Value,
        /// What it holds in theirs.
        theirs: Value,
        /// All of it in words, by names rather than keys, as `Display` prints it.
        told: String,
    },
    /// One side removed a row in which the other changed something: the row itself, anything under
    /// it, or that something was put into it. The answer that names `by` removes it and everything
    /// in it (what that side still has elsewhere stays there); the other keeps it as that side has it.
    Removed {
        /// The row. What was removed above it, too, is named in its place.
        row: RowId,
        /// Who removed it.
        by: Side,
        /// What the other side has done with: the row itself, or what that side has in it.
        touched: Vec<RowId>,
        /// All of it in words, by names rather than keys, as `Display` prints it.
        told: String,
    },
    /// Both put what they have in common in another order. The answer says whose holds; what only
    /// the other has stands behind its predecessor.
    Order {
        /// Whose rows.
        parent: Parent,
        /// What both have, in the order of mine.
        mine: Vec<RowId>,
        /// The same in the order of theirs.
        theirs: Vec<RowId>,
        /// All of it in words, by names rather than keys, as `Display` prints it.
        told: String,
    },
}

/// What tells a [`Conflict`] from the others of its merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKey {
    /// Of [`Conflict::Field`].
    Field(RowId, Field),
    /// Of [`Conflict::Removed`].
    Removed(RowId),
    /// Of [`Conflict::Order`].
    Order(Parent),
}

impl Conflict {
    /// By which the caller answers it.
    pub fn key(&self) -> ConflictKey {
        match self {
            Self::Field { row, field, .. } => ConflictKey::Field(*row, *field),
            Self::Removed { row, .. } => ConflictKey::Removed(*row),
            Self::Order { parent, .. } => ConflictKey::Order(*parent),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Field { told, .. } | Self::Removed { told, .. } | Self::Order { told, .. }) =
            self;
        f.write_str(told)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if *self == Self::Mine { "mine" } else { "theirs" })
    }
}

/// Whose way holds, for each conflict that the caller has decided.
///
/// An answer to a conflict that there is not is ignored. As JSON a list of pairs.
///
/// # Example
///
/// ```
/// use planwright::meal_planning::{ConflictKey, Field, Resolutions, RowId, Side};
///
/// let name = ConflictKey::Field(RowId::Plan, Field::Name);
/// let resolutions = Resolutions::from_iter([(name, Side::Theirs)]);
/// assert_eq!(resolutions.of(name), Some(Side::Theirs));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(ConflictKey, Side)>", into = "Vec<(ConflictKey, Side)>")]
pub struct Resolutions(BTreeMap<ConflictKey, Side>);

impl Resolutions {
    /// All of these conflicts the way of one side.
    pub fn all(conflicts: &[Conflict], side: Side) -> Self {
        conflicts.iter().map(|conflict| (conflict.key(), side)).collect()
    }

    /// Decides a conflict. The last answer holds.
    pub fn answer(&mut self, conflict: ConflictKey, side: Side) {
        self.0.insert(conflict, side);
    }

    /// Whose way holds, where that is decided.
    pub fn of(&self, conflict: ConflictKey) -> Option<Side> {
        self.0.get(&conflict).copied()
    }
}

impl FromIterator<(ConflictKey, Side)> for Resolutions {
    fn from_iter<T: IntoIterator<Item = (ConflictKey, Side)>>(answers: T) -> Self {
        Self(answers.into_iter().collect())
    }
}

impl Extend<(ConflictKey, Side)> for Resolutions {
    fn extend<T: IntoIterator<Item = (ConflictKey, Side)>>(&mut self, answers: T) {
        self.0.extend(answers);
    }
}

impl From<Vec<(ConflictKey, Side)>> for Resolutions {
    fn from(answers: Vec<(ConflictKey, Side)>) -> Self {
        answers.into_iter().collect()
    }
}

impl From<Resolutions> for Vec<(ConflictKey, Side)> {
    fn from(resolutions: Resolutions) -> Self {
        resolutions.0.into_iter().collect()
    }
}
