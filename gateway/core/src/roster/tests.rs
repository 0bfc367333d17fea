//! Who stays and who goes, each way alone and in thousands of seeded histories.

use std::collections::BTreeSet;

use super::*;
use crate::settings::{Device as Row, Limits};
use crate::word::Word;

const FEW: usize = 4;

fn roster(rows: &[&str]) -> Roster {
    let settings = Settings {
        devices: rows
            .iter()
            .map(|name| Row {
                name: (*name).to_owned(),
                id: format!("id-{name}"),
                ..Row::default()
            })
            .collect(),
        limits: Limits {
            devices: FEW,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let mut roster = Roster::new(&settings, Mono(0));
    roster.alarmed_most = FEW;
    roster
}

impl Roster {
    fn says(&mut self, name: &str) -> Option<Whose> {
        self.of(0, name, false)
    }

    /// A press: raised, and nothing stands after it.
    fn presses(&mut self, name: &str) -> Option<Whose> {
        let whose = self.of(0, name, true)?;
        self.alarm_told(&whose);
        Some(whose)
    }

    /// A state that is raised, or no longer.
    fn turns(&mut self, name: &str, raised: bool) -> Option<Whose> {
        let (whose, known) = self.meet((0, "radio"), (name, ""), raised, Mono(1))?;
        known.learn(
            "smoke",
            if raised {
                Word::read("smoke raised")
            } else {
                Word::read("smoke restored")
            },
        );
        self.alarm_told(&whose);
        Some(whose)
    }

    fn of(&mut self, source: usize, name: &str, raises: bool) -> Option<Whose> {
        self.meet((source, "radio"), (name, ""), raises, Mono(1))
            .map(|(whose, _)| whose)
    }

    fn names(&self) -> Vec<&str> {
        self.all().map(|(_, name, _)| name).collect()
    }

    fn keys(&mut self) -> Vec<(String, bool)> {
        let notes = self.take_notes().into_iter();
        let shown = |key: Vec<u8>| String::from_utf8(key).unwrap().replace('\u{1f}', " ");
        notes
            .map(|note| (shown(note.key), note.value.is_some()))
            .collect()
    }
}

#[test]
fn the_quiet_one_heard_longest_ago_makes_room_and_only_in_its_own_source() {
    let mut roster = roster(&["listed"]);
    roster.of(1, "elsewhere", false).unwrap();
    for name in ["a", "b", "c", "d"] {
        roster.says(name).unwrap();
    }
    assert_eq!(roster.crowd(0), Crowd::default(), "as many as may be");
    roster.says("a").unwrap();
    roster.says("e").unwrap();
    assert_eq!(roster.names(), ["a", "c", "d", "e", "listed", "elsewhere"]);
    assert_eq!(
        (roster.crowd(0).forgotten, roster.crowd(1).forgotten),
        (1, 0)
    );
}

#[test]
fn who_has_once_alarmed_is_not_displaced_by_any_number_of_names() {
    let mut roster = roster(&[]);
    roster.presses("pendant").unwrap();
    for n in 0..10_000 {
        roster.says(&format!("ghost-{n}")).unwrap();
    }
    let pendant = (0, "pendant".into());
    assert_eq!(roster.standing(&pendant), Some(Standing::Alarmed));
    assert_eq!(roster.count(), FEW + 1);
}

#[test]
fn of_the_once_alarmed_the_one_closed_longest_ago_goes_and_the_journal_forgets_it() {
    let mut roster = roster(&[]);
    for name in ["a", "b", "c", "d"] {
        roster.presses(name).unwrap();
    }
    roster.turns("a", true).unwrap();
    let a = roster.turns("a", false).unwrap();
    roster.noted(&a);
    roster.keys();
    roster.presses("e").unwrap();
    assert_eq!(roster.names(), ["a", "c", "d", "e"], "b was closed first");
    let forgotten = ("alarmed radio b".to_owned(), false);
    assert!(roster.keys().contains(&forgotten));
    for name in ["c", "d", "e"] {
        roster.presses(name).unwrap();
    }
    roster.presses("f").unwrap();
    let keys = roster.keys();
    for gone in ["alarmed radio a", "state radio a smoke"] {
        assert!(keys.contains(&(gone.to_owned(), false)), "{gone}: {keys:?}");
    }
}

#[test]
fn an_alarm_that_stands_is_never_forgotten_and_one_more_has_no_place_but_a_quiet_ones() {
    let mut roster = roster(&[]);
    for name in ["a", "b", "c", "d"] {
        roster.turns(name, true).unwrap();
    }
    // There is room among the quiet, for as long as it stands.
    for name in ["e", "f", "g", "h"] {
        let whose = roster.turns(name, true).unwrap();
        assert_eq!(roster.standing(&whose), Some(Standing::Quiet), "{name}");
    }
    assert_eq!(roster.turns("i", true), None);
    assert_eq!(roster.says("j"), None);
    let crowd = roster.crowd(0);
    assert_eq!((crowd.without_place, crowd.refused), (1, 1));
    // The first that is restored makes room, for a quiet one and for one that alarms.
    roster.turns("b", false).unwrap();
    roster.turns("f", false).unwrap();
    assert!(roster.turns("i", true).is_some() && roster.says("j").is_some());
    assert_eq!(roster.names(), ["a", "c", "d", "e", "g", "h", "i", "j"]);
}

#[test]
fn an_alarm_that_is_open_in_the_home_keeps_its_device_until_it_is_closed() {
    let mut roster = roster(&[]);
    for name in ["a", "b", "c", "d"] {
        let whose = roster.presses(name).unwrap();
        roster.opened(&whose, &format!("radio/{name}"));
    }
    let e = roster.presses("e").unwrap();
    assert_eq!(roster.standing(&e), Some(Standing::Quiet));
    roster.no_longer_open("radio/c");
    roster.presses("f").unwrap();
    assert_eq!(roster.names(), ["a", "b", "d", "e", "f"]);
}

#[test]
fn a_device_whose_message_has_no_answer_stays_until_it_has() {
    let mut roster = roster(&[]);
    for (n, name) in ["a", "b", "c", "d"].iter().enumerate() {
        let whose = roster.says(name).unwrap();
        roster.owes(&whose, n as u64);
    }
    assert_eq!(roster.says("e"), None, "all of them wait");
    roster.answered(0, 1);
    roster.says("e").unwrap();
    assert_eq!(roster.names(), ["b", "c", "d", "e"]);
    roster.answered(0, 9);
    roster.says("f").unwrap();
    assert_eq!(roster.names(), ["c", "d", "e", "f"]);
}

#[test]
fn a_listed_device_has_its_place_without_counting_and_without_a_note() {
    let mut roster = roster(&["x", "y", "z", "p", "q", "r"]);
    for name in ["a", "b", "c", "d"] {
        roster.says(name).unwrap();
    }
    assert_eq!(roster.crowd(0).until(), None);
    roster.alarmed_before((0, "radio"), "x", 7, Mono(0));
    assert_eq!(roster.keys(), [("alarmed radio x".to_owned(), false)]);
    assert_eq!(roster.count(), 10);
}

#[test]
fn who_alarmed_before_a_restart_keeps_its_turn() {
    let mut roster = roster(&[]);
    for (name, turn) in [("c", 30), ("a", 10), ("b", 20), ("d", 40)] {
        roster.alarmed_before((0, "radio"), name, turn, Mono(0));
    }
    assert!(roster.known(0, "a").unwrap().alarms);
    roster.presses("new").unwrap();
    assert_eq!(roster.names(), ["b", "c", "d", "new"]);
    roster.presses("newer").unwrap();
    assert_eq!(roster.names(), ["c", "d", "new", "newer"]);
}

/// A generator of our own (splitmix64): the core knows no randomness.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }
}

#[test]
fn in_any_history_limits_hold_nobody_goes_who_must_stay_and_turns_are_kept() {
    for seed in 0..400 {
        let mut chance = Chance(seed);
        let mut roster = roster(&["listed-1", "listed-2"]);
        let mut standing: BTreeSet<String> = BTreeSet::new();
        let mut open: BTreeSet<String> = BTreeSet::new();
        let mut owed: BTreeMap<String, u64> = BTreeMap::new();
        let mut answered = 0;
        for step in 0..300_u64 {
            let name = format!("d{}", chance.below(14));
            let there = roster.known(0, &name).is_some();
            match chance.below(7) {
                0 | 1 => {
                    roster.says(&name);
                }
                2 => {
                    if roster.turns(&name, true).is_some() {
                        standing.insert(name.clone());
                    }
                }
                3 => {
                    roster.turns(&name, false);
                    standing.remove(&name);
                }
                4 => {
                    if let Some(whose) = roster.presses(&name)
                        && open.insert(name.clone())
                    {
                        roster.opened(&whose, &format!("radio/{name}"));
                    }
                }
                5 => {
                    roster.no_longer_open(&format!("radio/{name}"));
                    open.remove(&name);
                    answered += chance.below(3);
                    roster.answered(0, answered);
                }
                _ => {
                    if let Some(whose) = roster.says(&name) {
                        roster.owes(&whose, step);
                        owed.insert(name.clone(), step);
                    }
                }
            }
            let at = format!("seed {seed}, step {step}, {name}, there before: {there}");
            let is_there = |name: &String| roster.known(0, name).is_some();
            assert!(standing.iter().all(is_there), "{at}: an alarm stands");
            assert!(open.iter().all(is_there), "{at}: an alarm is open");
            owed.retain(|_, id| *id >= answered);
            assert!(owed.keys().all(is_there), "{at}: a message has no answer");
            assert!(roster.named_are_there(), "{at}: a listed one is gone");
            let room = roster.rooms.get(&0).unwrap();
            let of = |of| room.places.values().filter(|p| p.standing == of).count();
            assert_eq!(room.quiet, of(Standing::Quiet), "{at}");
            assert_eq!(roster.alarmed, of(Standing::Alarmed), "{at}");
            assert!(room.quiet <= FEW && roster.alarmed <= FEW, "{at}");
            let waiting = room.places.values().filter(|p| p.waits.is_some()).count();
            assert_eq!(room.turns.len() + roster.turns.len(), waiting, "{at}");
        }
    }
}

impl Roster {
    fn named_are_there(&self) -> bool {
        ["listed-1", "listed-2"]
            .iter()
            .all(|name| self.known(0, name).is_some())
    }
}
