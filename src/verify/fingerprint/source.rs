//! What a fingerprint is taken of.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::error::{Error, Result};
use crate::ident::Ident;
use crate::unit_of_work::UnitOfWork;

/// A table, a view or a query, and the columns of it that count, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    name: String,
    /// Without it the name is that of a table or view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    columns: Vec<String>,
}

impl Source {
    /// A table or view: `orders`, which is in schema `public`, or `sales.orders`. The parts are
    /// names as the catalog has them, without quotes; one with a dot in it needs a
    /// [`query`](Self::query).
    pub fn table(name: impl Into<String>) -> Self {
        let name = name.into();
        let name = name.strip_prefix("public.").map_or(name.clone(), str::to_owned);
        Self { name, query: None, columns: Vec::new() }
    }

    /// The rows of a SELECT, under a name of its own. It is sent as it is, in a transaction that
    /// only reads.
    pub fn query(name: impl Into<String>, select: impl Into<String>) -> Self {
        Self { name: name.into(), query: Some(select.into()), columns: Vec::new() }
    }

    /// The columns that count. Their order counts too.
    #[must_use]
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// A table or view with all of its columns that are stored and not computed, in the order of
    /// their names. The value names them, so it stays what it is when a column is added.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such table or view.
    pub fn whole(uow: &mut UnitOfWork<'_>, name: impl Into<String>) -> Result<Self> {
        let table = Self::table(name);
        table.require_relation(uow)?;
        let columns = catalog::columns::stored(uow.connection(), &table.relation())?;
        Ok(table.columns(columns))
    }

    /// Its name: that of the table or view, else the one that was given to the query.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns that count, in their order.
    pub fn column_names(&self) -> &[String] {
        &self.columns
    }

    /// The same content of another table, or of columns with other names.
    pub(super) fn renamed(&self, name: &str, column: impl Fn(&str) -> String) -> Self {
        let columns = self.columns.iter().map(|own| column(own)).collect();
        Self { name: name.to_owned(), query: self.query.clone(), columns }
    }

    /// The table or view, qualified and quoted.
    fn relation(&self) -> String {
        let (schema, table) = self.name.split_once('.').unwrap_or(("public", &self.name));
        format!("{}.{}", Ident(schema), Ident(table))
    }

    fn from(&self) -> String {
        match &self.query {
            // It may end in a comment.
            Some(select) => format!("({select}\n)"),
            None => self.relation(),
        }
    }

    /// Whether the table or view exists. What a query reads is known by asking it.
    pub(super) fn is_there(&self, uow: &mut UnitOfWork<'_>) -> Result<bool> {
        Ok(self.query.is_some() || catalog::relation_exists(uow.connection(), &self.relation())?)
    }

    fn require_relation(&self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        if self.is_there(uow)? {
            Ok(())
        } else {
            Err(Error::not_found("table or view", &self.name))
        }
    }

    /// Makes sure that it is there with its columns, and keeps it there until the transaction ends.
    pub(super) fn find(&self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        #[derive(QueryableByName)]
        struct Column {
            #[diesel(sql_type = Text)]
            name: String,
        }

        if self.query.is_none() {
            self.require_relation(uow)?;
        }
        // A row of NULLs has the names of the columns, of a query too.
        let sql = format!(
            "SELECT json_object_keys(row_to_json(r)) AS name
             FROM (SELECT s.* FROM (SELECT) one
                   LEFT JOIN LATERAL (SELECT * FROM {} s LIMIT 0) s ON true) r",
            self.from()
        );
        let found: Vec<Column> = diesel::sql_query(sql).load(uow.connection())?;
        let missing =
            self.columns.iter().find(|own| found.iter().all(|column| column.name != **own));
        match missing {
            Some(column) => Err(Error::not_found("column", format!("{}.{column}", self.name))),
            None => Ok(()),
        }
    }

    /// Counts and hashes the rows.
    ///
    /// A record's text quotes what needs it, and tells NULL from an empty string. It is made once
    /// for both hashes: OFFSET 0 keeps the server from putting it into both places. A sum, unlike
    /// an exclusive or, tells two equal rows from none.
    pub(super) fn statement(&self) -> String {
        let columns: Vec<_> =
            self.columns.iter().map(|column| format!("s.{}", Ident(column))).collect();
        format!(
            "SELECT count(*) AS rows,
                    coalesce(sum(hashtextextended(r.t COLLATE \"C\", 1)), 0)::text AS first,
                    coalesce(sum(hashtextextended(r.t COLLATE \"C\", 2)), 0)::text AS second
             FROM (SELECT ROW({})::text AS t FROM {} s OFFSET 0) r",
            columns.join(", "),
            self.from()
        )
    }
}

pub(super) fn check(sources: &[Source]) -> Result<()> {
    const ENTITY: &str = "verify::Source";
    for (at, source) in sources.iter().enumerate() {
        let texts = source.columns.iter().chain([&source.name]).chain(&source.query);
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err(Error::invalid(ENTITY, "name", "must not hold NUL"));
        }
        if source.columns.is_empty() {
            let reason = format!("{} has none: name those that count", source.name);
            return Err(Error::invalid(ENTITY, "columns", reason));
        }
        if sources[..at].iter().any(|other| other.name == source.name) {
            let reason = format!("{} is the name of two sources", source.name);
            return Err(Error::invalid(ENTITY, "name", reason));
        }
    }
    Ok(())
}
