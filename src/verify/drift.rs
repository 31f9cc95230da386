//! A live database against what its history says it should be.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::drift_report::{DriftReport, HeldStep};
use super::grant::Grant;
use crate::catalog::accepted::{AllAccepted, Known};
use crate::catalog::names::Names;
use crate::catalog::{
    Catalog, Difference, Finding, Need, ObjectKind, ObjectName, Privilege, Remedy, Scope, compare,
    missing_privileges,
};
use crate::error::Result;
use crate::migrate::{Context, Kind, Migration, Migrations, Standing, weigh_policy};
use crate::severity::Severity;
use crate::store::Store;
use crate::unit_of_work::UnitOfWork;

/// Compares a live database with the state that its history records: tables, columns, types,
/// constraints, indexes, triggers, views, and what roles may do.
///
/// What a held migration that is not applied would still do is no difference, and is listed by
/// itself. The check only reads: one unit of work, and fewer than 15 statements whatever the number
/// of contexts.
///
/// # Example
///
/// ```
/// use planwright::testing::TestDatabase;
/// use planwright::verify::{Drift, Privilege};
/// use planwright::Context;
///
/// let database = TestDatabase::new(Context::ALL.iter().copied())?;
/// let report = Drift::new(database.store())
///     .contexts(Context::ALL.iter().copied())
///     .run()?;
/// assert!(report.is_clean(), "{report}");
///
/// // And what the application's role may not do of what it has to.
/// let report = Drift::new(database.store()).role("app", Privilege::ALL).run()?;
/// print!("{report}"); // [ ] error: grant on planwright to app is missing …
/// assert!(!report.is_clean());
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is compared until it is run"]
pub struct Drift<'a> {
    store: &'a Store,
    migrations: Migrations,
    /// Sorted, without doubles, with `core`.
    contexts: Vec<Context>,
    owned_schemas: Vec<String>,
    roles: Vec<(String, Vec<Privilege>)>,
    grants: Vec<Grant>,
    accepted: Vec<String>,
}

impl<'a> Drift<'a> {
    /// A check of [`Context::Core`] alone, until [`contexts`](Self::contexts) says more.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            migrations: Migrations::embedded(),
            contexts: vec![Context::Core],
            owned_schemas: Vec::new(),
            roles: Vec::new(),
            grants: Vec::new(),
            accepted: Vec::new(),
        }
    }

    /// Chooses the contexts.
    pub fn contexts(mut self, contexts: impl IntoIterator<Item = Context>) -> Self {
        self.contexts = contexts.into_iter().chain([Context::Core]).collect();
        self.contexts.sort_unstable();
        self.contexts.dedup();
        self
    }

    /// Expects what other migrations than the ones in this crate make. Each has its `catalog.json`.
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = migrations;
        self
    }

    /// Reports what nobody expects in these schemas too, such as `public`. Without this the whole
    /// of a schema is looked at only where a migration has made it; of others, which the host may
    /// use as well, the tables of the contexts and what belongs to them.
    pub fn owned_schemas(mut self, schemas: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.owned_schemas.extend(schemas.into_iter().map(Into::into));
        self
    }

    /// Expects that this role, or one that it is a member of, has these privileges on every table
    /// of the contexts, SELECT on their views, and USAGE on the schemas; with INSERT also USAGE on
    /// the sequences that defaults of those tables draw from, as those of `serial` columns do. Of
    /// [`Context::Core`] an application only reads; of a table that [`grants`](Self::grants) names,
    /// it needs no more than these say.
    pub fn role(
        mut self,
        name: impl Into<String>,
        privileges: impl IntoIterator<Item = Privilege>,
    ) -> Self {
        self.roles.push((name.into(), privileges.into_iter().collect()));
        self
    }

    /// What roles need on some tables, such as `meal_planning::GRANTS`: of each of their privileges
    /// less than all. Those of functions are not looked at.
    pub fn grants(mut self, grants: &[Grant]) -> Self {
        self.grants.extend_from_slice(grants);
        self
    }

    /// Names differences that are known and shall stay, by their
    /// [`key`](Difference::key): they are listed by themselves. So are keys of none that is there,
    /// so that a list which is out of date is noticed.
    pub fn accepting(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.accepted.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Compares. What was accepted when the database was adopted is listed by itself, as long as
    /// it is as it was then.
    ///
    /// The unit sees one moment of the tables, but the server writes definitions as they are now: a
    /// schema that changes meanwhile may look like drift.
    ///
    /// # Errors
    ///
    /// Those of a query, such as [`Error::Unavailable`](crate::Error::Unavailable), and
    /// [`Error::Migration`](crate::Error::Migration) where a migration does not say what it does to
    /// the catalog.
    pub fn run(&self) -> Result<DriftReport> {
        self.store.read(|uow| {
            let standing = self.migrations.standing(&self.contexts, uow)?;
            let state = Recorded::of(&self.migrations, &self.contexts, &standing)?;
            let mut actual = Catalog::read(uow, &self.scope(&state))?;
            actual.leave_out_what_is_the_hosts(&state.whole);
            let mut differences = compare(&state.expected, &actual);
            differences.retain(|one| one.finding != Finding::Extra || self.is_extra(one, &state));
            for difference in &mut differences {
                state.explain(difference);
                weigh_policy(difference, &actual);
            }
            expect_names(uow, &mut differences)?;
            differences.extend(missing_privileges(uow, &self.needs(&state))?);
            let as_expected = state.as_expected(&actual, &differences);
            let known = |one: &Difference| self.accepted.contains(&one.key());
            let (accepted, mut differences): (Vec<_>, Vec<_>) =
                differences.into_iter().partition(known);
            let adopted = take_adopted(uow, &standing, &actual, &mut differences)?;
            let keys: HashSet<String> = accepted.iter().map(Difference::key).collect();
            let unneeded = self.accepted.iter().filter(|key| !keys.contains(*key));
            let mut report = DriftReport {
                as_expected,
                unneeded: unneeded.cloned().collect(),
                accepted,
                adopted,
                not_installed: self.not_installed(&standing),
                held: state.held,
                unknown: standing.unknown,
                status: standing.status,
                differences,
            };
            report.held.retain(|step| !step.is_empty());
            Ok(report)
        })
    }

    /// What these migrations could install.
    fn not_installed(&self, standing: &Standing) -> Vec<Context> {
        let missing = |context: &Context| {
            self.migrations.of(&[*context]).next().is_some()
                && standing.status.applied.iter().all(|row| row.context != context.name())
        };
        self.contexts.iter().copied().filter(missing).collect()
    }

    /// Whether nobody knows it: neither a context that was not chosen, nor the caller.
    fn is_extra(&self, difference: &Difference, state: &Recorded<'_>) -> bool {
        let object = &difference.object;
        let told = object.kind == ObjectKind::Schema && self.owned_schemas.contains(&object.name);
        !told && state.whole.get(object).is_none()
    }

    /// The schemas that are looked at as a whole, and by name what is expected in others, or was
    /// there once.
    fn scope(&self, state: &Recorded<'_>) -> Scope {
        let made = state.expected.iter().map(|(name, _)| name);
        let made = made.filter(|name| name.kind == ObjectKind::Schema).map(|name| &name.name);
        let schemas: BTreeSet<&String> = made.chain(&self.owned_schemas).collect();
        let gone = state.taken_away.iter().map(|(name, _)| name);
        let names: BTreeSet<String> = state
            .expected
            .iter()
            .map(|(name, _)| name)
            .chain(gone)
            .filter(|name| !name.schema.is_empty())
            .filter_map(|name| {
                let own = if state.expected.has_of_host(name) {
                    &name.relation
                } else if name.relation.is_empty() {
                    // Functions are looked up without their arguments.
                    name.name.split_once('(').map_or(&*name.name, |(own, _)| own)
                } else {
                    return None;
                };
                Some(format!("{}.{own}", name.schema))
            })
            .collect();
        Scope::of(schemas.into_iter().cloned(), names)
    }

    fn needs(&self, state: &Recorded<'_>) -> Vec<Need> {
        let mut needs = Vec::new();
        for (role, privileges) in &self.roles {
            let mut need = |schema: &str, relation: &str, privilege: &str, column: &str| {
                let (schema, relation) = (schema.to_owned(), relation.to_owned());
                let (role, privilege) = (role.clone(), privilege.to_owned());
                needs.push(Need { role, schema, relation, privilege, column: column.to_owned() });
            };
            let relations: Vec<&ObjectName> = state
                .expected
                .iter()
                .map(|(name, _)| name)
                .filter(|name| matches!(name.kind, ObjectKind::Table | ObjectKind::View))
                .collect();
            for schema in relations.iter().map(|name| &name.schema).collect::<BTreeSet<_>>() {
                need(schema, "", "USAGE", "");
            }
            for name in relations {
                let reads = name.kind == ObjectKind::View || state.is_core(name);
                let declared = self.declared(name);
                for privilege in privileges {
                    let enough = match &declared {
                        Some(declared) => declared.contains(privilege),
                        None => !reads || *privilege == Privilege::Select,
                    };
                    if enough {
                        need(&name.schema, &name.name, &privilege.to_string(), "");
                    }
                }
                if privileges.contains(&Privilege::Update) {
                    for column in self.columns(name) {
                        need(&name.schema, &name.name, "UPDATE", column);
                    }
                }
            }
            for grant in &self.grants {
                if let Grant::Sequence { schema, name } = grant
                    && privileges.contains(&Privilege::Insert)
                {
                    need(schema, name, "USAGE", "");
                }
            }
        }
        needs
    }

    /// What of a relation its context declares to be needed, where it declares it.
    fn declared(&self, of: &ObjectName) -> Option<Vec<Privilege>> {
        let declared = self.grants.iter().filter_map(|grant| match grant {
            Grant::Table { schema, name, privileges }
                if of.schema == *schema && of.name == *name =>
            {
                Some(*privileges)
            }
            _ => None,
        });
        declared.fold(None, |all, more| Some([all.unwrap_or_default(), more.to_vec()].concat()))
    }

    /// The columns of a table that its context declares to be updated.
    fn columns<'s>(&'s self, of: &ObjectName) -> impl Iterator<Item = &'static str> + use<'s> {
        let (of_schema, of_table) = (of.schema.clone(), of.name.clone());
        let declared = self.grants.iter().filter_map(move |grant| match grant {
            Grant::Columns { schema, table, columns }
                if of_schema == *schema && of_table == *table =>
            {
                Some(*columns)
            }
            _ => None,
        });
        declared.flatten().copied()
    }
}

/// Another name that an adoption has written down is nothing new, and errors know it.
fn expect_names(uow: &mut UnitOfWork<'_>, differences: &mut [Difference]) -> Result<()> {
    let told = |one: &Difference| matches!(one.finding, Finding::Renamed { .. });
    if !differences.iter().any(|one| told(one) && one.severity > Severity::Note) {
        return Ok(());
    }
    let names = Names::read_where_readable(uow.connection())?;
    for one in differences {
        let Finding::Renamed { actual } = &one.finding else { continue };
        if names.expected(&actual.relation, &actual.name) == one.object.name {
            one.severity = Severity::Note;
            one.remedy = Remedy::advice("The name was noted when the database was adopted");
        }
    }
    Ok(())
}

/// Takes out what was accepted when the database was adopted, and is as it was then; and what
/// columns of views have of their tables' columns.
fn take_adopted(
    uow: &mut UnitOfWork<'_>,
    standing: &Standing,
    actual: &Catalog,
    differences: &mut Vec<Difference>,
) -> Result<Vec<Difference>> {
    if differences.is_empty() || !standing.status.applied.iter().any(|row| row.adopted) {
        return Ok(Vec::new());
    }
    let accepted = AllAccepted::read_where_readable(uow.connection())?;
    let mut adopted = Vec::new();
    for mut one in std::mem::take(differences) {
        match accepted.knows(&one, actual) {
            Known::Same => {
                adopted.push(one);
                continue;
            }
            Known::Changed => {
                let since = "It was another one that was accepted when the database was adopted.";
                let advice = format!("{since} {}", one.remedy.advice);
                advice.trim_end().clone_into(&mut one.remedy.advice);
            }
            Known::No => {}
        }
        differences.push(one);
    }
    let is_view = |of: &ObjectName| {
        actual.get(&ObjectName::new(ObjectKind::View, &of.schema, "", &of.relation)).is_some()
    };
    let follows = |one: &Difference| {
        let Difference { object, finding, .. } = one;
        object.kind == ObjectKind::Column
            && is_view(object)
            && adopted.iter().any(|of: &Difference| {
                of.object.kind == ObjectKind::Column
                    && of.object.name == object.name
                    && of.finding == *finding
            })
    };
    let (following, rest) = std::mem::take(differences).into_iter().partition(follows);
    *differences = rest;
    adopted.extend::<Vec<_>>(following);
    Ok(adopted)
}

/// What the history says about the catalog.
struct Recorded<'m> {
    expected: Catalog,
    /// Of every context.
    whole: Catalog,
    core: Catalog,
    /// By which applied migration, the last one first.
    taken_away: Vec<(ObjectName, &'m Migration)>,
    /// What migrations that are not applied make.
    to_come: Vec<(ObjectName, &'m Migration)>,
    held: Vec<HeldStep>,
}

impl<'m> Recorded<'m> {
    fn of(migrations: &'m Migrations, contexts: &[Context], standing: &Standing) -> Result<Self> {
        let applied = |migration: &Migration| standing.applied.contains(&migration.version);
        let expected = migrations.catalog(contexts, applied)?;
        let installed: HashSet<&str> =
            standing.status.applied.iter().map(|row| row.context.as_str()).collect();
        let (mut taken_away, mut to_come, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for migration in migrations.of(contexts) {
            let delta = migration.delta()?;
            if applied(migration) {
                let gone = delta.gone.into_iter().filter(|name| expected.get(name).is_none());
                taken_away.extend(gone.map(|name| (name, migration)));
                continue;
            }
            if migration.kind == Kind::Held && installed.contains(migration.context.name()) {
                held.push(HeldStep::new(migration, &delta, &expected));
            }
            to_come.extend(delta.made.into_iter().map(|object| (object.name, migration)));
        }
        taken_away.reverse();
        let whole = migrations.catalog(Context::ALL, applied)?;
        let core = migrations.catalog(&[Context::Core], applied)?;
        Ok(Self { expected, whole, core, taken_away, to_come, held })
    }

    fn is_core(&self, name: &ObjectName) -> bool {
        self.core.get(name).is_some()
    }

    /// Says of something extra where it comes from.
    fn explain(&self, difference: &mut Difference) {
        let by = |of: &[(ObjectName, &'m Migration)]| {
            let found = of.iter().find(|(name, _)| *name == difference.object);
            found.map(|(_, migration)| migration.to_string())
        };
        if self.expected.has_of_host(&difference.object) {
            difference.remedy = Remedy::advice(
                "The table is the host's. What refers to it needs this column as it is expected, \
                 with a unique index.",
            );
        }
        if difference.finding != Finding::Extra {
            return;
        }
        if let Some(since) = by(&self.taken_away) {
            difference.severity = difference.severity.max(Severity::Warning);
            difference.remedy = Remedy::advice(
                "A restored backup or an old release may have made it again. Find out who uses it \
                 before it is dropped.",
            );
            difference.finding = Finding::Leftover { since };
        } else if let Some(migration) = by(&self.to_come) {
            difference.remedy.advice = format!(
                "{migration}, which is not applied, makes it. {}",
                difference.remedy.advice
            );
        }
    }

    fn as_expected(
        &self,
        actual: &Catalog,
        differences: &[Difference],
    ) -> BTreeMap<ObjectKind, usize> {
        let different: HashSet<&ObjectName> = differences.iter().map(|one| &one.object).collect();
        let mut counts = BTreeMap::new();
        for (name, _) in self.expected.iter() {
            if actual.get(name).is_some() && !different.contains(name) {
                *counts.entry(name.kind).or_default() += 1;
            }
        }
        counts
    }
}
