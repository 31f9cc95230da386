//! Whether what a dump says of the database makes the same database.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use planwright::{Result, UnitOfWork};

use super::database;

#[derive(Debug, QueryableByName, PartialEq, Eq)]
struct Definition {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

fn definitions(uow: &mut UnitOfWork<'_>) -> Result<Vec<Definition>> {
    let sql = "
        SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS sql
          FROM pg_proc p
         WHERE p.pronamespace IN ('public'::regnamespace, 'planwright'::regnamespace)
        UNION ALL
        SELECT c.oid::regclass::text,
               format('CREATE OR REPLACE VIEW %s AS %s', c.oid::regclass, pg_get_viewdef(c.oid))
          FROM pg_class c
         WHERE c.relkind = 'v'
           AND c.relnamespace IN ('public'::regnamespace, 'planwright'::regnamespace)
         ORDER BY 1";
    Ok(diesel::sql_query(sql).load(uow.connection())?)
}

/// Else a look for drift would find differences in whatever was restored.
#[test]
fn functions_and_views_are_written_the_same_after_a_dump_and_restore() {
    let database = database();
    let [before, after] = database
        .store()
        .write(|uow| {
            let before = definitions(uow)?;
            for definition in &before {
                uow.connection().batch_execute(&definition.sql)?;
            }
            let after = definitions(uow)?;
            Ok([before, after])
        })
        .unwrap();
    assert_eq!(before.len(), 17);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
}
