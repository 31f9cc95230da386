//! Views that stand for tables which have moved.

use diesel::prelude::*;
use serde::Deserialize;

use super::look::MARK;
use super::plan::{Reference, Standing};
use crate::catalog::Remedy;
use crate::catalog::moving::{self, Columns};
use crate::error::Result;
use crate::ident::{Ident, Literal};

#[derive(Debug, Deserialize)]
struct Granted {
    /// Empty for everybody.
    role: String,
    privilege: String,
    column: Option<String>,
    grantable: bool,
}

/// The statements that make a view of each of these tables, which are in the target by then. The
/// columns are named, so that they may be told apart later; whoever may use the table may use the
/// view, and no more: privileges and row security are those of the caller.
pub(super) fn create(
    connection: &mut PgConnection,
    tables: &[u32],
    (source, target): (&str, &str),
) -> Result<Vec<String>> {
    let mut sql = Vec::new();
    for Columns { table, names, grants } in moving::columns(connection, tables)? {
        let columns: Vec<_> = names.iter().map(|name| Ident(name).to_string()).collect();
        let view = format!("{}.{}", Ident(source), Ident(&table));
        let columns = columns.join(", ");
        sql.push(format!(
            "CREATE VIEW {view} WITH (security_invoker = true) AS SELECT {columns} FROM {}.{}",
            Ident(target),
            Ident(&table)
        ));
        let comment = format!(
            "{MARK}: stands for {target}.{table} until its readers and writers know of the move"
        );
        sql.push(format!(
            "COMMENT ON VIEW {}.{} IS {}",
            Ident(source),
            Ident(&table),
            Literal(&comment)
        ));
        let grants: Vec<Granted> =
            serde_json::from_value(grants).expect("the server writes what it was told to");
        for Granted { role, privilege, column, grantable } in grants {
            let role = if role.is_empty() { "PUBLIC".to_owned() } else { Ident(&role).to_string() };
            let column = column.map(|column| format!(" ({})", Ident(&column))).unwrap_or_default();
            let option = if grantable { " WITH GRANT OPTION" } else { "" };
            sql.push(format!("GRANT {privilege}{column} ON {view} TO {role}{option}"));
        }
    }
    Ok(sql)
}

/// Whom the views will not serve: who asks by a view needs SELECT on each of its columns.
pub(super) fn not_served(connection: &mut PgConnection, tables: &[u32]) -> Result<Vec<Reference>> {
    let mut found = Vec::new();
    for Columns { table, grants, .. } in moving::columns(connection, tables)? {
        let grants: Vec<Granted> =
            serde_json::from_value(grants).expect("the server writes what it was told to");
        let mut roles: Vec<_> =
            grants.into_iter().filter(|one| one.column.is_some()).map(|one| one.role).collect();
        roles.dedup();
        found.extend(roles.into_iter().map(|role| Reference {
            kind: "column privileges of".to_owned(),
            name: if role.is_empty() { "PUBLIC".to_owned() } else { role },
            to: vec![table.clone()],
            standing: Standing::Noted,
            remedy: Remedy::advice(
                "They stay with the table. The compatibility view, which asks as its caller, \
                 needs SELECT on all columns of the table.",
            ),
        }));
    }
    Ok(found)
}

/// The statement that drops views, which fails where something leans on one.
pub(super) fn drop<'n>(schema: &str, views: impl Iterator<Item = &'n str>) -> Vec<String> {
    views.map(|view| format!("DROP VIEW {}.{}", Ident(schema), Ident(view))).collect()
}
