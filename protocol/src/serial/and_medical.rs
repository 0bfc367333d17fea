//! A&D Medical blood pressure monitors and scales that speak over a Bluetooth serial port (UA-767PBT, UC-321PBT,
//! UC-411PBT-C): a header of 60 bytes, then the reading. Frames are cut and read in `frame`, written in `say`.
//!
//! ```text
//! 02 00  0A 00 00 00  FF 02  …  60 bytes, then  801D4C4152      105/76, pulse 65, mean 82
//!               PWA1      it is on our disk or at the care hub
//! ```
//!
//! **Answers.** `PWA1` goes out when the reading is safe: the device then forgets it. `PWA0` answers a frame that broke
//! off, or whose reading is none that the device writes: it sends it again. A frame of a device that we do not know came
//! whole: it is told by name and answered, or the device would send it for ever. What the device says before a frame
//! (`PWCAPI`, `PWRQPI` and a user) asks for what we do not have, and is not answered.
//!
//! **The same reading again** (its answer was lost) is answered and is no second message; one that waited for custody
//! while the line was closed is new.
//!
//! | the device says | it means |
//! |---|---|
//! | a blood pressure whose first byte is not 80 | no value, `device_error`: the measurement failed |
//! | a scale's line that does not begin with ST | no value, `device_error`: it is not the weight that stands |
//! | the time of the measurement | when it happened, by the device's clock and `utc_offset_min` |

mod frame;
mod say;

pub use say::{ACCEPT, BloodPressure, Head, REJECT, Weight};

use self::frame::{Cut, Reading as Said};
use super::{Heard, Wire};
use crate::signal::{Measured, Message, Missing, Reading, Refusal, Signal, What};
use crate::vocabulary::VitalKind;
use crate::when;

/// A frame that pauses this long has broken off, ms. Ours: 150 bytes take 160 ms at 9600 bit/s.
const GAP_MS: u64 = 1_500;

/// What an installer says of the devices. Several may use one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What the device is called. Default, where it is empty: `blood-pressure` or `scale`.
    pub device: String,
    /// Call it by its serial number instead: `and-5111124008`. Default: no.
    pub by_serial: bool,
    /// The device's clock is so many minutes ahead of UTC, -720 to 840; anything else is read as 0. Default: 0.
    pub utc_offset_min: i16,
}

/// The last reading.
#[derive(Debug)]
struct Last {
    key: Vec<u8>,
    ticket: u32,
    safe: bool,
}

/// The reader of one line.
#[derive(Debug)]
pub struct AndMedical {
    settings: Settings,
    bytes: Vec<u8>,
    byte_ms: u64,
    noise: usize,
    next: u32,
    last: Option<Last>,
}

impl AndMedical {
    /// A reader of a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            noise: 0,
            next: 0,
            last: None,
        }
    }

    /// How many bytes of an unfinished frame it holds: at most 316.
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
                Cut::Asks(len) => {
                    self.quiet(heard);
                    self.bytes.drain(..len);
                    let why = "the device asks for what we do not have";
                    heard.messages.push(Message::ignored(why));
                }
                Cut::Frame(len) => {
                    self.quiet(heard);
                    let raw: Vec<u8> = self.bytes.drain(..len).collect();
                    self.frame(raw, heard);
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

    fn frame(&mut self, raw: Vec<u8>, heard: &mut Heard) {
        let (sender, said) = match frame::read(&raw) {
            Ok(read) => read,
            Err(refusal) => {
                heard.send.extend(REJECT);
                let message = Message::refused(refusal);
                heard.messages.push(Message { raw, ..message });
                return;
            }
        };
        let key = frame::key(&raw);
        if let Some(last) = self.last.as_ref().filter(|last| last.key == key) {
            if last.safe {
                heard.send.extend(ACCEPT);
            }
            return heard
                .messages
                .push(Message::ignored("a reading sent again"));
        }
        let ticket = self.next;
        self.next = self.next.wrapping_add(1);
        self.last = Some(Last {
            key,
            ticket,
            safe: false,
        });
        let message = self.message(&sender, said);
        heard.messages.push(Message {
            ticket: Some(ticket),
            raw,
            ..message
        });
    }

    fn message(&self, head: &Head, said: Said) -> Message {
        let mut message = Message::default();
        let device = self.device(head);
        let mut say = |kind: VitalKind, reading: Measured| {
            let what = What::Vital { kind, reading };
            let mut signal = Signal::new(&*device, kind.word(), Reading::Sample, what);
            signal.model = format!("A&D {}", head.model());
            message.signals.push(signal);
        };
        match said {
            Said::Pressure(said) => {
                for (kind, value) in [
                    (VitalKind::Systolic, said.systolic),
                    (VitalKind::Diastolic, said.diastolic),
                    (VitalKind::MeanBp, said.mean),
                    (VitalKind::Pulse, u16::from(said.pulse)),
                ] {
                    say(
                        kind,
                        match value {
                            _ if said.failed => Measured::Missing(Missing::DeviceError),
                            0 => Measured::Missing(Missing::NoSignal),
                            value => Measured::of(f64::from(value)),
                        },
                    );
                }
            }
            Said::Weight(Some(kg)) => say(VitalKind::Weight, Measured::of(kg)),
            Said::Weight(None) => {
                say(VitalKind::Weight, Measured::Missing(Missing::DeviceError));
            }
            Said::Unknown => message.refusals.push(Refusal::UnknownFrame {
                kind: format!("A&D device {}", head.device),
            }),
        }
        let happened_ms = when::from_local(&head.measured, self.settings.utc_offset_min);
        if happened_ms.is_none() {
            message.refusals.push(Refusal::BadValue {
                field: "time".to_owned(),
                due: "a date and a time",
            });
        }
        for signal in &mut message.signals {
            signal.happened_ms = happened_ms;
        }
        message
    }

    fn device(&self, head: &Head) -> String {
        if self.settings.by_serial && !head.serial.is_empty() {
            format!("and-{}", head.serial)
        } else if self.settings.device.is_empty() {
            head.usual_name().to_owned()
        } else {
            self.settings.device.clone()
        }
    }

    /// When the frame in the middle of which we are has broken off.
    fn torn_ms(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    /// What is held is no frame any more; one that had begun is asked for again.
    fn tear(&mut self, heard: &mut Heard) {
        let found = self.bytes.len();
        self.bytes.clear();
        if found < frame::HEAD_SEEN {
            self.noise += found;
            return self.quiet(heard);
        }
        self.quiet(heard);
        heard.send.extend(REJECT);
        let due = frame::HEAD;
        let due = due.max(found + 1);
        heard
            .messages
            .push(Message::refused(Refusal::Length { due, found }));
    }
}

impl Wire for AndMedical {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        Vec::new()
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.noise = 0;
        // What is safe stays known: only its answer may have been lost.
        self.last = self.last.take().filter(|last| last.safe);
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) && !bytes.is_empty() {
            self.tear(heard);
        }
        self.byte_ms = now_ms;
        for byte in bytes {
            self.bytes.push(*byte);
            self.cut(heard);
        }
        self.quiet(heard);
    }

    fn safe(&mut self, ticket: u32, _: u64, heard: &mut Heard) {
        let last = self.last.as_mut();
        if let Some(last) = last.filter(|last| last.ticket == ticket && !last.safe) {
            last.safe = true;
            heard.send.extend(ACCEPT);
        }
    }

    fn due_ms(&self) -> Option<u64> {
        self.torn_ms()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) {
            self.tear(heard);
        }
    }
}
