//! A proxy that loses connections on purpose.

mod answers;
mod control;
mod fault;
mod framer;
mod link;
mod requests;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::{Error, Result};
use control::{Admission, Control, lock};
use link::Link;
use upstream::{Stream, Upstream, Url};

pub use fault::{At, Fault, Point, Request, RequestKind};

/// So that a process out of file descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A TCP proxy in front of a PostgreSQL server that loses what passes through it at a chosen
/// message.
///
/// It listens on a free port of 127.0.0.1 and opens a connection of its own to the server, by TCP or
/// by unix socket, for each one that it accepts. It reads the framing of the protocol, so faults
/// strike at exact places: before a request, half way through it, or after the server has carried it
/// out and before the client hears of it. It also counts round trips and tells their SQL.
///
/// It speaks no TLS: it answers a client's wish for encryption with no, so `sslmode=require` fails
/// through it. [`url_for`](Self::url_for) makes a URL that asks for none.
///
/// A *request* is one round trip: what a client sends up to and including a simple query or a Sync,
/// or a COPY's data up to their end. Connecting is none. A client that does not pipeline (Diesel,
/// libpq's ordinary calls) waits after each.
///
/// A connection is *cut* by shutting both of its sockets down in both directions: each end reads the
/// end of the stream, and a reset when it sends on.
///
/// A connection that a *black hole* has swallowed something of stays one, whatever fault is set
/// later, because its stream has a gap: its sockets stay open and what is sent into them vanishes,
/// also the news that the other end has closed. [`cut_all`](Self::cut_all) ends it.
///
/// Dropping the proxy cuts all connections and ends its threads.
///
/// # Example
///
/// A COMMIT that is carried out and whose reply is lost looks to the client like one that never
/// arrived.
///
/// ```no_run
/// use diesel::connection::SimpleConnection;
/// use diesel::{Connection, PgConnection};
/// use planwright::testing::{At, Fault, FaultProxy, Point};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgres://me@127.0.0.1:5432/scratch";
/// let proxy = FaultProxy::in_front_of(url)?;
/// let mut connection = PgConnection::establish(&proxy.url_for(url)?)?;
///
/// proxy.set(Fault::CutAt(Point::Reply(At::Commit)));
/// assert!(connection.batch_execute("BEGIN").is_ok());
/// assert!(connection.batch_execute("CREATE TABLE t (n int)").is_ok());
/// assert!(connection.batch_execute("COMMIT").is_err());
/// assert!(proxy.fired());
/// assert_eq!(proxy.requests(), 3);
///
/// // The proxy carries later connections as if nothing had happened. The table is there.
/// let mut connection = PgConnection::establish(&proxy.url_for(url)?)?;
/// connection.batch_execute("DROP TABLE t")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// A proxy for the server that a URL names, by host or by the folder of its unix socket.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything but a `postgres://` URL that names one host, and what
    /// [`to_tcp`](Self::to_tcp) says.
    pub fn in_front_of(database_url: &str) -> Result<Self> {
        let url = parsed(database_url)?;
        match (url.host(), url.port()) {
            ("", _) => Err(invalid_url()),
            (folder, port) if folder.starts_with('/') => {
                Self::to_socket(Path::new(folder).join(format!(".s.PGSQL.{port}")))
            }
            (host, port) => Self::to_tcp((host, port.parse::<u16>().map_err(|_| invalid_url())?)),
        }
    }

    /// A proxy for a server on a TCP address, such as `"127.0.0.1:5432"`. The server need not be up.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the address does not resolve, or no port is free to listen on.
    pub fn to_tcp(server: impl ToSocketAddrs) -> Result<Self> {
        let mut addresses = server.to_socket_addrs().map_err(no_server)?;
        let address = addresses.next().ok_or_else(|| Error::unavailable(NO_SERVER, None))?;
        Self::start(Upstream::Tcp(address))
    }

    /// A proxy for a server on a unix socket, such as `/run/postgresql/.s.PGSQL.5432`. The server
    /// need not be up.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when no port is free to listen on.
    pub fn to_socket(server: impl Into<PathBuf>) -> Result<Self> {
        Self::start(Upstream::Socket(server.into()))
    }

    fn start(upstream: Upstream) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(not_started)?;
        let address = listener.local_addr().map_err(not_started)?;
        let control = Arc::new(Control::default());
        let shared = Arc::new(Shared { upstream, control, links: Mutex::default() });
        let accepting = Arc::clone(&shared);
        let acceptor = thread::Builder::new()
            .spawn(move || accepting.accept_from(&listener))
            .map_err(not_started)?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The same database by way of the proxy: host and port are exchanged, encryption is off.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything but a `postgres://` URL that names one host.
    pub fn url_for(&self, database_url: &str) -> Result<String> {
        Ok(parsed(database_url)?.with_server(self.address))
    }

    /// Sets what happens from now on, in place of what was set before, and begins all counts and
    /// the trace anew. A request that has begun already is not struck by a fault about requests.
    pub fn set(&self, fault: Fault) {
        self.shared.control.set(fault);
    }

    /// Holds bytes back for this long in each direction, so that a round trip takes twice as long
    /// more. Throughput stays: bytes wait side by side. Holds together with any fault.
    pub fn set_delay(&self, one_way: Duration) {
        lock(&self.shared.control.state).delay = one_way;
    }

    /// Cuts every open connection now.
    pub fn cut_all(&self) {
        for link in lock(&self.shared.links).iter().filter_map(|open| open.link.upgrade()) {
            link.cut();
        }
    }

    /// Whether the fault has struck since it was set.
    pub fn fired(&self) -> bool {
        lock(&self.shared.control.state).fired
    }

    /// Waits for the fault to strike, at most this long. Says whether it has.
    pub fn wait_fired(&self, limit: Duration) -> bool {
        self.shared.control.wait_fired(limit)
    }

    /// The number of round trips that were begun since [`set`](Self::set).
    pub fn requests(&self) -> u64 {
        lock(&self.shared.control.state).requests
    }

    /// The round trips that were begun since [`set`](Self::set), in their order; the one that was
    /// struck is among them. Ends after some 16 MiB.
    pub fn trace(&self) -> Vec<Request> {
        lock(&self.shared.control.state).trace.clone()
    }

    /// The number of connections that were accepted since [`set`](Self::set).
    pub fn connections(&self) -> u64 {
        lock(&self.shared.control.state).connections
    }

    /// The number of bytes that clients have sent since [`set`](Self::set), start-up included: a
    /// bound for [`Point::BytesToServer`].
    pub fn bytes_to_server(&self) -> u64 {
        lock(&self.shared.control.state).to_server
    }

    /// The number of bytes that servers have sent since [`set`](Self::set), start-up included: a
    /// bound for [`Point::BytesToClient`].
    pub fn bytes_to_client(&self) -> u64 {
        lock(&self.shared.control.state).to_client
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        lock(&self.shared.control.state).stopped = true;
        // The acceptor is blocked until somebody connects.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            // A panic of it has been printed, and must not become an abort here.
            let _ = acceptor.join();
        }
        self.cut_all();
        let links = std::mem::take(&mut *lock(&self.shared.links));
        for open in links {
            let _ = open.thread.join();
        }
    }
}

const NO_SERVER: &str = "the address of the server behind the proxy does not resolve";

fn no_server(error: std::io::Error) -> Error {
    Error::unavailable(NO_SERVER, Some(error.into()))
}

fn not_started(error: std::io::Error) -> Error {
    Error::unavailable("the proxy could not be started", Some(error.into()))
}

fn parsed(database_url: &str) -> Result<Url<'_>> {
    Url::parse(database_url).ok_or_else(invalid_url)
}

/// Does not repeat the URL, which may hold a password.
fn invalid_url() -> Error {
    Error::invalid("testing::FaultProxy", "database_url", "must be postgres:// with one host")
}

/// What the acceptor shares with the owner of the proxy.
#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    control: Arc<Control>,
    links: Mutex<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    /// Weak, so that the sockets close when the thread ends.
    link: Weak<Link>,
    thread: JoinHandle<()>,
}

impl Shared {
    fn accept_from(&self, listener: &TcpListener) {
        for client in listener.incoming() {
            match (self.control.admit(), client) {
                (Admission::Stopped, _) => return,
                (Admission::Refused, Ok(_)) => {}
                // The client sees a connection that closes before the server says a word.
                (Admission::Granted, Ok(client)) => drop(self.open(client)),
                (_, Err(_)) => thread::sleep(ACCEPT_PAUSE),
            }
        }
    }

    fn open(&self, client: TcpStream) -> std::io::Result<()> {
        let server = self.upstream.connect()?;
        let link = Link::new(Stream::tcp(client)?, server, Arc::clone(&self.control));
        let weak = Arc::downgrade(&link);
        let thread = thread::Builder::new().spawn(move || link.run())?;
        let mut links = lock(&self.links);
        links.retain(|open| !open.thread.is_finished());
        links.push(Running { link: weak, thread });
        Ok(())
    }
}
