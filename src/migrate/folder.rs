//! A folder of migrations: how it is read, and the rules between its members.
//!
//! The build script uses this file too, so it depends on nothing but its neighbours.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::migration::{Files, Kind, Migration};

/// The files of every folder in `root`, in the order of their names.
pub(crate) fn read(root: &Path) -> Result<Vec<Files>, String> {
    let mut found = Vec::new();
    for path in entries(root)?.into_iter().filter(|path| path.is_dir()) {
        found.push(read_one(&path)?);
    }
    Ok(found)
}

fn read_one(path: &Path) -> Result<Files, String> {
    for file in entries(path)? {
        let known =
            ["up.sql", "down.sql", "metadata.toml", "guard.sql", "evidence.sql", "catalog.json"];
        if !known.iter().any(|known| file.ends_with(known)) {
            return Err(format!("{}: no such file belongs to a migration", file.display()));
        }
    }
    let text = |name: &str| {
        let file = path.join(name);
        fs::read_to_string(&file)
            .map(Cow::Owned)
            .map_err(|error| format!("{}: {error}", file.display()))
    };
    let optional = |name: &str| path.join(name).exists().then(|| text(name)).transpose();
    Ok(Files {
        folder: Cow::Owned(file_name(path)?),
        metadata: text("metadata.toml")?,
        up: text("up.sql")?,
        down: text("down.sql")?,
        guard: optional("guard.sql")?,
        evidence: optional("evidence.sql")?,
        catalog: optional("catalog.json")?,
    })
}

/// What a folder holds, less what hides behind a dot, in the order of the names.
fn entries(path: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("{}: {error}", path.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path)?.starts_with('.') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> Result<String, String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| format!("{}: the name is not UTF-8", path.display()))
}

/// Reads the migrations in the order of their versions, and refuses with a sentence what breaks
/// the rules, in one of them or between them.
pub(crate) fn parse(files: impl IntoIterator<Item = Files>) -> Result<Vec<Migration>, String> {
    let parsed: Result<Vec<_>, _> = files.into_iter().map(Migration::parse).collect();
    let mut all = parsed?;
    all.sort_by(|a, b| a.version.cmp(&b.version));
    for (i, migration) in all.iter().enumerate() {
        check(migration, &all[..i])?;
    }
    Ok(all)
}

/// Checks a migration against the older ones.
fn check(migration: &Migration, older: &[Migration]) -> Result<(), String> {
    let Migration { name, context, .. } = migration;
    if let Some(other) = older.iter().find(|other| other.version == migration.version) {
        return Err(format!("{name}: has the version of {}", other.name));
    }
    let mut same = older.iter().filter(|other| other.context == *context).peekable();
    if same.peek().is_none() && migration.kind != Kind::Baseline {
        return Err(format!("{name}: the first migration of a context is its baseline"));
    }
    if migration.kind == Kind::Baseline && same.any(|other| other.kind != Kind::Baseline) {
        return Err(format!("{name}: a baseline cannot follow what changes it"));
    }
    for need in &migration.needs {
        let Some(other) = older.iter().find(|other| other.version == *need) else {
            return Err(format!(
                "{name}/metadata.toml: needs {need}, which is not an older version"
            ));
        };
        if other.context != *context && other.context != Context::Core {
            // The host may not have chosen that context.
            return Err(format!("{name}/metadata.toml: needs {}, of another context", other.name));
        }
        if other.host_column.is_some() && *context == Context::Core {
            // Core is part of every choice, and would bring it to every host.
            let what = "which runs only where another context needs it";
            return Err(format!("{name}/metadata.toml: needs {}, {what}", other.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: (&str, &str) = ("2026-11-20-000000_core_history", "kind = \"baseline\"");
    const USERS: &str = "2026-11-20-190000_core_users";

    fn parsed(
        folders: &[(&str, &str)],
        guard: Option<&'static str>,
    ) -> Result<Vec<Migration>, String> {
        parse(folders.iter().map(|(folder, metadata)| Files {
            folder: Cow::Owned((*folder).to_owned()),
            metadata: Cow::Owned(format!("run_in_transaction = true\n{metadata}")),
            up: Cow::Borrowed("SELECT 1"),
            down: Cow::Borrowed("SELECT 1"),
            guard: guard.filter(|_| *folder == USERS).map(Cow::Borrowed),
            evidence: None,
            catalog: None,
        }))
    }

    /// The folders that a host brings have nothing of core.
    #[test]
    fn what_makes_a_column_of_the_hosts_is_an_expand_of_core_with_a_guard() {
        let column = "host_column = \"public.users.id\"";
        let expand = format!("kind = \"expand\"\n{column}");
        let guard = Some("SELECT '' WHERE false");
        let good = parsed(&[HISTORY, (USERS, &expand)], guard).unwrap();
        assert_eq!(good[1].host_column.as_deref(), Some("public.users.id"));

        let told =
            |metadata: &str, guard| parsed(&[HISTORY, (USERS, metadata)], guard).unwrap_err();
        assert!(told(&expand, None).contains("host_column and guard.sql go together"));
        let held = format!("kind = \"held\"\n{column}");
        assert!(told(&held, guard).contains("only an expand of core"));
        assert!(told("kind = \"expand\"", guard).contains("only a held migration has a guard"));

        let later = ("2026-11-22-000000_core_x", "kind = \"expand\"\nneeds = [\"20261120190000\"]");
        let told = parsed(&[HISTORY, (USERS, &expand), later], guard).unwrap_err();
        assert!(told.contains("which runs only where another context needs it"), "{told}");
    }
}
