//! The state that an adoption takes a database for: which migrations it has, and which held ones
//! its catalog shows.

use std::collections::{BTreeMap, BTreeSet};

use super::adoption::stands_against;
use super::migration::{Kind, Migration};
use crate::catalog::{Catalog, Difference, Finding, ObjectKind, ObjectName, Scope, compare};
use crate::error::Result;

/// The states of a context from which one is chosen.
pub(super) struct Target<'m> {
    /// All of the context, in the order of their versions.
    migrations: Vec<&'m Migration>,
    /// The versions that the history has.
    recorded: BTreeSet<String>,
    /// The last one that the state has.
    last: &'m Migration,
}

/// Some migrations of a context, by their versions.
pub(super) type Versions<'m> = BTreeSet<&'m str>;

impl<'m> Target<'m> {
    pub(super) fn new(
        migrations: Vec<&'m Migration>,
        recorded: BTreeSet<&str>,
        last: &'m Migration,
    ) -> Self {
        let recorded = recorded.into_iter().map(str::to_owned).collect();
        Self { migrations, recorded, last }
    }

    /// What the state has for certain and the history has not.
    pub(super) fn least(&self) -> Versions<'m> {
        let held = self.with_needs(self.last);
        self.state(&held).into_iter().filter(|version| !self.recorded.contains(*version)).collect()
    }

    /// The state with these held ones: what the history has, and up to the last one whatever is
    /// not held and needs no other held one.
    pub(super) fn state(&self, held: &Versions<'m>) -> Versions<'m> {
        let mut state = Versions::new();
        for migration in &self.migrations {
            let chosen = match migration.kind {
                Kind::Held => held.contains(&*migration.version),
                _ => {
                    migration.version <= self.last.version
                        && self.needs(migration).all(|need| state.contains(&*need.version))
                }
            };
            if chosen || self.recorded.contains(&migration.version) {
                state.insert(&migration.version);
            }
        }
        state
    }

    /// The held ones up to the last that the live catalog shows, with those that they need. The
    /// newest first, as it may hide what an older one has done.
    pub(super) fn shown(&self, live: &Catalog) -> Result<Versions<'m>> {
        let mut held = self.with_needs(self.last);
        for migration in self.open().rev() {
            if held.contains(&*migration.version) {
                continue;
            }
            let mut with = held.clone();
            with.extend(self.with_needs(migration));
            let (before, after) = (self.state(&held), self.state(&with));
            let between = Between::new(self.catalog(&before)?, self.catalog(&after)?, live);
            let mut done = between.shows(migration)?.unwrap_or(false);
            // What it needs, and what that lets through.
            for needed in self.migrations.iter().filter(|one| after.contains(&*one.version)) {
                if !before.contains(&*needed.version) {
                    done &= between.shows(needed)?.unwrap_or(true);
                }
            }
            if done {
                held = with;
            }
        }
        Ok(held)
    }

    /// The held ones up to the last that the history does not have.
    pub(super) fn open(&self) -> impl DoubleEndedIterator<Item = &'m Migration> {
        let open = |migration: &&Migration| {
            migration.kind == Kind::Held
                && migration.version <= self.last.version
                && !self.recorded.contains(&migration.version)
        };
        self.migrations.iter().copied().filter(open)
    }

    /// Those that a state does not have.
    pub(super) fn beyond(&self, state: &Versions<'m>) -> impl Iterator<Item = &'m Migration> {
        self.migrations.iter().copied().filter(|one| !state.contains(&*one.version))
    }

    /// Those that a state has and the history has not.
    pub(super) fn new_in(&self, state: &Versions<'m>) -> Vec<&'m Migration> {
        let new = |one: &&Migration| {
            state.contains(&*one.version) && !self.recorded.contains(&one.version)
        };
        self.migrations.iter().copied().filter(new).collect()
    }

    /// The catalog of a state.
    pub(super) fn catalog(&self, state: &Versions<'m>) -> Result<Catalog> {
        let mut catalog = Catalog::default();
        for migration in self.migrations.iter().filter(|one| state.contains(&*one.version)) {
            catalog.apply(&migration.delta()?);
        }
        Ok(catalog)
    }

    /// What a state has taken away, and which migration has.
    pub(super) fn gone(&self, state: &Versions<'m>) -> Result<BTreeMap<ObjectName, &'m Migration>> {
        let mut gone = BTreeMap::new();
        for migration in self.migrations.iter().filter(|one| state.contains(&*one.version)) {
            let delta = migration.delta()?;
            gone.extend(delta.gone.into_iter().map(|name| (name, *migration)));
        }
        Ok(gone)
    }

    /// Where the context's objects are, in whatever state.
    pub(super) fn scope(&self) -> Result<Scope> {
        let (mut schemas, mut names) = (BTreeSet::new(), BTreeSet::new());
        for migration in &self.migrations {
            for object in migration.delta()?.made {
                let ObjectName { kind, schema, relation, name } = object.name;
                match kind {
                    ObjectKind::Schema => {
                        schemas.insert(name);
                    }
                    ObjectKind::Grant => {}
                    _ if relation.is_empty() => {
                        let plain = name.split('(').next().unwrap_or_default();
                        names.insert(format!("{schema}.{plain}"));
                    }
                    _ => {}
                }
            }
        }
        Ok(Scope::of(schemas, names))
    }

    /// The held ones among a migration and all that it needs.
    fn with_needs(&self, migration: &'m Migration) -> Versions<'m> {
        let (mut held, mut open) = (Versions::new(), vec![migration]);
        while let Some(migration) = open.pop() {
            if migration.kind == Kind::Held {
                held.insert(&migration.version);
            }
            open.extend(self.needs(migration));
        }
        held
    }

    /// What a migration needs of its own context.
    fn needs(&self, migration: &'m Migration) -> impl Iterator<Item = &'m Migration> {
        self.migrations.iter().copied().filter(|one| migration.needs.contains(&one.version))
    }
}

/// What a live catalog has of one state and of a later one.
struct Between {
    without: Catalog,
    with: Catalog,
    /// How the live catalog differs from either.
    before: Vec<Difference>,
    after: Vec<Difference>,
}

impl Between {
    fn new(without: Catalog, with: Catalog, live: &Catalog) -> Self {
        let (before, after) = (compare(&without, live), compare(&with, live));
        Self { without, with, before, after }
    }

    /// Whether the live catalog has what the migration makes, and has not what it takes away, as
    /// far as the later state shows either. `None` where it shows nothing of it.
    fn shows(&self, migration: &Migration) -> Result<Option<bool>> {
        let delta = migration.delta()?;
        let made = delta.made.iter().map(|object| &object.name);
        let made = made.filter(|name| self.with.get(name).is_some()).map(|name| {
            let differs = |one: &Difference| stands_against(one) && one.object == *name;
            !self.after.iter().any(differs) && !is_missing(name, &self.after)
        });
        let expected =
            |name: &&ObjectName| self.without.get(name).is_some() && self.with.get(name).is_none();
        let gone = delta.gone.iter().filter(expected);
        let gone = gone.map(|name| is_missing(name, &self.before));
        Ok(made.chain(gone).reduce(|one, other| one && other))
    }
}

/// Whether the object is missing, or what it belongs to.
fn is_missing(name: &ObjectName, differences: &[Difference]) -> bool {
    differences.iter().any(|one| {
        let missing = &one.object;
        let whole = missing.relation.is_empty()
            && (&missing.schema, &missing.name) == (&name.schema, &name.relation);
        one.finding == Finding::Missing && (missing == name || whole)
    })
}
