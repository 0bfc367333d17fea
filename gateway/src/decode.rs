//! `tecs-gateway decode`: what raw messages become, read with the daemon's own eyes and with state kept from line to line,
//! without a hub or a device. Nothing that it reads ends it: a bad line is named in its answer.

use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

use gateway_core::settings::Source;
use gateway_core::{Decoded, Decoder, Mono, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use tecs_protocol::Bytes;
use tecs_protocol::family::{Family, NOT_YET_SPOKEN, Way};
use tecs_protocol::map::Map;
use tecs_protocol::mqtt::Publish;

use crate::config::tables;

/// The longest line, bytes: a lesson of 8 MiB, escaped.
const LONGEST: u64 = 32 << 20;

/// One line as it comes in. Keys that are not listed here are of no matter: lines of a fixture may carry their own.
#[derive(Debug, Deserialize)]
struct Line {
    speaks: String,
    topic: Option<String>,
    payload: Option<Value>,
    hex: Option<String>,
    at: Option<i64>,
    #[serde(default)]
    retained: bool,
    #[serde(default)]
    dup: bool,
}

/// The daemon's eyes, one source a family.
pub struct Decode {
    decoder: Decoder,
    sources: Vec<(Family, String, Way)>,
    /// Without a configuration a device is called as its source calls it.
    bare: bool,
    now: Mono,
}

impl Decode {
    /// Reads one family by this table, and calls a device as its source does.
    pub fn by_table(family: Family, map: Arc<Map>) -> Self {
        let source = Source {
            name: family.word().to_owned(),
            speaks: family,
            base: String::new(),
            map: Some(map),
            window: 0,
        };
        let settings = Settings {
            sources: vec![source],
            ..Settings::default()
        };
        Self {
            bare: true,
            ..Self::new(Some(settings))
        }
    }

    /// Reads as a daemon with these settings would; families that they do not name are read with defaults.
    pub fn new(settings: Option<Settings>) -> Self {
        let bare = settings.is_none();
        let mut settings = settings.unwrap_or_default();
        // `map` without a configuration has no table.
        let read = |f: &&Family| f.is_spoken() && **f != Family::Map;
        for family in Family::ALL.iter().filter(read) {
            if settings.sources.iter().all(|s| s.speaks != *family) {
                settings.sources.push(Source {
                    name: family.word().to_owned(),
                    speaks: *family,
                    base: String::new(),
                    map: tables::preset(*family),
                    window: 0,
                });
            }
        }
        let sources = settings.sources.iter();
        Self {
            sources: sources
                .map(|s| (s.speaks, s.base.clone(), s.way()))
                .collect(),
            decoder: Decoder::new(settings),
            bare,
            now: Mono(0),
        }
    }

    /// What one line becomes, as it is printed: `{"line": n, "events": […], "ignored": …}`.
    pub fn line(&mut self, number: u64, text: &[u8]) -> Value {
        let (events, ignored) = match self.read(text) {
            Ok(decoded) => self.in_words(decoded),
            Err(why) => (Vec::new(), Some(why)),
        };
        json!({ "line": number, "events": events, "ignored": ignored })
    }

    fn in_words(&self, decoded: Vec<Decoded>) -> (Vec<Value>, Option<String>) {
        let mut events = Vec::new();
        let mut ignored: Vec<String> = Vec::new();
        for decoded in decoded {
            for event in &decoded.events {
                let mut event = event.to_json();
                if self.bare {
                    bare(&mut event);
                }
                events.push(event);
            }
            ignored.extend(decoded.ignored);
        }
        ignored.dedup();
        if events.is_empty() && ignored.is_empty() {
            ignored.push("no whole message yet".to_owned());
        }
        (events, (!ignored.is_empty()).then(|| ignored.join("; ")))
    }

    fn read(&mut self, text: &[u8]) -> Result<Vec<Decoded>, String> {
        let line: Line = serde_json::from_slice(text).map_err(|e| format!("not a line: {e}"))?;
        let family = Family::from_word(&line.speaks).ok_or_else(|| {
            let known: Vec<_> = Family::ALL.iter().map(|f| f.word()).collect();
            format!(
                "`{}` is no family; there are {}",
                line.speaks,
                known.join(", ")
            )
        })?;
        let source = self
            .sources
            .iter()
            .position(|(f, ..)| *f == family)
            .ok_or_else(|| not_read(family))?;
        let way = self.sources.get(source).map_or(family.way(), |s| s.2);
        if let Some(at) = line.at {
            self.now = self.now.max(Mono(u64::try_from(at).unwrap_or(0)));
            self.decoder.clock(at, true, self.now);
        }
        let payload = payload(&line, family, way)?;
        Ok(match way {
            Way::Mqtt => {
                let topic = match line.topic {
                    Some(topic) if self.bare && family == Family::Zigbee2Mqtt => {
                        below_the_usual_base(&topic)
                    }
                    Some(topic) => topic,
                    None => self.topic(source, family),
                };
                let publish = Publish {
                    topic: &topic,
                    payload: &payload,
                    retained: line.retained,
                    now_ms: self.now.0,
                };
                vec![self.decoder.publish(source, &publish, line.dup, self.now)]
            }
            Way::Line | Way::Frames => self.decoder.bytes(source, &Bytes::from(payload), self.now),
        })
    }

    /// A message without a topic is one of a device that is called `device`.
    fn topic(&self, source: usize, family: Family) -> String {
        let base = self.sources.get(source);
        family.usual_topic(base.map_or("", |(_, base, _)| base.as_str()))
    }
}

/// Why no source of a family is there.
fn not_read(family: Family) -> String {
    if family == Family::Map {
        "map is read by a table: name a configuration with such a source (--config)".to_owned()
    } else {
        format!("{family} is {NOT_YET_SPOKEN}")
    }
}

/// Without a configuration nobody says what Zigbee2MQTT's base topic is: the levels up to one that is called so, or else
/// the first level, are taken for it.
fn below_the_usual_base(topic: &str) -> String {
    let usual = Family::Zigbee2Mqtt.word();
    let mut rest = topic;
    while let Some((level, below)) = rest.split_once('/') {
        if level == usual {
            return rest.to_owned();
        }
        rest = below;
    }
    match topic.split_once('/') {
        Some((_, below)) => format!("{usual}/{below}"),
        None => topic.to_owned(),
    }
}

/// The device's id without the source's name before it.
fn bare(event: &mut Value) {
    if let Some(Value::String(id)) = event.get_mut("device")
        && let Some((_, name)) = id.split_once('/')
    {
        *id = name.to_owned();
    }
}

fn payload(line: &Line, family: Family, way: Way) -> Result<Vec<u8>, String> {
    let mut bytes = match (&line.payload, &line.hex) {
        (Some(Value::String(text)), None) => text.clone().into_bytes(),
        (Some(value), None) => value.to_string().into_bytes(),
        (None, Some(hex)) => return unhex(hex),
        (None, None) => return Err("not a line: neither `payload` nor `hex`".to_owned()),
        (Some(_), Some(_)) => return Err("not a line: both `payload` and `hex`".to_owned()),
    };
    // A line of text stands for a whole line on the wire.
    let by_line = family == Family::JsonLines || (family.is_table() && way == Way::Line);
    if by_line && bytes.last() != Some(&b'\n') {
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// The bytes of hexadecimal digits, which may be grouped by spaces or colons.
fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "not a line: `hex` is not pairs of hexadecimal digits".to_owned();
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b':')).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
            let plain = pair.bytes().all(|b| b.is_ascii_hexdigit());
            plain.then(|| u8::from_str_radix(pair, 16).ok())?
        })
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

/// Reads lines to their end and answers each.
pub fn decode(
    settings: Option<Settings>,
    mut from: impl BufRead,
    mut to: impl Write,
) -> io::Result<()> {
    let mut decode = Decode::new(settings);
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        if (&mut from).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return to.flush();
        }
        number += 1;
        let cut = line.last() != Some(&b'\n') && line.len() as u64 == LONGEST;
        let answer = if cut {
            skip_line(&mut from)?;
            json!({ "line": number, "events": [], "ignored": format!("not a line: longer than {LONGEST} bytes") })
        } else {
            decode.line(number, &line)
        };
        writeln!(to, "{answer}")?;
        // Whoever feeds us by hand or by pipe sees each answer at once.
        to.flush()?;
    }
}

/// Drops the rest of a line that is too long.
fn skip_line(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = from.fill_buf()?;
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        from.consume(used);
        if end.is_some() || used == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &str) -> Vec<Value> {
        let mut out = Vec::new();
        decode(None, lines.as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }

    #[test]
    fn a_message_becomes_events_with_every_key_there() {
        let out = run(concat!(
            r#"{"speaks":"zigbee2mqtt","topic":"zigbee2mqtt/hall/smoke","payload":"{\"smoke\":true}"}"#,
            "\n",
            r#"{"speaks":"jsonl","payload":"{\"device\":\"pendant\",\"kind\":\"help\"}","qos":1,"profile":null}"#,
        ));
        let smoke = &out[0]["events"][0];
        assert_eq!(
            (&smoke["device"], &smoke["kind"]),
            (&json!("hall/smoke"), &json!("smoke"))
        );
        assert_eq!(smoke["condition"], "raised");
        assert_eq!(out[0]["ignored"], Value::Null);
        let help = &out[1]["events"][0];
        assert_eq!(
            (&help["what"], &help["kind"]),
            (&json!("alarm"), &json!("help"))
        );
        let keys: Vec<_> = help
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let due = [
            "condition",
            "device",
            "flags",
            "kind",
            "quality",
            "state",
            "unit",
            "urgency",
            "value",
            "what",
        ];
        let mut keys = keys;
        keys.sort_unstable();
        assert_eq!(keys, due);
        assert_eq!(out[1]["line"], 2);
    }

    #[test]
    fn a_message_without_a_topic_is_the_devices() {
        let out = run(r#"{"speaks":"zigbee2mqtt","payload":"{\"contact\":false}"}"#);
        assert_eq!(out[0]["events"][0]["device"], "device");
        assert_eq!(out[0]["events"][0]["state"], "open");
    }

    #[test]
    fn state_is_kept_between_lines() {
        let line = r#"{"speaks":"zigbee2mqtt","payload":{"contact":false}}"#;
        let out = run(&format!("{line}\n{line}\n"));
        assert_eq!(out[0]["events"].as_array().unwrap().len(), 1);
        assert_eq!(out[1]["events"], json!([]));
        assert_eq!(out[1]["ignored"], "repeat");
    }

    #[test]
    fn what_was_announced_is_read_before_or_after_its_configuration() {
        let config = r#"{"speaks":"ha_discovery","topic":"homeassistant/binary_sensor/hall/config","payload":{"state_topic":"hall/state","device_class":"smoke","device":{"identifiers":["1"],"name":"Hall"}}}"#;
        let state = r#"{"speaks":"ha_discovery","topic":"hall/state","payload":"ON"}"#;
        let due = |event: &Value| {
            assert_eq!(
                (&event["device"], &event["kind"], &event["condition"]),
                (&json!("Hall"), &json!("smoke"), &json!("raised"))
            );
        };
        let out = run(&format!("{config}\n{state}\n"));
        assert_eq!(out[0]["ignored"], "a configuration");
        due(&out[1]["events"][0]);
        let out = run(&format!("{state}\n{config}\n"));
        assert_eq!(out[0]["ignored"], "unmapped: hall/state");
        due(&out[1]["events"][0]);
        // The configuration was kept by the broker, the state was not.
        let kept = config.replacen('{', r#"{"retained":true,"#, 1);
        let out = run(&format!("{state}\n{kept}\n"));
        assert_eq!(out[1]["events"][0]["flags"], json!([]));
    }

    #[test]
    fn hex_comes_in_any_chunks() {
        let whole = "{\"device\":\"p\",\"kind\":\"help\"}\n";
        let pairs: Vec<_> = whole.bytes().map(|b| format!("{b:02x}")).collect();
        let hex = pairs.join(" ");
        let (first, second) = hex.split_at(30);
        let line = |hex: &str| format!("{{\"speaks\":\"jsonl\",\"hex\":\"{hex}\"}}\n");
        let out = run(&(line(first) + &line(second)));
        assert_eq!(out[0]["ignored"], "no whole message yet");
        assert_eq!(out[1]["events"][0]["kind"], "help");
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_is_read() {
        let out = run(concat!(
            "nonsense\n",
            "\n",
            r#"{"speaks":"klingon","payload":""}"#,
            "\n",
            r#"{"speaks":"gatt","payload":""}"#,
            "\n",
            r#"{"speaks":"jsonl"}"#,
            "\n",
            r#"{"speaks":"jsonl","hex":"0"}"#,
            "\n",
            r#"{"speaks":"jsonl","hex":"+1"}"#,
            "\n",
            r#"{"speaks":"jsonl","payload":"{}"}"#,
            "\n",
            r#"{"speaks":"jsonl","payload":"{\"device\":\"p\",\"kind\":\"help\"}"}"#,
        ));
        let words = [
            "not a line",
            "not a line",
            "`klingon` is no family",
            "not yet spoken",
            "neither",
            "hexadecimal",
            "hexadecimal",
        ];
        for (answer, word) in out.iter().zip(words) {
            let ignored = answer["ignored"].as_str().unwrap();
            assert!(ignored.contains(word), "{ignored}");
            assert_eq!(answer["events"], json!([]));
        }
        assert!(out[7]["ignored"].is_string());
        assert_eq!(out[8]["line"], 9);
        assert_eq!(out[8]["events"][0]["kind"], "help");
    }
}
