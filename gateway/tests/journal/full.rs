//! A full disk, a read-only one and one that fails to sync, as the system gives them: mounts need root, faults need
//! strace; without them these tests say so and pass.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gateway_core::input::JournalFault;
use tecs_gateway::journal::{JournalLimits, SledStore, Store};
use tecs_protocol::vocabulary::Lane;

use crate::child::{self, Told};
use crate::desk::{Desk, check_bytes, firsts, gap, page, skip};
use crate::killed::verify;
use crate::power::Mount;

fn tmpfs(test: &str) -> Option<Mount> {
    let mount = Mount::tmpfs("10m");
    if mount.is_none() {
        skip(test, "no tmpfs can be mounted here");
    }
    mount
}

#[test]
fn a_full_disk_is_said_evicted_from_and_heals() {
    if let Some(mount) = tmpfs("a_full_disk_is_said_evicted_from_and_heals") {
        evicts_on_a_full_disk::<SledStore>(&mount.path);
    }
}

fn evicts_on_a_full_disk<S: Store>(mount: &Path) {
    let state = mount.join("state");
    let (_, mut desk) = Desk::open::<S>(&state);
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 200)])
        .unwrap();
    let mut kept = vec![];
    let fault = loop {
        let n = kept.len() as u64 + 1;
        match desk.keep(Lane::Routine, vec![page(Lane::Routine, n, 16 * 1024)]) {
            Ok(generation) => kept.push((n, generation)),
            Err(fault) => break fault,
        }
        assert!(kept.len() < 2000, "the disk does not fill");
    };
    assert_eq!(fault, JournalFault::Full);
    assert!(!state.join("ballast").exists());
    // The alarm lane has reserved its room: a full disk does not keep an alarm waiting.
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 2, 200)])
        .unwrap();
    // Law 2: the oldest routine goes, until there is room for more.
    let oldest = kept[0].1;
    let mut evicted = 0;
    let more = page(Lane::Routine, 9999, 200);
    while desk.keep(Lane::Routine, vec![more.clone()]).is_err() {
        let going = oldest + evicted;
        let of_it: Vec<u64> = kept
            .iter()
            .filter(|(_, g)| *g == going)
            .map(|(n, _)| *n)
            .collect();
        let stand_in = gap(Lane::Routine, of_it[0], *of_it.last().unwrap());
        desk.evict(Lane::Routine, going, vec![stand_in]).unwrap();
        evicted += 1;
        assert!(evicted < 5, "evicting does not help");
    }
    let youngest = desk
        .keep(Lane::Routine, vec![page(Lane::Routine, 10_000, 200)])
        .unwrap();
    desk.evict(
        Lane::Routine,
        oldest + evicted,
        vec![gap(Lane::Routine, 1, 9_000)],
    )
    .unwrap();
    evicted += 1;
    assert!(
        youngest > oldest + evicted,
        "too little is left to prove anything"
    );
    desk.wait_until_mended("room");
    assert!(state.join("ballast").exists());
    desk.drop_unmarked();
    let (found, mut desk) = Desk::open::<S>(&state);
    assert_eq!(found.set_aside, Vec::<String>::new());
    assert_eq!(firsts(&found, Lane::Alarm), [1, 2]);
    let there: BTreeSet<u64> = firsts(&found, Lane::Routine).into_iter().collect();
    let stays = |generation: u32| generation >= oldest + evicted;
    let lost: Vec<_> = kept
        .iter()
        .filter(|(n, g)| stays(*g) && !there.contains(n))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    check_bytes(&mut desk, &found);
    desk.close();
}

#[test]
fn a_disk_that_others_filled_heals_when_they_make_room() {
    let Some(mount) = tmpfs("a_disk_that_others_filled_heals_when_they_make_room") else {
        return;
    };
    let state = mount.path.join("state");
    let filler = mount.path.join("filler");
    let (_, mut desk) = Desk::open::<SledStore>(&state);
    fill(&filler);
    let mut kept = 0;
    while desk
        .keep(Lane::Vital, vec![page(Lane::Vital, kept + 1, 16 * 1024)])
        .is_ok()
    {
        kept += 1;
        assert!(kept < 1000);
    }
    fs::remove_file(&filler).unwrap();
    desk.wait_until_mended("room");
    desk.keep(Lane::Vital, vec![page(Lane::Vital, 5000, 16 * 1024)])
        .unwrap();
    desk.drop_unmarked();
    let (found, desk) = Desk::open::<SledStore>(&state);
    let there = firsts(&found, Lane::Vital);
    assert!(
        (1..=kept).chain([5000]).all(|n| there.contains(&n)),
        "{kept} {there:?}"
    );
    desk.close();
}

#[test]
fn a_disk_that_is_full_at_the_start_opens_with_what_it_has() {
    let Some(mount) = tmpfs("a_disk_that_is_full_at_the_start_opens_with_what_it_has") else {
        return;
    };
    let state = mount.path.join("state");
    let (_, mut desk) = Desk::open::<SledStore>(&state);
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 200)])
        .unwrap();
    desk.close();
    let filler = mount.path.join("filler");
    fill(&filler);
    let (found, mut desk) = Desk::open::<SledStore>(&state);
    assert_eq!(firsts(&found, Lane::Alarm), [1], "{found:?}");
    fs::remove_file(&filler).unwrap();
    let began = Instant::now();
    while desk
        .keep(Lane::Alarm, vec![page(Lane::Alarm, 2, 200)])
        .is_err()
    {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
    desk.close();
}

/// Take every byte that is left.
fn fill(filler: &Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(filler).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let _ = file.sync_all();
}

#[test]
fn a_read_only_disk_is_told_and_tried_again() {
    let Some(mount) = tmpfs("a_read_only_disk_is_told_and_tried_again") else {
        return;
    };
    let state = mount.path.join("state");
    let (_, mut desk) = Desk::open::<SledStore>(&state);
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 200)])
        .unwrap();
    desk.close();
    mount.remount("ro");
    let (found, mut desk) = Desk::open::<SledStore>(&state);
    assert!(
        found.set_aside.iter().any(|words| words.contains("state")),
        "{found:?}"
    );
    let fault = desk
        .keep(Lane::Alarm, vec![page(Lane::Alarm, 2, 200)])
        .unwrap_err();
    assert!(matches!(fault, JournalFault::Broken(_)));
    mount.remount("rw");
    desk.wait_until_mended("the alarm lane's store answers again");
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 2, 200)])
        .unwrap();
    desk.close();
    let (found, desk) = Desk::open::<SledStore>(&state);
    assert_eq!(firsts(&found, Lane::Alarm), [1, 2]);
    desk.close();
}

#[test]
fn a_sync_that_fails_is_not_an_acknowledgement_and_passes() {
    let test = "a_sync_that_fails_is_not_an_acknowledgement_and_passes";
    let works = Command::new("strace")
        .args(["-f", "true"])
        .stderr(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        return skip(test, "strace does not work here");
    }
    let home = tempfile::tempdir().unwrap();
    let trace = home.path().join("trace");
    let mut told = Told::default();
    // Every fifth fdatasync of the journal's thread fails, from the tenth on.
    let inject = "inject=fdatasync:error=EIO:when=10+5";
    let state = home.path().join("state");
    let (mut strace, says) = child::start_under(
        &[
            "strace",
            "-f",
            "-o",
            trace.to_str().unwrap(),
            "-e",
            "trace=fdatasync",
            "-e",
            inject,
        ],
        &state,
        900,
    );
    let began = Instant::now();
    while told.count < 60 {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{} acknowledged",
            told.count
        );
        if let Ok(said) = says.recv_timeout(Duration::from_secs(1)) {
            told.take(said);
        }
    }
    child::kill_with_children(&mut strace);
    told.take_all(&says);
    let failed = fs::read_to_string(&trace).unwrap().matches("EIO").count();
    assert!(failed > 2, "no sync has failed: nothing is proved");
    verify::<SledStore>(&state, &told, 0);
    println!(
        "{failed} syncs failed, {} pages were acknowledged",
        told.count
    );
}

#[test]
fn a_budget_smaller_than_one_generation_still_works() {
    let home = tempfile::tempdir().unwrap();
    let tight = JournalLimits {
        disk: [1; 3],
        ballast: 0,
    };
    let (_, mut desk) = Desk::try_open::<SledStore>(home.path(), tight).unwrap();
    for n in 0..50 {
        desk.keep(Lane::Alarm, vec![page(Lane::Alarm, n, 16 * 1024)])
            .unwrap();
    }
    desk.close();
}
