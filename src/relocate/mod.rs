//! Tables and enum types that move to another schema of a live database, and back.
//!
//! A [`Relocation`] says what; a [`Relocator`] does it, by `ALTER … SET SCHEMA` in one transaction.
//! Nothing is copied: tables, indexes, constraints, sequences, statistics and rows stay the same
//! objects in the same files, so the time does not depend on the number of rows.
//!
//! * **Before.** [`Relocator::plan`] compares what was asked for with the catalog, names everything
//!   outside that refers to it, and says of each whether it follows, should be known of, or would
//!   break. What would break is refused until it is seen to or [accepted](Relocator::accept). Code
//!   that the server keeps as text (functions without `BEGIN ATOMIC`) is searched by word: a word
//!   that means something else is refused, too.
//! * **Locks.** ACCESS EXCLUSIVE on each table, in the order of OIDs and all within one limit, which
//!   is short; then everything is rolled back and tried again. Who is in the way is named, and
//!   nobody is ended.
//! * **Proof.** Inside the transaction the OIDs and files before and after are compared, and every
//!   constraint, trigger and index. Of each foreign key to what does not move, a row that refers to
//!   nothing is tried in a savepoint, where there is a row to try it with; the [`Receipt`] says which.
//!   Any difference rolls everything back.
//! * **Again.** What has moved is left alone, so a run that was cut short is run again.
//! * **Roles.** Privileges on tables travel, USAGE of the schema does not: whoever has some, or owns
//!   some of it, gets it. [`Grants`] are for more.
//! * **Old code.** [Compatibility views](Relocator::compatibility_views) serve what names the tables
//!   by the old schema; what names the types, or no schema, needs the search path that the plan
//!   prints. The views ask as their caller (`security_invoker`): who may use only some columns of a
//!   table is served by the table alone. They do not serve TRUNCATE, COPY FROM, foreign keys, or
//!   reads of `ctid`.
//!
//! # Example
//!
//! ```
//! use planwright::relocate::{Relocation, Relocator};
//! use planwright::testing::TestDatabase;
//!
//! const REPORTS: Relocation =
//!     Relocation::new("public", "reports").tables(&["report"]).types(&["format"]);
//!
//! let database = TestDatabase::new([])?;
//! # let store = database.store();
//! # store.write(|uow| {
//! #     use diesel::connection::SimpleConnection;
//! #     let table = "CREATE TYPE format AS ENUM ('pdf', 'html');
//! #                  CREATE TABLE report (id bigserial PRIMARY KEY, format format)";
//! #     Ok(uow.connection().batch_execute(table)?)
//! # })?;
//! let plan = Relocator::new(store, REPORTS).plan()?;
//! println!("{plan}");
//! assert!(plan.is_clear() && plan.makes_schema);
//!
//! let receipt = Relocator::new(store, REPORTS).compatibility_views().run()?;
//! assert_eq!(receipt.moved.len(), 2);
//! assert_eq!(receipt.views, ["public.report"]);
//! // A second run finds nothing to do.
//! assert!(Relocator::new(store, REPORTS).run()?.nothing_done());
//!
//! let back = Relocator::new(store, REPORTS).reverse()?;
//! assert!(back.dropped_schema);
//! # Ok::<(), planwright::Error>(())
//! ```

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
