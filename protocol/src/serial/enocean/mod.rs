//! EnOcean's serial protocol, version 3, as a USB receiver speaks it (57600 8N1). Packets are cut in `frame`, telegrams
//! read in `telegram`, what a profile's telegram says is in `profile` and `meaning`, packets are written in `say`. It
//! answers nothing: a telegram is in our care from the moment it is read.
//!
//! **Who is what.** A telegram names its sender and not what the sender is. That is its profile: what the installer says of
//! it holds; else what its last teach-in said (of four bytes, or universal), which the journal remembers; a telegram of one
//! byte is a contact (D5-00-01), since there is nothing else. A switch's telegram (F6) never names its profile. Of a sender
//! without one nothing is said but that it is untaught, by its address and kind of telegram, once of each. What a
//! controller answers to somebody's teach-in teaches nothing: it is no sensor.
//!
//! **Not a reading.** A teach-in (A5: DB0.3 clear; D5: bit 3 clear; D4), the receiver's own words (responses, events,
//! commands), encrypted telegrams and those of the second protocol version (ERP2, outside Europe).
//!
//! **The same telegram again.** A repeater passes a telegram on with its count in the status: the same words with another
//! count within `REPEATED_MS` are the same telegram. With the same count they are a second press. Smoke and water are
//! pulses that are said again only when the alarm was silent for 30 s, so that a lost "all clear" never hides the next one.

mod frame;
mod meaning;
mod profile;
mod say;
mod teach;
mod telegram;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use frame::{LONGEST, SYNC, crc8};
pub use profile::Profile;
pub use say::{
    Smoke, button, climate, contact, leak, motion, packet, rocker, smoke, teach_in, telegram,
};
pub use telegram::{FOUR_BYTES, ONE_BYTE, RPS, TEACH_IN, VARIABLE};

use self::frame::{Cut, Packet};
use self::telegram::Telegram;
use super::echo::Echo;
use super::{Heard, Wire};
use crate::signal::{Message, Refusal};
use crate::turns::Turns;

/// A packet that pauses this long has broken off, ms. Ours: the longest takes 135 ms.
const GAP_MS: u64 = 500;

/// How long a repeater's copy may come after the telegram, ms. Ours: a telegram and all its subtelegrams take 40 ms, and
/// two repeaters pass it on one after the other.
const REPEATED_MS: u64 = 500;

/// How many telegrams are remembered to know a repeater's copy.
const COPIES: usize = 32;

/// How many senders that can raise no alarm may teach themselves, and how many may be told as untaught.
const SENDERS_MOST: usize = 512;

/// What an installer says of the senders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    profiles: BTreeMap<u32, Profile>,
}

impl Settings {
    /// The sender called `device` has this profile. False when either cannot be read, and nothing is said.
    pub fn name(&mut self, device: &str, profile: &str) -> bool {
        let (Some(sender), Some(profile)) = (sender(device), Profile::parse(profile)) else {
            return false;
        };
        self.profiles.insert(sender, profile);
        true
    }
}

/// The address of the sender that a device of this name is: eight hexadecimal digits, capital letters (`01A50701`).
pub fn sender(device: &str) -> Option<u32> {
    let digits = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    let named = device.len() == 8 && device.bytes().all(digits);
    named.then(|| u32::from_str_radix(device, 16).ok())?
}

/// The reader of one line.
#[derive(Debug)]
pub struct EnOcean {
    settings: Settings,
    bytes: Vec<u8>,
    byte_ms: u64,
    noise: usize,
    /// Bytes of a packet that was refused already: they are not told again as noise.
    refused: usize,
    /// By sender and kind of telegram.
    learned: BTreeMap<(u32, u8), Profile>,
    /// Those that can raise no alarm, as their profiles are, and those that can.
    quiet: Turns<(u32, u8)>,
    alarming: Turns<(u32, u8)>,
    /// Senders and kinds of telegrams that nobody taught, as far as they were told.
    untaught: BTreeSet<(u32, u8)>,
    /// Those that were read since the line was opened; `None` where it was not opened (somebody reads by hand).
    greeted: Option<BTreeSet<(u32, u8)>>,
    /// What the next telegrams' senders are, where somebody reads by hand.
    told: Option<Profile>,
    copies: VecDeque<(Telegram, u64)>,
    echo: Echo,
}

impl EnOcean {
    /// A reader of a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            refused: 0,
            learned: BTreeMap::new(),
            quiet: Turns::new(),
            alarming: Turns::new(),
            untaught: BTreeSet::new(),
            greeted: None,
            told: None,
            copies: VecDeque::new(),
            echo: Echo::new(0),
        }
    }

    /// How many bytes of an unfinished packet it holds: fewer than [`LONGEST`].
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Cuts what is held as far as it goes.
    fn cut(&mut self, now_ms: u64, heard: &mut Heard) {
        loop {
            match frame::cut(&self.bytes) {
                Cut::More => return,
                Cut::Noise(len) => self.drop_noise(len),
                Cut::Packet(len, packet) => {
                    self.refused = 0;
                    self.quiet(heard);
                    let raw = self.bytes.drain(..len).collect();
                    let message = self.packet(&packet, now_ms);
                    let message = self.echo.sift(message, now_ms);
                    heard.messages.push(Message { raw, ..message });
                }
                Cut::Garbled(len, refusal) => {
                    self.quiet(heard);
                    let raw = self.bytes.get(..len).unwrap_or_default().to_vec();
                    self.bytes.drain(..frame::HEADER);
                    self.refused = len - frame::HEADER;
                    heard.messages.push(Message {
                        raw,
                        ..Message::refused(refusal)
                    });
                }
            }
        }
    }

    fn drop_noise(&mut self, len: usize) {
        self.bytes.drain(..len);
        let known = len.min(self.refused);
        self.refused -= known;
        self.noise += len - known;
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

    /// What is held has broken off: another packet may stand within it.
    fn torn(&mut self, now_ms: u64, heard: &mut Heard) {
        while !self.bytes.is_empty() {
            self.drop_noise(1);
            self.cut(now_ms, heard);
        }
    }

    fn torn_ms(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    fn packet(&mut self, packet: &Packet, now_ms: u64) -> Message {
        match packet.kind {
            0x01 => match Telegram::read(&packet.data) {
                Ok(telegram) => self.telegram(&telegram, now_ms),
                Err(refusal) => Message::refused(refusal),
            },
            0x02 => Message::ignored("a response of the receiver"),
            0x04 => Message::ignored("an event of the receiver"),
            0x05 => Message::ignored("a command to the receiver"),
            0x0a => Message::ignored("a telegram of the second protocol version (ERP2)"),
            0x03 | 0x06 | 0x07 | 0x09 | 0x0b | 0x0c | 0x10 | 0x11 => {
                Message::ignored("a packet that carries no sensor's telegram")
            }
            kind => Message::refused(Refusal::UnknownFrame {
                kind: format!("packet type {kind:02X}"),
            }),
        }
    }

    fn telegram(&mut self, telegram: &Telegram, now_ms: u64) -> Message {
        if self.is_copy(telegram, now_ms) {
            return Message::ignored("a repeater's copy");
        }
        match telegram.rorg {
            TEACH_IN => self.universal_teach_in(telegram),
            FOUR_BYTES if !telegram.bit(0, 3) => self.teach_in(telegram),
            ONE_BYTE if !telegram.bit(0, 3) => Message::ignored("a teach-in"),
            RPS | ONE_BYTE | FOUR_BYTES | VARIABLE => self.reading(telegram),
            0x30 | 0x31 | 0x32 | 0x33 | 0x35 => Message::ignored("an encrypted telegram"),
            0x40 | 0xa6 | 0xc5 | 0xc6 | 0xc7 | 0xd0 | 0xd1 => {
                Message::ignored("a telegram that carries no reading")
            }
            rorg => Message::refused(Refusal::UnknownFrame {
                kind: format!("telegram {rorg:02X}"),
            }),
        }
    }

    /// True of a telegram that came with another count of repeaters just before.
    fn is_copy(&mut self, telegram: &Telegram, now_ms: u64) -> bool {
        let fresh = |at: u64| now_ms.saturating_sub(at) < REPEATED_MS;
        self.copies.retain(|(_, at)| fresh(*at));
        let copy = self.copies.iter().any(|(other, _)| {
            other.sender == telegram.sender
                && other.rorg == telegram.rorg
                && other.payload == telegram.payload
                && other.repeated() != telegram.repeated()
        });
        if !copy {
            if self.copies.len() >= COPIES {
                self.copies.pop_front();
            }
            self.copies.push_back((telegram.clone(), now_ms));
        }
        copy
    }
}

impl Wire for EnOcean {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        self.greeted = Some(BTreeSet::new());
        Vec::new()
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.noise = 0;
        self.refused = 0;
        self.copies.clear();
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) && !bytes.is_empty() {
            self.torn(now_ms, heard);
        }
        self.byte_ms = now_ms;
        self.bytes.extend_from_slice(bytes);
        self.cut(now_ms, heard);
        self.quiet(heard);
    }

    fn due_ms(&self) -> Option<u64> {
        self.torn_ms()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) {
            self.torn(now_ms, heard);
            self.quiet(heard);
        }
    }

    fn told(&mut self, profile: &str) -> bool {
        self.told = Profile::parse(profile);
        self.told.is_some_and(Profile::is_read)
    }

    fn recall(&mut self, device: &str, says: &str) {
        if let (Some(sender), Some(profile)) = (sender(device), Profile::parse(says)) {
            self.remember(sender, profile);
        }
    }

    /// A packet that broke off must not hide the next one, where nothing tells how long it paused.
    fn ended(&mut self, now_ms: u64, heard: &mut Heard) {
        while let Some(next) = frame::later(&self.bytes) {
            self.drop_noise(next);
            self.cut(now_ms, heard);
        }
        self.quiet(heard);
        self.told = None;
    }
}
