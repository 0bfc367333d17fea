//! What the installer says of serial lines beyond the port: its speed where the family has none of its own, the profiles of
//! EnOcean senders, the registers of a Modbus line, the calls of a nurse call line.

use gateway_core::settings::Source;
use tecs_protocol::family::Family;
use tecs_protocol::serial::{enocean, espa444, modbus};

use super::sections::{DeviceSection, SourceSection};
use super::values::Judge;
use crate::serial::config::{Baud, SerialSource};

/// The speed that every device of a family has, bits a second.
const fn usual_baud(family: Family) -> Option<u32> {
    match family {
        Family::EnOceanEsp3 => Some(57_600),
        Family::RfxTrx => Some(38_400),
        _ => None,
    }
}

impl Judge<'_> {
    /// The line with its speed.
    pub(super) fn line(
        &mut self,
        at: &str,
        family: Family,
        mut serial: SerialSource,
    ) -> SerialSource {
        if serial.baud.is_unsaid() {
            match usual_baud(family).map(Baud::try_from) {
                Some(Ok(baud)) => serial.baud = baud,
                Some(Err(_)) | None => self.wrong(
                    &format!("{at}.serial.baud"),
                    format!("is missing: devices of `{family}` have no speed in common"),
                    "write the bits a second that the device's manual says",
                ),
            }
        }
        serial
    }

    /// A profile is one that is read, and its device is a sender's address.
    pub(super) fn profile(&mut self, at: &str, source: Option<&Source>, section: &DeviceSection) {
        if section.profile.is_empty() {
            return;
        }
        let key = format!("{at}.profile");
        if source.is_some_and(|s| s.speaks != Family::EnOceanEsp3) {
            let what = "is of no use: only the senders of an `enocean_esp3` source have one";
            self.wrong(&key, what, "take it out");
            return;
        }
        match enocean::Profile::parse(&section.profile) {
            Some(profile) if profile.is_read() => {}
            _ => {
                let what = format!(
                    "`{}` is no profile that this version reads",
                    section.profile
                );
                let cure = "write the EEP from the device's label, such as \"F6-05-02\"";
                self.wrong(&key, what, cure);
            }
        }
        if enocean::sender(&section.name).is_none() {
            let what = format!("`{}` is no sender's address", section.name);
            let cure =
                "write its eight hexadecimal digits in capital letters, such as \"01A50701\"";
            self.wrong(&format!("{at}.name"), what, cure);
        }
    }

    /// What is said of each nurse call line.
    pub(super) fn espa444(
        &mut self,
        sections: &[SourceSection],
    ) -> Vec<(usize, espa444::SettingsText)> {
        let mut out = Vec::new();
        for (n, section) in sections.iter().enumerate() {
            let Some(text) = &section.espa444 else {
                continue;
            };
            let at = format!("source[{n}].espa444");
            if section.speaks != Family::Espa444.word() {
                let what = "is of no use: only an `espa444` source has calls";
                self.wrong(&at, what, "take it out");
                continue;
            }
            for wrong in text.settle().1 {
                let key = format!("{at}.{}", wrong.key);
                self.wrong(&key, wrong.what, "write what is allowed");
            }
            out.push((n, text.clone()));
        }
        out
    }

    /// The registers of each Modbus source.
    pub(super) fn modbus(&mut self, sections: &[SourceSection]) -> Vec<(usize, modbus::Settings)> {
        let mut out = Vec::new();
        for (n, section) in sections.iter().enumerate() {
            let at = format!("source[{n}].modbus");
            let is_modbus = section.speaks == Family::ModbusRtu.word();
            match &section.modbus {
                Some(text) if is_modbus => match modbus::Settings::compile(text.clone()) {
                    Ok(settings) => out.push((n, settings)),
                    Err(faults) => {
                        for wrong in faults {
                            let key = format!("{at}.{}", wrong.key);
                            self.wrong(&key, wrong.what, "write what is allowed");
                        }
                    }
                },
                Some(_) => self.wrong(
                    &at,
                    "is of no use: only a `modbus_rtu` source has registers",
                    "take it out",
                ),
                None => {}
            }
        }
        out
    }
}
