//! What an installer writes of a device that measures vital signs (`[source.vitals]`), in plain types that a file and a
//! recording can fill; judged here by family, so that what does not belong to one is named.

use serde::{Deserialize, Serialize};

use super::{contec, nonin};
use crate::family::{Family, Options};

/// `[source.vitals]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VitalsText {
    /// Nonin: `13` (the default), `8`, `7` or `2`; Contec: `new` (the default) or `old`.
    pub format: String,
    /// What the device is called; empty for the family's own name.
    pub device: String,
    /// The device's clock is so many minutes ahead of UTC, -720 to 840. Masimo's is used only where this is said.
    pub utc_offset_min: Option<i16>,
    /// Nonin: whether the format is asked for. Default: true.
    pub select: Option<bool>,
    /// Nonin and A&D: the device is called by its serial number. Default: false.
    pub by_serial: Option<bool>,
}

/// A value that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which key.
    pub key: &'static str,
    /// What is wrong, and what is allowed.
    pub what: String,
}

/// How the lines of a family's devices are set, with 8 data bits and 1 stop bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Bits a second.
    pub baud: u32,
    /// A parity bit makes the number of ones odd; else there is none.
    pub odd: bool,
}

/// The setting that every device of a family has, where it has one.
pub const fn usual_link(family: Family, options: &Options) -> Option<Link> {
    let (baud, odd) = match (family, options.contec.format) {
        (Family::Nonin | Family::Masimo | Family::AndMedical, _) => (9_600, false),
        (Family::Contec, contec::Format::Old) => (19_200, true),
        (Family::Contec, contec::Format::New) => (115_200, false),
        _ => return None,
    };
    Some(Link { baud, odd })
}

impl VitalsText {
    /// Puts what is said into a reader's options; what is not allowed stays as it was and is named.
    pub fn settle(&self, family: Family, options: &mut Options) -> Vec<Wrong> {
        let mut wrong = self.out_of_place(family);
        if self.device.len() > 128 || self.device.contains(char::is_control) {
            wrong.push(Wrong {
                key: "device",
                what: "is not a name; allowed are up to 128 bytes of text".to_owned(),
            });
        }
        let offset = self.utc_offset_min.unwrap_or(0);
        if !(-720..=840).contains(&offset) {
            wrong.push(Wrong {
                key: "utc_offset_min",
                what: format!("is {offset}; allowed is -720 to 840"),
            });
        }
        let format = self.format.as_str();
        let formats = match family {
            Family::Nonin => match (
                format,
                format.parse().ok().and_then(nonin::Format::from_number),
            ) {
                ("", _) => None,
                (_, Some(format)) => {
                    options.nonin.format = format;
                    None
                }
                (_, None) => Some("13, 8, 7, 2"),
            },
            Family::Contec => match format {
                "" => None,
                "new" => {
                    options.contec.format = contec::Format::New;
                    None
                }
                "old" => {
                    options.contec.format = contec::Format::Old;
                    None
                }
                _ => Some("new, old"),
            },
            _ => None,
        };
        if let Some(allowed) = formats {
            wrong.push(Wrong {
                key: "format",
                what: format!("is `{format}`; allowed are {allowed}"),
            });
        }
        if wrong.is_empty() {
            self.fill(offset, options);
        }
        wrong
    }

    /// Every family's; only one is read.
    fn fill(&self, offset: i16, options: &mut Options) {
        let by_serial = self.by_serial.unwrap_or(false);
        options.nonin.select = self.select.unwrap_or(true);
        options.nonin.ask_serial = by_serial;
        options.nonin.utc_offset_min = offset;
        options.masimo.utc_offset_min = self.utc_offset_min;
        options.and_medical.by_serial = by_serial;
        options.and_medical.utc_offset_min = offset;
        options.and_medical.device.clone_from(&self.device);
        if !self.device.is_empty() {
            options.nonin.device.clone_from(&self.device);
            options.masimo.device.clone_from(&self.device);
            options.contec.device.clone_from(&self.device);
        }
    }

    /// Keys that mean nothing to this family.
    fn out_of_place(&self, family: Family) -> Vec<Wrong> {
        let nonin = family == Family::Nonin;
        let contec = family == Family::Contec;
        let and = family == Family::AndMedical;
        let masimo = family == Family::Masimo;
        let keys = [
            ("format", !self.format.is_empty(), nonin || contec),
            (
                "device",
                !self.device.is_empty(),
                nonin || contec || and || masimo,
            ),
            (
                "utc_offset_min",
                self.utc_offset_min.is_some(),
                nonin || and || masimo,
            ),
            ("select", self.select.is_some(), nonin),
            ("by_serial", self.by_serial.is_some(), nonin || and),
        ];
        let wrong = keys.into_iter().filter(|(_, said, has)| *said && !has);
        wrong
            .map(|(key, ..)| Wrong {
                key,
                what: format!("means nothing to `{family}`"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_reaches_the_readers_options() {
        let mut options = Options::default();
        let text = VitalsText {
            format: "2".to_owned(),
            device: "clip".to_owned(),
            utc_offset_min: Some(60),
            select: Some(false),
            by_serial: Some(true),
        };
        assert_eq!(text.settle(Family::Nonin, &mut options), []);
        assert_eq!(options.nonin.format, nonin::Format::Df2);
        assert_eq!(options.nonin.device, "clip");
        assert_eq!(options.nonin.utc_offset_min, 60);
        assert!(!options.nonin.select && options.nonin.ask_serial);
        let old = VitalsText {
            format: "old".to_owned(),
            ..VitalsText::default()
        };
        assert_eq!(old.settle(Family::Contec, &mut options), []);
        let link = usual_link(Family::Contec, &options).unwrap();
        assert_eq!((link.baud, link.odd), (19_200, true));
        assert_eq!(usual_link(Family::JsonLines, &options), None);
    }

    #[test]
    fn what_is_not_allowed_or_means_nothing_is_named() {
        let mut options = Options::default();
        let keys = |text: &VitalsText, family, options: &mut Options| {
            let wrong = text.settle(family, options);
            wrong.into_iter().map(|w| w.key).collect::<Vec<_>>()
        };
        let text = VitalsText {
            format: "9".to_owned(),
            utc_offset_min: Some(900),
            device: "a\nb".to_owned(),
            ..VitalsText::default()
        };
        assert_eq!(
            keys(&text, Family::Nonin, &mut options),
            ["device", "utc_offset_min", "format"]
        );
        let text = VitalsText {
            format: "new".to_owned(),
            select: Some(true),
            by_serial: Some(true),
            ..VitalsText::default()
        };
        assert_eq!(
            keys(&text, Family::Masimo, &mut options),
            ["format", "select", "by_serial"]
        );
        assert_eq!(
            keys(&text, Family::Contec, &mut options),
            ["select", "by_serial"]
        );
        assert_eq!(options, Options::default());
    }
}
