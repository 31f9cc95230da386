//! Moves that meet others at work.

use std::error::Error as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use planwright::migrate::Blocked;
use planwright::relocate::Progress;

use super::*;

const LIMIT: Duration = Duration::from_millis(100);

/// Set when it goes, so that no thread goes on for ever where a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The longest that one of many statements takes until it is over, and how many there were.
fn slowest(garden: &Garden, statement: &str, over: &AtomicBool) -> (Duration, i64) {
    let mut connection = garden.connection();
    connection.batch_execute("SET search_path = public, garden").unwrap();
    let (mut slowest, mut done) = (Duration::ZERO, 0);
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        connection.batch_execute(statement).unwrap();
        (slowest, done) = (slowest.max(begin.elapsed()), done + 1);
        // Others want to work as well.
        thread::sleep(Duration::from_millis(1));
    }
    (slowest, done)
}

/// A session that has read `visit`, the last table to be locked, and forgot its transaction.
fn forgetful(garden: &Garden) -> PgConnection {
    let mut reader = garden.connection();
    reader
        .batch_execute(
            "SET application_name = 'the report'; SET idle_in_transaction_session_timeout = '60s';
             BEGIN; SELECT FROM visit",
        )
        .unwrap();
    reader
}

#[test]
fn behind_a_reader_of_two_seconds_others_wait_for_the_limit_and_the_reader_is_named() {
    let garden = Garden::new();
    garden.execute("CREATE TABLE elsewhere (id bigint); INSERT INTO elsewhere VALUES (1)");
    let mut reader = forgetful(&garden);
    let (began, over) = (Instant::now(), AtomicBool::new(false));
    let (receipt, retries, waits) = thread::scope(|scope| {
        let spawn = |statement| {
            let (garden, over) = (&garden, &over);
            scope.spawn(move || slowest(garden, statement, over))
        };
        // The first table is locked while the last one is waited for.
        let reads = spawn("SELECT FROM bed LIMIT 1");
        let writes = spawn("UPDATE bed SET note = 'x'");
        let noise = spawn("UPDATE elsewhere SET id = 1");
        let end = Over(&over);
        let mut retries = 0;
        let relocator = garden.relocator().lock_timeout(LIMIT, LIMIT).on_progress(|event| {
            if let Progress::Retrying { blockers, lock_timeout, pause, .. } = event {
                assert_eq!((*lock_timeout, *pause), (LIMIT, LIMIT * 4));
                let report = blockers.iter().any(|one| one.application == "the report");
                assert!(report, "{blockers:?}");
                retries += 1;
                if began.elapsed() > Duration::from_secs(2) {
                    reader.batch_execute("COMMIT").unwrap();
                }
            }
        });
        let receipt = relocator.run();
        drop((relocator, end));
        (receipt.unwrap(), retries, [reads, writes, noise].map(|one| one.join().unwrap().0))
    });
    assert!(retries >= 3 && receipt.tries > retries, "{retries}: {receipt}");
    let [reads, writes, noise] = waits;
    let allowed = LIMIT + noise * 2 + Duration::from_millis(150);
    assert!(reads <= allowed && writes <= allowed, "{reads:?}, {writes:?}; noise {noise:?}");
    assert!(reads.max(writes) >= LIMIT / 2, "nobody has queued: {reads:?}, {writes:?}");
    assert_eq!(garden.in_schema("garden"), 5);
}

#[test]
fn who_is_in_the_way_for_too_long_is_named_in_the_error_and_nothing_has_moved() {
    let garden = Garden::new();
    let catalog = garden.catalog();
    let reader = forgetful(&garden);
    let relocator = garden.relocator().lock_patience(Duration::ZERO);
    let error = relocator.run().unwrap_err();
    assert!(error.to_string().contains("gave up after one try"), "{error}");
    assert!(error.to_string().contains("the report"), "{error}");
    let blocked = error.source().unwrap().downcast_ref::<Blocked>().unwrap();
    assert_eq!(blocked.blockers[0].application, "the report");
    assert_eq!(garden.catalog(), catalog);
    // One that only plans is held up by nobody, and sees who would be in the way.
    thread::sleep(Duration::from_millis(60));
    let plan = garden.relocator().plan().unwrap();
    assert_eq!(plan.in_the_way[0].application, "the report");
    drop(reader);
}

#[test]
fn readers_and_writers_go_on_over_a_move_and_back() {
    let garden = Garden::new();
    let over = AtomicBool::new(false);
    let inserted = thread::scope(|scope| {
        let spawn = |statement| {
            let (garden, over) = (&garden, &over);
            scope.spawn(move || slowest(garden, statement, over))
        };
        let writers = [(); 2].map(|()| spawn("INSERT INTO plant (name) VALUES ('pea')"));
        let change = spawn("UPDATE bed SET mood = 'wild'::mood WHERE number = 1");
        let reader = spawn("SELECT count(*) FROM plant JOIN bed ON bed.id = bed_id");
        let end = Over(&over);
        for _ in 0..3 {
            garden.relocator().run().unwrap();
            garden.relocator().reverse().unwrap();
        }
        drop(end);
        assert!(change.join().unwrap().1 > 3 && reader.join().unwrap().1 > 3);
        writers.map(|writer| writer.join().unwrap().1).iter().sum::<i64>()
    });
    assert!(inserted > 6, "{inserted}");
    assert_eq!(garden.number("count(*) FROM plant WHERE name = 'pea'"), inserted);
}

#[test]
fn of_two_runs_at_once_one_moves_and_the_other_finds_nothing_to_do() {
    for _ in 0..3 {
        let garden = Garden::new();
        let receipts = thread::scope(|scope| {
            let run = || garden.relocator().run().unwrap();
            let both = [scope.spawn(run), scope.spawn(run)];
            both.map(|one| one.join().unwrap())
        });
        let mut moved: Vec<_> = receipts.iter().map(|one| one.moved.len()).collect();
        moved.sort_unstable();
        assert_eq!(moved, [0, 5]);
        assert_eq!(receipts.iter().filter(|one| one.nothing_done()).count(), 1);
    }
}

#[test]
fn who_changes_the_schema_is_waited_for_and_named() {
    let garden = Garden::new();
    let mut other = garden.connection();
    // The key of whoever changes the schema.
    other
        .batch_execute(
            "SET application_name = 'the deploy'; SELECT pg_advisory_lock(1886151022, 1)",
        )
        .unwrap();
    let told = std::cell::RefCell::new(Vec::new());
    let relocator = garden.relocator().lock_wait(Duration::ZERO);
    let error = relocator.run().unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable { what, .. } if what.contains("the deploy")),
        "{error}"
    );
    let relocator = garden.relocator().on_progress(|event| {
        told.borrow_mut().push(event.to_string());
        other.batch_execute("SELECT pg_advisory_unlock_all()").unwrap();
    });
    relocator.run().unwrap();
    assert!(told.borrow()[0].contains("(the deploy), which is changing the schema"), "{told:?}");
}
