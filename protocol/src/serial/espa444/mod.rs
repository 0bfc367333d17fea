//! ESPA 4.4.4, the nurse call protocol (ISO 1745, basic mode): blocks of calls in, answers out. The conversation is in
//! `talk`, its bytes in `block`, what waits for an answer in `calls`, what a call means in `meaning` and `table`, how
//! the line is written in `say`. It acknowledges nothing that is not safe.
//!
//! ```text
//! 1 ENQ 2 ENQ            the control station selects us (address 2)
//!               ACK      we listen
//! SOH 1 STX 1 US 550 RS 2 US ROOM 4 RS 4 US 3 ETX BCC
//!               ACK      it is on our disk or at the care hub
//! EOT
//! ```
//!
//! **Roles.** An addressed station (default, at 2); the control station, which polls each station and answers its
//! selection; and under both a bridge that opens with SOH and never polls.
//!
//! **Answers.** A block whose check is right is acknowledged when its message is safe, and only within `ack_within_ms`;
//! after that we stay silent, neither ACK nor NAK, and the sender repeats. `1 NAK` answers a block that was garbled,
//! torn or too long, and nothing else: a block that came whole and says nothing that we know is taken and told. The
//! byte after ETX is the check, whatever it is: XON and XOFF too, so the line must have no flow control.
//!
//! **The same block again.** Unanswered, it is the same call for 30 s after it was last heard: no second message, and
//! its answer as soon as the first one is safe. Answered, and still within one selection, its answer was lost: answered
//! again, no second message. After EOT or another enquiry, and always for a bridge that never selects, it is a second
//! press: a new message. So a bridge whose ACK is lost on the way gives its call twice, a panel that gives a call up and
//! raises the same one within 30 s gives it once, and what waited for custody while the line was closed is new.
//!
//! **Headers.** 1 is a call. 2 (how another call went) and 3 (asks for that) say nothing about a person: counted and
//! answered. 4 (call a telephone) and headers that the standard lacks raise an unknown alarm when they carry an address
//! or a text. Priority (record 6) changes nothing: what a call is about decides how urgent it is.
//!
//! **A dead line.** No valid word for `dead_after_ms` is `health/path` of the device `line`; the next valid word restores
//! it. Since the last event may be from before a restart, the first valid word after the line was opened says `restored`
//! as well; the core knows whether that is news.

mod block;
mod calls;
mod life;
mod meaning;
mod say;
mod settings;
mod table;
mod talk;
mod text;
mod written;

pub use say::{ACK, ENQ, EOT, ETX, NAK, RS, SOH, STX, US, bcc, block, call, enquiry, nak_garbled};
pub use settings::{Alone, CallType, Clears, Role, Settings};
pub use table::{Addresses, Pattern, Rule};
pub use text::Text;
pub use written::{CALLS_MOST, CallText, SettingsText, Wrong};

use self::block::{Block, Framer, Piece};
use self::calls::{Calls, Is};
use self::life::Life;
use self::talk::Talk;
use super::{Heard, Wire};
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

/// The longest block, bytes. Ours: display texts are seen up to 128 characters.
pub const LONGEST: usize = 2048;

/// A block that pauses this long has broken off, ms. Ours: a thousand characters' time at 9600 bit/s.
const GAP_MS: u64 = 1_000;

/// The reader of one line.
#[derive(Debug)]
pub struct Espa444 {
    settings: Settings,
    framer: Framer,
    calls: Calls,
    talk: Talk,
    life: Life,
    /// When the last byte came.
    byte_ms: u64,
    /// It was told that others talk to each other here.
    told_elsewhere: bool,
}

impl Espa444 {
    /// A reader of a line with these settings; `longest` bounds a block as well as [`LONGEST`] does.
    pub fn new(settings: Settings, longest: usize) -> Self {
        Self {
            framer: Framer::new(longest.min(LONGEST)),
            calls: Calls::default(),
            talk: Talk::new(&settings.role),
            life: Life::default(),
            byte_ms: 0,
            told_elsewhere: false,
            settings,
        }
    }

    /// How many bytes of an unfinished block it holds: never more than the limit.
    pub const fn held(&self) -> usize {
        self.framer.held()
    }

    fn pieces(&mut self, pieces: Vec<Piece>, now_ms: u64, heard: &mut Heard) {
        for piece in pieces {
            match piece {
                Piece::Noise(bytes) => heard
                    .messages
                    .push(Message::refused(Refusal::Noise { bytes })),
                Piece::Enquiry(address) => self.enquiry(address, now_ms, heard),
                Piece::Eot => {
                    // Out of nowhere it is no sign of life: a line of the wrong speed has all bytes.
                    if self.talk.is_going_on() {
                        self.valid(now_ms, heard);
                    }
                    self.calls.over();
                    self.talk.ended(now_ms);
                }
                // Another station's answers, heard on a line of several.
                Piece::Ack | Piece::Nak => {}
                Piece::Block(block) => self.block(&block, now_ms, heard),
                Piece::Torn { bytes, silent } => {
                    let refusal = Refusal::Length {
                        due: bytes.saturating_add(1),
                        found: bytes,
                    };
                    // Who says something else already waits for no answer to this.
                    self.garbled(refusal, Vec::new(), silent, heard);
                }
                Piece::TooLong(bytes) => {
                    let limit = self.framer.longest();
                    self.garbled(Refusal::TooLarge { bytes, limit }, Vec::new(), true, heard);
                }
            }
        }
    }

    fn enquiry(&mut self, address: u8, now_ms: u64, heard: &mut Heard) {
        self.valid(now_ms, heard);
        self.life.polled();
        self.calls.over();
        heard.send.extend(self.talk.enquiry(address, now_ms));
        if self.talk.is_ours() {
            self.told_elsewhere = false;
        } else if self.talk.is_elsewhere() {
            self.elsewhere(heard);
        }
    }

    /// Others talk to each other: told once, until somebody selects us.
    fn elsewhere(&mut self, heard: &mut Heard) {
        if !std::mem::replace(&mut self.told_elsewhere, true) {
            heard
                .messages
                .push(Message::ignored("for another address on this line"));
        }
    }

    fn block(&mut self, block: &Block, now_ms: u64, heard: &mut Heard) {
        let Some(said) = block.said else {
            return;
        };
        if said != block.found {
            let due = u32::from(block.found);
            let refusal = if said == EOT {
                // A sender that ends its transmission where the check is due leaves it out.
                Refusal::CheckMissing { due }
            } else {
                let said = u32::from(said);
                Refusal::Checksum { said, found: due }
            };
            return self.garbled(refusal, block.raw.clone(), true, heard);
        }
        self.valid(now_ms, heard);
        self.talk.quiet(now_ms);
        if self.talk.is_elsewhere() {
            return self.elsewhere(heard);
        }
        let selected = self.talk.is_ours();
        if !selected {
            self.life.bridged();
        }
        self.talk.spoke(now_ms);
        let within = self.settings.ack_within_ms;
        match self.calls.heard(&block.raw, selected, within, now_ms) {
            Is::New(ticket) => heard.messages.push(Message {
                ticket: Some(ticket),
                raw: block.raw.clone(),
                ..meaning::read(block.content(), &self.settings)
            }),
            Is::Again { answer } => {
                if answer {
                    heard.send.push(ACK);
                }
                heard.messages.push(Message::ignored("a block sent again"));
            }
        }
    }

    /// A transmission error: the one thing that is answered with NAK, when it was meant for us.
    fn garbled(&self, refusal: Refusal, raw: Vec<u8>, waits: bool, heard: &mut Heard) {
        if waits && !self.talk.is_elsewhere() {
            heard.send.extend(nak_garbled());
        }
        heard.messages.push(Message {
            raw,
            ..Message::refused(refusal)
        });
    }

    /// A valid word was heard: the line lives.
    fn valid(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.life.valid(now_ms) {
            self.tell_life(Condition::Restored, "heard again", heard);
        }
    }

    fn tell_life(&self, condition: Condition, why: &str, heard: &mut Heard) {
        let what = What::health(HealthKind::Path, condition, why);
        let line = self.settings.line.as_str();
        heard.messages.push(Message {
            signals: vec![Signal::new(line, "line", Reading::Edge, what)],
            ..Message::default()
        });
    }

    /// When the line is called dead, if nothing is heard before.
    fn dead_ms(&self) -> Option<u64> {
        self.life.dead_ms(self.settings.dead_after_ms)
    }

    /// When a block in the middle of which we are has broken off.
    fn torn_ms(&self) -> Option<u64> {
        self.framer
            .is_inside()
            .then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    /// When we may speak as the control station.
    fn turn_ms(&self) -> Option<u64> {
        let due = self.talk.due_ms().filter(|_| self.life.is_open())?;
        // Not into somebody's block, and not before its answer.
        let block = self.torn_ms().unwrap_or(0);
        let answer = self.calls.waits_until_ms();
        let answer = answer
            .filter(|_| !self.talk.is_ours())
            .map_or(0, |until| until + 1);
        Some(due.max(block).max(answer))
    }
}

impl Wire for Espa444 {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        self.life.opened(now_ms);
        if matches!(self.settings.role, Role::Control { .. }) {
            self.life.polled();
        }
        self.talk.opened(now_ms);
        Vec::new()
    }

    fn closed(&mut self, _: u64) {
        self.framer.tear(false, &mut Vec::new());
        self.calls.closed();
        self.talk = Talk::new(&self.settings.role);
        self.life.closed();
        self.told_elsewhere = false;
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        let mut pieces = Vec::new();
        if self.torn_ms().is_some_and(|due| due <= now_ms) && !bytes.is_empty() {
            self.framer.tear(false, &mut pieces);
        }
        self.byte_ms = now_ms;
        for byte in bytes {
            self.framer.push(*byte, &mut pieces);
        }
        self.pieces(pieces, now_ms, heard);
    }

    fn safe(&mut self, ticket: u32, now_ms: u64, heard: &mut Heard) {
        if self.calls.safe(ticket, self.talk.is_ours(), now_ms) {
            heard.send.push(ACK);
        }
    }

    fn due_ms(&self) -> Option<u64> {
        [self.torn_ms(), self.dead_ms(), self.turn_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.torn_ms().is_some_and(|due| due <= now_ms) {
            let mut pieces = Vec::new();
            self.framer.tear(true, &mut pieces);
            self.pieces(pieces, now_ms, heard);
        }
        if self.dead_ms().is_some_and(|due| due <= now_ms) {
            self.life.died();
            let after_s = self.settings.dead_after_ms / 1000;
            let why = format!("no valid word on the line for {after_s} s");
            self.tell_life(Condition::Raised, &why, heard);
        }
        if self.turn_ms().is_some_and(|due| due <= now_ms) {
            heard.send.extend(self.talk.turn(now_ms));
        }
    }

    fn ended(&mut self, _: u64, heard: &mut Heard) {
        let Some(block) = self.framer.ended() else {
            return;
        };
        let mut message = meaning::read(block.content(), &self.settings);
        message.refusals.push(Refusal::CheckMissing {
            due: u32::from(block.found),
        });
        message.raw = block.raw;
        heard.messages.push(message);
    }
}
