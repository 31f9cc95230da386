//! The framing of the PostgreSQL protocol, version 3: where a message ends, and no more.

use std::io;

/// The server's own limits.
const STARTUP_BYTES: usize = 10_000;
const MESSAGE_BYTES: usize = 1 << 30;

/// Finds the ends of messages in one direction of a connection. Keeps a header, never a body.
#[derive(Debug)]
pub(super) struct Framer {
    /// Whether a message begins with a byte that tells its kind: not so the first of a client.
    typed: bool,
    header: [u8; 5],
    have: usize,
    left: usize,
}

/// How far a [`Framer`] came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) used: usize,
    /// The kind of the message that ended here; 0 for one without a kind.
    pub(super) ended: Option<u8>,
}

impl Framer {
    pub(super) fn server() -> Self {
        Self { typed: true, header: [0; 5], have: 0, left: 0 }
    }

    pub(super) fn client() -> Self {
        // A message without kind is read as one of kind 0.
        Self { typed: false, have: 1, ..Self::server() }
    }

    /// Whether messages have kinds now: a client's do from the second one on.
    pub(super) fn typed(&self) -> bool {
        self.typed
    }

    /// Whether the next byte begins a message.
    pub(super) fn at_boundary(&self) -> bool {
        self.have == usize::from(!self.typed)
    }

    /// The kind of the message that is under way.
    pub(super) fn kind(&self) -> u8 {
        self.header[0]
    }

    /// Takes bytes up to the end of a message at most. `bytes` must not be empty.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> io::Result<Step> {
        let mut used = 0;
        if self.have < 5 {
            used = bytes.len().min(5 - self.have);
            self.header[self.have..self.have + used].copy_from_slice(&bytes[..used]);
            self.have += used;
            if self.have < 5 {
                return Ok(Step { used, ended: None });
            }
            self.left = self.body_length()?;
        }
        let body = self.left.min(bytes.len() - used);
        self.left -= body;
        used += body;
        if self.left > 0 {
            return Ok(Step { used, ended: None });
        }
        self.have = usize::from(!self.typed);
        Ok(Step { used, ended: Some(self.kind()) })
    }

    /// The length on the wire counts itself, not the kind.
    fn body_length(&self) -> io::Result<usize> {
        let limit = if self.typed { MESSAGE_BYTES } else { STARTUP_BYTES };
        number(&self.header[1..])
            .and_then(|length| usize::try_from(length).ok()?.checked_sub(4))
            .filter(|&length| length <= limit)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a PostgreSQL message"))
    }
}

pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(stream: &[u8], chunk: usize) -> io::Result<Vec<u8>> {
        let mut framer = Framer::server();
        let mut ends = Vec::new();
        for mut bytes in stream.chunks(chunk) {
            while !bytes.is_empty() {
                let step = framer.advance(bytes)?;
                ends.extend(step.ended);
                bytes = &bytes[step.used..];
            }
        }
        Ok(ends)
    }

    #[test]
    fn messages_end_where_their_length_says() {
        let stream = b"C\0\0\0\x0aBEGIN\0Z\0\0\0\x05T1\0\0\0\x04D\0\0";
        for chunk in 1..=stream.len() {
            assert_eq!(ends(stream, chunk).unwrap(), b"CZ1", "{chunk} bytes at a time");
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_refused() {
        assert!(ends(b"Z\0\0\0\x03", 5).is_err());
        assert!(ends(b"Z\xff\0\0\0", 5).is_err());
    }
}
