//! What one content has that another has not.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use super::content::Content;
use super::draft::{DraftId, DraftRepository};
use super::forest::Forest;
use super::row::{Field, Parent, Row, RowId, Value};
use super::version::{VersionId, VersionRepository};
use super::{draft, tree};
use crate::error::{Error, Result};

/// How one content becomes another. `Display` tells it line by line: `+` added, `-` removed, `~`
/// changed, `>` moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Diff {
    /// What is there afterwards, in its order; then what was removed, in the order that it had.
    pub differences: Vec<Difference>,
}

/// What is different about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The row.
    pub row: RowId,
    /// Where it was, in words such as `day 0, Lunch, Sauce, ingredient 7`; what has no name by its
    /// place among its siblings, from 0. `None` where it was added.
    pub before: Option<String>,
    /// Where it is, in such words. `None` where it was removed.
    pub after: Option<String>,
    /// What is different.
    pub what: What,
}

/// What is different about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is new. What is in it has differences of its own.
    Added(Row),
    /// It is gone. What was in it has differences of its own.
    Removed(Row),
    /// It has another parent, or, where that is the same, another place among the siblings that it
    /// had before. Rows that others have pushed aside have not moved.
    Moved {
        /// The parent that it had.
        from: Parent,
        /// The parent that it has.
        to: Parent,
        /// Its place there, from 0.
        place: usize,
    },
    /// A field other than [`Field::Parent`] holds something else.
    Changed {
        /// The field.
        field: Field,
        /// What it held.
        before: Value,
        /// What it holds.
        after: Value,
    },
}

impl Diff {
    /// Whether both were equal.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

/// How `a` becomes `b`, row by row, told by their keys.
///
/// Quantities are compared as they would be stored, so 1.5 equals 1.50 and 1.5001. The order of
/// meals means something in their day alone.
///
/// # Example
///
/// ```
/// use planwright::meal_planning::{Content, Meal, diff};
///
/// let noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap();
/// let before = Content { name: "Week".into(), meals: vec![Meal::new(0, "Lunch", noon)] };
/// let mut after = before.clone();
/// after.meals[0].name = "Brunch".into();
/// after.meals.push(Meal::new(0, "Tea", noon));
///
/// assert!(diff(&before, &before).is_empty());
/// assert_eq!(
///     diff(&before, &after).to_string(),
///     "~ day 0, Lunch: name from \"Lunch\" to \"Brunch\"\n+ day 0, Tea: at 12:00:00\n"
/// );
/// ```
pub fn diff(a: &Content, b: &Content) -> Diff {
    between(&Forest::new(a), &Forest::new(b))
}

fn between(a: &Forest, b: &Forest) -> Diff {
    let mut differences = Vec::new();
    let moved = moved(a, b);
    for id in &b.order {
        let Some(after) = b.row(*id) else { continue };
        let mut add = |what| {
            differences.push(Difference {
                row: *id,
                before: a.has(*id).then(|| a.path(*id)),
                after: Some(b.path(*id)),
                what,
            });
        };
        let Some(before) = a.row(*id) else {
            add(What::Added(after.clone()));
            continue;
        };
        if let (Some(from), Some(to)) = (before.parent(), after.parent())
            && (from != to || moved.contains(id))
        {
            add(What::Moved { from, to, place: b.nth(*id) });
        }
        for field in after.fields().iter().copied().filter(|field| *field != Field::Parent) {
            if let (Some(before), Some(after)) = (before.value(field), after.value(field))
                && before != after
            {
                add(What::Changed { field, before, after });
            }
        }
    }
    let removed = a.order.iter().filter(|id| !b.has(**id));
    differences.extend(removed.filter_map(|id| {
        let what = What::Removed(a.row(*id)?.clone());
        Some(Difference { row: *id, before: Some(a.path(*id)), after: None, what })
    }));
    Diff { differences }
}

/// The rows that stand elsewhere among the siblings that they had before: as few as explain it.
fn moved(a: &Forest, b: &Forest) -> HashSet<RowId> {
    let mut moved = HashSet::new();
    let mut seen = HashSet::new();
    for parent in b.order.iter().filter_map(|id| b.parent(*id)) {
        if !seen.insert(parent) {
            continue;
        }
        let both: Vec<RowId> =
            b.list(parent).iter().copied().filter(|id| a.parent(*id) == Some(parent)).collect();
        let places: Vec<usize> = both.iter().map(|id| a.nth(*id)).collect();
        let kept = longest_rise(&places);
        moved.extend(both.iter().zip(kept).filter(|(_, kept)| !kept).map(|(id, _)| *id));
    }
    moved
}

/// Which of these numbers, all different, belong to a longest subsequence that rises.
fn longest_rise(numbers: &[usize]) -> Vec<bool> {
    // ends[n] is where the rise of n + 1 numbers ends whose last is the smallest.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut kept = vec![false; numbers.len()];
    let mut at = ends.last().copied();
    while let Some(place) = at {
        kept[place] = true;
        at = before[place];
    }
    kept
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.as_deref().unwrap_or_default();
        let after = self.after.as_deref().unwrap_or_default();
        match &self.what {
            What::Added(row) => write!(f, "+ {after}{}", Rest(row)),
            What::Removed(row) => write!(f, "- {before}{}", Rest(row)),
            What::Moved { from, to, place } if from == to => {
                write!(f, "> {after}: to place {place}")
            }
            What::Moved { .. } => write!(f, "> {before}: to {after}"),
            What::Changed { field, before: was, after: is } => {
                write!(f, "~ {before}: {field} from {was} to {is}")
            }
        }
    }
}

/// What the words for a row's place do not tell of it.
struct Rest<'a>(&'a Row);

impl fmt::Display for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Row::Plan { .. } | Row::Section { .. } => Ok(()),
            Row::Meal { meal_time, .. } => write!(f, ": at {meal_time}"),
            Row::Line { quantity_g, .. } => write!(f, ": {} g", quantity_g.normalized()),
        }
    }
}

impl VersionRepository<'_> {
    /// How version `a` becomes version `b`, in two statements.
    ///
    /// They may be of different plans. Those have no row in common, unless one was filled with the
    /// rows of the other.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such version.
    pub fn diff(&mut self, a: VersionId, b: VersionId) -> Result<Diff> {
        Ok(diff(&self.content(a)?, &self.content(b)?))
    }
}

impl DraftRepository<'_> {
    /// What the draft changes about its base. A draft without base is compared with a plan of its
    /// name that has no meals. One statement, so both are of one moment.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft.
    pub fn diff(&mut self, id: DraftId) -> Result<Diff> {
        let found = tree::of_draft_and_base(&mut self.uow, self.user, id)?;
        let (mine, base) = found.ok_or_else(|| Error::not_found(draft::ENTITY, id))?;
        let base = base.unwrap_or_else(|| Content { name: mine.name.clone(), meals: Vec::new() });
        Ok(diff(&base, &mine))
    }
}

#[cfg(test)]
mod tests {
    use super::longest_rise;

    #[test]
    fn a_longest_rise_is_found() {
        let kept = |numbers: &[usize]| -> Vec<usize> {
            let kept = longest_rise(numbers);
            numbers.iter().zip(kept).filter(|(_, kept)| *kept).map(|(number, _)| *number).collect()
        };
        assert_eq!(kept(&[]), Vec::<usize>::new());
        assert_eq!(kept(&[3, 0, 1, 2]), [0, 1, 2]);
        assert_eq!(kept(&[1, 2, 3, 0]), [1, 2, 3]);
        assert_eq!(kept(&[0, 4, 1, 5, 2, 3]), [0, 1, 2, 3]);
        assert_eq!(kept(&[2, 1, 0]).len(), 1);
    }
}
