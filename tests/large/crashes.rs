//! Servers that die under load, again and again.

use crate::shared::crash;

#[test]
fn what_was_acknowledged_outlives_everything() {
    crash::killed_server(60);
    crash::killed_backend(60);
    crash::terminated_backends(500);
}
