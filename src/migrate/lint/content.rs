//! Rules for what a statement says, whenever it runs.

use super::rule::Rule;
use super::sql::{contains, name, parentheses, skip};
use super::text::{Statement, Word};

pub(super) fn check(statement: &Statement, add: &mut impl FnMut(Rule, String)) {
    let words = &statement.words;
    if contains(words, &["drop", "database"]) {
        add(Rule::DropDatabase, String::new());
    }
    if cascades(statement) {
        add(Rule::Cascade, String::new());
    }
    if contains(words, &["grant", "all"]) {
        add(Rule::GrantAll, String::new());
    }
    if inserts_star(words) {
        add(Rule::InsertSelectStar, String::new());
    }
}

/// What a guard or an evidence must not say: it is asked before anything is decided, and evidence
/// outside of any transaction.
pub(super) fn changes(statement: &Statement) -> Option<String> {
    const FUNCTIONS: [&str; 5] =
        ["nextval", "setval", "set_config", "pg_terminate_backend", "pg_cancel_backend"];
    let words = &statement.words;
    words.windows(3).find_map(|three| match three {
        // INSERT, MERGE and SELECT … INTO: the word is reserved.
        [into, ..] | [_, into, _] | [.., into] if into.is("into") => Some("INTO".to_owned()),
        [open, verb, next] if open.is("(") && verb.is("delete") && next.is("from") => {
            Some("DELETE".to_owned())
        }
        [open, verb, next] if open.is("(") && verb.is("update") && next.is_name() => {
            Some("UPDATE".to_owned())
        }
        [function, open, _] | [_, function, open]
            if open.is("(") && FUNCTIONS.iter().any(|one| function.is(one)) =>
        {
            Some(function.text.clone())
        }
        _ => None,
    })
}

/// What ON DELETE does is no drop.
fn cascades(statement: &Statement) -> bool {
    let verbs = ["drop", "truncate", "alter", "revoke"];
    verbs.iter().any(|verb| statement.begins(&[verb]))
        && statement
            .words
            .windows(2)
            .any(|two| two[1].is("cascade") && !two[0].is("delete") && !two[0].is("update"))
}

/// `INSERT … SELECT *` or its twin `INSERT … TABLE t`: in the query itself, not in what it reads.
fn inserts_star(words: &[Word]) -> bool {
    let Some(at) = super::sql::position(words, &["insert", "into"]) else { return false };
    let Some((_, mut rest)) = name(&words[at + 2..]) else { return false };
    // The columns, or the query in parentheses.
    if let Some((inside, after)) = parentheses(rest) {
        rest = if after.is_empty() { inside } else { after };
        if inside.first().is_some_and(|first| first.is("select")) {
            rest = inside;
        }
    }
    let mut depth = 0_usize;
    for (at, word) in rest.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && (word.is("table") || (word.is("select") && selects_star(&rest[at + 1..])))
        {
            return true;
        }
    }
    false
}

/// Whether `*` or `t.*` is an item of the list.
fn selects_star(words: &[Word]) -> bool {
    let list = skip(words, &["all", "distinct"]);
    let end = list.iter().position(|word| word.is("from")).unwrap_or(list.len());
    super::sql::split(&list[..end])
        .iter()
        .any(|item| item.last().is_some_and(|star| star.is("*")) && item.len() % 2 == 1)
}
