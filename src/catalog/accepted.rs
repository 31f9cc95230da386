//! Differences that were accepted when a database was adopted.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::{Value, json};

use super::difference::{Difference, Finding};
use super::object::{Catalog, essence};
use crate::error::Result;

diesel::table! {
    planwright.accepted_differences (key) {
        key -> Text,
        context -> Text,
        found -> Jsonb,
    }
}

/// An expression: whether there are such differences to read. It fails for no role.
const ARE_READABLE: &str = "EXISTS (
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'planwright' AND c.relname = 'accepted_differences'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))";

/// A difference as it was found: by its key, and everything that makes it this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    key: String,
    found: Value,
}

impl Accepted {
    /// Of what nobody expects it counts what it is, too.
    pub(crate) fn new(difference: &Difference, live: &Catalog) -> Self {
        let is = match difference.finding {
            Finding::Extra | Finding::Leftover { .. } => live.get(&difference.object),
            _ => None,
        };
        let found = json!({ "finding": difference.finding, "is": is.map(essence) });
        Self { key: difference.key(), found }
    }
}

/// Whether a difference was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    /// It was, and is the same.
    Same,
    /// Another one of this key was.
    Changed,
}

/// All that were accepted, by key.
#[derive(Debug, Default)]
pub(crate) struct AllAccepted(HashMap<String, Value>);

impl AllAccepted {
    /// Where there are any that may be read.
    pub(crate) fn read_where_readable(connection: &mut PgConnection) -> Result<Self> {
        use accepted_differences::{found, key, table};
        let readable = diesel::select(diesel::dsl::sql::<Bool>(ARE_READABLE));
        if !readable.get_result(connection)? {
            return Ok(Self::default());
        }
        let rows: Vec<(String, Value)> = table.select((key, found)).load(connection)?;
        Ok(Self(rows.into_iter().collect()))
    }

    pub(crate) fn knows(&self, difference: &Difference, live: &Catalog) -> Known {
        let now = Accepted::new(difference, live);
        match self.0.get(&now.key) {
            None => Known::No,
            Some(found) if *found == now.found => Known::Same,
            Some(_) => Known::Changed,
        }
    }
}

/// Writes down what was accepted of a context, in place of what was written down of it before.
pub(crate) fn replace(
    connection: &mut PgConnection,
    context: &str,
    accepted: &[Accepted],
) -> QueryResult<()> {
    use accepted_differences::dsl;
    diesel::delete(dsl::accepted_differences.filter(dsl::context.eq(context)))
        .execute(connection)?;
    let rows: Vec<_> = accepted
        .iter()
        .map(|one| (dsl::key.eq(&one.key), dsl::context.eq(context), dsl::found.eq(&one.found)))
        .collect();
    diesel::insert_into(dsl::accepted_differences).values(&rows).execute(connection)?;
    Ok(())
}
