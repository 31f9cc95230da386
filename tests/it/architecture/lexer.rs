//! As much of Rust's lexical rules as it takes to tell code from comments and strings.

/// What is left of a source file without its comments and white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// What stands between the quotes of a string, escapes as they are written.
    Text(String),
    Sign(char),
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub(super) fn sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The tokens with their lines, counted from 1.
pub(super) fn tokens(source: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = source.chars().collect();
    let (mut tokens, mut line, mut at) = (Vec::new(), 1, 0);
    while at < chars.len() {
        let start = at;
        let token = match chars[at] {
            c if c.is_whitespace() => {
                at += 1;
                None
            }
            '/' if chars.get(at + 1) == Some(&'/') => {
                at = position(&chars, at, |c| c == '\n');
                None
            }
            '/' if chars.get(at + 1) == Some(&'*') => {
                at = end_of_comment(&chars, at);
                None
            }
            '"' => Some(Token::Text(string(&chars, &mut at, None))),
            '\'' => {
                at = end_of_quote(&chars, at);
                None
            }
            c if c.is_alphanumeric() || c == '_' => {
                at = position(&chars, at, |c| !c.is_alphanumeric() && c != '_');
                let word: String = chars[start..at].iter().collect();
                let hashes = position(&chars, at, |c| c != '#') - at;
                let raw = word.ends_with('r') && chars.get(at + hashes) == Some(&'"');
                if raw && matches!(word.as_str(), "r" | "br" | "cr") {
                    at += hashes;
                    Some(Token::Text(string(&chars, &mut at, Some(hashes))))
                } else if matches!(word.as_str(), "b" | "c") && chars.get(at) == Some(&'"') {
                    Some(Token::Text(string(&chars, &mut at, None)))
                } else {
                    Some(Token::Word(word))
                }
            }
            c => {
                at += 1;
                Some(Token::Sign(c))
            }
        };
        tokens.extend(token.map(|token| (line, token)));
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn position(chars: &[char], from: usize, end: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| end(*c)).map_or(chars.len(), |length| from + length)
}

fn end_of_comment(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Moves behind the string that begins at `at`; raw ones with so many hashes.
fn string(chars: &[char], at: &mut usize, raw: Option<usize>) -> String {
    let start = *at + 1;
    *at = start;
    while *at < chars.len() {
        match (chars[*at], raw) {
            ('\\', None) => *at += 1,
            ('"', None) => break,
            ('"', Some(hashes))
                if chars[*at + 1..].iter().take_while(|c| **c == '#').count() >= hashes =>
            {
                break;
            }
            _ => {}
        }
        *at += 1;
    }
    let end = (*at).min(chars.len());
    *at = end + 1 + raw.unwrap_or(0);
    chars[start.min(end)..end].iter().collect()
}

/// Behind a character, or behind the tick of a lifetime.
fn end_of_quote(chars: &[char], start: usize) -> usize {
    if chars.get(start + 1) == Some(&'\\') {
        return position(chars, start + 3, |c| c == '\'') + 1;
    }
    if chars.get(start + 2) == Some(&'\'') { start + 3 } else { start + 1 }
}

#[test]
fn comments_and_quotes_are_told_from_code() {
    let source = r##"
        // crate::a
        /* /* crate::b */ crate::c */ fn f<'a>(x: &'a str) -> char { '\'' }
        let s = "crate::d \" // no"; let r = r#"crate::"e"#; let b = b"f"; let q = '"'; let n = 1_u8;
        g()"##;
    let all = tokens(source);
    let words: Vec<_> = all
        .iter()
        .filter_map(|(_, token)| match token {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        words,
        "fn f a x a str char let s let r let b let q let n 1_u8 g".split(' ').collect::<Vec<_>>()
    );
    let texts: Vec<_> = all.iter().filter(|(_, t)| matches!(t, Token::Text(_))).collect();
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[1], &(4, Token::Text("crate::\"e".to_owned())));
    assert_eq!(all.last(), Some(&(5, Token::Sign(')'))));
}
