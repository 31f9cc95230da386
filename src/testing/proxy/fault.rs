//! What a proxy may do, and what it has seen.

#[cfg(doc)]
use super::FaultProxy;

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
///
/// A request is judged, and halved, when it has come whole; one beyond 1 MiB by its first MiB, one
/// with a Flush before its end by the part up to that, and the data of a COPY by their first
/// message. So no COPY is ever kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// Before the server has seen a byte of the request.
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
