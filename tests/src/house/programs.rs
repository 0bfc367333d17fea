//! Where the programs under test are, and what this machine lacks. It builds what is missing and installs nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names a folder with `tecs-gateway` and `tecs-hub`, for runs that another build must not disturb.
const BIN_DIR: &str = "TECS_BIN_DIR";

/// A program of ours, to be started without the variables of ours that steer tests: they are no keys of its own.
pub fn run(name: &str) -> Command {
    let mut command = Command::new(ours(name));
    let own = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TECS_"));
    for (name, _) in own {
        command.env_remove(name);
    }
    command
}

/// Where a program of ours is. Cargo builds no other crate's programs for a test, so the first who asks has them built; where
/// they are new already, that takes a moment.
fn ours(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let program = FOLDER.get_or_init(folder).join(name);
    assert!(
        program.is_file(),
        "{} is not there: cargo build --workspace --bins",
        program.display()
    );
    program
}

fn folder() -> PathBuf {
    if let Some(named) = std::env::var_os(BIN_DIR) {
        return PathBuf::from(named);
    }
    let test = std::env::current_exe().expect("the test's own path");
    // target/debug/deps/house_…
    let folder = test.ancestors().nth(2).expect("a target folder").to_owned();
    let release = folder.ends_with("release").then_some("--release");
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--bins",
            "-p",
            "tecs-gateway",
            "-p",
            "tecs-hub",
            "-p",
            "tecs-sim",
        ])
        .args(release)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(
        built.as_ref().is_ok_and(std::process::ExitStatus::success),
        "the programs could not be built ({built:?}); try: cargo build --workspace --bins"
    );
    folder
}

/// A program of the machine's; `None`, told loudly, where it is not installed. With `CI` set that is a failure.
pub fn theirs(name: &str, package: &str) -> Option<PathBuf> {
    let on_path = std::env::var("PATH").unwrap_or_default();
    let folders = on_path
        .split(':')
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"]);
    let found = folders
        .map(|f| Path::new(f).join(name))
        .find(|p| p.is_file());
    if found.is_none() {
        skipped(&format!(
            "{name} is not installed: apt-get install {package}"
        ));
    }
    found
}

/// Says that a test proves nothing on this machine, and why. With `CI` set that is a failure.
pub fn skipped(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "not skipped in CI: {why}");
    eprintln!("SKIPPED: {why}");
}

/// Where `mosquitto` is: without it there is no house.
pub fn mosquitto() -> Option<PathBuf> {
    theirs("mosquitto_passwd", "mosquitto")?;
    theirs("mosquitto", "mosquitto")
}
