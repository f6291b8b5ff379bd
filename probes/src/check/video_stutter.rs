//! `video_stutter`: pictures were dropped or shown twice.

use crate::check::moments::{not_measured, picture_timing};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Repeats, Video};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// Pictures that must move enough for repeated ones to be told by shares.
const JUDGED_MIN: u64 = 50;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_stutter",
    clause: "av.smooth",
    aspect: Aspect::Quality,
    family: Family::Timing,
    strength: Strength::Fact,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面不流畅",
        en: "The picture stutters",
    },
    pass: StaticText {
        zh: "画面流畅,未见明显丢帧或重复。",
        en: "The picture runs smoothly, without notable losses or repetitions.",
    },
    doc: StaticText {
        zh: "**检查内容** 丢失的画面和重复的画面。\n\n\
             **测量方法** 由时间戳计算间隔中缺少的画面数;由像素逐一比较得出与前一帧几乎相同\
             的画面(与前一帧之差不超过周围动态的五分之一);其后一帧跳变的,是以旧画面顶替了丢失的画面。\
             均匀的低帧率时段(弱光)和均匀的重复(帧率转换)不计。\n\n\
             **可能含义** 设备来不及记录,动作不连贯。\n\n\
             **常见的正常原因** 卡写入慢、设备过热、可变帧率的手机。\n\n\
             **如何确认** 播放所指时段。",
        en: "**What it finds** Lost pictures and repeated pictures.\n\n\
             **How it is measured** From the timestamps: how many pictures would fit into the longer steps. From \
             the pixels: pictures that differ from the one before by a fifth or less of what moves around them; \
             where the next one has to catch up, an old picture stands in place of a lost one. Stretches at an \
             even lower rate (low light) and even repetition (converted frame rate) do not count.\n\n\
             **What it can mean** The device could not keep up; motion is not continuous.\n\n\
             **Usual innocent causes** A slow card; a hot device; phones with a variable frame rate.\n\n\
             **What would settle it** Playing the stretch.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf mpdecimate,vfrdet -f null -",
    params: &[
        Param {
            key: "lost_ratio",
            unit: "ratio",
            default: 0.02,
            min: 0.001,
            max: 1.0,
            doc: StaticText {
                zh: "丢失画面的比例超过此值即需复核;越小越严。",
                en: "More lost pictures than this share ask for a person; smaller is stricter.",
            },
            source: "named guess: one picture in two seconds at 25 a second",
        },
        Param {
            key: "lost_burst_count",
            unit: "count",
            default: 3.0,
            min: 0.0,
            max: 600.0,
            doc: StaticText {
                zh: "任意 10 秒内丢失次数超过此值才计入;越小越严。",
                en: "Losses count if any 10 s hold more than this many; smaller is stricter.",
            },
            source: "named guess: single losses are not seen",
        },
        Param {
            key: "repeated_ratio",
            unit: "ratio",
            default: 0.1,
            min: 0.01,
            max: 1.0,
            doc: StaticText {
                zh: "重复画面的比例超过此值即需复核;越小越严。",
                en: "More repeated pictures than this share ask for a person; smaller is stricter.",
            },
            source: "named guess: visible as jerks",
        },
        Param {
            key: "replaced_ratio",
            unit: "ratio",
            default: 0.02,
            min: 0.001,
            max: 1.0,
            doc: StaticText {
                zh: "以旧画面顶替丢失画面的比例超过此值即需复核(25帧/秒时约每两秒一次,肉眼可见跳动);越小越严。",
                en: "More old pictures in place of lost ones than this share ask for a person: at 25 a second \
                     one in two seconds, which is seen as jerks. Smaller is stricter.",
            },
            source: "as lost_ratio, since the loss is the same; measured on 15 untouched recordings: 0.003 at most",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let (Some(video), Some(timing)) = (&case.m.video, picture_timing(case.m)) else {
        return not_measured(case.m, "video");
    };
    let mut seen = Vec::new();
    let pictures = timing
        .packets
        .saturating_add(timing.missing_pictures)
        .max(1) as f64;
    let lost_ratio = timing.missing_pictures as f64 / pictures;
    let limit = case.limits.get("lost_ratio");
    let in_10_s = timing.missing_worst_10_s as f64;
    if timing.missing_pictures > 0 {
        let is_many = lost_ratio > limit && in_10_s > case.limits.get("lost_burst_count");
        seen.push(Seen {
            measured: Some(lost_ratio),
            limit: Some(limit),
            unit: "ratio",
            ..Seen::new(
                if is_many { Level::Attention } else { Level::Info },
                Strength::Fact,
                Text::new(
                    format!(
                        "约丢失 {} 幅画面,占 {:.1}%(限值 {:.1}%);10 秒内最多 {in_10_s} 次。",
                        timing.missing_pictures, lost_ratio * 100.0, limit * 100.0
                    ),
                    format!(
                        "About {} pictures are lost, {:.1} % (limit {:.1} %); at most {in_10_s} times in 10 s.",
                        timing.missing_pictures, lost_ratio * 100.0, limit * 100.0
                    ),
                ),
            )
        });
    }
    seen.extend(repeated(case, video));
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// Pictures that come again.
fn repeated(case: &Case<'_>, video: &Video) -> Option<Seen> {
    // Older measurements know exact repetition only.
    let repeats = video.repeats.unwrap_or(Repeats {
        judged_pictures: video.pictures,
        pictures: video.repeated_pictures,
        cadence_pictures: video.repeat_cadence_pictures,
        ..Repeats::default()
    });
    if repeats.judged_pictures < JUDGED_MIN {
        return None;
    }
    let share = |count: u64| count as f64 / repeats.judged_pictures as f64;
    let is_burst = repeats.in_place_worst_10_s as f64 > case.limits.get("lost_burst_count");
    let replaced = (share(repeats.in_place_of_others), "replaced_ratio");
    let again = (share(repeats.pictures), "repeated_ratio");
    let exceeds = |(ratio, key): (f64, &str)| ratio > case.limits.get(key);
    let is_replaced = exceeds(replaced) && is_burst;
    if !is_replaced && !exceeds(again) {
        return None;
    }
    let is_even = repeats.cadence_pictures.is_some();
    let (ratio, key) = if is_replaced && !is_even {
        replaced
    } else {
        again
    };
    let limit = case.limits.get(key);
    let (zh, en) = if is_even {
        (
            "与前一帧几乎相同,间隔均匀,像是帧率转换",
            "all but equal the one before, evenly spaced as by a conversion of the frame rate",
        )
    } else if is_replaced {
        (
            "重复前一帧,顶替了丢失的画面",
            "show the one before again in place of a lost one",
        )
    } else {
        ("与前一帧几乎相同", "all but equal the one before")
    };
    let level = if is_even {
        Level::Info
    } else {
        Level::Attention
    };
    let (ratio_percent, limit_percent) = (ratio * 100.0, limit * 100.0);
    Some(Seen {
        measured: Some(ratio),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(
            level,
            Strength::Fact,
            Text::new(
                format!("{ratio_percent:.1}% 的画面{zh}(限值 {limit_percent:.1}%)。"),
                format!("{ratio_percent:.1} % of the pictures {en} (limit {limit_percent:.1} %)."),
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::timing::Timing;

    fn judged(missing: u64, in_10_s: u64, repeated: u64, cadence: Option<u32>) -> Option<Level> {
        let mut trial = Trial::video(40.0);
        trial.m.video = Some(Video {
            pictures: 1000,
            repeated_pictures: repeated,
            repeat_cadence_pictures: cadence,
            ..Video::default()
        });
        trial.m.timing.push(Timing {
            packets: 1000 - missing,
            missing_pictures: missing,
            missing_worst_10_s: in_10_s,
            ..Timing::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn two_percent_lost_are_the_limit() {
        assert_eq!(judged(0, 0, 0, None), None);
        assert_eq!(judged(20, 9, 0, None), Some(Level::Info));
        assert_eq!(judged(21, 9, 0, None), Some(Level::Attention));
        assert_eq!(judged(21, 3, 0, None), Some(Level::Info));
    }

    #[test]
    fn a_tenth_repeated_is_the_limit_unless_even() {
        assert_eq!(judged(0, 0, 100, None), None);
        assert_eq!(judged(0, 0, 101, None), Some(Level::Attention));
        assert_eq!(judged(0, 0, 200, Some(5)), Some(Level::Info));
    }

    #[test]
    fn pictures_in_place_of_others_count_from_two_percent_on() {
        let judged = |in_place: u64, worst: u64, repeated: u64, cadence, of: u64| {
            let mut trial = Trial::video(40.0);
            trial.m.video = Some(Video {
                pictures: 1000,
                repeats: Some(Repeats {
                    judged_pictures: of,
                    pictures: repeated,
                    in_place_of_others: in_place,
                    in_place_worst_10_s: worst,
                    cadence_pictures: cadence,
                }),
                ..Video::default()
            });
            trial.m.timing.push(Timing::default());
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].level),
                _ => None,
            }
        };
        assert_eq!(judged(20, 9, 20, None, 1000), None);
        assert_eq!(judged(21, 9, 21, None, 1000), Some(Level::Attention));
        assert_eq!(judged(21, 3, 21, None, 1000), None);
        assert_eq!(judged(21, 9, 100, Some(5), 1000), Some(Level::Info));
        assert_eq!(judged(0, 0, 101, None, 1000), Some(Level::Attention));
        // A scene in which hardly anything moves says nothing.
        assert_eq!(judged(21, 9, 21, None, 49), None);
    }
}
