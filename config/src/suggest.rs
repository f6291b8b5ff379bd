//! What was probably meant.

use serde_json::Value;

use crate::form::Kind;
use crate::shape::Shape;

/// Longest text for which a meaning is guessed, in bytes; longer than any key,
/// and a bound on the work.
const MAX_GUESSED_BYTES: usize = 128;

/// Near enough to suggest: a third of the letters may differ, at least one.
fn is_near(typed: &str, known: &str) -> Option<usize> {
    if typed.len() > MAX_GUESSED_BYTES {
        return None;
    }
    let distance = strsim::damerau_levenshtein(typed, known);
    (distance <= (typed.chars().count() / 3).max(1)).then_some(distance)
}

/// The known key nearest to `typed`: in the same section by its bare name,
/// else anywhere by its dotted path.
pub(crate) fn nearest(typed: &str, here: &Shape, root: &Shape, path: &str) -> Option<String> {
    let best_here = here
        .names()
        .filter_map(|known| Some((is_near(typed, known)?, known)))
        .min();
    if let Some((_, known)) = best_here {
        return Some(known.to_owned());
    }
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}.")
    };
    let mut all = Vec::new();
    collect(root, "", &mut all);
    let typed_path = format!("{prefix}{typed}");
    all.iter()
        .filter_map(|known| {
            let bare = known.rsplit('.').next().unwrap_or(known);
            let distance = is_near(typed, bare).or_else(|| is_near(&typed_path, known))?;
            Some((distance, known))
        })
        .min()
        .map(|(_, known)| known.clone())
}

/// The dotted path of every key and section.
pub(crate) fn collect(shape: &Shape, path: &str, into: &mut Vec<String>) {
    let dotted = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    into.extend(shape.keys.iter().map(|key| dotted(&key.name)));
    for section in shape
        .sections
        .iter()
        .chain(shape.lists.iter().map(|l| &l.entry))
    {
        let inner = dotted(&section.name);
        collect(section, &inner, into);
        into.push(inner);
    }
}

/// The word of a choice nearest to a wrong one.
pub(crate) fn word(typed: &Value, kind: &Kind) -> Option<String> {
    let (Value::String(typed), Kind::Choice(choices)) = (typed, kind) else {
        return None;
    };
    let typed = typed.to_lowercase();
    choices
        .iter()
        .filter_map(|choice| Some((is_near(&typed, choice.word)?, choice.word)))
        .min()
        .map(|(_, word)| format!("\"{word}\""))
}
