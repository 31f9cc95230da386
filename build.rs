//! Embeds `migrations/`, and fails the build with a sentence where the folder breaks its rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

// The crate reads the embedded texts with the same code, so what builds can be read.
#[path = "src/migrate/context.rs"]
#[allow(dead_code, unreachable_pub)]
mod context;
#[path = "src/migrate/folder.rs"]
#[allow(dead_code, unreachable_pub)]
mod folder;
#[path = "src/job_name.rs"]
#[allow(dead_code, unreachable_pub)]
mod job_name;
#[path = "src/migrate/metadata.rs"]
#[allow(dead_code, unreachable_pub)]
mod metadata;
#[path = "src/migrate/migration.rs"]
#[allow(dead_code, unreachable_pub)]
mod migration;
#[path = "src/tokens.rs"]
#[allow(dead_code, unreachable_pub)]
mod tokens;

fn main() {
    if let Err(sentence) = embed() {
        println!("cargo::error=migrations/{sentence}");
        process::exit(1);
    }
}

fn embed() -> Result<(), String> {
    let variable = |name: &str| env::var_os(name).ok_or_else(|| format!("{name} is not set"));
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("migrations");
    println!("cargo::rerun-if-changed=migrations");

    let files = folder::read(&root).map_err(|sentence| relative(&sentence, &root))?;
    let mut code = String::from("&[\n");
    for migration::Files { folder, guard, evidence, catalog, .. } in &files {
        println!("cargo::rerun-if-changed=migrations/{folder}");
        let include = |name: &str| {
            println!("cargo::rerun-if-changed=migrations/{folder}/{name}");
            format!(
                "Cow::Borrowed(include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \
                 \"/migrations/{folder}/{name}\")))"
            )
        };
        let (metadata, up, down) =
            (include("metadata.toml"), include("up.sql"), include("down.sql"));
        let optional = |file: &Option<_>, name: &str| match file {
            Some(_) => format!("Some({})", include(name)),
            None => "None".to_owned(),
        };
        let (guard, evidence) = (optional(guard, "guard.sql"), optional(evidence, "evidence.sql"));
        let catalog = optional(catalog, "catalog.json");
        writeln!(
            code,
            "    Files {{\n        folder: Cow::Borrowed({folder:?}),\n        metadata: {metadata},\n        \
             up: {up},\n        down: {down},\n        guard: {guard},\n        \
             evidence: {evidence},\n        catalog: {catalog},\n    }},"
        )
        .map_err(|error| error.to_string())?;
    }
    code.push(']');

    let migrations = folder::parse(files)?;
    match migrations.first() {
        Some(first) if first.name.ends_with("_core_history") => {}
        _ => return Err("the history must be the first migration".to_owned()),
    }
    let out = PathBuf::from(variable("OUT_DIR")?).join("migrations.rs");
    fs::write(&out, code).map_err(|error| format!("{}: {error}", out.display()))
}

/// The prefix says `migrations/` already.
fn relative(sentence: &str, root: &Path) -> String {
    sentence.replace(&format!("{}/", root.display()), "")
}
