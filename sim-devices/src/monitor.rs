//! A blood pressure monitor or scales of A&D at the other end of a Bluetooth serial port: a reading is sent until it is
//! accepted (`PWA1`), and then forgotten. It decides with the time it is given.

use std::collections::VecDeque;

use tecs_protocol::serial::and_medical::{ACCEPT, REJECT};

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// How long an answer may take before the reading is sent again, ms. Ours.
const ANSWER_MS: u64 = 5_000;
/// A line that was just opened is left alone for this long, ms.
const SETTLE_MS: u64 = 300;
/// The most readings that are stored; the oldest goes first, and is counted. Ours.
const STORED: usize = 64;

/// A monitor with the readings that nobody has accepted yet.
#[derive(Debug, Default)]
pub struct Monitor {
    readings: VecDeque<(Vec<u8>, Handed)>,
    /// The first of them was sent at this time.
    asked_ms: Option<u64>,
    rests_ms: u64,
    heard: Vec<u8>,
    sent: u64,
    accepted: u64,
    rejected: u64,
    silent: u64,
    dropped: u64,
}

impl Talker for Monitor {
    fn opened(&mut self, now_ms: u64) {
        self.asked_ms = None;
        self.rests_ms = now_ms + SETTLE_MS;
        self.heard.clear();
    }

    fn closed(&mut self, _: u64) {
        self.asked_ms = None;
    }

    fn says(&mut self, body: &Body, handed: &Handed, _: u64) {
        let Body::Bytes(frame) = body else {
            return handed.set(Taken::No);
        };
        if self.readings.len() >= STORED
            && let Some((_, oldest)) = self.readings.pop_front()
        {
            oldest.set(Taken::No);
            self.dropped += 1;
            self.asked_ms = None;
        }
        self.readings.push_back((frame.clone(), handed.clone()));
    }

    fn hears(&mut self, bytes: &[u8], _: u64) {
        for byte in bytes {
            self.heard.push(*byte);
            let too_many = self.heard.len().saturating_sub(ACCEPT.len());
            self.heard.drain(..too_many);
            if self.asked_ms.is_none() {
                continue;
            }
            if self.heard == ACCEPT {
                self.accepted += 1;
                self.asked_ms = None;
                if let Some((_, handed)) = self.readings.pop_front() {
                    handed.set(Taken::Yes);
                }
            } else if self.heard == REJECT {
                self.rejected += 1;
                self.asked_ms = None;
            }
        }
    }

    fn speaks(&mut self, now_ms: u64) -> Vec<u8> {
        if let Some(asked_ms) = self.asked_ms {
            if now_ms < asked_ms + ANSWER_MS {
                return Vec::new();
            }
            self.silent += 1;
        }
        let Some((frame, _)) = self.readings.front().filter(|_| self.rests_ms <= now_ms) else {
            return Vec::new();
        };
        self.sent += 1;
        self.asked_ms = Some(now_ms);
        frame.clone()
    }

    fn is_asking(&self) -> bool {
        self.asked_ms.is_some()
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("readings sent", self.sent),
            ("accepted", self.accepted),
            ("rejected", self.rejected),
            ("answers that did not come", self.silent),
            ("readings dropped", self.dropped),
        ]
    }
}
