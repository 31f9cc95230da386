//! When two texts of the server mean the same: expressions, and definitions that hold some.
//!
//! The server writes what it has parsed, so spaces and most parentheses are its own already. What
//! differs between two equal rules is what was typed in: `CURRENT_TIMESTAMP` for `now()`, a cast
//! of a literal that says nothing, a cast of a `varchar` column to `text`. A cast that may change a
//! value stays.

use crate::tokens::{self, Kind};

/// Types between which a cast of a text changes nothing, as the server writes them.
const TEXTUAL: [&str; 2] = ["text", "character varying"];
const INTEGERS: [&str; 3] = ["smallint", "integer", "bigint"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Word(String),
    Text(String),
    Number(String),
    Sign(String),
    /// `::type`
    Cast(String),
}

impl Item {
    fn is(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(own) if own == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }
}

/// Whether the texts mean the same. `textual` says of which columns a cast to text is none.
pub(super) fn equal(a: &str, b: &str, textual: &dyn Fn(&str) -> bool) -> bool {
    a == b || essence(a, textual) == essence(b, textual)
}

/// The text without what makes no difference. For comparison only.
pub(super) fn essence(text: &str, textual: &dyn Fn(&str) -> bool) -> String {
    match items(text) {
        Some(items) => written(&reduced(items, textual)),
        None => text.to_owned(),
    }
}

/// The same of a whole default, which is cast to the type of its column anyway. `None` where it is
/// as if there were none.
pub(super) fn default(text: &str, textual: &dyn Fn(&str) -> bool) -> Option<String> {
    let Some(items) = items(text) else { return Some(text.to_owned()) };
    let mut items = reduced(items, textual);
    if matches!(&items[..], [Item::Number(_), Item::Cast(_)]) {
        items.truncate(1);
    }
    match &items[..] {
        [Item::Word(null)] | [Item::Word(null), Item::Cast(_)] if null == "null" => None,
        items => Some(written(items)),
    }
}

fn items(text: &str) -> Option<Vec<Item>> {
    let tokens = tokens::tokens(text).ok()?;
    let mut items: Vec<Item> = Vec::with_capacity(tokens.len());
    let mut rest = &tokens[..];
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        if token.text == "::" {
            let used = type_length(rest);
            let words: Vec<String> = rest[..used].iter().map(tokens::Token::canonical).collect();
            items.push(Item::Cast(words.join(" ")));
            rest = &rest[used..];
            continue;
        }
        items.push(match token.kind {
            Kind::Word => match token.canonical() {
                word if word == "current_role" || word == "user" => {
                    Item::Word("current_user".to_owned())
                }
                word => Item::Word(word),
            },
            Kind::Quoted => Item::Word(unquoted(token.text)),
            Kind::Text => Item::Text(token.text.to_owned()),
            Kind::Number => Item::Number(token.text.to_owned()),
            Kind::Operator | Kind::Mark => Item::Sign(token.text.to_owned()),
        });
    }
    Some(items)
}

/// How many tokens a type takes: `character varying(10)`, `public.goal[]`.
fn type_length(tokens: &[tokens::Token<'_>]) -> usize {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut at = 1;
    while is(at, ".") {
        at += 2;
    }
    let first = tokens.first().map_or("", |token| token.text);
    if matches!(first, "character" | "bit") && is(at, "varying")
        || first == "double" && is(at, "precision")
    {
        at += 1;
    }
    if is(at, "(") {
        while at < tokens.len() && !is(at, ")") {
            at += 1;
        }
        at += 1;
    }
    if matches!(first, "timestamp" | "time") && (is(at, "with") || is(at, "without")) {
        at += 3;
    }
    while is(at, "[") && is(at + 1, "]") {
        at += 2;
    }
    at.min(tokens.len())
}

/// Quotes that the name does not need say nothing: which words are reserved depends on the server.
fn unquoted(text: &str) -> String {
    let inside = text.trim_matches('"');
    let plain = inside.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && inside.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    // A quoted "current_user" is a column.
    let known = ["current_user", "user", "null"].contains(&inside);
    if plain && !known { inside.to_owned() } else { text.to_owned() }
}

fn reduced(mut items: Vec<Item>, textual: &dyn Fn(&str) -> bool) -> Vec<Item> {
    loop {
        let (mut at, mut changed) = (0, false);
        while at < items.len() {
            if step(&mut items, at, textual) {
                changed = true;
            } else {
                at += 1;
            }
        }
        if !changed {
            return items;
        }
    }
}

/// Takes away one thing that says nothing, at this place or right after it.
fn step(items: &mut Vec<Item>, at: usize, textual: &dyn Fn(&str) -> bool) -> bool {
    if literal(items, at) || now(items, at) {
        return true;
    }
    match &items[at] {
        Item::Word(column) if textual(column) && casts_to(items, at + 1, &TEXTUAL) => {
            items.remove(at + 1);
            true
        }
        Item::Word(word) if word == "array" => array(items, at),
        sign if sign.is("(") => parentheses(items, at),
        _ => false,
    }
}

fn casts_to(items: &[Item], at: usize, types: &[&str]) -> bool {
    matches!(items.get(at), Some(Item::Cast(to)) if types.contains(&to.as_str()))
}

/// Literals with the one cast that they need.
fn literal(items: &mut Vec<Item>, at: usize) -> bool {
    let begins =
        at == 0 || matches!(&items[at - 1], Item::Sign(sign) if sign != ")" && sign != "]");
    match (&items[at], items.get(at + 1)) {
        (Item::Text(_), Some(Item::Cast(to))) if TEXTUAL.contains(&&**to) || to == "bpchar" => {
            items.remove(at + 1);
        }
        (Item::Text(text), Some(Item::Cast(to))) if INTEGERS.contains(&&**to) => {
            let Ok(number) = text.trim_matches('\'').parse::<i64>() else { return false };
            items.splice(at..at + 2, [Item::Number(number.to_string())]);
        }
        (Item::Text(text), Some(Item::Cast(to))) if to == "numeric" => {
            let inside = text.trim_matches('\'');
            if !inside.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                return false;
            }
            items[at] = Item::Number(shortest(inside));
        }
        (Item::Number(number), Some(Item::Cast(to)))
            if INTEGERS.contains(&&**to) && number.parse::<i64>().is_ok() =>
        {
            items.remove(at + 1);
        }
        (Item::Number(number), next) if number.contains('.') => {
            let short = shortest(number);
            let bare = !matches!(next, Some(Item::Cast(_)));
            if short == *number && !bare {
                return false;
            }
            let cast = bare.then(|| Item::Cast("numeric".to_owned()));
            items.splice(at..=at, [Item::Number(short)].into_iter().chain(cast));
        }
        (Item::Sign(minus), Some(Item::Number(number))) if minus == "-" && begins => {
            let number = Item::Number(format!("-{number}"));
            items.splice(at..at + 2, [number]);
        }
        _ => return false,
    }
    true
}

/// `0.00` is 0.
fn shortest(number: &str) -> String {
    if number.contains('.') && !number.contains(['e', 'E']) {
        number.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        number.to_owned()
    }
}

/// The ways to say when the transaction began.
fn now(items: &mut Vec<Item>, at: usize) -> bool {
    let call = |items: &[Item]| {
        items.get(at + 1).is_some_and(|open| open.is("("))
            && items.get(at + 2).is_some_and(|close| close.is(")"))
    };
    let used = match (&items[at], items.get(at + 1)) {
        (Item::Word(word), next)
            if word == "current_timestamp" && !next.is_some_and(|open| open.is("(")) =>
        {
            1
        }
        (Item::Word(word), _) if word == "transaction_timestamp" && call(items) => 3,
        (Item::Text(text), Some(Item::Cast(to)))
            if text == "'now'" && to == "timestamp with time zone" =>
        {
            2
        }
        _ => return false,
    };
    let now =
        [Item::Word("now".to_owned()), Item::Sign("(".to_owned()), Item::Sign(")".to_owned())];
    items.splice(at..at + used, now);
    true
}

/// `ARRAY['a', 'b']::text[]`: the elements say it already.
fn array(items: &mut Vec<Item>, at: usize) -> bool {
    let Some(end) = closing(items, at + 1) else { return false };
    let texts = items[at + 2..end].iter().all(|item| matches!(item, Item::Text(_)) || item.is(","));
    if end > at + 2 && texts && casts_to(items, end + 1, &["text [ ]", "character varying [ ]"]) {
        items.remove(end + 1);
        return true;
    }
    false
}

/// Parentheses around a single thing, or around other parentheses.
fn parentheses(items: &mut Vec<Item>, at: usize) -> bool {
    let Some(end) = closing(items, at) else { return false };
    let called = at > 0
        && match &items[at - 1] {
            Item::Word(word) => {
                !["and", "or", "not", "when", "then", "else"].contains(&word.as_str())
            }
            _ => false,
        };
    let doubled = items[at + 1].is("(") && closing(items, at + 1) == Some(end - 1);
    let atom = !called && atom_end(items, at + 1) == Some(end);
    if doubled || atom {
        items.remove(end);
        items.remove(at);
        return true;
    }
    false
}

/// Where the bracket that opens here closes.
fn closing(items: &[Item], at: usize) -> Option<usize> {
    if !items.get(at).is_some_and(|item| item.is("(") || item.is("[")) {
        return None;
    }
    let mut depth = 0_usize;
    for (place, item) in items.iter().enumerate().skip(at) {
        if item.is("(") || item.is("[") {
            depth += 1;
        } else if item.is(")") || item.is("]") {
            depth -= 1;
            if depth == 0 {
                return Some(place);
            }
        }
    }
    None
}

/// Where the operand that begins here ends: a literal, a name, a call or an array, with its casts.
fn atom_end(items: &[Item], at: usize) -> Option<usize> {
    let mut end = match items.get(at)? {
        Item::Text(_) | Item::Number(_) => at + 1,
        Item::Word(word) if ["case", "not", "select"].contains(&word.as_str()) => return None,
        Item::Word(_) => {
            let mut end = at + 1;
            while items.get(end).is_some_and(|dot| dot.is("."))
                && matches!(items.get(end + 1), Some(Item::Word(_)))
            {
                end += 2;
            }
            match closing(items, end) {
                Some(close) if items[end].is("(") || items[at].is_word("array") => close + 1,
                _ => end,
            }
        }
        _ => return None,
    };
    while matches!(items.get(end), Some(Item::Cast(_))) {
        end += 1;
    }
    Some(end)
}

fn written(items: &[Item]) -> String {
    let words: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::Word(text) | Item::Text(text) | Item::Number(text) | Item::Sign(text) => {
                text.clone()
            }
            Item::Cast(to) => format!("::{to}"),
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        equal(a, b, &|column| column == "name")
    }

    #[test]
    fn what_was_typed_otherwise_and_means_the_same_is_equal() {
        for (a, b) in [
            ("now()", "CURRENT_TIMESTAMP"),
            ("now()", "transaction_timestamp()"),
            ("now()", "('now'::text)::timestamp with time zone"),
            ("CURRENT_USER", "CURRENT_ROLE"),
            ("'a'::text", "'a'::character varying"),
            ("'-1'::integer", "'-1'::bigint"),
            ("CHECK ((x >= (0)::numeric))", "CHECK ((x >= 0.00))"),
            ("CHECK ((x >= (0)::numeric))", "CHECK ((x >= '0'::numeric))"),
            ("CHECK ((n > 0))", "CHECK ((n > (0)::bigint))"),
            ("CHECK ((n > '-1'::integer))", "CHECK ((n > (-1)))"),
            ("CHECK ((name <> ''::text))", "CHECK (((name)::text <> ''::text))"),
            (
                "CHECK ((name = ANY (ARRAY['a'::text, 'b'::text])))",
                "CHECK (((name)::text = ANY ((ARRAY['a'::character varying, \
                 'b'::character varying])::text[])))",
            ),
            (
                "CHECK ((name = ANY (ARRAY['a'::text, 'b'::text])))",
                "CHECK (((name)::text = ANY (ARRAY[('a'::character varying)::text, \
                 ('b'::character varying)::text])))",
            ),
            ("USING btree (name) WHERE (a AND b)", "USING btree (\"name\") WHERE ((a) AND (b))"),
        ] {
            assert!(same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn what_may_mean_something_else_differs() {
        for (a, b) in [
            ("now()", "clock_timestamp()"),
            ("now()", "CURRENT_TIMESTAMP(0)"),
            ("USING btree (id)", "USING btree (((id)::text))"),
            ("CHECK ((code = 'a'::bpchar))", "CHECK (((code)::text = 'a'::text))"),
            ("CHECK ((x >= (0)::numeric))", "CHECK ((x > (0)::numeric))"),
            ("CHECK ((x / 2) > 0)", "CHECK ((x / 2.0) > 0)"),
            ("CHECK ((a OR (b AND c)))", "CHECK (((a OR b) AND c))"),
            ("('a'::character varying)::character(1)", "'a'::text"),
            ("'A'::text", "'a'::text"),
            ("UNIQUE (a, b)", "UNIQUE (b, a)"),
            ("\"CURRENT_USER\"", "CURRENT_USER"),
            ("\"user\"", "USER"),
            ("'1'::public.goal", "'1'::public.aim"),
            ("'10'::numeric", "'1'::numeric"),
            ("100", "1"),
        ] {
            assert!(!same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn a_default_is_cast_to_its_column_anyway() {
        let of = |text: &str| default(text, &|_| false);
        assert_eq!(of("0"), of("(0)::numeric(12,2)"));
        assert_eq!(of("0"), of("0.00"));
        assert_eq!(of("NULL::character varying"), None);
        assert_ne!(of("0"), of("1"));
        assert_ne!(of("'a'::text"), of("'b'::text"));
    }

    #[test]
    fn what_is_no_sql_is_compared_as_it_is() {
        assert!(same("'", "'"));
        assert!(!same("'", "' "));
    }
}
