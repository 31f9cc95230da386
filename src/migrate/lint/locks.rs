//! Rules for what a migration does to tables that are in use while it runs: to those that the same
//! file has not made.

use super::rule::Rule;
use super::sql::{self, Clause, Constraint, What, contains};
use super::text::{Statement, Word};
use super::{File, UP};
use crate::migrate::migration::Kind;

pub(super) fn check(file: &File<'_>, statement: &Statement, add: &mut impl FnMut(Rule, String)) {
    // A baseline is run on an empty database.
    if file.migration.kind == Kind::Baseline {
        return;
    }
    let words = &statement.words;
    let in_use = |table: &str| !file.made.iter().any(|made| made == table);
    if let Some(index) = sql::create_index(words) {
        // ON ONLY makes the empty index of a partitioned table.
        if !index.concurrently && in_use(&index.table) && !contains(words, &["on", "only"]) {
            add(Rule::BlockingIndex, index.table);
        }
    }
    if statement.begins(&["reindex"]) && !contains(words, &["concurrently"]) {
        add(Rule::BlockingIndex, String::new());
    }
    if statement.begins(&["cluster"])
        || (statement.begins(&["vacuum"]) && contains(words, &["full"]))
    {
        add(Rule::Rewrite, String::new());
    }
    if let Some(alter) = sql::alter_table(words)
        && in_use(&alter.table)
    {
        for clause in &alter.clauses {
            check_clause(&alter.table, clause, add);
        }
    }
    if file.name == UP {
        if file.migration.kind == Kind::Expand {
            check_expand(statement, &in_use, add);
        }
        if let Some(table) = changed_rows(words)
            && in_use(&table)
        {
            add(Rule::MovedRows, table);
        }
    }
}

fn check_clause(table: &str, clause: &Clause<'_>, add: &mut impl FnMut(Rule, String)) {
    match clause {
        Clause::AddColumn(column, definition) => {
            let about = format!("{table}.{column}");
            let default = sql::position(definition, &["default"]);
            let generated = contains(definition, &["generated"]);
            let types = ["serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"];
            let serial = definition.first().is_some_and(|of| types.iter().any(|t| of.is(t)));
            let volatile = default.is_some_and(|at| is_volatile(&definition[at + 1..]));
            let stored = contains(definition, &["stored"]) || contains(definition, &["identity"]);
            if serial || volatile || (generated && stored) {
                add(Rule::Rewrite, about.clone());
            }
            if contains(definition, &["not", "null"]) && !(serial || generated || default.is_some())
            {
                add(Rule::NotNullWithoutDefault, about.clone());
            }
            // The server knows that a key of NULLs holds.
            let referred = contains(definition, &["references"]) && default.is_some();
            let keyed = contains(definition, &["unique"]) || contains(definition, &["primary"]);
            if referred || keyed || contains(definition, &["check", "("]) {
                add(Rule::CheckedUnderLock, about);
            }
        }
        Clause::AddConstraint(Constraint { what, words, name, .. }) => {
            let deferred = match what {
                What::ForeignKey | What::Check => contains(words, &["not", "valid"]),
                What::Key => contains(words, &["using", "index"]),
                What::Exclusion => false,
            };
            if !deferred {
                add(Rule::CheckedUnderLock, name.clone().unwrap_or_else(|| table.to_owned()));
            }
        }
        Clause::AlterColumn(column, rest) if contains(rest, &["type"]) => {
            add(Rule::Rewrite, format!("{table}.{column}"));
        }
        Clause::Other(words) => {
            let sets = [&["logged"][..], &["unlogged"], &["tablespace"], &["access", "method"]];
            let set = words.split_first().filter(|(first, _)| first.is("set"));
            if set.is_some_and(|(_, rest)| sets.iter().any(|what| super::text::begins(rest, what)))
            {
                add(Rule::Rewrite, table.to_owned());
            }
        }
        _ => {}
    }
}

/// Whether a default may differ from row to row: it calls a function that is not known to be
/// stable. Those that the server evaluates once for the statement do not rewrite the table.
fn is_volatile(default: &[Word]) -> bool {
    const STABLE: &[&str] = &[
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "coalesce",
        "nullif",
        "jsonb_build_object",
        "jsonb_build_array",
        "to_jsonb",
        "make_interval",
        "make_date",
        "current_setting",
        "array",
        "row",
        "check",
    ];
    default.windows(2).enumerate().any(|(at, two)| {
        // `0::numeric(12, 2)` is no call.
        let cast = at > 0 && default[at - 1].is("::");
        two[0].is_name()
            && two[1].is("(")
            && !cast
            && !STABLE.iter().any(|stable| two[0].is(stable))
    })
}

/// What the code of the release before may notice.
fn check_expand(
    statement: &Statement,
    in_use: &impl Fn(&str) -> bool,
    add: &mut impl FnMut(Rule, String),
) {
    let words = &statement.words;
    if let Some((_, names)) = sql::drops(words) {
        for name in names.into_iter().filter(|name| in_use(name)) {
            add(Rule::NotExpand, name);
        }
    } else if let Some(alter) = sql::alter_table(words) {
        if !in_use(&alter.table) {
            return;
        }
        for clause in &alter.clauses {
            let about = match clause {
                Clause::DropColumn(of)
                | Clause::DropConstraint(of)
                | Clause::RenameColumn(of, _)
                | Clause::RenameConstraint(of, _) => format!("{}.{of}", alter.table),
                Clause::RenameTable(_) | Clause::SetSchema(_) => alter.table.clone(),
                Clause::AlterColumn(of, rest)
                    if contains(rest, &["set", "not", "null"])
                        || contains(rest, &["drop", "default"]) =>
                {
                    format!("{}.{of}", alter.table)
                }
                Clause::Other(words) if hides_rows(words) => alter.table.clone(),
                _ => continue,
            };
            add(Rule::NotExpand, about);
        }
    } else if let Some(tables) = sql::truncates(words) {
        for table in tables.into_iter().filter(|table| in_use(table)) {
            add(Rule::NotExpand, table);
        }
    } else if statement.begins(&["revoke"])
        || (statement.begins(&["alter"])
            && (contains(words, &["rename"]) || contains(words, &["set", "schema"])))
    {
        add(Rule::NotExpand, String::new());
    }
}

/// Whether who reads the table finds fewer rows behind it.
fn hides_rows(clause: &[Word]) -> bool {
    let hiding = [&["enable", "row", "level"][..], &["force", "row"], &["detach", "partition"]];
    hiding.iter().any(|words| super::text::begins(clause, words))
}

/// The table whose rows an UPDATE or DELETE changes, also behind WITH.
fn changed_rows(words: &[Word]) -> Option<String> {
    let verbs = ["update", "delete", "with", "merge"];
    if !words.first().is_some_and(|first| verbs.iter().any(|verb| first.is(verb))) {
        return None;
    }
    for at in 0..words.len() {
        let before = at.checked_sub(1).map(|before| &words[before]);
        // FOR UPDATE, FOR NO KEY UPDATE, DO UPDATE, THEN UPDATE.
        let begins = before.is_none_or(|before| before.is("(") || before.is(")"));
        let rest = &words[at + 1..];
        let table = match &words[at] {
            verb if verb.is("update") && begins => sql::skip(rest, &["only"]),
            verb if verb.is("delete") && begins => sql::skip(rest, &["from", "only"]),
            verb if verb.is("merge") && begins => sql::skip(rest, &["into", "only"]),
            _ => continue,
        };
        return sql::name(table).map(|(table, _)| table);
    }
    None
}
