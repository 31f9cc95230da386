//! The job and old writers that meet.

use planwright::batch;

use super::*;
use crate::support::number;

fn insert(name: &str, migration: u32) -> String {
    format!(
        "INSERT INTO iterations_ite (mig_id, itt_code, ite_name) VALUES ({}, 'DR', '{name}')",
        key(migration)
    )
}

fn change(migration: u32, plan: &str) -> String {
    format!("UPDATE migrations_mig SET plm_id = {plan} WHERE mig_id = {}", key(migration))
}

#[test]
fn an_iteration_that_comes_while_its_migration_changes_its_plan_follows() {
    let database = legacy();
    let store = database.store();
    let to_two = change(14, &key(2));
    meeting(store, |uow| execute(uow, &to_two), || run(store, &insert("late 1", 14))).unwrap();
    // The other way round, the change waits for it.
    let late = insert("late 2", 14);
    meeting(store, |uow| execute(uow, &late), || run(store, &change(14, &key(1)))).unwrap();
    assert!(plans(store).ends_with("14 late 1:1 14 late 2:1"), "{}", plans(store));
    // And where it is taken away, a new one finds none.
    let take = change(14, "NULL");
    let refused = meeting(store, |uow| execute(uow, &take), || run(store, &insert("late 3", 14)));
    assert!(matches!(refused, Err(Error::Constraint { .. })), "{refused:?}");
    // With the whole transaction on one snapshot, it is told to try again.
    run(store, &change(14, &key(1))).unwrap();
    let to_three = change(14, &key(3));
    let once = || {
        store.transaction().repeatable_read().attempts(1).run(|uow| {
            assert_eq!(text(uow, "SELECT count(*) FROM migrations_mig")?, "6");
            execute(uow, &insert("late 4", 14))
        })
    };
    let refused = meeting(store, |uow| execute(uow, &to_three), once);
    assert!(matches!(refused, Err(Error::Serialization { .. })), "{refused:?}");
}

#[test]
fn who_inserts_iterations_waits_for_nobody_who_changes_something_else() {
    let database = legacy();
    let store = database.store();
    // Two of them insert an iteration and write down something in its migration, in a circle if
    // the first step of one kept the second of the other waiting.
    let note = "UPDATE migrations_mig SET mig_description = mig_description || 'x'
                 WHERE mig_id = ";
    let note = format!("{note}{}", key(11));
    let both = |name: &'static str| {
        let note = note.clone();
        move |uow: &mut UnitOfWork<'_>| {
            execute(uow, &insert(name, 11))?;
            execute(uow, &note)
        }
    };
    beside(
        store,
        |uow| execute(uow, &insert("first", 11)),
        || store.transaction().attempts(1).run(both("second")).unwrap(),
    );
    beside(store, |uow| execute(uow, &note), || run(store, &insert("third", 11)).unwrap());
    let named = "SELECT count(*) FROM iterations_ite WHERE plm_id IS NOT NULL";
    assert_eq!(number(store, named), 3);
}

#[test]
fn what_another_transaction_holds_is_waited_for_after_the_rest() {
    for (held, plans_after) in [
        (change(11, &key(3)), "101:3 102:3 103:3 104:1 105:2 106:2 107:3"),
        (
            format!(
                "UPDATE iterations_ite SET ite_status = 'CANCELLED' WHERE ite_id = {}",
                key(105)
            ),
            AT_FIRST,
        ),
        (format!("DELETE FROM iterations_ite WHERE ite_id = {}", key(107)), "14 Run 1:3"),
        (change(15, &key(3)), "15 Run 1:3"),
        // It has one when that is committed.
        (insert("theirs", 16), "16 theirs:1"),
        (format!("SELECT FROM plans_master_plm WHERE plm_id = {} FOR UPDATE", key(3)), "107:3"),
    ] {
        let database = legacy();
        let store = database.store();
        let (release, released) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let sql = &held;
        let outcome = thread::scope(|scope| {
            scope.spawn(move || {
                store
                    .write(|uow| {
                        execute(uow, sql)?;
                        tell.send(()).unwrap();
                        let _ = released.recv_timeout(Duration::from_secs(60));
                        Ok(())
                    })
                    .unwrap();
            });
            told.recv().unwrap();
            let mut left = Vec::new();
            let outcome = batch::Runner::new(store)
                .sizes(1..=50)
                .on_progress(|event| {
                    let (passed, timed_out) = (
                        matches!(event, batch::Progress::AnotherPass { .. }),
                        matches!(event, batch::Progress::TimedOut { size: 1, .. }),
                    );
                    if passed || timed_out {
                        left.push(status(store));
                        release.send(()).ok();
                    }
                })
                .run(&mut Backfill::new())
                .unwrap();
            let [first, ..] = &*left else { panic!("{held}: it did not meet") };
            // The rest was done by then.
            if !held.contains("plans_master_plm") {
                assert!(first.named >= 6, "{held}: {first}");
            }
            outcome
        });
        assert!(outcome.is_finished(), "{held}");
        assert!(plans(store).contains(plans_after), "{held}: {}", plans(store));
        assert!(status(store).is_moved(), "{held}");
        let runs = if held.contains("theirs") { 1 } else { 2 };
        let emptied = usize::from(held.starts_with("DELETE"));
        assert_eq!(made(store).len(), runs + emptied, "{held}");
    }
}

#[test]
fn the_job_gives_way_to_who_takes_rows_in_another_order() {
    let database = legacy();
    let store = database.store();
    let (tell, told) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let held =
        format!("UPDATE iterations_ite SET ite_status = 'CANCELLED' WHERE ite_id = {}", key(101));
    let then = change(11, &key(2));
    let outcome = thread::scope(|scope| {
        let (held, then) = (&held, &then);
        let writer = scope.spawn(move || {
            store.transaction().attempts(1).run(|uow| {
                // Where nobody gives way, it is the writer whom the server ends.
                execute(uow, "SET LOCAL deadlock_timeout = '600ms'")?;
                execute(uow, held)?;
                tell.send(()).unwrap();
                let _ = gone.recv_timeout(Duration::from_secs(60));
                // The job holds the migration now, and waits for the iteration.
                let waits = "SELECT count(*) FROM pg_locks
                              WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
                let begin = Instant::now();
                while text(uow, waits)? == "0" {
                    assert!(begin.elapsed() < Duration::from_secs(30), "it does not wait");
                    thread::sleep(Duration::from_millis(1));
                }
                execute(uow, then)
            })
        });
        told.recv().unwrap();
        let outcome = batch::Runner::new(store)
            .on_progress(|event| {
                if matches!(event, batch::Progress::AnotherPass { .. }) {
                    go.send(()).ok();
                }
            })
            .run(&mut Backfill::new());
        writer.join().unwrap().unwrap();
        outcome
    });
    assert!(outcome.unwrap().is_finished());
    assert!(plans(store).contains("101:2 102:2 103:2 104:1"), "{}", plans(store));
}

#[test]
fn beside_old_writers_nothing_is_lost() {
    let database = legacy();
    let store = database.store();
    run(
        store,
        "WITH m AS (INSERT INTO migrations_mig (plm_id, mig_name, mig_type, created_at)
                    SELECT lpad((n % 3 + 1)::text, 32, '0')::uuid, 'Many ' || n, 'X', '2024-01-01'
                      FROM generate_series(1, 300) n RETURNING mig_id, mig_name)
         INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
         SELECT mig_id, 'DR', 'It ' || k FROM m, generate_series(1, 3) k
          WHERE right(mig_name, 1) <> '7'",
    )
    .unwrap();
    // As an expanded schema finds them: nobody has named a plan.
    store
        .write(|uow| {
            execute(uow, "SET LOCAL session_replication_role = replica")?;
            execute(uow, "UPDATE iterations_ite SET plm_id = NULL")
        })
        .unwrap();
    let stop = AtomicBool::new(false);
    let (turns, ends) = thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|nth: u32| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut turn = nth;
                    while !stop.load(Ordering::Relaxed) {
                        turn += 3;
                        let some = format!("'%{}'", turn % 97);
                        // One thing each, as an old application does, in whatever order.
                        let sql = match turn % 5 {
                            0 => format!(
                                "UPDATE migrations_mig SET plm_id = {} WHERE mig_name LIKE {some}",
                                key(turn % 3 + 1)
                            ),
                            1 => format!(
                                "INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
                                 SELECT mig_id, 'DR', 'late {turn}' FROM migrations_mig
                                  WHERE mig_name LIKE {some}"
                            ),
                            2 => format!(
                                "UPDATE iterations_ite SET ite_description = '{turn}'
                                  WHERE ite_name LIKE {some}"
                            ),
                            3 => format!(
                                "INSERT INTO migrations_mig (plm_id, mig_name, mig_type)
                                 VALUES ({}, 'New {turn}', 'X')",
                                key(turn % 3 + 1)
                            ),
                            _ => {
                                format!("DELETE FROM iterations_ite WHERE ite_name = 'late {turn}'")
                            }
                        };
                        store.transaction().attempts(5).run(|uow| execute(uow, &sql)).unwrap();
                    }
                    turn
                })
            })
            .collect();
        let ends_all = Ends(&stop);
        let mut ends = 0;
        for _ in 0..3 {
            let outcome = Runner::new(store)
                .sizes(1..=16)
                .passes(50)
                .anew(true)
                .run(&mut Backfill::new())
                .unwrap();
            ends += u32::from(outcome.is_finished());
        }
        drop(ends_all);
        let turns: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        (turns, ends)
    });
    println!("{turns:?} turns, {ends} runs");
    assert_eq!(ends, 3);
    assert!(backfill(store).unwrap().is_finished());
    let found = status(store);
    assert!(found.is_moved(), "{found}");
    assert_eq!(found.several, 0, "{found}");
    let apart = "SELECT count(*) FROM iterations_ite i JOIN migrations_mig m USING (mig_id)
                  WHERE i.plm_id IS DISTINCT FROM m.plm_id";
    assert_eq!(number(store, apart), 0);
}
