//! A Modbus line and an EnOcean receiver through the core: the line is asked when it opens and in every round, and what
//! the installer says of a sender makes a switch a pendant.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use gateway_core::settings::{Device, Source};
use gateway_core::{Decoder, Effect, Gateway, Identity, Input, Mono, Recovered, Settings};
use tecs_protocol::Bytes;
use tecs_protocol::family::Family;
use tecs_protocol::serial::enocean::rocker;
use tecs_protocol::serial::modbus::{
    self, Format, RegisterText, SettingsText, Table, registers, request,
};
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};

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
