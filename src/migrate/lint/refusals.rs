//! What an expand refuses that the code of the release before writes: NOT VALID spares the rows
//! that are there, and none that comes.
//!
//! That code leaves a new column NULL or to its default, so a rule that asks for one passes. New is
//! what any migration but a baseline adds: which releases there were, the text does not tell.

use super::sql::{self, AlterTable, Clause, Constraint, CreateIndex, What, contains};
use super::text::{Place, Word};
use super::{Broken, File, Rule, UP};
use crate::migrate::migration::Kind;

pub(super) fn check(files: &[File<'_>]) -> Vec<Broken> {
    let mut new = New::default();
    let mut broken = Vec::new();
    let ups = files.iter().enumerate().filter(|(_, file)| file.name == UP);
    for (index, file) in ups.filter(|(_, file)| file.migration.kind != Kind::Baseline) {
        let now = file.text.statements.iter().filter(|statement| statement.place == Place::Now);
        for statement in now {
            // The columns first: ALTER TABLE adds them before the constraints, however it is written.
            new.learn(&statement.words);
            if file.migration.kind == Kind::Expand {
                let refusals = new.refusals(&statement.words);
                let of = |about| Broken::new(index, statement, Rule::RefusingExpand, about);
                broken.extend(refusals.into_iter().map(of));
            }
        }
    }
    broken
}

/// The tables and columns that the migrations up to here have added.
#[derive(Default)]
struct New {
    tables: Vec<String>,
    /// Each with its table.
    columns: Vec<(String, String)>,
}

impl New {
    fn learn(&mut self, words: &[Word]) {
        if let Some(made) = sql::create_table(words) {
            self.tables.push(made.table);
        }
        let Some(AlterTable { table, clauses }) = sql::alter_table(words) else { return };
        for clause in &clauses {
            match clause {
                Clause::AddColumn(column, _) => self.columns.push((table.clone(), column.clone())),
                Clause::RenameColumn(from, to) if self.has(&table, from) => {
                    self.columns.push((table.clone(), to.clone()));
                }
                _ => {}
            }
            if let Some(to) = sql::moves(&table, clause) {
                let tables = self.tables.iter_mut();
                let tables = tables.chain(self.columns.iter_mut().map(|(of, _)| of));
                for name in tables.filter(|name| **name == table) {
                    name.clone_from(&to);
                }
            }
        }
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.columns.iter().any(|(of, own)| of == table && own == column)
    }

    fn names_new(&self, table: &str, words: &[Word]) -> bool {
        words.iter().any(|word| word.is_name() && self.has(table, &word.text))
    }

    /// The rules over nothing new that a statement adds to a table that is not new.
    fn refusals(&self, words: &[Word]) -> Vec<String> {
        let old = |table: &str| !self.tables.iter().any(|new| new == table);
        if let Some(CreateIndex { name, table, key, predicate, unique: true, .. }) =
            sql::create_index(words)
        {
            let partial = predicate.iter().flatten().any(|word| self.has(&table, word));
            let refuses = old(&table) && !partial && !self.names_new(&table, key);
            return if refuses { vec![name.unwrap_or(table)] } else { Vec::new() };
        }
        let Some(AlterTable { table, clauses }) = sql::alter_table(words) else {
            return Vec::new();
        };
        if !old(&table) {
            return Vec::new();
        }
        let refuses = |constraint: &Constraint<'_>| {
            let Constraint { what, columns, words, .. } = constraint;
            match what {
                What::ForeignKey => !columns.iter().any(|column| self.has(&table, column)),
                // The index refuses already.
                What::Key if contains(words, &["using", "index"]) => false,
                What::Key => !columns.iter().any(|column| self.has(&table, column)),
                What::Check | What::Exclusion => !self.names_new(&table, words),
            }
        };
        let added = clauses.iter().filter_map(|clause| match clause {
            Clause::AddConstraint(constraint) if refuses(constraint) => Some(constraint),
            _ => None,
        });
        added.map(|constraint| constraint.name.clone().unwrap_or_else(|| table.clone())).collect()
    }
}
