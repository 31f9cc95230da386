//! What distinguishes a catalog from the expected one.

use std::collections::BTreeSet;

use super::difference::{Difference, Finding};
use super::object::{Catalog, ObjectKind, ObjectName, Properties, REMARKS};
use super::{mend, normal, remedy};
use crate::severity::Severity;

/// What distinguishes a catalog from the expected one, in an order in which the remedies can be
/// followed. Empty where it is as expected.
///
/// Objects are matched by name. Constraints, indexes and triggers of a relation that are left on
/// both sides are matched by what they do. Expressions are equal where they mean the same, however
/// they were typed in: `now()` and `CURRENT_TIMESTAMP`, with and without a cast that changes
/// nothing. What belongs to a relation that is missing or extra is not told of by itself.
///
/// Comments, the order of columns and partitions do not count, nor do further privileges, unless
/// everybody has them and they write.
pub fn compare(expected: &Catalog, actual: &Catalog) -> Vec<Difference> {
    let both = Both { expected, actual };
    let mut missing: BTreeSet<&ObjectName> = only(expected, actual);
    let mut extra: BTreeSet<&ObjectName> = only(actual, expected);
    let mut found = Vec::new();
    for name in missing.clone() {
        let stands_in = |other: &&&ObjectName| both.same_essence(name, other);
        if let Some(&other) = extra.iter().find(stands_in) {
            missing.remove(name);
            extra.remove(other);
            found.push(both.renamed(name, other));
            if name.kind == other.kind {
                both.properties(name, other, &mut found);
            }
        }
    }
    found.extend(missing.into_iter().filter_map(|name| both.missing(name)));
    found.extend(extra.into_iter().filter_map(|name| both.extra(name)));
    for (name, _) in expected.iter().filter(|(name, _)| counts(name)) {
        if actual.get(name).is_some() {
            both.properties(name, name, &mut found);
        }
    }
    found.sort_by_cached_key(|difference| both.order(difference));
    found
}

/// Partitions come and go with time.
fn counts(name: &ObjectName) -> bool {
    name.kind != ObjectKind::Partition
}

/// The catalogs that are compared.
pub(super) struct Both<'c> {
    pub(super) expected: &'c Catalog,
    pub(super) actual: &'c Catalog,
}

impl<'c> Both<'c> {
    /// Whether an object that is missing and one that is extra do the same.
    fn same_essence(&self, missing: &ObjectName, extra: &ObjectName) -> bool {
        let related = missing.schema == extra.schema && missing.relation == extra.relation;
        let kinds = [ObjectKind::Constraint, ObjectKind::Index, ObjectKind::Trigger];
        if !related || !kinds.contains(&missing.kind) || !kinds.contains(&extra.kind) {
            return false;
        }
        let (Some(wanted), Some(there)) = (self.expected.get(missing), self.actual.get(extra))
        else {
            return false;
        };
        if missing.kind == extra.kind {
            let definition =
                |name: &ObjectName, of: &Properties| nameless(name, text(of, "definition"));
            return wanted.get("unique") == there.get("unique")
                && self.equal_text(
                    missing,
                    &definition(missing, wanted),
                    &definition(extra, there),
                );
        }
        let columns = unique_columns(missing, wanted);
        columns.is_some() && columns == unique_columns(extra, there)
    }

    fn renamed(&self, name: &ObjectName, other: &ObjectName) -> Difference {
        let unique = self.expected.get(name).is_some_and(|of| text(of, "unique") == "yes");
        let enforces = name.kind == ObjectKind::Constraint || unique;
        let severity =
            if name.name == other.name || !enforces { Severity::Note } else { Severity::Warning };
        Difference {
            object: name.clone(),
            finding: Finding::Renamed { actual: other.clone() },
            severity,
            remedy: remedy::rename(name, other, self),
        }
    }

    fn missing(&self, name: &ObjectName) -> Option<Difference> {
        let properties = self.expected.get(name).filter(|_| !self.follows_view(name))?;
        let severity = match name.kind {
            ObjectKind::Index if text(properties, "unique") != "yes" => Severity::Warning,
            _ => Severity::Error,
        };
        let remedy = remedy::missing(name, properties, self);
        Some(Difference { object: name.clone(), finding: Finding::Missing, severity, remedy })
    }

    fn extra(&self, name: &ObjectName) -> Option<Difference> {
        let properties = self.actual.get(name).filter(|_| !self.follows_view(name))?;
        let says = |property: &str, value: &str| text(properties, property) == value;
        let severity = match name.kind {
            ObjectKind::Grant => {
                let writes = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"];
                let granted = text(properties, "privileges");
                let everybody =
                    name.name == "public" && writes.iter().any(|one| granted.contains(one));
                everybody.then_some(Severity::Warning)?
            }
            // Every database has it.
            ObjectKind::Schema if name.name == "public" => return None,
            ObjectKind::Column if remedy::must_be_given(properties) => Severity::Error,
            ObjectKind::Index if says("unique", "yes") || says("valid", "no") => Severity::Warning,
            // They change or refuse what is written.
            ObjectKind::Constraint
            | ObjectKind::Trigger
            | ObjectKind::Rule
            | ObjectKind::Policy => Severity::Warning,
            _ => Severity::Note,
        };
        let remedy = remedy::extra(name, properties, self);
        Some(Difference { object: name.clone(), finding: Finding::Extra, severity, remedy })
    }

    /// What the catalogs say of an object, where that differs.
    fn properties(&self, name: &ObjectName, there: &ObjectName, found: &mut Vec<Difference>) {
        let (Some(expected), Some(actual)) = (self.expected.get(name), self.actual.get(there))
        else {
            return;
        };
        let keys: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
        for property in keys.into_iter().filter(|key| !REMARKS.contains(&key.as_str())) {
            let (wanted, says) = (expected.get(property), actual.get(property));
            let same = match (name.kind, wanted, says) {
                (ObjectKind::Trigger, Some(wanted), Some(says)) if property == "definition" => {
                    self.equal_text(name, &nameless(name, wanted), &nameless(there, says))
                }
                _ => self.equal(name, property, wanted, says),
            };
            let differs = !same
                && !self.follows_view(name)
                && !told_elsewhere(self, name, property, expected, actual);
            if differs {
                let (severity, remedy) = mend::differing(name, property, expected, actual, self);
                let (expected, actual) = (wanted.cloned(), says.cloned());
                let finding = Finding::Differs { property: property.clone(), expected, actual };
                found.push(Difference { object: name.clone(), finding, severity, remedy });
            }
        }
    }

    fn equal(
        &self,
        name: &ObjectName,
        property: &str,
        expected: Option<&String>,
        actual: Option<&String>,
    ) -> bool {
        if expected == actual {
            return true;
        }
        let textual = |column: &str| self.is_textual(name, column);
        match (property, expected, actual) {
            ("default", expected, actual) => {
                let of =
                    |text: Option<&String>| text.and_then(|text| normal::default(text, &textual));
                of(expected) == of(actual)
            }
            // Stricter than it has to be, as after a later step.
            ("validated", Some(expected), _) => expected == "no",
            ("privileges", Some(expected), Some(actual)) => privileges(expected, actual).is_empty(),
            ("definition" | "generated" | "using" | "check" | "domain", Some(a), Some(b)) => {
                self.equal_text(name, a, b)
            }
            _ => false,
        }
    }

    fn equal_text(&self, name: &ObjectName, a: &str, b: &str) -> bool {
        normal::equal(a, b, &|column| self.is_textual(name, column))
    }

    /// Whether a column holds text without a length on both sides, so that casts to text say
    /// nothing.
    fn is_textual(&self, name: &ObjectName, column: &str) -> bool {
        let name = ObjectName::new(ObjectKind::Column, &name.schema, &name.relation, column);
        let is = |catalog: &Catalog| {
            catalog.get(&name).is_some_and(|column| {
                let of = text(column, "type");
                of == "text" || of.starts_with("character varying") && !of.contains('[')
            })
        };
        is(self.expected) && is(self.actual)
    }

    /// What others need comes first.
    fn order(&self, difference: &Difference) -> (u8, bool, ObjectName) {
        let name = &difference.object;
        let rank = match name.kind {
            ObjectKind::Schema => 0,
            ObjectKind::Type => 1,
            ObjectKind::Sequence => 2,
            ObjectKind::Table | ObjectKind::Partition => 3,
            ObjectKind::Column if self.is_of_view(name) => 8,
            ObjectKind::Column => 4,
            ObjectKind::Function => 5,
            ObjectKind::Index => 6,
            ObjectKind::Constraint => 7,
            ObjectKind::View => 9,
            ObjectKind::Trigger => 10,
            ObjectKind::Rule => 11,
            ObjectKind::Policy => 12,
            ObjectKind::Grant => 13,
        };
        let definition = self.expected.get(name).map_or("", |of| text(of, "definition"));
        (rank, definition.starts_with("FOREIGN"), name.clone())
    }

    pub(super) fn is_of_view(&self, column: &ObjectName) -> bool {
        let view = ObjectName::new(ObjectKind::View, &column.schema, "", &column.relation);
        self.expected.get(&view).is_some() || self.actual.get(&view).is_some()
    }

    /// Whether this is a column of a view that is told of as a whole.
    fn follows_view(&self, column: &ObjectName) -> bool {
        if column.kind != ObjectKind::Column {
            return false;
        }
        let view = ObjectName::new(ObjectKind::View, &column.schema, "", &column.relation);
        let of = |catalog: &'c Catalog| catalog.get(&view).and_then(|view| view.get("definition"));
        match (of(self.expected), of(self.actual)) {
            (Some(expected), Some(actual)) => !self.equal_text(&view, expected, actual),
            _ => false,
        }
    }
}

/// What is in one catalog alone, less what belongs to a relation that is.
fn only<'c>(one: &'c Catalog, other: &Catalog) -> BTreeSet<&'c ObjectName> {
    let absent = |name: &ObjectName| other.get(name).is_none();
    let names = one.iter().map(|(name, _)| name);
    names
        .filter(|name| counts(name) && absent(name))
        .filter(|name| !owners(name).iter().any(|of| one.get(of).is_some() && absent(of)))
        .collect()
}

/// The relations or functions that an object may belong to. What is in an extra schema is told of
/// by itself.
fn owners(name: &ObjectName) -> Vec<ObjectName> {
    use ObjectKind::{Function, Sequence, Table, View};
    if name.relation.is_empty() {
        return Vec::new();
    }
    let of = |kind| ObjectName::new(kind, &name.schema, "", &name.relation);
    [Table, View, Sequence, Function].map(of).to_vec()
}

/// What is told of another property, or of another object, already.
fn told_elsewhere(
    both: &Both<'_>,
    name: &ObjectName,
    property: &str,
    expected: &Properties,
    actual: &Properties,
) -> bool {
    let differs =
        |property: &str| !both.equal(name, property, expected.get(property), actual.get(property));
    match (name.kind, property) {
        // A serial: one thing with two properties.
        (ObjectKind::Column, "default") => expected.contains_key("identity") && differs("identity"),
        (ObjectKind::Constraint, "validated" | "triggers") => differs("definition"),
        _ => false,
    }
}

/// The definition of a trigger begins with its name.
fn nameless(name: &ObjectName, definition: &str) -> String {
    match (name.kind, definition.split_once(" TRIGGER ")) {
        (ObjectKind::Trigger, Some((before, after))) => {
            let quoted = format!("\"{}\"", name.name.replace('"', "\"\""));
            let rest = after.strip_prefix(&name.name).or_else(|| after.strip_prefix(&quoted));
            format!("{before} {}", rest.unwrap_or(after))
        }
        _ => definition.to_owned(),
    }
}

/// The columns that a unique constraint, or a unique index of columns alone, is about. An INVALID
/// one may hold doubles.
fn unique_columns<'p>(name: &ObjectName, properties: &'p Properties) -> Option<&'p str> {
    let definition = text(properties, "definition");
    match name.kind {
        ObjectKind::Constraint => definition.strip_prefix("UNIQUE "),
        ObjectKind::Index
            if text(properties, "unique") == "yes" && text(properties, "valid") != "no" =>
        {
            definition.strip_prefix("USING btree ")
        }
        _ => None,
    }
}

/// The privileges that are expected and not there.
pub(super) fn privileges<'p>(expected: &'p str, actual: &str) -> Vec<&'p str> {
    let actual: Vec<&str> = actual.split(", ").collect();
    expected.split(", ").filter(|one| !actual.contains(one)).collect()
}

pub(super) fn text<'p>(properties: &'p Properties, property: &str) -> &'p str {
    properties.get(property).map_or("", String::as_str)
}
