//! The stage of a rehearsal: executes the steps, and looks after each statement at what it has done.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::guard::guard;
use super::host::Refused;
use super::locked::failed_words;
use super::migration::{ConcurrentIndex, Migration, known_statements};
use super::plan::Step;
use super::planned::Planned;
use super::rehearsed::{Effect, Ending, Rehearsed, RelationLock, Rows};
use super::tokens::Statement;
use crate::catalog::locks::{self, LockMode, Relation, Written};
use crate::error::{Error, Result};

/// What a rehearsal has seen so far.
#[derive(Default)]
pub(super) struct Stage {
    /// The relations that were there before, each with the file that it has by now.
    before: HashMap<u32, Relation>,
    /// The locks on them.
    seen: HashSet<(u32, LockMode)>,
    /// The strongest one on each, by name, and since when.
    pub(super) strongest: BTreeMap<String, (LockMode, Instant)>,
    /// The rows that were written.
    written: HashMap<u32, Written>,
    pub(super) sequences: BTreeSet<String>,
    pub(super) rows_counted: bool,
    pub(super) done: Vec<Rehearsed>,
}

/// Why a migration is not passed.
enum Stop {
    /// What the report says of it.
    Ended(Ending),
    /// It failed, and the transaction with it.
    Failed { what: String, source: DieselError },
    /// The rehearsal itself failed.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Stage {
    /// Executes the steps. With the place of the one that failed, and why.
    pub(super) fn play(
        mut self,
        connection: &mut PgConnection,
        steps: &[Step<'_>],
    ) -> Result<(Self, Option<(usize, DieselError)>)> {
        let relations = locks::relations(connection)?;
        self.before = relations.into_iter().map(|relation| (relation.oid, relation)).collect();
        self.rows_counted = locks::counts_rows(connection)?;
        self.observe(connection, Instant::now())?;

        let (mut failure, mut left_out) = (None, HashMap::new());
        for step in steps {
            let migration = step.migration;
            let mut effects = Vec::new();
            let need = migration.needs.iter().find_map(|need| left_out.get(need));
            let ending = if failure.is_some() {
                Ending::NotReached { why: "the one before it failed".to_owned() }
            } else if let Some(name) = need {
                Ending::NotReached { why: format!("it needs {name}, which does not run") }
            } else {
                match self.run(connection, migration, &mut effects) {
                    Ok(()) => Ending::Passed,
                    Err(Stop::Ended(ending)) => ending,
                    Err(Stop::Failed { what, source }) => {
                        let why = source.to_string();
                        failure = Some((self.done.len(), source));
                        let not_tried = self.not_tried(migration);
                        Ending::Failed { what, why, blockers: Vec::new(), not_tried }
                    }
                    Err(Stop::Broken(error)) => return Err(error),
                }
            };
            if matches!(ending, Ending::Refused { .. } | Ending::NotReached { .. }) {
                left_out.insert(&migration.version, migration.name.as_ref());
            }
            let duration = effects.iter().map(|effect: &Effect| effect.duration).sum();
            self.done.push(Rehearsed { planned: Planned::new(step), ending, effects, duration });
        }
        Ok((self, failure))
    }

    /// Of a run that does not begin.
    pub(super) fn refused(steps: &[Step<'_>], refused: &Refused) -> Self {
        let ended = |(at, step): (usize, &Step<'_>)| {
            let ending = if at == refused.step {
                Ending::Refused { why: refused.what.clone() }
            } else {
                Ending::NotReached { why: "as nothing is run".to_owned() }
            };
            let (planned, effects) = (Planned::new(step), Vec::new());
            Rehearsed { planned, ending, effects, duration: Duration::ZERO }
        };
        let done = steps.iter().enumerate().map(ended).collect();
        Self { done, rows_counted: true, ..Self::default() }
    }

    /// As a run does it: the guard behind the locks that the statements begin with.
    fn run(
        &mut self,
        connection: &mut PgConnection,
        migration: &Migration,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Stop> {
        let all = known_statements(&migration.up);
        let locks = if migration.transactional {
            all.iter().take_while(|statement| statement.begins(&["lock"])).count()
        } else {
            0
        };
        for (number, statement) in (1..).zip(&all) {
            if number == locks + 1 {
                self.ask(connection, migration)?;
            }
            let text = if migration.transactional {
                statement.text.to_owned()
            } else {
                self.plainly(connection, statement)?
            };
            let what = || failed_words((number, all.len()), "", &text);
            effects.push(self.execute(connection, &text, what)?);
        }
        if locks == all.len() {
            self.ask(connection, migration)?;
        }
        self.check_deferred(connection, effects)
    }

    fn ask(&mut self, connection: &mut PgConnection, migration: &Migration) -> Result<(), Stop> {
        let refusal = match guard(connection, migration) {
            Ok(refusal) => refusal,
            Err(error) => return Err(failed_by(error)),
        };
        // The locks of the guard are not those of the next statement.
        self.observe(connection, Instant::now())?;
        match refusal {
            None => Ok(()),
            Some(Error::Migration { what: why, .. }) => Err(Stop::Ended(Ending::Refused { why })),
            Some(error) => Err(Stop::Broken(error)),
        }
    }

    fn execute(
        &mut self,
        connection: &mut PgConnection,
        text: &str,
        what: impl FnOnce() -> String,
    ) -> Result<Effect, Stop> {
        let begin = Instant::now();
        connection.batch_execute(text).map_err(|source| Stop::Failed { what: what(), source })?;
        let duration = begin.elapsed();
        let mut effect = self.observe(connection, begin)?;
        text.clone_into(&mut effect.statement);
        Ok(Effect { duration, ..effect })
    }

    /// Checks what would be checked at COMMIT, and has each constraint be as it was again: later
    /// migrations have transactions of their own.
    fn check_deferred(
        &mut self,
        connection: &mut PgConnection,
        effects: &mut [Effect],
    ) -> Result<(), Stop> {
        let begin = Instant::now();
        let deferrable = locks::deferrable(connection)?;
        if let Some(all) = deferrable.all {
            connection.batch_execute(&format!("SET CONSTRAINTS {all} IMMEDIATE")).map_err(
                |source| {
                    let what = "COMMIT would be refused, by a deferred constraint".to_owned();
                    Stop::Failed { what, source }
                },
            )?;
        }
        if let Some(deferred) = deferrable.deferred {
            connection
                .batch_execute(&format!("SET CONSTRAINTS {deferred} DEFERRED"))
                .map_err(Error::from)?;
        }
        let mut late = self.observe(connection, begin)?;
        if let Some(last) = effects.last_mut() {
            last.locks.append(&mut late.locks);
            last.rows.append(&mut late.rows);
        }
        Ok(())
    }

    /// What has changed since the last look. `since` is when it began.
    fn observe(&mut self, connection: &mut PgConnection, since: Instant) -> Result<Effect> {
        let (mut locks, mut rewritten, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for lock in locks::own_locks(connection)? {
            // Nobody waits for what this transaction has made, and everybody shares the catalogs.
            let Some(relation) = self.before.get_mut(&lock.relation) else { continue };
            if let Some(file) = lock.file
                && relation.file != 0
                && relation.file != file
            {
                relation.file = file;
                rewritten.push(relation.name.clone());
            }
            let Some(mode) = LockMode::of_server(&lock.mode) else { continue };
            if !self.seen.insert((relation.oid, mode)) {
                continue;
            }
            if relation.kind == "S" && mode == LockMode::RowExclusive {
                self.sequences.insert(relation.name.clone());
            }
            if matches!(&*relation.kind, "i" | "I" | "S") && mode < LockMode::ShareUpdateExclusive {
                continue;
            }
            let strongest = self.strongest.entry(relation.name.clone()).or_insert((mode, since));
            if strongest.0 < mode {
                *strongest = (mode, since);
            }
            locks.push(RelationLock { relation: relation.name.clone(), mode });
        }
        locks.sort_by(|a, b| (&a.relation, a.mode).cmp(&(&b.relation, b.mode)));
        for now in locks::written(connection)? {
            let old = self.written.get(&now.relation);
            let more =
                |of: fn(&Written) -> i64| u64::try_from(of(&now) - old.map_or(0, of)).unwrap_or(0);
            let (inserted, updated, deleted) =
                (more(|w| w.inserted), more(|w| w.updated), more(|w| w.deleted));
            if inserted + updated + deleted > 0 {
                let table = now.name.clone();
                rows.push(Rows { table, inserted, updated, deleted });
            }
            self.written.insert(now.relation, now);
        }
        let (statement, duration) = (String::new(), Duration::ZERO);
        Ok(Effect { statement, duration, locks, rewritten, rows })
    }

    /// A statement without the word CONCURRENTLY, where nobody can wait for it.
    fn plainly(
        &self,
        connection: &mut PgConnection,
        statement: &Statement<'_>,
    ) -> Result<String, Stop> {
        let relation = if let Some(index) = ConcurrentIndex::of(statement) {
            index.table
        } else {
            // DROP INDEX CONCURRENTLY IF EXISTS takes one name.
            let name = statement.tokens.iter().skip(5);
            let name = name.take_while(|token| !token.is("cascade") && !token.is("restrict"));
            name.map(|token| token.text).collect()
        };
        // What is not there is found out by the statement.
        let found = locks::relation_oid(connection, &relation)?;
        if found.is_some_and(|oid| self.before.contains_key(&oid)) {
            let why = format!(
                "for CONCURRENTLY needs to be outside of a transaction, and without it {relation} \
                 would be locked until the end of the rehearsal"
            );
            return Err(Stop::Ended(Ending::NotTried { why }));
        }
        let start = statement.tokens[0].start;
        let mut text = statement.text.to_owned();
        if let Some(word) = statement.tokens.iter().find(|token| token.is("concurrently")) {
            let at = word.start - start;
            text.replace_range(at..at + word.text.len(), "");
        }
        Ok(text)
    }

    /// What of the same context was not tried so far.
    fn not_tried(&self, migration: &Migration) -> Vec<String> {
        self.done
            .iter()
            .filter(|one| matches!(one.ending, Ending::NotTried { .. }))
            .filter(|one| one.planned.context == migration.context)
            .map(|one| one.planned.name.clone())
            .collect()
    }
}

/// A failure that was told as an error of the runner.
fn failed_by(error: Error) -> Stop {
    match error {
        Error::Migration { version, what, source: Some(source) } => {
            match source.downcast::<DieselError>() {
                Ok(source) => Stop::Failed { what, source: *source },
                Err(source) => {
                    Stop::Broken(Error::Migration { version, what, source: Some(source) })
                }
            }
        }
        error => Stop::Broken(error),
    }
}
