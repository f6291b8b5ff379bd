//! The config described for machines and for the asking: JSON Schema and
//! `explain`.

use serde_json::{Map, Value, json};
use unbroken_probes::check::Check;
use unbroken_probes::registry::CHECKS;

use crate::config::Config;
use crate::form::{Form, Kind};
use crate::shape::{Key, Shape};
use crate::suggest;

/// The config as JSON Schema (draft 2020-12), for completion in editors.
pub fn schema() -> Value {
    schema_with(CHECKS)
}

pub(crate) fn schema_with(checks: &[&'static Check]) -> Value {
    let mut schema = table_schema(&Config::shape(checks));
    if let Value::Object(fields) = &mut schema {
        let draft = json!("https://json-schema.org/draft/2020-12/schema");
        fields.insert("$schema".to_owned(), draft);
    }
    schema
}

fn table_schema(shape: &Shape) -> Value {
    let mut properties = Map::new();
    for key in &shape.keys {
        properties.insert(key.name.clone(), key_schema(key));
    }
    for section in &shape.sections {
        properties.insert(section.name.clone(), table_schema(section));
    }
    for list in &shape.lists {
        properties.insert(
            list.entry.name.clone(),
            json!({ "type": "array", "items": table_schema(&list.entry) }),
        );
    }
    let required: Vec<&str> = shape
        .keys
        .iter()
        .filter(|key| key.required())
        .map(|key| key.name.as_str())
        .collect();
    json!({
        "type": "object",
        "title": format!("{} / {}", shape.zh, shape.en),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = kind_schema(&key.kind);
    if let Value::Object(fields) = &mut schema {
        fields.insert(
            "description".to_owned(),
            json!(format!("{}\n{}", key.zh, key.en)),
        );
        if !key.required() && !key.default.is_null() {
            fields.insert("default".to_owned(), key.default.clone());
        }
        if !key.unit.is_empty() {
            fields.insert("x-unit".to_owned(), json!(key.unit));
        }
    }
    schema
}

/// What a value may be, as JSON Schema.
fn kind_schema(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer { min, max } if *max == i64::MAX => {
            json!({ "type": "integer", "minimum": min })
        }
        Kind::Integer { min, max } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::Number { min, max } => {
            json!({ "type": "number", "minimum": min, "maximum": max })
        }
        Kind::Text(Form::Any | Form::PathOrEmpty) => json!({ "type": "string" }),
        Kind::Text(Form::Regex) => {
            json!({ "type": "string", "minLength": 1, "format": "regex" })
        }
        Kind::Text(Form::Offset) => {
            json!({ "type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$" })
        }
        Kind::Text(Form::Slug) => json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$" }),
        Kind::Text(Form::SlugOrEmpty) => {
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]*$" })
        }
        Kind::Text(Form::WebAddressOrEmpty) => {
            json!({ "type": "string", "pattern": "^(https?://.+)?$" })
        }
        Kind::Text(Form::LedgerOrEmpty) => {
            json!({ "type": "string", "pattern": "^(sqlite:.+)?$" })
        }
        Kind::Text(_) => json!({ "type": "string", "minLength": 1 }),
        Kind::Choice(choices) => {
            let words: Vec<&str> = choices.iter().map(|c| c.word).collect();
            json!({ "type": "string", "enum": words })
        }
        Kind::List { of, min, max } => json!({
            "type": "array", "items": kind_schema(of), "minItems": min, "maxItems": max,
        }),
    }
}

/// What a key or a section means, in both languages; `None` if there is none
/// of that name. `[[…]]` lists are named without index: `number.pattern`.
pub fn explain(key: &str) -> Option<String> {
    explain_with(key, CHECKS)
}

pub(crate) fn explain_with(key: &str, checks: &[&'static Check]) -> Option<String> {
    let root = Config::shape(checks);
    let mut here = &root;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none()
            && let Some(found) = here.keys.iter().find(|k| k.name == part)
        {
            return Some(explain_key(key, found));
        }
        let lists = here.lists.iter().map(|list| &list.entry);
        here = here.sections.iter().chain(lists).find(|s| s.name == part)?;
    }
    Some(explain_section(key, here))
}

/// The key that was probably meant by one that does not exist.
pub fn nearest_key(key: &str) -> Option<String> {
    let root = Config::shape(CHECKS);
    suggest::nearest(key, &root, &root, "")
        .or_else(|| suggest::nearest(key.rsplit('.').next()?, &root, &root, ""))
}

fn explain_key(path: &str, key: &Key) -> String {
    let wanted = key.kind.wanted();
    let unit = |label: &str| {
        if key.unit.is_empty() {
            String::new()
        } else {
            format!("\n  {label}: {}", key.unit)
        }
    };
    let (default_zh, default_en) = match &key.default {
        _ if key.required() => ("必填".to_owned(), "must be given".to_owned()),
        Value::Null => ("不写".to_owned(), "absent".to_owned()),
        default => (toml_value(default), toml_value(default)),
    };
    let source = |label: &str| {
        if key.source.is_empty() {
            String::new()
        } else {
            format!("\n  {label}: {}", key.source)
        }
    };
    let words = |chinese: bool| match key.kind {
        Kind::Choice(choices) => choices
            .iter()
            .map(|c| {
                format!(
                    "\n    \"{}\": {}",
                    c.word,
                    if chinese { c.zh } else { c.en }
                )
            })
            .collect(),
        _ => String::new(),
    };
    format!(
        "{path}\n\n{}\n  可取: {}{}{}\n  默认: {default_zh}{}\n\n{}\n  values: {}{}{}\n  \
         default: {default_en}{}\n",
        key.zh,
        wanted.zh,
        words(true),
        unit("单位"),
        source("依据"),
        key.en,
        wanted.en,
        words(false),
        unit("unit"),
        source("source"),
    )
}

fn explain_section(path: &str, shape: &Shape) -> String {
    let names: Vec<String> = shape
        .names()
        .map(|name| format!("  {path}.{name}"))
        .collect();
    format!(
        "[{path}]\n\n{}\n{}\n\n{}\n",
        shape.zh,
        shape.en,
        names.join("\n")
    )
}

/// A value as TOML writes it. Text and lists of JSON are TOML too; a whole
/// number of seconds is written without its point, which reads back the same.
pub(crate) fn toml_value(value: &Value) -> String {
    match value {
        Value::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() && f.fract() == 0.0 && f.abs() < 1e15 => format!("{f:.0}"),
            _ => n.to_string(),
        },
        Value::String(text) if text.contains('\\') && !text.contains('\'') => {
            format!("'{text}'")
        }
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(toml_value).collect();
            format!("[{}]", entries.join(", "))
        }
        other => other.to_string(),
    }
}
