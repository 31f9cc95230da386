//! Which status may follow which.

use std::fmt;

use super::labels::{FileDiscoveryStatus, ImplementationPlanStatus, PlanStatus, RefinementStatus};
use crate::error::{Error, Result};

impl PlanStatus {
    /// Whether nothing follows it but, after [`Failed`](Self::Failed), another try.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether this one may follow.
    ///
    /// ```text
    /// draft -> refining -> discovering -> planning -> completed
    /// refining <- discovering | failed        another try
    /// whatever is not final -> failed | cancelled
    /// ```
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::PlanStatus;
    ///
    /// assert!(PlanStatus::Failed.may_become(PlanStatus::Refining));
    /// assert!(!PlanStatus::Draft.may_become(PlanStatus::Planning));
    /// ```
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Draft => false,
            Self::Refining => matches!(self, Self::Draft | Self::Discovering | Self::Failed),
            Self::Discovering => matches!(self, Self::Refining),
            Self::Planning => matches!(self, Self::Discovering),
            Self::Completed => matches!(self, Self::Planning),
            Self::Failed | Self::Cancelled => !self.is_final(),
        }
    }
}

impl RefinementStatus {
    /// Whether nothing follows it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether this one may follow: `pending -> processing -> completed | failed`, and `cancelled`
    /// before it is final.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Pending => false,
            Self::Processing => matches!(self, Self::Pending),
            Self::Completed | Self::Failed => matches!(self, Self::Processing),
            Self::Cancelled => !self.is_final(),
        }
    }
}

impl FileDiscoveryStatus {
    /// Whether nothing follows it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether this one may follow: `pending -> processing -> completed | failed`.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Pending => false,
            Self::Processing => matches!(self, Self::Pending),
            Self::Completed | Self::Failed => matches!(self, Self::Processing),
        }
    }
}

impl ImplementationPlanStatus {
    /// Whether nothing follows it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether this one may follow: `pending -> processing -> completed | failed`.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Pending => false,
            Self::Processing => matches!(self, Self::Pending),
            Self::Completed | Self::Failed => matches!(self, Self::Processing),
        }
    }
}

/// What has a status: each step is taken from the status that it must have.
pub(super) trait Progress: Copy + PartialEq + fmt::Display {
    fn may_become(self, next: Self) -> bool;

    /// Refuses a step that there is not, before the server is asked.
    fn check_step(self, next: Self, entity: &'static str, key: impl fmt::Display) -> Result<()> {
        if self.may_become(next) { Ok(()) } else { Err(no_step(self, next, entity, key)) }
    }

    /// Why the step from here found nothing to change, as the thing is `now` something else: who may
    /// still take the step from there decides again, and otherwise there is none.
    fn lost(self, next: Self, now: Self, entity: &'static str, key: impl fmt::Display) -> Error {
        if !now.may_become(next) {
            return no_step(now, next, entity, key);
        }
        let reason = if now == self {
            format!("is {now} again, and was not a moment ago")
        } else {
            format!("is {now} by now, and not {self}")
        };
        Error::conflict(entity, key, reason)
    }
}

fn no_step(
    from: impl fmt::Display,
    to: impl fmt::Display,
    entity: &'static str,
    key: impl fmt::Display,
) -> Error {
    let (key, from, to) = (key.to_string(), from.to_string(), to.to_string());
    Error::InvalidTransition { entity, key, from, to }
}

macro_rules! progress {
    ($($name:ident)*) => {$(
        impl Progress for $name {
            fn may_become(self, next: Self) -> bool {
                $name::may_become(self, next)
            }
        }
    )*};
}
progress!(PlanStatus RefinementStatus FileDiscoveryStatus ImplementationPlanStatus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_lost_is_no_step_only_where_there_is_none() {
        use PlanStatus::{Completed, Draft, Failed, Refining};
        let lost = |now: PlanStatus| Draft.lost(Failed, now, "a plan", 1);
        assert_eq!(lost(Refining).to_string(), "a plan 1: is refining by now, and not draft");
        assert_eq!(lost(Draft).to_string(), "a plan 1: is draft again, and was not a moment ago");
        assert!(matches!(lost(Completed), Error::InvalidTransition { .. }));
    }
}
