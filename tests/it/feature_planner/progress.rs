//! Which status may follow which.

use planwright::feature_planner::{
    FileDiscoveryStatus, ImplementationPlanStatus, PlanStatus, RefinementStatus,
};

/// The steps that there are, of all that one can think of.
fn steps<S: Copy + std::fmt::Display>(all: &[S], may: impl Fn(S, S) -> bool) -> Vec<String> {
    let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| may(*from, *to)).map(|(from, to)| format!("{from} {to}")).collect()
}

#[test]
fn the_steps_of_a_plan_are_these_fourteen() {
    let found = steps(PlanStatus::ALL, PlanStatus::may_become);
    let expected = [
        "draft refining",
        "draft failed",
        "draft cancelled",
        "refining discovering",
        "refining failed",
        "refining cancelled",
        "discovering refining",
        "discovering planning",
        "discovering failed",
        "discovering cancelled",
        "planning completed",
        "planning failed",
        "planning cancelled",
        "failed refining",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_steps_of_attempts_are_these() {
    let expected = ["pending processing", "processing completed", "processing failed"];
    assert_eq!(steps(FileDiscoveryStatus::ALL, FileDiscoveryStatus::may_become), expected);
    assert_eq!(
        steps(ImplementationPlanStatus::ALL, ImplementationPlanStatus::may_become),
        expected
    );
    let with_cancelled = [
        "pending processing",
        "pending cancelled",
        "processing completed",
        "processing failed",
        "processing cancelled",
    ];
    assert_eq!(steps(RefinementStatus::ALL, RefinementStatus::may_become), with_cancelled);
}
