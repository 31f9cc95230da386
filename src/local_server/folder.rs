use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::account::Account;

const PREFIX: &str = "planwright-server-";

/// The folder of one server, locked (flock) as long as somebody looks after it: the kernel drops
/// the lock with its last holder, so a folder that can be locked belongs to the dead.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) lock: File,
}

impl Folder {
    pub(super) fn create(within: &Path) -> io::Result<Self> {
        loop {
            let name = Uuid::new_v4().simple().to_string();
            let path = within.join(format!("{PREFIX}{}", &name[..8]));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            // A sweep may come between these steps: then this folder is lost, and another is made.
            match File::open(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                lock => {
                    let lock = lock?;
                    if lock.try_lock().is_ok() && is_at(&lock, &path)? {
                        return Ok(Self { path, lock });
                    }
                }
            }
        }
    }

    /// Removes what servers left whose machine was reset or whose supervisor was killed.
    ///
    /// Nothing here is reported: what cannot be removed now does not keep a new server from
    /// starting, and the next sweep tries again.
    pub(super) fn sweep(within: &Path, account: &Account) {
        for entry in fs::read_dir(within).into_iter().flatten().flatten() {
            let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
                && entry.metadata().is_ok_and(|m| {
                    m.is_dir() && (m.uid() == account.uid || account.name.is_some() && m.uid() == 0)
                });
            if !ours {
                continue;
            }
            let path = entry.path();
            let Ok(lock) = File::open(&path) else { continue };
            if lock.try_lock().is_ok() && end_orphan(&path, account).is_some() {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The supervisor has removed it already, if one was started.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (open, named) = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        named => (file.metadata()?, named?),
    };
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Ends a server whose supervisor is dead, if one still runs in `folder`. None: it does not end.
///
/// A process id on disk may be somebody else's by now. A socket that answers can only be that of
/// the server which wrote the id.
fn end_orphan(folder: &Path, account: &Account) -> Option<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while answers(folder).ok()? {
        let pid = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
        let pid: u32 = pid.lines().next()?.parse().ok()?;
        // As the server's user: whoever wrote the id must be able to do no more than that user.
        account.command("/bin/sh").args(["-c", &format!("kill -QUIT {pid}")]).output().ok()?;
        if Instant::now() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Some(())
}

fn answers(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_socket = entry.file_name().to_string_lossy().starts_with(".s.PGSQL.");
        if is_socket && UnixStream::connect(entry.path()).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
