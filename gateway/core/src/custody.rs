//! Who still waits for an answer: the messages of one source, in the order in which they came, each with the number
//! of its records that are not safe yet. Answers leave in arrival order (MQTT 3.1.1, 4.6: [MQTT-4.6.0-2]).

use std::collections::{BTreeMap, VecDeque};

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

#[derive(Debug)]
struct Waiting {
    answer: Option<Answer>,
    /// The broker's number of it on this session.
    packet: u16,
    /// Records of this message that are neither on disk nor at the hub.
    unsafe_records: u32,
    /// Recognises the same message when the broker sends it again.
    print: u64,
}

/// The unanswered messages of one source.
#[derive(Debug, Default)]
pub(crate) struct Custody {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    order: VecDeque<u64>,
    /// Messages of a connection that is gone: a resumed session sends them again.
    suspended: Vec<u64>,
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
        self.waiting.insert(
            id,
            Waiting {
                answer: Some(answer),
                packet,
                unsafe_records: 0,
                print,
            },
        );
        id
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

    /// The next answer that may leave, with the message's print.
    pub(crate) fn answer(&mut self) -> Option<(Answer, u64)> {
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
        waiting.answer.map(|answer| (answer, waiting.print))
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

    /// The connection is gone, and with it the right to answer on it. What was not answered may come again.
    pub(crate) fn suspend(&mut self) {
        self.turns += 1;
        for id in std::mem::take(&mut self.order) {
            if let Some(waiting) = self.waiting.get_mut(&id) {
                waiting.answer = None;
                self.suspended.push(id);
            }
        }
    }

    /// The broker has forgotten our session: nothing that is suspended will come again.
    pub(crate) fn forget_suspended(&mut self) {
        self.answered.clear();
        for id in std::mem::take(&mut self.suspended) {
            self.waiting.remove(&id);
        }
    }

    /// The same message again after a resumed session: it joins the records it already has.
    pub(crate) fn rejoin(&mut self, answer: Answer, print: u64) -> bool {
        let found = self
            .suspended
            .iter()
            .position(|id| self.waiting.get(id).is_some_and(|w| w.print == print));
        let Some(at) = found else { return false };
        let id = self.suspended.remove(at);
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
        assert_eq!(custody.answer(), Some((Answer::Token(1), 1)));
        assert_eq!(custody.answer(), Some((Answer::Token(2), 2)));
        assert_eq!(custody.answer(), None);
    }

    #[test]
    fn a_message_that_says_nothing_is_answered_once_its_turn_comes() {
        let mut custody = Custody::default();
        custody.took(Answer::Token(1), 1, 1);
        assert_eq!(custody.answer(), Some((Answer::Token(1), 1)));
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
        assert_eq!(custody.answer(), Some((Answer::Token(9), 77)));
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
        assert_eq!(custody.answer(), Some((Answer::Token(1), 77)));
        let again = Answer::Token(2);
        assert!(
            !custody.answered_before(again, 7, 77),
            "the same connection"
        );
        custody.suspend();
        assert!(!custody.answered_before(again, 8, 77), "another message");
        assert!(custody.answered_before(again, 7, 77));
        assert_eq!(custody.answer(), Some((again, 77)));
        custody.suspend();
        custody.suspend();
        custody.suspend();
        assert!(
            !custody.answered_before(again, 7, 77),
            "two connections ago"
        );
    }
}
