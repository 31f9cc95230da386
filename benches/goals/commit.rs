//! The commit of a draft, against the same statements by hand; of a year; beside what drafts and
//! versions have left.

use chrono::NaiveTime;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text, Time, Uuid};
use planwright::meal_planning::{MealId, PlanId, VersionId};
use planwright::testing::TestDatabase;
use planwright::{Context, Store, StoreOptions};

use super::author::{Author, DraftAt, Size, WEEK, YEAR, rows};
use super::input::{execute, server_version};
use crate::harness::{Figures, Goal, Latency, Outcome, Race, Ratio, Statement, Times, said, timed};

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let database = TestDatabase::new([Context::MealPlanning])?;
    server_version(database.store(), figures)?;
    let trips = [[1, 1, 1, 1], WEEK, YEAR].map(|size| round_trips(&database, size));
    let [least, needed, most] = trips;
    let (least, needed, most) = (least?, needed?, most?);
    let trips = Some((needed, 5));
    let what = "commit of 28 × 4 × 12 lines";

    let [library, by_hand] = race(&database, database.url(), 30, 3)?;
    figures.ratio(what, Ratio::cost(&library, &by_hand), Goal::AtMost(1.1), trips);
    figures.number("its round trips", needed as f64, "", Goal::Exactly(5.0));
    figures.number("more for a year's", (most - least) as f64, "", Goal::Exactly(0.0));

    let mut week = Author::new(database.store(), WEEK)?;
    let mut year = Author::new(database.store(), YEAR)?;
    let [week, year] = Race::new()
        .enter("each row of a week", |number| Ok(week.commit(number)?))
        .enter("each row of a year", |number| Ok(year.commit(number)?))
        .run(20, 1)?;
    let [week, year] = [per_row(week, WEEK), per_row(year, YEAR)];
    let what_of_year = "commit of 365 × 6 × 15 lines, each row";
    figures.ratio(what_of_year, Ratio::cost(&year, &week), Goal::AtMost(2.0), None);

    let away = Latency::of(&database)?;
    let [library, by_hand] = race(&database, &away.url, 20, 1)?;
    let what = format!("{what}, server 1 ms away");
    figures.ratio(&what, Ratio::cost(&library, &by_hand), Goal::None, trips);

    super::churn::measure(figures)?;
    beside_versions(figures)
}

/// Only the commit itself goes by way of this URL.
fn race(database: &TestDatabase, url: &str, rounds: usize, turns: usize) -> Outcome<[Times; 2]> {
    let store = Store::connect(url, &StoreOptions::default())?;
    let mut bare = PgConnection::establish(url)?;
    let mut ours = Author::new(database.store(), WEEK)?;
    let mut theirs = Author::new(database.store(), WEEK)?;
    Race::new()
        .enter("commit", |number| {
            let draft = ours.draft(number)?;
            Ok(ours.commit_draft(&store, draft)?)
        })
        .enter("the same statements, prepared", |number| {
            let draft = theirs.draft(number)?;
            timed(|| commit_by_hand(&mut bare, &theirs, draft))
        })
        .run(rounds, turns)
}

fn round_trips(database: &TestDatabase, size: Size) -> Outcome<u64> {
    let mut author = Author::new(database.store(), size)?;
    let mut number = 0;
    let said = said(database, |store| {
        number += 1;
        let draft = author.draft(number)?;
        author.commit_draft(store, draft).map(drop)
    })?;
    Ok(said.len() as u64)
}

fn per_row(mut times: Times, size: Size) -> Times {
    times.rounds.iter_mut().for_each(|seconds| *seconds /= rows(size));
    times
}

type Checked = (
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    i32,
    bool,
    Option<MealId>,
    Option<i32>,
    Option<NaiveTime>,
    Option<String>,
    Option<MealId>,
    Option<MealId>,
);

/// What the library says to the server, from somebody who takes every draft for a good one.
fn commit_by_hand(conn: &mut PgConnection, author: &Author<'_>, (draft, _): DraftAt) -> Outcome {
    conn.batch_execute("BEGIN")?;
    let lock = include_str!("../../src/meal_planning/commit_lock.sql");
    let (plan, _, _, active, _): (PlanId, i64, i32, Option<VersionId>, bool) =
        Statement::<(BigInt, BigInt, Integer, Nullable<BigInt>, Bool)>::new(lock)
            .bind::<BigInt, _>(draft)
            .bind::<Uuid, _>(author.user)
            .get_result(conn)?;
    let check = include_str!("../../src/meal_planning/commit_check.sql");
    let (digest, _, latest, ..): Checked = Statement::<(
        Nullable<Binary>,
        Nullable<Binary>,
        Integer,
        Bool,
        Nullable<Uuid>,
        Nullable<Integer>,
        Nullable<Time>,
        Nullable<Text>,
        Nullable<Uuid>,
        Nullable<Uuid>,
    )>::new(check)
    .bind::<BigInt, _>(draft)
    .bind::<BigInt, _>(draft)
    .bind::<Nullable<BigInt>, _>(active)
    .bind::<BigInt, _>(plan)
    .get_result(conn)?;
    let made = Statement::<BigInt>::new(include_str!("../../src/meal_planning/commit.sql"))
        .bind::<BigInt, _>(draft)
        .bind::<Integer, _>(latest + 1)
        .bind::<Text, _>("A trial")
        .bind::<Nullable<Text>, _>(None::<&str>)
        .bind::<Nullable<Binary>, _>(digest)
        .bind::<BigInt, _>(draft)
        .bind::<BigInt, _>(draft)
        .bind::<BigInt, _>(draft)
        .bind::<BigInt, _>(draft)
        .execute(conn)?;
    assert_eq!(made, 1);
    Ok(conn.batch_execute("COMMIT")?)
}

/// Two databases, one with a hundred times as many versions: 1.5 million rows.
fn beside_versions(figures: &mut Figures) -> Outcome {
    let few = TestDatabase::new([Context::MealPlanning])?;
    let many = TestDatabase::new([Context::MealPlanning])?;
    let mut beside_few = Author::new(few.store(), WEEK)?;
    let mut beside_many = Author::new(many.store(), WEEK)?;
    copy_versions(few.store(), 10)?;
    copy_versions(many.store(), 1_000)?;
    let [few, many] = Race::new()
        .enter("beside 10", |number| Ok(beside_few.commit(number)?))
        .enter("beside 1,000", |number| Ok(beside_many.commit(number)?))
        .run(20, 2)?;
    let what = "commit beside 1,000 versions of the plan";
    figures.ratio(what, Ratio::cost(&many, &few), Goal::AtMost(1.5), None);
    Ok(())
}

/// The first version, again and again.
pub(super) fn copy_versions(store: &Store, versions: i64) -> Outcome {
    execute(
        store,
        &format!(
            "SET LOCAL statement_timeout = 0;
             SET LOCAL session_replication_role = replica; -- the rows are right: no checks
             INSERT INTO plan_versions (plan_id, version_number, name, author_id, message,
                                        content_digest)
             SELECT plan_id, 1 + n, name, author_id, '', content_digest
               FROM plan_versions, generate_series(1, {versions}) n;
             INSERT INTO meals_in_plan_versions
             SELECT v.plan_version_id, meal_id, day, m.name, meal_time, position
               FROM meals_in_plan_versions m, plan_versions v WHERE v.version_number > 1;
             INSERT INTO meal_section_versions
             SELECT v.plan_version_id, section_id, meal_id, s.name, position
               FROM meal_section_versions s, plan_versions v WHERE v.version_number > 1;
             INSERT INTO ingredient_versions
             SELECT v.plan_version_id, line_id, section_id, ingredient_id, quantity_g, position
               FROM ingredient_versions l, plan_versions v WHERE v.version_number > 1;
             ANALYZE"
        ),
    )
}
