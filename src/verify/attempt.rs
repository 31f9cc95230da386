//! Statements that are to be refused, tried and taken back.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::unit_of_work::UnitOfWork;

/// A statement to try.
#[derive(Debug, Serialize)]
pub(super) struct Attempt {
    pub(super) sql: String,
    pub(super) in_replica_mode: bool,
    /// Whose refusal it is.
    #[serde(skip)]
    pub(super) place: usize,
}

/// What a try was answered.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// The SQLSTATE: `00000` where it was done.
    state: String,
    /// How many rows it changed. TRUNCATE says none.
    pub(super) rows: i64,
    /// Of an error, where it names them.
    table: String,
    constraint: String,
    pub(super) message: String,
}

impl Answer {
    pub(super) fn is_done(&self) -> bool {
        self.state == "00000"
    }

    /// Whether it got no lock, by a timeout or as a victim of others.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state.as_str(), "55P03" | "40P01")
    }

    /// Whether a trigger of this table has refused it, as `Error::Immutable` is told.
    pub(super) fn is_refusal_of(&self, table: &str) -> bool {
        self.state == "23001" && self.table == table && self.constraint.ends_with("_immutable")
    }
}

/// Tries them in this order, in three round trips. Each is taken back, and its locks with it.
pub(super) fn answers(uow: &mut UnitOfWork<'_>, attempts: &[Attempt]) -> Result<Vec<Answer>> {
    #[derive(QueryableByName)]
    struct Told {
        #[diesel(sql_type = Text)]
        told: String,
    }
    let attempts = serde_json::to_string(attempts).expect("text and truth values are JSON");
    diesel::sql_query("SELECT set_config('planwright.attempts', $1, true)")
        .bind::<Text, _>(attempts)
        .execute(uow.connection())?;
    uow.connection().batch_execute(include_str!("attempts.sql"))?;
    let told: Told = diesel::sql_query("SELECT current_setting('planwright.attempts') AS told")
        .get_result(uow.connection())?;
    Ok(serde_json::from_str(&told.told).expect("the server writes what it was told to"))
}
