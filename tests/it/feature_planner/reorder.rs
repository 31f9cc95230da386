//! Steps in another order.

use planwright::feature_planner::{
    GenerationId, ImplementationPlanStatus, NewPlanStep, PlanStepId,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{Error, Store, StoreOptions};

use super::generations::{as_user, one, with};
use super::steps::{planned, steps, titles};
use crate::support::{execute, number};

fn ids(office: &super::Office, id: GenerationId) -> Vec<PlanStepId> {
    steps(office, id).into_iter().map(|step| step.id).collect()
}

#[test]
fn steps_come_into_the_order_that_is_said_and_those_that_stand_right_are_left_alone() {
    let (office, id) = planned(&["a", "b", "c", "d"]);
    let before = steps(&office, id);
    let [a, b, c, d] = <[PlanStepId; 4]>::try_from(ids(&office, id)).unwrap();
    with(&office, |of| of.reorder(id, &[b, a, c, d])).unwrap();
    assert_eq!(titles(&office, id), ["b", "a", "c", "d"]);
    let after = steps(&office, id);
    assert_eq!(after[2..], before[2..]);
    assert!(after[0].updated_at > before[1].updated_at);
    with(&office, |of| of.reorder(id, &[d, c, a, b])).unwrap();
    assert_eq!(titles(&office, id), ["d", "c", "a", "b"]);
    let before = steps(&office, id);
    with(&office, |of| of.reorder(id, &[d, c, a, b])).unwrap();
    assert_eq!(steps(&office, id), before);
    // None are put into an order as well.
    let (office, id) = planned(&[]);
    with(&office, |of| of.reorder(id, &[])).unwrap();
}

#[test]
fn an_order_that_is_not_one_of_its_steps_is_refused_and_the_unit_goes_on_without() {
    let (office, id) = planned(&["a", "b", "c"]);
    let plan = with(&office, |of| of.get(id)).unwrap().plan_id;
    let other = one(&office, plan, ImplementationPlanStatus::Processing).id;
    let new = NewPlanStep::new("elsewhere", "");
    let elsewhere = with(&office, |of| of.add_step(other, &new, None)).unwrap().id;
    let [a, b, c] = <[PlanStepId; 3]>::try_from(ids(&office, id)).unwrap();
    let nowhere = PlanStepId::new();
    let before = steps(&office, id);
    let generation = format!("feature_planner::Generation {id}");
    let step = |id| format!("feature_planner::PlanStep {id} was not found");
    let missing =
        |named, id| format!("{generation}: has 3 steps, of which {named} are named: not {id}");
    for (order, words) in [
        (vec![c, b, c], format!("feature_planner::Generation.order[2]: names step {c} once more")),
        (
            vec![c, b, a, a],
            format!("feature_planner::Generation.order[3]: names step {a} once more"),
        ),
        (vec![c, b, elsewhere], step(elsewhere)),
        (vec![c, nowhere, b, elsewhere, a], step(nowhere)),
        (vec![c, b], missing(2, a)),
        (vec![], missing(0, a)),
    ] {
        let told = with(&office, |of| Ok(of.reorder(id, &order).unwrap_err())).unwrap();
        assert_eq!(told.to_string(), words);
        let class =
            (matches!(told, Error::Invalid { .. }), told.is_not_found(), told.is_conflict());
        assert_eq!([class.0, class.1, class.2].iter().filter(|is| **is).count(), 1, "{told:?}");
        assert_eq!(steps(&office, id), before, "{words}");
    }
    let stolen = as_user(office.store(), office.other, |of| of.reorder(id, &[c, b, a]));
    assert_eq!(stolen.unwrap_err().to_string(), format!("{generation} was not found"));
    assert_eq!(steps(&office, id), before);
}

#[test]
fn two_hundred_steps_are_put_into_another_order_in_one_statement() {
    let names: Vec<String> = (0..200).map(|nth| format!("{nth:03}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let (office, id) = planned(&names);
    let mut order = ids(&office, id);
    let url = office.database.url();
    let proxy = FaultProxy::in_front_of(url).unwrap();
    let url = proxy.url_for(url).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let mut sent = Vec::new();
    for by in [0, 1, 67] {
        order.rotate_left(by);
        proxy.set(Fault::None);
        as_user(&store, office.user, |of| of.reorder(id, &order)).unwrap();
        sent = proxy.trace();
        assert_eq!(ids(&office, id), order);
    }
    order.reverse();
    let two = &order[..2];
    proxy.set(Fault::None);
    as_user(&store, office.user, |of| Ok(of.reorder(id, two).is_err())).unwrap();
    for trace in [sent, proxy.trace()] {
        let texts: Vec<&str> = trace.iter().map(|one| one.sql.lines().next().unwrap()).collect();
        assert_eq!(texts.len(), 3, "BEGIN, the statement, COMMIT: {texts:?}");
        assert_eq!(texts[1], "-- planwright: reorder steps");
    }
    titles(&office, id);
}

#[test]
fn at_one_moment_of_reading_a_change_of_others_is_a_serialization_failure() {
    let (office, id) = planned(&["a", "b"]);
    let mut order = ids(&office, id);
    order.reverse();
    let store: &Store = office.store();
    let mut runs = 0;
    let unit = store.transaction().repeatable_read().attempts(3);
    unit.run(|uow| {
        runs += 1;
        execute(uow, "SELECT 1 FROM feature_planner.plan_steps")?;
        if runs == 1 {
            let new = NewPlanStep::new("c", "");
            let add = || with(&office, |of| of.add_step(id, &new, Some(0))).unwrap().id;
            order.push(std::thread::scope(|scope| scope.spawn(add).join().unwrap()));
        }
        uow.plan_generations(office.user).reorder(id, &order)
    })
    .unwrap();
    assert_eq!((runs, titles(&office, id)), (2, ["b", "a", "c"].map(str::to_owned).to_vec()));
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.plan_steps"), 3);
}
