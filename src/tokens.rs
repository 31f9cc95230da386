//! The tokens of PostgreSQL's SQL, and the statements that they make.
//!
//! The lexer knows the server's rules with `standard_conforming_strings` on, and none of psql's
//! commands. Where it is not as fine as the server (it does not look into numbers), it is so in
//! the safe direction: texts with equal tokens mean the same to the server.
//!
//! The build script uses this file too, so it depends on nothing.

use std::fmt;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword without quotes.
    Word,
    /// `"…"` or `U&"…"`.
    Quoted,
    /// `'…'` with its prefix (`E`, `B`, `X`, `N`, `U&`), or `$tag$…$tag$`.
    Text,
    /// A number, or a parameter such as `$1`.
    Number,
    /// An operator.
    Operator,
    /// One of `( ) [ ] , ; : .`, or `::`, `:=`, `..`.
    Mark,
}

impl Kind {
    /// The byte that stands for the kind in a checksum. Never changes.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Word => 1,
            Self::Quoted => 2,
            Self::Text => 3,
            Self::Number => 4,
            Self::Operator => 5,
            Self::Mark => 6,
        }
    }
}

/// A token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// As it is written.
    pub(crate) text: &'a str,
    /// Where it starts, in bytes.
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Whether this is the unquoted `word`, given in lower case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// The text that a checksum covers: the server folds words without quotes.
    pub(crate) fn canonical(&self) -> String {
        match self.kind {
            Kind::Word => self.text.to_ascii_lowercase(),
            _ => self.text.to_owned(),
        }
    }

    /// Where it ends, in bytes.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Why a text is not SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LexError {
    /// The line it begins on, from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: &'static str,
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for LexError {}

/// The tokens of `sql`, without comments and white space.
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, LexError> {
    let mut found = Vec::new();
    let mut lexer = Lexer { sql, at: 0 };
    while let Some(token) = lexer.next()? {
        found.push(token);
    }
    Ok(found)
}

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// From its first token to its last, without the semicolon.
    pub(crate) text: &'a str,
    /// Its tokens.
    pub(crate) tokens: Vec<Token<'a>>,
}

impl Statement<'_> {
    /// Whether it begins with these unquoted words, given in lower case.
    pub(crate) fn begins(&self, words: &[&str]) -> bool {
        self.tokens.len() >= words.len()
            && self.tokens.iter().zip(words).all(|(token, word)| token.is(word))
    }
}

/// The statements of `sql`, split at the semicolons that psql would split at: not inside
/// parentheses (rules), and not inside a function body that is written in SQL (`BEGIN ATOMIC`).
pub(crate) fn statements(sql: &str) -> Result<Vec<Statement<'_>>, LexError> {
    let mut found = Vec::new();
    let mut current: Vec<Token<'_>> = Vec::new();
    let (mut parentheses, mut blocks) = (0_usize, 0_usize);
    for token in tokens(sql)? {
        match token.text {
            "(" => parentheses += 1,
            ")" => parentheses = parentheses.saturating_sub(1),
            ";" if parentheses == 0 && blocks == 0 => {
                push(&mut found, sql, std::mem::take(&mut current));
                continue;
            }
            _ if parentheses == 0 && makes_routine(&current) => {
                if token.is("begin") || (blocks > 0 && token.is("case")) {
                    blocks += 1;
                } else if token.is("end") {
                    blocks = blocks.saturating_sub(1);
                }
            }
            _ => {}
        }
        current.push(token);
    }
    push(&mut found, sql, current);
    Ok(found)
}

fn push<'a>(found: &mut Vec<Statement<'a>>, sql: &'a str, tokens: Vec<Token<'a>>) {
    if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
        let text = &sql[first.start..last.end()];
        found.push(Statement { text, tokens });
    }
}

/// Whether a statement that begins so is `CREATE [OR REPLACE] {FUNCTION | PROCEDURE}`.
fn makes_routine(tokens: &[Token<'_>]) -> bool {
    let Some(([create], rest)) = tokens.split_first_chunk() else { return false };
    let what = match rest {
        [or, replace, what, ..] if or.is("or") && replace.is("replace") => what,
        [what, ..] => what,
        [] => return false,
    };
    create.is("create") && (what.is("function") || what.is("procedure"))
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, LexError> {
        self.skip()?;
        let start = self.at;
        let rest = self.rest();
        let Some(&first) = rest.first() else { return Ok(None) };
        let kind = match first {
            b'\'' => self.quoted(b'\'', 0, false)?,
            b'"' => self.quoted(b'"', 0, false)?,
            b'$' => self.dollar()?,
            b'0'..=b'9' => self.number(),
            b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            _ if starts_word(first) => self.word()?,
            _ if is_operator(first) => self.operator(),
            b':' if matches!(rest.get(1), Some(b':' | b'=')) => self.take(Kind::Mark, 2),
            b'.' if rest.get(1) == Some(&b'.') => self.take(Kind::Mark, 2),
            b'(' | b')' | b'[' | b']' | b',' | b';' | b':' | b'.' => self.take(Kind::Mark, 1),
            b'\\' => return Err(self.error("a backslash: psql commands are not SQL")),
            _ => return Err(self.error("a character that SQL has no use for")),
        };
        Ok(Some(Token { kind, text: &self.sql[start..self.at], start }))
    }

    fn rest(&self) -> &'a [u8] {
        &self.sql.as_bytes()[self.at..]
    }

    fn error(&self, what: &'static str) -> LexError {
        LexError { line: 1 + self.sql[..self.at].matches('\n').count(), what }
    }

    fn take(&mut self, kind: Kind, bytes: usize) -> Kind {
        self.at += bytes;
        kind
    }

    /// Passes white space and comments.
    fn skip(&mut self) -> Result<(), LexError> {
        loop {
            let rest = self.rest();
            if rest.first().is_some_and(|&b| is_space(b)) {
                self.at += 1;
            } else if rest.starts_with(b"--") {
                self.at +=
                    rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> Result<(), LexError> {
        let (rest, mut depth, mut i) = (self.rest(), 0_usize, 0);
        while i < rest.len() {
            if rest[i..].starts_with(b"/*") {
                depth += 1;
                i += 2;
            } else if rest[i..].starts_with(b"*/") {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    self.at += i;
                    return Ok(());
                }
            } else {
                i += 1;
            }
        }
        Err(self.error("a comment that does not end"))
    }

    /// A literal or identifier whose opening quote stands `prefix` bytes ahead. A doubled quote
    /// stands for itself; so does, with `escapes`, one after a backslash.
    fn quoted(&mut self, quote: u8, prefix: usize, escapes: bool) -> Result<Kind, LexError> {
        let (rest, mut i) = (self.rest(), prefix + 1);
        while let Some(&byte) = rest.get(i) {
            if byte == b'\\' && escapes {
                i += 2;
            } else if byte != quote {
                i += 1;
            } else if rest.get(i + 1) == Some(&quote) {
                i += 2;
            } else {
                let kind = if quote == b'"' { Kind::Quoted } else { Kind::Text };
                return Ok(self.take(kind, i + 1));
            }
        }
        Err(self.error(if quote == b'"' {
            "a quoted identifier that does not end"
        } else {
            "a string that does not end"
        }))
    }

    /// A parameter, or a string between two equal tags.
    fn dollar(&mut self) -> Result<Kind, LexError> {
        let rest = self.rest();
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            return Ok(self.take(Kind::Number, 1 + digits));
        }
        let name = rest[1..].iter().take_while(|&&b| continues_word(b) && b != b'$').count();
        let tag = name + 2;
        if rest.get(tag - 1) != Some(&b'$') {
            return Err(self.error("a dollar sign that begins neither a parameter nor a string"));
        }
        let text = &self.sql[self.at..];
        match text[tag..].find(&text[..tag]) {
            Some(body) => Ok(self.take(Kind::Text, tag + body + tag)),
            None => Err(self.error("a dollar-quoted string that does not end")),
        }
    }

    /// All that may belong to a number, letters too: `1.5e-3`, `0xFF`, `1_000`.
    fn number(&mut self) -> Kind {
        let (rest, mut i) = (self.rest(), 0);
        while let Some(&byte) = rest.get(i) {
            let in_range = byte == b'.' && rest.get(i + 1) == Some(&b'.');
            let sign = matches!(byte, b'+' | b'-')
                && !matches!(rest, [b'0', b'x' | b'X', ..])
                && i > 0
                && matches!(rest[i - 1], b'e' | b'E')
                && rest.get(i + 1).is_some_and(u8::is_ascii_digit);
            if sign || (byte == b'.' && !in_range) || continues_word(byte) && byte != b'$' {
                i += 1;
            } else {
                break;
            }
        }
        self.take(Kind::Number, i)
    }

    /// A word, or the literal or identifier that a prefix begins.
    fn word(&mut self) -> Result<Kind, LexError> {
        let rest = self.rest();
        match (rest[0].to_ascii_lowercase(), rest.get(1), rest.get(2)) {
            (b'e', Some(b'\''), _) => return self.quoted(b'\'', 1, true),
            (b'b' | b'x' | b'n', Some(b'\''), _) => return self.quoted(b'\'', 1, false),
            (b'u', Some(b'&'), Some(&quote @ (b'\'' | b'"'))) => {
                return self.quoted(quote, 2, false);
            }
            _ => {}
        }
        let length = rest.iter().take_while(|&&b| continues_word(b)).count();
        Ok(self.take(Kind::Word, length))
    }

    /// The longest operator, less what the server does not count to it: comments, and a sign at
    /// the end of one that consists of the common characters alone (`=-1` is `=` and `-1`).
    fn operator(&mut self) -> Kind {
        let rest = self.rest();
        let mut length = rest.iter().take_while(|&&b| is_operator(b)).count();
        for i in 1..length {
            if rest[i..].starts_with(b"--") || rest[i..].starts_with(b"/*") {
                length = i;
                break;
            }
        }
        let special = rest[..length].iter().any(|b| b"~!@#^&|`?%".contains(b));
        while !special && length > 1 && matches!(rest[length - 1], b'+' | b'-') {
            length -= 1;
        }
        self.take(Kind::Operator, length)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Every byte of a character beyond ASCII counts as a letter.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_operator(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|`?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).unwrap().iter().map(|token| token.text).collect()
    }

    fn refusal(sql: &str) -> String {
        tokens(sql).unwrap_err().to_string()
    }

    #[test]
    fn strings_and_identifiers_keep_what_is_inside() {
        use Kind::{Mark, Operator, Quoted, Text, Word};
        for (sql, kind) in [
            ("'it''s -- no /* comment'", Text),
            (r"'C:\'", Text),
            (r"E'a\'b\\'", Text),
            ("e'\\''", Text),
            (r"U&'\0041'", Text),
            ("B'01'", Text),
            ("x'1F'", Text),
            ("N'n'", Text),
            ("$$a ' ; b$$", Text),
            ("$_t1$ $$ $_t1$", Text),
            ("$é$ü$é$", Text),
            ("\"a \"\" -- b\"", Quoted),
            ("U&\"\\0041\"", Quoted),
            ("größe$1", Word),
            ("_e", Word),
            ("!~~*", Operator),
            ("@-", Operator),
            ("::", Mark),
        ] {
            let found = tokens(sql).unwrap();
            assert_eq!((found.len(), found[0].kind, found[0].text), (1, kind, sql), "{found:?}");
        }
    }

    #[test]
    fn tokens_end_where_the_server_ends_them() {
        for (sql, expected) in [
            ("a.b,c", &["a", ".", "b", ",", "c"][..]),
            ("x=-1", &["x", "=", "-", "1"]),
            ("x@-1", &["x", "@-", "1"]),
            ("a<=b", &["a", "<=", "b"]),
            ("a< =b", &["a", "<", "=", "b"]),
            ("a+--c\nb", &["a", "+", "b"]),
            ("a*/* c */b", &["a", "*", "b"]),
            ("1.5e-3+.5", &["1.5e-3", "+", ".5"]),
            ("0xE-1", &["0xE", "-", "1"]),
            ("1..10", &["1", "..", "10"]),
            ("a[1:2]", &["a", "[", "1", ":", "2", "]"]),
            ("a:=b::int", &["a", ":=", "b", "::", "int"]),
            ("$1+$23", &["$1", "+", "$23"]),
            ("a$b$c", &["a$b$c"]),
            ("e 'x'", &["e", "'x'"]),
            ("u&'x'", &["u&'x'"]),
            ("u & 'x'", &["u", "&", "'x'"]),
            ("/* a /* b */ c */ d -- e", &["d"]),
            ("a'b'", &["a", "'b'"]),
            (" \t\r\n\u{b}\u{c}", &[]),
        ] {
            assert_eq!(texts(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_does_not_end_is_refused_where_it_begins() {
        assert_eq!(refusal("a\n'b\nc"), "line 2: a string that does not end");
        assert_eq!(refusal(r"E'a\'"), "line 1: a string that does not end");
        assert_eq!(refusal("E'\\"), "line 1: a string that does not end");
        assert_eq!(refusal("\"a"), "line 1: a quoted identifier that does not end");
        assert_eq!(refusal("\n\n$a$ $b$"), "line 3: a dollar-quoted string that does not end");
        assert_eq!(refusal("/* /* */"), "line 1: a comment that does not end");
        assert_eq!(
            refusal("a $ b"),
            "line 1: a dollar sign that begins neither a parameter nor a string"
        );
        assert_eq!(refusal("\\d t"), "line 1: a backslash: psql commands are not SQL");
        assert_eq!(refusal("{"), "line 1: a character that SQL has no use for");
        assert_eq!(refusal("a\0"), "line 1: a character that SQL has no use for");
    }

    #[test]
    fn statements_are_split_where_psql_splits_them() {
        fn split(sql: &str) -> Vec<&str> {
            statements(sql).unwrap().into_iter().map(|statement| statement.text).collect()
        }
        assert_eq!(
            split(" -- a\n;; SELECT ';' -- b\n ; SELECT 2 -- c"),
            ["SELECT ';'", "SELECT 2"]
        );
        assert_eq!(split("DO $$ a; b; $$; c"), ["DO $$ a; b; $$", "c"]);
        let rule = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM t; SELECT 1)";
        assert_eq!(split(&format!("{rule}; SELECT 1")), [rule, "SELECT 1"]);
        for routine in ["CREATE FUNCTION", "CREATE OR REPLACE PROCEDURE"] {
            let body = "f(a int) BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 END; SELECT 2; END";
            let routine = format!("{routine} {body}");
            assert_eq!(split(&format!("{routine}; SELECT 1;")), [routine.as_str(), "SELECT 1"]);
        }
        assert_eq!(
            split("CREATE TABLE f (a int); BEGIN; SELECT 1"),
            ["CREATE TABLE f (a int)", "BEGIN", "SELECT 1"]
        );
    }

    /// Text that is nearly SQL, so that the lexer gets beyond its first character.
    fn nearly_sql() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "'",
            "''",
            "\"",
            "$",
            "$$",
            "$a$",
            "E'",
            "U&'",
            "\\",
            "--",
            "/*",
            "*/",
            "\n",
            " ",
            ";",
            "(",
            ")",
            "a",
            "é",
            "1",
            ".",
            "..",
            "e",
            "+",
            "-",
            "=",
            "::",
            ":",
            "begin",
            "create function",
            "case",
            "end",
            "x@",
            "0x",
            "\u{0}",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in any::<String>()) {
            let _ = statements(&sql);
        }

        #[test]
        fn tokens_lie_apart_and_only_space_and_comments_between_them(sql in nearly_sql()) {
            if let Ok(found) = tokens(&sql) {
                let mut at = 0;
                for token in &found {
                    prop_assert_eq!(&sql[token.start..token.end()], token.text);
                    prop_assert!(tokens(&sql[at..token.start]).unwrap().is_empty());
                    at = token.end();
                }
                prop_assert!(tokens(&sql[at..]).unwrap().is_empty());
            }
        }

        #[test]
        fn space_and_comments_between_tokens_change_nothing(sql in nearly_sql()) {
            if let Ok(found) = tokens(&sql) {
                let essence: Vec<_> = found.iter().map(|token| (token.kind, token.text)).collect();
                for between in [" ", "\n", "/* a /* ' */ */", " -- $$\n"] {
                    let spread: Vec<_> = found.iter().map(|token| token.text).collect();
                    let spread = spread.join(between);
                    let again = tokens(&spread).unwrap();
                    let again: Vec<_> = again.iter().map(|token| (token.kind, token.text)).collect();
                    prop_assert_eq!(&again, &essence, "{}", spread);
                }
            }
        }

        #[test]
        fn statements_hold_every_token_but_the_semicolons_between_them(sql in nearly_sql()) {
            if let (Ok(all), Ok(split)) = (tokens(&sql), statements(&sql)) {
                let inside: usize = split.iter().map(|statement| statement.tokens.len()).sum();
                prop_assert!(inside <= all.len());
                prop_assert!(split.iter().all(|statement| !statement.tokens.is_empty()));
                let semicolons = all.iter().filter(|token| token.text == ";").count();
                prop_assert!(all.len() - inside <= semicolons);
            }
        }
    }
}
