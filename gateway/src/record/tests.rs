//! A recording replays to the same effects, and one without personal data names nobody.

use super::*;
use std::sync::Arc;

use gateway_core::input::{Found, JournalFault};
use gateway_core::{Effect, PageKey};
use tecs_protocol::vocabulary::Lane;

use super::line::hex;
use gateway_core::settings::{Device, Source};
use tecs_protocol::hub::v1;
use tecs_protocol::map::Map;

/// Words that must not be in a recording without personal data.
const CANARIES: &[&str] = &[
    "Margaret",
    "pendant of",
    "0x00158d0001aabbcc",
    "Bedroom",
    "07700900123",
    "Dr Jones",
    "home-17",
];

fn settings() -> Settings {
    let source = |name: &str, speaks| Source {
        name: name.into(),
        speaks,
        base: String::new(),
        map: None,
        window: 20,
    };
    let codes = r#"{"codes":{"fobs":{"BC7DE1":{"device":"Margaret's fob","kind":"help"}}},
        "rule":[{"name":"radio","topic":"tele/{gw}/RESULT","device":"{gw}",
                 "code":{"at":"/RfReceived/Data","as":"hex","table":"fobs"}}]}"#;
    let codes = Map::compile(serde_json::from_str(codes).unwrap()).unwrap();
    Settings {
        gateway_id: "home-17".into(),
        sources: vec![
            source("zigbee", Family::Zigbee2Mqtt),
            source("wire", Family::JsonLines),
            Source {
                map: Some(Arc::new(codes)),
                ..source("radio", Family::Map)
            },
        ],
        devices: vec![Device {
            source: 0,
            name: "pendant of Margaret".into(),
            id: "margaret/pendant".replace('m', "M"),
            kind: "pendant".into(),
            room: "Bedroom".into(),
            alarms: true,
            silent_after_s: 3600,
            ..Device::default()
        }],
        endpoints: vec!["main".into()],
        ..Settings::default()
    }
}

fn publish(topic: &str, payload: &str, token: u64) -> Input {
    Input::Publish {
        source: 0,
        topic: format!("zigbee2mqtt/{topic}"),
        payload: payload.to_owned().into(),
        retained: false,
        dup: false,
        packet: 7,
        token: Some(token),
    }
}

fn wire(text: &str) -> Input {
    Input::Bytes {
        source: 1,
        bytes: text.to_owned().into(),
    }
}

/// An incident: lessons, presses, states, a line in pieces, a hub that answers, words that are none.
fn incident() -> Vec<Input> {
    let lesson = r#"[{"ieee_address":"0x00158d0001aabbcc","friendly_name":"pendant of Margaret","type":"EndDevice",
        "description":"call Dr Jones 07700900123","definition":{"model":"TS0215A_sos","vendor":"Tuya","exposes":[
        {"type":"enum","name":"action","property":"action","access":1,"values":["emergency","sos"]},
        {"type":"numeric","name":"battery","property":"battery","unit":"%","access":1}]}}]"#;
    let stage = v1::FromHub {
        says: Some(v1::from_hub::Says::Stage(v1::Stage {
            name: Some(v1::Name {
                epoch: 5,
                lane: 1,
                seq: 1,
            }),
            progress: v1::stage::Progress::Claimed as i32,
            by: "Dr Jones".into(),
            at_ms: 3,
        })),
    };
    vec![
        Input::Clock {
            wall_ms: 1_700_000_000_000,
            trusted: true,
        },
        Input::SourceUp {
            source: 0,
            resumed: true,
        },
        Input::SourceUp {
            source: 1,
            resumed: false,
        },
        publish("bridge/devices", lesson, 1),
        publish(
            "pendant of Margaret",
            r#"{"action":"emergency","battery":97}"#,
            2,
        ),
        publish(
            "Bedroom/window",
            r#"{"contact":false,"note":"Margaret"}"#,
            3,
        ),
        publish(
            "Bedroom/window",
            r#"{"contact":false,"phone":"07700900123"}"#,
            4,
        ),
        publish("Bedroom/window", r#"{"contact":"Margaret"#, 5),
        wire("{\"device\":\"Margaret\",\"kind\":"),
        wire("\"help\"}\r\n{\"device\":\"Bedroom\",\"kind\":\"fall\"}\n"),
        Input::Publish {
            source: 2,
            topic: "tele/rf/RESULT".into(),
            payload: r#"{"RfReceived":{"Data":"BC7DE1"}}"#.to_owned().into(),
            retained: false,
            dup: false,
            packet: 8,
            token: Some(6),
        },
        Input::Link {
            endpoint: 0,
            says: LinkSays::Opened,
        },
        Input::Link {
            endpoint: 0,
            says: LinkSays::Heard(stage),
        },
        Input::Journal(JournalSays::Mended {
            how: "by itself".into(),
        }),
        Input::Power {
            mains: Some(false),
            battery_percent: Some(80.5),
        },
        Input::Link {
            endpoint: 0,
            says: LinkSays::Closed { why: "cut".into() },
        },
        Input::Tick,
        Input::Stop,
    ]
}

/// Runs the incident through a core and a recorder; the effects, and where the recording is.
fn record(folder: &Path, personal: bool) -> (Vec<Effect>, PathBuf) {
    let settings = settings();
    let who = Identity {
        epoch: 5,
        boot_id: 6,
    };
    let recovered = Recovered::default();
    let now = Mono(1_000);
    let subject = Subject {
        settings: &settings,
        who,
        recovered: Some(&recovered),
        now,
    };
    let mut recorder = Recorder::create(folder, personal, &subject).unwrap();
    let mut gateway = Gateway::new(settings.clone(), who, recovered.clone(), now);
    let mut effects = Vec::new();
    for (n, input) in incident().into_iter().enumerate() {
        let now = Mono(1_000 + 40 * n as u64);
        recorder.input(now, &input);
        gateway.handle(input, now);
        recorder.settle(now);
        gateway.settle(now);
        effects.extend(std::iter::from_fn(|| gateway.poll_effect()));
    }
    (effects, folder.join("recording-0000000000000005.jsonl"))
}

fn replayed(path: &Path) -> Vec<Effect> {
    let recording = replay(path).unwrap();
    let mut gateway = recording.gateway();
    let mut effects = Vec::new();
    for step in recording {
        match step.unwrap() {
            (at, Step::Input(input)) => gateway.handle(input, at),
            (at, Step::Settle) => {
                gateway.settle(at);
                effects.extend(std::iter::from_fn(|| gateway.poll_effect()));
            }
        }
    }
    effects
}

#[test]
fn a_recording_with_personal_data_replays_to_the_same_effects() {
    let folder = tempfile::tempdir().unwrap();
    let (effects, path) = record(folder.path(), true);
    assert!(effects.len() > 10, "{effects:#?}");
    assert_eq!(replayed(&path), effects);
}

/// An incident during which the journal was opened: what it held, and a page that could not be read at first.
fn late_incident() -> Vec<Input> {
    let key = PageKey {
        lane: Lane::Alarm,
        epoch: 4,
        first: 1,
    };
    let recovered = Recovered {
        pages: vec![Found {
            key,
            last: 2,
            gap: false,
            len: 300,
            generation: 3,
        }],
        notes: vec![(
            Lane::Alarm,
            "state\u{1f}zigbee\u{1f}Margaret's smoke\u{1f}smoke".into(),
            b"smoke raised".to_vec(),
        )],
        used: [1 << 20; 3],
        set_aside: vec!["gen-00000002 opened damaged".to_owned()],
        clean: true,
    };
    let mut all = incident();
    all.insert(3, Input::Journal(JournalSays::Opened(recovered)));
    let why = JournalFault::Broken("input/output error".to_owned());
    all.insert(4, Input::Journal(JournalSays::NotLoaded { key, why }));
    all
}

#[test]
fn a_recording_of_a_journal_that_was_opened_late_replays_to_the_same_effects() {
    for personal in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let (settings, now) = (settings(), Mono(1_000));
        let who = Identity {
            epoch: 5,
            boot_id: 6,
        };
        let subject = Subject {
            settings: &settings,
            who,
            recovered: None,
            now,
        };
        let mut recorder = Recorder::create(folder.path(), personal, &subject).unwrap();
        let mut gateway = Gateway::without_journal(settings.clone(), who, now);
        let mut effects = Vec::new();
        for (n, input) in late_incident().into_iter().enumerate() {
            let now = Mono(1_000 + 40 * n as u64);
            recorder.input(now, &input);
            gateway.handle(input, now);
            recorder.settle(now);
            gateway.settle(now);
            effects.extend(std::iter::from_fn(|| gateway.poll_effect()));
        }
        let path = folder.path().join("recording-0000000000000005.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        let kinds = |effects: &[Effect]| effects.iter().map(kind).collect::<Vec<_>>();
        if personal {
            assert_eq!(replayed(&path), effects);
        } else {
            assert!(!text.contains("Margaret") && !text.contains(&hex(b"Margaret")));
            assert_eq!(kinds(&replayed(&path)), kinds(&effects));
        }
    }
}

/// What an effect is, without its content.
fn kind(effect: &Effect) -> String {
    let text = format!("{effect:?}");
    text.split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_recording_without_personal_data_names_nobody_and_replays_to_effects_of_the_same_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let (effects, path) = record(folder.path(), false);
    let text = std::fs::read_to_string(&path).unwrap();
    for canary in CANARIES {
        assert!(!text.contains(canary), "`{canary}` is in {text}");
    }
    for plain in [
        "emergency",
        "TS0215A_sos",
        "battery",
        "97",
        "contact",
        "help",
        "bridge/devices",
    ] {
        assert!(text.contains(plain), "`{plain}` is not in {text}");
    }
    // A line that came in two pieces is given when it is whole, and another name is another length: kinds alone agree.
    let kinds = |effects: &[Effect]| effects.iter().map(kind).collect::<Vec<_>>();
    assert_eq!(kinds(&replayed(&path)), kinds(&effects));
}

#[test]
fn a_name_has_one_pseudonym_in_a_recording_whether_it_is_a_topic_or_a_text() {
    let mut p = Pseudonyms::new(&settings());
    let topic = p.text("zigbee2mqtt/Bedroom/window");
    let value = String::from_utf8(p.payload("x", br#"{"friendly_name":"Bedroom/window","n":1.5}"#))
        .unwrap();
    let name = topic.strip_prefix("zigbee2mqtt/").unwrap();
    assert_eq!(value, format!("{{\"friendly_name\":\"{name}\",\"n\":1.5}}"));
    let mut other = Pseudonyms::new(&settings());
    assert_ne!(
        other.text("zigbee2mqtt/Bedroom/window"),
        topic,
        "another recording, another name"
    );
}

#[test]
fn a_file_that_is_there_is_not_written_over_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = record(folder.path(), false);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let settings = settings();
    let subject = Subject {
        settings: &settings,
        who: Identity {
            epoch: 5,
            boot_id: 6,
        },
        recovered: Some(&Recovered::default()),
        now: Mono(0),
    };
    assert!(matches!(
        Recorder::create(&path, false, &subject),
        Err(RecordFault::File { .. })
    ));
}

#[test]
fn a_recording_that_was_cut_replays_up_to_the_cut_and_a_bad_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = record(folder.path(), true);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().count() - 1;
    std::fs::write(&path, text.trim_end()).unwrap();
    assert_eq!(replay(&path).unwrap().count(), lines - 1);
    std::fs::write(&path, text + "{\"at\":1,\"what\":{\"dance\":{}}}\n").unwrap();
    let last = replay(&path)
        .unwrap()
        .last()
        .unwrap()
        .unwrap_err()
        .to_string();
    assert!(
        last.contains("dance") && last.contains(&format!("line {}", lines + 2)),
        "{last}"
    );
}
