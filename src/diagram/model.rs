//! What is drawn.

use super::definition::Qualified;

/// Tables and views, and what leads from one to the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Model {
    /// In the order of their names; those outside at the end.
    pub(super) relations: Vec<Relation>,
    pub(super) links: Vec<Link>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) name: Qualified,
    pub(super) kind: RelationKind,
    /// The first sentence of its comment.
    pub(super) comment: Option<String>,
    /// What sets it apart: `immutable`.
    pub(super) marks: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Keys of several columns or some rows, labels of enum types.
    pub(super) notes: Vec<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RelationKind {
    Table,
    View,
    /// One that a table refers to, and that is not of the diagram.
    Outside,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) of_type: String,
    pub(super) primary: bool,
    pub(super) foreign: bool,
    pub(super) unique: bool,
    /// `null`, `generated`
    pub(super) remarks: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// The column that it begins with.
    pub(super) column: Option<String>,
    pub(super) text: String,
}

/// From the referring relation to the other one, as places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// A view reads it.
    Reads,
    ForeignKey {
        columns: Vec<String>,
        referenced: Vec<String>,
        /// A row may refer to nothing.
        optional: bool,
        /// No two rows refer to the same one.
        unique: bool,
        /// `ON DELETE CASCADE`, `not validated`
        remarks: Vec<String>,
    },
}

impl Link {
    /// Whether a view reads what it leads to.
    pub(super) fn reads(&self) -> bool {
        self.how == How::Reads
    }
}

/// A relation as people name it: without `public`, and with quotes where a point would mislead.
pub(super) fn label((schema, name): &Qualified) -> String {
    let part = |name: &str| {
        let quoted = name.contains(['.', '"']);
        if quoted { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
    };
    if schema == "public" { part(name) } else { format!("{}.{}", part(schema), part(name)) }
}

impl Model {
    pub(super) fn place(&self, name: &Qualified) -> Option<usize> {
        self.relations.iter().position(|relation| relation.name == *name)
    }

    /// The place of a relation, which is taken in if it is outside.
    pub(super) fn place_of(&mut self, name: Qualified) -> usize {
        self.place(&name).unwrap_or_else(|| {
            self.relations.push(Relation {
                name,
                kind: RelationKind::Outside,
                comment: None,
                marks: Vec::new(),
                columns: Vec::new(),
                notes: Vec::new(),
            });
            self.relations.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_relations_have_one_label() {
        let of = |schema: &str, name: &str| label(&(schema.to_owned(), name.to_owned()));
        assert_eq!(of("public", "plan"), "plan");
        assert_eq!(of("planwright", "jobs"), "planwright.jobs");
        assert_eq!(of("public", "a.b"), "\"a.b\"");
        assert_eq!(of("a", "b"), "a.b");
        assert_eq!(of("a\"", "b"), "\"a\"\"\".b");
    }
}
