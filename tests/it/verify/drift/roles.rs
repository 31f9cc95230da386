//! What the application's role may do.

use planwright::verify::{Finding, ObjectKind, Privilege};

use super::*;

/// Roles belong to the server: they are named after the database, and go before it.
struct Roles(Shop);

impl Roles {
    fn new() -> Self {
        let roles = Self(Shop::new());
        roles.0.execute(&format!("CREATE ROLE {}; CREATE ROLE {}", roles.app(), roles.group()));
        roles
    }

    fn app(&self) -> String {
        format!("\"App {}\"", self.0.database.name())
    }

    fn group(&self) -> String {
        format!("group_{}", self.0.database.name())
    }

    fn report(&self, privileges: impl IntoIterator<Item = Privilege>) -> DriftReport {
        let name = self.app().replace('"', "");
        self.0.drift().role(name, privileges).run().unwrap()
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        let (app, group) = (self.app(), self.group());
        self.0.execute(&format!("DROP OWNED BY {app}, {group}; DROP ROLE {app}, {group}"));
    }
}

#[test]
fn a_role_that_may_not_do_its_work_is_told_and_the_remedy_grants_exactly_that() {
    let roles = Roles::new();
    let name = roles.app().replace('"', "");
    let report = roles.report(Privilege::ALL);
    let lines: Vec<_> = report.differences.iter().map(line).collect();
    let missing = |on: &str| format!("error: grant on {on} to {name} is missing");
    for on in ["planwright", "shop", "planwright.migrations", "shop.order", "shop.big"] {
        assert!(lines.contains(&missing(on)), "{on} in {report}");
    }
    let of = |on: &str| {
        let found = report.differences.iter().find(|one| line(one) == missing(on));
        found.unwrap_or_else(|| panic!("{on} in {report}")).remedy.sql.clone()
    };
    let app = roles.app();
    // An application only looks at the history. Everybody reads and makes customers already.
    assert_eq!(of("planwright"), [format!("GRANT USAGE ON SCHEMA \"planwright\" TO {app}")]);
    assert_eq!(
        of("planwright.migrations"),
        [format!("GRANT SELECT ON \"planwright\".\"migrations\" TO {app}")]
    );
    assert_eq!(
        of("shop.customer"),
        [format!("GRANT UPDATE, DELETE ON \"shop\".\"customer\" TO {app}")]
    );
    assert_eq!(of("shop.big"), [format!("GRANT SELECT ON \"shop\".\"big\" TO {app}")]);

    for difference in &report.differences {
        roles.0.execute(&difference.remedy.sql[0]);
    }
    assert_eq!(roles.report(Privilege::ALL).differences, []);
    roles.0.execute(&format!("REVOKE DELETE ON shop.\"order\" FROM {app}"));
    let report = roles.report(Privilege::ALL);
    assert_eq!(report.differences.len(), 1, "{report}");
    let expected = format!("GRANT DELETE ON \"shop\".\"order\" TO {app}");
    assert_eq!(report.differences[0].remedy.sql, [expected]);
    assert_eq!(roles.report([Privilege::Select, Privilege::Insert]).differences, []);
}

#[test]
fn what_a_role_has_by_membership_counts() {
    let roles = Roles::new();
    let (app, group) = (roles.app(), roles.group());
    roles.0.execute(&format!(
        "GRANT USAGE ON SCHEMA planwright, shop TO {group};
         GRANT SELECT ON ALL TABLES IN SCHEMA planwright, shop TO {group}"
    ));
    assert!(!roles.report([Privilege::Select]).is_clean());
    roles.0.execute(&format!("GRANT {group} TO {app}"));
    assert_eq!(roles.report([Privilege::Select]).differences, []);
}

#[test]
fn a_role_that_is_not_there_needs_everything() {
    let shop = Shop::new();
    let report = shop.drift().role("nobody here", [Privilege::Select]).run().unwrap();
    assert!(!report.is_clean());
    for difference in &report.differences {
        assert_eq!(difference.finding, Finding::Missing);
        assert_eq!(difference.remedy.advice, "There is no such role yet.");
        assert!(difference.remedy.sql[0].ends_with(" TO \"nobody here\""), "{difference}");
    }
    let core = Migrations::embedded().catalog(&[Context::Core], |_| true).unwrap();
    let tables = core.iter().filter(|(name, _)| name.kind == ObjectKind::Table).count();
    // Two schemas, what core keeps, two tables and two views.
    assert_eq!(report.differences.len(), 2 + tables + 4, "{report}");
}

#[test]
fn whoever_inserts_needs_the_sequence_of_a_serial_and_of_no_identity() {
    let roles = Roles::new();
    let app = roles.app();
    roles.0.execute(&format!(
        "ALTER TABLE shop.customer ALTER id DROP IDENTITY;
         CREATE SEQUENCE shop.\"Customer seq\" START 100 OWNED BY shop.customer.id;
         ALTER TABLE shop.customer ALTER id SET DEFAULT nextval('shop.\"Customer seq\"');
         GRANT USAGE ON SCHEMA planwright, shop TO {app};
         GRANT SELECT ON ALL TABLES IN SCHEMA planwright TO {app};
         GRANT ALL ON ALL TABLES IN SCHEMA shop TO {app}"
    ));
    let grants = |privileges: &[Privilege]| -> Vec<_> {
        let found = roles.report(privileges.iter().copied()).differences.into_iter();
        found.filter(|one| one.object.kind == ObjectKind::Grant).collect()
    };
    let name = app.replace('"', "");
    let [found] = &grants(&Privilege::ALL)[..] else { panic!("{:?}", grants(&Privilege::ALL)) };
    assert_eq!(line(found), format!("error: grant on shop.Customer seq to {name} is missing"));
    let remedy = format!("GRANT USAGE ON SEQUENCE \"shop\".\"Customer seq\" TO {app}");
    assert_eq!(found.remedy.sql, [remedy]);
    let insert = format!(
        "SET ROLE {app}; INSERT INTO shop.customer (email) VALUES ('c@example.org');
         INSERT INTO shop.\"order\" (customer_id) SELECT max(id) FROM shop.customer"
    );
    let inserts = || {
        let mut connection = PgConnection::establish(roles.0.database.url()).unwrap();
        connection.batch_execute(&insert).is_ok()
    };
    assert!(!inserts(), "it is needed");
    assert_eq!(grants(&[Privilege::Select, Privilege::Update, Privilege::Delete]), []);

    // UPDATE lets a role draw as well.
    let sequence = "UPDATE ON SEQUENCE shop.\"Customer seq\"";
    roles.0.execute(&format!("GRANT {sequence} TO {app}"));
    assert_eq!(grants(&Privilege::ALL), []);
    roles.0.execute(&format!("REVOKE {sequence} FROM {app}; {}", found.remedy.sql[0]));
    assert_eq!(grants(&Privilege::ALL), []);
    assert!(inserts());
}
