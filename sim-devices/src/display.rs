//! A device that shows a value again and again: a Masimo oximeter says a line a second, a Contec one sixty frames a second,
//! some only for a while after they were called. It decides with the time it is given.

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// After a call it goes on for so long, ms (Contec's protocol).
const CALLED_MS: u64 = 30_000;
/// The most of what was heard that is held to find a call in it, bytes.
const HELD: usize = 64;

#[derive(Debug)]
struct Shown {
    bytes: Vec<u8>,
    next_ms: u64,
    handed: Handed,
}

/// A display.
#[derive(Debug)]
pub struct Display {
    every_ms: u64,
    /// What it must hear before it says anything; `None`: it says it unasked.
    call: Option<&'static [u8]>,
    until_ms: u64,
    heard: Vec<u8>,
    open: bool,
    shown: Option<Shown>,
    said: u64,
    calls: u64,
}

impl Display {
    /// A display that says what it shows this often, ms; `call`: only after it heard this.
    pub const fn new(every_ms: u64, call: Option<&'static [u8]>) -> Self {
        Self {
            every_ms,
            call,
            until_ms: 0,
            heard: Vec::new(),
            open: false,
            shown: None,
            said: 0,
            calls: 0,
        }
    }
}

impl Talker for Display {
    fn opened(&mut self, _: u64) {
        self.open = true;
        self.heard.clear();
    }

    fn closed(&mut self, _: u64) {
        self.open = false;
        self.until_ms = 0;
    }

    fn says(&mut self, body: &Body, handed: &Handed, now_ms: u64) {
        let Body::Repeats(bytes) = body else {
            return handed.set(Taken::No);
        };
        // What is shown while nobody reads is seen by nobody.
        if !self.open {
            handed.set(Taken::No);
        }
        self.shown = Some(Shown {
            bytes: bytes.clone(),
            next_ms: now_ms,
            handed: handed.clone(),
        });
    }

    fn hears(&mut self, bytes: &[u8], now_ms: u64) {
        let Some(call) = self.call else {
            return;
        };
        self.heard.extend(bytes);
        if self.heard.windows(call.len()).any(|w| w == call) {
            self.calls += 1;
            self.until_ms = now_ms + CALLED_MS;
            self.heard.clear();
        }
        let too_many = self.heard.len().saturating_sub(HELD);
        self.heard.drain(..too_many);
    }

    fn speaks(&mut self, now_ms: u64) -> Vec<u8> {
        if self.call.is_some() && self.until_ms <= now_ms {
            return Vec::new();
        }
        let Some(shown) = self.shown.as_mut().filter(|s| s.next_ms <= now_ms) else {
            return Vec::new();
        };
        self.said += 1;
        shown.next_ms = now_ms + self.every_ms;
        shown.handed.set(Taken::Yes);
        shown.bytes.clone()
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        vec![("calls heard", self.calls), ("values said", self.said)]
    }
}
