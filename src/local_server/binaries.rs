use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::account::Account;
use crate::{Error, Result};

/// The folder with `postgres` and `initdb` to use instead of the first one found.
const VARIABLE: &str = "PLANWRIGHT_PG_BIN";

/// The oldest release the crate is tested with.
const OLDEST: u32 = 15;

/// Folders that distributions install to, with `*` for the version.
const FOLDERS: [&str; 8] = [
    "/usr/lib/postgresql/*/bin", // Debian, Ubuntu
    "/usr/pgsql-*/bin",          // postgresql.org, for Fedora and its kin
    "/usr/lib/postgresql*/bin",  // openSUSE
    "/usr/libexec/postgresql*",  // Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin", // Homebrew on Intel
    "/usr/local/pgsql*/bin",           // built from source
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// An installed PostgreSQL.
#[derive(Debug)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    /// As `postgres --version` prints it, with the distribution's own number.
    pub(super) full_version: String,
    pub(super) major: u32,
}

impl Binaries {
    /// The one in `wanted`, else in `PLANWRIGHT_PG_BIN`, else the first that is found.
    pub(super) fn find(wanted: Option<&Path>, account: &Account) -> Result<Self> {
        if let Some(folder) = wanted {
            return Self::at(folder, account)
                .map_err(|reason| Error::invalid("LocalServer", "binaries", reason));
        }
        if let Some(folder) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
            return Self::at(Path::new(&folder), account)
                .map_err(|reason| Error::unavailable(format!("{VARIABLE}: {reason}"), None));
        }
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain(FOLDERS.into_iter().flat_map(newest_first))
            .find_map(|folder| Self::at(&folder, account).ok())
            .ok_or_else(|| {
                let hint = install_line();
                Error::unavailable(
                    format!("no PostgreSQL {OLDEST} or later is installed: {hint}"),
                    None,
                )
            })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Err holds the reason, as a sentence without its end.
    fn at(folder: &Path, account: &Account) -> Result<Self, String> {
        let shown = folder.display();
        for program in ["postgres", "initdb"] {
            if !folder.join(program).is_file() {
                return Err(format!("there is no {program} in {shown}"));
            }
        }
        let postgres = folder.join("postgres");
        let cannot = |why: String| {
            let user = account.name.unwrap_or("this user");
            format!("{user} cannot run {}: {why}", postgres.display())
        };
        let output = account
            .command(&postgres)
            .arg("--version")
            .output()
            .map_err(|e| cannot(e.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let major = text
            .strip_prefix("postgres (PostgreSQL) ")
            .and_then(|number| number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .ok_or_else(|| cannot(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        if major < OLDEST {
            return Err(format!("{shown} holds PostgreSQL {major}; {OLDEST} or later is needed"));
        }
        // Absolute, because the server runs in a folder of its own.
        let folder = fs::canonicalize(folder).map_err(|e| cannot(e.to_string()))?;
        Ok(Self { folder, full_version: text, major })
    }
}

/// The folders that fit a pattern with one `*`, the highest number in its place first.
fn newest_first(pattern: &str) -> Vec<PathBuf> {
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
            Some((version, PathBuf::from(format!("{parent}/{name}{after}"))))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn install_line() -> &'static str {
    let path = env::var_os("PATH").unwrap_or_default();
    let has = |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if has("apt-get") {
        "run `sudo apt-get install postgresql`"
    } else if has("dnf") {
        "run `sudo dnf install postgresql-server`"
    } else if has("brew") {
        "run `brew install postgresql@18`"
    } else {
        "install its server programs, or set PLANWRIGHT_PG_BIN to the folder that has them"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_version_comes_first_and_other_names_are_passed_over() {
        let root = env::temp_dir().join(format!("planwright-binaries-{}", std::process::id()));
        for name in ["pg-9.6", "pg-15", "pg-100", "pg-18", "pg-old", "mysql-99"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let found = newest_first(&format!("{}/pg-*/bin", root.display()));
        fs::remove_dir_all(&root).unwrap();
        let expected =
            ["pg-100", "pg-18", "pg-15", "pg-9.6"].map(|name| root.join(name).join("bin"));
        assert_eq!(found, expected);
    }
}
