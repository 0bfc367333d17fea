//! That the documents tell the truth: links lead somewhere, and a promise names the test that keeps it.

use std::path::Path;

use super::tree::{File, root};

/// Links of a Markdown text, without those inside code.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let ends = line.split("](").skip(1);
            found.extend(ends.filter_map(|rest| rest.split([')', ' ']).next()));
        }
    }
    found
}

pub(super) fn dead_links(file: &File) -> Vec<String> {
    if !file.ends("md") {
        return Vec::new();
    }
    let folder = root().join(&file.path);
    let folder = folder.parent().unwrap_or(Path::new("."));
    let elsewhere =
        |link: &&str| link.contains("://") || link.starts_with('#') || link.starts_with("mailto:");
    let mut inside: Vec<_> = links(&file.text);
    inside.retain(|link| !elsewhere(link));
    inside.retain(|link| {
        !folder
            .join(link.split('#').next().unwrap_or_default())
            .exists()
    });
    inside
        .iter()
        .map(|link| format!("{} → {link}", file.path))
        .collect()
}

/// The names in backticks in the tables below a heading that speaks of guarantees.
fn promised(readme: &str) -> Vec<&str> {
    let mut below = false;
    let mut names = Vec::new();
    for line in readme.lines() {
        if line.starts_with('#') {
            below = line.to_lowercase().contains("guarantee");
        } else if below && line.starts_with('|') {
            let quoted = line.split('`').skip(1).step_by(2);
            let names_of_tests = quoted.filter_map(|q| q.rsplit("::").next());
            names.extend(
                names_of_tests
                    .filter(|q| q.matches('_').count() >= 3 && !q.contains(['.', '/', ' '])),
            );
        }
    }
    names
}

pub(super) fn empty_promises(readme: &str, tests: &[String]) -> Vec<String> {
    let names = promised(readme);
    if names.is_empty() {
        return vec![
            "README.md has no table of guarantees (a heading with that word, tests in backticks)"
                .to_owned(),
        ];
    }
    let kept = |name: &&&str| !tests.iter().any(|test| test == **name);
    names
        .iter()
        .filter(kept)
        .map(|name| format!("README.md promises `{name}`"))
        .collect()
}

/// The variables of the environment that tests read, by the words that read them.
fn read_by_tests(file: &File) -> Vec<String> {
    let readers = ["var(\"", "var_os(\"", "from_env(\""];
    let mut names = Vec::new();
    for (_, rest) in readers.iter().flat_map(|r| {
        file.text
            .match_indices(r)
            .map(|(at, r)| file.text.split_at(at + r.len()))
    }) {
        let name = rest.split('"').next().unwrap_or_default();
        if name.starts_with("TECS_") {
            names.push(name.to_owned());
        }
    }
    names
}

pub(super) fn unknown_variables(files: &[File], told: &str) -> Vec<String> {
    let tests = files
        .iter()
        .filter(|f| f.is_rust() && f.path.contains("tests/"));
    let names = tests.flat_map(|f| {
        read_by_tests(f)
            .into_iter()
            .map(move |name| (&f.path, name))
    });
    names
        .filter(|(_, name)| !told.contains(name.as_str()))
        .map(|(path, name)| format!("{path}: {name}"))
        .collect()
}

mod tests {
    use super::super::tree::made_up;
    use super::*;

    #[test]
    fn a_link_to_nowhere_is_named_with_its_document() {
        let text = "[a](Cargo.toml) [b](gone.md#x) [c](https://x.example/y) [d](#below)\n```\n[e](no.md)\n```\n";
        assert_eq!(dead_links(&made_up("x.md", text)), ["x.md → gone.md#x"]);
        assert_eq!(
            dead_links(&made_up("deploy/x.md", "[a](../Cargo.toml)")),
            [""; 0]
        );
        assert_eq!(dead_links(&made_up("x.rs", text)), [""; 0]);
    }

    #[test]
    fn a_guarantee_without_its_test_is_named() {
        let readme = "# A\n| `not_in_the_right_table` |\n## Guarantees\n| what | test |\n|---|---|\n| x | `laws::an_alarm_is_kept`, `it_is_not_there` |\n## B\n| `nor_in_this_one` |\n";
        let tests = ["an_alarm_is_kept".to_owned()];
        assert_eq!(
            empty_promises(readme, &tests),
            ["README.md promises `it_is_not_there`"]
        );
        assert!(empty_promises("# A\n", &tests)[0].contains("no table"));
    }

    #[test]
    fn a_variable_that_is_nowhere_told_is_named() {
        let reader = concat!("let n = var(", "\"TECS_ROUNDS\");");
        let files = [made_up("a/tests/b.rs", reader)];
        assert_eq!(
            unknown_variables(&files, "# TECS_ROUNDS: how often"),
            [""; 0]
        );
        assert_eq!(
            unknown_variables(&files, "# TECS_WORLDS"),
            ["a/tests/b.rs: TECS_ROUNDS"]
        );
    }
}
