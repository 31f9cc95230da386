//! The rules of the source: who may know whom, and where SQL is made. A checker over texts, which
//! is tried on made-up sources before it looks at the real ones.

mod lexer;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use planwright::Context;

use lexer::{Token, tokens};
use paths::{module, paths};

/// The modules beside their own that contexts may use.
const FOR_CONTEXTS: &[(&str, &str)] = &[
    ("batch", "long data moves are handed to it as values"),
    ("decimal", "numbers on their way to numeric columns"),
    ("error", "the one error type"),
    ("ident", "quoted names"),
    ("input", "rules for text and keys that inputs share"),
    ("key", "typed keys and pages"),
    ("partition", "tables to part are handed to it as values"),
    ("policy_index", "a rule that a host turns on is an index, built as migrations build theirs"),
    ("relocate", "tables to move are handed to it as values"),
    ("statement", "hot statements as text"),
    ("store", "operations that commit batch by batch begin at the store"),
    ("unit_of_work", "accessors and repositories borrow it"),
    ("verify", "invariants are values of it"),
];

/// Files outside the contexts that name them.
const NAMES_CONTEXTS: &[(&str, &str)] = &[
    ("src/lib.rs", "declares the modules"),
    ("src/migrate/context.rs", "the one list of contexts"),
];

/// Statements that are put together from something else than `Ident` and `Literal`: the file, the
/// beginning of the text, and why it is safe.
const MADE_OF_PARTS: &[(&str, &str, &str)] = &[
    (
        "src/local_server/mod.rs",
        "ALTER ROLE postgres PASSWORD '{password}'",
        "the password is hexadecimal",
    ),
    ("src/migrate/alone.rs", "DROP INDEX CONCURRENTLY {}", "the server has quoted the name"),
    ("src/migrate/guard.rs", "SELECT count(*) OVER ()", "the part is a guard of this crate"),
    ("src/migrate/guard.rs", "SELECT coalesce(line", "the part is the evidence of this crate"),
    (
        "src/verify/invariants.rs",
        "SELECT count(*) OVER ()",
        "the parts are constants: a rule and a number",
    ),
    ("src/migrate/alone.rs", "CREATE", "parts of a migration of this crate"),
    (
        "src/relocate/leaning.rs",
        "ALTER ROUTINE",
        "printed, not run; the server has quoted the name",
    ),
    ("src/relocate/look.rs", "ALTER ROLE", "printed, not run; the path is the server's"),
    ("src/relocate/proof.rs", "UPDATE ONLY", "names are quoted, values are constants"),
    ("src/relocate/views.rs", "CREATE VIEW", "lists of quoted names"),
    ("src/relocate/views.rs", "GRANT {privilege}", "the server's words, and quoted names"),
    ("src/transaction.rs", "BEGIN ISOLATION LEVEL", "constants, and the checked name of a job"),
    ("src/patience.rs", "BEGIN;SET LOCAL lock_timeout", "the part is a number"),
    ("src/migrate/stage.rs", "SET CONSTRAINTS {", "the server has quoted the names"),
    ("src/transaction.rs", ";SET LOCAL {name}={value}", "names are constants, values numbers"),
    ("src/transaction.rs", ";SELECT set_config(", "the name is a constant, the value a literal"),
    (
        "src/verify/fingerprint/source.rs",
        "SELECT json_object_keys",
        "tables are quoted, and a query is the host's, in a transaction that only reads",
    ),
    ("src/verify/fingerprint/source.rs", "SELECT count(*) AS rows", "the same, and quoted columns"),
];

/// Where else than in `src/catalog/` system tables are read, or locks are taken than in
/// `src/lock.rs`.
const READS_CATALOGS: &[(&str, &str)] =
    &[("src/testing/database.rs", "makes and drops databases, and no product runs it")];

/// The most lines of a file, without the tests at its end. A generated one is as long as it is.
const MOST_LINES: usize = 450;

#[derive(Debug, Default)]
struct Findings {
    files: usize,
    paths: usize,
    wrong: Vec<String>,
    /// The exceptions that something needed.
    used: BTreeSet<String>,
}

impl Findings {
    /// Takes note of what is wrong, unless it is an exception.
    fn unless(&mut self, excepted: bool, exception: String, wrong: impl FnOnce() -> String) {
        if excepted {
            self.used.insert(exception);
        } else {
            self.wrong.push(wrong());
        }
    }
}

fn check(sources: &[(String, String)], contexts: &[&str]) -> Findings {
    let mut findings = Findings::default();
    let code: Vec<_> = sources
        .iter()
        .filter(|(file, _)| is(file, "rs"))
        .map(|(file, text)| (file.as_str(), tokens(text)))
        .collect();
    let reexports = reexports(&code);
    let accessors: BTreeMap<String, &str> = code
        .iter()
        .filter_map(|(file, tokens)| Some((context_of(file, contexts)?, tokens)))
        .flat_map(|(context, tokens)| accessors(tokens).map(move |name| (name, context)))
        .collect();
    for (file, text) in sources {
        findings.files += 1;
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
        let lines = product.lines().count();
        if lines > MOST_LINES && !product.starts_with("// @generated") {
            findings.wrong.push(format!("{file} has {lines} lines"));
        }
        if is(file, "sql") {
            catalogs(file, 1, text, &mut findings);
        }
    }
    for (file, tokens) in &code {
        match context_of(file, contexts) {
            Some(own) => within_context(file, own, tokens, contexts, &reexports, &mut findings),
            None => outside_contexts(file, tokens, contexts, &mut findings),
        }
        foreign_accessors(file, context_of(file, contexts), tokens, &accessors, &mut findings);
        statements(file, tokens, &mut findings);
        for (line, token) in tokens {
            match token {
                Token::Text(text) => catalogs(file, *line, text, &mut findings),
                Token::Word(word) => advisory(file, *line, word, &mut findings),
                Token::Sign(_) => {}
            }
        }
    }
    findings
}

fn is(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|own| own == extension)
}

fn context_of<'a>(file: &str, contexts: &[&'a str]) -> Option<&'a str> {
    let module = module(file);
    contexts.iter().copied().find(|context| module.first().is_some_and(|first| first == context))
}

/// What the root re-exports, by name: the module that it comes from.
fn reexports(code: &[(&str, Vec<(usize, Token)>)]) -> BTreeMap<String, String> {
    let Some((_, root)) = code.iter().find(|(file, _)| *file == "src/lib.rs") else {
        return BTreeMap::new();
    };
    let mut found = BTreeMap::new();
    for (at, (line, token)) in root.iter().enumerate() {
        if token.is("use") && at > 0 && root[at - 1].1.is("pub") {
            // Relative to the root, which is as good as from it.
            let mut tree = vec![(*line, Token::Word("crate".to_owned()))];
            tree.extend([':', ':'].map(|sign| (*line, Token::Sign(sign))));
            tree.extend(root[at + 1..].iter().take_while(|(_, end)| !end.sign(';')).cloned());
            for path in paths("src/lib.rs", &tree) {
                if let [module, ..] = &path.segments[..] {
                    found.insert(path.name().to_owned(), module.clone());
                }
            }
        }
    }
    found
}

/// A context knows itself and the modules of the list.
fn within_context(
    file: &str,
    own: &str,
    tokens: &[(usize, Token)],
    contexts: &[&str],
    reexports: &BTreeMap<String, String>,
    findings: &mut Findings,
) {
    foreign_files(file, tokens, findings);
    for path in paths(file, tokens) {
        findings.paths += 1;
        let at = format!("{file}:{}", path.line);
        let Some(first) = path.segments.first() else {
            findings.wrong.push(format!("{at} takes the root of the crate"));
            continue;
        };
        let module = reexports.get(first).unwrap_or(first).as_str();
        if module == own {
            continue;
        }
        if contexts.contains(&module) {
            findings.wrong.push(format!("{at} takes {module} into {own}"));
            continue;
        }
        let allowed = FOR_CONTEXTS.iter().any(|(allowed, _)| *allowed == module);
        findings.unless(allowed, module.to_owned(), || {
            format!("{at} takes {}, which is not for contexts", path.segments.join("::"))
        });
    }
}

/// A file of another folder is taken in as an import is.
fn foreign_files(file: &str, tokens: &[(usize, Token)], findings: &mut Findings) {
    for (at, (line, token)) in tokens.iter().enumerate() {
        let Token::Text(text) = token else { continue };
        let before = &tokens[at.saturating_sub(3)..at];
        let included = ["include", "include_str", "include_bytes", "path"]
            .iter()
            .any(|name| before.iter().any(|(_, token)| token.is(name)));
        if included && text.contains("..") {
            findings.wrong.push(format!("{file}:{line} includes {text}, of another folder"));
        }
    }
}

/// Everything else knows no context.
fn outside_contexts(
    file: &str,
    tokens: &[(usize, Token)],
    contexts: &[&str],
    findings: &mut Findings,
) {
    findings.paths += paths(file, tokens).len();
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    let names: Vec<_> = contexts.iter().map(|context| plain(context)).collect();
    let named = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .find(|word| names.contains(&plain(word)))
            .map(str::to_owned)
    };
    for (line, token) in tokens {
        let (Token::Word(text) | Token::Text(text)) = token else { continue };
        if let Some(word) = named(text) {
            let excepted = NAMES_CONTEXTS.iter().any(|(allowed, _)| *allowed == file);
            findings.unless(excepted, file.to_owned(), || {
                format!("{file}:{line} names the context {word}")
            });
        }
    }
}

/// The methods that a context adds to the unit of work.
fn accessors(tokens: &[(usize, Token)]) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let mut depth = None;
    for (at, (_, token)) in tokens.iter().enumerate() {
        let begins =
            token.is("impl") && tokens.get(at + 1).is_some_and(|(_, t)| t.is("UnitOfWork"));
        match (token, depth) {
            _ if begins => depth = Some(0),
            (Token::Sign('{'), Some(d)) => depth = Some(d + 1),
            (Token::Sign('}'), Some(d)) => depth = (d > 1).then(|| d - 1),
            (token, Some(1)) if token.is("fn") => {
                if let Some((_, Token::Word(name))) = tokens.get(at + 1) {
                    found.push(name.clone());
                }
            }
            _ => {}
        }
    }
    found.into_iter()
}

/// `uow.plans()` reaches into another context as an import does.
fn foreign_accessors(
    file: &str,
    own: Option<&str>,
    tokens: &[(usize, Token)],
    accessors: &BTreeMap<String, &str>,
    findings: &mut Findings,
) {
    for window in tokens.windows(4) {
        let [(line, uow), (_, dot), (_, Token::Word(name)), (_, open)] = window else { continue };
        if !(uow.is("uow") && dot.sign('.') && open.sign('(')) {
            continue;
        }
        if let Some(context) = accessors.get(name).filter(|context| own != Some(**context)) {
            findings.wrong.push(format!("{file}:{line} calls uow.{name}() of {context}"));
        }
    }
}

/// A heuristic: a formatted text with a placeholder and a word of SQL that begins statements, in
/// capitals. Its arguments must be quoted names and literals.
fn statements(file: &str, tokens: &[(usize, Token)], findings: &mut Findings) {
    const VERBS: [&str; 19] = [
        "ALTER", "BEGIN", "COMMENT", "COMMIT", "COPY", "CREATE", "DELETE", "DO", "DROP", "GRANT",
        "INSERT", "LOCK", "REVOKE", "ROLLBACK", "SELECT", "SET", "TRUNCATE", "UPDATE", "WITH",
    ];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let formats = ["format", "write", "writeln"].iter().any(|name| token.is(name));
        if !formats || !tokens.get(at + 1).is_some_and(|(_, sign)| sign.sign('!')) {
            continue;
        }
        let (text, arguments) = arguments(&tokens[at + 2..]);
        let text = text.trim_start_matches(['\\', '\n', ' ']);
        let verb = text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .find(|word| !word.is_empty())
            .is_some_and(|word| VERBS.contains(&word));
        let later = VERBS
            .iter()
            .any(|verb| text.contains(&format!(";{verb}")) || text.contains(&format!("}}{verb}")));
        let plain = text.replace("{{", "").replace("}}", "");
        let holes: Vec<&str> =
            plain.split('{').skip(1).filter_map(|hole| hole.split('}').next()).collect();
        if !(verb || later) || holes.is_empty() {
            continue;
        }
        let quoted = holes.iter().all(|hole| hole.is_empty())
            && arguments.len() == holes.len()
            && arguments.iter().all(|first| first.is("Ident") || first.is("Literal"));
        if quoted {
            continue;
        }
        let exception = MADE_OF_PARTS
            .iter()
            .find(|(allowed, start, _)| *allowed == file && text.starts_with(start));
        let name = exception.map(|(file, start, _)| format!("{file} {start}")).unwrap_or_default();
        findings.unless(exception.is_some(), name, || {
            format!("{file}:{line} makes a statement from parts: {text}")
        });
    }
}

/// The text of a formatting macro, and the first token of each argument after it.
fn arguments(tokens: &[(usize, Token)]) -> (&str, Vec<&Token>) {
    let (mut depth, mut text, mut firsts) = (0, None, Vec::new());
    for (at, (_, token)) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            Token::Text(own) if depth == 1 && text.is_none() => text = Some(own.as_str()),
            Token::Sign(',') if depth == 1 && text.is_some() => {
                let next = tokens.get(at + 1).map(|(_, next)| next);
                firsts.extend(next.filter(|next| !next.sign(')')));
            }
            _ => {}
        }
    }
    (text.unwrap_or_default(), firsts)
}

fn catalogs(file: &str, line: usize, sql: &str, findings: &mut Findings) {
    advisory(file, line, sql, findings);
    if file.starts_with("src/catalog/") {
        return;
    }
    let words: Vec<&str> = sql.split_whitespace().collect();
    let after_from = words.windows(2).any(|two| {
        matches!(two[0].to_uppercase().as_str(), "FROM" | "JOIN" | "UPDATE")
            && two[1].starts_with("pg_")
            && !two[1].contains('(')
    });
    if after_from || sql.contains("pg_catalog.") || sql.contains("information_schema.") {
        let excepted = READS_CATALOGS.iter().any(|(allowed, _)| *allowed == file);
        findings
            .unless(excepted, file.to_owned(), || format!("{file}:{line} reads a system table"));
    }
}

fn advisory(file: &str, line: usize, text: &str, findings: &mut Findings) {
    let takes = text.contains("pg_advisory") || text.contains("pg_try_advisory");
    if takes && file != "src/lock.rs" {
        let excepted = READS_CATALOGS.iter().any(|(allowed, _)| *allowed == file);
        findings
            .unless(excepted, file.to_owned(), || format!("{file}:{line} takes an advisory lock"));
    }
}

/// The files of `src/`.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if is(&name, "rs") || is(&name, "sql") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn contexts() -> Vec<&'static str> {
    crate::support::contexts().into_iter().map(Context::name).collect()
}

#[test]
fn the_source_keeps_its_rules() {
    let (sources, contexts) = (sources(), contexts());
    let findings = check(&sources, &contexts);
    println!("{} files, {} paths", findings.files, findings.paths);
    println!("exceptions that are needed: {:#?}", findings.used);
    assert!(findings.wrong.is_empty(), "{:#?}", findings.wrong);
    assert!(findings.files > 60, "{}", findings.files);
    assert!(findings.paths > 250, "{}", findings.paths);
    for context in &contexts {
        let own = sources.iter().filter(|(file, _)| context_of(file, &[context]).is_some());
        assert!(own.count() > 5, "{context} has files");
    }
    let exceptions =
        NAMES_CONTEXTS.iter().chain(READS_CATALOGS).map(|(file, _)| (*file).to_owned());
    let parts = MADE_OF_PARTS.iter().map(|(file, start, _)| format!("{file} {start}"));
    let idle: Vec<_> = exceptions.chain(parts).filter(|of| !findings.used.contains(of)).collect();
    assert!(idle.is_empty(), "exceptions that nothing needs: {idle:?}");
}

/// What is wrong with one file among a few good ones.
fn wrong_with(file: &str, text: &str) -> Vec<String> {
    let good = [
        (
            "src/lib.rs",
            "pub use error::{Error, Result}; pub use migrate::Context;\npub use modelling as plans;",
        ),
        ("src/modelling/plan.rs", "impl UnitOfWork<'_> { pub fn plans(&mut self) -> P { f() } }"),
        ("src/meal_planning/draft.rs", "use crate::error::Error;"),
    ];
    let sources: Vec<_> = good
        .iter()
        .chain([&(file, text)])
        .map(|(f, t)| ((*f).to_owned(), (*t).to_owned()))
        .collect();
    check(&sources, &["modelling", "meal_planning"]).wrong
}

#[test]
fn what_breaks_a_rule_is_found() {
    let context = "src/modelling/replace.rs";
    for (file, text, finding) in [
        (context, "use crate::meal_planning::Draft;", "takes meal_planning into modelling"),
        (
            context,
            "use crate::{error::Error, meal_planning::{draft::Draft}};",
            "takes meal_planning",
        ),
        (context, "\n\nfn f() { crate::meal_planning::draft::f() }", ":3 takes meal_planning"),
        (context, "fn f(d: super::super::meal_planning::Draft) {}", "takes meal_planning"),
        (
            context,
            "mod tests { use super::super::super::meal_planning::X; }",
            "takes meal_planning",
        ),
        ("src/modelling/mod.rs", "use super::meal_planning;", "takes meal_planning"),
        ("src/meal_planning.rs", "use crate::plans::Plan;", "takes modelling into meal_planning"),
        (context, "use crate::*;", "takes *, which is not for contexts"),
        (context, "use crate as root;", "takes the root"),
        (context, "use super::super::{self as root};", "takes the root"),
        (context, "use crate::migrate::Migrator;", "takes migrate::Migrator, which is not"),
        (context, "use crate::Context;", "takes Context, which is not"),
        (context, "use crate::{session};", "takes session, which is not"),
        (context, "const A: &str = include_str!(\"../meal_planning/a.sql\");", "of another folder"),
        (context, "#[path = \"../meal_planning/draft.rs\"] mod draft;", "of another folder"),
        ("src/meal_planning/version.rs", "fn f() { uow.plans().get(1) }", "calls uow.plans() of"),
        ("src/store.rs", "use crate::modelling::Plan;", "names the context modelling"),
        ("src/unit_of_work.rs", "fn f() { g(\"meal_planning.plans\") }", "names the context"),
        ("src/error/mod.rs", "enum E { MealPlanning }", "names the context MealPlanning"),
        ("src/verify/mod.rs", "fn f() { uow.plans().get(1) }", "calls uow.plans() of modelling"),
        (context, "fn f() { format!(\"SELECT {name}\") }", "makes a statement from parts"),
        (context, "fn f() { write!(s, \"DROP TABLE {}\", name) }", "makes a statement from parts"),
        (context, "fn f() { format!(\"SET x = {}, {}\", Ident(a), b) }", "makes a statement"),
        (context, "fn f() { g(\"SELECT 1 FROM pg_class\") }", "reads a system table"),
        ("src/modelling/x.sql", "SELECT * FROM a\n  JOIN pg_index i ON true", "reads a system"),
        ("src/store.rs", "fn f() { g(\"SELECT pg_advisory_lock(1)\") }", "takes an advisory lock"),
        ("src/store.rs", "extern { fn pg_try_advisory_lock(k: i32); }", "takes an advisory lock"),
        (context, &"// line\n".repeat(451), "has 451 lines"),
    ] {
        let wrong = wrong_with(file, text);
        assert_eq!(wrong.len(), 1, "{text}: {wrong:?}");
        assert!(wrong[0].contains(finding), "{text}: {wrong:?}");
    }
}

#[test]
fn what_keeps_the_rules_passes() {
    for (file, text) in [
        (
            "src/modelling/mod.rs",
            "use super::error::Error; use self::plan::Plan; use crate::Result;",
        ),
        ("src/modelling/replace.rs", "//! [`crate::meal_planning::X`]\nfn f() { uow.plans() }"),
        ("src/modelling/replace.rs", "fn f() { format!(\"DROP TABLE {}\", Ident(name)) }"),
        ("src/modelling/replace.rs", "fn f() { format!(\"property {} Select\", name) }"),
        ("src/modelling/replace.rs", "const A: &str = include_str!(\"a.sql\");"),
        ("src/modelling/replace.rs", "fn f() { g(\"SELECT pg_current_xact_id()\") }"),
        ("src/store.rs", "/// uow.plans(), crate::modelling\nfn modelling_of() {}"),
        ("src/catalog/mod.rs", "fn f() { g(\"SELECT 1 FROM pg_class\") }"),
        ("src/lock.rs", "extern { fn pg_try_advisory_lock(k: i32); }"),
        (
            "src/store.rs",
            &format!("{}#[cfg(test)]\nmod tests {{\n{}}}", "\n".repeat(440), "\n".repeat(99)),
        ),
    ] {
        assert_eq!(wrong_with(file, text), Vec::<String>::new(), "{text}");
    }
}
