//! One link to one endpoint of the care hub: down with a time to try again, opening, or up with what is on the wire.

use std::collections::{BTreeMap, VecDeque};

use tecs_protocol::vocabulary::Lane;

use crate::page::{PAGE_LIMIT, PageKey};
use crate::settings::Limits;
use crate::time::Mono;

/// Bulk starts with this much on the wire and earns more with quick receipts, bytes.
const WINDOW_FIRST: usize = 4 * PAGE_LIMIT;

/// A stream whose hub does not say Welcome within this long is given up, ms.
pub(crate) const WELCOME_WITHIN_MS: u64 = 5_000;

/// A parcel without a receipt for this long means that the hub has lost its thread: the stream is opened anew, ms.
pub(crate) const RECEIPT_WITHIN_MS: u64 = 30_000;

/// A spare link that nobody needs is closed after this long, ms.
pub(crate) const SPARE_FOR_MS: u64 = 30_000;

/// What a link is doing.
#[derive(Debug)]
pub(crate) enum Link {
    /// Not wanted, or waiting to be tried again.
    Down { retry_at: Mono, attempt: u32 },
    /// The edge is opening the stream.
    Opening { attempt: u32 },
    /// The edge was told to give the stream up and has not said that it is gone.
    Closing { attempt: u32 },
    /// A stream stands.
    Up(Box<Up>),
}

/// A stream that stands.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) since: Mono,
    /// The hub's ledger, once it has said Welcome.
    pub(crate) ledger: Option<u64>,
    pub(crate) flights: VecDeque<Flight>,
    /// Bytes of bulk on the wire.
    flying: usize,
    /// Pages that the journal reads back for the wire, with their bytes: they have their place in the window already.
    reserved: BTreeMap<PageKey, usize>,
    window: usize,
    halved_at: Mono,
    /// Until when a lane is paused by the hub.
    pub(crate) paused: [Mono; 3],
    pub(crate) beat_at: Mono,
    pub(crate) beat_every_ms: u64,
    /// When somebody last needed this link.
    pub(crate) needed: Mono,
}

/// A parcel on the wire.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) lane: Lane,
    pub(crate) epoch: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Numbers of it that have no receipt yet.
    left: u64,
    bytes: usize,
    pub(crate) at: Mono,
}

impl Link {
    pub(crate) fn up(&self) -> Option<&Up> {
        match self {
            Self::Up(up) => Some(up),
            Self::Down { .. } | Self::Opening { .. } | Self::Closing { .. } => None,
        }
    }

    pub(crate) fn up_mut(&mut self) -> Option<&mut Up> {
        match self {
            Self::Up(up) => Some(up),
            Self::Down { .. } | Self::Opening { .. } | Self::Closing { .. } => None,
        }
    }

    /// A word for people.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Down { .. } => "down",
            Self::Opening { .. } => "opening",
            Self::Closing { .. } => "closing",
            Self::Up(up) if up.ledger.is_some() => "up",
            Self::Up(_) => "waiting for welcome",
        }
    }
}

impl Up {
    pub(crate) fn new(limits: &Limits, now: Mono) -> Self {
        Self {
            since: now,
            ledger: None,
            flights: VecDeque::new(),
            flying: 0,
            reserved: BTreeMap::new(),
            window: WINDOW_FIRST.min(limits.unreceipted),
            halved_at: Mono(0),
            paused: [Mono(0); 3],
            beat_at: now.plus(limits.beat_every_ms),
            beat_every_ms: limits.beat_every_ms,
            needed: now,
        }
    }

    /// Pauses that are over are forgotten.
    pub(crate) fn resume(&mut self, now: Mono) {
        for paused in &mut self.paused {
            if *paused <= now {
                *paused = Mono(0);
            }
        }
    }

    /// When the first pause is over.
    pub(crate) fn resumes(&self) -> Option<Mono> {
        self.paused.iter().copied().filter(|p| p.0 > 0).min()
    }

    /// Bulk of this many bytes may go: it fits the window, or nothing else is on the wire.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let taken = self.flying + self.reserved.values().sum::<usize>();
        taken == 0 || taken + bytes <= self.window
    }

    /// A page is being read back: it has its place in the window from now on.
    pub(crate) fn reserve(&mut self, key: PageKey, bytes: usize) {
        self.reserved.insert(key, bytes);
    }

    /// The page was read back, or is not needed any more.
    pub(crate) fn unreserve(&mut self, key: PageKey) {
        self.reserved.remove(&key);
    }

    /// A lane may send.
    pub(crate) fn is_open(&self, lane: Lane, now: Mono) -> bool {
        match lane {
            Lane::Alarm => true,
            Lane::Vital | Lane::Routine => {
                self.ledger.is_some()
                    && self.paused.get(lane as usize - 1).is_none_or(|p| *p <= now)
            }
        }
    }

    pub(crate) fn flew(
        &mut self,
        lane: Lane,
        epoch: u64,
        first: u64,
        last: u64,
        bytes: usize,
        now: Mono,
    ) {
        let bytes = if lane == Lane::Alarm { 0 } else { bytes };
        self.flying += bytes;
        self.flights.push_back(Flight {
            lane,
            epoch,
            first,
            last,
            left: last - first + 1,
            bytes,
            at: now,
        });
    }

    /// A receipt, or a refusal, for `from..=to`.
    pub(crate) fn landed(
        &mut self,
        lane: Lane,
        epoch: u64,
        from: u64,
        to: u64,
        limits: &Limits,
        now: Mono,
    ) {
        let mut slowest = None;
        let mut freed = 0;
        for flight in &mut self.flights {
            if flight.lane != lane || flight.epoch != epoch {
                continue;
            }
            let low = flight.first.max(from);
            let high = flight.last.min(to);
            if low <= high {
                flight.left = flight.left.saturating_sub(high - low + 1);
            }
            if flight.left == 0 {
                freed += flight.bytes;
                slowest = slowest.max(Some(now.since(flight.at)));
            }
        }
        self.flights.retain(|f| f.left > 0);
        self.flying = self.flying.saturating_sub(freed);
        let Some(round_trip) = slowest else { return };
        if round_trip <= limits.slow_round_trip_ms {
            self.window = (self.window + freed).min(limits.unreceipted);
        } else if now.since(self.halved_at) >= round_trip {
            // Halved once for all that was on the wire together.
            self.halved_at = now;
            self.window = (self.window / 2).max(PAGE_LIMIT);
        }
    }

    /// When the oldest parcel without a receipt left.
    pub(crate) fn oldest_flight(&self) -> Option<Mono> {
        self.flights.front().map(|f| f.at)
    }
}

/// How long to wait before try number `attempt` (1 is the first after a failure): doubling, with jitter from `seed`.
pub(crate) fn back_off(limits: &Limits, attempt: u32, seed: u64) -> u64 {
    let (first, longest) = limits.back_off_ms;
    let full = first
        .saturating_mul(1 << attempt.saturating_sub(1).min(16))
        .min(longest)
        .max(1);
    // Between half and all of it: SplitMix64 of the run's epoch and the try, so that homes do not come back in step.
    let mut z = seed ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    full / 2 + (z ^ (z >> 31)) % (full / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit_and_is_never_in_step() {
        let limits = Limits::default();
        for attempt in 1..20 {
            let full = (500u64 << (attempt - 1).min(16)).min(30_000);
            for seed in [1, 2, 3] {
                let pause = back_off(&limits, attempt, seed);
                assert!((full / 2..=full).contains(&pause), "{attempt} {pause}");
            }
        }
        assert_ne!(back_off(&limits, 5, 1), back_off(&limits, 5, 2));
    }

    #[test]
    fn slow_round_trips_halve_what_is_on_the_wire_down_to_one_page() {
        let limits = Limits::default();
        let mut up = Up::new(&limits, Mono(0));
        for n in 0..10u64 {
            let now = Mono(n * 2_000);
            up.flew(Lane::Routine, 1, n + 1, n + 1, 1_000, now);
            up.landed(Lane::Routine, 1, n + 1, n + 1, &limits, now.plus(1_500));
        }
        assert_eq!(up.window, PAGE_LIMIT);
        assert_eq!(up.flying, 0);
        up.flew(Lane::Routine, 1, 11, 11, PAGE_LIMIT, Mono(30_000));
        assert!(!up.has_room(1));
    }

    #[test]
    fn alarms_take_no_room_from_the_window() {
        let limits = Limits::default();
        let mut up = Up::new(&limits, Mono(0));
        up.flew(Lane::Alarm, 1, 1, 1, 10_000, Mono(0));
        assert_eq!(up.flying, 0);
    }
}
