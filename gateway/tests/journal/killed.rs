//! kill -9 at any moment loses nothing that was acknowledged. (It cannot show a missing sync: `power` does.)

use gateway_core::input::Recovered;
use tecs_gateway::journal::{SledStore, Store};

use crate::child::{self, Told};
use crate::desk::{Desk, Dice, check_bytes, notes_of, rounds, seed};

#[test]
fn kill_9_in_the_middle_of_commits_loses_nothing_acknowledged() {
    let mut dice = Dice(seed());
    let home = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for round in 0..rounds(6) {
        let state = home.path().join((round / 10).to_string());
        if round % 10 == 0 {
            told.kept.clear();
        }
        told.highest.clear();
        let (mut child, says) = child::start(&state, 100 + round as u64);
        child::let_work(&says, &mut told, &mut dice);
        child.kill().unwrap();
        child.wait().unwrap();
        told.take_all(&says);
        verify::<SledStore>(&state, &told, round);
    }
    assert!(
        told.count > 100,
        "only {} were acknowledged: nothing is proved",
        told.count
    );
    println!("{} acknowledged", told.count);
}

/// Acknowledged is a part of found; what is found can be read; the notes are not older than what was acknowledged.
pub(crate) fn verify<S: Store>(folder: &std::path::Path, told: &Told, round: usize) -> Recovered {
    let (found, mut desk) = Desk::open::<S>(folder);
    assert_eq!(found.set_aside, Vec::<String>::new(), "round {round}");
    let names: std::collections::BTreeSet<_> = found.pages.iter().map(|p| p.key).collect();
    let lost: Vec<_> = told
        .kept
        .iter()
        .filter(|key| !names.contains(key))
        .collect();
    assert!(
        lost.is_empty(),
        "round {round}: {} of {} lost: {lost:?}",
        lost.len(),
        told.kept.len()
    );
    for (lane, highest) in &told.highest {
        let noted: u64 = notes_of(&found, *lane)
            .get("number")
            .map_or(0, |n| n.parse().unwrap());
        assert!(
            noted >= *highest,
            "round {round}: the note of {lane} is {noted}, older than {highest}"
        );
    }
    check_bytes(&mut desk, &found);
    desk.close();
    found
}
