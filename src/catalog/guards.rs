//! What guards a table against changes, and who may try them.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};

use crate::error::Result;

/// What is to be refused of a table, and by which function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) schema: &'a str,
    pub(crate) table: &'a str,
    /// In the words of SQL: `UPDATE`.
    pub(crate) event: &'a str,
    /// Qualified, without arguments.
    pub(crate) function: &'a str,
}

/// What there is of a [`Wanted`].
#[derive(Debug, QueryableByName)]
pub(crate) struct Guard {
    #[diesel(sql_type = Bool)]
    pub(crate) exists: bool,
    /// A trigger that fires for whatever is changed and calls the function.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) trigger: Option<String>,
    /// As in `pg_trigger.tgenabled`.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) enabled: Option<String>,
    /// Whether this role may try it.
    #[diesel(sql_type = Bool)]
    pub(crate) may: bool,
    /// A column that can be set, outside of keys if there is one: a change of a key waits for
    /// everybody who refers to it.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) column: Option<String>,
}

/// What there is, in the order of what is wanted.
pub(crate) fn guards(connection: &mut PgConnection, wanted: &[Wanted<'_>]) -> Result<Vec<Guard>> {
    let part = |of: fn(&Wanted<'_>) -> String| -> Vec<String> { wanted.iter().map(of).collect() };
    let guards = diesel::sql_query(include_str!("guards.sql"))
        .bind::<Array<Text>, _>(part(|one| one.schema.to_owned()))
        .bind::<Array<Text>, _>(part(|one| one.table.to_owned()))
        .bind::<Array<Text>, _>(part(|one| one.event.to_owned()))
        .bind::<Array<Text>, _>(part(|one| one.function.to_owned()));
    Ok(guards.load(connection)?)
}

/// A privilege on a [`Wanted`] that somebody else than the owner has.
#[derive(Debug, QueryableByName)]
pub(crate) struct Granted {
    /// Which of the list, from 0.
    #[diesel(sql_type = Integer)]
    pub(crate) place: i32,
    /// Quoted where need be; `PUBLIC` for everybody.
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
    /// The columns, quoted where need be, where it is not on all of the table.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) columns: Option<String>,
}

/// Who may do what is to be refused.
pub(crate) fn granted(
    connection: &mut PgConnection,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Granted>> {
    let part = |of: fn(&Wanted<'_>) -> String| -> Vec<String> { wanted.iter().map(of).collect() };
    let granted = diesel::sql_query(include_str!("granted.sql"))
        .bind::<Array<Text>, _>(part(|one| one.schema.to_owned()))
        .bind::<Array<Text>, _>(part(|one| one.table.to_owned()))
        .bind::<Array<Text>, _>(part(|one| one.event.to_owned()));
    Ok(granted.load(connection)?)
}

/// Whether this role may switch triggers off that are not ENABLE ALWAYS.
pub(crate) fn may_be_replica(connection: &mut PgConnection) -> Result<bool> {
    Ok(diesel::select(has_parameter_privilege("session_replication_role", "SET"))
        .get_result(connection)?)
}

/// Why nothing can be tried: a replica writes nothing, and a session that is read-only by default is
/// not to.
pub(crate) fn reads_only(connection: &mut PgConnection) -> Result<Option<&'static str>> {
    let read_only = current_setting("default_transaction_read_only").eq("on");
    let (replica, read_only): (bool, bool) =
        diesel::select((pg_is_in_recovery(), read_only)).get_result(connection)?;
    Ok(match (replica, read_only) {
        (true, _) => Some("a replica writes nothing"),
        (false, true) => Some("default_transaction_read_only is on"),
        (false, false) => None,
    })
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn has_parameter_privilege(parameter: Text, privilege: Text) -> Bool;
    fn current_setting(name: Text) -> Text;
    fn pg_is_in_recovery() -> Bool;
}
