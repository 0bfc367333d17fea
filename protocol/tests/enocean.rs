//! EnOcean telegrams as a receiver gives them: every profile that is read, senders that nobody taught, repeaters, and a
//! line that garbles, splits and pauses.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod said;

use proptest::prelude::*;

use said::{bytes, said};
use tecs_protocol::serial::enocean::{
    EnOcean, FOUR_BYTES, LONGEST, ONE_BYTE, Profile, RPS, SYNC, Settings, Smoke, TEACH_IN,
    VARIABLE, button, climate, contact, crc8, leak, motion, packet, rocker, sender, smoke,
    teach_in, telegram,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Message, Reading, Refusal};

const SENDER: u32 = 0x01A5_0701;

fn settings(profile: &str) -> Settings {
    let mut settings = Settings::default();
    assert!(settings.name("01A50701", profile), "{profile}");
    settings
}

fn hears(wire: &mut EnOcean, bytes: &[u8], now: u64) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    assert!(heard.send.is_empty());
    heard.messages
}

/// What a telegram of a sender with this profile says, and nothing else.
fn says(profile: &str, telegram: &[u8]) -> Vec<String> {
    let mut wire = EnOcean::new(settings(profile));
    let messages = hears(&mut wire, telegram, 0);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages[0].signals.iter().map(said).collect()
}

fn four(payload: [u8; 4]) -> Vec<u8> {
    telegram(FOUR_BYTES, &payload, SENDER, 0)
}

fn rps(said: u8) -> Vec<u8> {
    telegram(RPS, &[said], SENDER, 0x30)
}

#[test]
fn the_specifications_example_holds_both_ways() {
    let hex = "55000F07012BD2DDDDDDDDDDDDDDDDDD008035C40003FFFFFFFF4D0036";
    let whole = bytes(hex);
    let data = &whole[6..21];
    assert_eq!(packet(0x01, data, &whole[21..28]), whole);
    let messages = hears(&mut EnOcean::new(Settings::default()), &whole, 0);
    assert_eq!(messages[0].signals[0].device, "008035C4");
    assert_eq!(messages[0].refusals, []);
    assert_eq!(messages[0].raw, whole);
}

/// Switches: profile, DB0, what it says.
const SWITCHES: &[(&str, u8, &[&str])] = &[
    ("F6-01-01", 0x10, &["observed button single"]),
    ("F6-01-01", 0x00, &[]),
    ("F6-02-01", 0x10, &["observed button AI"]),
    ("F6-02-01", 0x30, &["observed button AO"]),
    ("F6-02-02", 0x50, &["observed button BI"]),
    ("F6-02-02", 0x70, &["observed button BO"]),
    ("F6-02-02", 0x35, &["observed button AO+BI"]),
    ("F6-02-02", 0x00, &[]),
    ("F6-05-01", 0x11, &["alarm flood raised"]),
    ("F6-05-01", 0x00, &["alarm flood restored"]),
    ("F6-05-02", 0x10, &["alarm smoke raised"]),
    ("F6-05-02", 0x00, &["alarm smoke restored"]),
    ("F6-05-02", 0x30, &["health battery_low raised"]),
    ("F6-10-00", 0xF0, &["observed contact closed"]),
    ("F6-10-00", 0xE0, &["observed contact open"]),
    ("F6-10-00", 0xD0, &["observed contact open"]),
    ("F6-10-00", 0xC0, &["observed contact open"]),
    ("F6-10-01", 0x4F, &["observed contact closed"]),
    ("F6-10-01", 0x4E, &["observed contact open"]),
    ("F6-10-01", 0x4C, &["observed contact open"]),
    ("F6-10-01", 0x4D, &["observed contact open"]),
    ("F6-10-01", 0xCF, &["observed contact closed"]),
];

/// Sensors of four bytes: profile, DB3 to DB0, what it says.
const FOUR: &[(&str, [u8; 4], &[&str])] = &[
    ("A5-02-01", [0, 0, 255, 0x08], &["observed temperature -40"]),
    ("A5-02-05", [0, 0, 85, 0x08], &["observed temperature 26.7"]),
    ("A5-02-0B", [0, 0, 0, 0x08], &["observed temperature 100"]),
    ("A5-02-10", [0, 0, 0, 0x08], &["observed temperature 20"]),
    ("A5-02-1B", [0, 0, 255, 0x08], &["observed temperature 50"]),
    ("A5-02-20", [0, 0, 0, 0x08], &["observed temperature 41.2"]),
    ("A5-02-30", [0, 3, 255, 0x08], &["observed temperature -40"]),
    (
        "A5-04-01",
        [0, 0x7D, 0x7D, 0x0A],
        &["observed humidity 50", "observed temperature 20"],
    ),
    ("A5-04-01", [0, 0xBB, 0, 0x08], &["observed humidity 74.8"]),
    (
        "A5-04-02",
        [0, 0, 0xFA, 0x0A],
        &["observed humidity 0", "observed temperature 60"],
    ),
    (
        "A5-04-03",
        [0xFF, 3, 0xFF, 0x08],
        &["observed humidity 100", "observed temperature 60"],
    ),
    (
        "A5-04-04",
        [0xC7, 6, 0x3F, 0x08],
        &["observed humidity 100", "observed temperature 120"],
    ),
    (
        "A5-06-01",
        [0, 0, 255, 0x08],
        &["observed illuminance 60000"],
    ),
    ("A5-06-01", [0, 0, 0, 0x09], &["observed illuminance 300"]),
    ("A5-06-02", [0, 255, 0, 0x09], &["observed illuminance 510"]),
    ("A5-07-01", [0, 0, 0x80, 0x08], &["observed motion active"]),
    ("A5-07-01", [0, 0, 0x7F, 0x08], &["observed motion clear"]),
    ("A5-07-02", [0, 0, 0, 0x88], &["observed motion active"]),
    ("A5-07-02", [0, 0, 0, 0x08], &["observed motion clear"]),
    (
        "A5-07-03",
        [0, 0xFA, 0, 0x88],
        &["observed motion active", "observed illuminance 1000"],
    ),
    ("A5-07-03", [0, 0xFF, 0, 0x08], &["observed motion clear"]),
    (
        "A5-08-01",
        [0, 255, 255, 0x08],
        &[
            "observed motion active",
            "observed illuminance 510",
            "observed temperature 51",
        ],
    ),
    (
        "A5-08-01",
        [0, 0, 0, 0x0A],
        &[
            "observed motion clear",
            "observed illuminance 0",
            "observed temperature 0",
        ],
    ),
    ("A5-10-03", [0, 0, 255, 0x08], &["observed temperature 0"]),
    (
        "A5-10-0B",
        [0, 0, 0, 0x09],
        &["observed temperature 40", "observed contact open"],
    ),
    (
        "A5-10-10",
        [0, 125, 125, 0x08],
        &["observed humidity 50", "observed temperature 20"],
    ),
    ("A5-12-01", [0, 1, 0, 0x0D], &["observed power 25.6"]),
    ("A5-12-01", [0, 1, 0, 0x0A], &["observed energy 2.56"]),
    ("A5-14-01", [0, 0, 0, 0x09], &["observed contact open"]),
    ("A5-14-01", [0, 0, 0, 0x08], &["observed contact closed"]),
    ("A5-14-09", [0x8F, 0, 0, 0x08], &["observed contact closed"]),
    ("A5-14-09", [0x8F, 0, 0, 0x0A], &["observed contact open"]),
    ("A5-14-09", [0x8F, 0, 0, 0x0E], &["observed contact open"]),
    (
        "A5-14-0A",
        [0x8F, 0, 0, 0x08],
        &["observed contact closed", "observed vibration clear"],
    ),
    (
        "A5-14-0A",
        [0x8F, 0, 0, 0x0B],
        &["observed contact open", "observed vibration active"],
    ),
    (
        "A5-14-0A",
        [0x8F, 0, 0, 0x0F],
        &["observed contact open", "observed vibration active"],
    ),
    ("A5-30-03", [0, 255, 0, 0x08], &["observed temperature 0"]),
];

/// Sensors of variable length: profile, payload, what it says.
const LONGER: &[(&str, &[u8], &[&str])] = &[
    (
        "D2-03-0A",
        &[80, 1],
        &["observed button single", "health battery 80"],
    ),
    ("D2-03-0A", &[0, 2], &["observed button double"]),
    ("D2-03-0A", &[0, 3], &["observed button long"]),
    ("D2-03-0A", &[0, 4], &[]),
    (
        "D2-14-30",
        &[0x80, 0x04, 0x01, 0x91, 0x90, 0],
        &[
            "alarm smoke raised",
            "health fault restored",
            "health battery_low raised",
            "observed temperature 40",
            "observed humidity 100",
        ],
    ),
    (
        "D2-14-30",
        &[0x40, 0, 0, 0, 0xC8, 0],
        &[
            "alarm smoke restored",
            "health fault raised",
            "health battery_low restored",
            "observed temperature 0",
            "observed humidity 50",
        ],
    ),
    (
        "D2-14-41",
        &[0x96, 0x19, 0x00, 0x03, 0x20, 0, 0, 0, 0x10],
        &[
            "observed temperature 20",
            "observed humidity 50",
            "observed illuminance 25",
            "observed contact closed",
        ],
    ),
];

#[test]
fn every_profile_says_what_its_table_says() {
    let check = |profile: &str, telegram: &[u8], expected: &[&str]| {
        assert!(Profile::parse(profile).unwrap().is_read(), "{profile}");
        assert_eq!(
            says(profile, telegram),
            expected,
            "{profile} {telegram:02X?}"
        );
    };
    for (profile, said, expected) in SWITCHES {
        check(profile, &rps(*said), expected);
    }
    for (profile, payload, expected) in FOUR {
        check(profile, &four(*payload), expected);
    }
    for (profile, payload, expected) in LONGER {
        check(profile, &telegram(VARIABLE, payload, SENDER, 0), expected);
    }
}

#[test]
fn what_a_simulator_writes_is_read_back() {
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("D5-00-01", contact(SENDER, true), "observed contact open"),
        (
            "D5-00-01",
            contact(SENDER, false),
            "observed contact closed",
        ),
        ("F6-01-01", button(SENDER, true), "observed button single"),
        ("F6-02-01", rocker(SENDER, Some(3)), "observed button BO"),
        ("F6-05-01", leak(SENDER, true), "alarm flood raised"),
        (
            "F6-05-02",
            smoke(SENDER, Smoke::BatteryLow),
            "health battery_low raised",
        ),
        ("A5-07-01", motion(SENDER, true), "observed motion active"),
        ("A5-07-01", motion(SENDER, false), "observed motion clear"),
    ];
    for (profile, telegram, expected) in cases {
        assert_eq!(says(profile, &telegram), [expected], "{profile}");
    }
    let quiet = [button(SENDER, false), rocker(SENDER, None)];
    assert_eq!(says("F6-01-01", &quiet[0]), [] as [&str; 0]);
    assert_eq!(says("F6-02-01", &quiet[1]), [] as [&str; 0]);
    let found = says("A5-04-01", &climate(SENDER, 21.6, 44.4));
    assert_eq!(
        found,
        ["observed humidity 44.4", "observed temperature 21.6"]
    );
}

#[test]
fn a_value_outside_its_profile_is_no_reading_and_is_named() {
    let mut wire = EnOcean::new(settings("A5-04-01"));
    let message = &hears(&mut wire, &four([0, 251, 0x7D, 0x0A]), 0)[0];
    let found: Vec<String> = message.signals.iter().map(said).collect();
    assert_eq!(found, ["observed temperature 20"]);
    assert_eq!(message.refusals[0].name(), "bad_value");
    let mut wire = EnOcean::new(settings("F6-05-02"));
    let message = &hears(&mut wire, &rps(0x44), 0)[0];
    assert_eq!(message.refusals[0].name(), "bad_value");
}

#[test]
fn a_sender_that_nobody_taught_is_told_once_by_its_address_and_restored_when_it_is() {
    let mut wire = EnOcean::new(Settings::default());
    let message = &hears(&mut wire, &smoke(SENDER, Smoke::Alarm), 0)[0];
    assert_eq!(said(&message.signals[0]), "health untaught raised");
    assert_eq!(message.signals[0].device, "01A50701");
    assert_eq!(message.signals[0].reading, Reading::Edge);
    assert_eq!(message.unmapped, ["profile of 01A50701, which sends F6"]);
    // By hand, the profile is told with the bytes, and holds from then on.
    assert!(wire.told("F6-05-02"));
    let message = &hears(&mut wire, &smoke(SENDER, Smoke::Alarm), 1_000)[0];
    let found: Vec<String> = message.signals.iter().map(said).collect();
    assert_eq!(found, ["alarm smoke raised", "health untaught restored"]);
    wire.ended(1_000, &mut Heard::default());
    let message = &hears(&mut wire, &smoke(SENDER, Smoke::Clear), 2_000)[0];
    assert_eq!(message.signals.len(), 1);
    assert!(!wire.told("VLD") && !wire.told("A5-20-01"));
}

#[test]
fn a_teach_in_is_no_reading_and_teaches_its_sender() {
    let mut wire = EnOcean::new(Settings::default());
    let profile = Profile::parse("A5-04-03").unwrap();
    let taught = &hears(&mut wire, &teach_in(SENDER, profile), 0)[0];
    assert_eq!(taught.signals, []);
    assert!(taught.ignored.is_some());
    let reading = &hears(&mut wire, &four([0, 0, 0, 0x08]), 1_000)[0];
    assert_eq!(said(&reading.signals[1]), "observed temperature -20");
    // Whoever keeps the lesson hands it back to the reader that comes after this one.
    let lesson = taught.lesson.clone().unwrap();
    assert_eq!(lesson.about, "A5");
    let mut wire = EnOcean::new(Settings::default());
    wire.recall(&lesson.device, &lesson.says.unwrap());
    let reading = &hears(&mut wire, &four([0, 0, 0, 0x08]), 0)[0];
    assert_eq!(said(&reading.signals[1]), "observed temperature -20");
    // Without LRN type nothing is named; of one byte there is one profile alone.
    for quiet in [four([0, 0, 0, 0]), telegram(ONE_BYTE, &[0], SENDER, 0)] {
        let message = &hears(&mut wire, &quiet, 2_000)[0];
        assert_eq!(message.signals, []);
        assert!(message.ignored.is_some());
    }
}

#[test]
fn a_smoke_detector_stays_taught_however_many_others_teach_themselves() {
    let mut wire = EnOcean::new(Settings::default());
    // Smoke and climate (D2-14-30), taught by its lesson; then a street of thermometers.
    wire.recall("01A50701", "D2-14-30");
    let thermometer = Profile::parse("A5-02-05").unwrap();
    for sender in 0..5_000_u32 {
        hears(
            &mut wire,
            &teach_in(0x0200_0000 + sender, thermometer),
            u64::from(sender) * 1_000,
        );
    }
    let smoke = telegram(VARIABLE, &[0x80, 0, 0, 0, 0, 0], SENDER, 0);
    let message = &hears(&mut wire, &smoke, 6_000_000)[0];
    assert!(message.refusals.is_empty(), "{message:?}");
    assert!(
        message.signals.iter().any(|s| said(s).contains("smoke")),
        "{message:?}"
    );
    // Of the thermometers the last are known, the first are strangers.
    let warm = |sender| telegram(FOUR_BYTES, &[0, 0, 0x80, 0x08], sender, 0);
    let last = &hears(&mut wire, &warm(0x0200_0000 + 4_999), 6_001_000)[0];
    assert!(
        said(&last.signals[0]).starts_with("observed temperature"),
        "{last:?}"
    );
    let first = &hears(&mut wire, &warm(0x0200_0000), 6_002_000)[0];
    assert!(said(&first.signals[0]).contains("untaught"), "{first:?}");
}

#[test]
fn a_universal_teach_in_names_any_kind_of_telegram_and_takes_it_back() {
    let mut wire = EnOcean::new(Settings::default());
    let ute = |first: u8| {
        let payload = [first, 0x01, 0x6D, 0x00, 0x0A, 0x03, 0xD2];
        telegram(TEACH_IN, &payload, SENDER, 0)
    };
    let press = telegram(VARIABLE, &[0, 2], SENDER, 0);
    assert_eq!(hears(&mut wire, &ute(0x40), 0)[0].signals, []);
    let message = &hears(&mut wire, &press, 1_000)[0];
    assert_eq!(said(&message.signals[0]), "observed button double");
    assert_eq!(hears(&mut wire, &ute(0x50), 2_000)[0].signals, []);
    let message = &hears(&mut wire, &press, 3_000)[0];
    assert_eq!(said(&message.signals[0]), "health untaught raised");
}

#[test]
fn a_controllers_answer_to_a_teach_in_teaches_nothing() {
    // Not accepted, accepted, taken back, a profile that it does not know; with and without bidirectional operation.
    for first in [0x01, 0x11, 0x21, 0x31, 0x81, 0x91, 0xD1] {
        let mut wire = EnOcean::new(Settings::default());
        let payload = [first, 0x01, 0x46, 0x00, 0x0A, 0x03, 0xD2];
        let answer = telegram(TEACH_IN, &payload, SENDER, 0);
        let message = &hears(&mut wire, &answer, 0)[0];
        assert!(message.ignored.is_some(), "{first:02X}");
        assert_eq!((&message.unmapped[..], &message.lesson), (&[][..], &None));
        let press = telegram(VARIABLE, &[0, 2], SENDER, 0);
        let message = &hears(&mut wire, &press, 1_000)[0];
        assert_eq!(said(&message.signals[0]), "health untaught raised");
    }
    // One of four bytes (bidirectional): the query teaches, the answer does not.
    let mut wire = EnOcean::new(Settings::default());
    let message = &hears(&mut wire, &four([0x10, 0x18, 0x00, 0xF0]), 0)[0];
    assert_eq!((message.ignored.is_some(), &message.lesson), (true, &None));
    let message = &hears(&mut wire, &four([0x10, 0x18, 0x00, 0x80]), 0)[0];
    assert!(message.lesson.is_some());
    // What is neither is refused by name.
    let odd = telegram(TEACH_IN, &[0x32, 1, 0, 0, 0x0A, 3, 0xD2], SENDER, 0);
    assert_eq!(hears(&mut wire, &odd, 0)[0].refusals[0].name(), "bad_value");
}

#[test]
fn a_sender_is_untaught_for_each_kind_of_telegram() {
    let mut wire = EnOcean::new(settings("A5-02-05"));
    let mut fields = |telegram: &[u8], now| {
        let message = hears(&mut wire, telegram, now).remove(0);
        let signals = message.signals.iter();
        let told = signals.map(|s| format!("{} {}", s.field, said(s)));
        told.collect::<Vec<_>>()
    };
    let press = telegram(VARIABLE, &[0, 2], SENDER, 0);
    assert_eq!(fields(&rps(0x10), 0), ["profile_f6 health untaught raised"]);
    assert_eq!(fields(&press, 1_000), ["profile_d2 health untaught raised"]);
    // A kind that is known says nothing of the others.
    let reading = four([0, 0, 85, 0x08]);
    assert_eq!(
        fields(&reading, 2_000),
        ["temperature observed temperature 26.7"]
    );
    let learns = [0x40, 0x01, 0x6D, 0x00, 0x0A, 0x03, 0xD2];
    assert_eq!(
        fields(&telegram(TEACH_IN, &learns, SENDER, 0), 3_000),
        [""; 0]
    );
    let found = fields(&press, 4_000);
    assert_eq!(found[1], "profile_d2 health untaught restored");
}

#[test]
fn a_sender_that_was_named_while_the_daemon_was_off_is_taught_once_the_line_is_open() {
    let mut wire = EnOcean::new(settings("F6-05-02"));
    wire.opened(0);
    let message = &hears(&mut wire, &smoke(SENDER, Smoke::Alarm), 0)[0];
    let found: Vec<String> = message.signals.iter().map(said).collect();
    assert_eq!(found, ["alarm smoke raised", "health untaught restored"]);
    let message = &hears(&mut wire, &smoke(SENDER, Smoke::Clear), 1_000)[0];
    assert_eq!(message.signals.len(), 1);
}

#[test]
fn a_handle_or_window_in_no_known_place_is_named_and_never_closed() {
    for (profile, telegram) in [
        ("F6-10-00", rps(0x4F)),
        ("F6-10-00", rps(0x30)),
        ("F6-10-01", rps(0xF0)),
        ("F6-10-01", rps(0x43)),
        ("A5-14-09", four([0, 0, 0, 0x0C])),
    ] {
        let mut wire = EnOcean::new(settings(profile));
        let message = &hears(&mut wire, &telegram, 0)[0];
        assert_eq!(message.signals, [], "{profile}");
        assert_eq!(message.refusals[0].name(), "bad_value", "{profile}");
    }
}

#[test]
fn what_repeaters_passed_on_is_read_as_if_it_had_come_at_once() {
    for status in [0x30, 0x31, 0x32, 0x3F] {
        let press = telegram(RPS, &[0x70], SENDER, status);
        let mut wire = EnOcean::new(settings("F6-02-01"));
        let message = &hears(&mut wire, &press, 0)[0];
        assert_eq!(said(&message.signals[0]), "observed button BO");
        let wet = telegram(RPS, &[0x11], SENDER, status);
        let mut wire = EnOcean::new(settings("F6-05-01"));
        let message = &hears(&mut wire, &wet, 0)[0];
        assert_eq!(said(&message.signals[0]), "alarm flood raised");
    }
    // Let go, and several at once, by the bits of the status that no repeater changes.
    for (payload, status, found) in [
        (0x00, 0x20, 0),
        (0x00, 0x21, 0),
        (0x02, 0x31, 0),
        (0x70, 0x21, 1),
    ] {
        let mut wire = EnOcean::new(settings("F6-02-01"));
        let message = &hears(&mut wire, &telegram(RPS, &[payload], SENDER, status), 0)[0];
        assert_eq!(message.signals.len(), found, "{payload:02X} {status:02X}");
    }
}

#[test]
fn what_the_installer_says_holds_against_a_teach_in() {
    let mut wire = EnOcean::new(settings("A5-02-05"));
    let other = Profile::parse("A5-02-1B").unwrap();
    hears(&mut wire, &teach_in(SENDER, other), 0);
    let message = &hears(&mut wire, &four([0, 0, 85, 0x08]), 1_000)[0];
    assert_eq!(said(&message.signals[0]), "observed temperature 26.7");
}

#[test]
fn a_repeaters_copy_is_not_a_second_press_and_a_second_press_is_one() {
    let mut wire = EnOcean::new(settings("F6-01-01"));
    let press = |status| telegram(RPS, &[0x10], SENDER, status);
    let count =
        |messages: Vec<Message>| -> usize { messages.iter().map(|m| m.signals.len()).sum() };
    assert_eq!(count(hears(&mut wire, &press(0x30), 0)), 1);
    assert_eq!(count(hears(&mut wire, &press(0x31), 40)), 0);
    assert_eq!(count(hears(&mut wire, &press(0x32), 80)), 0);
    assert_eq!(count(hears(&mut wire, &press(0x30), 300)), 1);
    assert_eq!(count(hears(&mut wire, &press(0x31), 5_000)), 1);
}

#[test]
fn smoke_that_lasts_is_one_alarm_and_a_lost_all_clear_hides_no_other() {
    let mut wire = EnOcean::new(settings("F6-05-02"));
    let mut alarms = |says, now| -> usize {
        let messages = hears(&mut wire, &smoke(SENDER, says), now);
        messages.iter().map(|m| m.signals.len()).sum()
    };
    assert_eq!(alarms(Smoke::Alarm, 0), 1);
    assert_eq!(alarms(Smoke::Alarm, 20_000), 0);
    assert_eq!(alarms(Smoke::Alarm, 40_000), 0);
    assert_eq!(alarms(Smoke::Clear, 50_000), 1);
    assert_eq!(alarms(Smoke::Clear, 3_600_000), 0);
    assert_eq!(alarms(Smoke::Alarm, 3_610_000), 1);
    assert_eq!(alarms(Smoke::Alarm, 7_200_000), 1);
}

#[test]
fn the_receivers_own_words_say_nothing_and_what_does_not_exist_is_refused() {
    let mut wire = EnOcean::new(Settings::default());
    for kind in [0x02, 0x04, 0x05, 0x0A] {
        let message = &hears(&mut wire, &packet(kind, &[0x00, 0x01], &[]), 0)[0];
        assert!(message.ignored.is_some(), "{kind}");
        assert_eq!(message.refusals, []);
    }
    let names = [
        (packet(0x7F, &[0x00], &[]), "unknown_frame"),
        (telegram(0xEE, &[0x00], SENDER, 0), "unknown_frame"),
        (telegram(FOUR_BYTES, &[0x00], SENDER, 0), "length"),
        (packet(0x01, &[RPS, 0x10], &[]), "length"),
    ];
    for (wrong, name) in names {
        assert_eq!(hears(&mut wire, &wrong, 0)[0].refusals[0].name(), name);
    }
    let secure = &hears(&mut wire, &telegram(0x30, &[1, 2, 3], SENDER, 0), 0)[0];
    assert!(secure.ignored.is_some());
}

#[test]
fn a_wrong_check_is_named_and_a_packet_within_the_garbled_one_is_found() {
    let mut garbled = smoke(SENDER, Smoke::Clear);
    garbled[7] ^= 0x10;
    let mut wire = EnOcean::new(settings("F6-05-02"));
    let messages = hears(&mut wire, &garbled, 0);
    assert_eq!(messages.len(), 1);
    assert!(matches!(
        messages[0].refusals[..],
        [Refusal::Checksum { .. }]
    ));
    // A byte was lost: the next packet is taken for the end of this one.
    let mut both = smoke(SENDER, Smoke::Clear);
    both.remove(9);
    both.extend(smoke(SENDER, Smoke::Alarm));
    let messages = hears(&mut wire, &both, 0);
    let found: Vec<String> = messages.iter().flat_map(|m| &m.signals).map(said).collect();
    assert_eq!(found, ["alarm smoke raised"]);
}

#[test]
fn a_wrong_header_is_rescanned_from_the_byte_after_the_sync() {
    let alarm = smoke(SENDER, Smoke::Alarm);
    let mut line = vec![SYNC, 0x00, SYNC];
    line.extend(&alarm);
    let messages = hears(&mut EnOcean::new(settings("F6-05-02")), &line, 0);
    assert_eq!(messages[0].refusals, [Refusal::Noise { bytes: 3 }]);
    assert_eq!(said(&messages[1].signals[0]), "alarm smoke raised");
}

#[test]
fn a_packet_that_breaks_off_hides_the_next_no_longer_than_a_pause() {
    let alarm = smoke(SENDER, Smoke::Alarm);
    let mut wire = EnOcean::new(settings("F6-05-02"));
    assert_eq!(hears(&mut wire, &alarm[..10], 0), []);
    assert_eq!(wire.due_ms(), Some(500));
    let mut heard = Heard::default();
    wire.tick(500, &mut heard);
    assert_eq!(heard.messages[0].refusals, [Refusal::Noise { bytes: 10 }]);
    assert_eq!((wire.held(), wire.due_ms()), (0, None));
    assert_eq!(hears(&mut wire, &alarm, 600)[0].signals.len(), 1);
    // A long header that noise made up, with a packet behind it: found when the line pauses.
    let mut wire = EnOcean::new(settings("F6-05-02"));
    let header = [0x01, 0xFF, 0x00, 0x01];
    let mut line = [&[SYNC][..], &header, &[crc8(&header)]].concat();
    line.extend(&alarm);
    assert_eq!(hears(&mut wire, &line, 0), []);
    let mut heard = Heard::default();
    wire.tick(500, &mut heard);
    let found = heard.messages.iter().flat_map(|m| &m.signals).count();
    assert_eq!(found, 1);
}

#[test]
fn read_by_hand_a_packet_behind_a_broken_one_is_found_at_once() {
    let alarm = smoke(SENDER, Smoke::Alarm);
    let mut wire = EnOcean::new(settings("F6-05-02"));
    let mut heard = Heard::default();
    wire.read(&[&alarm[..6], &alarm[..]].concat()[..18], 0, &mut heard);
    wire.ended(0, &mut heard);
    wire.read(&alarm, 0, &mut heard);
    wire.ended(0, &mut heard);
    let found: Vec<String> = heard
        .messages
        .iter()
        .flat_map(|m| &m.signals)
        .map(said)
        .collect();
    assert_eq!(found, ["alarm smoke raised"]);
}

#[test]
fn names_of_senders_and_profiles_are_exact() {
    assert_eq!(sender("01A50701"), Some(SENDER));
    for wrong in ["01a50701", "1A50701", "01A507011", "01A5070G", ""] {
        assert_eq!(sender(wrong), None, "{wrong}");
    }
    for wrong in [
        "A5-04",
        "A5-04-01-01",
        "C5-04-01",
        "A5-4-01",
        "A5-+4-01",
        "",
    ] {
        assert_eq!(Profile::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Profile::parse("a5-2-01"), None);
    assert_eq!(Profile::parse("d2-03-0a").unwrap().to_string(), "D2-03-0A");
    assert!(!Settings::default().name("pendant", "F6-01-01"));
}

proptest! {
    /// Whatever the chunks, and with noise between, the same is heard.
    #[test]
    fn any_chunks_and_noise_between_say_the_same(
        states in proptest::collection::vec(any::<bool>(), 1..8),
        noise in proptest::collection::vec(any::<u8>().prop_filter("no sync", |b| *b != SYNC), 0..12),
        cuts in proptest::collection::vec(1usize..9, 1..200),
    ) {
        let mut line = Vec::new();
        for open in &states {
            line.extend(&noise);
            line.extend(contact(SENDER, *open));
        }
        let mut wire = EnOcean::new(Settings::default());
        let mut found = Vec::new();
        let mut rest = &line[..];
        for n in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((*n).min(rest.len()));
            found.extend(hears(&mut wire, chunk, 0).iter().flat_map(|m| m.signals.clone()));
            prop_assert!(wire.held() < LONGEST);
            rest = after;
        }
        let due: Vec<String> = states.iter()
            .map(|open| format!("observed contact {}", if *open { "open" } else { "closed" }))
            .collect();
        prop_assert_eq!(found.iter().map(said).collect::<Vec<_>>(), due);
    }

    /// Anything may come: it never panics, and never holds more than its limit.
    #[test]
    fn arbitrary_bytes_are_bounded(turns in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..900), 0u64..700), 0..8)) {
        let mut wire = EnOcean::new(settings("F6-05-02"));
        let mut now = 0;
        for (bytes, pause) in turns {
            hears(&mut wire, &bytes, now);
            prop_assert!(wire.held() < LONGEST);
            now += pause;
            wire.tick(now, &mut Heard::default());
        }
        wire.ended(now, &mut Heard::default());
    }
}
