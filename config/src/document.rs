//! The config written out for people: the reference and the shipped file.

use std::fmt::Write;

use serde_json::Value;
use unbroken_probes::check::Check;
use unbroken_probes::registry::CHECKS;

use crate::config::Config;
use crate::describe::toml_value;
use crate::error::is_wide;
use crate::flow::{Flow, FlowBase};
use crate::form::Kind;
use crate::secrets;
use crate::shape::{Key, List, Shape};

/// Widest line of the shipped file, in columns of a terminal; longer comments
/// and lists are broken.
const LINE_COLUMNS: usize = 100;

/// The shipped config file: every key at its default, with comments.
pub fn default_toml() -> String {
    default_toml_with(CHECKS)
}

pub(crate) fn default_toml_with(checks: &[&'static Check]) -> String {
    let shape = Config::shape(checks);
    let mut out = String::from(
        "# unbroken(全程)配置。各项都写着默认值;删去任何一行,含义不变。\n\
         # 改完先运行 `unbroken config check`;某一项的说明:`unbroken config explain 键`。\n\
         # 时长、大小等的单位写在键名末尾。口令只从环境变量读取,不写在这里。\n\
         #\n\
         # Config of unbroken. Every key stands at its default; a line removed means the same.\n\
         # After a change run `unbroken config check`; to ask about a key: `unbroken config \
         explain KEY`.\n\
         # Units stand at the end of a key's name. Secrets come from the environment only.\n",
    );
    for name in secrets::NAMES {
        let _ = writeln!(out, "#   {name}");
    }
    write_table(&mut out, &shape, "", &[]);
    out
}

/// Writes a section; `told` are the keys that the section above explained.
fn write_table(out: &mut String, shape: &Shape, path: &str, told: &[Key]) {
    if !path.is_empty() {
        out.push('\n');
        comment(out, "# ", &shape.zh);
        comment(out, "# ", &shape.en);
        if !shape.keys.is_empty() {
            let _ = writeln!(out, "[{path}]");
        }
    }
    write_shared(out, shape, path);
    for key in shape.keys.iter().filter(|key| !is_told(key, told)) {
        write_comment(out, key);
        if key.default.is_null() || key.required() {
            let _ = writeln!(out, "# {} =", key.name);
        } else {
            let _ = writeln!(
                out,
                "{} = {}",
                key.name,
                broken(&key.default, key.name.len())
            );
        }
    }
    for section in &shape.sections {
        write_table(out, section, &joined(path, &section.name), &shape.shared);
    }
    for list in &shape.lists {
        write_list(out, list, &joined(path, &list.entry.name));
    }
}

/// What every section inside `shape` may hold, once and as comments.
fn write_shared(out: &mut String, shape: &Shape, path: &str) {
    if shape.shared.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "#\n# 每个 [{path}.…] 还可写以下各项:\n# Every [{path}.…] may also hold:"
    );
    for key in &shape.shared {
        let mut comment = String::new();
        write_comment(&mut comment, key);
        let default = toml_value(&key.default);
        let _ = writeln!(comment, "#   {} = {default}", key.name);
        let lines = comment.trim_start().lines();
        for line in std::iter::once("#").chain(lines) {
            let _ = writeln!(out, "{line}");
        }
    }
}

fn is_told(key: &Key, told: &[Key]) -> bool {
    told.iter().any(|known| known.name == key.name)
}

fn write_list(out: &mut String, list: &List, path: &str) {
    out.push('\n');
    comment(out, "# ", &list.entry.zh);
    comment(out, "# ", &list.entry.en);
    if list.default.is_empty() {
        let _ = writeln!(
            out,
            "# [[{path}]]: 格式见 config/flows/shanghai-2021.toml\n\
             # [[{path}]]: written as in config/flows/shanghai-2021.toml"
        );
        return;
    }
    for key in &list.entry.keys {
        comment(out, "#   ", &format!("{}: {}", key.name, key.zh));
        comment(out, "#     ", &key.en);
    }
    for entry in &list.default {
        let _ = writeln!(out, "[[{path}]]");
        for key in &list.entry.keys {
            match entry.get(&key.name) {
                Some(value) if *value != key.default => {
                    let _ = writeln!(out, "{} = {}", key.name, broken(value, key.name.len()));
                }
                _ => {}
            }
        }
    }
}

fn write_comment(out: &mut String, key: &Key) {
    let wanted = key.kind.wanted();
    let (unit_zh, unit_en) = if key.unit.is_empty() {
        (String::new(), String::new())
    } else {
        (
            format!(",单位 {}", key.unit),
            format!(", unit {}", key.unit),
        )
    };
    out.push('\n');
    comment(out, "# ", &key.zh);
    comment(out, "#   ", &format!("可取:{}{unit_zh}", wanted.zh));
    comment(out, "# ", &key.en);
    comment(out, "#   ", &format!("{}{unit_en}", wanted.en));
    if let Kind::Choice(choices) = key.kind {
        for choice in choices {
            let words = format!("\"{}\": {} / {}", choice.word, choice.zh, choice.en);
            comment(out, "#   ", &words);
        }
    }
}

/// Writes a comment in lines of at most [`LINE_COLUMNS`] columns, broken at
/// blanks and behind wide characters.
fn comment(out: &mut String, lead: &str, text: &str) {
    let mut line = String::from(lead);
    let mut columns = lead.len();
    let mut word = String::new();
    let mut word_columns = 0;
    for c in text.chars().chain([' ']) {
        word.push(c);
        word_columns += if is_wide(c) { 2 } else { 1 };
        if c != ' ' && !is_wide(c) {
            continue;
        }
        let visible = if c == ' ' {
            word_columns - 1
        } else {
            word_columns
        };
        if columns + visible > LINE_COLUMNS && columns > lead.len() {
            let _ = writeln!(out, "{}", line.trim_end());
            line = String::from(lead);
            columns = lead.len();
        }
        line.push_str(&word);
        columns += word_columns;
        word.clear();
        word_columns = 0;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

/// A value, a long list broken into lines.
fn broken(value: &Value, name_chars: usize) -> String {
    let flat = toml_value(value);
    match value {
        Value::Array(entries) if name_chars + 3 + flat.chars().count() > LINE_COLUMNS => {
            let mut lines = vec![String::from("   ")];
            for entry in entries {
                let entry = toml_value(entry);
                let full = lines
                    .last()
                    .is_some_and(|l| l.chars().count() + entry.chars().count() + 2 > LINE_COLUMNS);
                if full {
                    lines.push(String::from("   "));
                }
                if let Some(line) = lines.last_mut() {
                    let _ = write!(line, " {entry},");
                }
            }
            format!("[\n{}\n]", lines.join("\n"))
        }
        _ => flat,
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Every key with unit, default, range and meaning, and the built-in flows:
/// `docs/config.md`.
pub fn reference_markdown() -> String {
    let shape = Config::shape(CHECKS);
    let mut out = String::from(
        "# 配置参考 / Config reference\n\n\
         <!-- Made from the table of keys: UPDATE=1 cargo test -p unbroken-config -->\n\n\
         配置为 TOML。不写的键取默认值;未知或有误的键会被拒绝,并指出行列与可能的本意。\
         列表一经写出即取代默认列表。相对路径以程序启动时所在目录为准。\n\n\
         The config is TOML. A key that is not written has its default; unknown or wrong keys are \
         refused with line, column and what was probably meant. A list that is written replaces \
         the default list. Relative paths start where the program was started.\n\n\
         口令只从环境变量读取 / secrets come from the environment only: ",
    );
    let names: Vec<String> = secrets::NAMES.iter().map(|n| format!("`{n}`")).collect();
    let _ = writeln!(out, "{}.", names.join(", "));
    table_markdown(&mut out, &shape, "", &[]);
    let _ = writeln!(out, "\n## 内置流程 / Built-in flows");
    for flow in crate::built_in(FlowBase::Shanghai2021) {
        flow_markdown(&mut out, &flow);
    }
    out
}

fn table_markdown(out: &mut String, shape: &Shape, path: &str, told: &[Key]) {
    if !path.is_empty() {
        let _ = writeln!(out, "\n## `{path}`\n\n{}\n{}.", shape.zh, shape.en);
    }
    let own: Vec<&Key> = shape
        .keys
        .iter()
        .filter(|key| !is_told(key, told))
        .collect();
    keys_markdown(out, &own);
    if !shape.shared.is_empty() {
        let _ = writeln!(
            out,
            "\n每个 `{path}.…` 还可写以下各项。\nEvery `{path}.…` may also hold these."
        );
        keys_markdown(out, &shape.shared.iter().collect::<Vec<_>>());
    }
    for section in &shape.sections {
        table_markdown(out, section, &joined(path, &section.name), &shape.shared);
    }
    for list in &shape.lists {
        table_markdown(out, &list.entry, &joined(path, &list.entry.name), &[]);
    }
}

fn keys_markdown(out: &mut String, keys: &[&Key]) {
    if keys.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n| 键 key | 单位 unit | 默认 default | 可取 values | 含义 meaning | 依据 source |\n\
         |---|---|---|---|---|---|"
    );
    for key in keys {
        let default = match &key.default {
            _ if key.required() => "必填 required".to_owned(),
            Value::Null => "—".to_owned(),
            default => format!("`{}`", toml_value(default)),
        };
        let words: String = match key.kind {
            Kind::Choice(choices) => choices
                .iter()
                .map(|c| format!("<br>`{}`: {} / {}", c.word, c.zh, c.en))
                .collect(),
            _ => String::new(),
        };
        let wanted = key.kind.wanted();
        let cells = [
            format!("`{}`", key.name),
            key.unit.to_owned(),
            default,
            format!("{}<br>{}{words}", wanted.zh, wanted.en),
            format!("{}<br>{}", key.zh, key.en),
            key.source.to_owned(),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

fn flow_markdown(out: &mut String, flow: &Flow) {
    let _ = writeln!(
        out,
        "\n### {} {} / {}\n\n| 节点 node | 阶段 stage | 名称 name | 必备 all of | 其一 any of | \
         何时 when | 内容 shot |\n|---|---|---|---|---|---|---|",
        flow.code, flow.name_zh, flow.name_en
    );
    for node in &flow.node {
        let forms = |forms: &[crate::flow::RecordForm]| {
            let words: Vec<&str> = forms
                .iter()
                .map(|form| {
                    let word = crate::shape::plain(form);
                    let choices = crate::flow::RecordForm::CHOICES.iter();
                    choices
                        .filter(|c| word.as_str() == Some(c.word))
                        .map(|c| c.zh)
                        .next()
                        .unwrap_or_default()
                })
                .collect();
            words.join("、")
        };
        let condition = crate::shape::plain(&node.condition);
        let _ = writeln!(
            out,
            "| {} | {} | {}<br>{} | {} | {} | `{}` | {} |",
            node.code,
            node.stage_zh,
            node.name_zh,
            node.name_en,
            forms(&node.all_of),
            forms(&node.any_of),
            condition.as_str().unwrap_or_default(),
            node.shot_zh,
        );
    }
}
