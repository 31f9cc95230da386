//! The contexts. The build script uses this file too, so it depends on nothing.

use std::fmt;

/// A part of the schema that a host chooses as a whole.
///
/// # Example
///
/// ```
/// use planwright::Context;
///
/// assert_eq!("modelling".parse::<Context>()?, Context::Modelling);
/// assert_eq!(Context::Modelling.to_string(), "modelling");
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Context {
    /// What the schema tools themselves remember, in schema `planwright`. Part of every choice.
    /// Where another one that is chosen refers to users, a minimal `public.users` as well, unless
    /// the host has its own.
    Core,
    /// Modelled retrofit plans and their measures.
    Modelling,
    /// Meal plans: mutable drafts and immutable versions.
    MealPlanning,
    /// Cutover migrations, their iterations, and the master plans that these run.
    Cutover,
    /// Feature requests: how each is refined, which files it is about, and how it is to be built.
    FeaturePlanner,
}

impl Context {
    /// Every context, in the order in which they came.
    pub const ALL: &'static [Self] =
        &[Self::Core, Self::Modelling, Self::MealPlanning, Self::Cutover, Self::FeaturePlanner];

    /// Its name in folder names, in the history and in Rust paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Modelling => "modelling",
            Self::MealPlanning => "meal_planning",
            Self::Cutover => "cutover",
            Self::FeaturePlanner => "feature_planner",
        }
    }

    /// Unique indexes that no migration makes, and a host may turn on: names, and definitions as the
    /// server writes them, from USING on.
    pub(crate) const fn policies(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Cutover => &[(
                "iterations_ite_mig_id_open_cutover_uq",
                "USING btree (mig_id) WHERE (((itt_code)::text = 'CUTOVER'::text) AND (ite_status = ANY \
                 (ARRAY['PLANNING'::public.cutover_status, 'IN_PROGRESS'::public.cutover_status])))",
            )],
            Self::Core | Self::Modelling | Self::MealPlanning | Self::FeaturePlanner => &[],
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
