//! The one integration binary. Its modules mirror `src/`.

// Small numbers, and types that one test uses.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::items_after_statements,
    clippy::similar_names
)]

mod architecture;
mod batch;
mod conventions;
mod cutover;
mod dependencies;
mod diagram;
mod examples;
mod faults;
mod feature_planner;
mod generated;
mod hosts;
mod language;
mod local_server;
mod meal_planning;
mod migrate;
mod migrate_example;
mod modelling;
mod pooler;
mod proxy;
mod races;
mod relocate;
mod schema;
#[path = "../shared/mod.rs"]
mod shared;
mod store;
mod support;
mod unit_of_work;
mod verify;
