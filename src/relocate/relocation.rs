//! What is to move, from where to where.

use serde::Serialize;

use crate::error::{Error, Result};

/// Tables and enum types that move together from one schema to another. A value that can be a
/// constant.
///
/// Names are those of the catalog, without quotes: `Odd "name"` is what SQL writes as
/// `"Odd ""name"""`.
///
/// # Example
///
/// ```
/// use planwright::relocate::Relocation;
///
/// const REPORTS: Relocation =
///     Relocation::new("public", "reports").tables(&["report", "report_line"]).types(&["format"]);
/// assert_eq!(REPORTS.to_string(), "public to reports");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Relocation<'a> {
    pub(super) source: &'a str,
    pub(super) target: &'a str,
    pub(super) tables: &'a [&'a str],
    pub(super) types: &'a [&'a str],
}

impl<'a> Relocation<'a> {
    /// Nothing yet, from one schema to the other.
    pub const fn new(source: &'a str, target: &'a str) -> Self {
        Self { source, target, tables: &[], types: &[] }
    }

    /// The tables. Their indexes, constraints, triggers, statistics and the sequences of their
    /// columns go with them.
    pub const fn tables(self, tables: &'a [&'a str]) -> Self {
        Self { tables, ..self }
    }

    /// The enum types.
    pub const fn types(self, types: &'a [&'a str]) -> Self {
        Self { types, ..self }
    }

    /// The way back.
    pub(super) fn reversed(self) -> Self {
        Self { source: self.target, target: self.source, ..self }
    }

    pub(super) fn schemas(&self) -> (&'a str, &'a str) {
        (self.source, self.target)
    }

    pub(super) fn check(&self) -> Result<()> {
        const ENTITY: &str = "relocate::Relocation";
        if self.tables.is_empty() && self.types.is_empty() {
            return Err(Error::invalid(ENTITY, "tables", "must name a table, or types a type"));
        }
        for (field, name) in [("source", self.source), ("target", self.target)] {
            check_name(field.to_owned(), name)?;
            if name.starts_with("pg_") || name == "information_schema" {
                return Err(Error::invalid(ENTITY, field, "must not be a schema of the server's"));
            }
        }
        if self.source == self.target {
            return Err(Error::invalid(ENTITY, "target", "must not be the source"));
        }
        for (field, names) in [("tables", self.tables), ("types", self.types)] {
            for (place, name) in names.iter().enumerate() {
                check_name(format!("{field}[{place}]"), name)?;
                if names[..place].contains(name) {
                    let reason = "is named twice";
                    return Err(Error::invalid(ENTITY, format!("{field}[{place}]"), reason));
                }
            }
        }
        Ok(())
    }
}

/// What the server would refuse, or cut off.
fn check_name(field: String, name: &str) -> Result<()> {
    const MOST_BYTES: usize = 63;
    let reason = if name.is_empty() {
        "must not be empty"
    } else if name.contains('\0') {
        "must not hold NUL"
    } else if name.len() > MOST_BYTES {
        "must have at most 63 bytes"
    } else {
        return Ok(());
    };
    Err(Error::invalid("relocate::Relocation", field, reason))
}

impl std::fmt::Display for Relocation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.source, self.target)
    }
}
