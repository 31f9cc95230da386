//! Entity-relationship diagrams of the catalog of a live database, as texts that
//! [Mermaid](https://mermaid.js.org) and [Graphviz](https://graphviz.org) draw.
//!
//! A diagram shows, of each table, its columns with their types, the marks `PK`, `FK` and `UQ`
//! (`UK` in Mermaid) and `null` where a column may be, keys of several columns or of some rows, and
//! what the columns of enum types may hold. A line is a foreign key, with crow's feet: the side of
//! the referring table is *one* where a key makes it so, the other one is *none or one* where a
//! column may be NULL; it says what a deletion does where that is more than to refuse it. Marked are
//! partitioned tables, and tables that are immutable: that have a trigger of the kind ENABLE ALWAYS
//! with a name that ends in `_immutable`. Where another such trigger stands beside it for DELETE,
//! rows are deleted by permit. Views stand apart, with dashed lines from what they read.

mod definition;
mod dot;
mod mermaid;
mod model;
mod reader;

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ObjectKind, ObjectName, Scope};
use crate::error::Result;
use crate::migrate::{Context, Migrations};
use crate::unit_of_work::UnitOfWork;
use model::Model;

/// A diagram of tables and views.
///
/// Equal catalogs give equal texts.
///
/// # Example
///
/// ```
/// use planwright::diagram::Diagram;
/// use planwright::testing::TestDatabase;
/// use planwright::verify::{Catalog, ObjectKind, ObjectName, Scope};
/// use planwright::Context;
///
/// let database = TestDatabase::new([Context::Core])?;
/// let catalog = database.store().read(|uow| Catalog::read(uow, &Scope::everything()))?;
/// let table = ObjectName::new(ObjectKind::Table, "planwright", "", "migrations");
/// let diagram = Diagram::of(&catalog, "history", [&table])?;
/// assert!(diagram.mermaid().contains("    bigint seq PK\n"));
/// assert!(diagram.dot().starts_with("digraph \"history\" {\n"));
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagram {
    title: String,
    model: Model,
    /// Of an overview: names, and places of relations.
    groups: Option<Vec<(String, Vec<usize>)>>,
}

impl Diagram {
    /// The tables and views of these names with all of their columns, and by name alone the tables
    /// that they refer to. What the catalog does not have is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Verification`](crate::Error::Verification) where a definition is not as a server
    /// writes it.
    pub fn of<'a>(
        catalog: &Catalog,
        title: impl Into<String>,
        relations: impl IntoIterator<Item = &'a ObjectName>,
    ) -> Result<Self> {
        Ok(Self { title: title.into(), model: Model::of(catalog, relations)?, groups: None })
    }

    /// The names of tables and views in groups, and the lines between them. A relation is in the
    /// first group that names it.
    ///
    /// # Errors
    ///
    /// Those of [`of`](Self::of).
    pub fn overview(
        catalog: &Catalog,
        title: impl Into<String>,
        groups: &[(String, Vec<ObjectName>)],
    ) -> Result<Self> {
        let model = Model::of(catalog, groups.iter().flat_map(|(_, members)| members))?;
        let mut taken = BTreeSet::new();
        let mut places = Vec::new();
        for (name, members) in groups {
            let own = |at: &usize| {
                let (schema, relation) = &model.relations[*at].name;
                members.iter().any(|name| name.schema == *schema && name.name == *relation)
            };
            let members: Vec<usize> =
                (0..model.relations.len()).filter(own).filter(|at| taken.insert(*at)).collect();
            if !members.is_empty() {
                places.push((name.clone(), members));
            }
        }
        Ok(Self { title: title.into(), model, groups: Some(places) })
    }

    /// What stands above it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// As Mermaid draws it: an entity-relationship diagram, or a flow chart for an overview.
    ///
    /// Mermaid takes less in the names of columns and types than PostgreSQL does. What it does not
    /// take is an underscore, and the name itself stands behind; a comma is U+201A, which looks
    /// like one.
    pub fn mermaid(&self) -> String {
        let mut text = String::new();
        let written = match &self.groups {
            None => mermaid::entities(self, &mut text),
            Some(groups) => mermaid::overview(self, groups, &mut text),
        };
        debug_assert!(written.is_ok(), "a String takes every text");
        text
    }

    /// As Graphviz draws it: `dot -Tpng`.
    pub fn dot(&self) -> String {
        let mut text = String::new();
        let written = match &self.groups {
            None => dot::entities(self, &mut text),
            Some(groups) => dot::overview(self, groups, &mut text),
        };
        debug_assert!(written.is_ok(), "a String takes every text");
        text
    }
}

/// The diagram of each of these contexts, by its name, and of all of them `overview`.
///
/// To a context belongs what one of its migrations makes, as far as the database has it: it is
/// drawn as it is, whichever of them are applied. A context that has nothing is left out.
///
/// # Errors
///
/// Those of [`Catalog::read`], of [`Migration::delta`](crate::migrate::Migration::delta) and of
/// [`Diagram::of`].
///
/// # Example
///
/// ```
/// use planwright::{Context, diagram, testing::TestDatabase};
///
/// let database = TestDatabase::new([Context::Core])?;
/// for diagram in database.store().read(|uow| diagram::contexts(uow, Context::ALL))? {
///     println!("{}.dot: {}", diagram.title(), diagram.dot());
/// }
/// # Ok::<(), planwright::Error>(())
/// ```
pub fn contexts(uow: &mut UnitOfWork<'_>, contexts: &[Context]) -> Result<Vec<Diagram>> {
    let catalog = Catalog::read(uow, &Scope::everything())?;
    let mut groups = Vec::new();
    for context in contexts {
        let members = made_by(*context)?;
        if members.iter().any(|name| catalog.get(name).is_some()) {
            groups.push((context.to_string(), members));
        }
    }
    let mut diagrams = Vec::new();
    for (name, members) in &groups {
        diagrams.push(Diagram::of(&catalog, name, members)?);
    }
    diagrams.push(Diagram::overview(&catalog, "overview", &groups)?);
    Ok(diagrams)
}

/// Every table and view that a migration of the context makes.
fn made_by(context: Context) -> Result<Vec<ObjectName>> {
    let mut names = BTreeSet::new();
    for migration in Migrations::embedded().of(&[context]) {
        names.extend(migration.delta()?.made.into_iter().map(|object| object.name));
    }
    names.retain(|name| matches!(name.kind, ObjectKind::Table | ObjectKind::View));
    Ok(names.into_iter().collect())
}
