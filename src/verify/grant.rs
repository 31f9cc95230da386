//! What a role needs, declared by the context that needs it.

use serde::Serialize;

use crate::catalog::Privilege;
use crate::ident::Ident;

/// Something that a role is to be allowed.
///
/// # Example
///
/// ```
/// use planwright::meal_planning;
///
/// for grant in meal_planning::GRANTS {
///     println!("{};", grant.to("app")); // GRANT USAGE ON SCHEMA "public" TO "app";
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grant {
    /// USAGE of a schema.
    Schema {
        /// Its name.
        name: &'static str,
    },
    /// Privileges on a table or view.
    Table {
        /// Its schema.
        schema: &'static str,
        /// Its name.
        name: &'static str,
        /// What.
        privileges: &'static [Privilege],
    },
    /// UPDATE of some columns of a table.
    Columns {
        /// Its schema.
        schema: &'static str,
        /// Its name.
        table: &'static str,
        /// The columns.
        columns: &'static [&'static str],
    },
    /// USAGE of a sequence: for who draws from it by name. An INSERT into a table with an identity
    /// column needs none.
    Sequence {
        /// Its schema.
        schema: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// EXECUTE of a function, which everybody has unless it was revoked.
    Function {
        /// Its schema.
        schema: &'static str,
        /// Its name.
        name: &'static str,
        /// The types of its arguments, as SQL writes them: `bigint, text`.
        arguments: &'static str,
    },
}

impl Grant {
    /// The statement that gives it to a role.
    pub fn to(&self, role: &str) -> String {
        let of = |schema: &str, name: &str| {
            [Ident(schema).to_string(), Ident(name).to_string()].join(".")
        };
        let on = match *self {
            Self::Schema { name } => ["USAGE ON SCHEMA ", &Ident(name).to_string()].concat(),
            Self::Table { schema, name, privileges } => {
                let what: Vec<_> = privileges.iter().map(ToString::to_string).collect();
                [&what.join(", "), " ON ", &of(schema, name)].concat()
            }
            Self::Columns { schema, table, columns } => {
                let what: Vec<_> = columns.iter().map(|one| Ident(one).to_string()).collect();
                ["UPDATE (", &what.join(", "), ") ON ", &of(schema, table)].concat()
            }
            Self::Sequence { schema, name } => ["USAGE ON SEQUENCE ", &of(schema, name)].concat(),
            Self::Function { schema, name, arguments } => {
                ["EXECUTE ON FUNCTION ", &of(schema, name), "(", arguments, ")"].concat()
            }
        };
        ["GRANT ", &on, " TO ", &Ident(role).to_string()].concat()
    }
}
