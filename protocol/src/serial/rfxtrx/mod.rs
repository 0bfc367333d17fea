//! `RFXtrx433` receivers (38400 8N1). Packets are cut in `frame`, what they say is in `meaning`, how they are written in `say`.
//! There is no checksum and no acknowledgement: a packet is in our care from the moment it is read.
//!
//! When the line is opened the receiver is reset, asked for its status half a second later, and started, as `pyRFXtrx`
//! does; which radios it listens to stays as it was set in the receiver itself.
//!
//! **A lost place.** A type that nobody knows is refused by name and skipped by its length where that leads to the next
//! packet. A length that leads nowhere, or that its type cannot have, is refused as well, and packets are looked for
//! from the next byte on; until one of a known length is found, nothing else is taken for one. A pause of `GAP_MS` ends
//! half a packet, and so does a reading that is whole packets by itself.
//!
//! | the device says | it means |
//! |---|---|
//! | Security1 normal, alarm (each also delayed) | contact closed, open; of a motion sensor clear, active; of a smoke detector all clear, smoke |
//! | motion, no motion | motion active, clear |
//! | panic, its end | smoke of a smoke detector (03, 09, 0A); panic of anything else |
//! | arm, disarm, light 1 and 2 | a button, by the action's name |
//! | dark, light, pairing | nothing |
//! | a light barrier (08) | motion active, field `beam` |
//! | bit 80 of any status, whatever the status says besides | tamper, until the sender speaks without it |
//! | battery 0 or battery low | `battery_low` (smoke detectors tell no battery) |
//! | panic of a Security1 subtype that nobody knows | an unknown alarm; whatever else it says is refused by name |
//! | Lighting1, Lighting2 | a button: `on`, `off`, `group_on` … |
//! | a fixed code (Lighting4) | what the table of codes says of it; untaught where it says nothing |
//! | a chime | a button: `single` |
//! | temperature, humidity, both, with air pressure; electricity | what they measure |
//!
//! A table of codes (`map` in the configuration) is asked of every fixed code, and of switches and chimes first: a sender that
//! it knows is the installer's door, motion sensor or pendant. Where there is no table at all a fixed code is a button.
//!
//! **The same again.** A radio sends each press several times, each with its own sequence number: the same words within
//! `PRESS_MS` are one press. A smoke detector repeats while it burns and may never say that it is out: the same alarm
//! after 30 s of silence is a new one.

mod codes;
mod frame;
mod meaning;
mod say;

pub use frame::LONGEST;
pub use say::{
    climate, get_status, lighting2, packet, reset, security, start, status, temperature,
};

use std::collections::BTreeSet;
use std::sync::Arc;

use self::frame::Cut;
use super::echo::Echo;
use super::{Heard, Wire};
use crate::family::Way;
use crate::map::{Map, MapLines};
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

/// A packet that pauses this long has broken off, ms. Ours: the longest takes 11 ms.
const GAP_MS: u64 = 500;

/// How long a press is repeated, ms. Ours, as the tables of `map` have it.
const PRESS_MS: u64 = 1_000;

/// How long the receiver takes to reset, ms (`pyRFXtrx` waits 300).
const RESET_MS: u64 = 500;

/// How long its status is waited for before it is started all the same, ms. Ours.
const STATUS_MS: u64 = 1_000;

/// How many senders are remembered whose cover is off. Ours: a home has a few.
const TAMPERED_MOST: usize = 64;

/// The longest line that is made of a code, bytes.
const LINE_LONGEST: usize = 256;

/// How far the receiver has been started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nobody opened the line, or all is said.
    Done,
    /// Reset at this time.
    Reset(u64),
    /// Asked for its status at this time.
    Asked(u64),
}

/// The reader of one line.
#[derive(Debug)]
pub struct RfxTrx {
    bytes: Vec<u8>,
    byte_ms: u64,
    noise: usize,
    /// Bytes of a packet that was refused already: they are not told again as noise.
    refused: usize,
    /// Where a packet begins is not known.
    lost: bool,
    start: Start,
    echo: Echo,
    /// Senders that said tamper last, and may never say anything that restores it by itself.
    tampered: BTreeSet<String>,
    /// The installer's tables of codes.
    codes: Option<MapLines>,
}

impl Default for RfxTrx {
    fn default() -> Self {
        Self::new()
    }
}

impl RfxTrx {
    /// A reader of a line.
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            refused: 0,
            lost: false,
            start: Start::Done,
            echo: Echo::new(PRESS_MS),
            tampered: BTreeSet::new(),
            codes: None,
        }
    }

    /// A reader of a line whose codes this table knows.
    pub fn with_codes(table: Option<Arc<Map>>) -> Self {
        let lines = table.filter(|map| map.way() == Way::Line);
        Self {
            codes: lines.map(|map| MapLines::new(map, LINE_LONGEST)),
            ..Self::new()
        }
    }

    /// How many bytes of an unfinished packet it holds: fewer than [`LONGEST`].
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Cuts what is held as far as it goes.
    fn cut(&mut self, now_ms: u64, heard: &mut Heard) {
        loop {
            match frame::cut(&self.bytes, self.lost) {
                Cut::More => return,
                Cut::Noise => self.drop_first(),
                Cut::Packet(len) => {
                    self.lost = false;
                    self.refused = 0;
                    self.quiet(heard);
                    let raw: Vec<u8> = self.bytes.drain(..len).collect();
                    self.started(&raw, heard);
                    let message = self.says(&raw, now_ms);
                    heard.messages.push(Message { raw, ..message });
                }
                Cut::Unread(len, refusal) => {
                    self.quiet(heard);
                    let raw = self.bytes.drain(..len).collect();
                    heard.messages.push(Message {
                        raw,
                        ..Message::refused(refusal)
                    });
                }
                Cut::Wrong(len, refusal) => {
                    self.quiet(heard);
                    let held = self.bytes.get(..len).unwrap_or(&self.bytes);
                    heard.messages.push(Message {
                        raw: held.to_vec(),
                        ..Message::refused(refusal)
                    });
                    self.refused = len;
                    self.drop_first();
                }
            }
        }
    }

    /// What a packet says, without what it only repeats: a code by the installer's table, all else by itself.
    fn says(&mut self, packet: &[u8], now_ms: u64) -> Message {
        let by_table = self.by_table(packet, now_ms);
        // A switch that no table knows says itself what it does.
        let knows = |said: &Message| codes::is_fixed(packet) || !said.signals.is_empty();
        let message = by_table.filter(knows);
        let mut message = message.unwrap_or_else(|| meaning::read(packet));
        self.covers(&mut message);
        self.echo.sift(message, now_ms)
    }

    /// A sender that speaks without the bit of its cover is closed again, whatever it says.
    fn covers(&mut self, message: &mut Message) {
        let tells = |signal: &&Signal| signal.field == HealthKind::Tamper.word();
        if let Some(told) = message.signals.iter().find(tells) {
            if !told.what.is_raised() {
                self.tampered.remove(&told.device);
            } else if self.tampered.len() < TAMPERED_MOST {
                self.tampered.insert(told.device.clone());
            }
        } else if let Some(other) = message.signals.first()
            && self.tampered.remove(&other.device)
        {
            let what = What::health(HealthKind::Tamper, Condition::Restored, "");
            let field = HealthKind::Tamper.word();
            let mut closed = Signal::new(&*other.device, field, Reading::Edge, what);
            closed.model.clone_from(&other.model);
            message.signals.push(closed);
        }
    }

    fn by_table(&mut self, packet: &[u8], now_ms: u64) -> Option<Message> {
        let table = self.codes.as_mut()?;
        let mut heard = Heard::default();
        table.read(codes::line(packet)?.as_bytes(), now_ms, &mut heard);
        heard.messages.pop()
    }

    fn drop_first(&mut self) {
        self.lost = true;
        self.bytes.drain(..1);
        if self.refused > 0 {
            self.refused -= 1;
        } else {
            self.noise += 1;
        }
    }

    /// Tells the noise before a packet, or at the end of a reading.
    fn quiet(&mut self, heard: &mut Heard) {
        let bytes = std::mem::take(&mut self.noise);
        if bytes > 0 {
            heard
                .messages
                .push(Message::refused(Refusal::Noise { bytes }));
        }
    }

    /// What is held has broken off; what comes next begins a packet.
    fn torn(&mut self, now_ms: u64, heard: &mut Heard) {
        while !self.bytes.is_empty() {
            self.drop_first();
            self.cut(now_ms, heard);
        }
        self.quiet(heard);
        self.lost = false;
        self.refused = 0;
    }

    fn torn_ms(&self) -> Option<u64> {
        let waits = !self.bytes.is_empty() || self.lost;
        waits.then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    /// The receiver answered: it is started.
    fn started(&mut self, packet: &[u8], heard: &mut Heard) {
        let answered = packet.get(1) == Some(&frame::INTERFACE);
        if answered && matches!(self.start, Start::Asked(_)) {
            self.start = Start::Done;
            heard.send.extend(start());
        }
    }

    fn start_ms(&self) -> Option<u64> {
        match self.start {
            Start::Done => None,
            Start::Reset(at) => Some(at.saturating_add(RESET_MS)),
            Start::Asked(at) => Some(at.saturating_add(STATUS_MS)),
        }
    }
}

impl Wire for RfxTrx {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        self.start = Start::Reset(now_ms);
        reset().to_vec()
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.noise = 0;
        self.refused = 0;
        self.lost = false;
        self.start = Start::Done;
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        let paused = self.torn_ms().is_some_and(|due| due <= now_ms);
        if !bytes.is_empty() && (paused || frame::is_whole(bytes)) {
            self.torn(now_ms, heard);
        }
        self.byte_ms = now_ms;
        self.bytes.extend_from_slice(bytes);
        self.cut(now_ms, heard);
        self.quiet(heard);
    }

    fn due_ms(&self) -> Option<u64> {
        [self.torn_ms(), self.start_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) {
            self.torn(now_ms, heard);
        }
        if self.start_ms().is_some_and(|due| due <= now_ms) {
            match self.start {
                Start::Done => {}
                Start::Reset(_) => {
                    self.start = Start::Asked(now_ms);
                    heard.send.extend(get_status());
                }
                Start::Asked(_) => {
                    self.start = Start::Done;
                    heard.send.extend(start());
                }
            }
        }
    }
}
