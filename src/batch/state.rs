//! `planwright.jobs`: how far each job is.

use chrono::{DateTime, Utc};
use diesel::dsl::{now, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use serde_json::Value;

use super::report::{Phase, Status};
use crate::error::{Error, Result};

diesel::table! {
    planwright.jobs (name) {
        name -> Text,
        phase -> Text,
        pass -> Integer,
        pass_ended -> Bool,
        cursor -> Nullable<Jsonb>,
        rows_done -> BigInt,
        rows_estimated -> Nullable<BigInt>,
        batch_size -> Integer,
        revision -> BigInt,
        started_at -> Timestamptz,
        updated_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        error -> Nullable<Text>,
    }
}

pub(super) const TABLE: &str = "planwright.jobs";

/// A row, as it is stored.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = jobs)]
pub(super) struct Row {
    pub(super) name: String,
    phase: String,
    pub(super) pass: i32,
    pub(super) pass_ended: bool,
    pub(super) cursor: Option<Value>,
    pub(super) rows_done: i64,
    rows_estimated: Option<i64>,
    pub(super) batch_size: i32,
    pub(super) revision: i64,
    started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    error: Option<String>,
}

impl Row {
    pub(super) fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }

    pub(super) fn rows_done(&self) -> u64 {
        unsigned(self.rows_done)
    }

    pub(super) fn rows_estimated(&self) -> Option<u64> {
        self.rows_estimated.map(unsigned)
    }

    pub(super) fn pass(&self) -> u32 {
        u32::try_from(self.pass).unwrap_or_default()
    }

    pub(super) fn batch_size(&self) -> u32 {
        u32::try_from(self.batch_size).unwrap_or_default()
    }

    /// This row in another phase.
    pub(super) fn to(&self, phase: Phase) -> Change {
        Change {
            phase: phase.name(),
            pass: self.pass,
            pass_ended: self.pass_ended,
            cursor: self.cursor.clone(),
            rows_done: self.rows_done,
            batch_size: self.batch_size,
            error: None,
        }
    }

    pub(super) fn into_status(self, runner: Option<String>) -> Result<Status> {
        let phase = Phase::ALL.into_iter().find(|phase| phase.name() == self.phase);
        let phase = phase.ok_or_else(|| Error::Verification {
            what: format!("the job {} is {}, which a later release knows", self.name, self.phase),
        })?;
        Ok(Status {
            phase,
            pass: self.pass(),
            rows_done: self.rows_done(),
            rows_estimated: self.rows_estimated(),
            batch_size: self.batch_size(),
            name: self.name,
            cursor: self.cursor,
            started_at: self.started_at,
            updated_at: self.updated_at,
            finished_at: self.finished_at,
            error: self.error,
            runner,
        })
    }
}

/// The rows of all jobs, by name.
pub(super) fn all(connection: &mut PgConnection) -> Result<Vec<Row>> {
    Ok(Row::query().order(jobs::name).load(connection)?)
}

pub(super) fn find(connection: &mut PgConnection, name: &str) -> Result<Option<Row>> {
    Ok(Row::query().filter(jobs::name.eq(name)).first(connection).optional()?)
}

/// What stands for the row that another runner, which has just begun, has not written yet.
pub(super) fn to_come(connection: &mut PgConnection, name: &str) -> Result<Row> {
    let begun = diesel::select(now.into_sql::<Timestamptz>()).get_result(connection)?;
    Ok(Row {
        name: name.to_owned(),
        phase: Phase::Running.name().to_owned(),
        pass: 1,
        pass_ended: false,
        cursor: None,
        rows_done: 0,
        rows_estimated: None,
        batch_size: 0,
        revision: 0,
        started_at: begun,
        updated_at: begun,
        finished_at: None,
        error: None,
    })
}

/// The row, which nobody else changes until the transaction ends.
pub(super) fn lock(connection: &mut PgConnection, name: &str) -> Result<Option<Row>> {
    Ok(Row::query().filter(jobs::name.eq(name)).for_update().first(connection).optional()?)
}

/// Locks the row for a batch, and refuses where another runner has written it: this one has lost
/// the session that held the job's lock, and does not know.
pub(super) fn fence(connection: &mut PgConnection, row: &Row) -> Result<()> {
    let found = jobs::table
        .find(&row.name)
        .select(jobs::revision)
        .for_update()
        .first::<i64>(connection)
        .optional()?;
    match found {
        None => Err(Error::not_found("Job", &row.name)),
        Some(found) if found == row.revision => Ok(()),
        Some(found) => Err(Error::Stale {
            entity: "Job",
            key: row.name.clone(),
            expected: format!("revision {}", row.revision),
            actual: format!("revision {found}, of another runner,"),
        }),
    }
}

/// Writes a job down that begins.
///
/// Where there was a row that somebody has removed, the new revision is one that the old row has
/// never had: each change is a transaction, so their number is ahead of every revision.
pub(super) fn begin(
    connection: &mut PgConnection,
    name: &str,
    rows_estimated: Option<u64>,
    batch_size: u32,
) -> Result<Row> {
    let fresh = (
        jobs::phase.eq(Phase::Running.name()),
        jobs::pass.eq(1),
        jobs::pass_ended.eq(false),
        jobs::cursor.eq(None::<Value>),
        jobs::rows_done.eq(0),
        jobs::rows_estimated.eq(rows_estimated.map(signed)),
        jobs::batch_size.eq(signed_size(batch_size)),
        jobs::started_at.eq(now),
        jobs::updated_at.eq(now),
        jobs::finished_at.eq(None::<DateTime<Utc>>),
        jobs::error.eq(None::<String>),
    );
    let row = diesel::insert_into(jobs::table)
        .values((
            jobs::name.eq(name),
            jobs::revision.eq(sql::<BigInt>("pg_current_xact_id()::text::bigint")),
            fresh.clone(),
        ))
        .on_conflict(jobs::name)
        .do_update()
        .set((fresh, jobs::revision.eq(jobs::revision + 1)))
        .returning(Row::as_returning())
        .get_result(connection)?;
    Ok(row)
}

/// What a runner writes into the row of its job.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(super) struct Change {
    pub(super) phase: &'static str,
    pub(super) pass: i32,
    pub(super) pass_ended: bool,
    pub(super) cursor: Option<Value>,
    pub(super) rows_done: i64,
    pub(super) batch_size: i32,
    pub(super) error: Option<String>,
}

/// Changes a row that still is as this runner has written it. `None` where it is not.
pub(super) fn change(
    connection: &mut PgConnection,
    row: &Row,
    change: &Change,
) -> Result<Option<Row>> {
    let row = diesel::update(jobs::table.find(&row.name))
        .filter(jobs::revision.eq(row.revision))
        .set((change, jobs::revision.eq(row.revision + 1), jobs::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .optional()?;
    Ok(row)
}

/// Writes down that everything is done. The caller has locked the row.
pub(super) fn finish(connection: &mut PgConnection, row: &Row) -> Result<Row> {
    let finished = (
        row.to(Phase::Finished),
        jobs::revision.eq(row.revision + 1),
        jobs::updated_at.eq(now),
        jobs::finished_at.eq(now),
    );
    let row = diesel::update(jobs::table.find(&row.name))
        .set(finished)
        .returning(Row::as_returning())
        .get_result(connection)?;
    Ok(row)
}

pub(super) fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

pub(super) fn signed_size(rows: u32) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
