//! Sensors that say words: a template that looks a number up in a dictionary, as zwave-js-ui has it for notifications of more
//! than two states, and scenes. What a word says is the one table's ([`crate::alarm_names`]), and Z-Wave's own where that has
//! none. Source of those: zwave-js/node-zwave-js `packages/core/src/registries/Notifications.ts`; the words are its labels.

use crate::alarm_names::{self, Named};
use crate::signal::What;
use crate::vocabulary::{AlarmKind as A, HealthKind as H, ObservedKind as O, State};

use super::classes::{self, TAMPER, Two};

/// What a sensor's words may say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Words {
    /// What its name says that it is.
    named: Option<Named>,
    /// All that its words may raise; what is calm restores all of it.
    may: Vec<Two>,
}

/// What one word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// This is so, or not so.
    Is(Two, bool),
    /// Nothing of it is so.
    Calm,
    /// Known, and nothing of it begins or ends.
    Neither,
}

/// Z-Wave's labels that the table of names has not.
const LABELS: &[(&str, Two, bool)] = &[
    (
        "ac mains disconnected",
        Two::Health(H::Mains, "mains lost"),
        true,
    ),
    (
        "ac mains re-connected",
        Two::Health(H::Mains, "mains lost"),
        false,
    ),
    ("back-up battery is low", BATTERY, true),
    ("carbon dioxide detected", Two::Alarm(A::Gas), true),
    ("charge battery now", BATTERY, true),
    ("charge battery soon", BATTERY, true),
    ("contact fire service", Two::Alarm(A::Help), true),
    ("contact medical service", Two::Alarm(A::Help), true),
    ("contact police", Two::Alarm(A::Panic), true),
    ("freeze alarm", Two::Alarm(A::Cold), true),
    ("glass breakage", Two::Alarm(A::Intruder), true),
    ("intrusion", Two::Alarm(A::Intruder), true),
    ("leaving bed", Two::Seen(O::Bed), false),
    ("lock jammed", FAULT, true),
    ("lying on bed", Two::Seen(O::Bed), true),
    ("maintenance required, dust in device", FAULT, true),
    ("motion detection", Two::Seen(O::Motion), true),
    ("overheat detected", Two::Alarm(A::Heat), true),
    ("rapid temperature fall", Two::Alarm(A::Cold), true),
    ("rapid temperature rise", Two::Alarm(A::Heat), true),
    ("replace battery now", BATTERY, true),
    ("replace battery soon", BATTERY, true),
    ("replacement required", FAULT, true),
    ("replacement required, end-of-life", FAULT, true),
    (
        "rf jamming detected",
        Two::Health(H::Jamming, "the radio is jammed"),
        true,
    ),
    ("sitting on bed", Two::Seen(O::Bed), true),
    ("sitting on bed edge", Two::Seen(O::Bed), true),
    ("tampering, invalid code", TAMPER, true),
    ("tampering, product cover removed", TAMPER, true),
    ("tampering, product moved", TAMPER, true),
    ("toxic gas detected", Two::Alarm(A::Gas), true),
    ("underheat detected", Two::Alarm(A::Cold), true),
    ("window/door is closed", Two::Seen(O::Contact), false),
    ("window/door is open", Two::Seen(O::Contact), true),
    (
        "window/door is open in regular position",
        Two::Seen(O::Contact),
        true,
    ),
    (
        "window/door is open in tilt position",
        Two::Seen(O::Contact),
        true,
    ),
];

const BATTERY: Two = Two::Health(H::BatteryLow, "battery low");
const FAULT: Two = Two::Health(H::Fault, "the device asks for service");

/// Labels that say only that the device is tested or silenced.
const NEITHER: &[&str] = &[
    "alarm silenced",
    "carbon dioxide test",
    "carbon monoxide test",
    "gas alarm test",
    "heat alarm test",
    "smoke alarm test",
];

/// What Z-Wave adds where it says of which room.
const WITH_PLACE: &str = " (location provided)";

impl Words {
    /// What a sensor with these names may say with these words; `None` when none of them says anything here.
    pub(super) fn read(names: &[&str], words: &[Box<str>]) -> Option<Self> {
        let said = names
            .iter()
            .find_map(|name| alarm_names::named_in_a_place(name));
        let mut may: Vec<Two> = Vec::new();
        for word in words {
            if let Some(Word::Is(two, _)) = of(word, said)
                && !may.contains(&two)
            {
                may.push(two);
            }
        }
        (!may.is_empty()).then_some(Self { named: said, may })
    }

    /// How many fields it has: one for each that it may raise.
    pub(super) fn fields(&self) -> usize {
        self.may.len()
    }

    /// True where a word of it raises an alarm.
    pub(super) fn has_alarm(&self) -> bool {
        self.may.iter().any(|two| matches!(two, Two::Alarm(_)))
    }

    /// What a word says, and of which of them by place; `None` for a word that nobody knows. `code` is the sensor's name.
    pub(super) fn said(&self, word: &str, code: &str) -> Option<Vec<(usize, What)>> {
        let of_all = |on| {
            let each = self.may.iter().enumerate();
            each.map(|(n, two)| (n, classes::said(*two, on, code)))
                .collect()
        };
        match of(word, self.named)? {
            Word::Is(two, on) => {
                let place = self.may.iter().position(|one| *one == two)?;
                Some(vec![(place, classes::said(two, on, code))])
            }
            Word::Calm => Some(of_all(false)),
            Word::Neither => Some(Vec::new()),
        }
    }
}

/// What a word says of a sensor whose name says this.
fn of(word: &str, named: Option<Named>) -> Option<Word> {
    let word = word.trim();
    let bare = word.strip_suffix(WITH_PLACE).unwrap_or(word);
    let label = LABELS
        .iter()
        .find(|(label, ..)| label.eq_ignore_ascii_case(bare));
    if let Some((_, two, on)) = label {
        return Some(Word::Is(*two, *on));
    }
    if NEITHER.iter().any(|label| label.eq_ignore_ascii_case(bare)) {
        return Some(Word::Neither);
    }
    match alarm_names::named(bare) {
        Some(Named::Alarm(kind)) => return Some(Word::Is(Two::Alarm(kind), true)),
        Some(Named::Tamper) => return Some(Word::Is(TAMPER, true)),
        Some(Named::Unsaid) | None => {}
    }
    let said = alarm_names::says(named.unwrap_or(Named::Unsaid), bare)?;
    Some(match (said, named) {
        (alarm_names::Says::Restored, _) => Word::Calm,
        (alarm_names::Says::Neither, _) => Word::Neither,
        (alarm_names::Says::Raised, Some(Named::Tamper)) => Word::Is(TAMPER, true),
        (alarm_names::Says::Raised, Some(named)) => Word::Is(Two::Alarm(named.kind()?), true),
        (alarm_names::Says::Raised, None) => return None,
    })
}

/// True of the object of a scene, as zwave-js-ui names it.
pub(super) fn is_scene(object: &str) -> bool {
    object.starts_with("scene_state")
}

/// A press by a Central Scene's key attribute (Z-Wave 'Central Scene', key attributes), or by a Scene Activation's number;
/// `None` for a key that comes up, and for what is no number of either.
pub(super) fn scene(object: &str, number: f64) -> Option<What> {
    let alarm = alarm_names::named_in_a_place(object.trim_start_matches("scene_state"));
    let state = if object.to_ascii_lowercase().contains("sceneid") {
        if !(1.0..=255.0).contains(&number) {
            return None;
        }
        State::Named(format!("scene_{number:.0}"))
    } else {
        match number {
            0.0 => State::Single,
            2.0 => State::Long,
            3.0 => State::Double,
            4.0 => State::Named("triple".to_owned()),
            n if (5.0..=6.0).contains(&n) => State::Named(format!("{:.0}_times", n - 1.0)),
            _ => return None,
        }
    };
    Some(match alarm {
        Some(named) if named.is_call() => {
            What::alarm(named.kind()?, crate::vocabulary::Condition::Raised)
        }
        Some(_) | None => What::state(O::Button, state),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &[&str], words: &[&str]) -> Option<Words> {
        let words: Vec<Box<str>> = words.iter().map(|word| (*word).into()).collect();
        Words::read(names, &words)
    }

    fn said(of: &Words, word: &str) -> String {
        format!("{:?}", of.said(word, "x"))
    }

    #[test]
    fn a_sensor_of_three_states_says_what_its_words_say() {
        let heat = words(
            &["notification_heat_alarm_heat_sensor_status"],
            &["idle", "Overheat detected", "Underheat detected"],
        )
        .unwrap();
        assert!(heat.has_alarm());
        assert!(said(&heat, "Overheat detected").contains("kind: Heat, condition: Raised"));
        assert!(said(&heat, "Underheat detected").contains("kind: Cold, condition: Raised"));
        let idle = said(&heat, "idle");
        assert!(
            idle.contains("Heat, condition: Restored")
                && idle.contains("Cold, condition: Restored")
        );
        assert_eq!(heat.said("254", "x"), None);
        for (name, all, word, due) in [
            (
                "notification_co_alarm_sensor_status",
                &["idle", "Carbon monoxide detected (location provided)"][..],
                "Carbon monoxide detected (location provided)",
                "kind: Co",
            ),
            (
                "notification_smoke_alarm_sensor_status",
                &["idle", "Smoke detected"],
                "Smoke detected",
                "kind: Smoke",
            ),
            (
                "notification_water_alarm_sensor_status",
                &["idle", "Water leak detected"],
                "Water leak detected",
                "kind: Flood",
            ),
            (
                "notification_gas_alarm_combustible_gas_status",
                &["idle", "Combustible gas detected"],
                "Combustible gas detected",
                "kind: Gas",
            ),
            (
                "notification_home_security_cover_status",
                &["idle", "Tampering, product cover removed"],
                "Tampering, product cover removed",
                "kind: Tamper",
            ),
            (
                "notification_access_control_door_state",
                &["Window/door is open", "Window/door is closed"],
                "Window/door is open",
                "State(Open)",
            ),
            (
                "hall_smoke_alarm",
                &["normal", "alarm"],
                "alarm",
                "kind: Smoke",
            ),
            ("leak", &["dry", "wet"], "wet", "kind: Flood"),
        ] {
            let words = words(&[name], all).unwrap();
            assert!(
                said(&words, word).contains(due),
                "{name}: {}",
                said(&words, word)
            );
        }
        assert_eq!(words(&["mode"], &["idle", "heating", "cooling"]), None);
        assert_eq!(words(&["lock"], &["locked", "unlocked"]), None);
    }

    #[test]
    fn a_test_and_a_silenced_alarm_raise_nothing_and_end_nothing() {
        let words = words(
            &["smoke_alarm_alarm_status"],
            &["idle", "Smoke detected", "Smoke alarm test"],
        )
        .unwrap();
        assert_eq!(words.said("Smoke alarm test", "x"), Some(Vec::new()));
        assert_eq!(words.said("Alarm silenced", "x"), Some(Vec::new()));
    }

    #[test]
    fn a_scene_is_a_press_unless_its_key_comes_up() {
        let shown = |object: &str, n| format!("{:?}", scene(object, n));
        assert!(shown("scene_state_scene_001", 0.0).contains("Single"));
        assert!(shown("scene_state_scene_001", 2.0).contains("Long"));
        assert!(shown("scene_state_scene_001", 3.0).contains("Double"));
        assert!(shown("scene_state_scene_001", 4.0).contains("triple"));
        assert!(shown("scene_state_sceneId", 7.0).contains("scene_7"));
        assert_eq!(scene("scene_state_scene_001", 1.0), None);
        assert_eq!(scene("scene_state_sceneId", 0.0), None);
    }
}
