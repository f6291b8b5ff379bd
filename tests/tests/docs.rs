//! What is generated from code is fresh. `UPDATE=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use unbroken::life::TABLE;
use unbroken_probes::registry::CHECKS;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_fresh(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == text,
        "{file} is stale: UPDATE=1 cargo test -p unbroken-tests --test docs"
    );
}

#[test]
fn the_checks_are_described() {
    let mut out = String::from(
        "<!-- Generated from probes/src/registry.rs by tests/tests/docs.rs; UPDATE=1 writes it anew. -->\n\
         # 检测项目 Checks\n",
    );
    for check in CHECKS {
        let aspect = format!("{:?}", check.aspect).to_lowercase();
        let family = format!("{:?}", check.family).to_lowercase();
        let strength = format!("{:?}", check.strength).to_lowercase();
        write!(
            out,
            "\n## `{}` {} · {}\n\nclause `{}` · {aspect} · {family} · at most {strength}\n\n{}\n\n{}\n",
            check.code, check.title.zh, check.title.en, check.clause, check.doc.zh, check.doc.en
        )
        .unwrap();
        if !check.see_yourself.is_empty() {
            write!(out, "\n```\n{}\n```\n", check.see_yourself).unwrap();
        }
        if check.params.is_empty() {
            continue;
        }
        out.push_str(
            "\n| key | unit | default | range | meaning | source |\n|---|---|---|---|---|---|\n",
        );
        for p in check.params {
            writeln!(
                out,
                "| `{}` | {} | {} | {} – {} | {} {} | {} |",
                p.key, p.unit, p.default, p.min, p.max, p.doc.zh, p.doc.en, p.source
            )
            .unwrap();
        }
    }
    is_fresh("docs/checks.md", &out);
}

#[test]
fn the_report_has_a_schema() {
    let schema = format!("{:#}\n", unbroken::report::object::schema());
    is_fresh("docs/report.schema.json", &schema);
}

#[test]
fn the_table_of_states_stands_in_the_map() {
    let mut table = String::from("\n| from | on | to | then |\n|---|---|---|---|\n");
    for (from, on, to, effect) in TABLE {
        let on = serde_json::to_string(on).unwrap();
        let row = format!(
            "| {from} | {} | {to} | {} |\n",
            on.trim_matches('"'),
            effect.as_str()
        );
        table.push_str(&row);
    }
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (before, rest) = map.split_once("<!-- table:begin -->").unwrap();
    let (_, after) = rest.split_once("<!-- table:end -->").unwrap();
    let fresh = format!("{before}<!-- table:begin -->{table}<!-- table:end -->{after}");
    is_fresh("ARCHITECTURE.md", &fresh);
}
