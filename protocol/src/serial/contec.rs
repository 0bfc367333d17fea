//! Contec oximeters on their USB serial port, and `BerryMed`'s: of the old kind (19200 8O1, five bytes) and of the new one
//! (CMS50D+ from firmware 4.6, CMS50E; 115200 8N1, nine bytes). Frames are cut in `frame` and written in `say`.
//!
//! **Which of the two** a frame is, its bytes tell: only the first of five has bit 7, and only the first of nine has it
//! not. So both are read always, whatever the installer wrote; `format` says how fast the line is and whether the device
//! must be asked. The new kind sends for 30 s after each call: it is called when the line is opened, every 20 s, and every
//! 5 s while it is silent.
//!
//! A CMS50D-BT, whose Bluetooth port a bridge passes on, sends packets that begin with EB: of six bytes a waveform, which
//! holds no saturation, of eight the values. The old kind's signal strength is at most 8, so that none is taken for it.
//!
//! The other two have no check. 60 frames a second are one reading a second; a value that is lost or found again is told sooner.
//!
//! | the device says | it means |
//! |---|---|
//! | old: finger out; new: probe error, which is what a finger that is out sets | no value, `sensor_off` |
//! | old: probe error | no value, `device_error` |
//! | searching, pulse 255 or 0, saturation 127 or 0 | no value, `no_signal` |
//! | the saturation is dropping | nothing of its own: the value says it |
//!
//! Bits of the new kind are those of Contec's protocol 7.0 as open readers found them to be on devices with firmware 4.6.
//! A saturation of 101 to 126 cannot be: such a frame is noise.

mod frame;
mod say;

pub use say::{Frame, REQUEST};

use self::frame::Cut;
use super::oximeter::{Pace, Told, or_still};
use super::{Heard, Wire};
use crate::signal::{Measured, Message, Missing, Refusal};

/// Frames a second (both kinds).
const A_SECOND: u32 = 60;
/// Said of what holds no vital sign.
const WAVE: &str = "a waveform, which holds no saturation";
/// A frame that pauses this long is not one, ms. Ours: nine bytes take 1 ms.
const GAP_MS: u64 = 500;
/// How often the new kind is called, ms; it falls silent after 30 s.
const CALL_MS: u64 = 20_000;
/// How often it is called while it says nothing (it is switched off), ms. Ours.
const SILENT_MS: u64 = 5_000;

/// How the device speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Five bytes at 19200 8O1, by itself.
    Old,
    /// Nine bytes at 115200 8N1, when it is called.
    #[default]
    New,
}

/// What an installer says of the oximeter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How the device speaks. Default: the new way.
    pub format: Format,
    /// What the device is called. Default: `oximeter`.
    pub device: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::New,
            device: "oximeter".to_owned(),
        }
    }
}

/// The reader of one line.
#[derive(Debug)]
pub struct Contec {
    settings: Settings,
    bytes: Vec<u8>,
    byte_ms: u64,
    noise: usize,
    pace: Pace,
    /// Waveform packets are told once a second, as read and not used.
    waves: Pace,
    told: Told,
    /// When the device was called last, and whether it was heard since; `None` where it is not called.
    called: Option<(u64, bool)>,
}

impl Contec {
    /// A reader of a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            pace: Pace::new(A_SECOND),
            waves: Pace::new(A_SECOND),
            told: Told::NOTHING,
            called: None,
        }
    }

    /// How many bytes of an unfinished frame it holds: at most 9.
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    fn cut(&mut self, heard: &mut Heard) {
        loop {
            match frame::cut(&self.bytes) {
                Cut::More => return,
                Cut::Noise(len) => {
                    self.bytes.drain(..len);
                    self.noise += len;
                }
                Cut::Frame(len, frame) => {
                    let (spo2, pulse) = measured(frame);
                    let told = self.pace.lets(spo2, pulse);
                    self.packet(len, told.then_some((spo2, pulse)), heard);
                }
                Cut::Values(len, spo2, pulse) => {
                    let read = (of(None, spo2), of(None, pulse));
                    self.packet(len, Some(read), heard);
                }
                Cut::Wave(len) => {
                    self.packet(len, None, heard);
                    let nothing = Measured::Missing(Missing::NoSignal);
                    if self.waves.lets(nothing, nothing) {
                        heard.messages.push(Message::ignored(WAVE));
                    }
                }
            }
        }
    }

    fn quiet(&mut self, heard: &mut Heard) {
        let bytes = std::mem::take(&mut self.noise);
        if bytes > 0 {
            heard
                .messages
                .push(Message::refused(Refusal::Noise { bytes }));
        }
    }

    /// One whole packet, and what it says that is to be told.
    fn packet(&mut self, len: usize, said: Option<(Measured, Measured)>, heard: &mut Heard) {
        self.quiet(heard);
        let raw: Vec<u8> = self.bytes.drain(..len).collect();
        if let Some((_, heard_since)) = &mut self.called {
            *heard_since = true;
        }
        if let Some((spo2, pulse)) = said {
            let message = or_still(self.told.say(&self.settings.device, spo2, pulse));
            heard.messages.push(Message { raw, ..message });
        }
    }
}

/// Saturation and pulse of a frame, or why there are none.
fn measured(frame: Frame) -> (Measured, Measured) {
    let none = if frame.finger_out {
        Some(Missing::SensorOff)
    } else if frame.probe_error {
        Some(Missing::DeviceError)
    } else if frame.searching {
        Some(Missing::NoSignal)
    } else {
        None
    };
    (of(none, frame.spo2), of(none, frame.pulse))
}

/// A value, unless something says that there is none.
fn of(none: Option<Missing>, value: Option<u8>) -> Measured {
    match (none, value) {
        (Some(why), _) => Measured::Missing(why),
        (None, None) => Measured::Missing(Missing::NoSignal),
        (None, Some(value)) => Measured::of(f64::from(value)),
    }
}

impl Wire for Contec {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        match self.settings.format {
            Format::Old => Vec::new(),
            Format::New => {
                self.called = Some((now_ms, false));
                REQUEST.to_vec()
            }
        }
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.noise = 0;
        self.pace.anew();
        self.waves.anew();
        self.told = Told::NOTHING;
        self.called = None;
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if now_ms.saturating_sub(self.byte_ms) >= GAP_MS && !bytes.is_empty() {
            self.noise += self.bytes.len();
            self.bytes.clear();
        }
        self.byte_ms = now_ms;
        for byte in bytes {
            self.bytes.push(*byte);
            self.cut(heard);
        }
        self.quiet(heard);
    }

    fn due_ms(&self) -> Option<u64> {
        let (at_ms, heard) = self.called?;
        Some(at_ms.saturating_add(if heard { CALL_MS } else { SILENT_MS }))
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.due_ms().is_some_and(|due| due <= now_ms) {
            self.called = Some((now_ms, false));
            heard.send.extend(REQUEST);
        }
    }

    fn ended(&mut self, _: u64, _: &mut Heard) {
        // Frames that are read by hand, line by line, are no seconds of one device.
        self.pace.anew();
        self.waves.anew();
    }
}
