//! That whatever anybody may say to the gateway is said to it at random: each family has a fuzz target.

use tecs_protocol::family::Family;

use super::tree::File;

const FOLDER: &str = "protocol/fuzz/fuzz_targets/";
/// Where the tables are listed that the target `presets` reads.
const TABLES: &str = "protocol/fuzz/src/presets.rs";

/// The families that no target reads. A target has the name of its family, or of what that begins with.
pub(super) fn unread(files: &[File]) -> Vec<String> {
    let targets: Vec<&str> = files
        .iter()
        .filter_map(|f| f.path.strip_prefix(FOLDER)?.strip_suffix(".rs"))
        .collect();
    let tables = files.iter().find(|f| f.path == TABLES);
    let is_read = |family: &Family| {
        let word = family.word();
        let by_table = tables.is_some_and(|f| f.text.contains(&format!("\"{word}\"")));
        by_table || targets.iter().any(|target| word.starts_with(target))
    };
    let unread = Family::ALL.iter().filter(|family| !is_read(family));
    unread.map(|family| family.word().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::made_up;
    use super::*;

    #[test]
    fn a_family_that_no_target_reads_is_named() {
        let all = Family::ALL.iter().filter(|f| **f != Family::Nonin);
        let mut files: Vec<File> = all
            .filter(|f| **f != Family::Tasmota)
            .map(|f| made_up(&format!("{FOLDER}{f}.rs"), ""))
            .collect();
        assert_eq!(unread(&files), ["tasmota", "nonin"]);
        files.push(made_up(TABLES, "preset!(Tasmota, \"tasmota\"),"));
        assert_eq!(unread(&files), ["nonin"]);
    }
}
