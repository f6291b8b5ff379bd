//! The time in a file name, as phones, cameras, recorders and messengers
//! write it.
//!
//! A name can be changed by anybody, so its time supports and never decides
//! alone. Only shapes that a device writes are read: eight digits of date and
//! six of time with one mark between them anywhere in the name, fourteen
//! digits in one run behind a known prefix or alone, dates with dashes, and
//! milliseconds since 1970 behind a messenger's prefix. A number that merely
//! looks like a date, such as a business serial number, is left alone.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use crate::measurements::{Kind, Moment, TimeReading, Zone};

/// The field under which a time from the name is listed.
pub const FIELD: &str = "name";

/// Longest name that is looked at, in bytes: file systems stop at 255.
const NAME_MAX_BYTES: usize = 1024;

/// Years that are believed in a name. Named guess: digital cameras that name
/// files by time, until the end of the century.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2099;

/// Prefixes behind which one run of fourteen digits is a time.
const RUN_PREFIXES: &[&str] = &[
    "img",
    "vid",
    "mov",
    "mvimg",
    "pxl",
    "dvr",
    "rec",
    "video",
    "photo",
    "pic",
    "dsc",
    "burst",
    "screenshot",
    "screenrecorder",
    "screenrecord",
    "record",
    "camera",
    "cam",
    "ch",
    "截屏",
    "截图",
    "屏幕截图",
    "录屏",
    "微信图片",
    "微信视频",
    "wechat",
    "企业微信截图",
    "水印相机",
    "今日水印相机",
];

/// Names that say when the file was written by a messenger, not when it was
/// recorded.
const MESSENGER_PREFIXES: &[&str] = &[
    "mmexport",
    "微信图片",
    "微信视频",
    "wechatimg",
    "企业微信截图",
];

/// Reads the time in `name`.
pub fn parse(name: &str, kind: Kind) -> Option<TimeReading> {
    if name.len() > NAME_MAX_BYTES {
        return None;
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let lower = stem.to_lowercase();
    let messenger = MESSENGER_PREFIXES.iter().any(|p| lower.starts_with(p));
    let moment = if messenger {
        Moment::Written
    } else if kind == Kind::Photo {
        Moment::Capture
    } else {
        Moment::Start
    };
    let reading = |written: String, local, zone| TimeReading {
        field: FIELD.to_owned(),
        written,
        local,
        zone,
        moment,
    };
    if (messenger || lower.starts_with("wx_camera_"))
        && let Some((digits, at)) = epoch_millis(&lower)
    {
        return Some(reading(digits.to_owned(), at, Zone::Utc));
    }
    let (written, local) = date_and_time(&lower)?;
    // Google's camera names its files by UTC.
    let zone = if lower.starts_with("pxl_") {
        Zone::Utc
    } else {
        Zone::Local
    };
    Some(reading(written, local, zone))
}

/// A run of digits in a name.
#[derive(Clone, Copy)]
struct Run<'a> {
    digits: &'a str,
    start: usize,
    end: usize,
}

fn runs(name: &str) -> Vec<Run<'_>> {
    let bytes = name.as_bytes();
    let mut runs = Vec::new();
    let mut start = None;
    for at in 0..=bytes.len() {
        let digit = bytes.get(at).is_some_and(u8::is_ascii_digit);
        match (digit, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if let Some(digits) = name.get(from..at) {
                    runs.push(Run {
                        digits,
                        start: from,
                        end: at,
                    });
                }
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// Thirteen digits: milliseconds since 1970.
fn epoch_millis(name: &str) -> Option<(&str, NaiveDateTime)> {
    let run = runs(name).into_iter().find(|r| r.digits.len() == 13)?;
    let at = DateTime::from_timestamp_millis(run.digits.parse().ok()?)?.naive_utc();
    YEARS.contains(&at.year()).then_some((run.digits, at))
}

fn date_and_time(name: &str) -> Option<(String, NaiveDateTime)> {
    let runs = runs(name);
    (0..runs.len()).find_map(|i| {
        let tail = runs.get(i..)?;
        one_run(name, tail)
            .or_else(|| two_runs(name, tail))
            .or_else(|| three_runs(name, tail))
            .or_else(|| six_runs(name, tail))
    })
}

/// The text between two runs, if it is one of `allowed`.
fn between(name: &str, a: &Run<'_>, b: &Run<'_>, allowed: &[&str]) -> bool {
    name.get(a.end..b.start)
        .is_some_and(|s| allowed.contains(&s))
}

/// Marks that stand between a date and a time.
const JOINTS: &[&str] = &["_", "-", " ", "t", "-t", "_t", " - ", ".", ""];

/// `20260412101533`, also with milliseconds.
fn one_run(name: &str, runs: &[Run<'_>]) -> Option<(String, NaiveDateTime)> {
    let run = runs.first()?;
    if !matches!(run.digits.len(), 14 | 17) {
        return None;
    }
    let before = name
        .get(..run.start)?
        .trim_end_matches(['_', '-', ' ', '.']);
    let alone = before.is_empty() && name.len() == run.end;
    if !alone && !RUN_PREFIXES.contains(&before) {
        return None;
    }
    let local = join(run.digits.get(..8)?, run.digits.get(8..)?)?;
    Some((run.digits.to_owned(), local))
}

/// `20260412_101533`, `PXL_20260412_101533123`.
fn two_runs(name: &str, runs: &[Run<'_>]) -> Option<(String, NaiveDateTime)> {
    let [date, time, ..] = runs else { return None };
    let fits = date.digits.len() == 8 && matches!(time.digits.len(), 6 | 9);
    if !fits || !between(name, date, time, JOINTS) {
        return None;
    }
    let local = join(date.digits, time.digits)?;
    Some((name.get(date.start..time.end)?.to_owned(), local))
}

/// `2026_0412_101533`, as dash cameras write it.
fn three_runs(name: &str, runs: &[Run<'_>]) -> Option<(String, NaiveDateTime)> {
    let [year, day, time, ..] = runs else {
        return None;
    };
    let fits = (year.digits.len(), day.digits.len(), time.digits.len()) == (4, 4, 6);
    if !fits || !between(name, year, day, &["_", "-"]) || !between(name, day, time, &["_", "-"]) {
        return None;
    }
    let local = join(&format!("{}{}", year.digits, day.digits), time.digits)?;
    Some((name.get(year.start..time.end)?.to_owned(), local))
}

/// `2026-04-12 10.15.33`, `2026-04-12-10-15-33`, `2026-04-12 at 10.15.33`.
fn six_runs(name: &str, runs: &[Run<'_>]) -> Option<(String, NaiveDateTime)> {
    let [y, mo, d, h, mi, s, ..] = runs else {
        return None;
    };
    let lengths = [y, mo, d, h, mi, s].map(|r| r.digits.len());
    let marks: &[&str] = &["-", "_", ".", ":", "："];
    let fits = lengths == [4, 2, 2, 2, 2, 2]
        && between(name, y, mo, marks)
        && between(name, mo, d, marks)
        && between(name, d, h, &["-", "_", " ", "t", " at ", "."])
        && between(name, h, mi, marks)
        && between(name, mi, s, marks);
    if !fits {
        return None;
    }
    let date = format!("{}{}{}", y.digits, mo.digits, d.digits);
    let time = format!("{}{}{}", h.digits, mi.digits, s.digits);
    Some((name.get(y.start..s.end)?.to_owned(), join(&date, &time)?))
}

/// Eight digits of date and six (nine with milliseconds) of time.
fn join(date: &str, time: &str) -> Option<NaiveDateTime> {
    let number = |text: Option<&str>| text?.parse::<u32>().ok();
    let year = date.get(..4)?.parse::<i32>().ok()?;
    if !YEARS.contains(&year) {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year, number(date.get(4..6))?, number(date.get(6..8))?)?;
    let millis = if time.len() == 9 {
        number(time.get(6..9))?
    } else {
        0
    };
    day.and_hms_milli_opt(
        number(time.get(..2))?,
        number(time.get(2..4))?,
        number(time.get(4..6))?,
        millis,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<(String, Zone, Moment)> {
        parse(name, Kind::Video).map(|t| {
            (
                t.local.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
                t.zone,
                t.moment,
            )
        })
    }

    #[test]
    fn reads_the_shapes_that_devices_write() {
        let local = |s: &str| Some((s.to_owned(), Zone::Local, Moment::Start));
        for name in [
            "VID_20260412_101533.mp4",
            "IMG_20260412_101533.jpg",
            "20260412_101533.mp4",
            "20260412101533.avi",
            "DVR_20260412101533.mp4",
            "2026_0412_101533_001.MP4",
            "Screenshot_2026-04-12-10-15-33-12_abc.png",
            "屏幕截图 2026-04-12 10.15.33.png",
            "YW2026040001_A2.2首次会议_002_20260412T101533.mp4",
            "视频 2026-04-12 at 10.15.33.mov",
        ] {
            assert_eq!(read(name), local("2026-04-12T10:15:33"), "{name}");
        }
        assert_eq!(
            read("PXL_20260412_021533209.mp4"),
            Some((
                "2026-04-12T02:15:33.209".to_owned(),
                Zone::Utc,
                Moment::Start
            ))
        );
    }

    #[test]
    fn a_messenger_names_the_time_of_its_own_writing() {
        assert_eq!(
            read("微信图片_20260412101533.jpg"),
            Some((
                "2026-04-12T10:15:33".to_owned(),
                Zone::Local,
                Moment::Written
            ))
        );
        assert_eq!(
            read("mmexport1775960133000.mp4"),
            Some(("2026-04-12T02:15:33".to_owned(), Zone::Utc, Moment::Written))
        );
        assert_eq!(
            read("wx_camera_1775960133000.mp4"),
            Some(("2026-04-12T02:15:33".to_owned(), Zone::Utc, Moment::Start))
        );
    }

    #[test]
    fn numbers_that_are_no_times_are_left_alone() {
        for name in [
            "IMG_0001.JPG",
            "YW20260412000001_首次会议.jpg",
            "20261312_101533.mp4",
            "20260412_251533.mp4",
            "IMG-20260412-WA0001.jpg",
            "1775960133000.jpg",
            "沪监通〔2026〕0012号.mp4",
            "19990101_000000.mp4",
            "",
            ".",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }

    #[test]
    fn a_photo_has_one_instant() {
        let reading = parse("IMG_20260412_101533.jpg", Kind::Photo).unwrap();
        assert_eq!(reading.moment, Moment::Capture);
    }
}
