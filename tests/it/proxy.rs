//! Each fault of the proxy, between Diesel and a real server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, thread};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use planwright::testing::{At, Fault, FaultProxy, Point, RequestKind};

/// Longer than anything here takes, so that a fault that never strikes is a failure, not a hang.
const LIMIT: Duration = Duration::from_secs(30);

type Outcome = Result<(), Box<dyn std::error::Error>>;

mod upstream {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::sync::OnceLock;

    const UNPRIVILEGED: &str =
        r#"[ "$(id -u)" != 0 ] || exec runuser -u postgres -- sh -c "$0"; exec sh -c "$0""#;
    const SCRIPT: &str = r#"
        set -e; d=$(mktemp -d); cd "$d"; trap 'rm -rf "$d"' EXIT
        PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1):$PATH
        initdb -D data -A trust -U postgres -N >init.log
        pg_ctl -w -D data -l log -o "-k $d -c listen_addresses= -c fsync=off" start >start.log
        echo "$d"; cat; pg_ctl -D data -m immediate stop >stop.log"#;

    /// The URL of a server that ends with this process.
    pub(super) fn url() -> &'static str {
        static SERVER: OnceLock<(Child, String)> = OnceLock::new();
        let (_, url) = SERVER.get_or_init(|| {
            let mut server = Command::new("sh")
                .args(["-c", UNPRIVILEGED, SCRIPT])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("a shell");
            let mut folder = String::new();
            let stdout = server.stdout.take().expect("piped");
            BufReader::new(stdout).read_line(&mut folder).expect("the folder of the server");
            let url = format!("postgres://postgres@{}/postgres", folder.trim().replace('/', "%2F"));
            (server, url)
        });
        url
    }
}

fn proxy() -> FaultProxy {
    FaultProxy::in_front_of(upstream::url()).expect("a proxy")
}

fn direct() -> PgConnection {
    PgConnection::establish(upstream::url()).expect("the server is up")
}

fn through(proxy: &FaultProxy) -> ConnectionResult<PgConnection> {
    let url = proxy.url_for(upstream::url()).expect("a URL");
    PgConnection::establish(&format!("{url}&connect_timeout=5"))
}

/// Makes an empty table for one test.
fn table(name: &str) {
    direct().batch_execute(&format!("CREATE TABLE {name} (n bigint)")).expect("a new table");
}

fn number(connection: &mut PgConnection, sql: &str) -> QueryResult<i64> {
    diesel::select(diesel::dsl::sql::<BigInt>(sql)).get_result(connection)
}

fn rows(name: &str) -> i64 {
    number(&mut direct(), &format!("(SELECT count(*) FROM {name})")).expect("a count")
}

/// The round trips of [`unit`], of which two prepare and run the same statement.
const UNIT_REQUESTS: u64 = 6;

fn unit(connection: &mut PgConnection, table: &str) -> QueryResult<()> {
    connection.batch_execute("BEGIN")?;
    connection.batch_execute(&format!("INSERT INTO {table} VALUES (1)"))?;
    diesel::sql_query(format!("INSERT INTO {table} VALUES ($1)"))
        .bind::<BigInt, _>(2)
        .execute(connection)?;
    diesel::select(3_i64.into_sql::<BigInt>()).execute(connection)?;
    connection.batch_execute("SELECT 1; COMMIT")
}

#[test]
fn without_a_fault_it_tells_the_round_trips() -> Outcome {
    table("traced");
    let proxy = proxy();
    let mut connection = through(&proxy)?;
    proxy.set(Fault::None);
    unit(&mut connection, "traced")?;
    let trace = proxy.trace();
    let seen: Vec<_> = trace.iter().map(|request| (request.kind, request.sql.as_str())).collect();
    assert_eq!(
        seen,
        [
            (RequestKind::Query, "BEGIN"),
            (RequestKind::Query, "INSERT INTO traced VALUES (1)"),
            (RequestKind::Execute, "INSERT INTO traced VALUES ($1)"),
            (RequestKind::Prepare, "SELECT $1"),
            (RequestKind::Execute, "SELECT $1"),
            (RequestKind::Query, "SELECT 1; COMMIT"),
        ]
    );
    assert_eq!(proxy.requests(), UNIT_REQUESTS);
    assert_eq!(proxy.connections(), 0, "none since the counts began");
    assert!(!proxy.fired());
    assert_eq!(rows("traced"), 2);
    Ok(())
}

#[test]
fn a_cut_at_any_request_leaves_all_or_nothing() -> Outcome {
    table("cut_at_requests");
    let proxy = proxy();
    let mut stored = 0;
    for k in 0..UNIT_REQUESTS {
        let at = At::Request(k);
        for (point, commits) in [
            (Point::Before(at), false),
            (Point::Within(at), false),
            (Point::Reply(at), k == UNIT_REQUESTS - 1),
        ] {
            let mut connection = through(&proxy)?;
            proxy.set(Fault::CutAt(point));
            assert!(unit(&mut connection, "cut_at_requests").is_err(), "{point:?}");
            assert!(proxy.fired(), "{point:?}");
            assert_eq!(proxy.requests(), k + 1, "{point:?}");
            stored += 2 * i64::from(commits);
            assert_eq!(rows("cut_at_requests"), stored, "{point:?}");
        }
    }
    Ok(())
}

#[test]
fn a_commit_is_lost_before_within_and_after() -> Outcome {
    table("cut_at_commit");
    let proxy = proxy();
    for (point, stored) in [
        (Point::Before(At::Commit), 0),
        (Point::Within(At::Commit), 0),
        (Point::Reply(At::Commit), 2),
    ] {
        let mut connection = through(&proxy)?;
        proxy.set(Fault::CutAt(point));
        assert!(unit(&mut connection, "cut_at_commit").is_err(), "{point:?}");
        assert!(proxy.fired());
        assert_eq!(proxy.trace().last().map(|r| r.sql.as_str()), Some("SELECT 1; COMMIT"));
        assert_eq!(rows("cut_at_commit"), stored, "{point:?}");
    }
    // One shot: the next one is spared.
    unit(&mut through(&proxy)?, "cut_at_commit")?;
    assert_eq!(rows("cut_at_commit"), 4);
    Ok(())
}

#[test]
fn a_cut_at_any_byte_leaves_all_or_nothing() -> Outcome {
    table("cut_at_bytes");
    let proxy = proxy();
    let mut connection = through(&proxy)?;
    proxy.set(Fault::None);
    unit(&mut connection, "cut_at_bytes")?;
    let (sent, received) = (proxy.bytes_to_server(), proxy.bytes_to_client());
    assert!(sent > 100 && received > 100, "{sent} and {received} bytes");
    let mut stored = 2;
    for bytes in (0..sent).step_by(7).chain([sent - 1]) {
        let mut connection = through(&proxy)?;
        proxy.set(Fault::CutAt(Point::BytesToServer(bytes)));
        assert!(unit(&mut connection, "cut_at_bytes").is_err(), "{bytes} bytes");
        assert!(proxy.fired());
        assert_eq!(rows("cut_at_bytes"), stored, "{bytes} of {sent} bytes");
    }
    let mut committed = 0;
    for bytes in 0..received {
        let mut connection = through(&proxy)?;
        proxy.set(Fault::CutAt(Point::BytesToClient(bytes)));
        assert!(unit(&mut connection, "cut_at_bytes").is_err(), "{bytes} bytes");
        // The server answers COMMIT when it has carried it out.
        committed += u64::from(proxy.bytes_to_server() == sent);
        stored += 2 * i64::from(proxy.bytes_to_server() == sent);
        assert_eq!(rows("cut_at_bytes"), stored, "{bytes} of {received} bytes");
    }
    assert!(committed > 10 && committed < received, "{committed} of {received} were committed");
    Ok(())
}

#[test]
fn a_connection_is_lost_while_it_is_made() -> Outcome {
    let proxy = proxy();
    drop(through(&proxy)?);
    for point in [Point::BytesToServer(20), Point::BytesToClient(9)] {
        proxy.set(Fault::CutAt(point));
        assert!(through(&proxy).is_err(), "{point:?}");
        assert!(proxy.fired());
        assert_eq!(proxy.connections(), 1);
        through(&proxy)?;
    }
    Ok(())
}

#[test]
fn delay_adds_to_a_round_trip_and_takes_no_throughput() -> Outcome {
    let proxy = proxy();
    let mut connection = through(&proxy)?;
    proxy.set_delay(Duration::from_millis(20));
    let begin = Instant::now();
    for _ in 0..5 {
        connection.batch_execute("SELECT 1")?;
    }
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");

    // 20 MB are some 600 chunks: 12 s if they waited one after the other.
    let begin = Instant::now();
    let text: String = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(
        "repeat('0123456789', 2000000)",
    ))
    .get_result(&mut connection)?;
    assert_eq!(text.len(), 20_000_000);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");

    // What waits is delivered before a cut.
    table("delayed");
    proxy.set(Fault::CutAt(Point::Reply(At::Commit)));
    assert!(unit(&mut connection, "delayed").is_err());
    assert_eq!(rows("delayed"), 2);
    Ok(())
}

#[test]
fn refuse_turns_new_connections_away_quickly() -> Outcome {
    let proxy = proxy();
    let mut old = through(&proxy)?;
    proxy.set(Fault::Refuse);
    let begin = Instant::now();
    assert!(through(&proxy).is_err());
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(proxy.fired());
    assert_eq!(number(&mut old, "1::bigint")?, 1);
    proxy.set(Fault::None);
    assert_eq!(number(&mut through(&proxy)?, "1::bigint")?, 1);
    Ok(())
}

#[test]
fn a_black_hole_holds_clients_until_it_is_cut() -> Outcome {
    let proxy = proxy();
    let mut connection = through(&proxy)?;
    proxy.set(Fault::BlackHole);
    let statement = thread::spawn(move || number(&mut connection, "1::bigint"));
    assert!(proxy.wait_fired(LIMIT));
    assert!(!statement.is_finished());

    let url = format!("{}&connect_timeout=2", proxy.url_for(upstream::url())?);
    let begin = Instant::now();
    assert!(PgConnection::establish(&url).is_err());
    // libpq counts in whole seconds of the clock, so the first may be short.
    assert!(begin.elapsed() > Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(!statement.is_finished(), "it waits for ever");

    proxy.set(Fault::None);
    assert_eq!(number(&mut through(&proxy)?, "1::bigint")?, 1);
    assert!(!statement.is_finished(), "its request is lost");

    proxy.cut_all();
    assert!(statement.join().expect("no panic").is_err());
    Ok(())
}

#[test]
fn a_black_hole_opens_at_commit() -> Outcome {
    table("swallowed");
    let proxy = proxy();
    for (point, stored) in [
        (Point::Before(At::Commit), 0),
        (Point::Within(At::Commit), 0),
        (Point::Reply(At::Commit), 2),
    ] {
        let mut connection = through(&proxy)?;
        let pid = number(&mut connection, "pg_backend_pid()::bigint")?;
        proxy.set(Fault::BlackHoleAt(point));
        let work = thread::spawn(move || unit(&mut connection, "swallowed"));
        assert!(proxy.wait_fired(LIMIT), "{point:?}");
        assert_eq!(rows("swallowed"), stored, "{point:?}");
        let waiting = format!(
            "(SELECT count(*) FROM pg_stat_activity
              WHERE pid = {pid} AND state = 'idle in transaction')"
        );
        assert_eq!(number(&mut direct(), &waiting)?, i64::from(stored == 0), "{point:?}");
        assert!(!work.is_finished(), "{point:?}");
        // Others pass.
        assert_eq!(number(&mut through(&proxy)?, "1::bigint")?, 1);
        proxy.cut_all();
        assert!(work.join().expect("no panic").is_err(), "{point:?}");
    }
    Ok(())
}

#[test]
fn the_last_words_of_a_backend_arrive() -> Outcome {
    let proxy = proxy();
    let last_words = |mut connection: PgConnection| {
        let pid = number(&mut connection, "pg_backend_pid()::bigint")?;
        number(&mut direct(), &format!("pg_terminate_backend({pid}, 10000)::int::bigint"))?;
        let error = connection.batch_execute("SELECT 1").expect_err("its backend is gone");
        QueryResult::Ok(error.to_string())
    };
    assert_eq!(last_words(through(&proxy)?)?, last_words(direct())?);
    Ok(())
}

diesel::table! {
    copied (n) {
        n -> BigInt,
    }
}

/// Copies the numbers up to `last`.
fn copy(connection: &mut PgConnection, last: i64) -> QueryResult<usize> {
    diesel::copy_from(copied::table)
        .from_raw_data(copied::table, |sink| {
            let rows = (1..=last).try_for_each(|n| writeln!(sink, "{n}"));
            rows.map_err(|error| diesel::result::Error::SerializationError(error.into()))
        })
        .execute(connection)
}

#[test]
fn a_large_copy_arrives_whole() -> Outcome {
    const ROWS: i64 = 1_000_000;
    let proxy = proxy();
    let mut connection = through(&proxy)?;
    connection.batch_execute("CREATE TEMP TABLE copied (n bigint)")?;
    proxy.set(Fault::None);
    assert_eq!(copy(&mut connection, ROWS)?, usize::try_from(ROWS)?);
    let kinds: Vec<_> = proxy.trace().iter().map(|request| request.kind).collect();
    assert_eq!(kinds.last(), Some(&RequestKind::Copy), "{kinds:?}");
    let sum = "(SELECT sum(n) FROM copied)::bigint";
    assert_eq!(number(&mut connection, sum)?, ROWS * (ROWS + 1) / 2);

    let mut back = String::new();
    diesel::copy_to(copied::table).load_raw(&mut connection)?.read_to_string(&mut back)?;
    let sum: i64 = back.lines().map(|line| line.parse::<i64>().expect("a number")).sum();
    assert_eq!(sum, ROWS * (ROWS + 1) / 2);
    Ok(())
}

#[test]
fn a_copy_is_cut_within_its_data_and_at_its_end() -> Outcome {
    table("copied");
    let proxy = proxy();
    // The statement is request 0, its data are request 1.
    for (point, stored) in [
        (Point::Before(At::Request(1)), 0),
        (Point::Within(At::Request(1)), 0),
        (Point::BytesToServer(100_000), 0),
        (Point::Reply(At::Request(1)), 100_000),
    ] {
        let mut connection = through(&proxy)?;
        proxy.set(Fault::CutAt(point));
        let copied = copy(&mut connection, 100_000);
        assert!(copied.is_err(), "{point:?}");
        assert!(proxy.fired(), "{point:?}");
        assert_eq!(rows("copied"), stored, "{point:?}");
    }
    Ok(())
}

#[test]
fn many_connections_at_once_lose_nothing() {
    const CONNECTIONS: i64 = 32;
    table("many");
    let proxy = proxy();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = through(&proxy)?;
                    for _ in 0..20 {
                        unit(&mut connection, "many")?;
                        let text: String =
                            diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(
                                "repeat('x', 100000)",
                            ))
                            .get_result(&mut connection)?;
                        assert_eq!(text.len(), 100_000);
                    }
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("no panic").expect("no error");
        }
    });
    assert_eq!(rows("many"), CONNECTIONS * 40);
    assert_eq!(proxy.connections(), CONNECTIONS.unsigned_abs());
}

#[test]
fn cut_all_and_drop_end_every_connection() -> Outcome {
    let proxy = proxy();
    let mut connections: Vec<_> = (0..8).map(|_| through(&proxy)).collect::<Result<_, _>>()?;
    proxy.cut_all();
    for connection in &mut connections {
        assert!(number(connection, "1::bigint").is_err());
    }
    let mut connection = through(&proxy)?;
    let port = proxy.port();
    drop(proxy);
    assert!(number(&mut connection, "1::bigint").is_err());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    Ok(())
}

#[test]
fn a_server_that_is_down_closes_the_connection() -> Outcome {
    let proxy = FaultProxy::to_socket(env::temp_dir().join("no such socket"))?;
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
    assert_eq!(client.read(&mut [0])?, 0);
    Ok(())
}

#[test]
fn a_server_on_tcp_is_reached_too() -> Outcome {
    let inner = proxy();
    let outer = FaultProxy::to_tcp(("127.0.0.1", inner.port()))?;
    assert_eq!(number(&mut through(&outer)?, "1::bigint")?, 1);
    assert_eq!(inner.trace(), outer.trace());
    assert_eq!((inner.requests(), inner.connections()), (outer.requests(), 1));
    Ok(())
}

#[test]
fn encryption_is_declined() -> Outcome {
    let proxy = proxy();
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
    for code in [80_877_104_u32, 80_877_103] {
        let mut answer = [0];
        client.write_all(&[8_u32.to_be_bytes(), code.to_be_bytes()].concat())?;
        client.read_exact(&mut answer)?;
        assert_eq!(&answer, b"N");
    }
    Ok(())
}
