//! What every source file owes its reader.

use super::tree::File;

/// The most lines of a file that nobody asks about.
const LINES: usize = 400;
/// The longer ones, each with its reason. Take a file out once it is shorter.
pub(super) const LONG: &[(&str, &str)] = &[
    (
        "protocol/src/event.rs",
        "what an event may say, and its one encoding",
    ),
    (
        "protocol/src/vocabulary.rs",
        "closed lists of words; there is nothing to follow",
    ),
    (
        "protocol/tests/enocean.rs",
        "every profile, and each way to garble a packet",
    ),
    (
        "protocol/tests/espa444.rs",
        "a line's talk, turn by turn, and every dialect of it",
    ),
    (
        "protocol/tests/gatt.rs",
        "every characteristic, unit and doubt, capture by capture",
    ),
    (
        "protocol/tests/ha_discovery.rs",
        "a home's announcements, kind by kind and fault by fault",
    ),
    (
        "protocol/tests/homie.rs",
        "tables of properties, certain and not",
    ),
    ("protocol/tests/jsonl.rs", "tables of lines, good and bad"),
    (
        "protocol/tests/modbus.rs",
        "a line's rounds, and every way a register may stand",
    ),
    (
        "protocol/tests/nonin.rs",
        "the reference's vectors, and each way to garble a frame",
    ),
    (
        "protocol/tests/rfxtrx.rs",
        "tables of statuses and subtypes, and a line that loses its place",
    ),
    (
        "protocol/tests/zigbee2mqtt.rs",
        "a home's words, fault by fault",
    ),
    (
        "tests/src/world.rs",
        "one world: everything that happens in it is carried out here",
    ),
];
/// What is not finished; put together here, so that this file does not name itself.
const UNDONE: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("#[ign", "ore]"),
];
/// Paths and words of the machines that this was built on.
const FOREIGN: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!(".lib", "rary"),
    concat!("/root", "/."),
    concat!("sub", "agent"),
    concat!("helper ses", "sion"),
];

fn lines(file: &File) -> impl Iterator<Item = (String, &str)> {
    let numbered = file.text.lines().enumerate();
    numbered.map(|(n, line)| (format!("{}:{}", file.path, n + 1), line))
}

pub(super) fn unopened(file: &File) -> Vec<String> {
    let opened = file.text.starts_with("//! ");
    if opened {
        Vec::new()
    } else {
        vec![file.path.clone()]
    }
}

fn said(file: &File, words: &[&str]) -> Vec<String> {
    let guilty = lines(file).filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    guilty
        .map(|(at, line)| format!("{at}: {}", line.trim()))
        .collect()
}

pub(super) fn undone(file: &File) -> Vec<String> {
    let sources = ["rs", "sh", "toml", "proto", "js"];
    if sources.iter().any(|e| file.ends(e)) {
        said(file, UNDONE)
    } else {
        Vec::new()
    }
}

pub(super) fn foreign(file: &File) -> Vec<String> {
    if file.path == "Cargo.lock" {
        Vec::new()
    } else {
        said(file, FOREIGN)
    }
}

pub(super) fn silenced(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut before = "";
    let mut all = lines(file);
    while let Some((at, line)) = all.next() {
        let here = line.trim_start();
        if ["#[allow(", "#![allow(", "#[expect(", "#![expect("]
            .iter()
            .any(|a| here.starts_with(a))
        {
            let mut attribute = here.to_owned();
            while !attribute.contains(")]") {
                let Some((_, more)) = all.next() else { break };
                attribute.push_str(more);
            }
            let told = attribute.contains("reason =")
                || attribute.contains("//")
                || before.starts_with("//");
            if !told {
                wrong.push(format!("{at}: {attribute}"));
            }
        }
        before = here;
    }
    wrong
}

/// The names of the functions under a test attribute, with their places.
fn named_tests(file: &File) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut is_test = false;
    for (at, line) in lines(file) {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = function(line)
            && std::mem::take(&mut is_test)
        {
            found.push((at, name));
        }
    }
    found
}

/// The name of the function that begins on this line.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let words = ["pub", "async", "const", "unsafe", "extern", "\"C\""];
    let qualified = before
        .split_whitespace()
        .all(|w| words.contains(&w) || w.starts_with("pub("));
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (qualified && end > 0).then(|| &after[..end])
}

pub(super) fn tests_of(file: &File) -> Vec<String> {
    if !file.is_rust() {
        return Vec::new();
    }
    named_tests(file)
        .into_iter()
        .map(|(_, name)| name.to_owned())
        .collect()
}

pub(super) fn mumbling(file: &File) -> Vec<String> {
    let words = |name: &str| name.split('_').filter(|w| !w.is_empty()).count();
    let short = named_tests(file)
        .into_iter()
        .filter(|(_, name)| words(name) < 4);
    short.map(|(at, name)| format!("{at}: {name}")).collect()
}

pub(super) fn too_long(files: &[File], listed: &[(&str, &str)]) -> Vec<String> {
    let length = |path: &str| {
        files
            .iter()
            .find(|f| f.path == path)
            .map(|f| f.text.lines().count())
    };
    let unlisted = files.iter().filter(|f| {
        let listed = listed.iter().any(|(path, _)| *path == f.path);
        f.text.lines().count() > LINES && !listed
    });
    let unlisted = unlisted.map(|f| format!("{}: {} lines", f.path, f.text.lines().count()));
    let idle = listed
        .iter()
        .filter(|(path, _)| length(path).is_none_or(|lines| lines <= LINES));
    let idle = idle.map(|(path, _)| format!("{path} is listed and needs not be"));
    unlisted.chain(idle).collect()
}

/// Each function with its lines, by the layout that rustfmt gives: it ends at a `}` under its first letter.
fn functions(file: &File) -> Vec<(usize, String)> {
    let all: Vec<_> = file.text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in all.iter().enumerate() {
        let Some(name) = function(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let ends = |l: &&str| {
            **l == end
                || (l.starts_with(indent)
                    && l.ends_with(';')
                    && !l.starts_with(&format!("{indent} ")))
        };
        if let Some(length) = all[start..].iter().position(ends) {
            found.push((length + 1, format!("{}:{} {name}", file.path, start + 1)));
        }
    }
    found
}

/// Ten of each, so that somebody asks why.
pub(super) fn print_the_longest(files: &[File]) {
    let whole = files
        .iter()
        .map(|f| (f.text.lines().count(), f.path.clone()));
    let functions = files.iter().flat_map(functions);
    for (what, mut all) in [
        ("files", whole.collect::<Vec<_>>()),
        ("functions", functions.collect()),
    ] {
        all.sort_by(|a, b| b.cmp(a));
        println!("the longest {what}:");
        for (lines, which) in all.iter().take(10) {
            println!("{lines:>6} {which}");
        }
    }
}

mod tests {
    use super::super::tree::made_up;
    use super::*;

    fn rust(text: &str) -> File {
        made_up("a.rs", text)
    }

    #[test]
    fn a_file_without_an_opening_is_named() {
        assert_eq!(unopened(&rust("use std::fs;")), ["a.rs"]);
        assert_eq!(unopened(&rust("//! Reads.\n")), [""; 0]);
    }

    #[test]
    fn every_unfinished_thing_is_found_with_its_line() {
        for mark in UNDONE {
            let found = undone(&rust(&format!("fn f() {{\n  {mark}\n}}")));
            assert_eq!(found, [format!("a.rs:2: {mark}")]);
        }
        let excused = concat!("#[ign", "ore = \"needs root\"]");
        assert_eq!(undone(&rust(excused)), [""; 0]);
    }

    #[test]
    fn every_word_of_another_workplace_is_found() {
        for word in FOREIGN {
            assert_eq!(
                foreign(&made_up("x.md", &format!("see {word}x"))).len(),
                1,
                "{word}"
            );
        }
    }

    #[test]
    fn a_silenced_lint_without_a_reason_is_named() {
        assert_eq!(
            silenced(&rust("#[allow(dead_code)]\nfn f() {}")),
            ["a.rs:1: #[allow(dead_code)]"]
        );
        assert_eq!(silenced(&rust("#![allow(\n    dead_code\n)]")).len(), 1);
        assert_eq!(
            silenced(&rust("#[allow(dead_code, reason = \"x\")]")),
            [""; 0]
        );
        assert_eq!(
            silenced(&rust("#[allow(\n dead_code,\n reason = \"x\"\n)]")),
            [""; 0]
        );
        assert_eq!(
            silenced(&rust(
                "// The table is read by people.\n#[allow(dead_code)]"
            )),
            [""; 0]
        );
    }

    #[test]
    fn a_test_that_mumbles_is_named_and_a_sentence_is_not() {
        let text = "#[test]\nfn outbox_3() {}\n#[tokio::test(start_paused = true)]\n#[cfg(unix)]\nasync fn telemetry_waits_for_the_disk() {}\nfn helper() {}";
        assert_eq!(mumbling(&rust(text)), ["a.rs:2: outbox_3"]);
        assert_eq!(
            tests_of(&rust(text)),
            ["outbox_3", "telemetry_waits_for_the_disk"]
        );
    }

    #[test]
    fn a_long_file_is_named_unless_listed_and_a_short_one_must_not_be_listed() {
        let long = made_up("long.rs", &"x\n".repeat(LINES + 1));
        let short = made_up("short.rs", &"x\n".repeat(LINES));
        let files = [long, short];
        assert_eq!(too_long(&files, &[]), ["long.rs: 401 lines"]);
        assert_eq!(too_long(&files, &[("long.rs", "a table")]), [""; 0]);
        let both = [("long.rs", "a table"), ("short.rs", "no")];
        assert_eq!(
            too_long(&files, &both),
            ["short.rs is listed and needs not be"]
        );
    }

    #[test]
    fn a_function_is_as_long_as_its_own_lines() {
        let text = "impl A {\n    pub(crate) async fn f(\n        a: u8,\n    ) {\n        if a {\n        }\n    }\n}\ntrait B {\n    fn g(&self);\n}\n";
        let found = functions(&rust(text));
        assert_eq!(
            found,
            [(6, "a.rs:2 f".to_owned()), (1, "a.rs:10 g".to_owned())]
        );
    }
}
