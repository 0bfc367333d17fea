//! Devices on lines that go both ways, against the gateway's own reader of their protocol, on a hand-turned clock: who is
//! told what, and when a call counts as handed over.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use tecs_protocol::serial::espa444::{self, Espa444, Role, Text, nak_garbled};
use tecs_protocol::serial::nonin::{self, Nonin, Second, SpotCheck};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Message, Missing, What};
use tecs_sim::oximeter::Oximeter;
use tecs_sim::panel::{Manner, Panel};
use tecs_sim::port::Talker;
use tecs_sim::words::{Body, Handed, Taken};

/// A device and a reader with a line between them.
struct Between<T, W> {
    device: T,
    reader: W,
    now_ms: u64,
    messages: Vec<Message>,
    /// What the device wrote, all of it.
    written: Vec<u8>,
    /// Custody is taken this long after a message; never without it.
    safe_after_ms: Option<u64>,
    unsafe_yet: Vec<(u64, u32)>,
}

impl<T: Talker, W: Wire> Between<T, W> {
    fn new(device: T, reader: W) -> Self {
        let mut between = Self {
            device,
            reader,
            now_ms: 1_000,
            messages: Vec::new(),
            written: Vec::new(),
            safe_after_ms: Some(20),
            unsafe_yet: Vec::new(),
        };
        between.opens();
        between
    }

    fn opens(&mut self) {
        self.device.opened(self.now_ms);
        let first = self.reader.opened(self.now_ms);
        self.device.hears(&first, self.now_ms);
    }

    /// The reader is killed and another one comes: it remembers nothing.
    fn dies(&mut self, next: W) {
        self.device.closed(self.now_ms);
        self.unsafe_yet.clear();
        self.reader = next;
        self.now_ms += 300;
        self.opens();
    }

    fn says(&mut self, body: &Body) -> Handed {
        let handed = Handed::new(Taken::Waits);
        self.device.says(body, &handed, self.now_ms);
        handed
    }

    fn runs(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        while self.now_ms < until {
            self.now_ms += 5;
            let mut heard = Heard::default();
            let said = self.device.speaks(self.now_ms);
            self.written.extend(&said);
            if !said.is_empty() {
                self.reader.read(&said, self.now_ms, &mut heard);
            }
            if self.reader.due_ms().is_some_and(|due| due <= self.now_ms) {
                self.reader.tick(self.now_ms, &mut heard);
            }
            let tickets = heard.messages.iter().filter_map(|m| m.ticket);
            let due = self.safe_after_ms.map(|ms| self.now_ms + ms);
            self.unsafe_yet
                .extend(tickets.filter_map(|ticket| Some((due?, ticket))));
            let (now, later) = self
                .unsafe_yet
                .iter()
                .partition(|(due, _)| *due <= self.now_ms);
            self.unsafe_yet = later;
            let now: Vec<(u64, u32)> = now;
            for (_, ticket) in now {
                self.reader.safe(ticket, self.now_ms, &mut heard);
            }
            self.messages.append(&mut heard.messages);
            self.device.hears(&heard.send, self.now_ms);
        }
    }

    fn counted(&self, what: &str) -> u64 {
        let all = self.device.counted();
        all.iter().find(|(word, _)| *word == what).unwrap().1
    }

    /// How often somebody was heard calling.
    fn calls(&self) -> usize {
        self.messages.iter().filter(|m| m.ticket.is_some()).count()
    }
}

fn call(n: u64) -> Body {
    Body::Bytes(espa444::call(
        "550",
        &format!("ROOM 4 #{n}"),
        3,
        3,
        Text::Latin1,
    ))
}

fn espa(role: Role) -> Espa444 {
    let settings = espa444::Settings {
        role,
        ..espa444::Settings::default()
    };
    Espa444::new(settings, 65_536)
}

fn station() -> Espa444 {
    espa(espa444::Settings::default().role)
}

fn refusals(messages: &[Message]) -> usize {
    messages.iter().map(|m| m.refusals.len()).sum()
}

#[test]
fn a_panel_of_every_manner_hands_its_calls_over_once_and_in_order() {
    let manners = [
        (Manner::Control, station()),
        (Manner::Bridge, station()),
        (Manner::Station(b'3'), espa(Role::control(vec![b'3', b'4']))),
    ];
    for (manner, reader) in manners {
        let mut line = Between::new(Panel::new(manner), reader);
        line.runs(2_000);
        let handed: Vec<Handed> = (1..=3).map(|n| line.says(&call(n))).collect();
        line.runs(6_000);
        assert!(handed.iter().all(|h| h.taken() == Taken::Yes), "{manner:?}");
        assert_eq!(
            (line.calls(), refusals(&line.messages)),
            (3, 0),
            "{manner:?}"
        );
        let all = (line.counted("calls"), line.counted("acknowledged"));
        assert_eq!(
            (all, line.counted("blocks repeated")),
            ((3, 3), 0),
            "{manner:?}"
        );
        let numbers: Vec<Option<u64>> = line
            .messages
            .iter()
            .filter(|m| m.ticket.is_some())
            .map(|m| tecs_sim::device::number_in(&m.raw))
            .collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3)], "{manner:?}");
    }
}

#[test]
fn a_call_that_is_not_safe_is_repeated_twice_given_up_made_again_and_never_counted_as_taken() {
    let mut line = Between::new(Panel::new(Manner::Control), station());
    line.safe_after_ms = None;
    let handed = line.says(&call(1));
    line.runs(9_000);
    assert_eq!(handed.taken(), Taken::Waits);
    assert_eq!(line.counted("blocks repeated"), 2);
    assert_eq!(line.counted("calls made again later"), 1);
    assert_eq!(line.calls(), 1, "the repeats joined the first");
    let ticket = line.messages.iter().find_map(|m| m.ticket).unwrap();
    line.unsafe_yet.push((line.now_ms, ticket));
    line.runs(5_000);
    assert_eq!(handed.taken(), Taken::Yes, "safe at last");
    assert_eq!(line.calls(), 1);
}

#[test]
fn a_call_in_whose_middle_the_reader_died_is_made_again() {
    for manner in [Manner::Control, Manner::Bridge] {
        let mut line = Between::new(Panel::new(manner), station());
        line.runs(500);
        line.safe_after_ms = None;
        let handed = line.says(&call(1));
        while !line.device.is_asking() {
            line.runs(5);
        }
        line.dies(station());
        line.safe_after_ms = Some(20);
        assert_eq!(handed.taken(), Taken::Waits, "{manner:?}");
        line.runs(2_000);
        assert_eq!(handed.taken(), Taken::Yes, "{manner:?}");
    }
}

#[test]
fn a_nak_is_counted_and_the_block_repeated() {
    let mut panel = Panel::new(Manner::Bridge);
    panel.opened(0);
    let handed = Handed::new(Taken::Waits);
    panel.says(&call(1), &handed, 0);
    let first = panel.speaks(1_000);
    panel.hears(&nak_garbled(), 1_010);
    assert_eq!(panel.speaks(1_010), first);
    panel.hears(&nak_garbled(), 1_020);
    assert_eq!(panel.speaks(1_020), first);
    panel.hears(&nak_garbled(), 1_030);
    assert_eq!(panel.speaks(1_030), [espa444::EOT], "given up for now");
    let all = panel.counted();
    assert!(all.contains(&("refused (NAK)", 3)), "{all:?}");
    assert_eq!(panel.speaks(2_100), first, "and made again later");
    panel.hears(&[espa444::ACK], 2_110);
    assert_eq!(handed.taken(), Taken::Yes);
}

fn spo2(messages: &[Message]) -> Vec<(Measured, bool)> {
    let mut out = Vec::new();
    for message in messages {
        for signal in &message.signals {
            if let What::Vital { kind, reading } = &signal.what
                && kind.word() == "spo2"
            {
                out.push((*reading, message.replayed));
            }
        }
    }
    out
}

const fn ok(value: f64) -> Measured {
    Measured::Value {
        value,
        questionable: false,
    }
}

fn spot(spo2: u8) -> Body {
    Body::Spot(SpotCheck {
        spo2: Some(spo2),
        pulse: Some(72),
        smart_point: true,
        ..SpotCheck::default()
    })
}

#[test]
fn an_oximeter_takes_the_format_and_forwards_what_it_stored_marked_so() {
    let reader = || Nonin::new(nonin::Settings::default());
    let mut line = Between::new(Oximeter::new(false), reader());
    line.runs(100);
    let first = line.says(&spot(95));
    line.runs(100);
    assert_eq!(
        (line.counted("formats asked for"), first.taken()),
        (1, Taken::Yes)
    );
    line.device.closed(line.now_ms);
    let stored = line.says(&spot(91));
    assert_eq!(stored.taken(), Taken::Waits);
    line.dies(reader());
    line.runs(100);
    assert_eq!(stored.taken(), Taken::Yes);
    assert_eq!(spo2(&line.messages), [(ok(95.0), false), (ok(91.0), true)]);
}

#[test]
fn an_oximeter_that_has_format_8_alone_refuses_and_shows_a_value_a_second_until_the_finger_is_off()
{
    let reader = Nonin::new(nonin::Settings::default());
    let mut line = Between::new(Oximeter::new(true), reader);
    line.runs(100);
    assert_eq!(line.counted("formats refused"), 1);
    let display = |spo2: Option<u8>| {
        Body::Shows(Second {
            spo2,
            pulse: spo2.map(u16::from),
            sensor_off: spo2.is_none(),
            ..Second::default()
        })
    };
    let shown = line.says(&display(Some(97)));
    line.runs(2_900);
    assert_eq!(shown.taken(), Taken::Yes);
    assert_eq!(spo2(&line.messages), vec![(ok(97.0), false); 3]);
    line.messages.clear();
    line.written.clear();
    line.says(&display(None));
    line.runs(12_000);
    let off = Measured::Missing(Missing::SensorOff);
    assert_eq!(spo2(&line.messages), [(off, false)], "told once");
    // 97 is held for ten seconds, and then 127.
    let values: Vec<u8> = line.written.iter().skip(2).step_by(4).copied().collect();
    assert_eq!((values.first(), values.last()), (Some(&97), Some(&127)));
}
