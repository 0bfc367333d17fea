//! The files of the checkout, read whole. Build output and what git hides are not among them.

use std::fs;
use std::path::{Path, PathBuf};

/// What is not a source.
const SKIPPED: &[&str] = &["target", ".git", "var"];

/// A text file, by its path from the root of the checkout.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        self.ends("rs")
    }

    pub(super) fn ends(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|e| e == extension)
    }

    /// Written by a program from the contract; its author is kept true by a test of its own.
    pub(super) fn is_generated(&self) -> bool {
        self.text.starts_with("// This file is @generated")
    }
}

/// The root of the checkout.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file, in the order of their paths.
pub(super) fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            // In a worktree of git's, `.git` is a file.
            if SKIPPED.iter().any(|skipped| name == *skipped) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                let path = entry.path();
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap();
                found.push(File {
                    path: path.to_owned(),
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "this is not the checkout");
    found
}

/// The Rust sources that somebody wrote.
pub(super) fn rust_files() -> Vec<File> {
    let mut found = files();
    found.retain(|f| f.is_rust() && !f.is_generated());
    found
}

/// A file made up for a test.
pub(super) fn made_up(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
