//! What roles may do.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use serde::Serialize;

use super::difference::{Difference, Finding, Remedy};
use super::object::{ObjectKind, ObjectName};
use super::remedy::grant;
use crate::error::Result;
use crate::ident::Ident;
use crate::severity::Severity;
use crate::unit_of_work::UnitOfWork;

/// What a role may be allowed to do with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Privilege {
    /// SELECT.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl Privilege {
    /// What an application does: all of them.
    pub const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        })
    }
}

/// A privilege that a role needs: on a relation, or, where that is empty, on the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) role: String,
    pub(crate) schema: String,
    pub(crate) relation: String,
    pub(crate) privilege: String,
    /// Where it is needed of one column only.
    pub(crate) column: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    relation: String,
    /// What it is: a schema, a relation, or a sequence that an INSERT draws from.
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    missing: String,
    #[diesel(sql_type = Bool)]
    exists: bool,
}

/// What is not given of what is needed: a difference for each role and relation, in one query. Where
/// INSERT is needed, so is USAGE of the sequences that defaults of the table draw from.
pub(crate) fn missing_privileges(
    uow: &mut UnitOfWork<'_>,
    needs: &[Need],
) -> Result<Vec<Difference>> {
    if needs.is_empty() {
        return Ok(Vec::new());
    }
    let part = |of: fn(&Need) -> &str| -> Vec<&str> { needs.iter().map(of).collect() };
    let rows: Vec<Row> = diesel::sql_query(include_str!("privileges.sql"))
        .bind::<Array<Text>, _>(part(|need| &need.role))
        .bind::<Array<Text>, _>(part(|need| &need.schema))
        .bind::<Array<Text>, _>(part(|need| &need.relation))
        .bind::<Array<Text>, _>(part(|need| &need.privilege))
        .bind::<Array<Text>, _>(part(|need| &need.column))
        .load(uow.connection())?;
    Ok(rows.into_iter().map(difference).collect())
}

fn difference(row: Row) -> Difference {
    let Row { role, schema, relation, kind, missing, exists } = row;
    let object = if relation.is_empty() {
        ObjectName::new(ObjectKind::Grant, "", schema, &role)
    } else {
        ObjectName::new(ObjectKind::Grant, schema, relation, &role)
    };
    let remedy = Remedy::sql([grant(&object, &kind, &missing, &Ident(&role).to_string())]);
    let remedy = if exists { remedy } else { remedy.but("There is no such role yet.") };
    Difference { object, finding: Finding::Missing, severity: Severity::Error, remedy }
}
