//! What the simulated devices say, read by the very decoders that the gateway uses: no word of theirs is lost on it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::fmt::Write as _;

use tecs_protocol::family::{Family, Options, dialect, wire};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::serial::Heard;
use tecs_protocol::signal::{Message, What};
use tecs_sim::bridge::retained;
use tecs_sim::catalogue::MODELS;
use tecs_sim::device::Device;
use tecs_sim::home::{Home, Spec};
use tecs_sim::models::{Does, Model, Path};
use tecs_sim::toml_file::Text;

/// A home with one device of every model, with a name that needs `bridge/devices` to be found.
fn home() -> Home {
    let mut text = "[home]\ngateway = \"elm-4\"\nlabel = \"x\"\n".to_owned();
    for model in MODELS {
        let word = model.word;
        write!(
            text,
            "[[device]]\nname = \"Ground floor/the {word}\"\nid = \"{word}\"\nmodel = \"{word}\"\n"
        )
        .unwrap();
    }
    Home::read(&Text::new("home.toml", text)).unwrap()
}

fn spec(model: &Model) -> Spec {
    home().device(model.word).unwrap().clone()
}

/// `alarm/fall raised`, `observed/temperature`.
fn told(message: &Message) -> Vec<String> {
    let of = message.signals.iter().map(|s| match &s.what {
        What::Alarm {
            kind, condition, ..
        } => format!("alarm/{kind} {condition}"),
        What::Vital { kind, .. } => format!("vital/{kind}"),
        What::Observed { kind, .. } => format!("observed/{kind}"),
        What::Health { kind, .. } => format!("health/{kind}"),
    });
    of.collect()
}

/// What the decoder hears of every deed of every model on a path.
fn heard(path: Path, mut read: impl FnMut(&str, &str) -> Message) -> Vec<(String, Vec<String>)> {
    let bridge = home().zigbee;
    let mut out = Vec::new();
    for model in MODELS.iter().filter(|m| m.path == path) {
        let mut device = Device::new(spec(model));
        for deed in model.deeds {
            let value = (deed.does == Does::Measure).then_some(20.5);
            let said = device.does(deed.word, value, &bridge).unwrap();
            let message = read(&said.topic, &said.text);
            let name = format!("{} {}", model.word, deed.word);
            assert_eq!(message.refusals, vec![], "{name}: {}", said.text);
            let unknown: Vec<_> = message.unmapped.iter().filter(|f| *f != "n").collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
            out.push((name, told(&message)));
        }
    }
    out
}

fn expect(heard: &[(String, Vec<String>)], due: &[(&str, &str)]) {
    for (name, says) in due {
        let (_, told) = heard.iter().find(|(n, _)| n == name).unwrap();
        assert!(
            told.iter().any(|t| t == says),
            "{name} says {told:?}, not {says}"
        );
    }
}

#[test]
fn every_deed_of_a_zigbee_device_is_heard_as_what_it_is() {
    let home = home();
    let base = home.zigbee.base.clone();
    let mut dialect = dialect(Family::Zigbee2Mqtt, &Options::default()).unwrap();
    let mut read = |topic: &str, payload: &str| {
        dialect.read(&Publish {
            topic: &format!("{base}/{topic}"),
            payload: payload.as_bytes(),
            retained: false,
            now_ms: 0,
        })
    };
    for (topic, payload) in retained(&home) {
        assert_eq!(read(&topic, &payload).refusals, vec![], "{topic}");
    }
    expect(
        &heard(Path::Zigbee2Mqtt, read),
        &[
            ("sos_button press", "alarm/help raised"),
            ("fall_detector fall", "alarm/fall raised"),
            ("fall_detector clear", "alarm/fall restored"),
            ("smoke_alarm smoke", "alarm/smoke raised"),
            ("co_alarm co", "alarm/co raised"),
            ("water_leak leak", "alarm/flood raised"),
            ("contact open", "observed/contact"),
            ("contact tamper", "health/tamper"),
            ("plug reading", "observed/power"),
            ("climate reading", "observed/temperature"),
            ("smoke_alarm battery_low", "health/battery_low"),
        ],
    );
}

#[test]
fn every_deed_of_a_serial_device_is_heard_as_what_it_is() {
    let mut wire = wire(Family::JsonLines, &Options::default()).unwrap();
    let read = |_: &str, line: &str| {
        let mut heard = Heard::default();
        wire.read(format!("{line}\r\n").as_bytes(), 0, &mut heard);
        assert_eq!(heard.messages.len(), 1, "{line}");
        heard.messages.remove(0)
    };
    expect(
        &heard(Path::JsonLines, read),
        &[
            ("line_help_button press", "alarm/help raised"),
            ("line_help_button clear", "alarm/help restored"),
            ("line_thermometer reading", "observed/temperature"),
            ("line_oximeter reading", "vital/spo2"),
            ("line_dispenser take", "observed/medication"),
        ],
    );
}
