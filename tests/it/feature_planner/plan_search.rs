//! Full-text search over requests.

use planwright::Error;
use planwright::feature_planner::{
    FeaturePlanId, FeaturePlanMatch, MARK, MARK_END, MatchedRequest, NewFeaturePlan,
};

use super::Office;
use super::plans::explain;
use crate::support::execute;

impl Office {
    fn search(&self, query: &str, limit: u16) -> Vec<FeaturePlanMatch> {
        self.store().read(|uow| uow.feature_plans(self.user).search(query, limit)).expect(query)
    }

    fn found(&self, query: &str) -> Vec<FeaturePlanId> {
        self.search(query, 100).into_iter().map(|found| found.plan.id).collect()
    }

    fn refine(&self, id: FeaturePlanId, request: &str) {
        self.run(&format!(
            "UPDATE feature_planner.feature_plans SET refined_request = $${request}$$ WHERE id = '{id}'"
        ));
    }
}

/// The headline with other marks.
fn shown(found: &FeaturePlanMatch) -> String {
    found.headline.replace(MARK, "[").replace(MARK_END, "]")
}

#[test]
fn a_request_is_found_by_what_people_type() {
    let office = Office::new();
    let sorted = office.create("Sorting of invoices by their dates").id;
    let exported = office.create("Export customers and an invoice").id;
    let bare = office.create("Nothing to see here, the end").id;
    assert_eq!(office.found("sort"), [sorted]);
    assert_eq!(office.found("INVOICES").len(), 2);
    assert_eq!(office.found("invoice -export"), [sorted]);
    assert_eq!(office.found("exporting or date").len(), 2);
    assert_eq!(office.found("\"invoices by their date\""), [sorted]);
    assert_eq!(office.found("\"date invoices\""), []);
    assert_eq!(office.found("-invoice"), [bare]);
    assert_eq!(office.found("customer export"), [exported]);
    // Words that every text has, and what is no word.
    for query in ["the", "!!!", "a' & ((", "\\", "\"", "' ; --", ":*", "-", "or"] {
        assert_eq!(office.found(query), [], "{query}");
    }
    // As long as a word can be.
    assert_eq!(office.found(&"\u{1f600}".repeat(500)), []);
    assert_eq!(office.found(&"é".repeat(500)), []);
}

#[test]
fn each_of_the_two_requests_is_looked_into_and_the_better_one_is_shown() {
    let office = Office::new();
    let only_original = office.create("Sort the invoices").id;
    let only_refined = office.create("Have it in order").id;
    office.refine(only_refined, "Invoices, invoices and more invoices");
    let both = office.create("Print an invoice").id;
    office.refine(both, "Print an invoice");
    let apart = office.create("Invoices of today").id;
    office.refine(apart, "Sorting, at last");

    let found = office.search("invoice", 100);
    let first = &found[0];
    assert_eq!((first.plan.id, first.matched), (only_refined, MatchedRequest::Refined));
    assert_eq!(shown(first), "[Invoices], [invoices] and more [invoices]");
    assert!(first.rank > found[1].rank && found[1].rank > 0.0);
    // Of those that match alike the newest come first.
    let rest: Vec<_> = found[1..].iter().map(|one| (one.plan.id, one.matched, one.rank)).collect();
    let rank = found[1].rank;
    let original = |id| (id, MatchedRequest::Original, rank);
    assert_eq!(rest, [original(apart), original(both), original(only_original)]);
    assert_eq!(shown(&found[2]), "Print an [invoice]");
    // Found is what is whole in one request.
    assert_eq!(office.found("sort invoice"), [only_original]);
    let plan = office.get(only_refined);
    assert_eq!(first.plan, plan);
}

#[test]
fn the_marks_stand_for_what_was_found_and_for_nothing_else() {
    let office = Office::new();
    office.create(&format!("A {MARK}fake{MARK_END} mark, & <b>bold</b> 'invoice'"));
    let found = office.search("invoices", 1);
    let marks: Vec<_> = found[0].headline.matches([MARK, MARK_END]).collect();
    assert_eq!(marks, ["\u{2}", "\u{3}"]);
    assert!(shown(&found[0]).ends_with("'[invoice]'"), "{}", shown(&found[0]));
    assert!(shown(&found[0]).starts_with("A fake mark, & "));
    // The request itself is as it was.
    assert!(found[0].plan.original_request.contains(MARK));
}

#[test]
fn a_headline_is_a_part_of_a_long_request() {
    let office = Office::new();
    let id = office.create("Something to be refined").id;
    let long = format!("{} needle {}", "hay ".repeat(12_000), "hay ".repeat(12_000));
    office.refine(id, &long);
    let found = office.search("needle", 10);
    let words = shown(&found[0]);
    assert!(words.contains("[needle]") && words.split(' ').count() <= 35, "{words}");
}

#[test]
fn as_many_are_found_as_are_asked_for_and_only_the_users_own() {
    let office = Office::new();
    for n in 0..5 {
        office.create(&format!("Invoice number {n}"));
    }
    let theirs = NewFeaturePlan::new("An invoice of another's");
    let theirs =
        office.store().write(|uow| uow.feature_plans(office.other).create(&theirs)).unwrap();
    assert_eq!(office.search("invoice", 3).len(), 3);
    assert_eq!(office.search("invoice", 100).len(), 5);
    let found = office.store().read(|uow| uow.feature_plans(office.other).search("invoice", 100));
    let found: Vec<_> = found.unwrap().into_iter().map(|one| one.plan).collect();
    assert_eq!(found, [theirs]);
}

#[test]
fn what_cannot_be_searched_is_refused_before_anything_is_sent() {
    let office = Office::new();
    let long = "é".repeat(501);
    for (query, limit, why) in [
        ("", 1, "query: must not be blank"),
        (" \n\u{a0}", 1, "query: must not be blank"),
        ("a\0b", 1, "query: must not hold NUL"),
        (&long, 1, "query: must be at most 500 characters"),
        ("invoice", 0, "limit: must be from 1 to 100"),
        ("invoice", 101, "limit: must be from 1 to 100"),
    ] {
        let sent = office.store().write(|uow| {
            let refused = uow.feature_plans(office.user).search(query, limit).unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }));
            assert_eq!(refused.to_string(), format!("feature_planner::search.{why}"));
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
}

#[test]
fn both_indexes_are_used_and_headlines_are_made_of_what_is_returned() {
    let office = Office::new();
    office.run(&format!(
        "INSERT INTO feature_planner.feature_plans (user_id, original_request, refined_request)
         SELECT '{}', 'Sort list number ' || n, 'Sorted by key ' || n
           FROM generate_series(1, 20000) n",
        office.user
    ));
    office.run("ANALYZE feature_planner.feature_plans");
    let statement = include_str!("../../../src/feature_planner/plan/search.sql");
    let sql = |query: &str, limit: &str| {
        let user = format!("'{}'", office.user);
        statement.replace("$1", query).replace("$2", &user).replace("$3", limit)
    };
    let plan = explain(&office, &sql("'4711'", "10"));
    for part in [
        "BitmapOr",
        "Bitmap Index Scan on feature_plans_original_request_search_idx",
        "Bitmap Index Scan on feature_plans_refined_request_search_idx",
    ] {
        assert!(plan.contains(part), "{plan}");
    }
    assert!(!plan.contains("Seq Scan"), "{plan}");
    assert_eq!(office.search("4711", 10).len(), 1);
    assert_eq!(office.search("list", 10).len(), 10);
    // The headline is computed above the limit.
    let plan = explain(&office, &format!("(VERBOSE) {}", sql("'list'", "10")));
    let (above, below) = plan.split_once("Limit").expect(&plan);
    assert!(above.contains("ts_headline") && !below.contains("ts_headline"), "{plan}");
}
