//! Masimo oximeters (Rad-8, Radical-7) on their serial port, ASCII output 1 (9600 8N1): a line a second. The line
//! discipline is here, what a line means in `line`, how one is written in `say`. It answers nothing: the wire is one-way.
//!
//! ```text
//! 03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55% … ALARM=000000 EXC=0000C00 EXC1=00000000
//! ```
//!
//! | the device says | it means |
//! |---|---|
//! | EXC 1, 20: no sensor, sensor off | no value, `sensor_off` |
//! | EXC 2, 80: sensor defective or not recognised | no value, `device_error` |
//! | dashes, or 000 | no value, `no_signal`, unless EXC says more |
//! | EXC 4, 8, 10, 40, 400: low perfusion, pulse search, interference, ambient light, low signal quality | a value, `questionable` |
//! | ALARM | nothing: its limits are the device's, and who watches this person sets others |
//!
//! Why there is no value is told once. EXC ends what is needed of a line: a line that lost it lost its doubts too, and
//! is refused. The date and time have no zone and are seldom set, and the line comes as it is measured: they are used
//! only where the installer says what zone they are in.

mod line;
mod say;

pub use say::{Line, exc};

use super::oximeter::{Told, or_still};
use super::{Heard, Wire};
use crate::signal::{Message, Refusal};

/// The longest line, bytes. Ours: those that were seen have up to 210.
pub const LONGEST: usize = 512;

/// What an installer says of the oximeter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What the device is called. Default: `oximeter`.
    pub device: String,
    /// The device's clock is right, and so many minutes ahead of UTC, -720 to 840. Default: its time is not used.
    pub utc_offset_min: Option<i16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device: "oximeter".to_owned(),
            utc_offset_min: None,
        }
    }
}

/// The reader of one line.
#[derive(Debug)]
pub struct Masimo {
    settings: Settings,
    partial: Vec<u8>,
    /// In the rest of a line that is too long: so many bytes of it were heard.
    dropping: Option<usize>,
    told: Told,
}

impl Masimo {
    /// A reader of a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            partial: Vec::new(),
            dropping: None,
            told: Told::NOTHING,
        }
    }

    /// How many bytes of an unfinished line it holds: at most [`LONGEST`].
    pub const fn held(&self) -> usize {
        self.partial.len()
    }

    fn push(&mut self, byte: u8, heard: &mut Heard) {
        if matches!(byte, b'\r' | b'\n') {
            return self.end(heard);
        }
        if let Some(bytes) = &mut self.dropping {
            *bytes = bytes.saturating_add(1);
        } else if self.partial.len() < LONGEST {
            self.partial.push(byte);
        } else {
            self.dropping = Some(self.partial.len() + 1);
            self.partial.clear();
        }
    }

    fn end(&mut self, heard: &mut Heard) {
        if let Some(bytes) = self.dropping.take() {
            let limit = LONGEST;
            let refusal = Refusal::TooLarge { bytes, limit };
            return heard.messages.push(Message::refused(refusal));
        }
        let raw = std::mem::take(&mut self.partial);
        let content = raw.trim_ascii();
        if !content.is_empty() {
            let message = self.line(content);
            heard.messages.push(Message { raw, ..message });
        }
    }

    fn line(&mut self, content: &[u8]) -> Message {
        let said = match line::read(content) {
            Ok(said) => said,
            Err(refusals) => {
                return Message {
                    refusals,
                    ..Message::default()
                };
            }
        };
        let (spo2, pulse) = said.measured();
        let mut message = self.told.say(&self.settings.device, spo2, pulse);
        let offset = self.settings.utc_offset_min;
        let happened = offset.and_then(|offset| said.happened_ms(offset));
        for signal in &mut message.signals {
            signal.happened_ms = happened;
        }
        message.unmapped = said.unmapped;
        or_still(message)
    }
}

impl Wire for Masimo {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        Vec::new()
    }

    fn closed(&mut self, _: u64) {
        self.partial.clear();
        self.dropping = None;
        self.told = Told::NOTHING;
    }

    fn read(&mut self, bytes: &[u8], _: u64, heard: &mut Heard) {
        for byte in bytes {
            self.push(*byte, heard);
        }
    }

    fn ended(&mut self, _: u64, heard: &mut Heard) {
        // A line that was copied by hand has no end.
        self.end(heard);
    }
}
