//! What the hub makes of records: each story from the bytes on.

use tecs_protocol::event::{Device, Flags};
use tecs_protocol::prost::Message as _;
use tecs_protocol::signal::Measured;
use tecs_protocol::vocabulary::{AlarmKind, Urgency, VitalKind};

use super::*;

const NOW: i64 = 1_790_000_000_000;

fn event(what: What) -> Event {
    Event {
        device: Device {
            id: "d".to_owned(),
            kind: "k".to_owned(),
            room: "hall".to_owned(),
        },
        happened_ms: None,
        heard: ClockPair {
            boot_id: 7,
            since_boot_ms: 1_000,
            wall_ms: NOW - 100,
            trusted: true,
        },
        urgency: Urgency::Routine,
        what,
        flags: Flags::default(),
        raw: vec![1, 2],
        folded: 1,
        last_heard: None,
    }
}

fn read_in(lane: Lane, bytes: Vec<u8>, attempt: u32) -> Arrival {
    let name = Name {
        gateway: "elm-4".to_owned(),
        epoch: 1,
        lane,
        seq: 5,
    };
    let sent = Sent {
        attempt,
        sent_at: None,
        received_ms: NOW,
        boots: &Boots::default(),
        late_after_ms: 30_000,
    };
    read(name, bytes.into(), &sent)
}

fn case_of(arrival: &Arrival) -> &Sighting {
    let Meaning::Case(sighting) = &arrival.meaning else {
        panic!("no case: {arrival:?}")
    };
    sighting
}

#[test]
fn a_reading_is_the_newest_of_its_kind_and_says_why_it_has_no_value() {
    let kind = VitalKind::Spo2;
    let spo2 = |reading| event(What::Vital { kind, reading }).encode();
    let read = read_in(Lane::Vital, spo2(Measured::of(93.0)), 1);
    let Meaning::Latest(newest) = &read.meaning else {
        panic!("{read:?}")
    };
    assert_eq!((newest.value, newest.unit.as_str()), (Some(93.0), "%"));
    assert_eq!(
        (newest.word.as_str(), newest.quality.as_str()),
        ("spo2", "ok")
    );
    let read = read_in(Lane::Vital, spo2(Measured::of(f64::NAN)), 1);
    let Meaning::Latest(newest) = &read.meaning else {
        panic!("{read:?}")
    };
    assert_eq!(
        (newest.value, newest.quality.as_str()),
        (None, "not_a_number")
    );
    let reading = Measured::Beyond(9_797.0);
    let read = read_in(Lane::Vital, spo2(reading), 1);
    let Meaning::Latest(newest) = &read.meaning else {
        panic!("{read:?}")
    };
    assert_eq!(
        (newest.value, newest.said, newest.quality.as_str()),
        (None, Some(9_797.0), "out_of_range")
    );
}

#[test]
fn badges_come_from_the_flags_the_attempt_and_the_clocks() {
    let mut pressed = event(What::alarm(AlarmKind::Help, Condition::Raised));
    pressed.heard.wall_ms = NOW - 31_000;
    pressed.flags.replayed = true;
    let badges = read_in(Lane::Alarm, pressed.encode(), 2).badges;
    assert_eq!(badges.words(), ["late", "resent", "replayed"]);
    pressed.heard.wall_ms = NOW - 29_000;
    pressed.flags = Flags::default();
    let badges = read_in(Lane::Alarm, pressed.encode(), 1).badges;
    assert!(badges.words().is_empty(), "{badges:?}");
}

#[test]
fn health_goes_to_technicians_and_a_test_call_is_no_trouble() {
    let low = What::health(HealthKind::BatteryLow, Condition::Raised, "9 %");
    let read = read_in(Lane::Routine, event(low).encode(), 1);
    assert_eq!(case_of(&read).queue, Queue::Technical);
    assert_eq!(case_of(&read).text, "battery low raised: 9 %");
    let call = What::health(HealthKind::TestCall, Condition::Raised, "");
    let read = read_in(Lane::Routine, event(call).encode(), 1);
    assert!(matches!(read.meaning, Meaning::Latest(_)));
}

#[test]
fn an_unknown_word_is_taken_and_unreadable_bytes_are_refused_and_both_are_shown() {
    let known = event(What::alarm(AlarmKind::Help, Condition::Raised)).encode();
    let mut record = v1::Record::decode(known.as_slice()).unwrap();
    if let Some(v1::record::Entry::Event(e)) = &mut record.entry {
        e.urgency = 77;
    }
    let read = read_in(Lane::Alarm, record.encode_to_vec(), 1);
    assert_eq!(read.refused, None);
    assert_eq!(case_of(&read).urgency, Urgency::Urgent);
    assert_eq!(case_of(&read).subject.device.id, "d");
    for lane in Lane::ALL {
        let read = read_in(*lane, vec![0xff; 9], 1);
        assert!(read.refused.is_some());
        let queue = match lane {
            Lane::Alarm => Queue::Alarms,
            Lane::Vital | Lane::Routine => Queue::Technical,
        };
        assert_eq!(
            (case_of(&read).queue, case_of(&read).urgency),
            (queue, Urgency::Urgent)
        );
        assert_eq!(case_of(&read).subject.kind.word, "unknown");
    }
}

#[test]
fn two_unknown_alarms_of_one_device_fold_only_when_their_kind_is_the_same() {
    let unknown = |kind| {
        let record = v1::Record {
            entry: Some(v1::record::Entry::Event(v1::Event {
                urgency: 4,
                what: Some(v1::event::What::Alarm(v1::Alarm {
                    kind,
                    condition: 1,
                    raw_code: String::new(),
                })),
                ..v1::Event::default()
            })),
        };
        let read = read_in(Lane::Alarm, record.encode_to_vec(), 1);
        crate::desk::fold_key(&case_of(&read).subject)
    };
    assert_eq!(unknown(98), unknown(98));
    assert_ne!(unknown(98), unknown(99));
}

#[test]
fn a_gap_that_does_not_hold_its_own_number_is_refused() {
    let gap = |from, to| {
        let gap = v1::Gap {
            from,
            to,
            count: 1,
            why: 1,
        };
        read_in(Lane::Vital, event::encode_gap(gap), 1)
    };
    assert!(matches!(gap(5, 9).meaning, Meaning::Gap(_)));
    for (from, to) in [(0, 9), (9, 5), (6, 9), (1, 4)] {
        assert!(gap(from, to).refused.is_some(), "{from}..={to}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    use rand::{RngExt as _, SeedableRng as _};
    let seed = 99;
    println!("seed {seed}");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let good = event(What::alarm(AlarmKind::Help, Condition::Raised)).encode();
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        bytes.truncate(random.random_range(0..=bytes.len()));
        let read = read_in(Lane::Alarm, bytes.clone(), 1);
        assert_eq!(read.bytes, bytes);
    }
}
