//! How far a thing is.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use serde::{Deserialize, Serialize};

use super::schema::sql_types::CutoverStatus;
use crate::error::{Error, Result};

/// How far a master plan, migration or iteration is.
///
/// ```text
/// Planning -> InProgress -> Completed
///     \           \
///      `-----------`-----> Cancelled
/// ```
///
/// # Example
///
/// ```
/// use planwright::cutover::Status;
///
/// assert!(Status::Planning.may_become(Status::InProgress));
/// assert!(!Status::Completed.may_become(Status::Cancelled));
/// assert_eq!(Status::InProgress.to_string(), "IN_PROGRESS");
/// assert_eq!("CANCELLED".parse::<Status>()?, Status::Cancelled);
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[diesel(sql_type = CutoverStatus)]
pub enum Status {
    /// It has not begun.
    Planning,
    /// It has begun.
    InProgress,
    /// It is done. Final.
    Completed,
    /// It was given up. Final.
    Cancelled,
}

impl Status {
    /// Every status, in the database's order.
    pub const ALL: [Self; 4] = [Self::Planning, Self::InProgress, Self::Completed, Self::Cancelled];

    /// What the database calls it.
    pub fn label(self) -> &'static str {
        ["PLANNING", "IN_PROGRESS", "COMPLETED", "CANCELLED"][self as usize]
    }

    /// Whether nothing follows it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether this one may follow.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Planning, Self::InProgress)
                | (Self::InProgress, Self::Completed)
                | (Self::Planning | Self::InProgress, Self::Cancelled)
        )
    }

    /// Refuses a step that there is not, before the server is asked.
    pub(super) fn check_step(
        self,
        next: Self,
        entity: &'static str,
        key: impl fmt::Display,
    ) -> Result<()> {
        if self.may_become(next) {
            return Ok(());
        }
        Err(Error::InvalidTransition {
            entity,
            key: key.to_string(),
            from: self.to_string(),
            to: next.to_string(),
        })
    }

    /// This is what the caller saw, and `now` is what another one has made of it.
    pub(super) fn lost(self, entity: &'static str, key: impl fmt::Display, now: Self) -> Error {
        Error::conflict(entity, key, format!("is {now} by now, and not {self}"))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl FromStr for Status {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`] for any other text.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|status| status.label() == text).ok_or_else(|| {
            Error::invalid("cutover::Status", "label", format!("there is no status {text:?}"))
        })
    }
}

impl FromSql<CutoverStatus, Pg> for Status {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
    }
}

impl ToSql<CutoverStatus, Pg> for Status {
    fn to_sql(&self, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
        out.write_all(self.label().as_bytes())?;
        Ok(IsNull::No)
    }
}
