//! Steps: added, changed and deleted, one by one.

use planwright::feature_planner::{
    GenerationId, GenerationResult, ImplementationPlanStatus, NewPlanStep, PlanStatus, PlanStep,
    PlanStepId, PlanStepUpdate, TemplateId,
};
use planwright::{Error, UserId};
use serde_json::json;

use super::Office;
use super::generations::{as_user, one, titled, with};
use crate::support::{execute, number};

/// An office with a completed generation of these steps.
pub(super) fn planned(titles: &[&str]) -> (Office, GenerationId) {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
    let mut result = GenerationResult::new("# Plan");
    result.steps = titled(titles);
    with(&office, |of| of.finish(id, &result)).unwrap();
    (office, id)
}

pub(super) fn steps(office: &Office, id: GenerationId) -> Vec<PlanStep> {
    with(office, |of| of.steps(id)).unwrap()
}

/// The titles in their order, places and numbers being dense and the steps being counted.
pub(super) fn titles(office: &Office, id: GenerationId) -> Vec<String> {
    let steps = steps(office, id);
    for (place, step) in (0..).zip(&steps) {
        assert_eq!((step.display_order, step.step_number), (place, place + 1), "{steps:?}");
    }
    let counted = with(office, |of| of.get(id)).unwrap().total_steps;
    assert_eq!(usize::try_from(counted), Ok(steps.len()));
    steps.into_iter().map(|step| step.title).collect()
}

/// A template whose words end with `name`.
pub(super) fn template(office: &Office, user: UserId, name: &str, is_public: bool) -> TemplateId {
    let id = TemplateId::new();
    let sql = format!(
        "INSERT INTO feature_planner.plan_step_templates
                (id, user_id, name, title, category, description, content, confidence_level,
                 estimated_duration, commands, validation_commands, is_public, usage_count)
         VALUES ('{id}', '{user}', '{name}', 'Title {name}', 'Category {name}', 'Description {name}',
                 'Content {name}', 'low', '1 h', '[\"make\"]', '[\"make check\"]', {is_public}, 41)"
    );
    office.store().write(|uow| execute(uow, &sql)).unwrap();
    id
}

fn usage(office: &Office, id: TemplateId) -> i64 {
    let sql =
        format!("SELECT usage_count FROM feature_planner.plan_step_templates WHERE id = '{id}'");
    number(office.store(), &sql)
}

#[test]
fn a_step_comes_to_its_place_and_the_others_make_room() {
    let (office, id) = planned(&["a", "b"]);
    let add = |title: &str, place| {
        let new = NewPlanStep::new(title, "…");
        with(&office, |of| of.add_step(id, &new, place)).unwrap()
    };
    let added = add("end", None);
    assert_eq!((added.display_order, added.step_number), (2, 3));
    assert_eq!(titles(&office, id), ["a", "b", "end"]);
    let added = add("front", Some(0));
    assert_eq!((added.display_order, added.step_number), (0, 1));
    add("middle", Some(2));
    assert_eq!(titles(&office, id), ["front", "a", "middle", "b", "end"]);
    add("last", Some(5));
    add("behind", Some(usize::MAX));
    assert_eq!(titles(&office, id), ["front", "a", "middle", "b", "end", "last", "behind"]);
    let found = steps(&office, id);
    assert_eq!(found[0], added);

    let new = NewPlanStep {
        category: Some("backend".into()),
        confidence_level: Some("sure".into()),
        estimated_duration: Some("2 h".into()),
        commands: Some(json!(["make"])),
        validation_commands: Some(json!({ "check": true })),
        ..NewPlanStep::new("whole", "What to do.")
    };
    let added = with(&office, |of| of.add_step(id, &new, Some(1))).unwrap();
    assert_eq!(added.plan_generation_id, id);
    assert_eq!((added.title, added.description), (new.title, new.description));
    assert_eq!((added.category, added.confidence_level), (new.category, new.confidence_level));
    assert_eq!(added.estimated_duration, new.estimated_duration);
    assert_eq!(
        (added.commands, added.validation_commands),
        (new.commands, new.validation_commands)
    );
    assert_eq!((added.is_from_template, added.template_id), (false, None));
    let error = with(&office, |of| of.add_step(id, &NewPlanStep::new("", ""), None)).unwrap_err();
    assert!(error.to_string().starts_with("feature_planner::NewPlanStep.title: "), "{error}");
}

#[test]
fn those_that_need_not_make_room_are_left_alone() {
    let (office, id) = planned(&["a", "b", "c"]);
    let before = steps(&office, id);
    with(&office, |of| of.add_step(id, &NewPlanStep::new("x", ""), Some(2))).unwrap();
    let after = steps(&office, id);
    assert_eq!(after[..2], before[..2]);
    assert!(after[3].updated_at > before[2].updated_at);
}

#[test]
fn a_step_goes_and_the_gap_closes() {
    let (office, id) = planned(&["a", "b", "c", "d"]);
    let before = steps(&office, id);
    let delete = |nth: usize| with(&office, |of| of.delete_step(before[nth].id));
    delete(1).unwrap();
    assert_eq!(titles(&office, id), ["a", "c", "d"]);
    assert_eq!(steps(&office, id)[0], before[0]);
    let error = delete(1).unwrap_err();
    let words = format!("feature_planner::PlanStep {} was not found", before[1].id);
    assert_eq!(error.to_string(), words);
    delete(3).unwrap();
    delete(0).unwrap();
    delete(2).unwrap();
    assert_eq!(titles(&office, id), [""; 0]);
}

#[test]
fn an_update_changes_what_a_step_says_and_nothing_else() {
    let (office, id) = planned(&["a", "b"]);
    let before = steps(&office, id).remove(1);
    let update = PlanStepUpdate {
        title: "B".into(),
        description: String::new(),
        category: Some("backend".into()),
        confidence_level: Some("low".into()),
        estimated_duration: Some("1 h".into()),
        commands: Some(json!([1])),
        validation_commands: Some(json!([2])),
    };
    let updated = with(&office, |of| of.update_step(before.id, &update)).unwrap();
    assert_eq!(PlanStepUpdate::from(&updated), update);
    assert!(updated.updated_at > before.updated_at);
    let stored = steps(&office, id).remove(1);
    assert_eq!(stored, updated);
    let back = PlanStepUpdate::from(&before);
    let updated = with(&office, |of| of.update_step(before.id, &back)).unwrap();
    assert_eq!(updated, PlanStep { updated_at: updated.updated_at, ..before.clone() });

    let long = |n| Some("x".repeat(n));
    for (name, broken) in [
        ("title", PlanStepUpdate { title: " ".into(), ..back.clone() }),
        ("description", PlanStepUpdate { description: "\0".into(), ..back.clone() }),
        ("category", PlanStepUpdate { category: long(51), ..back.clone() }),
        ("confidence_level", PlanStepUpdate { confidence_level: long(21), ..back.clone() }),
        ("estimated_duration", PlanStepUpdate { estimated_duration: long(51), ..back.clone() }),
        ("commands", PlanStepUpdate { commands: Some(json!("\0")), ..back.clone() }),
        ("validation_commands", PlanStepUpdate { validation_commands: Some(json!("\0")), ..back }),
    ] {
        let error = with(&office, |of| of.update_step(before.id, &broken)).unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, &**field), ("feature_planner::PlanStepUpdate", name));
    }
}

#[test]
fn the_steps_of_somebody_else_are_not_found_and_stay() {
    let (office, id) = planned(&["a", "b"]);
    let before = steps(&office, id);
    let update = PlanStepUpdate { title: "stolen".into(), ..(&before[0]).into() };
    for (user, step) in [(office.other, before[0].id), (office.user, PlanStepId::new())] {
        for error in [
            as_user(office.store(), user, |of| of.update_step(step, &update).map(drop)),
            as_user(office.store(), user, |of| of.delete_step(step)),
        ] {
            let words = format!("feature_planner::PlanStep {step} was not found");
            assert_eq!(error.unwrap_err().to_string(), words);
        }
    }
    assert_eq!(steps(&office, id), before);
}

#[test]
fn a_step_from_a_template_says_what_it_says_and_is_counted() {
    let (office, id) = planned(&["a", "b"]);
    let own = template(&office, office.user, "own", false);
    let public = template(&office, office.other, "public", true);
    let secret = template(&office, office.other, "secret", false);
    let add = |template, place| with(&office, |of| of.add_step_from_template(id, template, place));
    let added = add(own, Some(1)).unwrap();
    assert_eq!((&*added.title, &*added.description), ("Title own", "Content own"));
    assert_eq!(added.category.as_deref(), Some("Category own"));
    assert_eq!(added.confidence_level.as_deref(), Some("low"));
    assert_eq!(added.estimated_duration.as_deref(), Some("1 h"));
    assert_eq!(added.commands, Some(json!(["make"])));
    assert_eq!(added.validation_commands, Some(json!(["make check"])));
    assert_eq!((added.is_from_template, added.template_id), (true, Some(own)));
    assert_eq!(steps(&office, id)[1], added);
    add(public, None).unwrap();
    assert_eq!(titles(&office, id), ["a", "Title own", "b", "Title public"]);
    assert_eq!([own, public].map(|id| usage(&office, id)), [42, 42]);

    let before = steps(&office, id);
    for template in [secret, TemplateId::new()] {
        let error = add(template, Some(0)).unwrap_err();
        let words = format!("feature_planner::Template {template} was not found");
        assert_eq!(error.to_string(), words);
    }
    // The step and the count are kept together, or neither is.
    let elsewhere = GenerationId::new();
    let error = with(&office, |of| of.add_step_from_template(elsewhere, own, None)).unwrap_err();
    let words = format!("feature_planner::Generation {elsewhere} was not found");
    assert_eq!(error.to_string(), words);
    let left = with(&office, |of| {
        of.add_step_from_template(id, own, None)?;
        Err::<(), _>(Error::conflict("test", "", "rolled back"))
    });
    assert!(left.unwrap_err().is_conflict());
    let error =
        as_user(office.store(), office.other, |of| of.add_step_from_template(id, public, None));
    assert!(error.unwrap_err().is_not_found());
    assert_eq!(steps(&office, id), before);
    assert_eq!([own, public, secret].map(|id| usage(&office, id)), [42, 42, 41]);
}

#[test]
fn a_template_that_is_used_as_often_as_can_be_counted_is_used_again() {
    let (office, id) = planned(&[]);
    let own = template(&office, office.user, "own", false);
    let sql = "UPDATE feature_planner.plan_step_templates SET usage_count = 2147483646";
    office.store().write(|uow| execute(uow, sql)).unwrap();
    for _ in 0..2 {
        with(&office, |of| of.add_step_from_template(id, own, None)).unwrap();
        assert_eq!(usage(&office, own), 2_147_483_647);
    }
}
