mod baseline;
mod invariants;
mod plan;
mod replace;
mod scenario;
mod sequences;
mod transition;
