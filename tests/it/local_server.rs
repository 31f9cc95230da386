use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use planwright::Error;
use planwright::local_server::LocalServer;

#[test]
fn servers_run_side_by_side_and_leave_nothing() {
    let servers = [LocalServer::start().unwrap(), LocalServer::start().unwrap()];
    let [first, second] = &servers;
    assert_ne!(first.socket_dir(), second.socket_dir());
    for server in &servers {
        assert!(server.version() >= 15);
        let version = number(&server.url("postgres"), "current_setting('server_version_num')");
        assert_eq!(version / 10_000, i64::from(server.version()));
        assert_eq!(fs::metadata(server.socket_dir()).unwrap().permissions().mode() & 0o777, 0o700);
    }
    execute(&first.url("postgres"), "CREATE DATABASE \"a/b?c d\"");
    assert_eq!(number(&first.url("a/b?c d"), "1"), 1);
    assert!(PgConnection::establish(&second.url("a/b?c d")).is_err());

    let left: Vec<_> = servers.iter().map(Footprint::of).collect();
    drop(servers);
    for footprint in left {
        assert_eq!(footprint.what_is_there(), Vec::<String>::new());
    }
}

#[test]
fn settings_reach_the_server_and_a_long_log_does_not_stop_it() {
    let server = LocalServer::builder()
        .setting("max_connections", "37")
        .setting("log_statement", "all")
        .start()
        .unwrap();
    let url = server.url("postgres");
    assert_eq!(number(&url, "current_setting('max_connections')"), 37);
    // Twice what a pipe holds.
    let comment = "x".repeat(4096);
    let mut connection = PgConnection::establish(&url).unwrap();
    for _ in 0..32 {
        sql_query(format!("SELECT 1 /* {comment} */")).execute(&mut connection).unwrap();
    }
    assert!(fs::metadata(server.log()).unwrap().len() > 128 * 1024);
}

#[test]
fn tcp_asks_for_a_password() {
    let server = LocalServer::builder().tcp(true).start().unwrap();
    let url = server.tcp_url(server.port(), "postgres").unwrap();
    assert_eq!(number(&url, "inet_server_port()"), i64::from(server.port()));
    let password = url.split(['@', ':']).nth(2).unwrap();
    assert!(PgConnection::establish(&url.replace(password, "wrong")).is_err());
    assert!(!format!("{server:?}").contains(password));

    server.restart().unwrap();
    assert_eq!(number(&url, "1"), 1);
    let without = LocalServer::start().unwrap();
    assert_eq!(without.tcp_url(without.port(), "postgres"), None);
    assert_eq!(number(&without.url("postgres"), "length(current_setting('listen_addresses'))"), 0);
}

#[test]
fn a_killed_server_goes_on_with_every_acknowledged_commit() {
    let server = LocalServer::start().unwrap();
    let url = server.url("postgres");
    execute(&url, "CREATE TABLE t (id bigint)");
    let mut connection = PgConnection::establish(&url).unwrap();
    for id in 0..50 {
        sql_query(format!("INSERT INTO t VALUES ({id})")).execute(&mut connection).unwrap();
    }
    sql_query("BEGIN").execute(&mut connection).unwrap();
    sql_query("INSERT INTO t VALUES (50)").execute(&mut connection).unwrap();
    let before = Footprint::of(&server);
    assert!(before.processes.len() > 2, "the server and its children: {:?}", before.processes);

    server.kill().unwrap();
    assert_eq!(before.processes_left(), [0_u32; 0]);
    assert!(sql_query("SELECT 1").execute(&mut connection).is_err());
    assert!(PgConnection::establish(&url).is_err());
    server.kill().unwrap();

    server.restart().unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM t"), 50);
    server.restart().unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM t"), 50);

    server.kill().unwrap();
    let footprint = Footprint::of(&server);
    drop(server);
    assert_eq!(footprint.what_is_there(), Vec::<String>::new());
}

#[test]
fn a_server_ends_with_its_process_however_that_ends() {
    type End = fn(&mut Child);
    let ends: [(&str, End); 3] = [
        ("kill -9", |helper| helper.kill().unwrap()),
        ("Ctrl-C", |helper| signal("-INT", &format!("-{}", helper.id()))),
        ("exit without drop", |helper| drop(helper.stdin.take())),
    ];
    for (name, end) in ends {
        let mut helper = Helper::start(|command| command);
        let footprint = helper.footprint();
        assert!(footprint.folder.is_dir() && !footprint.processes_left().is_empty());
        end(&mut helper.process);
        helper.process.wait().unwrap();
        // The helper's own child outlives it: it must not keep the server alive.
        let bystander = helper.bystander();
        assert_eq!(footprint.wait_until_gone(), Vec::<String>::new(), "{name}");
        if name != "Ctrl-C" {
            assert!(is_running(bystander), "{name}");
            signal("-KILL", &bystander.to_string());
        }
    }
}

#[test]
fn a_start_sweeps_what_the_dead_left_and_nothing_else() {
    let place = Place::new("sweep");
    let living = LocalServer::builder().within(&place.0).start().unwrap();
    let mut helper = Helper::start(|command| command.env("PLANWRIGHT_TEST_WITHIN", &place.0));
    let orphan = helper.footprint();
    let supervisor = parent(orphan.processes[0]);
    signal("-KILL", &supervisor.to_string());
    helper.process.kill().unwrap();
    helper.process.wait().unwrap();
    assert!(orphan.folder.is_dir() && is_running(orphan.processes[0]));

    // A folder from before a reset: its server's process id is somebody else's by now.
    let bystander = helper.bystander();
    let reset = place.0.join("planwright-server-00000000");
    fs::create_dir_all(reset.join("data")).unwrap();
    fs::write(reset.join("data/postmaster.pid"), format!("{bystander}\n")).unwrap();
    let foreign = place.0.join("planwright");
    fs::create_dir(&foreign).unwrap();

    let next = LocalServer::builder().within(&place.0).start().unwrap();
    assert_eq!(orphan.what_is_there(), Vec::<String>::new());
    assert!(!reset.exists());
    assert!(foreign.exists());
    assert!(is_running(bystander));
    signal("-KILL", &bystander.to_string());
    assert_eq!(number(&living.url("postgres"), "1"), 1);
    assert_eq!(number(&next.url("postgres"), "1"), 1);
}

#[test]
fn a_wrong_folder_of_binaries_is_an_error_that_names_where_it_was_said() {
    let mut helper = Helper::start(|command| command.env("PLANWRIGHT_PG_BIN", "/nowhere/bin"));
    let said = helper.line("error");
    assert!(said.contains("PLANWRIGHT_PG_BIN: there is no postgres in /nowhere/bin"), "{said}");

    let error = LocalServer::builder().binaries("/nowhere/else").start().unwrap_err();
    let Error::Invalid { field, reason, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**field, &**reason), ("binaries", "there is no postgres in /nowhere/else"));
}

#[test]
fn a_release_that_is_too_old_is_refused() {
    let place = Place::new("old");
    for program in ["postgres", "initdb"] {
        let path = place.0.join(program);
        fs::write(&path, "#!/bin/sh\necho 'postgres (PostgreSQL) 14.22'\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let error = LocalServer::builder().binaries(&place.0).start().unwrap_err().to_string();
    assert!(error.ends_with("holds PostgreSQL 14; 15 or later is needed"), "{error}");
}

#[test]
fn a_folder_with_too_long_a_name_is_refused_before_anything_is_made_in_it() {
    let place = Place::new("long");
    let long = place.0.join("x".repeat(90));
    fs::create_dir(&long).unwrap();
    let error = LocalServer::builder().within(&long).start().unwrap_err();
    let Error::Invalid { field, reason, .. } = &error else { panic!("{error:?}") };
    assert_eq!(field, "within");
    assert!(reason.contains("bytes") && reason.contains("PLANWRIGHT_PG_DIR"), "{reason}");
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}

#[test]
fn a_failed_start_says_why_and_leaves_nothing() {
    let place = Place::new("failed");
    let builder = LocalServer::builder().within(&place.0).setting("no_such_setting", "1");
    let error = builder.start().unwrap_err().to_string();
    assert!(error.contains("unrecognized configuration parameter \"no_such_setting\""), "{error}");
    assert_eq!(fs::read_dir(&place.0).unwrap().count(), 0);
}

/// The process that other tests start and end: it starts a server, and then a child of its own.
#[test]
#[ignore = "run by other tests in a process of its own"]
fn helper() {
    let mut builder = LocalServer::builder();
    if let Some(within) = env::var_os("PLANWRIGHT_TEST_WITHIN") {
        builder = builder.within(PathBuf::from(within));
    }
    let server = match builder.start() {
        Err(error) => return println!("\nerror={error}"),
        Ok(server) => server,
    };
    let bystander = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    println!("\nbystander={}\nfolder={}", bystander.id(), server.socket_dir().display());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    std::process::exit(0);
}

struct Helper {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    bystander: Option<u32>,
}

impl Helper {
    fn start(with: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "local_server::helper", "--ignored", "--nocapture"]);
        // A group of its own, to be sent signals as a terminal sends them.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = with(&mut command).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, bystander: None }
    }

    fn line(&mut self, name: &str) -> String {
        let start = format!("{name}=");
        loop {
            let line = self.lines.next().expect("the helper ended").unwrap();
            if let Some(value) = line.strip_prefix(&start) {
                return value.to_owned();
            }
        }
    }

    fn footprint(&mut self) -> Footprint {
        self.bystander = Some(self.line("bystander").parse().unwrap());
        Footprint::at(Path::new(&self.line("folder")))
    }

    fn bystander(&self) -> u32 {
        self.bystander.unwrap()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a server takes up in the system.
struct Footprint {
    folder: PathBuf,
    socket: PathBuf,
    /// The server itself first.
    processes: Vec<u32>,
}

impl Footprint {
    fn of(server: &LocalServer) -> Self {
        Self::at(server.socket_dir())
    }

    fn at(folder: &Path) -> Self {
        let pid = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
        let pid: u32 = pid.lines().next().unwrap().parse().unwrap();
        let children = processes().into_iter().filter(|(_, parent)| *parent == pid);
        let processes = [pid].into_iter().chain(children.map(|(child, _)| child)).collect();
        Self { folder: folder.into(), socket: folder.join(".s.PGSQL.5432"), processes }
    }

    fn processes_left(&self) -> Vec<u32> {
        self.processes.iter().copied().filter(|pid| is_running(*pid)).collect()
    }

    fn what_is_there(&self) -> Vec<String> {
        let processes = self.processes_left().into_iter().map(|pid| format!("process {pid}"));
        let folder = self.folder.exists().then(|| self.folder.display().to_string());
        let socket = UnixStream::connect(&self.socket).is_ok().then(|| "a socket".to_owned());
        processes.chain(folder).chain(socket).collect()
    }

    /// The system tells nobody but the parent that a process has ended, so this has to look.
    fn wait_until_gone(&self) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let left = self.what_is_there();
            if left.is_empty() || Instant::now() > deadline {
                return left;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A folder for servers, which the user they run as can reach.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("planwright-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every process that runs (a zombie does not), with its parent.
fn processes() -> Vec<(u32, u32)> {
    let script = "if [ -r /proc/self/stat ]; then cat /proc/[0-9]*/stat 2>/dev/null; \
                  else ps -A -o pid= -o comm= -o state= -o ppid=; fi";
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let process = |line: &str| {
        // The name of a process may hold spaces; it is followed by a state of one letter.
        let mut words = line.split_whitespace();
        let pid = words.next()?.parse().ok()?;
        let state = words.find(|word| word.len() == 1)?;
        Some((pid, words.next()?.parse().ok()?)).filter(|_| state != "Z")
    };
    text.lines().filter_map(process).collect()
}

fn is_running(pid: u32) -> bool {
    processes().iter().any(|(other, _)| *other == pid)
}

fn parent(pid: u32) -> u32 {
    processes().into_iter().find(|(other, _)| *other == pid).unwrap().1
}

fn signal(name: &str, target: &str) {
    let kill = Command::new("sh").args(["-c", &format!("kill {name} {target}")]).status();
    assert!(kill.unwrap().success(), "kill {name} {target}");
}

fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    sql_query(statement).execute(&mut connection).unwrap();
}

/// What a SELECT of one number gives.
fn number(url: &str, select: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let mut connection = PgConnection::establish(url).unwrap();
    let query = sql_query(format!("SELECT ({select})::bigint AS number"));
    query.get_result::<Row>(&mut connection).unwrap().number
}
