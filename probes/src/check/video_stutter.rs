//! `video_stutter`: pictures were dropped or shown twice.

use crate::check::moments::{not_measured, picture_timing};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

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
             **测量方法** 由时间戳计算间隔中缺少的画面数;由像素逐一比较得出与前一帧完全相同的画面。\
             均匀的低帧率时段(弱光)和均匀的重复(帧率转换)不计。\n\n\
             **可能含义** 设备来不及记录,动作不连贯。\n\n\
             **常见的正常原因** 卡写入慢、设备过热、可变帧率的手机。\n\n\
             **如何确认** 播放所指时段。",
        en: "**What it finds** Lost pictures and repeated pictures.\n\n\
             **How it is measured** From the timestamps: how many pictures would fit into the longer steps. From \
             the pixels: pictures equal to the one before. Stretches at an even lower rate (low light) and even \
             repetition (converted frame rate) do not count.\n\n\
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
    let repeated_ratio = video.repeated_pictures as f64 / video.pictures.max(1) as f64;
    let limit = case.limits.get("repeated_ratio");
    if repeated_ratio > limit {
        let is_even = video.repeat_cadence_pictures.is_some();
        seen.push(Seen {
            measured: Some(repeated_ratio),
            limit: Some(limit),
            unit: "ratio",
            ..Seen::new(
                if is_even {
                    Level::Info
                } else {
                    Level::Attention
                },
                Strength::Fact,
                Text::new(
                    format!(
                        "{:.1}% 的画面与前一帧完全相同(限值 {:.1}%){}。",
                        repeated_ratio * 100.0,
                        limit * 100.0,
                        if is_even {
                            ",间隔均匀,像是帧率转换"
                        } else {
                            ""
                        }
                    ),
                    format!(
                        "{:.1} % of the pictures equal the one before (limit {:.1} %){}.",
                        repeated_ratio * 100.0,
                        limit * 100.0,
                        if is_even {
                            ", evenly spaced as by a conversion of the frame rate"
                        } else {
                            ""
                        }
                    ),
                ),
            )
        });
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::timing::Timing;
    use crate::measure::video::Video;

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
}
