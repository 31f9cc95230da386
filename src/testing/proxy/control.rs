//! The fault that is set, and what was counted since.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fault::{At, Fault, Point, Request};

/// What a trace may hold; requests beyond are counted only.
const TRACE_BYTES: usize = 16 << 20;

/// What all connections of a proxy share.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) state: Mutex<State>,
    fired: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stopped: bool,
    pub(super) delay: Duration,
    pub(super) fault: Fault,
    pub(super) fired: bool,
    pub(super) connections: u64,
    pub(super) requests: u64,
    pub(super) to_server: u64,
    pub(super) to_client: u64,
    pub(super) trace: Vec<Request>,
    trace_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// How a connection is lost.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    Cut,
    BlackHole,
}

/// When a request is struck.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Before,
    Within,
    Reply,
}

pub(super) enum Admission {
    Granted,
    Refused,
    Stopped,
}

/// How much of a chunk passes, and what becomes of the connection then.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) bytes: usize,
    pub(super) delay: Duration,
    pub(super) loss: Option<Loss>,
}

impl Control {
    pub(super) fn admit(&self) -> Admission {
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
    pub(super) fn begin(&self, request: Request, commits: bool) -> Option<(Moment, Loss)> {
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
    pub(super) fn pass(&self, direction: Direction, bytes: usize) -> Passed {
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

    /// Begins all counts anew.
    pub(super) fn set(&self, fault: Fault) {
        let mut state = lock(&self.state);
        *state = State { fault, delay: state.delay, stopped: state.stopped, ..State::default() };
    }

    pub(super) fn wait_fired(&self, limit: Duration) -> bool {
        let waited = self.fired.wait_timeout_while(lock(&self.state), limit, |s| !s.fired);
        waited.unwrap_or_else(PoisonError::into_inner).0.fired
    }

    pub(super) fn struck(&self) {
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
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
