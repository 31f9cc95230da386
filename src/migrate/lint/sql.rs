//! The statements that change tables, as far as the rules look into them. What is not recognised
//! is `None`: the server has the grammar, this has a few of its sentences.

use super::text::{Word, begins};

/// `schema.name` in one spelling: `public` is where the runner looks anyway.
pub(super) fn name(words: &[Word]) -> Option<(String, &[Word])> {
    let (first, rest) = words.split_first().filter(|(first, _)| first.is_name())?;
    match rest {
        [dot, second, rest @ ..] if dot.is(".") && second.is_name() => {
            if first.text == "public" {
                Some((second.text.clone(), rest))
            } else {
                Some((format!("{}.{}", first.text, second.text), rest))
            }
        }
        _ => Some((first.text.clone(), rest)),
    }
}

/// What follows these words, each of which may be missing.
pub(super) fn skip<'a>(mut words: &'a [Word], optional: &[&str]) -> &'a [Word] {
    for word in optional {
        if words.first().is_some_and(|first| first.is(word)) {
            words = &words[1..];
        }
    }
    words
}

/// Splits at commas outside of parentheses and brackets.
pub(super) fn split(words: &[Word]) -> Vec<&[Word]> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, word) in words.iter().enumerate() {
        if word.is("(") || word.is("[") {
            depth += 1;
        } else if word.is(")") || word.is("]") {
            depth = depth.saturating_sub(1);
        } else if word.is(",") && depth == 0 {
            found.push(&words[start..at]);
            start = at + 1;
        }
    }
    found.push(&words[start..]);
    found.retain(|part| !part.is_empty());
    found
}

/// What stands in the parentheses that `words` begin with, and what follows them.
pub(super) fn parentheses(words: &[Word]) -> Option<(&[Word], &[Word])> {
    words.first().filter(|first| first.is("("))?;
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth -= 1;
            if depth == 0 {
                return Some((&words[1..at], &words[at + 1..]));
            }
        }
    }
    None
}

/// The names in a list of columns; an expression is an empty one.
pub(super) fn columns(list: &[Word]) -> Vec<String> {
    let of = |part: &&[Word]| match part {
        [first, rest @ ..] if first.is_name() && !rest.first().is_some_and(|next| next.is("(")) => {
            first.text.clone()
        }
        _ => String::new(),
    };
    split(list).iter().map(of).collect()
}

/// The first list in parentheses.
fn first_list(words: &[Word]) -> &[Word] {
    let from = words.iter().position(|word| word.is("(")).unwrap_or(words.len());
    parentheses(&words[from..]).map_or(&[], |(list, _)| list)
}

pub(super) fn contains(words: &[Word], sequence: &[&str]) -> bool {
    position(words, sequence).is_some()
}

pub(super) fn position(words: &[Word], sequence: &[&str]) -> Option<usize> {
    (0..words.len()).find(|at| begins(&words[*at..], sequence))
}

/// `CREATE TABLE`.
#[derive(Debug)]
pub(super) struct CreateTable<'a> {
    pub(super) table: String,
    pub(super) elements: Vec<Element<'a>>,
}

pub(super) fn create_table(words: &[Word]) -> Option<CreateTable<'_>> {
    let rest = words.strip_prefix_word("create")?;
    let rest = skip(rest, &["global", "local", "temporary", "temp", "unlogged"]);
    let rest = skip(rest.strip_prefix_word("table")?, &["if", "not", "exists"]);
    let (table, rest) = name(rest)?;
    let list = parentheses(rest).map_or(&[][..], |(list, _)| list);
    Some(CreateTable { table, elements: split(list).into_iter().filter_map(element).collect() })
}

/// A part of a table's definition.
#[derive(Debug)]
pub(super) enum Element<'a> {
    /// The name, and what follows it.
    Column(String, &'a [Word]),
    Constraint(Constraint<'a>),
}

#[derive(Debug)]
pub(super) struct Constraint<'a> {
    pub(super) name: Option<String>,
    pub(super) what: What,
    pub(super) columns: Vec<String>,
    pub(super) words: &'a [Word],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Key,
    ForeignKey,
    Check,
    Exclusion,
}

/// A constraint of a table or a column's definition; `LIKE …` is neither.
fn element(words: &[Word]) -> Option<Element<'_>> {
    if let Some(constraint) = constraint(words) {
        return Some(Element::Constraint(constraint));
    }
    let (first, rest) = words.split_first().filter(|(first, _)| first.is_name())?;
    (!first.is("like")).then(|| Element::Column(first.text.clone(), rest))
}

fn constraint(words: &[Word]) -> Option<Constraint<'_>> {
    let (own, rest) = match words.strip_prefix_word("constraint") {
        Some(rest) => {
            let (own, rest) = name(rest)?;
            (Some(own), rest)
        }
        None => (None, words),
    };
    let next = rest.get(1);
    let what = match rest.first()? {
        first if first.is("primary") || first.is("unique") => What::Key,
        first if first.is("foreign") && next.is_some_and(|key| key.is("key")) => What::ForeignKey,
        first if first.is("check") && next.is_some_and(|open| open.is("(")) => What::Check,
        first if first.is("exclude") => What::Exclusion,
        _ => return None,
    };
    // A column may be called so; then a type follows.
    let listed =
        rest.iter().take(4).any(|word| word.is("(")) || contains(rest, &["using", "index"]);
    (own.is_some() || listed).then(|| Constraint {
        name: own,
        what,
        columns: columns(first_list(rest)),
        words: rest,
    })
}

/// `ALTER TABLE`.
#[derive(Debug)]
pub(super) struct AlterTable<'a> {
    pub(super) table: String,
    pub(super) clauses: Vec<Clause<'a>>,
}

/// One of the things that ALTER TABLE does.
#[derive(Debug)]
pub(super) enum Clause<'a> {
    AddColumn(String, &'a [Word]),
    AddConstraint(Constraint<'a>),
    DropColumn(String),
    DropConstraint(String),
    /// The column, and what follows it.
    AlterColumn(String, &'a [Word]),
    RenameColumn(String, String),
    RenameConstraint(String, String),
    RenameTable(String),
    SetSchema(String),
    Validate(String),
    /// The child, and its bounds.
    Attach(String, &'a [Word]),
    Other(&'a [Word]),
}

pub(super) fn alter_table(words: &[Word]) -> Option<AlterTable<'_>> {
    let rest = skip(words.strip_prefix_word("alter")?, &["foreign"]);
    let rest = skip(rest.strip_prefix_word("table")?, &["if", "exists", "only"]);
    let (table, rest) = name(rest)?;
    let rest = skip(rest, &["*"]);
    Some(AlterTable { table, clauses: split(rest).into_iter().map(clause).collect() })
}

fn clause(words: &[Word]) -> Clause<'_> {
    read_clause(words).unwrap_or(Clause::Other(words))
}

fn read_clause(words: &[Word]) -> Option<Clause<'_>> {
    let (verb, rest) = words.split_first()?;
    let of = |rest| name(rest).map(|(name, _)| name);
    Some(match verb.text.as_str() {
        "add" => {
            if let Some(constraint) = constraint(rest) {
                return Some(Clause::AddConstraint(constraint));
            }
            let (own, rest) = name(skip(rest, &["column", "if", "not", "exists"]))?;
            Clause::AddColumn(own, rest)
        }
        "drop" => match rest.strip_prefix_word("constraint") {
            Some(rest) => Clause::DropConstraint(of(skip(rest, &["if", "exists"]))?),
            None => Clause::DropColumn(of(skip(rest, &["column", "if", "exists"]))?),
        },
        "alter" if rest.first()?.is("constraint") => Clause::Other(words),
        "alter" => {
            let (own, rest) = name(skip(rest, &["column"]))?;
            Clause::AlterColumn(own, rest)
        }
        "rename" => {
            if let Some(rest) = rest.strip_prefix_word("to") {
                return Some(Clause::RenameTable(of(rest)?));
            }
            let is_constraint = rest.first()?.is("constraint");
            let (from, rest) = name(skip(rest, &["constraint", "column"]))?;
            let to = of(rest.strip_prefix_word("to")?)?;
            if is_constraint {
                Clause::RenameConstraint(from, to)
            } else {
                Clause::RenameColumn(from, to)
            }
        }
        "set" => Clause::SetSchema(of(rest.strip_prefix_word("schema")?)?),
        "validate" => Clause::Validate(of(rest.strip_prefix_word("constraint")?)?),
        "attach" => {
            let (child, rest) = name(rest.strip_prefix_word("partition")?)?;
            Clause::Attach(child, rest)
        }
        _ => return None,
    })
}

/// `CREATE INDEX`.
#[derive(Debug)]
pub(super) struct CreateIndex<'a> {
    pub(super) name: Option<String>,
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// The columns and expressions, without those that it includes.
    pub(super) key: &'a [Word],
    /// The words of WHERE.
    pub(super) predicate: Option<Vec<String>>,
    pub(super) concurrently: bool,
    pub(super) unique: bool,
}

pub(super) fn create_index(words: &[Word]) -> Option<CreateIndex<'_>> {
    let rest = words.strip_prefix_word("create")?;
    let unique = rest.first()?.is("unique");
    let rest = skip(rest, &["unique"]).strip_prefix_word("index")?;
    let concurrently = rest.first()?.is("concurrently");
    let rest = skip(rest, &["concurrently", "if", "not", "exists"]);
    let (own, rest) = match rest.first()? {
        on if on.is("on") => (None, rest),
        _ => name(rest).map(|(name, rest)| (Some(name), rest))?,
    };
    let (table, rest) = name(skip(rest.strip_prefix_word("on")?, &["only"]))?;
    let predicate = rest.iter().position(|word| word.is("where"));
    let predicate =
        predicate.map(|at| rest[at + 1..].iter().map(|word| word.text.clone()).collect());
    let (name, key) = (own, first_list(rest));
    let columns = columns(key);
    Some(CreateIndex { name, table, columns, key, predicate, concurrently, unique })
}

/// What a statement drops: the kind of thing, and the names.
pub(super) fn drops(words: &[Word]) -> Option<(&str, Vec<String>)> {
    let rest = words.strip_prefix_word("drop")?;
    let (kind, rest) = rest.split_first()?;
    let rest = skip(rest, &["view", "concurrently", "if", "exists"]);
    let names = split(rest).into_iter().filter_map(|part| Some(name(part)?.0)).collect();
    Some((&kind.text, names))
}

/// The tables that TRUNCATE empties.
pub(super) fn truncates(words: &[Word]) -> Option<Vec<String>> {
    let rest = skip(words.strip_prefix_word("truncate")?, &["table"]);
    let table = |part| Some(name(skip(part, &["only"]))?.0);
    Some(split(rest).into_iter().filter_map(table).collect())
}

/// What the table is called behind a clause that gives it another name or schema.
pub(super) fn moves(table: &str, clause: &Clause<'_>) -> Option<String> {
    let (schema, name) = match table.split_once('.') {
        Some((schema, name)) => (schema, name),
        None => ("public", table),
    };
    let (schema, name) = match clause {
        Clause::RenameTable(to) => (schema, to.as_str()),
        Clause::SetSchema(to) => (to.as_str(), name),
        _ => return None,
    };
    Some(if schema == "public" { name.to_owned() } else { format!("{schema}.{name}") })
}

/// What a statement makes: its name.
pub(super) fn creates(words: &[Word]) -> Option<String> {
    let mut rest = words.strip_prefix_word("create")?;
    let before = [
        "or",
        "replace",
        "global",
        "local",
        "temporary",
        "temp",
        "unlogged",
        "recursive",
        "unique",
        "constraint",
        "materialized",
        "foreign",
        "event",
    ];
    rest = skip(rest, &before);
    let (_, rest) = rest.split_first()?;
    Some(name(skip(rest, &["concurrently", "if", "not", "exists"]))?.0)
}

pub(super) trait Strip {
    fn strip_prefix_word(&self, word: &str) -> Option<&Self>;
}

impl Strip for [Word] {
    fn strip_prefix_word(&self, word: &str) -> Option<&Self> {
        self.split_first().filter(|(first, _)| first.is(word)).map(|(_, rest)| rest)
    }
}
