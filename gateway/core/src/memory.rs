//! What is remembered beside the records, as notes of the journal: states that repeat, pulses that their source has
//! no answer for yet, alarms that are open in the home, what devices taught of themselves. Keys and values are text, so that an engineer can read them.

use tecs_protocol::signal::Lesson;

use crate::effect::Note;
use crate::word::Word;

/// The parts of a note's key stand apart by a character that no name holds.
const APART: char = '\u{1f}';

/// What a note's key says.
#[derive(Debug, PartialEq)]
pub(crate) enum Remembered {
    /// The last word of a device's field.
    State {
        source: String,
        device: String,
        field: String,
        word: Word,
        /// It may have said another since.
        doubtful: bool,
    },
    /// A press whose message had no answer yet, as versions before 0.1.0 wrote each.
    Pulse {
        source: String,
        packet: u16,
        print: u64,
    },
    /// Presses of one record whose messages had no answer yet, as `presses` writes them.
    Presses { source: String, runs: String },
    /// An alarm that is open in the home.
    Open { name: String, alarm: String },
    /// An unlisted device that once raised an alarm; the lowest turn is forgotten first.
    Alarmed {
        source: String,
        device: String,
        turn: u64,
    },
    /// Under what a device is kept whose address is known.
    Bound {
        source: String,
        burnt_in: String,
        key: String,
        name: String,
    },
    /// What a device taught of itself.
    Lesson {
        source: String,
        device: String,
        says: String,
    },
}

impl Remembered {
    /// In which order what is remembered is taken in: who bears which name comes first; who once raised an alarm has its place before anybody who only spoke,
    /// and is there when its alarm is found open.
    pub(crate) const fn turn(&self) -> (u8, u64) {
        match self {
            Self::Bound { .. } => (0, 0),
            Self::Alarmed { turn, .. } => (1, *turn),
            Self::State { .. }
            | Self::Pulse { .. }
            | Self::Presses { .. }
            | Self::Lesson { .. } => (2, 0),
            Self::Open { .. } => (3, 0),
        }
    }

    /// Presses whose messages had no answer yet.
    pub(crate) fn is_press(&self) -> bool {
        matches!(self, Self::Pulse { .. } | Self::Presses { .. })
    }
}

fn key(parts: &[&str]) -> Vec<u8> {
    let mut out = String::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push(APART);
        }
        out.extend(part.chars().filter(|c| *c != APART));
    }
    out.into_bytes()
}

/// A field's last word, or (`None`) that there is no such field any more.
pub(crate) fn state(source: &str, device: &str, field: &str, word: Option<&Word>) -> Note {
    Note {
        key: key(&["state", source, device, field]),
        value: word.map(|word| word.to_string().into_bytes()),
    }
}

/// What a field of the routine lane says to stand, or (`None`) that it does no longer: after a kill it is not known to stand
/// still (decision 004), but no other field of its device takes it back.
pub(crate) fn holds(source: &str, device: &str, field: &str, word: Option<&Word>) -> Note {
    Note {
        key: key(&["holds", source, device, field]),
        ..state(source, device, field, word)
    }
}

/// An unlisted device that once raised an alarm, with its turn to be forgotten; or (`None`) one that is forgotten.
pub(crate) fn alarmed(source: &str, device: &str, turn: Option<u64>) -> Note {
    Note {
        key: key(&["alarmed", source, device]),
        value: turn.map(|turn| turn.to_string().into_bytes()),
    }
}

/// Under what a device is kept whose address is known, and what it was called last; or (`None`) nothing any more.
pub(crate) fn bound(source: &str, burnt_in: &str, as_what: Option<(&str, &str)>) -> Note {
    Note {
        key: key(&["bound", source, burnt_in]),
        value: as_what.map(|(kept, name)| key(&[kept, name])),
    }
}

/// Presses that one record holds, or a part of them: which, by the run of the daemon and a number of its own.
pub(crate) fn presses(source: &str, run: u64, (number, part): (u64, u32), runs: &str) -> Note {
    let name = format!("{run:016x}-{number}");
    Note {
        key: key(&["presses", source, &name, &part.to_string()]),
        value: Some(runs.as_bytes().to_vec()),
    }
}

/// An open alarm, or (`None`) one that is no longer.
pub(crate) fn open(name: &str, alarm: Option<&str>) -> Note {
    Note {
        key: key(&["open", name]),
        value: alarm.map(|a| a.as_bytes().to_vec()),
    }
}

/// What a device taught of itself, or took back.
pub(crate) fn lesson(source: &str, lesson: &Lesson) -> Note {
    Note {
        key: key(&["lesson", source, &lesson.device, &lesson.about]),
        value: lesson.says.as_ref().map(|s| s.as_bytes().to_vec()),
    }
}

/// Reads a note; one that this version does not know says nothing.
pub(crate) fn read(key: &[u8], value: &[u8]) -> Option<Remembered> {
    let text = std::str::from_utf8(key).ok()?;
    let value = std::str::from_utf8(value).ok()?.to_owned();
    let parts: Vec<&str> = text.split(APART).collect();
    match parts.as_slice() {
        [how @ ("state" | "holds"), source, device, field] => Some(Remembered::State {
            source: (*source).to_owned(),
            device: (*device).to_owned(),
            field: (*field).to_owned(),
            word: Word::read(&value),
            doubtful: *how == "holds",
        }),
        ["pulse", source, packet, print] => Some(Remembered::Pulse {
            source: (*source).to_owned(),
            packet: packet.parse().ok()?,
            print: u64::from_str_radix(print, 16).ok()?,
        }),
        ["presses", source, ..] => Some(Remembered::Presses {
            source: (*source).to_owned(),
            runs: value,
        }),
        ["open", name] => Some(Remembered::Open {
            name: (*name).to_owned(),
            alarm: value,
        }),
        ["alarmed", source, device] => Some(Remembered::Alarmed {
            source: (*source).to_owned(),
            device: (*device).to_owned(),
            turn: value.parse().ok()?,
        }),
        ["bound", source, burnt_in] => {
            let (kept, name) = value.split_once(APART)?;
            Some(Remembered::Bound {
                source: (*source).to_owned(),
                burnt_in: (*burnt_in).to_owned(),
                key: kept.to_owned(),
                name: name.to_owned(),
            })
        }
        ["lesson", source, device, _] => Some(Remembered::Lesson {
            source: (*source).to_owned(),
            device: (*device).to_owned(),
            says: value,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_read_back() {
        let smoke = Word::read("smoke raised");
        for (note, doubtful) in [
            (
                state("zigbee", "Kitchen smoke/1", "smoke", Some(&smoke)),
                false,
            ),
            (
                holds("zigbee", "Kitchen smoke/1", "smoke", Some(&smoke)),
                true,
            ),
        ] {
            assert_eq!(
                read(&note.key, &note.value.unwrap()),
                Some(Remembered::State {
                    source: "zigbee".into(),
                    device: "Kitchen smoke/1".into(),
                    field: "smoke".into(),
                    word: smoke.clone(),
                    doubtful,
                })
            );
        }
        assert_eq!(holds("zigbee", "x", "tamper", None).value, None);
        let note = bound("zigbee", "0x1", Some(("Kitchen/1", "Hall smoke")));
        assert_eq!(
            read(&note.key, &note.value.unwrap()),
            Some(Remembered::Bound {
                source: "zigbee".into(),
                burnt_in: "0x1".into(),
                key: "Kitchen/1".into(),
                name: "Hall smoke".into(),
            })
        );
        let note = presses("zigbee", 0xab, (7, 0), "ab:7-9");
        assert_eq!(
            read(&note.key, &note.value.unwrap()),
            Some(Remembered::Presses {
                source: "zigbee".into(),
                runs: "ab:7-9".into()
            })
        );
        let before = "pulse\u{1f}zigbee\u{1f}7\u{1f}00000000000000ab";
        assert_eq!(
            read(before.as_bytes(), b""),
            Some(Remembered::Pulse {
                source: "zigbee".into(),
                packet: 7,
                print: 0xab
            })
        );
        let note = alarmed("zigbee", "pendant", Some(9));
        assert_eq!(
            read(&note.key, &note.value.unwrap()),
            Some(Remembered::Alarmed {
                source: "zigbee".into(),
                device: "pendant".into(),
                turn: 9
            })
        );
        let taught = Lesson {
            device: "01A50701".into(),
            about: "A5".into(),
            says: Some("A5-04-01".into()),
        };
        let note = lesson("enocean", &taught);
        assert_eq!(
            read(&note.key, &note.value.unwrap()),
            Some(Remembered::Lesson {
                source: "enocean".into(),
                device: "01A50701".into(),
                says: "A5-04-01".into()
            })
        );
        assert_eq!(read(b"later", b""), None);
    }
}
