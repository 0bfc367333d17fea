//! Wrong configurations and what is said of them.

mod example;
mod files;
mod lines;
mod tables;
mod vitals;

use super::*;

const GOOD: &str = r#"
[gateway]
id = "home-1"
[[source]]
name = "zigbee"
speaks = "zigbee2mqtt"
[source.mqtt]
[hub]
endpoints = [{ name = "main", url = "https://hub.example:8443" }]
ca = "ca.pem"
cert = "gateway.pem"
key = "gateway.key"
"#;

fn faults(text: &str) -> Vec<Fault> {
    match read(Path::new("/etc/g.toml"), text, &[]) {
        Ok(config) => panic!("accepted: {config:?}"),
        Err(faults) => faults.0,
    }
}

/// The sentence about the one thing that is wrong when `old` of the good text becomes `new`.
fn sentence(old: &str, new: &str) -> String {
    let text = GOOD.replacen(old, new, 1);
    assert_ne!(text, GOOD, "{old}");
    let faults = faults(&text);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].to_string()
}

fn check(old: &str, new: &str, words: &[&str]) {
    let sentence = sentence(old, new);
    for word in words {
        assert!(sentence.contains(word), "`{word}` is not in: {sentence}");
    }
    assert!(sentence.contains("/etc/g.toml"), "{sentence}");
    assert!(sentence.contains("To do: "), "{sentence}");
}

#[test]
fn a_small_configuration_is_enough() {
    let config = read(Path::new("/etc/g.toml"), GOOD, &[]).unwrap();
    assert_eq!(config.settings.gateway_id, "home-1");
    assert_eq!(config.hub_files.ca, Path::new("/etc/ca.pem"));
    assert_eq!(config.state_dir, Path::new("/var/lib/tecs-gateway"));
    assert_eq!(config.socket, Path::new("/var/lib/tecs-gateway/admin.sock"));
    assert_eq!(config.metrics, Some("127.0.0.1:9464".parse().unwrap()));
    assert_eq!(config.home, Some(0));
    assert_eq!(config.settings.sources[0].window, 20);
}

#[test]
fn what_is_not_toml_is_named_by_its_line() {
    check(
        "id = \"home-1\"",
        "id = home-1",
        &["/etc/g.toml:3:", "not TOML"],
    );
    let two = GOOD
        .replace("id = \"home-1\"", "id = = 1")
        .replace("ca = ", "ca ");
    assert_eq!(faults(&two).len(), 2);
}

#[test]
fn an_unknown_key_is_named_with_the_keys_that_are_allowed() {
    check(
        "id = ",
        "idd = 7\nid = ",
        &[":3: gateway.idd: unknown key", "id, state_dir", "spelling"],
    );
    check(
        "[source.mqtt]",
        "[source.mqtt]\nhots = \"x\"",
        &[":8: source[0].mqtt.hots: unknown key", "host, port"],
    );
    check(
        "[hub]",
        "[hbu]\n[hub]",
        &[":8: hbu: unknown section", "gateway, source"],
    );
    check(
        "url = ",
        "uri = ",
        &[":9: hub.endpoints[0].uri: unknown key", "name, url"],
    );
}

#[test]
fn a_missing_key_is_named_with_what_to_add() {
    check(
        "ca = \"ca.pem\"\n",
        "",
        &["hub: `ca` is missing", "add `ca = …`"],
    );
    check(
        "[gateway]\nid = \"home-1\"\n",
        "",
        &["`[gateway]` is missing"],
    );
}

#[test]
fn a_value_of_another_type_is_named_by_its_key() {
    check(
        "id = \"home-1\"",
        "id = 7",
        &[":3: gateway.id: invalid type: integer `7`"],
    );
    check(
        "[[source]]",
        "[source]",
        &["source: is one table", "[[source]]"],
    );
    check(
        "[hub]",
        "[limits]\nlinger_ms = \"x\"\n[hub]",
        &[":9: limits.linger_ms: invalid type"],
    );
}

#[test]
fn what_no_source_speaks_is_named_with_what_one_may() {
    let speaks = |family: &str| format!("speaks = \"{family}\"");
    let usual = speaks("zigbee2mqtt");
    let words = &[
        ":6: source[0].speaks:",
        "no family",
        "zigbee2mqtt, ha_discovery",
    ];
    check(&usual, &speaks("zigbee"), words);
    let words = &["nothing brings its values by itself", "map.md"];
    check(&usual, &speaks("gatt"), words);
}

#[test]
fn a_value_that_is_not_allowed_is_named_with_what_is() {
    for (old, new, words) in [
        (
            "home-1",
            "Home 1",
            &[":3: gateway.id: is `Home 1`", "a-z, 0-9 and -"][..],
        ),
        ("[source.mqtt]", "", &["reached by `[source.mqtt]` alone"]),
        (
            "[source.mqtt]",
            "[source.serial]\npath = \"/dev/x\"\nbaud = 9600",
            &["`[source.mqtt]` alone", "the other is there"],
        ),
        (
            "[source.mqtt]",
            "[source.mqtt]\nqos = 2",
            &[":8: source[0].mqtt.qos: qos is 0 or 1"],
        ),
        (
            "[source.mqtt]",
            "[source.mqtt]\nusername = \"x\"",
            &["user name without a password file"],
        ),
        (
            "https:",
            "http:",
            &[
                ":9: hub.endpoints[0].url: `http://hub.example:8443` begins with another scheme",
                "https://host[:port]",
            ],
        ),
        (
            "[hub]",
            "[home]\nsource = \"x\"\n[hub]",
            &[":9: home.source: `x` is no source"],
        ),
        (
            "[hub]",
            "[metrics]\nlisten = \"0.0.0.0:9464\"\n[hub]",
            &[":9: metrics.listen: is `0.0.0.0:9464`", "loopback"],
        ),
        (
            "[hub]",
            "[clock]\ntrust = \"yes\"\n[hub]",
            &[":9: clock.trust: is `yes`; allowed are auto, always, never"],
        ),
        ("[hub]", "[log]\nformat = \"xml\"\n[hub]", &["text, json"]),
        (
            "[hub]",
            "[limits]\ndevices = 0\n[hub]",
            &[":9: limits.devices: is 0; allowed is 1 to 10000", "512"],
        ),
        (
            "[hub]",
            "[limits]\nback_off_first_ms = 50000\n[hub]",
            &["longer than limits.back_off_longest_ms 30000"],
        ),
        (
            "[hub]",
            "[hub]\nqueue_bytes = 1",
            &[":9: hub.queue_bytes: is 1"],
        ),
        (
            "[gateway]",
            "[gateway]\nballast_bytes = 1",
            &[":3: gateway.ballast_bytes: is 1"],
        ),
        (
            "[hub]",
            "[[device]]\nsource = \"x\"\nname = \"y\"\n[hub]",
            &[":9: device[0].source: no source is named `x`", "zigbee"],
        ),
        (
            "[hub]",
            "[[device]]\nsource = \"zigbee\"\nname = \"\"\n[hub]",
            &[":10: device[0].name: is not a name"],
        ),
        (
            "[hub]",
            "[[device]]\nsource = \"zigbee\"\nname = \"y\"\nraises = { knob = \"help\" }\n[hub]",
            &["device[0].raises.knob", "button"],
        ),
        (
            "[hub]",
            "[[device]]\nsource = \"zigbee\"\nname = \"y\"\nraises = { button = \"halp\" }\n[hub]",
            &["`halp` is no alarm", "help, fall"],
        ),
    ] {
        check(old, new, words);
    }
}

#[test]
fn names_are_given_once() {
    let source = "[[source]]\nname = \"zigbee\"\nspeaks = \"zigbee2mqtt\"\n[source.mqtt]\nclient_id = \"b\"\n[hub]";
    check(
        "[hub]",
        source,
        &["source[1].name: `zigbee` is given twice"],
    );
    let same = source
        .replace("name = \"zigbee\"", "name = \"z2\"")
        .replace("\"b\"", "\"tecs-home-1-zigbee\"");
    check(
        "[hub]",
        &same,
        &["source[1].mqtt.client_id", "throw each other out"],
    );
    let device = "[[device]]\nsource = \"zigbee\"\nname = \"p\"\nid = \"a\"\n";
    let twice = format!("{device}{}[hub]", device.replace("\"a\"", "\"b\""));
    check(
        "[hub]",
        &twice,
        &["device[1].name: `p` of this source is listed twice"],
    );
}

#[test]
fn every_section_says_what_is_wrong_in_it_at_once() {
    let text = GOOD
        .replace("id =", "idd =")
        .replace("ca =", "caa =")
        .replace("speaks =", "speks =");
    let keys: Vec<String> = faults(&text).into_iter().map(|f| f.key).collect();
    assert_eq!(keys, ["gateway.idd", "hub.caa", "source[0].speks"]);
}

fn with(name: &str, value: &str) -> Result<Config, Faults> {
    let env = [(name.to_owned(), value.to_owned())];
    read(Path::new("/etc/g.toml"), GOOD, &env)
}

#[test]
fn an_environment_variable_overrides_its_key() {
    assert_eq!(
        with("TECS_GATEWAY_ID", "home-9")
            .unwrap()
            .settings
            .gateway_id,
        "home-9"
    );
    let two = with("TECS_HUB_ENDPOINTS", "a=https://a:1, https://b:2").unwrap();
    let named: Vec<_> = two
        .endpoints
        .iter()
        .map(|e| (e.name.as_str(), e.address.port()))
        .collect();
    assert_eq!(named, [("a", 1), ("hub-2", 2)]);
    assert_eq!(
        with("TECS_limits__linger_ms", "7")
            .unwrap()
            .settings
            .limits
            .linger_ms,
        7
    );
    let dir = with("TECS_GATEWAY__STATE_DIR", "/srv/x").unwrap().state_dir;
    assert_eq!(dir, Path::new("/srv/x"));
    let port = with("TECS_source__0__mqtt__port", "1999")
        .unwrap()
        .reached_by;
    let ReachedBy::Mqtt(mqtt) = &port[0] else {
        panic!()
    };
    assert_eq!(mqtt.port(), 1999);
}

#[test]
fn a_wrong_environment_variable_is_named() {
    for (name, value, words) in [
        ("TECS_GATEWAY", "x", "no key has this name"),
        ("TECS_HUB_ENDPOINTS", "a=", "list of name=url"),
        ("TECS_gateway__idd", "x", "gateway.idd: unknown key"),
        (
            "TECS_limits__linger_ms",
            "soon",
            "limits.linger_ms: invalid type",
        ),
        ("TECS_limits__devices", "0", "limits.devices: is 0; allowed"),
        ("TECS_source__7__name", "x", "`source` is a list of 1"),
        ("TECS_gateway__id__x", "x", "`id` is not a section"),
    ] {
        let said = with(name, value).unwrap_err().to_string();
        let place = format!("error: environment variable {name}: ");
        assert!(said.starts_with(&place) && said.contains(words), "{said}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let said = load(Path::new("/nowhere/g.toml"), &[])
        .unwrap_err()
        .to_string();
    assert!(said.contains("/nowhere/g.toml: cannot be read"), "{said}");
}
