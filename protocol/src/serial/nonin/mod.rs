//! Nonin oximeters on a serial line or a Bluetooth serial port (Onyx II 9560 and its relatives; 9600 8N1): data format
//! 8 (once a second) and 13 (spot checks, stored ones too). Frames are cut in `frame` and written in `say`. It answers
//! nothing: the line has no acknowledgement, and a stored reading is gone from the device once it was sent.
//!
//! When the line is opened the format is selected, at most three times; a device that refuses or does not answer is read
//! in whatever of the two formats it has. Until then, and where nobody opened a line (`decode`), both are read. Formats
//! 2 and 7 are not read yet.
//!
//! | the device says | it means |
//! |---|---|
//! | SNSA set | no value, `sensor_off`, told once: what it still shows is up to 10 s old |
//! | pulse 511, saturation 127, NOMS | no value, `no_signal`; in format 8 told once |
//! | OOT, ARTF or LPRF; a spot check without SPA | a value, `questionable` |
//! | the time of a spot check | when it happened, by the device's clock and `utc_offset_min` |
//! | MEM | a stored reading: the message is marked replayed |
//! | LOWBAT | `battery_low`, when it changes |

mod frame;
mod say;

pub use frame::{DeviceTime, Second, SpotCheck};
pub use say::{ACK, ETX, Format, NAK, STX, ask_serial, select, serial_reply};

use self::frame::{Cut, Due, Frame};
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

/// What an installer says of an oximeter. The defaults read both formats and name the device `oximeter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which format the device is asked for. Default: 13.
    pub format: Format,
    /// Whether it is asked at all. Default: yes.
    pub select: bool,
    /// What the device is called. Default: `oximeter`.
    pub device: String,
    /// The device's clock is so many minutes ahead of UTC, -720 to 840; anything else is read as 0. Default: 0.
    pub utc_offset_min: i16,
    /// Ask for the serial number and call the device `nonin-SERIAL` once it is known. Default: no.
    pub ask_serial: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Df13,
            select: true,
            device: "oximeter".to_owned(),
            utc_offset_min: 0,
            ask_serial: false,
        }
    }
}

/// Whether the device speaks as it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Nobody asked, or it did not do so.
    Open,
    /// Asked so many times, last at this time.
    Asked { tries: u8, at_ms: u64 },
    /// It does.
    Taken,
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
    /// Why there was no value last: saturation, pulse.
    missing: [Option<Missing>; 2],
    low_battery: Option<bool>,
}

impl Nonin {
    /// A reader of a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            doubt: false,
            choice: Choice::Open,
            serial_due: false,
            serial: None,
            missing: [None; 2],
            low_battery: Some(false),
        }
    }

    /// How many bytes of an unfinished frame it holds: at most 72.
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    fn due(&self) -> Due {
        let only = (self.choice == Choice::Taken).then_some(self.settings.format);
        Due {
            seconds: only != Some(Format::Df13) && !self.doubt,
            spots: only != Some(Format::Df8),
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
                self.choice = Choice::Open;
                Message::refused(Refusal::BadValue {
                    field: "format".to_owned(),
                    due: "one that the device has: it refused ours",
                })
            }
            Frame::Garbled(refusal) => Message::refused(refusal.clone()),
        };
        self.doubt = matches!(frame, Frame::Garbled(_));
        heard.messages.push(Message { raw, ..message });
    }

    fn second(&mut self, said: &Second) -> Message {
        let questionable = said.out_of_track || said.artifact || said.low_perfusion;
        let measured = |value: Option<f64>| match value {
            _ if said.sensor_off => Measured::Missing(Missing::SensorOff),
            Some(value) => Measured::Value {
                value,
                questionable,
            },
            None => Measured::Missing(Missing::NoSignal),
        };
        let mut message = Message::default();
        let values = [said.spo2.map(f64::from), said.pulse.map(f64::from)];
        for (n, (kind, value)) in [VitalKind::Spo2, VitalKind::Pulse]
            .into_iter()
            .zip(values)
            .enumerate()
        {
            let reading = measured(value);
            let why = match reading {
                Measured::Value { .. } => None,
                Measured::Missing(why) => Some(why),
            };
            let told = self.missing.get_mut(n);
            let before = told.and_then(|told| std::mem::replace(told, why));
            // Why there is no value is news once; a value is news every time.
            if why.is_none() || why != before {
                message.signals.push(self.vital(kind, reading));
            }
        }
        self.battery(said.low_battery, &mut message);
        if message.signals.is_empty() {
            message.ignored = Some("still no value, for the reason told before");
        }
        message
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
            (VitalKind::Spo2, said.spo2.map(f64::from), 100.0),
            (VitalKind::Pulse, said.pulse.map(f64::from), 510.0),
        ];
        for (kind, value, most) in values {
            let reading = match value {
                Some(value) if !said.no_measurement && value > most => {
                    Measured::Missing(Missing::OutOfRange)
                }
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
        let offset = self.settings.utc_offset_min;
        let offset = if (-720..=840).contains(&offset) {
            offset
        } else {
            0
        };
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        when::from_text(&format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:02}{sign}{hours:02}:{minutes:02}",
            time.year, time.month, time.day, time.hour, time.minute, time.second, time.hundredth
        ))
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

    fn forget_partial(&mut self) {
        self.noise += self.bytes.len();
        self.bytes.clear();
        self.doubt = false;
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
        self.missing = [None; 2];
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if now_ms.saturating_sub(self.byte_ms) >= GAP_MS && !bytes.is_empty() {
            self.forget_partial();
        }
        self.byte_ms = now_ms;
        for byte in bytes {
            self.bytes.push(*byte);
            self.cut(heard);
        }
        self.quiet(heard);
    }

    fn due_ms(&self) -> Option<u64> {
        match self.choice {
            Choice::Asked { at_ms, .. } => Some(at_ms.saturating_add(ANSWER_MS)),
            Choice::Open | Choice::Taken => None,
        }
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
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
}
