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
//! let folder = server.data_dir().to_owned();
//! drop(server);
//! assert!(!folder.exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod binaries;
mod folder;
mod supervisor;
mod template;

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use diesel::{Connection, PgConnection, RunQueryDsl};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use self::account::Account;
use self::binaries::Binaries;
use self::folder::Folder;
use self::supervisor::Supervisor;
use crate::{Error, Result};

/// The port in the name of the socket of a server that does not listen on TCP.
const SOCKET_PORT: u16 = 5432;

/// The folder to make the servers' folders in.
const FOLDER_VARIABLE: &str = "PLANWRIGHT_PG_DIR";

/// The longest name of a socket, in bytes.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

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

/// What a [`LocalServer`] is started with.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    binaries: Option<PathBuf>,
    within: Option<PathBuf>,
    settings: Vec<(String, String)>,
    tcp: bool,
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

impl Builder {
    /// A setting of the server, such as `max_connections`. Of two for one name the later counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// The folder that holds `postgres` and `initdb`.
    pub fn binaries(mut self, folder: impl Into<PathBuf>) -> Self {
        self.binaries = Some(folder.into());
        self
    }

    /// The folder that the server's own folder is made in, instead of what `PLANWRIGHT_PG_DIR` names
    /// or the one for temporary files.
    /// For root, the server's user must be able to reach it.
    pub fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.within = Some(folder.into());
        self
    }

    /// Whether the server also listens on a free port of 127.0.0.1, where it asks for a password
    /// ([`LocalServer::tcp_url`]).
    pub fn tcp(mut self, tcp: bool) -> Self {
        self.tcp = tcp;
        self
    }

    /// Starts the server, and waits until it answers.
    ///
    /// # Errors
    ///
    /// * [`Unavailable`](Error::Unavailable) if there is no PostgreSQL 15 or later (with the
    ///   command that installs one), if `PLANWRIGHT_PG_BIN` is wrong, or if the server does not
    ///   start (with the end of its log).
    /// * [`Invalid`](Error::Invalid) if there is none in [`binaries`](Self::binaries), or if the
    ///   name of the socket would be longer than the system allows.
    pub fn start(self) -> Result<LocalServer> {
        let within =
            self.within.clone().or_else(|| env::var_os(FOLDER_VARIABLE).map(PathBuf::from));
        let within = within.unwrap_or_else(env::temp_dir);
        let within = fs::canonicalize(&within).map_err(failed("cannot use", &within))?;
        let port = if self.tcp { free_port()? } else { SOCKET_PORT };
        let folder = Folder::create(&within).map_err(failed("cannot make a folder in", &within))?;
        check_socket(&folder.path, port)?;
        let account = Account::of_owner(&folder.path)?;
        account.give(&folder.path).map_err(failed("cannot give away", &folder.path))?;
        Folder::sweep(&within, &account);

        let binaries = Binaries::find(self.binaries.as_deref(), &account)?;
        let data = folder.path.join("data");
        template::data_directory(&data, &binaries, &account)?;
        let supervisor = Supervisor::new(
            &folder,
            &account,
            &binaries.program("postgres"),
            &self.arguments(&data, &folder.path, port),
        );
        let supervisor = supervisor.map_err(failed("cannot run a shell in", &folder.path))?;
        let mut server = LocalServer {
            supervisor: Mutex::new(supervisor),
            folder,
            port,
            password: None,
            version: binaries.major,
        };
        server.ask("start")?;
        if self.tcp {
            let password = Uuid::new_v4().simple().to_string();
            server.set_password(&password)?;
            server.password = Some(password);
        }
        Ok(server)
    }

    fn arguments(&self, data: &Path, socket_dir: &Path, port: u16) -> Vec<String> {
        // A list, in which only quotes keep a comma.
        let socket_dir = socket_dir.to_string_lossy().replace('"', "\"\"");
        let own = [
            ("listen_addresses", if self.tcp { "127.0.0.1".into() } else { String::new() }),
            ("port", port.to_string()),
            ("unix_socket_directories", format!("\"{socket_dir}\"")),
            ("unix_socket_permissions", "0700".into()),
            ("fsync", "off".into()),
        ];
        let asked = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let settings = own.iter().map(|(name, value)| format!("{name}={value}")).chain(asked);
        let data = ["-D".into(), data.to_string_lossy().into_owned()];
        data.into_iter().chain(settings.flat_map(|setting| ["-c".into(), setting])).collect()
    }
}

/// Refuses a folder in which the server could not make its socket, or a URL could not name it.
fn check_socket(folder: &Path, port: u16) -> Result<()> {
    let refused = |reason| Error::invalid("LocalServer", "within", reason);
    let Some(name) = folder.to_str() else {
        return Err(refused(format!("{} is not UTF-8", folder.display())));
    };
    let length = format!("{name}/.s.PGSQL.{port}").len();
    if length <= LONGEST_SOCKET {
        return Ok(());
    }
    Err(refused(format!(
        "the name of a socket in {name} would have {length} bytes, and {LONGEST_SOCKET} are \
         allowed: choose a shorter folder, or set PLANWRIGHT_PG_DIR to one"
    )))
}

/// A port that nobody listens on, below those that systems hand out to clients: such a one could
/// be taken between a stop of the server and its restart.
fn free_port() -> Result<u16> {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut tries = (0..100).map(|_| {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        20_000 + u16::try_from(random % 12_000).unwrap_or_default()
    });
    tries.find(free).ok_or_else(|| {
        Error::unavailable("no free port was found between 20000 and 32000 on 127.0.0.1", None)
    })
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
