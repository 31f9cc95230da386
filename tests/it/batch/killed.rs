//! Runners that are killed with `kill -9`.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use planwright::batch::{self, Outcome, Phase};
use planwright::{Store, StoreOptions};

use super::*;

/// The process that the other test starts and kills: it does small batches, and tells of each.
#[test]
#[ignore = "run by another test in a process of its own"]
fn process() {
    fn say(line: &str) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    }
    let url = env::var("PLANWRIGHT_TEST_URL").unwrap();
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let runner = Runner::new(&store).sizes(1..=16).first_size(5).on_progress(|event| {
        if let Progress::BatchDone { rows_done, .. } = event {
            say(&format!("done={rows_done}"));
        }
    });
    let mut job = Count::new().with(|_, after, _| {
        say(&format!("begins={}", after.unwrap_or(&0)));
        Ok(())
    });
    drop(runner.run(&mut job).unwrap());
}

#[test]
fn a_runner_that_is_killed_at_any_point_loses_and_doubles_nothing() {
    const ROWS: u32 = 2_000;
    let database = database(ROWS);
    let store = database.store();
    let at_work = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'planwright job:%'";
    for round in 0..12 {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "batch::killed::process", "--ignored", "--nocapture"])
            .env("PLANWRIGHT_TEST_URL", database.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Read from to the end: a process whose pipe is closed would end by itself. Both lines tell
        // how many rows are committed.
        let mut told = lines.map(|line| line.unwrap()).filter_map(|line| {
            let rows = line.strip_prefix("done=").or(line.strip_prefix("begins="))?;
            Some(rows.parse::<u64>().unwrap())
        });
        let first = told.nth(2 + round % 7).expect("a batch");
        // Somewhere behind that line: before, in or after the COMMIT that follows.
        let begin = Instant::now();
        let later = Duration::from_micros(u64::try_from(round).unwrap() * 173);
        while begin.elapsed() < later {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        assert_eq!(process.wait().unwrap().signal(), Some(9));
        let told = told.last().unwrap_or(first);

        // The server notices when it has answered the statement.
        let deadline = Instant::now() + Duration::from_secs(20);
        while number(store, at_work) > 0 {
            assert!(Instant::now() < deadline, "the sessions of the killed process stay");
            thread::sleep(Duration::from_millis(2));
        }
        let status = batch::status(store, NAME).unwrap().unwrap();
        assert_eq!((status.phase, status.runner.as_deref()), (Phase::Running, None));
        assert!(status.to_string().ends_with(", interrupted"), "{status}");
        assert!(status.rows_done >= told, "{told} were committed: {status:?}");
        println!("{told} were known to be done, and {} are", status.rows_done);
        // What the row says is what was done, and in the order of the keys.
        let done = i64::try_from(status.rows_done).unwrap();
        assert_eq!(counted(store, 1), done);
        assert_eq!(number(store, "SELECT coalesce(max(id), 0) FROM work WHERE n > 0"), done);
        assert_eq!(status.cursor, Some(done.into()));
    }
    let outcome = Runner::new(store).run(&mut Count::new()).unwrap();
    assert!(matches!(&outcome, Outcome::Finished(status) if status.rows_done == 2_000));
    assert_eq!(counted(store, 1), i64::from(ROWS));
}
