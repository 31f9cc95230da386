//! What iterations are for.

use planwright::cutover::{
    IterationType, IterationTypeCode, IterationTypeFilter, IterationTypeUpdate,
    MAX_TYPE_DESCRIPTION, NewIterationType,
};
use planwright::{ConstraintKind, Error};

use super::link::{linked, rehearsal};
use super::{Move, database};
use crate::support::execute;

fn fallback() -> NewIterationType {
    NewIterationType {
        itt_description: Some("Everything goes back.".into()),
        display_order: 2,
        ..NewIterationType::new("BACK".parse().unwrap(), "Way back")
    }
}

#[test]
fn types_are_listed_in_their_order_and_a_host_adds_its_own() {
    let database = database();
    let store = database.store();
    let made = store.write(|uow| uow.iteration_types().create(&fallback())).unwrap();
    assert_eq!(
        made,
        IterationType {
            itt_code: "BACK".parse().unwrap(),
            itt_name: "Way back".into(),
            itt_description: Some("Everything goes back.".into()),
            display_order: 2,
            active: true,
        }
    );
    let list = |filter| {
        let listed = store.read(|uow| uow.iteration_types().list(&filter)).unwrap();
        listed.into_iter().map(|one| one.itt_code.to_string()).collect::<Vec<_>>()
    };
    // Of one place, by code.
    assert_eq!(list(IterationTypeFilter::all()), ["RUN", "BACK", "DR", "CUTOVER"]);
    let dr = IterationTypeCode::dress_rehearsal();
    let off = store.write(|uow| uow.iteration_types().set_active(&dr, false)).unwrap();
    assert!(!off.active);
    assert_eq!(list(IterationTypeFilter::all().active(true)), ["RUN", "BACK", "CUTOVER"]);
    assert_eq!(list(IterationTypeFilter::all().active(false)), ["DR"]);
    assert!(store.write(|uow| uow.iteration_types().set_active(&dr, true)).unwrap().active);

    let update = IterationTypeUpdate { display_order: -1, ..(&made).into() };
    let changed = store.write(|uow| uow.iteration_types().update(&made.itt_code, &update)).unwrap();
    assert_eq!(changed, IterationType { display_order: -1, ..made.clone() });
    assert_eq!(list(IterationTypeFilter::all()), ["BACK", "RUN", "DR", "CUTOVER"]);
    let got = store.read(|uow| uow.iteration_types().get(&made.itt_code)).unwrap();
    assert_eq!(got, changed);
    store.write(|uow| uow.iteration_types().delete(&made.itt_code)).unwrap();
    assert_eq!(list(IterationTypeFilter::all()), ["RUN", "DR", "CUTOVER"]);
}

#[test]
fn what_cannot_be_done_with_a_type_says_why() {
    let of = Move::new();
    let store = of.store();
    linked(store, &rehearsal(&of, "DR 1"));
    let dr = IterationTypeCode::dress_rehearsal();
    let used = store.write(|uow| uow.iteration_types().delete(&dr)).unwrap_err();
    assert!(matches!(used, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
    assert_eq!(used.to_string(), "an iteration's type exists, and stays while iterations have it");
    let again = NewIterationType::new(dr, "Again");
    let twice = store.write(|uow| uow.iteration_types().create(&again)).unwrap_err();
    assert!(matches!(twice, Error::Constraint { kind: ConstraintKind::Unique, .. }));
    assert_eq!(twice.to_string(), "two types of iterations have different codes");

    let none: IterationTypeCode = "NONE".parse().unwrap();
    let update =
        IterationTypeUpdate { itt_name: "None".into(), itt_description: None, display_order: 0 };
    assert_eq!(store.read(|uow| uow.iteration_types().find(&none)).unwrap(), None);
    for error in [
        store.read(|uow| uow.iteration_types().get(&none)).map(drop),
        store.write(|uow| uow.iteration_types().update(&none, &update)).map(drop),
        store.write(|uow| uow.iteration_types().set_active(&none, true)).map(drop),
        store.write(|uow| uow.iteration_types().delete(&none)),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "cutover::IterationType NONE was not found");
    }
}

#[test]
fn bad_types_are_refused_by_field_before_anything_is_sent() {
    let database = database();
    type Break = fn(&mut NewIterationType);
    let cases: [(&str, Break); 5] = [
        ("itt_name", |new| new.itt_name = "\t".into()),
        ("itt_name", |new| new.itt_name = "é".repeat(101)),
        ("itt_name", |new| new.itt_name = "a\0".into()),
        ("itt_description", |new| new.itt_description = Some("\0".into())),
        ("itt_description", |new| {
            new.itt_description = Some("é".repeat(MAX_TYPE_DESCRIPTION + 1));
        }),
    ];
    for (field, spoil) in cases {
        let mut new = fallback();
        spoil(&mut new);
        let update = IterationTypeUpdate {
            itt_name: new.itt_name.clone(),
            itt_description: new.itt_description.clone(),
            display_order: 1,
        };
        let sent = database.store().write(|uow| {
            let types = &mut uow.iteration_types();
            for (of, error) in [
                ("cutover::NewIterationType", types.create(&new).unwrap_err()),
                (
                    "cutover::IterationTypeUpdate",
                    types.update(&IterationTypeCode::run(), &update).unwrap_err(),
                ),
            ] {
                let Error::Invalid { entity, field: refused, .. } = &error else {
                    panic!("{error:?}")
                };
                assert_eq!((*entity, refused.as_str()), (of, field));
            }
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1, "{field}");
    }
    for code in ["", " ", "ELEVEN CHAR", "a\0"] {
        assert!(code.parse::<IterationTypeCode>().is_err(), "{code:?}");
        assert!(serde_json::from_value::<IterationTypeCode>(code.into()).is_err(), "{code:?}");
    }
}
