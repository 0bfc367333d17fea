//! What a young generation takes over: all that is remembered, however much it is, and still it has room for pages.

use gateway_core::effect::Note;
use gateway_core::page::Page;
use tecs_gateway::journal::{SledStore, Store};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, note, notes_of, page};

/// Remembered at once: more than a generation of the small budget has room for (1 MiB).
const NOTES: usize = 20_000;
/// Notes given in one order.
const TOGETHER: usize = 500;

fn many() -> Vec<Note> {
    let name =
        |n| format!("state\u{1f}street\u{1f}sensor with a rather long name {n:06}\u{1f}smoke");
    (0..NOTES)
        .map(|n| note(&name(n), Some("smoke restored")))
        .collect()
}

#[test]
fn more_than_a_generation_holds_is_remembered_and_pages_still_share_a_generation() {
    carried::<SledStore>();
}

fn carried<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let notes = many();
    for some in notes.chunks(TOGETHER) {
        desk.keep_with(Lane::Alarm, vec![], some.to_vec()).unwrap();
    }
    let mut generations = std::collections::BTreeSet::new();
    for n in 0..60 {
        let generation = desk.keep(Lane::Alarm, vec![page(Lane::Alarm, n, 4_000)]);
        generations.insert(generation.unwrap());
    }
    // 240 KB of pages: a generation each would be sixty.
    assert!(generations.len() <= 4, "{generations:?}");
    // Beside what was taken over, one is said anew and one is forgotten.
    let words: Vec<&str> = (notes.iter().take(2))
        .map(|note| std::str::from_utf8(&note.key).unwrap())
        .collect();
    let changed = vec![note(words[0], Some("smoke raised")), note(words[1], None)];
    desk.keep_with(Lane::Alarm, vec![], changed).unwrap();
    desk.drop_unmarked();

    let (found, desk) = Desk::open::<S>(home.path());
    let remembered = notes_of(&found, Lane::Alarm);
    assert_eq!(remembered.len(), NOTES - 1);
    assert_eq!(remembered[words[0]], "smoke raised");
    assert!(!remembered.contains_key(words[1]));
    assert_eq!(found.pages.len(), 60);
    assert_eq!(found.set_aside, Vec::<String>::new());
    desk.close();
}

#[test]
fn each_transaction_is_a_piece_of_work_for_the_watchdog() {
    pieces::<SledStore>();
}

fn pieces<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let progress = desk.handle.progress();
    let before = progress.done();
    // Held up by one large order, the others are taken together: 64 pages of 16 KiB are sixteen transactions.
    let pages: Vec<Page> = (0..64).map(|n| page(Lane::Routine, n, 16 << 10)).collect();
    let mut open: std::collections::BTreeSet<u64> = pages
        .into_iter()
        .map(|page| desk.ask_to_keep(Lane::Routine, vec![page], vec![]))
        .collect();
    desk.wait(|says| {
        if let gateway_core::input::JournalSays::Kept { ticket, .. } = says {
            open.remove(ticket);
        }
        open.is_empty().then_some(())
    });
    // The last piece of work may end after its answer.
    let pieces = progress.done() - before;
    assert!(
        pieces >= 15,
        "{pieces} pieces of work for sixteen transactions"
    );
    desk.close();
}
