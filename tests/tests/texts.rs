//! The texts for people: their links lead somewhere, their tables are whole, and
//! both languages say the same.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// A text for people without what stands in fenced blocks, and those blocks.
fn prose_and_blocks(file: &str) -> (String, Vec<String>) {
    let (mut prose, mut blocks) = (String::new(), Vec::new());
    for (i, part) in text(file).split("```").enumerate() {
        if i % 2 == 0 {
            prose.push_str(part);
        } else {
            blocks.push(part.to_owned());
        }
    }
    (prose, blocks)
}

#[test]
fn every_link_within_the_house_leads_somewhere() {
    let mut pages: Vec<String> = ["README.md", "README.zh.md", "ARCHITECTURE.md"]
        .map(str::to_owned)
        .into();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    let mut links = 0;
    for page in &pages {
        let folder = root().join(page).parent().unwrap().to_owned();
        for rest in prose_and_blocks(page).0.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            assert!(folder.join(target).exists(), "{page}: {target}");
        }
    }
    assert!(links > 0);
}

/// Commands and layouts are one text in two languages: all but the remarks, and
/// the words in angle brackets, are the same.
#[test]
fn the_readme_is_the_same_in_both_languages() {
    let (english, english_blocks) = prose_and_blocks("README.md");
    let (chinese, chinese_blocks) = prose_and_blocks("README.zh.md");
    let headings = |prose: &str| prose.lines().filter(|l| l.starts_with('#')).count();
    assert_eq!(headings(&english), headings(&chinese));
    let what_is_typed = |blocks: &[String]| -> Vec<String> {
        let lines = blocks.iter().flat_map(|block| block.lines());
        lines
            .map(|line| {
                let typed = line.split("  ").next().unwrap_or_default();
                let mut out = String::new();
                for (i, part) in typed.split(['<', '>']).enumerate() {
                    out.push_str(if i % 2 == 0 { part } else { "<>" });
                }
                out
            })
            .collect()
    };
    assert_eq!(
        what_is_typed(&english_blocks),
        what_is_typed(&chinese_blocks)
    );
}

/// A `|` within a cell ends it, even in a code span, and what is left over is
/// not shown.
#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_head() {
    for page in [
        "README.md",
        "README.zh.md",
        "ARCHITECTURE.md",
        "docs/checks.md",
        "docs/config.md",
    ] {
        let mut head = None;
        for line in prose_and_blocks(page).0.lines() {
            if !line.starts_with('|') {
                head = None;
                continue;
            }
            let cells = line.replace("\\|", "").matches('|').count() - 1;
            assert_eq!(cells, *head.get_or_insert(cells), "{page}: {line}");
        }
    }
}
