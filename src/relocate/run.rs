//! The move itself: one transaction.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::look::{Look, MARK, found, look, names, oids};
use super::plan::{Item, ItemState};
use super::progress::Progress;
use super::receipt::{DroppedViews, Proof, Receipt};
use super::relocation::Relocation;
use super::relocator::Options;
use super::{proof, views};
use crate::catalog::moving::{self, Asked};
use crate::error::{Error, Result};
use crate::ident::{Ident, Literal};
use crate::patience::{self, Stop, Waiting};

const ENTITY: &str = "relocate::Relocation";

/// The server's answer to a statement, such that it is seen whether it may be tried again.
pub(super) fn failed(what: &str) -> impl FnOnce(DieselError) -> Error {
    move |source| {
        if patience::is_lost(&source) {
            return Error::from(source);
        }
        let what = format!("{what} failed, and all was rolled back");
        Error::migration("", what, Some(source.into()))
    }
}

pub(super) fn unfit(relocation: &Relocation<'_>, problems: Vec<crate::Problem>) -> Error {
    Error::Unfit { entity: ENTITY, key: relocation.to_string(), problems }
}

/// Work in a transaction that is tried until it has its locks. With how often, and for how long the
/// last one lasted from what the work says.
pub(super) fn patiently<T: Send>(
    waiting: &mut Waiting<'_, '_>,
    options: &Options<'_>,
    tell: &dyn Fn(Progress),
    mut work: impl FnMut(&mut PgConnection, Duration) -> Result<(T, Instant), Stop> + Send,
) -> Result<(T, u32, Duration)> {
    let mut tries = 0;
    let relocation = options.relocation;
    let attempt = |connection: &mut PgConnection, limit: Duration| {
        tries += 1;
        let begin = patience::begin_limited(limit)?;
        let failed_commit = |source| {
            if patience::is_lost(&source) {
                return Error::CommitUnknown { source };
            }
            failed("COMMIT")(source)
        };
        let (done, since) =
            patience::transaction(&begin, connection, failed_commit, |connection| {
                work(connection, limit)
            })?;
        Ok((done, since.elapsed()))
    };
    let retry = |retry| tell(Progress::from(retry));
    let done = waiting.patiently(&names(&relocation), attempt, retry).map_err(Stop::error)?;
    Ok((done.0, tries, done.1))
}

pub(super) fn run(
    waiting: &mut Waiting<'_, '_>,
    options: &Options<'_>,
    tell: &dyn Fn(Progress),
) -> Result<Receipt> {
    let look = look(waiting.connection, options)?;
    if !look.plan.is_clear() {
        return Err(unfit(&options.relocation, look.plan.problems));
    }
    if !look.plan.in_the_way.is_empty() {
        tell(Progress::InTheWay { sessions: look.plan.in_the_way.clone() });
    }
    let drops = options.back && drops_source(waiting.connection, options, &look)?;
    if look.plan.nothing_to_do() && !drops {
        let mut receipt = receipt(&look);
        receipt.proof = standing(waiting.connection, options, &look)?;
        return Ok(receipt);
    }
    let work = |connection: &mut PgConnection, limit| attempt(connection, options, &look, limit);
    let (mut receipt, tries, locked) = patiently(waiting, options, tell, work)?;
    (receipt.tries, receipt.locked) = (tries, locked);
    Ok(receipt)
}

/// Whether the schema that is left is to go, unless something else turns out to be in it.
fn drops_source(connection: &mut PgConnection, options: &Options<'_>, look: &Look) -> Result<bool> {
    let schemas = moving::schemas(connection, options.relocation.schemas())?;
    let is_ours = schemas.source_comment.starts_with(MARK) && schemas.owns_source;
    // What moves is in it still.
    let rest = moving::contents(connection, options.relocation.source)?;
    Ok(is_ours && rest.iter().all(|one| look.waiting.iter().any(|w| w.oid == one.oid)))
}

fn receipt(look: &Look) -> Receipt {
    let plan = &look.plan;
    let of = |state: ItemState| -> Vec<Item> {
        plan.items.iter().filter(|item| item.state == state).cloned().collect()
    };
    Receipt {
        source: plan.source.clone(),
        target: plan.target.clone(),
        moved: of(ItemState::Waits),
        left_alone: of(ItemState::Moved),
        made_schema: false,
        dropped_schema: false,
        grants: plan.grants.clone(),
        views: plan.views.clone(),
        proof: Proof::default(),
        tries: 0,
        locked: Duration::ZERO,
        follows: follows(look),
    }
}

fn follows(look: &Look) -> Vec<String> {
    let plan = &look.plan;
    let (source, target) = (&plan.source, &plan.target);
    let mut lines = vec![
        format!(
            "SQL that names {source}.* of these tables and types, in code, reports and scripts, now names {target}.*"
        ),
        format!("names without a schema are found where search_path has {target}"),
    ];
    lines.extend(plan.search_paths.iter().map(|sql| format!("for old code: {sql}")));
    lines.push(format!(
        "a dump restricted to schema {source} (pg_dump -n) has them no more: add -n {target}"
    ));
    lines.extend(plan.references.iter().filter_map(|one| {
        use super::plan::Standing::{Accepted, Noted};
        let told = matches!(one.standing, Accepted | Noted);
        told.then(|| format!("{} ({})", one.key(), one.to.join(", ")))
    }));
    lines
}

/// The proof for what has moved before.
fn standing(connection: &mut PgConnection, options: &Options<'_>, look: &Look) -> Result<Proof> {
    let now = moving::members(connection, &look.tables, &look.types)?;
    proof::compare(&now, &now, options.relocation.target)
}

fn attempt(
    connection: &mut PgConnection,
    options: &Options<'_>,
    look: &Look,
    limit: Duration,
) -> Result<(Receipt, Instant), Stop> {
    let relocation = options.relocation;
    let (source, target) = relocation.schemas();
    let mut receipt = receipt(look);
    if look.plan.makes_schema && !look.waiting.is_empty() {
        execute(connection, "CREATE SCHEMA", &make_schema(source, target))?;
        receipt.made_schema = true;
    }
    let since = Instant::now();
    if options.back {
        drop_those(connection, &relocation.reversed(), &look.plan.views)?;
    }
    lock(connection, &look.waiting, limit)?;
    unchanged(connection, &relocation, look)?;
    let before = moving::members(connection, &look.tables, &look.types)?;
    execute(connection, "ALTER … SET SCHEMA", &moves(look, &before, target))?;
    if !options.back && !look.plan.views.is_empty() {
        let made = views::create(connection, &without_view(look), (source, target))?;
        execute(connection, "CREATE VIEW", &made)?;
    }
    execute(connection, "GRANT", &look.plan.grants)?;

    let after = moving::members(connection, &look.tables, &look.types)?;
    receipt.proof = proof::compare(&before, &after, target)?;
    receipt.proof.keys = proof::keys(connection, &look.tables, &partitioned(look))?;
    prove_left(connection, options, look)?;
    if options.back && drops_source(connection, options, look)? {
        let rest = moving::contents(connection, source)?;
        if rest.is_empty() {
            execute(connection, "DROP SCHEMA", &[format!("DROP SCHEMA {}", Ident(source))])?;
            receipt.dropped_schema = true;
        }
    }
    Ok((receipt, since))
}

fn make_schema(source: &str, target: &str) -> [String; 2] {
    let comment = format!("{MARK} for what has moved here from schema {source}");
    [
        format!("CREATE SCHEMA {}", Ident(target)),
        format!("COMMENT ON SCHEMA {} IS {}", Ident(target), Literal(&comment)),
    ]
}

/// In one message.
pub(super) fn execute(connection: &mut PgConnection, what: &str, sql: &[String]) -> Result<()> {
    if sql.is_empty() {
        return Ok(());
    }
    connection.batch_execute(&sql.join(";\n")).map_err(failed(what))
}

/// All of them, in the order of their OIDs: two moves that share tables do not wait in a circle.
pub(super) fn lock(connection: &mut PgConnection, tables: &[Asked], limit: Duration) -> Result<()> {
    let mut tables: Vec<_> = tables.iter().filter(|one| one.kind == "table").collect();
    tables.sort_by_key(|one| one.oid);
    let names: Vec<_> =
        tables.iter().map(|one| format!("{}.{}", Ident(&one.schema), Ident(&one.name))).collect();
    let limit_ms = u64::try_from(limit.as_millis().max(u128::from(!limit.is_zero())));
    let task = serde_json::json!({ "tables": names, "limit_ms": limit_ms.unwrap_or(u64::MAX) });
    proof::set_task(connection, &task.to_string())?;
    connection.batch_execute(include_str!("lock.sql")).map_err(failed("LOCK TABLE"))
}

/// What was planned was planned without locks.
fn unchanged(
    connection: &mut PgConnection,
    relocation: &Relocation<'_>,
    look: &Look,
) -> Result<(), Stop> {
    let same = |a: &Asked, b: &Asked| (a.oid, &a.schema, &a.name) == (b.oid, &b.schema, &b.name);
    let (now, _) = found(connection, relocation)?;
    let is_same = now.len() == look.found.len()
        && now.iter().zip(&look.found).all(|(now, before)| same(now, before));
    if is_same {
        return Ok(());
    }
    let reason = "somebody has made, moved or renamed one of the tables or types since they were \
                  looked at: run it again";
    Err(Stop::Refused(Error::conflict(ENTITY, relocation.to_string(), reason)))
}

/// Types first, so that a reader of the statements sees what the tables are made of. Extended
/// statistics do not follow their table by themselves.
fn moves(look: &Look, before: &[moving::Member], target: &str) -> Vec<String> {
    let of = |kind: &'static str| look.waiting.iter().filter(move |one| one.kind == kind);
    let types = of("type").map(|one| {
        format!(
            "ALTER TYPE {}.{} SET SCHEMA {}",
            Ident(&one.schema),
            Ident(&one.name),
            Ident(target)
        )
    });
    let tables = of("table").map(|one| {
        format!(
            "ALTER TABLE {}.{} SET SCHEMA {}",
            Ident(&one.schema),
            Ident(&one.name),
            Ident(target)
        )
    });
    let own = before.iter().filter(|one| one.kind == "statistics" && one.schema != target);
    let statistics = own.map(|one| {
        format!(
            "ALTER STATISTICS {}.{} SET SCHEMA {}",
            Ident(&one.schema),
            Ident(&one.name),
            Ident(target)
        )
    });
    types.chain(tables).chain(statistics).collect()
}

/// The tables of the plan's views.
fn without_view(look: &Look) -> Vec<u32> {
    let wanted = |one: &&Asked| {
        one.kind == "table"
            && look.plan.views.contains(&format!("{}.{}", look.plan.source, one.name))
    };
    look.found.iter().filter(wanted).map(|one| one.oid).collect()
}

fn partitioned(look: &Look) -> Vec<String> {
    let own = look.found.iter().filter(|one| one.kind == "table" && one.form == "p");
    own.map(|one| one.name.clone()).collect()
}

/// Nothing of it is left in the source, and whoever was to get something has it: a GRANT without
/// the right to it is only a warning.
fn prove_left(
    connection: &mut PgConnection,
    options: &Options<'_>,
    look: &Look,
) -> Result<(), Stop> {
    let relocation = options.relocation;
    let (now, _) = found(connection, &relocation)?;
    let wrong = |what: String| {
        let what = format!("the move was rolled back: {what}");
        Stop::Failed(Error::Verification { what })
    };
    if let Some(left) = now.iter().find(|one| one.schema == relocation.source) {
        return Err(wrong(format!("{} {} is left in {}", left.kind, left.name, left.schema)));
    }
    let all = oids(&now, "table").len() + oids(&now, "type").len();
    if all != look.tables.len() + look.types.len() {
        return Err(wrong("not everything is there".to_owned()));
    }
    if options.usage_for_present {
        let target = relocation.target;
        let uses = moving::role_uses(connection, &look.tables, &look.types, target)?;
        if let Some(one) = super::grants::locked_out(&uses).next() {
            let role = super::grants::grantee(one);
            return Err(wrong(format!(
                "{role} did not get USAGE of schema {target}, which this role may not give: let the \
                 schema's owner give it first, or opt out of it"
            )));
        }
    }
    Ok(())
}

/// Drops these views of a relocation's source.
fn drop_those(
    connection: &mut PgConnection,
    relocation: &Relocation<'_>,
    names: &[String],
) -> Result<()> {
    let prefix = format!("{}.", relocation.source);
    let names = names.iter().filter_map(|name| name.strip_prefix(&prefix));
    execute(connection, "DROP VIEW", &views::drop(relocation.source, names))
}

pub(super) fn drop_views(
    waiting: &mut Waiting<'_, '_>,
    options: &Options<'_>,
    tell: &dyn Fn(Progress),
) -> Result<DroppedViews> {
    let relocation = options.relocation;
    let work = |connection: &mut PgConnection, _| {
        let since = Instant::now();
        let (_, ours) = found(connection, &relocation)?;
        let own: Vec<_> = ours
            .iter()
            .filter(|one| one.schema == relocation.source)
            .map(|one| format!("{}.{}", one.schema, one.name))
            .collect();
        drop_those(connection, &relocation, &own)?;
        Ok((own, since))
    };
    let (views, ..) = patiently(waiting, options, tell, work)?;
    Ok(DroppedViews { views })
}
