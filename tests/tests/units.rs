//! The systemd units and udev rules of `deploy/`, judged by systemd's own tools, and held against what the daemons do.
//! Where a tool is missing that is told; with `CI` set it is a failure. It starts no unit: no systemd runs here.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and tell what was skipped"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The worst score of a sandbox, in tenths, as `systemd-analyze security` counts: a bare unit has 96.
const WORST: &str = "15";
const UNITS: [(&str, &str); 2] = [
    ("tecs-gateway", "gateway/src"),
    ("tecs-hub", "care-hub/src"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn unit(name: &str) -> String {
    read(&format!("deploy/systemd/{name}.service"))
}

fn says(unit: &str, line: &str) -> bool {
    unit.lines().any(|l| l == line)
}

/// What `program` answers with success; `None`, told, where it is missing.
fn answer(program: &str, args: &[&str]) -> Option<String> {
    let Ok(told) = Command::new(program).args(args).output() else {
        let ci = std::env::var_os("CI").is_some();
        assert!(
            !ci,
            "{program} is not installed: apt-get install systemd udev"
        );
        println!("SKIPPED: {program} is not installed");
        return None;
    };
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{program} {args:?}:\n{text}{wrong}");
    Some(text + &wrong)
}

#[test]
fn each_sandbox_scores_one_and_a_half_or_less() {
    for (name, _) in UNITS {
        let file = root().join(format!("deploy/systemd/{name}.service"));
        let threshold = format!("--threshold={WORST}");
        let file = file.canonicalize().unwrap();
        let args = ["security", "--offline=true", "--no-pager", &threshold];
        let args = [&args[..], &[file.to_str().unwrap()]].concat();
        if let Some(table) = answer("systemd-analyze", &args) {
            println!("{}", table.lines().last().unwrap_or_default());
        }
    }
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in UNITS {
        let text = unit(name);
        let start = format!("ExecStart=/usr/bin/{name} run --config /etc/{name}/");
        assert!(text.contains(&start), "{name}: no {start}");
        // The binary is not installed here, and verify asks for it.
        let text = text.replace(&format!("ExecStart=/usr/bin/{name}"), "ExecStart=/bin/true");
        let file = folder.path().join(format!("{name}.service"));
        fs::write(&file, text).unwrap();
        let args = ["verify", "--man=no", file.to_str().unwrap()];
        let about_it = |line: &&str| line.contains(name);
        if let Some(told) = answer("systemd-analyze", &args) {
            let complaints: Vec<_> = told.lines().filter(about_it).collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
    }
}

#[test]
fn systemd_waits_for_ready_only_from_a_daemon_that_says_it() {
    for (name, sources) in UNITS {
        let mut tells = false;
        let mut folders = vec![root().join(sources)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    tells |= fs::read_to_string(path).unwrap().contains("NOTIFY_SOCKET");
                }
            }
        }
        let waits = says(&unit(name), "Type=notify");
        assert_eq!(
            waits, tells,
            "{name}: its unit says Type=notify ({waits}) and it writes to NOTIFY_SOCKET ({tells}): make both so, or neither"
        );
    }
}

#[test]
fn no_unit_ever_gives_up_or_leaves_a_core_behind() {
    for (name, _) in UNITS {
        for line in ["StartLimitIntervalSec=0", "Restart=always", "LimitCORE=0"] {
            assert!(says(&unit(name), line), "{name}: {line} is gone");
        }
    }
}

#[test]
fn the_units_own_the_folders_that_the_example_configurations_name() {
    for (name, example) in [
        ("tecs-gateway", "deploy/gateway.example.toml"),
        ("tecs-hub", "deploy/care-hub.example.toml"),
    ] {
        for (line, folder) in [
            (format!("StateDirectory={name}"), format!("/var/lib/{name}")),
            (
                format!("ConfigurationDirectory={name}"),
                format!("/etc/{name}/"),
            ),
        ] {
            assert!(says(&unit(name), &line), "{name}: {line} is gone");
            assert!(read(example).contains(&folder), "{example}: no {folder}");
        }
    }
}

#[test]
fn udev_understands_the_rules_for_serial_lines() {
    let rules = root().join("deploy/udev/99-tecs-serial.rules");
    // `udevadm verify` is there from systemd 254 on.
    let version = answer("udevadm", &["--version"]).unwrap_or_default();
    let version: u32 = version.trim().parse().unwrap_or(0);
    if version < 254 {
        println!("SKIPPED: udevadm {version} cannot verify rules, 254 can");
        return;
    }
    answer("udevadm", &["verify", rules.to_str().unwrap()]);
}
