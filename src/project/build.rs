//! Build script: lists what lies in `pipelines/` and `instructions/`, and the pages of the rules, so that a file
//! added there is built in.
//!
//! It writes one table of names and `include_str!`s, which `builtin.rs` includes. Nothing else may grow here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut table = String::from("&[\n");
    for folder in ["book/src/rules", "instructions", "pipelines"] {
        println!("cargo::rerun-if-changed={folder}");
        let mut files = vec![];
        list(&root.join(folder), &mut files)?;
        let named = |file: PathBuf| {
            let name = file.strip_prefix(&root).expect("listed below it").to_string_lossy().replace('\\', "/");
            (name, file)
        };
        let mut files: Vec<(String, PathBuf)> = files.into_iter().map(named).collect();
        files.sort(); // as texts, which is how they are looked up
        for (name, file) in files {
            writeln!(table, "({name:?}, include_str!({:?})),", file.to_string_lossy()).expect("writing to a string");
        }
    }
    println!("cargo::rerun-if-changed=src/project/build.rs");
    table.push_str("]\n");
    fs::write(out.join("builtin.rs"), table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() { list(&entry.path(), files)? } else { files.push(entry.path()) }
    }
    Ok(())
}
