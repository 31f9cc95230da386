//! Rules for views that are there while a migration runs.

use super::File;
use super::rule::Rule;
use super::sql::{self, Strip, contains, name, parentheses, skip};
use super::text::{Place, Statement, Word};
use crate::migrate::migration::Kind;

pub(super) fn check(file: &File<'_>, statement: &Statement, add: &mut impl FnMut(Rule, String)) {
    if file.migration.kind == Kind::Baseline {
        return;
    }
    if let Some(view) = refreshes(&statement.words)
        && !file.made.contains(&view)
    {
        add(Rule::BlockingRefresh, view);
    }
    if let Some(view) = replaces(&statement.words) {
        let mut now = file.text.statements.iter().filter(|other| other.place == Place::Now);
        let settled = now.any(|other| match other.number {
            before if before < statement.number => makes(&other.words, &view),
            _ => restores(&other.words, &view),
        });
        if !settled {
            add(Rule::LostOptions, view);
        }
    }
}

/// The materialized view that readers wait for.
fn refreshes(words: &[Word]) -> Option<String> {
    let rest = words.strip_prefix_word("refresh")?.strip_prefix_word("materialized")?;
    let (view, _) = name(rest.strip_prefix_word("view")?)?;
    (!contains(rest, &["view", "concurrently"])).then_some(view)
}

/// The view that gets other options without a word: those that it had are gone.
fn replaces(words: &[Word]) -> Option<String> {
    let rest = words.strip_prefix_word("create")?.strip_prefix_word("or")?;
    let rest = skip(rest.strip_prefix_word("replace")?, &["temporary", "temp", "recursive"]);
    let (view, rest) = name(rest.strip_prefix_word("view")?)?;
    let rest = parentheses(rest).map_or(rest, |(_, rest)| rest);
    (!super::text::begins(rest, &["with", "("])).then_some(view)
}

fn makes(words: &[Word], view: &str) -> bool {
    sql::creates(words).is_some_and(|made| made == view) && !contains(words, &["or", "replace"])
}

fn restores(words: &[Word], view: &str) -> bool {
    let rest = words.strip_prefix_word("alter").and_then(|rest| rest.strip_prefix_word("view"));
    let altered = rest.and_then(|rest| name(skip(rest, &["if", "exists"])));
    altered.is_some_and(|(own, rest)| own == view && super::text::begins(rest, &["set", "("]))
}
