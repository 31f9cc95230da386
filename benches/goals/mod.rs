//! The goals, each in a file.

pub(crate) mod author;
pub(crate) mod churn;
pub(crate) mod commit;
pub(crate) mod fingerprint;
pub(crate) mod growth;
pub(crate) mod input;
pub(crate) mod many;
pub(crate) mod memory;
pub(crate) mod peer;
pub(crate) mod peers;
pub(crate) mod peers_commit;
pub(crate) mod replace;
pub(crate) mod unit_of_work;

use crate::harness::{Figures, Outcome};

/// A set of figures that are measured together.
pub(crate) struct Goal {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) measure: fn(&mut Figures) -> Outcome,
}

/// How those are called that need programs of other libraries.
pub(crate) const PEERS: &str = "peers";

pub(crate) const ALL: &[Goal] = &[
    Goal { number: 1, name: "unit_of_work", title: "Unit of work", measure: unit_of_work::measure },
    Goal { number: 2, name: "replace", title: "Replace of one plan", measure: replace::measure },
    Goal { number: 3, name: PEERS, title: "Other libraries", measure: peers::measure },
    Goal { number: 4, name: "many", title: "Replace of many plans", measure: many::measure },
    Goal { number: 4, name: "memory", title: "A portfolio's memory", measure: memory::measure },
    Goal { number: 5, name: "growth", title: "Growing tables", measure: growth::measure },
    Goal { number: 6, name: "commit", title: "Commit of a draft", measure: commit::measure },
    Goal {
        number: 6,
        name: "peers_of_drafts",
        title: "Commit by another library",
        measure: peers_commit::measure,
    },
    Goal { number: 10, name: "fingerprint", title: "Fingerprints", measure: fingerprint::measure },
];
