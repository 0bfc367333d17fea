//! `tecs-gateway decode`: what raw messages become, read with the daemon's own eyes and with state kept from line to line,
//! without a hub or a device. Nothing that it reads ends it: a bad line is named in its answer.

mod bytes;

use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

use gateway_core::settings::Source;
use gateway_core::{Decoded, Decoder, Mono, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use tecs_protocol::Bytes;
use tecs_protocol::family::{Family, Way};
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
    characteristic: Option<String>,
    /// What the device is, where its bytes do not say so.
    profile: Option<String>,
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
        for family in Family::ALL.iter().filter(|f| **f != Family::Map) {
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
        let source =
            self.sources.iter().position(|(f, ..)| *f == family).ok_or(
                "map is read by a table: name a configuration with such a source (--config)",
            )?;
        let way = self.sources.get(source).map_or(family.way(), |s| s.2);
        if let Some(at) = line.at {
            self.now = self.now.max(Mono(u64::try_from(at).unwrap_or(0)));
            self.decoder.clock(at, true, self.now);
        }
        let frames_of = line.characteristic.as_deref();
        if way == Way::Frames && frames_of.is_none() {
            return Err("not a line: `characteristic` is missing".to_owned());
        }
        let payload = payload(&line, family, way)?;
        if let (Way::Frames, Some(of)) = (way, frames_of) {
            return Ok(vec![self.decoder.value(source, of, &payload, self.now)]);
        }
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
                let mut decoded = self.decoder.passed(source, self.now);
                decoded.push(self.decoder.publish(source, &publish, line.dup, self.now));
                decoded
            }
            Way::Line | Way::Frames => {
                let profile = line.profile.filter(|_| family == Family::EnOceanEsp3);
                let unread = profile.filter(|p| !self.decoder.told(source, p));
                let payload = Bytes::from(payload);
                let mut decoded = self.decoder.bytes(source, &payload, self.now);
                if let Some(profile) = unread
                    && decoded.iter().all(|d| d.events.is_empty())
                {
                    let why = format!("`{profile}` is no profile that this version reads");
                    decoded.push(Decoded {
                        events: Vec::new(),
                        ignored: Some(why),
                    });
                }
                decoded
            }
        })
    }

    /// A message without a topic is one of a device that is called `device`.
    fn topic(&self, source: usize, family: Family) -> String {
        let base = self.sources.get(source);
        family.usual_topic(base.map_or("", |(_, base, _)| base.as_str()))
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
        (None, Some(hex)) => return bytes::of(hex, family, line.profile.as_deref()),
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
mod tests;
