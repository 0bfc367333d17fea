//! Bytes of `tecs.hub.v1` as version 1 wrote them, kept for ever: every later version reads them, and as long as no
//! field was added it writes them again to the bit. A line that fails here is a home whose journal no hub can read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "helpers of tests fail as loudly as the tests"
)]

use prost::Message;
use tecs_protocol::event::{
    ClockPair, Device, Entry, Event, Flags, Unreadable, decode, encode_gap,
};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::{HealthOf, Measured, Missing, Seen, What};
use tecs_protocol::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, State, Urgency, VitalKind,
};

/// Every message with its bytes: a line of `golden/v1.hex` is its name and its hex.
const GOLDEN: &str = include_str!("golden/v1.hex");

const EPOCH: u64 = 0x0123_4567_89ab_cdef;
const LEDGER: u64 = 0xfeed_face_cafe_beef;

fn clock() -> v1::Clock {
    v1::Clock {
        boot_id: 0x1122_3344_5566_7788,
        since_boot_ms: 123_456,
        wall_ms: 1_776_439_997_123,
        trusted: true,
    }
}

fn event(what: What, urgency: Urgency) -> Event {
    Event {
        device: Device {
            id: "pendant-1".into(),
            kind: "Tuya TS0215A_sos".into(),
            room: "Bad/Küche".into(),
        },
        happened_ms: Some(1_776_439_990_000),
        heard: ClockPair::from(clock()),
        urgency,
        what,
        flags: Flags {
            replayed: true,
            redelivered: true,
            test: true,
            unlisted: false,
        },
        raw: b"{\"action\":\"emergency\"}".to_vec(),
        folded: 3,
        last_heard: None,
    }
}

fn plain(what: What) -> Event {
    Event {
        device: Device::default(),
        happened_ms: None,
        heard: ClockPair::default(),
        urgency: Urgency::Routine,
        what,
        flags: Flags::default(),
        raw: Vec::new(),
        folded: 1,
        last_heard: None,
    }
}

/// One event of each shape.
fn events() -> Vec<(&'static str, Event)> {
    let alarm = |kind| What::alarm(kind, Condition::Raised);
    let vital = |reading| What::Vital {
        kind: VitalKind::Spo2,
        reading,
    };
    vec![
        (
            "record.alarm",
            event(alarm(AlarmKind::Help), Urgency::Emergency),
        ),
        (
            "record.alarm.unknown",
            event(
                What::Alarm {
                    kind: AlarmKind::Unknown,
                    condition: Condition::Cancelled,
                    raw_code: "E7".into(),
                },
                Urgency::Urgent,
            ),
        ),
        ("record.alarm.unlisted", {
            let mut unlisted = plain(alarm(AlarmKind::Smoke));
            unlisted.flags.unlisted = true;
            unlisted
        }),
        (
            "record.vital",
            event(vital(Measured::of(97.0)), Urgency::Advisory),
        ),
        (
            "record.vital.questionable",
            plain(vital(Measured::Value {
                value: 80.5,
                questionable: true,
            })),
        ),
        (
            "record.vital.missing",
            plain(vital(Measured::Missing(Missing::SensorOff))),
        ),
        (
            "record.observed.state",
            plain(What::state(ObservedKind::Contact, State::Open)),
        ),
        (
            "record.observed.value",
            plain(What::Observed {
                kind: ObservedKind::Temperature,
                seen: Seen::Value(-3.25),
            }),
        ),
        (
            "record.health.condition",
            plain(What::health(
                HealthKind::Path,
                Condition::Restored,
                "broker",
            )),
        ),
        (
            "record.health.battery",
            plain(What::Health {
                kind: HealthKind::Battery,
                of: HealthOf::Value(0.0),
                detail: String::new(),
            }),
        ),
    ]
}

fn gap() -> v1::Gap {
    v1::Gap {
        from: 5,
        to: 300,
        count: 296,
        why: v1::gap::Why::Evicted.into(),
    }
}

fn home(says: v1::from_home::Says) -> Vec<u8> {
    v1::FromHome { says: Some(says) }.encode_to_vec()
}

fn hub(says: v1::from_hub::Says) -> Vec<u8> {
    v1::FromHub { says: Some(says) }.encode_to_vec()
}

fn name() -> v1::Name {
    v1::Name {
        epoch: EPOCH,
        lane: v1::Lane::Alarm.into(),
        seq: 42,
    }
}

fn held() -> v1::Held {
    v1::Held {
        epoch: EPOCH,
        lane: v1::Lane::Vital.into(),
        ranges: vec![
            v1::Range { from: 1, to: 7 },
            v1::Range {
                from: 9,
                to: 1 << 40,
            },
        ],
    }
}

fn from_home() -> Vec<(&'static str, Vec<u8>)> {
    use v1::from_home::Says;
    vec![
        (
            "home.hello",
            home(Says::Hello(v1::Hello {
                gateway_id: "home-1".into(),
                held: vec![v1::Span {
                    epoch: EPOCH,
                    lane: v1::Lane::Routine.into(),
                    oldest: 1,
                    newest: 99,
                }],
                software: "tecs-gateway 0.1.0".into(),
                protocol: 1,
                clock: Some(clock()),
            })),
        ),
        (
            "home.parcel",
            home(Says::Parcel(v1::Parcel {
                epoch: EPOCH,
                lane: v1::Lane::Alarm.into(),
                first_seq: 42,
                records: vec![vec![1, 2, 3].into(), encode_gap(gap()).into()],
                sent_at: Some(clock()),
                attempt: 2,
            })),
        ),
        (
            "home.beat",
            home(Says::Beat(v1::Beat {
                depths: vec![v1::Depth {
                    lane: v1::Lane::Alarm.into(),
                    records: 3,
                    bytes: 700,
                    oldest_age_ms: 65_000,
                }],
                clock: Some(clock()),
                on_mains: Some(false),
                battery_percent: Some(81.5),
            })),
        ),
        (
            "home.answer",
            home(Says::Answer(v1::Answer {
                ask_id: 8,
                outcome: v1::answer::Outcome::Partly.into(),
                detail: "a gap says which".into(),
            })),
        ),
    ]
}

fn from_hub() -> Vec<(&'static str, Vec<u8>)> {
    use v1::from_hub::Says;
    vec![
        (
            "hub.welcome",
            hub(Says::Welcome(v1::Welcome {
                ledger: LEDGER,
                held: vec![held()],
                limits: Some(v1::Limits {
                    message_bytes: 1 << 20,
                    parcel_bytes: 16 << 10,
                    unreceipted_bytes: 256 << 10,
                }),
                beat_every_ms: 10_000,
                hub_time_ms: -1,
            })),
        ),
        (
            "hub.receipt",
            hub(Says::Receipt(v1::Receipt {
                ledger: LEDGER,
                epoch: EPOCH,
                lane: v1::Lane::Alarm.into(),
                ranges: vec![v1::Range { from: 42, to: 43 }],
            })),
        ),
        (
            "hub.refused",
            hub(Says::Refused(v1::Refused {
                ledger: LEDGER,
                name: Some(name()),
                reason: "alarm kind 99 is unknown to this version".into(),
            })),
        ),
        (
            "hub.pause",
            hub(Says::Pause(v1::Pause {
                lane: v1::Lane::Routine.into(),
                for_ms: 5000,
            })),
        ),
        (
            "hub.stage",
            hub(Says::Stage(v1::Stage {
                name: Some(name()),
                progress: v1::stage::Progress::Claimed.into(),
                by: "Responder 4".into(),
                at_ms: 1_776_440_000_000,
            })),
        ),
        (
            "hub.ask.resend",
            hub(Says::Ask(v1::Ask {
                id: 8,
                what: Some(v1::ask::What::Resend(held())),
            })),
        ),
        (
            "hub.ask.test_call",
            hub(Says::Ask(v1::Ask {
                id: 9,
                what: Some(v1::ask::What::TestCall(v1::TestCall {})),
            })),
        ),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn golden(wanted: &str) -> Vec<u8> {
    let text = GOLDEN
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == wanted)
        .unwrap_or_else(|| panic!("{wanted} has no golden bytes"))
        .1;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn every_message_type_is_written_as_version_1_wrote_it() {
    let records = events()
        .into_iter()
        .map(|(name, event)| (name, event.encode()));
    let gaps = [("record.gap", encode_gap(gap()))];
    let all = records.chain(gaps).chain(from_home()).chain(from_hub());
    let mut fresh = String::new();
    let mut found = String::new();
    for (name, bytes) in all {
        fresh += &format!("{name} {}\n", hex(&bytes));
        found += &format!("{name} {}\n", hex(&golden(name)));
    }
    assert_eq!(found, fresh);
    assert_eq!(GOLDEN.lines().count(), fresh.lines().count());
}

#[test]
fn what_version_1_wrote_is_read_and_means_the_same() {
    for (name, event) in events() {
        assert_eq!(
            decode(&golden(name)),
            Ok(Entry::Event(Box::new(event))),
            "{name}"
        );
    }
    assert_eq!(decode(&golden("record.gap")), Ok(Entry::Gap(gap())));
    for (name, bytes) in from_home() {
        let read = v1::FromHome::decode(golden(name).as_slice()).unwrap();
        assert_eq!(
            read,
            v1::FromHome::decode(bytes.as_slice()).unwrap(),
            "{name}"
        );
    }
    for (name, bytes) in from_hub() {
        let read = v1::FromHub::decode(golden(name).as_slice()).unwrap();
        assert_eq!(
            read,
            v1::FromHub::decode(bytes.as_slice()).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_field_of_a_later_version_is_skipped_and_a_kind_of_a_later_version_is_named() {
    let mut bytes = golden("record.alarm");
    // Field 15, a varint: this version knows no such field of a record.
    bytes.extend([0x78, 0x01]);
    assert!(matches!(decode(&bytes), Ok(Entry::Event(_))));
    let later = v1::Record {
        entry: Some(v1::record::Entry::Event(v1::Event {
            urgency: v1::Urgency::Emergency.into(),
            what: Some(v1::event::What::Alarm(v1::Alarm {
                kind: 99,
                condition: v1::Condition::Raised.into(),
                raw_code: String::new(),
            })),
            ..v1::Event::default()
        })),
    };
    assert_eq!(
        decode(&later.encode_to_vec()),
        Err(Unreadable::UnknownWord {
            field: "alarm kind",
            number: 99
        })
    );
}
