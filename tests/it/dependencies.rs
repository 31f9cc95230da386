//! What `cargo deny check licenses sources` checks, for the packages of this platform and without
//! cargo-deny.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn every_dependency_comes_from_the_registry_under_a_licence_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deny = fs::read_to_string(root.join("deny.toml")).unwrap();
    let allowed = allowed(&deny);
    assert!(allowed.contains("MIT"), "{allowed:?}");

    let packages = packages(root);
    assert!(packages.len() > 50, "only {} packages were looked at", packages.len());
    let mut used = BTreeSet::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_default();
        let fitting = fitting(licence, &allowed);
        assert!(!fitting.is_empty(), "{name} is under {licence:?}, which deny.toml does not allow");
        used.extend(fitting);
        if name != "planwright" {
            assert_eq!(package["source"], CRATES_IO, "{name}");
        }
    }
    assert_eq!(used, allowed, "deny.toml allows more than is used");
}

#[test]
fn a_licence_fits_if_one_way_to_take_it_is_allowed() {
    let allowed = BTreeSet::from(["MIT", "Zlib"]);
    for (licence, fits) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("(MIT OR GPL-3.0) AND Zlib", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(!fitting(licence, &allowed).is_empty(), fits, "{licence}");
    }
}

/// The quoted words of `allow = [...]`.
fn allowed(deny: &str) -> BTreeSet<&str> {
    let (_, list) = deny.split_once("\nallow = [").unwrap();
    let (list, _) = list.split_once("\n]").unwrap();
    list.lines().filter_map(|line| line.split('"').nth(1)).collect()
}

/// The allowed licences that satisfy an expression; none if it is not satisfied. AND binds its
/// sides, which are alternatives by OR (or `/`, of old) each.
fn fitting<'a>(licence: &str, allowed: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut all = BTreeSet::new();
    for side in licence.split(" AND ") {
        let words = side.split([' ', '/', '(', ')']);
        let fits: Vec<&str> = words.filter_map(|word| allowed.get(word).copied()).collect();
        if fits.is_empty() {
            return BTreeSet::new();
        }
        all.extend(fits);
    }
    all
}

/// Those that are built here: what other platforms need may not have been downloaded.
fn packages(root: &Path) -> Vec<Value> {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline", "--filter-platform", host])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}
