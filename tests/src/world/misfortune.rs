//! What may go wrong in a world, and how often.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// What may go wrong in a world, and how often; 0 is never. Chances are per mille.
#[derive(Debug, Clone)]
pub struct Misfortune {
    /// A crash of the gateway, per second.
    pub crash: u32,
    /// The stream to a hub breaks, per parcel.
    pub stream_breaks: u32,
    /// A hub stops answering for a while, per second.
    pub hub_freezes: u32,
    /// A hub is restarted from an older ledger, per second.
    pub ledger_goes_back: u32,
    /// A hub refuses a record (and keeps its bytes), per record.
    pub refusals: u32,
    /// A hub answers a record twice, or another order, per parcel.
    pub receipts_jumbled: u32,
    /// The disk fails an order, per order.
    pub disk_fails: u32,
    /// The longest a disk takes, ms.
    pub disk_slow_ms: u64,
    /// The longest a message takes to or from a hub, ms.
    pub wire_slow_ms: u64,
    /// The broker breaks the connection, per second.
    pub broker_breaks: u32,
    /// The broker forgets the session when it breaks, per break.
    pub session_lost: u32,
    /// Bytes of the whole disk; 0 is endless.
    pub disk_bytes: u64,
    /// The disk hangs under an order, per order: for up to [`HANG_MS`].
    pub disk_hangs: u32,
    /// The journal is opened later than the sources, per start: by up to [`HANG_MS`].
    pub opens_late: u32,
}

/// The longest that a disk hangs, ms.
pub const HANG_MS: u64 = 20_000;

impl Misfortune {
    /// A world in which nothing goes wrong.
    pub fn none() -> Self {
        Self {
            crash: 0,
            stream_breaks: 0,
            hub_freezes: 0,
            ledger_goes_back: 0,
            refusals: 0,
            receipts_jumbled: 0,
            disk_fails: 0,
            disk_slow_ms: 2,
            wire_slow_ms: 5,
            broker_breaks: 0,
            session_lost: 0,
            disk_bytes: 0,
            disk_hangs: 0,
            opens_late: 0,
        }
    }

    /// Each misfortune is absent in half of all worlds, so that each is also seen alone.
    pub fn drawn(rng: &mut ChaCha8Rng) -> Self {
        let mut rate = |most: u32| {
            if rng.random_bool(0.5) {
                0
            } else {
                rng.random_range(1..=most)
            }
        };
        Self {
            crash: rate(60),
            stream_breaks: rate(120),
            hub_freezes: rate(60),
            ledger_goes_back: rate(20),
            refusals: rate(40),
            receipts_jumbled: rate(300),
            disk_fails: rate(200),
            disk_slow_ms: 1 + u64::from(rate(400)),
            wire_slow_ms: 1 + u64::from(rate(900)),
            broker_breaks: rate(60),
            session_lost: rate(300),
            disk_bytes: u64::from(rate(40)) * 4096,
            disk_hangs: rate(10),
            opens_late: rate(500),
        }
    }
}
