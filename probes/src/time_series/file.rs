//! `unbroken.series/1`: one line of magic, one line of JSON that names every
//! column with its unit, step and length, then the columns one after another.
//!
//! A column is a row of numbers of varying length (seven bits a byte, the lowest
//! first, the eighth bit set on all but the last), deflated with zlib's framing.
//! Of times each number is the difference from the one before, zigzag. Of values 0
//! is “not measured”, and n + 1 the zigzag difference n from the last measured.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TimeSeries;
use super::rows::{Clock, Column, Merge, ROWS_MAX};

/// Name and version of the format.
pub const SCHEMA: &str = "unbroken.series/1";
/// No series is larger, however large the recording.
pub const BYTES_MAX: usize = 4 << 20;
/// A series may have so much whatever the recording's size.
const BYTES_FREE: u64 = 200_000;
/// Share of the recording's size that its series may have.
const SHARE_DIVISOR: u64 = 200;
/// No header of ours is longer.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// A 64-bit number takes at most so many bytes.
const VARINT_BYTES_MAX: usize = 10;
/// Deflate's level: the largest that does not cost more than it saves here.
const DEFLATE_LEVEL: u8 = 6;

/// Most bytes for the series of a recording of this size: 0.5 % of it or
/// 200 kB, whichever is more, and never beyond [`BYTES_MAX`].
pub fn budget_bytes(recording_bytes: u64) -> usize {
    let share = (recording_bytes / SHARE_DIVISOR).max(BYTES_FREE);
    usize::try_from(share).map_or(BYTES_MAX, |share| share.min(BYTES_MAX))
}

/// Why bytes are no series.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadSeries {
    /// They start otherwise.
    #[error("not a series of this program ({SCHEMA})")]
    Foreign,
    /// The header cannot be read or contradicts itself.
    #[error("the header of the series is damaged: {0}")]
    Header(String),
    /// A column is cut off or holds something else.
    #[error("column {0} of the series is damaged")]
    Column(String),
}

#[derive(Serialize, Deserialize)]
struct Header {
    clocks: Vec<ClockHead>,
}

#[derive(Serialize, Deserialize)]
struct ClockHead {
    name: String,
    events_per_row: u32,
    rows: usize,
    time_bytes: usize,
    columns: Vec<ColumnHead>,
}

#[derive(Serialize, Deserialize)]
struct ColumnHead {
    name: String,
    unit: String,
    step: f64,
    merge: String,
    bytes: usize,
}

impl TimeSeries {
    /// The series in at most `budget_bytes`, as far as merging rows can do it;
    /// neighbours are merged where the most is taken up.
    pub fn write(mut self, budget_bytes: usize) -> Vec<u8> {
        loop {
            let (bytes, sizes) = self.written();
            let largest = (0..self.clocks.len())
                .filter(|n| self.clocks.get(*n).is_some_and(|c| c.at_steps.len() > 1))
                .max_by_key(|n| sizes.get(*n));
            let clock = largest.and_then(|n| self.clocks.get_mut(n));
            match clock {
                Some(clock) if bytes.len() > budget_bytes => clock.halve(),
                _ => return bytes,
            }
        }
    }

    /// The bytes, and how many of them each clock takes.
    fn written(&self) -> (Vec<u8>, Vec<usize>) {
        let mut body = Vec::new();
        let mut sizes = Vec::new();
        let mut heads = Vec::new();
        for clock in &self.clocks {
            let start = body.len();
            let time = deflated(&times(&clock.at_steps));
            body.extend_from_slice(&time);
            let mut columns = Vec::new();
            for column in &clock.columns {
                let packed = deflated(&values(&column.steps));
                body.extend_from_slice(&packed);
                columns.push(ColumnHead {
                    name: column.name.clone(),
                    unit: column.unit.clone(),
                    step: column.step,
                    merge: merge_word(column.merge).to_owned(),
                    bytes: packed.len(),
                });
            }
            sizes.push(body.len() - start);
            heads.push(ClockHead {
                name: clock.name.clone(),
                events_per_row: clock.events_per_row,
                rows: clock.at_steps.len(),
                time_bytes: time.len(),
                columns,
            });
        }
        let header = serde_json::to_string(&Header { clocks: heads }).unwrap_or_default();
        let mut bytes = format!("{SCHEMA}\n{header}\n").into_bytes();
        bytes.extend_from_slice(&body);
        (bytes, sizes)
    }

    /// Reads what [`TimeSeries::write`] wrote. Takes no more memory than the
    /// most rows that there can be, whatever the bytes say.
    pub fn read(bytes: &[u8]) -> Result<Self, BadSeries> {
        let rest = bytes
            .strip_prefix(SCHEMA.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"\n"))
            .ok_or(BadSeries::Foreign)?;
        let end = rest
            .iter()
            .take(HEADER_BYTES_MAX)
            .position(|b| *b == b'\n')
            .ok_or_else(|| BadSeries::Header("it has no end".to_owned()))?;
        let (header, body) = rest.split_at(end);
        let header: Header =
            serde_json::from_slice(header).map_err(|e| BadSeries::Header(e.to_string()))?;
        let mut body = body.get(1..).unwrap_or_default();
        let mut clocks = Vec::new();
        for head in header.clocks {
            if head.rows > ROWS_MAX {
                return Err(BadSeries::Header(format!(
                    "{} rows of {} are more than there can be",
                    head.rows, head.name
                )));
            }
            let damaged = |name: &str| BadSeries::Column(format!("{}.{name}", head.name));
            let mut take = |length: usize, name: &str| {
                let (packed, after) = body.split_at_checked(length).ok_or_else(|| damaged(name))?;
                body = after;
                inflated(packed, head.rows).ok_or_else(|| damaged(name))
            };
            let numbers = take(head.time_bytes, "at")?;
            let at_steps = read_times(&numbers);
            let mut columns = Vec::new();
            for column in head.columns {
                let numbers = take(column.bytes, &column.name)?;
                let merge = merge_of(&column.merge).ok_or_else(|| damaged(&column.name))?;
                columns.push(Column {
                    steps: read_values(&numbers),
                    name: column.name,
                    unit: column.unit,
                    step: column.step,
                    merge,
                });
            }
            clocks.push(Clock::of(
                &head.name,
                head.events_per_row,
                at_steps,
                columns,
            ));
        }
        Ok(Self { clocks })
    }
}

fn merge_word(merge: Merge) -> &'static str {
    match merge {
        Merge::Mean => "mean",
        Merge::Sum => "sum",
        Merge::Most => "most",
    }
}

fn merge_of(word: &str) -> Option<Merge> {
    [Merge::Mean, Merge::Sum, Merge::Most]
        .into_iter()
        .find(|merge| merge_word(*merge) == word)
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

fn times(at_steps: &[i64]) -> Vec<u64> {
    let mut last = 0i64;
    let step = |at: &i64| {
        let difference = at.wrapping_sub(last);
        last = *at;
        zigzag(difference)
    };
    at_steps.iter().map(step).collect()
}

fn read_times(numbers: &[u64]) -> Vec<i64> {
    let mut last = 0i64;
    let at = |n: &u64| {
        last = last.wrapping_add(unzigzag(*n));
        last
    };
    numbers.iter().map(at).collect()
}

fn values(steps: &[Option<i64>]) -> Vec<u64> {
    let mut last = 0i64;
    let number = |value: &Option<i64>| match value {
        None => 0,
        Some(value) => {
            let difference = value.wrapping_sub(last);
            last = *value;
            zigzag(difference).saturating_add(1)
        }
    };
    steps.iter().map(number).collect()
}

fn read_values(numbers: &[u64]) -> Vec<Option<i64>> {
    let mut last = 0i64;
    let value = |n: &u64| {
        let difference = unzigzag(n.checked_sub(1)?);
        last = last.wrapping_add(difference);
        Some(last)
    };
    numbers.iter().map(value).collect()
}

fn deflated(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() * 2);
    for number in numbers {
        let mut rest = *number;
        while rest >= 0x80 {
            bytes.push((rest as u8) | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    miniz_oxide::deflate::compress_to_vec_zlib(&bytes, DEFLATE_LEVEL)
}

/// Exactly `rows` numbers, or nothing.
fn inflated(packed: &[u8], rows: usize) -> Option<Vec<u64>> {
    let limit = rows * VARINT_BYTES_MAX;
    let bytes = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, limit).ok()?;
    let mut numbers = Vec::with_capacity(rows);
    let (mut number, mut shift) = (0u64, 0u32);
    for byte in bytes {
        let bits = u64::from(byte & 0x7f);
        number |= bits.checked_shl(shift).filter(|n| n >> shift == bits)?;
        if byte & 0x80 == 0 {
            numbers.push(number);
            (number, shift) = (0, 0);
        } else {
            shift += 7;
        }
    }
    (shift == 0 && numbers.len() == rows).then_some(numbers)
}
