use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{Error, Result};

/// The user a server runs as: the caller, or an unprivileged one where that is root, whom
/// PostgreSQL refuses.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: Option<&'static str>,
}

impl Account {
    /// `own` is a file that the calling process has made: its owner is the caller.
    pub(super) fn of_owner(own: &Path) -> Result<Self> {
        let own = fs::metadata(own).map_err(|e| {
            Error::unavailable(format!("cannot read {}", own.display()), Some(e.into()))
        })?;
        if own.uid() != 0 {
            return Ok(Self { uid: own.uid(), gid: own.gid(), name: None });
        }
        ["postgres", "nobody"].into_iter().find_map(Self::named).ok_or_else(|| {
            Error::unavailable(
                "PostgreSQL refuses root, and there is no user postgres or nobody to run it as",
                None,
            )
        })
    }

    fn named(name: &'static str) -> Option<Self> {
        let number = |flag| {
            let output = Command::new("id").args([flag, name]).output().ok()?;
            std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
        };
        // A user 0 by another name would be refused too.
        let uid = number("-u").filter(|uid| *uid != 0)?;
        Some(Self { uid, gid: number("-g")?, name: Some(name) })
    }

    /// A command that runs as this user, in none of root's groups.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        // The caller's folder may be out of this user's reach.
        command.current_dir("/").env("LC_ALL", "C");
        if self.name.is_some() {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes this user the owner of a file that the caller has made.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        if self.name.is_some() { chown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }
}
