//! The proof of a move: what is compared and tried inside its transaction.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::receipt::{KeyFinding, KeyProof, Proof};
use crate::catalog::moving::{self, CrossKey, Member};
use crate::error::{Error, Result};
use crate::ident::Ident;

fn wrong(what: impl Into<String>) -> Error {
    Error::Verification { what: format!("the move was rolled back: {}", what.into()) }
}

/// The same objects in the same files, and in the new schema.
pub(super) fn compare(before: &[Member], after: &[Member], target: &str) -> Result<Proof> {
    let mut proof = Proof::default();
    let by_oid = |of: &[Member]| -> BTreeMap<(String, u32), Member> {
        of.iter().map(|one| ((one.kind.clone(), one.oid), one.clone())).collect()
    };
    let (mut old, new) = (by_oid(before), by_oid(after));
    for (key, now) in &new {
        let Member { kind, name, of, .. } = now;
        let Some(was) = old.remove(key) else {
            return Err(wrong(format!("{kind} {name} of {of} was not there before")));
        };
        if was.file != now.file {
            return Err(wrong(format!("{kind} {name} of {of} has another file")));
        }
        if (&was.name, &was.of) != (name, of) {
            return Err(wrong(format!(
                "{kind} {} of {} is called {name} of {of}",
                was.name, was.of
            )));
        }
        if kind != "toast" && !now.schema.is_empty() && now.schema != target {
            return Err(wrong(format!("{kind} {name} of {of} is in schema {}", now.schema)));
        }
        if now.file == 0 {
            proof.same_objects += 1;
        } else {
            proof.same_files += 1;
        }
        *proof.counts.entry(kind.clone()).or_default() += 1;
    }
    match old.into_values().next() {
        None => Ok(proof),
        Some(Member { kind, name, of, .. }) => {
            Err(wrong(format!("{kind} {name} of {of} is not there any more")))
        }
    }
}

#[derive(Debug, Serialize)]
struct Attempt {
    table: String,
    sql: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    state: String,
    rows: i64,
    constraint: String,
    message: String,
}

/// Each foreign key between two schemas is still enforced: where there is a row to try that with, it
/// is tried.
pub(super) fn keys(
    connection: &mut PgConnection,
    tables: &[u32],
    partitioned: &[String],
) -> Result<Vec<KeyProof>> {
    let keys = moving::cross_keys(connection, tables)?;
    let tries: Vec<Result<Attempt, String>> =
        keys.iter().map(|key| attempt(key, partitioned)).collect();
    let attempts: Vec<_> = tries.iter().flatten().collect();
    let mut answers = answers(connection, &attempts)?.into_iter();
    let mut proofs = Vec::new();
    for (key, tried) in keys.iter().zip(&tries) {
        let answer = match tried {
            Ok(_) => answers.next().ok_or_else(|| wrong("a foreign key could not be tried"))?,
            Err(why) => {
                proofs.push(proof(key, by_catalog(key, why.clone())));
                continue;
            }
        };
        let finding = match &answer {
            Answer { state, constraint, .. } if state == "23503" && *constraint == key.name => {
                KeyFinding::Refused
            }
            Answer { state, rows: 1.., .. } if state == "00000" && key.enabled => {
                let (table, name) = (&key.table, &key.name);
                return Err(wrong(format!(
                    "{name} of {table} lets a reference to nothing through"
                )));
            }
            Answer { state, .. } if state == "00000" => by_catalog(key, "no row".to_owned()),
            Answer { message, .. } => by_catalog(key, message.clone()),
        };
        proofs.push(proof(key, finding));
    }
    Ok(proofs)
}

fn by_catalog(key: &CrossKey, why: String) -> KeyFinding {
    if key.enabled {
        KeyFinding::ByCatalog { why, validated: key.validated }
    } else {
        KeyFinding::SwitchedOff
    }
}

fn proof(key: &CrossKey, finding: KeyFinding) -> KeyProof {
    let CrossKey { schema, table, name, referred, .. } = key;
    let table = format!("{schema}.{table}");
    KeyProof { table, name: name.clone(), referred: referred.clone(), finding }
}

/// An UPDATE that makes one row refer to nothing, or why there is none.
fn attempt(key: &CrossKey, partitioned: &[String]) -> Result<Attempt, String> {
    if !key.own {
        return Err("it is of a table that does not move".to_owned());
    }
    if partitioned.contains(&key.table) {
        return Err("the table is partitioned".to_owned());
    }
    let values: Option<Vec<_>> = key.types.iter().map(|of| nothing(of)).collect();
    let Some(values) = values else {
        return Err(format!("no value of {} is certain to be none", key.types.join(", ")));
    };
    let columns = key.columns.iter().zip(values);
    let set: Vec<_> =
        columns.map(|(column, value)| format!("{} = {value}", Ident(column))).collect();
    let table = format!("{}.{}", Ident(&key.schema), Ident(&key.table));
    let set = set.join(", ");
    let sql = format!(
        "UPDATE ONLY {table} SET {set} WHERE ctid = (SELECT ctid FROM ONLY {table} LIMIT 1)"
    );
    Ok(Attempt { table, sql })
}

/// A value that no row has, but by a chance that nobody need count with.
fn nothing(of: &str) -> Option<&'static str> {
    match of {
        "uuid" => Some("gen_random_uuid()"),
        "bigint" => Some("(9e18 + random() * 2e17)::bigint"),
        "integer" => Some("(2.1e9 + random() * 4e7)::integer"),
        "text" | "character varying" => Some("gen_random_uuid()::text"),
        _ => None,
    }
}

fn answers(connection: &mut PgConnection, attempts: &[&Attempt]) -> Result<Vec<Answer>> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let attempts = serde_json::to_string(attempts).expect("text is JSON");
    set_task(connection, &attempts)?;
    connection.batch_execute(include_str!("try.sql")).map_err(super::run::failed("a try"))?;
    let told: String =
        diesel::select(current_setting("planwright.relocate")).get_result(connection)?;
    Ok(serde_json::from_str(&told).expect("the server writes what it was told to"))
}

/// Hands a value to a block, which takes no parameters.
pub(super) fn set_task(connection: &mut PgConnection, task: &str) -> Result<()> {
    diesel::select(set_config("planwright.relocate", task, true)).execute(connection)?;
    Ok(())
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn current_setting(name: Text) -> Text;
    fn set_config(name: Text, value: Text, local: diesel::sql_types::Bool) -> Text;
}
