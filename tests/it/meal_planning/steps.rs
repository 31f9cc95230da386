//! Steps that many tests take: a draft, a commit of it, and what must hold behind them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid};
use planwright::meal_planning::{
    Committed, Content, Draft, DraftId, INVARIANTS, Message, PlanId, Revision, Version, factory,
};
use planwright::{Result, Store, UnitOfWork, UserId, verify};

/// A draft as it is begun: empty, on the active version.
pub(crate) fn begin(uow: &mut UnitOfWork<'_>, plan: PlanId, user: UserId) -> Result<Draft> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        draft_id: DraftId,
    }
    diesel::sql_query("SELECT FROM active_plans WHERE plan_id = $1 FOR UPDATE")
        .bind::<BigInt, _>(plan)
        .execute(uow.connection())?;
    let row: Row = diesel::sql_query(
        "INSERT INTO draft_plans (user_id, plan_id, name, base_version_id, seen_version_number)
         SELECT $1, plan_id, name, plan_version_id,
                (SELECT coalesce(max(version_number), 0) FROM plan_versions v
                  WHERE v.plan_id = a.plan_id)
           FROM active_plans a WHERE plan_id = $2
         RETURNING draft_id",
    )
    .bind::<Uuid, _>(user)
    .bind::<BigInt, _>(plan)
    .get_result(uow.connection())?;
    uow.meal_plan_drafts(user).get(row.draft_id)
}

/// A draft with this content, ready for a commit.
pub(crate) fn drafted(
    uow: &mut UnitOfWork<'_>,
    plan: PlanId,
    user: UserId,
    content: &Content,
) -> Result<(DraftId, Revision)> {
    let draft = begin(uow, plan, user)?;
    let revision = uow.meal_plan_drafts(user).put(draft.draft_id, draft.revision, content)?;
    Ok((draft.draft_id, revision))
}

/// A version with this content, of which there was none.
pub(crate) fn version(
    uow: &mut UnitOfWork<'_>,
    plan: PlanId,
    user: UserId,
    content: &Content,
    message: &Message,
) -> Result<Version> {
    let (draft, revision) = drafted(uow, plan, user, content)?;
    let committed = uow.meal_plan_drafts(user).commit(draft, revision, message)?;
    Ok(made(committed))
}

pub(crate) fn made(committed: Committed) -> Version {
    match committed {
        Committed::Version(version) => version,
        Committed::Unchanged { version } => panic!("is version {} already", version.version_number),
    }
}

pub(crate) fn message() -> Message {
    Message::new("A trial")
}

pub(crate) fn users(store: &Store, count: usize) -> Vec<UserId> {
    store.write(|uow| (0..count).map(|_| factory::user(uow)).collect()).unwrap()
}

/// Every rule of the context holds.
pub(crate) fn assert_sound(store: &Store) {
    let sanity = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    assert!(sanity.broken().next().is_none(), "{sanity}");
    assert_eq!(sanity.checked.len(), INVARIANTS.len());
}
