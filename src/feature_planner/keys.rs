//! The keys of the context.

crate::key::uuids! {
    /// The key of a feature plan.
    FeaturePlanId;
    /// The key of a refinement.
    RefinementId;
    /// The key of a discovery session.
    DiscoveryId;
    /// The key of a file that a discovery has found.
    DiscoveredFileId;
    /// The key of a generation of an implementation plan.
    GenerationId;
    /// The key of a step of an implementation plan.
    PlanStepId;
    /// The key of a template of steps.
    TemplateId;
    /// The key of an entry of the log.
    ExecutionLogId;
}
