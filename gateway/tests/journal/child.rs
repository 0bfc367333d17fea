//! A process of its own that keeps pages until it is killed and says on its output what it was told is durable. It is
//! this test binary again, asked for one test by name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gateway_core::effect::JournalOrder;
use gateway_core::input::JournalSays;
use gateway_core::page::PageKey;
use tecs_gateway::journal::SledStore;
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, Dice, note, page_in};

const FOLDER: &str = "TECS_JOURNAL_CHILD";
const EPOCH: &str = "TECS_JOURNAL_EPOCH";

/// One thing the child says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was told that this page is durable, with a note of its number.
    Kept(PageKey),
    /// It is about to let go of this page.
    Releasing(PageKey),
}

/// What a child has told so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Names that must be found: kept, and nobody has let go of them.
    pub(crate) kept: BTreeSet<PageKey>,
    /// How many were told to be durable.
    pub(crate) count: usize,
    /// The highest number of each lane that was told to be durable.
    pub(crate) highest: BTreeMap<Lane, u64>,
}

impl Told {
    /// All that a child has said that has ended.
    pub(crate) fn take_all(&mut self, says: &Receiver<Said>) {
        for said in says {
            self.take(said);
        }
    }

    pub(crate) fn take(&mut self, said: Said) {
        match said {
            Said::Kept(key) => {
                self.kept.insert(key);
                self.highest.insert(key.lane, key.first);
                self.count += 1;
            }
            Said::Releasing(key) => {
                self.kept.remove(&key);
            }
        }
    }
}

/// Start a child on this folder; what it says comes through the channel.
pub(crate) fn start(folder: &Path, epoch: u64) -> (Child, Receiver<Said>) {
    start_under(&[], folder, epoch)
}

/// The same, under a program that does something to it.
pub(crate) fn start_under(program: &[&str], folder: &Path, epoch: u64) -> (Child, Receiver<Said>) {
    let this = std::env::current_exe().unwrap();
    let mut words: Vec<&str> = program.to_vec();
    words.extend([
        this.to_str().unwrap(),
        "--exact",
        "child::keeps_until_it_is_killed",
        "--nocapture",
    ]);
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .env(FOLDER, folder)
        .env(EPOCH, epoch.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let (to_us, says) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(said) = read(&line) {
                let _ = to_us.send(said);
            }
        }
    });
    (child, says)
}

/// Let a child work for a random while: most are at their commits then, some are still opening their stores.
pub(crate) fn let_work(says: &Receiver<Said>, told: &mut Told, dice: &mut Dice) {
    if dice.below(4) > 0
        && let Ok(said) = says.recv_timeout(Duration::from_secs(20))
    {
        told.take(said);
    }
    std::thread::sleep(Duration::from_millis(dice.below(300)));
}

/// Kill a child that runs something else: that first, by its id, then the child.
pub(crate) fn kill_with_children(child: &mut Child) {
    let list = format!("/proc/{0}/task/{0}/children", child.id());
    for id in std::fs::read_to_string(list).unwrap().split_whitespace() {
        let id = rustix::process::Pid::from_raw(id.parse().unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
    // It ends by itself when what it runs has ended.
    child.wait().unwrap();
}

fn read(said: &str) -> Option<Said> {
    let words: Vec<&str> = said.split(' ').collect();
    let &[what, lane, epoch, first] = words.as_slice() else {
        return None;
    };
    let lane = Lane::ALL.iter().find(|l| l.word() == lane)?;
    let key = PageKey {
        lane: *lane,
        epoch: epoch.parse().ok()?,
        first: first.parse().ok()?,
    };
    match what {
        "kept" => Some(Said::Kept(key)),
        "releasing" => Some(Said::Releasing(key)),
        _ => None,
    }
}

/// Does nothing unless it is started by `start`.
#[test]
fn keeps_until_it_is_killed() {
    let (Ok(folder), Ok(epoch)) = (std::env::var(FOLDER), std::env::var(EPOCH)) else {
        return;
    };
    let epoch: u64 = epoch.parse().unwrap();
    let (_, mut desk) = Desk::open::<SledStore>(Path::new(&folder));
    let mut dice = Dice(epoch);
    let mut waiting: BTreeMap<u64, PageKey> = BTreeMap::new();
    let mut next: BTreeMap<Lane, u64> = BTreeMap::new();
    loop {
        while waiting.len() < 12 {
            let lane = Lane::ALL[usize::try_from(dice.below(3)).unwrap()];
            let first = next.entry(lane).and_modify(|n| *n += 1).or_insert(1);
            let key = PageKey {
                lane,
                epoch,
                first: *first,
            };
            let len = [40, 150, 2000, 16 * 1024][usize::try_from(dice.below(4)).unwrap()];
            let seen = note("number", Some(&first.to_string()));
            waiting.insert(
                desk.ask_to_keep(lane, vec![page_in(key, len)], vec![seen]),
                key,
            );
        }
        let kept = desk.wait(|says| match says {
            JournalSays::Kept { ticket, .. } => waiting.remove(ticket).map(Some),
            JournalSays::NotKept { ticket, .. } => waiting.remove(ticket).map(|_| None),
            _ => None,
        });
        let Some(key) = kept else { continue };
        tell("kept", key);
        if dice.below(3) == 0 {
            tell("releasing", key);
            desk.order(JournalOrder::Release { keys: vec![key] });
        }
    }
}

fn tell(what: &str, key: PageKey) {
    let PageKey { lane, epoch, first } = key;
    let mut out = std::io::stdout().lock();
    // Past the test harness, which would keep it.
    writeln!(out, "{what} {lane} {epoch} {first}")
        .and_then(|()| out.flush())
        .unwrap();
}
