//! The enums of the context, each with the labels and in the order of the database.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use serde::{Deserialize, Serialize};

use super::schema::feature_planner::sql_types;
use crate::error::{Error, Result};

/// Declares enums that have the name of their type in `sql_types`.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $label:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            Serialize, Deserialize, AsExpression, FromSqlRow,
        )]
        #[diesel(sql_type = sql_types::$name)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $label)] $variant,)*
        }

        impl $name {
            /// Every one, in the database's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the database calls it.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.label())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            ///
            /// [`Error::Invalid`] for any other text.
            fn from_str(text: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|one| one.label() == text).ok_or_else(|| {
                    let entity = concat!("feature_planner::", stringify!($name));
                    Error::invalid(entity, "label", format!("there is no {text:?}"))
                })
            }
        }

        impl FromSql<sql_types::$name, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }

        impl ToSql<sql_types::$name, Pg> for $name {
            fn to_sql(&self, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
                out.write_all(self.label().as_bytes())?;
                Ok(IsNull::No)
            }
        }
    )*};
}

labels! {
    /// How much there is to a plan.
    Complexity {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }

    /// How sure an agent is.
    ConfidenceLevel {
        /// Very.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Hardly.
        Low = "low",
    }

    /// How much an agent expects to change.
    EstimatedScope {
        /// A little.
        Small = "small",
        /// Something.
        Medium = "medium",
        /// A lot.
        Large = "large",
    }

    /// Which part of the work a log entry belongs to.
    ExecutionStep {
        /// The request is said precisely.
        Refinement = "refinement",
        /// The files are found.
        Discovery = "discovery",
        /// The work is planned.
        Planning = "planning",
    }

    /// How far a discovery is.
    FileDiscoveryStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
    }

    /// How much a file matters to a plan, the most first.
    FilePriority {
        /// Nothing works without it.
        Critical = "critical",
        /// Much.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Little.
        Low = "low",
    }

    /// How far a generation is.
    ImplementationPlanStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
    }

    /// How far a feature plan is.
    PlanStatus {
        /// It has not begun.
        Draft = "draft",
        /// Its request is being refined.
        Refining = "refining",
        /// Its files are being found.
        Discovering = "discovering",
        /// Its work is being planned.
        Planning = "planning",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing, and may be refined again.
        Failed = "failed",
        /// It was given up. Final.
        Cancelled = "cancelled",
    }

    /// How far a refinement is.
    RefinementStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
        /// It was given up. Final.
        Cancelled = "cancelled",
    }

    /// How much can go wrong with a plan.
    RiskLevel {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }

    /// How hard an agent expects the work to be.
    TechnicalComplexity {
        /// Very.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Hardly.
        Low = "low",
    }
}
