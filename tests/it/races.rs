//! Two sessions at one key; in the large tests a thousand times.

use std::time::Duration;

use crate::shared::{crowd, race};

const ROUNDS: usize = 50;

#[test]
fn two_replaces_leave_one_callers_plan_whole() {
    race::one_key(ROUNDS);
}

#[test]
fn a_replace_that_changes_nothing_stands_before_or_behind_another() {
    race::unchanged(ROUNDS);
}

#[test]
fn a_replace_and_one_of_many_follow_each_other() {
    race::one_against_many(ROUNDS);
}

#[test]
fn two_replaces_of_many_in_different_order_follow_each_other() {
    race::many_against_many(ROUNDS);
}

#[test]
fn a_plan_that_is_deleted_meanwhile_is_stored_again_or_gone() {
    race::delete_of_the_plan(ROUNDS);
}

#[test]
fn a_scenario_that_is_deleted_meanwhile_takes_the_plan_along() {
    race::delete_of_the_scenario(ROUNDS);
}

#[test]
fn a_crowd_waits_and_loses_nothing() {
    let again = crowd::crowd(16, 4, Duration::from_millis(500));
    assert_eq!(again, 0, "there was a deadlock");
}
