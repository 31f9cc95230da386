//! Runs a command against a private PostgreSQL server, which is gone when the command ends.
//!
//! `cargo run --example private_server -- psql` opens a session; the command finds the server by
//! `DATABASE_URL` and by libpq's own variables. Ctrl-C ends both.

// check: printenv DATABASE_URL

use std::env;
use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use planwright::local_server::LocalServer;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = env::args_os().skip(1);
    let program = words.next().ok_or("a command to run is missing, such as psql")?;
    let server = LocalServer::start()?;
    let status = Command::new(program)
        .args(words)
        .env("DATABASE_URL", server.url("postgres"))
        .env("PGHOST", server.socket_dir())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGDATABASE", "postgres")
        .status()?;
    // As a shell has it: 128 and the number of the signal that ended the command.
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code)?))
}
