//! Whether the database still refuses to change what never changes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::attempt::{Answer, Attempt, answers};
use super::immutability_report::{ImmutabilityCheck, ImmutabilityFinding, ImmutabilityReport};
use super::immutable::{Event, ImmutableTable, Refusal};
use crate::catalog::Remedy;
use crate::catalog::guards::{self, Granted, Guard, Wanted};
use crate::error::Result;
use crate::ident::Ident;
use crate::migrate;
use crate::store::Store;
use crate::unit_of_work::UnitOfWork;

/// For how long a try waits for a lock, and others behind it.
const PATIENCE: Duration = Duration::from_millis(50);

const DRIFT: &str = "verify::Drift lists the statements that make it again as the migrations do.";

/// Looks whether the database refuses changes of [`ImmutableTable`]s: whether the triggers are there
/// and cannot be switched off, who else than the owner may try, and then tries.
///
/// Each try is one statement in a subtransaction that is rolled back, whatever comes of it: an UPDATE
/// and a DELETE of one row, a TRUNCATE, and again in `session_replication_role = replica` where the
/// role may set that. It waits 50 ms for each of its locks and says so where it did not get one.
/// TRUNCATE takes ACCESS EXCLUSIVE on the table and, one after the other, on those that refer to it,
/// before any trigger is asked. On a busy database it is often not tried, and readers and writers may
/// queue behind it: for 50 ms behind the lock that it waits for, for as many times 50 ms as there are
/// tables behind those that it has. All tries together are one statement to the server.
///
/// # Example
///
/// ```
/// use planwright::testing::TestDatabase;
/// use planwright::verify::Immutability;
/// use planwright::{Context, meal_planning};
///
/// let database = TestDatabase::new([Context::MealPlanning])?;
/// let report = Immutability::of(meal_planning::IMMUTABLE).run(database.store())?;
/// assert!(report.is_sound(), "{report}");
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is tried until it is run"]
pub struct Immutability {
    tables: Vec<ImmutableTable>,
}

impl Immutability {
    /// A look at these tables.
    pub fn of(tables: &[ImmutableTable]) -> Self {
        Self { tables: tables.to_vec() }
    }

    /// Looks and tries, in one unit of work that changes nothing. Where nothing can be written, on a
    /// replica or in a session that is read-only by default, nothing is tried, and the report says so.
    ///
    /// # Errors
    ///
    /// Those of the queries of the catalog. What a try is answered is in the report, unless the
    /// connection is lost, or all of them together take longer than `statement_timeout`.
    pub fn run(&self, store: &Store) -> Result<ImmutabilityReport> {
        if self.tables.is_empty() {
            return Ok(ImmutabilityReport { checks: Vec::new() });
        }
        let reads_only = store.read(|uow| guards::reads_only(uow.connection()))?;
        let unit = store.transaction().attempts(1).lock_timeout(PATIENCE);
        let unit = if reads_only.is_some() { unit.read_only() } else { unit };
        unit.run(|uow| self.look(uow, reads_only))
    }

    fn look(
        &self,
        uow: &mut UnitOfWork<'_>,
        reads_only: Option<&'static str>,
    ) -> Result<ImmutabilityReport> {
        let refusals: Vec<(&ImmutableTable, &Refusal)> = self
            .tables
            .iter()
            .flat_map(|table| table.refusals.iter().map(move |refusal| (table, refusal)))
            .collect();
        let wanted: Vec<Wanted<'_>> = refusals
            .iter()
            .map(|(table, refusal)| Wanted {
                schema: table.schema,
                table: table.name,
                event: refusal.event.sql(),
                function: refusal.function,
            })
            .collect();
        let applied = migrate::applied_versions(uow.connection())?;
        let guards = guards::guards(uow.connection(), &wanted)?;
        let granted = guards::granted(uow.connection(), &wanted)?;
        let replica = guards::may_be_replica(uow.connection())?;
        // What is there of each refusal comes before what its tries are answered.
        let mut checks: Vec<Vec<ImmutabilityCheck>> = Vec::new();
        let mut attempts = Vec::new();
        let mut waiting = BTreeSet::new();
        for (place, ((table, refusal), guard)) in refusals.iter().zip(&guards).enumerate() {
            let mut look = Look { table, refusal, checks: Vec::new() };
            let is = |version: &Vec<String>| version.iter().any(|one| one == table.since);
            if !applied.as_ref().is_none_or(is) {
                if waiting.insert((table.schema, table.name)) {
                    look.add(ImmutabilityFinding::Waits { for_migration: table.since }, None);
                }
            } else if guard.exists {
                look.guard(guard);
                match reads_only {
                    Some(why) => look.not_tried(false, why),
                    None => attempts.extend(look.attempts(place, guard, replica)),
                }
            } else {
                look.add(ImmutabilityFinding::NoTable, Some(Remedy::advice(DRIFT)));
            }
            checks.push(look.checks);
        }
        let answers = if attempts.is_empty() { Vec::new() } else { answers(uow, &attempts)? };
        for (place, ((table, refusal), checks)) in refusals.iter().zip(&mut checks).enumerate() {
            let mut look = Look { table, refusal, checks: std::mem::take(checks) };
            let own = |(attempt, _): &(&Attempt, &Answer)| attempt.place == place;
            look.answered(&attempts.iter().zip(&answers).filter(own).collect::<Vec<_>>());
            if applied.as_ref().is_none_or(|all| all.iter().any(|one| one == table.since)) {
                let of = |one: &&Granted| usize::try_from(one.place) == Ok(place);
                granted.iter().filter(of).for_each(|one| look.grant(one));
            }
            *checks = look.checks;
        }
        Ok(ImmutabilityReport { checks: checks.into_iter().flatten().collect() })
    }
}

/// At one refusal of one table.
struct Look<'a> {
    table: &'a ImmutableTable,
    refusal: &'a Refusal,
    checks: Vec<ImmutabilityCheck>,
}

impl Look<'_> {
    fn add(&mut self, finding: ImmutabilityFinding, remedy: Option<Remedy>) {
        self.checks.push(ImmutabilityCheck {
            table: format!("{}.{}", self.table.schema, self.table.name),
            event: self.refusal.event,
            severity: finding.severity(),
            finding,
            remedy: remedy.unwrap_or_default(),
        });
    }

    fn guard(&mut self, guard: &Guard) {
        let (Some(trigger), Some(enabled)) = (&guard.trigger, &guard.enabled) else {
            let function = self.refusal.function;
            let finding = ImmutabilityFinding::NoTrigger { function };
            return self.add(finding, Some(Remedy::advice(DRIFT)));
        };
        let always = enabled == "A";
        if always || !self.refusal.always && enabled == "O" {
            return;
        }
        let state = match enabled.as_str() {
            "O" => "ENABLE",
            "R" => "ENABLE REPLICA",
            _ => "DISABLE",
        };
        let wanted = if self.refusal.always { "ENABLE ALWAYS" } else { "ENABLE" };
        let own = Ident(trigger).to_string();
        let sql = ["ALTER TABLE", &self.table.quoted(), wanted, "TRIGGER", &own].join(" ");
        let finding = ImmutabilityFinding::Switched { trigger: trigger.clone(), state };
        self.add(finding, Some(Remedy::sql([sql])));
    }

    fn not_tried(&mut self, in_replica_mode: bool, why: impl Into<String>) {
        let why = why.into();
        self.add(ImmutabilityFinding::NotTried { in_replica_mode, why }, None);
    }

    /// What can be tried of it. What cannot is told.
    fn attempts(&mut self, place: usize, guard: &Guard, replica: bool) -> Vec<Attempt> {
        let event = self.refusal.event;
        if !guard.may {
            self.not_tried(false, format!("this role may not {event}"));
            return Vec::new();
        }
        let Some(sql) = self.statement(guard) else {
            self.not_tried(false, "no column can be set");
            return Vec::new();
        };
        let mut attempts = vec![Attempt { sql: sql.clone(), in_replica_mode: false, place }];
        if self.refusal.always && replica {
            attempts.push(Attempt { sql, in_replica_mode: true, place });
        } else if self.refusal.always {
            self.not_tried(true, "this role may not set session_replication_role");
        }
        attempts
    }

    fn answered(&mut self, answers: &[(&Attempt, &Answer)]) {
        let mut refused = Vec::new();
        for &(&Attempt { in_replica_mode, .. }, answer) in answers {
            if answer.is_done() && answer.rows == 0 && self.refusal.event != Event::Truncate {
                self.not_tried(in_replica_mode, "no row");
                break;
            } else if answer.is_done() {
                let remedy = Remedy::advice(DRIFT);
                self.add(ImmutabilityFinding::LetThrough { in_replica_mode }, Some(remedy));
            } else if answer.is_refusal_of(self.table.name) {
                refused.push(in_replica_mode);
            } else if answer.is_busy() {
                self.not_tried(in_replica_mode, "busy: its locks were not to be had in 50 ms");
                break;
            } else {
                let error = answer.message.clone();
                let finding = ImmutabilityFinding::Otherwise { in_replica_mode, error };
                self.add(finding, Some(Remedy::advice(DRIFT)));
            }
        }
        if refused.contains(&false) {
            let in_replica_mode = refused.contains(&true);
            self.add(ImmutabilityFinding::Refused { in_replica_mode }, None);
        }
    }

    /// Of one row at most.
    fn statement(&self, guard: &Guard) -> Option<String> {
        let (schema, table) = (self.table.schema, self.table.name);
        match (self.refusal.attempt, self.refusal.event) {
            (Some(attempt), _) => Some(attempt.to_owned()),
            (None, Event::Insert) => None,
            (None, Event::Update) => {
                let column = guard.column.as_deref()?;
                Some(format!(
                    "UPDATE {}.{} SET {} = {} WHERE ctid = (SELECT ctid FROM {}.{} LIMIT 1)",
                    Ident(schema),
                    Ident(table),
                    Ident(column),
                    Ident(column),
                    Ident(schema),
                    Ident(table)
                ))
            }
            (None, Event::Delete) => Some(format!(
                "DELETE FROM {}.{} WHERE ctid = (SELECT ctid FROM {}.{} LIMIT 1)",
                Ident(schema),
                Ident(table),
                Ident(schema),
                Ident(table)
            )),
            // The triggers of the table itself are asked first.
            (None, Event::Truncate) => {
                Some(format!("TRUNCATE {}.{} CASCADE", Ident(schema), Ident(table)))
            }
        }
    }

    fn grant(&mut self, granted: &Granted) {
        let event = self.refusal.event;
        let privilege = match &granted.columns {
            Some(columns) => format!("{event} ({columns})"),
            None => event.to_string(),
        };
        let role = granted.role.clone();
        let exception = self.refusal.exception;
        let remedy = exception.is_none().then(|| {
            let table = self.table.quoted();
            Remedy::sql([["REVOKE", &privilege, "ON", &table, "FROM", &role].join(" ")])
        });
        self.add(ImmutabilityFinding::Granted { role, privilege, exception }, remedy);
    }
}
