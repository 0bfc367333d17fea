//! A Modbus line and an EnOcean receiver through the core: the line is asked when it opens and in every round, and what
//! the installer says of a sender makes a switch a pendant, and what a sender says of itself is remembered.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use gateway_core::settings::{Device, Source};
use gateway_core::{
    Decoder, Effect, Gateway, Identity, Input, JournalOrder, Mono, Note, Recovered, Settings,
    Tapped,
};
use tecs_protocol::Bytes;
use tecs_protocol::family::Family;
use tecs_protocol::serial::enocean::{Profile, TEACH_IN, climate, rocker, teach_in, telegram};
use tecs_protocol::serial::modbus::{
    self, Format, RegisterText, SettingsText, Table, registers, request,
};
use tecs_protocol::vocabulary::{AlarmKind, Lane, ObservedKind};

/// A sensor that the installer has not named.
const SENSOR: u32 = 0x01a5_0701;

fn source(name: &str, speaks: Family) -> Source {
    Source {
        name: name.to_owned(),
        speaks,
        base: String::new(),
        map: None,
        window: 0,
    }
}

fn settings() -> Settings {
    let hall = RegisterText {
        device: "hall".to_owned(),
        unit: 1,
        function: 4,
        address: 16,
        kind: "temperature".to_owned(),
        field: String::new(),
        format: Format::I16,
        low_word_first: false,
        scale: 0.1,
        offset: 0.0,
        none: None,
        bit: None,
        invert: false,
    };
    let text = SettingsText {
        registers: vec![hall],
        ..SettingsText::default()
    };
    Settings {
        gateway_id: "home".to_owned(),
        sources: vec![
            source("meters", Family::ModbusRtu),
            source("radio", Family::EnOceanEsp3),
        ],
        modbus: vec![(0, modbus::Settings::compile(text).unwrap())],
        devices: vec![Device {
            source: 1,
            name: "00298979".to_owned(),
            id: "pendant".to_owned(),
            profile: "F6-02-01".to_owned(),
            raises: vec![(ObservedKind::Button, AlarmKind::Help)],
            ..Device::default()
        }],
        ..Settings::default()
    }
}

/// What is written to the line when this happens.
fn written(gateway: &mut Gateway, input: Input, now: u64) -> Vec<u8> {
    gateway.handle(input, Mono(now));
    gateway.settle(Mono(now));
    let mut out = Vec::new();
    while let Some(effect) = gateway.poll_effect() {
        if let Effect::Write { source: 0, bytes } = effect {
            out.extend(bytes);
        }
    }
    out
}

#[test]
fn a_line_is_asked_when_it_opens_and_in_every_round() {
    let who = Identity {
        epoch: 1,
        boot_id: 2,
    };
    let mut gateway = Gateway::new(settings(), who, Recovered::default(), Mono(0));
    let up = Input::SourceUp {
        source: 0,
        resumed: false,
    };
    let question = request(1, Table::Registers, 16, 1);
    let mut asked = written(&mut gateway, up, 0);
    asked.extend(written(&mut gateway, Input::Tick, 0));
    assert_eq!(asked, question);
    let bytes = registers(1, Table::Registers, &[215]);
    let answer = Input::Bytes {
        source: 0,
        bytes: bytes.into(),
    };
    assert!(written(&mut gateway, answer, 20).is_empty());
    assert!(written(&mut gateway, Input::Tick, 9_999).is_empty());
    assert_eq!(written(&mut gateway, Input::Tick, 10_000), question);
}

/// The notes that go to the journal when the receiver says this, within the time that notes may linger.
fn noted(gateway: &mut Gateway, bytes: Vec<u8>) -> Vec<Note> {
    let input = Input::Bytes {
        source: 1,
        bytes: bytes.into(),
    };
    gateway.handle(input, Mono(100));
    gateway.settle(Mono(100));
    gateway.handle(Input::Tick, Mono(6_000));
    gateway.settle(Mono(6_000));
    let mut notes = Vec::new();
    while let Some(effect) = gateway.poll_effect() {
        if let Effect::Journal(JournalOrder::Keep { notes: more, .. }) = effect {
            notes.extend(more);
        }
    }
    notes
}

/// What a sensor's telegram says to a gateway that finds these notes after it was killed.
fn says_after_a_kill(notes: &[(Lane, Vec<u8>, Vec<u8>)]) -> Vec<String> {
    let who = Identity {
        epoch: 2,
        boot_id: 2,
    };
    let recovered = Recovered {
        notes: notes.to_vec(),
        ..Recovered::default()
    };
    let mut gateway = Gateway::new(settings(), who, recovered, Mono(0));
    gateway.look(true);
    let input = Input::Bytes {
        source: 1,
        bytes: climate(SENSOR, 21.0, 40.0).into(),
    };
    gateway.handle(input, Mono(100));
    let tapped = std::iter::from_fn(|| gateway.poll_tapped());
    let kind = |tapped| match tapped {
        Tapped::Event { event, .. } => Some(event.to_json()["kind"].as_str().unwrap().to_owned()),
        _ => None,
    };
    tapped.filter_map(kind).collect()
}

#[test]
fn what_a_sensor_taught_of_itself_holds_after_a_kill_until_it_takes_it_back() {
    let who = Identity {
        epoch: 1,
        boot_id: 2,
    };
    let mut gateway = Gateway::new(settings(), who, Recovered::default(), Mono(0));
    let profile = Profile::parse("A5-04-01").unwrap();
    let taught = noted(&mut gateway, teach_in(SENSOR, profile));
    let kept: Vec<_> = taught
        .into_iter()
        .filter_map(|note| Some((Lane::Alarm, note.key, note.value?)))
        .collect();
    assert_eq!(says_after_a_kill(&[]), ["untaught"]);
    assert_eq!(says_after_a_kill(&kept), ["humidity", "temperature"]);
    // DB6 1: it is to be forgotten; then type, function and kind of telegram.
    let back = telegram(TEACH_IN, &[0x10, 0, 0, 0, 0x01, 0x04, 0xa5], SENSOR, 0);
    let gone = noted(&mut gateway, back);
    assert!(
        gone.iter()
            .any(|note| note.key == kept[0].1 && note.value.is_none())
    );
}

#[test]
fn a_switch_that_the_installer_names_is_a_pendant_and_another_is_told_as_untaught() {
    let mut decoder = Decoder::new(settings());
    let mut press = |sender| {
        let bytes = Bytes::from(rocker(sender, Some(2)));
        let mut heard = decoder.bytes(1, &bytes, Mono(0));
        let event = heard.remove(0).events[0].to_json();
        let word = |key: &str| event[key].as_str().unwrap().to_owned();
        (word("device"), word("kind"))
    };
    assert_eq!(press(0x0029_8979), ("pendant".into(), "help".into()));
    assert_eq!(
        press(0x0029_8980),
        ("radio/00298980".into(), "untaught".into())
    );
}
