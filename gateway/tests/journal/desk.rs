//! A desk to sit at: a journal that is open, its answers, and pages whose bytes follow from their names, so that a page
//! read back can be checked without keeping it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use gateway_core::effect::{JournalOrder, Note};
use gateway_core::input::{JournalFault, JournalSays, Recovered};
use gateway_core::page::{Page, PageKey};
use tecs_gateway::journal::{Journal, JournalHandle, JournalLimits, OpenError, Store};
use tecs_protocol::Bytes;
use tecs_protocol::vocabulary::Lane;
use tokio::sync::mpsc::{UnboundedReceiver, error::TryRecvError, unbounded_channel};

/// Nothing here takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Desk {
    pub(crate) handle: JournalHandle,
    says: UnboundedReceiver<JournalSays>,
    next_ticket: u64,
}

/// Small budgets, so that generations turn quickly.
pub(crate) fn small() -> JournalLimits {
    JournalLimits {
        disk: [1 << 20; 3],
        ..JournalLimits::default()
    }
}

impl Desk {
    pub(crate) fn open<S: Store>(folder: &Path) -> (Recovered, Self) {
        Self::try_open::<S>(folder, small()).unwrap()
    }

    pub(crate) fn try_open<S: Store>(
        folder: &Path,
        limits: JournalLimits,
    ) -> Result<(Recovered, Self), OpenError> {
        let (to_us, says) = unbounded_channel();
        let (recovered, handle) = Journal::open_on::<S>(folder, limits, to_us)?;
        Ok((
            recovered,
            Self {
                handle,
                says,
                next_ticket: 1,
            },
        ))
    }

    /// Order without waiting.
    pub(crate) fn ask_to_keep(&mut self, lane: Lane, pages: Vec<Page>, notes: Vec<Note>) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.order(JournalOrder::Keep {
            ticket,
            lane,
            pages,
            notes,
        });
        ticket
    }

    /// Keep and wait; the generation it is in.
    pub(crate) fn keep(&mut self, lane: Lane, pages: Vec<Page>) -> Result<u32, JournalFault> {
        self.keep_with(lane, pages, vec![])
    }

    pub(crate) fn keep_with(
        &mut self,
        lane: Lane,
        pages: Vec<Page>,
        notes: Vec<Note>,
    ) -> Result<u32, JournalFault> {
        let mine = self.ask_to_keep(lane, pages, notes);
        self.wait(|says| match says {
            JournalSays::Kept {
                ticket, generation, ..
            } if *ticket == mine => Some(Ok(*generation)),
            JournalSays::NotKept { ticket, why } if *ticket == mine => Some(Err(why.clone())),
            _ => None,
        })
    }

    pub(crate) fn load(&mut self, wanted: PageKey) -> Option<Bytes> {
        self.order(JournalOrder::Load { key: wanted });
        self.wait(|says| match says {
            JournalSays::Loaded { key, bytes } if *key == wanted => Some(bytes.clone()),
            _ => None,
        })
    }

    /// Evict; where the stand-ins are.
    pub(crate) fn evict(
        &mut self,
        lane: Lane,
        generation: u32,
        stand_ins: Vec<Page>,
    ) -> Result<u32, JournalFault> {
        self.order(JournalOrder::Evict {
            lane,
            generation,
            stand_ins,
        });
        self.wait(|says| match says {
            JournalSays::Evicted { kept_in, .. } => Some(Ok(*kept_in)),
            JournalSays::NotEvicted { why, .. } => Some(Err(why.clone())),
            _ => None,
        })
    }

    pub(crate) fn order(&self, order: JournalOrder) {
        assert!(self.handle.order(order), "the journal's thread has ended");
    }

    /// The first answer that `pick` takes; the others are thrown away.
    pub(crate) fn wait<T>(&mut self, mut pick: impl FnMut(&JournalSays) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            match self.says.try_recv() {
                Ok(says) => {
                    if let Some(found) = pick(&says) {
                        return found;
                    }
                }
                Err(TryRecvError::Empty) => {
                    assert!(began.elapsed() < PATIENCE, "the journal does not answer");
                    std::thread::sleep(Duration::from_micros(50));
                }
                Err(TryRecvError::Disconnected) => panic!("the journal's thread has ended"),
            }
        }
    }

    pub(crate) fn wait_until_mended(&mut self, with: &str) -> String {
        self.wait(|says| match says {
            JournalSays::Mended { how } if how.contains(with) => Some(how.clone()),
            _ => None,
        })
    }

    /// End the run in good order.
    pub(crate) fn close(self) {
        self.order(JournalOrder::Close);
        assert!(self.handle.join());
    }

    /// End the run without a word, as a fault would.
    pub(crate) fn drop_unmarked(self) {
        assert!(self.handle.join());
    }
}

pub(crate) fn key(lane: Lane, first: u64) -> PageKey {
    PageKey {
        lane,
        epoch: 7,
        first,
    }
}

/// The page of one record at this place, its bytes as the name says.
pub(crate) fn page(lane: Lane, first: u64, len: usize) -> Page {
    page_in(key(lane, first), len)
}

pub(crate) fn page_in(key: PageKey, len: usize) -> Page {
    Page {
        key,
        last: key.first,
        gap: false,
        bytes: bytes_of(key, len),
    }
}

/// What a page of this name and length holds.
pub(crate) fn bytes_of(key: PageKey, len: usize) -> Bytes {
    let mut word =
        key.epoch ^ key.first.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (key.lane as u64) << 60;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        word = word
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        out.extend_from_slice(&word.rotate_left(17).to_le_bytes());
    }
    out.truncate(len);
    out.into()
}

/// A Gap that stands for `first..=last`.
pub(crate) fn gap(lane: Lane, first: u64, last: u64) -> Page {
    Page {
        last,
        gap: true,
        ..page(lane, first, 40)
    }
}

pub(crate) fn note(key: &str, value: Option<&str>) -> Note {
    Note {
        key: key.into(),
        value: value.map(Into::into),
    }
}

/// The notes of a lane, as words.
pub(crate) fn notes_of(recovered: &Recovered, lane: Lane) -> BTreeMap<String, String> {
    let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let of_lane = recovered.notes.iter().filter(|(l, ..)| *l == lane);
    of_lane
        .map(|(_, key, value)| (words(key), words(value)))
        .collect()
}

/// The names of the pages found, in the order in which they were told.
pub(crate) fn firsts(recovered: &Recovered, lane: Lane) -> Vec<u64> {
    recovered
        .pages
        .iter()
        .filter(|p| p.key.lane == lane)
        .map(|p| p.key.first)
        .collect()
}

/// Every page found can be read, and says what its name says.
pub(crate) fn check_bytes(desk: &mut Desk, recovered: &Recovered) {
    for found in &recovered.pages {
        let bytes = desk
            .load(found.key)
            .unwrap_or_else(|| panic!("{found:?} cannot be read"));
        assert_eq!(bytes.len(), found.len as usize, "{found:?}");
        assert_eq!(bytes, bytes_of(found.key, bytes.len()), "{found:?}");
    }
}

/// A seed for a random test: `TECS_SEED`, or from the clock; printed, so that a failure can be played again.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("TECS_SEED").ok().and_then(|s| s.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap()
    });
    println!("TECS_SEED={seed}");
    seed
}

/// A small generator (splitmix64), enough to scatter faults.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// How many rounds a test makes: `TECS_ROUNDS`, or this many.
pub(crate) fn rounds(usual: usize) -> usize {
    std::env::var("TECS_ROUNDS")
        .ok()
        .and_then(|r| r.parse().ok())
        .unwrap_or(usual)
}

/// Say loudly that a test did not run.
pub(crate) fn skip(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
}
