//! The inventory for a person: by source, what is wrong before what is well, what to paste last. Every word of a home is
//! shown without control characters.

use std::io::{self, Write};

use serde_json::Value;

use crate::answer::{ago, list, number, word};

/// The most characters of a sample that are shown on a line.
const SAMPLE: usize = 120;

/// Prints the daemon's answer: as text, or as the JSON that it is.
pub fn print(answer: &Value, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{answer}");
    }
    out.write_all(text(answer).as_bytes())
}

/// Without what a terminal would obey.
fn tame(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(SAMPLE).map(plain).collect()
}

fn yes(of: &Value, key: &str) -> bool {
    of.get(key) == Some(&Value::Bool(true))
}

fn text(answer: &Value) -> String {
    let mut lines = Vec::new();
    let devices = list(answer, "devices");
    lines.push(format!(
        "{} devices; of each source at most {} that are not listed and have raised no alarm",
        devices.len(),
        number(answer, "most")
    ));
    for source in list(answer, "sources") {
        about(source, &mut lines);
        let name = word(source, "name");
        for device in devices.iter().filter(|d| word(d, "source") == name) {
            lines.push(line(device));
        }
    }
    let pastes: Vec<&str> = devices
        .iter()
        .map(|device| word(device, "paste"))
        .filter(|paste| !paste.is_empty())
        .collect();
    if !pastes.is_empty() {
        lines.push("\n# Heard and not configured; to paste:".to_owned());
        lines.extend(pastes.iter().map(|paste| format!("\n{}", paste.trim_end())));
    }
    lines.join("\n") + "\n"
}

fn about(source: &Value, lines: &mut Vec<String>) {
    let up = yes(source, "up");
    lines.push(format!(
        "\nsource {} ({}): {}, {} messages",
        word(source, "name"),
        word(source, "speaks"),
        if up { "open" } else { "not open" },
        number(source, "messages"),
    ));
    if !up && !word(source, "why").is_empty() {
        lines.push(format!("  why: {}", word(source, "why")));
    }
    if yes(source, "garbled") {
        lines.push(
            "  nothing on this line can be read: correct baud, data_bits and parity".to_owned(),
        );
    }
    if let Some(crowd) = source.get("too_many").filter(|crowd| !crowd.is_null()) {
        lines.push(format!(
            "  too many devices: {} forgotten to make room, {} words refused, {} alarms raised without a place; list those of \
             this home, and keep strangers out",
            number(crowd, "forgotten"),
            number(crowd, "refused"),
            number(crowd, "alarms_without_place"),
        ));
    }
    for refusal in list(source, "refusals") {
        lines.push(format!(
            "  refused {} × {}, {}: {}",
            number(refusal, "count"),
            word(refusal, "name"),
            ago(refusal.get("ago_ms")),
            tame(word(refusal, "what")),
        ));
        lines.push(format!("    sample: {}", tame(word(refusal, "sample"))));
    }
    for field in list(source, "unmapped") {
        lines.push(format!(
            "  no table knows `{}` ({} ×); sample: {}",
            tame(word(field, "field")),
            number(field, "count"),
            tame(word(field, "sample")),
        ));
    }
    if number(source, "unmapped_more") > 0 {
        let more = number(source, "unmapped_more");
        lines.push(format!("  and {more} × a field that there was no room for"));
    }
    for ignored in list(source, "ignored") {
        let (why, count) = (word(ignored, "why"), number(ignored, "count"));
        lines.push(format!("  said nothing {count} ×: {why}"));
    }
    let idle: Vec<&str> = list(source, "idle_rules")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if !idle.is_empty() {
        lines.push(format!(
            "  {} of {} rules have fitted nothing for a day: {}{}",
            idle.len() as u64 + number(source, "idle_rules_more"),
            number(source, "rules"),
            idle.join(", "),
            if number(source, "idle_rules_more") > 0 {
                ", …"
            } else {
                ""
            },
        ));
    }
}

fn line(device: &Value) -> String {
    let mark = match (yes(device, "configured"), device.get("heard_ago_ms")) {
        (_, None | Some(Value::Null)) => "not heard  ",
        (true, Some(_)) => "configured ",
        (false, Some(_)) if yes(device, "untaught") => "untaught   ",
        (false, Some(_)) => "unknown    ",
    };
    let mut line = vec![format!("  {mark}{}", tame(word(device, "id")))];
    let name = word(device, "name");
    if !word(device, "id").ends_with(name) {
        line.push(format!(" ({})", tame(name)));
    }
    for key in ["kind", "room"] {
        if !word(device, key).is_empty() {
            line.push(format!(", {}", tame(word(device, key))));
        }
    }
    if let Some(Value::Number(_)) = device.get("heard_ago_ms") {
        line.push(format!(", {}", ago(device.get("heard_ago_ms"))));
    }
    let says: Vec<String> = list(device, "says")
        .iter()
        .map(|said| tame(word(said, "says")))
        .collect();
    if !says.is_empty() {
        line.push(format!(": {}", says.join("; ")));
    }
    if !word(device, "mute").is_empty() {
        line.push(format!(
            " [its name or model says {}; it has said no alarm yet: test it]",
            word(device, "mute")
        ));
    }
    if number(device, "unacknowledged") > 0 {
        line.push(" [cannot be acknowledged]".to_owned());
    }
    line.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_reads_who_is_missing_what_was_refused_and_what_to_paste() {
        let answer = json!({
            "most": 512,
            "devices": [
                { "source": "zigbee", "id": "pendant", "name": "Bed\u{1b}[2J", "configured": true, "room": "bedroom",
                  "heard_ago_ms": 61_000, "unacknowledged": 3, "says": [{ "field": "a", "says": "alarm/help raised" }] },
                { "source": "zigbee", "id": "door", "name": "door", "configured": true, "heard_ago_ms": null },
                { "source": "zigbee", "id": "zigbee/new", "name": "new", "configured": false, "heard_ago_ms": 1,
                  "paste": "[[device]]\nname = \"new\"\n" },
            ],
            "sources": [{
                "name": "zigbee", "speaks": "zigbee2mqtt", "up": false, "why": "nothing listens", "messages": 4,
                "too_many": { "forgotten": 88, "refused": 2, "alarms_without_place": 1 },
                "garbled": true, "rules": 9, "idle_rules": ["door"], "idle_rules_more": 1,
                "refusals": [{ "name": "not_json", "count": 2, "ago_ms": 5_000, "what": "line 1", "sample": "{" }],
                "unmapped": [{ "field": "x", "count": 1, "sample": "{\"x\":1}" }],
                "ignored": [{ "why": "for another address on this line", "count": 7 }],
            }],
        });
        let mut out = Vec::new();
        print(&answer, false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "source zigbee (zigbee2mqtt): not open, 4 messages",
            "  why: nothing listens",
            "  nothing on this line can be read: correct baud, data_bits and parity",
            "  too many devices: 88 forgotten to make room, 2 words refused, 1 alarms raised without a place; list those of \
             this home, and keep strangers out",
            "  refused 2 × not_json, 5 s ago: line 1",
            "    sample: {",
            "  no table knows `x` (1 ×); sample: {\"x\":1}",
            "  said nothing 7 ×: for another address on this line",
            "  2 of 9 rules have fitted nothing for a day: door, …",
            "  configured pendant (Bed\u{fffd}[2J), bedroom, 1 min ago: alarm/help raised [cannot be acknowledged]",
            "  not heard  door",
            "  unknown    zigbee/new, 0 s ago",
            "[[device]]",
        ] {
            assert!(
                text.lines().any(|l| l == line),
                "`{line}` is not in:\n{text}"
            );
        }
    }
}
