//! The paths that a source file takes through its crate, in `use` trees and without.

use super::lexer::Token;

/// A path from the root of the crate: `crate::error::Error` is `["error", "Error"]`, and a glob
/// ends in `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CratePath {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
    alias: Option<String>,
}

impl CratePath {
    /// What it is called where it is imported.
    pub(super) fn name(&self) -> &str {
        self.alias.as_ref().or(self.segments.last()).map_or("", |name| name.as_str())
    }
}

/// `src/modelling/plan.rs` is `["modelling", "plan"]`.
pub(super) fn module(file: &str) -> Vec<String> {
    let path = file.strip_prefix("src/").unwrap_or(file);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Vec<_> = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// Every path that begins with `crate`, `self` or `super`.
pub(super) fn paths(file: &str, tokens: &[(usize, Token)]) -> Vec<CratePath> {
    let mut found = Vec::new();
    let mut modules = vec![(module(file), 0)];
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        let token = &tokens[at].1;
        let here = &modules.last().expect("the file").0;
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                if modules.last().is_some_and(|(_, inside)| *inside == depth && depth > 0) {
                    modules.pop();
                }
                depth -= 1;
            }
            Token::Word(word) if word == "mod" => {
                if let [_, (_, Token::Word(name)), (_, Token::Sign('{')), ..] = &tokens[at..] {
                    let inner = here.iter().chain([name]).cloned().collect();
                    modules.push((inner, depth + 1));
                }
            }
            Token::Word(word) if matches!(word.as_str(), "crate" | "self" | "super") => {
                let goes_on = is_path_sign(tokens, at + 1);
                let renamed = tokens.get(at + 1).is_some_and(|(_, next)| next.is("as"));
                let inside = at >= 2 && is_path_sign(tokens, at - 2);
                if (goes_on || renamed) && !inside {
                    let base = if word == "crate" { &[][..] } else { here };
                    at = tree(tokens, at, base.to_vec(), &mut found);
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_path_sign(tokens: &[(usize, Token)], at: usize) -> bool {
    tokens.get(at..at + 2).is_some_and(|two| two.iter().all(|(_, token)| token.sign(':')))
}

/// Reads the tree that begins at `at`, and says where it ends.
fn tree(
    tokens: &[(usize, Token)],
    mut at: usize,
    mut path: Vec<String>,
    found: &mut Vec<CratePath>,
) -> usize {
    let line = tokens[at].0;
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Word(word) if word == "super" => drop(path.pop()),
            Token::Word(word) if word == "self" || word == "crate" => {}
            Token::Word(word) => path.push(word.clone()),
            Token::Sign('*') => path.push("*".to_owned()),
            Token::Sign('{') => {
                at += 1;
                while let Some((_, token)) = tokens.get(at) {
                    match token {
                        Token::Sign('}') => return at + 1,
                        Token::Sign(',') => at += 1,
                        _ => at = tree(tokens, at, path.clone(), found),
                    }
                }
                return at;
            }
            // The `<` of `::<T>`.
            Token::Sign(_) | Token::Text(_) => break,
        }
        at += 1;
        if !is_path_sign(tokens, at) {
            break;
        }
        at += 2;
    }
    let alias = match tokens.get(at..) {
        Some([(_, r#as), (_, Token::Word(alias)), ..]) if r#as.is("as") => {
            at += 2;
            Some(alias.clone())
        }
        _ => None,
    };
    found.push(CratePath { line, segments: path, alias });
    at
}

#[test]
fn trees_and_inline_modules_are_resolved() {
    let source = "
        use crate::{self as root, error::{Error, Result}, key::*};
        pub(crate) use super::plan::{self, PlanId};
        use super::super::store::Store;
        mod tests { use super::*; fn f() { super::super::g(); } }
        fn h() { crate::a::<u8>::b(self.x, self::c(), $crate::d::E) }";
    let found: Vec<_> = paths("src/modelling/scenario.rs", &super::lexer::tokens(source))
        .into_iter()
        .map(|path| format!("{} {}", path.line, path.segments.join("::")))
        .collect();
    assert_eq!(
        found,
        [
            "2 ",
            "2 error::Error",
            "2 error::Result",
            "2 key::*",
            "3 modelling::plan",
            "3 modelling::plan::PlanId",
            "4 store::Store",
            "5 modelling::scenario::*",
            "5 modelling::g",
            "6 a",
            "6 modelling::scenario::c",
            "6 d::E",
        ]
    );
    assert_eq!(module("src/lib.rs"), Vec::<String>::new());
    assert_eq!(module("src/modelling/mod.rs"), ["modelling"]);
}
