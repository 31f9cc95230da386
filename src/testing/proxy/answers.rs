//! The stream of a server, cut into answers.
//!
//! An answer is what the server sends up to `ReadyForQuery` or `CopyInResponse`. The n-th request
//! of a connection gets its n-th answer; start-up is the 0th.

use std::io;

use super::framer::Framer;

/// What of the stream has gone by.
#[derive(Debug)]
pub(super) struct Answers {
    framer: Framer,
    /// The answers that have ended, start-up included.
    ended: u64,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self { framer: Framer::server(), ended: 0 }
    }

    /// How many of the bytes come before the answer that is not to be given, and whether that one
    /// has come whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        unanswered: Option<u64>,
    ) -> io::Result<(usize, bool)> {
        let (mut seen, mut kept) = (0, bytes.len());
        let mut whole = false;
        while seen < bytes.len() {
            let swallowed = unanswered.is_some_and(|ordinal| self.ended >= ordinal);
            if swallowed {
                kept = kept.min(seen);
            }
            let step = self.framer.advance(&bytes[seen..])?;
            seen += step.used;
            // ReadyForQuery, or the server waits for copy data.
            if matches!(step.ended, Some(b'Z' | b'G' | b'W')) {
                self.ended += 1;
                whole |= swallowed;
            }
        }
        Ok((kept, whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05IG\0\0\0\x07\0\0\0C\0\0\0\x05\0Z\0\0\0\x05I";

    #[test]
    fn an_answer_is_kept_back_from_its_first_byte_on() {
        for (ordinal, kept) in [(0, 0), (1, 15), (2, 23)] {
            for chunk in 1..=STREAM.len() {
                let mut answers = Answers::new();
                let (mut passed, mut whole) = (0, 0);
                for bytes in STREAM.chunks(chunk) {
                    let read = answers.read(bytes, Some(ordinal)).unwrap();
                    passed += read.0;
                    whole += usize::from(read.1);
                }
                assert_eq!(passed, kept, "answer {ordinal}, {chunk} bytes at a time");
                assert!(whole > 0);
            }
        }
        assert_eq!(Answers::new().read(STREAM, None).unwrap(), (STREAM.len(), false));
        assert_eq!(Answers::new().read(STREAM, Some(3)).unwrap(), (STREAM.len(), false));
    }
}
