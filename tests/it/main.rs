//! The integration tests: modules mirror `src/`.

mod proxy;
