//! Who is what: what senders teach of themselves, what the installer says of them, and those that nobody taught. A
//! telegram is judged by its sender and its kind together: a sender of several kinds has a profile for each.

use super::profile::{self, Profile};
use super::telegram::{FOUR_BYTES, ONE_BYTE, Telegram};
use super::{EnOcean, SENDERS_MOST, meaning};
use crate::signal::{Lesson, Message, Reading, Refusal, Signal, What};
use crate::turns::ALARMING_MOST;
use crate::vocabulary::{Condition, HealthKind};

/// Said of what a controller answers to a teach-in: it says nothing of what the controller is.
const ANSWER: &str = "an answer to a teach-in";

impl EnOcean {
    /// A teach-in of four bytes, which names its profile when DB0.7 is set; with DB0.4 it answers one.
    pub(super) fn teach_in(&mut self, telegram: &Telegram) -> Message {
        if telegram.bit(0, 4) {
            return Message::ignored(ANSWER);
        }
        if !telegram.bit(0, 7) {
            return Message::ignored("a teach-in that names no profile");
        }
        let func = telegram.db(3) >> 2;
        let kind = (telegram.db(3) & 0x03) << 5 | telegram.db(2) >> 3;
        self.learn(telegram.sender, Profile::new(FOUR_BYTES, func, kind))
    }

    /// A universal teach-in: DB6 what is asked (bits 5 and 4) by a query (bits 3 to 0: 0; 1 answers one), DB2 type, DB1
    /// function, DB0 kind of telegram.
    pub(super) fn universal_teach_in(&mut self, telegram: &Telegram) -> Message {
        let profile = Profile::new(telegram.db(0), telegram.db(1), telegram.db(2));
        match (telegram.db(6) & 0x0f, telegram.db(6) >> 4 & 0x03) {
            (0x00, 0x01) => {
                let place = (telegram.sender, profile.rorg);
                self.learned.remove(&place);
                self.quiet.leave(&place);
                self.alarming.leave(&place);
                Message {
                    lesson: Some(lesson(telegram.sender, profile, false)),
                    ..Message::ignored("a teach-in that takes itself back")
                }
            }
            // Asked for, or for whichever of the two the receiver takes it.
            (0x00, 0x00 | 0x02) => self.learn(telegram.sender, profile),
            (0x01, _) => Message::ignored(ANSWER),
            _ => Message::refused(Refusal::BadValue {
                field: "teach-in".to_owned(),
                due: "a query or an answer",
            }),
        }
    }

    fn learn(&mut self, sender: u32, profile: Profile) -> Message {
        self.remember(sender, profile);
        Message {
            unmapped: vec![format!("teach-in of {sender:08X}: {profile}")],
            lesson: Some(lesson(sender, profile, true)),
            ..Message::ignored("a teach-in that names its profile")
        }
    }

    pub(super) fn remember(&mut self, sender: u32, profile: Profile) {
        let place = (sender, profile.rorg);
        // A sender that can raise an alarm is not forgotten for the sake of one that cannot.
        self.quiet.leave(&place);
        self.alarming.leave(&place);
        let (turns, most) = if profile.can_alarm() {
            (&mut self.alarming, ALARMING_MOST)
        } else {
            (&mut self.quiet, SENDERS_MOST)
        };
        if let Some(oldest) = turns.make_room(most) {
            self.learned.remove(&oldest);
        }
        turns.join(place);
        self.learned.insert(place, profile);
    }

    fn profile(&self, telegram: &Telegram) -> Option<Profile> {
        let sender = telegram.sender;
        let named = self.settings.profiles.get(&sender).copied();
        let learned = self.learned.get(&(sender, telegram.rorg)).copied();
        let only = (telegram.rorg == ONE_BYTE).then_some(profile::CONTACT);
        [self.told, named, learned, only]
            .into_iter()
            .flatten()
            .find(|profile| profile.rorg == telegram.rorg)
    }

    pub(super) fn reading(&mut self, telegram: &Telegram) -> Message {
        let place = (telegram.sender, telegram.rorg);
        if self.quiet.is_crowded(SENDERS_MOST) {
            self.quiet.touch(&place);
        }
        if self.alarming.is_crowded(ALARMING_MOST) {
            self.alarming.touch(&place);
        }
        let Some(profile) = self.profile(telegram) else {
            return self.stranger(telegram);
        };
        if self.told == Some(profile) {
            self.remember(telegram.sender, profile);
        }
        let mut message = match profile.layout() {
            Some(layout) => meaning::read(layout, telegram),
            None => Message {
                unmapped: vec![format!("profile {profile} of {}", telegram.device())],
                ..Message::ignored("a profile that this version does not read")
            },
        };
        for signal in &mut message.signals {
            signal.model = format!("EnOcean {profile}");
        }
        let place = (telegram.sender, telegram.rorg);
        if self.untaught.remove(&place) || self.meets(place) {
            let known = untaught(telegram, Condition::Restored, String::new());
            message.signals.push(known);
        }
        message
    }

    /// True when this is the first reading since the line was opened: before that it may have been told as untaught.
    fn meets(&mut self, place: (u32, u8)) -> bool {
        let met = self.greeted.as_mut();
        met.is_some_and(|met| met.len() < SENDERS_MOST && met.insert(place))
    }

    /// A sender that nobody taught: told once for each kind of telegram, as a device of its own, so that the installer
    /// sees what to teach.
    fn stranger(&mut self, telegram: &Telegram) -> Message {
        let sender = telegram.device();
        let kind = telegram.rorg;
        let mut message = Message {
            unmapped: vec![format!("profile of {sender}, which sends {kind:02X}")],
            ..Message::default()
        };
        let place = (telegram.sender, kind);
        if self.untaught.len() < SENDERS_MOST || self.untaught.contains(&place) {
            self.untaught.insert(place);
            let why = format!("nobody has named the profile of {sender}, which sends {kind:02X}");
            let signal = untaught(telegram, Condition::Raised, why);
            message.signals.push(signal);
        }
        message
    }
}

fn lesson(sender: u32, profile: Profile, holds: bool) -> Lesson {
    Lesson {
        device: format!("{sender:08X}"),
        about: format!("{:02X}", profile.rorg),
        says: holds.then(|| profile.to_string()),
    }
}

fn untaught(telegram: &Telegram, condition: Condition, why: String) -> Signal {
    let what = What::health(HealthKind::Untaught, condition, why);
    let field = format!("profile_{:02x}", telegram.rorg);
    Signal::new(telegram.device(), field, Reading::Edge, what)
}
