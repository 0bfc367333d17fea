//! What is kept is found again, whose folder it is, and what the end of a run leaves.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gateway_core::effect::JournalOrder;
use gateway_core::input::{JournalFault, JournalSays};
use tecs_gateway::journal::{JournalLimits, OpenError, SledStore, Store};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, check_bytes, firsts, gap, key, note, notes_of, page, small};

#[test]
fn what_is_kept_is_found_again_in_its_order() {
    found_again::<SledStore>();
}

fn found_again<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (empty, mut desk) = Desk::open::<S>(home.path());
    assert!(empty.pages.is_empty() && empty.notes.is_empty() && !empty.clean);
    let sizes = [1, 150, 16 * 1024, 7 * 1024, 7 * 1024 + 1];
    for (first, len) in (1..).zip(sizes) {
        desk.keep(Lane::Routine, vec![page(Lane::Routine, first * 10, len)])
            .unwrap();
    }
    desk.keep(
        Lane::Alarm,
        vec![page(Lane::Alarm, 3, 20), gap(Lane::Alarm, 1, 2)],
    )
    .unwrap();
    desk.close();

    let (found, mut desk) = Desk::open::<S>(home.path());
    assert!(found.clean);
    assert_eq!(found.set_aside, Vec::<String>::new());
    assert_eq!(firsts(&found, Lane::Routine), [10, 20, 30, 40, 50]);
    assert_eq!(firsts(&found, Lane::Alarm), [3, 1]);
    let the_gap = found.pages.iter().find(|p| p.gap).unwrap();
    assert_eq!((the_gap.key, the_gap.last), (key(Lane::Alarm, 1), 2));
    assert!(found.used.iter().all(|used| *used > 0));
    check_bytes(&mut desk, &found);
    desk.close();
}

#[test]
fn many_orders_share_a_sync_and_each_gets_its_answer() {
    one_sync_for_many::<SledStore>();
}

fn one_sync_for_many<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let lanes = [Lane::Routine, Lane::Vital, Lane::Alarm];
    let tickets: Vec<u64> = (0..600)
        .map(|n| {
            desk.ask_to_keep(
                lanes[n % 3],
                vec![page(lanes[n % 3], n as u64, 300)],
                vec![],
            )
        })
        .collect();
    let mut open: std::collections::BTreeSet<u64> = tickets.into_iter().collect();
    desk.wait(|says| {
        if let JournalSays::Kept { ticket, .. } = says {
            assert!(open.remove(ticket), "answered twice: {ticket}");
        }
        open.is_empty().then_some(())
    });
    desk.drop_unmarked();
    let (found, desk) = Desk::open::<S>(home.path());
    assert_eq!(found.pages.len(), 600);
    assert!(!found.clean);
    desk.close();
}

#[test]
fn notes_are_kept_with_pages_forgotten_when_told_and_taken_along() {
    notes::<SledStore>();
}

fn notes<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let first = vec![
        note("bed", Some("active")),
        note("door", Some("open")),
        note("lamp", Some("")),
    ];
    let generation = desk
        .keep_with(Lane::Alarm, vec![page(Lane::Alarm, 1, 100)], first)
        .unwrap();
    desk.keep_with(
        Lane::Alarm,
        vec![],
        vec![note("door", None), note("bed", Some("clear"))],
    )
    .unwrap();
    // Let generations turn: the notes must move along.
    let mut turned = generation;
    for n in 0..120 {
        turned = desk
            .keep(Lane::Alarm, vec![page(Lane::Alarm, 100 + n, 16 * 1024)])
            .unwrap();
    }
    assert!(turned > generation + 1, "no generation has turned");
    desk.keep_with(Lane::Alarm, vec![], vec![note("late", Some("yes"))])
        .unwrap();
    desk.drop_unmarked();

    let (found, desk) = Desk::open::<S>(home.path());
    let expected = [("bed", "clear"), ("lamp", ""), ("late", "yes")];
    let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(notes_of(&found, Lane::Alarm), expected.into());
    desk.close();
}

#[test]
fn what_is_let_go_of_is_gone_after_a_clean_end() {
    let_go_of::<SledStore>();
}

fn let_go_of<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    for n in 0..100 {
        desk.keep(Lane::Vital, vec![page(Lane::Vital, n, 16 * 1024)])
            .unwrap();
    }
    let most = (0..100)
        .filter(|n| n % 10 != 3)
        .map(|n| key(Lane::Vital, n))
        .collect();
    desk.order(JournalOrder::Release { keys: most });
    desk.close();
    let (found, mut desk) = Desk::open::<S>(home.path());
    assert_eq!(
        firsts(&found, Lane::Vital),
        (0..10).map(|n| n * 10 + 3).collect::<Vec<_>>()
    );
    check_bytes(&mut desk, &found);
    let rest = found.pages.iter().map(|p| p.key).collect();
    desk.order(JournalOrder::Release { keys: rest });
    assert_eq!(desk.load(key(Lane::Vital, 3)), None);
    desk.close();
    // Only the youngest generation is left.
    assert_eq!(generations(home.path(), "vital"), 1);
    let (found, desk) = Desk::open::<S>(home.path());
    assert!(found.pages.is_empty() && found.clean, "{found:?}");
    desk.close();
}

fn generations(state: &Path, lane: &str) -> usize {
    let names = std::fs::read_dir(state.join(lane)).unwrap();
    names
        .filter(|n| {
            n.as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with("gen-")
        })
        .count()
}

#[test]
fn nothing_goes_into_files_that_no_sync_covers() {
    let home = tempfile::tempdir().unwrap();
    let limits = JournalLimits {
        disk: [64 << 20; 3],
        ..JournalLimits::default()
    };
    let (_, mut desk) = Desk::try_open::<SledStore>(home.path(), limits).unwrap();
    let mut seen = 0;
    for n in 0..200 {
        // Whole pieces and a byte more: the fullest nodes there can be.
        let len = [16 * 1024, 14 * 1024, 7 * 1024, 7 * 1024 + 1][n % 4];
        desk.keep(Lane::Routine, vec![page(Lane::Routine, n as u64, len)])
            .unwrap();
        for entry in std::fs::read_dir(home.path().join("routine")).unwrap() {
            let beside = std::fs::read_dir(entry.unwrap().path().join("blobs")).unwrap();
            assert_eq!(beside.count(), 0, "page {n}");
            seen += 1;
        }
    }
    assert!(seen >= 200);
    desk.close();
}

#[test]
fn an_order_that_can_never_be_kept_is_refused_alone() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    let long = "x".repeat(8000);
    let bad = desk.ask_to_keep(Lane::Alarm, vec![], vec![note("state", Some(&long))]);
    let good = desk.ask_to_keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 10)], vec![]);
    let mut refused = None;
    desk.wait(|says| match says {
        JournalSays::NotKept { ticket, why } => {
            refused = Some((*ticket, why.clone()));
            None
        }
        JournalSays::Kept { ticket, .. } => (*ticket == good).then_some(()),
        _ => None,
    });
    let (ticket, why) = refused.unwrap();
    assert_eq!(ticket, bad);
    assert!(matches!(why, JournalFault::Broken(words) if words.contains("8005 bytes")));
    desk.close();
}

#[test]
fn a_second_daemon_is_refused_and_told_whose_the_folder_is() {
    let home = tempfile::tempdir().unwrap();
    let (_, desk) = Desk::open::<SledStore>(home.path());
    let second = Desk::try_open::<SledStore>(home.path(), small());
    let Err(OpenError::InUse { folder, pid }) = second.map(|_| ()) else {
        panic!("the second was let in");
    };
    assert_eq!(folder, home.path());
    assert_eq!(pid, std::process::id().to_string());
    desk.close();
    Desk::open::<SledStore>(home.path()).1.close();
}

#[test]
fn a_newer_format_is_refused_unharmed() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 10)])
        .unwrap();
    desk.close();
    let format = home.path().join("format");
    let ours = std::fs::read(&format).unwrap();
    std::fs::write(&format, "tecs-gateway journal 2\n").unwrap();
    let refused = Desk::try_open::<SledStore>(home.path(), small())
        .map(|_| ())
        .unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{refused}"
    );
    std::fs::write(&format, ours).unwrap();
    let (found, desk) = Desk::open::<SledStore>(home.path());
    assert!(found.clean);
    assert_eq!(firsts(&found, Lane::Alarm), [1]);
    desk.close();
}

#[test]
fn a_clean_end_is_marked_until_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    Desk::open::<SledStore>(home.path()).1.close();
    let (found, desk) = Desk::open::<SledStore>(home.path());
    assert!(found.clean);
    assert!(
        !home.path().join("clean").exists(),
        "the mark stays while we write"
    );
    desk.drop_unmarked();
    let (found, desk) = Desk::open::<SledStore>(home.path());
    assert!(!found.clean);
    desk.close();
}

#[test]
fn nobody_else_may_read_the_journal() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let (_, mut desk) = Desk::open::<SledStore>(&state);
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 10)])
        .unwrap();
    desk.close();
    Desk::open::<SledStore>(&state).1.close();
    let mut waiting = vec![state];
    let mut files = 0;
    while let Some(folder) = waiting.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files += 1;
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    assert!(files > 5);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_watchdog_sees_that_the_journal_is_at_rest_and_works() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    let progress = desk.handle.progress();
    let before = progress.done();
    desk.keep(Lane::Alarm, vec![page(Lane::Alarm, 1, 10)])
        .unwrap();
    desk.load(key(Lane::Alarm, 1)).unwrap();
    assert!(progress.done() > before);
    assert!(progress.busy_for().as_secs() < 5);
    desk.close();
}
