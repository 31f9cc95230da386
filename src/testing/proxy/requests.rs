//! The stream of a client, cut into requests.
//!
//! A request is what a client sends before it waits: messages up to and including a simple query or
//! a Sync, or copy data up to its end.

use std::collections::HashMap;
use std::io;

use super::fault::{Request, RequestKind};
use super::framer::{Framer, number};

/// The SQL that a [`Request`] keeps.
const SQL_BYTES: usize = 64 << 10;
/// A request that is longer flows on before its end has come.
const HELD_BYTES: usize = 1 << 20;
const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;

/// What [`Requests`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The client asked whether it may encrypt, and waits for one byte. Not to be forwarded.
    Encryption,
    /// A request has come: as a rule all of it, else its first [`HELD_BYTES`], or the part up to a
    /// Flush or to the first copy data.
    Request {
        request: Request,
        /// Whether it ends a transaction by COMMIT.
        commits: bool,
    },
}

/// The stream of a client, cut into requests.
///
/// It holds the bytes of a request back until it is whole. That is invisible to both ends: a client
/// waits for nothing before it has sent a Sync, a simple query or a Flush.
#[derive(Debug)]
pub(super) struct Requests {
    framer: Framer,
    pending: Vec<u8>,
    /// The prefix of `pending` that may be forwarded.
    cleared: usize,
    /// The prefix of `pending` that the framer has seen.
    seen: usize,
    /// Where in `pending` the message under way began, while its request is held.
    message: usize,
    open: Option<Open>,
    begun: u64,
    /// Whether the last request ended in a Sync. Then a COPY that it began does too.
    extended: bool,
    /// The SQL of prepared statements by name.
    statements: HashMap<Vec<u8>, String>,
}

/// A request whose end has not come.
#[derive(Debug)]
struct Open {
    request: Request,
    commits: bool,
    held: bool,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            framer: Framer::client(),
            pending: Vec::new(),
            cleared: 0,
            seen: 0,
            message: 0,
            open: None,
            begun: 0,
            extended: false,
            statements: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The place on its connection of the request that came last; the first is 1.
    pub(super) fn ordinal(&self) -> u64 {
        self.begun
    }

    /// The bytes that may be forwarded, and the request that the last event was about. They are
    /// told apart until the next call of [`next`](Self::next) clears the request.
    pub(super) fn ready(&self) -> (&[u8], &[u8]) {
        self.pending[..self.seen].split_at(self.cleared)
    }

    /// Takes out the bytes that may be forwarded.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let rest = self.pending.split_off(self.cleared);
        self.seen -= self.cleared;
        self.message = self.message.saturating_sub(self.cleared);
        self.cleared = 0;
        std::mem::replace(&mut self.pending, rest)
    }

    /// Looks at what was pushed, up to the next event. The request of the event before is cleared.
    pub(super) fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            if !self.open.as_ref().is_some_and(|open| open.held) && self.framer.typed() {
                self.cleared = self.seen;
            }
            if self.seen == self.pending.len() {
                let overdue = self.pending.len() - self.cleared > HELD_BYTES;
                return Ok(if overdue { self.release_part() } else { None });
            }
            if self.framer.typed() && self.framer.at_boundary() {
                self.begin(self.pending[self.seen]);
            }
            let step = self.framer.advance(&self.pending[self.seen..])?;
            self.seen += step.used;
            let event = match step.ended {
                None => None,
                Some(_) if !self.framer.typed() => self.end_startup(),
                Some(kind) => self.end(kind),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    fn begin(&mut self, kind: u8) {
        let copying = |open: &Open| open.request.kind == RequestKind::Copy;
        if self.open.as_ref().is_some_and(copying) && !b"dcfSH".contains(&kind) {
            // The server refused the copy, and the client left it without an end.
            self.open = None;
        }
        // Passwords, Flush and Terminate are not requests.
        if self.open.is_none() && !b"pHX".contains(&kind) {
            let kind = match kind {
                b'Q' => RequestKind::Query,
                b'd' | b'c' | b'f' => RequestKind::Copy,
                _ => RequestKind::Other,
            };
            let request = Request { kind, sql: String::new() };
            self.open = Some(Open { request, commits: false, held: true });
            self.begun += 1;
        }
        self.message = self.seen;
    }

    fn end_startup(&mut self) -> Option<Event> {
        let code = number(&self.pending[self.cleared + 4..]);
        if matches!(code, Some(SSL_REQUEST | GSSENC_REQUEST)) {
            self.pending.drain(self.cleared..self.seen);
            self.seen = self.cleared;
            return Some(Event::Encryption);
        }
        self.framer = Framer::server();
        None
    }

    fn end(&mut self, kind: u8) -> Option<Event> {
        let open = self.open.as_mut()?;
        if open.held {
            let body = &self.pending[self.message + 5..self.seen];
            open.note(kind, body, &mut self.statements);
        }
        let over = match kind {
            b'Q' | b'F' | b'S' => true,
            b'c' | b'f' => !self.extended,
            _ => false,
        };
        let event = if over || kind == b'H' || kind == b'd' { self.release() } else { None };
        if over {
            self.extended = kind == b'S';
            self.open = None;
            // `next` clears its bytes at the next call, so that they can still be told apart.
        }
        event
    }

    /// Lets the open request go in the middle of a message.
    fn release_part(&mut self) -> Option<Event> {
        let body = self.pending.get(self.message + 5..).unwrap_or_default();
        self.open.as_mut()?.note(self.framer.kind(), body, &mut self.statements);
        self.release()
    }

    /// Lets the open request go, as far as it has come.
    fn release(&mut self) -> Option<Event> {
        let open = self.open.as_mut().filter(|open| open.held)?;
        open.held = false;
        Some(Event::Request { request: open.request.clone(), commits: open.commits })
    }
}

impl Open {
    fn note(&mut self, kind: u8, body: &[u8], statements: &mut HashMap<Vec<u8>, String>) {
        match kind {
            b'Q' => {
                let (sql, _) = text(body);
                self.commits = commits(&String::from_utf8_lossy(sql));
                self.request.sql = shortened(sql);
            }
            b'P' => {
                let (name, rest) = text(body);
                let sql = shortened(text(rest).0);
                if self.request.kind == RequestKind::Other {
                    self.request.kind = RequestKind::Prepare;
                }
                self.add(&sql);
                statements.insert(name.to_vec(), sql);
            }
            b'B' => {
                let (_portal, rest) = text(body);
                self.request.kind = RequestKind::Execute;
                if let Some(sql) = statements.get(text(rest).0) {
                    self.commits |= commits(sql);
                    self.add(sql);
                }
            }
            b'C' if body.first() == Some(&b'S') => {
                statements.remove(text(&body[1..]).0);
            }
            _ => {}
        }
    }

    fn add(&mut self, sql: &str) {
        let all = &mut self.request.sql;
        if !all.ends_with(sql) && all.len() + sql.len() < SQL_BYTES {
            if !all.is_empty() {
                all.push_str("; ");
            }
            all.push_str(sql);
        }
    }
}

/// The text up to a zero byte, and what follows that.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

fn shortened(sql: &[u8]) -> String {
    String::from_utf8_lossy(&sql[..sql.len().min(SQL_BYTES)]).into_owned()
}

/// Whether one of the statements is a COMMIT. `ON COMMIT DROP` is none.
fn commits(sql: &str) -> bool {
    sql.split(';').map(without_comments).any(|statement| {
        let end = statement.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(statement.len());
        statement[..end].eq_ignore_ascii_case("commit")
    })
}

/// The statement from its first word on.
fn without_comments(statement: &str) -> &str {
    let statement = statement.trim_start();
    let comment = [("--", "\n"), ("/*", "*/")].into_iter().find_map(|(begin, end)| {
        statement.strip_prefix(begin).map(|rest| rest.split_once(end).map_or("", |pair| pair.1))
    });
    comment.map_or(statement, without_comments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind][..], &length.to_be_bytes(), body].concat()
    }

    fn untyped(code: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 8).unwrap();
        [&length.to_be_bytes()[..], &code.to_be_bytes(), body].concat()
    }

    fn startup() -> Vec<u8> {
        untyped(3 << 16, b"user\0me\0\0")
    }

    /// What a client without encryption sends when it does a bit of everything.
    fn session() -> Vec<u8> {
        [
            untyped(GSSENC_REQUEST, b""),
            untyped(SSL_REQUEST, b""),
            startup(),
            message(b'p', b"password\0"),
            message(b'Q', b"BEGIN\0"),
            message(b'P', b"s1\0INSERT INTO t VALUES ($1)\0\0\0"),
            message(b'S', b""),
            message(b'B', b"\0s1\0\0\0\0\0\0\0"),
            message(b'D', b"P\0"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'Q', b"COPY t FROM STDIN\0"),
            message(b'd', &[b'x'; 9000]),
            message(b'd', b"1\n"),
            message(b'c', b""),
            message(b'Q', b"SELECT 1; COMMIT\0"),
            message(b'X', b""),
        ]
        .concat()
    }

    /// The events, and every byte that may be forwarded.
    fn run(stream: &[u8], chunk: usize) -> (Vec<Event>, Vec<u8>) {
        let (mut requests, mut events, mut forwarded) = (Requests::new(), Vec::new(), Vec::new());
        for bytes in stream.chunks(chunk) {
            requests.push(bytes);
            while let Some(event) = requests.next().unwrap() {
                events.push(event);
            }
            forwarded.extend(requests.take());
        }
        (events, forwarded)
    }

    fn trace(events: &[Event]) -> Vec<(RequestKind, &str, bool)> {
        let mut trace = Vec::new();
        for event in events {
            if let Event::Request { request, commits } = event {
                trace.push((request.kind, request.sql.as_str(), *commits));
            }
        }
        trace
    }

    #[test]
    fn a_session_is_cut_into_its_round_trips() {
        let (events, forwarded) = run(&session(), usize::MAX);
        assert_eq!(events[..2], [Event::Encryption, Event::Encryption]);
        assert_eq!(
            trace(&events),
            [
                (RequestKind::Query, "BEGIN", false),
                (RequestKind::Prepare, "INSERT INTO t VALUES ($1)", false),
                (RequestKind::Execute, "INSERT INTO t VALUES ($1)", false),
                (RequestKind::Query, "COPY t FROM STDIN", false),
                (RequestKind::Copy, "", false),
                (RequestKind::Query, "SELECT 1; COMMIT", true),
            ]
        );
        assert_eq!(forwarded, session()[16..], "all but the two encryption requests");
    }

    #[test]
    fn bytes_one_at_a_time_give_the_same_as_all_at_once() {
        let whole = run(&session(), usize::MAX);
        for chunk in [1, 2, 3, 5, 7, 64, 4096] {
            assert_eq!(run(&session(), chunk), whole, "{chunk} bytes at a time");
        }
    }

    #[test]
    fn a_request_is_held_until_it_is_whole() {
        let mut requests = Requests::new();
        requests.push(&startup());
        assert_eq!(requests.next().unwrap(), None);
        assert_eq!(requests.take(), startup());

        let query = message(b'Q', b"COMMIT\0");
        requests.push(&query[..query.len() - 1]);
        assert_eq!(requests.next().unwrap(), None);
        assert!(requests.take().is_empty());

        requests.push(&query[query.len() - 1..]);
        assert!(matches!(requests.next().unwrap(), Some(Event::Request { commits: true, .. })));
        assert_eq!(requests.ready(), (&b""[..], &query[..]));
        assert_eq!(requests.next().unwrap(), None);
        assert_eq!(requests.take(), query);
    }

    #[test]
    fn a_request_without_end_is_not_kept_in_memory() {
        let (mut requests, mut forwarded) = (Requests::new(), 0);
        let value = vec![b'v'; 10 << 20];
        let bind = message(b'B', &[b"\0\0", &value[..]].concat());
        let stream = [startup(), bind, message(b'S', b"")].concat();
        let mut events = 0;
        for bytes in stream.chunks(4096) {
            requests.push(bytes);
            while requests.next().unwrap().is_some() {
                events += 1;
            }
            forwarded += requests.take().len();
            assert!(requests.pending.len() <= HELD_BYTES + 4096);
        }
        assert_eq!((forwarded, events), (stream.len(), 1));
        assert_eq!(requests.ordinal(), 1);
    }

    #[test]
    fn flush_lets_a_request_go_before_its_sync() {
        let begin = [startup(), message(b'P', b"\0SELECT 1\0\0\0"), message(b'H', b"")].concat();
        let end = [message(b'B', b"\0\0\0\0\0\0\0\0"), message(b'S', b"")].concat();
        let mut requests = Requests::new();
        requests.push(&begin);
        assert!(requests.next().unwrap().is_some());
        assert_eq!(requests.next().unwrap(), None);
        assert_eq!(requests.take(), begin);
        requests.push(&end);
        assert_eq!(requests.next().unwrap(), None, "still the same request");
        assert_eq!(requests.take(), end);
        assert_eq!(requests.ordinal(), 1);
    }

    #[test]
    fn a_copy_by_bind_and_execute_ends_in_a_sync() {
        let stream = [
            startup(),
            message(b'P', b"\0COPY t FROM STDIN\0\0\0"),
            message(b'B', b"\0\0\0\0\0\0\0\0"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'd', b"1\n"),
            message(b'c', b""),
            message(b'S', b""),
            message(b'Q', b"SELECT 1\0"),
        ]
        .concat();
        let kinds: Vec<_> = trace(&run(&stream, usize::MAX).0).iter().map(|r| r.0).collect();
        assert_eq!(kinds, [RequestKind::Execute, RequestKind::Copy, RequestKind::Query]);
    }

    #[test]
    fn a_copy_that_was_left_does_not_hide_the_next_query() {
        let query = message(b'Q', b"SELECT 1\0");
        let stream =
            [startup(), message(b'Q', b"COPY t FROM STDIN\0"), message(b'd', b"x"), query].concat();
        for chunk in [1, usize::MAX] {
            let events = run(&stream, chunk).0;
            assert_eq!(trace(&events).last().unwrap().1, "SELECT 1");
            assert_eq!(events.len(), 3);
        }
    }

    #[test]
    fn commit_is_a_statement_not_a_word() {
        for sql in [
            "COMMIT",
            "commit;",
            "SELECT 1/(current_setting('a') = 'b')::int; COMMIT",
            "-- done\n /* really */ Commit AND CHAIN",
        ] {
            assert!(commits(sql), "{sql}");
        }
        for sql in ["", "CREATE TEMP TABLE t () ON COMMIT DROP", "SELECT commit", "committed", "--"]
        {
            assert!(!commits(sql), "{sql}");
        }
    }

    #[test]
    fn a_cancel_request_passes() {
        let cancel = untyped(80_877_102, &[7; 8]);
        assert_eq!(run(&cancel, 1), (vec![], cancel));
    }

    #[test]
    fn what_is_not_postgresql_is_refused() {
        let mut requests = Requests::new();
        requests.push(b"GET / HTTP/1.1\r\n\r\n");
        assert!(requests.next().is_err());
    }
}
