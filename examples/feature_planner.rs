//! Tells the story of a feature request: refined by three agents, looked up in the project, planned in
//! steps, with its log. `cargo run --example feature_planner`.
//!
//! On the database that `DATABASE_URL` names, else on a private server that is gone afterwards. Each
//! run has a user of its own. The agents are played: what they say is made up.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use planwright::feature_planner::{
    Complexity, ConfidenceLevel, DiscoveryResult, ExecutionStep, Failure, FeaturePlan,
    FeaturePlanId, FileFilter, FilePriority, GenerationResult, MARK, MARK_END, NewDiscoveredFile,
    NewDiscovery, NewExecutionLog, NewFeaturePlan, NewGeneration, NewPlanStep, NewRefinement,
    NewTemplate, PlanStatus, RefinementResult, RiskLevel, Usage,
};
use planwright::local_server::Database;
use planwright::migrate::Migrator;
use planwright::{Context, Page, Store, StoreOptions, UserId};
use serde_json::json;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let database = Database::from_env()?; // DATABASE_URL, or a private PostgreSQL
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::FeaturePlanner]).up()?;
    tell(&store, &mut io::stdout().lock())
}

/// A user's plan on its way, and the log that is written beside it.
struct Story<'a> {
    store: &'a Store,
    user: UserId,
    plan: FeaturePlanId,
    now: DateTime<Utc>,
    conductor: NewExecutionLog,
}

pub(crate) fn tell(store: &Store, out: &mut dyn Write) -> Done {
    let user = user(store)?;
    let new = NewFeaturePlan {
        refinement_settings: Some(json!({ "agents": 3 })),
        ..NewFeaturePlan::new("Customers want to see their invoices and pay the open ones.")
    };
    let plan = store.write(|uow| uow.feature_plans(user).create(&new))?;
    writeln!(out, "The request: {}", plan.original_request)?;

    let now = "2027-05-03T09:00:00Z".parse()?;
    let conductor = NewExecutionLog {
        agent_model: Some("opus".to_owned()),
        ..NewExecutionLog::new(ExecutionStep::Refinement, "conductor", now)
    };
    let entries = [conductor.clone()];
    store.write(|uow| uow.execution_logs(user).append(plan.id, &entries))?;
    let mut request = Story { store, user, plan: plan.id, now, conductor };
    request.refine(out)?;
    request.discover(out)?;
    request.generate(out)?;

    let done = request.becomes(PlanStatus::Planning, PlanStatus::Completed)?;
    writeln!(out, "\nThe plan is {}, of {} risk.", done.status, label(done.risk_level))?;
    refused(
        out,
        store.write(|uow| {
            uow.feature_plans(user).set_status(plan.id, PlanStatus::Completed, PlanStatus::Refining)
        }),
    )?;
    let stranger = self::user(store)?;
    refused(out, store.read(|uow| uow.feature_plans(stranger).get(plan.id)))?;
    request.report(out)
}

impl Story<'_> {
    /// Three agents at once, of which one fails.
    fn refine(&mut self, out: &mut dyn Write) -> Done {
        let (store, user, plan) = (self.store, self.user, self.plan);
        self.becomes(PlanStatus::Draft, PlanStatus::Refining)?;
        writeln!(out, "\nThree agents refine it:")?;
        let agents = ["strict", "bold", "frugal"].map(NewRefinement::new);
        let begun = store.write(|uow| uow.feature_refinements(user).start(plan, &agents))?;
        let [strict, bold, frugal] = [begun[0].id, begun[1].id, begun[2].id];

        let result = RefinementResult {
            confidence: Some(ConfidenceLevel::High),
            key_requirements: Some(json!(["a list by date", "payment by card"])),
            usage: Usage::new().tokens(900, 240).execution_time_ms(4_200),
            ..RefinementResult::new(
                "A page lists a customer's invoices by date, and takes card payments for open ones.",
            )
        };
        let kept = store.write(|uow| uow.feature_refinements(user).finish(strict, &result))?;
        self.log(ExecutionStep::Refinement, "strict", result.usage, None)?;

        let failure = Failure {
            message: "the model is overloaded".to_owned(),
            usage: Usage::new().execution_time_ms(30_000),
        };
        let lost = store.write(|uow| uow.feature_refinements(user).fail(bold, &failure))?;
        self.log(ExecutionStep::Refinement, "bold", failure.usage, Some(&failure.message))?;

        let usage = Usage::new().tokens(700, 90).execution_time_ms(2_100);
        let result = RefinementResult { usage, ..RefinementResult::new("A list of invoices.") };
        store.write(|uow| uow.feature_refinements(user).finish(frugal, &result))?;
        self.log(ExecutionStep::Refinement, "frugal", usage, None)?;

        let page = Page::first(10);
        let all = store.read(|uow| uow.feature_refinements(user).list(plan, page))?;
        for one in &all.items {
            let why = one.error_message.as_deref().unwrap_or("");
            let line = format!("  {:<7} {:<10} {why}", one.agent_id, one.status);
            writeln!(out, "{}", line.trim_end())?;
        }
        let hang = store.read(|uow| uow.feature_plans(user).stale(Duration::ZERO, Page::first(10)));
        assert!(hang?.items.is_empty(), "nothing stays in processing");

        refused(out, store.write(|uow| uow.feature_refinements(user).select(plan, lost.id)))?;
        let plan = store.write(|uow| uow.feature_refinements(user).select(plan, kept.id))?;
        writeln!(out, "  selected: {}", plan.refined_request.unwrap_or_default())?;
        Ok(())
    }

    /// The files that it is about.
    fn discover(&mut self, out: &mut dyn Write) -> Done {
        let (store, user, plan) = (self.store, self.user, self.plan);
        self.becomes(PlanStatus::Refining, PlanStatus::Discovering)?;
        writeln!(out, "\nThe files that it is about:")?;
        let new = NewDiscovery::new("file finder");
        let begun = store.write(|uow| uow.file_discoveries(user).start(plan, &new))?;
        let file = |path, priority, relevance_score| NewDiscoveredFile {
            relevance_score,
            ..NewDiscoveredFile::new(path, priority)
        };
        let result = DiscoveryResult {
            usage: Usage::new().tokens(5_200, 800).execution_time_ms(9_700),
            ..DiscoveryResult::new(vec![
                file("README.md", FilePriority::Low, 5),
                file("src/payment.rs", FilePriority::Critical, 80),
                file("src/invoice/list.rs", FilePriority::Critical, 95),
                file("src/customer.rs", FilePriority::Medium, 40),
            ])
        };
        let found = store.write(|uow| uow.file_discoveries(user).finish(begun.id, &result))?;
        self.log(ExecutionStep::Discovery, "file finder", result.usage, None)?;

        store.write(|uow| {
            let mut discoveries = uow.file_discoveries(user);
            discoveries.select(plan, found.id)?;
            let by_hand = NewDiscoveredFile::new("docs/payments.md", FilePriority::High);
            discoveries.add_file(found.id, &by_hand)
        })?;
        let files = store.read(|uow| {
            uow.file_discoveries(user).files(found.id, &FileFilter::all(), Page::first(10))
        })?;
        let wanted: Vec<_> = files.items.iter().take(3).map(|file| file.id).collect();
        store.write(|uow| uow.file_discoveries(user).select_files(plan, &wanted))?;
        for file in &files.items {
            let mark = if wanted.contains(&file.id) { "x" } else { " " };
            let by = if file.is_manually_added { ", by hand" } else { "" };
            writeln!(out, "  [{mark}] {:<8} {}{by}", file.priority, file.file_path)?;
        }
        Ok(())
    }

    /// The steps, one of them from a template, put into another order.
    fn generate(&mut self, out: &mut dyn Write) -> Done {
        let (store, user, plan) = (self.store, self.user, self.plan);
        self.becomes(PlanStatus::Discovering, PlanStatus::Planning)?;
        writeln!(out, "\nThe steps, in a better order than that of the agent:")?;
        let new = NewGeneration::new("planner");
        let begun = store.write(|uow| uow.plan_generations(user).start(plan, &new))?;
        let step = |title: &str| NewPlanStep::new(title, format!("{title}, with tests."));
        let result = GenerationResult {
            complexity: Some(Complexity::Medium),
            risk_level: Some(RiskLevel::Low),
            estimated_duration: Some("three days".to_owned()),
            usage: Usage::new().tokens(6_800, 2_100).execution_time_ms(21_000),
            steps: ["Take payments", "List invoices", "Show open ones"].map(step).to_vec(),
            ..GenerationResult::new("# Invoices\n\nList them, then take payments.")
        };
        let made = store.write(|uow| uow.plan_generations(user).finish(begun.id, &result))?;
        self.log(ExecutionStep::Planning, "planner", result.usage, None)?;

        let review = NewTemplate::new("review", "Review", "quality", "Two people read the change.");
        let template = store.write(|uow| uow.step_templates(user).create(&review))?;
        store.write(|uow| {
            let mut generations = uow.plan_generations(user);
            generations.add_step_from_template(made.id, template.id, None)?;
            let steps = generations.steps(made.id)?;
            let order = [1, 2, 0, 3].map(|place: usize| steps[place].id);
            generations.reorder(made.id, &order)?;
            generations.select(plan, made.id)
        })?;
        for step in store.read(|uow| uow.plan_generations(user).steps(made.id))? {
            let from = if step.is_from_template { ", from a template" } else { "" };
            writeln!(out, "  {}. {}{from}", step.step_number, step.title)?;
        }
        Ok(())
    }

    fn becomes(&self, from: PlanStatus, to: PlanStatus) -> planwright::Result<FeaturePlan> {
        self.store.write(|uow| uow.feature_plans(self.user).set_status(self.plan, from, to))
    }

    /// A call of the conductor's that is over.
    fn log(&mut self, step: ExecutionStep, agent: &str, usage: Usage, error: Option<&str>) -> Done {
        let time = i64::from(usage.execution_time_ms.unwrap_or(0));
        let end = self.now + TimeDelta::milliseconds(time);
        let entry = NewExecutionLog {
            end_time: Some(end),
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            is_success: error.is_none(),
            error_message: error.map(str::to_owned),
            ..NewExecutionLog::new(step, agent, self.now)
        };
        let entries = [entry.below(&self.conductor)];
        self.now = end;
        self.store.write(|uow| uow.execution_logs(self.user).append(self.plan, &entries))?;
        Ok(())
    }

    /// The log as a tree, its totals, and how the plan is found again.
    fn report(&self, out: &mut dyn Write) -> Done {
        let (store, user, plan) = (self.store, self.user, self.plan);
        let (details, tree) = store.read(|uow| {
            Ok((uow.feature_plans(user).details(plan)?, uow.execution_logs(user).tree(plan)?))
        })?;
        let metrics = details.metrics;
        writeln!(
            out,
            "\n{} attempts, {} of them completed and {} failed: {} tokens, {} ms.",
            metrics.attempts,
            metrics.completed,
            metrics.failed,
            metrics.total_tokens,
            metrics.execution_time_ms
        )?;

        writeln!(out, "\nIts log:")?;
        for node in &tree {
            let entry = &node.entry;
            let agent = format!("{}{}", "  ".repeat(node.depth), entry.agent_type);
            let end = match &entry.error_message {
                Some(why) => format!("failed: {why}"),
                None => entry.duration_ms.map_or(String::new(), |time| format!("{time} ms")),
            };
            writeln!(out, "  {}", format!("{agent:<16}{end}").trim_end())?;
        }
        writeln!(out, "\nWhat that comes to:")?;
        let line = |name: &str, sums: &planwright::feature_planner::LogSums| {
            format!(
                "  {name:<11}{:>2} calls {:>7} tokens {:>7} ms",
                sums.entries, sums.total_tokens, sums.duration_ms
            )
        };
        for (step, sums) in &details.log.by_step {
            writeln!(out, "{}", line(&step.to_string(), sums))?;
        }
        writeln!(out, "{}", line("all", &details.log.all))?;

        let found = store.read(|uow| uow.feature_plans(user).search("paying invoice", 5))?;
        let headline = found[0].headline.replace([MARK, MARK_END], "*");
        writeln!(out, "\nSearched for \"paying invoice\": {headline}")?;
        Ok(())
    }
}

fn label(level: Option<RiskLevel>) -> &'static str {
    level.map_or("unknown", RiskLevel::label)
}

/// A user as the host would make one, where `users` has no other column that needs a value.
fn user(store: &Store) -> planwright::Result<UserId> {
    let id = UserId::new();
    store.write(|uow| {
        diesel::sql_query("INSERT INTO public.users (id) VALUES ($1)")
            .bind::<Uuid, _>(id)
            .execute(uow.connection())?;
        Ok(id)
    })
}

fn refused<T: std::fmt::Debug>(out: &mut dyn Write, result: planwright::Result<T>) -> Done {
    match result {
        Err(error) => Ok(writeln!(out, "  refused: {error}")?),
        Ok(value) => Err(format!("not refused: {value:?}").into()),
    }
}
