//! The map: sensors that somebody's software already bridges to JSON are read by a table, not by code. A table is a list
//! of rules; the first that fits a message says what it means. Pure: the table comes in as plain types (whoever reads
//! TOML fills them), time is an argument. It knows no maker and guesses nothing that the table does not say.
//!
//! ```text
//! MapText ─compile► Map ─lint► Findings        text, merge, value, pointer, topic, template, compile, emit, codes; lint
//! message ─► rule ─unpack► scopes ─► emits ─► Signals ─dedupe► Message  read, unpack, unmapped, dedupe; dialect, lines
//! ```
//!
//! The language is explained for installers in `gateway/docs/map.md`.

mod codes;
mod compile;
mod decode;
mod dedupe;
mod dialect;
mod emit;
mod finding;
mod lines;
mod lint;
mod merge;
mod pointer;
mod read;
mod rule;
mod template;
mod text;
mod time;
mod topic;
mod tree;
mod unmapped;
mod unpack;
mod value;
mod words;

pub use dialect::MapDialect;
pub use finding::Finding;
pub use lines::MapLines;
pub use text::{
    AnyOf, Code, CodeAt, CodesText, Condition, DedupeText, Defaults, EmitText, Header, MapText,
    PartText, RuleText, Scalar, SetText, Texts, TimeText, TlvText, Trial, UnpackText,
};

use crate::family::Way;

/// The most rules of one map.
pub const RULES_MOST: usize = 256;
/// The most emits of one rule, those of its sets included.
pub const EMITS_MOST: usize = 64;
/// The most rows of one value table, conditions of a rule, or alternatives of a list.
pub const ROWS_MOST: usize = 256;
/// The most codes of one code table.
pub const CODES_MOST: usize = 4096;
/// The most steps of one pointer.
pub const STEPS_MOST: usize = 16;
/// The most signals of one message; what is beyond is refused by name.
pub const SIGNALS_MOST: usize = 256;
/// The most fields named as unmapped for one message.
pub const UNMAPPED_MOST: usize = 16;
/// The most unknown radio codes that are told as devices, each source; the rest is counted.
pub const UNTAUGHT_MOST: usize = 32;
/// The most words remembered to tell a repeated one from a new one.
pub const FRAMES_MOST: usize = 1024;

/// A table that can read: every pointer parsed, every word of the vocabulary known, every unit convertible.
#[derive(Debug, PartialEq)]
pub struct Map {
    text: MapText,
    name: String,
    way: Way,
    base: String,
    rules: Vec<rule::Rule>,
}

// Every number of a table is finite: `compile` refuses the others.
impl Eq for Map {}

impl Map {
    /// A table that reads, or everything that is wrong with it.
    pub fn compile(text: MapText) -> Result<Self, Vec<Finding>> {
        compile::compile(text)
    }

    /// What deserves to be known although the table reads: rules that can never fit, rules that fight, pointers whose
    /// target may move, code tables that nobody asks.
    pub fn lint(&self) -> Vec<Finding> {
        lint::lint(self)
    }

    /// The text that it was made from: a recording carries it.
    pub const fn text(&self) -> &MapText {
        &self.text
    }

    /// Its name in findings and counters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its messages reach the gateway: publishes of a broker, or lines of text.
    pub const fn way(&self) -> Way {
        self.way
    }

    /// The tables of radio codes that its rules ask, in their order; the installer may not have written them.
    pub fn code_tables(&self) -> impl Iterator<Item = &str> {
        let asked = self.rules.iter().filter_map(|rule| rule.codes.as_ref());
        asked.flat_map(|codes| codes.tables.iter().map(String::as_str))
    }

    /// The names of its rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }
}
