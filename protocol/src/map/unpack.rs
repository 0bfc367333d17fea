//! Bytes inside a message: a device's own frame as the network carries it, in base64 or hexadecimal digits, of the form
//! tag, value, tag, value. A table `[tlv.NAME]` says which tags there are; it guesses no length, so it stops at a tag that
//! it does not know and says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::SIGNALS_MOST;
use super::pointer::{Pointer, Step};
use super::text::Texts;
use super::tree::{Name, Object, Value};
use super::unmapped::{path_of, shown};
use crate::signal::Refusal;

/// The most bytes of one value that are read as a number.
pub(super) const NUMBER_LONGEST: usize = 6;
/// The most bytes of one value.
pub(super) const VALUE_LONGEST: usize = 64;

/// Where bytes stand, and who knows their tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnpackText {
    /// Their pointer, from the root; what was read takes the place of the text.
    pub at: String,
    /// `base64` (the default) or `hex`.
    #[serde(rename = "as")]
    pub form: String,
    /// The tables that are asked, in this order.
    pub table: Texts,
}

/// `[tlv.NAME]`: a tag, in hexadecimal digits, to the value that follows it.
pub type TlvText = BTreeMap<String, PartText>;

/// The value that follows a tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartText {
    /// What its number is called in pointers; without a name it is known and left out.
    pub name: String,
    /// Its length.
    pub bytes: usize,
    /// Which of its bytes are the number, where not all of them are: the place of the first, from 0, and how many.
    pub of: Option<(usize, usize)>,
    /// Its number may be below zero.
    pub signed: bool,
    /// Its first byte is the greatest; by default the least.
    pub big: bool,
}

/// A compiled `unpack`.
#[derive(Debug, PartialEq)]
pub(super) struct Unpack {
    pub(super) at: Pointer,
    pub(super) hex: bool,
    /// All tags have this length.
    pub(super) tag: usize,
    pub(super) parts: BTreeMap<Vec<u8>, PartText>,
    /// The tables that were asked for, for findings.
    pub(super) tables: Vec<String>,
}

impl Unpack {
    /// The message with a list of what was read in the place of the bytes, and what could not be read.
    pub(super) fn open<'m>(&'m self, mut root: Value<'m>) -> (Value<'m>, Vec<Refusal>) {
        let Some(place) = place(&mut root, &self.at.steps) else {
            return (root, Vec::new());
        };
        let field = path_of(&self.at.steps);
        let bytes = match place {
            Value::String(text) if self.hex => unhex(text),
            Value::String(text) => unbase64(text),
            _ => None,
        };
        let Some(bytes) = bytes else {
            let due = if self.hex {
                "pairs of hexadecimal digits"
            } else {
                "bytes in base64"
            };
            return (root, vec![Refusal::BadValue { field, due }]);
        };
        let (parts, wrong) = self.parts(&bytes, &field);
        *place = Value::Array(parts);
        (root, wrong.into_iter().collect())
    }

    fn parts(&self, bytes: &[u8], field: &str) -> (Vec<Value<'_>>, Option<Refusal>) {
        let mut parts = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if parts.len() == SIGNALS_MOST {
                let due = "at most 256 readings";
                return (parts, Some(Refusal::NotShape { due }));
            }
            let known = rest.split_at_checked(self.tag);
            let known = known.and_then(|(tag, after)| Some((self.parts.get(tag)?, after)));
            let Some((part, after)) = known else {
                let tag = digits(rest.get(..self.tag.min(rest.len())).unwrap_or_default());
                let kind = format!(
                    "the tag {tag} in `{}` is in none of its tables",
                    shown(field)
                );
                return (parts, Some(Refusal::UnknownFrame { kind }));
            };
            let Some((value, after)) = after.split_at_checked(part.bytes) else {
                let (due, found) = (part.bytes, after.len());
                return (parts, Some(Refusal::Length { due, found }));
            };
            rest = after;
            if !part.name.is_empty() {
                let number = Value::Number(part.number(part.own(value)));
                let name = Name::of(part.name.as_str());
                parts.push(Value::Object(Object::of(vec![(name, number)])));
            }
        }
        (parts, None)
    }
}

impl PartText {
    /// The bytes that are its number.
    fn own<'b>(&self, value: &'b [u8]) -> &'b [u8] {
        let (first, many) = self.of.unwrap_or((0, self.bytes));
        let own = first
            .checked_add(many)
            .and_then(|end| value.get(first..end));
        own.unwrap_or_default()
    }

    fn number(&self, value: &[u8]) -> Number {
        let mut bytes = value.to_vec();
        if !self.big {
            bytes.reverse();
        }
        let number = bytes.iter().fold(0i64, |sum, b| (sum << 8) | i64::from(*b));
        // At most six bytes: the sign is far from the top of 64 bits.
        let bits = 8 * bytes.len();
        let negative = self.signed && bits > 0 && number >> (bits - 1) & 1 == 1;
        Number::from(if negative {
            number - (1 << bits)
        } else {
            number
        })
    }
}

/// The value that a pointer without stars names.
fn place<'v, 'm>(root: &'v mut Value<'m>, steps: &[Step]) -> Option<&'v mut Value<'m>> {
    steps
        .iter()
        .try_fold(root, |value, step| match (step, value) {
            (Step::Key(name), Value::Object(fields)) => fields.get_mut(name),
            _ => None,
        })
}

fn digits(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02X}")).collect();
    pairs.join(" ")
}

/// The bytes of hexadecimal digits, which may be grouped by spaces.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => {
            let digit = |b: u8| {
                char::from(b)
                    .to_digit(16)
                    .and_then(|d| u8::try_from(d).ok())
            };
            Some(digit(*high)? << 4 | digit(*low)?)
        }
        _ => None,
    });
    pairs.collect()
}

/// The bytes of base64 (RFC 4648, section 4), padded or not.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().trim_end_matches('=');
    let (mut bits, mut held) = (0u32, 0);
    let mut out = Vec::new();
    for b in body.bytes() {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 & 0xff_ffff | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    // What is left over is less than a byte, and nothing.
    (held < 6 && bits & ((1 << held) - 1) == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_its_standard_has_it_and_nothing_else_is() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg", b"foob"),
            ("Zm9vYmFy", b"foobar"),
            ("AXUQ/y4B", &[0x01, 0x75, 0x10, 0xff, 0x2e, 0x01]),
        ] {
            assert_eq!(unbase64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Z", "Zm9vY", "Zm9-", "Zh==", "Zm 8=", "=Zg"] {
            assert_eq!(unbase64(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_from_either_end_and_with_their_sign() {
        let part = |signed, big| PartText {
            name: "n".to_owned(),
            bytes: 2,
            of: None,
            signed,
            big,
        };
        for (signed, big, due) in [
            (false, false, 0xfeff_i64),
            (false, true, 0xfffe),
            (true, false, -257),
            (true, true, -2),
        ] {
            let number = part(signed, big).number(&[0xff, 0xfe]);
            assert_eq!(number.as_i64(), Some(due));
        }
    }
}
