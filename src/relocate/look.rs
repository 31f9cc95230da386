//! How a move looks at the catalog: what is where, and what stands against it.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::grants::{self, grantee, locked_out};
use super::leaning::references;
use super::plan::{Item, ItemState, RelocationPlan, Standing};
use super::relocation::Relocation;
use super::relocator::Options;
use super::views;
use crate::catalog::activity;
use crate::catalog::moving::{self, Asked, Member, Schemas};
use crate::error::{Problem, Result};
use crate::ident::Ident;

/// How the comment of what a move has made begins.
pub(super) const MARK: &str = "Made by planwright::relocate";

/// What a move has found.
pub(super) struct Look {
    pub(super) plan: RelocationPlan,
    /// What has one of the names, in either schema, but for compatibility views.
    pub(super) found: Vec<Asked>,
    /// Of these, what moves: in the source, and fit for it.
    pub(super) waiting: Vec<Asked>,
    /// With what has moved.
    pub(super) tables: Vec<u32>,
    pub(super) types: Vec<u32>,
}

pub(super) fn oids(of: &[Asked], kind: &str) -> Vec<u32> {
    of.iter().filter(|one| one.kind == kind).map(|one| one.oid).collect()
}

/// What there is of the names, but for compatibility views.
pub(super) fn found(
    connection: &mut PgConnection,
    relocation: &Relocation<'_>,
) -> Result<(Vec<Asked>, Vec<Asked>)> {
    let Relocation { tables, types, .. } = relocation;
    let asked = moving::asked(connection, relocation.schemas(), tables, types)?;
    Ok(asked.into_iter().partition(|one| !(one.form == "v" && one.comment.starts_with(MARK))))
}

pub(super) fn look(connection: &mut PgConnection, options: &Options<'_>) -> Result<Look> {
    let relocation = options.relocation;
    let (source, target) = relocation.schemas();
    let (found, views) = found(connection, &relocation)?;
    let mut problems = Vec::new();
    let (items, settled, waiting) = items(&relocation, &found, &mut problems);
    let schemas = moving::schemas(connection, (source, target))?;
    if !waiting.is_empty() {
        may(&schemas, &relocation, &mut problems);
    }
    let (tables, types) = (oids(&settled, "table"), oids(&settled, "type"));
    let moving = moving::members(connection, &oids(&waiting, "table"), &oids(&waiting, "type"))?;
    for one in moving.iter().filter(|one| !one.may) {
        let reason = "belongs to another role than its table: give it to the same one".to_owned();
        problems.push(Problem { field: format!("{} {}", one.kind, one.name), reason });
    }
    taken(connection, target, &items, &moving, &mut problems)?;
    let mut references = references(connection, options, &waiting)?;
    let makes_views = options.views && !options.back;
    if makes_views {
        references.extend(views::not_served(connection, &oids(&settled, "table"))?);
    }
    for one in references.iter().filter(|one| one.standing == Standing::Refused) {
        let reason = one.remedy.to_string();
        let reason =
            format!("would break. {}", reason.split_whitespace().collect::<Vec<_>>().join(" "));
        problems.push(Problem { field: one.key(), reason });
    }

    let uses = moving::role_uses(connection, &tables, &types, target)?;
    let present = locked_out(&uses).filter(|_| options.usage_for_present);
    let mut granted: Vec<_> = present.map(|one| grants::usage(target, one)).collect();
    let all = moving::members(connection, &tables, &types)?;
    let sequences: Vec<_> =
        all.iter().filter(|one| one.kind == "sequence").map(|one| one.oid).collect();
    let (more, against) = grants::wanted(connection, &options.grants, target, &tables, &sequences)?;
    let more: Vec<_> = more.into_iter().filter(|one| !granted.contains(one)).collect();
    granted.extend(more);
    problems.extend(against);

    let in_the_way = if waiting.is_empty() {
        Vec::new()
    } else {
        activity::users_of(connection, &names(&relocation), options.patience.first)?
    };
    let search_paths = search_paths(connection, options, &uses)?;
    let plan = RelocationPlan {
        source: source.to_owned(),
        target: target.to_owned(),
        makes_schema: !schemas.target_exists,
        counts: counts(&moving),
        along: along(&moving),
        references,
        locked_out: locked_out(&uses).map(grantee).collect(),
        grants: granted,
        views: view_names(options, &settled, &views),
        search_paths,
        in_the_way,
        lock_timeout: options.patience.first,
        most_lock_timeout: options.patience.most,
        lock_patience: options.patience.total,
        items,
        problems,
    };
    Ok(Look { plan, found, waiting, tables, types })
}

/// As [`activity::users_of`] takes them.
pub(super) fn names(relocation: &Relocation<'_>) -> Vec<String> {
    let Relocation { source, target, tables, .. } = relocation;
    tables.iter().chain([source, target]).map(|name| (*name).to_owned()).collect()
}

/// What was asked for, and of what is there all that is as it should be, and what of that moves.
fn items(
    relocation: &Relocation<'_>,
    found: &[Asked],
    problems: &mut Vec<Problem>,
) -> (Vec<Item>, Vec<Asked>, Vec<Asked>) {
    let (source, target) = relocation.schemas();
    let asked = relocation.tables.iter().map(|name| ("table", *name));
    let asked = asked.chain(relocation.types.iter().map(|name| ("type", *name)));
    let (mut items, mut settled, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, name) in asked {
        let there: Vec<_> =
            found.iter().filter(|one| one.kind == kind && one.name == name).collect();
        let mut refuse = |reason: String| {
            problems.push(Problem { field: format!("{kind} {name}"), reason });
        };
        let mut rows = None;
        let state = match there[..] {
            [] => {
                refuse(format!("is neither in schema {source} nor in schema {target}"));
                ItemState::Missing
            }
            [one] => {
                let is_fit = fits(one, &mut refuse);
                rows = (kind == "table" && one.rows >= 0).then_some(one.rows);
                if is_fit {
                    settled.push(one.clone());
                }
                if is_fit && one.schema == source {
                    waiting.push(one.clone());
                }
                match (is_fit, one.schema == source) {
                    (false, _) => ItemState::Otherwise,
                    (true, true) => ItemState::Waits,
                    (true, false) => ItemState::Moved,
                }
            }
            _ => {
                refuse(format!(
                    "is in schema {source} and in schema {target}: drop or rename one of the two"
                ));
                ItemState::InBoth
            }
        };
        items.push(Item {
            kind: if kind == "table" { "table" } else { "type" },
            name: name.to_owned(),
            state,
            rows,
        });
    }
    (items, settled, waiting)
}

/// Whether it is what it is taken for, and this role's to move.
fn fits(one: &Asked, refuse: &mut impl FnMut(String)) -> bool {
    let what = match (&*one.kind, &*one.form) {
        ("table", "r" | "p") | ("type", "e") => None,
        ("table", "v") => Some("a view"),
        ("table", "m") => Some("a materialized view"),
        ("table", "f") => Some("a foreign table"),
        ("table", "S") => Some("a sequence"),
        ("table", "i" | "I") => Some("an index"),
        ("table", _) | (_, "c") => Some("a composite type"),
        (_, "d") => Some("a domain"),
        (_, "r") => Some("a range"),
        _ => Some("a type that is no enum"),
    };
    if let Some(what) = what {
        refuse(format!("is {what} in schema {}", one.schema));
    }
    if let Some(extension) = &one.extension {
        refuse(format!("belongs to the extension {extension}, which moves with it alone"));
    }
    if !one.may {
        let owner = &one.owner;
        refuse(format!("belongs to {owner}: move it as {owner}, or as a member of that role"));
    }
    what.is_none() && one.extension.is_none()
}

/// Whether this role may make anything where it is to go.
fn may(schemas: &Schemas, relocation: &Relocation<'_>, problems: &mut Vec<Problem>) {
    let (source, target) = relocation.schemas();
    let role = &schemas.role;
    let mut refuse = |schema: &str, reason: String| {
        problems.push(Problem { field: format!("schema {schema}"), reason });
    };
    if !schemas.may_use_source {
        refuse(source, format!("{role} has no USAGE of it"));
    }
    match (schemas.may_create, schemas.target_exists) {
        (true, _) => {}
        (false, true) => refuse(target, format!("{role} has no CREATE and USAGE of it")),
        (false, false) => {
            refuse(target, format!("is not there, and {role} has no CREATE on the database"));
        }
    }
}

/// Names that are taken in the target.
fn taken(
    connection: &mut PgConnection,
    target: &str,
    items: &[Item],
    moving: &[Member],
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let of = |kinds: &[&str]| -> Vec<&str> {
        let own = moving.iter().filter(|one| kinds.contains(&&*one.kind));
        own.map(|one| &*one.name).collect()
    };
    let names = [
        of(&["table", "index", "constraint index", "sequence"]),
        of(&["type", "row type", "array type"]),
        of(&["statistics"]),
    ];
    let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
    let is_told =
        |name: &str| items.iter().any(|item| item.state == ItemState::InBoth && item.name == name);
    for one in moving::taken(connection, target, [names[0], names[1], names[2]], MARK)? {
        if !is_told(&one.name) {
            let field = format!("{} {target}.{}", one.kind, one.name);
            let reason = "has a name that is to move there: drop or rename it".to_owned();
            problems.push(Problem { field, reason });
        }
    }
    Ok(())
}

fn counts(moving: &[Member]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in moving {
        if !matches!(
            &*one.kind,
            "toast" | "row type" | "array type" | "constraint index" | "internal trigger"
        ) {
            *counts.entry(one.kind.clone()).or_default() += 1;
        }
    }
    counts
}

fn along(moving: &[Member]) -> Vec<String> {
    let own = moving.iter().filter(|one| matches!(&*one.kind, "sequence" | "statistics"));
    own.map(|one| format!("{} {} (of {})", one.kind, one.name, one.of)).collect()
}

/// Those that are to be made, or, on the way back, dropped.
fn view_names(options: &Options<'_>, settled: &[Asked], views: &[Asked]) -> Vec<String> {
    if options.back {
        return views.iter().map(|one| format!("{}.{}", one.schema, one.name)).collect();
    }
    let (source, _) = options.relocation.schemas();
    let lacks = |one: &&Asked| one.kind == "table" && !views.iter().any(|v| v.name == one.name);
    let wanted = settled.iter().filter(lacks).filter(|_| options.views);
    wanted.map(|one| format!("{source}.{}", one.name)).collect()
}

/// What finds the names that are written without a schema.
fn search_paths(
    connection: &mut PgConnection,
    options: &Options<'_>,
    uses: &[moving::RoleUse],
) -> Result<Vec<String>> {
    if options.back {
        return Ok(Vec::new());
    }
    let target = options.relocation.target;
    let roles: Vec<_> = uses.iter().filter(|one| !one.everybody).map(|one| &*one.role).collect();
    let paths = moving::search_paths(connection, &roles)?;
    let lacks = paths.iter().filter(|one| {
        one.path.as_ref().is_none_or(|path| !schemas_of(path).contains(&target.to_owned()))
    });
    Ok(lacks
        .map(|one| {
            let path = one.path.as_deref().unwrap_or("\"$user\", public");
            let path = format!("{path}, {}", Ident(target));
            if one.in_database {
                let role = Ident(&one.role);
                let database = Ident(&one.database);
                format!("ALTER ROLE {role} IN DATABASE {database} SET search_path = {path}")
            } else {
                format!("ALTER ROLE {} SET search_path = {path}", Ident(&one.role))
            }
        })
        .collect())
}

/// The schemas of a search path, as the catalog names them.
pub(super) fn schemas_of(path: &str) -> Vec<String> {
    let (mut found, mut name, mut quoted) = (Vec::new(), String::new(), false);
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => found.push(std::mem::take(&mut name)),
            c if c.is_whitespace() && !quoted => {}
            c => name.push(c),
        }
    }
    found.push(name);
    found
}
