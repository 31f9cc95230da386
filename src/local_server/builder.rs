use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use uuid::Uuid;

use super::account::Account;
use super::binaries::Binaries;
use super::folder::Folder;
use super::supervisor::Supervisor;
use super::{LocalServer, failed, template};
use crate::{Error, Result};

/// The port in the name of the socket of a server that does not listen on TCP.
const SOCKET_PORT: u16 = 5432;

/// The folder to make the servers' folders in.
const FOLDER_VARIABLE: &str = "PLANWRIGHT_PG_DIR";

/// The longest name of a socket, in bytes.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// What a [`LocalServer`] is started with.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    binaries: Option<PathBuf>,
    within: Option<PathBuf>,
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    tcp: bool,
}

impl Builder {
    /// A setting of the server, such as `max_connections`. Of two for one name the later counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// A variable of the server's environment, such as `LOCPATH`.
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
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
        let named = env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty());
        let within = self.within.clone().or_else(|| named.map(PathBuf::from));
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
        let supervisor = Supervisor::new(
            &folder,
            &account,
            &binaries.program("postgres"),
            &self.arguments(&data, &folder.path, port),
            &self.environment,
        );
        let supervisor = supervisor.map_err(failed("cannot run /bin/sh in", &folder.path))?;
        // From here on nothing is left behind, even if this process is killed.
        template::data_directory(&data, &binaries, &account)?;
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
