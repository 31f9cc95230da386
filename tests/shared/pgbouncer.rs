//! A PgBouncer in front of a private server.

use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
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
    log: PathBuf,
    host: String,
}

impl PgBouncer {
    /// On a host, or in a folder for a unix socket, with further lines of its configuration. It is
    /// run by `runner`, to which its command is added: it refuses root, as the server does.
    pub(crate) fn start(
        server: &LocalServer,
        host: &str,
        settings: &str,
        mut runner: Command,
    ) -> Self {
        let listens = if host.starts_with('/') {
            format!("listen_addr =\nunix_socket_dir = {host}")
        } else {
            format!("listen_addr = {host}\nunix_socket_dir =")
        };
        let config = configuration(server, &format!("{listens}\n{settings}"));
        let process = runner.arg(program()).arg("-q").arg(config).spawn();
        let mut started = Self {
            process: process.expect("pgbouncer can be run"),
            log: log(server),
            host: host.to_owned(),
        };
        started.wait();
        started
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.host.replace('/', "%2F");
        format!("postgresql://postgres@{host}:{PORT}/{database}")
    }

    fn answers(&self) -> bool {
        if self.host.starts_with('/') {
            UnixStream::connect(format!("{}/.s.PGSQL.{PORT}", self.host)).is_ok()
        } else {
            TcpStream::connect((self.host.as_str(), PORT)).is_ok()
        }
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.answers() {
            let ended = self.process.try_wait().unwrap();
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
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

fn log(server: &LocalServer) -> PathBuf {
    server.socket_dir().join("pgbouncer.log")
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
        shown(&log(server)),
    );
    fs::write(&path, text).unwrap();
    path
}
