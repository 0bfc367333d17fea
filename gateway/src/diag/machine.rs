//! What machine this is, as far as a fault may lie there: system, memory, disk, clock. No host name, no user, no address.

use std::fs;

use gateway_core::Input;
use rustix::fs::statvfs;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::config::Config;

/// Everything that is known without a daemon.
pub(super) fn facts(config: Option<&Config>) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "architecture": std::env::consts::ARCH,
        "system": line_of("/etc/os-release", "PRETTY_NAME="),
        "kernel": text_of("/proc/sys/kernel/osrelease"),
        "uptime_s": text_of("/proc/uptime").split(['.', ' ']).next(),
        "load": text_of("/proc/loadavg"),
        "memory_total": line_of("/proc/meminfo", "MemTotal:"),
        "memory_available": line_of("/proc/meminfo", "MemAvailable:"),
        "disk": config.map(disk),
        "clock": config.map(clock),
    })
}

fn text_of(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn line_of(path: &str, key: &str) -> String {
    let text = text_of(path);
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_default().trim().trim_matches('"').to_owned()
}

fn disk(config: &Config) -> Value {
    match statvfs(&config.state_dir) {
        Ok(disk) => json!({
            "free_bytes": disk.f_bavail.saturating_mul(disk.f_frsize),
            "all_bytes": disk.f_blocks.saturating_mul(disk.f_frsize),
            "free_inodes": disk.f_favail,
        }),
        Err(e) => json!({ "not read": e.to_string() }),
    }
}

fn clock(config: &Config) -> Value {
    match Clock::new(config.trust).tell() {
        Input::Clock { wall_ms, trusted } => json!({
            "wall_ms": wall_ms, "since_boot_ms": Clock::now().0, "trusted": trusted,
        }),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_this_machine_hold_no_name_of_it() {
        let facts = facts(None).to_string();
        assert!(
            facts.contains("MemTotal") || facts.contains("memory_total"),
            "{facts}"
        );
        let name = text_of("/proc/sys/kernel/hostname");
        assert!(
            name.len() < 4 || !facts.contains(&name),
            "{name} is in {facts}"
        );
    }
}
