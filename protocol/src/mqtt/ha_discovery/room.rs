//! Whether one more entity fits, and which has to go for it: none that can raise an alarm, and none of a listed device. It
//! reads nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::availability::Set;
use super::classes::Two;
use super::devices::Identity;
use super::entity::{Entity, Says};
use super::{HaDiscovery, refuse_each};
use crate::signal::{Message, Refusal};
use crate::turns::ALARMING_MOST;

impl HaDiscovery {
    /// The same, of a home whose installer has named these devices: they are never left out for a limit.
    #[must_use]
    pub fn with_listed(mut self, listed: Arc<BTreeSet<String>>) -> Self {
        self.listed = listed;
        self
    }

    /// True of an entity that finds room before others.
    pub(super) fn is_wanted(&self, identity: &Identity, entity: &Entity) -> bool {
        let mut ids = identity.ids.iter();
        let named = |id: &str| {
            let name = &identity.name;
            self.listed.contains(id) || self.listed.contains(&format!("{name} ({id})"))
        };
        can_alarm(&entity.says) || self.listed.contains(&identity.name) || ids.any(|id| named(id))
    }

    /// It may have to go for another, or (`wanted`) never.
    pub(super) fn in_turn(&mut self, key: &str, wanted: bool) {
        if wanted {
            self.quiet.leave(&key.into());
        } else {
            self.quiet.join(key.into());
        }
    }

    /// Whether one more fits; for one that is wanted others make room.
    pub(super) fn make_room(
        &mut self,
        key: &str,
        identity: &Identity,
        entity: &Entity,
        availability: Option<&Set>,
        message: &mut Message,
    ) -> Result<(), Refusal> {
        if self.place(&entity.topic).is_some() {
            return Err(bad("state_topic", "no topic of a configuration"));
        }
        let wanted = self.is_wanted(identity, entity);
        loop {
            let Err(refusal) = self.has_room(key, identity, entity, (availability, wanted)) else {
                return Ok(());
            };
            // The one learned longest ago goes first.
            let oldest = if wanted {
                self.quiet.make_room(0)
            } else {
                None
            };
            let Some(oldest) = oldest else {
                return Err(refusal);
            };
            if *oldest != *key {
                refuse_each(message, vec![refusal]);
                self.forget(&oldest, message);
            }
        }
    }

    /// Whether one more entity, device and topic fit.
    fn has_room(
        &self,
        key: &str,
        identity: &Identity,
        entity: &Entity,
        (availability, wanted): (Option<&Set>, bool),
    ) -> Result<(), Refusal> {
        if self.entities.len() >= self.limits.entities && !self.entities.contains_key(key) {
            return Err(bad("entities", "no more entities than the limit"));
        }
        let more = if wanted { ALARMING_MOST } else { 0 };
        let limit = self.limits.devices + more;
        if self.devices.len() >= limit && self.devices.find(identity).is_none() {
            return Err(Refusal::TooManyDevices { limit });
        }
        let state = entity.says.speaks().then_some(&*entity.topic).into_iter();
        let entries = availability.into_iter().flat_map(|set| &set.entries);
        let topics: BTreeSet<&str> = state.chain(entries.map(|entry| &*entry.topic)).collect();
        let new = topics
            .iter()
            .filter(|topic| !self.asked.topics.contains_key(**topic));
        let bytes: usize = new.map(|topic| topic.len()).sum();
        if bytes > 0 && self.asked.bytes + bytes > self.limits.topics_bytes {
            return Err(bad(
                "state_topic",
                "no more topics than one subscription holds",
            ));
        }
        Ok(())
    }
}

/// True of what may raise an alarm, itself or by what the installer says of it.
fn can_alarm(says: &Says) -> bool {
    let quiet = matches!(
        says,
        Says::Two {
            two: Two::Seen(_) | Two::Unseen(_) | Two::Health(..) | Two::Lost(..),
            ..
        } | Says::Number(..)
            | Says::Charge
            | Says::Quiet
            | Says::Unmapped
    );
    !quiet
}

fn bad(field: &str, due: &'static str) -> Refusal {
    Refusal::BadValue {
        field: field.to_owned(),
        due,
    }
}
