//! ESPA 4.4.4 as a line gives it: a panel and we take turns on a hand-turned clock; custody comes in time, late, or not.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::path::Path;

use proptest::prelude::*;

use tecs_protocol::serial::espa444::{
    ACK, Addresses, Alone, CallText, CallType, Clears, ENQ, EOT, Espa444, LONGEST, NAK, Pattern,
    Role, Rule, SOH, Settings, SettingsText, Text, bcc, block, call, enquiry,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Message, Reading, Refusal, Signal, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind};

/// What a line that is to stay silent is told.
const SILENCE: &[u8] = &[];

/// A line with its time.
struct Line {
    wire: Espa444,
    now: u64,
}

impl Line {
    fn new(settings: Settings) -> Self {
        Self {
            wire: Espa444::new(settings, 65_536),
            now: 1_000,
        }
    }

    /// What these bytes lead to.
    fn hears(&mut self, bytes: &[u8]) -> Heard {
        let mut heard = Heard::default();
        self.wire.read(bytes, self.now, &mut heard);
        heard
    }

    /// A call that is heard and not answered yet; its ticket.
    fn calls(&mut self, block: &[u8]) -> u32 {
        let heard = self.hears(block);
        assert_eq!(heard.send, SILENCE, "an answer before custody");
        let tickets: Vec<u32> = heard.messages.iter().filter_map(|m| m.ticket).collect();
        assert_eq!(tickets.len(), 1, "{heard:?}");
        tickets[0]
    }

    /// The ticket's message is safe; what the line is told.
    fn safe(&mut self, ticket: u32) -> Vec<u8> {
        let mut heard = Heard::default();
        self.wire.safe(ticket, self.now, &mut heard);
        assert_eq!(heard.messages, []);
        heard.send
    }

    fn later(&mut self, ms: u64) -> &mut Self {
        self.now += ms;
        self
    }

    /// Time passes, and the line ticks whenever it is due.
    fn runs(&mut self, ms: u64) -> Heard {
        let until = self.now + ms;
        let mut all = Heard::default();
        for _ in 0..10_000 {
            let Some(due) = self.wire.due_ms().filter(|due| *due <= until) else {
                self.now = until;
                return all;
            };
            self.now = self.now.max(due);
            self.wire.tick(self.now, &mut all);
        }
        panic!("a tick that is due again at once, for ever");
    }

    fn opens(&mut self) {
        assert_eq!(self.wire.opened(self.now), SILENCE);
    }

    /// The panel selects us, as it does for every call.
    fn selected(&mut self) {
        assert_eq!(self.hears(&[b'1', ENQ, b'2', ENQ]).send, [ACK]);
    }
}

fn line() -> Line {
    Line::new(Settings::default())
}

fn press() -> Vec<u8> {
    call("550", "ROOM 4", 3, 3, Text::Latin1)
}

fn help(device: &str, condition: Condition) -> Signal {
    let what = What::alarm(AlarmKind::Help, condition);
    Signal::new(device, "call", Reading::Pulse, what)
}

/// What a block says to a line with these settings.
fn says(settings: Settings, block: &[u8]) -> Message {
    let mut heard = Line::new(settings).hears(block);
    assert_eq!(heard.messages.len(), 1, "{heard:?}");
    heard.messages.remove(0)
}

fn said(block: &[u8]) -> Message {
    says(Settings::default(), block)
}

#[test]
fn the_block_checks_of_the_reference_hold() {
    assert_eq!(bcc(b"1\x021\x1fA\x03"), 0x5F);
    for (text, check) in [
        ("Flat 17", 0x03),
        ("Flat 10", 0x04),
        ("Flat 11", 0x05),
        ("ROOM 4", 0x11),
        ("ROOM 6", 0x13),
    ] {
        let block = call("100", text, 3, 1, Text::Latin1);
        assert_eq!(block.last(), Some(&check), "{text}");
    }
}

#[test]
fn a_selected_station_answers_takes_the_block_and_acknowledges_it_once_it_is_safe() {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    assert_eq!(line.later(1_900).safe(ticket), [ACK]);
    assert_eq!(line.hears(&[EOT]), Heard::default());
}

#[test]
fn any_byte_is_a_check_even_one_that_means_something_else() {
    for text in ["Flat 17", "Flat 10", "Flat 11", "ROOM 4", "ROOM 6"] {
        let mut line = line();
        let block = call("100", text, 3, 1, Text::Latin1);
        let ticket = line.calls(&block);
        assert_eq!(line.safe(ticket), [ACK], "{text}");
        // The line is between blocks again.
        line.selected();
    }
}

#[test]
fn custody_that_comes_late_is_silence_and_the_block_that_is_repeated_is_answered_without_a_second_message()
 {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    assert_eq!(line.later(2_001).safe(ticket), SILENCE);
    let again = line.later(500).hears(&press());
    assert_eq!(again.send, [ACK]);
    assert_eq!(again.messages.len(), 1);
    assert_eq!(again.messages[0].signals, []);
    assert_eq!(again.messages[0].ignored, Some("a block sent again"));
}

#[test]
fn a_block_repeated_before_it_is_safe_joins_the_one_that_waits() {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    for _ in 0..2 {
        let again = line.later(2_500).hears(&press());
        assert_eq!(again.send, SILENCE);
        assert!(again.messages.iter().all(|m| m.ticket.is_none()));
    }
    assert_eq!(line.later(1_000).safe(ticket), [ACK]);
}

#[test]
fn a_call_that_was_given_up_and_is_tried_again_is_the_same_call() {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    line.later(10_000).hears(&[EOT]);
    // Safe after the transmission ended: nobody waits for an answer.
    assert_eq!(line.safe(ticket), SILENCE);
    line.later(5_000).selected();
    let again = line.hears(&press());
    assert_eq!(again.send, [ACK]);
    assert_eq!(again.messages[0].signals, []);
}

#[test]
fn an_unanswered_call_that_comes_back_much_later_is_a_new_one() {
    let mut line = line();
    let first = line.calls(&press());
    let second = line.later(30_000).calls(&press());
    assert_ne!(first, second);
    // The first one's custody is no answer to the second.
    assert_eq!(line.safe(first), SILENCE);
    assert_eq!(line.safe(second), [ACK]);
}

#[test]
fn the_same_block_after_a_new_selection_is_a_second_press() {
    let mut line = line();
    for _ in 0..3 {
        line.selected();
        let ticket = line.calls(&press());
        assert_eq!(line.safe(ticket), [ACK]);
        line.hears(&[EOT]);
        line.later(800);
    }
}

#[test]
fn a_lost_acknowledgement_is_given_again_without_a_second_message() {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    assert_eq!(line.safe(ticket), [ACK]);
    let again = line.later(1_500).hears(&press());
    assert_eq!(again.send, [ACK]);
    assert_eq!(again.messages[0].signals, []);
}

#[test]
fn a_bridge_that_only_sends_blocks_is_taken_and_every_one_is_a_press() {
    let mut line = line();
    for _ in 0..3 {
        let ticket = line.calls(&press());
        assert_eq!(line.safe(ticket), [ACK]);
        line.later(400);
    }
}

#[test]
fn an_answer_is_for_the_block_that_was_sent_last() {
    let mut line = line();
    let first = line.calls(&press());
    let second = line
        .later(100)
        .calls(&call("551", "ROOM 5", 3, 3, Text::Latin1));
    assert_eq!(line.safe(first), SILENCE);
    assert_eq!(line.safe(second), [ACK]);
}

#[test]
fn a_garbled_block_is_answered_with_1_nak_and_the_two_retries_are_heard() {
    let mut line = line();
    line.selected();
    let mut bad = press();
    bad[9] ^= 0x20;
    for _ in 0..2 {
        let heard = line.later(200).hears(&bad);
        assert_eq!(heard.send, [b'1', NAK]);
        assert_eq!(heard.messages[0].refusals[0].name(), "checksum");
        assert_eq!(heard.messages[0].signals, []);
        assert_eq!(heard.messages[0].ticket, None);
    }
    let ticket = line.later(200).calls(&press());
    assert_eq!(line.safe(ticket), [ACK]);
}

#[test]
fn a_block_that_breaks_off_is_refused_and_the_next_one_is_read() {
    let mut line = line();
    line.opens();
    let whole = press();
    let heard = line.hears(&whole[..whole.len() - 1]);
    assert_eq!(heard, Heard::default(), "a block without its check is none");
    let torn = line.runs(1_000);
    assert_eq!(torn.send, [b'1', NAK]);
    assert_eq!(torn.messages[0].refusals[0].name(), "length");
    let again = line.hears(&whole);
    assert!(again.messages.iter().any(|m| m.ticket.is_some()));
}

#[test]
fn a_sender_that_begins_again_in_the_middle_is_heard() {
    let mut line = line();
    let whole = press();
    let heard = line.hears(&[&whole[..12], &whole].concat());
    assert_eq!(
        heard.send, SILENCE,
        "it waits for no answer to what it broke off"
    );
    assert_eq!(heard.messages.len(), 2);
    assert_eq!(heard.messages[0].refusals[0].name(), "length");
    assert_eq!(heard.messages[1].signals, [help("550", Condition::Raised)]);
}

#[test]
fn an_enquiry_in_a_garbled_block_is_never_answered_as_a_selection() {
    let mut line = line();
    line.selected();
    // `ROOM 2?` with its `?` flipped to ENQ looks like our selection.
    let mut bad = call("550", "ROOM 2?", 3, 3, Text::Latin1);
    let at = bad.iter().position(|b| *b == b'?').unwrap();
    bad[at] = ENQ;
    assert_eq!(line.hears(&bad).send, [b'1', NAK]);
}

#[test]
fn polls_that_go_on_after_a_torn_block_are_answered_again() {
    let mut line = line();
    line.hears(&press()[..10]);
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.extend(line.later(150).hears(&[b'1', ENQ, b'2', ENQ]).send);
        line.hears(&[EOT]);
    }
    assert!(answers.contains(&ACK), "{answers:?}");
}

#[test]
fn our_address_alone_is_a_poll_unless_the_installer_knows_better() {
    let mut polled = line();
    for _ in 0..3 {
        assert_eq!(polled.later(150).hears(&enquiry(b'2')).send, [EOT]);
    }
    polled.selected();
    let mut short = Line::new(Settings {
        role: Role::Station {
            address: b'2',
            alone: Alone::Selection,
        },
        ..Settings::default()
    });
    assert_eq!(short.hears(&enquiry(b'2')).send, [ACK]);
}

#[test]
fn what_is_for_another_address_is_neither_answered_nor_taken_and_told_once() {
    let mut line = line();
    let heard = line.hears(&[b'1', ENQ, b'3', ENQ]);
    assert_eq!(heard.send, SILENCE);
    assert_eq!(
        heard.messages[0].ignored,
        Some("for another address on this line")
    );
    assert_eq!(line.hears(&press()), Heard::default());
    line.hears(&[EOT]);
    assert_eq!(line.hears(&[b'1', ENQ, b'3', ENQ]).messages, []);
    line.hears(&[EOT]);
    line.selected();
    assert!(line.hears(&press()).messages[0].ticket.is_some());
}

#[test]
fn a_control_station_polls_in_turn_every_150_ms() {
    let mut line = Line::new(Settings {
        role: Role::control(vec![b'2', b'3']),
        ..Settings::default()
    });
    line.opens();
    let mut polled = Vec::new();
    for _ in 0..4 {
        let heard = line.runs(149);
        polled.extend(heard.send);
        line.hears(&[EOT]);
        line.later(1);
    }
    assert_eq!(polled, [b'2', ENQ, b'3', ENQ, b'2', ENQ, b'3', ENQ]);
}

#[test]
fn a_control_station_takes_a_call_between_its_polls() {
    let mut line = Line::new(Settings {
        role: Role::control(vec![b'2']),
        ..Settings::default()
    });
    line.opens();
    assert_eq!(line.runs(10).send, [b'2', ENQ]);
    assert_eq!(line.hears(&enquiry(b'1')).send, [ACK]);
    let ticket = line.later(50).calls(&press());
    assert_eq!(
        line.runs(1_000).send,
        SILENCE,
        "no poll into a transmission"
    );
    assert_eq!(line.safe(ticket), [ACK]);
    line.hears(&[EOT]);
    assert_eq!(line.runs(150).send[..2], [b'2', ENQ]);
}

#[test]
fn a_control_station_ends_a_transmission_that_went_quiet_and_polls_on() {
    let mut line = Line::new(Settings {
        role: Role::control(vec![b'2']),
        ..Settings::default()
    });
    line.opens();
    line.runs(10);
    line.hears(&enquiry(b'1'));
    assert_eq!(line.runs(9_999).send, SILENCE);
    assert_eq!(line.runs(200).send[..3], [EOT, b'2', ENQ]);
}

#[test]
fn a_station_that_does_not_answer_does_not_stop_the_polls_of_the_others() {
    let mut line = Line::new(Settings {
        role: Role::control(vec![b'2', b'3']),
        ..Settings::default()
    });
    line.opens();
    let sent = line.runs(2_000).send;
    assert_eq!(sent[..6], [b'2', ENQ, b'3', ENQ, b'2', ENQ]);
}

fn path(condition: Condition) -> impl Fn(&Message) -> bool {
    move |message| {
        message.signals.iter().any(|signal| {
            signal.device == "line"
                && signal.reading == Reading::Edge
                && matches!(&signal.what, What::Health { kind: HealthKind::Path, of, .. }
                    if *of == tecs_protocol::signal::HealthOf::Condition(condition))
        })
    }
}

#[test]
fn a_line_that_is_dead_for_120_s_is_told_once_and_restored_once() {
    let mut line = line();
    line.opens();
    line.hears(&enquiry(b'2'));
    let quiet = line.runs(119_999);
    assert_eq!(quiet, Heard::default());
    let dead = line.runs(600_000);
    assert_eq!(dead.messages.len(), 1);
    assert!(path(Condition::Raised)(&dead.messages[0]));
    // Noise, as of a wrong speed, is no sign of life.
    let noise = line.hears(&[0xFF, 0x80, 0x00, b'x', EOT, ACK, NAK, ENQ]);
    assert!(!noise.messages.iter().any(path(Condition::Restored)));
    let back = line.hears(&enquiry(b'2'));
    assert_eq!(
        back.messages
            .iter()
            .filter(|m| path(Condition::Restored)(m))
            .count(),
        1
    );
    assert!(
        !line
            .hears(&enquiry(b'2'))
            .messages
            .iter()
            .any(path(Condition::Restored))
    );
}

#[test]
fn a_bridge_that_speaks_only_when_somebody_calls_is_not_called_dead() {
    let mut line = line();
    line.opens();
    line.hears(&press());
    assert_eq!(line.runs(3_600_000), Heard::default());
}

#[test]
fn a_line_that_was_closed_forgets_who_waited_and_keeps_what_is_safe() {
    let mut line = line();
    line.selected();
    let ticket = line.calls(&press());
    line.later(3_000).safe(ticket);
    line.wire.closed(line.now);
    line.opens();
    line.selected();
    assert_eq!(line.hears(&press()).send, [ACK]);
    // What was not safe has nobody left who would say so: it is taken anew.
    let other = call("551", "ROOM 5", 3, 3, Text::Latin1);
    line.calls(&other);
    line.wire.closed(line.now);
    line.opens();
    line.selected();
    let ticket = line.calls(&other);
    assert_eq!(line.safe(ticket), [ACK]);
}

#[test]
fn call_types_are_calls_resets_and_what_nobody_knows() {
    for (call_type, what) in [
        (1, What::alarm(AlarmKind::Help, Condition::Restored)),
        (2, What::alarm(AlarmKind::Help, Condition::Raised)),
        (3, What::alarm(AlarmKind::Help, Condition::Raised)),
        (4, What::alarm(AlarmKind::Help, Condition::Raised)),
        (7, What::alarm(AlarmKind::Help, Condition::Raised)),
        (5, unknown("call type 5")),
        (6, unknown("call type 6")),
        (8, unknown("call type 8")),
    ] {
        let message = said(&call("12", "x", call_type, 3, Text::Latin1));
        assert_eq!(message.signals[0].what, what);
        assert_eq!(message.signals.len(), 1);
        assert_eq!(message.signals[0].device, "12");
    }
}

fn unknown(code: &str) -> What {
    What::Alarm {
        kind: AlarmKind::Unknown,
        condition: Condition::Raised,
        raw_code: code.to_owned(),
    }
}

#[test]
fn an_ascom_line_says_what_its_own_call_types_mean() {
    let ascom = || Settings {
        call_types: vec![(5, CallType::Nothing), (6, CallType::Restored)],
        ..Settings::default()
    };
    let message = says(ascom(), &call("12", "x", 5, 3, Text::Latin1));
    assert_eq!(message.signals, []);
    assert!(message.ignored.is_some() && message.ticket.is_some());
    let message = says(ascom(), &call("12", "x", 6, 3, Text::Latin1));
    assert_eq!(message.signals, [help("12", Condition::Restored)]);
}

#[test]
fn every_dialect_of_the_field_is_read() {
    let records = [
        ("1", " 55"),
        ("2", "x"),
        ("4", "03"),
        ("9", "7"),
        ("A", "1"),
        ("C", "2"),
        ("D", "3"),
    ];
    let message = said(&block("01", &records, Text::Latin1));
    assert_eq!(message.signals, [help("55", Condition::Raised)]);
    assert_eq!(message.unmapped, [] as [&str; 0]);
    // RS before ETX, a space before the first id, a record twice, an id that nobody knows.
    let mut odd = b"\x011\x02 1\x1f55\x1e1\x1f55\x1eZ\x1fx\x1e4\x1f3\x1e\x03".to_vec();
    odd.push(bcc(&odd[1..]));
    let message = said(&odd);
    assert_eq!(message.signals, [help("55", Condition::Raised)]);
    assert_eq!(message.unmapped, ["record Z"]);
    assert_eq!(message.refusals, []);
}

#[test]
fn a_call_without_a_call_type_is_a_call_and_one_without_anything_is_an_unknown_one() {
    let message = said(&block("1", &[("1", "55")], Text::Latin1));
    assert_eq!(message.signals, [help("55", Condition::Raised)]);
    let message = said(&block("1", &[("2", "HELP")], Text::Latin1));
    assert_eq!(message.signals, [help("line", Condition::Raised)]);
    let message = said(&block("1", &[], Text::Latin1));
    assert_eq!(message.signals[0].what, unknown("header 1"));
    let message = said(&block("1", &[("1", "55"), ("4", "x")], Text::Latin1));
    assert_eq!(message.signals[0].what, unknown("call type x"));
}

#[test]
fn other_headers_are_named_and_answered_and_only_what_says_something_is_an_alarm() {
    for header in ["2", "3"] {
        let message = said(&block(header, &[("1", "55"), ("7", "2")], Text::Latin1));
        assert_eq!(message.signals, []);
        assert!(message.ignored.is_some() && message.ticket.is_some());
    }
    for header in ["4", "7"] {
        let message = said(&block(header, &[("1", "55")], Text::Latin1));
        assert_eq!(
            message.signals[0].what,
            unknown(&format!("header {header}"))
        );
    }
    let message = said(&block("9", &[("K", "1")], Text::Latin1));
    assert_eq!(message.refusals[0].name(), "unknown_frame");
    assert!(message.ticket.is_some(), "it came whole, so it is answered");
}

#[test]
fn a_call_without_a_reset_is_over_when_it_was_sent_where_the_installer_says_so() {
    let settings = Settings {
        clears: Clears::WhenSent,
        ..Settings::default()
    };
    let message = says(settings, &press());
    assert_eq!(
        message.signals,
        [
            help("550", Condition::Raised),
            help("550", Condition::Restored)
        ]
    );
}

#[test]
fn the_table_gives_devices_and_kinds_and_priority_changes_nothing() {
    let rule = |addresses: Option<&str>, text: Option<&str>, device: &str, kind| Rule {
        addresses: addresses.map(|a| Addresses::parse(a).unwrap()),
        text: text.map(|t| Pattern::parse(t).unwrap()),
        device: device.to_owned(),
        kind,
        condition: None,
    };
    let settings = Settings {
        table: vec![
            rule(None, Some("FIRE*"), "fire-panel", AlarmKind::Smoke),
            rule(Some("500-599"), Some("room *"), "room-{1}", AlarmKind::Help),
        ],
        ..Settings::default()
    };
    for priority in 1..=3 {
        let message = says(
            settings.clone(),
            &call("550", "Fire zone 1", 3, priority, Text::Latin1),
        );
        assert_eq!(message.signals[0].device, "fire-panel");
        assert_eq!(
            message.signals[0].what,
            What::alarm(AlarmKind::Smoke, Condition::Raised)
        );
    }
    let message = says(settings.clone(), &press());
    assert_eq!(message.signals, [help("room-4", Condition::Raised)]);
    // Without a rule FIRE is text.
    assert_eq!(
        said(&call("550", "FIRE", 3, 1, Text::Latin1)).signals,
        [help("550", Condition::Raised)]
    );
}

/// The settings of these rows, all of which are allowed.
fn with_calls(calls: &[CallText]) -> Settings {
    let text = SettingsText {
        text: "utf8".to_owned(),
        calls: calls.to_vec(),
        ..SettingsText::default()
    };
    let (settings, wrong) = text.settle();
    assert_eq!(wrong, []);
    settings
}

#[test]
fn a_reset_that_stands_in_the_text_or_the_address_alone_ends_what_its_call_raised() {
    let row = |address: &str, text: &str, device: &str, condition: &str| CallText {
        address: address.to_owned(),
        text: text.to_owned(),
        device: device.to_owned(),
        condition: condition.to_owned(),
        ..CallText::default()
    };
    let settings = with_calls(&[
        row("", "RESET ROOM *", "room-{1}", "restored"),
        row("", "* CANCELLED", "room-{1}", "cancelled"),
        row("900-999", "", "bath", "restored"),
        row("", "ROOM *", "room-{1}", "raised"),
    ]);
    for (address, text, call_type, device, condition) in [
        ("550", "ROOM 4", 3, "room-4", Condition::Raised),
        ("550", "RESET ROOM 4", 3, "room-4", Condition::Restored),
        ("550", "reset room 4", 2, "room-4", Condition::Restored),
        ("550", "4 CANCELLED", 3, "room-4", Condition::Cancelled),
        ("901", "BATH", 3, "bath", Condition::Restored),
        // Of a call type that nobody knows the row says what it is; a reset by its call type stays one.
        ("550", "RESET ROOM 4", 9, "room-4", Condition::Restored),
        ("550", "ROOM 4", 1, "room-4", Condition::Restored),
        ("550", "BED 2", 3, "550", Condition::Raised),
    ] {
        let block = call(address, text, call_type, 3, Text::Utf8);
        let message = says(settings.clone(), &block);
        assert_eq!(message.signals, [help(device, condition)], "{text}");
    }
    // Where each call ends by itself, a reset raises nothing.
    let settings = Settings {
        clears: Clears::WhenSent,
        ..settings
    };
    let block = call("550", "RESET ROOM 4", 3, 3, Text::Utf8);
    let message = says(settings, &block);
    assert_eq!(message.signals, [help("room-4", Condition::Restored)]);
    let wrong = SettingsText {
        calls: vec![row("", "x", "", "over")],
        ..SettingsText::default()
    };
    assert_eq!(wrong.settle().1[0].key, "calls[0].condition");
}

#[test]
fn text_in_utf_8_is_read_as_it_was_written() {
    let row = |text: &str| CallText {
        text: text.to_owned(),
        device: "{text}".to_owned(),
        ..CallText::default()
    };
    let settings = with_calls(&[row("zimmer *"), row("pokój *"), row("δωμάτιο *")]);
    for text in ["Zimmer Süd 3", "Pokój 4 łóżko", "δωμάτιο 5 €"] {
        let message = says(settings.clone(), &call("7", text, 3, 3, Text::Utf8));
        assert_eq!(message.signals, [help(text, Condition::Raised)], "{text}");
    }
    // What is no UTF-8 costs a letter, never the call.
    let message = says(settings, &call("7", "Zimmer Süd", 3, 3, Text::Latin1));
    assert_eq!(message.signals.len(), 1);
}

#[test]
fn spaces_that_a_sender_writes_around_ids_and_values_are_nothing() {
    let plain = [("1", "550"), ("2", "CALL"), ("4", "3")];
    for spaced in [
        [(" 1", "550"), ("2", "CALL"), ("4", "3")],
        [("1 ", " 550 "), (" 2 ", "CALL "), (" 4", " 3 ")],
        [("01", "550"), ("02", " CALL"), (" 04", "3")],
    ] {
        for header in ["1", " 1", "1 ", "01"] {
            let due = said(&block("1", &plain, Text::Latin1)).signals;
            let found = said(&block(header, &spaced, Text::Latin1)).signals;
            assert_eq!(found, due, "{header:?} {spaced:?}");
        }
    }
}

#[test]
fn a_block_whose_sender_leaves_the_check_out_is_refused_by_name_and_never_a_call() {
    for (address, text) in [
        ("550", "CALL ME 101"),
        ("1", "A"),
        ("12", "FIRE"),
        ("9", ""),
        ("77", "BATH 3"),
    ] {
        let mut whole = call(address, text, 3, 3, Text::Latin1);
        let check = whole.pop().unwrap();
        assert_ne!(check, EOT);
        whole.push(EOT);
        let mut line = line();
        let heard = line.hears(&whole);
        let due = Refusal::CheckMissing {
            due: u32::from(check),
        };
        assert_eq!(heard.messages[0].refusals, [due], "{text}");
        assert_eq!(heard.messages[0].signals, [], "{text}");
        assert_eq!(heard.send, [b'1', NAK], "{text}");
    }
}

#[test]
fn a_block_that_is_too_long_is_refused_once_and_not_held() {
    let mut line = line();
    let mut long = vec![SOH, b'1', 2];
    long.extend(vec![b'x'; 100_000]);
    let heard = line.hears(&long);
    assert_eq!(heard, Heard::default());
    assert!(line.wire.held() <= LONGEST);
    let heard = line.hears(&[3, 0]);
    assert_eq!(heard.send, [b'1', NAK]);
    assert_eq!(heard.messages[0].refusals[0].name(), "too_large");
    line.selected();
}

#[test]
fn the_published_example_is_read_by_hand_without_its_check_and_on_a_line_it_is_not() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/espa444.jsonl");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("{} is not here: nothing to compare", file.display());
        return;
    };
    let mut lines = 0;
    for fixture in text
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
    {
        assert_eq!(fixture["id"], "espa444-01");
        let hex = fixture["hex"].as_str().unwrap();
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        let mut line = line();
        assert_eq!(line.hears(&bytes), Heard::default());
        let mut heard = Heard::default();
        line.wire.ended(line.now, &mut heard);
        assert_eq!(heard.send, SILENCE);
        let message = &heard.messages[0];
        assert_eq!(message.signals, [help("550", Condition::Raised)]);
        assert_eq!(
            message.refusals,
            [Refusal::CheckMissing {
                due: u32::from(bcc(&bytes[1..]))
            }]
        );
        assert_eq!((message.ticket, message.unmapped.len()), (None, 0));
        // With its check it is the same call; should the check still come, it says nothing.
        let whole = [&bytes[..], &[bcc(&bytes[1..])]].concat();
        assert_eq!(line.hears(&whole[whole.len() - 1..]), Heard::default());
        assert_eq!(said(&whole).signals, message.signals);
        lines += 1;
    }
    assert_eq!(lines, 1);
}

/// Text that a sender may put into a record.
fn display() -> impl Strategy<Value = String> {
    "[ -~\u{a0}-\u{ff}]{0,100}"
}

/// Bytes between blocks that begin nothing and ask nothing.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("no control character of the line", |b| {
        !matches!(b, 0x01 | 0x04 | 0x05 | 0x06 | 0x15)
    });
    prop::collection::vec(byte, 0..20)
}

proptest! {
    #[test]
    fn whatever_the_chunks_and_the_noise_between_the_calls_are_the_same(
        calls in prop::collection::vec(("[0-9]{1,6}", display(), 1u8..=9, noise()), 1..6),
        cuts in prop::collection::vec(1usize..40, 1..60),
    ) {
        let mut bytes = Vec::new();
        let mut due = Vec::new();
        for (n, (address, text, call_type, noise)) in calls.iter().enumerate() {
            // Each address once: a repeat would be a retransmission.
            let address = format!("{n}{address}");
            let sent = call(&address, text, *call_type, 1, Text::Latin1);
            due.push(said(&sent).signals);
            bytes.extend(noise);
            bytes.extend(sent);
        }
        let mut line = line();
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            for message in line.hears(chunk).messages {
                if message.ticket.is_some() {
                    prop_assert_eq!(&message.refusals, &[]);
                    found.push(message.signals);
                }
            }
        }
        prop_assert_eq!(found, due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_grow_nor_get_an_answer_that_means_taken(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0u64..3_000), 0..30),
        control in any::<bool>(),
    ) {
        let role = if control { Role::control(vec![b'2', b'7']) } else { Settings::default().role };
        let mut line = Line::new(Settings { role, ..Settings::default() });
        line.opens();
        for (chunk, pause) in chunks {
            let heard = line.hears(&chunk);
            prop_assert!(line.wire.held() <= LONGEST);
            let enquired = chunk.contains(&ENQ);
            prop_assert!(enquired || !heard.send.contains(&ACK));
            line.runs(pause);
        }
    }

    #[test]
    fn no_single_flipped_bit_is_taken_for_the_call(bit in 0usize..8, at in any::<prop::sample::Index>()) {
        let mut line = line();
        line.selected();
        let mut bad = press();
        let at = at.index(bad.len());
        bad[at] ^= 1 << bit;
        let heard = line.hears(&bad);
        prop_assert!(heard.messages.iter().all(|m| m.ticket.is_none()));
        prop_assert!(!heard.send.contains(&ACK));
        // The sender repeats, and is heard.
        line.runs(2_000);
        let again = line.hears(&press());
        prop_assert!(again.messages.iter().any(|m| m.ticket.is_some()));
    }
}
