//! What a camera writes at once and alike, and a later hand does not.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use super::asks;
use crate::capture::is_never_set;
use crate::check::Seen;
use crate::measurements::{Measurements, TimeReading, Zone};

/// After how long the satellites' counter of weeks starts again (IS-GPS-200,
/// 6.2.4: ten bits); receivers that do not know show a day that much too early.
const WEEKS_START_AGAIN_S: i64 = 1024 * 7 * 86_400;

/// No photo with a receiver is older. Named guess, as for the first digital
/// cameras with a clock.
const FIRST_SATELLITE_YEAR: i32 = 1990;

/// The reading of a field, if somebody has set its clock.
fn reading<'a>(m: &'a Measurements, field: &str) -> Option<&'a TimeReading> {
    let found = m.times.iter().find(|t| t.field == field);
    found.filter(|t| !is_never_set(t))
}

/// A camera takes and digitises a picture at one instant and writes so.
pub(super) fn other_digitised(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let (taken, digitised) = (
        reading(m, "exif.DateTimeOriginal")?,
        reading(m, "exif.DateTimeDigitized")?,
    );
    let apart_s = (taken.local - digitised.local).num_seconds().unsigned_abs() as f64;
    if apart_s <= limit_s {
        return None;
    }
    let seen = asks(
        format!(
            "拍摄时间 {} 与数字化时间 {} 不同,而相机同时写入两者:其中一个在拍摄后被改过。",
            taken.written, digitised.written
        ),
        format!(
            "The time of capture, {}, is not the time of digitising, {}; a camera writes both at once: one of them was \
             changed after capture.",
            taken.written, digitised.written
        ),
    );
    Some(Seen {
        measured: Some(apart_s),
        limit: Some(limit_s),
        unit: "s",
        ..seen
    })
}

/// The camera writes the time into its own notes too, where tools for EXIF do
/// not look.
pub(super) fn other_time_in_notes(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let taken = reading(m, "exif.DateTimeOriginal")?;
    let notes = m.exif.as_ref()?.maker_note.as_ref()?;
    let times = notes.times.as_ref()?.iter().filter_map(|written| {
        let time = NaiveDateTime::parse_from_str(written, "%Y:%m:%d %H:%M:%S").ok()?;
        Some((apart_s(taken.local, time), written))
    });
    let (apart_s, written) = times.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let zone_s = zone_apart_s(apart_s);
    // Of a form that is not known the zone is not known either.
    let is_explained = notes.form.is_none() && zone_s <= limit_s;
    if apart_s <= limit_s || is_explained {
        return None;
    }
    Some(apart(
        (apart_s, limit_s),
        format!(
            "拍摄时间为 {},而相机私有数据中记的是 {written}:拍摄时间在拍摄后被改过。",
            taken.written
        ),
        format!(
            "The time of capture is {}, and the camera's own notes say {written}: the time of capture was changed \
             afterwards.",
            taken.written
        ),
    ))
}

/// Phones of one maker note the instant behind the picture, in UTC.
pub(super) fn other_time_in_trailer(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let taken = reading(m, "exif.DateTimeOriginal")?;
    let trace = m.traces.iter().find(|t| t.field == "sef.Image_UTC_Data")?;
    let noted = DateTime::from_timestamp_millis(trace.written.parse().ok()?)?.naive_utc();
    let (apart_s, unexplained_s) = match utc(taken) {
        Some(taken) => (apart_s(taken, noted), apart_s(taken, noted)),
        None => {
            let apart_s = apart_s(taken.local, noted);
            (apart_s, zone_apart_s(apart_s))
        }
    };
    if unexplained_s <= limit_s {
        return None;
    }
    let noted = noted.format("%Y:%m:%d %H:%M:%S UTC");
    Some(apart(
        (apart_s, limit_s),
        format!(
            "拍摄时间为 {},而手机在文件末尾记的是 {noted}:拍摄时间在拍摄后被改过。",
            taken.written
        ),
        format!(
            "The time of capture is {}, and the phone's own record at the end of the file says {noted}: the time of \
             capture was changed afterwards.",
            taken.written
        ),
    ))
}

/// The instant in UTC, if the zone is written with it.
fn utc(reading: &TimeReading) -> Option<NaiveDateTime> {
    match reading.zone {
        Zone::Offset(offset_s) => {
            let offset = TimeDelta::seconds(i64::from(offset_s));
            reading.local.checked_sub_signed(offset)
        }
        Zone::Utc => Some(reading.local),
        Zone::NominallyUtc | Zone::Local => None,
    }
}

/// A fix may be old and cannot be of a later time than the photo.
pub(super) fn later_fix(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let (taken, fix) = (reading(m, "exif.DateTimeOriginal")?, reading(m, "gps")?);
    let ahead_s = (fix.local - utc(taken)?).num_seconds() as f64;
    (ahead_s > limit_s).then(|| {
        apart(
            (ahead_s, limit_s),
            format!(
                "卫星定位时间 {} UTC 晚于拍摄时间 {},而定位不可能晚于拍摄:设备时钟偏慢,或拍摄时间在拍摄后被改早。",
                fix.written, taken.written
            ),
            format!(
                "The satellites' time, {} UTC, is later than the time of capture, {}; a fix cannot be: the clock was \
                 slow, or the time of capture was changed to an earlier one.",
                fix.written, taken.written
            ),
        )
    })
}

fn apart_s(a: NaiveDateTime, b: NaiveDateTime) -> f64 {
    (a - b).num_seconds().unsigned_abs() as f64
}

/// What a zone leaves unexplained: zones differ by quarters of an hour, by 14
/// hours at most (IANA time zone database).
fn zone_apart_s(apart_s: f64) -> f64 {
    const STEP_S: f64 = 900.0;
    const MOST_S: f64 = 14.0 * 3600.0;
    let zone_s = ((apart_s / STEP_S).round() * STEP_S).min(MOST_S);
    (apart_s - zone_s).abs()
}

fn apart((measured, limit): (f64, f64), zh: String, en: String) -> Seen {
    Seen {
        measured: Some(measured),
        limit: Some(limit),
        unit: "s",
        ..asks(zh, en)
    }
}

/// Tags of a position: its version, latitude and longitude with their halves of
/// the globe.
const POSITION_TAGS: [&str; 5] = ["0000", "0001", "0002", "0003", "0004"];

/// A receiver writes more than where it is; a person types in just that, and the
/// tools that he uses add the version, which the few phones leave out that write
/// nothing else (Motorola moto g9 plus, Nothing A063).
pub(super) fn position_by_hand(m: &Measurements) -> Option<Seen> {
    let layout = m.exif.as_ref()?.layout.as_ref()?;
    let gps = layout.directories.iter().find(|d| d.name == "GPS")?;
    let tags: Vec<&str> = gps
        .tags
        .iter()
        .filter_map(|t| t.split('/').next())
        .collect();
    let has = |tag: &str| tags.contains(&tag);
    let lacks_half = (has("0002") && !has("0001")) || (has("0004") && !has("0003"));
    let is_bare = has("0000") && has("0002") && tags.iter().all(|tag| POSITION_TAGS.contains(tag));
    if lacks_half {
        return Some(asks(
            "定位信息有经纬度而没有南北、东西之分,相机不会这样写:位置由其他程序写入。".to_owned(),
            "The position has degrees and not which half of the globe; no camera writes so: a program has put it in."
                .to_owned(),
        ));
    }
    is_bare.then(|| {
        asks(
            "定位信息只有经纬度,没有卫星时间、日期、海拔等接收机同时写入的内容:位置可能由其他程序写入。".to_owned(),
            "The position is degrees alone, without time, date, altitude or whatever else a receiver writes with it: a \
             program may have put it in."
                .to_owned(),
        )
    })
}

/// Satellites know the day; a fix is hours old at most.
pub(super) fn other_satellite_day(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let taken = reading(m, "exif.DateTimeOriginal")?;
    let (fix, written) = if m.times.iter().any(|t| t.field == "gps") {
        let fix = reading(m, "gps")?;
        (fix.local, fix.written.as_str())
    } else {
        day_of_fix(m)?
    };
    let apart = (taken.local - fix).num_seconds();
    let apart_s = apart.unsigned_abs() as f64;
    let counted_again = apart > WEEKS_START_AGAIN_S / 2 && {
        let left = apart % WEEKS_START_AGAIN_S;
        left.min(WEEKS_START_AGAIN_S - left) as f64 <= limit_s
    };
    if apart_s <= limit_s || counted_again {
        return None;
    }
    let seen = asks(
        format!(
            "拍摄时间 {} 与卫星定位时间 {} 相差数日,时区和定位滞后均不能解释:时钟不准,或时间在拍摄后被改过。",
            taken.written, written
        ),
        format!(
            "The time of capture, {}, and that of the satellites, {}, are days apart, which neither a zone nor an old \
             fix explains: the clock was wrong, or the time was changed after capture.",
            taken.written, written
        ),
    );
    Some(Seen {
        measured: Some(apart_s),
        limit: Some(limit_s),
        unit: "s",
        ..seen
    })
}

/// The middle of the day that a phone writes without a time.
fn day_of_fix(m: &Measurements) -> Option<(NaiveDateTime, &str)> {
    let trace = m.traces.iter().find(|t| t.field == "gps.DateStamp")?;
    let day = NaiveDate::parse_from_str(trace.written.trim(), "%Y:%m:%d").ok()?;
    let is_set = day.year() >= FIRST_SATELLITE_YEAR;
    is_set.then_some((day.and_hms_opt(12, 0, 0)?, trace.written.as_str()))
}

/// Makers whose models bear their name, and nobody else's do.
const NAMED_MODELS: [(&str, &str); 4] = [
    ("nikon", "nikon"),
    ("canon", "canon"),
    ("iphone", "apple"),
    ("huawei", "huawei"),
];

pub(super) fn model_of_another_maker(m: &Measurements, make: &str) -> Option<Seen> {
    let model = m.device.model.as_deref()?;
    let lower = model.trim().to_lowercase();
    let (_, owner) = NAMED_MODELS
        .iter()
        .find(|(start, _)| lower.starts_with(start))?;
    if make.is_empty() || make.to_lowercase().contains(owner) {
        return None;
    }
    Some(asks(
        format!("型号“{model}”是另一厂商的,而文件称厂商为“{make}”:其中一个在拍摄后被改过。"),
        format!(
            "The model “{model}” is another maker's than the “{make}” that the file names: one of them was changed \
             after capture."
        ),
    ))
}

/// The thumbnail's directory keeps the time at which it was written.
pub(super) fn other_thumbnail_time(m: &Measurements) -> Option<Seen> {
    let thumbnail = m.exif.as_ref()?.thumbnail_time.as_deref()?;
    let file = m.times.iter().find(|t| t.field == "exif.DateTime")?;
    // The zone, where there is one, follows the date and the time.
    let written: String = file.written.chars().take(19).collect();
    (thumbnail.len() == 19 && thumbnail != written).then(|| {
        asks(
            format!("缩略图目录中的时间为 {thumbnail},而照片的为 {written}:照片的时间在拍摄后被改过。"),
            format!(
                "The thumbnail's directory says {thumbnail}, the photo's {written}: the photo's time was changed after \
                 capture."
            ),
        )
    })
}
