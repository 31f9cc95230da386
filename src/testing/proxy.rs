//! A proxy that loses connections on purpose.

mod link;
mod upstream;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::{Error, Result};
use link::Link;
use upstream::{Stream, Upstream, Url};

/// What a trace may hold; requests beyond are counted only.
const TRACE_BYTES: usize = 16 << 20;
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

/// What a [`FaultProxy`] does to the connections through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fault {
    /// It carries everything.
    #[default]
    None,
    /// It closes new connections at once, like a server that is down or full. Open ones live on.
    Refuse,
    /// It swallows everything, in both directions and on all connections.
    BlackHole,
    /// Once, it cuts the connection that comes to this point. Then it carries everything again.
    CutAt(Point),
    /// Once, it makes a black hole of the connection that comes to this point. Then it carries
    /// everything else again.
    BlackHoleAt(Point),
}

/// Where a one-shot [`Fault`] strikes. All counts begin at [`FaultProxy::set`] and go over all
/// connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// Before the server has seen a byte of the request. (One longer than 1 MiB, or with a Flush
    /// before its end, is judged by that first part.)
    Before(At),
    /// When the server has got the first half of the request's bytes.
    Within(At),
    /// When the server has got the request, carried it out and answered in full, and before the
    /// client has seen a byte of the answer.
    Reply(At),
    /// As soon as this many bytes have passed to the server.
    BytesToServer(u64),
    /// As soon as this many bytes have passed to the client.
    BytesToClient(u64),
}

/// Which request a [`Point`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// The n-th to begin since [`FaultProxy::set`]; the first is 0.
    Request(u64),
    /// The first one in which a statement is a COMMIT, be it the last of several
    /// (`SELECT 1; COMMIT`). The COMMIT of a SQL function or a DO block does not count.
    Commit,
}

/// One round trip, as a [`FaultProxy`] saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What the client asked for.
    pub kind: RequestKind,
    /// The SQL that came with it or that was prepared under its name: of each statement the first
    /// 64 KiB. Empty for copy data.
    pub sql: String,
}

/// What a [`Request`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// SQL without parameters, by the simple protocol.
    Query,
    /// A statement is prepared and not run.
    Prepare,
    /// A prepared statement is run with parameters, perhaps prepared by the same request.
    Execute,
    /// The data of a COPY to the server, up to their end.
    Copy,
    /// Anything else, such as a Sync alone or the closing of a statement.
    Other,
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
        let mut state = lock(&self.shared.control.state);
        *state = State { fault, delay: state.delay, stopped: state.stopped, ..State::default() };
    }

    /// Holds bytes back for this long in each direction, so that a round trip takes twice as long
    /// more. Throughput stays: bytes wait side by side. Holds together with any fault.
    pub fn set_delay(&self, one_way: Duration) {
        lock(&self.shared.control.state).delay = one_way;
    }

    /// Cuts every open connection now.
    pub fn cut_all(&self) {
        for open in lock(&self.shared.links).iter() {
            open.link.cut();
        }
    }

    /// Whether the fault has struck since it was set.
    pub fn fired(&self) -> bool {
        lock(&self.shared.control.state).fired
    }

    /// Waits for the fault to strike, at most this long. Says whether it has.
    pub fn wait_fired(&self, limit: Duration) -> bool {
        let Control { state, fired } = &*self.shared.control;
        let waited = fired.wait_timeout_while(lock(state), limit, |state| !state.fired);
        waited.unwrap_or_else(PoisonError::into_inner).0.fired
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
        let links = std::mem::take(&mut *lock(&self.shared.links));
        for open in &links {
            open.link.cut();
        }
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
    link: Arc<Link>,
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
        let running = Arc::clone(&link);
        let thread = thread::Builder::new().spawn(move || running.run())?;
        let mut links = lock(&self.links);
        links.retain(|open| !open.thread.is_finished());
        links.push(Running { link, thread });
        Ok(())
    }
}

/// The fault that is set, and what was counted since.
#[derive(Debug, Default)]
struct Control {
    state: Mutex<State>,
    fired: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    delay: Duration,
    fault: Fault,
    fired: bool,
    connections: u64,
    requests: u64,
    to_server: u64,
    to_client: u64,
    trace: Vec<Request>,
    trace_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    ToServer,
    ToClient,
}

/// How a connection is lost.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Cut,
    BlackHole,
}

/// When a request is struck.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Before,
    Within,
    Reply,
}

enum Admission {
    Granted,
    Refused,
    Stopped,
}

/// How much of a chunk passes, and what becomes of the connection then.
#[derive(Debug)]
struct Passed {
    bytes: usize,
    delay: Duration,
    loss: Option<Loss>,
}

impl Control {
    fn admit(&self) -> Admission {
        let mut state = lock(&self.state);
        if state.stopped {
            return Admission::Stopped;
        }
        state.connections += 1;
        if state.fault == Fault::Refuse {
            drop(state);
            self.struck();
            return Admission::Refused;
        }
        Admission::Granted
    }

    /// Counts a request, and takes the fault that is set for it.
    fn begin(&self, request: Request, commits: bool) -> Option<(Moment, Loss)> {
        let mut state = lock(&self.state);
        let place = state.requests;
        state.requests += 1;
        let size = size_of::<Request>() + request.sql.len();
        if state.trace_bytes + size <= TRACE_BYTES {
            state.trace_bytes += size;
            state.trace.push(request);
        }
        let (point, loss) = state.one_shot()?;
        let (at, moment) = match point {
            Point::Before(at) => (at, Moment::Before),
            Point::Within(at) => (at, Moment::Within),
            Point::Reply(at) => (at, Moment::Reply),
            Point::BytesToServer(_) | Point::BytesToClient(_) => return None,
        };
        let hit = match at {
            At::Request(wanted) => wanted == place,
            At::Commit => commits,
        };
        hit.then(|| {
            state.fault = Fault::None;
            (moment, loss)
        })
    }

    /// Counts bytes, and says how many of them pass.
    fn pass(&self, direction: Direction, bytes: usize) -> Passed {
        let mut state = lock(&self.state);
        let limit = match (direction, state.one_shot()) {
            (Direction::ToServer, Some((Point::BytesToServer(limit), loss)))
            | (Direction::ToClient, Some((Point::BytesToClient(limit), loss))) => {
                Some((limit, loss))
            }
            _ => None,
        };
        let counted = match direction {
            Direction::ToServer => &mut state.to_server,
            Direction::ToClient => &mut state.to_client,
        };
        let before = *counted;
        *counted += bytes as u64;
        let after = *counted;
        let mut passed = Passed { bytes, delay: state.delay, loss: None };
        if state.fault == Fault::BlackHole {
            (passed.bytes, passed.loss) = (0, Some(Loss::BlackHole));
        } else if let Some((limit, loss)) = limit.filter(|(limit, _)| *limit <= after) {
            passed.bytes = usize::try_from(limit - before).unwrap_or(bytes);
            passed.loss = Some(loss);
            state.fault = Fault::None;
        }
        passed
    }

    fn struck(&self) {
        lock(&self.state).fired = true;
        self.fired.notify_all();
    }
}

impl State {
    fn one_shot(&self) -> Option<(Point, Loss)> {
        match self.fault {
            Fault::CutAt(point) => Some((point, Loss::Cut)),
            Fault::BlackHoleAt(point) => Some((point, Loss::BlackHole)),
            Fault::None | Fault::Refuse | Fault::BlackHole => None,
        }
    }
}

/// A thread that panicked has printed why; the others go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
