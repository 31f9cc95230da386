//! What makes an object that is missing, and what to do about one that nobody expects.
//!
//! Nothing here is run by this crate. Definitions are the server's own texts.

use super::compare::{Both, text};
use super::difference::Remedy;
use super::object::{ObjectKind, ObjectName, Properties};
use crate::ident::Ident;

/// What makes a missing object.
pub(super) fn missing(name: &ObjectName, properties: &Properties, both: &Both<'_>) -> Remedy {
    let own = Ident(&name.name).to_string();
    let definition = text(properties, "definition");
    match name.kind {
        ObjectKind::Schema => Remedy::sql([joined(&["CREATE SCHEMA", &own])]),
        ObjectKind::Type => create_type(name, properties),
        ObjectKind::Function | ObjectKind::Rule => Remedy::sql([definition.to_owned()]),
        ObjectKind::Trigger => {
            let state = super::mend::trigger_state(text(properties, "enabled"));
            let set = joined(&["ALTER TABLE", &of(name), state, "TRIGGER", &own]);
            let set = (state != "ENABLE").then_some(set);
            Remedy::sql([definition.to_owned()].into_iter().chain(set))
        }
        ObjectKind::View => Remedy::sql([create_view(name, properties, false)]),
        ObjectKind::Column => add_column(name, properties),
        ObjectKind::Constraint => add_constraint(name, definition, both),
        ObjectKind::Index => {
            let create = Remedy::sql([create_index(name, &name.name, properties, both)]);
            if is_partitioned(name, both) { create.but(BUILDS_EVERYWHERE) } else { create }
        }
        ObjectKind::Policy => Remedy::sql([create_policy(name, properties)]),
        ObjectKind::Grant => {
            let (on, privileges) = (text(properties, "on"), text(properties, "privileges"));
            Remedy::sql([grant(name, on, privileges, &name.name)])
        }
        ObjectKind::Sequence => {
            Remedy::advice("Make it again, and set it beyond what it has given.")
        }
        ObjectKind::Table | ObjectKind::Partition => Remedy::advice(
            "Restore it from a backup: what it held is gone. The migrations say how it is made.",
        ),
    }
}

/// What to do about an object that nobody expects. Nothing is dropped lightly.
pub(super) fn extra(name: &ObjectName, properties: &Properties, both: &Both<'_>) -> Remedy {
    let own = Ident(&name.name).to_string();
    match name.kind {
        ObjectKind::Column if must_be_given(properties) => {
            let drop = joined(&["ALTER TABLE", &of(name), "ALTER COLUMN", &own, "DROP NOT NULL"]);
            Remedy::sql([drop]).but(
                "Rows without a value for it are refused, and this crate gives none: let it be \
                 NULL, or give it a default.",
            )
        }
        ObjectKind::Column => {
            Remedy::advice("The host's own, as it seems: nothing writes it here.")
        }
        ObjectKind::Index if text(properties, "valid") == "no" && is_partitioned(name, both) => {
            Remedy::advice(
                "Not every partition has a valid one attached: it answers no query. Attach those \
                 that are missing, or drop it.",
            )
        }
        ObjectKind::Index if text(properties, "valid") == "no" => {
            let drop = joined(&["DROP INDEX CONCURRENTLY", &in_schema(name)]);
            Remedy::advice(joined(&[
                "What a CREATE INDEX CONCURRENTLY left that failed: it answers no query, and slows \
                 writes down. Once nobody builds it:",
                &drop,
            ]))
        }
        ObjectKind::Index if text(properties, "unique") == "yes" => {
            Remedy::advice("Make sure that it refuses nothing that this crate writes.")
        }
        ObjectKind::Index => Remedy::advice("The host's own, as it seems. It slows writes down."),
        ObjectKind::Constraint | ObjectKind::Policy => {
            Remedy::advice("Make sure that it refuses nothing that this crate writes.")
        }
        ObjectKind::Trigger | ObjectKind::Rule => {
            Remedy::advice("Make sure that it changes and refuses nothing that this crate writes.")
        }
        ObjectKind::Grant => {
            Remedy::advice("Everybody may write: give that to roles that need it.")
        }
        _ => Remedy::advice("The host's own, as it seems."),
    }
}

/// Whether an INSERT that does not name the column fails.
pub(super) fn must_be_given(column: &Properties) -> bool {
    let filled = ["default", "identity", "generated"].iter().any(|one| column.contains_key(*one));
    text(column, "nullable") == "no" && !filled
}

/// What gives an object the expected name, or makes the expected kind of it.
pub(super) fn rename(name: &ObjectName, other: &ObjectName, both: &Both<'_>) -> Remedy {
    use ObjectKind::{Constraint, Index};
    let (own, there) = (Ident(&name.name).to_string(), Ident(&other.name).to_string());
    let table = of(name);
    match (name.kind, other.kind) {
        (Constraint, Index) => {
            let definition = both.expected.get(name).map_or("", |of| text(of, "definition"));
            Remedy::sql([using_index(name, definition, &there)])
                .but("A unique index stands in for the constraint.")
        }
        (Index, Constraint) => {
            let rename = joined(&["ALTER TABLE", &table, "RENAME CONSTRAINT", &there, "TO", &own]);
            let rename = (name.name != other.name).then_some(rename);
            Remedy::sql(rename).but("A unique constraint stands in for the index: that is as good.")
        }
        (Index, _) => Remedy::sql([joined(&["ALTER INDEX", &in_schema(other), "RENAME TO", &own])]),
        (Constraint, _) => {
            Remedy::sql([joined(&["ALTER TABLE", &table, "RENAME CONSTRAINT", &there, "TO", &own])])
        }
        _ => Remedy::sql([joined(&["ALTER TRIGGER", &there, "ON", &table, "RENAME TO", &own])]),
    }
}

/// `ALTER TABLE … ADD CONSTRAINT`, without keeping writers out for longer than a look.
pub(super) fn add_constraint(name: &ObjectName, definition: &str, both: &Both<'_>) -> Remedy {
    let (table, own) = (of(name), Ident(&name.name).to_string());
    let add =
        |definition: &str| joined(&["ALTER TABLE", &table, "ADD CONSTRAINT", &own, definition]);
    let checks = definition.starts_with("CHECK") || definition.starts_with("FOREIGN KEY");
    if is_partitioned(name, both) {
        return Remedy::sql([add(definition)])
            .but("It keeps writers out while it scans the table.");
    }
    if checks {
        let add = add(&joined(&[definition, "NOT VALID"]));
        let validate = joined(&["ALTER TABLE", &table, "VALIDATE CONSTRAINT", &own]);
        return Remedy::sql([add, validate]);
    }
    match key_columns(definition) {
        Some(columns) => {
            let index = joined(&["CREATE UNIQUE INDEX CONCURRENTLY", &own, "ON", &table, columns]);
            Remedy::sql([index, using_index(name, definition, &own)])
        }
        None => {
            Remedy::sql([add(definition)]).but("It keeps writers out while it scans the table.")
        }
    }
}

/// Of `UNIQUE (a, b) DEFERRABLE`: `(a, b)`. `None` where there is more to the index.
pub(super) fn key_columns(definition: &str) -> Option<&str> {
    let rest =
        definition.strip_prefix("PRIMARY KEY ").or_else(|| definition.strip_prefix("UNIQUE "))?;
    let end = rest.find(')')? + 1;
    let plain = rest.starts_with('(') && !rest.contains(['"']) && !rest.contains("INCLUDE");
    plain.then_some(&rest[..end])
}

fn using_index(name: &ObjectName, definition: &str, index: &str) -> String {
    let own = Ident(&name.name).to_string();
    let kind = if definition.starts_with("PRIMARY") { "PRIMARY KEY" } else { "UNIQUE" };
    let columns = key_columns(definition).unwrap_or_default();
    let rest = definition.split_once(columns).map_or("", |(_, rest)| rest).trim();
    let add = ["ALTER TABLE", &of(name), "ADD CONSTRAINT", &own, kind, "USING INDEX", index, rest];
    joined(&add)
}

/// `CREATE INDEX` of the expected index under a name.
pub(super) fn create_index(
    name: &ObjectName,
    called: &str,
    properties: &Properties,
    both: &Both<'_>,
) -> String {
    let unique = if text(properties, "unique") == "yes" { "UNIQUE INDEX" } else { "INDEX" };
    let how = if is_partitioned(name, both) { "" } else { "CONCURRENTLY" };
    let called = Ident(called).to_string();
    joined(&["CREATE", unique, how, &called, "ON", &of(name), text(properties, "definition")])
}

fn create_type(name: &ObjectName, properties: &Properties) -> Remedy {
    let labels = labels(text(properties, "labels"));
    if labels.is_empty() {
        let domain = text(properties, "domain");
        return Remedy::sql([joined(&["CREATE DOMAIN", &in_schema(name), "AS", domain])]);
    }
    let labels: Vec<String> =
        labels.iter().map(|label| crate::ident::Literal(label).to_string()).collect();
    let list = ["(", &labels.join(", "), ")"].concat();
    Remedy::sql([joined(&["CREATE TYPE", &in_schema(name), "AS ENUM", &list])])
}

/// The labels of an enum, which the catalog keeps as JSON. Empty where it is none.
pub(super) fn labels(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

pub(super) fn create_view(name: &ObjectName, properties: &Properties, replace: bool) -> String {
    let kind = match (text(properties, "form"), replace) {
        ("materialized", _) => "CREATE MATERIALIZED VIEW",
        (_, true) => "CREATE OR REPLACE VIEW",
        _ => "CREATE VIEW",
    };
    let options = match text(properties, "options") {
        "" => String::new(),
        options => ["WITH (", options, ")"].concat(),
    };
    joined(&[kind, &in_schema(name), &options, "AS", text(properties, "definition")])
}

fn add_column(name: &ObjectName, properties: &Properties) -> Remedy {
    let own = Ident(&name.name).to_string();
    let has = |property: &str| properties.contains_key(property);
    let mut parts = vec!["ALTER TABLE".to_owned(), of(name), "ADD COLUMN".to_owned(), own];
    parts.push(text(properties, "type").to_owned());
    if has("collation") {
        parts.extend(["COLLATE".to_owned(), text(properties, "collation").to_owned()]);
    }
    let rewrites = "It rewrites the table, and keeps everybody out meanwhile.";
    let mut advice = "";
    if has("identity") {
        let how = text(properties, "identity").to_uppercase();
        parts.push(["GENERATED ", &how, " AS IDENTITY"].concat());
        advice = rewrites;
    } else if let Some((expression, kind)) =
        text(properties, "generated").rsplit_once(' ').filter(|_| has("generated"))
    {
        parts.push(["GENERATED ALWAYS AS (", expression, ") ", &kind.to_uppercase()].concat());
        advice = if kind == "stored" { rewrites } else { "" };
    } else if has("default") {
        parts.push(["DEFAULT ", text(properties, "default")].concat());
    }
    let add = parts.join(" ");
    if must_be_given(properties) {
        // A statement that only an empty table takes is none to offer.
        let advice = [
            "What it held is gone. Add it with ",
            &add,
            ", fill it, and only then make it NOT NULL.",
        ];
        return Remedy::advice(advice.concat());
    }
    let add = if text(properties, "nullable") == "no" { add + " NOT NULL" } else { add };
    Remedy::sql([add]).but(if advice.is_empty() { "What it held is gone." } else { advice })
}

fn create_policy(name: &ObjectName, properties: &Properties) -> String {
    let own = Ident(&name.name).to_string();
    let says = |property: &str| text(properties, property);
    let clause = |word: &str, property: &str| match says(property) {
        "" => String::new(),
        expression => [word, " (", expression, ")"].concat(),
    };
    let (form, command) = (says("form").to_uppercase(), says("command").to_uppercase());
    let (using, check) = (clause("USING", "using"), clause("WITH CHECK", "check"));
    let on = of(name);
    joined(&[
        "CREATE POLICY",
        &own,
        "ON",
        &on,
        "AS",
        &form,
        "FOR",
        &command,
        "TO",
        says("roles"),
        &using,
        &check,
    ])
}

/// `GRANT … ON … TO …`, with the role quoted where that has to be.
pub(super) fn grant(name: &ObjectName, on: &str, privileges: &str, role: &str) -> String {
    let what = match on {
        "schema" => ["SCHEMA ", &Ident(&name.relation).to_string()].concat(),
        "function" => ["FUNCTION ", &Ident(&name.schema).to_string(), ".", &name.relation].concat(),
        "sequence" => ["SEQUENCE ", &of(name)].concat(),
        _ => of(name),
    };
    let plain = privileges.replace(" WITH GRANT OPTION", "");
    let option = if plain == privileges { "" } else { "WITH GRANT OPTION" };
    joined(&["GRANT", &plain, "ON", &what, "TO", role, option])
}

/// `CREATE INDEX` takes over what each partition has already, and cannot be said CONCURRENTLY.
pub(super) const BUILDS_EVERYWHERE: &str = "It keeps writers out while it is built on every partition. One that is built CONCURRENTLY on \
     each of them before is taken over, in a moment.";

pub(super) fn is_partitioned(name: &ObjectName, both: &Both<'_>) -> bool {
    let table = ObjectName::new(ObjectKind::Table, &name.schema, "", &name.relation);
    let is = |properties: &Properties| text(properties, "form") == "partitioned";
    both.actual.get(&table).is_some_and(is)
}

/// The relation that it belongs to.
pub(super) fn of(name: &ObjectName) -> String {
    [Ident(&name.schema).to_string(), Ident(&name.relation).to_string()].join(".")
}

/// Itself, in its schema.
pub(super) fn in_schema(name: &ObjectName) -> String {
    [Ident(&name.schema).to_string(), Ident(&name.name).to_string()].join(".")
}

/// Words with spaces between them.
pub(super) fn joined(words: &[&str]) -> String {
    let words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
