//! Two contents that were made of the same one become one again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::conflict::{Conflict, Resolutions, Side};
use super::content::Content;
use super::forest::{Forest, content};
use super::row::{Field, Parent, Row, RowId, Value};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Merge {
    /// Both together. Of conflicts that nobody has answered it shows mine.
    pub content: Content,
    /// What nobody has answered, by its key. Where there is any, the content is a preview.
    pub conflicts: Vec<Conflict>,
}

/// Merges what two sides have made of `base`, row by row and field by field.
///
/// * A field that one side changed has that side's value; one that both changed alike, that. The
///   parent of a row (the day of a meal) is a field of it.
/// * Rows that either side added are in. A row that one side removed is gone, unless the other has
///   changed it, anything in it (the order, too), or has put something into it.
/// * Where one side changed the order of what both have, that order holds, and what only the other
///   has stands behind its predecessor. A place alone is nothing that keeps a removed row.
/// * Everything else is a [`Conflict`]. Nothing of either side is lost without one.
///
/// The result has each row once. What a commit refuses besides, such as two meals of one day at the
/// same time, can come together from both sides, and is no conflict: the commit names it.
///
/// # Example
///
/// ```
/// use planwright::meal_planning::{Content, Meal, Resolutions, Side, merge, merge_with};
///
/// let noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap();
/// let base = Content { name: "Week".into(), meals: vec![Meal::new(0, "Lunch", noon)] };
/// let (mut mine, mut theirs) = (base.clone(), base.clone());
/// mine.meals[0].name = "Brunch".into();
/// theirs.meals[0].day = 3;
///
/// let merged = merge(&base, &mine, &theirs);
/// assert!(merged.conflicts.is_empty());
/// assert_eq!((merged.content.meals[0].day, &*merged.content.meals[0].name), (3, "Brunch"));
///
/// theirs.meals[0].name = "Dinner".into();
/// let conflicts = merge(&base, &mine, &theirs).conflicts;
/// assert_eq!(conflicts.len(), 1);
/// let answers = Resolutions::all(&conflicts, Side::Theirs);
/// let merged = merge_with(&base, &mine, &theirs, &answers);
/// assert!(merged.conflicts.is_empty());
/// assert_eq!(merged.content.meals[0].name, "Dinner");
/// ```
pub fn merge(base: &Content, mine: &Content, theirs: &Content) -> Merge {
    merge_with(base, mine, theirs, &Resolutions::default())
}

/// [`merge`], with answers to its conflicts. With one for each of them there is no conflict left.
///
/// Answers can contradict each other: a row that one side has moved into what the other removed,
/// out of what it removed itself, has no place once both removals hold, and is removed with them.
pub fn merge_with(
    base: &Content,
    mine: &Content,
    theirs: &Content,
    resolutions: &Resolutions,
) -> Merge {
    let mut merging = Merging {
        base: Forest::new(base),
        mine: Forest::new(mine),
        theirs: Forest::new(theirs),
        resolutions,
        conflicts: Vec::new(),
    };
    let mut gone = merging.removed(Side::Mine);
    gone.extend(merging.removed(Side::Theirs));
    let rows = merging.rows(&gone);
    let lists = merging.lists(&rows);
    let name = match rows.get(&RowId::Plan) {
        Some(Row::Plan { name }) => name.clone(),
        _ => mine.name.clone(),
    };
    let content = content(name, &rows, &lists);
    let mut conflicts = merging.conflicts;
    conflicts.sort_by_key(Conflict::key);
    Merge { content, conflicts }
}

struct Merging<'a> {
    base: Forest,
    mine: Forest,
    theirs: Forest,
    resolutions: &'a Resolutions,
    /// Those without an answer.
    conflicts: Vec<Conflict>,
}

impl Merging<'_> {
    fn side(&self, side: Side) -> &Forest {
        match side {
            Side::Mine => &self.mine,
            Side::Theirs => &self.theirs,
        }
    }

    /// Whose way holds, provisionally mine.
    fn decide(&mut self, conflict: Conflict) -> Side {
        self.resolutions.of(conflict.key()).unwrap_or_else(|| {
            self.conflicts.push(conflict);
            Side::Mine
        })
    }

    /// The rows that one side has removed for good.
    fn removed(&mut self, by: Side) -> HashSet<RowId> {
        let (gone, kept) = (self.side(by), self.side(by.other()));
        let mut under = BTreeMap::<RowId, Vec<RowId>>::new();
        for id in kept.order.iter().filter(|id| self.base.has(**id) && !gone.has(**id)) {
            under.entry(self.top(kept, gone, *id)).or_default().push(*id);
        }
        let mut conflicts = Vec::new();
        let mut removed = HashSet::new();
        for (top, rows) in under {
            let mut touched = BTreeSet::new();
            for id in &rows {
                self.touched(kept, gone, *id, &mut touched);
            }
            if touched.is_empty() {
                removed.extend(rows);
            } else {
                let touched: Vec<RowId> = touched.into_iter().collect();
                let told = told_removed(kept, by, top, &touched);
                conflicts.push((Conflict::Removed { row: top, by, touched, told }, rows));
            }
        }
        for (conflict, rows) in conflicts {
            if self.decide(conflict) == by {
                removed.extend(rows);
            }
        }
        removed
    }

    /// The topmost removed row above this removed one, itself where there is none. New rows may
    /// stand in between, which cannot do without it either.
    fn top(&self, kept: &Forest, gone: &Forest, id: RowId) -> RowId {
        self.lost(kept, gone, Some(id)).unwrap_or(id)
    }

    /// The topmost row without which the place of this one is lost, where there is one.
    fn lost(&self, kept: &Forest, gone: &Forest, id: Option<RowId>) -> Option<RowId> {
        let (mut at, mut top) = (id, None);
        while let Some(id) = at.filter(|id| !gone.has(*id)) {
            if self.base.has(id) {
                top = Some(id);
            }
            at = kept.parent(id).and_then(Parent::row);
        }
        top
    }

    /// What the other side has done with a removed row.
    fn touched(&self, kept: &Forest, gone: &Forest, id: RowId, into: &mut BTreeSet<RowId>) {
        let parent = match id {
            RowId::Meal(id) => Some(Parent::Meal(id)),
            RowId::Section(id) => Some(Parent::Section(id)),
            RowId::Plan | RowId::Line(_) => None,
        };
        let (before, after) =
            parent.map_or((&[][..], &[][..]), |parent| (self.base.list(parent), kept.list(parent)));
        let stayed = |of: &Forest, child: RowId| of.parent(child) == parent;
        let reordered = before
            .iter()
            .filter(|child| stayed(kept, **child))
            .ne(after.iter().filter(|child| stayed(&self.base, **child)));
        if kept.row(id) != self.base.row(id) || reordered {
            into.insert(id);
        }
        into.extend(after.iter().copied().filter(|child| {
            let came = !stayed(&self.base, *child);
            // It was moved out, but to where it cannot stay unless the other gives way.
            let comes_back = || {
                gone.has(*child) && {
                    let refuge = gone.parent(*child).and_then(Parent::row);
                    self.lost(gone, kept, refuge).is_some()
                }
            };
            came || comes_back()
        }));
    }

    /// All rows of the result.
    fn rows(&mut self, gone: &HashSet<RowId>) -> HashMap<RowId, Row> {
        let mut ids: Vec<RowId> = self.mine.order.clone();
        ids.extend(self.theirs.order.iter().copied().filter(|id| !self.mine.has(*id)));
        ids.retain(|id| !gone.contains(id));
        // Parents first: meals, sections, lines.
        ids.sort_by_key(|id| match id {
            RowId::Plan => 0,
            RowId::Meal(_) => 1,
            RowId::Section(_) => 2,
            RowId::Line(_) => 3,
        });
        let mut rows = HashMap::with_capacity(ids.len());
        for id in ids {
            let Some(mut row) = self.row(id) else { continue };
            let stands = |row: &Row, rows: &HashMap<RowId, Row>| {
                row.parent().and_then(Parent::row).is_none_or(|parent| rows.contains_key(&parent))
            };
            if !stands(&row, &rows) {
                // Its parent was removed by the side that has it elsewhere.
                let places = [self.mine.parent(id), self.theirs.parent(id)];
                for place in places.into_iter().flatten() {
                    let mut other = row.clone();
                    other.set(Value::Parent(place));
                    if stands(&other, &rows) {
                        row = other;
                    }
                }
            }
            if stands(&row, &rows) {
                rows.insert(id, row);
            }
        }
        rows
    }

    /// A row, field by field.
    fn row(&mut self, id: RowId) -> Option<Row> {
        let (mine, theirs) = match (self.mine.row(id), self.theirs.row(id)) {
            (Some(mine), Some(theirs)) if mine != theirs => (mine.clone(), theirs.clone()),
            (Some(row), _) | (None, Some(row)) => return Some(row.clone()),
            (None, None) => return None,
        };
        let base = self.base.row(id).cloned();
        let mut row = mine.clone();
        for field in mine.fields().iter().copied() {
            let base = base.as_ref().and_then(|base| base.value(field));
            let (Some(mine), Some(theirs)) = (mine.value(field), theirs.value(field)) else {
                continue;
            };
            let takes_theirs = if mine == theirs || base.as_ref() == Some(&theirs) {
                false
            } else if base.as_ref() == Some(&mine) {
                true
            } else {
                let theirs = theirs.clone();
                let told = self.told_field(id, field, &mine, &theirs);
                let conflict = Conflict::Field { row: id, field, base, mine, theirs, told };
                self.decide(conflict) == Side::Theirs
            };
            if takes_theirs {
                row.set(theirs);
            }
        }
        Some(row)
    }

    /// The rows of each parent in their order.
    fn lists(&mut self, rows: &HashMap<RowId, Row>) -> HashMap<Parent, Vec<RowId>> {
        let parents: BTreeSet<Parent> = rows.values().filter_map(Row::parent).collect();
        parents
            .into_iter()
            .map(|parent| {
                let first = self.backbone(parent);
                let of = |side: Side| {
                    let here =
                        |id: &&RowId| rows.get(id).is_some_and(|row| row.parent() == Some(parent));
                    self.side(side).list(parent).iter().filter(here).copied()
                };
                (parent, woven(of(first).collect(), of(first.other())))
            })
            .collect()
    }

    /// Whose order holds.
    fn backbone(&mut self, parent: Parent) -> Side {
        let common = |of: &Forest| -> Vec<RowId> {
            let here = |id: &RowId| {
                [&self.mine, &self.theirs].iter().all(|side| side.parent(*id) == Some(parent))
            };
            of.list(parent).iter().copied().filter(here).collect()
        };
        let (base, mine, theirs) = (common(&self.base), common(&self.mine), common(&self.theirs));
        let known: HashMap<RowId, usize> = base.iter().copied().zip(1..).collect();
        let is_as_it_was =
            |of: &[RowId]| of.iter().filter(|id| known.contains_key(*id)).eq(base.iter());
        let agree = || arrived(&mine, &known) == arrived(&theirs, &known);
        if mine == theirs || is_as_it_was(&mine) && agree() {
            Side::Theirs
        } else if is_as_it_was(&theirs) && agree() {
            Side::Mine
        } else {
            let place = self.mine.path_of_parent(parent);
            let told = format!("{place}: another order in mine and in theirs");
            self.decide(Conflict::Order { parent, mine, theirs, told })
        }
    }

    fn told_field(&self, id: RowId, field: Field, mine: &Value, theirs: &Value) -> String {
        let words = |of: &Forest, value: &Value| match value {
            Value::Parent(parent) => of.path_of_parent(*parent),
            value => value.to_string(),
        };
        let at = if self.base.has(id) { self.base.path(id) } else { self.mine.path(id) };
        let (mine, theirs) = (words(&self.mine, mine), words(&self.theirs, theirs));
        format!("{at}: {field} is {mine} in mine, {theirs} in theirs")
    }
}

/// What both sides have put there, and between which of the rows that were there: how many stand
/// before it, and the last place that one of these had. Where the order of those is as it was, the
/// two numbers are equal.
fn arrived(list: &[RowId], known: &HashMap<RowId, usize>) -> Vec<(RowId, usize, usize)> {
    let (mut before, mut furthest) = (0, 0);
    let mut arrived = Vec::new();
    for id in list {
        match known.get(id) {
            Some(place) => (before, furthest) = (before + 1, furthest.max(*place)),
            None => arrived.push((*id, before, furthest)),
        }
    }
    arrived
}

fn told_removed(kept: &Forest, by: Side, row: RowId, touched: &[RowId]) -> String {
    let told = format!("{} was removed in {by}, and changed in {}", kept.path(row), by.other());
    if touched == [row] {
        return told;
    }
    let named: Vec<String> = touched.iter().take(5).map(|row| kept.path(*row)).collect();
    let more = if touched.len() > named.len() { "; …" } else { "" };
    format!("{told}: {}{more}", named.join("; "))
}

/// Puts what is not in the first list behind what stands before it in the second.
fn woven(first: Vec<RowId>, second: impl Iterator<Item = RowId>) -> Vec<RowId> {
    let known: HashSet<RowId> = first.iter().copied().collect();
    let mut behind = HashMap::<Option<RowId>, Vec<RowId>>::new();
    let mut last = None;
    for id in second {
        if known.contains(&id) {
            last = Some(id);
        } else {
            behind.entry(last).or_default().push(id);
        }
    }
    let mut woven = behind.remove(&None).unwrap_or_default();
    for id in first {
        woven.push(id);
        woven.extend(behind.remove(&Some(id)).unwrap_or_default());
    }
    woven
}
