//! What refers to what moves, and what becomes of it.

use diesel::prelude::*;

use super::look::{MARK, oids, schemas_of};
use super::mention::{Mention, in_strings, mentions};
use super::plan::{Reference, Standing};
use super::relocator::Options;
use crate::catalog::Remedy;
use crate::catalog::moving::{self, Asked, Code, Elsewhere, Leaning};
use crate::error::Result;
use crate::ident::Ident;

/// By object, by the schema, and by name.
pub(super) fn references(
    connection: &mut PgConnection,
    options: &Options<'_>,
    waiting: &[Asked],
) -> Result<Vec<Reference>> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let (tables, types) = (oids(waiting, "table"), oids(waiting, "type"));
    let schemas = options.relocation.schemas();
    let mut found = Vec::new();
    for one in moving::leaning(connection, [&tables, &types, &[]], MARK)? {
        // Of a compatibility view the plan tells by itself.
        if !one.ours {
            found.push(by_object(one));
        }
    }
    for one in moving::elsewhere(connection, &tables, schemas)? {
        found.push(by_schema(one, schemas));
    }
    let words: Vec<_> = waiting.iter().map(|one| &*one.name).collect();
    for code in moving::texts(connection, &words)? {
        found.extend(by_name(&code, &words, waiting, options));
    }
    for one in &mut found {
        if one.standing == Standing::Refused && options.accepted.contains(&one.key()) {
            one.standing = Standing::Accepted;
        }
    }
    found.sort_by(|a, b| b.standing.cmp_to(a.standing).then_with(|| a.key().cmp(&b.key())));
    Ok(found)
}

impl Standing {
    fn cmp_to(self, other: Self) -> std::cmp::Ordering {
        (self as u8).cmp(&(other as u8))
    }
}

fn by_object(one: Leaning) -> Reference {
    let (standing, advice) = match &*one.kind {
        "column" | "domain" | "range" | "composite type" => {
            (Standing::Follows, "Code that casts to the type by its name needs the search path.")
        }
        "foreign column" => {
            (Standing::Noted, "Follows here. The other server is asked for the same as before.")
        }
        "publication" => (
            Standing::Noted,
            "Follows here. A subscriber finds the table by its schema and name: move it there \
             in the same minute, and refresh the subscription.",
        ),
        _ => (Standing::Follows, ""),
    };
    let Leaning { kind, name, parts, .. } = one;
    Reference { kind, name, to: parts, standing, remedy: Remedy::advice(advice) }
}

fn by_schema(one: Elsewhere, (source, target): (&str, &str)) -> Reference {
    use Standing::{Follows, Noted, Refused};
    let Elsewhere { kind, name, part } = one;
    let (kind, standing, remedy) = match &*kind {
        "publication of all tables" => (
            "publication",
            Noted,
            Remedy::advice(
                "Follows here. A subscriber finds the table by its schema and name: move it there \
                 in the same minute.",
            ),
        ),
        "publication of the source" => {
            let advice = format!(
                "It publishes all tables of {source}, and what moves would leave it: add the \
                 tables to it by name, or drop the schema from it."
            );
            let sql = leave(&name, source);
            ("publication", Refused, Remedy::sql([sql]).but(advice))
        }
        "publication of the target" => {
            let advice = format!("It publishes all tables of {target}, and would get what moves.");
            let sql = leave(&name, target);
            ("publication", Refused, Remedy::sql([sql]).but(advice))
        }
        "subscription" => (
            "subscription",
            Refused,
            Remedy::advice(
                "It finds the table by its schema and name, and would fail: move it where it is \
                 published first.",
            ),
        ),
        "partition" | "child" => (
            if kind == "child" { "child" } else { "partition" },
            Refused,
            Remedy::advice(format!("It would stay in {source}: name it among the tables.")),
        ),
        "parent" => (
            "parent",
            Refused,
            Remedy::advice(format!("It would stay in {source}: name it among the tables.")),
        ),
        _ => (
            "trigger function",
            Follows,
            Remedy::advice(format!("It stays in {source}. The trigger knows it, not its name.")),
        ),
    };
    Reference { kind: kind.to_owned(), name, to: vec![part], standing, remedy }
}

fn leave(publication: &str, schema: &str) -> String {
    format!("ALTER PUBLICATION {} DROP TABLES IN SCHEMA {}", Ident(publication), Ident(schema))
}

/// Code is refused that would not find what it names; an expression that has it in a string is
/// worth a look.
fn by_name(
    code: &Code,
    words: &[&str],
    waiting: &[Asked],
    options: &Options<'_>,
) -> Option<Reference> {
    let (source, target) = options.relocation.schemas();
    let is_code = code.kind == "function";
    let found = if is_code {
        mentions(&code.text, words, source)
    } else {
        in_strings(&code.text, words, source)
    };
    if found.is_empty() {
        return None;
    }
    let mut to: Vec<_> = found.iter().map(|one| one.name().to_owned()).collect();
    to.dedup();
    let callers = match &code.callers[..] {
        [] => String::new(),
        callers => format!(" Called by {}.", callers.join(", ")),
    };
    let path = code.search_path.as_deref();
    let by_source = found.iter().any(|one| matches!(one, Mention::OfSource(_)));
    let is_table = |name: &String| waiting.iter().any(|w| w.kind == "table" && w.name == *name);
    let (standing, remedy) = if !is_code {
        let advice = "It has the name in a string. What it refers to otherwise follows; look \
                      whether the string is a name that is looked up.";
        (Standing::Noted, Remedy::advice(advice))
    } else if !by_source && path.is_some_and(|path| schemas_of(path).contains(&target.to_owned())) {
        let advice = format!("Its search_path has {target}.{callers}");
        (Standing::Follows, Remedy::advice(advice))
    } else if options.views && !options.back && to.iter().all(is_table) {
        let advice =
            format!("The compatibility views serve it as long as they are there.{callers}");
        (Standing::Noted, Remedy::advice(advice))
    } else if by_source {
        let advice = format!(
            "Its text names schema {source}: write it anew, with the other schema or as a body \
             BEGIN ATOMIC, which refers to objects.{callers}"
        );
        (Standing::Refused, Remedy::advice(advice))
    } else {
        let advice = format!(
            "Its text has the name, and is looked up when it runs. With a search_path of its own \
             it finds it before and after the move.{callers}"
        );
        let path = path.map_or_else(|| Ident(source).to_string(), str::to_owned);
        let (name, target) = (&code.name, Ident(target));
        let sql = format!("ALTER ROUTINE {name} SET search_path = {path}, {target}");
        (Standing::Refused, Remedy::sql([sql]).but(advice))
    };
    Some(Reference { kind: code.kind.clone(), name: code.name.clone(), to, standing, remedy })
}
