//! The tables of sources that are read by one: the presets that are built in, the files of installers, and where in them a
//! fault stands. What a table means is `tecs_protocol::map`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tecs_protocol::family::{Family, Way};
use tecs_protocol::map::{Finding, Map, MapText};
use toml::de::DeTable;

use super::ReachedBy;
use super::fault::{Fault, Place, Stage};
use super::text::Places;
use super::values::Judge;

/// The largest file of a table, bytes; the largest preset has 30 KiB.
const FILE_LARGEST: u64 = 1 << 20;

/// A preset: its family, the file's name, its text.
macro_rules! preset {
    ($family:ident, $name:literal) => {
        (
            Family::$family,
            concat!("presets/", $name, ".toml"),
            include_str!(concat!("../../presets/", $name, ".toml")),
        )
    };
}

/// The presets that are built in.
const PRESETS: &[(Family, &str, &str)] = &[
    preset!(Tasmota, "tasmota"),
    preset!(Rtl433, "rtl_433"),
    preset!(Shelly, "shelly"),
    preset!(Theengs, "theengs"),
    preset!(ChirpStack, "chirpstack"),
    preset!(WmBus, "wmbus"),
    preset!(WiSafe2Serial, "wisafe2_serial"),
    preset!(EspHome, "esphome"),
];

/// The tables beside the code of a family that hears radio codes: which codes it asks the installer for.
const CODES: &[(Family, &str, &str)] = &[preset!(RfxTrx, "codes/rfxtrx")];

/// What a source says of its table.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the source speaks.
    pub family: Family,
    /// The installer's own table; of a family with a preset it is tried before that.
    pub file: Option<&'a Path>,
    /// What `{base}` stands for; empty for the table's own.
    pub base: &'a str,
    /// The source is a line, not a broker.
    pub line: bool,
}

/// A table that reads, with what deserves to be known of it.
#[derive(Debug)]
pub struct Table {
    /// The table.
    pub map: Arc<Map>,
    /// Findings of the stage `advice`.
    pub advice: Vec<Fault>,
}

/// Text with its places, as it was read.
struct Text {
    map: MapText,
    places: Places,
}

/// The table of a source, or everything that is wrong with it.
pub fn table(asked: Asked<'_>) -> Result<Table, Vec<Fault>> {
    let preset = built_in().find(|(family, ..)| *family == asked.family);
    let preset = preset
        .map(|(_, name, text)| read(Path::new(name), text))
        .transpose()?;
    let own = asked.file.map(load).transpose()?;
    let own_rules = own.as_ref().map_or(0, |text| text.map.rule.len());
    let texts: Vec<&Text> = own.iter().chain(&preset).collect();
    let mut whole = match (&own, &preset) {
        (Some(own), Some(preset)) => own.map.clone().before(preset.map.clone()),
        (Some(text), None) | (None, Some(text)) => text.map.clone(),
        (None, None) => MapText::default(),
    };
    if !asked.base.is_empty() {
        asked.base.trim_matches('/').clone_into(&mut whole.map.base);
    }
    let by_line = asked.line && preset.is_some();
    let whole = if by_line { whole.as_lines() } else { whole };
    let place = |finding: &Finding| fault(finding, &texts, own_rules, by_line);
    let map = Map::compile(whole).map_err(|found| found.iter().map(place).collect::<Vec<_>>())?;
    // What a preset has is tested where it is built; the installer hears of their own.
    let advice = match own {
        Some(_) => map.lint().iter().map(place).collect(),
        None => Vec::new(),
    };
    Ok(Table {
        map: Arc::new(map),
        advice,
    })
}

/// The table of a family with a preset, as it is built in.
pub fn preset(family: Family) -> Option<Arc<Map>> {
    let asked = Asked {
        family,
        file: None,
        base: "",
        line: false,
    };
    let is_there = built_in().any(|(of, ..)| *of == family);
    is_there.then(|| table(asked).ok().map(|t| t.map)).flatten()
}

/// Every table that is built in.
fn built_in() -> impl Iterator<Item = &'static (Family, &'static str, &'static str)> {
    PRESETS.iter().chain(CODES)
}

/// The families that have a preset.
pub fn presets() -> impl Iterator<Item = Family> {
    PRESETS.iter().map(|(family, ..)| *family)
}

impl Judge<'_> {
    /// The table of a family that is read by one, and nothing for the others.
    pub(super) fn table(
        &mut self,
        at: &str,
        family: Family,
        file: Option<&Path>,
        base: &str,
        reached_by: &ReachedBy,
    ) -> Option<Arc<Map>> {
        let key = format!("{at}.map");
        match (family.is_table() || family.has_codes(), file) {
            (false, Some(_)) => {
                let what = format!("`{family}` is not read by a table");
                self.wrong(&key, what, "take it out, or write speaks = \"map\"");
                return None;
            }
            (true, None) if family == Family::Map => {
                let what = "is missing: `map` is read by the table that this file names";
                self.wrong(&key, what, "name a table as gateway/docs/map.md shows it");
                return None;
            }
            (false, None) => return None,
            (true, _) => {}
        }
        let line = matches!(reached_by, ReachedBy::Serial(_));
        let asked = Asked {
            family,
            file,
            base,
            line,
        };
        let table = match table(asked) {
            Ok(table) => table,
            Err(faults) => {
                self.faults.extend(faults);
                return None;
            }
        };
        if (table.map.way() == Way::Line) != line {
            let what = "the table reads lines and the source is a broker, or the other way round";
            let cure = "correct `source` in the table's [map], or write the other of [source.mqtt] and [source.serial]";
            self.wrong(&key, what, cure);
        }
        self.tables.extend(table.advice);
        Some(table.map)
    }
}

fn load(file: &Path) -> Result<Text, Vec<Fault>> {
    let unreadable = |what: String| {
        vec![Fault {
            stage: Stage::Files,
            place: Place::File {
                path: file.to_owned(),
                line: None,
            },
            key: String::new(),
            what,
            cure: "name a table as gateway/docs/map.md shows it, readable by the daemon's user"
                .to_owned(),
            open_secret: false,
        }]
    };
    let size = std::fs::metadata(file).map_err(|e| unreadable(format!("cannot be read: {e}")))?;
    if size.len() > FILE_LARGEST {
        let what = format!("{} bytes; {FILE_LARGEST} are allowed", size.len());
        return Err(unreadable(what));
    }
    let text = std::fs::read_to_string(file)
        .map_err(|e| unreadable(format!("cannot be read as text: {e}")))?;
    read(file, &text)
}

fn read(file: &Path, text: &str) -> Result<Text, Vec<Fault>> {
    let mut places = Places::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut faults: Vec<_> = errors.iter().map(|e| places.syntax(e)).collect();
        faults.dedup_by(|after, before| after.place == before.place);
        return Err(faults);
    }
    let mut root = root.into_inner();
    places.index(&root);
    let mut map = MapText::default();
    let mut faults = Vec::new();
    let mut keep = |read: Result<(), Fault>| faults.extend(read.err());
    keep(take(&mut root, &places, "map", &mut map.map));
    keep(take(&mut root, &places, "default", &mut map.default));
    keep(take(&mut root, &places, "set", &mut map.set));
    keep(take(&mut root, &places, "codes", &mut map.codes));
    keep(take(&mut root, &places, "tlv", &mut map.tlv));
    for (n, rule) in rules(&mut root).into_iter().enumerate() {
        match places.read(&format!("rule[{n}]"), rule) {
            Ok(rule) => map.rule.push(rule),
            Err(fault) => faults.push(fault),
        }
    }
    for name in root.keys().map(toml::Spanned::get_ref) {
        let what = "unknown section; allowed are map, default, set, codes, tlv and [[rule]]";
        let cure = "correct its spelling or take it out";
        faults.push(places.fault(Stage::Keys, name, what, cure));
    }
    if faults.is_empty() {
        Ok(Text { map, places })
    } else {
        Err(faults)
    }
}

fn take<T: serde::de::DeserializeOwned>(
    root: &mut DeTable<'_>,
    places: &Places,
    name: &str,
    into: &mut T,
) -> Result<(), Fault> {
    if let Some(value) = root.remove(name) {
        *into = places.read(name, value)?;
    }
    Ok(())
}

/// The tables of `[[rule]]`; whatever else stands there is left, and named as an unknown section.
fn rules<'t>(root: &mut DeTable<'t>) -> Vec<toml::Spanned<toml::de::DeValue<'t>>> {
    let is_list = |value: &toml::Spanned<toml::de::DeValue<'_>>| {
        matches!(value.get_ref(), toml::de::DeValue::Array(_))
    };
    if !root.get("rule").is_some_and(is_list) {
        return Vec::new();
    }
    match root.remove("rule").map(toml::Spanned::into_inner) {
        Some(toml::de::DeValue::Array(rules)) => rules.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A finding where it stands: in the installer's file, or in the preset that follows it.
fn fault(finding: &Finding, texts: &[&Text], own_rules: usize, by_line: bool) -> Fault {
    let number = finding
        .key
        .strip_prefix("rule[")
        .and_then(|rest| rest.split_once(']'))
        .and_then(|(n, rest)| Some((n.parse::<usize>().ok()?, rest)));
    let (text, key) = match number {
        Some((n, rest)) if n >= own_rules && texts.len() > 1 && !by_line => {
            (texts.last(), format!("rule[{}]{rest}", n - own_rules))
        }
        _ => (texts.first(), finding.key.clone()),
    };
    let stage = if finding.error {
        Stage::Values
    } else {
        Stage::Advice
    };
    let what = match finding.rule.as_str() {
        "" => finding.what.clone(),
        rule => format!("rule `{rule}`: {}", finding.what),
    };
    let place = text.map_or(
        Place::File {
            path: PathBuf::new(),
            line: None,
        },
        |text| text.places.of(&key),
    );
    Fault {
        stage,
        place,
        key,
        what,
        cure: finding.cure.clone(),
        open_secret: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Table, Vec<Fault>> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.toml");
        std::fs::write(&file, text).unwrap();
        table(Asked {
            family: Family::Map,
            file: Some(&file),
            base: "",
            line: false,
        })
    }

    #[test]
    fn every_preset_reads_and_has_nothing_to_be_known() {
        for family in presets() {
            let asked = Asked {
                family,
                file: None,
                base: "",
                line: false,
            };
            let table = table(asked).unwrap_or_else(|faults| panic!("{family}: {faults:#?}"));
            assert_eq!(table.map.lint(), [], "{family}");
            assert_eq!(table.map.name(), family.word());
        }
        let line = table(Asked {
            family: Family::Rtl433,
            file: None,
            base: "",
            line: true,
        });
        line.unwrap();
    }

    #[test]
    fn a_fault_is_named_by_file_line_rule_and_cure() {
        let text = "[[rule]]\nname = \"a\"\ntopic = \"x/{gw}\"\ndevice = \"{gw}\"\nemit = [\n  { kind = \"temperature\", at = \"/t\", unit = \"furlong\" },\n]\n";
        let faults = of(text).unwrap_err();
        assert_eq!(faults.len(), 1);
        let said = faults[0].to_string();
        for part in [
            "map.toml:6",
            "emit[0].unit",
            "rule `a`",
            "`furlong` does not convert to Cel",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn what_toml_or_serde_refuses_is_named_by_its_line() {
        for (text, words) in [
            ("[[rule]\n", "not TOML"),
            ("[[rule]]\nnam = 1\n", "unknown key"),
            ("[rule]\nname = \"a\"\n", "unknown section"),
            ("[sets]\n", "unknown section"),
            ("", "there is no rule"),
        ] {
            let faults = of(text).unwrap_err();
            assert!(faults[0].to_string().contains(words), "{text}: {faults:?}");
        }
    }

    #[test]
    fn an_installers_rules_come_before_the_presets_and_their_codes_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        std::fs::write(
            &file,
            "[codes.tasmota]\nD2C71E = { device = \"hall-pir\", kind = \"motion\" }\n",
        )
        .unwrap();
        let table = table(Asked {
            family: Family::Tasmota,
            file: Some(&file),
            base: "house/tele",
            line: false,
        })
        .unwrap();
        assert_eq!(table.advice, []);
        // The base has two levels, its device one: a filter without a prefix brings it as well.
        assert!(table.map.filters().contains(&"+/+/+/LWT".to_owned()));
    }
}
