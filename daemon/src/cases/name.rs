//! Names: what a team called a file, read as well as can be, and the official
//! name that it is stored under (`name.licence`, `name.notice`).

use chrono::{FixedOffset, TimeDelta};
use unbroken_config::Config;
use unbroken_config::naming::{NameParts, safe_name};

use super::{Assignment, Standing};
use crate::port::ledger::{Between, FileRow};
use crate::port::share::RelPath;
use crate::port::store::PART_BYTES_MAX;

/// The widest interval of a capture time that still names a minute worth
/// writing into a name: twice the default drift of a device's clock.
const TIME_WIDTH_MAX: TimeDelta = TimeDelta::minutes(11);

/// A name as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadableName {
    /// The text.
    pub text: String,
    /// How its bytes were read: `utf-8`, `gb18030`, `damaged`.
    pub encoding: &'static str,
}

/// Reads the bytes of a name: UTF-8, else the GB 18030 of Chinese Windows,
/// else with marks for what cannot be read. The bytes themselves are kept
/// elsewhere, always.
pub fn readable_name(bytes: &[u8]) -> ReadableName {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return ReadableName {
            text: text.to_owned(),
            encoding: "utf-8",
        };
    }
    let (text, _, has_errors) = encoding_rs::GB18030.decode(bytes);
    if has_errors {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return ReadableName {
            text,
            encoding: "damaged",
        };
    }
    ReadableName {
        text: text.into_owned(),
        encoding: "gb18030",
    }
}

/// Reads the bytes of a path, each part by itself: a team's folder in UTF-8 may
/// hold files from an old Chinese Windows.
pub fn readable_path(path: &RelPath) -> String {
    let parts: Vec<String> = path.parts().map(|part| readable_name(part).text).collect();
    parts.join("/")
}

/// Files of one series are numbered one after another. Where the template does
/// not tell nodes apart, all nodes of a case are one series, so that no two
/// files ever get one name.
pub fn series(config: &Config, assignment: &Assignment) -> String {
    let node = assignment.node.as_deref().unwrap_or("");
    let node = if config.name_template().names_node() {
        node
    } else {
        ""
    };
    format!("{}|{node}", number_words(assignment))
}

/// The number, or the words that there is none yet.
fn number_words(assignment: &Assignment) -> &str {
    match (assignment.standing, assignment.number.as_deref()) {
        (Standing::Unclaimed, _) => "待认领",
        (_, Some(number)) => number,
        (_, None) => "待确认",
    }
}

/// The folder of the store: the number, or inbox and month.
pub fn folder(assignment: &Assignment, row: &FileRow) -> String {
    match (assignment.standing, assignment.number.as_deref()) {
        (Standing::Assigned | Standing::ToConfirm, Some(number)) => safe_name(number),
        (Standing::ToConfirm, None) => format!("_to_confirm/{}", row.seen.format("%Y-%m")),
        _ => format!("_unclaimed/{}", row.seen.format("%Y-%m")),
    }
}

/// The folder of the receipts, in words.
pub fn folder_words(assignment: &Assignment) -> String {
    match number_words(assignment) {
        words @ ("待认领" | "待确认") => format!("_{words}"),
        number => safe_name(number),
    }
}

/// The official name by the configured template: never longer than a file
/// system takes, safe everywhere, and unique by its running number.
pub fn official_name(
    config: &Config,
    assignment: &Assignment,
    number: u32,
    captured: Between,
    row: &FileRow,
) -> String {
    let node = assignment.node_in(config);
    let time = time_words(captured, offset(config));
    let ext = extension(row.path.name());
    let parts = NameParts {
        number: number_words(assignment),
        node: node.map_or("", |node| node.code.as_str()),
        node_name: node.map_or("", |node| node.name_zh.as_str()),
        seq: u64::from(number),
        time: &time,
        ext: &ext,
    };
    let most = usize::try_from(config.naming.max_bytes).unwrap_or(PART_BYTES_MAX);
    config.name_template().render(&parts, most)
}

/// The configured zone of times that name none.
pub fn offset(config: &Config) -> FixedOffset {
    FixedOffset::east_opt(config.default_offset_s()).unwrap_or(chrono::Offset::fix(&chrono::Utc))
}

fn time_words(captured: Between, offset: FixedOffset) -> String {
    match (captured.earliest, captured.latest) {
        (Some(earliest), Some(latest)) if latest - earliest <= TIME_WIDTH_MAX => {
            let middle = earliest + (latest - earliest) / 2;
            middle
                .with_timezone(&offset)
                .format("%Y%m%dT%H%M%S")
                .to_string()
        }
        _ => "时间不详".to_owned(),
    }
}

/// The extension in small letters, if it is one; `bin` otherwise.
fn extension(name: &[u8]) -> String {
    let dot = name.iter().rposition(|byte| *byte == b'.');
    let after = dot.and_then(|dot| name.get(dot + 1..)).unwrap_or_default();
    let usable = (1..=8).contains(&after.len()) && after.iter().all(u8::is_ascii_alphanumeric);
    if usable {
        String::from_utf8_lossy(after).to_lowercase()
    } else {
        "bin".to_owned()
    }
}
