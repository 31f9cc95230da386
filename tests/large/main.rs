//! The tests that run for minutes, and print figures.

mod crashes;
mod cutover;
mod feature_planner;
mod meal_planning;
mod races;
#[path = "../shared/mod.rs"]
mod shared;
mod silence;
#[allow(dead_code)] // the ordinary tests need more of it
#[path = "../it/support.rs"]
mod support;
mod transition;
