//! What `bridge/devices` teaches: of every device its name and what its properties mean, the definition overriding
//! the table of usual meanings. It reads no states.

use std::collections::{BTreeMap, BTreeSet};

use crate::signal::{Bearer, Refusal};
use crate::vocabulary::ObservedKind;

use super::generic::{beds, generic_alarms};
use super::lesson::{Device, Expose, Said};
use super::meanings::{self, Means, Shape, Usual, lock_state, usual};
use super::{Limits, identity};
use crate::json::{Token, word_token};
use crate::turns::ALARMING_MOST;

/// A property of a device, as its definition has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Property {
    /// What it says; `None`: no table knows.
    pub(super) usual: Option<Usual>,
    /// The value that is on.
    pub(super) on: Token<Box<str>>,
    /// The value that is off.
    pub(super) off: Token<Box<str>>,
    /// The unit, where it has one.
    pub(super) unit: Option<Box<str>>,
    /// It says words, not one of two values.
    pub(super) in_words: bool,
    /// It can say that an alarm is so: it has two values, or one of its words says it.
    pub(super) raises: bool,
}

/// Known, and says nothing.
pub(super) const QUIET: Usual = Usual {
    means: Means::Quiet,
    alias_of: None,
};

impl Property {
    /// A property that no definition teaches.
    pub(super) fn usual(found: Usual) -> Self {
        let (on, off) = usual_on_and_off(found.means);
        Self {
            usual: Some(found),
            on,
            off,
            unit: None,
            in_words: false,
            raises: false,
        }
    }

    /// A lock's `state`.
    pub(super) fn lock_state() -> Self {
        Self {
            on: Token::Word("LOCK".into()),
            off: Token::Word("UNLOCK".into()),
            ..Self::usual(lock_state())
        }
    }
}

/// A device, as it was taught.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Taught {
    /// "Vendor model".
    pub(super) model: String,
    /// Switched off in Zigbee2MQTT.
    pub(super) disabled: bool,
    /// What its properties mean; the key of a composite's feature is `composite.feature`.
    pub(super) properties: BTreeMap<Box<str>, Property>,
    /// Composites whose features are wanted.
    pub(super) composites: BTreeSet<Box<str>>,
    /// What its button's `fall` means is a thing that fell.
    pub(super) is_object: bool,
}

/// What one `bridge/devices` taught.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    /// By friendly name.
    pub(super) devices: BTreeMap<Box<str>, Taught>,
    /// The coordinator's friendly name.
    pub(super) coordinator: Option<Box<str>>,
    /// Everybody who is paired, whether taught or not.
    pub(super) paired: Vec<Bearer>,
    /// What could not be taught, by name.
    pub(super) refusals: Vec<Refusal>,
    /// How many of the devices can raise no alarm, and how many can.
    quiet: usize,
    alarming: usize,
}

impl Taught {
    /// True of one that may raise an alarm, itself or by what the installer says of it.
    fn can_alarm(&self) -> bool {
        let means = self
            .properties
            .values()
            .filter_map(|property| property.usual);
        let mut means = means.map(|usual| usual.means);
        means.any(|means| matches!(means, Means::Alarm(_) | Means::Action | Means::Words(_)))
    }
}

impl Lesson {
    /// Learns one device. What is refused costs itself alone.
    pub(super) fn device(&mut self, device: &Device<'_>, limits: &Limits) {
        let name = device.friendly_name.text();
        if device.kind.text() == "Coordinator" {
            self.coordinator = Some(name.into());
        } else if let Err(refusal) = name_is_sane(name, limits) {
            self.refuse(refusal);
        } else if self.devices.contains_key(name) {
            // States of the two come under one topic: the first one's definition stays.
            self.refuse(Refusal::BadValue {
                field: "friendly_name".to_owned(),
                due: "a name that no other device has",
            });
        } else {
            self.paired.extend(identity::bearer(device));
            let taught = taught(device);
            let (count, limit) = if taught.can_alarm() {
                (&mut self.alarming, ALARMING_MOST)
            } else {
                (&mut self.quiet, limits.devices)
            };
            if *count == limit {
                self.refuse(Refusal::TooManyDevices { limit });
                return;
            }
            *count += 1;
            self.devices.insert(name.into(), taught);
        }
    }

    /// Refusals are counted, but a hostile list must not make them a burden: of one kind the first is enough.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }
}

/// True of a name that can be a topic and be shown: 1 to 256 bytes, no control characters, none of MQTT's wildcards.
pub(super) fn name_is_sane(name: &str, limits: &Limits) -> Result<(), Refusal> {
    let whole = !name.starts_with('/') && !name.ends_with('/') && !name.is_empty();
    let clean = !name.contains(|c: char| c.is_control() || matches!(c, '+' | '#'));
    if whole && clean && name.len() <= limits.name_bytes {
        return Ok(());
    }
    Err(Refusal::BadValue {
        field: "friendly_name".to_owned(),
        due: "1 to 256 bytes without control characters, +, # and a slash at either end",
    })
}

fn taught(device: &Device<'_>) -> Taught {
    let mut taught = Taught {
        disabled: device.disabled == Said::Bool(true),
        ..Taught::default()
    };
    let Some(definition) = device.definition() else {
        return taught;
    };
    taught.model = format!("{} {}", definition.vendor.text(), definition.model.text())
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(128)
        .collect();
    for expose in &definition.exposes.0 {
        learn(&mut taught, expose, None);
    }
    generic_alarms(&mut taught, definition.description.text());
    beds(&mut taught, definition.description.text());
    taught
}

/// Learns one expose; `inside` is the composite that it is a feature of.
fn learn(taught: &mut Taught, expose: &Expose<'_>, inside: Option<&str>) {
    let property = expose.property.text();
    if !expose.features.is_empty() {
        // A composite nests its features under its property; a light, lock or cover has them flat.
        let nest = match (expose.kind.text(), inside) {
            ("composite", None) if !property.is_empty() => Some(property),
            ("composite", Some(_)) => return,
            _ => inside,
        };
        if let Some(composite) = nest {
            taught.properties.insert(composite.into(), quiet());
        }
        for feature in &expose.features {
            learn(taught, feature, nest);
        }
        return;
    }
    if property.is_empty() {
        return;
    }
    taught.is_object |= expose.values.of_an_object;
    let learned = read_expose(expose);
    let key = match inside {
        None => property.into(),
        Some(composite) => {
            if learned.usual.is_some_and(|u| u.means != Means::Quiet) {
                taught.composites.insert(composite.into());
            }
            format!("{composite}.{property}").into_boxed_str()
        }
    };
    taught.properties.insert(key, learned);
}

fn read_expose(expose: &Expose<'_>) -> Property {
    let access = match expose.access {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates.
        Said::Number(bits) => bits as u8,
        // An expose that does not say is one that is published.
        Said::Absent | Said::Bool(_) | Said::Text(_) => 1,
    };
    let settable = access & 2 != 0;
    let shape = match expose.kind.text() {
        "binary" => Some(Shape::Binary),
        "numeric" => Some(Shape::Numeric),
        "enum" | "text" => Some(Shape::Words),
        _ => None,
    };
    let mut found = shape.and_then(|shape| {
        usual(expose.property.text(), shape)
            .or_else(|| usual(expose.name.text(), shape).filter(|_| !is_of_water(expose)))
    });
    let is_setting = settable || matches!(expose.category.text(), "config" | "diagnostic");
    if access & 1 == 0
        || (found.is_none() && is_setting)
        || (settable && found.is_some_and(|u| is_setting_when_settable(u.means)))
    {
        found = Some(QUIET);
    }
    if expose.property.text() == "state" && expose.value_on.text().eq_ignore_ascii_case("lock") {
        found = Some(lock_state());
    }
    let (on, off) = on_and_off(expose, found);
    let in_words = shape == Some(Shape::Words);
    Property {
        usual: found,
        on,
        off,
        unit: match &expose.unit {
            Said::Text(unit) => Some(unit.as_ref().into()),
            Said::Absent | Said::Bool(_) | Said::Number(_) => None,
        },
        in_words,
        raises: match shape {
            Some(Shape::Binary) => true,
            Some(Shape::Words) => expose.values.raises || !expose.values.are_listed,
            Some(Shape::Numeric) | None => false,
        },
    }
}

/// True of a boiler's channel for water, which has the names of the one for the room.
fn is_of_water(expose: &Expose<'_>) -> bool {
    expose.property.text().ends_with("_water")
}

const CONTACT: Means = Means::Seen(ObservedKind::Contact);

/// A property that is known and says nothing.
fn quiet() -> Property {
    Property::usual(QUIET)
}

/// True of what is a motor's, a buzzer's or an alarm's setting when it can be set, though sensors have a reading of that
/// name: nobody sets what was sensed.
const fn is_setting_when_settable(means: Means) -> bool {
    matches!(
        means,
        Means::Seen(ObservedKind::Vibration | ObservedKind::Sound)
            | Means::Test
            | Means::Alarm(_)
            | Means::Says(_)
    )
}

/// The values that are on and off: the definition's, or what is usual. Of an alarm a definition may add words; true, ON and
/// 1 raise it whatever the definition says. Of a contact its description tells more than its values.
fn on_and_off(expose: &Expose<'_>, found: Option<Usual>) -> (Token<Box<str>>, Token<Box<str>>) {
    if expose.is_closed_when_true && found.is_some_and(|u| u.means == CONTACT) {
        return (Token::No, Token::Yes);
    }
    if let (Some(on), Some(off)) = (token(&expose.value_on), token(&expose.value_off))
        && on != off
        && !meanings::is_closed_when_true(expose.property.text())
    {
        return (on, off);
    }
    found.map_or((Token::Yes, Token::No), |u| usual_on_and_off(u.means))
}

/// The values that are on and off where no definition says: a contact that is made (`true`) is closed.
const fn usual_on_and_off(means: Means) -> (Token<Box<str>>, Token<Box<str>>) {
    match means {
        Means::Seen(ObservedKind::Contact) => (Token::No, Token::Yes),
        _ => (Token::Yes, Token::No),
    }
}

fn token(said: &Said<'_>) -> Option<Token<Box<str>>> {
    Some(match said {
        Said::Absent => return None,
        Said::Bool(true) => Token::Yes,
        Said::Bool(false) => Token::No,
        Said::Number(n) => word_token(&n.to_string()).owned(),
        Said::Text(text) => word_token(text).owned(),
    })
}
