//! One line of a delta checklist.

use std::fmt;

use serde::Serialize;

use super::object::ObjectName;
use crate::severity::Severity;

/// What distinguishes a database from what is expected of it, and what to do about it.
///
/// Prints as an entry of a checklist: what it is, and below it the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// What it is about, by its expected name where it has one.
    pub object: ObjectName,
    /// What is the matter.
    pub finding: Finding,
    /// How bad that is.
    pub severity: Severity,
    /// What to do.
    pub remedy: Remedy,
}

/// What is the matter with an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// It is expected and not there.
    Missing,
    /// It is there, and nothing says it should be.
    Extra,
    /// It is there although a migration has taken it away.
    Leftover {
        /// The name of the migration.
        since: String,
    },
    /// The catalog says something else of it.
    Differs {
        /// What: `type`, `nullable`, `definition`.
        property: String,
        /// What is expected; `None` where nothing is.
        expected: Option<String>,
        /// What is there; `None` where nothing is.
        actual: Option<String>,
    },
    /// What it does is there under another name, or as an object of another kind: a unique index
    /// for a unique constraint.
    Renamed {
        /// What is there.
        actual: ObjectName,
    },
}

/// What to do about a [`Difference`]. Either part may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Remedy {
    /// What to know or to decide.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
    /// Statements that remove the difference and lose nothing, in this order, each by itself: some
    /// cannot run in a transaction block.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sql: Vec<String>,
}

impl Remedy {
    pub(crate) fn advice(advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), sql: Vec::new() }
    }

    pub(crate) fn sql(sql: impl IntoIterator<Item = String>) -> Self {
        Self { advice: String::new(), sql: sql.into_iter().collect() }
    }

    pub(crate) fn but(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.advice.is_empty() {
            write!(f, "\n      {}", self.advice)?;
        }
        for statement in &self.sql {
            write!(f, "\n      {};", statement.trim().trim_end_matches(';'))?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn brief(value: Option<&String>) -> String {
            match value {
                None => "nothing".to_owned(),
                Some(text) if text.contains('\n') => "another text".to_owned(),
                Some(text) => text.clone(),
            }
        }
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Extra => f.write_str("is not expected"),
            Self::Leftover { since } => write!(f, "is left over: {since} has taken it away"),
            Self::Differs { property, expected, actual } => {
                let (expected, actual) = (brief(expected.as_ref()), brief(actual.as_ref()));
                if expected == actual {
                    write!(f, "has another {property}")
                } else {
                    write!(f, "has {property} {actual} instead of {expected}")
                }
            }
            Self::Renamed { actual } => write!(f, "is there as {actual}"),
        }
    }
}

impl Difference {
    /// By which it can be named: `column public.orders.id: type`.
    ///
    /// ```
    /// # use planwright::verify::{Catalog, Object, ObjectKind, ObjectName, Properties, compare};
    /// let name = ObjectName::new(ObjectKind::Table, "public", "", "orders");
    /// let expected: Catalog = [Object { name, properties: Properties::new() }].into_iter().collect();
    /// let differences = compare(&expected, &Catalog::default());
    /// assert_eq!(differences[0].key(), "table public.orders: missing");
    /// ```
    pub fn key(&self) -> String {
        let what = match &self.finding {
            Finding::Missing => "missing",
            Finding::Extra => "extra",
            Finding::Leftover { .. } => "leftover",
            Finding::Differs { property, .. } => property,
            Finding::Renamed { .. } => "renamed",
        };
        format!("{}: {what}", self.object)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, finding, severity, remedy } = self;
        let mark = if *severity == Severity::Note { "-" } else { " " };
        write!(f, "[{mark}] {severity}: {object} {finding}{remedy}")
    }
}
