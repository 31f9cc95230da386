//! Steps that users keep.

use planwright::feature_planner::{
    ConfidenceLevel, MAX_JSON, MAX_TEXT, NewTemplate, PlanStatus, Template, TemplateFilter,
    TemplateId, TemplateUpdate,
};
use planwright::{ConstraintKind, Error, Page, Store, UserId};
use serde_json::json;

use super::Office;
use crate::support::{execute, number};

fn new(name: &str) -> NewTemplate {
    NewTemplate::new(name, "Write the migration", "database", "1. Write it.")
}

fn public(name: &str) -> NewTemplate {
    NewTemplate { is_public: true, ..new(name) }
}

fn made(store: &Store, user: UserId, new: &NewTemplate) -> Template {
    store.write(|uow| uow.step_templates(user).create(new)).expect("a template")
}

fn used(store: &Store, id: TemplateId, times: i32) {
    let sql = format!(
        "UPDATE feature_planner.plan_step_templates SET usage_count = {times} WHERE id = '{id}'"
    );
    store.write(|uow| execute(uow, &sql)).unwrap();
}

#[test]
fn a_template_is_stored_as_it_is_said_and_updated_whole() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let said = NewTemplate {
        description: "d".into(),
        confidence_level: ConfidenceLevel::Low,
        estimated_duration: Some("2 hours".into()),
        commands: Some(json!(["a", { "b": 1 }])),
        validation_commands: Some(json!(null)),
        is_public: true,
        ..new("migration")
    };
    let stored = made(store, user, &said);
    assert_eq!(
        stored,
        Template {
            id: stored.id,
            user_id: user,
            name: "migration".into(),
            title: "Write the migration".into(),
            category: "database".into(),
            description: "d".into(),
            content: "1. Write it.".into(),
            confidence_level: "low".into(),
            estimated_duration: Some("2 hours".into()),
            commands: Some(json!(["a", { "b": 1 }])),
            validation_commands: Some(json!(null)),
            is_public: true,
            usage_count: 0,
            created_at: stored.created_at,
            updated_at: stored.created_at,
        }
    );
    assert_eq!(store.read(|uow| uow.step_templates(user).get(stored.id)).unwrap(), stored);
    assert_eq!(made(store, user, &new("b")).confidence_level, "high");

    used(store, stored.id, 3);
    let update = TemplateUpdate {
        name: "n".into(),
        title: "t".into(),
        category: "c".into(),
        description: String::new(),
        content: "x".into(),
        confidence_level: Some(ConfidenceLevel::Medium),
        estimated_duration: None,
        commands: None,
        validation_commands: Some(json!([])),
        is_public: false,
    };
    let changed = store.write(|uow| uow.step_templates(user).update(stored.id, &update)).unwrap();
    assert_eq!(TemplateUpdate::from(&changed), update);
    assert!(changed.updated_at > stored.updated_at);
    assert_eq!((changed.usage_count, changed.created_at), (3, stored.created_at));

    // What somebody else has put there is not lost.
    let sql = "UPDATE feature_planner.plan_step_templates SET confidence_level = 'fairly'";
    store.write(|uow| execute(uow, sql)).unwrap();
    let odd = store.read(|uow| uow.step_templates(user).get(stored.id)).unwrap();
    let same = TemplateUpdate::from(&odd);
    assert_eq!(same.confidence_level, None);
    let kept = store.write(|uow| uow.step_templates(user).update(stored.id, &same)).unwrap();
    assert_eq!(kept, Template { updated_at: kept.updated_at, ..odd });
}

#[test]
fn others_see_public_templates_and_change_none() {
    let office = Office::new();
    let (store, amy, ben) = (office.store(), office.user, office.other);
    let [open, hidden] = [public("open"), new("hidden")].map(|new| made(store, amy, &new));
    let theirs = store.write(|uow| {
        let mut templates = uow.step_templates(ben);
        assert_eq!(templates.find(open.id)?, Some(open.clone()));
        assert_eq!(templates.get(open.id)?, open);
        assert_eq!(templates.find(hidden.id)?, None);
        for (id, done) in [
            (hidden.id, templates.get(hidden.id).map(drop)),
            (hidden.id, templates.update(hidden.id, &(&hidden).into()).map(drop)),
            (hidden.id, templates.delete(hidden.id)),
            (open.id, templates.update(open.id, &(&open).into()).map(drop)),
            (open.id, templates.delete(open.id)),
        ] {
            let words = format!("feature_planner::Template {id} was not found");
            assert_eq!(done.unwrap_err().to_string(), words);
        }
        Ok(())
    });
    theirs.unwrap();
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.plan_step_templates"), 2);
    let error = store.write(|uow| uow.step_templates(UserId::new()).create(&new("x"))).unwrap_err();
    assert!(matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
    assert_eq!(error.to_string(), "a template's user exists");
}

#[test]
fn templates_are_listed_most_used_first() {
    let office = Office::new();
    let (store, amy, ben) = (office.store(), office.user, office.other);
    let names = ["never a", "never b", "once a", "once b", "often"];
    let ids = names.map(|name| made(store, amy, &new(name)).id);
    for (nth, times) in [(2, 1), (3, 1), (4, 9)] {
        used(store, ids[nth], times);
    }
    let other = NewTemplate { category: "Database".into(), ..public("of ben") };
    used(store, made(store, ben, &other).id, 5);
    made(store, ben, &new("hidden"));
    made(store, amy, &public("shared"));
    let list = |user, filter: &TemplateFilter| {
        let (mut names, mut page) = (Vec::new(), Page::first(2));
        loop {
            let read = store.read(|uow| uow.step_templates(user).list(filter, page)).unwrap();
            names.extend(read.items.into_iter().map(|one| one.name));
            let Some(next) = read.next else { return names };
            page = Page::after(next, 2);
        }
    };
    let all = TemplateFilter::all;
    assert_eq!(
        list(amy, &all()),
        ["often", "of ben", "once a", "once b", "never a", "never b", "shared"]
    );
    assert_eq!(
        list(amy, &all().own()),
        ["often", "once a", "once b", "never a", "never b", "shared"]
    );
    assert_eq!(list(amy, &all().public()), ["of ben", "shared"]);
    assert_eq!(list(amy, &all().public().own()), ["shared"]);
    assert_eq!(list(ben, &all()), ["of ben", "hidden", "shared"]);
    assert_eq!(list(ben, &all().category("Database")), ["of ben"]);
    assert_eq!(list(ben, &all().category("database").own()), ["hidden"]);
    assert_eq!(list(ben, &all().category("none")), [""; 0]);
}

#[test]
fn steps_stay_when_their_template_is_deleted() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Planning);
    // Whether the database sees to it yet or not.
    for sql in [
        "SELECT 1",
        "ALTER TABLE feature_planner.plan_steps DROP CONSTRAINT plan_steps_template_id_fk",
    ] {
        store.write(|uow| execute(uow, sql)).unwrap();
        let [one, other] = ["one", "other"].map(|name| made(store, user, &new(name)).id);
        let steps = format!(
            "WITH made AS (
                 INSERT INTO feature_planner.implementation_plan_generations (plan_id, agent_id, refined_request)
                 VALUES ('{plan}', 'a', 'x') RETURNING id)
             INSERT INTO feature_planner.plan_steps
                 (plan_generation_id, step_number, display_order, title, description, is_from_template, template_id)
             SELECT id, n, n, 't', 'd', true, CASE n WHEN 1 THEN '{one}' ELSE '{other}' END::uuid
               FROM made, generate_series(1, 2) n"
        );
        store.write(|uow| execute(uow, &steps)).unwrap();
        store.write(|uow| uow.step_templates(user).delete(one)).unwrap();
        let left = "SELECT string_agg(format('%s %s', step_number, template_id), ', ' ORDER BY step_number)
                      FROM feature_planner.plan_steps WHERE is_from_template";
        assert_eq!(office.text(left), format!("1 , 2 {other}"));
        let again = store.write(|uow| uow.step_templates(user).delete(one)).unwrap_err();
        assert!(again.is_not_found());
        store.write(|uow| execute(uow, "DELETE FROM feature_planner.plan_steps")).unwrap();
    }
}

#[test]
fn bad_templates_are_refused_by_field_before_anything_is_sent() {
    let office = Office::new();
    type Spoil = fn(&mut NewTemplate);
    let cases: [(&str, Spoil); 14] = [
        ("name", |new| new.name = " ".into()),
        ("name", |new| new.name = "é".repeat(101)),
        ("title", |new| new.title = String::new()),
        ("title", |new| new.title = "é".repeat(256)),
        ("category", |new| new.category = "\n".into()),
        ("category", |new| new.category = "é".repeat(51)),
        ("description", |new| new.description = "é".repeat(1_001)),
        ("description", |new| new.description = "\0".into()),
        ("content", |new| new.content = " ".into()),
        ("content", |new| new.content = "é".repeat(MAX_TEXT + 1)),
        ("estimated_duration", |new| new.estimated_duration = Some("é".repeat(51))),
        ("commands", |new| new.commands = Some(json!({ "a": ["\0"] }))),
        ("commands", |new| new.commands = Some("x".repeat(MAX_JSON).into())),
        ("validation_commands", |new| new.validation_commands = Some(json!("\0"))),
    ];
    let sent = office.store().write(|uow| {
        let mut templates = uow.step_templates(office.user);
        for (field, spoil) in cases {
            let mut new = new("a");
            spoil(&mut new);
            let update = TemplateUpdate {
                name: new.name.clone(),
                title: new.title.clone(),
                category: new.category.clone(),
                description: new.description.clone(),
                content: new.content.clone(),
                confidence_level: None,
                estimated_duration: new.estimated_duration.clone(),
                commands: new.commands.clone(),
                validation_commands: new.validation_commands.clone(),
                is_public: false,
            };
            for (of, error) in [
                ("feature_planner::NewTemplate", templates.create(&new).unwrap_err()),
                (
                    "feature_planner::TemplateUpdate",
                    templates.update(TemplateId::new(), &update).unwrap_err(),
                ),
            ] {
                let Error::Invalid { entity, field: refused, .. } = &error else {
                    panic!("{error:?}")
                };
                assert_eq!((*entity, refused.as_str()), (of, field));
            }
        }
        let filter = TemplateFilter::all().category("\0");
        let error = templates.list(&filter, Page::first(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "feature_planner::TemplateFilter.category: must not hold NUL"
        );
        let error = templates.list(&TemplateFilter::all(), Page::first(0)).unwrap_err();
        assert_eq!(error.to_string(), "Page.limit: must be from 1 to 1000");
        execute(uow, "SELECT 1")
    });
    assert_eq!(sent.unwrap(), 1);
    let parsed = serde_json::from_value::<NewTemplate>(
        json!({ "name": "n", "title": "t", "category": "c", "content": "x" }),
    );
    assert_eq!(parsed.unwrap(), NewTemplate::new("n", "t", "c", "x"));
}
