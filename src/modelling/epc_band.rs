//! EPC bands.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Bpchar;
use serde::{Deserialize, Serialize};

/// An EPC band, A the best.
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
#[diesel(sql_type = Bpchar)]
#[allow(missing_docs)]
pub enum EpcBand {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
}

impl EpcBand {
    const ALL: [(Self, &'static str); 7] = [
        (Self::A, "A"),
        (Self::B, "B"),
        (Self::C, "C"),
        (Self::D, "D"),
        (Self::E, "E"),
        (Self::F, "F"),
        (Self::G, "G"),
    ];

    /// Its letter.
    pub fn letter(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl FromSql<Bpchar, Pg> for EpcBand {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let letter = std::str::from_utf8(value.as_bytes())?;
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == letter)
            .map(|(band, _)| band)
            .ok_or_else(|| format!("{letter:?} is no EPC band").into())
    }
}
