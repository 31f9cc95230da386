use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use super::account::Account;
use super::folder::Folder;

/// The shell that runs a server and ends it, and removes its folder, when its standard input is
/// closed: on drop, or by the kernel when this process ends in whatever way.
#[derive(Debug)]
pub(super) struct Supervisor {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    pub(super) fn new(
        folder: &Folder,
        account: &Account,
        postgres: &Path,
        arguments: &[impl AsRef<OsStr>],
        environment: &[(String, String)],
    ) -> io::Result<Self> {
        let mut shell = account
            .command("/bin/sh")
            .args(["-c", include_str!("supervisor.sh"), "planwright-supervisor"])
            .arg(postgres)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&folder.path)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(folder.lock.try_clone()?)
            .spawn()?;
        let answers = shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { shell, answers: BufReader::new(answers) })
    }

    /// Sends `start`, `stop` or `kill`, and waits until that is done. False: it did not work.
    pub(super) fn ask(&mut self, command: &str) -> io::Result<bool> {
        let commands = self.shell.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(commands, "{command}")?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer.trim_end() == "ok"),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Closes standard input first. An error leaves nothing to do: the shell is gone.
        let _ = self.shell.wait();
    }
}
