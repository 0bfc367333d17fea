//! Presses that their source has no answer for yet, or had it just now: remembered in the journal with their record, so
//! that one that comes again after a kill is known. Bounded; in doubt a press is a new one, and none is lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tecs_protocol::vocabulary::Lane;

use crate::effect::Note;
use crate::memory;
use crate::time::Mono;

/// An answered press stays in the journal this long, ms: an acknowledgement may still be on its way when the gateway is
/// killed, and the press would come again as a new one.
const FORGET_AFTER_MS: u64 = 10_000;

/// So much is remembered of one source: runs of presses that are alike and follow one another. Beyond it answered presses
/// are forgotten at once, and then no more are remembered.
const RUNS_MOST: usize = 4_096;

/// So many runs are one note, which is then at most 6 KiB long: the journal takes 7.
const RUNS_TOGETHER: usize = 200;

/// Presses that are alike and whose packet numbers follow one another: print, first and last.
pub(crate) type Run = (u64, u16, u16);

/// What is remembered with one record.
#[derive(Debug)]
struct Remembered {
    lane: Lane,
    forget: Vec<Note>,
    runs: usize,
    /// Messages without an answer.
    unanswered: usize,
}

/// Presses of one source.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    /// Taken by an earlier run, whose messages had no answer: packet and print.
    earlier: BTreeSet<(u16, u64)>,
    next: u64,
    remembered: BTreeMap<u64, Remembered>,
    answered: VecDeque<(Mono, Remembered)>,
    /// Runs in both.
    runs: usize,
}

impl Presses {
    /// Remembers the presses of one record; gives what its page takes along, and by which number each of them tells that
    /// it was answered. Nothing when there is no room.
    pub(crate) fn remember(
        &mut self,
        (source, run, lane): (&str, u64, Lane),
        words: Vec<(u16, u64)>,
    ) -> (Vec<Note>, Option<u64>) {
        let unanswered = words.len();
        let runs = runs_of(words);
        if runs.is_empty() || self.runs + runs.len() > RUNS_MOST {
            return (Vec::new(), None);
        }
        self.next += 1;
        let number = self.next;
        let notes: Vec<Note> = (0..)
            .zip(runs.chunks(RUNS_TOGETHER))
            .map(|(part, runs)| memory::presses(source, run, (number, part), &written(runs)))
            .collect();
        let forget = notes.iter().map(forgotten).collect();
        self.runs += runs.len();
        let remembered = Remembered {
            lane,
            forget,
            runs: runs.len(),
            unanswered,
        };
        self.remembered.insert(number, remembered);
        (notes, Some(number))
    }

    /// One of these presses was answered, or will never be.
    pub(crate) fn answered(&mut self, number: u64, now: Mono) {
        let Some(remembered) = self.remembered.get_mut(&number) else {
            return;
        };
        remembered.unanswered = remembered.unanswered.saturating_sub(1);
        if remembered.unanswered == 0
            && let Some(remembered) = self.remembered.remove(&number)
        {
            let due = now.plus(FORGET_AFTER_MS);
            self.answered.push_back((due, remembered));
        }
    }

    /// What the journal may forget by now: answered a while ago, or more than is remembered.
    pub(crate) fn forget(&mut self, now: Mono) -> Vec<(Lane, Note)> {
        let mut out = Vec::new();
        while let Some((due, _)) = self.answered.front()
            && (*due <= now || self.runs > RUNS_MOST / 2)
            && let Some((_, remembered)) = self.answered.pop_front()
        {
            self.runs -= remembered.runs;
            let lane = remembered.lane;
            out.extend(remembered.forget.into_iter().map(|note| (lane, note)));
        }
        out
    }

    /// An earlier run took these and may not have answered; the journal forgets them after a while.
    pub(crate) fn recall(&mut self, lane: Lane, key: Vec<u8>, words: &[Run], now: Mono) {
        for (print, first, last) in words {
            let packets = *first..=*last;
            self.earlier.extend(packets.map(|packet| (packet, *print)));
        }
        let remembered = Remembered {
            lane,
            forget: vec![Note { key, value: None }],
            runs: words.len(),
            unanswered: 0,
        };
        self.runs += words.len();
        let due = now.plus(FORGET_AFTER_MS);
        self.answered.push_back((due, remembered));
    }

    /// A message that says it comes again: true, once, when an earlier run took it.
    pub(crate) fn took_before(&mut self, packet: u16, print: u64) -> bool {
        self.earlier.remove(&(packet, print))
    }

    /// The broker has forgotten our session: nothing of it comes again.
    pub(crate) fn session_lost(&mut self) {
        self.earlier.clear();
    }
}

fn forgotten(note: &Note) -> Note {
    Note {
        key: note.key.clone(),
        value: None,
    }
}

fn runs_of(mut words: Vec<(u16, u64)>) -> Vec<Run> {
    words.sort_unstable_by_key(|(packet, print)| (*print, *packet));
    let mut runs: Vec<Run> = Vec::new();
    for (packet, print) in words {
        match runs.last_mut() {
            Some((of, _, last)) if *of == print && packet.wrapping_sub(*last) <= 1 => {
                *last = packet;
            }
            _ => runs.push((print, packet, packet)),
        }
    }
    runs
}

/// Runs as an engineer reads them: `print:first-last`, apart by a blank.
fn written(runs: &[Run]) -> String {
    let one = |(print, first, last): &Run| format!("{print:016x}:{first}-{last}");
    let all: Vec<String> = runs.iter().map(one).collect();
    all.join(" ")
}

/// Reads what [`written`] wrote; what is not so written says nothing.
pub(crate) fn read(text: &str) -> Vec<Run> {
    let one = |word: &str| {
        let (print, packets) = word.split_once(':')?;
        let (first, last) = packets.split_once('-')?;
        let print = u64::from_str_radix(print, 16).ok()?;
        Some((print, first.parse().ok()?, last.parse().ok()?))
    };
    text.split(' ').filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: (&str, u64, Lane) = ("zigbee", 1, Lane::Alarm);

    #[test]
    fn a_storm_of_presses_that_are_alike_is_one_short_note_and_is_read_back() {
        let mut presses = Presses::default();
        let words = (100..5_100).map(|packet| (packet, 0xab)).collect();
        let (notes, number) = presses.remember(RUN, words);
        assert_eq!((notes.len(), number), (1, Some(1)));
        let said = String::from_utf8(notes[0].value.clone().unwrap()).unwrap();
        assert_eq!(said, "00000000000000ab:100-5099");
        assert_eq!(read(&said), [(0xab, 100, 5_099)]);
    }

    #[test]
    fn presses_that_each_say_their_own_time_are_notes_that_the_journal_takes() {
        let mut presses = Presses::default();
        let words = (0..1_000).map(|n| (n, u64::from(n) << 32)).collect();
        let (notes, _) = presses.remember(RUN, words);
        assert_eq!(notes.len(), 5);
        let longest = notes
            .iter()
            .map(|n| n.key.len() + n.value.as_ref().unwrap().len());
        assert!(longest.max().unwrap() <= 6_144);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_answered_go_first() {
        let mut presses = Presses::default();
        let mut numbers = Vec::new();
        for round in 0..100 {
            let words = (0..100)
                .map(|n| (n, round * 1_000 + u64::from(n)))
                .collect();
            numbers.extend(presses.remember(RUN, words).1);
        }
        assert_eq!(numbers.len(), 40, "4,000 of 4,096 runs, and no more");
        for number in &numbers[..30] {
            (0..100).for_each(|_| presses.answered(*number, Mono(5)));
        }
        // At once as many as it takes; the rest after a while.
        assert_eq!(presses.forget(Mono(6)).len(), 20);
        assert_eq!(presses.forget(Mono(10_004)).len(), 0);
        assert_eq!(presses.forget(Mono(10_005)).len(), 10);
        let words = (0..100).map(|n| (n, 7)).collect();
        assert!(presses.remember(RUN, words).1.is_some());
    }

    #[test]
    fn a_press_of_an_earlier_run_is_known_once_and_its_note_forgotten_in_its_lane() {
        let mut presses = Presses::default();
        let note = memory::presses("zigbee", 1, (2, 0), "");
        presses.recall(Lane::Routine, note.key.clone(), &[(7, 1, 3)], Mono(0));
        assert!(presses.took_before(2, 7) && !presses.took_before(2, 7));
        assert!(!presses.took_before(4, 7));
        assert_eq!(presses.forget(Mono(9_999)), []);
        let forget = Note {
            value: None,
            ..note
        };
        assert_eq!(presses.forget(Mono(10_000)), [(Lane::Routine, forget)]);
        presses.session_lost();
        assert!(!presses.took_before(1, 7));
    }
}
