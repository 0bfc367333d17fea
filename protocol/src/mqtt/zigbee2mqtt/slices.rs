//! Lists of definitions, read a slice at a time: an alarm of the same broker waits for one slice, not for eight megabytes. The
//! list is cut into its elements here; what an element means is `teach`'s.

use std::collections::BTreeSet;
use std::mem;

use crate::json::refusal;
use crate::signal::Refusal;

use super::Limits;
use super::lesson::{Device, one};
use super::teach::{Lesson, name_is_sane};

/// What one slice reads, bytes; the element that it ends in is read by the slice that holds its end. A device's definition has
/// some 20 KB (ten were seen in 226 KB).
pub(super) const SLICE: usize = 64 * 1024;

/// The longest single definition, bytes: some fifty times the usual one. A longer one costs its own device alone.
const ELEMENT_MOST: usize = 1024 * 1024;

/// What a list is due to be.
const DUE: &str = "a list of device objects";

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the list.
    Before,
    /// Before the first element, or the end of an empty list.
    First,
    /// Before an element that must come.
    Next,
    /// In the element that began here.
    Inside(usize),
    /// Behind the list.
    Behind,
}

/// A JSON list that is cut into its elements.
#[derive(Debug)]
pub(super) struct List {
    payload: Box<[u8]>,
    at: usize,
    place: Place,
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl List {
    pub(super) fn new(payload: &[u8]) -> Self {
        Self {
            payload: payload.into(),
            at: 0,
            place: Place::Before,
            depth: 0,
            in_text: false,
            escaped: false,
        }
    }

    /// Reads one slice, handing over every element that ends in it; true when the list has ended.
    fn read(&mut self, take: &mut dyn FnMut(&str) -> Result<(), Refusal>) -> Result<bool, Refusal> {
        let payload = mem::take(&mut self.payload);
        let end = payload.len().min(self.at + SLICE);
        while self.at < end {
            let Some(byte) = payload.get(self.at) else {
                break;
            };
            if let Some(began) = self.step(*byte)? {
                let element = payload.get(began..self.at).unwrap_or_default();
                take(std::str::from_utf8(element).map_err(|_| Refusal::NotText)?)?;
            }
            self.at += 1;
        }
        let whole = self.at == payload.len();
        self.payload = payload;
        if whole && self.place != Place::Behind {
            return Err(broken("the list does not end"));
        }
        Ok(whole)
    }

    /// Takes one byte; where the element began that ends before it.
    fn step(&mut self, byte: u8) -> Result<Option<usize>, Refusal> {
        if let Place::Inside(began) = self.place {
            return Ok(self.inside(byte).then_some(began));
        }
        if byte.is_ascii_whitespace() {
            return Ok(None);
        }
        self.place = match (self.place, byte) {
            (Place::Before, b'[') => Place::First,
            (Place::Before, b'{' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                return Err(Refusal::NotShape { due: DUE });
            }
            (Place::First, b']') => Place::Behind,
            (Place::Before | Place::Behind, _) | (Place::Next, b']') => {
                return Err(broken("no list of values"));
            }
            (Place::First | Place::Next | Place::Inside(_), _) => {
                let began = self.at;
                if self.inside(byte) {
                    return Err(broken("a value is missing"));
                }
                Place::Inside(began)
            }
        };
        Ok(None)
    }

    /// Takes one byte of an element; true when the element ended before it.
    fn inside(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b']' if self.depth == 0 => {
                self.place = Place::Behind;
                return true;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 0 => {
                self.place = Place::Next;
                return true;
            }
            _ => {}
        }
        false
    }
}

fn broken(why: &str) -> Refusal {
    Refusal::NotJson {
        why: why.to_owned(),
    }
}

/// A list of definitions that is being read.
#[derive(Debug)]
pub(super) struct Study<T> {
    list: List,
    learned: T,
}

impl<T: Learns> Study<T> {
    pub(super) fn new(payload: &[u8]) -> Self {
        Self {
            list: List::new(payload),
            learned: T::default(),
        }
    }

    /// Reads one slice; what was learned, once all is read. What is refused costs its own element alone; JSON that is broken
    /// teaches nothing at all.
    pub(super) fn slice(&mut self, limits: &Limits) -> Result<Option<T>, Refusal> {
        let learned = &mut self.learned;
        let whole = self.list.read(&mut |element| {
            if element.len() > ELEMENT_MOST {
                learned.too_large(element.len());
                return Ok(());
            }
            let device = one(element).map_err(|e| match refusal(&e) {
                Refusal::NotShape { .. } => Refusal::NotShape { due: DUE },
                other => other,
            })?;
            learned.learn(device, limits);
            Ok(())
        })?;
        Ok(whole.then(|| mem::take(&mut self.learned)))
    }

    /// Reads all at once.
    pub(super) fn whole(mut self, limits: &Limits) -> Result<T, Refusal> {
        loop {
            if let Some(learned) = self.slice(limits)? {
                return Ok(learned);
            }
        }
    }
}

/// What learns from the elements of a list.
pub(super) trait Learns: Default {
    /// Takes one element; what is no object is `None`.
    fn learn(&mut self, device: Option<Device<'_>>, limits: &Limits);

    /// An element was too long to be read.
    fn too_large(&mut self, bytes: usize);
}

impl Learns for Lesson {
    fn learn(&mut self, device: Option<Device<'_>>, limits: &Limits) {
        match device {
            Some(device) => self.device(&device, limits),
            None => self.refuse(Refusal::NotShape { due: DUE }),
        }
    }

    fn too_large(&mut self, bytes: usize) {
        self.refuse(Refusal::TooLarge {
            bytes,
            limit: ELEMENT_MOST,
        });
    }
}

/// Names of groups.
#[derive(Debug, Default)]
pub(super) struct Groups(pub(super) BTreeSet<Box<str>>);

impl Learns for Groups {
    fn learn(&mut self, device: Option<Device<'_>>, limits: &Limits) {
        let group = device.unwrap_or_default();
        let name = group.friendly_name.text();
        if self.0.len() < limits.devices && name_is_sane(name, limits).is_ok() {
            self.0.insert(name.into());
        }
    }

    fn too_large(&mut self, _: usize) {}
}

/// What is being read, each of both lists by its newest publish alone.
#[derive(Debug, Default)]
pub(super) struct Studies {
    pub(super) devices: Option<Study<Lesson>>,
    pub(super) groups: Option<Study<Groups>>,
    /// When the last slice was read, monotonic ms: others who wait longer come first.
    pub(super) at_ms: u64,
}

impl Studies {
    /// Whether anything is being read.
    pub(super) const fn is_open(&self) -> bool {
        self.devices.is_some() || self.groups.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements of a list, and how many slices they took.
    fn elements(payload: &str) -> Result<(Vec<String>, usize), Refusal> {
        let mut list = List::new(payload.as_bytes());
        let mut found = Vec::new();
        let mut slices = 1;
        while !list.read(&mut |element| {
            found.push(element.trim().to_owned());
            Ok(())
        })? {
            slices += 1;
        }
        Ok((found, slices))
    }

    #[test]
    fn a_list_is_cut_at_its_own_commas_alone() {
        let text = r#" [ {"a":"],[","b":[1,{"c":"\\"}]} , null,"x\",y", [ ] ] "#;
        let (found, _) = elements(text).unwrap();
        assert_eq!(
            found,
            [
                r#"{"a":"],[","b":[1,{"c":"\\"}]}"#,
                "null",
                r#""x\",y""#,
                "[ ]"
            ]
        );
        assert_eq!(elements("[]").unwrap().0, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_list_or_does_not_end_is_refused() {
        for (text, name) in [
            ("", "not_json"),
            ("[", "not_json"),
            ("[1,]", "not_json"),
            ("[,1]", "not_json"),
            ("[1]]", "not_json"),
            ("[1] x", "not_json"),
            ("x", "not_json"),
            (r#"["a]"#, "not_json"),
            ("{}", "not_shape"),
            ("null", "not_shape"),
        ] {
            assert_eq!(elements(text).unwrap_err().name(), name, "{text}");
        }
    }

    #[test]
    fn a_long_list_takes_a_slice_for_every_64_kib_wherever_its_elements_end() {
        let one = format!("\"{}\"", "x".repeat(SLICE - 10));
        let text = format!("[{}]", vec![one; 20].join(","));
        let (found, slices) = elements(&text).unwrap();
        assert_eq!((found.len(), slices), (20, text.len().div_ceil(SLICE)));
    }
}
