//! Servers that die under load, again and again.

use crate::shared::crash;

#[test]
fn what_was_acknowledged_outlives_a_killed_server() {
    crash::killed_server(60);
}

#[test]
fn what_was_acknowledged_outlives_a_killed_backend() {
    crash::killed_backend(60);
}

#[test]
fn what_was_acknowledged_outlives_terminated_backends() {
    crash::terminated_backends(200);
}
