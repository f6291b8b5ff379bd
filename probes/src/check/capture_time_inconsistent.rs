//! `capture_time_inconsistent`: two times of one file that no zone, no clip
//! length and no clock tolerance reconciles.

use chrono::{NaiveDateTime, TimeDelta};

use crate::capture::{clip_s, is_never_set, name_time, seconds_between, sound_times};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Moment, TimeReading, Zone};
use crate::text::{StaticText, Text};
use crate::wording::duration;

/// Zones differ by whole quarters of an hour (IANA time zone database).
const ZONE_STEP_S: f64 = 900.0;

/// The westernmost zone in use, UTC-12:00.
const ZONE_MIN_S: f64 = -12.0 * 3600.0;

/// The easternmost zone in use, UTC+14:00.
const ZONE_MAX_S: f64 = 14.0 * 3600.0;

/// How close two writings of one instant in two zones come: the default clock
/// error of research/forensics.md 2f.
const SAME_INSTANT_S: f64 = 120.0;

/// The declaration.
pub static CHECK: Check = Check {
    code: "capture_time_inconsistent",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Metadata,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "各处拍摄时间互相矛盾",
        en: "Capture times contradict each other",
    },
    pass: StaticText {
        zh: "各处拍摄时间互不矛盾。",
        en: "The capture times agree with each other.",
    },
    doc: StaticText {
        zh: "**检查内容** 同一文件中(含文件名)的各个拍摄时间能否互相印证。\n\n\
             **测量方法** 两两比较;钟面时间相同、时区差异(整刻钟,不超过14小时)、指开始还是结束(相差录像时长)、\
             以及容许误差都能解释的,不作提示。后续写入的时间(含 XMP)本应较晚,只有早于拍摄时间才比较。\
             卫星定位时间与设备时钟不一致只说明时钟或定位滞后,仅作参考。\
             照片文件名中的时间(聊天软件的除外)与拍摄时间出自同一时钟,两者不同的,请人工查看。照片的写入时间明显晚于拍摄时间的另行说明:相机附注尚在时仅作参考,不在时为辅助迹象。\n\n\
             **可能含义** 时间可能被改写,或文件由其他软件重新写出。单独一项不影响结论,\
             须与其他类别的迹象相互印证(照片的文件名除外)。\n\n\
             **常见的正常原因** 行车记录仪类设备把开机时间写入每个文件;改过文件名;翻拍或扫描的照片;\
             转存时重写了时间。\n\n\
             **如何确认** 提交设备中的原始文件;与同一设备的其他文件比较。",
        en: "**What it looks at** Whether the capture times within one file, its name included, can all be \
             true.\n\n\
             **How it is measured** In pairs. A difference that a zone explains (the clock shows the same, or \
             whole quarters of an hour up to 14 hours), or start against end (the length of the clip), or the tolerance, is no difference. A \
             later writing, XMP among them, may be later and is only held against the capture if it is earlier. A satellite time \
             that the clock contradicts means a wrong clock or an old fix and is information only. The time in a \
             photo's name, a messenger's excepted, is of the same clock as its capture; if they differ a person is asked. A photo that says \
             that it was written again clearly after its capture is told apart: for information while the camera's \
             own notes are in it, else as a supporting sign.\n\n\
             **What it can mean** A time was rewritten, or other software wrote the file anew. Alone it changes \
             nothing, but for a photo's name: it needs a sign of another family beside it.\n\n\
             **Usual innocent causes** Recorders that write the time of power-on into every file; a renamed \
             file; a scan of a print; a copy that wrote times anew.\n\n\
             **What would settle it** The original file from the device; other files of the same device.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[
        Param {
            key: "tolerance_s",
            unit: "s",
            default: 1800.0,
            min: 120.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "两个时间相差多少以内视为一致;越小越严。",
                en: "Within how much two times agree; smaller is stricter.",
            },
            source: "recorders whose container time was 6 to 25 minutes off although satellite time and name \
                 agreed to 2 s (adiungere, field notes), rounded up",
        },
        Param {
            key: "name_apart_s",
            unit: "s",
            default: 120.0,
            min: 10.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "照片文件名中的时间与拍摄时间相差超过此值才算矛盾;越小越严。",
                en: "The time in a photo's name contradicts its capture if it is further off; smaller is stricter.",
            },
            source: "measured on 240 photos as their phones named them: at most 10 s",
        },
        Param {
            key: "rewritten_s",
            unit: "s",
            default: 60.0,
            min: 1.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "照片写入时间晚于拍摄时间多少秒以上,视为之后又被写入;越小越严。",
                en: "How many seconds after the capture a photo must say that it was written to have been written \
                     again; smaller is stricter.",
            },
            source: "named guess: phones that join several exposures take some seconds; later writing in 19 of 198 \
                     untouched and 59 of 66 edited files (research/forensics.md 2e, 3)",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let times = sound_times(case.m, case.context);
    let pair = Pairing {
        clip_s: clip_s(case.m),
        default_offset_s: case.context.default_offset_s,
        tolerance_s: case
            .limits
            .get("tolerance_s")
            .max(case.context.clock_drift_s),
    };
    let named = other_name(case, &pair);
    if times.len() < 2 && named.is_none() {
        return Ruling::NotApplicable;
    }
    let worst = |satellite: bool| {
        let contradictions = times.iter().enumerate().flat_map(|(i, a)| {
            let pair = &pair;
            times
                .iter()
                .skip(i + 1)
                .filter(move |b| (is_satellite(a) || is_satellite(b)) == satellite)
                .filter(|b| !name_against_capture(case.m.kind, a, b))
                .filter_map(move |b| pair.contradiction_s(a, b).map(|s| (s, a, b)))
        });
        contradictions.max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let mut found: Vec<Seen> = [(false, Level::Attention), (true, Level::Info)]
        .into_iter()
        .filter_map(|(satellite, level)| {
            let (apart_s, a, b) = worst(satellite)?;
            Some(seen(level, apart_s, a, b, pair.tolerance_s))
        })
        .collect();
    found.extend(named);
    found.extend(rewritten(case, &times, &pair));
    if found.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(found)
    }
}

/// A phone names a photo by the time that it writes into it. A messenger's name
/// says when it was sent and is a later writing.
fn name_against_capture(kind: Kind, a: &TimeReading, b: &TimeReading) -> bool {
    let fields = [a.field.as_str(), b.field.as_str()];
    kind == Kind::Photo
        && fields.contains(&name_time::FIELD)
        && fields.contains(&"exif.DateTimeOriginal")
        && !is_later_writing(a)
        && !is_later_writing(b)
}

/// Both are of one clock and one moment, so that no zone stands between them but
/// where the name is in UTC. A factory's New Year would stand in both.
fn other_name(case: &Case<'_>, pair: &Pairing) -> Option<Seen> {
    let name = &name_time::parse(&case.context.name, case.m.kind)?;
    let mut taken = case.m.times.iter().filter(|t| !is_never_set(t));
    let taken = taken.find(|t| name_against_capture(case.m.kind, t, name))?;
    let apart_s = match (name.zone, taken.zone) {
        (Zone::Local, _) => between_s(taken.local, name.local).abs(),
        _ => pair.unexplained_s(taken, name, 0.0).abs(),
    };
    let limit_s = case.limits.get("name_apart_s");
    (apart_s > limit_s)
        .then(|| seen(Level::Attention, apart_s, taken, name, limit_s).asking_alone())
}

/// A camera writes a photo as it takes it. One that says that it was written
/// again later is no contradiction: a trace of rewriting, common in cameras
/// themselves as long as their own notes are still in it.
fn rewritten(case: &Case<'_>, times: &[TimeReading], pair: &Pairing) -> Option<Seen> {
    let field = |name: &str| times.iter().find(|t| t.field == name);
    let taken = field("exif.DateTimeOriginal").filter(|_| case.m.kind == Kind::Photo)?;
    let written = field("exif.DateTime")?;
    // Less than half a step between zones is no zone but a time.
    let shown_s = between_s(taken.local, written.local);
    let later_s = if shown_s.abs() < ZONE_STEP_S / 2.0 {
        shown_s
    } else {
        pair.unexplained_s(taken, written, 0.0)
    };
    let limit_s = case.limits.get("rewritten_s");
    if later_s <= limit_s {
        return None;
    }
    let has_makers_notes = case
        .m
        .exif
        .as_ref()
        .is_some_and(|exif| exif.maker_note_bytes.is_some());
    let (level, strength, why) = if has_makers_notes {
        let why = Text::new(
            "相机自己的附注尚在,可能是在机内旋转、裁切或转存。仅供参考。",
            " The camera's own notes are still there: it may have been turned or cut in the camera, or copied. For \
             information.",
        );
        (Level::Info, Strength::Information, why)
    } else {
        let why = Text::new(
            "相机自己的附注也不在其中。请提交设备中的原始文件。",
            " The camera's own notes are not in it. The original file from the device is asked for.",
        );
        (Level::Attention, Strength::Supporting, why)
    };
    let later = duration(later_s);
    Some(Seen {
        measured: Some(later_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!(
                    "文件在拍摄之后 {} 又被写入({} {},{} {})。{}",
                    later.zh, taken.field, taken.written, written.field, written.written, why.zh
                ),
                format!(
                    "The file was written again {} after the capture ({} {}, {} {}).{}",
                    later.en, taken.field, taken.written, written.field, written.written, why.en
                ),
            ),
        )
    })
}

fn is_satellite(reading: &TimeReading) -> bool {
    reading.field.starts_with("gps")
}

fn seen(level: Level, apart_s: f64, a: &TimeReading, b: &TimeReading, limit_s: f64) -> Seen {
    let strength = match level {
        Level::Info => Strength::Information,
        _ => Strength::Supporting,
    };
    let apart = duration(apart_s);
    // Containers count seconds; a person reads dates.
    let written = |r: &TimeReading| format!("{} {}", r.field, r.local.format("%Y-%m-%d %H:%M:%S"));
    let times = format!("{}, {}", written(a), written(b));
    let (zh, en) = match level {
        Level::Info => (
            "说明设备时钟不准或定位滞后,仅供参考。",
            "The device's clock is off or the fix was old; for information.",
        ),
        _ => (
            "时区、起止时刻和时钟误差均不能解释。请提交设备中的原始文件。",
            "No zone, no start-or-end reading and no clock tolerance explains it. The original file from the \
             device is asked for.",
        ),
    };
    Seen {
        measured: Some(apart_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!("拍摄时间不一致({times}),至少相差{}。{zh}", apart.zh),
                format!(
                    "Capture times disagree ({times}) by at least {}. {en}",
                    apart.en
                ),
            ),
        )
    }
}

struct Pairing {
    clip_s: Option<f64>,
    default_offset_s: i32,
    tolerance_s: f64,
}

impl Pairing {
    /// Seconds between two times that nothing innocent explains, or `None`.
    fn contradiction_s(&self, a: &TimeReading, b: &TimeReading) -> Option<f64> {
        let unexplained_s = match (is_later_writing(a), is_later_writing(b)) {
            // Two later writings may lie apart as they like.
            (true, true) => return None,
            // One may be as late as it likes, and not earlier.
            (true, false) => self.unexplained_s(a, b, 0.0).max(0.0),
            (false, true) => (-self.unexplained_s(a, b, 0.0)).max(0.0),
            (false, false) => self
                .moments_s(a.moment, b.moment)?
                .into_iter()
                .map(|shift_s| self.unexplained_s(a, b, shift_s).abs())
                .min_by(f64::total_cmp)?,
        };
        (unexplained_s > self.tolerance_s).then_some(unexplained_s)
    }

    /// How far two times of one clip may lie apart by naming its two ends;
    /// `None` if the length is not known and they may.
    fn moments_s(&self, a: Moment, b: Moment) -> Option<Vec<f64>> {
        if a == b && a != Moment::StartOrEnd {
            return Some(vec![0.0]);
        }
        let clip_s = self.clip_s?;
        Some(vec![0.0, clip_s, -clip_s])
    }

    /// How much later `b`, moved by `shift_s`, is than `a`, once the kindest
    /// reading of their zones has explained its part.
    fn unexplained_s(&self, a: &TimeReading, b: &TimeReading, shift_s: f64) -> f64 {
        let written_s = between_s(a.local, b.local) + shift_s;
        let apart_s = between_s(utc_if_known(a), utc_if_known(b)) + shift_s;
        // The clock shows the same, whatever zone stands beside it.
        let mut kindest_s = written_s;
        let mut consider = |left_s: f64| {
            if left_s.abs() < kindest_s.abs() {
                kindest_s = left_s;
            }
        };
        consider(apart_s);
        // Which zone shifts, local time less UTC, `apart_s` may contain.
        let zones_s = match (zone_is_known(a), zone_is_known(b)) {
            (true, true) => return kindest_s,
            (true, false) => ZONE_MIN_S..=ZONE_MAX_S,
            (false, true) => -ZONE_MAX_S..=-ZONE_MIN_S,
            (false, false) => -ZONE_MAX_S..=ZONE_MAX_S,
        };
        for zone_s in [self.default_offset_s, -self.default_offset_s].map(f64::from) {
            if zones_s.contains(&zone_s) {
                consider(apart_s - zone_s);
            }
        }
        let step_s = (apart_s / ZONE_STEP_S).round() * ZONE_STEP_S;
        if zones_s.contains(&step_s) && (apart_s - step_s).abs() <= SAME_INSTANT_S {
            consider(0.0);
        }
        kindest_s
    }
}

fn between_s(from: NaiveDateTime, to: NaiveDateTime) -> f64 {
    seconds_between(from.and_utc(), to.and_utc())
}

/// XMP and IPTC are written by programs, when they write.
fn is_later_writing(reading: &TimeReading) -> bool {
    let by_programs = ["xmp.", "iptc."];
    reading.moment == Moment::Written || by_programs.iter().any(|p| reading.field.starts_with(p))
}

fn zone_is_known(reading: &TimeReading) -> bool {
    matches!(reading.zone, Zone::Offset(_) | Zone::Utc)
}

/// The instant in UTC where the zone is known, else the time as written.
fn utc_if_known(reading: &TimeReading) -> NaiveDateTime {
    let offset_s = match reading.zone {
        Zone::Offset(offset_s) => offset_s,
        Zone::Utc | Zone::NominallyUtc | Zone::Local => 0,
    };
    let offset = TimeDelta::seconds(i64::from(offset_s));
    reading
        .local
        .checked_sub_signed(offset)
        .unwrap_or(reading.local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Alone;
    use crate::check::trial::{Trial, at};
    use crate::measurements::Exif;

    const TAKEN: &str = "2026-04-12T01:00:00Z";

    fn photo_with(field: &str, apart_s: i64, zone: Zone, moment: Moment) -> Trial {
        let taken = at(TAKEN);
        Trial::photo(taken, 300.0).time(field, taken + TimeDelta::seconds(apart_s), zone, moment)
    }

    fn clip(named_apart_s: i64) -> Trial {
        let taken = at(TAKEN);
        let other = taken + TimeDelta::seconds(named_apart_s);
        Trial::video(600.0)
            .time(
                "mvhd.creation",
                taken,
                Zone::NominallyUtc,
                Moment::StartOrEnd,
            )
            .time("avi.IDIT", other, Zone::Local, Moment::Start)
    }

    fn level(trial: &Trial) -> Option<Level> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.first().map(|s| s.level),
            _ => None,
        }
    }

    #[test]
    fn the_tolerance_and_either_side() {
        // 900 s steps are explained by zones, so stay off them.
        let trial = |s| photo_with("exif.DateTimeDigitized", s, Zone::Local, Moment::Capture);
        assert_eq!(trial(1799).judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(1800).judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(-1800).judge(&CHECK), Ruling::Pass);
        // Where both zones are known, no step explains anything.
        let known = |s| {
            let taken = at(TAKEN);
            let other = taken + TimeDelta::seconds(s);
            Trial::video(0.0)
                .time("a", taken, Zone::Offset(28_800), Moment::Start)
                .time("b", other, Zone::Offset(0), Moment::Start)
        };
        assert_eq!(known(1800).judge(&CHECK), Ruling::Pass);
        assert_eq!(level(&known(1801)), Some(Level::Attention));
        assert_eq!(level(&known(3600)), Some(Level::Attention));
        // Unless the clock shows the same.
        assert_eq!(known(28_800 + 1800).judge(&CHECK), Ruling::Pass);
        assert_eq!(level(&known(28_800 + 1801)), Some(Level::Attention));
    }

    #[test]
    fn zones_explain_whole_quarters_of_an_hour_up_to_fourteen() {
        let trial = |s| photo_with("exif.DateTimeDigitized", s, Zone::Local, Moment::Capture);
        assert_eq!(trial(9 * 3600 + 120).judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(-14 * 3600).judge(&CHECK), Ruling::Pass);
        assert_eq!(level(&trial(10 * 3600 + 121)), Some(Level::Attention));
        assert_eq!(level(&trial(15 * 3600)), Some(Level::Attention));
        assert_eq!(level(&trial(86_400)), Some(Level::Attention));
    }

    #[test]
    fn start_and_end_explain_the_length_of_the_clip() {
        for quiet in [0, -600, 600, 600 + 1800, 6 * 3600, -8 * 3600 - 600] {
            assert_eq!(clip(quiet).judge(&CHECK), Ruling::Pass, "{quiet}");
        }
        assert_eq!(level(&clip(3 * 3600 + 450)), Some(Level::Attention));
        assert_eq!(level(&clip(8 * 3600)), Some(Level::Attention));
        assert_eq!(level(&clip(3 * 86_400)), Some(Level::Attention));
    }

    #[test]
    fn one_unknown_zone_lies_between_its_westernmost_and_its_easternmost() {
        // The photo's clock shows 09:00:00; true time is this much before it.
        let trial = |zone_s: i64| {
            let shown = at(TAKEN) + TimeDelta::hours(8);
            let other = shown - TimeDelta::seconds(zone_s);
            Trial::photo(at(TAKEN), 300.0).time("gps", other, Zone::Utc, Moment::Capture)
        };
        for quiet in [-12 * 3600, -7 * 3600, 0, 20_700, 14 * 3600, 14 * 3600 + 120] {
            assert_eq!(trial(quiet).judge(&CHECK), Ruling::Pass, "{quiet}");
        }
        for loud in [-12 * 3600 - 900, 14 * 3600 + 121, 14 * 3600 + 900] {
            assert_eq!(level(&trial(loud)), Some(Level::Info), "{loud}");
        }
    }

    #[test]
    fn a_later_writing_may_be_later_and_not_earlier() {
        for field in ["exif.DateTime", "xmp.CreateDate"] {
            let trial = |s| photo_with(field, s, Zone::Local, Moment::Written);
            // Being written later contradicts nothing; of EXIF it is told by itself.
            let told = if field.starts_with("xmp.") {
                None
            } else {
                Some(Level::Attention)
            };
            assert_eq!(level(&trial(90 * 86_400)), told);
            assert_eq!(trial(-14 * 3600).judge(&CHECK), Ruling::Pass);
            assert_eq!(trial(-8 * 3600 - 1800).judge(&CHECK), Ruling::Pass);
            assert_eq!(
                level(&trial(-8 * 3600 - 1801 - 450)),
                Some(Level::Attention)
            );
            assert_eq!(level(&trial(-90 * 86_400)), Some(Level::Attention));
        }
    }

    #[test]
    fn a_photo_written_again_is_a_sign_unless_its_camera_may_have_done_it() {
        let written = |later_s| {
            let mut trial = photo_with("exif.DateTime", later_s, Zone::Local, Moment::Written);
            trial.m.exif = Some(Exif::default());
            trial
        };
        assert_eq!(written(60).judge(&CHECK), Ruling::Pass);
        assert_eq!(level(&written(61)), Some(Level::Attention));
        assert_eq!(level(&written(86_400 + 7 * 60)), Some(Level::Attention));
        // A zone explains whole quarters of an hour.
        assert_eq!(written(8 * 3600).judge(&CHECK), Ruling::Pass);
        let mut in_camera = written(500);
        in_camera.m.exif = Some(Exif {
            maker_note_bytes: Some(900),
            ..Exif::default()
        });
        assert_eq!(level(&in_camera), Some(Level::Info));
        let mut clip = written(500);
        clip.m.kind = Kind::Video;
        assert_eq!(clip.judge(&CHECK), Ruling::Pass);
    }

    fn alone(trial: &Trial) -> Option<Alone> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.first().map(|s| s.alone),
            _ => None,
        }
    }

    #[test]
    fn the_name_is_a_witness() {
        let mut trial = Trial::photo(at(TAKEN), 300.0);
        trial.context.name = "IMG_20260412_090001.jpg".to_owned();
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        trial.context.name = "IMG_20260410_090001.jpg".to_owned();
        assert_eq!(level(&trial), Some(Level::Attention));
        assert_eq!(alone(&trial), Some(Alone::AsksForAPerson));
        // One hour off is no zone: both are the phone's own clock.
        trial.context.name = "IMG_20260412_080000.jpg".to_owned();
        assert_eq!(alone(&trial), Some(Alone::AsksForAPerson));
        trial.context.name = "IMG_20260412_090200.jpg".to_owned();
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        // But in the names of one phone, which are in UTC.
        trial.context.name = "PXL_20260412_010003123.jpg".to_owned();
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        trial.context.name = "PXL_20260412_010703123.jpg".to_owned();
        assert_eq!(alone(&trial), Some(Alone::AsksForAPerson));
        // A New Year's morning in the photo alone was written by hand.
        let mut morning = Trial::photo(at("2020-01-01T02:00:00Z"), 300.0);
        morning.context.name = "IMG_20260412_090001.jpg".to_owned();
        assert_eq!(alone(&morning), Some(Alone::AsksForAPerson));
        // Sent two days later.
        trial.context.name = "mmexport1776157201000.jpg".to_owned();
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        // A recording is named by its start, and by many a recorder by power-on.
        let mut clip = clip(0);
        clip.context.name = "VID_20260410_090001.mp4".to_owned();
        assert_eq!(alone(&clip), Some(Alone::Told));
    }

    #[test]
    fn one_time_contradicts_nobody_and_a_clock_at_zero_is_no_time() {
        assert_eq!(
            Trial::photo(at(TAKEN), 300.0).judge(&CHECK),
            Ruling::NotApplicable
        );
        let zero = Trial::photo(at(TAKEN), 300.0).time(
            "exif.DateTimeDigitized",
            at("1970-01-01T00:00:00Z"),
            Zone::Utc,
            Moment::Capture,
        );
        assert_eq!(zero.judge(&CHECK), Ruling::NotApplicable);
    }
}
