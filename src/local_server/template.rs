use std::env;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::binaries::Binaries;
use super::{failed, run};
use crate::{Error, Result};

/// What goes into a data directory. Trust is for the socket alone, in a folder of mode 0700.
const INITDB: [&str; 7] = [
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    "--pgdata",
];

/// Makes the data directory `data`: a copy of the cached one, which the first caller makes.
pub(super) fn data_directory(data: &Path, binaries: &Binaries, account: &Account) -> Result<()> {
    match cache(account)? {
        Some(cache) => {
            let template = cached(&cache, binaries, account)?;
            run(account.command("cp").arg("-R").arg(template).arg(data))
        }
        None => initdb(data, binaries, account),
    }
}

/// A folder to keep data directories in, which the server's user owns and nobody else may write to.
/// None where there is no place for one.
fn cache(account: &Account) -> Result<Option<PathBuf>> {
    let place = match account.name {
        Some(name) => Some(Path::new("/var/cache/planwright").join(name)),
        None => env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
            .map(|path| path.join("planwright")),
    };
    let Some(place) = place else { return Ok(None) };
    let made = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        DirBuilder::new().mode(0o700).create(&place).and_then(|()| account.give(&place))
    });
    match made {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        // A home that is not there or may not be written to, as service users have.
        Err(_) => return Ok(None),
        Ok(()) => return Ok(Some(place)),
    }
    if is_trusted(&place, account).map_err(failed("cannot read", &place))? {
        return Ok(Some(place));
    }
    Err(Error::unavailable(
        format!("{} must be a folder that only its server's user may write to", place.display()),
        None,
    ))
}

/// Whether nobody but the server's user (and root) can have put anything in there.
fn is_trusted(place: &Path, account: &Account) -> io::Result<bool> {
    let found = fs::symlink_metadata(place)?;
    Ok(found.is_dir() && found.uid() == account.uid && found.mode() & 0o022 == 0)
}

/// The cached data directory of these very binaries: builds of one release can differ in what they
/// read.
fn cached(cache: &Path, binaries: &Binaries, account: &Account) -> Result<PathBuf> {
    let mut identity = Sha256::new();
    for part in [&binaries.full_version, binaries.folder.to_string_lossy().as_ref()] {
        identity.update(part);
    }
    identity.update(INITDB.join(" "));
    let identity =
        identity.finalize().iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
    let template = cache.join(format!("{}-{identity:016x}", binaries.major));
    if template.exists() {
        return Ok(template);
    }
    // One process makes it, the others wait for that; what it has not finished has another name.
    let lock = File::open(cache).and_then(|folder| folder.lock().map(|()| folder));
    let _lock = lock.map_err(failed("cannot lock", cache))?;
    if !template.exists() {
        let unfinished = cache.join("unfinished");
        match fs::remove_dir_all(&unfinished) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(failed("cannot remove", &unfinished)(e));
            }
            _ => initdb(&unfinished, binaries, account)?,
        }
        fs::rename(&unfinished, &template).map_err(failed("cannot make", &template))?;
    }
    Ok(template)
}

fn initdb(data: &Path, binaries: &Binaries, account: &Account) -> Result<()> {
    run(account.command(binaries.program("initdb")).args(INITDB).arg(data))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;

    #[test]
    fn of_several_that_need_the_first_data_directory_one_makes_it() {
        let cache = env::temp_dir().join(format!("planwright-template-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&cache).unwrap();
        let account = Account::of_owner(&cache).unwrap();
        account.give(&cache).unwrap();
        let binaries = Binaries::find(None, &account).unwrap();
        // What a process that was killed in the middle left.
        fs::create_dir(cache.join("unfinished")).unwrap();
        fs::write(cache.join("unfinished/PG_VERSION"), "1").unwrap();

        let get = || cached(&cache, &binaries, &account).unwrap();
        let made: Vec<_> = thread::scope(|scope| {
            let threads = [(); 3].map(|()| scope.spawn(get));
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let version = fs::read_to_string(made[0].join("PG_VERSION")).unwrap();
        let there = fs::read_dir(&cache).unwrap().count();
        let owner = fs::metadata(&made[0]).unwrap();
        fs::remove_dir_all(&cache).unwrap();

        assert!(made.iter().all(|template| *template == made[0]), "{made:?}");
        assert_eq!(version.trim(), binaries.major.to_string());
        assert_eq!(there, 1);
        assert_eq!((owner.uid(), owner.mode() & 0o777), (account.uid, 0o700));
    }

    #[test]
    fn a_cache_of_somebody_else_is_not_trusted() {
        let place = env::temp_dir().join(format!("planwright-trust-{}", std::process::id()));
        let account = |uid| Account { uid, gid: 0, name: None };
        fs::create_dir(&place).unwrap();
        let own = fs::metadata(&place).unwrap().uid();
        let set = |mode| fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        set(0o755);
        let of_owner = is_trusted(&place, &account(own)).unwrap();
        let foreign = is_trusted(&place, &account(own + 1)).unwrap();
        set(0o775);
        let open = is_trusted(&place, &account(own)).unwrap();
        let link = place.join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        let linked = is_trusted(&link, &account(own)).unwrap();
        fs::remove_dir_all(&place).unwrap();
        assert_eq!((of_owner, foreign, open, linked), (true, false, false, false));
    }
}
