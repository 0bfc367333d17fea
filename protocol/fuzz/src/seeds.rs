//! Writes what fuzzing begins with: `seeds FOLDER` makes a folder for each target, of messages that the house's own tests
//! read, and a dictionary of the words in them. Nothing of it is kept among the sources.

// What counts coverage in the libraries is there.
use libfuzzer_sys as _;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tecs_protocol::serial::modbus;
use tecs_protocol_fuzz::{Turn, presets, written};

/// A device of each family, and what it says.
const DEVICES: &str = include_str!("../../../tests/tests/devices.jsonl");

/// The flags that put a turn into a frame, make the last one safe, and open the line.
const FRAMED: u8 = 1;
const SAFE: u8 = 2;
const OPENED: u8 = 4;

/// A table of an installer.
const TABLE: &str = r#"{"map":{"name":"t","source":"lines"},"default":{"device":"{/id}","dedupe":{"within_ms":9}},
"codes":{"c":{"1A*":{"device":"fob","kind":"help"}}},"tlv":{"t":{"0175":{"name":"b","bytes":1}}},
"rule":[{"name":"a","each":"/a/*","when":{"{/x|/y}":{"not":["b",1]},"/b":{"exists":true},"/c":"on*"},
"time":[{"at":"/time","format":"YYYY-MM-DD hh:mm","zone":"+01:00"}],"emit":[{"kind":"smoke","at":"*","values":{"on":"raised","*":""}},
{"kind":"temperature","at":"b","unit":"F","scale":0.1,"range":[-60,400],"missing":{},"ignore":[1]}]},
{"name":"b","code":{"at":"{/a}","table":"c","as":"hex","untaught":true}},{"name":"d","payload":"text","ignore":true}]}"#;

struct Seeds {
    folder: PathBuf,
    words: BTreeSet<String>,
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let mut seeds = Seeds {
        folder: folder.expect("usage: seeds FOLDER"),
        words: BTreeSet::new(),
    };
    seeds.devices()?;
    seeds.presets()?;
    seeds.registers()?;
    let table = [
        TABLE.as_bytes(),
        &turn(0, br#"{"id":"x","a":[{"b":70}],"b":1,"c":"on"}"#),
    ]
    .concat();
    seeds.gather(&serde_json::from_str(TABLE)?);
    seeds.write("table", "lines", &table)?;
    seeds.write("hub", "alarm", b"\x03{\"kind\":\"fall\",\"device\":\"d\",\"room\":\"\",\"stage\":\"kept\",\"by\":\"\",\"test\":false}")?;
    seeds.write(
        "hub",
        "summary",
        b"\x03{\"open\":1,\"stage\":null,\"hub\":true,\"journal\":true}",
    )?;
    let words = seeds.words.iter().map(|word| quoted(word));
    std::fs::write(seeds.folder.join("words"), words.collect::<String>())
}

impl Seeds {
    fn write(&self, target: &str, name: &str, seed: &[u8]) -> std::io::Result<()> {
        let folder = self.folder.join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), seed)
    }

    /// One seed a family, all that its devices say one after the other, and one a message.
    fn devices(&mut self) -> std::io::Result<()> {
        let lines: Vec<Value> = lines(DEVICES);
        for (n, line) in lines.iter().enumerate() {
            self.gather(line);
            let family = line["speaks"].as_str().expect("a family");
            let (target, first) = target(family);
            let of_family = lines
                .iter()
                .take(n + 1)
                .filter(|l| l["speaks"] == line["speaks"]);
            let all: Vec<u8> = of_family.flat_map(|l| message(l, false)).collect();
            self.write(target, family, &[first, &all].concat())?;
            let one = match line["characteristic"].as_str() {
                Some(of) => characteristic(of, line),
                None => [first, &message(line, true)].concat(),
            };
            self.write(target, &n.to_string(), &one)?;
        }
        Ok(())
    }

    fn presets(&mut self) -> std::io::Result<()> {
        for (n, preset) in presets::ALL.iter().enumerate() {
            let text = serde_json::to_value(preset.text())?;
            self.gather(&text);
            for (m, line) in lines(preset.messages).iter().enumerate() {
                let mut line = line.clone();
                if line["topic"].is_null()
                    && preset.family.way() == tecs_protocol::family::Way::Mqtt
                {
                    line["topic"] = preset.family.usual_topic("").into();
                }
                let name = format!("{}-{m}", preset.family);
                let which = u8::try_from(n).expect("few presets");
                self.write(
                    "presets",
                    &name,
                    &[&[which], message(&line, false).as_slice()].concat(),
                )?;
            }
            let mut few = preset.text();
            few.rule.truncate(3);
            let few = said(serde_json::to_value(few)?).to_string();
            self.write("table", preset.family.word(), few.as_bytes())?;
        }
        Ok(())
    }

    /// Questions and answers on a Modbus line, of which the list of devices has none.
    fn registers(&self) -> std::io::Result<()> {
        let said: [&[u8]; 4] = [
            &[1, 4, 0, 16, 0, 2],
            &[1, 4, 4, 0x41, 0xA8, 0, 0],
            &[2, 2, 1, 1],
            &[3, 0x83, 2],
        ];
        let framed = |bytes: &&[u8]| turn(FRAMED, bytes);
        self.write(
            "modbus",
            "said",
            &said.iter().flat_map(framed).collect::<Vec<u8>>(),
        )?;
        let plain = modbus::frame(said[1]);
        self.write(
            "modbus",
            "asked",
            &[turn(OPENED, &[]), turn(0, &plain)].concat(),
        )
    }

    /// Every word of a message or a table.
    fn gather(&mut self, value: &Value) {
        match value {
            Value::String(word) => self.word(word),
            Value::Array(list) => list.iter().for_each(|v| self.gather(v)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.word(key);
                    self.gather(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn word(&mut self, word: &str) {
        let parts = word.split(|c: char| !(c.is_alphanumeric() || "_-$. ".contains(c)));
        let parts = parts
            .map(str::trim)
            .filter(|part| (2..=24).contains(&part.len()));
        self.words.extend(parts.map(str::to_owned));
    }
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect()
}

/// The target that reads a family, and what its input begins with.
fn target(family: &str) -> (&str, &'static [u8]) {
    match family {
        "enocean_esp3" => ("enocean", &[]),
        "modbus_rtu" => ("modbus", &[]),
        "espa444" => ("espa444", &[0x10]),
        "nonin" => ("nonin", &[3]),
        "contec" => ("contec", &[1]),
        other => (other, &[]),
    }
}

/// What a line of a file says, as a turn. `safe`: and it is safe at once.
fn message(line: &Value, safe: bool) -> Vec<u8> {
    let payload = match (&line["payload"], line["hex"].as_str()) {
        (_, Some(hex)) => unhex(hex),
        (Value::String(text), None) => text.clone().into_bytes(),
        (other, None) => other.to_string().into_bytes(),
    };
    let bytes = match line["topic"].as_str() {
        Some(topic) => [topic.as_bytes(), b"\n", &payload].concat(),
        None if payload.starts_with(b"{") => [&payload[..], b"\n"].concat(),
        None => payload,
    };
    let heard = turn(0x30, &bytes);
    let opened = if safe { turn(OPENED, &[]) } else { Vec::new() };
    let safe = if safe { turn(SAFE, &[]) } else { Vec::new() };
    [opened, heard, safe].concat()
}

fn characteristic(of: &str, line: &Value) -> Vec<u8> {
    let value = unhex(line["hex"].as_str().expect("a value"));
    let all = tecs_protocol::gatt::Characteristic::ALL;
    let which = all.iter().position(|(_, bits)| format!("{bits:04x}") == of);
    let which = u8::try_from(which.expect("a characteristic")).expect("few of them");
    [&[which, 90], value.as_slice()].concat()
}

fn turn(flags: u8, bytes: &[u8]) -> Vec<u8> {
    written(&Turn {
        flags,
        pause_ms: 400,
        bytes: bytes.to_vec(),
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("digits"))
        .collect()
}

/// Without what is empty, which is what a table without it means.
fn said(value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, said(value)));
            Value::Object(fields.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(said).collect()),
        other => other,
    }
}

/// A line of a dictionary.
fn quoted(word: &str) -> String {
    let bytes = word.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' | b'.' | b'-' => {
            char::from(byte).to_string()
        }
        other => format!("\\x{other:02X}"),
    });
    format!("\"{}\"\n", bytes.collect::<String>())
}
