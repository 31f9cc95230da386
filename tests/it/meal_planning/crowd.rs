//! Eight users at one plan; in the large tests for longer.

use std::time::Duration;

use crate::shared::committers::committers;

#[test]
fn eight_users_who_rebase_lose_no_edit() {
    committers(8, Duration::from_secs(2));
}
