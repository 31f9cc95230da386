//! What stands against the adoption of a database, and what does not.

use std::fmt;

use serde::Serialize;

use super::context::Context;
use super::migration::{Kind, Migration, known_statements};
use super::policies::weigh_policy;
use super::target::{Target, Versions};
use crate::catalog::accepted::Accepted;
use crate::catalog::names::Renamed;
use crate::catalog::{
    Catalog, Difference, Finding, Object, ObjectKind, ObjectName, Properties, compare,
};
use crate::error::{Error, Result};
use crate::severity::Severity;

/// How a database that has the objects of a context already compares with what the migrations
/// make. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Adoption {
    /// The context.
    pub context: Context,
    /// The name of the last migration that the database is taken to have.
    pub at: String,
    /// The names of those that the history gets, in their order.
    pub migrations: Vec<String>,
    /// The names of held ones before the last that the catalog does not show. They wait to be
    /// asked for.
    pub held: Vec<String>,
    /// What stands against it.
    pub against: Vec<Difference>,
    /// What would, and was accepted.
    pub accepted: Vec<Difference>,
    /// What does not: other names, and what the host has beside.
    pub notes: Vec<Difference>,
}

/// An adoption and what it writes.
pub(super) struct Judged<'m> {
    pub(super) adoption: Adoption,
    pub(super) migrations: Vec<&'m Migration>,
    pub(super) renamed: Vec<Renamed>,
    pub(super) accepted: Vec<Accepted>,
    /// The tables that were compared.
    pub(super) tables: Vec<ObjectName>,
}

/// Compares a live catalog with the state that it comes closest to.
pub(super) fn judge<'m>(
    last: &'m Migration,
    target: &Target<'m>,
    live: &Catalog,
    accepted: &[String],
) -> Result<Judged<'m>> {
    let held = target.shown(live)?;
    let state = target.state(&held);
    let expected = target.catalog(&state)?;
    if !expected.iter().any(|(name, _)| name.kind == ObjectKind::Table && live.get(name).is_some())
    {
        let context = last.context;
        let what = format!(
            "there is nothing to adopt: this database has no table of {context}. Run \
             `Migrator::new(&store).contexts([Context::{context:?}]).up()`, which makes them"
        );
        return Err(Error::migration(&*last.name, what, None));
    }
    let mut adoption = Adoption {
        context: last.context,
        at: last.to_string(),
        migrations: target.new_in(&state).into_iter().map(ToString::to_string).collect(),
        held: target
            .open()
            .filter(|one| !state.contains(&*one.version))
            .map(ToString::to_string)
            .collect(),
        against: Vec::new(),
        accepted: Vec::new(),
        notes: Vec::new(),
    };
    let mut renamed = Vec::new();
    let gone = target.gone(&state)?;
    let ahead = Ahead::new(target, &state)?;
    for mut difference in compare(&expected, live) {
        renamed.extend(other_name(&difference, &expected));
        ahead.weigh(&mut difference, live);
        weigh_policy(&mut difference, live);
        if let (Finding::Extra, Some(by)) = (&difference.finding, gone.get(&difference.object)) {
            difference.finding = Finding::Leftover { since: by.to_string() };
            difference.severity = Severity::Error;
            "Adopt a state that has it, or drop it where nothing is lost."
                .clone_into(&mut difference.remedy.advice);
        }
        let kept = if accepted.contains(&difference.key()) {
            &mut adoption.accepted
        } else if stands_against(&difference) {
            &mut adoption.against
        } else {
            &mut adoption.notes
        };
        kept.push(difference);
    }
    let keys: Vec<_> = adoption.accepted.iter().map(Difference::key).collect();
    if let Some(unknown) = accepted.iter().find(|key| !keys.contains(key)) {
        let what = format!("{unknown:?} was to be accepted, and there is no such difference");
        return Err(Error::migration(&*last.name, what, None));
    }
    let tables = live.iter().filter(|(name, properties)| {
        let lockable = properties.get("form").is_none_or(|form| form != "foreign");
        name.kind == ObjectKind::Table && lockable
    });
    let tables = tables.map(|(name, _)| name.clone()).collect();
    let accepted = adoption.accepted.iter().map(|one| Accepted::new(one, live)).collect();
    Ok(Judged { adoption, migrations: target.new_in(&state), renamed, accepted, tables })
}

/// Whether the database is not what the migrations make. What the host has beside is its own
/// affair, as long as it is not in the way.
pub(super) fn stands_against(difference: &Difference) -> bool {
    match difference.finding {
        Finding::Missing | Finding::Leftover { .. } => true,
        Finding::Differs { .. } => difference.severity != Severity::Note,
        _ => difference.severity == Severity::Error,
    }
}

/// The name that errors tell in place of the expected one.
fn other_name(difference: &Difference, expected: &Catalog) -> Option<Renamed> {
    let Difference { object, finding: Finding::Renamed { actual }, .. } = difference else {
        return None;
    };
    let refuses_rows = match object.kind {
        ObjectKind::Constraint => true,
        ObjectKind::Index => expected.get(object)?.get("unique").is_some_and(|of| of == "yes"),
        _ => false,
    };
    (refuses_rows && actual.name != object.name).then(|| Renamed {
        schema: actual.schema.clone(),
        table: actual.relation.clone(),
        actual: actual.name.clone(),
        expected: object.name.clone(),
    })
}

/// What the migrations after a state make and name.
struct Ahead<'m>(Vec<(&'m Migration, Vec<Object>)>);

impl<'m> Ahead<'m> {
    fn new(target: &Target<'m>, state: &Versions<'m>) -> Result<Self> {
        let made = |one: &'m Migration| Ok((one, one.delta()?.made));
        Ok(Self(target.beyond(state).map(made).collect::<Result<_>>()?))
    }

    /// Makes more of a difference over which a later migration would stumble.
    fn weigh(&self, difference: &mut Difference, live: &Catalog) {
        let Difference { object, finding, severity, remedy } = difference;
        let later = match finding {
            Finding::Extra => self.makes(object, live.get(object)),
            Finding::Renamed { .. } => self.calls(object),
            _ => None,
        };
        let Some(later) = later else { return };
        // A held one may never be asked for.
        if later.kind != Kind::Held {
            *severity = Severity::Error;
        }
        remedy.advice = match finding {
            Finding::Extra => {
                format!("{later} makes it: adopt a state that has it, or rename this one.")
            }
            _ => format!("{later} calls it by its name. {}", remedy.advice).trim_end().to_owned(),
        };
    }

    /// The migration that makes this object, unless it takes the one that is there for its own.
    fn makes(&self, object: &ObjectName, found: Option<&Properties>) -> Option<&'m Migration> {
        self.0.iter().find_map(|(migration, made)| {
            let made = made.iter().find(|made| in_the_way(object, &made.name))?;
            let taken = !migration.transactional && found == Some(&made.properties);
            (!taken).then_some(*migration)
        })
    }

    /// The migration whose statements name this object.
    fn calls(&self, object: &ObjectName) -> Option<&'m Migration> {
        let named = |migration: &&Migration| {
            let statements = known_statements(&migration.up);
            let mut tokens = statements.iter().flat_map(|statement| &statement.tokens);
            tokens.any(|token| token.text.trim_matches('"').eq_ignore_ascii_case(&object.name))
        };
        self.0.iter().map(|(migration, _)| *migration).find(named)
    }
}

/// Whether one of these cannot be made while the other is there. Relations and types share their
/// names.
fn in_the_way(one: &ObjectName, other: &ObjectName) -> bool {
    let shares = |name: &ObjectName| {
        use ObjectKind::{Sequence, Table, Type, View};
        matches!(name.kind, Sequence | Table | Type | View)
    };
    let place = |name: &ObjectName| (name.schema.clone(), name.relation.clone(), name.name.clone());
    place(one) == place(other) && (one.kind == other.kind || shares(one) && shares(other))
}

impl Adoption {
    /// Whether nothing stands against it.
    pub fn is_possible(&self) -> bool {
        self.against.is_empty()
    }

    /// Itself, or the refusal that lists what stands against it.
    pub(super) fn refuse(self) -> Result<Self> {
        if self.is_possible() {
            return Ok(self);
        }
        Err(Error::migration(&*self.at, format!("this database is not at it\n{self}"), None))
    }
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { context, at, migrations, held, against, accepted, notes } = self;
        match against.len() {
            0 => writeln!(f, "{context} can be adopted at {at}")?,
            count => writeln!(f, "{count} against adopting {context} at {at}")?,
        }
        for difference in against {
            writeln!(f, "{difference}\n      To accept it: {:?}", difference.key())?;
        }
        for difference in accepted {
            writeln!(f, "[x] accepted: {} {}", difference.object, difference.finding)?;
        }
        for difference in notes {
            writeln!(f, "[x] note: {} {}", difference.object, difference.finding)?;
        }
        for name in migrations {
            writeln!(f, "[{}] {name}", if against.is_empty() { 'x' } else { ' ' })?;
        }
        for name in held {
            writeln!(f, "[ ] {name} (held: runs when asked for)")?;
        }
        Ok(())
    }
}
