//! What a rule says, judged: kinds, words, units, ranges, and emits of one rule that contradict one another.

use super::kinds::{Kind, missing, reading};
use super::{Judge, POINTER_CURE};
use crate::map::emit::{Emit, Field, Number, NumberOf, Says};
use crate::map::pointer::Pointer;
use crate::map::template::Template;
use crate::map::text::{EmitText, Scalar};
use crate::map::topic::Topic;
use crate::map::value::{Named, Table};
use crate::map::{EMITS_MOST, ROWS_MOST};
use crate::signal::{Reading, What};
use crate::units::convert;

const UNIT_CURE: &str =
    "write a unit that protocol/src/units.rs lists for this kind, or use `scale`";

impl Judge<'_, '_> {
    /// The emits of the rule's sets, then its own.
    pub(super) fn emits(&mut self, topics: &[Topic]) -> Vec<Emit> {
        let mut texts: Vec<(String, &EmitText)> = Vec::new();
        for name in self.rule.sets() {
            if let Some(set) = self.text.set.get(name) {
                let of = |(n, emit)| (format!("set.{name}.emit[{n}]"), emit);
                texts.extend(set.emit.iter().enumerate().map(of));
            } else {
                let what = format!("there is no [set.{name}]");
                self.to.wrong("use", what, "name a set of this table");
            }
        }
        let own = |(n, emit)| (format!("emit[{n}]"), emit);
        texts.extend(self.rule.emit.iter().enumerate().map(own));
        if texts.len() > EMITS_MOST {
            let what = format!("{} emits; {EMITS_MOST} are allowed", texts.len());
            self.to.wrong("emit", what, "split the rule");
        }
        let mut emits = Vec::new();
        for (key, text) in texts.iter().take(EMITS_MOST) {
            emits.extend(self.emit(key, text, topics));
        }
        // What is read by its name is what no other emit has read.
        emits.sort_by_key(|emit| matches!(emit.says, Says::Named(_)));
        let shared = |emit: &Emit| {
            let kinds = emits
                .iter()
                .filter(|e| e.at == emit.at && e.field.is_none());
            kinds.clone().any(|e| e.kind != emit.kind)
        };
        // One pointer with several kinds: each kind is a state of its own.
        let named: Vec<bool> = emits.iter().map(shared).collect();
        for (emit, shared) in emits.iter_mut().zip(named) {
            if shared && emit.field.is_none() {
                emit.field = Some(Field::Named(emit.kind.to_owned()));
            }
        }
        emits
    }

    fn emit(&mut self, key: &str, text: &EmitText, topics: &[Topic]) -> Option<Emit> {
        if !text.decode.is_empty() {
            return self.decode(key, text, topics);
        }
        if !text.named.is_empty() {
            return self.named(key, text, topics);
        }
        let before = self.to.list.len();
        if !text.zone.is_empty() {
            let what = "is the zone of a clock that only `decode` reads";
            self.to
                .wrong(&format!("{key}.zone"), what, "write it in `time`");
        }
        let Some(kind) = Kind::named(&text.kind) else {
            let what = format!("`{}` is no kind of the vocabulary", text.kind);
            let cure = "write a kind, such as smoke, contact, temperature or battery_low";
            self.to.wrong(&format!("{key}.kind"), what, cure);
            return None;
        };
        if !text.what.is_empty() && text.what != kind.list() {
            let what = format!("is `{}`; {} is of {}", text.what, kind.word(), kind.list());
            self.to
                .wrong(&format!("{key}.what"), what, "take it out, or correct it");
        }
        let at = self.pointer(&format!("{key}.at"), text.at.as_ref());
        let says = self.says(key, kind, text)?;
        let absent = self.absent(key, kind, text, &says);
        let reading = self.reading(key, kind, &text.reading, (&says, absent.as_ref()));
        let device = self.whose(&format!("{key}.device"), &text.device, topics);
        let detail = self.template(&format!("{key}.detail"), &text.detail, topics);
        let code = self.template(&format!("{key}.code"), &text.code, topics);
        let when = self.when(&text.when, topics);
        let field = self.field(key, kind, text, topics);
        if text.mask == Some(0) || (text.hex && text.mask.is_none()) {
            let what = "asks for no bit of the number";
            let cure = "write the bits that are asked, such as mask = 0x08";
            self.to.wrong(&format!("{key}.mask"), what, cure);
        }
        let star = |p: &Option<Pointer>| p.as_ref().is_some_and(Pointer::has_star);
        let each = self
            .rule
            .each
            .as_deref()
            .is_some_and(|each| each.contains('*'));
        let own = Template::parse(&self.rule.device).unwrap_or_default();
        let own = if device.is_empty() { &own } else { &device };
        let key_named = own.names_key();
        if key_named && !each && !star(&at) {
            let what = "`{key}` is the name that a `*` matched, and there is none";
            let cure = "write `*` in `each` or `at`, or another part";
            self.to.wrong(&format!("{key}.device"), what, cure);
        }
        (self.to.list.len() == before).then(|| Emit {
            key: key.to_owned(),
            name: at
                .as_ref()
                .map_or_else(|| Some(String::new()), Pointer::name),
            at,
            mask: text.mask,
            hex: text.hex,
            when,
            device,
            field,
            kind: kind.word(),
            reading,
            says,
            absent,
            ignore: text.ignore.iter().map(Named::of_scalar).collect(),
            test: text.test,
            detail,
            code,
        })
    }

    /// Another device than the rule's, which `{device}` stands for.
    pub(super) fn whose(&mut self, key: &str, text: &str, topics: &[Topic]) -> Template {
        let text = text.replace("{device}", &self.rule.device);
        self.template(key, &text, topics)
    }

    /// What the state is called that repeats; none: as its pointer.
    fn field(&mut self, key: &str, kind: Kind, text: &EmitText, topics: &[Topic]) -> Option<Field> {
        match (&text.at, text.field.as_str()) {
            (Some(_), "") => None,
            (None, "") => Some(Field::Named(kind.word().to_owned())),
            (_, made) if made.contains('{') => {
                let made = self.template(&format!("{key}.field"), made, topics);
                Some(Field::Made(made))
            }
            (_, named) => Some(Field::Named(named.to_owned())),
        }
    }

    /// What it says where its pointer finds nothing.
    fn absent(&mut self, key: &str, kind: Kind, text: &EmitText, says: &Says) -> Option<What> {
        if text.absent.is_empty() {
            return None;
        }
        let at = format!("{key}.absent");
        if text.at.is_none() || !matches!(says, Says::Words(_) | Says::Several(_)) {
            let what = "is for a pointer to words, and there is none";
            self.to.wrong(&at, what, "name the value's pointer in `at`");
        }
        let cure = "write one of these words";
        self.to.keep(&at, kind.says(&text.absent), cure)
    }

    fn says(&mut self, key: &str, kind: Kind, text: &EmitText) -> Option<Says> {
        if let Some(of) = kind.number() {
            return self
                .number(key, of, text)
                .map(|n| Says::Number(Box::new(n)));
        }
        let numeric = !text.unit.is_empty()
            || text.unit_at.is_some()
            || text.scale.is_some()
            || text.offset.is_some()
            || text.range.is_some()
            || !text.missing.is_empty();
        if text.words && text.values.is_none() {
            let what = "has `words` but no `values`";
            self.to.wrong(key, what, "write what each word says");
        }
        if numeric {
            let what = format!(
                "`{}` says words; it has no unit, scale or range",
                kind.word()
            );
            self.to.wrong(key, what, "take them out");
        }
        match (&text.values, text.says.as_str(), &text.at) {
            (Some(_), says, _) if !says.is_empty() => {
                self.to
                    .wrong(key, "has `says` and `values`", "write one of them");
                None
            }
            (Some(_), _, None) => {
                let what = "has `values` but no `at`";
                self.to.wrong(key, what, "name the value's pointer in `at`");
                None
            }
            (Some(values), _, Some(_)) => {
                if values.len() > ROWS_MOST {
                    let what = format!("{} values; {ROWS_MOST} are allowed", values.len());
                    self.to.wrong(&format!("{key}.values"), what, "use `*`");
                }
                let rows = values.iter().map(|(v, w)| (v.as_str(), w.as_str()));
                let table = self.words(key, kind, rows.collect())?;
                Some(if text.words {
                    Says::Several(table)
                } else {
                    Says::Words(table)
                })
            }
            (None, "", Some(_)) if kind == Kind::named("button")? => Some(Says::Button),
            (None, "", Some(_)) => self.words(key, kind, kind.usual()).map(Says::Words),
            (None, "", None) => {
                if let Some(word) = kind.by_itself() {
                    return self.always(key, kind, word);
                }
                let what = format!("does not say what {} says", kind.word());
                self.to
                    .wrong(&format!("{key}.says"), what, "write `at` or `says`");
                None
            }
            (None, word, _) => self.always(key, kind, word),
        }
    }

    fn always(&mut self, key: &str, kind: Kind, word: &str) -> Option<Says> {
        let says = kind.says(word).map(Says::Always);
        let cure = "write one of these words";
        self.to.keep(&format!("{key}.says"), says, cure)
    }

    fn words(
        &mut self,
        key: &str,
        kind: Kind,
        values: Vec<(&str, &str)>,
    ) -> Option<Table<Option<What>>> {
        let mut rows: Vec<(Named, Option<What>)> = Vec::new();
        for (value, word) in values {
            let says = if word.is_empty() {
                Ok(None)
            } else {
                kind.says(word).map(Some)
            };
            let at = format!("{key}.values");
            let says = self.to.keep(&at, says, "write one of these words")?;
            let named = Named::of(value);
            if rows.iter().any(|(n, w)| *n == named && *w != says) {
                let what = format!("`{value}` stands for two things");
                self.to.wrong(&at, what, "leave one of them");
            }
            rows.push((named, says));
        }
        Some(Table::new(rows))
    }

    fn number(&mut self, key: &str, of: NumberOf, text: &EmitText) -> Option<Number> {
        let before = self.to.list.len();
        if text.at.is_none() {
            self.to
                .wrong(key, "has no `at`", "name the number's pointer in `at`");
        }
        if !text.says.is_empty() || text.values.is_some() {
            let what = "is a number; it has neither `says` nor `values`";
            self.to.wrong(key, what, "take them out");
        }
        if !text.unit.is_empty() {
            let converts = of
                .unit()
                .is_some_and(|to| convert(1.0, &text.unit, to).is_some());
            if !converts {
                let due = of.unit().map_or("no unit at all", |unit| unit.word());
                let what = format!("`{}` does not convert to {due}", text.unit);
                self.to.wrong(&format!("{key}.unit"), what, UNIT_CURE);
            }
        }
        if text.unit_at.is_some() && of.unit().is_none() {
            self.to.wrong(
                &format!("{key}.unit_at"),
                "is a code without a unit",
                "take it out",
            );
        }
        let unit_at = self.pointer(&format!("{key}.unit_at"), text.unit_at.as_ref());
        let (least, most) = of.range();
        // A table may narrow what can be, and not widen it.
        let own = text.range.unwrap_or((least, most));
        let range = (own.0.max(least), own.1.min(most));
        let figures = [
            text.scale.unwrap_or(1.0),
            text.offset.unwrap_or(0.0),
            own.0,
            own.1,
        ];
        let sane = figures.iter().all(|f| f.is_finite()) && text.scale != Some(0.0);
        if !sane || range.0 >= range.1 {
            let what = "a scale of 0, a figure that is none, or a range that ends before it begins";
            self.to.wrong(key, what, "correct the figures");
        }
        let mut rows = Vec::new();
        if !text.missing.is_empty() && !matches!(of, NumberOf::Vital(_)) {
            let what = "only a vital sign says why it has no value";
            self.to
                .wrong(&format!("{key}.missing"), what, "use `ignore`");
        }
        for (value, why) in &text.missing {
            let cure = "write one of these words";
            let why = self.to.keep(&format!("{key}.missing"), missing(why), cure);
            rows.extend(why.map(|why| (Named::of(value), why)));
        }
        for sentinel in &text.ignore {
            if matches!(sentinel, Scalar::Number(n) if !n.is_finite()) {
                self.to
                    .wrong(&format!("{key}.ignore"), "is no number", POINTER_CURE);
            }
        }
        (self.to.list.len() == before).then(|| Number {
            of,
            unit: (!text.unit.is_empty()).then(|| text.unit.clone()),
            unit_at,
            scale: text.scale.unwrap_or(1.0),
            offset: text.offset.unwrap_or(0.0),
            range,
            missing: Table::new(rows),
        })
    }

    /// How it is read: as the table says, else a number is a sample, a button a pulse, a state that can end an edge, and
    /// one that never ends a pulse, because its second time would pass for a repeat of the first.
    pub(super) fn reading(
        &mut self,
        key: &str,
        kind: Kind,
        word: &str,
        (says, absent): (&Says, Option<&What>),
    ) -> Reading {
        let said = self.to.keep(
            &format!("{key}.reading"),
            reading(word),
            "write one of these",
        );
        if let Some(Some(reading)) = said {
            return reading;
        }
        match says {
            Says::Number(_) | Says::Value(_) => Reading::Sample,
            Says::Named(_) => Reading::Edge,
            Says::Button | Says::Always(_) => Reading::Pulse,
            Says::Words(_) | Says::Several(_) if kind.is_press() => Reading::Pulse,
            Says::Words(table) | Says::Several(table) => {
                let whats = table.rows().filter_map(|(_, what)| what.as_ref());
                let mut whats = whats.chain(absent);
                let first = whats.next();
                if whats.any(|what| Some(what) != first) {
                    Reading::Edge
                } else {
                    Reading::Pulse
                }
            }
        }
    }
}
