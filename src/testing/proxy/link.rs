//! One client's connection through the proxy: a thread for each direction.

use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::answers::Answers;
use super::control::{Control, Direction, Loss, Moment, lock};
use super::requests::{Event, Requests};
use super::upstream::Stream;

const CHUNK_BYTES: usize = 32 << 10;
/// How many chunks of a direction may wait for their time when there is a delay.
const DELAYED_CHUNKS: usize = 256;

/// A client, its own connection to the server, and what has become of them.
#[derive(Debug)]
pub(super) struct Link {
    client: Stream,
    server: Stream,
    control: Arc<Control>,
    /// Nothing passes any more: the link was cut, or it is a black hole.
    lost: AtomicBool,
    cut: Mutex<bool>,
    was_cut: Condvar,
    /// The answer that is not to reach the client, by its place on this connection.
    unanswered: Mutex<Option<(u64, Loss)>>,
}

impl Link {
    pub(super) fn new(client: Stream, server: Stream, control: Arc<Control>) -> Arc<Self> {
        Arc::new(Self {
            client,
            server,
            control,
            lost: AtomicBool::new(false),
            cut: Mutex::new(false),
            was_cut: Condvar::new(),
            unanswered: Mutex::new(None),
        })
    }

    /// Carries bytes both ways until both ends are closed or the link is cut.
    pub(super) fn run(self: &Arc<Self>) {
        thread::scope(|scope| {
            scope.spawn(|| self.carry_answers());
            self.carry_requests();
        });
    }

    /// Closes both sockets in both directions: each end reads the end of the stream, and gets a
    /// reset when it goes on sending.
    pub(super) fn cut(&self) {
        self.lost.store(true, Ordering::SeqCst);
        *lock(&self.cut) = true;
        self.was_cut.notify_all();
        self.client.shutdown(Shutdown::Both);
        self.server.shutdown(Shutdown::Both);
    }

    fn outward(&self, direction: Direction) -> &Stream {
        match direction {
            Direction::ToServer => &self.server,
            Direction::ToClient => &self.client,
        }
    }

    fn lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Waits, unless the link is cut before. Says whether it still stands.
    fn wait_until(&self, due: Instant) -> bool {
        let guard = lock(&self.cut);
        let left = due.saturating_duration_since(Instant::now());
        let waited = self.was_cut.wait_timeout_while(guard, left, |cut| !*cut);
        !*waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn strike(&self, loss: Loss, outlet: &mut Outlet) {
        match loss {
            Loss::Cut => {
                outlet.finish();
                self.control.struck();
                self.cut();
            }
            Loss::BlackHole => {
                self.lost.store(true, Ordering::SeqCst);
                self.control.struck();
            }
        }
    }

    /// Sends on as many of the bytes as the fault of the day lets through.
    fn forward(&self, direction: Direction, bytes: &[u8], outlet: &mut Outlet) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let passed = self.control.pass(direction, bytes.len());
        if passed.loss.is_some() {
            // Before the last bytes go out: whoever reacts to them is too late.
            self.lost.store(true, Ordering::SeqCst);
        }
        outlet.send(&bytes[..passed.bytes], passed.delay)?;
        if let Some(loss) = passed.loss {
            self.strike(loss, outlet);
        }
        Ok(())
    }

    fn carry_requests(self: &Arc<Self>) {
        let mut outlet = Outlet::new(Arc::clone(self), Direction::ToServer);
        let mut requests = Requests::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut server_gone = false;
        while let Ok(count @ 1..) = self.client.read(&mut buffer) {
            // What a dead server would get is thrown away, so that the client lives to read its
            // last words.
            if self.lost() || server_gone {
                continue;
            }
            requests.push(&buffer[..count]);
            match self.forward_requests(&mut requests, &mut outlet) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidData => self.cut(),
                Err(_) => {
                    server_gone = true;
                    self.server.shutdown(Shutdown::Write);
                }
            }
        }
        outlet.finish();
        // A black hole hides from the server that the client has gone.
        if !self.lost() {
            self.server.shutdown(Shutdown::Write);
        }
    }

    fn forward_requests(&self, requests: &mut Requests, outlet: &mut Outlet) -> io::Result<()> {
        while let Some(event) = requests.next()? {
            let Event::Request { request, commits } = event else {
                // They go to the proxy in the server's place, and so count as passed.
                if let Some(loss) = self.control.pass(Direction::ToServer, 8).loss {
                    self.strike(loss, outlet);
                    return Ok(());
                }
                self.client.write_all(b"N")?;
                continue;
            };
            let Some((moment, loss)) = self.control.begin(request, commits) else { continue };
            let (before, request) = requests.ready();
            let part = match moment {
                Moment::Before => &request[..0],
                Moment::Within => &request[..request.len() / 2],
                Moment::Reply => {
                    *lock(&self.unanswered) = Some((requests.ordinal(), loss));
                    continue;
                }
            };
            self.forward(Direction::ToServer, &[before, part].concat(), outlet)?;
            self.strike(loss, outlet);
            return Ok(());
        }
        self.forward(Direction::ToServer, &requests.take(), outlet)
    }

    fn carry_answers(self: &Arc<Self>) {
        let mut outlet = Outlet::new(Arc::clone(self), Direction::ToClient);
        let mut answers = Answers::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Ok(count @ 1..) = self.server.read(&mut buffer) {
            if self.lost() {
                continue;
            }
            if self.forward_answers(&mut answers, &buffer[..count], &mut outlet).is_err() {
                self.cut();
            }
        }
        outlet.finish();
        if !self.lost() {
            self.client.shutdown(Shutdown::Write);
        }
    }

    fn forward_answers(
        &self,
        answers: &mut Answers,
        bytes: &[u8],
        outlet: &mut Outlet,
    ) -> io::Result<()> {
        let unanswered = *lock(&self.unanswered);
        let (kept, whole) = answers.read(bytes, unanswered.map(|(ordinal, _)| ordinal))?;
        self.forward(Direction::ToClient, &bytes[..kept], outlet)?;
        if let Some((_, loss)) = unanswered.filter(|_| whole) {
            self.strike(loss, outlet);
        }
        Ok(())
    }
}

/// The way out in one direction. With a delay, bytes wait in a queue of their own, so that the
/// time of one does not hold up the next.
#[derive(Debug)]
struct Outlet {
    link: Arc<Link>,
    direction: Direction,
    queue: Option<Queue>,
}

#[derive(Debug)]
struct Queue {
    sender: SyncSender<(Instant, Vec<u8>)>,
    thread: JoinHandle<()>,
}

impl Outlet {
    fn new(link: Arc<Link>, direction: Direction) -> Self {
        Self { link, direction, queue: None }
    }

    fn send(&mut self, bytes: &[u8], delay: Duration) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if delay.is_zero() && self.queue.is_none() {
            return self.link.outward(self.direction).write_all(bytes);
        }
        let queue = match &mut self.queue {
            Some(queue) => queue,
            none => none.insert(Queue::start(Arc::clone(&self.link), self.direction)?),
        };
        let delayed = (Instant::now() + delay, bytes.to_vec());
        queue.sender.send(delayed).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits until everything is sent.
    fn finish(&mut self) {
        if let Some(Queue { sender, thread }) = self.queue.take() {
            drop(sender);
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

impl Queue {
    fn start(link: Arc<Link>, direction: Direction) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(DELAYED_CHUNKS);
        let deliver = move |receiver: Receiver<(Instant, Vec<u8>)>| {
            for (due, bytes) in receiver {
                if !link.wait_until(due) || link.outward(direction).write_all(&bytes).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().spawn(move || deliver(receiver))?;
        Ok(Self { sender, thread })
    }
}
