//! Eviction: what stands in is durable before anything goes, nothing goes that nobody gave up, and a kill in between is
//! finished at the next start.

use std::path::Path;

use tecs_gateway::journal::{SledStore, Store};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, check_bytes, firsts, gap, key, page};

/// Keep pages until the lane has this many generations; the first number of each, and one past the last.
fn fill(desk: &mut Desk, generations: usize) -> Vec<u64> {
    let mut begins = Vec::new();
    let mut last = 0;
    for n in 1.. {
        let generation = desk
            .keep(Lane::Routine, vec![page(Lane::Routine, n, 16 * 1024)])
            .unwrap();
        if generation != last {
            begins.push(n);
            last = generation;
        }
        if begins.len() == generations {
            begins.push(n + 1);
            return begins;
        }
    }
    unreachable!("numbers do not end")
}

#[test]
fn an_evicted_generation_is_replaced_by_its_gap() {
    replaced::<SledStore>();
}

fn replaced<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let begins = fill(&mut desk, 4);
    let stand_in = gap(Lane::Routine, begins[0], begins[1] - 1);
    assert_eq!(desk.evict(Lane::Routine, 1, vec![stand_in]), Ok(4));
    assert!(!home.path().join("routine/gen-00000001").exists());
    assert_eq!(desk.load(key(Lane::Routine, 2)), None);
    desk.drop_unmarked();
    let (found, mut desk) = Desk::open::<S>(home.path());
    assert_eq!(found.set_aside, Vec::<String>::new());
    let mut expected: Vec<u64> = (begins[1]..begins[4]).collect();
    expected.push(begins[0]);
    assert_eq!(firsts(&found, Lane::Routine), expected);
    assert!(found.pages.last().unwrap().gap);
    check_bytes(&mut desk, &found);
    desk.close();
}

#[test]
fn the_youngest_generation_can_be_evicted_too() {
    youngest::<SledStore>();
}

fn youngest<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    desk.keep(
        Lane::Vital,
        vec![page(Lane::Vital, 1, 100), page(Lane::Vital, 2, 100)],
    )
    .unwrap();
    // The stand-in has the name of a page that goes: it must stay all the same.
    assert_eq!(
        desk.evict(Lane::Vital, 1, vec![gap(Lane::Vital, 1, 2)]),
        Ok(2)
    );
    assert_eq!(desk.load(key(Lane::Vital, 1)).unwrap().len(), 40);
    assert_eq!(
        desk.keep(Lane::Vital, vec![page(Lane::Vital, 3, 100)]),
        Ok(2)
    );
    desk.close();
    let (found, desk) = Desk::open::<S>(home.path());
    assert_eq!(firsts(&found, Lane::Vital), [1, 3]);
    assert!(found.clean);
    desk.close();
}

#[test]
fn a_page_that_nobody_gave_up_is_carried_over() {
    carried::<SledStore>();
}

fn carried<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    for n in 1..=4 {
        desk.keep(Lane::Routine, vec![page(Lane::Routine, n, 10_000)])
            .unwrap();
    }
    // Ordered while page 4 was still on its way: the gap does not know of it.
    assert_eq!(
        desk.evict(Lane::Routine, 1, vec![gap(Lane::Routine, 1, 3)]),
        Ok(2)
    );
    desk.drop_unmarked();
    let (found, mut desk) = Desk::open::<S>(home.path());
    assert_eq!(firsts(&found, Lane::Routine), [1, 4]);
    check_bytes(&mut desk, &found);
    desk.close();
}

#[test]
fn an_eviction_that_was_killed_before_the_folder_went_is_finished() {
    finished::<SledStore>();
}

fn finished<S: Store>() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<S>(home.path());
    let begins = fill(&mut desk, 2);
    let (folder, aside) = (
        home.path().join("routine/gen-00000001"),
        home.path().join("aside"),
    );
    copy(&folder, &aside);
    desk.evict(
        Lane::Routine,
        1,
        vec![gap(Lane::Routine, begins[0], begins[1] - 1)],
    )
    .unwrap();
    desk.drop_unmarked();
    // As if the kill had come between the sync and the removal.
    copy(&aside, &folder);
    // And one that was half removed.
    copy(&aside, &home.path().join("routine/gen-00000001.gone"));
    let (found, desk) = Desk::open::<S>(home.path());
    assert!(!firsts(&found, Lane::Routine).contains(&2));
    assert!(!folder.exists() && !home.path().join("routine/gen-00000001.gone").exists());
    desk.close();
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &name);
        } else {
            std::fs::copy(&path, name).unwrap();
        }
    }
}
