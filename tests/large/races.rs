//! Two sessions at one key, very often.

use crate::shared::race;

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
