//! `tecs-gateway doctor`: a real round trip that names the failing hop, from the configuration to a record that the hub has
//! durably. With a daemon it asks what only that can know; without one it does what it can and says what it could not. It
//! changes nothing, but for one record at the hub that is marked as a test.

mod hub;
mod journal;
mod report;
mod sources;

use std::io::{self, Write};
use std::path::Path;

use gateway_core::Input;
use serde_json::{Value, json};

use crate::admin;
use crate::check::EX_CONFIG;
use crate::clock::Clock;
use crate::config::{self, Config, Fault};
use report::Report;

/// What a running daemon says of itself.
struct Daemon {
    status: Value,
    devices: Value,
}

/// Walks the way and prints it; the answer is the exit code: 0 when all is well, 78 on a bad configuration, else 1.
pub fn run(
    file: &Path,
    env: &[(String, String)],
    as_json: bool,
    out: &mut impl Write,
) -> io::Result<u8> {
    let mut report = Report::default();
    let config = match config::load(file, env) {
        Ok(config) => config,
        Err(faults) => {
            wrong(&mut report, &faults.0);
            report.print(as_json, out)?;
            return Ok(EX_CONFIG);
        }
    };
    let found = config::check_files(&config);
    let (errors, advice): (Vec<Fault>, Vec<Fault>) = found.into_iter().partition(Fault::is_error);
    wrong(&mut report, &errors);
    if errors.is_empty() {
        let path = file.display();
        let good = match advice.len() {
            0 => format!("{path}: good"),
            n => format!("{path}: good; `check` has {n} words of advice"),
        };
        report.ok("configuration", good);
    }
    let daemon = daemon(&config, &mut report);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            clock(&config, &mut report);
            sources::look(&config, daemon.as_ref(), &mut report).await;
            journal::look(&config, daemon.as_ref(), &mut report);
            hub::look(&config, daemon.as_ref(), &mut report).await;
        });
    report.print(as_json, out)?;
    Ok(u8::from(!report.is_well()))
}

fn wrong(report: &mut Report, faults: &[Fault]) {
    for fault in faults {
        let what = format!("{}: {}: {}", fault.place, fault.key, fault.what);
        report.failed("configuration", what, fault.cure.as_str());
    }
}

fn daemon(config: &Config, report: &mut Report) -> Option<Daemon> {
    let ask = |question: &Value| admin::ask_with(&config.socket, question);
    let status = match ask(&json!({ "ask": "status" })) {
        Ok(answer) => answer.get("status").cloned().unwrap_or_default(),
        Err(fault) => {
            let cure =
                "start it, or run doctor as a user of its group; the rest is tried without it";
            report.failed("daemon", fault.to_string(), cure);
            return None;
        }
    };
    let devices = ask(&json!({ "ask": "devices", "personal": true }));
    let devices = devices
        .ok()
        .and_then(|a| a.get("devices").cloned())
        .unwrap_or_default();
    let up_s = crate::answer::number(&status, "uptime_ms") / 1_000;
    report.ok("daemon", format!("runs since {up_s} s"));
    Some(Daemon { status, devices })
}

fn clock(config: &Config, report: &mut Report) {
    let told = Clock::new(config.trust).tell();
    if matches!(told, Input::Clock { trusted: true, .. }) {
        report.ok("clock", "believed");
    } else {
        let cure = "run systemd-timesyncd or chronyd; where it is looked after otherwise, set clock.trust = \"always\"";
        report.failed("clock", "this machine's clock is not synchronised", cure);
    }
}
