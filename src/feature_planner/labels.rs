//! The enums of the context, each with the labels and in the order of the database.

use super::label::labels;
use super::schema::feature_planner::sql_types;

labels! {
    /// How much there is to a plan.
    Complexity {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }

    /// How sure an agent is.
    ConfidenceLevel {
        /// Very.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Hardly.
        Low = "low",
    }

    /// How much an agent expects to change.
    EstimatedScope {
        /// A little.
        Small = "small",
        /// Something.
        Medium = "medium",
        /// A lot.
        Large = "large",
    }

    /// Which part of the work a log entry belongs to.
    ExecutionStep {
        /// The request is said precisely.
        Refinement = "refinement",
        /// The files are found.
        Discovery = "discovery",
        /// The work is planned.
        Planning = "planning",
    }

    /// How far a discovery is.
    FileDiscoveryStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
    }

    /// How much a file matters to a plan, the most first.
    FilePriority {
        /// Nothing works without it.
        Critical = "critical",
        /// Much.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Little.
        Low = "low",
    }

    /// How far a generation is.
    ImplementationPlanStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
    }

    /// How far a feature plan is.
    PlanStatus {
        /// It has not begun.
        Draft = "draft",
        /// Its request is being refined.
        Refining = "refining",
        /// Its files are being found.
        Discovering = "discovering",
        /// Its work is being planned.
        Planning = "planning",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing, and may be refined again.
        Failed = "failed",
        /// It was given up. Final.
        Cancelled = "cancelled",
    }

    /// How far a refinement is.
    RefinementStatus {
        /// It has not begun.
        Pending = "pending",
        /// It has begun.
        Processing = "processing",
        /// It is done. Final.
        Completed = "completed",
        /// It came to nothing. Final.
        Failed = "failed",
        /// It was given up. Final.
        Cancelled = "cancelled",
    }

    /// How much can go wrong with a plan.
    RiskLevel {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }

    /// How hard an agent expects the work to be.
    TechnicalComplexity {
        /// Very.
        High = "high",
        /// Somewhat.
        Medium = "medium",
        /// Hardly.
        Low = "low",
    }
}
