//! Emits that read a whole value of a device (`decode`): what may stand beside it, and which values are known.

use super::{Judge, POINTER_CURE};
use crate::map::decode::Decode;
use crate::map::emit::{Emit, Field, Says};
use crate::map::text::EmitText;
use crate::map::topic::Topic;
use crate::map::value::Named;
use crate::signal::Reading;

impl Judge<'_, '_> {
    /// An emit that says whatever the value does.
    pub(super) fn decode(&mut self, key: &str, text: &EmitText, topics: &[Topic]) -> Option<Emit> {
        let before = self.to.list.len();
        let allowed = EmitText {
            at: text.at.clone(),
            decode: text.decode.clone(),
            zone: text.zone.clone(),
            when: text.when.clone(),
            device: text.device.clone(),
            ignore: text.ignore.clone(),
            test: text.test,
            ..EmitText::default()
        };
        if *text != allowed {
            let what = "reads a whole value: only at, zone, when, device, ignore and test may stand beside `decode`";
            self.to.wrong(key, what, "take the others out");
        }
        if text.at.is_none() {
            let what = "has `decode` but no `at`";
            self.to.wrong(key, what, POINTER_CURE);
        }
        let cure = "write a characteristic such as gatt:2a35";
        let decode = Decode::parse(&text.decode);
        let decode = self.to.keep(&format!("{key}.decode"), decode, cure)?;
        let cure = "write the zone of the device's clock";
        let decode = decode.in_zone(&text.zone);
        let decode = self.to.keep(&format!("{key}.zone"), decode, cure)?;
        let at = self.pointer(&format!("{key}.at"), text.at.as_ref());
        let device = self.whose(&format!("{key}.device"), &text.device, topics);
        let when = self.when(&text.when, topics);
        (self.to.list.len() == before).then(|| Emit {
            key: key.to_owned(),
            name: at.as_ref().and_then(crate::map::pointer::Pointer::name),
            at,
            mask: None,
            hex: false,
            when,
            device,
            field: Some(Field::Named("gatt".to_owned())),
            kind: "gatt",
            reading: Reading::Sample,
            says: Says::Value(decode),
            absent: None,
            ignore: text.ignore.iter().map(Named::of_scalar).collect(),
            test: text.test,
            detail: crate::map::template::Template::default(),
            code: crate::map::template::Template::default(),
        })
    }
}
