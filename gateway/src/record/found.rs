//! What a journal held when it was opened, as a recording writes it: in the header, or in the line of a late opening.

use gateway_core::PageKey;
use gateway_core::input::{Found, Recovered};
use serde::{Deserialize, Serialize};

use super::line::{Key, Word, hex, unhex};

/// What was found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FoundText {
    pages: Vec<PageLine>,
    notes: Vec<(Word, String, String)>,
    used: [u64; 3],
    set_aside: Vec<String>,
    clean: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct PageLine {
    key: Key,
    last: u64,
    gap: bool,
    len: u32,
    generation: u32,
}

impl From<&Recovered> for FoundText {
    fn from(recovered: &Recovered) -> Self {
        let notes = recovered.notes.iter();
        Self {
            pages: recovered.pages.iter().map(PageLine::from).collect(),
            notes: notes
                .map(|(lane, key, value)| (Word(*lane), hex(key), hex(value)))
                .collect(),
            used: recovered.used,
            set_aside: recovered.set_aside.clone(),
            clean: recovered.clean,
        }
    }
}

impl FoundText {
    /// What was found; an error in words for notes that are none.
    pub(super) fn recovered(self) -> Result<Recovered, &'static str> {
        let note = |(lane, key, value): (Word, String, String)| {
            Some((lane.0, unhex(&key)?, unhex(&value)?))
        };
        let notes: Option<Vec<_>> = self.notes.into_iter().map(note).collect();
        Ok(Recovered {
            pages: self.pages.into_iter().map(Found::from).collect(),
            notes: notes.ok_or("a note is no hexadecimal digits")?,
            used: self.used,
            set_aside: self.set_aside,
            clean: self.clean,
        })
    }
}

/// The same without what the journal remembers of devices: that names them in its own encoding, and with pseudonyms it
/// would match nothing.
pub(super) fn nameless(recovered: &Recovered) -> Recovered {
    Recovered {
        notes: Vec::new(),
        ..recovered.clone()
    }
}

impl From<&Found> for PageLine {
    fn from(found: &Found) -> Self {
        Self {
            key: found.key.into(),
            last: found.last,
            gap: found.gap,
            len: found.len,
            generation: found.generation,
        }
    }
}

impl From<PageLine> for Found {
    fn from(line: PageLine) -> Self {
        Self {
            key: PageKey::from(line.key),
            last: line.last,
            gap: line.gap,
            len: line.len,
            generation: line.generation,
        }
    }
}
