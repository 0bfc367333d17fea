//! A nurse call panel at the other end of an ESPA 4.4.4 line: it polls or waits to be polled, selects, sends a block, waits,
//! repeats, gives up and calls again later until its call is acknowledged. It decides with the time it is given.
//!
//! ```text
//! control station   2 ENQ ──► ◄── EOT      nobody calls: a poll each 150 ms
//!                   1 ENQ 2 ENQ ──► ◄── ACK   SOH … BCC ──► ◄── ACK   EOT ──►
//! station at 3      ◄── 3 ENQ   EOT ──►      or   1 ENQ ──► ◄── ACK   SOH … BCC ──► ◄── ACK   EOT ──►
//! bridge            SOH … BCC ──► ◄── ACK   EOT ──►
//! ```

use std::collections::VecDeque;

use tecs_protocol::serial::espa444::{ACK, ENQ, EOT, NAK, enquiry};

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// From one poll to the next, ms (Avaya).
const POLL_MS: u64 = 150;
/// How long the gateway may take to answer a poll or a selection, ms. Ours.
const ANSWER_MS: u64 = 500;
/// How long a block waits for its answer, ms: longer than the 2 s in which custody is taken or the gateway stays silent.
const BLOCK_MS: u64 = 2_500;
/// How often a block is repeated after NAK or silence (Avaya).
const REPEATS: u8 = 2;
/// After that, the call is made again after so long, ms. Ours.
const AGAIN_MS: u64 = 1_000;
/// A line that was just opened is left alone for this long, ms: what is answered now was asked of somebody else.
const SETTLE_MS: u64 = 200;
/// The most calls that wait; the oldest goes first, and is counted.
const WAITING: usize = 256;

/// The control station's address, and the gateway's where it is a station.
const CONTROL: u8 = b'1';
const GATEWAY: u8 = b'2';
/// A panel's address where the gateway is the control station.
pub const STATION: u8 = b'3';

/// How a panel behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It is the control station: it polls the gateway at 2, and selects it when somebody calls.
    Control,
    /// It is a station at this address, which the gateway polls as the control station at 1.
    Station(u8),
    /// It never polls and opens with SOH.
    Bridge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is under way before this.
    Rests { until_ms: u64 },
    /// The gateway was polled.
    Polled { since_ms: u64 },
    /// The gateway was selected.
    Selected { since_ms: u64 },
    /// The block was said for the so manyth time.
    Said { times: u8, since_ms: u64 },
}

#[derive(Debug)]
struct Call {
    block: Vec<u8>,
    handed: Handed,
}

/// What happened to a panel's calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counters {
    calls: u64,
    acked: u64,
    nakked: u64,
    repeated: u64,
    silent: u64,
    again: u64,
    dropped: u64,
}

/// A panel.
#[derive(Debug)]
pub struct Panel {
    manner: Manner,
    state: State,
    calls: VecDeque<Call>,
    /// The byte before an ENQ is an address.
    before: u8,
    out: Vec<u8>,
    counters: Counters,
}

impl Panel {
    /// A panel that nobody has called yet.
    pub const fn new(manner: Manner) -> Self {
        Self {
            manner,
            state: State::Rests { until_ms: 0 },
            calls: VecDeque::new(),
            before: 0,
            out: Vec::new(),
            counters: Counters {
                calls: 0,
                acked: 0,
                nakked: 0,
                repeated: 0,
                silent: 0,
                again: 0,
                dropped: 0,
            },
        }
    }

    fn block(&mut self, times: u8, now_ms: u64) {
        let Some(call) = self.calls.front() else {
            return self.ends(now_ms, POLL_MS);
        };
        self.out.extend(&call.block);
        self.state = State::Said {
            times,
            since_ms: now_ms,
        };
    }

    /// NAK or silence: the block again, or the end of this attempt.
    fn block_again(&mut self, times: u8, now_ms: u64) {
        if times <= REPEATS {
            self.counters.repeated += 1;
            self.block(times + 1, now_ms);
        } else {
            self.fails(now_ms);
        }
    }

    /// This attempt failed; the call is made again later.
    fn fails(&mut self, now_ms: u64) {
        self.counters.again += 1;
        self.ends(now_ms, AGAIN_MS);
    }

    fn ends(&mut self, now_ms: u64, rest_ms: u64) {
        self.out.push(EOT);
        self.state = State::Rests {
            until_ms: now_ms + rest_ms,
        };
    }

    fn select(&mut self, now_ms: u64) {
        if self.manner == Manner::Control {
            self.out.extend(enquiry(CONTROL));
            self.out.extend(enquiry(GATEWAY));
        } else {
            self.out.extend(enquiry(CONTROL));
        }
        self.state = State::Selected { since_ms: now_ms };
    }

    /// The gateway, as the control station, asks us.
    fn polled(&mut self, now_ms: u64) {
        match self.state {
            State::Rests { until_ms } if until_ms <= now_ms && !self.calls.is_empty() => {
                self.select(now_ms);
            }
            State::Rests { .. } => self.out.push(EOT),
            State::Polled { .. } | State::Selected { .. } | State::Said { .. } => {}
        }
    }

    fn rested(&mut self, now_ms: u64) {
        match (self.manner, self.calls.is_empty()) {
            (Manner::Control, false) => self.select(now_ms),
            (Manner::Control, true) => {
                self.out.extend(enquiry(GATEWAY));
                self.state = State::Polled { since_ms: now_ms };
            }
            (Manner::Bridge, false) => self.block(1, now_ms),
            (Manner::Bridge, true) | (Manner::Station(_), _) => {}
        }
    }

    fn heard(&mut self, byte: u8, now_ms: u64) {
        let address = std::mem::replace(&mut self.before, byte);
        match (self.state, byte) {
            (_, ENQ) if self.manner == Manner::Station(address) => self.polled(now_ms),
            (State::Polled { .. }, EOT) => {
                self.state = State::Rests {
                    until_ms: now_ms + POLL_MS,
                };
            }
            (State::Selected { .. }, ACK) => self.block(1, now_ms),
            (State::Selected { .. }, NAK) => self.fails(now_ms),
            (State::Said { .. }, ACK) => {
                self.counters.acked += 1;
                if let Some(call) = self.calls.pop_front() {
                    call.handed.set(Taken::Yes);
                }
                self.ends(now_ms, 0);
            }
            (State::Said { times, .. }, NAK) => {
                self.counters.nakked += 1;
                self.block_again(times, now_ms);
            }
            // What nobody asked for, and the digit before NAK, which says why.
            _ => {}
        }
    }
}

impl Talker for Panel {
    fn opened(&mut self, now_ms: u64) {
        self.state = State::Rests {
            until_ms: now_ms + SETTLE_MS,
        };
    }

    fn closed(&mut self, now_ms: u64) {
        if matches!(self.state, State::Selected { .. } | State::Said { .. }) {
            self.counters.again += 1;
        }
        self.out.clear();
        self.state = State::Rests { until_ms: now_ms };
    }

    fn says(&mut self, body: &Body, handed: &Handed, _: u64) {
        let Body::Bytes(block) = body else {
            return handed.set(Taken::No);
        };
        self.counters.calls += 1;
        if self.calls.len() >= WAITING
            && let Some(oldest) = self.calls.pop_front()
        {
            oldest.handed.set(Taken::No);
            self.counters.dropped += 1;
        }
        self.calls.push_back(Call {
            block: block.clone(),
            handed: handed.clone(),
        });
    }

    fn hears(&mut self, bytes: &[u8], now_ms: u64) {
        for byte in bytes {
            self.heard(*byte, now_ms);
        }
    }

    fn speaks(&mut self, now_ms: u64) -> Vec<u8> {
        match self.state {
            State::Rests { until_ms } if until_ms <= now_ms => self.rested(now_ms),
            State::Polled { since_ms } if now_ms >= since_ms + ANSWER_MS => {
                self.counters.silent += 1;
                self.state = State::Rests { until_ms: now_ms };
            }
            State::Selected { since_ms } if now_ms >= since_ms + ANSWER_MS => {
                self.counters.silent += 1;
                self.fails(now_ms);
            }
            State::Said { times, since_ms } if now_ms >= since_ms + BLOCK_MS => {
                self.counters.silent += 1;
                self.block_again(times, now_ms);
            }
            State::Rests { .. }
            | State::Polled { .. }
            | State::Selected { .. }
            | State::Said { .. } => {}
        }
        std::mem::take(&mut self.out)
    }

    fn is_asking(&self) -> bool {
        matches!(self.state, State::Said { .. })
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        let c = &self.counters;
        vec![
            ("calls", c.calls),
            ("acknowledged", c.acked),
            ("refused (NAK)", c.nakked),
            ("blocks repeated", c.repeated),
            ("answers that did not come", c.silent),
            ("calls made again later", c.again),
            ("calls dropped", c.dropped),
        ]
    }
}
