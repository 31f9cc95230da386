//! A private PostgreSQL server from installed binaries, for tests, examples and trials.
//!
//! [`LocalServer::start`] needs no configuration, no rights and no network: it takes the newest
//! PostgreSQL that is installed (15 or later), gives it a data directory of its own and a unix
//! socket that only the caller can reach, and ends it with the calling process, even where that is
//! killed with `kill -9`. Any number of servers run at the same time. Unix only.
//!
//! * **Binaries** come from [`Builder::binaries`], else the folder that `PLANWRIGHT_PG_BIN` names,
//!   else `PATH`, else where distributions put them.
//! * **Root** is refused by PostgreSQL; for root the server runs as `postgres`, or else as `nobody`.
//! * **Its folder**, with the data directory, the socket and the log, is made in
//!   [`Builder::within`], else in the folder that `PLANWRIGHT_PG_DIR` names, else in the one for
//!   temporary files, and removed with the server. What a machine reset left is removed by the next
//!   start. It takes some 40 MB without databases of your own. In memory (`/dev/shm`, where it is
//!   large enough) tests that make many databases run several times as fast: ext4 avoids the
//!   inodes of files deleted a moment ago, and searches longer with each of them.
//! * **The data directory** is a copy of one that `initdb` makes once for each version, kept in
//!   `$XDG_CACHE_HOME/planwright` (`~/.cache/planwright`), for root in `/var/cache/planwright`. It
//!   may be deleted at any time.
//! * **Durability**: `fsync` is off. A commit that was acknowledged survives the death of every
//!   process of the server ([`LocalServer::kill`]), since the kernel has the data by then; it does
//!   not survive the loss of power. Full-page writes stay on, because `kill -9` can tear a page.
//!
//! # Example
//!
//! ```
//! use diesel::{Connection, PgConnection};
//! use planwright::local_server::LocalServer;
//!
//! let server = LocalServer::start()?;
//! assert!(server.version() >= 15);
//! PgConnection::establish(&server.url("postgres"))?;
//!
//! let folder = server.data_dir();
//! drop(server);
//! assert!(!folder.exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod binaries;
mod builder;
mod database;
mod folder;
mod supervisor;
mod template;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use diesel::{Connection, PgConnection, RunQueryDsl};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use self::builder::Builder;
pub use self::database::Database;
use self::folder::Folder;
use self::supervisor::Supervisor;
use crate::{Error, Result};

/// A running private server. Dropping it stops the server and removes all of its files.
///
/// A server in a `static` is never dropped; it ends when the process does.
pub struct LocalServer {
    // Dropped in this order: the supervisor removes the folder.
    supervisor: Mutex<Supervisor>,
    folder: Folder,
    port: u16,
    password: Option<String>,
    version: u32,
}

impl LocalServer {
    /// Starts a server with the defaults, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Those of [`Builder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// A server with settings of one's own.
    ///
    /// # Example
    ///
    /// ```
    /// # use planwright::local_server::LocalServer;
    /// let server = LocalServer::builder().setting("max_connections", "200").start()?;
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The libpq URL of a database on this server, as its superuser, through the unix socket.
    ///
    /// A new server has the database `postgres`.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.path.to_string_lossy();
        format!("postgresql://postgres@{}:{}/{}", encoded(&host), self.port, encoded(database))
    }

    /// The libpq URL of a database over TCP, through whatever listens on `port` of 127.0.0.1: the
    /// server itself with [`port`](Self::port), or a proxy before it. It holds a password, since
    /// every user of the machine can reach that port.
    ///
    /// None without [`Builder::tcp`].
    pub fn tcp_url(&self, port: u16, database: &str) -> Option<String> {
        let password = self.password.as_ref()?;
        Some(format!("postgresql://postgres:{password}@127.0.0.1:{port}/{}", encoded(database)))
    }

    /// The folder that the unix socket is in.
    pub fn socket_dir(&self) -> &Path {
        &self.folder.path
    }

    /// The number in the socket's name, and with [`Builder::tcp`] the TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path.join("data")
    }

    /// The file that the server writes its log to.
    pub fn log(&self) -> PathBuf {
        self.folder.path.join("server.log")
    }

    /// The major version, such as 15.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Kills every process of the server at once with `kill -9`, as a crash would. The data is
    /// kept, and [`restart`](Self::restart) goes on with it. Does nothing to a server that is down.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](Error::Unavailable) if the server's supervisor is gone.
    pub fn kill(&self) -> Result<()> {
        self.ask("kill")
    }

    /// Starts the server again on the same data, socket and port, after a clean stop where it runs.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](Error::Unavailable), with the end of the log, if it does not start.
    pub fn restart(&self) -> Result<()> {
        self.ask("stop")?;
        self.ask("start")
    }

    fn ask(&self, command: &str) -> Result<()> {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let done = supervisor.ask(command).map_err(|e| {
            Error::unavailable("the supervisor of the local PostgreSQL is gone", Some(e.into()))
        })?;
        if done {
            return Ok(());
        }
        let log = fs::read(self.log()).map_err(failed("cannot read", &self.log()))?;
        let version = self.version;
        Err(Error::unavailable(
            format!(
                "`{command}` of a local PostgreSQL {version} failed; its log ends:\n{}",
                tail(&log)
            ),
            None,
        ))
    }

    fn set_password(&self, password: &str) -> Result<()> {
        let cannot = |source| Error::unavailable("cannot set the password for TCP", Some(source));
        let mut connection =
            PgConnection::establish(&self.url("postgres")).map_err(|e| cannot(e.into()))?;
        diesel::sql_query(format!("ALTER ROLE postgres PASSWORD '{password}'"))
            .execute(&mut connection)
            .map_err(|e| cannot(e.into()))?;
        Ok(())
    }
}

impl fmt::Debug for LocalServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalServer")
            .field("folder", &self.folder.path)
            .field("port", &self.port)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn encoded(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let what = format!("{what} {}", path.display());
    move |source| Error::unavailable(format!("{what}: {source}"), Some(source.into()))
}

fn run(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let output = command.output().map_err(failed("cannot run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let what =
        format!("{} failed ({}):\n{}", program.display(), output.status, tail(&output.stderr));
    Err(Error::unavailable(what, None))
}

/// The last twenty lines.
fn tail(log: &[u8]) -> String {
    let log = String::from_utf8_lossy(log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
