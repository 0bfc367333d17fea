//! What an installer pastes for a device that is not configured: a `[[device]]`, or, for a code that nobody taught, a row of
//! the source's table. What cannot be known (where it is, what it is for) stands there as a comment.

use gateway_core::{DeviceSeen, SourceSeen};
use tecs_protocol::family::Family;
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::ObservedKind;
use toml::Value as Toml;

/// The text for this device, if it needs one.
pub(super) fn of(device: &DeviceSeen, source: &SourceSeen) -> Option<String> {
    if device.configured {
        return None;
    }
    if device.untaught && source.rules > 0 {
        return Some(code(device, source));
    }
    Some(table(device, source))
}

fn table(device: &DeviceSeen, source: &SourceSeen) -> String {
    let mut lines = vec![
        "[[device]]".to_owned(),
        format!("source = {}", quoted(&source.name)),
        name(device),
        // What it is called at the hub does not change by being written down.
        format!("id = {}", quoted(&device.id)),
        format!("kind = {}", quoted(&device.kind)),
        "room = \"\"".to_owned(),
    ];
    if device.alarms {
        lines.push("alarms = true".to_owned());
    }
    if is_button(device) {
        lines.push("# raises = { button = \"help\" }   # when it is a pendant".to_owned());
    }
    if source.speaks == Family::EnOceanEsp3 {
        lines.extend(profile(device));
    }
    lines.join("\n") + "\n"
}

/// What an EnOcean sender's profile is. What it taught itself is in this journal alone.
fn profile(device: &DeviceSeen) -> Option<String> {
    let learned = device.model.strip_prefix("EnOcean ");
    let named = learned.map(|eep| format!("profile = {}   # as it taught itself", quoted(eep)));
    let asked = "# profile = \"A5-02-05\"   # what the label of this sender says (EEP)";
    named.or_else(|| device.untaught.then(|| asked.to_owned()))
}

fn is_button(device: &DeviceSeen) -> bool {
    let button = |what: &What| {
        let kind = ObservedKind::Button;
        matches!(what, What::Observed { kind: k, seen: Seen::State(_) } if *k == kind)
    };
    device.says.iter().any(|(_, what)| button(what))
}

/// A row of a table of codes (gateway/docs/map.md, 'Frames that repeat, and codes').
fn code(device: &DeviceSeen, source: &SourceSeen) -> String {
    let code = device.name.rsplit('/').next().unwrap_or_default();
    let table = source.code_tables.first().map_or("codes", String::as_str);
    format!(
        "# in the table of the source {} (its key `map`)\n[codes.{}]\n{} = {{ device = \"pendant\", kind = \"help\" }}\n",
        quoted(&source.name),
        key(table),
        key(code),
    )
}

fn quoted(text: &str) -> String {
    Toml::String(text.to_owned()).to_string()
}

/// A bare key where TOML allows one.
fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// What names it for good: the address that its maker burnt in, with its present name beside it, or the one name it has.
fn name(device: &DeviceSeen) -> String {
    if device.burnt_in.is_empty() || device.burnt_in == device.name {
        return format!("name = {}", quoted(&device.name));
    }
    let called = format!("{:?}", device.name);
    format!(
        "name = {}   # called {called} now",
        quoted(&device.burnt_in)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tecs_protocol::vocabulary::{Condition, HealthKind, State};

    fn source(rules: usize) -> SourceSeen {
        SourceSeen {
            crowd: None,
            name: "zig \"bee\"".into(),
            speaks: Family::Zigbee2Mqtt,
            up: true,
            why: String::new(),
            messages: 1,
            unkept: 0,
            garbled: false,
            refusals: Vec::new(),
            unmapped: Vec::new(),
            unmapped_more: 0,
            ignored: Vec::new(),
            idle_rules: Vec::new(),
            idle_rules_more: 0,
            rules,
            code_tables: vec!["fobs".into()],
        }
    }

    fn device(name: &str, what: What) -> DeviceSeen {
        DeviceSeen {
            source: 0,
            name: name.into(),
            burnt_in: String::new(),
            id: format!("zigbee/{name}"),
            kind: "Tuya\nbutton".into(),
            model: String::new(),
            room: String::new(),
            configured: false,
            alarms: true,
            heard_ago_ms: Some(5),
            words: 1,
            unkept: 0,
            untaught: what.is_raised(),
            mute: None,
            says: vec![("action".into(), what)],
            says_more: 0,
        }
    }

    #[test]
    fn an_unknown_device_becomes_a_table_that_reads_whatever_its_name_is() {
        for name in [
            "Hall/Button \"1\"",
            "Hall button",
            "\u{202e}\u{1b}[2J",
            "'''",
        ] {
            let button = What::state(ObservedKind::Button, State::Single);
            let text = of(&device(name, button), &source(0)).unwrap();
            let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}:\n{text}"));
            let told = &table["device"][0];
            assert_eq!(told["name"].as_str(), Some(name), "{text}");
            let id = format!("zigbee/{name}");
            assert_eq!(told["id"].as_str(), Some(id.as_str()), "its id stays");
            assert_eq!(told["source"].as_str(), Some("zig \"bee\""));
            assert_eq!(told["alarms"].as_bool(), Some(true));
            assert!(text.contains("raises = { button"), "{text}");
        }
    }

    #[test]
    fn a_device_with_an_address_is_written_down_by_it() {
        let button = What::state(ObservedKind::Button, State::Single);
        let known = DeviceSeen {
            burnt_in: "0x00158d0001a2b3c4".into(),
            id: "zigbee/old name".into(),
            ..device("new \"name\" # \n", button)
        };
        let text = of(&known, &source(0)).unwrap();
        let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}:\n{text}"));
        let told = &table["device"][0];
        assert_eq!(told["name"].as_str(), Some("0x00158d0001a2b3c4"));
        assert_eq!(told["id"].as_str(), Some("zigbee/old name"));
    }

    #[test]
    fn a_sender_without_a_profile_is_asked_for_it() {
        let untaught = What::health(HealthKind::Untaught, Condition::Raised, "x");
        let radio = SourceSeen {
            speaks: Family::EnOceanEsp3,
            ..source(0)
        };
        let text = of(&device("01A2B3C4", untaught), &radio).unwrap();
        assert!(text.contains("profile = "), "{text}");
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["device"][0]["name"].as_str(), Some("01A2B3C4"));
    }

    #[test]
    fn a_profile_that_a_sender_taught_itself_is_written_down_for_good() {
        let radio = SourceSeen {
            speaks: Family::EnOceanEsp3,
            ..source(0)
        };
        let learned = DeviceSeen {
            model: "EnOcean A5-04-01".into(),
            ..device("01A2B3C4", What::state(ObservedKind::Motion, State::Active))
        };
        let text = of(&learned, &radio).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(
            table["device"][0]["profile"].as_str(),
            Some("A5-04-01"),
            "{text}"
        );
    }

    #[test]
    fn a_code_that_nobody_taught_becomes_a_row_of_its_table() {
        let untaught = What::health(HealthKind::Untaught, Condition::Raised, "x");
        let text = of(&device("rf/12 34", untaught), &source(3)).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(
            table["codes"]["fobs"]["12 34"]["kind"].as_str(),
            Some("help")
        );
    }
}
