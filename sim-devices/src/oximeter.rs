//! A Nonin oximeter at the other end of its line: it takes the format that it is asked for or refuses it, forwards the spot
//! checks that it stored, or shows a value a second. It decides with the time it is given.

use std::collections::VecDeque;

use tecs_protocol::serial::nonin::{
    ACK, Format, NAK, Second, SpotCheck, ask_serial, select, serial_reply,
};

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// A device that nobody asked for a format speaks in its own after this long, ms. Ours.
const UNASKED_MS: u64 = 1_500;
/// The most spot checks that are stored; the oldest goes first, and is counted. Ours.
const STORED: usize = 64;
/// What is shown is held for this long after the finger left, ms (Nonin's data sheets).
const HELD_MS: u64 = 10_000;
/// From one value to the next in data format 8, ms.
const SECOND_MS: u64 = 1_000;
/// The longest beginning of a command that is held, bytes.
const HELD: usize = 64;
/// Its serial number; invented.
const SERIAL: &str = "100200300";

#[derive(Debug)]
struct Stored {
    spot: SpotCheck,
    handed: Handed,
}

#[derive(Debug)]
struct Shown {
    second: Second,
    since_ms: u64,
    next_ms: u64,
    handed: Handed,
}

impl Shown {
    const fn from(second: Second, handed: Handed, now_ms: u64) -> Self {
        Self {
            second,
            since_ms: now_ms,
            next_ms: now_ms,
            handed,
        }
    }
}

/// An oximeter.
#[derive(Debug)]
pub struct Oximeter {
    /// It has data format 8 alone.
    only_df8: bool,
    format: Format,
    /// When it may speak.
    ready_ms: u64,
    open: bool,
    heard: Vec<u8>,
    out: Vec<u8>,
    stored: VecDeque<Stored>,
    shown: Option<Shown>,
    asked: u64,
    refused: u64,
    spots: u64,
    seconds: u64,
    dropped: u64,
}

impl Oximeter {
    /// An oximeter that was just switched on.
    pub const fn new(only_df8: bool) -> Self {
        Self {
            only_df8,
            format: if only_df8 { Format::Df8 } else { Format::Df13 },
            ready_ms: 0,
            open: false,
            heard: Vec::new(),
            out: Vec::new(),
            stored: VecDeque::new(),
            shown: None,
            asked: 0,
            refused: 0,
            spots: 0,
            seconds: 0,
            dropped: 0,
        }
    }

    /// Takes the commands out of what was heard.
    fn commands(&mut self, now_ms: u64) {
        let formats = [Format::Df8, Format::Df13];
        while !self.heard.is_empty() {
            let asked = formats.into_iter().find(|f| self.begins(&select(*f)));
            let taken = if let Some(format) = asked {
                self.asked += 1;
                let has = !self.only_df8 || format == Format::Df8;
                if has {
                    self.format = format;
                } else {
                    self.refused += 1;
                }
                self.out.push(if has { ACK } else { NAK });
                self.ready_ms = now_ms;
                select(format).len()
            } else if self.begins(&ask_serial()) {
                self.out.extend(serial_reply(SERIAL));
                ask_serial().len()
            } else if self.heard.len() < ask_serial().len() {
                return;
            } else {
                1
            };
            self.heard.drain(..taken);
        }
    }

    fn begins(&self, command: &[u8]) -> bool {
        self.heard.starts_with(command)
    }

    /// What it measured and has not sent: in format 13 all of it, one after the other; in format 8 the last is shown.
    fn forward(&mut self, now_ms: u64) {
        for stored in self.stored.drain(..) {
            if self.format == Format::Df8 {
                let second = Second {
                    spo2: stored.spot.spo2,
                    pulse: stored.spot.pulse,
                    sensor_off: stored.spot.no_measurement,
                    ..Second::default()
                };
                self.shown = Some(Shown::from(second, stored.handed, now_ms));
                continue;
            }
            self.spots += 1;
            self.out.extend(stored.spot.encode());
            stored.handed.set(Taken::Yes);
        }
    }

    fn show(&mut self, now_ms: u64) {
        let Some(shown) = self.shown.as_mut().filter(|s| s.next_ms <= now_ms) else {
            return;
        };
        if shown.second.sensor_off && now_ms.saturating_sub(shown.since_ms) >= HELD_MS {
            shown.second.spo2 = None;
            shown.second.pulse = None;
        }
        self.seconds += 1;
        shown.next_ms = now_ms + SECOND_MS;
        self.out.extend(shown.second.encode());
        shown.handed.set(Taken::Yes);
    }
}

impl Talker for Oximeter {
    fn opened(&mut self, now_ms: u64) {
        self.open = true;
        self.ready_ms = now_ms + UNASKED_MS;
        self.heard.clear();
    }

    fn closed(&mut self, _: u64) {
        self.open = false;
        self.out.clear();
        for stored in &mut self.stored {
            stored.spot.from_memory = true;
        }
    }

    fn says(&mut self, body: &Body, handed: &Handed, now_ms: u64) {
        match body {
            Body::Spot(spot) => {
                if self.stored.len() >= STORED
                    && let Some(oldest) = self.stored.pop_front()
                {
                    oldest.handed.set(Taken::No);
                    self.dropped += 1;
                }
                let mut spot = *spot;
                spot.from_memory = !self.open;
                let handed = handed.clone();
                self.stored.push_back(Stored { spot, handed });
            }
            Body::Shows(second) => {
                let mut second = *second;
                let before = self.shown.take();
                if let Some(before) = before.filter(|_| second.sensor_off) {
                    // Held although the finger is gone.
                    second.spo2 = before.second.spo2;
                    second.pulse = before.second.pulse;
                }
                // Nothing is stored: what is shown while nobody reads is seen by nobody.
                if !self.open {
                    handed.set(Taken::No);
                }
                self.shown = Some(Shown::from(second, handed.clone(), now_ms));
            }
            Body::Bytes(_) | Body::Publish { .. } | Body::Repeats(_) | Body::Register { .. } => {
                handed.set(Taken::No);
            }
        }
    }

    fn hears(&mut self, bytes: &[u8], now_ms: u64) {
        self.heard.extend(bytes);
        if self.heard.len() > HELD {
            let too_many = self.heard.len() - HELD;
            self.heard.drain(..too_many);
        }
        self.commands(now_ms);
    }

    fn speaks(&mut self, now_ms: u64) -> Vec<u8> {
        // After an answer the next words come in the next turn: a reader has read the answer by then.
        if self.out.is_empty() && self.ready_ms <= now_ms {
            self.forward(now_ms);
            self.show(now_ms);
        }
        std::mem::take(&mut self.out)
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("formats asked for", self.asked),
            ("formats refused", self.refused),
            ("spot checks sent", self.spots),
            ("seconds shown", self.seconds),
            ("spot checks dropped", self.dropped),
        ]
    }
}
