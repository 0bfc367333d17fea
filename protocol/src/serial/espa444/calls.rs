//! Which blocks were taken and not yet answered: a block that is sent again joins what was made of it the first time.
//! It writes nothing to the line, and forgets what it cannot tell apart: in doubt a call is a new one.

use std::collections::VecDeque;

/// An unanswered block that comes again within this long is the same call, ms. Ours: a panel repeats within seconds and
/// gives up after 10 s (Avaya).
const AGAIN_WITHIN_MS: u64 = 30_000;

/// How many blocks are remembered; the oldest goes first.
const REMEMBERED: usize = 8;

#[derive(Debug)]
struct Call {
    ticket: u32,
    block: Vec<u8>,
    heard_ms: u64,
    safe: bool,
    answered: bool,
}

/// The block that waits for its answer on the line now.
#[derive(Debug, Clone, Copy)]
struct Asked {
    ticket: u32,
    until_ms: u64,
}

/// What a good block is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// A call that was not heard before, with the ticket it gets.
    New(u32),
    /// The same call again; `answer` when it is safe already.
    Again {
        /// The line may have its ACK now.
        answer: bool,
    },
}

/// The blocks of one line.
#[derive(Debug, Default)]
pub(super) struct Calls {
    taken: VecDeque<Call>,
    next: u32,
    asked: Option<Asked>,
}

impl Calls {
    /// A good block was heard. `selected`: between our selection and the end of the transmission.
    pub(super) fn heard(
        &mut self,
        block: &[u8],
        selected: bool,
        ack_within_ms: u64,
        now_ms: u64,
    ) -> Is {
        self.taken
            .retain(|call| now_ms.saturating_sub(call.heard_ms) < AGAIN_WITHIN_MS);
        let known = self.taken.iter_mut().find(|call| call.block == block);
        let (ticket, is) = if let Some(call) = known {
            call.heard_ms = now_ms;
            (call.ticket, Is::Again { answer: call.safe })
        } else {
            let ticket = self.next;
            self.next = self.next.wrapping_add(1);
            if self.taken.len() >= REMEMBERED {
                self.taken.pop_front();
            }
            self.taken.push_back(Call {
                ticket,
                block: block.to_vec(),
                heard_ms: now_ms,
                safe: false,
                answered: false,
            });
            (ticket, Is::New(ticket))
        };
        self.asked = Some(Asked {
            ticket,
            until_ms: now_ms.saturating_add(ack_within_ms),
        });
        if is == (Is::Again { answer: true }) {
            self.answered(ticket, selected);
        }
        is
    }

    /// This block is safe. True when it is the one that waits on the line, and in time.
    pub(super) fn safe(&mut self, ticket: u32, selected: bool, now_ms: u64) -> bool {
        if let Some(call) = self.taken.iter_mut().find(|call| call.ticket == ticket) {
            call.safe = true;
        }
        let Some(asked) = self.asked.filter(|asked| asked.ticket == ticket) else {
            return false;
        };
        self.asked = None;
        if now_ms > asked.until_ms {
            return false;
        }
        self.answered(ticket, selected);
        true
    }

    /// Until when a block waits for its answer.
    pub(super) fn waits_until_ms(&self) -> Option<u64> {
        self.asked.map(|asked| asked.until_ms)
    }

    /// The transmission is over, or another begins: nobody waits, and an answered block that comes now is a new call.
    pub(super) fn over(&mut self) {
        self.asked = None;
        self.taken.retain(|call| !call.answered);
    }

    /// The line was closed, and with it went whoever would have said that a block is safe.
    pub(super) fn closed(&mut self) {
        self.asked = None;
        self.taken.retain(|call| call.safe && !call.answered);
    }

    /// Within a selection an answered block is kept: it comes again when its answer was lost. Without one there is
    /// nothing that tells it from a second press, and it is forgotten.
    fn answered(&mut self, ticket: u32, selected: bool) {
        self.asked = None;
        if selected {
            for call in self.taken.iter_mut().filter(|call| call.ticket == ticket) {
                call.answered = true;
            }
        } else {
            self.taken.retain(|call| call.ticket != ticket);
        }
    }
}
