//! The connection is cut at every message of a commit.

use planwright::meal_planning::{DraftId, Revision};
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Error, Result, Store, StoreOptions};

use super::Kitchen;
use super::steps::{assert_sound, drafted, message};
use crate::support::number;

struct Bench {
    kitchen: Kitchen,
    proxy: FaultProxy,
}

impl Bench {
    fn new() -> Self {
        let kitchen = Kitchen::new();
        kitchen.commit(&kitchen.content([1, 1, 1, 1]));
        let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
        Self { kitchen, proxy }
    }

    fn through(&self) -> Store {
        let url = self.proxy.url_for(self.kitchen.database.url()).unwrap();
        Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap()
    }

    fn draft(&self) -> (DraftId, Revision) {
        let content = self.kitchen.content([2, 2, 2, 2]);
        let (plan, user) = (self.kitchen.plan.plan_id, self.kitchen.user);
        self.kitchen.store().write(|uow| drafted(uow, plan, user, &content)).unwrap()
    }

    fn commit(&self, store: &Store, (draft, revision): (DraftId, Revision)) -> Result<()> {
        let user = self.kitchen.user;
        store.write(|uow| uow.meal_plan_drafts(user).commit(draft, revision, &message()).map(drop))
    }

    /// Versions, drafts, and rows of either tree.
    fn stored(&self) -> [i64; 4] {
        [
            "SELECT count(*) FROM plan_versions",
            "SELECT count(*) FROM draft_plans",
            "SELECT count(*) FROM ingredient_versions",
            "SELECT count(*) FROM draft_ingredients",
        ]
        .map(|sql| number(self.kitchen.store(), sql))
    }
}

#[test]
fn a_commit_that_is_cut_leaves_the_draft_or_the_version() {
    let bench = Bench::new();
    let store = bench.through();
    bench.commit(&store, bench.draft()).unwrap();

    let whole = bench.draft();
    bench.proxy.set(Fault::None);
    bench.commit(&store, whole).unwrap();
    let trace: Vec<_> = bench.proxy.trace().into_iter().map(|request| request.sql).collect();
    assert_eq!(trace.len(), 5, "{trace:?}");
    let commit = trace.len() - 1;
    assert!(trace[0].starts_with("BEGIN") && trace[commit].ends_with("COMMIT"), "{trace:?}");

    for (k, sql) in trace.iter().enumerate() {
        let at = At::Request(k as u64);
        for point in [Point::Before(at), Point::Within(at), Point::Reply(at)] {
            let what = format!("{point:?} ({sql})");
            // So that the statements are prepared, and the requests are those of the trace.
            bench.commit(&store, bench.draft()).unwrap();
            let draft = bench.draft();
            let [versions, _, lines, _] = bench.stored();
            bench.proxy.set(Fault::CutAt(point));
            let answer = bench.commit(&store, draft);
            assert!(bench.proxy.fired(), "{what}");
            // A BEGIN that is lost is begun again.
            let is_made = k == 0 || (k == commit && matches!(point, Point::Reply(_)));
            let expected =
                if is_made { [versions + 1, 0, lines + 16, 0] } else { [versions, 1, lines, 16] };
            assert_eq!(bench.stored(), expected, "{what}");
            match answer {
                Ok(()) => assert!(k == 0, "{what}"),
                Err(Error::Unavailable { .. }) => assert!(k != 0 && k != commit, "{what}"),
                Err(Error::CommitUnknown { .. }) => assert!(k == commit, "{what}"),
                Err(other) => panic!("{what}: {other:?}"),
            }
            let again = bench.commit(&store, draft);
            match again {
                Ok(()) => assert!(!is_made, "{what}"),
                Err(error) => assert!(is_made && error.is_not_found(), "{what}: {error:?}"),
            }
        }
    }
    assert_sound(bench.kitchen.store());
}
