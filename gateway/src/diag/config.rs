//! A configuration without secrets and without anybody's words: numbers stay, and texts of the few keys whose values are ours
//! or a machine's. Whatever key comes later is hidden until it is listed here.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::redact::HIDDEN;

/// Keys whose texts name nobody.
const OPEN: &[&str] = &[
    "speaks", "parity", "level", "format", "trust", "url", "host", "listen", "source",
];
/// The longest key that is shown, characters.
const KEY_LONGEST: usize = 40;

/// The configuration as it may be shown, or why it is not, and every hidden word that is about a device.
pub(super) fn redacted(text: &str) -> (String, BTreeSet<String>) {
    let mut hidden = BTreeSet::new();
    match text.parse::<Table>() {
        Ok(table) => {
            let ids = ids(&table);
            let shown = hide_table("", table, &mut hidden);
            // A name that is also the installer's own id for the device is shown as that.
            hidden.retain(|word| !ids.contains(word));
            (shown.to_string(), hidden)
        }
        // What a parser says of a text may quote it.
        Err(_) => (
            "# not TOML: see check.json for the line\n".to_owned(),
            hidden,
        ),
    }
}

fn ids(table: &Table) -> BTreeSet<String> {
    let devices = table.get("device").and_then(Value::as_array);
    let ids = devices.into_iter().flatten().filter_map(|d| d.get("id"));
    let ids = ids.filter_map(Value::as_str).filter(|id| !id.contains('/'));
    ids.map(str::to_owned).collect()
}

fn hide_table(at: &str, table: Table, hidden: &mut BTreeSet<String>) -> Table {
    let hide = |(key, value): (String, Value)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let ours = key.len() <= KEY_LONGEST && key.chars().all(plain);
        let shown = if ours { key.clone() } else { HIDDEN.to_owned() };
        let path = format!("{at}.{key}");
        (shown, hide(&path, &key, value, hidden))
    };
    table.into_iter().map(hide).collect()
}

fn hide(path: &str, key: &str, value: Value, hidden: &mut BTreeSet<String>) -> Value {
    match value {
        Value::String(text) if is_open(path, key, &text) => Value::String(text),
        Value::String(text) => {
            if path.starts_with(".device.") {
                hidden.insert(text);
            }
            Value::String(HIDDEN.to_owned())
        }
        Value::Array(items) => {
            let items = items.into_iter().map(|item| hide(path, key, item, hidden));
            Value::Array(items.collect())
        }
        Value::Table(table) => Value::Table(hide_table(path, table, hidden)),
        same @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_)) => {
            same
        }
    }
}

/// Names of sources and endpoints stand in logs and metrics already, and so does the gateway's id; a device's is what the
/// installer calls it by, where that is no path to its name.
fn is_open(path: &str, key: &str, text: &str) -> bool {
    OPEN.contains(&key)
        || matches!(path, ".gateway.id" | ".source.name" | ".hub.endpoints.name")
        || path == ".source.serial.path"
        || path.starts_with(".device.raises.")
        || (path == ".device.id" && !text.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_machines_stay_and_every_other_word_is_hidden() {
        let text = r#"
            [gateway]
            id = "home-1"
            state_dir = "/CANARY/state"
            [[source]]
            name = "zigbee"
            speaks = "zigbee2mqtt"
            [source.mqtt]
            host = "127.0.0.1"
            port = 1883
            username = "CANARY-user"
            topics = ["CANARY/topic"]
            [[device]]
            source = "zigbee"
            name = "CANARY name"
            raises = { button = "help" }
            silent_after_s = 60
            "CANARY key" = 1
            [codes]
            later = "CANARY"
        "#;
        let (shown, hidden) = redacted(text);
        assert!(!shown.contains("CANARY"), "{shown}");
        let table: Table = shown.parse().unwrap();
        assert_eq!(table["gateway"]["id"].as_str(), Some("home-1"));
        assert_eq!(table["source"][0]["mqtt"]["port"].as_integer(), Some(1883));
        assert_eq!(
            table["device"][0]["raises"]["button"].as_str(),
            Some("help")
        );
        assert!(hidden.contains("CANARY name") && !hidden.contains("CANARY/topic"));
        let (broken, _) = redacted("name = CANARY");
        assert!(!broken.contains("CANARY"), "{broken}");
    }
}
