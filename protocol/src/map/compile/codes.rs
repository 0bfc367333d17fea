//! Code tables, judged: every code once, every meaning a word of the vocabulary.

use std::collections::BTreeMap;

use super::kinds::Kind;
use super::{Judge, POINTER_CURE, TEMPLATE_CURE};
use crate::map::CODES_MOST;
use crate::map::codes::{CodeIs, Codes, Known, Row, hex};
use crate::map::emit::Says;
use crate::map::pointer::Pointer;
use crate::map::template::is_name;
use crate::map::text::Code;
use crate::map::topic::Topic;
use crate::map::value::{Named, Table};

impl Judge<'_, '_> {
    /// The codes that the rule looks up.
    pub(super) fn codes(&mut self, topics: &[Topic]) -> Option<Codes> {
        let text = self.rule.code.as_ref()?;
        let at = if text.at.contains('{') {
            CodeIs::Made(self.template("code.at", &text.at, topics))
        } else {
            let read = Pointer::parse(&text.at);
            CodeIs::At(self.to.keep("code.at", read, POINTER_CURE)?)
        };
        let in_hex = match text.form.as_str() {
            "" | "text" => false,
            "hex" => true,
            other => {
                let what = format!("is `{other}`; allowed are text, hex");
                self.to.wrong("code.as", what, "write one of these words");
                false
            }
        };
        if text.table.all().is_empty() {
            let cure = "name the [codes.NAME] that is asked";
            self.to.wrong("code.table", "is missing", cure);
        }
        let mut numbers = BTreeMap::new();
        let mut rows = Vec::new();
        for name in text.table.all() {
            // A preset asks a table that the installer may not have written.
            for (code, meaning) in self.text.codes.get(name).into_iter().flatten() {
                let key = format!("codes.{name}.{code}");
                let Some(row) = self.row(&key, meaning) else {
                    continue;
                };
                if !in_hex {
                    rows.push((Named::of(code), row));
                    continue;
                }
                let number = hex(code).ok_or_else(|| format!("`{code}` is not hexadecimal"));
                let Some(number) = self.to.keep(&key, number, "write hexadecimal digits") else {
                    continue;
                };
                if numbers.insert(number, row).is_some() {
                    let what = format!("`{code}` is there twice");
                    self.to.wrong(&key, what, "leave one of them");
                }
            }
        }
        if rows.len() + numbers.len() > CODES_MOST {
            let what = format!("more than {CODES_MOST} codes");
            self.to
                .wrong("code.table", what, "leave out what no device sends");
        }
        Some(Codes {
            at,
            known: if in_hex {
                Known::Hex(numbers)
            } else {
                Known::Text(Table::new(rows))
            },
            untaught: text.untaught,
            tables: text.table.all().to_vec(),
        })
    }

    fn row(&mut self, key: &str, code: &Code) -> Option<Row> {
        let Some(kind) = Kind::named(&code.kind) else {
            let what = format!("`{}` is no kind of the vocabulary", code.kind);
            let cure = "write a kind, such as help, motion or contact";
            self.to.wrong(&format!("{key}.kind"), what, cure);
            return None;
        };
        if !code.what.is_empty() && code.what != kind.list() {
            let what = format!("is `{}`; {} is of {}", code.what, kind.word(), kind.list());
            self.to
                .wrong(&format!("{key}.what"), what, "take it out, or correct it");
        }
        if !is_name(&code.device) {
            let what = "is no name of a device";
            self.to.wrong(&format!("{key}.device"), what, TEMPLATE_CURE);
        }
        let word = match code.says.as_str() {
            "" => kind.by_itself().unwrap_or_default(),
            word => word,
        };
        let says = kind.says(word);
        let what = self
            .to
            .keep(&format!("{key}.says"), says, "write one of these words")?;
        let says = Says::Always(what.clone());
        let reading = self.reading(key, kind, &code.reading, (&says, None));
        let field = match code.field.as_str() {
            "" => kind.word(),
            named => named,
        };
        Some(Row {
            device: code.device.clone(),
            model: code.model.clone(),
            field: field.to_owned(),
            reading,
            what,
            test: code.test,
        })
    }
}
