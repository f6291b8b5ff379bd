//! What differs between two configs, for the log of a reload.

use serde_json::Value;

use crate::config::Config;
use crate::describe::toml_value;
use crate::shape::plain;

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The dotted key.
    pub key: String,
    /// Its value before, as TOML; empty if it was not there.
    pub before: String,
    /// Its value after, as TOML; empty if it is not there any more.
    pub after: String,
}

impl Config {
    /// What `newer` means otherwise than this config, in the order of the
    /// documentation; empty if both mean the same.
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        compare("", Some(&plain(self)), Some(&plain(newer)), &mut changes);
        changes
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, into: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let children = |value: Option<&Value>| -> Option<Vec<String>> {
        match value? {
            Value::Object(fields) => Some(fields.keys().cloned().collect()),
            Value::Array(rows) if rows.iter().any(Value::is_object) => {
                Some((0..rows.len()).map(|i| i.to_string()).collect())
            }
            _ => None,
        }
    };
    let mut names = children(before).unwrap_or_default();
    for name in children(after).unwrap_or_default() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        let shown = |value: Option<&Value>| value.map(toml_value).unwrap_or_default();
        into.push(Change {
            key: path.to_owned(),
            before: shown(before),
            after: shown(after),
        });
        return;
    }
    for name in names {
        let child = |value: Option<&'_ Value>| -> Option<Value> {
            match value? {
                Value::Object(fields) => fields.get(&name).cloned(),
                Value::Array(rows) => rows.get(name.parse::<usize>().ok()?).cloned(),
                _ => None,
            }
        };
        let inner = match name.parse::<usize>() {
            Ok(_) => format!("{path}[{name}]"),
            Err(_) if path.is_empty() => name.clone(),
            // Thresholds are typed beside the cap, not in a table of their own.
            Err(_) if name == "limits" && path.starts_with("check.") => path.to_owned(),
            Err(_) => format!("{path}.{name}"),
        };
        compare(&inner, child(before).as_ref(), child(after).as_ref(), into);
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn only_what_means_something_else_is_listed() {
        let old = parse("", "t").unwrap();
        let text = "[settle]\nquiet_s = 7.5\n[share]\npaths = ['a', 'b']\n[retry]\nbase_s = 1\n";
        let changes = old.changes(&parse(text, "t").unwrap());
        let shown: Vec<String> = changes
            .iter()
            .map(|c| format!("{}: {} → {}", c.key, c.before, c.after))
            .collect();
        assert_eq!(
            shown,
            [
                "share.paths: [\"./share\"] → [\"a\", \"b\"]",
                "settle.quiet_s: 5 → 7.5",
            ]
        );
        assert!(old.changes(&old).is_empty());
    }

    #[test]
    fn entries_that_go_are_listed_by_their_place() {
        let old = parse("", "t").unwrap();
        let text = "[[time.quirk]]\nmake = 'NIKON'\nlocal = true\nsource = 'x'\n";
        let changes = old.changes(&parse(text, "t").unwrap());
        let has = |key: &str, before: &str, after: &str| {
            changes.iter().any(|c| {
                (c.key.as_str(), c.before.as_str(), c.after.as_str()) == (key, before, after)
            })
        };
        assert!(
            changes
                .iter()
                .any(|c| c.key == "time.quirk[0].source" && c.after == "\"x\"")
        );
        assert!(
            has("time.quirk[1].make", "\"NIKON CORPORATION\"", ""),
            "{changes:?}"
        );
    }
}
