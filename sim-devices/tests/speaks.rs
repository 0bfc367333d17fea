//! What the simulated devices say, read by the very decoders that the gateway uses: no word of theirs is lost on it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::fmt::Write as _;
use std::sync::Arc;

use tecs_protocol::family::{Family, Options, dialect, wire};
use tecs_protocol::map::{Map, MapText};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::serial::Heard;
use tecs_protocol::signal::{Message, What};
use tecs_sim::bridge::retained;
use tecs_sim::catalogue::{models, profile};
use tecs_sim::device::Device;
use tecs_sim::home::{Home, Spec};
use tecs_sim::models::{Does, Model, Path};
use tecs_sim::toml_file::Text;
use tecs_sim::words::Body;

/// What a device of this model is called where it is found; a Zigbee device by a name that needs `bridge/devices`.
fn name(model: &Model) -> String {
    let word = model.word;
    let nth = models().position(|m| m.word == word).unwrap();
    match (model.path, model.path.setting().and_then(|s| s.alone)) {
        (_, Some(alone)) => alone.to_owned(),
        (Path::Espa444 | Path::Espa444Bridge | Path::Espa444Station, _) => (500 + nth).to_string(),
        (Path::Rtl433, _) if word == "radio_panic" => "X10-Security/f58e".to_owned(),
        (Path::Rtl433, _) if word == "radio_contact" => "Visonic-Powercode/6f4770".to_owned(),
        (Path::Rtl433, _) => "Nexus-TH/2/120".to_owned(),
        (Path::Tasmota, _) if word == "fob_by_code" => "rf-bridge/BC7DE1".to_owned(),
        (Path::Tasmota, _) => "plug-7".to_owned(),
        (Path::EnOcean | Path::RfxTrx, _) => format!("{:06X}", 0xA500 + nth),
        (Path::Modbus, _) => format!("{nth}/7"),
        (Path::WiSafe2, _) => "0A1B2C".to_owned(),
        (Path::ChirpStack, _) => "24e124535d000001".to_owned(),
        (Path::WmBus, _) => "00010299".to_owned(),
        (Path::Theengs, _) => "BC:02:6E:00:00:01".to_owned(),
        (Path::EspHome, _) => "landing/smoke".to_owned(),
        (Path::Homie, _) => "smoke-cellar".to_owned(),
        (Path::Shelly, _) => "shellyplussmoke-a0b1c2".to_owned(),
        (_, None) => format!("Ground floor/the {word}"),
    }
}

/// A home with one device of every model.
fn home() -> Home {
    let mut text = "[home]\ngateway = \"elm-4\"\nlabel = \"x\"\n".to_owned();
    for model in models() {
        let (word, name) = (model.word, name(model));
        write!(
            text,
            "[[device]]\nname = \"{name}\"\nid = \"{word}\"\nroom = \"hall\"\nmodel = \"{word}\"\n"
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
fn heard(path: Path, mut read: impl FnMut(&Body) -> Message) -> Vec<(String, Vec<String>)> {
    let bridge = home().zigbee;
    let mut out = Vec::new();
    for model in models().filter(|m| m.path == path) {
        let mut device = Device::new(spec(model));
        for deed in model.deeds {
            let value = (deed.does == Does::Measure).then_some(20.5);
            let said = device.does(deed.word, value, &bridge).unwrap();
            let message = read(&said.body);
            let (name, shown) = (format!("{} {}", model.word, deed.word), said.body.shown());
            assert_eq!(message.refusals, vec![], "{name}: {shown}");
            let unknown: Vec<_> = message
                .unmapped
                .iter()
                .map(|f| f.trim_matches('/'))
                .collect();
            let unknown: Vec<_> = unknown.iter().filter(|f| **f != "n").collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
            out.push((name, told(&message)));
        }
    }
    out
}

/// What a broker's reader makes of publishes.
fn publishes(family: Family, map: Option<Map>) -> impl FnMut(&Body) -> Message {
    let options = Options {
        map: map.map(Arc::new),
        ..Options::default()
    };
    let mut dialect = dialect(family, &options).unwrap();
    let mut now_ms = 0;
    move |body| {
        let Body::Publish { topic, text, .. } = body else {
            unreachable!("{body:?}");
        };
        // Beyond the time in which the same words are the same frame.
        now_ms += 60_000;
        dialect.read(&Publish {
            topic,
            payload: text.as_bytes(),
            retained: false,
            now_ms,
        })
    }
}

/// What a line's reader makes of bytes.
fn bytes(family: Family) -> impl FnMut(&Body) -> Message {
    let mut options = Options::default();
    for spec in home().on(Path::EnOcean) {
        let profile = profile(spec.model).unwrap();
        assert!(options.enocean.name(&format!("{:0>8}", spec.name), profile));
    }
    let mut wire = wire(family, &options).unwrap();
    let mut now_ms = 0;
    move |body| {
        let bytes = match body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Spot(spot) => spot.encode(),
            Body::Shows(second) => second.encode().to_vec(),
            // What a device says sixty times a second is one reading.
            Body::Repeats(frame) if frame.len() < 20 => frame.repeat(60),
            Body::Repeats(line) => line.clone(),
            Body::Publish { .. } | Body::Register { .. } => unreachable!("{body:?}"),
        };
        now_ms += 60_000;
        let mut heard = Heard::default();
        wire.read(&bytes, now_ms, &mut heard);
        let of_news = |m: &Message| !m.signals.is_empty() || !m.refusals.is_empty();
        heard.messages.retain(of_news);
        assert_eq!(heard.messages.len(), 1, "{}", body.shown());
        heard.messages.remove(0)
    }
}

/// The table that the gateway has built in, with what an installer adds.
fn table(text: &str, more: &str) -> Map {
    let preset: MapText = toml::from_str(text).unwrap();
    let own: MapText = toml::from_str(more).unwrap();
    Map::compile(own.before(preset)).unwrap()
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
    let mut read = publishes(Family::Zigbee2Mqtt, None);
    for (topic, payload) in retained(&home) {
        let kept = Body::Publish {
            by: String::new(),
            topic: format!("{}/{topic}", home.zigbee.base),
            text: payload,
            manner: tecs_sim::words::Manner::Acknowledged,
        };
        assert_eq!(read(&kept).refusals, vec![], "{topic}");
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
    expect(
        &heard(Path::JsonLines, bytes(Family::JsonLines)),
        &[
            ("line_help_button press", "alarm/help raised"),
            ("line_help_button clear", "alarm/help restored"),
            ("line_thermometer reading", "observed/temperature"),
            ("line_oximeter reading", "vital/spo2"),
            ("line_dispenser take", "observed/medication"),
        ],
    );
    for (path, model) in [
        (Path::Espa444, "nurse_call"),
        (Path::Espa444Bridge, "bridge_call"),
        (Path::Espa444Station, "station_call"),
    ] {
        let due = |deed: &str| format!("{model} {deed}");
        let (press, call, reset) = (due("press"), due("call"), due("reset"));
        expect(
            &heard(path, bytes(Family::Espa444)),
            &[
                (&press, "alarm/help raised"),
                (&call, "alarm/help raised"),
                (&reset, "alarm/help restored"),
            ],
        );
    }
    for (path, model) in [(Path::Nonin, "oximeter"), (Path::NoninDf8, "oximeter_df8")] {
        let (reading, off) = (format!("{model} reading"), format!("{model} finger_off"));
        expect(
            &heard(path, bytes(Family::Nonin)),
            &[
                (&reading, "vital/spo2"),
                (&reading, "vital/pulse"),
                (&off, "vital/spo2"),
            ],
        );
    }
}

#[test]
fn every_deed_of_a_device_with_frames_of_its_own_is_heard_as_what_it_is() {
    expect(
        &heard(Path::EnOcean, bytes(Family::EnOceanEsp3)),
        &[
            ("enocean_contact open", "observed/contact"),
            ("enocean_button press", "observed/button"),
            ("enocean_smoke smoke", "alarm/smoke raised"),
            ("enocean_smoke clear", "alarm/smoke restored"),
            ("enocean_climate reading", "observed/temperature"),
        ],
    );
    expect(
        &heard(Path::RfxTrx, bytes(Family::RfxTrx)),
        &[
            ("rfx_smoke smoke", "alarm/smoke raised"),
            ("rfx_panic press", "alarm/panic raised"),
            ("rfx_thermometer reading", "observed/temperature"),
        ],
    );
    let due = [
        ("masimo reading", "vital/spo2"),
        ("masimo finger_off", "vital/spo2"),
    ];
    expect(&heard(Path::Masimo, bytes(Family::Masimo)), &due);
    let due = [
        ("contec reading", "vital/spo2"),
        ("contec finger_off", "vital/spo2"),
    ];
    expect(&heard(Path::Contec, bytes(Family::Contec)), &due);
    let due = [("scale reading", "vital/weight")];
    expect(&heard(Path::AndMedical, bytes(Family::AndMedical)), &due);
}

#[test]
fn every_deed_of_a_radio_and_of_a_module_is_heard_as_what_it_is() {
    let radio = table(include_str!("../../gateway/presets/rtl_433.toml"), "");
    expect(
        &heard(Path::Rtl433, publishes(Family::Rtl433, Some(radio))),
        &[
            ("radio_panic press", "alarm/panic raised"),
            ("radio_contact open", "observed/contact"),
            ("radio_contact tamper", "health/tamper"),
            ("radio_thermometer reading", "observed/temperature"),
        ],
    );
    let taught = "[codes.tasmota]\nBC7DE1 = { device = \"fob\", kind = \"help\" }\n";
    let tasmota = table(include_str!("../../gateway/presets/tasmota.toml"), taught);
    expect(
        &heard(Path::Tasmota, publishes(Family::Tasmota, Some(tasmota))),
        &[
            ("fob_by_code press", "alarm/help raised"),
            ("module_plug reading", "observed/power"),
        ],
    );
}

/// The table of a family that the gateway has built in.
macro_rules! preset {
    ($family:literal) => {
        table(
            include_str!(concat!("../../gateway/presets/", $family, ".toml")),
            "",
        )
    };
}

#[test]
fn every_deed_of_a_device_that_is_bridged_is_heard_as_what_it_is() {
    let lorawan = heard(
        Path::ChirpStack,
        publishes(Family::ChirpStack, Some(preset!("chirpstack"))),
    );
    expect(&lorawan, &[("lorawan_sos press", "alarm/help raised")]);
    let bluetooth = heard(
        Path::Theengs,
        publishes(Family::Theengs, Some(preset!("theengs"))),
    );
    expect(&bluetooth, &[("bluetooth_button press", "observed/button")]);
    let paths = [
        (
            Path::Shelly,
            Family::Shelly,
            preset!("shelly"),
            "shelly_smoke",
        ),
        (Path::WmBus, Family::WmBus, preset!("wmbus"), "wmbus_smoke"),
        (
            Path::EspHome,
            Family::EspHome,
            preset!("esphome"),
            "esphome_smoke",
        ),
    ];
    for (path, family, map, model) in paths {
        let (smoke, clear) = (format!("{model} smoke"), format!("{model} clear"));
        expect(
            &heard(path, publishes(family, Some(map))),
            &[
                (&smoke, "alarm/smoke raised"),
                (&clear, "alarm/smoke restored"),
            ],
        );
    }
}
