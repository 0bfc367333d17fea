//! One file a device protocol: bytes in any chunks in, [`Message`]s and answers out. Reads and writes nothing itself.

pub mod and_medical;
pub mod contec;
mod echo;
pub mod enocean;
pub mod espa444;
pub mod jsonl;
pub(crate) mod lines;
pub mod masimo;
pub mod modbus;
pub mod nonin;
pub(crate) mod objects;
mod oximeter;
pub mod rfxtrx;
pub mod vitals;

use crate::signal::Message;

/// What reading some bytes, or the passing of time, led to.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    /// Whole messages, in order.
    pub messages: Vec<Message>,
    /// Bytes to write to the line now.
    pub send: Vec<u8>,
}

/// What speaks one device protocol on one line. Times are monotonic milliseconds, handed in.
pub trait Wire: Send {
    /// The line was opened: bytes to send first (format selection, wake-up).
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        let _ = now_ms;
        Vec::new()
    }

    /// The line was closed: what was half said or waited for an answer is over.
    fn closed(&mut self, now_ms: u64) {
        let _ = now_ms;
    }

    /// Reads the next bytes, in whatever chunks the line gives them. Holds at most its protocol's longest frame.
    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard);

    /// The message with this ticket is safe (or counted, when it said nothing): the line may have its answer.
    fn safe(&mut self, ticket: u32, now_ms: u64, heard: &mut Heard) {
        let _ = (ticket, now_ms, heard);
    }

    /// When `tick` is due next.
    fn due_ms(&self) -> Option<u64> {
        None
    }

    /// Time passed: polls, keep-alives, lines that went dead in the middle of a frame.
    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        let _ = (now_ms, heard);
    }

    /// What the next words' senders are, where they cannot say so themselves (`decode`'s `profile`), until the input ends.
    /// False when this line's reader has no use for it.
    fn told(&mut self, profile: &str) -> bool {
        let _ = profile;
        false
    }

    /// What a device of this line had taught ([`Message::lesson`]) before the daemon was last ended.
    fn recall(&mut self, device: &str, says: &str) {
        let _ = (device, says);
    }

    /// The input ends here, and nobody waits for an answer: what is held and lacks only its check is said, with a
    /// refusal that names what is missing. Only for whoever reads single messages by hand (`decode`): on a living line
    /// what is not whole is not said.
    fn ended(&mut self, now_ms: u64, heard: &mut Heard) {
        let _ = (now_ms, heard);
    }
}
