//! How bad it is that an object has another property than expected, and what mends it.

use super::compare::{Both, privileges, text};
use super::difference::Remedy;
use super::object::{ObjectKind, ObjectName, Properties};
use super::remedy::{
    BUILDS_EVERYWHERE, add_constraint, create_index, create_view, grant, in_schema, is_partitioned,
    joined, key_columns, labels, of,
};
use crate::ident::{Ident, Literal};
use crate::severity::Severity::{self, Error, Note, Warning};

/// How bad it is, and what to do.
pub(super) fn differing(
    name: &ObjectName,
    property: &str,
    expected: &Properties,
    actual: &Properties,
    both: &Both<'_>,
) -> (Severity, Remedy) {
    let (wanted, there) = (text(expected, property), text(actual, property));
    match (name.kind, property) {
        (ObjectKind::Column, _) if both.is_of_view(name) => {
            (Warning, Remedy::advice("Make the view again, once its tables are as expected."))
        }
        (ObjectKind::Column, "type") => column_type(name, wanted, there),
        (ObjectKind::Column, "nullable") => (Error, nullable(name, wanted)),
        (ObjectKind::Column, "default") => default(name, wanted, there),
        (ObjectKind::Column, "identity") => identity(name, wanted, there, actual),
        (ObjectKind::Column, "generated") => generated(name, wanted, there),
        (ObjectKind::Constraint, "definition") => (Error, constraint(name, wanted, both)),
        (ObjectKind::Constraint, "validated") => {
            let own = Ident(&name.name).to_string();
            let validate = joined(&["ALTER TABLE", &of(name), "VALIDATE CONSTRAINT", &own]);
            (Warning, Remedy::sql([validate]).but("Rows that are there may break it."))
        }
        (ObjectKind::Constraint, "triggers") => (Error, foreign_key_triggers(name, expected)),
        (ObjectKind::Index, "valid") => {
            let severity = if text(expected, "unique") == "yes" { Error } else { Warning };
            if is_partitioned(name, both) {
                let (_, remedy) = index(name, expected, actual, both);
                let why = "Not every partition has a valid one attached, and REINDEX changes \
                           nothing about that.";
                return (severity, remedy.but([why, BUILDS_EVERYWHERE].join(" ")));
            }
            let rebuild = joined(&["REINDEX INDEX CONCURRENTLY", &in_schema(name)]);
            (severity, Remedy::sql([rebuild]).but("It answers no query, and may hold doubles."))
        }
        (ObjectKind::Index, _) => index(name, expected, actual, both),
        (ObjectKind::Trigger, "enabled") => {
            let own = Ident(&name.name).to_string();
            let set = trigger_state(wanted);
            (Error, Remedy::sql([joined(&["ALTER TABLE", &of(name), set, "TRIGGER", &own])]))
        }
        (ObjectKind::Trigger, _) => (Error, trigger(name, wanted)),
        (ObjectKind::Table, "persistence") if wanted.is_empty() => {
            let set = joined(&["ALTER TABLE", &in_schema(name), "SET LOGGED"]);
            let why = "A crash empties it. It is rewritten, and nobody reads it meanwhile.";
            (Error, Remedy::sql([set]).but(why))
        }
        (ObjectKind::Table, "row_security") => (
            Warning,
            Remedy::advice(
                "Rows that no policy shows are hidden, and writes refused. Check that policies let \
                 the application's role do all that it does, or disable it.",
            ),
        ),
        (_, "options") => (Note, Remedy::advice("Storage parameters: a matter of speed alone.")),
        (ObjectKind::Type, "labels") => enum_labels(name, wanted, there),
        (ObjectKind::View, "definition") => (Error, view(name, expected, both)),
        (ObjectKind::Function, "definition") => (Error, Remedy::sql([wanted.to_owned()])),
        (ObjectKind::Grant, _) => {
            let given = privileges(wanted, there).join(", ");
            (Error, Remedy::sql([grant(name, text(expected, "on"), &given, &name.name)]))
        }
        _ => (Warning, Remedy::advice("Find out who has changed it, and why.")),
    }
}

fn alter_column(name: &ObjectName, what: &[&str]) -> String {
    let own = Ident(&name.name).to_string();
    joined(&["ALTER TABLE", &of(name), "ALTER COLUMN", &own, &joined(what)])
}

fn column_type(name: &ObjectName, wanted: &str, there: &str) -> (Severity, Remedy) {
    let alter = alter_column(name, &["TYPE", wanted]);
    let textual =
        |of: &str| of == "text" || of.starts_with("character varying") && !of.contains('[');
    if wanted == "text" && textual(there) {
        let why = "Takes the table for itself for a moment; nothing is rewritten.";
        return (Warning, Remedy::sql([alter]).but(why));
    }
    if is_same_stored(wanted, there) {
        let why = "Takes the table for itself: for a moment, or for a scan where a check reads the \
                   column; nothing is rewritten, and no value changes.";
        return (Error, Remedy::sql([alter]).but(why));
    }
    if is_wider(wanted, there) {
        let why = "Rewrites the table, and keeps everybody out meanwhile; no value changes.";
        return (Error, Remedy::sql([alter]).but(why));
    }
    let advice = ["Values may not fit, or be rounded. Look at them first, then: ", &alter];
    (Error, Remedy::advice(advice.concat()))
}

/// Precision and scale.
fn numeric(of: &str) -> Option<(i32, i32)> {
    let (precision, scale) = of.strip_prefix("numeric(")?.strip_suffix(')')?.split_once(',')?;
    Some((precision.parse().ok()?, scale.parse().ok()?))
}

/// Whether the server knows that a `numeric` is stored the same in the wider type.
fn is_same_stored(wanted: &str, there: &str) -> bool {
    match (numeric(wanted), numeric(there)) {
        (Some(wanted), Some(there)) => wanted.1 == there.1 && wanted.0 >= there.0,
        (None, Some(_)) => wanted == "numeric",
        _ => false,
    }
}

/// Whether every value of the one type is one of the other, unchanged.
fn is_wider(wanted: &str, there: &str) -> bool {
    const INTEGERS: [&str; 3] = ["smallint", "integer", "bigint"];
    let place = |of: &str| INTEGERS.iter().position(|integer| *integer == of);
    if let (Some(wanted), Some(there)) = (place(wanted), place(there)) {
        return wanted > there;
    }
    match (numeric(wanted), numeric(there)) {
        (Some(wanted), Some(there)) => {
            wanted.1 >= there.1 && wanted.0 - wanted.1 >= there.0 - there.1
        }
        _ => wanted == "numeric" && place(there).is_some(),
    }
}

fn nullable(name: &ObjectName, wanted: &str) -> Remedy {
    if wanted == "yes" {
        return Remedy::sql([alter_column(name, &["DROP NOT NULL"])])
            .but("Rows without a value for it are refused, and there are such.");
    }
    let (table, own) = (of(name), Ident(&name.name).to_string());
    let check = Ident("planwright_not_null").to_string();
    let rule = ["CHECK (", &own, " IS NOT NULL) NOT VALID"].concat();
    Remedy::sql([
        joined(&["ALTER TABLE", &table, "ADD CONSTRAINT", &check, &rule]),
        joined(&["ALTER TABLE", &table, "VALIDATE CONSTRAINT", &check]),
        alter_column(name, &["SET NOT NULL"]),
        joined(&["ALTER TABLE", &table, "DROP CONSTRAINT", &check]),
    ])
    .but("Fill what is NULL first. The check spares the table a scan that keeps writers out.")
}

fn default(name: &ObjectName, wanted: &str, there: &str) -> (Severity, Remedy) {
    if wanted.is_empty() {
        return (Warning, Remedy::sql([alter_column(name, &["DROP DEFAULT"])]));
    }
    let severity = if there.is_empty() { Error } else { Warning };
    (severity, Remedy::sql([alter_column(name, &["SET DEFAULT", wanted])]))
}

fn identity(
    name: &ObjectName,
    wanted: &str,
    there: &str,
    actual: &Properties,
) -> (Severity, Remedy) {
    let how = joined(&["GENERATED", &wanted.to_uppercase()]);
    if wanted.is_empty() {
        return (Warning, Remedy::sql([alter_column(name, &["DROP IDENTITY"])]));
    }
    if !there.is_empty() {
        let severity = if there == "always" { Error } else { Warning };
        return (severity, Remedy::sql([alter_column(name, &["SET", &how])]));
    }
    if actual.contains_key("default") {
        let advice = "A serial, or another default: that fills it as well, but whoever inserts \
                      needs USAGE on its sequence. To change it, under a lock on the table: drop \
                      the default, add the identity, and set its sequence beyond the last key.";
        return (Warning, Remedy::advice(advice));
    }
    let add = alter_column(name, &["ADD", &how, "AS IDENTITY"]);
    let (table, own) = (of(name), Ident(&name.name).to_string());
    let (relation, column) = (Literal(&table).to_string(), Literal(&name.name).to_string());
    let sequence = ["pg_get_serial_sequence(", &relation, ", ", &column, ")"].concat();
    let set = ["SELECT setval(", &sequence, ", max(", &own, ")) FROM ", &table].concat();
    (Error, Remedy::sql([add, set]))
}

fn generated(name: &ObjectName, wanted: &str, there: &str) -> (Severity, Remedy) {
    if wanted.is_empty() && there.ends_with(" stored") {
        return (Error, Remedy::sql([alter_column(name, &["DROP EXPRESSION"])]));
    }
    let advice = "What it is computed from cannot be changed in place on every server: add another \
                  column, and swap the names.";
    (Error, Remedy::advice(advice))
}

fn constraint(name: &ObjectName, wanted: &str, both: &Both<'_>) -> Remedy {
    let own = Ident(&name.name).to_string();
    let drop = joined(&["ALTER TABLE", &of(name), "DROP CONSTRAINT", &own]);
    let Remedy { advice, sql } = add_constraint(name, wanted, both);
    if wanted.starts_with("CHECK") || wanted.starts_with("FOREIGN KEY") {
        // Dropped and added in one statement, there is no moment without a rule.
        let mut sql = sql;
        if let Some((_, add)) = sql.first().and_then(|first| first.split_once(" ADD CONSTRAINT ")) {
            sql[0] = [&drop, ", ADD CONSTRAINT ", add].concat();
        }
        return Remedy::sql(sql).but(advice);
    }
    if wanted.starts_with("PRIMARY") || key_columns(wanted).is_none() {
        return Remedy::advice("Foreign keys may rest on it. Plan a migration for it.");
    }
    let advice = "Foreign keys that rest on it stand against the second statement.";
    Remedy::sql([swap_name(&sql[0], name), swap_key(&sql[1], name, &drop)]).but(advice)
}

/// The index is built under another name while the old one is there.
fn swap_name(create: &str, name: &ObjectName) -> String {
    let (own, new) = (Ident(&name.name).to_string(), Ident(&beside(&name.name)).to_string());
    create.replacen(&own, &new, 1)
}

fn swap_key(add: &str, name: &ObjectName, drop: &str) -> String {
    let (own, new) = (Ident(&name.name).to_string(), Ident(&beside(&name.name)).to_string());
    let add = add.split_once(" ADD CONSTRAINT ").map_or("", |(_, rest)| rest);
    let from = joined(&["USING INDEX", &own]);
    let to = joined(&["USING INDEX", &new]);
    [drop, ", ADD CONSTRAINT ", &add.replacen(&from, &to, 1)].concat()
}

/// A name for what takes another's place.
fn beside(name: &str) -> String {
    const SUFFIX: &str = "_new";
    let mut end = name.len().min(63 - SUFFIX.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    [&name[..end], SUFFIX].concat()
}

fn foreign_key_triggers(name: &ObjectName, expected: &Properties) -> Remedy {
    let own = joined(&["ALTER TABLE", &of(name), "ENABLE TRIGGER ALL"]);
    let definition = text(expected, "definition");
    let referenced = definition
        .split_once(" REFERENCES ")
        .and_then(|(_, rest)| rest.split_once('('))
        .map(|(table, _)| joined(&["ALTER TABLE", table, "ENABLE TRIGGER ALL"]));
    Remedy::sql([own].into_iter().chain(referenced)).but(
        "It is not enforced. Only a superuser may enable its triggers; every other trigger of \
         these tables is enabled too. Rows written meanwhile were not checked: look for orphans.",
    )
}

fn index(
    name: &ObjectName,
    expected: &Properties,
    actual: &Properties,
    both: &Both<'_>,
) -> (Severity, Remedy) {
    let unique = |properties: &Properties| text(properties, "unique") == "yes";
    let severity = if unique(expected) || unique(actual) { Error } else { Warning };
    let new = beside(&name.name);
    let at = ObjectName { name: new.clone(), ..name.clone() };
    let own = Ident(&name.name).to_string();
    let partitioned = is_partitioned(name, both);
    // The server refuses to drop a partitioned one concurrently.
    let drop = if partitioned { "DROP INDEX" } else { "DROP INDEX CONCURRENTLY" };
    let remedy = Remedy::sql([
        create_index(name, &new, expected, both),
        joined(&[drop, &in_schema(name)]),
        joined(&["ALTER INDEX", &in_schema(&at), "RENAME TO", &own]),
    ]);
    (severity, if partitioned { remedy.but(BUILDS_EVERYWHERE) } else { remedy })
}

fn trigger(name: &ObjectName, wanted: &str) -> Remedy {
    let replace = wanted.replacen("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER", 1);
    if replace != wanted {
        return Remedy::sql([replace]);
    }
    let own = Ident(&name.name).to_string();
    Remedy::sql([joined(&["DROP TRIGGER", &own, "ON", &of(name)]), wanted.to_owned()])
}

pub(super) fn trigger_state(enabled: &str) -> &'static str {
    match enabled {
        "always" => "ENABLE ALWAYS",
        "replica" => "ENABLE REPLICA",
        "no" => "DISABLE",
        _ => "ENABLE",
    }
}

fn enum_labels(name: &ObjectName, wanted: &str, there: &str) -> (Severity, Remedy) {
    let (wanted, there) = (labels(wanted), labels(there));
    let mut sql = Vec::new();
    for (at, label) in wanted.iter().enumerate().filter(|(_, label)| !there.contains(label)) {
        // All labels before it are there by now.
        let (side, other) = match at.checked_sub(1) {
            Some(before) => ("AFTER", wanted.get(before)),
            None => ("BEFORE", there.first()),
        };
        let label = Literal(label).to_string();
        let place = other.map(|other| joined(&[side, &Literal(other).to_string()]));
        sql.push(joined(&[
            "ALTER TYPE",
            &in_schema(name),
            "ADD VALUE",
            &label,
            &place.unwrap_or_default(),
        ]));
    }
    let severity = if sql.is_empty() { Warning } else { Error };
    let common: Vec<_> = wanted.iter().filter(|label| there.contains(label)).collect();
    let in_place: Vec<_> = there.iter().filter(|label| wanted.contains(label)).collect();
    let mut advice = Vec::new();
    if there.iter().any(|label| !wanted.contains(label)) {
        advice.push("Rows with a label that this release does not know cannot be read by it.");
    }
    if common != in_place {
        advice.push(
            "Labels sort in their order, which cannot be changed in place: make the type anew, and \
             change the columns to it.",
        );
    }
    (severity, Remedy::sql(sql).but(advice.join(" ")))
}

/// Columns that stay what they are let a view be replaced; else it is made anew.
fn view(name: &ObjectName, expected: &Properties, both: &Both<'_>) -> Remedy {
    let columns = |catalog: &super::Catalog| -> Vec<(String, String)> {
        let own = |column: &ObjectName| {
            column.kind == ObjectKind::Column
                && column.schema == name.schema
                && column.relation == name.name
        };
        let found = catalog.iter().filter(|(column, _)| own(column));
        found.map(|(column, of)| (column.name.clone(), text(of, "type").to_owned())).collect()
    };
    let plain = text(expected, "form") == "plain";
    if plain && columns(both.expected) == columns(both.actual) {
        return Remedy::sql([create_view(name, expected, true)]);
    }
    let kind = if plain { "DROP VIEW" } else { "DROP MATERIALIZED VIEW" };
    let drop = joined(&[kind, &in_schema(name)]);
    Remedy::sql([drop, create_view(name, expected, false)]).but(
        "Its columns are others. In one transaction; what was granted on it must be granted \
         again, and what rests on it stands against this.",
    )
}
