//! Bytes of an ESPA line cut into enquiries, answers and blocks. It judges no block and answers nothing.

use super::say::{ACK, ENQ, EOT, ETX, NAK, SOH};

/// Noise is told at the latest when there is this much of it, bytes.
const NOISE_MOST: usize = 1024;

/// One thing that was heard whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A block, its check not yet judged.
    Block(Block),
    /// A block that broke off after so many bytes: the sender was silent, or already says something else.
    Torn { bytes: usize, silent: bool },
    /// A block of so many bytes, which is more than it may have.
    TooLong(usize),
    /// `address ENQ`: a poll or a selection.
    Enquiry(u8),
    /// The end of a transmission.
    Eot,
    /// A positive answer, which is another station's.
    Ack,
    /// A negative answer, which is another station's.
    Nak,
    /// Bytes that belong to nothing.
    Noise(usize),
}

/// A block as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// From SOH to ETX, and the check if it came.
    pub(super) raw: Vec<u8>,
    /// The check as sent; `None` where the input ended before it.
    pub(super) said: Option<u8>,
    /// What the bytes give.
    pub(super) found: u8,
}

impl Block {
    /// Header and records: what is between SOH and ETX.
    pub(super) fn content(&self) -> &[u8] {
        let inner = self.raw.get(1..).unwrap_or_default();
        let end = inner.len() - usize::from(self.said.is_some());
        inner.get(..end.saturating_sub(1)).unwrap_or_default()
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Where {
    #[default]
    Between,
    /// After SOH; so many ENQ and EOT have no business there.
    Inside { strange: u8 },
    /// After ETX: the next byte is the check, whatever it is.
    Check,
    /// The block was told without its check; this would be it.
    Told { due: u8 },
}

/// The reader of single bytes.
#[derive(Debug)]
pub(super) struct Framer {
    longest: usize,
    at: Where,
    block: Vec<u8>,
    /// How many bytes of the block there were; more than are held when it is too long.
    len: usize,
    /// The byte before a control character may be an address.
    before: Option<u8>,
    noise: usize,
}

impl Framer {
    /// Of blocks of at most `longest` bytes.
    pub(super) const fn new(longest: usize) -> Self {
        Self {
            longest,
            at: Where::Between,
            block: Vec::new(),
            len: 0,
            before: None,
            noise: 0,
        }
    }

    /// The longest block, bytes.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// Bytes of an unfinished block that it holds.
    pub(super) const fn held(&self) -> usize {
        self.block.len()
    }

    /// True in the middle of a block.
    pub(super) const fn is_inside(&self) -> bool {
        matches!(self.at, Where::Inside { .. } | Where::Check)
    }

    /// Takes the next byte.
    pub(super) fn push(&mut self, byte: u8, out: &mut Vec<Piece>) {
        match self.at {
            Where::Between => self.between(byte, out),
            Where::Inside { strange } => self.inside(byte, strange, out),
            Where::Check => self.check(byte, out),
            Where::Told { due } => {
                self.at = Where::Between;
                if byte != due {
                    self.between(byte, out);
                }
            }
        }
    }

    /// The block broke off.
    pub(super) fn tear(&mut self, silent: bool, out: &mut Vec<Piece>) {
        if self.is_inside() {
            let bytes = self.len;
            out.push(Piece::Torn { bytes, silent });
        }
        self.block = Vec::new();
        self.at = Where::Between;
        self.before = None;
    }

    /// The input ends here. A block that lacks nothing but its check is given without it.
    pub(super) fn ended(&mut self) -> Option<Block> {
        if self.at != Where::Check || self.len > self.longest {
            return None;
        }
        let block = self.take(None);
        self.at = Where::Told { due: block.found };
        Some(block)
    }

    fn take(&mut self, said: Option<u8>) -> Block {
        let mut raw = std::mem::take(&mut self.block);
        let found = super::say::bcc(raw.get(1..).unwrap_or_default());
        raw.extend(said);
        Block { raw, said, found }
    }

    fn between(&mut self, byte: u8, out: &mut Vec<Piece>) {
        match byte {
            SOH => self.begin(out),
            ENQ => match self.before.take() {
                Some(address) => {
                    self.quiet(out);
                    out.push(Piece::Enquiry(address));
                }
                None => self.noise += 1,
            },
            EOT => {
                self.stray();
                self.quiet(out);
                out.push(Piece::Eot);
            }
            // Both may have a character before them that says whose or why.
            ACK | NAK => {
                self.before = None;
                self.quiet(out);
                out.push(if byte == ACK { Piece::Ack } else { Piece::Nak });
            }
            // Some senders end a line after a block.
            b'\r' | b'\n' => self.stray(),
            0x20..=0x7e => {
                self.stray();
                self.before = Some(byte);
            }
            _ => {
                self.stray();
                self.noise += 1;
            }
        }
        if self.noise >= NOISE_MOST {
            self.quiet(out);
        }
    }

    /// What stood before was no address.
    fn stray(&mut self) {
        self.noise += usize::from(self.before.take().is_some());
    }

    fn quiet(&mut self, out: &mut Vec<Piece>) {
        if self.noise > 0 {
            out.push(Piece::Noise(std::mem::take(&mut self.noise)));
        }
    }

    fn begin(&mut self, out: &mut Vec<Piece>) {
        self.stray();
        self.quiet(out);
        self.at = Where::Inside { strange: 0 };
        self.block = vec![SOH];
        self.len = 1;
    }

    fn inside(&mut self, byte: u8, strange: u8, out: &mut Vec<Piece>) {
        match byte {
            // The sender begins again.
            SOH => {
                self.tear(false, out);
                self.begin(out);
                return;
            }
            // One is a garbled byte, which the check finds, and must not be answered: the sender would take an answer
            // to an enquiry for the answer to its block. Two are a line that goes on without the block's rest.
            ENQ | EOT if strange > 0 => return self.tear(false, out),
            ENQ | EOT => self.at = Where::Inside { strange: 1 },
            ETX => self.at = Where::Check,
            _ => {}
        }
        self.len += 1;
        if self.len <= self.longest {
            self.block.push(byte);
        } else {
            self.block = Vec::new();
        }
    }

    fn check(&mut self, byte: u8, out: &mut Vec<Piece>) {
        self.at = Where::Between;
        if self.len > self.longest {
            out.push(Piece::TooLong(self.len + 1));
        } else {
            let block = self.take(Some(byte));
            out.push(Piece::Block(block));
        }
    }
}
