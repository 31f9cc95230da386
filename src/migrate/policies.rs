//! Indexes that hosts turn on and off: they are run as migrations are, and are in no history.

use std::time::Duration;

use super::context::Context;
use super::locked::Locked;
use super::migration::{Kind, Migration};
use crate::catalog::{Catalog, Difference, Finding, ObjectKind, Remedy};
use crate::error::Result;
use crate::patience::Patience;
use crate::severity::Severity;
use crate::store::Store;

/// For how long another one who changes the schema is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// Runs a statement that makes or drops an index concurrently, as that of a migration without a
/// transaction, under the schema lock. `name` stands in errors.
pub(crate) fn run_unrecorded(store: &Store, name: &'static str, sql: &'static str) -> Result<()> {
    let step = Migration {
        name: name.into(),
        version: String::new(),
        context: Context::Core,
        kind: Kind::Held,
        up: sql.into(),
        down: "".into(),
        guard: None,
        catalog: None,
        transactional: false,
        needs: Vec::new(),
        after_job: None,
        confirm: None,
        host_column: None,
        evidence: None,
    };
    let mut session = Locked::open(store, LOCK_WAIT, Patience::default(), &|_| {})?;
    let done = session.run_alone(&step, sql, "");
    session.close();
    done
}

/// Says of an extra index that it is a policy which the host has turned on: no fault. One that is
/// INVALID, or not unique, is none.
pub(crate) fn weigh_policy(difference: &mut Difference, live: &Catalog) {
    let Difference { object, finding, severity, remedy } = difference;
    let known = object.kind == ObjectKind::Index
        && Context::ALL.iter().any(|context| context.policies().contains(&&*object.name));
    if !known || *finding != Finding::Extra {
        return;
    }
    let says = |property: &str| {
        live.get(object).and_then(|of| of.get(property)).is_some_and(|value| value == "yes")
    };
    if says("unique") && says("valid") {
        *severity = Severity::Note;
        *remedy = Remedy::advice("A policy that the host has turned on.");
    }
}
