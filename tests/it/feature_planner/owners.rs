//! What belongs to another user is not found, whatever is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use planwright::feature_planner::{
    DiscoveredFile, Discovery, DiscoveryResult, ExecutionLog, ExecutionStep, Failure,
    FeaturePlanFilter, FeaturePlanId, FeaturePlanUpdate, FileFilter, FilePriority, FileUpdate,
    Generation, GenerationResult, NewDiscoveredFile, NewDiscovery, NewExecutionLog, NewFeaturePlan,
    NewGeneration, NewPlanStep, NewRefinement, NewTemplate, PlanStatus, PlanStep, PlanStepUpdate,
    Refinement, RefinementResult, Template, TemplateFilter, TemplateUpdate, factory,
};
use planwright::{Error, Page, Result, UnitOfWork, UserId};

use super::Office;

/// One of everything that a user can have: a plan in each step that attempts are made in, attempts that
/// are done and that are not.
struct World {
    draft: FeaturePlanId,
    refining: FeaturePlanId,
    discovering: FeaturePlanId,
    planning: FeaturePlanId,
    /// Pending, processing, completed.
    refinements: [Refinement; 3],
    discoveries: [Discovery; 3],
    generations: [Generation; 3],
    file: DiscoveredFile,
    step: PlanStep,
    template: Template,
    log: ExecutionLog,
}

impl World {
    fn of(uow: &mut UnitOfWork<'_>, user: UserId) -> Result<Self> {
        let draft = factory::plan(uow, user, PlanStatus::Draft)?;
        let refining = factory::plan(uow, user, PlanStatus::Refining)?;
        let discovering = factory::plan(uow, user, PlanStatus::Discovering)?;
        let planning = factory::plan(uow, user, PlanStatus::Planning)?;

        let one = [NewRefinement::new("agent")];
        let mut of = uow.feature_refinements(user);
        let refinements = [
            of.enqueue(refining, &one)?.remove(0),
            of.start(refining, &one)?.remove(0),
            of.start(refining, &one)?.remove(0),
        ];
        of.finish(refinements[2].id, &refined())?;
        of.select(refining, refinements[2].id)?;

        let mut of = uow.file_discoveries(user);
        let one = NewDiscovery::new("agent");
        let discoveries = [
            of.enqueue(discovering, &one)?,
            of.start(discovering, &one)?,
            of.start(discovering, &one)?,
        ];
        of.finish(discoveries[2].id, &found())?;
        of.select(discovering, discoveries[2].id)?;
        let listed = of.files(discoveries[2].id, &FileFilter::all(), Page::first(1))?;
        let file = listed.items.into_iter().next().expect("a file");

        let mut of = uow.plan_generations(user);
        let one = NewGeneration::new("agent");
        let generations =
            [of.enqueue(planning, &one)?, of.start(planning, &one)?, of.start(planning, &one)?];
        of.finish(generations[2].id, &generated())?;
        of.select(planning, generations[2].id)?;
        let step = of.steps(generations[2].id)?.remove(0);

        let template = uow.step_templates(user).create(&template())?;
        let log = uow.execution_logs(user).append(draft, &[entry()])?.remove(0);
        Ok(Self {
            draft,
            refining,
            discovering,
            planning,
            refinements,
            discoveries,
            generations,
            file,
            step,
            template,
            log,
        })
    }
}

fn refined() -> RefinementResult {
    RefinementResult::new("A page that lists the invoices of a customer by date.")
}

fn found() -> DiscoveryResult {
    DiscoveryResult::new(vec![NewDiscoveredFile::new("src/list.rs", FilePriority::High)])
}

fn generated() -> GenerationResult {
    GenerationResult { steps: vec![step()], ..GenerationResult::new("# Invoices") }
}

fn step() -> NewPlanStep {
    NewPlanStep::new("List them", "By date.")
}

fn template() -> NewTemplate {
    NewTemplate::new("review", "Review", "quality", "Two people read it.")
}

fn entry() -> NewExecutionLog {
    let start = "2027-05-01T10:00:00Z".parse().expect("a time");
    NewExecutionLog::new(ExecutionStep::Refinement, "conductor", start)
}

/// What somebody else sees.
#[derive(Debug, PartialEq)]
enum Sees {
    /// `NotFound`, of this entity.
    NotFound(&'static str),
    /// No row, or an empty list.
    Nothing,
    /// A row of their own.
    Own,
}

type Call = fn(&mut UnitOfWork<'_>, UserId, &World) -> Result<Sees>;

const PLAN: Sees = Sees::NotFound("feature_planner::FeaturePlan");
const REFINEMENT: Sees = Sees::NotFound("feature_planner::Refinement");
const DISCOVERY: Sees = Sees::NotFound("feature_planner::Discovery");
const FILE: Sees = Sees::NotFound("feature_planner::DiscoveredFile");
const GENERATION: Sees = Sees::NotFound("feature_planner::Generation");
const STEP: Sees = Sees::NotFound("feature_planner::PlanStep");
const TEMPLATE: Sees = Sees::NotFound("feature_planner::Template");
const LOG: Sees = Sees::NotFound("feature_planner::ExecutionLog");

fn own<T>(made: T) -> Sees {
    drop(made);
    Sees::Own
}

fn none<T>(found: Option<T>) -> Sees {
    found.map_or(Sees::Nothing, own)
}

fn empty<T>(found: &[T]) -> Sees {
    found.first().map_or(Sees::Nothing, own)
}

/// The repository and method, what another user must see, and the call.
macro_rules! calls {
    ($($repository:ident { $($method:ident $sees:expr, |$of:ident, $w:ident| $call:expr;)* })*) => {
        &[$($((
            stringify!($repository),
            stringify!($method),
            $sees,
            |uow: &mut UnitOfWork<'_>, user: UserId, $w: &World| {
                let mut $of = uow.$repository(user);
                let _ = $w;
                $call
            },
        ),)*)*]
    };
}

#[rustfmt::skip]
const CALLS: &[(&str, &str, Sees, Call)] = calls! {
    feature_plans {
        find Sees::Nothing, |of, w| of.find(w.draft).map(none);
        get PLAN, |of, w| of.get(w.draft).map(own);
        list Sees::Nothing, |of, w| of.list(&FeaturePlanFilter::all(), Page::first(9)).map(|found| empty(&found.items));
        create Sees::Own, |of, w| of.create(&NewFeaturePlan::new("A page for the orders.")).map(own);
        update PLAN, |of, w| of.update(w.draft, &FeaturePlanUpdate { original_request: "Something else.".into(), refinement_settings: None, session_id: None }).map(own);
        new_version PLAN, |of, w| of.new_version(w.draft, None).map(own);
        versions PLAN, |of, w| of.versions(w.draft).map(own);
        set_status PLAN, |of, w| of.set_status(w.draft, PlanStatus::Draft, PlanStatus::Refining).map(own);
        details PLAN, |of, w| of.details(w.draft).map(own);
        search Sees::Nothing, |of, w| of.search("invoices", 9).map(|found| empty(&found));
        stale Sees::Nothing, |of, w| of.stale(Duration::ZERO, Page::first(9)).map(|found| empty(&found.items));
        delete PLAN, |of, w| of.delete(w.draft).map(own);
    }
    feature_refinements {
        find Sees::Nothing, |of, w| of.find(w.refinements[0].id).map(none);
        get REFINEMENT, |of, w| of.get(w.refinements[0].id).map(own);
        list PLAN, |of, w| of.list(w.refining, Page::first(9)).map(own);
        enqueue PLAN, |of, w| of.enqueue(w.refining, &[NewRefinement::new("agent")]).map(own);
        start PLAN, |of, w| of.start(w.refining, &[NewRefinement::new("agent")]).map(own);
        begin REFINEMENT, |of, w| of.begin(w.refinements[0].id).map(own);
        finish REFINEMENT, |of, w| of.finish(w.refinements[1].id, &refined()).map(own);
        fail REFINEMENT, |of, w| of.fail(w.refinements[1].id, &Failure::new("mine now")).map(own);
        cancel REFINEMENT, |of, w| of.cancel(w.refinements[0].id).map(own);
        select PLAN, |of, w| of.select(w.refining, w.refinements[2].id).map(own);
        delete REFINEMENT, |of, w| of.delete(w.refinements[0].id).map(own);
    }
    file_discoveries {
        find Sees::Nothing, |of, w| of.find(w.discoveries[0].id).map(none);
        get DISCOVERY, |of, w| of.get(w.discoveries[0].id).map(own);
        list PLAN, |of, w| of.list(w.discovering, Page::first(9)).map(own);
        enqueue PLAN, |of, w| of.enqueue(w.discovering, &NewDiscovery::new("agent")).map(own);
        start PLAN, |of, w| of.start(w.discovering, &NewDiscovery::new("agent")).map(own);
        begin DISCOVERY, |of, w| of.begin(w.discoveries[0].id).map(own);
        finish DISCOVERY, |of, w| of.finish(w.discoveries[1].id, &found()).map(own);
        fail DISCOVERY, |of, w| of.fail(w.discoveries[1].id, &Failure::new("mine now")).map(own);
        select PLAN, |of, w| of.select(w.discovering, w.discoveries[2].id).map(own);
        files DISCOVERY, |of, w| of.files(w.discoveries[2].id, &FileFilter::all(), Page::first(9)).map(own);
        add_file DISCOVERY, |of, w| of.add_file(w.discoveries[2].id, &NewDiscoveredFile::new("mine.rs", FilePriority::Low)).map(own);
        update_file FILE, |of, w| of.update_file(w.file.id, &FileUpdate { relevance_score: 99, ..(&w.file).into() }).map(own);
        remove_file FILE, |of, w| of.remove_file(w.file.id).map(own);
        select_files PLAN, |of, w| of.select_files(w.discovering, &[w.file.id]).map(own);
        deselect_files PLAN, |of, w| of.deselect_files(w.discovering, &[w.file.id]).map(own);
        delete DISCOVERY, |of, w| of.delete(w.discoveries[0].id).map(own);
    }
    plan_generations {
        find Sees::Nothing, |of, w| of.find(w.generations[0].id).map(none);
        get GENERATION, |of, w| of.get(w.generations[0].id).map(own);
        list PLAN, |of, w| of.list(w.planning, Page::first(9)).map(own);
        enqueue PLAN, |of, w| of.enqueue(w.planning, &NewGeneration::new("agent")).map(own);
        start PLAN, |of, w| of.start(w.planning, &NewGeneration::new("agent")).map(own);
        begin GENERATION, |of, w| of.begin(w.generations[0].id).map(own);
        finish GENERATION, |of, w| of.finish(w.generations[1].id, &generated()).map(own);
        fail GENERATION, |of, w| of.fail(w.generations[1].id, &Failure::new("mine now")).map(own);
        select PLAN, |of, w| of.select(w.planning, w.generations[2].id).map(own);
        steps GENERATION, |of, w| of.steps(w.generations[2].id).map(own);
        add_step GENERATION, |of, w| of.add_step(w.generations[2].id, &step(), None).map(own);
        add_step_from_template GENERATION, |of, w| of.add_step_from_template(w.generations[2].id, w.template.id, None).map(own);
        update_step STEP, |of, w| of.update_step(w.step.id, &PlanStepUpdate { title: "Mine".into(), ..(&w.step).into() }).map(own);
        reorder GENERATION, |of, w| of.reorder(w.generations[2].id, &[w.step.id]).map(own);
        delete_step STEP, |of, w| of.delete_step(w.step.id).map(own);
        delete GENERATION, |of, w| of.delete(w.generations[0].id).map(own);
    }
    step_templates {
        find Sees::Nothing, |of, w| of.find(w.template.id).map(none);
        get TEMPLATE, |of, w| of.get(w.template.id).map(own);
        list Sees::Nothing, |of, w| of.list(&TemplateFilter::all(), Page::first(9)).map(|found| empty(&found.items));
        create Sees::Own, |of, w| of.create(&template()).map(own);
        update TEMPLATE, |of, w| of.update(w.template.id, &TemplateUpdate { title: "Mine".into(), ..(&w.template).into() }).map(own);
        delete TEMPLATE, |of, w| of.delete(w.template.id).map(own);
    }
    execution_logs {
        find Sees::Nothing, |of, w| of.find(w.log.id).map(none);
        get LOG, |of, w| of.get(w.log.id).map(own);
        list PLAN, |of, w| of.list(w.draft, None, Page::first(9)).map(own);
        append PLAN, |of, w| of.append(w.draft, &[entry()]).map(own);
        tree PLAN, |of, w| of.tree(w.draft).map(own);
        totals PLAN, |of, w| of.totals(w.draft).map(own);
    }
};

/// How many public methods the six repositories have.
const METHODS: usize = 67;

#[test]
fn whatever_belongs_to_another_user_is_not_found_by_any_of_the_methods() {
    let office = Office::new();
    let world = office.store().write(|uow| World::of(uow, office.user)).unwrap();
    let all = rows(&office);
    for (repository, method, sees, call) in CALLS {
        let outcome = office.store().write(|uow| match call(uow, office.other, &world) {
            Err(Error::NotFound { entity, .. }) => Ok(Sees::NotFound(entity)),
            other => other,
        });
        assert_eq!(outcome.as_ref().ok(), Some(sees), "{repository}().{method}(): {outcome:?}");
    }
    let of = |user: UserId| format!("user_id = '{user}'");
    for table in ["feature_plans", "plan_step_templates"] {
        let made = format!("DELETE FROM feature_planner.{table} WHERE {}", of(office.other));
        let made = format!("WITH gone AS ({made} RETURNING 1) SELECT count(*) FROM gone");
        assert_eq!(written(&office, &made), 1, "the one of their own in {table}");
    }
    assert_eq!(rows(&office), all, "nothing of the user's has changed");
    println!("{} methods, each asked for another user's", CALLS.len());

    // The owner can do each, so it was the user that stood in the way.
    for (repository, method, _, call) in CALLS {
        let tried = office.store().write(|uow| -> Result<()> {
            let outcome = call(uow, office.user, &world);
            let refused = outcome.as_ref().is_err_and(Error::is_not_found);
            assert!(!refused, "{repository}().{method}(): {outcome:?}");
            outcome.map(drop)?;
            Err(Error::invalid("test", "undone", "is taken back"))
        });
        let error = tried.unwrap_err().to_string();
        assert_eq!(error, "test.undone: is taken back", "{repository}().{method}()");
    }
}

#[test]
fn every_public_method_of_the_repositories_is_in_that_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/feature_planner");
    let mut found = BTreeSet::new();
    read(&folder, &mut found);
    let of = |repository: &str| match repository {
        "feature_plans" => "FeaturePlanRepository",
        "feature_refinements" => "RefinementRepository",
        "file_discoveries" => "DiscoveryRepository",
        "plan_generations" => "GenerationRepository",
        "step_templates" => "TemplateRepository",
        "execution_logs" => "ExecutionLogRepository",
        other => panic!("what is {other}?"),
    };
    let listed: BTreeSet<_> =
        CALLS.iter().map(|(of_, name, ..)| format!("{}::{name}", of(of_))).collect();
    assert_eq!(found, listed);
    assert_eq!((found.len(), CALLS.len()), (METHODS, METHODS));
}

/// The public methods of repositories in the sources below a folder.
fn read(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut repository = None;
            for line in fs::read_to_string(&path).unwrap().lines() {
                if let Some(rest) = line.strip_prefix("impl ") {
                    repository =
                        rest.split_once("Repository<'_> {").map(|(name, _)| name.to_owned());
                } else if line == "}" {
                    repository = None;
                } else if let (Some(name), Some(rest)) =
                    (&repository, line.strip_prefix("    pub fn "))
                {
                    let method = rest.split(['(', '<']).next().unwrap();
                    found.insert(format!("{name}Repository::{method}"));
                }
            }
        }
    }
}

/// The count that a statement gives that writes.
fn written(office: &Office, sql: &str) -> i64 {
    let count = diesel::dsl::sql::<BigInt>(sql);
    office.store().write(|uow| Ok(count.clone().get_result(uow.connection())?)).unwrap()
}

/// Every row of every table, as one hash.
fn rows(office: &Office) -> String {
    let tables = [
        "discovered_files",
        "feature_plans",
        "feature_refinements",
        "file_discovery_sessions",
        "implementation_plan_generations",
        "plan_execution_logs",
        "plan_step_templates",
        "plan_steps",
    ];
    let of = |table| {
        format!(
            "SELECT '{table} ' || count(*) || ' ' || md5(string_agg(t::text, ',' ORDER BY id))
               FROM feature_planner.{table} t"
        )
    };
    let each = tables.map(of).join(" UNION ALL ");
    office.text(&format!("SELECT string_agg(line, E'\\n' ORDER BY line) FROM ({each}) AS x (line)"))
}
