//! The move by a role that is no superuser, beside others.

use uuid::Uuid;

use super::moving::objects;
use super::*;

/// Somebody who owns the tables, somebody who reads them, and who makes schemas.
struct Roles<'i> {
    installation: &'i Installation,
    owner: String,
    reader: String,
    operator: String,
}

impl<'i> Roles<'i> {
    fn new(installation: &'i Installation) -> Self {
        let [owner, reader, operator] =
            ["Own \"er\"", "reader", "operator"].map(|name| format!("{name} {}", Uuid::new_v4()));
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let (owner, reader, operator) = (quoted(&owner), quoted(&reader), quoted(&operator));
        installation.execute(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {reader}; CREATE ROLE {operator};
             GRANT CREATE ON SCHEMA public TO {owner};
             DO $$ DECLARE one text; BEGIN
                 FOR one IN SELECT format('TABLE %s', oid::regclass) FROM pg_class
                             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                               AND relname <> 'users'
                            UNION ALL
                            SELECT format('TYPE %s', oid::regtype) FROM pg_type
                             WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
                 LOOP EXECUTE format('ALTER %s OWNER TO %s', one, $q${owner}$q$); END LOOP;
             END $$;
             GRANT SELECT ON plan_steps TO {reader}"
        ));
        Self { installation, owner, reader, operator }
    }

    /// The text of a migration, by the owner of the tables.
    fn as_owner(&self, version: &str, up: bool) -> Result<(), String> {
        let embedded = Migrations::embedded();
        let one = embedded.as_slice().iter().find(|one| one.version == version).unwrap();
        let mut connection = self.installation.connection();
        connection.batch_execute(&format!("SET ROLE {}", self.owner)).unwrap();
        let done = if up { one.run(&mut connection) } else { one.revert(&mut connection) };
        done.map_err(|error| error.to_string())
    }

    fn reads(&self, schema: &str) {
        let sql = format!("SET ROLE {}; SELECT count(*) FROM {schema}.plan_steps", self.reader);
        self.installation.execute(&sql);
    }
}

impl Drop for Roles<'_> {
    fn drop(&mut self) {
        let Self { installation, owner, reader, operator } = self;
        installation.execute(&format!(
            "DROP OWNED BY {owner}, {reader}, {operator} CASCADE;
             DROP ROLE {owner}, {reader}, {operator}"
        ));
    }
}

const SCHEMAS: &str =
    "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'feature_planner'";

#[test]
fn nothing_moves_where_who_uses_it_would_be_locked_out() {
    let installation = Installation::new();
    let roles = Roles::new(&installation);
    let before = objects(&installation, "public");
    let Roles { owner, reader, operator, .. } = &roles;
    installation.execute(&format!(
        "CREATE SCHEMA feature_planner AUTHORIZATION {operator};
         GRANT CREATE, USAGE ON SCHEMA feature_planner TO {owner}"
    ));
    let refused = roles.as_owner(MOVE, true).unwrap_err();
    let expected = format!("{reader} has privileges on what moves, and would not get USAGE");
    assert!(refused.contains(&expected), "{refused}");
    assert_eq!(objects(&installation, "public"), before);

    installation.execute(&format!("GRANT USAGE ON SCHEMA feature_planner TO {reader}"));
    roles.as_owner(MOVE, true).unwrap();
    assert_eq!(objects(&installation, "feature_planner"), before);
    roles.reads("feature_planner");

    // What others have made stays.
    roles.as_owner(MOVE, false).unwrap();
    assert_eq!(objects(&installation, "public"), before);
    assert_eq!(installation.texts(SCHEMAS).len(), 1);
    roles.reads("public");
}

#[test]
fn the_owner_of_the_tables_moves_them_into_a_schema_of_its_own_and_back() {
    let installation = Installation::new();
    let roles = Roles::new(&installation);
    let before = objects(&installation, "public");
    let name = installation.texts("SELECT current_database()").concat();
    installation.execute(&format!("GRANT CREATE ON DATABASE \"{name}\" TO {}", roles.owner));
    roles.as_owner(MOVE, true).unwrap();
    assert_eq!(objects(&installation, "feature_planner"), before);
    roles.reads("feature_planner");
    roles.as_owner(MOVE, false).unwrap();
    assert_eq!(objects(&installation, "public"), before);
    assert!(installation.texts(SCHEMAS).is_empty());
}

#[test]
fn the_owner_of_the_tables_takes_them_back_from_a_schema_of_another_role() {
    let installation = Installation::new();
    let roles = Roles::new(&installation);
    let before = objects(&installation, "public");
    installation.contract(MOVE).unwrap();
    // The owner checks the keys.
    installation.execute(&format!(
        "SET ROLE {}; UPDATE feature_planner.plan_steps SET plan_generation_id = plan_generation_id;
         DELETE FROM feature_planner.plan_execution_logs WHERE parent_log_id IS NOT NULL",
        roles.owner
    ));
    roles.as_owner(MOVE, false).unwrap();
    assert_eq!(objects(&installation, "public").len(), before.len());
    assert_eq!(installation.texts(SCHEMAS).len(), 1);
    roles.reads("public");
}

#[test]
fn what_publishes_all_tables_of_a_schema_stands_against_the_way_back() {
    let installation = Installation::new();
    installation.contract(MOVE).unwrap();
    installation.execute("CREATE PUBLICATION \"All\" FOR TABLES IN SCHEMA feature_planner");
    let refused = installation.revert(MOVE).unwrap_err();
    assert!(refused.contains("publishes all tables of a schema: \"All\""), "{refused}");
    installation.execute("DROP PUBLICATION \"All\"");
    installation.revert(MOVE).unwrap();
}
