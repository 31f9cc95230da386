//! A PgBouncer in front of a private server.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use planwright::local_server::LocalServer;

const PORT: u16 = 6432;

/// Pools by transaction, on two connections to the server.
#[derive(Debug)]
pub(crate) struct PgBouncer {
    process: Child,
    folder: PathBuf,
}

impl PgBouncer {
    /// On a unix socket, with further lines of its configuration.
    pub(crate) fn start(server: &LocalServer, settings: &str) -> Self {
        let folder = server.socket_dir().to_owned();
        let config =
            configuration(server, &format!("unix_socket_dir = {}\n{settings}", folder.display()));
        let owner = fs::metadata(&folder).unwrap();
        // It refuses root, as the server does.
        let process = Command::new(program())
            .arg("-q")
            .arg(&config)
            .uid(owner.uid())
            .gid(owner.gid())
            .spawn()
            .expect("pgbouncer can be run");
        let mut started = Self { process, folder };
        let socket = started.folder.join(format!(".s.PGSQL.{PORT}"));
        started.wait(|| UnixStream::connect(&socket).is_ok());
        started
    }

    /// On an address in a network namespace. Needs root.
    pub(crate) fn start_in(server: &LocalServer, namespace: &str, address: &str) -> Self {
        let folder = server.socket_dir().to_owned();
        let owner = fs::metadata(&folder).unwrap();
        let user = Command::new("id").args(["-un", &owner.uid().to_string()]).output().unwrap();
        let settings = format!(
            "listen_addr = {address}\nunix_socket_dir =\nuser = {}",
            String::from_utf8_lossy(&user.stdout)
        );
        let process = Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(program())
            .arg("-q")
            .arg(configuration(server, &settings))
            .spawn()
            .expect("ip can be run");
        let mut started = Self { process, folder };
        started.wait(|| TcpStream::connect((address, PORT)).is_ok());
        started
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgresql://postgres@{host}:{PORT}/{database}")
    }

    pub(crate) fn tcp_url(address: &str, database: &str) -> String {
        format!("postgresql://postgres@{address}:{PORT}/{database}")
    }

    fn wait(&mut self, ready: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !ready() {
            let ended = self.process.try_wait().unwrap();
            let log = || fs::read_to_string(self.folder.join("pgbouncer.log")).unwrap_or_default();
            assert!(ended.is_none(), "PgBouncer ended: {ended:?}\n{}", log());
            assert!(Instant::now() < deadline, "PgBouncer does not answer:\n{}", log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
        .expect("pgbouncer is not installed: run `./dev test`, or install the package pgbouncer")
}

fn configuration(server: &LocalServer, settings: &str) -> PathBuf {
    let folder = server.socket_dir();
    let path = folder.join("pgbouncer.ini");
    let shown = |path: &Path| path.display().to_string();
    let text = format!(
        "[databases]\n* = host={} port={} user=postgres\n[pgbouncer]\nlisten_port = {PORT}\n\
         auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 500\n\
         logfile = {}\n{settings}\n",
        shown(folder),
        server.port(),
        shown(&folder.join("pgbouncer.log")),
    );
    fs::write(&path, text).unwrap();
    path
}
