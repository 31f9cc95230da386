//! Many sessions at few keys, and two at one very often.

use std::time::Duration;

use crate::shared::{committers, crowd, race};

const ROUNDS: usize = 1_000;

#[test]
fn two_sessions_never_mix_their_plans() {
    race::one_key(ROUNDS);
    race::unchanged(ROUNDS);
    race::one_against_many(ROUNDS);
    race::many_against_many(ROUNDS);
    race::delete_of_the_plan(ROUNDS);
    race::delete_of_the_scenario(ROUNDS);
}

#[test]
fn sixty_four_threads_on_eight_connections_lose_nothing() {
    let again = crowd::crowd(64, 8, Duration::from_secs(10));
    assert_eq!(again, 0, "there was a deadlock");
}

#[test]
fn eight_users_who_rebase_lose_no_edit() {
    committers::committers(8, Duration::from_secs(10));
}
