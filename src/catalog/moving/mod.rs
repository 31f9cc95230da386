//! What moves with tables and types from schema to schema, what leans on them, and who uses them.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Oid, Text};

use crate::error::Result;

/// Something in one of the schemas that has a name which is to move.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Asked {
    /// `table` or `type`, as it was asked for.
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    #[diesel(sql_type = Oid)]
    pub(crate) oid: u32,
    /// As in `pg_class.relkind`, or `pg_type.typtype`.
    #[diesel(sql_type = Text)]
    pub(crate) form: String,
    /// The server's estimate. -1 where it has none.
    #[diesel(sql_type = BigInt)]
    pub(crate) rows: i64,
    #[diesel(sql_type = Text)]
    pub(crate) owner: String,
    /// Whether this role may do what its owner may.
    #[diesel(sql_type = Bool)]
    pub(crate) may: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) extension: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) comment: String,
}

pub(crate) fn asked(
    connection: &mut PgConnection,
    (source, target): (&str, &str),
    tables: &[&str],
    types: &[&str],
) -> Result<Vec<Asked>> {
    let asked = diesel::sql_query(include_str!("asked.sql"))
        .bind::<Text, _>(source)
        .bind::<Text, _>(target)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(types);
    Ok(asked.load(connection)?)
}

/// The schemas of a move.
#[derive(Debug, QueryableByName)]
#[allow(clippy::struct_excessive_bools)] // a row
pub(crate) struct Schemas {
    #[diesel(sql_type = Bool)]
    pub(crate) source_exists: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) may_use_source: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) target_exists: bool,
    /// Something in the target, or else the target.
    #[diesel(sql_type = Bool)]
    pub(crate) may_create: bool,
    #[diesel(sql_type = Text)]
    pub(crate) source_comment: String,
    #[diesel(sql_type = Bool)]
    pub(crate) owns_source: bool,
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
}

pub(crate) fn schemas(
    connection: &mut PgConnection,
    (source, target): (&str, &str),
) -> Result<Schemas> {
    let schemas = diesel::sql_query(include_str!("schemas.sql"))
        .bind::<Text, _>(source)
        .bind::<Text, _>(target);
    Ok(schemas.get_result(connection)?)
}

/// A part of the tables and types, or one of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub(crate) struct Member {
    /// `table`, `index`, `check`, …
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Oid)]
    pub(crate) oid: u32,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    /// The table or type it belongs to.
    #[diesel(sql_type = Text)]
    pub(crate) of: String,
    /// Empty where it has none of its own.
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    /// 0 where it has none.
    #[diesel(sql_type = Oid)]
    pub(crate) file: u32,
    /// False for statistics of another owner: the one thing that does not go with its table.
    #[diesel(sql_type = Bool)]
    pub(crate) may: bool,
}

pub(crate) fn members(
    connection: &mut PgConnection,
    tables: &[u32],
    types: &[u32],
) -> Result<Vec<Member>> {
    let members = diesel::sql_query(include_str!("members.sql"))
        .bind::<Array<Oid>, _>(tables)
        .bind::<Array<Oid>, _>(types);
    Ok(members.load(connection)?)
}

/// A name in the way.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Taken {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
}

/// Of relations, types and statistics. Views with a comment that begins with `mark` do not count.
pub(crate) fn taken(
    connection: &mut PgConnection,
    schema: &str,
    [relations, types, statistics]: [&[&str]; 3],
    mark: &str,
) -> Result<Vec<Taken>> {
    let taken = diesel::sql_query(include_str!("taken.sql"))
        .bind::<Text, _>(schema)
        .bind::<Array<Text>, _>(relations)
        .bind::<Array<Text>, _>(types)
        .bind::<Array<Text>, _>(statistics)
        .bind::<Text, _>(mark);
    Ok(taken.load(connection)?)
}

/// Something that depends on tables or types, and does not belong to them.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Leaning {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    /// As the server identifies it.
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    /// The schema of what it is, or of the relation that it belongs to.
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    /// Whether it is marked.
    #[diesel(sql_type = Bool)]
    pub(crate) ours: bool,
    /// The names of what it leans on.
    #[diesel(sql_type = Array<Text>)]
    pub(crate) parts: Vec<String>,
}

pub(crate) fn leaning(
    connection: &mut PgConnection,
    [tables, types, routines]: [&[u32]; 3],
    mark: &str,
) -> Result<Vec<Leaning>> {
    let leaning = diesel::sql_query(include_str!("leaning.sql"))
        .bind::<Array<Oid>, _>(tables)
        .bind::<Array<Oid>, _>(types)
        .bind::<Array<Oid>, _>(routines)
        .bind::<Text, _>(mark);
    Ok(leaning.load(connection)?)
}

/// Code, or an expression, in which one of the words stands somewhere.
#[derive(Debug, QueryableByName)]
pub(crate) struct Code {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Text)]
    pub(crate) text: String,
    /// Of a function that sets one.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) search_path: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) callers: Vec<String>,
}

pub(crate) fn texts(connection: &mut PgConnection, words: &[&str]) -> Result<Vec<Code>> {
    let texts = diesel::sql_query(include_str!("texts.sql")).bind::<Array<Text>, _>(words);
    Ok(texts.load(connection)?)
}

/// What `elsewhere.sql` finds.
#[derive(Debug, QueryableByName)]
pub(crate) struct Elsewhere {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Text)]
    pub(crate) part: String,
}

pub(crate) fn elsewhere(
    connection: &mut PgConnection,
    tables: &[u32],
    (source, target): (&str, &str),
) -> Result<Vec<Elsewhere>> {
    let elsewhere = diesel::sql_query(include_str!("elsewhere.sql"))
        .bind::<Array<Oid>, _>(tables)
        .bind::<Text, _>(source)
        .bind::<Text, _>(target);
    Ok(elsewhere.load(connection)?)
}

/// A role that owns something of it, or has privileges on it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct RoleUse {
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
    /// PUBLIC.
    #[diesel(sql_type = Bool)]
    pub(crate) everybody: bool,
    /// Whether it may use the schema.
    #[diesel(sql_type = Bool)]
    pub(crate) may_use: bool,
    /// Whether the schema will be its own.
    #[diesel(sql_type = Nullable<Bool>)]
    pub(crate) makes_it: Option<bool>,
}

pub(crate) fn role_uses(
    connection: &mut PgConnection,
    tables: &[u32],
    types: &[u32],
    schema: &str,
) -> Result<Vec<RoleUse>> {
    let uses = diesel::sql_query(include_str!("holders.sql"))
        .bind::<Array<Oid>, _>(tables)
        .bind::<Array<Oid>, _>(types)
        .bind::<Text, _>(schema);
    Ok(uses.load(connection)?)
}

/// The search path of a role.
#[derive(Debug, QueryableByName)]
pub(crate) struct SearchPath {
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
    /// What was set for it, or for everybody.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) path: Option<String>,
    /// Whether it was set for this role in this database.
    #[diesel(sql_type = Bool)]
    pub(crate) in_database: bool,
    #[diesel(sql_type = Text)]
    pub(crate) database: String,
}

pub(crate) fn search_paths(
    connection: &mut PgConnection,
    roles: &[&str],
) -> Result<Vec<SearchPath>> {
    let paths = diesel::sql_query(include_str!("paths.sql")).bind::<Array<Text>, _>(roles);
    Ok(paths.load(connection)?)
}

/// What a role has not.
#[derive(Debug, QueryableByName)]
#[allow(clippy::struct_excessive_bools)] // a row
pub(crate) struct Lacking {
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
    #[diesel(sql_type = Bool)]
    pub(crate) exists: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) usage: bool,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) tables: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) sequences: Vec<String>,
    #[diesel(sql_type = Bool)]
    pub(crate) default_tables: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) default_sequences: bool,
}

pub(crate) fn lacking(
    connection: &mut PgConnection,
    roles: &[&str],
    schema: &str,
    [tables, sequences]: [&[u32]; 2],
) -> Result<Vec<Lacking>> {
    let lacking = diesel::sql_query(include_str!("lacking.sql"))
        .bind::<Array<Text>, _>(roles)
        .bind::<Text, _>(schema)
        .bind::<Array<Oid>, _>(tables)
        .bind::<Array<Oid>, _>(sequences);
    Ok(lacking.load(connection)?)
}

/// A foreign key between two schemas.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct CrossKey {
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    /// Whether it is of one of the tables, and not to it.
    #[diesel(sql_type = Bool)]
    pub(crate) own: bool,
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    #[diesel(sql_type = Text)]
    pub(crate) table: String,
    /// As SQL writes it.
    #[diesel(sql_type = Text)]
    pub(crate) referred: String,
    #[diesel(sql_type = Bool)]
    pub(crate) validated: bool,
    /// Whether the triggers that enforce it are there and fire.
    #[diesel(sql_type = Bool)]
    pub(crate) enabled: bool,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) columns: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) types: Vec<String>,
}

pub(crate) fn cross_keys(connection: &mut PgConnection, tables: &[u32]) -> Result<Vec<CrossKey>> {
    let keys = diesel::sql_query(include_str!("references.sql")).bind::<Array<Oid>, _>(tables);
    Ok(keys.load(connection)?)
}

/// What a view needs that stands for a table.
#[derive(Debug, QueryableByName)]
pub(crate) struct Columns {
    #[diesel(sql_type = Text)]
    pub(crate) table: String,
    #[diesel(sql_type = Array<Text>)]
    pub(crate) names: Vec<String>,
    /// Of everybody but this role.
    #[diesel(sql_type = Jsonb)]
    pub(crate) grants: serde_json::Value,
}

pub(crate) fn columns(connection: &mut PgConnection, tables: &[u32]) -> Result<Vec<Columns>> {
    let columns = diesel::sql_query(include_str!("columns.sql")).bind::<Array<Oid>, _>(tables);
    Ok(columns.load(connection)?)
}

/// Something that is in a schema.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Content {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Oid)]
    pub(crate) class: u32,
    #[diesel(sql_type = Oid)]
    pub(crate) oid: u32,
    /// Of a relation, as in `pg_class.relkind`.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) form: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub(crate) rows: i64,
}

impl Content {
    pub(crate) fn is_type(&self) -> bool {
        self.class == 1247
    }

    pub(crate) fn is_routine(&self) -> bool {
        self.class == 1255
    }
}

pub(crate) fn contents(connection: &mut PgConnection, schema: &str) -> Result<Vec<Content>> {
    let contents = diesel::sql_query(include_str!("contents.sql")).bind::<Text, _>(schema);
    Ok(contents.load(connection)?)
}
