//! A nurse call line through the core: ACK leaves when the disk has the call and not before, and what an engineer
//! decodes by hand is what the daemon would say.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use gateway_core::settings::Source;
use gateway_core::{
    Decoder, Effect, Gateway, Identity, Input, JournalOrder, JournalSays, Mono, Page, Recovered,
    Settings,
};
use tecs_protocol::Bytes;
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::family::Family;
use tecs_protocol::serial::espa444::{ACK, ENQ, EOT, Text, call};
use tecs_protocol::vocabulary::Lane;

fn settings() -> Settings {
    Settings {
        gateway_id: "home".to_owned(),
        sources: vec![Source {
            name: "nurse-call".to_owned(),
            speaks: Family::Espa444,
            base: String::new(),
            map: None,
            window: 0,
        }],
        ..Settings::default()
    }
}

/// A gateway with what it told its line, and what its disk was asked to keep.
struct Home {
    gateway: Gateway,
    now: u64,
    written: Vec<u8>,
    keeping: Vec<u64>,
    /// Alarms that the disk was given.
    alarms: u64,
}

impl Home {
    fn new() -> Self {
        let who = Identity {
            epoch: 1,
            boot_id: 2,
        };
        let mut home = Self {
            gateway: Gateway::new(settings(), who, Recovered::default(), Mono(0)),
            now: 0,
            written: Vec::new(),
            keeping: Vec::new(),
            alarms: 0,
        };
        home.input(Input::SourceUp {
            source: 0,
            resumed: false,
        });
        home
    }

    fn input(&mut self, input: Input) {
        self.gateway.handle(input, Mono(self.now));
        self.gateway.settle(Mono(self.now));
        while let Some(effect) = self.gateway.poll_effect() {
            match effect {
                Effect::Write { bytes, .. } => self.written.extend(bytes),
                Effect::Journal(JournalOrder::Keep {
                    ticket,
                    lane,
                    pages,
                    ..
                }) => {
                    self.keeping.push(ticket);
                    let records = pages.iter().filter_map(Page::records).flatten();
                    // What is said of the disk is another's story.
                    let alarms = records.filter(|r| lane == Lane::Alarm && !is_of_the_journal(r));
                    self.alarms += alarms.count() as u64;
                }
                _ => {}
            }
        }
    }

    /// What the line is told when it says this.
    fn line(&mut self, bytes: &[u8]) -> Vec<u8> {
        let bytes = Bytes::copy_from_slice(bytes);
        self.input(Input::Bytes { source: 0, bytes });
        std::mem::take(&mut self.written)
    }

    /// What the line is told when the disk has kept everything.
    fn kept(&mut self) -> Vec<u8> {
        while let Some(ticket) = self.keeping.pop() {
            self.input(Input::Journal(JournalSays::Kept {
                ticket,
                generation: 0,
                used: 0,
            }));
        }
        std::mem::take(&mut self.written)
    }
}

fn is_of_the_journal(record: &[u8]) -> bool {
    matches!(decode(record), Ok(Entry::Event(event)) if event.device.id == "gateway/journal")
}

const SELECTION: &[u8] = &[b'1', ENQ, b'2', ENQ];

fn press() -> Vec<u8> {
    call("550", "ROOM 4", 3, 1, Text::Latin1)
}

#[test]
fn a_call_is_acknowledged_when_the_disk_has_it_and_not_before() {
    let mut home = Home::new();
    for presses in 1..=2 {
        assert_eq!(home.line(SELECTION), [ACK]);
        assert_eq!(home.line(&press()), [] as [u8; 0]);
        assert_eq!(home.alarms, presses);
        home.now += 1_000;
        assert_eq!(home.kept(), [ACK]);
        home.line(&[EOT]);
    }
}

#[test]
fn a_disk_that_is_too_slow_means_silence_and_the_repeated_block_is_acknowledged_and_kept_once() {
    let mut home = Home::new();
    home.line(SELECTION);
    home.line(&press());
    home.now += 2_500;
    assert_eq!(home.line(&press()), [] as [u8; 0]);
    home.now += 2_500;
    assert_eq!(home.kept(), [] as [u8; 0]);
    assert_eq!(home.line(&press()), [ACK]);
    home.kept();
    assert_eq!(home.alarms, 1, "one call, one record");
}

#[test]
fn a_line_that_was_never_called_dead_raises_nothing_when_it_speaks() {
    let mut home = Home::new();
    home.line(SELECTION);
    home.kept();
    assert_eq!(home.alarms, 0);
}

#[test]
fn a_dead_line_is_an_alarm_once_and_its_return_too() {
    let mut home = Home::new();
    home.line(SELECTION);
    for _ in 0..3 {
        home.now += 120_000;
        home.input(Input::Tick);
    }
    home.kept();
    assert_eq!(home.alarms, 1);
    for _ in 0..2 {
        home.line(SELECTION);
        home.kept();
        assert_eq!(home.alarms, 2);
    }
}

#[test]
fn a_block_without_its_check_is_read_by_hand_and_named() {
    let mut decoder = Decoder::new(settings());
    let whole = press();
    let without = Bytes::copy_from_slice(&whole[..whole.len() - 1]);
    let became = decoder.bytes(0, &without, Mono(0));
    assert_eq!(became.len(), 1);
    assert_eq!(became[0].events.len(), 1);
    assert_eq!(became[0].events[0].device.id, "nurse-call/550");
    let why = became[0].ignored.as_deref().unwrap();
    assert!(why.contains("check") && why.contains("missing"), "{why}");
    // Two presses are two, as a daemon that is well would say.
    for _ in 0..2 {
        let became = decoder.bytes(0, &Bytes::from(whole.clone()), Mono(0));
        assert_eq!((became[0].events.len(), &became[0].ignored), (1, &None));
    }
}
