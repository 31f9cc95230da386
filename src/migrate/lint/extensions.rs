//! What belongs to an extension that a server may not have.
//!
//! Recognised are CREATE, ALTER, DROP and COMMENT ON EXTENSION; calls of the functions, uses of
//! the types and operator classes, and the settings that are listed here. A name that is not
//! listed passes, and so does a host's own function that happens to have such a name only where it
//! is qualified.

use super::rule::Rule;
use super::text::{Statement, Word};

/// Functions, by the extension that has them. One that ends in `*` stands for all that begin so.
const FUNCTIONS: &[(&str, &[&str])] = &[
    (
        "timescaledb",
        &[
            "create_hypertable",
            "add_dimension",
            "add_compression_policy",
            "add_columnstore_policy",
            "add_retention_policy",
            "add_continuous_aggregate_policy",
            "refresh_continuous_aggregate",
            "set_chunk_time_interval",
            "compress_chunk",
            "decompress_chunk",
            "drop_chunks",
            "show_chunks",
            "time_bucket",
            "time_bucket_gapfill",
        ],
    ),
    ("postgis", &["st_*", "addgeometrycolumn", "postgis_*"]),
    ("uuid-ossp", &["uuid_generate_*"]),
    ("pgcrypto", &["gen_salt", "crypt", "pgp_*", "hmac", "digest"]),
    ("pg_trgm", &["similarity", "word_similarity", "strict_word_similarity", "show_trgm"]),
    ("unaccent", &["unaccent"]),
    ("dblink", &["dblink", "dblink_*"]),
    ("postgres_fdw", &["postgres_fdw_*"]),
    ("hstore", &["hstore", "hstore_*"]),
    ("pg_partman", &["create_parent", "run_maintenance", "run_maintenance_proc"]),
    ("pg_cron", &["cron.schedule", "cron.unschedule"]),
    ("tablefunc", &["crosstab", "connectby"]),
    ("pg_stat_statements", &["pg_stat_statements_reset"]),
];

const TYPES: &[(&str, &[&str])] = &[
    ("postgis", &["geometry", "geography"]),
    ("hstore", &["hstore"]),
    ("citext", &["citext"]),
    ("ltree", &["ltree", "lquery", "ltxtquery"]),
    ("vector", &["vector", "halfvec", "sparsevec"]),
    ("cube", &["cube"]),
];

/// Operator classes, and what stands before a dot in a setting or a function.
const WORDS: &[(&str, &[&str])] = &[
    ("pg_trgm", &["gin_trgm_ops", "gist_trgm_ops"]),
    ("vector", &["vector_l2_ops", "vector_ip_ops", "vector_cosine_ops"]),
];

const SCHEMAS: &[(&str, &str)] = &[
    ("timescaledb", "timescaledb"),
    ("_timescaledb_internal", "timescaledb"),
    ("timescaledb_information", "timescaledb"),
    ("cron", "pg_cron"),
    ("partman", "pg_partman"),
];

/// After these a word is no type, but the name of a column or another thing.
const BEFORE_NAMES: &[&str] = &[
    "add",
    "alter",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "column",
    "desc",
    "distinct",
    "drop",
    "else",
    "exists",
    "from",
    "having",
    "in",
    "into",
    "is",
    "join",
    "like",
    "not",
    "on",
    "only",
    "or",
    "rename",
    "returning",
    "select",
    "set",
    "table",
    "then",
    "to",
    "update",
    "using",
    "view",
    "when",
    "where",
];

pub(super) fn check(statement: &Statement, add: &mut impl FnMut(Rule, String)) {
    if statement.behind_check {
        return;
    }
    let mut found: Vec<&str> = Vec::new();
    let words = &statement.words;
    for at in 0..words.len() {
        if let Some(extension) = extension(words, at)
            && !found.contains(&extension)
        {
            found.push(extension);
        }
    }
    for extension in found {
        add(Rule::OptionalExtension, extension.to_owned());
    }
}

fn extension(words: &[Word], at: usize) -> Option<&str> {
    let word = &words[at];
    let previous = at.checked_sub(1).map(|before| &words[before]);
    let next = words.get(at + 1);
    let follows = |mark: &str| next.is_some_and(|next| next.is(mark));
    if word.is("extension") && at <= 2 && !previous.is_some_and(|dot| dot.is(".")) {
        let verbs = ["create", "alter", "drop", "on"];
        if previous.is_some_and(|verb| verbs.iter().any(|known| verb.is(known))) {
            let rest = super::sql::skip(&words[at + 1..], &["if", "not", "exists"]);
            return rest.first().filter(|name| name.is_name()).map(|name| name.text.as_str());
        }
    }
    if !word.is_name() {
        return None;
    }
    let of = |lists: &'static [(&'static str, &'static [&'static str])], name: &str| {
        lists.iter().find(|(_, names)| names.iter().any(|known| fits(known, name))).map(|of| of.0)
    };
    if let Some(known) = of(WORDS, &word.text) {
        return Some(known);
    }
    if follows(".") && !previous.is_some_and(|dot| dot.is(".")) {
        return SCHEMAS.iter().find(|(schema, _)| *schema == word.text).map(|(_, of)| *of);
    }
    // A name that is qualified by hand is the host's own, or was found by its schema.
    if previous.is_some_and(|dot| dot.is(".")) {
        return None;
    }
    let defines = at > 0 && super::text::begins(words, &["create"]) && {
        previous.is_some_and(|what| {
            ["function", "procedure", "table", "index", "on", "into"]
                .iter()
                .any(|kind| what.is(kind))
        })
    };
    if follows("(")
        && !defines
        && let Some(known) = of(FUNCTIONS, &word.text)
    {
        return Some(known);
    }
    let typed = previous.is_some_and(|before| {
        before.is("::")
            || (before.is_name() && !BEFORE_NAMES.iter().any(|known| before.is(known)))
            || before.is("type")
    });
    if typed { of(TYPES, &word.text) } else { None }
}

fn fits(known: &str, name: &str) -> bool {
    match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == known,
    }
}
