//! Names in code that the server keeps as text.

use std::collections::BTreeSet;

use crate::tokens::{Kind, tokens};

/// How code names what moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention<'a> {
    /// Without a schema: the search path finds it.
    Bare(&'a str),
    /// With the schema that it leaves.
    OfSource(&'a str),
}

impl<'a> Mention<'a> {
    pub(super) fn name(self) -> &'a str {
        let (Self::Bare(name) | Self::OfSource(name)) = self;
        name
    }
}

/// Where these names stand in code, in its strings, too. With another schema, or as the column of
/// something, they mean something else; with the new one they are right already.
pub(super) fn mentions<'a>(code: &str, names: &[&'a str], source: &str) -> BTreeSet<Mention<'a>> {
    let mut found = BTreeSet::new();
    search(code, names, source, true, &mut found);
    found
}

/// The same in its strings alone: an expression is kept by what it means.
pub(super) fn in_strings<'a>(
    expression: &str,
    names: &[&'a str],
    source: &str,
) -> BTreeSet<Mention<'a>> {
    let mut found = BTreeSet::new();
    search(expression, names, source, false, &mut found);
    found
}

fn search<'a>(
    code: &str,
    names: &[&'a str],
    source: &str,
    words: bool,
    found: &mut BTreeSet<Mention<'a>>,
) {
    let Ok(tokens) = tokens(code) else {
        // Another language. A word is a word.
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        for word in code.split(|c: char| !is_part(c)) {
            let same = names.iter().filter(|name| name.eq_ignore_ascii_case(word));
            found.extend(same.map(|name| Mention::Bare(name)));
        }
        return;
    };
    let name_of = |at: usize| {
        let token = &tokens[at];
        match token.kind {
            Kind::Word => Some(token.text.to_lowercase()),
            Kind::Quoted => Some(token.text.trim_matches('"').replace("\"\"", "\"")),
            _ => None,
        }
    };
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Text {
            search(&content(token.text), names, source, true, found);
            continue;
        }
        let Some(name) = name_of(at).filter(|_| words) else { continue };
        let Some(&name) = names.iter().find(|own| **own == name) else { continue };
        let qualified = at >= 2 && tokens[at - 1].text == ".";
        if !qualified {
            found.insert(Mention::Bare(name));
        } else if name_of(at - 2).is_some_and(|schema| schema == source) {
            found.insert(Mention::OfSource(name));
        }
    }
}

/// What a string says.
fn content(text: &str) -> String {
    if let Some(rest) = text.strip_prefix('$') {
        let tag = rest.find('$').map_or(0, |end| end + 2);
        return text.get(tag..text.len().saturating_sub(tag)).unwrap_or_default().to_owned();
    }
    let begin = text.find('\'').map_or(0, |quote| quote + 1);
    text.get(begin..text.len().saturating_sub(1)).unwrap_or_default().replace("''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<Mention<'static>> {
        mentions(code, &["plan", "Odd \"one"], "public").into_iter().collect()
    }

    #[test]
    fn names_are_found_wherever_they_mean_what_moves() {
        let bare = [Mention::Bare("plan")];
        assert_eq!(found("SELECT count(*) FROM Plan"), bare);
        assert_eq!(found("SELECT plan.id FROM x AS p"), bare);
        assert_eq!(found("EXECUTE 'SELECT 1 FROM plan'"), bare);
        assert_eq!(found("EXECUTE $q$ SELECT 'plan'::regclass $q$"), bare);
        assert_eq!(found("SELECT 1 FROM public . plan"), [Mention::OfSource("plan")]);
        assert_eq!(found("SELECT 1 FROM \"Odd \"\"one\""), [Mention::Bare("Odd \"one")]);
        assert_eq!(found("plan = plan[0] \\ what"), bare);
    }

    #[test]
    fn what_means_something_else_is_not_found() {
        for code in
            ["SELECT plans FROM planner", "SELECT o.plan FROM orders o", "-- plan", "\"Plan\""]
        {
            assert_eq!(found(code), [], "{code}");
        }
        let strings = |text| in_strings(text, &["plan"], "public").len();
        assert_eq!((strings("SELECT id FROM plan"), strings("nextval('plan'::text)")), (0, 1));
    }
}
