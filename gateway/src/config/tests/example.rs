//! `deploy/gateway.example.toml` is kept true: it parses, its defaults are the code's, and no key is missing.

use super::super::*;
use tecs_protocol::family::{Family, Options};
use tecs_protocol::serial::vitals::VitalsText;

/// The example with every commented default taken in.
fn example(uncomment: bool) -> String {
    let text = include_str!("../../../../deploy/gateway.example.toml");
    let is_key = |line: &str| {
        let name = line.split(" = ").next().unwrap_or_default();
        let plain = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
        (plain && line.contains(" = ")) || line == "[source.mqtt.tls]"
    };
    text.lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if uncomment && is_key(rest) => rest,
            _ => line,
        })
        .fold(String::new(), |all, line| all + line + "\n")
}

fn shown(config: &Config) -> String {
    let mut config = config.clone();
    config.places = Places::default();
    format!("{config:#?}")
}

#[test]
fn every_commented_default_of_the_example_is_the_codes() {
    let path = Path::new("/etc/tecs-gateway/gateway.toml");
    let mut plain = read(path, &example(false), &[]).unwrap();
    // TLS has no default to compare, and it moves the port's.
    let mut text = example(true);
    let tls = text.find("\n[source.mqtt.tls]").unwrap();
    let end = tls + text[tls..].find("\n\n").unwrap();
    text.replace_range(tls..end, "");
    let mut taken = read(path, &text, &[]).unwrap();
    for (taken, plain) in taken.reached_by.iter_mut().zip(&plain.reached_by) {
        if let (ReachedBy::Mqtt(taken), ReachedBy::Mqtt(plain)) = (taken, plain) {
            // Defaults that are worked out: the dialect's base, the scheme's port, who we are.
            assert_eq!(taken.port(), plain.port());
            assert_eq!(
                taken.client_id("home-1", "zigbee"),
                plain.client_id("home-1", "zigbee")
            );
            assert_eq!(
                (taken.base.as_str(), plain.base.as_str()),
                ("zigbee2mqtt", "")
            );
            (taken.port, taken.client_id, taken.base) =
                (plain.port, plain.client_id.clone(), String::new());
        }
    }
    taken.settings.sources[0].base = String::new();
    // What is said of a device says the defaults.
    let said = std::mem::take(&mut taken.settings.vitals);
    let told = std::mem::take(&mut plain.settings.vitals);
    let options = |said: &[(usize, VitalsText)]| {
        let mut options = Options::default();
        assert_eq!(said[0].1.settle(Family::Nonin, &mut options), []);
        options.nonin
    };
    assert_eq!(options(&said), options(&told));
    assert_eq!(shown(&taken), shown(&plain));
}

#[test]
fn every_key_of_the_code_stands_in_the_example() {
    let text = example(true);
    let path = Path::new("/etc/g.toml");
    read(path, &text, &[]).unwrap_or_else(|e| panic!("{e}"));
    for section in [
        "gateway",
        "source.0",
        "source.0.mqtt",
        "source.0.mqtt.tls",
        "source.1.serial",
        "source.2.modbus",
        "source.2.modbus.registers.0",
        "source.3.vitals",
        "source.4.espa444",
        "source.4.espa444.calls.0",
        "device.0",
        "hub",
        "hub.endpoints.0",
        "home",
        "admin",
        "metrics",
        "clock",
        "log",
        "limits",
    ] {
        let name = format!("TECS_{}__zzz", section.replace('.', "__"));
        let said = read(path, &text, &[(name, "1".into())])
            .unwrap_err()
            .to_string();
        let allowed = said
            .split("allowed here: ")
            .nth(1)
            .unwrap_or_else(|| panic!("{said}"));
        let allowed = allowed.split(". To do").next().unwrap();
        for key in allowed.split(", ") {
            let written = [format!("{key} = "), format!(".{key}]")];
            let found = written.iter().any(|w| text.contains(w.as_str()));
            assert!(found, "[{section}] {key} is not in the example: {allowed}");
        }
    }
}
