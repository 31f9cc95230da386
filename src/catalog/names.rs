//! Rules that an adopted database has under another name than the migrations gave them.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use crate::error::Result;

diesel::table! {
    planwright.adopted_names (schema_name, table_name, actual_name) {
        schema_name -> Text,
        table_name -> Text,
        actual_name -> Text,
        expected_name -> Text,
        context -> Text,
    }
}

/// An expression: whether there are such names to read. It fails for no role.
pub(crate) const ARE_READABLE: &str = "EXISTS (
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'planwright' AND c.relname = 'adopted_names'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))";

/// The name that a constraint or unique index has in this database, and the one that it has in the
/// migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Renamed {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) actual: String,
    pub(crate) expected: String,
}

/// All of them, by table and actual name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Arc<HashMap<(String, String), String>>);

impl Names {
    pub(crate) fn read(connection: &mut PgConnection) -> Result<Self> {
        use adopted_names::{actual_name, expected_name, table, table_name};
        let rows: Vec<((String, String), String)> =
            table.select(((table_name, actual_name), expected_name)).load(connection)?;
        Ok(Self(Arc::new(rows.into_iter().collect())))
    }

    /// All of them where there are any that may be read.
    pub(crate) fn read_where_readable(connection: &mut PgConnection) -> Result<Self> {
        let readable = diesel::dsl::sql::<diesel::sql_types::Bool>(ARE_READABLE);
        let readable = diesel::select(readable).get_result(connection)?;
        if readable { Self::read(connection) } else { Ok(Self::default()) }
    }

    /// What the migrations call a rule that an error names. Errors do not tell the schema.
    pub(crate) fn expected<'a>(&'a self, table: &str, actual: &'a str) -> &'a str {
        if self.0.is_empty() {
            return actual;
        }
        let key = (table.to_owned(), actual.to_owned());
        self.0.get(&key).map_or(actual, String::as_str)
    }
}

/// Writes down the names of a context, in place of what was written down of it before.
pub(crate) fn replace(
    connection: &mut PgConnection,
    context: &str,
    renamed: &[Renamed],
) -> QueryResult<()> {
    use adopted_names::dsl;
    diesel::delete(dsl::adopted_names.filter(dsl::context.eq(context))).execute(connection)?;
    let rows: Vec<_> = renamed
        .iter()
        .map(|one| {
            (
                dsl::schema_name.eq(&one.schema),
                dsl::table_name.eq(&one.table),
                dsl::actual_name.eq(&one.actual),
                dsl::expected_name.eq(&one.expected),
                dsl::context.eq(context),
            )
        })
        .collect();
    diesel::insert_into(dsl::adopted_names).values(&rows).execute(connection)?;
    Ok(())
}
