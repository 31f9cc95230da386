//! Rules that look at what other migrations of the set have done, in the order in which they run.

use super::rule::Rule;
use super::sql::{self, AlterTable, Clause, Constraint, CreateTable, Element, What, contains};
use super::text::{Place, Statement, Word};
use super::{Broken, File, GUARD, UP};
use crate::migrate::migration::Kind;

pub(super) fn check(files: &[File<'_>]) -> Vec<Broken> {
    let mut schema = Schema::default();
    let mut broken = Vec::new();
    let ups = files.iter().enumerate().filter(|(_, file)| file.name == UP);
    for (index, file) in ups {
        let mut copies = Vec::new();
        let now = file.text.statements.iter().filter(|statement| statement.place == Place::Now);
        for statement in now {
            if file.migration.kind != Kind::Baseline {
                let mut add = |rule, about| broken.push(Broken::new(index, statement, rule, about));
                schema.check(file, files, statement, &mut add);
            }
            schema.apply(index, statement);
            let words = &statement.words;
            if contains(words, &["insert", "into"]) || statement.begins(&["update"]) {
                copies.push(words.clone());
            }
        }
        schema.copies.extend(copies);
    }
    for key in schema.keys.iter().filter(|key| !schema.serves(key)) {
        let about = format!("{} ({})", key.table, key.columns.join(", "));
        let statement = &files[key.file].text.statements[key.statement];
        broken.push(Broken::new(key.file, statement, Rule::UnindexedForeignKey, about));
    }
    broken
}

/// What the migrations up to here have made, as far as rules ask for it.
#[derive(Default)]
struct Schema {
    keys: Vec<ForeignKey>,
    indexes: Vec<Index>,
    checks: Vec<Check>,
    /// The statements of earlier migrations that may have copied rows.
    copies: Vec<Vec<Word>>,
}

struct ForeignKey {
    name: Option<String>,
    table: String,
    columns: Vec<String>,
    file: usize,
    statement: usize,
}

struct Index {
    name: Option<String>,
    table: String,
    columns: Vec<String>,
    predicate: Option<Vec<String>>,
}

struct Check {
    name: Option<String>,
    table: String,
    valid: bool,
    words: Vec<String>,
}

impl Schema {
    /// Whether an index leads with the key's columns, and leaves out no row that refers.
    fn serves(&self, key: &ForeignKey) -> bool {
        self.indexes.iter().filter(|index| index.table == key.table).any(|index| {
            let leading = index.columns.get(..key.columns.len());
            let leads = leading.is_some_and(|leading| {
                leading.iter().all(|column| key.columns.contains(column))
                    && key.columns.iter().all(|column| leading.contains(column))
            });
            let whole = index.predicate.as_ref().is_none_or(|words| {
                let words: Vec<_> = words.iter().filter(|w| *w != "(" && *w != ")").collect();
                matches!(&words[..], [column, is, not, null]
                    if (is.as_str(), not.as_str(), null.as_str()) == ("is", "not", "null")
                        && key.columns.contains(column))
            });
            leads && whole
        })
    }

    fn check(
        &self,
        file: &File<'_>,
        files: &[File<'_>],
        statement: &Statement,
        add: &mut impl FnMut(Rule, String),
    ) {
        let in_use = |table: &str| !file.made.iter().any(|made| made == table);
        let guard = files
            .iter()
            .find(|other| other.name == GUARD && other.migration.version == file.migration.version);
        let saved = |table: &str, column: Option<&str>| {
            let table = table.rsplit('.').next().unwrap_or(table);
            let names = |words: &[Word], name: &str| {
                words.iter().any(|word| word.is_name() && word.text == name)
            };
            let reads = |words: &[Word]| {
                names(words, table) && column.is_none_or(|column| names(words, column))
            };
            file.migration.after_job.is_some()
                || guard.is_some_and(|g| g.text.statements.iter().any(|s| reads(&s.words)))
                || self.copies.iter().any(|words| reads(words))
        };
        let lost = match sql::drops(&statement.words) {
            Some(("table", names)) => names,
            // Without CASCADE the server drops only what nothing is in.
            Some(("schema", names)) if contains(&statement.words, &["cascade"]) => names,
            _ => sql::truncates(&statement.words).unwrap_or_default(),
        };
        for name in lost.into_iter().filter(|name| in_use(name) && !saved(name, None)) {
            add(Rule::LostContent, name);
        }
        let Some(AlterTable { table, clauses }) = sql::alter_table(&statement.words) else {
            return;
        };
        for clause in &clauses {
            match clause {
                Clause::DropColumn(column) if in_use(&table) && !saved(&table, Some(column)) => {
                    add(Rule::LostContent, format!("{table}.{column}"));
                }
                Clause::Attach(child, bounds) => {
                    let default = bounds.first().is_some_and(|first| first.is("default"));
                    let checked =
                        self.checks.iter().any(|check| check.table == *child && check.valid);
                    if in_use(child) && !checked && !default {
                        add(Rule::AttachUnchecked, child.clone());
                    }
                }
                Clause::AlterColumn(column, rest)
                    if contains(rest, &["set", "not", "null"]) && in_use(&table) =>
                {
                    let says = |words: &[String]| {
                        words
                            .windows(4)
                            .any(|four| four[0] == *column && four[1..] == ["is", "not", "null"])
                    };
                    let checked = self
                        .checks
                        .iter()
                        .any(|check| check.table == table && check.valid && says(&check.words));
                    if !checked {
                        add(Rule::CheckedUnderLock, format!("{table}.{column}"));
                    }
                }
                _ => {}
            }
        }
    }

    fn apply(&mut self, file: usize, statement: &Statement) {
        let words = &statement.words;
        if let Some(CreateTable { table, elements }) = sql::create_table(words) {
            for element in elements {
                match element {
                    Element::Column(column, definition) => {
                        self.column(&table, &column, definition, statement, file);
                    }
                    Element::Constraint(constraint) => {
                        self.constraint(&table, &constraint, statement, file);
                    }
                }
            }
        } else if let Some(index) = sql::create_index(words) {
            let sql::CreateIndex { name, table, columns, predicate, .. } = index;
            self.indexes.push(Index { name, table, columns, predicate });
        } else if let Some((kind, names)) = sql::drops(words) {
            let is = |name: &Option<String>| name.as_ref().is_some_and(|name| names.contains(name));
            match kind {
                "index" => self.indexes.retain(|index| !is(&index.name)),
                "table" => {
                    self.keys.retain(|key| !names.contains(&key.table));
                    self.indexes.retain(|index| !names.contains(&index.table));
                    self.checks.retain(|check| !names.contains(&check.table));
                }
                _ => {}
            }
        } else if let Some(AlterTable { table, clauses }) = sql::alter_table(words) {
            for clause in &clauses {
                self.clause(&table, clause, statement, file);
            }
        }
    }

    fn column(
        &mut self,
        table: &str,
        column: &str,
        definition: &[Word],
        statement: &Statement,
        file: usize,
    ) {
        if contains(definition, &["references"]) {
            self.key(None, table, vec![column.to_owned()], statement, file);
        }
        if contains(definition, &["primary", "key"]) || contains(definition, &["unique"]) {
            let (table, columns) = (table.to_owned(), vec![column.to_owned()]);
            self.indexes.push(Index { name: None, table, columns, predicate: None });
        }
    }

    fn constraint(
        &mut self,
        table: &str,
        constraint: &Constraint<'_>,
        statement: &Statement,
        file: usize,
    ) {
        let Constraint { name, what, columns, words } = constraint;
        let (name, columns) = (name.clone(), columns.clone());
        match what {
            What::ForeignKey => self.key(name, table, columns, statement, file),
            What::Key => {
                let table = table.to_owned();
                self.indexes.push(Index { name, table, columns, predicate: None });
            }
            What::Check => {
                let valid = !contains(words, &["not", "valid"]);
                let words = words.iter().map(|word| word.text.clone()).collect();
                self.checks.push(Check { name, table: table.to_owned(), valid, words });
            }
            What::Exclusion => {}
        }
    }

    fn key(
        &mut self,
        name: Option<String>,
        table: &str,
        columns: Vec<String>,
        statement: &Statement,
        file: usize,
    ) {
        let statement = statement.number;
        self.keys.push(ForeignKey { name, table: table.to_owned(), columns, file, statement });
    }

    fn clause(&mut self, table: &str, clause: &Clause<'_>, statement: &Statement, file: usize) {
        let is = |name: &Option<String>, wanted: &str| name.as_deref() == Some(wanted);
        match clause {
            Clause::AddColumn(column, definition) => {
                self.column(table, column, definition, statement, file);
            }
            Clause::AddConstraint(constraint) => {
                self.constraint(table, constraint, statement, file);
            }
            Clause::DropColumn(column) => {
                self.keys.retain(|key| key.table != table || !key.columns.contains(column));
                self.indexes.retain(|i| i.table != table || !i.columns.contains(column));
            }
            Clause::DropConstraint(name) => {
                self.keys.retain(|key| key.table != table || !is(&key.name, name));
                self.indexes.retain(|index| index.table != table || !is(&index.name, name));
                self.checks.retain(|check| check.table != table || !is(&check.name, name));
            }
            Clause::Validate(name) => {
                for check in &mut self.checks {
                    check.valid |= check.table == table && is(&check.name, name);
                }
            }
            Clause::RenameColumn(from, to) => {
                let own = self.keys.iter_mut().map(|key| (&key.table, &mut key.columns));
                let own = own.chain(self.indexes.iter_mut().map(|i| (&i.table, &mut i.columns)));
                for (_, columns) in own.filter(|(of, _)| *of == table) {
                    for column in columns.iter_mut().filter(|column| *column == from) {
                        column.clone_from(to);
                    }
                }
            }
            Clause::RenameConstraint(from, to) => {
                let own = self.keys.iter_mut().map(|key| (&key.table, &mut key.name));
                let own = own.chain(self.indexes.iter_mut().map(|i| (&i.table, &mut i.name)));
                let own = own.chain(self.checks.iter_mut().map(|c| (&c.table, &mut c.name)));
                for (_, name) in own.filter(|(of, name)| *of == table && is(name, from)) {
                    *name = Some(to.clone());
                }
            }
            Clause::RenameTable(_)
            | Clause::SetSchema(_)
            | Clause::AlterColumn(..)
            | Clause::Attach(..)
            | Clause::Other(_) => {}
        }
        if let Some(to) = sql::moves(table, clause) {
            self.rename_table(table, &to);
        }
    }

    fn rename_table(&mut self, from: &str, to: &str) {
        let tables = self.keys.iter_mut().map(|key| &mut key.table);
        let tables = tables.chain(self.indexes.iter_mut().map(|index| &mut index.table));
        let tables = tables.chain(self.checks.iter_mut().map(|check| &mut check.table));
        for table in tables.filter(|table| *table == from) {
            to.clone_into(table);
        }
    }
}
