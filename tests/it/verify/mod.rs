//! Whether a database holds what it should.

mod fingerprint;
