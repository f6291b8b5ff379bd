//! The chain of events: what exactly is hashed, and how anybody checks it.
//!
//! The hash of an event is the SHA-256, in 64 lower-case hex digits, of these
//! lines in UTF-8, each ended by one line feed (0x0A), the last one too:
//!
//! ```text
//! unbroken.event/1
//! <seq>        position in decimal, the first is 1
//! <at>         microseconds since 1970-01-01T00:00:00Z in decimal
//! <file>       the file's number in decimal, or - if it concerns no file
//! <kind>       a word of a-z, 0-9 and _
//! <detail>     one line of JSON
//! <prev_hash>  hash of the event before; 64 zeros for the first
//! ```
//!
//! No field can hold a line feed (JSON escapes it), so the lines can be read in
//! one way only. With the fields at hand:
//!
//! ```text
//! printf '%s\n' unbroken.event/1 "$seq" "$at" "$file" "$kind" "$detail" "$prev" | sha256sum
//! ```
//!
//! `detail` is hashed as it stands; nobody needs to format JSON to check it. We
//! write it in one canonical form ([`canonical`]), so that equal facts give
//! equal bytes.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::port::ledger::{ChainCheck, ChainRow, FileId};

/// What stands for the event before the first: 64 zeros.
pub const NONE_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The longest kind, in bytes.
const KIND_BYTES_MAX: usize = 64;

/// JSON in one form: members sorted by the code points of their names, no white
/// space, strings escaped only where JSON demands it (`"`, `\`, and control
/// characters: `\b \t \n \f \r`, otherwise `\u00xx`), numbers as they are given.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (place, (name, member)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_string(name, text);
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
        Value::String(string) => write_string(string, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            // Writing into a String cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            c if c < ' ' => {
                // Writing into a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// True if `kind` can stand in the chain: 1 to 64 of a-z, 0-9 and `_`.
pub fn is_kind(kind: &str) -> bool {
    (1..=KIND_BYTES_MAX).contains(&kind.len())
        && kind
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The hash of one event, from the bytes told at the head of this module.
pub fn event_hash(
    seq: i64,
    at_us: i64,
    file: Option<FileId>,
    kind: &str,
    detail: &str,
    prev_hash: &str,
) -> String {
    let file = file.map_or_else(|| "-".to_owned(), |id| id.0.to_string());
    let lines =
        format!("unbroken.event/1\n{seq}\n{at_us}\n{file}\n{kind}\n{detail}\n{prev_hash}\n");
    hex::encode(Sha256::digest(lines))
}

/// Checks a chain event by event, in flat memory.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    events: u64,
    last: Option<(i64, String)>,
    broken: Option<(i64, String)>,
}

impl Verifier {
    /// Takes the next event. After the first that does not fit, the others are
    /// only counted: what follows a break proves nothing.
    pub fn push(&mut self, row: &ChainRow) {
        self.events = self.events.saturating_add(1);
        if self.broken.is_none() {
            self.broken = self.misfit(row).map(|why| (row.seq, why));
        }
        self.last = Some((row.seq, row.hash.clone()));
    }

    fn misfit(&self, row: &ChainRow) -> Option<String> {
        let (seq_due, prev_due) = match &self.last {
            None => (Some(1), NONE_BEFORE),
            Some((seq, hash)) => (seq.checked_add(1), hash.as_str()),
        };
        if Some(row.seq) != seq_due {
            let due = seq_due.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
            return Some(format!(
                "event {} stands where event {due} belongs: events are missing or were moved",
                row.seq
            ));
        }
        if row.prev_hash != prev_due {
            return Some(format!(
                "event {} does not name the hash of the event before it",
                row.seq
            ));
        }
        let at_us = row.at.timestamp_micros();
        let one_reading = is_kind(&row.kind)
            && !row.detail.contains('\n')
            && row.at.timestamp_subsec_nanos().is_multiple_of(1000);
        let hash = event_hash(
            row.seq,
            at_us,
            row.file,
            &row.kind,
            &row.detail,
            &row.prev_hash,
        );
        (!one_reading || hash != row.hash).then(|| {
            format!(
                "event {} does not match its hash: it was changed after it was written",
                row.seq
            )
        })
    }

    /// What was found among the events alone. Events cut off at the end cannot
    /// show here; [`Verifier::against`] finds them.
    pub fn finish(self) -> ChainCheck {
        ChainCheck {
            events: self.events,
            head: self.last.map(|(_, hash)| hash),
            broken: self.broken,
        }
    }

    /// What was found among the events, held against a head that was kept
    /// elsewhere: the position and hash of the event that must be the last;
    /// position 0 with [`NONE_BEFORE`] for an empty chain.
    pub fn against(mut self, head_seq: i64, head_hash: &str) -> ChainCheck {
        let (seq, hash) = match &self.last {
            None => (0, NONE_BEFORE),
            Some((seq, hash)) => (*seq, hash.as_str()),
        };
        if self.broken.is_none() && (seq != head_seq || hash != head_hash) {
            let why = if seq < head_seq {
                format!("the last event must be {head_seq}, but the chain ends with {seq}")
            } else {
                format!("event {seq} is not the head that was kept for event {head_seq}")
            };
            self.broken = Some((seq.min(head_seq).saturating_add(1), why));
        }
        self.finish()
    }
}

/// Checks an exported chain, oldest event first, from the first one on.
pub fn verify_rows(rows: impl IntoIterator<Item = ChainRow>) -> ChainCheck {
    let mut verifier = Verifier::default();
    for row in rows {
        verifier.push(&row);
    }
    verifier.finish()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::*;

    fn row(seq: i64, prev_hash: &str, kind: &str, detail: &Value) -> ChainRow {
        let at_us = 1_764_000_000_000_000 + seq;
        let detail = canonical(detail);
        let hash = event_hash(seq, at_us, Some(FileId(7)), kind, &detail, prev_hash);
        ChainRow {
            seq,
            at: DateTime::<Utc>::from_timestamp_micros(at_us).unwrap(),
            file: Some(FileId(7)),
            kind: kind.to_owned(),
            detail,
            prev_hash: prev_hash.to_owned(),
            hash,
        }
    }

    fn chain(length: i64) -> Vec<ChainRow> {
        let mut rows: Vec<ChainRow> = Vec::new();
        for seq in 1..=length {
            let prev = rows
                .last()
                .map_or(NONE_BEFORE.to_owned(), |r| r.hash.clone());
            rows.push(row(seq, &prev, "noticed", &json!({ "n": seq })));
        }
        rows
    }

    /// Computed with `printf … | sha256sum`, not with this program.
    #[test]
    fn the_bytes_are_those_that_are_documented() {
        let detail = canonical(&json!({"path": "核查/a \"1\"\n.jpg", "bytes": 12}));
        assert_eq!(detail, r#"{"bytes":12,"path":"核查/a \"1\"\n.jpg"}"#);
        let first = event_hash(
            1,
            1_764_000_000_000_001,
            Some(FileId(7)),
            "noticed",
            &detail,
            NONE_BEFORE,
        );
        assert_eq!(
            first,
            "4d6e4a6407f0b5d6f7bd506f7b449f262fccfbab395d2cdc0c1077f38b2e31be"
        );
        let second = event_hash(2, 1_764_000_000_000_002, None, "started", "{}", &first);
        assert_eq!(
            second,
            "d85012b1234dd450b5b23a0db7143da0b0208df2807f5f20e9b571f38db6b27a"
        );
    }

    #[test]
    fn canonical_sorts_at_every_depth_and_keeps_numbers() {
        let value: Value =
            serde_json::from_str(r#"{ "b": [ {"z":1, "a":1.50}, -0, 1e3 ], "é":null, "a":true }"#)
                .unwrap();
        assert_eq!(
            canonical(&value),
            r#"{"a":true,"b":[{"a":1.5,"z":1},-0.0,1000.0],"é":null}"#
        );
        assert_eq!(
            canonical(&json!("\u{1}\u{7f}\u{2028}/")),
            "\"\\u0001\u{7f}\u{2028}/\""
        );
    }

    #[test]
    fn a_whole_chain_is_whole() {
        let rows = chain(5);
        let head = rows[4].hash.clone();
        let check = verify_rows(rows);
        assert_eq!((check.events, check.broken), (5, None));
        assert_eq!(check.head, Some(head));
        assert_eq!(verify_rows([]).head, None);
    }

    #[test]
    fn every_change_of_a_field_shows() {
        let changes: [fn(&mut ChainRow); 7] = [
            |r| r.seq += 1,
            |r| r.at += chrono::TimeDelta::microseconds(1),
            |r| r.at += chrono::TimeDelta::nanoseconds(1),
            |r| r.file = None,
            |r| r.kind = "advanced".to_owned(),
            |r| r.detail = "{\"n\":4}".to_owned(),
            |r| r.hash = NONE_BEFORE.to_owned(),
        ];
        for (nth, change) in changes.iter().enumerate() {
            let mut rows = chain(5);
            change(&mut rows[2]);
            let at = rows[2].seq;
            assert_eq!(
                verify_rows(rows).broken.map(|b| b.0),
                Some(at),
                "change {nth}"
            );
        }
    }

    /// A changed event with its own hash made anew is caught by the next one.
    #[test]
    fn a_hash_made_anew_does_not_fit_the_next_event() {
        let mut rows = chain(5);
        let prev = rows[1].hash.clone();
        rows[2] = row(3, &prev, "noticed", &json!({"n": 99}));
        assert_eq!(verify_rows(rows).broken.map(|b| b.0), Some(4));
    }

    #[test]
    fn a_missing_event_shows() {
        let mut rows = chain(5);
        rows.remove(2);
        assert_eq!(verify_rows(rows).broken.map(|b| b.0), Some(4));
        let mut rows = chain(5);
        rows.remove(0);
        assert_eq!(verify_rows(rows).broken.map(|b| b.0), Some(2));
    }

    #[test]
    fn events_cut_off_show_against_the_kept_head() {
        let mut rows = chain(5);
        let head = rows[4].hash.clone();
        let check = |rows: &[ChainRow]| {
            let mut verifier = Verifier::default();
            rows.iter().for_each(|row| verifier.push(row));
            verifier.against(5, &head).broken.map(|b| b.0)
        };
        assert_eq!(check(&rows), None);
        rows.pop();
        assert_eq!(check(&rows), Some(5));
        assert_eq!(check(&[]), Some(1));
        assert_eq!(check(&chain(6)), Some(6));
    }

    /// Moving the border between two fields must not keep the hash.
    #[test]
    fn fields_cannot_run_into_each_other() {
        let mut rows = chain(1);
        rows[0].kind = "noticed\n{\"n\":1}".to_owned();
        rows[0].detail = String::new();
        rows[0].hash = event_hash(
            1,
            rows[0].at.timestamp_micros(),
            rows[0].file,
            "noticed",
            "{\"n\":1}\n",
            NONE_BEFORE,
        );
        assert!(verify_rows(rows).broken.is_some());
    }
}
