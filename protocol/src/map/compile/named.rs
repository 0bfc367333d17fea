//! Emits whose kind is what the one table of alarm names says of a name (`named`): what may stand beside it.

use super::Judge;
use crate::map::emit::{Emit, Field, Says};
use crate::map::pointer::Pointer;
use crate::map::template::Template;
use crate::map::text::EmitText;
use crate::map::topic::Topic;
use crate::map::value::Named;
use crate::signal::Reading;

impl Judge<'_, '_> {
    /// An emit of whatever alarm a name says.
    pub(super) fn named(&mut self, key: &str, text: &EmitText, topics: &[Topic]) -> Option<Emit> {
        let before = self.to.list.len();
        let allowed = EmitText {
            at: text.at.clone(),
            named: text.named.clone(),
            when: text.when.clone(),
            device: text.device.clone(),
            field: text.field.clone(),
            ignore: text.ignore.clone(),
            reading: text.reading.clone(),
            test: text.test,
            ..EmitText::default()
        };
        if *text != allowed {
            let what = "is of the kind that a name says: only at, when, device, field, ignore, reading and test may stand beside `named`";
            self.to.wrong(key, what, "take the others out");
        }
        let at = self.pointer(&format!("{key}.at"), text.at.as_ref());
        let name = self.template(&format!("{key}.named"), &text.named, topics);
        let reading = match text.reading.as_str() {
            "" | "edge" => Reading::Edge,
            "pulse" => Reading::Pulse,
            _ => {
                let what = "is no reading of an alarm by its name";
                self.to
                    .wrong(&format!("{key}.reading"), what, "write edge or pulse");
                Reading::Edge
            }
        };
        let device = self.whose(&format!("{key}.device"), &text.device, topics);
        let when = self.when(&text.when, topics);
        if name.names_key() && !at.as_ref().is_some_and(Pointer::has_star) {
            let what = "`{key}` is the name that a `*` matched, and there is none";
            let cure = "write `*` in `at`, or another part";
            self.to.wrong(&format!("{key}.named"), what, cure);
        }
        (self.to.list.len() == before).then(|| Emit {
            key: key.to_owned(),
            name: at
                .as_ref()
                .map_or_else(|| Some(String::new()), Pointer::name),
            at,
            mask: None,
            hex: false,
            when,
            device,
            field: (!text.field.is_empty()).then(|| Field::Named(text.field.clone())),
            kind: "named",
            reading,
            says: Says::Named(name),
            absent: None,
            ignore: text.ignore.iter().map(Named::of_scalar).collect(),
            test: text.test,
            detail: Template::default(),
            code: Template::default(),
        })
    }
}
