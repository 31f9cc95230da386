//! `metadata.toml`: the few lines that are allowed in it.
//!
//! The build script uses this file too. A parser of all of TOML would be a dependency of every
//! host's build, for six keys.

use super::job_name;
use super::migration::Kind;

/// What `metadata.toml` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// `run_in_transaction`: always stated, as a file without it means `false` to Diesel.
    pub(crate) transactional: bool,
    /// `kind`: always stated.
    pub(crate) kind: Kind,
    /// `needs`.
    pub(crate) needs: Vec<String>,
    /// `after_job`.
    pub(crate) after_job: Option<String>,
    /// `confirm`.
    pub(crate) confirm: Option<String>,
    /// `host_column`.
    pub(crate) host_column: Option<String>,
}

impl Metadata {
    /// Reads the file, and refuses with a sentence what is not allowed in it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut transactional, mut kind, mut needs) = (None, None, None);
        let (mut after_job, mut confirm, mut host_column) = (None, None, None);
        for (number, line) in (1..).zip(text.lines()) {
            let refuse = |what: String| format!("line {number}: {what}");
            let Some((key, value)) = entry(line).map_err(refuse)? else { continue };
            let twice = match (key, value) {
                ("run_in_transaction", Value::Bool(value)) => {
                    transactional.replace(value).is_some()
                }
                ("kind", Value::Text(value)) => {
                    let known = [Kind::Baseline, Kind::Expand, Kind::Held];
                    let found = known.into_iter().find(|kind| kind.name() == value);
                    let found = found.ok_or_else(|| {
                        refuse(format!(
                            "kind is \"baseline\", \"expand\" or \"held\", not {value:?}"
                        ))
                    })?;
                    kind.replace(found).is_some()
                }
                ("needs", Value::List(value)) => needs.replace(value).is_some(),
                ("after_job", Value::Text(value)) => {
                    if !job_name::is_allowed(&value) {
                        return Err(refuse(format!("after_job {}", job_name::RULE)));
                    }
                    after_job.replace(value).is_some()
                }
                ("confirm", Value::Text(value)) => {
                    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                    if value.is_empty() || !value.bytes().all(plain) {
                        return Err(refuse("confirm is said in a-z and _".to_owned()));
                    }
                    confirm.replace(value).is_some()
                }
                ("host_column", Value::Text(value)) => {
                    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                    let mut parts = value.split('.');
                    if parts.clone().count() != 3
                        || !parts.all(|part| !part.is_empty() && part.bytes().all(plain))
                    {
                        return Err(refuse(
                            "host_column is schema.table.column, in a-z and _".to_owned(),
                        ));
                    }
                    host_column.replace(value).is_some()
                }
                (
                    "run_in_transaction" | "kind" | "needs" | "after_job" | "confirm"
                    | "host_column",
                    _,
                ) => {
                    return Err(refuse(format!("the value of {key} has the wrong type")));
                }
                _ => return Err(refuse(format!("nobody knows the key {key}"))),
            };
            if twice {
                return Err(refuse(format!("{key} is stated twice")));
            }
        }
        Ok(Self {
            transactional: transactional.ok_or("run_in_transaction must be stated")?,
            kind: kind.ok_or("kind must be stated")?,
            needs: needs.unwrap_or_default(),
            after_job,
            confirm,
            host_column,
        })
    }
}

enum Value {
    Bool(bool),
    Text(String),
    List(Vec<String>),
}

/// `key = value  # comment`, or nothing.
fn entry(line: &str) -> Result<Option<(&str, Value)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (key, rest) = line.split_once('=').ok_or("expected key = value")?;
    let rest = rest.trim_start();
    let (value, rest) = if let Some(rest) = rest.strip_prefix("true") {
        (Value::Bool(true), rest)
    } else if let Some(rest) = rest.strip_prefix("false") {
        (Value::Bool(false), rest)
    } else if let Some(rest) = rest.strip_prefix('[') {
        let (items, rest) = list(rest)?;
        (Value::List(items), rest)
    } else {
        let (text, rest) = string(rest)?;
        (Value::Text(text.to_owned()), rest)
    };
    let rest = rest.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err(format!("{rest:?} after the value"));
    }
    Ok(Some((key.trim_end(), value)))
}

/// A string without escapes, and what follows it.
fn string(text: &str) -> Result<(&str, &str), String> {
    let expected = || format!("expected true, false, a string or a list, not {text:?}");
    let (inside, rest) =
        text.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or_else(expected)?;
    if inside.contains('\\') { Err(expected()) } else { Ok((inside, rest)) }
}

/// The rest of a list of strings on one line, and what follows it.
fn list(text: &str) -> Result<(Vec<String>, &str), String> {
    let (mut items, mut rest) = (Vec::new(), text.trim_start());
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return Ok((items, after));
        }
        let (item, after) = string(rest)?;
        items.push(item.to_owned());
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        } else if !rest.starts_with(']') {
            return Err("a list stands on one line, between [ and ]".to_owned());
        }
    }
}
