//! Tables of tags, judged: every tag once and of one length, every value short enough to be a number.

use std::collections::BTreeMap;

use super::{Judge, POINTER_CURE};
use crate::map::ROWS_MOST;
use crate::map::pointer::Pointer;
use crate::map::text::PartText;
use crate::map::unpack::{NUMBER_LONGEST, Unpack, VALUE_LONGEST, unhex};

impl Judge<'_, '_> {
    /// The bytes that the rule takes apart.
    pub(super) fn unpack(&mut self) -> Option<Unpack> {
        let text = self.rule.unpack.as_ref()?;
        let read = Pointer::parse(&text.at).and_then(|at| {
            let plain = at.rooted && !at.has_star() && !at.steps.is_empty();
            plain
                .then_some(at)
                .ok_or_else(|| format!("`{}` does not name one value from the root", text.at))
        });
        let at = self.to.keep("unpack.at", read, POINTER_CURE);
        if self.rule.each.is_some() {
            let what =
                "and `each` are both there; a rule takes the whole message apart, or its parts";
            self.to.wrong("unpack", what, "leave one of them");
        }
        let hex = match text.form.as_str() {
            "" | "base64" => false,
            "hex" => true,
            other => {
                let what = format!("is `{other}`; allowed are base64, hex");
                self.to.wrong("unpack.as", what, "write one of these words");
                false
            }
        };
        let mut parts: BTreeMap<Vec<u8>, PartText> = BTreeMap::new();
        for name in text.table.all() {
            let Some(table) = self.text.tlv.get(name) else {
                let what = format!("there is no [tlv.{name}]");
                self.to.wrong("unpack.table", what, "name a table of tags");
                continue;
            };
            for (tag, part) in table {
                let key = format!("tlv.{name}.{tag}");
                if let Some(tag) = self.tag(&key, tag, part) {
                    // The first table that has a tag counts.
                    parts.entry(tag).or_insert_with(|| part.clone());
                }
            }
        }
        let tag = parts.keys().next().map_or(0, Vec::len);
        if parts.keys().any(|t| t.len() != tag) {
            let what = "has tags of several lengths";
            self.to
                .wrong("unpack.table", what, "write each tag with as many digits");
        }
        if parts.is_empty() || parts.len() > ROWS_MOST {
            let what = format!("knows no tag, or more than {ROWS_MOST}");
            let cure = "name a [tlv.NAME] with its tags";
            self.to.wrong("unpack.table", what, cure);
        }
        Some(Unpack {
            at: at?,
            hex,
            tag,
            parts,
            tables: text.table.all().to_vec(),
        })
    }

    fn tag(&mut self, key: &str, tag: &str, part: &PartText) -> Option<Vec<u8>> {
        let longest = if part.name.is_empty() || part.of.is_some() {
            VALUE_LONGEST
        } else {
            NUMBER_LONGEST
        };
        if let Some((first, many)) = part.of {
            let inside = first.saturating_add(many) <= part.bytes;
            if !(1..=NUMBER_LONGEST).contains(&many) || !inside {
                let what = format!(
                    "is no part of {} bytes, of 1 to {NUMBER_LONGEST}",
                    part.bytes
                );
                let cure = "write the place of its first byte, from 0, and how many there are";
                self.to.wrong(&format!("{key}.of"), what, cure);
            }
        }
        if !(1..=longest).contains(&part.bytes) {
            let what = format!("has {} bytes; allowed are 1 to {longest}", part.bytes);
            let cure = "write the length of its value; without a name it may be longer";
            self.to.wrong(&format!("{key}.bytes"), what, cure);
        }
        let read = unhex(tag).filter(|bytes| (1..=4).contains(&bytes.len()));
        let read =
            read.ok_or_else(|| format!("`{tag}` is not one to four bytes in hexadecimal digits"));
        self.to.keep(key, read, "write it such as \"01 75\"")
    }
}
