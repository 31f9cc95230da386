//! What the system catalogs say of a schema, as values that can be compared and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// What an object of the catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ObjectKind {
    /// A schema.
    Schema,
    /// An enum type or a domain.
    Type,
    /// A function or procedure, with the types of its arguments in its name.
    Function,
    /// A sequence that no identity column owns.
    Sequence,
    /// A table, partitioned or not.
    Table,
    /// A partition. It has the columns and constraints of its parent.
    Partition,
    /// A view, materialised or not.
    View,
    /// A column of a table or view.
    Column,
    /// A primary key, unique, foreign key, check or exclusion constraint.
    Constraint,
    /// An index that backs no constraint.
    Index,
    /// A trigger.
    Trigger,
    /// A rule.
    Rule,
    /// A policy of row security.
    Policy,
    /// What a role other than the owner may do with a schema, relation or function.
    Grant,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Schema => "schema",
            Self::Type => "type",
            Self::Function => "function",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Partition => "partition",
            Self::View => "view",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::Grant => "grant",
        })
    }
}

/// The name of an object of the catalog.
///
/// # Example
///
/// ```
/// use planwright::verify::{ObjectKind, ObjectName};
///
/// let column = ObjectName::new(ObjectKind::Column, "public", "orders", "id");
/// assert_eq!(column.to_string(), "column public.orders.id");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectName {
    /// What it is.
    pub kind: ObjectKind,
    /// The schema it is in. Empty for a schema, and for what is granted on one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// The relation or function it belongs to. Empty for what stands by itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    /// Its own name; of a grant, the role.
    pub name: String,
}

impl ObjectName {
    /// The name of these parts. Those that it does not have are empty.
    pub fn new(
        kind: ObjectKind,
        schema: impl Into<String>,
        relation: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self { kind, schema: schema.into(), relation: relation.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.schema, &self.relation, &self.name];
        let of = |parts: &[&String]| {
            let parts: Vec<&str> =
                parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect();
            parts.join(".")
        };
        match self.kind {
            ObjectKind::Grant => write!(f, "grant on {} to {}", of(&parts[..2]), self.name),
            kind => write!(f, "{kind} {}", of(&parts)),
        }
    }
}

/// What the catalog says of an object, by the name of the property: `type`, `nullable`,
/// `definition`. Definitions are as the server writes them, every name with its schema.
pub type Properties = BTreeMap<String, String>;

/// An object of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its name.
    #[serde(flatten)]
    pub name: ObjectName,
    /// What the catalog says of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: Properties,
}

/// Objects of a database, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog(BTreeMap<ObjectName, Properties>);

/// Properties that say nothing about what the database does.
pub(super) const REMARKS: [&str; 2] = ["comment", "position"];

impl Catalog {
    /// The objects, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectName, &Properties)> {
        self.0.iter()
    }

    /// What the catalog says of an object, if it is there.
    pub fn get(&self, name: &ObjectName) -> Option<&Properties> {
        self.0.get(name)
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What makes this catalog the other one. Comments and the order of columns do not count, nor
    /// do partitions, which come and go with time.
    pub fn delta_to(&self, after: &Self) -> Delta {
        let counts = |name: &&ObjectName| name.kind != ObjectKind::Partition;
        let made = after.0.keys().filter(counts).filter_map(|name| {
            let properties = essence(&after.0[name]);
            let same = self.0.get(name).is_some_and(|before| essence(before) == properties);
            (!same).then(|| Object { name: name.clone(), properties })
        });
        let gone = self.0.keys().filter(counts).filter(|name| !after.0.contains_key(name));
        Delta { made: made.collect(), gone: gone.cloned().collect() }
    }

    /// Of relations of which columns alone are expected, leaves these, and of each what is expected
    /// to be said: the rest is the host's.
    pub(crate) fn leave_out_what_is_the_hosts(&mut self, expected: &Self) {
        let whose: BTreeSet<(&str, &str)> = expected
            .iter()
            .map(|(name, _)| name)
            .filter(|name| expected.has_of_host(name))
            .map(|name| (&*name.schema, &*name.relation))
            .collect();
        self.0.retain(|name, properties| {
            let relation = if name.relation.is_empty() { &name.name } else { &name.relation };
            if !whose.contains(&(&*name.schema, &**relation)) {
                return true;
            }
            let Some(said) = expected.get(name) else { return false };
            properties.retain(|property, _| said.contains_key(property));
            true
        });
    }

    /// Whether it has this column, and not the relation that it is of.
    pub(crate) fn has_of_host(&self, name: &ObjectName) -> bool {
        let made = |kind| self.get(&ObjectName::new(kind, &name.schema, "", &name.relation));
        name.kind == ObjectKind::Column
            && self.get(name).is_some()
            && made(ObjectKind::Table).is_none()
            && made(ObjectKind::View).is_none()
    }

    /// Makes the change.
    pub fn apply(&mut self, delta: &Delta) {
        for name in &delta.gone {
            self.0.remove(name);
        }
        for object in &delta.made {
            self.0.insert(object.name.clone(), object.properties.clone());
        }
    }
}

impl FromIterator<Object> for Catalog {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (object.name, object.properties)).collect())
    }
}

/// What tells it from another one.
pub(super) fn essence(properties: &Properties) -> Properties {
    let counts = |name: &&String| !REMARKS.contains(&name.as_str());
    let kept = properties.iter().filter(|(name, _)| counts(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What a change does to a catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// What it makes or changes, as it is afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Object>,
    /// What it takes away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<ObjectName>,
}

impl Delta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.gone.is_empty()
    }
}
