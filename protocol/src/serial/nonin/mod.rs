//! Nonin oximeters on a serial line or a Bluetooth serial port (Onyx II 9560 and its relatives; 9600 8N1): data format
//! 8 (once a second), 13 (spot checks, stored ones too), 2 and 7 (75 frames a second). Frames are cut in `frame` and
//! `stream` and written in `say`. It answers nothing: the line has no acknowledgement, and a stored reading is gone from
//! the device once it was sent.
//!
//! When the line is opened the format is selected, at most three times. A device that refuses is read in whatever format
//! it has, and so is one that does not answer a call for 8 or 13: those two, and 2 from two good frames on. Format 7 is
//! read where it was asked for, or where what is read begins with two good frames of it (`decode`): its frames look like
//! those of format 8, which has no check. So a device that was asked for 2 or 7 is read in that alone.
//!
//! Of formats 2 and 7 one packet in three is told, a reading a second, and a value that is lost or found again at once.
//!
//! | the device says | it means |
//! |---|---|
//! | SNSA set | no value, `sensor_off`, told once: what it still shows is up to 10 s old |
//! | pulse 511, saturation 127, NOMS | no value, `no_signal`; in formats 2, 7 and 8 told once |
//! | OOT, ARTF or LPRF; a spot check without SPA | a value, `questionable` |
//! | the time of a spot check | when it happened, by the device's clock and `utc_offset_min` |
//! | MEM | a stored reading: the message is marked replayed |
//! | LOWBAT | `battery_low`, when it changes |

mod frame;
mod say;
mod settings;
mod stream;

pub use frame::{DeviceTime, Second, SpotCheck};
pub use say::{ACK, ETX, Format, NAK, STX, ask_serial, select, serial_reply};
pub use settings::Settings;

use self::frame::{Cut, Due, Frame};
use self::stream::Packet;
use super::oximeter::{Pace, Told, or_still};
use super::{Heard, Wire};
use crate::signal::{Measured, Message, Missing, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind, VitalKind};
use crate::when;

/// A frame that pauses this long is not one, ms. Ours: four bytes take 4 ms.
const GAP_MS: u64 = 500;

/// How long a device may take to answer a command, ms. Ours.
const ANSWER_MS: u64 = 1_000;

/// How often the format is selected before the device is read as it is. It answers in the first 5 s of a connection.
const TRIES: u8 = 3;

/// Whether the device speaks as it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Nobody asked, or it did not do so.
    Open,
    /// Asked so many times, last at this time.
    Asked { tries: u8, at_ms: u64 },
    /// It does.
    Taken,
    /// It said that it does not.
    Refused,
}

/// The reader of one line.
#[derive(Debug)]
pub struct Nonin {
    settings: Settings,
    bytes: Vec<u8>,
    byte_ms: u64,
    noise: usize,
    /// A spot check was garbled: what follows it is not to be taken for format 8, which has no check.
    doubt: bool,
    choice: Choice,
    serial_due: bool,
    serial: Option<String>,
    /// The format that was recognised by its frames.
    found: Option<Format>,
    packet: Packet,
    pace: Pace,
    told: Told,
    low_battery: Option<bool>,
}

impl Nonin {
    /// A reader of a line with these settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            doubt: false,
            choice: Choice::Open,
            serial_due: false,
            serial: None,
            found: None,
            packet: Packet::default(),
            pace: Pace::new(stream::A_SECOND),
            told: Told::NOTHING,
            low_battery: Some(false),
        }
    }

    /// How many bytes of an unfinished frame it holds: at most 72.
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    /// The format that the device has, as far as that is known.
    const fn only(&self) -> Option<Format> {
        match (self.choice, self.settings.format) {
            (Choice::Taken, format) | (_, format @ (Format::Df2 | Format::Df7))
                if !matches!(self.choice, Choice::Refused) =>
            {
                Some(format)
            }
            _ => self.found,
        }
    }

    fn due(&self) -> Due {
        let only = self.only();
        let may = |format| only.is_none_or(|only| only == format);
        Due {
            two: may(Format::Df2),
            two_alone: only == Some(Format::Df2),
            seven: only == Some(Format::Df7),
            seconds: may(Format::Df8) && !self.doubt,
            spots: may(Format::Df13),
            answer: matches!(self.choice, Choice::Asked { .. }),
            serial: self.serial_due,
        }
    }

    /// Cuts what is held as far as it goes.
    fn cut(&mut self, heard: &mut Heard) {
        loop {
            match frame::cut(&self.bytes, self.due()) {
                Cut::More => return,
                Cut::Noise(len) => {
                    self.bytes.drain(..len);
                    self.noise += len;
                    self.packet.lost();
                }
                Cut::Frame(len, frame) => {
                    self.quiet(heard);
                    let raw = self.bytes.drain(..len).collect();
                    self.frame(&frame, raw, heard);
                }
            }
        }
    }

    /// Tells the noise before a frame, or at the end of a reading.
    fn quiet(&mut self, heard: &mut Heard) {
        let bytes = std::mem::take(&mut self.noise);
        if bytes > 0 {
            heard
                .messages
                .push(Message::refused(Refusal::Noise { bytes }));
        }
    }

    fn frame(&mut self, frame: &Frame, raw: Vec<u8>, heard: &mut Heard) {
        let message = match frame {
            Frame::Second(second) => self.second(second),
            Frame::Spot(spot) => self.spot(spot),
            Frame::Serial(serial) => {
                self.serial_due = false;
                self.serial = Some(serial.clone()).filter(|s| !s.is_empty());
                Message::ignored("the device's serial number")
            }
            Frame::Answer(true) => {
                self.choice = Choice::Taken;
                Message::ignored("the device took the format")
            }
            Frame::Answer(false) => {
                self.choice = Choice::Refused;
                Message::refused(Refusal::BadValue {
                    field: "format".to_owned(),
                    due: "one that the device has: it refused ours",
                })
            }
            Frame::Stream { status, float } => {
                let Some(message) = self.stream(*status, *float) else {
                    return;
                };
                message
            }
            Frame::Garbled(refusal) => {
                self.packet.lost();
                Message::refused(refusal.clone())
            }
        };
        self.doubt = matches!(frame, Frame::Garbled(_));
        heard.messages.push(Message { raw, ..message });
    }

    /// One frame of 25; `None` when there is nothing to tell yet.
    fn stream(&mut self, status: u8, float: u8) -> Option<Message> {
        self.doubt = false;
        if self.only().is_none() {
            self.found = Some(Format::Df2);
        }
        let said = self.packet.frame(status, float)?;
        let (spo2, pulse) = said.measured();
        self.pace.lets(spo2, pulse).then(|| self.second(&said))
    }

    fn second(&mut self, said: &Second) -> Message {
        let (spo2, pulse) = said.measured();
        let mut message = self.told.say(&self.device(), spo2, pulse);
        self.battery(said.low_battery, &mut message);
        or_still(message)
    }

    fn spot(&mut self, said: &SpotCheck) -> Message {
        let mut message = Message {
            replayed: said.from_memory,
            ..Message::default()
        };
        let happened_ms = said.time.and_then(|time| self.happened_ms(time));
        if happened_ms.is_none() {
            message.refusals.push(Refusal::BadValue {
                field: "time".to_owned(),
                due: "a date and a time",
            });
        }
        let values = [
            (VitalKind::Spo2, said.spo2.map(f64::from)),
            (VitalKind::Pulse, said.pulse.map(f64::from)),
        ];
        for (kind, value) in values {
            let reading = match value {
                Some(value) if !said.no_measurement => Measured::Value {
                    value,
                    questionable: !said.smart_point,
                },
                _ => Measured::Missing(Missing::NoSignal),
            };
            message.signals.push(self.vital(kind, reading));
        }
        self.battery(said.low_battery, &mut message);
        for signal in &mut message.signals {
            signal.happened_ms = happened_ms;
        }
        message
    }

    /// By the device's clock, which is the installer's minutes ahead of UTC.
    fn happened_ms(&self, time: DeviceTime) -> Option<i64> {
        let local = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:02}",
            time.year, time.month, time.day, time.hour, time.minute, time.second, time.hundredth
        );
        when::from_local(&local, self.settings.utc_offset_min)
    }

    fn device(&self) -> String {
        match &self.serial {
            Some(serial) => format!("nonin-{serial}"),
            None => self.settings.device.clone(),
        }
    }

    fn vital(&self, kind: VitalKind, reading: Measured) -> Signal {
        let what = What::Vital { kind, reading };
        Signal::new(self.device(), kind.word(), Reading::Sample, what)
    }

    /// The battery's state is told when it changes, and once after the line was opened: it may have been told otherwise
    /// before.
    fn battery(&mut self, low: bool, message: &mut Message) {
        if self.low_battery == Some(low) {
            return;
        }
        self.low_battery = Some(low);
        let condition = if low {
            Condition::Raised
        } else {
            Condition::Restored
        };
        let kind = HealthKind::BatteryLow;
        let what = What::health(kind, condition, "");
        let signal = Signal::new(self.device(), kind.word(), Reading::Edge, what);
        message.signals.push(signal);
    }

    /// When what is held has broken off.
    fn torn_ms(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    /// The line paused, which formats 2 and 7 never do: what was taken for one of them was none.
    fn paused(&mut self, heard: &mut Heard) {
        self.found = None;
        self.packet.lost();
        self.reconsider(heard);
        self.noise += self.bytes.len();
        self.bytes.clear();
        self.doubt = false;
        self.quiet(heard);
    }

    /// One good frame of format 2 waits for a second one; where none comes it was noise and a second of format 8, which
    /// fit its check by chance.
    fn reconsider(&mut self, heard: &mut Heard) {
        if self.bytes.first() == Some(&stream::START) && self.bytes.len() >= stream::LEN {
            self.bytes.drain(..1);
            self.noise += 1;
            self.cut(heard);
        }
    }
}

impl Wire for Nonin {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        self.low_battery = None;
        let mut out = Vec::new();
        if self.settings.select {
            self.choice = Choice::Asked {
                tries: 1,
                at_ms: now_ms,
            };
            out.extend(select(self.settings.format));
        }
        if self.settings.ask_serial {
            self.serial_due = true;
            out.extend(ask_serial());
        }
        out
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.noise = 0;
        self.doubt = false;
        self.choice = Choice::Open;
        self.serial_due = false;
        self.found = None;
        self.packet.lost();
        self.pace.anew();
        self.told = Told::NOTHING;
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if now_ms.saturating_sub(self.byte_ms) >= GAP_MS && !bytes.is_empty() {
            self.paused(heard);
        }
        self.byte_ms = now_ms;
        if self.bytes.is_empty() && self.only().is_none() && stream::is_seven(bytes) {
            self.found = Some(Format::Df7);
        }
        for byte in bytes {
            self.bytes.push(*byte);
            self.cut(heard);
        }
        self.quiet(heard);
    }

    fn due_ms(&self) -> Option<u64> {
        let answer_ms = match self.choice {
            Choice::Asked { at_ms, .. } => Some(at_ms.saturating_add(ANSWER_MS)),
            Choice::Open | Choice::Taken | Choice::Refused => None,
        };
        [answer_ms, self.torn_ms()].into_iter().flatten().min()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) {
            self.paused(heard);
        }
        let Choice::Asked { tries, at_ms } = self.choice else {
            return;
        };
        if now_ms.saturating_sub(at_ms) < ANSWER_MS {
            return;
        }
        if tries < TRIES {
            self.choice = Choice::Asked {
                tries: tries + 1,
                at_ms: now_ms,
            };
            heard.send.extend(select(self.settings.format));
        } else {
            self.choice = Choice::Open;
            heard.messages.push(Message::ignored(
                "the device did not answer which format it has",
            ));
        }
    }

    fn ended(&mut self, _: u64, heard: &mut Heard) {
        self.reconsider(heard);
        self.quiet(heard);
        // Lines that are read by hand are no seconds of one device.
        self.pace.anew();
        self.found = None;
    }
}
