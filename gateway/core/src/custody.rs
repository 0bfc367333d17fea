//! Who still waits for an answer: the messages of one source, in the order in which they came, each with the number
//! of its records that are not safe yet. Answers leave in arrival order (MQTT 3.1.1, 4.6: [MQTT-4.6.0-2]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The message of a source that a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Index of the source.
    pub(crate) source: usize,
    /// Which of its messages.
    pub(crate) id: u64,
}

/// What the source hears once a message is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A broker's token.
    Token(u64),
    /// A serial protocol's ticket.
    Ticket(u32),
}

/// How many answers are remembered that may have been lost with their connection.
const ANSWERED_MOST: usize = 1_024;

/// How many messages of connections that are gone are remembered: a session has no more packet identifiers than these
/// (MQTT 3.1.1, 2.3.1). The oldest are forgotten; one that comes all the same is a new one.
const SUSPENDED_MOST: usize = 65_535;

#[derive(Debug)]
struct Waiting {
    answer: Option<Answer>,
    /// The broker's number of it on this session.
    packet: u16,
    /// Records of this message that are neither on disk nor at the hub.
    unsafe_records: u32,
    /// Recognises the same message when the broker sends it again.
    print: u64,
    /// By which number the journal remembers its presses.
    remembered: Option<u64>,
}

/// An answer that may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// By which number the journal remembers the message's presses.
    pub(crate) remembered: Option<u64>,
}

/// The unanswered messages of one source.
#[derive(Debug, Default)]
pub(crate) struct Custody {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    order: VecDeque<u64>,
    /// Messages of a connection that is gone: a resumed session sends them again. By print, each print's in their order.
    suspended: BTreeSet<(u64, u64)>,
    /// The most that ever waited at once on one connection: the broker's window is no smaller.
    most: usize,
    /// How often a path was lost or opened; what was answered before the last two is as old as an earlier connection.
    turns: u64,
    /// The newest answers: when, packet and print.
    answered: VecDeque<(u64, u16, u64)>,
}

impl Custody {
    /// A message came that wants an answer; it holds its place in the order from now on.
    pub(crate) fn took(&mut self, answer: Answer, packet: u16, print: u64) -> u64 {
        let id = self.next;
        self.next += 1;
        self.order.push_back(id);
        self.most = self.most.max(self.order.len());
        self.waiting.insert(
            id,
            Waiting {
                answer: Some(answer),
                packet,
                unsafe_records: 0,
                print,
                remembered: None,
            },
        );
        id
    }

    /// True while the journal does not remember this message's presses yet.
    pub(crate) fn is_not_remembered(&self, id: u64) -> bool {
        self.waiting
            .get(&id)
            .is_some_and(|w| w.remembered.is_none())
    }

    /// The journal remembers this message's presses by this number.
    pub(crate) fn remembered(&mut self, id: u64, number: u64) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.remembered = Some(number);
        }
    }

    /// One more record depends on this message.
    pub(crate) fn depends(&mut self, id: u64) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.unsafe_records += 1;
        }
    }

    /// One record of this message is safe.
    pub(crate) fn safe(&mut self, id: u64) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.unsafe_records = waiting.unsafe_records.saturating_sub(1);
        }
    }

    /// The next answer that may leave.
    pub(crate) fn answer(&mut self) -> Option<Answered> {
        let id = *self.order.front()?;
        if self.waiting.get(&id)?.unsafe_records > 0 {
            return None;
        }
        self.order.pop_front();
        let waiting = self.waiting.remove(&id)?;
        if self.answered.len() >= ANSWERED_MOST {
            self.answered.pop_front();
        }
        let answered = (self.turns, waiting.packet, waiting.print);
        self.answered.push_back(answered);
        waiting.answer.map(|answer| Answered {
            answer,
            remembered: waiting.remembered,
        })
    }

    /// A message that says it comes again: true when it was answered on the connection before, and the answer was lost
    /// with it. It is only answered once more.
    pub(crate) fn answered_before(&mut self, answer: Answer, packet: u16, print: u64) -> bool {
        let turns = self.turns;
        let found = self.answered.iter().position(|&(when, p, q)| {
            (1..=2).contains(&(turns - when)) && (p, q) == (packet, print)
        });
        let Some(at) = found else { return false };
        self.answered.remove(at);
        self.took(answer, packet, print);
        true
    }

    /// The connection is gone, and with it the right to answer on it. What was not answered may come again. Gives by which
    /// numbers the journal remembers presses of messages that are forgotten here.
    pub(crate) fn suspend(&mut self) -> Vec<u64> {
        self.turns += 1;
        for id in std::mem::take(&mut self.order) {
            if let Some(waiting) = self.waiting.get_mut(&id) {
                waiting.answer = None;
                self.suspended.insert((waiting.print, id));
            }
        }
        let over = self.suspended.len().saturating_sub(SUSPENDED_MOST);
        if over == 0 {
            return Vec::new();
        }
        let mut oldest: Vec<u64> = self.suspended.iter().map(|(_, id)| *id).collect();
        oldest.sort_unstable();
        oldest.truncate(over);
        let gone: BTreeSet<u64> = oldest.into_iter().collect();
        self.suspended.retain(|(_, id)| !gone.contains(id));
        self.gone(gone)
    }

    /// The broker has forgotten our session: nothing that is suspended will come again. Gives by which numbers the journal
    /// remembers their presses.
    pub(crate) fn forget_suspended(&mut self) -> Vec<u64> {
        self.answered.clear();
        let gone = std::mem::take(&mut self.suspended);
        self.gone(gone.into_iter().map(|(_, id)| id))
    }

    fn gone(&mut self, ids: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let gone = ids.into_iter().filter_map(|id| self.waiting.remove(&id));
        gone.filter_map(|waiting| waiting.remembered).collect()
    }

    /// The same message again after a resumed session: it joins the records it already has.
    pub(crate) fn rejoin(&mut self, answer: Answer, print: u64) -> bool {
        let mut alike = self.suspended.range((print, 0)..=(print, u64::MAX));
        let Some(&(_, id)) = alike.next() else {
            return false;
        };
        self.suspended.remove(&(print, id));
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.answer = Some(answer);
        }
        self.order.push_back(id);
        true
    }

    /// Every message before this one has its answer, or will have none.
    pub(crate) fn answered_before_this(&self) -> u64 {
        self.waiting.keys().next().copied().unwrap_or(self.next)
    }

    /// How many messages have no answer yet on this connection.
    pub(crate) fn unanswered(&self) -> usize {
        self.order.len()
    }

    /// True when so many wait for an answer that a broker whose window is told to be `window` messages is about to stop, and
    /// presses that have no record yet are a good part of them: only then does a record of them help. One that has sent more
    /// than that at once has a larger window than was told, which only the protocol bounds.
    pub(crate) fn is_pressed(&self, window: usize, without_record: usize) -> bool {
        let window = if self.most > window {
            SUSPENDED_MOST
        } else {
            window
        };
        self.order.len() >= window.div_ceil(2) && without_record >= window.div_ceil(4)
    }
}

/// Recognises a message by its topic and payload (FNV-1a, 64 bits).
pub(crate) fn print(topic: &[u8], payload: &[u8]) -> u64 {
    topic
        .iter()
        .chain(&[0])
        .chain(payload)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: Answer) -> Answered {
        Answered {
            answer,
            remembered: None,
        }
    }

    #[test]
    fn answers_leave_in_arrival_order_even_when_a_later_message_is_safe_first() {
        let mut custody = Custody::default();
        let first = custody.took(Answer::Token(1), 1, 1);
        let second = custody.took(Answer::Token(2), 2, 2);
        custody.depends(first);
        custody.depends(second);
        custody.safe(second);
        assert_eq!(custody.answer(), None);
        custody.safe(first);
        assert_eq!(custody.answer(), Some(said(Answer::Token(1))));
        assert_eq!(custody.answer(), Some(said(Answer::Token(2))));
        assert_eq!(custody.answer(), None);
    }

    #[test]
    fn a_message_that_says_nothing_is_answered_once_its_turn_comes() {
        let mut custody = Custody::default();
        custody.took(Answer::Token(1), 1, 1);
        assert_eq!(custody.answer(), Some(said(Answer::Token(1))));
    }

    #[test]
    fn a_redelivered_message_joins_its_own_records_and_is_answered_on_the_new_connection() {
        let mut custody = Custody::default();
        let id = custody.took(Answer::Token(1), 1, 77);
        custody.depends(id);
        custody.suspend();
        custody.safe(id);
        assert_eq!(custody.answer(), None);
        assert!(custody.rejoin(Answer::Token(9), 77));
        assert!(!custody.rejoin(Answer::Token(10), 77));
        assert_eq!(custody.answer(), Some(said(Answer::Token(9))));
    }

    #[test]
    fn a_lost_session_forgets_what_was_suspended() {
        let mut custody = Custody::default();
        custody.took(Answer::Token(1), 1, 77);
        custody.suspend();
        custody.forget_suspended();
        assert!(!custody.rejoin(Answer::Token(2), 77));
    }

    #[test]
    fn a_message_whose_answer_was_lost_with_its_connection_is_answered_again_and_an_older_one_is_new()
     {
        let mut custody = Custody::default();
        custody.took(Answer::Token(1), 7, 77);
        assert_eq!(custody.answer(), Some(said(Answer::Token(1))));
        let again = Answer::Token(2);
        assert!(
            !custody.answered_before(again, 7, 77),
            "the same connection"
        );
        custody.suspend();
        assert!(!custody.answered_before(again, 8, 77), "another message");
        assert!(custody.answered_before(again, 7, 77));
        assert_eq!(custody.answer(), Some(said(again)));
        custody.suspend();
        custody.suspend();
        custody.suspend();
        assert!(
            !custody.answered_before(again, 7, 77),
            "two connections ago"
        );
    }

    #[test]
    fn of_connections_that_are_gone_no_more_is_remembered_than_a_session_has_numbers() {
        let mut custody = Custody::default();
        let mut forgotten = 0;
        for n in 0..100_000u64 {
            let id = custody.took(Answer::Token(n), 1, 77);
            custody.depends(id);
            custody.remembered(id, n);
            if n % 10_000 == 9_999 {
                forgotten += custody.suspend().len();
            }
        }
        assert_eq!(custody.waiting.len(), SUSPENDED_MOST);
        assert_eq!(forgotten, 100_000 - SUSPENDED_MOST);
        for n in 0..SUSPENDED_MOST as u64 {
            assert!(custody.rejoin(Answer::Token(n), 77), "{n}");
        }
        assert!(!custody.rejoin(Answer::Token(0), 77));
    }

    #[test]
    fn a_broker_that_sends_more_than_its_window_was_told_to_be_is_not_about_to_stop() {
        let mut custody = Custody::default();
        for n in 0..10 {
            assert!(!custody.is_pressed(20, n), "{n}");
            custody.took(Answer::Token(n as u64), 1, 1);
        }
        assert!(custody.is_pressed(20, 10));
        for n in 10..21 {
            custody.took(Answer::Token(n), 1, 1);
        }
        assert!(!custody.is_pressed(20, 21));
    }

    #[test]
    fn a_window_that_records_without_an_answer_fill_is_no_reason_for_one_more() {
        let mut custody = Custody::default();
        for n in 0..40_000 {
            custody.took(Answer::Token(n), 1, 1);
        }
        assert!(!custody.is_pressed(20, 5_000));
        assert!(custody.is_pressed(20, 20_000));
        let mut small = Custody::default();
        (0..20).for_each(|n| _ = small.took(Answer::Token(n), 1, 1));
        assert!(!small.is_pressed(20, 4));
        assert!(small.is_pressed(20, 5));
    }
}
