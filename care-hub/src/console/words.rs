//! The vocabulary in a responder's words, and every foreign text made safe to look at.
//! Decides nothing: urgency and kind come from the record.

use maud::{Markup, PreEscaped, html};
use tecs_protocol::vocabulary::{AlarmKind, HealthKind, ObservedKind, Unit, Urgency, VitalKind};

/// The longest name of a device, room or home that a page shows, in characters.
pub(crate) const NAME_LONGEST: usize = 80;

/// Foreign text on one line: control and direction characters become visible, the rest of a long text is cut.
///
/// Joiners (U+200C, U+200D) stay: names in Persian and Hindi need them.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest * 4));
    for (at, c) in text.chars().enumerate() {
        if at >= longest {
            out.push('…');
            break;
        }
        if hides(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// As [`shown`], with the line breaks of a note kept.
pub(crate) fn shown_lines(text: &str, longest: usize) -> String {
    let unix = text.replace("\r\n", "\n");
    let mut left = longest;
    let lines: Vec<String> = unix
        .split('\n')
        .map(|line| {
            let said = shown(line, left);
            left = left.saturating_sub(line.chars().count());
            said
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}

/// True for characters that change how their neighbours look, or that look like nothing at all.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' // marks and zero width
            | '\u{2028}'..='\u{202e}' // separators, embeddings, overrides
            | '\u{2060}'..='\u{206f}' // isolates and invisible operators
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How an urgency looks: word, shape and colour, so that none stands alone (IEC 60601-1-8: high red, medium yellow,
/// low cyan).
pub(crate) struct Look {
    /// The word on the tag.
    pub(crate) word: &'static str,
    /// The style class, which is also the name of its sound.
    pub(crate) class: &'static str,
    mark: &'static str,
    shape: &'static str,
}

/// The look of an urgency.
pub(crate) const fn look(urgency: Urgency) -> Look {
    const OCTAGON: &str = r#"<path d="M8 1h8l7 7v8l-7 7H8l-7-7V8z"/>"#;
    const TRIANGLE: &str = r#"<path d="M12 1 23.5 22H.5z"/>"#;
    const CIRCLE: &str = r#"<circle cx="12" cy="12" r="11"/>"#;
    let (word, class, mark, shape) = match urgency {
        Urgency::Emergency => ("Emergency", "high", "!!!", OCTAGON),
        Urgency::Urgent => ("Urgent", "medium", "!!", TRIANGLE),
        Urgency::Advisory => ("Advisory", "low", "!", CIRCLE),
        Urgency::Routine => ("Routine", "low", "i", CIRCLE),
    };
    Look {
        word,
        class,
        mark,
        shape,
    }
}

impl Look {
    /// The tag: icon and word on the colour.
    pub(crate) fn tag(&self) -> Markup {
        html! {
            strong class={ "tag " (self.class) } {
                svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
                    (PreEscaped(self.shape))
                    text x="12" y="17.5" text-anchor="middle" { (self.mark) }
                }
                (self.word)
            }
        }
    }
}

/// What fired, in words that say no more than the sensor knows.
pub(crate) const fn alarm(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::Help => "Call for help",
        AlarmKind::Fall => "Fall detector fired",
        AlarmKind::Smoke => "Smoke",
        AlarmKind::Heat => "Heat (fire detector)",
        AlarmKind::Co => "Carbon monoxide",
        AlarmKind::Gas => "Gas",
        AlarmKind::Flood => "Water leak",
        AlarmKind::Cold => "Dangerously cold",
        AlarmKind::Hot => "Dangerously hot",
        AlarmKind::Intruder => "Intruder",
        AlarmKind::Panic => "Panic button",
        AlarmKind::Inactivity => "No sign of activity",
        AlarmKind::BedAbsence => "Not back in bed",
        AlarmKind::ChairAbsence => "Not back in the chair",
        AlarmKind::PropertyExit => "Left the home",
        AlarmKind::DoorLeftOpen => "Door left open",
        AlarmKind::MedicationMissed => "Medication missed",
        AlarmKind::Enuresis => "Wet bed",
        AlarmKind::Seizure => "Seizure sensor fired",
        AlarmKind::Vital => "Vital sign out of its limits",
        AlarmKind::Unknown => "Unknown alarm",
    }
}

/// What is wrong, in an engineer's words.
pub(crate) const fn health(kind: HealthKind) -> &'static str {
    match kind {
        HealthKind::Battery => "Battery charge",
        HealthKind::BatteryLow => "Battery low",
        HealthKind::Tamper => "Opened or removed",
        HealthKind::Mains => "Mains power failed",
        HealthKind::Missing => "Silent or gone",
        HealthKind::Path => "Path down",
        HealthKind::Jamming => "Radio jamming",
        HealthKind::Fault => "Fault",
        HealthKind::Clock => "Clock not trusted",
        HealthKind::Journal => "Journal trouble",
        HealthKind::Gap => "Records lost",
        HealthKind::TestCall => "Test call",
        HealthKind::Untaught => "Unknown device speaks",
    }
}

/// A vital sign's name.
pub(crate) const fn vital(kind: VitalKind) -> &'static str {
    match kind {
        VitalKind::Spo2 => "Oxygen saturation",
        VitalKind::Pulse => "Pulse",
        VitalKind::Systolic => "Systolic blood pressure",
        VitalKind::Diastolic => "Diastolic blood pressure",
        VitalKind::MeanBp => "Mean blood pressure",
        VitalKind::TemperatureBody => "Body temperature",
        VitalKind::Respiration => "Breathing rate",
        VitalKind::Glucose => "Blood glucose",
        VitalKind::Weight => "Weight",
        VitalKind::PeakFlow => "Peak flow",
        VitalKind::Consciousness => "Consciousness (ACVPU)",
        VitalKind::Oxygen => "Supplemental oxygen",
    }
}

/// The name of something observed.
pub(crate) const fn observed(kind: ObservedKind) -> &'static str {
    match kind {
        ObservedKind::Contact => "Door or window",
        ObservedKind::Motion => "Motion",
        ObservedKind::Occupancy => "Room in use",
        ObservedKind::Presence => "Person present",
        ObservedKind::Bed => "In bed",
        ObservedKind::Chair => "In the chair",
        ObservedKind::Vibration => "Vibration",
        ObservedKind::Button => "Button",
        ObservedKind::Temperature => "Room temperature",
        ObservedKind::Humidity => "Humidity",
        ObservedKind::Illuminance => "Light",
        ObservedKind::Power => "Power drawn",
        ObservedKind::Energy => "Energy used",
        ObservedKind::Medication => "Medication dispenser",
        ObservedKind::Lock => "Lock",
        ObservedKind::Valve => "Valve",
        ObservedKind::Sound => "Sound",
    }
}

/// A unit as people write it.
pub(crate) const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "%",
        Unit::PerMinute => "/min",
        Unit::MmHg => "mmHg",
        Unit::Celsius => "°C",
        Unit::MmolPerLitre => "mmol/L",
        Unit::Kilogram => "kg",
        Unit::LitrePerMinute => "L/min",
        Unit::Lux => "lx",
        Unit::Watt => "W",
        Unit::KilowattHour => "kWh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_turns_the_line_around_is_seen_for_what_it_is() {
        assert_eq!(shown("bath\u{202e}moor", 80), "bath\\u{202e}moor");
        assert_eq!(
            shown("a\u{0}b\u{1b}[2J\nc", 80),
            "a\\u{0}b\\u{1b}[2J\\u{a}c"
        );
        assert_eq!(
            shown("zero\u{200b}width\u{feff}", 80),
            "zero\\u{200b}width\\u{feff}"
        );
    }

    #[test]
    fn honest_names_of_any_script_stay_as_they_are() {
        for name in [
            "Zoë’s café",
            "می\u{200c}خواهم",
            "房間",
            "Bedroom 2 / west",
            "👵🏽",
        ] {
            assert_eq!(shown(name, 80), name);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        assert_eq!(shown("abcdef", 4), "abcd…");
        assert_eq!(shown("abcd", 4), "abcd");
    }

    #[test]
    fn a_note_keeps_its_lines_and_nothing_else_that_hides() {
        assert_eq!(shown_lines("one\r\ntwo\u{202e}\n", 80), "one\ntwo\\u{202e}");
        assert_eq!(shown_lines("abc\ndef", 4), "abc\nd…");
    }

    #[test]
    fn no_two_urgencies_that_differ_in_colour_share_a_word_or_a_mark() {
        for a in Urgency::ALL {
            for b in Urgency::ALL.iter().filter(|b| *b > a) {
                assert_ne!(look(*a).word, look(*b).word);
                assert_ne!(look(*a).mark, look(*b).mark);
            }
        }
    }
}
