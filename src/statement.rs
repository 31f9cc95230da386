//! Hot statements as text, cached and prepared once per connection.
//!
//! Diesel never caches an UPDATE, an upsert or `sql_query`: they are parsed and planned on each
//! call. A fragment of its own that does not mark itself as unsafe to cache is cached by its text.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

/// A statement whose placeholders `$1`, `$2`, … stand in this order, each once. `ST` is the SQL
/// type of its rows.
#[allow(missing_debug_implementations)]
pub(crate) struct Statement<'a, ST> {
    sql: &'static str,
    binds: Vec<Box<dyn Bind + 'a>>,
    rows: PhantomData<ST>,
}

impl<'a, ST> Statement<'a, ST> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql, binds: Vec::new(), rows: PhantomData }
    }

    pub(crate) fn bind<T, U>(mut self, value: U) -> Self
    where
        T: 'a,
        U: ToSql<T, Pg> + 'a,
        Pg: HasSqlType<T>,
    {
        self.binds.push(Box::new(Typed(value, PhantomData::<T>)));
        self
    }
}

trait Bind {
    fn push<'b>(&'b self, pass: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Typed<T, U>(U, PhantomData<T>);

impl<T, U> Bind for Typed<T, U>
where
    U: ToSql<T, Pg>,
    Pg: HasSqlType<T>,
{
    fn push<'b>(&'b self, pass: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_bind_param::<T, _>(&self.0)
    }
}

impl<ST> QueryFragment<Pg> for Statement<'_, ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut rest = self.sql;
        for (place, bind) in self.binds.iter().enumerate() {
            let (before, after) = rest
                .split_once(&format!("${}", place + 1))
                .ok_or("a placeholder is missing")
                .map_err(|what| diesel::result::Error::QueryBuilderError(what.into()))?;
            pass.push_sql(before);
            bind.push(&mut pass)?;
            rest = after;
        }
        pass.push_sql(rest);
        Ok(())
    }
}

impl<ST> QueryId for Statement<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<'_, ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Statement<'_, ST> {}
