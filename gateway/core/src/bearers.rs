//! Who bears which name at one source. A device is what its maker burnt into it; what it is called may change, and another
//! may be called so. Everything that is kept of a device (its place, its states, its id) stands under its *key*, which never
//! changes: the name by which it was met first, or its address where somebody else has that name already.

use std::collections::{BTreeMap, BTreeSet};

use tecs_protocol::signal::{Bearer, Pairing};

/// Devices that have left and whose keys are remembered all the same, of one source: they may come back. Ours.
const LEFT_MOST: usize = 256;

/// A device that can be told by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    key: String,
    name: String,
    paired: bool,
}

/// What came of a pairing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A device is bound to its key, or bears another name.
    Bound {
        burnt_in: String,
        key: String,
        name: String,
    },
    /// The device with this key has left.
    Left { key: String },
    /// Another has taken its key over, or there are too many that have left.
    Forgotten { burnt_in: String },
    /// What was heard under its name may have been another's.
    Doubtful { key: String },
}

/// All of one source.
#[derive(Debug, Default)]
pub(crate) struct Bearers {
    bound: BTreeMap<String, Bound>,
    /// What is borne now, and by whom.
    names: BTreeMap<String, String>,
    /// Whose a key is.
    keys: BTreeMap<String, String>,
    /// Everybody was named in this run.
    certain: bool,
}

impl Bearers {
    /// Under what a device of this name is kept.
    pub(crate) fn key<'a>(&'a self, name: &'a str) -> &'a str {
        let bound = self.names.get(name).and_then(|who| self.bound.get(who));
        bound.map_or(name, |bound| &bound.key)
    }

    /// Under what the device is kept that a row of the configuration means: by its address, or by its name.
    pub(crate) fn key_of_row<'a>(&'a self, row: &'a str) -> &'a str {
        match self.bound.get(&row.to_ascii_lowercase()) {
            Some(bound) => &bound.key,
            None => self.key(row),
        }
    }

    /// The address and the present name of the device that is kept under this key.
    pub(crate) fn bearer(&self, key: &str) -> Option<(&str, &str)> {
        let who = self.keys.get(key)?;
        let bound = self.bound.get(who)?;
        Some((who, &bound.name))
    }

    /// As an earlier run left it. False where what was heard in this run says otherwise: its key is another's by now.
    pub(crate) fn recall(&mut self, burnt_in: &str, key: &str, name: &str) -> bool {
        if self.keys.get(key).is_some_and(|who| who != burnt_in) {
            return false;
        }
        // The journal was opened late: the key is as it ever was, the name as it was heard.
        let heard = self.bound.get(burnt_in).cloned();
        if let Some(heard) = &heard {
            self.keys.remove(&heard.key);
        } else if !self.certain {
            self.names
                .entry(name.to_owned())
                .or_insert_with(|| burnt_in.to_owned());
        }
        let bound = Bound {
            key: key.to_owned(),
            name: heard.as_ref().map_or(name, |heard| &heard.name).to_owned(),
            paired: heard.map_or(!self.certain, |heard| heard.paired),
        };
        self.keys.insert(key.to_owned(), burnt_in.to_owned());
        self.bound.insert(burnt_in.to_owned(), bound);
        true
    }

    /// What follows from a pairing; `met` says whether anything is kept under a key.
    pub(crate) fn hear(&mut self, pairing: Pairing, met: impl Fn(&str) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        match pairing {
            Pairing::Whole(everybody) => self.whole(&everybody, met, &mut changes),
            Pairing::Joined(who) => {
                self.takes(&who);
                self.bind(&who, met, &mut changes);
            }
            Pairing::Renamed { from, to } => {
                // A list of everybody may have said so before.
                if !self.names.contains_key(&to)
                    && let Some(burnt_in) = self.names.remove(&from)
                {
                    let who = Bearer { burnt_in, name: to };
                    self.takes(&who);
                    self.bind(&who, met, &mut changes);
                }
            }
            Pairing::Left { burnt_in } => self.leaves(&burnt_in, &mut changes),
        }
        changes
    }

    fn whole(
        &mut self,
        everybody: &[Bearer],
        met: impl Fn(&str) -> bool,
        changes: &mut Vec<Change>,
    ) {
        let here: BTreeSet<&str> = everybody.iter().map(|who| who.burnt_in.as_str()).collect();
        let paired = self.bound.iter().filter(|(_, bound)| bound.paired);
        let left = paired.filter(|(who, _)| !here.contains(who.as_str()));
        for burnt_in in left.map(|(who, _)| who.clone()).collect::<Vec<_>>() {
            self.leaves(&burnt_in, changes);
        }
        let before = std::mem::take(&mut self.names);
        for who in everybody {
            self.names.insert(who.name.clone(), who.burnt_in.clone());
        }
        if !std::mem::replace(&mut self.certain, true) {
            let others = before
                .iter()
                .filter(|(name, who)| self.names.get(*name) != Some(who));
            let keys = others.filter_map(|(_, who)| self.bound.get(who));
            changes.extend(keys.map(|bound| Change::Doubtful {
                key: bound.key.clone(),
            }));
        }
        for who in everybody {
            self.bind(who, &met, changes);
        }
        self.forget_those_who_left_long_ago(changes);
    }

    /// It bears this name from now on, and no other.
    fn takes(&mut self, who: &Bearer) {
        if let Some(bound) = self.bound.get(&who.burnt_in)
            && self.names.get(&bound.name) == Some(&who.burnt_in)
        {
            self.names.remove(&bound.name);
        }
        self.names.insert(who.name.clone(), who.burnt_in.clone());
    }

    fn bind(&mut self, who: &Bearer, met: impl Fn(&str) -> bool, changes: &mut Vec<Change>) {
        let key = match self.bound.get(&who.burnt_in) {
            Some(bound) if bound.paired && bound.name == who.name => return,
            Some(bound) => bound.key.clone(),
            None => self.key_for(who, met, changes),
        };
        self.keys.insert(key.clone(), who.burnt_in.clone());
        let bound = Bound {
            key: key.clone(),
            name: who.name.clone(),
            paired: true,
        };
        self.bound.insert(who.burnt_in.clone(), bound);
        changes.push(Change::Bound {
            burnt_in: who.burnt_in.clone(),
            key,
            name: who.name.clone(),
        });
    }

    /// The key of a device whose address was never heard.
    fn key_for(
        &mut self,
        who: &Bearer,
        met: impl Fn(&str) -> bool,
        changes: &mut Vec<Change>,
    ) -> String {
        let Some(other) = self.keys.get(&who.name).cloned() else {
            // What spoke under this name was this device; a row that has its address waits for it under that.
            let by_address = !met(&who.name) && met(&who.burnt_in);
            return if by_address { &who.burnt_in } else { &who.name }.clone();
        };
        if self.bound.get(&other).is_some_and(|bound| bound.paired) {
            return who.burnt_in.clone();
        }
        // It takes the place of one that has left, by the same name.
        self.bound.remove(&other);
        changes.push(Change::Forgotten { burnt_in: other });
        who.name.clone()
    }

    fn leaves(&mut self, burnt_in: &str, changes: &mut Vec<Change>) {
        let Some(bound) = self.bound.get_mut(burnt_in).filter(|bound| bound.paired) else {
            return;
        };
        bound.paired = false;
        if self
            .names
            .get(&bound.name)
            .is_some_and(|who| who == burnt_in)
        {
            self.names.remove(&bound.name);
        }
        changes.push(Change::Left {
            key: bound.key.clone(),
        });
    }

    fn forget_those_who_left_long_ago(&mut self, changes: &mut Vec<Change>) {
        let left = self.bound.iter().filter(|(_, bound)| !bound.paired);
        let left: Vec<String> = left.map(|(who, _)| who.clone()).collect();
        let too_many = left.len().saturating_sub(LEFT_MOST);
        for burnt_in in left.into_iter().take(too_many) {
            if let Some(bound) = self.bound.remove(&burnt_in) {
                self.keys.remove(&bound.key);
            }
            changes.push(Change::Forgotten { burnt_in });
        }
    }
}
