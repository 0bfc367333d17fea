//! How lanes are opened at the start, and opened again when a disk that refused them answers. A lane that cannot be opened
//! never keeps the daemon from starting: alarms flow without it, and what it holds is told once it is open.

use std::time::{Duration, Instant};

use gateway_core::input::{JournalFault, JournalSays, Recovered};
use tecs_protocol::vocabulary::Lane;
use tokio::sync::mpsc::UnboundedSender;

use super::JournalLimits;
use super::generations::Generations;
use super::keeper::{Keeper, LastRun};
use super::state_folder::{CleanMark, StateFolder};
use super::store::{Batch, Store, StoreFault};

/// The first and the longest pause before a refused disk is tried again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// One lane's store, or why there is none just now.
pub(super) enum Shelves<S> {
    Open(Generations<S>),
    /// It was refused; nothing is written until it answers.
    Refused(Generations<S>, Pause),
    /// It was never opened in this run.
    Closed(Pause),
}

/// When to try again, and what was said last.
pub(super) struct Pause {
    pub(super) until: Instant,
    pub(super) wait: Duration,
    pub(super) why: String,
}

impl<S> Shelves<S> {
    /// The generations to write to, or why not.
    pub(super) fn writable(&mut self) -> Result<&mut Generations<S>, JournalFault> {
        match self {
            Self::Open(shelves) => Ok(shelves),
            Self::Refused(_, pause) | Self::Closed(pause) => {
                Err(JournalFault::Broken(pause.why.clone()))
            }
        }
    }

    /// Write nothing more until the disk answers.
    pub(super) fn refuse(&mut self, pause: Pause) {
        let closed = Self::Closed(Pause::first(pause.until, pause.why.clone()));
        *self = match std::mem::replace(self, closed) {
            Self::Open(shelves) | Self::Refused(shelves, _) => Self::Refused(shelves, pause),
            Self::Closed(_) => Self::Closed(pause),
        };
    }

    /// The disk answers.
    fn accept(&mut self, now: Instant) {
        let closed = Self::Closed(Pause::first(now, String::new()));
        *self = match std::mem::replace(self, closed) {
            Self::Open(shelves) | Self::Refused(shelves, _) => Self::Open(shelves),
            closed @ Self::Closed(_) => closed,
        };
    }
}

impl<S: Store> Keeper<S> {
    /// Open all that is there. A disk that refuses does not keep the daemon from starting: it is told in
    /// `Recovered::set_aside`, and tried again.
    pub(super) fn open(
        state: StateFolder,
        limits: JournalLimits,
        says: UnboundedSender<JournalSays>,
    ) -> (Self, Recovered) {
        let now = Instant::now();
        let closed =
            || Shelves::Closed(Pause::first(now, "the journal is not open yet".to_owned()));
        let mut this = Self {
            state,
            limits,
            lanes: [closed(), closed(), closed()],
            last_run: LastRun::Unread,
            full: false,
            says,
        };
        let mut recovered = Recovered::default();
        let clean = match this.begin() {
            Ok(clean) => clean,
            Err(why) => {
                this.lanes = [(); 3].map(|()| Shelves::Closed(Pause::first(now, why.clone())));
                recovered.set_aside.push(why);
                return (this, recovered);
            }
        };
        recovered.clean = clean.is_some();
        for &lane in Lane::ALL {
            this.open_lane(lane, clean.as_ref(), &mut recovered);
        }
        recovered.clean &= recovered.set_aside.is_empty();
        this.full = !this.state.have_ballast();
        (this, recovered)
    }

    /// A lane that was refused: its next generation is the proof that it answers.
    pub(super) fn try_again(&mut self, lane: Lane) {
        let waited = self.pause(lane).map(|pause| pause.wait);
        let outcome = match self.slot(lane) {
            Shelves::Open(_) => return,
            Shelves::Refused(shelves, _) => match shelves.rotate(Batch::default()) {
                Ok(_) => Ok(()),
                Err(StoreFault::Full) => {
                    // It answers, and says that there is no room: that is another matter.
                    self.make_room();
                    self.slot(lane).accept(Instant::now());
                    return;
                }
                Err(fault) => Err(fault.to_string()),
            },
            Shelves::Closed(_) => self.open_late(lane),
        };
        match outcome {
            Ok(()) => {
                self.slot(lane).accept(Instant::now());
                self.mended(format!("the {lane} lane's store answers again"));
            }
            Err(why) => {
                if let Some(pause) = self.pause(lane) {
                    pause.wait = waited.unwrap_or(pause.wait);
                    pause.longer(Instant::now(), why);
                }
            }
        }
    }

    /// Open a lane that could not be opened at start, and tell what it holds from before.
    fn open_late(&mut self, lane: Lane) -> Result<(), String> {
        let clean = self.begin()?;
        let mut recovered = Recovered {
            clean: clean.is_some(),
            ..Recovered::default()
        };
        self.open_lane(lane, clean.as_ref(), &mut recovered);
        if let Shelves::Closed(pause) = self.slot(lane) {
            return Err(pause.why.clone());
        }
        recovered.clean &= recovered.set_aside.is_empty();
        self.say(JournalSays::Opened(recovered));
        Ok(())
    }

    /// The mark of the last run's good end, taken away once.
    fn begin(&mut self) -> Result<Option<CleanMark>, String> {
        if let LastRun::Ended(clean) = &self.last_run {
            return Ok(clean.clone());
        }
        let mut begun = self.state.begin();
        if begun
            .as_ref()
            .is_err_and(|e| e.kind() == std::io::ErrorKind::StorageFull)
        {
            self.make_room();
            begun = self.state.begin();
        }
        let clean = begun.map_err(|e| {
            format!(
                "{}: {e}: nothing is kept until it can be written",
                self.state.path().display()
            )
        })?;
        self.last_run = LastRun::Ended(clean.clone());
        Ok(clean)
    }

    fn open_lane(&mut self, lane: Lane, clean: Option<&CleanMark>, recovered: &mut Recovered) {
        let sealed_by = clean.and_then(|mark| mark.iter().find(|(name, ..)| name == lane.word()));
        let sealed_by = sealed_by.map(|(_, number, count)| (*number, *count));
        let room = self.limits.generation(lane);
        let folder = self.state.lane(lane.word());
        let open = || Generations::open(folder.clone(), room, sealed_by);
        let mut opened = open();
        if matches!(opened, Err(StoreFault::Full)) {
            self.make_room();
            opened = open();
        }
        match opened {
            Ok((shelves, found)) => {
                recovered.pages.extend(found.pages);
                recovered.set_aside.extend(found.words);
                let notes = shelves
                    .notes
                    .iter()
                    .map(|(key, value)| (lane, key.clone(), value.clone()));
                recovered.notes.extend(notes);
                if let Some(used) = recovered.used.get_mut(index(lane)) {
                    *used = shelves.used();
                }
                *self.slot(lane) = Shelves::Open(shelves);
            }
            Err(fault) => {
                let why = format!(
                    "the {lane} lane could not be opened: {fault}; it is tried again by itself"
                );
                recovered.set_aside.push(why.clone());
                *self.slot(lane) = Shelves::Closed(Pause::first(Instant::now(), why));
            }
        }
    }
}

impl Pause {
    pub(super) fn first(now: Instant, why: String) -> Self {
        Self {
            until: now + BACK_OFF.0,
            wait: BACK_OFF.0,
            why,
        }
    }

    fn longer(&mut self, now: Instant, why: String) {
        self.wait = (self.wait * 2).min(BACK_OFF.1);
        self.until = now + self.wait;
        self.why = why;
    }
}

fn index(lane: Lane) -> usize {
    match lane {
        Lane::Alarm => 0,
        Lane::Vital => 1,
        Lane::Routine => 2,
    }
}
