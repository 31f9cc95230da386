//! How the catalog is read: six queries, whatever the number of objects.

use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text};

use super::object::{Catalog, Object, ObjectKind, ObjectName};
use crate::error::{Error, Result};
use crate::unit_of_work::UnitOfWork;

/// Which objects to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// All of these schemas; every one but the system's where it is `None`.
    schemas: Option<Vec<String>>,
    /// Single relations, types and functions of other schemas: `public.orders`.
    names: Vec<String>,
}

impl Scope {
    /// Every schema but the system's.
    pub fn everything() -> Self {
        Self::default()
    }

    /// All of these schemas, and single relations, types and functions of others, such as
    /// `public.orders`, with what belongs to them.
    pub fn of(
        schemas: impl IntoIterator<Item = impl Into<String>>,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            schemas: Some(schemas.into_iter().map(Into::into).collect()),
            names: names.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    relation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Jsonb)]
    properties: serde_json::Value,
}

const QUERIES: [&str; 6] = [
    include_str!("relations.sql"),
    include_str!("columns.sql"),
    include_str!("constraints.sql"),
    include_str!("triggers.sql"),
    include_str!("types.sql"),
    include_str!("grants.sql"),
];

impl Catalog {
    /// Reads the objects of a scope, in eight statements.
    ///
    /// A repeatable read, such as that of [`Store::read`](crate::Store::read), is not enough to see
    /// one moment: the server writes definitions as they are now. Do not change the schema meanwhile.
    ///
    /// # Errors
    ///
    /// Those of a query.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::testing::TestDatabase;
    /// use planwright::verify::{Catalog, ObjectKind, ObjectName, Scope};
    /// use planwright::Context;
    ///
    /// let database = TestDatabase::new([Context::Core])?;
    /// let scope = Scope::of(["planwright"], [] as [&str; 0]);
    /// let catalog = database.store().read(|uow| Catalog::read(uow, &scope))?;
    /// let version = ObjectName::new(ObjectKind::Column, "planwright", "migrations", "version");
    /// assert_eq!(catalog.get(&version).unwrap()["type"], "text");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn read(uow: &mut UnitOfWork<'_>, scope: &Scope) -> Result<Self> {
        Self::read_on(uow.connection(), scope)
    }

    /// The same on a connection, which must be in a transaction.
    pub(crate) fn read_on(connection: &mut PgConnection, scope: &Scope) -> Result<Self> {
        // The server leaves the schema out of names that the search path finds.
        let before: String =
            diesel::select(current_setting("search_path")).get_result(connection)?;
        set_search_path(connection, "")?;
        let mut objects = Vec::new();
        for query in QUERIES {
            let rows: Vec<Row> = diesel::sql_query(query)
                .bind::<Nullable<Array<Text>>, _>(&scope.schemas)
                .bind::<Array<Text>, _>(&scope.names)
                .load(connection)?;
            for row in rows {
                objects.push(object(row)?);
            }
        }
        set_search_path(connection, &before)?;
        Ok(objects.into_iter().collect())
    }
}

fn object(row: Row) -> Result<Object> {
    let Row { kind, schema, relation, name, properties } = row;
    let unreadable = |error: serde_json::Error| Error::Verification {
        what: format!("the catalog says something unreadable of {kind} {name}: {error}"),
    };
    let of: ObjectKind = serde_json::from_value(kind.clone().into()).map_err(unreadable)?;
    let properties = serde_json::from_value(properties).map_err(unreadable)?;
    Ok(Object { name: ObjectName::new(of, schema, relation, name), properties })
}

fn set_search_path(connection: &mut PgConnection, path: &str) -> Result<()> {
    diesel::select(set_config("search_path", path, true)).execute(connection)?;
    Ok(())
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn current_setting(name: Text) -> Text;
    fn set_config(name: Text, value: Text, local: diesel::sql_types::Bool) -> Text;
}
