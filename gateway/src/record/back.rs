//! From a line of a recording back to the input that it was.

use gateway_core::Input;
use gateway_core::input::{JournalSays, LinkSays, Order};
use tecs_protocol::hub::v1;
use tecs_protocol::prost::Message as _;

use super::line::{Answer, Blob, What};

impl What {
    /// The input; `Ok(None)` for a settle mark, an error in words for bytes that are none.
    pub(super) fn input(self) -> Result<Option<Input>, &'static str> {
        let bytes = |blob: Blob| blob.bytes().ok_or("no hexadecimal digits");
        Ok(Some(match self {
            Self::Settle => return Ok(None),
            Self::Clock { wall_ms, trusted } => Input::Clock { wall_ms, trusted },
            Self::SourceUp { source, resumed } => Input::SourceUp { source, resumed },
            Self::SourceDown { source, why } => Input::SourceDown { source, why },
            Self::Publish {
                source,
                topic,
                payload,
                retained,
                dup,
                packet,
                token,
            } => Input::Publish {
                source,
                topic,
                payload: bytes(payload)?,
                retained,
                dup,
                packet,
                token,
            },
            Self::Bytes {
                source,
                bytes: blob,
            } => Input::Bytes {
                source,
                bytes: bytes(blob)?,
            },
            Self::Journal(answer) => Input::Journal(answer.says()?),
            Self::LinkOpened { endpoint } => Input::Link {
                endpoint,
                says: LinkSays::Opened,
            },
            Self::LinkHeard { endpoint, says } => {
                let says = v1::FromHub::decode(bytes(says)?).map_err(|_| "no word of the hub")?;
                Input::Link {
                    endpoint,
                    says: LinkSays::Heard(says),
                }
            }
            Self::LinkClosed { endpoint, why } => Input::Link {
                endpoint,
                says: LinkSays::Closed { why },
            },
            Self::TestAlarm => Input::Order(Order::TestAlarm),
            Self::ResponderHere => Input::Order(Order::ResponderHere),
            Self::TestCall => Input::Order(Order::TestCall),
            Self::Power {
                mains,
                battery_percent,
            } => Input::Power {
                mains,
                battery_percent,
            },
            Self::Tick => Input::Tick,
            Self::Stop => Input::Stop,
        }))
    }
}

impl Answer {
    fn says(self) -> Result<JournalSays, &'static str> {
        Ok(match self {
            Self::Kept {
                ticket,
                generation,
                used,
            } => JournalSays::Kept {
                ticket,
                generation,
                used,
            },
            Self::NotKept { ticket, why } => JournalSays::NotKept {
                ticket,
                why: why.into(),
            },
            Self::Opened(found) => JournalSays::Opened(found.recovered()?),
            Self::NotLoaded { key, why } => JournalSays::NotLoaded {
                key: key.into(),
                why: why.into(),
            },
            Self::Loaded { key, bytes: blob } => JournalSays::Loaded {
                key: key.into(),
                bytes: match blob {
                    Some(blob) => Some(blob.bytes().ok_or("no hexadecimal digits")?),
                    None => None,
                },
            },
            Self::Evicted {
                lane,
                generation,
                kept_in,
                used,
            } => JournalSays::Evicted {
                lane: lane.0,
                generation,
                kept_in,
                used,
            },
            Self::NotEvicted {
                lane,
                generation,
                why,
            } => JournalSays::NotEvicted {
                lane: lane.0,
                generation,
                why: why.into(),
            },
            Self::Mended { how } => JournalSays::Mended { how },
        })
    }
}
