//! Two fingerprints, and how what one of them has read is called in the other.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Content, Fingerprint, Source};
use crate::error::{Error, Result};

/// Where content went: which tables and columns have other names after a change.
///
/// See [`Fingerprint`] for an example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Mapping {
    tables: BTreeMap<String, String>,
    columns: BTreeMap<(String, String), String>,
    sources: BTreeMap<String, Source>,
}

impl Mapping {
    /// Nothing has another name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table or view `before` is called `after`, in the form of [`Source::table`].
    pub fn table(mut self, before: &str, after: &str) -> Self {
        let [before, after] = [before, after].map(|name| Source::table(name).name().to_owned());
        self.tables.insert(before, after);
        self
    }

    /// The column `before` of the source that *was* called `source` is called `after`.
    pub fn column(mut self, source: &str, before: &str, after: &str) -> Self {
        let source = Source::table(source).name().to_owned();
        self.columns.insert((source, before.to_owned()), after.to_owned());
        self
    }

    /// What the source `before` held is to be read from `after`, whose columns stand in the same
    /// order.
    pub fn source(mut self, before: &str, after: Source) -> Self {
        self.sources.insert(Source::table(before).name().to_owned(), after);
        self
    }

    /// Where the content of `source` is to be read after the change.
    pub fn apply(&self, source: &Source) -> Source {
        let name = source.name();
        if let Some(other) = self.sources.get(name) {
            return other.clone();
        }
        let column = |own: &str| {
            let key = (name.to_owned(), own.to_owned());
            self.columns.get(&key).cloned().unwrap_or(key.1)
        };
        source.renamed(self.tables.get(name).map_or(name, String::as_str), column)
    }
}

/// How two fingerprints differ. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Each source of the first one, then those that only the second one has.
    pub sources: Vec<Compared>,
}

/// How a source has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Compared {
    /// Its name before.
    pub name: String,
    /// Its name after, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// What came out.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What came out for a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The same rows.
    Equal {
        /// How many.
        rows: u64,
    },
    /// Rows are missing, or there are more.
    CountDiffers {
        /// How many there were.
        before: u64,
        /// How many there are.
        after: u64,
    },
    /// As many rows, of which at least one differs.
    ContentDiffers {
        /// How many there are.
        rows: u64,
    },
    /// Nothing can be said, as other columns were read, or hashes were made by other rules.
    Incomparable {
        /// What differs.
        why: String,
    },
    /// The second fingerprint has not read it.
    Missing,
    /// Only the second fingerprint has read it.
    Extra,
}

impl Fingerprint {
    /// Compares the content before a change with that after it.
    pub fn compare(&self, after: &Self) -> Comparison {
        self.compare_with(after, &Mapping::new())
    }

    /// The same where tables or columns have other names after it.
    pub fn compare_with(&self, after: &Self, mapping: &Mapping) -> Comparison {
        let mut sources = Vec::new();
        let mut seen = Vec::new();
        for content in &self.contents {
            let wanted = mapping.apply(&content.source);
            let (name, now) = (content.source.name(), wanted.name());
            let found = after.contents.iter().find(|other| other.source.name() == now);
            let verdict = match found {
                None => Verdict::Missing,
                Some(other) if self.rule != after.rule => Verdict::Incomparable {
                    why: format!("{name} was hashed by rule {}, now by {}", self.rule, after.rule),
                }
                .unless_counts_differ(content, other),
                Some(other) if wanted.column_names() != other.source.column_names() => {
                    let wanted = wanted.column_names().join(", ");
                    let read = other.source.column_names().join(", ");
                    let why = format!("the columns should be {wanted}, and are {read}");
                    Verdict::Incomparable { why }.unless_counts_differ(content, other)
                }
                Some(other) if content.hash == other.hash => {
                    Verdict::Equal { rows: content.rows }.unless_counts_differ(content, other)
                }
                Some(other) => Verdict::ContentDiffers { rows: content.rows }
                    .unless_counts_differ(content, other),
            };
            seen.push(now.to_owned());
            let renamed = (name != now).then(|| now.to_owned());
            sources.push(Compared { name: name.to_owned(), renamed, verdict });
        }
        let extra = after.contents.iter().map(|content| content.source.name());
        sources.extend(extra.filter(|name| !seen.iter().any(|seen| seen == name)).map(|name| {
            Compared { name: name.to_owned(), renamed: None, verdict: Verdict::Extra }
        }));
        Comparison { sources }
    }
}

impl Verdict {
    fn unless_counts_differ(self, before: &Content, after: &Content) -> Self {
        if before.rows == after.rows {
            self
        } else {
            Self::CountDiffers { before: before.rows, after: after.rows }
        }
    }
}

impl Comparison {
    /// Whether each source holds the same rows.
    pub fn is_equal(&self) -> bool {
        self.sources.iter().all(|of| matches!(of.verdict, Verdict::Equal { .. }))
    }

    /// Fails where [`is_equal`](Self::is_equal) is false.
    ///
    /// # Errors
    ///
    /// [`Error::Verification`] that tells each difference.
    pub fn require_equal(&self) -> Result<()> {
        let differ = |of: &&Compared| !matches!(of.verdict, Verdict::Equal { .. });
        let told: Vec<_> = self.sources.iter().filter(differ).map(ToString::to_string).collect();
        if told.is_empty() {
            return Ok(());
        }
        Err(Error::Verification { what: format!("the content has changed: {}", told.join("; ")) })
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(renamed) = &self.renamed {
            write!(f, ", now {renamed}")?;
        }
        match &self.verdict {
            Verdict::Equal { rows } => write!(f, ": the same {rows} rows"),
            Verdict::CountDiffers { before, after } => {
                write!(f, ": {before} rows before, {after} after")
            }
            Verdict::ContentDiffers { rows } => write!(f, ": {rows} rows, with other content"),
            Verdict::Incomparable { why } => write!(f, ": cannot be compared: {why}"),
            Verdict::Missing => f.write_str(": is gone, or was not read again"),
            Verdict::Extra => f.write_str(": was not read before"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for of in &self.sources {
            let mark = if matches!(of.verdict, Verdict::Equal { .. }) { "x" } else { " " };
            writeln!(f, "[{mark}] {of}")?;
        }
        Ok(())
    }
}
