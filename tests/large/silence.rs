//! A network that drops everything: a namespace of its own, reached by a pair of virtual devices.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::{Duration, Instant};

use planwright::local_server::LocalServer;
use planwright::{Error, Store, StoreOptions};

use crate::shared::pgbouncer::PgBouncer;
use crate::support::{execute, skipped};

const OURS: &str = "198.18.213.1";
const THEIRS: &str = "198.18.213.2";

struct Network {
    namespace: String,
    device: String,
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

impl Network {
    fn make() -> Result<Self, String> {
        let nth = std::process::id() % 100_000;
        let network = Self { namespace: format!("planwright{nth}"), device: format!("pw{nth}a") };
        let (namespace, device) = (&network.namespace, &network.device);
        ip(&format!("netns add {namespace}"))?;
        ip(&format!("link add {device} type veth peer name pw{nth}b netns {namespace}"))?;
        ip(&format!("addr add {OURS}/30 dev {device}"))?;
        ip(&format!("link set {device} up"))?;
        ip(&format!("-n {namespace} addr add {THEIRS}/30 dev pw{nth}b"))?;
        ip(&format!("-n {namespace} link set pw{nth}b up"))?;
        Ok(network)
    }

    /// Sends everything to a device that is not there: nothing arrives, and nobody says so.
    fn lose_all(&self) {
        let device = &self.device;
        ip(&format!("neigh replace {THEIRS} lladdr 02:00:00:00:00:01 dev {device} nud permanent"))
            .unwrap();
    }

    fn lose_nothing(&self) {
        ip(&format!("neigh del {THEIRS} dev {}", self.device)).unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Takes the devices along. What was never made cannot be deleted.
        if let Err(why) = ip(&format!("netns del {}", self.namespace)) {
            eprintln!("the network namespace stays: {why}");
        }
    }
}

#[test]
fn a_network_that_drops_everything_ends_the_connection_in_time() {
    let network = match Network::make() {
        Ok(network) => network,
        Err(why) => return skipped(&format!("no network can be made here (as root?): {why}")),
    };
    let server = LocalServer::start().unwrap();
    let owner = fs::metadata(server.socket_dir()).unwrap().uid();
    let user = Command::new("id").args(["-un", &owner.to_string()]).output().unwrap();
    let user = format!("user = {}", String::from_utf8_lossy(&user.stdout));
    let mut within = Command::new("ip");
    within.args(["netns", "exec", &network.namespace]);
    let pooler = PgBouncer::start(&server, THEIRS, &user, within);
    let limit = Duration::from_secs(3);
    let options = StoreOptions::default()
        .transaction_pooler(true)
        .pool_size(1)
        .connect_timeout(Duration::from_secs(2))
        .acquire_timeout(Duration::from_secs(3))
        .tcp_user_timeout(limit);
    let store = Store::connect(&pooler.url("postgres"), &options).unwrap();

    // What is sent is never acknowledged; what is waited for never comes.
    for (what, waiting) in [("sending", false), ("waiting", true)] {
        let begin = Instant::now();
        let error = store
            .write(|uow| {
                execute(uow, "SELECT 1")?;
                if waiting {
                    std::thread::scope(|scope| {
                        scope.spawn(|| {
                            // The statement is on its way by then.
                            std::thread::sleep(Duration::from_millis(300));
                            network.lose_all();
                        });
                        execute(uow, "SELECT pg_sleep(25)")
                    })
                } else {
                    network.lose_all();
                    execute(uow, "SELECT 1")
                }
            })
            .unwrap_err();
        let took = begin.elapsed();
        println!("black hole while {what}: noticed after {took:.1?} with a limit of {limit:?}");
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(took < 4 * limit, "{took:?}");

        let begin = Instant::now();
        let error = store.write(|uow| execute(uow, "SELECT 1")).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        println!("the next unit: unavailable after {:.1?}", begin.elapsed());
        assert!(begin.elapsed() < 3 * limit, "{:?}", begin.elapsed());

        network.lose_nothing();
        let begin = Instant::now();
        while let Err(error) = store.write(|uow| execute(uow, "SELECT 1")) {
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            assert!(begin.elapsed() < 10 * limit, "the pool does not heal");
        }
        println!("the pool heals {:.1?} after the network", begin.elapsed());
    }
}
