//! What the role of an application may do, and what it may not.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::meal_planning::{GRANTS, NewIngredient, PRUNING};
use planwright::verify::{Drift, Finding, Grant, ObjectKind, Privilege};
use planwright::{Context, Error, Store, StoreOptions};

use super::Kitchen;
use super::by_hand::version_of;
use crate::support::{execute, number};

/// A role of the server, named after the database, that new connections act as.
struct Application {
    kitchen: Kitchen,
    owner: PgConnection,
    store: Store,
}

impl Application {
    fn new() -> Self {
        let kitchen = Kitchen::new();
        let role = role(&kitchen);
        let mut owner = PgConnection::establish(kitchen.database.url()).unwrap();
        owner
            .batch_execute(&format!(
                "CREATE ROLE \"{role}\";
                 ALTER ROLE CURRENT_USER IN DATABASE \"{}\" SET role = '{role}'",
                kitchen.database.name()
            ))
            .unwrap();
        give(&mut owner, GRANTS, &role);
        let store = Store::connect(kitchen.database.url(), &StoreOptions::default()).unwrap();
        Self { kitchen, owner, store }
    }

    fn try_it(&self, sql: &str) -> planwright::Result<usize> {
        self.store.write(|uow| execute(uow, sql))
    }

    /// As far as privileges go.
    fn drift(&mut self) -> Vec<String> {
        let role = role(&self.kitchen);
        let drift = Drift::new(self.kitchen.store()).contexts([Context::MealPlanning]);
        let report = drift.grants(GRANTS).role(role, Privilege::ALL).run().unwrap();
        let grants = report
            .differences
            .iter()
            .filter(|one| one.object.kind == ObjectKind::Grant && one.finding == Finding::Missing);
        grants.flat_map(|one| one.remedy.sql.clone()).collect()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let role = role(&self.kitchen);
        let gone = format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"");
        self.owner.batch_execute(&gone).expect("a role that is gone");
    }
}

fn role(kitchen: &Kitchen) -> String {
    format!("App {}", kitchen.database.name())
}

fn give(owner: &mut PgConnection, grants: &[Grant], role: &str) {
    for grant in grants {
        let sql = grant.to(role);
        owner.batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn is_denied(refused: planwright::Result<usize>) -> bool {
    match refused.unwrap_err() {
        Error::Database { source } => source.to_string().starts_with("permission denied"),
        _ => false,
    }
}

#[test]
fn an_application_does_its_work_with_what_is_granted() {
    let mut application = Application::new();
    // Where functions are not everybody's.
    application
        .owner
        .batch_execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public, planwright FROM PUBLIC")
        .unwrap();
    let Application { kitchen, store, .. } = &application;
    let acts = store.read(|uow| crate::support::text(uow, "current_user")).unwrap();
    assert_eq!(acts, role(kitchen));
    let content = kitchen.content([2, 2, 2, 3]);
    let (draft, version) = store
        .write(|uow| {
            let (_, draft) = uow.meal_plans().create(kitchen.user, "Another")?;
            let mut drafts = uow.meal_plan_drafts(kitchen.user);
            drafts.put(draft.draft_id, draft.revision, &content)?;
            assert_eq!(drafts.content(draft.draft_id)?, content);
            Ok((draft.draft_id, version_of(uow, draft.draft_id)?))
        })
        .unwrap();
    let [of_draft, of_version] = store
        .read(|uow| {
            let of_draft = uow.meal_plan_drafts(kitchen.user).nutrients(draft)?;
            Ok([of_draft, uow.meal_plan_versions().nutrients(version)?])
        })
        .unwrap();
    assert_eq!(of_draft, of_version);
    assert_eq!(number(store, "SELECT count(*) FROM version_nutrients WHERE level = 'plan'"), 1);
    let salt = |salt: i32| NewIngredient { salt_g: salt.into(), ..NewIngredient::new("Salt") };
    for (salt, outcome) in
        [(salt(99), "Created"), (salt(100), "Superseded"), (salt(100), "Unchanged")]
    {
        let upserted =
            store.write(|uow| uow.ingredients().upsert(std::slice::from_ref(&salt))).unwrap();
        assert!(format!("{:?}", upserted[0].outcome).starts_with(outcome), "{upserted:?}");
    }
    let better = "UPDATE ingredients SET superseded_by = 12 WHERE ingredient_id = 1";
    assert_eq!(application.try_it(better).unwrap(), 1);
    assert_eq!(application.try_it("DELETE FROM draft_plans").unwrap(), 2);
}

#[test]
fn what_never_changes_it_may_not_even_try_to_change() {
    let application = Application::new();
    for sql in [
        "UPDATE plans SET name = name",
        "UPDATE plan_versions SET label = 'x'",
        "UPDATE ingredients SET energy_kcal = 0",
        "DELETE FROM plan_versions",
        "DELETE FROM ingredient_versions",
        "DELETE FROM plan_activations",
        "TRUNCATE ingredient_versions",
        "TRUNCATE plan_prunings",
        "INSERT INTO plan_prunings (plan_version_id) VALUES (1)",
        "DELETE FROM active_plans",
    ] {
        assert!(is_denied(application.try_it(sql)), "{sql}");
    }
}

#[test]
fn pruning_needs_more() {
    let mut application = Application::new();
    let draft = application.kitchen.draft.draft_id;
    application.store.write(|uow| Ok([version_of(uow, draft)?, version_of(uow, draft)?])).unwrap();
    let prune = "WITH permit AS (
                     INSERT INTO plan_prunings (plan_version_id, plan_id, version_number,
                                                content_digest, pruned_by, pruned_at, reason, xid)
                     SELECT plan_version_id, plan_id, version_number, content_digest, author_id,
                            now(), '', pg_current_xact_id()
                       FROM plan_versions WHERE version_number = 1)
                 SELECT";
    let delete = "DELETE FROM plan_versions WHERE version_number = 1";
    assert!(is_denied(application.try_it(prune)));
    let role = role(&application.kitchen);
    give(&mut application.owner, PRUNING, &role);
    let gone = application.store.write(|uow| {
        execute(uow, prune)?;
        execute(uow, delete)
    });
    assert_eq!(gone.unwrap(), 1);
    // Without a permit of the same transaction it is refused to whoever may delete.
    let refused = application.try_it("DELETE FROM plan_versions").unwrap_err();
    assert!(matches!(refused, Error::Immutable { .. }), "{refused:?}");
}

#[test]
fn drift_asks_for_what_is_declared_and_no_more() {
    let mut application = Application::new();
    // Of the tables of core nothing is declared, and they are read.
    let missing = application.drift();
    assert!(missing.iter().all(|sql| sql.starts_with("GRANT SELECT ON ")), "{missing:?}");
    assert!(!missing.concat().contains("plan_versions"), "{missing:?}");
    for sql in &missing {
        application.owner.batch_execute(sql).unwrap();
    }
    assert_eq!(application.drift(), [""; 0]);

    let name = role(&application.kitchen);
    let taken = format!(
        "REVOKE UPDATE (superseded_by) ON ingredients FROM \"{name}\";
         REVOKE USAGE ON SEQUENCE ingredients_ingredient_id_seq FROM \"{name}\";
         REVOKE INSERT ON plan_versions FROM \"{name}\""
    );
    application.owner.batch_execute(&taken).unwrap();
    let missing = application.drift();
    let expected = [
        format!("GRANT UPDATE (superseded_by) ON \"public\".\"ingredients\" TO \"{name}\""),
        format!("GRANT INSERT ON \"public\".\"plan_versions\" TO \"{name}\""),
        format!(
            "GRANT USAGE ON SEQUENCE \"public\".\"ingredients_ingredient_id_seq\" TO \"{name}\""
        ),
    ];
    assert_eq!(missing, expected);
}
