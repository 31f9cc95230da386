//! The end of a schema, with all that is in it.

use std::time::Instant;

use diesel::prelude::*;

use super::look::{MARK, found};
use super::progress::Progress;
use super::receipt::{Goes, TornDown};
use super::relocator::Options;
use super::run::{execute, lock, patiently, unfit};
use super::views;
use crate::catalog::moving::{self, Asked, Content};
use crate::error::{Error, Problem, Result};
use crate::ident::Ident;
use crate::migrate;
use crate::patience::{Stop, Waiting};

pub(super) fn check(options: &Options<'_>, confirm: &str) -> Result<()> {
    let schema = options.relocation.target;
    if confirm == schema {
        return Ok(());
    }
    let reason = format!("must be the name of the schema that goes, {schema}");
    Err(Error::invalid("relocate::Relocator", "confirm", reason))
}

/// What would go.
pub(super) fn look(connection: &mut PgConnection, options: &Options<'_>) -> Result<TornDown> {
    let relocation = options.relocation;
    let (source, schema) = relocation.schemas();
    let mut problems = Vec::new();
    let mut refuse = |field: String, reason: &str| {
        problems.push(Problem { field, reason: reason.to_owned() });
    };
    let schemas = moving::schemas(connection, (schema, source))?;
    if schema == "public" {
        refuse("schema public".to_owned(), "is everybody's: drop what is in it by name");
    } else if !schemas.source_exists {
        refuse(format!("schema {schema}"), "is not there");
    } else if !schemas.owns_source {
        refuse(format!("schema {schema}"), "belongs to another role, which can drop it");
    }
    let contents = moving::contents(connection, schema)?;
    for one in contents.iter().filter(|one| !is_known(one)) {
        let reason = "is of a kind of which nobody has looked what leans on it: drop it first";
        refuse(format!("{} {}", one.kind, one.name), reason);
    }
    let of = |is: fn(&Content) -> bool| -> Vec<u32> {
        contents.iter().filter(|one| is(one)).map(|one| one.oid).collect()
    };
    let relations = of(|one| one.form.is_some());
    let (types, routines) = (of(Content::is_type), of(Content::is_routine));
    let leaning = moving::leaning(connection, [&relations, &types, &routines], MARK)?;
    for one in leaning {
        if one.schema != schema && !one.ours && one.kind != "publication" {
            refuse(format!("{} {}", one.kind, one.name), "is outside, and would go too");
        }
    }
    for one in moving::elsewhere(connection, &relations, (schema, source))? {
        if matches!(&*one.kind, "partition" | "child") {
            refuse(format!("{} {}", one.kind, one.name), "is outside, and would go too");
        }
    }
    let (known, ours) = found(connection, &relocation)?;
    if options.history_of.is_some() {
        for one in known.iter().filter(|one| one.schema == source) {
            let reason = "has not moved, and the history would forget it";
            refuse(format!("{} {}", one.kind, one.name), reason);
        }
    }
    let own = ours.iter().filter(|one| one.schema == source);
    let views = own.map(|one| format!("{}.{}", one.schema, one.name)).collect();
    let history = match &options.history_of {
        None => None,
        Some(context) => Some((context.clone(), migrate::recorded_of(connection, context)?)),
    };
    let goes = |one: &Content| Goes {
        kind: one.kind.clone(),
        name: one.name.clone(),
        rows: (matches!(one.form.as_deref(), Some("r" | "p")) && one.rows >= 0).then_some(one.rows),
    };
    let contents = contents.iter().map(goes).collect();
    Ok(TornDown { schema: schema.to_owned(), contents, views, history, problems, done: false })
}

/// Whether it is known what leans on it.
fn is_known(one: &Content) -> bool {
    one.form.is_some() || one.is_type() || one.is_routine() || one.kind == "statistics object"
}

pub(super) fn run(
    waiting: &mut Waiting<'_, '_>,
    options: &Options<'_>,
    tell: &dyn Fn(Progress),
) -> Result<TornDown> {
    let relocation = options.relocation;
    let (source, schema) = relocation.schemas();
    let work = |connection: &mut PgConnection, limit| {
        let (known, _) = found(connection, &relocation)?;
        let own: Vec<Asked> = known.into_iter().filter(|one| one.schema == schema).collect();
        let since = Instant::now();
        lock(connection, &own, limit)?;
        let mut torn = look(connection, options)?;
        if !torn.problems.is_empty() {
            return Err(Stop::Refused(unfit(&relocation, torn.problems)));
        }
        let prefix = format!("{source}.");
        let names = torn.views.iter().filter_map(|name| name.strip_prefix(&prefix));
        execute(connection, "DROP VIEW", &views::drop(source, names))?;
        // Nothing outside leans on it, so CASCADE is for what is inside.
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", Ident(schema));
        execute(connection, "DROP SCHEMA", &[drop])?;
        if let Some((context, _)) = &torn.history {
            migrate::forget_context(connection, context)?;
        }
        torn.done = true;
        Ok((torn, since))
    };
    Ok(patiently(waiting, options, tell, work)?.0)
}
