//! The guard of a held migration.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::locked::failed;
use super::migration::{Migration, known_statements};
use crate::error::{Error, Result};

#[derive(QueryableByName)]
struct Problem {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Text)]
    problem: String,
}

/// What the guard has against the migration.
pub(super) fn guard(connection: &mut PgConnection, migration: &Migration) -> Result<Option<Error>> {
    let Some(guard) = &migration.guard else { return Ok(None) };
    let query = known_statements(guard);
    let query = query.first().expect("a guard was checked when it was read").text;
    let wrapped = format!(
        "SELECT count(*) OVER () AS total, coalesce(problem::text, '') AS problem
         FROM (\n{query}\n) AS guard (problem) LIMIT 5"
    );
    let problems: Vec<Problem> = diesel::sql_query(wrapped)
        .load(connection)
        .map_err(|source| failed(migration, "its guard failed", source))?;
    Ok(problems.first().map(|first| {
        let lines: Vec<_> = problems.iter().map(|row| row.problem.as_str()).collect();
        let more = if first.total > 5 { "; …" } else { "" };
        let what = format!(
            "refused by its guard, which lists {}: {}{more}",
            first.total,
            lines.join("; ")
        );
        Error::migration(&*migration.name, what, None)
    }))
}
