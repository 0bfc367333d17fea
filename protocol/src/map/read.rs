//! One message through the table: the first rule that fits says what it means. What nothing fits is refused by name and
//! kept as a sample; fields that the rule does not know are named. Holds prints of what it heard, bounded, and no state.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::dedupe::{Frames, Heard};
use super::rule::{Dedupe, Rule};
use super::template::{Place, is_name};
use super::topic::Parts;
use super::tree::Value;
use super::unmapped::{Known, shown};
use super::{Map, SIGNALS_MOST, UNTAUGHT_MOST};
use crate::json;
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

mod named;
mod turn;

use turn::Turn;

/// Said of a message that a rule knows and that means nothing.
pub(super) const KNOWN: &str = "known, and means nothing";
/// Said of a frame that was heard a moment ago.
pub(super) const AGAIN: &str = "the same frame again";
/// Said of a message that a rule fits and whose fields say nothing.
pub(super) const NOTHING: &str = "nothing in it says anything";

/// The reader of one source.
#[derive(Debug)]
pub(super) struct Reader {
    map: Arc<Map>,
    longest: usize,
    frames: Frames,
    untaught: BTreeSet<String>,
}

impl Reader {
    pub(super) fn new(map: Arc<Map>, longest: usize) -> Self {
        Self {
            map,
            longest,
            frames: Frames::default(),
            untaught: BTreeSet::new(),
        }
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    /// Reads one message; a line has no topic.
    pub(super) fn read(&mut self, topic: Option<&str>, payload: &[u8], now_ms: u64) -> Message {
        if payload.len() > self.longest {
            return Message::refused(Refusal::TooLarge {
                bytes: payload.len(),
                limit: self.longest,
            });
        }
        let Ok(text) = std::str::from_utf8(payload) else {
            return Message::refused(Refusal::NotText);
        };
        if text.trim().is_empty() {
            return Message::ignored("an empty payload");
        }
        let as_json = serde_json::from_str::<Value<'_>>(text);
        let as_text = Value::String(text.trim().into());
        let map = Arc::clone(&self.map);
        let mut fits = None;
        for (n, rule) in map.rules.iter().enumerate() {
            if !rule.same_topics {
                fits = rule.fits(topic);
            }
            let Some(parts) = fits else {
                continue;
            };
            let root = match (&as_json, rule.text) {
                (_, true) => &as_text,
                (Ok(root), false) => root,
                (Err(_), false) => continue,
            };
            let scopes = rule.scopes(root, parts);
            if scopes.is_empty() {
                continue;
            }
            if rule.says_nothing() {
                return Message {
                    rule: Some(n),
                    ..known(rule)
                };
            }
            let message = if let Some(unpack) = &rule.unpack {
                let root = if rule.text { Ok(as_text) } else { as_json };
                let (root, refusals) = unpack.open(root.unwrap_or(Value::Null));
                self.speak(rule, parts, &root, &[(&root, None)], refusals, now_ms)
            } else {
                self.speak(rule, parts, root, &scopes, Vec::new(), now_ms)
            };
            return Message {
                rule: Some(n),
                ..message
            };
        }
        nothing_fits(as_json)
    }

    /// What the rule that fits says of these parts of a message, some of which was refused already.
    fn speak(
        &mut self,
        rule: &Rule,
        parts: Parts<'_>,
        root: &Value<'_>,
        scopes: &[(&Value<'_>, Option<String>)],
        refusals: Vec<Refusal>,
        now_ms: u64,
    ) -> Message {
        let mut turn = Turn {
            rule,
            parts,
            root,
            message: Message {
                refusals,
                ..Message::default()
            },
            like: None,
            tables: BTreeMap::new(),
            understood: BTreeSet::new(),
        };
        for (scope, key) in scopes {
            self.scope(&mut turn, scope, key.as_deref());
        }
        self.finish(turn, now_ms)
    }

    fn scope(&mut self, turn: &mut Turn<'_>, scope: &Value<'_>, key: Option<&str>) {
        let place = Place {
            parts: turn.parts,
            key,
            each: key,
            root: turn.root,
            scope,
        };
        let rule = turn.rule;
        let from = turn.message.signals.len();
        turn.like = None;
        if let Some(codes) = &rule.codes
            && let Some(code) = codes.read(place)
        {
            if let Some(row) = codes.row(&code) {
                let mut signal =
                    Signal::new(&*row.device, &*row.field, row.reading, row.what.clone());
                signal.model.clone_from(&row.model);
                signal.test = row.test;
                turn.message.signals.push(signal);
            } else {
                turn.emits(place);
                if codes.untaught && turn.message.signals.len() == from {
                    self.untaught(turn, place, &code);
                }
            }
        } else {
            turn.emits(place);
        }
        let time = rule.time.iter().find_map(|t| t.read(turn.root, scope));
        let is_test = rule.test.as_ref();
        let is_test = is_test
            .and_then(|at| at.first(turn.root, scope))
            .is_some_and(super::value::is_yes);
        for signal in turn.message.signals.iter_mut().skip(from) {
            // What a value says of its own time is nearer than what its message says.
            signal.happened_ms = signal.happened_ms.or(time);
            signal.test |= is_test;
        }
    }

    /// A code that nobody taught: told once, as a device of its own, so that the installer sees what to teach.
    fn untaught(&mut self, turn: &mut Turn<'_>, place: Place<'_>, code: &str) {
        let code = shown(code);
        turn.message.unmapped.push(format!("code {code}"));
        let Ok(device) = turn.rule.device.fill(place) else {
            return;
        };
        let name = format!("{device}/{code}");
        let room = self.untaught.len() < UNTAUGHT_MOST || self.untaught.contains(&name);
        if room && is_name(&name) {
            self.untaught.insert(name.clone());
            let what = What::health(
                HealthKind::Untaught,
                Condition::Raised,
                format!("nobody has taught the code {code}"),
            );
            let signal = Signal::new(name, "code", Reading::Edge, what);
            turn.message.signals.push(signal);
        }
    }

    fn finish(&mut self, turn: Turn<'_>, now_ms: u64) -> Message {
        let Turn {
            rule,
            root,
            mut message,
            tables,
            understood,
            parts,
            ..
        } = turn;
        for (field, known) in tables {
            if !known {
                let due = "a value of its table";
                let field = field.into_owned();
                message.refusals.push(Refusal::BadValue { field, due });
            }
        }
        if message.signals.len() > SIGNALS_MOST {
            message.signals.truncate(SIGNALS_MOST);
            let due = "at most 256 readings";
            message.refusals.push(Refusal::NotShape { due });
        }
        if !rule.text {
            let mut unmapped = rule.known.unmapped(root);
            unmapped.retain(|name| !understood.contains(name));
            message.unmapped.extend(unmapped);
        }
        let whole = Place {
            parts,
            key: None,
            each: None,
            root,
            scope: root,
        };
        if let Ok(nobody_knows) = rule.unmapped.fill(whole)
            && !nobody_knows.is_empty()
        {
            message.unmapped.push(shown(&nobody_knows));
        }
        let Some(dedupe) = &rule.dedupe else {
            return nothing_said(message);
        };
        if self.again(rule, dedupe, root, &mut message, now_ms) {
            return Message::ignored(AGAIN);
        }
        nothing_said(message)
    }

    /// Takes out what was said a moment ago; true when that is all there was. A frame that names itself is looked for by its
    /// name, any other word by the field that it is of.
    fn again(
        &mut self,
        rule: &Rule,
        dedupe: &Dedupe,
        root: &Value<'_>,
        message: &mut Message,
        now_ms: u64,
    ) -> bool {
        let mut name = DefaultHasher::new();
        rule.name.hash(&mut name);
        let mut named = false;
        for pointer in &dedupe.by {
            pointer.each(root, root, &mut |found| {
                found.value.hash(&mut name);
                named = true;
            });
        }
        if dedupe.by_alone {
            // A frame that does not name itself cannot be told from another: it is news.
            return named
                && self
                    .frames
                    .repeats(name.finish(), 0, dedupe.within_ms, now_ms);
        }
        let frame = Heard {
            name,
            named,
            within_ms: dedupe.within_ms,
            now_ms,
        };
        self.frames.only_repeats(&frame, &mut message.signals)
    }
}

/// A message that a rule knows and does not read.
fn known(rule: &Rule) -> Message {
    if rule.refuse.is_empty() {
        return Message::ignored(KNOWN);
    }
    let kind = rule.refuse.clone();
    Message::refused(Refusal::UnknownFrame { kind })
}

fn nothing_said(mut message: Message) -> Message {
    if message.signals.is_empty() && message.refusals.is_empty() {
        message.ignored = Some(NOTHING);
    }
    message
}

/// No rule fits: kept as a sample, its fields named.
fn nothing_fits(as_json: serde_json::Result<Value<'_>>) -> Message {
    match as_json {
        Ok(root) => Message {
            unmapped: Known::default().unmapped(&root),
            ..Message::refused(Refusal::UnknownFrame {
                kind: "no rule of the table fits it".to_owned(),
            })
        },
        Err(error) => Message::refused(json::refusal(&error)),
    }
}
