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

/// Whether an index of this name and definition is a policy that a host may turn on.
pub(crate) fn is_policy(name: &str, definition: &str) -> bool {
    // The server names the schema where the search path does not lead to it.
    let bare = |definition: &str| definition.trim().replace("public.", "");
    Context::ALL
        .iter()
        .flat_map(|context| context.policies())
        .any(|(known, wanted)| *known == name && bare(wanted) == bare(definition))
}

/// Says of an extra index that it is a policy which the host has turned on: no fault. One that is
/// INVALID, not unique, or for other rows or columns, is none.
pub(crate) fn weigh_policy(difference: &mut Difference, live: &Catalog) {
    let Difference { object, finding, severity, remedy } = difference;
    if object.kind != ObjectKind::Index || *finding != Finding::Extra {
        return;
    }
    let says = |property: &str| {
        live.get(object).and_then(|of| of.get(property)).map_or("", String::as_str)
    };
    if says("unique") == "yes"
        && says("valid") == "yes"
        && is_policy(&object.name, says("definition"))
    {
        *severity = Severity::Note;
        *remedy = Remedy::advice("A policy that the host has turned on.");
    }
}
