//! What is asked of a held migration before it runs: its guard, and the caller's statement.

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

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Asks the caller for the statement that the migration waits for, with what the database shows.
/// `call` is the call that has made the runner.
pub(super) fn unstated(
    connection: &mut PgConnection,
    migration: &Migration,
    call: &str,
) -> Result<Option<Error>> {
    let (Some(confirm), Some(evidence)) = (&migration.confirm, &migration.evidence) else {
        return Ok(None);
    };
    let query = known_statements(evidence);
    let query = query.first().expect("the evidence was checked when it was read").text;
    let lines: Vec<Line> = diesel::sql_query(format!(
        "SELECT coalesce(line::text, '') AS line FROM (\n{query}\n) AS evidence (line) LIMIT 20"
    ))
    .load(connection)
    .map_err(|source| failed(migration, "its evidence failed", source))?;
    let lines: Vec<_> = lines.iter().map(|row| row.line.as_str()).collect();
    let what = format!(
        "asks for the statement {confirm}. The database shows: {}. Where the statement holds, call \
         `{call}.confirm(\"{confirm}\").contract(\"{migration}\")`",
        lines.join("; ")
    );
    Ok(Some(Error::migration(&*migration.name, what, None)))
}
