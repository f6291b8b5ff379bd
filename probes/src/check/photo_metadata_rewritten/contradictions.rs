//! What a camera writes at once and alike, and a later hand does not.

use super::asks;
use crate::capture::is_never_set;
use crate::check::Seen;
use crate::measurements::{Measurements, TimeReading};

/// After how long the satellites' counter of weeks starts again (IS-GPS-200,
/// 6.2.4: ten bits); receivers that do not know show a day that much too early.
const WEEKS_START_AGAIN_S: i64 = 1024 * 7 * 86_400;

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

/// Satellites know the day; a fix is hours old at most.
pub(super) fn other_satellite_day(m: &Measurements, limit_s: f64) -> Option<Seen> {
    let (taken, fix) = (reading(m, "exif.DateTimeOriginal")?, reading(m, "gps")?);
    let apart = (taken.local - fix.local).num_seconds();
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
            taken.written, fix.written
        ),
        format!(
            "The time of capture, {}, and that of the satellites, {}, are days apart, which neither a zone nor an old \
             fix explains: the clock was wrong, or the time was changed after capture.",
            taken.written, fix.written
        ),
    );
    Some(Seen {
        measured: Some(apart_s),
        limit: Some(limit_s),
        unit: "s",
        ..seen
    })
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
