mod invariants;
mod replace;
