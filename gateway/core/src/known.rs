//! One device as the gateway knows it: how it is named, when it spoke, and the last state of each of its fields. A state
//! equal to the last one is a repeat; in doubt it is new.

use tecs_protocol::event::Device;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::HealthKind;

use crate::time::Mono;

/// The most fields of one device whose last words are remembered for the installer.
const SAYS_MOST: usize = 16;

/// A device that was heard or named.
#[derive(Debug)]
pub(crate) struct Known {
    /// As events name it.
    pub(crate) device: Device,
    /// Index in `Settings::devices`, where the installer has named it.
    pub(crate) named: Option<usize>,
    /// It can raise an alarm.
    pub(crate) alarms: bool,
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
    fields: Vec<(String, String)>,
}

impl Known {
    pub(crate) fn new(device: Device, named: Option<usize>, alarms: bool, heard: Mono) -> Self {
        Self {
            device,
            named,
            alarms,
            heard,
            model: String::new(),
            words: 0,
            unkept: 0,
            says: Vec::new(),
            says_more: 0,
            fields: Vec::new(),
        }
    }

    /// One word of it, for the installer.
    pub(crate) fn spoke(&mut self, field: &str, what: &What, kept: bool) {
        self.words += 1;
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

    /// The last state of a field.
    pub(crate) fn last(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, word)| word.as_str())
    }

    /// A field's last word says that something is raised.
    pub(crate) fn stands(&self) -> bool {
        self.fields.iter().any(|(_, word)| word.ends_with("raised"))
    }

    /// Remembers a field's state; false when it is the one it had.
    pub(crate) fn learn(&mut self, field: &str, word: &str) -> bool {
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, last)) if last == word => false,
            Some((_, last)) => {
                word.clone_into(last);
                true
            }
            None => {
                self.fields.push((field.to_owned(), word.to_owned()));
                true
            }
        }
    }

    /// Every field with its last state.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(f, w)| (f.as_str(), w.as_str()))
    }
}
