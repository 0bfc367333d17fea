//! The daemon's answer to `status`, for people.

use std::io::{self, Write};

use serde_json::Value;

use crate::answer::{list, number, word};

/// Prints the daemon's answer: as text, or as the JSON that it is.
pub fn print(answer: &Value, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    let status = answer.get("status").unwrap_or(&Value::Null);
    if as_json {
        return writeln!(out, "{status}");
    }
    out.write_all(text(status).as_bytes())
}

fn text(status: &Value) -> String {
    let mut lines = vec![
        format!(
            "run {} since {} s, process {}",
            word(status, "epoch"),
            number(status, "uptime_ms") / 1000,
            number(status, "pid"),
        ),
        format!(
            "journal {}, {} devices, {} open alarms",
            word(status, "journal"),
            number(status, "devices"),
            number(status, "open_alarms"),
        ),
    ];
    lines.extend(list(status, "lanes").iter().map(lane));
    for source in list(status, "sources") {
        let up = source.get("up") == Some(&Value::Bool(true));
        lines.push(format!(
            "source {}: {}, {} unacknowledged",
            word(source, "name"),
            if up { "open" } else { "not open" },
            number(source, "unacknowledged"),
        ));
    }
    for link in list(status, "links") {
        lines.push(format!(
            "hub {}: {}",
            word(link, "name"),
            word(link, "state")
        ));
    }
    notes(status.get("notes").unwrap_or(&Value::Null), &mut lines);
    lines.join("\n") + "\n"
}

fn lane(lane: &Value) -> String {
    format!(
        "lane {:8} {:6} records wait ({} bytes, the oldest {} s), {} bytes on disk",
        word(lane, "lane"),
        number(lane, "records"),
        number(lane, "bytes"),
        number(lane, "oldest_age_ms") / 1000,
        number(lane, "disk_bytes"),
    )
}

fn notes(notes: &Value, lines: &mut Vec<String>) {
    for link in list(notes, "links") {
        let (endpoint, what) = (word(link, "endpoint"), word(link, "what"));
        lines.push(format!("last word on hub {endpoint}: {what}"));
    }
    for refusal in list(notes, "refused") {
        lines.push(format!(
            "refused from {}: {} × {} (last: {})",
            word(refusal, "source"),
            number(refusal, "count"),
            word(refusal, "name"),
            word(refusal, "what"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_reads_what_waits_and_what_is_wrong() {
        let answer = json!({ "ok": true, "status": {
            "epoch": "0abc", "uptime_ms": 61_000, "pid": 7, "journal": "full", "devices": 3, "open_alarms": 1,
            "lanes": [{ "lane": "alarm", "records": 2, "bytes": 300, "oldest_age_ms": 9_000, "disk_bytes": 4 }],
            "sources": [{ "name": "zigbee", "up": false, "unacknowledged": 5 }],
            "links": [{ "name": "main", "state": "down" }],
            "notes": {
                "links": [{ "endpoint": "main", "what": "connection refused" }],
                "refused": [{ "source": "zigbee", "name": "not_json", "count": 4, "what": "line 1" }],
            },
        }});
        let mut out = Vec::new();
        print(&answer, false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "run 0abc since 61 s, process 7",
            "journal full, 3 devices, 1 open alarms",
            "lane alarm         2 records wait (300 bytes, the oldest 9 s), 4 bytes on disk",
            "source zigbee: not open, 5 unacknowledged",
            "hub main: down",
            "last word on hub main: connection refused",
            "refused from zigbee: 4 × not_json (last: line 1)",
        ] {
            assert!(
                text.lines().any(|l| l == line),
                "`{line}` is not in:\n{text}"
            );
        }
        let mut out = Vec::new();
        print(&answer, true, &mut out).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&out).unwrap(),
            answer["status"]
        );
    }
}
