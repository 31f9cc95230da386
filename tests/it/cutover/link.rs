//! How migrations come to their iterations.

use chrono::{DateTime, Utc};
use planwright::cutover::{
    Iteration, IterationTypeCode, Linked, MAX_ITERATION_DESCRIPTION, MasterPlanId, MigrationId,
    NewIteration, Status,
};
use planwright::{ConstraintKind, Error, Result, Store};

use super::Move;
use crate::support::{execute, number};

pub(super) fn link(store: &Store, new: &NewIteration) -> Result<Linked> {
    store.write(|uow| uow.iterations().link(new))
}

pub(super) fn rehearsal(of: &Move, name: &str) -> NewIteration {
    let code = IterationTypeCode::dress_rehearsal();
    NewIteration::new(of.migration, of.plans[0], code, name)
}

pub(super) fn cutover(of: &Move, name: &str) -> NewIteration {
    NewIteration { itt_code: IterationTypeCode::cutover(), ..rehearsal(of, name) }
}

pub(super) fn linked(store: &Store, new: &NewIteration) -> Iteration {
    match link(store, new).unwrap() {
        Linked::Created(iteration) => iteration,
        Linked::Found(iteration) => panic!("{iteration:?} was there"),
    }
}

pub(super) fn date(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const WRITTEN: &str = "SELECT coalesce(sum(xmin::text::bigint), 0) FROM iterations_ite";

#[test]
fn what_is_linked_is_as_it_was_asked_for_and_of_who_linked_it() {
    let of = Move::new();
    let store = of.store();
    let new = NewIteration {
        ite_description: Some(String::new()),
        ite_static_cutover_date: Some(date("2026-11-21T22:00:00.123456Z")),
        ite_dynamic_cutover_date: Some(date("9999-12-31T23:59:59Z")),
        ..rehearsal(&of, "é 'x' \\ ; $1 --")
    };
    let unit = store.transaction().actor("amy");
    let made = unit.run(|uow| uow.iterations().link(&new)).unwrap().into_iteration();
    assert_eq!((made.mig_id, made.plm_id), (of.migration, of.plans[0]));
    assert_eq!((&made.itt_code, &made.ite_name), (&new.itt_code, &new.ite_name));
    assert_eq!(made.ite_description, new.ite_description);
    assert_eq!(made.ite_static_cutover_date, new.ite_static_cutover_date);
    assert_eq!(made.ite_dynamic_cutover_date, new.ite_dynamic_cutover_date);
    assert_eq!(made.ite_status, Status::Planning);
    assert_eq!(made.created_by.as_deref(), Some("amy"));
    assert_eq!(made.updated_by.as_deref(), Some("amy"));
    let stored = store.read(|uow| uow.iterations().get(made.ite_id)).unwrap();
    assert_eq!(stored, made);
}

#[test]
fn the_same_again_is_found_as_it_is_by_now_and_nothing_is_written() {
    let of = Move::new();
    let store = of.store();
    let new = rehearsal(&of, "DR 1");
    let made = linked(store, &new);
    let changed = store
        .write(|uow| {
            let mut iterations = uow.iterations();
            iterations.set_status(made.ite_id, Status::Planning, Status::Cancelled)
        })
        .unwrap();
    store.write(|uow| execute(uow, "UPDATE iteration_types_itt SET active = false")).unwrap();
    let before = number(store, WRITTEN);
    let with_others = NewIteration {
        ite_description: Some("another one".into()),
        ite_static_cutover_date: Some(date("2027-01-01T00:00:00Z")),
        ..new
    };
    let again = link(store, &with_others).unwrap();
    assert_eq!(again, Linked::Found(changed.clone()));
    assert_eq!(again.iteration().ite_status, Status::Cancelled);
    assert_eq!(number(store, WRITTEN), before);

    // In the same unit, too.
    store.write(|uow| execute(uow, "UPDATE iteration_types_itt SET active = true")).unwrap();
    let twice = store.write(|uow| {
        let other = rehearsal(&of, "DR 2");
        Ok((uow.iterations().link(&other)?, uow.iterations().link(&other)?))
    });
    let (first, second) = twice.unwrap();
    assert_eq!(second, Linked::Found(first.into_iteration()));
}

#[test]
fn a_name_that_is_taken_otherwise_is_a_conflict_that_names_both_sides() {
    let of = Move::new();
    let store = of.store();
    let [a, b] = of.plans;
    let new = rehearsal(&of, "DR 1");
    let made = linked(store, &new);
    let refuse = |new: &NewIteration| {
        let error = link(store, new).unwrap_err();
        assert!(
            matches!(&error, Error::Conflict { entity: "cutover::Iteration", .. }),
            "{error:?}"
        );
        error.to_string()
    };
    let head = format!("cutover::Iteration {}: the one named \"DR 1\" ", made.ite_id);
    let plans = format!("runs master plan \"Plan A\" ({a}), not \"Plan B\" ({b})");
    let with_plan = NewIteration { plm_id: b, ..new.clone() };
    assert_eq!(refuse(&with_plan), format!("{head}{plans}"));
    let run = IterationTypeCode::run();
    let with_type = NewIteration { itt_code: run.clone(), ..new.clone() };
    assert_eq!(refuse(&with_type), format!("{head}is of type DR, not RUN"));
    let with_both = NewIteration { itt_code: run, ..with_plan };
    assert_eq!(refuse(&with_both), format!("{head}{plans}, and is of type DR, not RUN"));
    let nowhere = MasterPlanId::new();
    let with_none = NewIteration { plm_id: nowhere, ..new };
    assert!(refuse(&with_none).ends_with(&format!("not {nowhere}, which is not there")));
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), 1);
}

#[test]
fn names_belong_to_their_migration_and_are_told_apart_exactly() {
    let of = Move::new();
    let store = of.store();
    linked(store, &rehearsal(&of, "DR 1"));
    let other = store
        .write(|uow| planwright::cutover::factory::migration(uow, "Data centre south"))
        .unwrap();
    linked(store, &NewIteration { mig_id: other, plm_id: of.plans[1], ..rehearsal(&of, "DR 1") });
    linked(store, &NewIteration { plm_id: of.plans[1], ..rehearsal(&of, "dr 1") });
    linked(store, &NewIteration { plm_id: of.plans[1], ..rehearsal(&of, "DR 1 ") });
}

#[test]
fn what_cannot_be_linked_says_why() {
    let of = Move::new();
    let store = of.store();
    let new = rehearsal(&of, "DR 1");
    let nowhere = MigrationId::new();
    let error = link(store, &NewIteration { mig_id: nowhere, ..new.clone() }).unwrap_err();
    assert_eq!(error.to_string(), format!("cutover::Migration {nowhere} was not found"));
    assert!(error.is_not_found());

    let foreign = |new: &NewIteration| {
        let error = link(store, new).unwrap_err();
        assert!(matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
        error.to_string()
    };
    assert_eq!(
        foreign(&NewIteration { plm_id: MasterPlanId::new(), ..new.clone() }),
        "an iteration's master plan exists, and stays while iterations run it"
    );
    assert_eq!(
        foreign(&NewIteration { itt_code: "NONE".parse().unwrap(), ..new.clone() }),
        "an iteration's type exists, and stays while iterations have it"
    );

    store
        .write(|uow| uow.iteration_types().set_active(&IterationTypeCode::dress_rehearsal(), false))
        .unwrap();
    let error = link(store, &new).unwrap_err();
    assert!(matches!(&error, Error::Conflict { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "cutover::IterationType DR: is inactive: no new iteration may have it"
    );
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), 0);
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let of = Move::new();
    type Break = fn(&mut NewIteration);
    let cases: [(&str, Break); 8] = [
        ("ite_name", |new| new.ite_name = String::new()),
        ("ite_name", |new| new.ite_name = " \n\u{a0}".into()),
        ("ite_name", |new| new.ite_name = "a\0b".into()),
        ("ite_name", |new| new.ite_name = "é".repeat(256)),
        ("ite_description", |new| new.ite_description = Some("\0".into())),
        ("ite_description", |new| {
            new.ite_description = Some("é".repeat(MAX_ITERATION_DESCRIPTION + 1));
        }),
        ("ite_static_cutover_date", |new| {
            new.ite_static_cutover_date = Some(DateTime::<Utc>::MAX_UTC);
        }),
        ("ite_dynamic_cutover_date", |new| {
            new.ite_dynamic_cutover_date = Some(DateTime::<Utc>::MIN_UTC);
        }),
    ];
    for (field, spoil) in cases {
        let mut new = rehearsal(&of, "good");
        spoil(&mut new);
        let sent = of.store().write(|uow| {
            let error = uow.iterations().link(&new).unwrap_err();
            let Error::Invalid { entity, field: refused, .. } = &error else { panic!("{error:?}") };
            assert_eq!((*entity, refused.as_str()), ("cutover::NewIteration", field));
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1, "{field}");
    }
    let longest = NewIteration {
        ite_description: Some("é".repeat(MAX_ITERATION_DESCRIPTION)),
        ite_static_cutover_date: Some(date("0001-01-01T00:00:00Z")),
        ..rehearsal(&of, &"é".repeat(255))
    };
    assert_eq!(linked(of.store(), &longest).ite_name, longest.ite_name);
}

#[test]
fn an_input_is_read_from_json_without_what_is_not_given() {
    let of = Move::new();
    let json = serde_json::json!({
        "mig_id": of.migration, "plm_id": of.plans[0], "itt_code": "DR", "ite_name": "DR 1",
    });
    let read: NewIteration = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read, rehearsal(&of, "DR 1"));
    let mut unknown = json;
    unknown["ite_status"] = "COMPLETED".into();
    assert!(serde_json::from_value::<NewIteration>(unknown).is_err());
}
