//! How a migration waits for its locks, and what it tells meanwhile.

use std::time::Duration;

use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::locked::{Locked, transaction_limited};
use super::migration::{Migration, known_statements};
use super::report::Progress;
use super::tokens::Kind;
use crate::catalog::activity::{self, Blocker};
use crate::error::Result;
use crate::patience::{Retry, Stop, Waiting};

impl<'m> Locked<'m> {
    fn waiting(&mut self) -> Waiting<'_, 'm> {
        let Self { connection, watch, patience, .. } = self;
        Waiting { connection, watch, patience: *patience }
    }

    /// Does the work of a migration in a transaction, from its start again where it was rolled
    /// back because of what others do at the same time.
    pub(super) fn patiently<T: Send>(
        &mut self,
        migration: &Migration,
        sql: &str,
        mut work: impl FnMut(&mut PgConnection) -> Result<T, Stop> + Send,
    ) -> Result<T, Stop> {
        let progress = self.progress;
        let tell = |Retry { why, lock_timeout, pause, blockers }: Retry| {
            let name = migration.to_string();
            progress(Progress::Retrying { name, why, lock_timeout, pause, blockers });
        };
        let work = |connection: &mut PgConnection, limit| {
            transaction_limited(connection, migration, limit, &mut work)
        };
        self.waiting().patiently(&names(sql), work, tell)
    }

    /// Does some work on the session, on another thread, and sees meanwhile whom it waits for.
    pub(super) fn watched<T: Send>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut PgConnection) -> T + Send,
        saw: impl FnMut(Vec<Blocker>),
    ) -> T {
        self.waiting().watched(limit, work, saw)
    }

    /// Whether this is what the server says, in its language, of a lock that it did not get.
    pub(super) fn is_foreign_lock_timeout(&mut self, source: &DieselError) -> bool {
        self.waiting().is_foreign_lock_timeout(source)
    }

    /// Tells of the transactions that a migration may have to queue behind, and others behind it.
    pub(crate) fn tell_in_the_way(&mut self, migration: &Migration, sql: &str) -> Result<()> {
        let names = names(sql);
        let sessions = activity::users_of(&mut self.connection, &names, self.patience.first)?;
        if !sessions.is_empty() {
            (self.progress)(Progress::InTheWay { name: migration.to_string(), sessions });
            // It will be wanted, and a short try may be over before it is there.
            drop(self.watch.connection());
        }
        Ok(())
    }
}

/// The names in the SQL, and every word of its strings, where a block of code names what it
/// changes.
fn names(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    for statement in known_statements(sql) {
        for token in &statement.tokens {
            match token.kind {
                Kind::Word => names.push(token.text.to_lowercase()),
                Kind::Quoted => names.push(token.text.trim_matches('"').replace("\"\"", "\"")),
                Kind::Text => {
                    let words = token.text.split(|c: char| !c.is_alphanumeric() && c != '_');
                    names.extend(words.filter(|word| !word.is_empty()).map(str::to_lowercase));
                }
                Kind::Number | Kind::Operator | Kind::Mark => {}
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_statements_and_of_what_stands_in_strings() {
        let sql = "ALTER TABLE Live.\"Odd \"\"name\" ADD x int DEFAULT 7;
                   DO $$ BEGIN UPDATE t SET a = 1; END $$;";
        let names = names(sql);
        for name in ["live", "Odd \"name", "x", "t", "a"] {
            assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
        }
        assert!(!names.contains(&"Live".to_owned()) && !names.contains(&"7".to_owned()));
    }
}
