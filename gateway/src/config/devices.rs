//! `[[device]]`: what the installer says of a device, each word of it one that the vocabulary has.

use std::collections::BTreeSet;

use gateway_core::settings::{Device, Source};
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};

use super::sections::DeviceSection;
use super::values::Judge;

impl Judge<'_> {
    pub(super) fn devices(
        &mut self,
        sources: &[Source],
        sections: &[DeviceSection],
    ) -> Vec<Device> {
        let mut ids = BTreeSet::new();
        let mut named = BTreeSet::new();
        let mut devices = Vec::new();
        for (n, section) in sections.iter().enumerate() {
            let at = format!("device[{n}]");
            let Some(source) = sources.iter().position(|s| s.name == section.source) else {
                let all: Vec<_> = sources.iter().map(|s| s.name.as_str()).collect();
                let what = format!(
                    "no source is named `{}`; there are: {}",
                    section.source,
                    all.join(", ")
                );
                self.wrong(
                    &format!("{at}.source"),
                    what,
                    "write the name of a [[source]]",
                );
                continue;
            };
            self.name(&format!("{at}.name"), &section.name, &mut BTreeSet::new());
            if !named.insert((source, &section.name)) {
                let what = format!("`{}` of this source is listed twice", section.name);
                self.wrong(&format!("{at}.name"), what, "take one of them out");
            }
            let id = if section.id.is_empty() {
                format!("{}/{}", section.source, section.name)
            } else {
                section.id.clone()
            };
            self.name(&format!("{at}.id"), &id, &mut ids);
            self.profile(&at, sources.get(source), section);
            devices.push(Device {
                source,
                name: section.name.clone(),
                id,
                kind: section.kind.clone(),
                profile: section.profile.clone(),
                room: section.room.clone(),
                alarms: section.alarms,
                invert: section.invert.clone(),
                raises: self.raises(&at, section),
                responder_here: section.responder_here,
                silent_after_s: section.silent_after_s,
            });
        }
        devices
    }

    fn raises(&mut self, at: &str, section: &DeviceSection) -> Vec<(ObservedKind, AlarmKind)> {
        let mut out = Vec::new();
        for (observed, alarm) in &section.raises {
            let key = format!("{at}.raises.{observed}");
            match (
                ObservedKind::from_word(observed),
                AlarmKind::from_word(alarm),
            ) {
                (Some(observed), Some(alarm)) => out.push((observed, alarm)),
                (None, _) => {
                    let all: Vec<_> = ObservedKind::ALL.iter().map(|k| k.word()).collect();
                    let what = format!(
                        "`{observed}` is nothing that is observed; allowed are {}",
                        all.join(", ")
                    );
                    self.wrong(&key, what, "write `button = \"help\"` or the like");
                }
                (_, None) => {
                    let all: Vec<_> = AlarmKind::ALL.iter().map(|k| k.word()).collect();
                    let what = format!("`{alarm}` is no alarm; allowed are {}", all.join(", "));
                    self.wrong(&key, what, "write one of these words");
                }
            }
        }
        out
    }
}
