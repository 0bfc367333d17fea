//! Whose turn it is to speak: polls, selections and their ends, for an addressed station and for the control station.
//! It reads no block, and gives the bytes of enquiries and their answers alone.

use super::say::{ACK, EOT, enquiry};
use super::settings::{Alone, Role};

/// A selection follows its poll within this long, ms. Ours; a public server allows 2.5 s for the whole sequence.
const PAIR_MS: u64 = 2_500;

/// Without a valid word for this long a transmission is over; the control station says so with EOT, ms (Avaya: 10 s).
const QUIET_MS: u64 = 10_000;

/// How long a polled station may take to answer before the next one is polled, ms. Ours.
const ANSWER_MS: u64 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nobody is selected.
    Free,
    /// A station was polled and may select another.
    Polled,
    /// We are selected.
    Ours,
    /// Another station is selected.
    Elsewhere,
}

/// The conversation on one line.
#[derive(Debug)]
pub(super) struct Talk {
    role: Role,
    turn: Turn,
    /// When the turn began, or somebody spoke in it.
    since_ms: u64,
    /// The station that is polled next.
    next: usize,
    poll_ms: u64,
    /// When a station last spoke.
    answered_ms: u64,
}

impl Talk {
    pub(super) fn new(role: &Role) -> Self {
        Self {
            role: role.clone(),
            turn: Turn::Free,
            since_ms: 0,
            next: 0,
            poll_ms: 0,
            answered_ms: 0,
        }
    }

    pub(super) fn opened(&mut self, now_ms: u64) {
        self.poll_ms = now_ms;
        self.answered_ms = now_ms;
    }

    /// True between a poll and the end of what it led to.
    pub(super) fn is_going_on(&self) -> bool {
        self.turn != Turn::Free
    }

    /// True while we are selected.
    pub(super) fn is_ours(&self) -> bool {
        self.turn == Turn::Ours
    }

    /// True while another station is selected.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.turn == Turn::Elsewhere
    }

    /// A turn in which nobody has spoken for too long is over.
    pub(super) fn quiet(&mut self, now_ms: u64) {
        let quiet = now_ms.saturating_sub(self.since_ms);
        self.turn = match self.turn {
            Turn::Polled if quiet > PAIR_MS => Turn::Free,
            Turn::Elsewhere | Turn::Ours if quiet > QUIET_MS => Turn::Free,
            turn => turn,
        };
    }

    /// Somebody spoke: the transmission goes on.
    pub(super) fn spoke(&mut self, now_ms: u64) {
        self.since_ms = now_ms;
        self.answered_ms = now_ms;
        // A station that was polled and sends its block without a selection is a bridge.
        if self.turn == Turn::Polled {
            self.turn = Turn::Free;
        }
    }

    /// EOT: the transmission is over, or a polled station has nothing to say.
    pub(super) fn ended(&mut self, now_ms: u64) {
        self.turn = Turn::Free;
        self.answered_ms = now_ms;
    }

    /// `address ENQ`; our answer.
    pub(super) fn enquiry(&mut self, address: u8, now_ms: u64) -> Vec<u8> {
        self.quiet(now_ms);
        let before = self.turn;
        self.since_ms = now_ms;
        self.answered_ms = now_ms;
        match &self.role {
            Role::Station {
                address: own,
                alone,
            } => {
                let (turn, answer) = as_station(before, address == *own, *alone);
                self.turn = turn;
                answer.into_iter().collect()
            }
            // Nobody polls but us: every enquiry that we hear is a station's selection.
            Role::Control { address: own, .. } if address == *own => {
                self.turn = Turn::Ours;
                vec![ACK]
            }
            Role::Control { .. } => {
                self.turn = Turn::Elsewhere;
                Vec::new()
            }
        }
    }

    /// When we have to speak: the control station's next poll, or its end of a transmission that went quiet.
    pub(super) fn due_ms(&self) -> Option<u64> {
        let Role::Control { stations, .. } = &self.role else {
            return None;
        };
        match self.turn {
            Turn::Free => (!stations.is_empty()).then_some(self.poll_ms),
            Turn::Polled => Some(self.since_ms.saturating_add(ANSWER_MS)),
            Turn::Ours | Turn::Elsewhere => Some(self.since_ms.saturating_add(QUIET_MS)),
        }
    }

    /// We speak.
    pub(super) fn turn(&mut self, now_ms: u64) -> Vec<u8> {
        let Role::Control {
            stations, poll_ms, ..
        } = &self.role
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let stuck = matches!(self.turn, Turn::Ours | Turn::Elsewhere);
        if stuck || now_ms.saturating_sub(self.answered_ms) >= QUIET_MS {
            self.answered_ms = now_ms;
            out.push(EOT);
        }
        self.turn = Turn::Free;
        if stuck || self.poll_ms > now_ms {
            return out;
        }
        if let Some(station) = stations.get(self.next % stations.len().max(1)) {
            out.extend(enquiry(*station));
            self.turn = Turn::Polled;
            self.since_ms = now_ms;
        }
        self.next = self.next.wrapping_add(1);
        // A poll of 0 ms would be a loop without an end.
        self.poll_ms = now_ms.saturating_add((*poll_ms).max(10));
        out
    }
}

/// What an enquiry means to an addressed station, and its answer. The first of a pair is a poll, the second a selection.
/// On a line where other stations' answers are not heard, two polls look like a pair: then our ACK is ignored by whoever
/// polls, while an EOT to a selection would cost a call, so in doubt we are selected.
const fn as_station(before: Turn, ours: bool, alone: Alone) -> (Turn, Option<u8>) {
    match (before, ours) {
        (Turn::Free, true) => match alone {
            Alone::Poll => (Turn::Free, Some(EOT)),
            Alone::Selection => (Turn::Ours, Some(ACK)),
        },
        (Turn::Polled | Turn::Ours | Turn::Elsewhere, true) => (Turn::Ours, Some(ACK)),
        (Turn::Polled, false) => (Turn::Elsewhere, None),
        (Turn::Free | Turn::Ours | Turn::Elsewhere, false) => (Turn::Polled, None),
    }
}
