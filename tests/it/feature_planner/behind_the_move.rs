//! Attempts and steps right behind the move, where times have no time zone and rows break the rules
//! that follow.

use planwright::feature_planner::{
    Failure, GenerationId, GenerationResult, ImplementationPlanStatus, NewGeneration, NewPlanStep,
    NewRefinement, PlanStatus, PlanStep, PlanStepId, PlanStepUpdate, RefinementResult,
    RefinementStatus, TemplateId, Usage, factory,
};
use planwright::{Page, Store, UserId};
use uuid::Uuid;

use super::generations::titled;
use super::{Installation, Office};

const FIRST: &str = "20261120192200";

fn key(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A request from its refinements to a plan in steps.
fn story(store: &Store, user: UserId) {
    let before = chrono::Utc::now() - chrono::TimeDelta::seconds(60);
    let plan = store.write(|uow| factory::plan(uow, user, PlanStatus::Refining)).unwrap();
    let agents = ["a", "b", "c", "d"].map(NewRefinement::new);
    let usage = Usage::new().tokens(3, 4).execution_time_ms(5);
    store
        .write(|uow| {
            let mut of = uow.feature_refinements(user);
            let made = of.start(plan, &agents)?;
            let pending = of.enqueue(plan, &agents[..1])?;
            of.begin(pending[0].id)?;
            of.cancel(pending[0].id)?;
            of.finish(made[0].id, &RefinementResult { usage, ..RefinementResult::new("R 1") })?;
            of.finish(made[1].id, &RefinementResult::new("R 2"))?;
            of.fail(made[2].id, &Failure { usage, ..Failure::new("no") })?;
            of.cancel(made[3].id)?;
            of.select(plan, made[0].id)?;
            let selected = of.select(plan, made[1].id)?;
            assert_eq!(selected.refined_request.as_deref(), Some("R 2"));
            assert_eq!(selected.total_execution_time_ms, 10);
            of.delete(made[0].id)?;
            assert!(of.delete(made[1].id).unwrap_err().is_conflict());
            Ok(())
        })
        .unwrap();
    let first = store.read(|uow| uow.feature_refinements(user).list(plan, Page::first(1))).unwrap();
    let page = Page::after(first.next.unwrap(), 10);
    let rest = store.read(|uow| uow.feature_refinements(user).list(plan, page)).unwrap();
    let found: Vec<_> = first.items.iter().chain(&rest.items).map(|one| one.status).collect();
    use RefinementStatus::{Cancelled, Completed, Failed};
    assert_eq!(found, [Completed, Failed, Cancelled, Cancelled]);
    for one in first.items.iter().chain(&rest.items) {
        assert!(one.created_at > before && one.completed_at >= Some(one.created_at), "{one:?}");
    }

    let plan = store.write(|uow| factory::plan(uow, user, PlanStatus::Planning)).unwrap();
    store
        .write(|uow| {
            let mut of = uow.plan_generations(user);
            let made = of.enqueue(plan, &NewGeneration::new("a"))?.id;
            of.begin(made)?;
            let failed = of.start(plan, &NewGeneration::new("b"))?.id;
            of.fail(failed, &Failure::new("no"))?;
            let mut result = GenerationResult { usage, ..GenerationResult::new("# Plan") };
            result.steps = titled(&["a", "b", "c"]);
            assert_eq!(of.finish(made, &result)?.total_steps, 3);
            let other = of.start(plan, &NewGeneration::new("c"))?.id;
            of.finish(other, &GenerationResult::new("# Other"))?;
            of.select(plan, other)?;
            of.select(plan, made)?;
            assert!(of.get(made)?.is_selected && !of.get(other)?.is_selected);
            of.delete(other)?;
            let order: Vec<_> = of.steps(made)?.iter().rev().map(|step| step.id).collect();
            of.reorder(made, &order)?;
            of.add_step(made, &NewPlanStep::new("x", ""), Some(1))?;
            of.delete_step(order[0])?;
            let steps = of.steps(made)?;
            let update = PlanStepUpdate { title: "X".into(), ..(&steps[0]).into() };
            of.update_step(steps[0].id, &update)?;
            let found: Vec<_> = of.steps(made)?.into_iter().map(|step| step.title).collect();
            assert_eq!(found, ["X", "b", "a"]);
            let listed = of.list(plan, Page::first(10))?.items;
            let found: Vec<_> = listed.iter().map(|one| (one.status, one.total_steps)).collect();
            use ImplementationPlanStatus::{Completed, Failed};
            assert_eq!(found, [(Completed, 3), (Failed, 0)]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_request_goes_its_way_right_behind_the_move_as_in_the_end() {
    let installation = Installation::before(FIRST);
    let user = UserId(key(1));
    story(installation.store(), user);
    let office = Office::new();
    story(office.store(), office.user);
}

#[test]
fn steps_at_one_place_stand_in_one_order_wherever_they_are_read() {
    let installation = Installation::before(FIRST);
    let (store, user) = (installation.store(), UserId(key(1)));
    installation.execute(
        "UPDATE feature_planner.plan_steps SET display_order = 5, step_number = 7 WHERE title = 'One';
         UPDATE feature_planner.plan_steps SET display_order = 5, step_number = 6 WHERE title = 'Two'",
    );
    let id = GenerationId(key(0x50));
    let (steps, details) = store
        .read(|uow| {
            let plan = uow.plan_generations(user).get(id)?.plan_id;
            Ok((uow.plan_generations(user).steps(id)?, uow.feature_plans(user).details(plan)?))
        })
        .unwrap();
    assert_eq!(steps.iter().map(|one| &*one.title).collect::<Vec<_>>(), ["Two", "One"]);
    assert!(steps[0].id > steps[1].id);
    assert_eq!(details.steps, steps);
}

#[test]
fn doubled_and_missing_numbers_of_live_data_are_made_dense() {
    let installation = Installation::before(FIRST);
    let store = installation.store();
    let (user, id, template) = (UserId(key(1)), GenerationId(key(0x50)), TemplateId(key(0x60)));
    let one = PlanStepId(key(0x70));
    let spoil = || {
        installation.execute(
            "DELETE FROM feature_planner.plan_steps
              WHERE id NOT IN (SELECT id FROM feature_planner.plan_steps WHERE title IN ('One', 'Two'));
             DELETE FROM feature_planner.plan_steps WHERE title = 'Three';
             INSERT INTO feature_planner.plan_steps
                    (plan_generation_id, display_order, step_number, title, description)
             SELECT '00000000-0000-0000-0000-000000000050', 9, 9, 'Three', 'x';
             UPDATE feature_planner.plan_steps SET display_order = 5, step_number = 7
              WHERE title <> 'Three';
             UPDATE feature_planner.implementation_plan_generations SET total_steps = 17",
        );
    };
    let found = |steps: Vec<PlanStep>| -> Vec<(String, i32, i32)> {
        steps.into_iter().map(|one| (one.title, one.display_order, one.step_number)).collect()
    };
    let expected = |titles: &[&str]| -> Vec<(String, i32, i32)> {
        let numbered = titles.iter().zip(0..);
        numbered.map(|(title, place)| ((*title).to_owned(), place, place + 1)).collect()
    };
    let after = |work: &dyn Fn(
        &mut planwright::feature_planner::GenerationRepository<'_>,
    ) -> planwright::Result<()>| {
        spoil();
        store
            .write(|uow| {
                let mut of = uow.plan_generations(user);
                work(&mut of)?;
                let steps = of.steps(id)?;
                assert_eq!(usize::try_from(of.get(id)?.total_steps), Ok(steps.len()));
                Ok(found(steps))
            })
            .unwrap()
    };
    spoil();
    let steps = store.read(|uow| uow.plan_generations(user).steps(id)).unwrap();
    let places = [("One", 5, 7), ("Two", 5, 7), ("Three", 9, 9)];
    assert_eq!(
        found(steps),
        places.map(|(title, place, number)| (title.to_owned(), place, number))
    );
    let new = NewPlanStep::new("New", "");
    let added = after(&|of| of.add_step(id, &new, Some(1)).map(drop));
    assert_eq!(added, expected(&["One", "New", "Two", "Three"]));
    let added = after(&|of| of.add_step(id, &new, None).map(drop));
    assert_eq!(added, expected(&["One", "Two", "Three", "New"]));
    let added = after(&|of| of.add_step_from_template(id, template, Some(2)).map(drop));
    assert_eq!(added, expected(&["One", "Two", "t", "Three"]));
    let moved = after(&|of| {
        let order: Vec<_> = of.steps(id)?.iter().rev().map(|step| step.id).collect();
        of.reorder(id, &order)
    });
    assert_eq!(moved, expected(&["Three", "Two", "One"]));
    let left = after(&|of| of.delete_step(one));
    assert_eq!(left, expected(&["Two", "Three"]));
}
