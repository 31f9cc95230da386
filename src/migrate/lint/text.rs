//! A file of SQL as the lint reads it: statements with their lines, those inside of bodies and
//! strings that are executed too, and the exceptions in the comments between them.

use crate::tokens::{Kind, LexError, Token, tokens};

/// A token that remembers its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    /// Of a word in lower case, of a quoted identifier what is inside.
    pub(super) text: String,
    pub(super) line: usize,
}

impl Word {
    /// Whether this is the unquoted `word`, given in lower case, or this mark.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark | Kind::Operator) && self.text == word
    }

    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// When a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// With the migration: it stands in the file, or in a DO block.
    Now,
    /// When somebody calls the function that the migration makes.
    Later,
}

/// A statement, wherever it stands.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) words: Vec<Word>,
    pub(super) place: Place,
    /// Whether `pg_extension` was looked at before it in the same body.
    pub(super) behind_check: bool,
    /// Its first words, for the report.
    pub(super) head: String,
    pub(super) line: usize,
    /// Its place among the statements of the file.
    pub(super) number: usize,
    /// Which exceptions stand beside it: indices into [`Text::exceptions`].
    pub(super) exceptions: Vec<usize>,
}

impl Statement {
    /// Whether it begins with these unquoted words, given in lower case.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        begins(&self.words, words)
    }
}

pub(super) fn begins(words: &[Word], with: &[&str]) -> bool {
    words.len() >= with.len() && words.iter().zip(with).all(|(own, word)| own.is(word))
}

/// `lint:allow <rule>: <reason>`.
#[derive(Debug)]
pub(super) struct Exception {
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) line: usize,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) statements: Vec<Statement>,
    pub(super) exceptions: Vec<Exception>,
    /// Bodies that could not be read: the line, the head of the statement, why.
    pub(super) unreadable: Vec<(usize, String, LexError)>,
    /// The comments in front of the first statement.
    pub(super) head: String,
}

const ALLOW: &str = "lint:allow";

impl Text {
    /// Reads a file that was lexed before.
    pub(super) fn of(sql: &str) -> Result<Self, LexError> {
        let mut text = Self::default();
        let first = tokens(sql)?.first().map_or(sql.len(), |token| token.start);
        sql[..first].clone_into(&mut text.head);
        let outside = Outside { line: 1, place: Place::Now, behind_check: false, body: false };
        text.read(sql, &outside, &[])?;
        Ok(text)
    }

    fn read(&mut self, sql: &str, outside: &Outside, inherited: &[usize]) -> Result<(), LexError> {
        let all = tokens(sql)?;
        let line_of = |at: usize| outside.line + sql[..at].matches('\n').count();
        let notes = self.exceptions_between(sql, &all, line_of);
        let mut behind_check = outside.behind_check;
        let (mut from, mut atomic) = (0, false);
        for (start, end) in split(&all, outside.body) {
            let own = &all[start..end];
            let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
            // Beside it: between the line on which the one before ends and the line of its end.
            let to = last.end() + sql[last.end()..].find('\n').unwrap_or(sql.len() - last.end());
            let beside = notes.iter().filter(|(at, _)| (from..to).contains(at));
            let mut exceptions: Vec<usize> = beside.map(|(_, index)| *index).collect();
            exceptions.extend(inherited);
            from = to;

            let words: Vec<Word> = own.iter().map(|token| word(token, &line_of)).collect();
            let checks = words.iter().any(|word| word.is("pg_extension"));
            behind_check |= outside.body && checks;
            // A body in SQL without quotes goes on until END.
            atomic &= !words[0].is("end");
            let place = if atomic { Place::Later } else { outside.place };
            atomic |= routine(&words) && words.iter().any(|word| word.is("atomic"));
            let statement = Statement {
                head: head(&sql[first.start..last.end()]),
                line: line_of(first.start),
                place,
                behind_check,
                words,
                number: self.statements.len(),
                exceptions,
            };
            self.statements.push(statement);
            self.read_inside(own, outside, behind_check, &line_of);
        }
        Ok(())
    }

    /// The bodies of the statement that was read last, and the strings that it executes.
    fn read_inside(
        &mut self,
        own: &[Token<'_>],
        outside: &Outside,
        behind_check: bool,
        line_of: &dyn Fn(usize) -> usize,
    ) {
        let Some(statement) = self.statements.last() else { return };
        let is_do = statement.begins(&["do"]);
        let is_routine = routine(&statement.words);
        let executes = outside.body && statement.words.iter().any(|word| word.is("execute"));
        if !(is_do || is_routine || executes) {
            return;
        }
        let language = statement.words.windows(2).find(|two| two[0].is("language"));
        let language = language.map_or("plpgsql", |two| two[1].text.as_str());
        if !executes && !["sql", "plpgsql"].contains(&language) {
            return;
        }
        let place = if is_routine { Place::Later } else { outside.place };
        let (head, exceptions) = (statement.head.clone(), statement.exceptions.clone());
        let mut seen = false;
        for (index, token) in own.iter().enumerate() {
            seen |= token.is("execute");
            // Of a routine the body follows AS; other strings are defaults and settings.
            let is_body =
                is_do || (is_routine && index > 0 && own[index - 1].is("as")) || (executes && seen);
            if token.kind != Kind::Text || !is_body {
                continue;
            }
            let inside = Outside { line: line_of(token.start), place, behind_check, body: true };
            if let Err(error) = self.read(&content(token.text), &inside, &exceptions)
                // What is executed may be a part of a statement, with holes for `format`.
                && !executes
            {
                self.unreadable.push((inside.line, head.clone(), error));
            }
        }
    }

    /// The exceptions in the comments, each with its place in the text.
    fn exceptions_between(
        &mut self,
        sql: &str,
        all: &[Token<'_>],
        line_of: impl Fn(usize) -> usize,
    ) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut from = 0;
        let ends = all.iter().map(|token| (token.start, token.end()));
        for (to, next) in ends.chain([(sql.len(), sql.len())]) {
            for (offset, _) in sql[from..to].match_indices(ALLOW) {
                let at = from + offset;
                let said = sql[at + ALLOW.len()..to].lines().next().unwrap_or_default();
                let said = said.trim_end().trim_end_matches("*/");
                let (rule, reason) = said.split_once(':').unwrap_or((said, ""));
                let (rule, reason) = (rule.trim().to_owned(), reason.trim().to_owned());
                found.push((at, self.exceptions.len()));
                self.exceptions.push(Exception { rule, reason, line: line_of(at) });
            }
            from = next;
        }
        found
    }
}

/// Where a text stands that is read.
struct Outside {
    line: usize,
    place: Place,
    behind_check: bool,
    /// A body or an executed string, and not the file.
    body: bool,
}

/// Where the statements begin and end: at semicolons outside of parentheses; in bodies also behind
/// the words of PL/pgSQL that statements follow.
fn split(all: &[Token<'_>], body: bool) -> Vec<(usize, usize)> {
    const VERBS: [&str; 21] = [
        "alter", "attach", "call", "comment", "create", "delete", "drop", "execute", "grant", "if",
        "insert", "perform", "raise", "refresh", "reindex", "return", "revoke", "select",
        "truncate", "update", "with",
    ];
    let (mut found, mut start, mut parentheses, mut routine_blocks) = (Vec::new(), 0, 0_usize, 0);
    for (at, token) in all.iter().enumerate() {
        match token.text {
            "(" => parentheses += 1,
            ")" => parentheses = parentheses.saturating_sub(1),
            ";" if parentheses == 0 => {
                found.push((start, at));
                start = at + 1;
            }
            _ if parentheses == 0 => {
                // SQL bodies without quotes: what is inside counts as statements of its own.
                if token.is("atomic") {
                    routine_blocks += 1;
                }
                let opens = ["then", "else", "loop", "begin", "atomic"];
                let opened = at > start && opens.iter().any(|word| all[at - 1].is(word));
                let merges = all[start].is("merge");
                let verb = VERBS.iter().any(|verb| token.is(verb));
                if opened && verb && !merges && (body || routine_blocks > 0) {
                    found.push((start, at));
                    start = at;
                }
            }
            _ => {}
        }
    }
    found.push((start, all.len()));
    found
}

fn routine(words: &[Word]) -> bool {
    let rest =
        if begins(words, &["create", "or", "replace"]) { words.get(3) } else { words.get(1) };
    words.first().is_some_and(|first| first.is("create"))
        && rest.is_some_and(|what| what.is("function") || what.is("procedure"))
}

fn word(token: &Token<'_>, line_of: &dyn Fn(usize) -> usize) -> Word {
    let text = match token.kind {
        Kind::Quoted if token.text.starts_with('"') => {
            token.text[1..token.text.len() - 1].replace("\"\"", "\"")
        }
        _ => token.canonical(),
    };
    Word { kind: token.kind, text, line: line_of(token.start) }
}

/// What a string literal holds.
fn content(literal: &str) -> String {
    if let Some(rest) = literal.strip_prefix('$') {
        let tag = rest.find('$').map_or(0, |end| end + 2);
        return literal[tag..literal.len() - tag].to_owned();
    }
    let from = literal.find('\'').map_or(0, |quote| quote + 1);
    literal[from..literal.len() - 1].replace("''", "'")
}

/// The beginning of a statement on one line.
fn head(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{} …", line[..cut].trim_end()),
        None => line,
    }
}
