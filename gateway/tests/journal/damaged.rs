//! Bits flip, files are cut, zeroed or gone: the journal opens all the same, what it says it holds is true, and what it
//! lost it tells, except the tail of the youngest generation after a kill, which only the hub's ledger can miss.

use std::fs;
use std::path::{Path, PathBuf};

use gateway_core::input::Recovered;
use tecs_gateway::journal::{SledStore, Store};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, Dice, check_bytes, firsts, note, notes_of, page, rounds, seed};
use crate::evicted::copy;

const LANE: Lane = Lane::Routine;
const PAGES: u64 = 60;

/// A lane of a few generations with pages of all sizes; ended in good order or not. The first page of the youngest.
fn build<S: Store>(state: &Path, clean: bool) -> u64 {
    let (_, mut desk) = Desk::open::<S>(state);
    let (mut youngest, mut begins) = (0, 0);
    for n in 1..=PAGES {
        let len = [60, 700, 9_000, 16 * 1024][usize::try_from(n % 4).unwrap()];
        let seen = vec![note("number", Some(&n.to_string()))];
        let generation = desk
            .keep_with(LANE, vec![page(LANE, n, len)], seen)
            .unwrap();
        if generation != youngest {
            (youngest, begins) = (generation, n);
        }
    }
    assert!(youngest >= 2, "one generation proves too little");
    if clean {
        desk.close();
    } else {
        desk.drop_unmarked();
    }
    begins
}

/// Open what was damaged and hold it to its word: the number of pages lost, and whether anything was told.
fn judge<S: Store>(state: &Path, youngest_begins: u64, clean: bool, what: &str) -> (usize, bool) {
    let (found, mut desk) = Desk::open::<S>(state);
    let there = firsts(&found, LANE);
    let lost: Vec<u64> = (1..=PAGES).filter(|n| !there.contains(n)).collect();
    if found.set_aside.is_empty() && !lost.is_empty() {
        let first = lost[0];
        let is_tail = first >= youngest_begins && lost == (first..=PAGES).collect::<Vec<_>>();
        assert!(is_tail && !clean, "{what}: {lost:?} are lost in silence");
    }
    assert!(!found.clean || found.set_aside.is_empty(), "{what}");
    check_bytes(&mut desk, &found);
    // It works on.
    desk.keep(LANE, vec![page(LANE, 1000, 500)]).unwrap();
    desk.close();
    let (again, desk) = Desk::open::<S>(state);
    assert!(firsts(&again, LANE).contains(&1000), "{what}");
    assert_eq!(again.pages.len(), found.pages.len() + 1, "{what}");
    desk.close();
    (lost.len(), !found.set_aside.is_empty())
}

/// The logs of the lane's generations.
fn logs(state: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(state.join("routine"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("db"))
        .collect();
    folders.sort();
    folders
}

#[test]
fn flipped_bits_are_noticed_and_most_pages_are_carved_out() {
    let (mut lost, mut told) = (0, 0);
    wreck::<SledStore>(
        rounds(12),
        |dice, bytes| {
            for _ in 0..=dice.below(4) {
                let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
                bytes[at] ^= 1 << dice.below(8);
            }
        },
        &mut lost,
        &mut told,
    );
    println!("{lost} pages lost of {}", rounds(12) as u64 * PAGES);
    assert!(told > 0, "nothing was damaged: nothing is proved");
}

#[test]
fn a_truncated_file_is_noticed_unless_only_its_fresh_tail_is_gone() {
    let (mut lost, mut told) = (0, 0);
    wreck::<SledStore>(
        rounds(12),
        |dice, bytes| {
            bytes.truncate(usize::try_from(dice.below(bytes.len() as u64)).unwrap());
        },
        &mut lost,
        &mut told,
    );
    println!("{lost} pages lost of {}", rounds(12) as u64 * PAGES);
    assert!(told > 0, "nothing was damaged: nothing is proved");
}

#[test]
fn a_zeroed_stretch_is_noticed() {
    let (mut lost, mut told) = (0, 0);
    wreck::<SledStore>(
        rounds(6),
        |dice, bytes| {
            let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
        },
        &mut lost,
        &mut told,
    );
    println!("{lost} pages lost of {}", rounds(6) as u64 * PAGES);
    assert!(told > 0, "nothing was damaged: nothing is proved");
}

fn wreck<S: Store>(
    rounds: usize,
    damage: impl Fn(&mut Dice, &mut Vec<u8>),
    lost: &mut usize,
    told: &mut usize,
) {
    let mut dice = Dice(seed());
    let home = tempfile::tempdir().unwrap();
    for clean in [true, false] {
        let sound = home.path().join(format!("sound-{clean}"));
        let begins = build::<S>(&sound, clean);
        for round in 0..rounds {
            let state = home.path().join("wrecked");
            let _ = fs::remove_dir_all(&state);
            copy(&sound, &state);
            let logs = logs(&state);
            let log = &logs[usize::try_from(dice.below(logs.len() as u64)).unwrap()];
            let mut bytes = fs::read(log).unwrap();
            damage(&mut dice, &mut bytes);
            fs::write(log, bytes).unwrap();
            let what = format!("round {round}, clean {clean}, {}", log.display());
            let (gone, said) = judge::<S>(&state, begins, clean, &what);
            *lost += gone;
            *told += usize::from(gone > 0 || said);
        }
    }
}

fn quarantined(state: &Path) -> bool {
    state.join("routine/quarantine-0001").exists()
}

#[test]
fn without_snapshot_or_configuration_nothing_is_lost() {
    for (part, damage) in [
        ("snap.", Damage::Removed),
        ("conf", Damage::Removed),
        ("snap.", Damage::Garbled),
    ] {
        let home = tempfile::tempdir().unwrap();
        build::<SledStore>(home.path(), false);
        // A second run has the snapshots written.
        Desk::open::<SledStore>(home.path()).1.close();
        let mut met = 0;
        for log in logs(home.path()) {
            for entry in fs::read_dir(log.parent().unwrap()).unwrap() {
                let path = entry.unwrap().path();
                if path
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(part)
                {
                    met += 1;
                    match damage {
                        Damage::Removed => fs::remove_file(path).unwrap(),
                        Damage::Garbled => fs::write(path, b"this is no snapshot at all").unwrap(),
                    }
                }
            }
        }
        assert!(met > 0, "no {part} was there");
        let (found, mut desk) = Desk::open::<SledStore>(home.path());
        assert_eq!(
            firsts(&found, LANE),
            (1..=PAGES).collect::<Vec<_>>(),
            "{part}"
        );
        assert_eq!(notes_of(&found, LANE)["number"], PAGES.to_string());
        assert!(!quarantined(home.path()));
        check_bytes(&mut desk, &found);
        desk.close();
    }
}

#[derive(Clone, Copy)]
enum Damage {
    Removed,
    Garbled,
}

#[test]
fn a_store_that_turns_to_rubbish_is_set_aside_and_told_with_its_folder() {
    let home = tempfile::tempdir().unwrap();
    build::<SledStore>(home.path(), true);
    let youngest = logs(home.path()).pop().unwrap();
    fs::write(&youngest, vec![0xa5; 700_000]).unwrap();
    let (found, desk) = Desk::open::<SledStore>(home.path());
    let words = found.set_aside.join("\n");
    assert!(
        words.contains(youngest.parent().unwrap().to_str().unwrap()),
        "{words}"
    );
    assert!(!found.clean);
    assert_eq!(
        notes_of(&found, LANE).len(),
        0,
        "an older generation's notes are stale"
    );
    desk.close();
}

#[test]
fn quarantines_are_few_and_a_mending_that_was_killed_is_finished() {
    let home = tempfile::tempdir().unwrap();
    build::<SledStore>(home.path(), false);
    for _ in 0..4 {
        let oldest = logs(home.path()).remove(0);
        let mut bytes = fs::read(&oldest).unwrap();
        // Carving still finds the pages: only sled's own heads are gone.
        bytes[..64].fill(0xff);
        fs::write(&oldest, bytes).unwrap();
        open_and_close(home.path());
    }
    let names = fs::read_dir(home.path().join("routine")).unwrap();
    let aside = names.filter(|n| {
        n.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("quarantine-")
    });
    assert!(aside.count() <= 2);
    // As if killed between its two renames.
    let generation = logs(home.path()).remove(0).parent().unwrap().to_owned();
    fs::rename(&generation, generation.with_extension("mended")).unwrap();
    let before = open_and_close(home.path());
    assert!(generation.exists());
    assert!(
        firsts(&before, LANE).contains(&1),
        "the pages of the oldest generation are gone"
    );
}

fn open_and_close(state: &Path) -> Recovered {
    let (found, mut desk) = Desk::open::<SledStore>(state);
    check_bytes(&mut desk, &found);
    desk.close();
    found
}

#[test]
fn a_generation_that_turns_bad_while_it_is_written_gives_way_to_the_next() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    for n in 1..=10 {
        desk.keep(LANE, vec![page(LANE, n, 3_000)]).unwrap();
    }
    desk.drop_unmarked();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    // After the open, so that sled meets it when it reads a node it has not read yet.
    let log = logs(home.path()).remove(0);
    let bytes = vec![0x5a; fs::read(&log).unwrap().len()];
    fs::write(&log, bytes).unwrap();
    // Whatever sled has in memory: an answer comes, and what is kept from now on is kept.
    let kept: Vec<bool> = (11..=20)
        .map(|n| desk.keep(LANE, vec![page(LANE, n, 3_000)]).is_ok())
        .collect();
    desk.drop_unmarked();
    let (found, mut desk) = Desk::open::<SledStore>(home.path());
    println!("{:?} {:?}", kept, found.set_aside);
    check_bytes(&mut desk, &found);
    desk.keep(LANE, vec![page(LANE, 50, 10)]).unwrap();
    desk.close();
}
