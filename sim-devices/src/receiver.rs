//! An `RFXtrx433` receiver: it is reset, asked for its status and started by whoever opens it, and passes on what it hears of
//! the radio, each packet several times. It decides with the time it is given.

use std::collections::VecDeque;

use tecs_protocol::serial::rfxtrx::{get_status, reset, start, status};

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// How long a receiver takes to reset, ms (`pyRFXtrx` waits 300).
const RESET_MS: u64 = 250;
/// A transmitter that nobody started speaks after this long all the same, ms: older firmware waits for nothing.
const UNASKED_MS: u64 = 2_500;
/// How often a security device says the same, and how far apart, ms; a sensor says a measurement once. Ours.
const TIMES: u8 = 3;
/// The packet type of security devices, and where it stands.
const SECURITY: (usize, u8) = (1, 0x20);
const APART_MS: u64 = 60;
/// Its firmware's number.
const FIRMWARE: u8 = 0x69;
/// Where a packet has its sequence number.
const SEQ: usize = 3;
/// The most packets that wait, each once: a receiver keeps nothing.
const WAITING: usize = 64;

/// A receiver.
#[derive(Debug, Default)]
pub struct Receiver {
    packets: VecDeque<(Vec<u8>, u8, Handed)>,
    heard: Vec<u8>,
    out: Vec<u8>,
    open: bool,
    ready_ms: u64,
    next_ms: u64,
    seq: u8,
    asked: u64,
    said: u64,
}

impl Talker for Receiver {
    fn opened(&mut self, now_ms: u64) {
        self.open = true;
        self.heard.clear();
        self.ready_ms = now_ms + UNASKED_MS;
    }

    fn closed(&mut self, _: u64) {
        self.open = false;
        for (_, _, handed) in self.packets.drain(..) {
            if handed.taken() == Taken::Waits {
                handed.set(Taken::No);
            }
        }
        self.out.clear();
    }

    fn says(&mut self, body: &Body, handed: &Handed, _: u64) {
        let Body::Bytes(packet) = body else {
            return handed.set(Taken::No);
        };
        // What the radio says while nobody reads is heard by nobody.
        if !self.open || self.packets.len() >= WAITING {
            return handed.set(Taken::No);
        }
        let (at, kind) = SECURITY;
        let times = if packet.get(at) == Some(&kind) {
            TIMES
        } else {
            1
        };
        self.packets
            .push_back((packet.clone(), times, handed.clone()));
    }

    fn hears(&mut self, bytes: &[u8], now_ms: u64) {
        self.heard.extend(bytes);
        let commands = [reset(), get_status(), start()];
        while self.heard.len() >= reset().len() {
            let which = commands.iter().position(|c| self.heard.starts_with(c));
            match which {
                Some(0) => self.ready_ms = now_ms + UNASKED_MS.max(RESET_MS),
                Some(1) => {
                    self.asked += 1;
                    self.seq = self.seq.wrapping_add(1);
                    self.out.extend(status(self.seq, FIRMWARE));
                }
                Some(_) => self.ready_ms = now_ms,
                None => {}
            }
            let taken = if which.is_some() { reset().len() } else { 1 };
            self.heard.drain(..taken);
        }
    }

    fn speaks(&mut self, now_ms: u64) -> Vec<u8> {
        if self.out.is_empty()
            && self.ready_ms.max(self.next_ms) <= now_ms
            && let Some((packet, left, handed)) = self.packets.front_mut()
        {
            self.seq = self.seq.wrapping_add(1);
            if let Some(seq) = packet.get_mut(SEQ) {
                *seq = self.seq;
            }
            self.out.extend(packet.iter());
            self.said += 1;
            handed.set(Taken::Yes);
            *left -= 1;
            if *left == 0 {
                self.packets.pop_front();
            }
            self.next_ms = now_ms + APART_MS;
        }
        std::mem::take(&mut self.out)
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("status asked for", self.asked),
            ("packets said", self.said),
        ]
    }
}
