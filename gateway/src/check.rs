//! `tecs-gateway check`: every stage over a configuration, said to a person or to a machine. Starts nothing.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::config::{self, Fault};

/// The exit code for a bad configuration (sysexits.h, `EX_CONFIG`).
pub const EX_CONFIG: u8 = 78;

/// Everything that is wrong or worth knowing about a configuration, in the order of the stages.
pub fn findings(file: &Path, env: &[(String, String)]) -> Vec<Fault> {
    match config::load(file, env) {
        Ok(config) => config::check_files(&config),
        Err(faults) => faults.0,
    }
}

/// Checks and prints; the answer is the exit code: 0, or 78 when the daemon could not run with it.
pub fn check(
    file: &Path,
    env: &[(String, String)],
    as_json: bool,
    out: &mut impl Write,
) -> io::Result<u8> {
    let found = findings(file, env);
    let errors = found.iter().filter(|f| f.is_error()).count();
    if as_json {
        let list: Vec<_> = found.iter().map(Fault::to_json).collect();
        writeln!(out, "{}", json!({ "ok": errors == 0, "findings": list }))?;
    } else {
        for fault in &found {
            writeln!(out, "{fault}")?;
        }
        match (errors, found.len()) {
            (0, 0) => writeln!(out, "{}: good", file.display())?,
            (0, n) => writeln!(out, "{}: good, with {n} warnings", file.display())?,
            (n, _) => writeln!(
                out,
                "{}: {n} errors; the daemon will not start",
                file.display()
            )?,
        }
    }
    Ok(if errors == 0 { 0 } else { EX_CONFIG })
}
