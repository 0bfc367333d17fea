//! Where in a line whole JSON objects stand: several on one line, in a list, between noise. It gives no meaning.

use serde::de::{Deserialize, DeserializeSeed as _, Deserializer};

use crate::json::Skip;
use crate::signal::{Message, Refusal};

/// One whole object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    /// From its first brace to its last.
    pub(crate) bytes: &'a [u8],
    /// Bytes before it that belong to no object.
    pub(crate) noise: usize,
}

/// What a line is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Objects<'a> {
    /// In their order; what stands within another is part of it.
    pub(crate) list: Vec<Object<'a>>,
    /// Bytes after the last one that belong to none.
    pub(crate) after: usize,
    /// Where the last one ends; 0 where there is none.
    pub(crate) end: usize,
    /// The first brace that begins no whole object.
    pub(crate) broken: Option<usize>,
}

impl Objects<'_> {
    /// True of a line that is one object and nothing else.
    pub(crate) fn is_one(&self, line: &[u8]) -> bool {
        matches!(self.list[..], [one] if one.bytes.len() == line.len())
    }
}

/// Finds them. A brace that begins no whole object is noise up to the next brace, so that one which was cut off by a
/// restart does not hide the next. No object nests deeper than 128, so that a line costs at most 128 times its length.
pub(crate) fn find(line: &[u8]) -> Objects<'_> {
    let mut found = Objects::default();
    let mut at = 0;
    while let Some(brace) = next_brace(line, at) {
        let rest = line.get(brace..).unwrap_or_default();
        let Some(len) = whole(rest) else {
            found.broken = found.broken.or(Some(brace));
            at = brace + 1;
            continue;
        };
        let between = line.get(found.end..brace).unwrap_or_default();
        found.list.push(Object {
            bytes: rest.get(..len).unwrap_or_default(),
            noise: noise(between),
        });
        at = brace + len;
        found.end = at;
    }
    found.after = noise(line.get(found.end..).unwrap_or_default());
    found
}

fn next_brace(line: &[u8], from: usize) -> Option<usize> {
    let rest = line.get(from..)?;
    Some(from + rest.iter().position(|b| *b == b'{')?)
}

/// The length of the object that begins here.
fn whole(bytes: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Anything>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// How many bytes between objects are noise. What only parts them is none: spaces, the marks of a list, the separator of
/// RFC 7464, and the zero that ends a text in C.
fn noise(between: &[u8]) -> usize {
    let parts = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']' | 0x1e | 0);
    if between.iter().all(parts) {
        0
    } else {
        between.trim_ascii().len()
    }
}

/// Noise beside an object is named, and costs the object nothing.
pub(crate) fn beside(message: &mut Message, noise: usize) {
    if noise > 0 {
        message.refusals.push(Refusal::Noise { bytes: noise });
    }
}

/// Any value, read past.
struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Skip.deserialize(from).map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Vec<(&str, usize)>, usize) {
        let found = find(line.as_bytes());
        let list = found.list.iter();
        let text = |o: &Object<'_>| std::str::from_utf8(o.bytes).unwrap().len();
        let list = list.map(|o| {
            let start = o.bytes.as_ptr() as usize - line.as_ptr() as usize;
            (&line[start..start + text(o)], o.noise)
        });
        (list.collect(), found.after)
    }

    #[test]
    fn objects_are_found_wherever_they_stand() {
        let (a, b) = (r#"{"a":"}{"}"#, r#"{"b":[{"c":1}]}"#);
        for (line, noises, after) in [
            (format!("{a}{b}"), [0, 0], 0),
            (format!("{a} {b}\0"), [0, 0], 0),
            (format!("[{a},{b}]"), [0, 0], 0),
            (format!("\x1e{a}\x1e{b}"), [0, 0], 0),
            (format!("I (12): {a}OK{b} rssi=-70"), [7, 2], 8),
            (format!("{{\"cut{a}; {b}OK"), [5, 1], 2),
        ] {
            let due = vec![(a, noises[0]), (b, noises[1])];
            assert_eq!(parts(&line), (due, after), "{line}");
        }
        assert_eq!(parts("[1,2]"), (vec![], 5));
    }

    #[test]
    fn a_line_of_braces_costs_little() {
        let long = r#"{"a":["#.repeat(20_000);
        let began = std::time::Instant::now();
        assert_eq!(find(long.as_bytes()).list, []);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }
}
