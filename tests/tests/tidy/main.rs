//! The house rules, checked on the sources themselves: who may know whom, what every file owes its reader, and that the
//! documents tell the truth. Each rule is a function over texts, shown to fail on a small bad example; `cargo test
//! -p tecs-tests --test tidy -- --nocapture` also prints the longest files and functions. It mends nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test, which prints what it found"
)]

mod directions;
mod documents;
mod fuzzed;
mod sources;
mod tree;

use tree::{File, files, rust_files};

/// Fails with everything that is wrong, and with what to do about it.
fn none(complaints: &[String], cure: &str) {
    assert!(
        complaints.is_empty(),
        "{cure}\n  {}",
        complaints.join("\n  ")
    );
}

/// What a rule says of each file.
fn of_each(files: &[File], rule: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    files.iter().flat_map(rule).collect()
}

#[test]
fn the_crates_know_only_whom_they_may_know() {
    none(
        &directions::of_crates(&directions::workspace()),
        "A dependency goes against the directions of the house: take it away, or let the crate above carry it.",
    );
}

#[test]
fn the_pure_crates_reach_no_clock_network_or_disk_through_others() {
    none(
        &directions::of_trees(),
        "A pure crate pulls in a library that acts: keep it at an edge.",
    );
}

#[test]
fn the_pure_crates_read_no_clock_network_or_disk_themselves() {
    let pure: Vec<_> = rust_files()
        .into_iter()
        .filter(|f| f.path.starts_with("protocol/src/") || f.path.starts_with("gateway/core/src/"))
        .collect();
    assert!(
        pure.len() > 20,
        "the pure crates have moved: look here again"
    );
    none(
        &of_each(&pure, directions::of_pure_room),
        "Time and the world are arguments here: let an edge read them and pass them in.",
    );
}

#[test]
fn the_edges_of_the_gateway_do_not_know_one_another() {
    let files = rust_files();
    let found = directions::edges(&files);
    assert!(found.len() >= 4, "the edges have moved: look here again");
    none(
        &directions::of_edges(&files, &found),
        "An edge uses another: carry it through the run loop, or put what both need into a room of its own.",
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    none(
        &of_each(&rust_files(), sources::unopened),
        "Open the file with `//!`: what this room is for, and what it refuses to do.",
    );
}

#[test]
fn nothing_is_left_undone_in_the_tree() {
    none(
        &of_each(&files(), sources::undone),
        "Do it, or write an issue; an ignored test owes a reason.",
    );
}

#[test]
fn every_allowed_lint_has_its_reason() {
    none(
        &of_each(&rust_files(), sources::silenced),
        "Add `reason = \"…\"` to the attribute, or a comment above it.",
    );
}

#[test]
fn the_name_of_every_test_is_a_sentence() {
    none(
        &of_each(&rust_files(), sources::mumbling),
        "Say in four words or more what is true when the test passes.",
    );
}

#[test]
fn a_file_over_four_hundred_lines_is_listed_with_its_reason() {
    sources::print_the_longest(&rust_files());
    none(
        &sources::too_long(&rust_files(), sources::LONG),
        "Would two rooms be easier to live in? If not, list it in sources::LONG with the reason.",
    );
}

#[test]
fn no_word_of_another_workplace_is_in_the_product() {
    none(
        &of_each(&files(), sources::foreign),
        "These words mean nothing on another machine: take them out.",
    );
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    none(
        &of_each(&files(), documents::dead_links),
        "Correct the link, or write the file.",
    );
}

#[test]
fn every_guarantee_of_the_readme_names_a_test_that_exists() {
    let files = files();
    let readme = files.iter().find(|f| f.path == "README.md");
    let readme = readme.expect("there is no README.md");
    let tests: Vec<_> = files.iter().flat_map(sources::tests_of).collect();
    none(
        &documents::empty_promises(&readme.text, &tests),
        "Write the test, or take the promise back.",
    );
}

#[test]
fn every_variable_that_a_test_reads_is_told_in_run_sh() {
    let files = files();
    let told = files.iter().find(|f| f.path == "tests/run.sh");
    let told = told.expect("there is no tests/run.sh");
    none(
        &documents::unknown_variables(&files, &told.text),
        "Say in the head of tests/run.sh what it does.",
    );
}

#[test]
fn every_family_is_read_by_a_fuzz_target() {
    none(
        &fuzzed::unread(&files()),
        "Write a target in protocol/fuzz/fuzz_targets, or list the table in protocol/fuzz/src/presets.rs.",
    );
}
