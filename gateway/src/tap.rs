//! `tecs-gateway tap`: what is decided, as it is decided, one JSON object a line from the daemon, a line of text for a person.
//! Redacted unless asked; a reader that is slow misses lines and is told how many.

use std::io::{self, Write};

use gateway_core::Tapped;
use serde_json::{Value, json};

use crate::answer::{number, word};
use crate::queue::said;
use crate::redact::{HIDDEN, Redaction};

/// The last line when the daemon goes.
pub fn ended() -> Value {
    json!({ "ended": "the daemon ends" })
}

/// What a reader missed.
pub fn dropped(count: u64) -> Value {
    json!({ "dropped": count })
}

/// One thing that was decided, as a line.
pub fn to_json(
    tapped: &Tapped,
    sources: &[String],
    redaction: &Redaction,
    personal: bool,
) -> Value {
    let name = |source: &usize| sources.get(*source).map_or("?", String::as_str);
    let raw = |raw: &[u8]| personal.then(|| String::from_utf8_lossy(raw).into_owned());
    match tapped {
        Tapped::Event { lane, seq, event } => json!({
            "event": redaction.event(event, personal), "lane": lane.word(), "seq": seq,
        }),
        Tapped::Folded { event } => json!({ "folded": redaction.event(event, personal) }),
        Tapped::Ignored {
            source,
            why,
            raw: words,
        } => json!({ "ignored": why, "source": name(source), "raw": raw(words) }),
        Tapped::Refused {
            source,
            name: refusal,
            what,
            raw: words,
        } => json!({
            "refused": refusal, "source": name(source), "what": personal.then_some(what),
            "raw": raw(words),
        }),
        Tapped::Unmapped { source, field } => {
            let field = if personal { field.as_str() } else { HIDDEN };
            json!({ "unmapped": field, "source": name(source) })
        }
        Tapped::Dropped(count) => dropped(*count),
    }
}

/// Why the daemon shows nothing, when its first line says so.
pub fn refused(line: &str) -> Option<String> {
    let shown: Value = serde_json::from_str(line).ok()?;
    let refused = shown.get("ok") == Some(&Value::Bool(false));
    refused.then(|| format!("the daemon says: {}", word(&shown, "why")))
}

/// Prints one line of the daemon's; false after the last one.
pub fn print(line: &str, as_json: bool, out: &mut impl Write) -> io::Result<bool> {
    let shown: Value = serde_json::from_str(line).unwrap_or(Value::Null);
    let goes_on = shown.get("ended").is_none();
    if as_json {
        writeln!(out, "{}", line.trim_end())?;
    } else if shown.get("ok").is_none() {
        writeln!(out, "{}", text(&shown))?;
    }
    out.flush()?;
    Ok(goes_on)
}

fn text(shown: &Value) -> String {
    let tame = |text: &str| -> String {
        let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        text.chars().map(plain).collect()
    };
    let more = |key: &str| match word(shown, key) {
        "" => String::new(),
        text => format!(" {key}: {}", tame(text)),
    };
    if let Some(event) = shown.get("event") {
        return format!(
            "{:8} #{} {}",
            word(shown, "lane"),
            number(shown, "seq"),
            said(event)
        );
    }
    if let Some(event) = shown.get("folded") {
        return format!("folded     {}", said(event));
    }
    for key in ["ignored", "refused"] {
        if !word(shown, key).is_empty() {
            let (why, source) = (word(shown, key), word(shown, "source"));
            return format!("{key:8}   {source}: {why}{}{}", more("what"), more("raw"));
        }
    }
    if !word(shown, "unmapped").is_empty() {
        let field = tame(word(shown, "unmapped"));
        return format!("unmapped   {}: {field}", word(shown, "source"));
    }
    if number(shown, "dropped") > 0 {
        return format!(
            "{} lines were missed: this reader is slow",
            number(shown, "dropped")
        );
    }
    word(shown, "ended").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_core::Settings;

    #[test]
    fn what_is_refused_is_shown_by_name_and_its_words_only_when_asked() {
        let redaction = Redaction::new(&Settings::default());
        let sources = ["zigbee".to_owned()];
        let refused = Tapped::Refused {
            source: 0,
            name: "bad_value",
            what: "`CANARY` has another value".into(),
            raw: b"{\"CANARY\": 1}".to_vec(),
        };
        let unmapped = Tapped::Unmapped {
            source: 0,
            field: "CANARY_level".into(),
        };
        for shown in [&refused, &unmapped] {
            let line = to_json(shown, &sources, &redaction, false).to_string();
            assert!(!line.contains("CANARY"), "{line}");
        }
        let line = to_json(&refused, &sources, &redaction, false).to_string();
        let mut out = Vec::new();
        assert!(print(&line, false, &mut out).unwrap());
        let whole = to_json(&refused, &sources, &redaction, true).to_string();
        assert!(print(&whole, false, &mut out).unwrap());
        for asked in [false, true] {
            let line = to_json(&unmapped, &sources, &redaction, asked).to_string();
            assert!(print(&line, false, &mut out).unwrap());
        }
        assert!(!print(&ended().to_string(), false, &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        let due = "refused    zigbee: bad_value\n\
                   refused    zigbee: bad_value what: `CANARY` has another value raw: {\"CANARY\": 1}\n\
                   unmapped   zigbee: …\n\
                   unmapped   zigbee: CANARY_level\n\
                   the daemon ends\n";
        assert_eq!(text, due);
    }
}
