//! What the installer says of devices that measure vital signs: it is such as their family has, and a line for which no
//! speed is said has the family's.

use tecs_protocol::family::{Family, Options};
use tecs_protocol::serial::vitals::{Link, VitalsText, usual_link};

use super::sections::SourceSection;
use super::values::Judge;
use crate::serial::config::{Baud, Parity, SerialSource};

impl Judge<'_> {
    /// What is said of each source, by its index; and the lines' own settings, where none are said.
    pub(super) fn vitals(&mut self, sections: &mut [SourceSection]) -> Vec<(usize, VitalsText)> {
        let mut out = Vec::new();
        for (n, section) in sections.iter_mut().enumerate() {
            let at = format!("source[{n}]");
            let Some(family) = Family::from_word(&section.speaks) else {
                continue;
            };
            let mut options = Options::default();
            if let Some(text) = section.vitals.take() {
                for wrong in text.settle(family, &mut options) {
                    let key = format!("{at}.vitals.{}", wrong.key);
                    self.wrong(&key, wrong.what, "write what is allowed, or take it out");
                }
                out.push((n, text));
            }
            if let Some(serial) = &mut section.serial
                && serial.baud.is_unsaid()
                && let Some(link) = usual_link(family, &options)
            {
                set(serial, link);
            }
        }
        out
    }
}

/// The family's speed, and its parity where the installer wrote none.
fn set(serial: &mut SerialSource, link: Link) {
    serial.baud = Baud::try_from(link.baud).unwrap_or_default();
    if link.odd && serial.parity == Parity::None {
        serial.parity = Parity::Odd;
    }
}
