//! Tables and enum types that move to another schema of a live database.

mod grants;
mod leaning;
mod look;
mod mention;
mod plan;
mod progress;
mod proof;
mod receipt;
mod relocation;
mod relocator;
mod run;
mod teardown;
mod views;

pub use grants::Grants;
pub use plan::{Item, ItemState, Reference, RelocationPlan, Standing};
pub use progress::Progress;
pub use receipt::{DroppedViews, Goes, KeyFinding, KeyProof, Proof, Receipt, TornDown};
pub use relocation::Relocation;
pub use relocator::Relocator;
