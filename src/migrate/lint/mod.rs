//! The lint of migrations: what protects a live database, checked in the text before anything runs.
//!
//! It reads tokens and not a grammar. A statement that it does not recognise passes, and so does
//! one that is put together at run time from parts.

mod content;
mod extensions;
mod history;
mod locks;
mod refusals;
mod rule;
mod sql;
mod text;
mod views;

use std::fmt;

use serde::Serialize;

pub use self::rule::Rule;
use self::text::{Statement, Text};
use super::embedded::Migrations;
use super::migration::Migration;

/// What the lint says of a set of migrations. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lint {
    /// What breaks a rule, in the order of the files.
    pub findings: Vec<Finding>,
    /// What breaks a rule with a reason that stands beside it.
    pub exceptions: Vec<Excepted>,
    /// How many statements were looked at, those inside of bodies among them.
    pub statements: usize,
}

/// A statement that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the folder.
    pub migration: String,
    /// The file in it.
    pub file: &'static str,
    /// The line on which the statement begins, from 1.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
    /// What it is about, such as a table or a column. Empty where the statement says it all.
    pub about: String,
    /// The beginning of the statement.
    pub statement: String,
    /// What to do instead.
    pub remedy: &'static str,
}

/// A finding that a comment beside the statement allows: `-- lint:allow <rule>: <reason>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Excepted {
    /// What would be found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is right here.
    pub reason: String,
}

impl Migrations {
    /// Checks the statements of every up, down, guard and evidence against the rules of
    /// `migrations/README.md`, and asks no server.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::migrate::Migrations;
    ///
    /// let lint = Migrations::embedded().lint();
    /// assert!(lint.findings.is_empty(), "{lint}");
    /// assert!(lint.statements > 0);
    /// ```
    pub fn lint(&self) -> Lint {
        let files: Vec<File<'_>> = self.as_slice().iter().flat_map(files).collect();
        let mut broken: Vec<Broken> = files.iter().enumerate().flat_map(check_file).collect();
        broken.extend(history::check(&files));
        broken.extend(refusals::check(&files));
        broken.sort_by_key(|broken| (broken.file, broken.line, broken.rule));
        let mut used: Vec<Vec<bool>> =
            files.iter().map(|file| vec![false; file.text.exceptions.len()]).collect();

        let (mut findings, mut exceptions) = (Vec::new(), Vec::new());
        for broken in broken {
            let file = &files[broken.file];
            let allowed = broken.exceptions.iter().copied().find(|index| {
                let exception = &file.text.exceptions[*index];
                Rule::allowable(&exception.rule) == Some(broken.rule)
                    && !exception.reason.is_empty()
            });
            let of = broken.file;
            let finding = broken.finding(file);
            match allowed {
                Some(index) => {
                    used[of][index] = true;
                    let reason = file.text.exceptions[index].reason.clone();
                    exceptions.push(Excepted { finding, reason });
                }
                None => findings.push(finding),
            }
        }
        for (file, used) in files.iter().zip(&used) {
            for (exception, used) in file.text.exceptions.iter().zip(used) {
                let about = match Rule::allowable(&exception.rule) {
                    None => "no rule that has exceptions is called so",
                    Some(_) if exception.reason.is_empty() => "it has no reason",
                    Some(_) if !used => "nothing beside it needs it",
                    Some(_) => continue,
                };
                let head = format!("lint:allow {}", exception.rule);
                findings.push(Finding::new(file, exception.line, Rule::Exception, about, head));
            }
        }
        let statements = files.iter().map(|file| file.text.statements.len()).sum();
        Lint { findings, exceptions, statements }
    }
}

/// One file of a migration.
struct File<'a> {
    migration: &'a Migration,
    name: &'static str,
    text: Text,
    /// The tables and other things that it makes itself.
    made: Vec<String>,
}

const UP: &str = "up.sql";
const GUARD: &str = "guard.sql";
const EVIDENCE: &str = "evidence.sql";

fn files(migration: &Migration) -> Vec<File<'_>> {
    let questions = [(GUARD, &migration.guard), (EVIDENCE, &migration.evidence)];
    let questions = questions.into_iter().filter_map(|(name, sql)| Some((name, sql.as_ref()?)));
    let all = [(UP, &migration.up), ("down.sql", &migration.down)].into_iter().chain(questions);
    all.map(|(name, sql)| {
        let text = Text::of(sql).expect("a migration was lexed when it was read");
        let now = text.statements.iter().filter(|statement| statement.place == text::Place::Now);
        let made = now.filter_map(|statement| sql::creates(&statement.words)).collect();
        File { migration, name, text, made }
    })
    .collect()
}

/// A broken rule, before the exceptions are asked.
struct Broken {
    file: usize,
    line: usize,
    rule: Rule,
    about: String,
    head: String,
    exceptions: Vec<usize>,
}

impl Broken {
    fn new(file: usize, statement: &Statement, rule: Rule, about: String) -> Self {
        Self {
            file,
            line: statement.line,
            rule,
            about,
            head: statement.head.clone(),
            exceptions: statement.exceptions.clone(),
        }
    }

    fn finding(self, file: &File<'_>) -> Finding {
        Finding::new(file, self.line, self.rule, self.about, self.head)
    }
}

impl Finding {
    fn new(
        file: &File<'_>,
        line: usize,
        rule: Rule,
        about: impl Into<String>,
        statement: String,
    ) -> Self {
        let migration = file.migration.name.to_string();
        let (file, about, remedy) = (file.name, about.into(), rule.remedy());
        Self { migration, file, line, rule, about, statement, remedy }
    }
}

/// The rules that a file alone can break.
fn check_file((index, file): (usize, &File<'_>)) -> Vec<Broken> {
    let mut broken = Vec::new();
    for statement in &file.text.statements {
        let mut add = |rule, about| broken.push(Broken::new(index, statement, rule, about));
        content::check(statement, &mut add);
        extensions::check(statement, &mut add);
        if [GUARD, EVIDENCE].contains(&file.name) {
            if let Some(about) = content::changes(statement) {
                add(Rule::ChangingQuestion, about);
            }
        } else if statement.place == text::Place::Now {
            locks::check(file, statement, &mut add);
            views::check(file, statement, &mut add);
        }
    }
    for (line, head, error) in &file.text.unreadable {
        let (rule, about, head) = (Rule::Unreadable, error.what.to_owned(), head.clone());
        broken.push(Broken { file: index, line: *line, rule, about, head, exceptions: Vec::new() });
    }
    let said = file.text.head.to_lowercase();
    if file.name == UP
        && !(said.contains("locks:") && said.contains("reversible"))
        && let Some(first) = file.text.statements.first()
    {
        broken.push(Broken::new(index, first, Rule::SilentHead, String::new()));
    }
    broken
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { migration, file, line, rule, about, statement, remedy } = self;
        let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
        write!(f, "{migration}/{file}:{line}: {rule}{about}: {statement}; {remedy}")
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "[ ] {finding}")?;
        }
        for Excepted { finding: Finding { migration, file, line, rule, .. }, reason } in
            &self.exceptions
        {
            writeln!(f, "[x] {migration}/{file}:{line}: {rule}, allowed: {reason}")?;
        }
        let Self { findings, exceptions, statements } = self;
        let (found, allowed) = (findings.len(), exceptions.len());
        writeln!(f, "{statements} statements: {found} findings, {allowed} allowed")
    }
}
