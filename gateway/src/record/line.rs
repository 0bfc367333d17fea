//! One line of a recording: an input or a settle mark, as JSON. The words here are the recording's format; a change of a
//! name needs a new version in the header.

use gateway_core::input::{JournalFault, JournalSays, LinkSays, Order};
use gateway_core::{Input, PageKey};
use serde::{Deserialize, Serialize};
use tecs_protocol::Bytes;
use tecs_protocol::prost::Message as _;
use tecs_protocol::vocabulary::Lane;

use super::found::FoundText;

/// When, and what.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// Milliseconds since boot.
    pub(super) at: u64,
    /// What happened.
    pub(super) what: What,
}

/// What happened: every input by its name, and where a batch was settled.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Settle,
    Clock {
        wall_ms: i64,
        trusted: bool,
    },
    SourceUp {
        source: usize,
        resumed: bool,
    },
    SourceDown {
        source: usize,
        why: String,
    },
    Publish {
        source: usize,
        topic: String,
        payload: Blob,
        retained: bool,
        dup: bool,
        packet: u16,
        token: Option<u64>,
    },
    Bytes {
        source: usize,
        bytes: Blob,
    },
    Journal(Answer),
    LinkOpened {
        endpoint: usize,
    },
    LinkHeard {
        endpoint: usize,
        says: Blob,
    },
    LinkClosed {
        endpoint: usize,
        why: String,
    },
    TestAlarm,
    ResponderHere,
    TestCall,
    Power {
        mains: Option<bool>,
        battery_percent: Option<f64>,
    },
    Tick,
    Stop,
}

/// The journal's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Kept {
        ticket: u64,
        generation: u32,
        used: u64,
    },
    NotKept {
        ticket: u64,
        why: Fault,
    },
    Opened(FoundText),
    Loaded {
        key: Key,
        bytes: Option<Blob>,
    },
    NotLoaded {
        key: Key,
        why: Fault,
    },
    Evicted {
        lane: Word,
        generation: u32,
        kept_in: u32,
        used: u64,
    },
    NotEvicted {
        lane: Word,
        generation: u32,
        why: Fault,
    },
    Mended {
        how: String,
    },
}

/// Bytes: as text where they are text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Blob {
    Text(String),
    Hex(String),
}

/// A lane by its word.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub(super) struct Word(pub(super) Lane);

/// A page's name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Key {
    lane: Word,
    epoch: u64,
    first: u64,
}

/// Why the journal could not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    Full,
    Broken(String),
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Hex(hex(bytes)),
        }
    }
}

impl Blob {
    /// The bytes; `None` when the digits are none.
    pub(super) fn bytes(self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Hex(digits) => unhex(&digits).map(Bytes::from),
        }
    }
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits.
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?, 16).ok()
        })
        .collect()
}

impl From<Word> for &'static str {
    fn from(word: Word) -> Self {
        word.0.word()
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Lane::from_word(&word)
            .map(Self)
            .ok_or_else(|| format!("`{word}` is no lane"))
    }
}

impl From<PageKey> for Key {
    fn from(key: PageKey) -> Self {
        Self {
            lane: Word(key.lane),
            epoch: key.epoch,
            first: key.first,
        }
    }
}

impl From<Key> for PageKey {
    fn from(key: Key) -> Self {
        Self {
            lane: key.lane.0,
            epoch: key.epoch,
            first: key.first,
        }
    }
}

impl From<&JournalFault> for Fault {
    fn from(fault: &JournalFault) -> Self {
        match fault {
            JournalFault::Full => Self::Full,
            JournalFault::Broken(why) => Self::Broken(why.clone()),
        }
    }
}

impl From<Fault> for JournalFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::Full,
            Fault::Broken(why) => Self::Broken(why),
        }
    }
}

impl From<&Input> for What {
    fn from(input: &Input) -> Self {
        match input {
            Input::Clock { wall_ms, trusted } => Self::Clock {
                wall_ms: *wall_ms,
                trusted: *trusted,
            },
            Input::SourceUp { source, resumed } => Self::SourceUp {
                source: *source,
                resumed: *resumed,
            },
            Input::SourceDown { source, why } => Self::SourceDown {
                source: *source,
                why: why.clone(),
            },
            Input::Publish {
                source,
                topic,
                payload,
                retained,
                dup,
                packet,
                token,
            } => Self::Publish {
                source: *source,
                topic: topic.clone(),
                payload: payload.as_ref().into(),
                retained: *retained,
                dup: *dup,
                packet: *packet,
                token: *token,
            },
            Input::Bytes { source, bytes } => Self::Bytes {
                source: *source,
                bytes: bytes.as_ref().into(),
            },
            Input::Journal(says) => Self::Journal(says.into()),
            Input::Link { endpoint, says } => match says {
                LinkSays::Opened => Self::LinkOpened {
                    endpoint: *endpoint,
                },
                LinkSays::Heard(says) => Self::LinkHeard {
                    endpoint: *endpoint,
                    says: Blob::Hex(hex(&says.encode_to_vec())),
                },
                LinkSays::Closed { why } => Self::LinkClosed {
                    endpoint: *endpoint,
                    why: why.clone(),
                },
            },
            Input::Order(Order::TestAlarm) => Self::TestAlarm,
            Input::Order(Order::ResponderHere) => Self::ResponderHere,
            Input::Order(Order::TestCall) => Self::TestCall,
            Input::Power {
                mains,
                battery_percent,
            } => Self::Power {
                mains: *mains,
                battery_percent: *battery_percent,
            },
            Input::Tick => Self::Tick,
            Input::Stop => Self::Stop,
        }
    }
}

impl From<&JournalSays> for Answer {
    fn from(says: &JournalSays) -> Self {
        match says {
            JournalSays::Kept {
                ticket,
                generation,
                used,
            } => Self::Kept {
                ticket: *ticket,
                generation: *generation,
                used: *used,
            },
            JournalSays::NotKept { ticket, why } => Self::NotKept {
                ticket: *ticket,
                why: why.into(),
            },
            JournalSays::Opened(recovered) => Self::Opened(recovered.into()),
            JournalSays::NotLoaded { key, why } => Self::NotLoaded {
                key: (*key).into(),
                why: why.into(),
            },
            JournalSays::Loaded { key, bytes } => Self::Loaded {
                key: (*key).into(),
                bytes: bytes.as_ref().map(|b| Blob::Hex(hex(b))),
            },
            JournalSays::Evicted {
                lane,
                generation,
                kept_in,
                used,
            } => Self::Evicted {
                lane: Word(*lane),
                generation: *generation,
                kept_in: *kept_in,
                used: *used,
            },
            JournalSays::NotEvicted {
                lane,
                generation,
                why,
            } => Self::NotEvicted {
                lane: Word(*lane),
                generation: *generation,
                why: why.into(),
            },
            JournalSays::Mended { how } => Self::Mended { how: how.clone() },
        }
    }
}
