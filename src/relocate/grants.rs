//! Who may use what has moved.

use diesel::prelude::*;
use serde::Serialize;

use crate::catalog::moving::{self, Lacking, RoleUse};
use crate::error::{Problem, Result};
use crate::ident::Ident;

/// What a role is to be allowed in the schema that is moved to, beyond what it has: nothing until
/// said.
///
/// # Example
///
/// ```
/// use planwright::relocate::Grants;
///
/// let app = Grants::to("app").usage().dml().sequences().default_privileges();
/// # let _ = app;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
#[allow(clippy::struct_excessive_bools)] // a list of what is wanted
pub struct Grants {
    role: String,
    usage: bool,
    dml: bool,
    sequences: bool,
    default_privileges: bool,
}

impl Grants {
    /// Nothing yet, to this role.
    pub fn to(role: impl Into<String>) -> Self {
        let role = role.into();
        Self { role, usage: false, dml: false, sequences: false, default_privileges: false }
    }

    /// USAGE of the schema.
    pub fn usage(self) -> Self {
        Self { usage: true, ..self }
    }

    /// SELECT, INSERT, UPDATE and DELETE on the tables of the move.
    pub fn dml(self) -> Self {
        Self { dml: true, ..self }
    }

    /// USAGE of the sequences that go with the tables.
    pub fn sequences(self) -> Self {
        Self { sequences: true, ..self }
    }

    /// With [`dml`](Self::dml) and [`sequences`](Self::sequences): the same on tables and sequences
    /// that the role which moves makes in the schema later.
    pub fn default_privileges(self) -> Self {
        Self { default_privileges: true, ..self }
    }

    fn sql(&self, lacking: &Lacking, schema: &str) -> Vec<String> {
        let role = &*self.role;
        let mut sql = Vec::new();
        if self.usage && lacking.usage {
            sql.push(format!("GRANT USAGE ON SCHEMA {} TO {}", Ident(schema), Ident(role)));
        }
        for table in lacking.tables.iter().filter(|_| self.dml) {
            sql.push(format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {}.{} TO {}",
                Ident(schema),
                Ident(table),
                Ident(role)
            ));
        }
        for sequence in lacking.sequences.iter().filter(|_| self.sequences) {
            sql.push(format!(
                "GRANT USAGE ON SEQUENCE {}.{} TO {}",
                Ident(schema),
                Ident(sequence),
                Ident(role)
            ));
        }
        if self.default_privileges && self.dml && lacking.default_tables {
            sql.push(format!(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT, INSERT, UPDATE, DELETE \
                 ON TABLES TO {}",
                Ident(schema),
                Ident(role)
            ));
        }
        if self.default_privileges && self.sequences && lacking.default_sequences {
            sql.push(format!(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT USAGE ON SEQUENCES TO {}",
                Ident(schema),
                Ident(role)
            ));
        }
        sql
    }
}

/// The statements that give what is lacking, and what stands against them.
pub(super) fn wanted(
    connection: &mut PgConnection,
    grants: &[Grants],
    schema: &str,
    tables: &[u32],
    sequences: &[u32],
) -> Result<(Vec<String>, Vec<Problem>)> {
    let (mut sql, mut problems) = (Vec::new(), Vec::new());
    if grants.is_empty() {
        return Ok((sql, problems));
    }
    let roles: Vec<_> = grants.iter().map(|one| one.role.as_str()).collect();
    let lacking = moving::lacking(connection, &roles, schema, [tables, sequences])?;
    for (one, lacking) in grants.iter().zip(&lacking) {
        if lacking.exists {
            sql.extend(one.sql(lacking, schema));
        } else {
            let field = format!("role {}", lacking.role);
            problems.push(Problem { field, reason: "does not exist: create it first".to_owned() });
        }
    }
    Ok((sql, problems))
}

/// Who uses what moves, and may not use the schema it is in then.
pub(super) fn locked_out(uses: &[RoleUse]) -> impl Iterator<Item = &RoleUse> {
    uses.iter().filter(|one| !one.may_use && one.makes_it != Some(true))
}

/// As GRANT takes it.
pub(super) fn grantee(one: &RoleUse) -> String {
    if one.everybody { "PUBLIC".to_owned() } else { Ident(&one.role).to_string() }
}

pub(super) fn usage(schema: &str, one: &RoleUse) -> String {
    if one.everybody {
        format!("GRANT USAGE ON SCHEMA {} TO PUBLIC", Ident(schema))
    } else {
        format!("GRANT USAGE ON SCHEMA {} TO {}", Ident(schema), Ident(&one.role))
    }
}
