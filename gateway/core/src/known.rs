//! One device as the gateway knows it: how it is named, when it spoke, and the last word of each of its fields. A word
//! equal to the last one is a repeat; in doubt it is new. What one field says, no other takes back.

use tecs_protocol::alarm_names::subject;
use tecs_protocol::event::Device;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, HealthKind};

use crate::settings::{Rows, Settings};
use crate::time::Mono;
use crate::word::{About, Says, Word};

/// An alarm that was closed while its device still says that it is raised is raised anew, at most once in this long, ms: a
/// quarter of an hour.
const ANEW_AFTER_MS: u64 = 15 * 60_000;

/// The most fields of one device whose last words are remembered for the installer.
const SAYS_MOST: usize = 16;

/// One field of a device.
#[derive(Debug)]
struct Field {
    name: String,
    last: Word,
    /// What it says now may be another.
    doubtful: bool,
}

/// What came of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Learned {
    /// It is not what the field said last.
    pub(crate) news: bool,
    /// The field's last word stood.
    pub(crate) held: bool,
}

/// An alarm that a responder has closed.
#[derive(Debug)]
struct Closed {
    kind: AlarmKind,
    /// Nothing was raised since.
    waits: bool,
    /// When it was last raised anew.
    told: Option<Mono>,
}

/// The rows that fit a device, by their index in `Settings::devices`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    /// The one that gives it its id, its room and its kind.
    pub(crate) row: usize,
    /// Another that means the name which it bears now: what that makes of its words holds as well.
    pub(crate) also: Option<usize>,
}

impl Named {
    /// By one row alone.
    pub(crate) const fn by(row: usize) -> Self {
        Self { row, also: None }
    }
}

/// A device that was heard or named.
#[derive(Debug)]
pub(crate) struct Known {
    /// As events name it.
    pub(crate) device: Device,
    /// Where the installer has named it.
    pub(crate) named: Option<Named>,
    /// It can raise an alarm.
    pub(crate) alarms: bool,
    /// It said something of an alarm, in this run or, as far as that is remembered, before.
    pub(crate) said_alarm: bool,
    /// When it spoke last.
    pub(crate) heard: Mono,
    /// What its source says that it is.
    pub(crate) model: String,
    /// Words heard in this run.
    pub(crate) words: u64,
    /// Those that could not be acknowledged, technical ones aside.
    pub(crate) unkept: u64,
    /// What it said last, field by field, for the installer.
    pub(crate) says: Vec<(String, What)>,
    /// Words of fields that there was no room to remember.
    pub(crate) says_more: u64,
    fields: Vec<Field>,
    closed: Vec<Closed>,
}

impl Known {
    pub(crate) fn new(device: Device, named: Option<Named>, alarms: bool, heard: Mono) -> Self {
        Self {
            device,
            named,
            alarms,
            said_alarm: false,
            heard,
            model: String::new(),
            words: 0,
            unkept: 0,
            says: Vec::new(),
            says_more: 0,
            fields: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// The same device as if it were met now.
    pub(crate) fn without_memory(&self) -> Self {
        Self::new(self.device.clone(), self.named, self.alarms, self.heard)
    }

    /// What the installer says of it.
    pub(crate) fn rows<'s>(&self, settings: &'s Settings) -> Rows<'s> {
        let Some(Named { row, also }) = self.named else {
            return Rows::default();
        };
        let also = also.and_then(|also| settings.devices.get(also));
        Rows([settings.devices.get(row), also])
    }

    /// It has left: whoever comes after it under its name is another.
    pub(crate) fn left(&mut self) {
        self.closed.clear();
        self.model.clear();
        self.said_alarm = false;
        if self.named.is_none() {
            self.device.kind.clear();
        }
    }

    /// What it said in this run may have been another's words: the next ones are news.
    pub(crate) fn doubt_what_was_heard(&mut self) {
        if self.words > 0 {
            for field in &mut self.fields {
                field.doubtful = true;
            }
        }
    }

    /// One word of it, for the installer.
    pub(crate) fn spoke(&mut self, field: &str, what: &What, kept: bool) {
        self.words += 1;
        self.said_alarm |= matches!(what, What::Alarm { .. });
        // Of what is wrong with a bridge, its next word tells again.
        let ours = !kept && !matches!(what, What::Health { .. });
        self.unkept += u64::from(ours);
        let room = self.says.len() < SAYS_MOST;
        match self.says.iter_mut().find(|(name, _)| name == field) {
            Some((_, last)) if last == what => {}
            Some((_, last)) => last.clone_from(what),
            None if room => self.says.push((field.to_owned(), what.clone())),
            None => self.says_more += 1,
        }
    }

    /// It is a code or a sender that nobody taught.
    pub(crate) fn is_untaught(&self) -> bool {
        let untaught = |what: &What| {
            let kind = HealthKind::Untaught;
            what.is_raised() && matches!(what, What::Health { kind: k, .. } if *k == kind)
        };
        self.says.iter().any(|(_, what)| untaught(what))
    }

    /// The alarm that it is there to raise, by the installer's word, its model or its name (`name`), when it spoke and never
    /// said anything of an alarm.
    pub(crate) fn mute(&self, name: &str) -> Option<AlarmKind> {
        if self.said_alarm {
            return None;
        }
        let texts = [self.device.kind.as_str(), self.model.as_str(), name];
        texts.iter().find_map(|text| subject(text)?.alarm())
    }

    /// A field's last word is one that nobody has taught.
    pub(crate) fn stands_untaught(&self) -> bool {
        let mut words = self.fields.iter().filter_map(|field| field.last.says());
        let untaught = About::Health(HealthKind::Untaught);
        words.any(|says| says.holds() && says.about() == untaught)
    }

    /// The last word of a field.
    pub(crate) fn last(&self, field: &str) -> Option<&Word> {
        self.field(field).map(|known| &known.last)
    }

    /// A field's last word says that an alarm or something technical is raised.
    pub(crate) fn stands(&self) -> bool {
        let mut words = self.fields.iter().filter_map(|field| field.last.says());
        words.any(|says| says.holds() && !matches!(says, Says::Observed(..)))
    }

    /// A field's last word says that it stands raised.
    pub(crate) fn is_raised(&self, field: &str) -> bool {
        self.last(field).is_some_and(Word::holds)
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Remembers a field's word.
    pub(crate) fn learn(&mut self, field: &str, word: Word) -> Learned {
        self.said_alarm |= word.says().is_some_and(Says::is_of_an_alarm);
        if let Some(known) = self.fields.iter_mut().find(|known| known.name == field) {
            let held = known.last.holds();
            let news = known.doubtful || !known.last.is_as(&word);
            known.last = word;
            known.doubtful = false;
            return Learned { news, held };
        }
        self.fields.push(Field {
            name: field.to_owned(),
            last: word,
            doubtful: false,
        });
        Learned {
            news: true,
            held: false,
        }
    }

    /// A word that an earlier run left, and may have changed since: it holds, and the next one is news whatever it says.
    pub(crate) fn recall_in_doubt(&mut self, field: &str, word: Word) {
        self.learn(field, word);
        if let Some(known) = self.fields.iter_mut().find(|known| known.name == field) {
            known.doubtful = true;
        }
    }

    /// After a kill: where several fields share one alarm, one that was cleared while another still stood may not have come
    /// as far as the disk. Those that stand are told again when they speak: in doubt it is new.
    pub(crate) fn doubt_shared(&mut self) {
        let said = |field: &Field| field.last.says().map(Says::about);
        let about: Vec<_> = self.fields.iter().map(said).collect();
        for (n, field) in self.fields.iter_mut().enumerate() {
            let mine = about.get(n).copied().flatten();
            let others = about.iter().enumerate().filter(|(at, _)| *at != n);
            let shared = mine.is_some() && others.into_iter().any(|(_, other)| *other == mine);
            field.doubtful |= shared && field.last.holds();
        }
    }

    /// The alarms that its fields say to stand.
    pub(crate) fn alarms_that_stand(&self) -> Vec<AlarmKind> {
        let standing = self.fields.iter().filter(|field| field.last.holds());
        let kind = |field: &Field| match field.last.says()?.about() {
            About::Alarm(kind) => Some(kind),
            About::Health(_) | About::Observed(_) => None,
        };
        standing.filter_map(kind).collect()
    }

    /// Another field than this one still says that what it is about stands.
    pub(crate) fn is_held_beside(&self, field: &str, about: About) -> bool {
        let mut others = self.fields.iter().filter(|known| known.name != field);
        others.any(|known| {
            let says = known.last.says();
            says.is_some_and(|says| says.holds() && says.about() == about)
        })
    }

    /// The field is there no longer: it holds nothing, and restores nothing. True when anything was known of it.
    pub(crate) fn forget(&mut self, field: &str) -> bool {
        self.says.retain(|(name, _)| name != field);
        let before = self.fields.len();
        self.fields.retain(|known| known.name != field);
        before != self.fields.len()
    }

    /// Every field with its last word.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.fields.iter().map(|f| (f.name.as_str(), &f.last))
    }

    /// An alarm of this kind was closed, or is no longer followed, while its device may still say that it is raised.
    /// `told` is when it was last told.
    pub(crate) fn closed(&mut self, kind: AlarmKind, told: Option<Mono>) {
        match self.closed.iter_mut().find(|closed| closed.kind == kind) {
            Some(closed) => {
                closed.waits = true;
                closed.told = closed.told.max(told);
            }
            None => self.closed.push(Closed {
                kind,
                waits: true,
                told,
            }),
        }
    }

    /// True when an alarm that still stands is to be raised anew: it was closed, and not raised anew for a quarter of an
    /// hour.
    pub(crate) fn rises_anew(&mut self, kind: AlarmKind, now: Mono) -> bool {
        let due = |told: Mono| now.since(told) >= ANEW_AFTER_MS;
        let closed = self.closed.iter_mut().find(|closed| closed.kind == kind);
        match closed.filter(|closed| closed.waits && closed.told.is_none_or(due)) {
            Some(closed) => {
                closed.waits = false;
                closed.told = Some(now);
                true
            }
            None => false,
        }
    }

    /// An alarm of this kind was raised: none is closed any more.
    pub(crate) fn risen(&mut self, kind: AlarmKind) {
        let closed = self.closed.iter_mut().find(|closed| closed.kind == kind);
        if let Some(closed) = closed {
            closed.waits = false;
        }
    }
}
