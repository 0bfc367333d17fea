//! Lanes, and whole journals, that cannot be opened at the start and can be later: what they hold is told then.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use gateway_core::effect::JournalOrder;
use gateway_core::input::{JournalFault, JournalSays};
use tecs_gateway::journal::{OpenError, SledStore};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, check_bytes, firsts, key, note, notes_of, page, skip, small};
use crate::power::Mount;

#[test]
fn a_lane_that_could_not_be_opened_at_the_start_tells_what_it_holds_when_it_can() {
    let home = tempfile::tempdir().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(home.path());
    let remembered = vec![note("state", Some("raised"))];
    desk.keep_with(Lane::Alarm, vec![page(Lane::Alarm, 1, 500)], remembered)
        .unwrap();
    desk.close();
    let (lane, away) = (home.path().join("alarm"), home.path().join("away"));
    fs::rename(&lane, &away).unwrap();
    // What is no folder refuses, as a disk does.
    fs::write(&lane, b"").unwrap();
    let (recovered, mut desk) = Desk::open::<SledStore>(home.path());
    assert_eq!(firsts(&recovered, Lane::Alarm), [0; 0]);
    assert_eq!(recovered.used[0], 0);
    desk.order(JournalOrder::Load {
        key: key(Lane::Alarm, 1),
    });
    let refused = desk.wait(|says| match says {
        JournalSays::NotLoaded { why, .. } => Some(why.clone()),
        JournalSays::Loaded { .. } => panic!("a page of a lane that is not open is not lost"),
        _ => None,
    });
    assert!(matches!(refused, JournalFault::Broken(_)), "{refused:?}");
    fs::remove_file(&lane).unwrap();
    fs::rename(&away, &lane).unwrap();
    let opened = desk.wait(|says| match says {
        JournalSays::Opened(recovered) => Some(recovered.clone()),
        _ => None,
    });
    assert_eq!(firsts(&opened, Lane::Alarm), [1]);
    assert_eq!(notes_of(&opened, Lane::Alarm)["state"], "raised");
    assert!(opened.clean && opened.used[0] > 0, "{opened:?}");
    check_bytes(&mut desk, &opened);
    desk.close();
}

#[test]
fn a_folder_that_a_full_disk_refuses_is_made_and_locked_when_there_is_room() {
    let Some(mount) = Mount::tmpfs("10m,nr_inodes=400") else {
        return skip(
            "a_folder_that_a_full_disk_refuses",
            "no tmpfs can be mounted here",
        );
    };
    // Names run out as bytes do, and say the same.
    let fillers = (0..).map(|n| mount.path.join(format!("filler-{n}")));
    let fillers: Vec<_> = fillers
        .take_while(|path| fs::write(path, b"").is_ok())
        .collect();
    let state = mount.path.join("state");
    assert!(fs::create_dir(&state).is_err(), "the disk is not full");
    let (recovered, mut desk) = Desk::open::<SledStore>(&state);
    assert!(recovered.pages.is_empty() && !recovered.set_aside.is_empty());
    let alarm = || vec![page(Lane::Alarm, 1, 100)];
    assert!(desk.keep(Lane::Alarm, alarm()).is_err());
    for filler in fillers {
        fs::remove_file(filler).unwrap();
    }
    desk.wait(|says| matches!(says, JournalSays::Opened(_)).then_some(()));
    while desk.keep(Lane::Alarm, alarm()).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let second = Desk::try_open::<SledStore>(&state, small());
    assert!(matches!(second, Err(OpenError::InUse { .. })), "not locked");
    desk.close();
}

#[test]
fn a_folder_that_cannot_be_had_for_whatever_reason_is_taken_when_it_can() {
    type Deed = fn(&Path) -> std::io::Result<()>;
    let cases: [(&str, Deed, Deed); 5] = [
        (
            "its disk is not mounted",
            |_| Ok(()),
            |at| fs::create_dir(at.join("mount")),
        ),
        (
            "a file stands where its disk is mounted",
            |at| fs::write(at.join("mount"), b""),
            |at| {
                fs::remove_file(at.join("mount"))?;
                fs::create_dir(at.join("mount"))
            },
        ),
        (
            "a file stands in its place",
            |at| {
                fs::create_dir(at.join("mount"))?;
                fs::write(at.join("mount/state"), b"")
            },
            |at| fs::remove_file(at.join("mount/state")),
        ),
        (
            "it is a link that leads nowhere",
            |at| {
                fs::create_dir(at.join("mount"))?;
                symlink(at.join("away"), at.join("mount/state"))
            },
            |at| fs::create_dir(at.join("away")),
        ),
        (
            "it is a link to itself",
            |at| {
                fs::create_dir(at.join("mount"))?;
                symlink(at.join("mount/state"), at.join("mount/state"))
            },
            |at| fs::remove_file(at.join("mount/state")),
        ),
    ];
    for (what, hinder, mend) in cases {
        let home = tempfile::tempdir().unwrap();
        hinder(home.path()).unwrap();
        let state = home.path().join("mount/state");
        let (recovered, mut desk) = Desk::open::<SledStore>(&state);
        assert!(!recovered.set_aside.is_empty(), "{what}");
        let alarm = || vec![page(Lane::Alarm, 1, 100)];
        assert!(desk.keep(Lane::Alarm, alarm()).is_err(), "{what}");
        mend(home.path()).unwrap();
        desk.wait(|says| matches!(says, JournalSays::Opened(_)).then_some(()));
        while desk.keep(Lane::Alarm, alarm()).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let second = Desk::try_open::<SledStore>(&state, small());
        assert!(matches!(second, Err(OpenError::InUse { .. })), "{what}");
        desk.close();
    }
}
