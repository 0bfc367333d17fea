//! Who may know whom: asked of cargo's own tree for the crates, and of the sources for the edges inside the gateway.

use std::process::Command;

use serde_json::Value;

use super::tree::{File, root};

/// What the direct dependencies of the pure crates may be, and nothing else.
const ONLY: &[(&str, &[&str])] = &[
    (
        "tecs-protocol",
        &[
            "prost",
            "serde",
            "serde_json",
            "crc",
            "minijinja",
            "minijinja-contrib",
            "regex-lite",
        ],
    ),
    ("gateway-core", &["tecs-protocol"]),
];
/// Whom a crate never depends on, tests included.
const NEVER: &[(&str, &[&str])] = &[
    (
        "tecs-protocol",
        &["gateway-core", "tecs-gateway", "tecs-sim", "tecs-hub"],
    ),
    ("gateway-core", &["tecs-gateway", "tecs-sim", "tecs-hub"]),
    ("tecs-gateway", &["tecs-sim", "tecs-hub"]),
    ("tecs-sim", &["gateway-core", "tecs-gateway", "tecs-hub"]),
    ("tecs-hub", &["gateway-core", "tecs-gateway"]),
];
/// The crate that imports everything and is imported by nobody.
const TESTS: &str = "tecs-tests";
/// What acts on the world, or draws lots.
const ACTING: &[&str] = &[
    "tokio",
    "tonic",
    "hyper",
    "sled",
    "redb",
    "rumqttc",
    "tokio-serial",
    "socket2",
    "rustix",
    "rand",
    "getrandom",
];
/// Words for a clock, a disk, a network, or an order that differs from run to run.
const WORLDLY: &[&str] = &[
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "HashMap",
    "HashSet",
];
/// The edges of the gateway.
const EDGES: &[&str] = &["mqtt", "serial", "journal", "care_hub", "metrics", "admin"];

/// A crate of the workspace and its direct dependencies.
pub(super) struct Crate {
    name: String,
    normal: Vec<String>,
    others: Vec<String>,
}

fn cargo(args: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.args(args).arg("--offline").current_dir(root());
    let told = cargo.output().unwrap();
    let wrong = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "cargo {args:?}: {wrong}");
    String::from_utf8(told.stdout).unwrap()
}

/// The workspace as its manifests describe it.
pub(super) fn workspace() -> Vec<Crate> {
    let told = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let name = |of: &Value| of["name"].as_str().unwrap().to_owned();
    let packages = told["packages"].as_array().unwrap();
    let of = |package: &Value, normal: bool| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|d| d["kind"].is_null() == normal)
            .map(name)
            .collect()
    };
    packages
        .iter()
        .map(|package| Crate {
            name: name(package),
            normal: of(package, true),
            others: of(package, false),
        })
        .collect()
}

pub(super) fn of_crates(workspace: &[Crate]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, _) in ONLY.iter().chain(NEVER) {
        if !workspace.iter().any(|c| c.name == *name) {
            wrong.push(format!("there is no crate {name}: look at this rule again"));
        }
    }
    for Crate {
        name,
        normal,
        others,
    } in workspace
    {
        let listed = |table: &[(&str, &'static [&str])]| {
            let row = table.iter().find(|(who, _)| who == name);
            row.map(|(_, whom)| *whom)
        };
        let strangers =
            listed(ONLY).map(|only| normal.iter().filter(|d| !only.contains(&d.as_str())));
        let never = listed(NEVER).unwrap_or_default();
        let barred =
            (normal.iter().chain(others)).filter(|d| never.contains(&d.as_str()) || *d == TESTS);
        let all: std::collections::BTreeSet<_> =
            strangers.into_iter().flatten().chain(barred).collect();
        wrong.extend(all.iter().map(|whom| format!("{name} → {whom}")));
    }
    wrong
}

pub(super) fn of_trees() -> Vec<String> {
    let trees = ONLY.iter().map(|(name, _)| {
        let args = [
            "tree", "-e", "normal", "--prefix", "none", "--format", "{lib}", "-p", name,
        ];
        (*name, cargo(&args))
    });
    trees.flat_map(|(name, tree)| acting(name, &tree)).collect()
}

/// What acts among the libraries of a tree, one a line, with `_` where the crate's name may have `-`.
fn acting(name: &str, tree: &str) -> Vec<String> {
    let is = |line: &str, acting: &str| line.trim() == acting.replace('-', "_");
    let found = |acting: &&&str| tree.lines().any(|line| is(line, acting));
    ACTING
        .iter()
        .filter(found)
        .map(|a| format!("{name} → … → {a}"))
        .collect()
}

/// What is run, without comments and without the tests, at the end or in a file `tests.rs` of their own.
fn code(file: &File) -> String {
    if file.path.ends_with("/tests.rs") {
        return String::new();
    }
    let text = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text
        .lines()
        .map(|l| l.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn of_pure_room(file: &File) -> Vec<String> {
    let code = code(file);
    let words = |text: &str, word: &str| {
        text.match_indices(word).any(|(at, _)| {
            let part = |c: char| c.is_alphanumeric() || c == '_';
            !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part)
        })
    };
    let said = WORLDLY.iter().filter(|word| words(&code, word));
    said.map(|word| format!("{}: {word}", file.path)).collect()
}

/// The edges that are there.
pub(super) fn edges(files: &[File]) -> Vec<&'static str> {
    let here = |edge: &&&str| files.iter().any(|f| belongs(f, edge));
    EDGES.iter().filter(here).copied().collect()
}

fn belongs(file: &File, edge: &str) -> bool {
    let room = file.path.strip_prefix("gateway/src/").unwrap_or_default();
    room == format!("{edge}.rs") || room.starts_with(&format!("{edge}/"))
}

pub(super) fn of_edges(files: &[File], edges: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for edge in edges {
        for file in files.iter().filter(|f| belongs(f, edge)) {
            let others = rooms_used(&code(file)).into_iter();
            let others = others.filter(|room| room != edge && edges.contains(&room.as_str()));
            wrong.extend(others.map(|other| format!("{}: crate::{other}", file.path)));
        }
    }
    wrong
}

/// What stands after each `crate::`, in braces too.
fn rooms_used(code: &str) -> Vec<String> {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let mut rooms = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.push(word(rest));
            continue;
        };
        let mut depth = 0_i32;
        rooms.push(word(group.trim_start()));
        for (here, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => rooms.push(word(group[here + 1..].trim_start())),
                _ => {}
            }
        }
    }
    rooms
}

mod tests {
    use super::super::tree::made_up;
    use super::*;

    fn small(name: &str, normal: &[&str], others: &[&str]) -> Crate {
        let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Crate {
            name: name.to_owned(),
            normal: own(normal),
            others: own(others),
        }
    }

    #[test]
    fn a_crate_that_knows_too_much_is_named_with_whom() {
        let mut workspace: Vec<_> = NEVER
            .iter()
            .map(|(name, _)| small(name, &[], &[]))
            .collect();
        assert_eq!(of_crates(&workspace), Vec::<String>::new());
        workspace.push(small("tecs-protocol", &["serde", "tokio"], &["proptest"]));
        workspace.push(small(
            "tecs-hub",
            &["tokio"],
            &["tecs-gateway", "tecs-tests"],
        ));
        assert_eq!(
            of_crates(&workspace),
            [
                "tecs-protocol → tokio",
                "tecs-hub → tecs-gateway",
                "tecs-hub → tecs-tests"
            ]
        );
        assert!(of_crates(&workspace[1..2])[0].starts_with("there is no crate"));
    }

    #[test]
    fn a_library_that_acts_is_found_anywhere_in_a_tree() {
        assert_eq!(acting("x", "serde\nprost\n"), Vec::<String>::new());
        assert_eq!(
            acting("x", "serde\ntokio_serial\n"),
            ["x → … → tokio-serial"]
        );
    }

    #[test]
    fn a_clock_in_a_pure_room_is_found_but_not_one_in_a_comment_or_test() {
        let room = |text| of_pure_room(&made_up("p.rs", text));
        assert_eq!(room("let a = Instant::now();"), ["p.rs: Instant"]);
        assert_eq!(room("struct InstantCoffee; // Instant"), [""; 0]);
        assert_eq!(room("#[cfg(test)]\nmod tests { use std::fs; }"), [""; 0]);
        let tests = made_up("p/tests.rs", "use std::time::Instant;");
        assert_eq!(of_pure_room(&tests), [""; 0]);
    }

    #[test]
    fn an_edge_that_uses_another_is_found_however_it_is_written() {
        let edge = |text| of_edges(&[made_up("gateway/src/mqtt/mod.rs", text)], EDGES);
        assert_eq!(edge("use crate::mqtt::words; use crate::clock;"), [""; 0]);
        let one = "gateway/src/mqtt/mod.rs: crate::journal";
        assert_eq!(edge("fn f(x: crate::journal::Store) {}"), [one]);
        assert_eq!(
            edge("use crate::{\n clock::{self, Clock},\n journal::Store,\n};"),
            [one]
        );
        assert_eq!(edge("// crate::journal says"), [""; 0]);
    }
}
