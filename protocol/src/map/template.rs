//! Templates of names: `{gw}/{./Name|./Device|key}[/{/channel}]`. A part in braces is a topic part, `key`, `each`, or a pointer;
//! of several the first that is there. What stands in brackets is left out when a part in it is absent.

use std::borrow::Cow;

use super::pointer::Pointer;
use super::topic::Parts;
use super::tree::Value;
use super::value::text_of;

/// The longest name, bytes, that a template may give (the roster's limit for friendly names).
const LONGEST: usize = 256;

/// A template.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Slot(Vec<Slot>),
    Optional(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    Part(String),
    Key,
    /// The name that the last `*` of the rule's `each` matched.
    Each,
    At(Pointer),
}

/// Why a template gives no text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Missing<'t> {
    /// None of these parts is there.
    Absent(&'t [Slot]),
    /// What it makes has no end.
    Shorter,
}

/// What a template may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) parts: Parts<'p>,
    pub(super) key: Option<&'p str>,
    pub(super) each: Option<&'p str>,
    pub(super) root: &'p Value<'p>,
    pub(super) scope: &'p Value<'p>,
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let pieces = pieces(&mut rest, false)?;
        if rest.is_empty() {
            Ok(Self(pieces))
        } else {
            Err("a `]` without its `[`".to_owned())
        }
    }

    /// True when there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, or what is missing for it.
    pub(super) fn fill(&self, place: Place<'_>) -> Result<String, Missing<'_>> {
        let mut out = String::new();
        fill(&self.0, place, &mut out)?;
        Ok(out)
    }

    /// The topic parts that it names.
    pub(super) fn parts(&self) -> Vec<&str> {
        let mut names = Vec::new();
        slots(&self.0, &mut |slot| {
            if let Slot::Part(name) = slot {
                names.push(name.as_str());
            }
        });
        names
    }

    /// The pointers that it reads.
    pub(super) fn pointers(&self) -> Vec<&Pointer> {
        let mut all = Vec::new();
        slots(&self.0, &mut |slot| {
            if let Slot::At(pointer) = slot {
                all.push(pointer);
            }
        });
        all
    }

    /// True when it names what a `*` matched.
    pub(super) fn names_key(&self) -> bool {
        let mut found = false;
        slots(&self.0, &mut |slot| found |= matches!(slot, Slot::Key));
        found
    }
}

/// A name that can be a device's: not empty, not too long, without control characters.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_control)
}

fn slots<'t>(pieces: &'t [Piece], to: &mut impl FnMut(&'t Slot)) {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Slot(any) => any.iter().for_each(&mut *to),
            Piece::Optional(inner) => inner.iter().for_each(|piece| {
                // Brackets do not nest: `pieces` refuses that.
                if let Piece::Slot(any) = piece {
                    any.iter().for_each(&mut *to);
                }
            }),
        }
    }
}

fn pieces(rest: &mut &str, inside: bool) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    while let Some(at) = rest.find(['{', '}', '[', ']']) {
        let (text, marked) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if !text.is_empty() {
            out.push(Piece::Text(text.to_owned()));
        }
        let after = marked.get(1..).unwrap_or_default();
        match marked.as_bytes().first() {
            Some(b'{') => {
                let (slot, left) = after.split_once('}').ok_or("a `{` without its `}`")?;
                out.push(Piece::Slot(
                    slot.split('|').map(named).collect::<Result<_, _>>()?,
                ));
                *rest = left;
            }
            Some(b'[') if !inside => {
                *rest = after;
                let inner = pieces(rest, true)?;
                *rest = rest.strip_prefix(']').ok_or("a `[` without its `]`")?;
                out.push(Piece::Optional(inner));
            }
            Some(b'[') => return Err("brackets in brackets".to_owned()),
            Some(b']') => {
                *rest = marked;
                return Ok(out);
            }
            _ => return Err("a `}` without its `{`".to_owned()),
        }
    }
    if !rest.is_empty() {
        out.push(Piece::Text((*rest).to_owned()));
        *rest = "";
    }
    Ok(out)
}

fn named(name: &str) -> Result<Slot, String> {
    let name = name.trim();
    if name == "key" {
        Ok(Slot::Key)
    } else if name == "each" {
        Ok(Slot::Each)
    } else if name.starts_with('/') || name.starts_with("./") {
        Pointer::parse(name).map(Slot::At)
    } else if name.is_empty() {
        Err("a part in braces without a name".to_owned())
    } else {
        Ok(Slot::Part(name.to_owned()))
    }
}

fn fill<'t>(pieces: &'t [Piece], place: Place<'_>, out: &mut String) -> Result<(), Missing<'t>> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Slot(any) => match any.iter().find_map(|slot| said(slot, place)) {
                Some(text) => out.push_str(&text),
                None => return Err(Missing::Absent(any)),
            },
            Piece::Optional(inner) => {
                let before = out.len();
                if fill(inner, place, out).is_err() {
                    out.truncate(before);
                }
            }
        }
        // A hostile message must not make names without end.
        if out.len() > 4 * LONGEST {
            return Err(Missing::Shorter);
        }
    }
    Ok(())
}

fn said<'p>(slot: &Slot, place: Place<'p>) -> Option<Cow<'p, str>> {
    let text = match slot {
        Slot::Key => Cow::Borrowed(place.key?),
        Slot::Each => Cow::Borrowed(place.each?),
        Slot::Part(name) => Cow::Borrowed(place.parts.get(name)?),
        Slot::At(pointer) => text_of(pointer.first(place.root, place.scope)?)?,
    };
    (!text.is_empty()).then_some(text)
}

impl Missing<'_> {
    /// The names of the parts that are not there.
    pub(super) fn name(self) -> String {
        match self {
            Self::Absent(any) => any.iter().map(name).collect::<Vec<_>>().join(" or "),
            Self::Shorter => "a shorter name".to_owned(),
        }
    }
}

fn name(slot: &Slot) -> String {
    match slot {
        Slot::Key => "key".to_owned(),
        Slot::Each => "each".to_owned(),
        Slot::Part(name) => name.clone(),
        Slot::At(pointer) => super::unmapped::path_of(&pointer.steps),
    }
}

#[cfg(test)]
mod tests {
    use super::super::topic::Topic;
    use super::super::tree::Name;
    use super::super::tree::json;
    use super::*;

    fn fill_in(template: &str, root: &Value<'_>) -> Result<String, String> {
        let topic = Topic::parse("{gw}", "").unwrap();
        let template = Template::parse(template)?;
        let filled = template.fill(Place {
            parts: topic.fit("bridge").unwrap(),
            key: Some("0x5FA7"),
            each: Some("0x5FA8"),
            root,
            scope: match root {
                Value::Object(fields) => fields.get(&Name::of("in")).unwrap_or(root),
                _ => root,
            },
        });
        filled.map_err(Missing::name)
    }

    #[test]
    fn the_first_part_that_is_there_is_taken_and_brackets_leave_out() {
        let root = json!({"id": 17, "model": "M", "in": {"Name": "door"}, "n": null, "e": ""});
        for (template, due) in [
            ("{gw}/{./Name|key}", "bridge/door"),
            ("{gw}/{./Nome|key}", "bridge/0x5FA7"),
            ("{each}/{key}", "0x5FA8/0x5FA7"),
            ("{/model}[/{/channel}][/{/id}]", "M/17"),
            ("{/n|/e|/id}", "17"),
            ("plain", "plain"),
        ] {
            assert_eq!(fill_in(template, &root).as_deref(), Ok(due), "{template}");
        }
        assert_eq!(
            fill_in("{/nothing|/n}", &root),
            Err("/nothing or /n".to_owned())
        );
    }

    #[test]
    fn a_template_that_is_none_is_refused() {
        for text in ["{", "}", "[a", "a]", "{}", "[a[b]]", "{/a//b}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
