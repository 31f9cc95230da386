//! The columns of tables and views.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::error::Result;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The columns of `relation`, qualified and quoted where need be, that are stored and not computed,
/// in the order of their names' bytes.
pub(crate) fn stored(connection: &mut PgConnection, relation: &str) -> Result<Vec<String>> {
    let columns = diesel::sql_query(
        "SELECT a.attname::text AS name
         FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
           AND a.attgenerated = ''
         ORDER BY a.attname::text COLLATE \"C\"",
    )
    .bind::<Text, _>(relation);
    let columns: Vec<Column> = columns.load(connection)?;
    Ok(columns.into_iter().map(|column| column.name).collect())
}
