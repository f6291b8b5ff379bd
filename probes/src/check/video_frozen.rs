//! `video_frozen`: the picture stands still while the recording runs.

use crate::check::moments::{longest_s, not_measured, overlap_s, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Frozen, Video};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// A stretch that begins before this has nothing before it to compare with.
const START_S: f64 = 0.5;
/// How many times the least jump a picture must have changed before a stretch
/// that lasts to the end. Named guess.
const TO_THE_END_TIMES: f64 = 2.0;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_frozen",
    clause: "av.smooth",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面冻结",
        en: "The picture is frozen",
    },
    pass: StaticText {
        zh: "未见画面冻结。",
        en: "The picture never stands still for long.",
    },
    doc: StaticText {
        zh: "**检查内容** 录像继续而画面停住不动的时段。\n\n\
             **测量方法** 逐帧与前一帧比较全尺寸亮度。平均差不超过 0.25 级(或此前常见值的二十分之一)为静止。\
             传感器噪声在静止场景中仍在继续,在冻结时停止:此前画面有动静、时段内平均差接近零、结束时画面跳变的为\
             冻结;其余为静止场景,达到一定时长只作提示。没有结尾可比的时段须更长才需复核;从开头就静止的只作提示。一幅画面的时间戳\
             特别长属于时间轴中断,黑屏时段另行检查。\n\n\
             **可能含义** 设备卡顿、信号中断,或该时段没有新的画面。\n\n\
             **常见的正常原因** 三脚架拍摄无动静的场景、低码率编码。\n\n\
             **如何确认** 播放该时段,看声音是否继续、画面有无细微噪声。",
        en: "**What it finds** Stretches in which the recording goes on and the picture does not.\n\n\
             **How it is measured** Every picture is compared with the one before at full size. A mean \
             difference of at most 0.25 grey levels, or a twentieth of what was usual before, is standing still. \
             A sensor's noise goes on in a still scene and stops in a freeze: where the picture was alive before, \
             differs by nearly nothing within and jumps at the end, it is frozen; all else is a still scene, told \
             for information if it is long. A stretch that lasts to the end must be longer to ask for a person; one \
             from the first picture on is only told. One picture whose time lasts long is a gap in time; dark stretches are another \
             check's.\n\n\
             **What it can mean** The device or the signal stalled; no new pictures were recorded.\n\n\
             **Usual innocent causes** A tripod before a scene without motion; coding at a very low bit rate.\n\n\
             **What would settle it** Playing the stretch: does the sound go on, is there any noise?",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf freezedetect=n=0.001:d=2 -f null -",
    params: &[
        Param {
            key: "freeze_attention_s",
            unit: "s",
            default: 0.45,
            min: 0.4,
            max: 600.0,
            doc: StaticText {
                zh: "画面停住达到此时长即需复核;越小越严。",
                en: "A picture frozen for this long asks for a person; smaller is stricter.",
            },
            source: "half a second, less a picture that the encoder still improves",
        },
        Param {
            key: "freeze_unconfirmed_s",
            unit: "s",
            default: 2.0,
            min: 0.4,
            max: 600.0,
            doc: StaticText {
                zh: "停住直到结尾的时段,达到此时长才需复核;静止场景达到此时长即提示。越小越严。",
                en: "A frozen stretch that lasts to the end asks for a person from this length on, and a still \
                     scene is told; smaller is stricter.",
            },
            source: "FFmpeg freezedetect, default d=2",
        },
        Param {
            key: "freeze_difference_levels",
            unit: "levels",
            default: 0.02,
            min: 0.0,
            max: 0.25,
            doc: StaticText {
                zh: "冻结时段内相邻画面平均差的上限(灰度级);越大越严。",
                en: "Largest mean difference between the pictures of a frozen stretch, in grey levels; larger \
                     is stricter.",
            },
            source: "measured: a repeated picture coded with x264 at crf 23 differs by 0.0002 to 0.007",
        },
        Param {
            key: "freeze_difference_ratio",
            unit: "ratio",
            default: 0.025,
            min: 0.0,
            max: 0.5,
            doc: StaticText {
                zh: "同一上限,以此前画面变化的比例计,两者取大;越大越严。",
                en: "The same as a share of how much the picture changed before; the larger of both counts. \
                     Larger is stricter.",
            },
            source: "measured: 13 recordings frozen for 0.5 s and coded in 7 ways: 0.0004 to 0.023",
        },
        Param {
            key: "freeze_alive_levels",
            unit: "levels",
            default: 0.3,
            min: 0.0,
            max: 10.0,
            doc: StaticText {
                zh: "冻结之前画面应有的最小变化(灰度级);越小越严。",
                en: "Least change from picture to picture before a frozen stretch, in grey levels; smaller is \
                     stricter.",
            },
            source: "measured: fixed cameras whose encoder removes the noise stay below 0.3 where nothing moves",
        },
        Param {
            key: "freeze_exit_levels",
            unit: "levels",
            default: 1.0,
            min: 0.0,
            max: 100.0,
            doc: StaticText {
                zh: "冻结结束时画面跳变的下限(灰度级);越小越严。",
                en: "Least jump at the end of a frozen stretch, in grey levels; smaller is stricter.",
            },
            source: "measured: motion that begins in a still scene starts with 0.6 or less, a freeze ends with 1.5 \
                     or more",
        },
        Param {
            key: "freeze_exit_ratio",
            unit: "ratio",
            default: 0.7,
            min: 0.0,
            max: 10.0,
            doc: StaticText {
                zh: "冻结结束时画面跳变与前后变化(取大)之比的下限;越小越严。",
                en: "Least jump at the end as a multiple of how much the picture changed before or changes \
                     after, whichever is more; smaller is stricter.",
            },
            source: "measured: a freeze of half a second ends with 0.98 times or more, motion that begins in a \
                     still scene with 0.42 or less",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let limit_s = case.limits.get("freeze_attention_s");
    let unconfirmed_s = case.limits.get("freeze_unconfirmed_s");
    let (mut frozen, mut still) = (Vec::new(), Vec::new());
    for run in &video.frozen {
        let length_s = run.span.duration_s();
        if overlap_s(&run.span, &video.dark_spans) > length_s / 2.0 {
            continue;
        }
        match verdict(run, video, case) {
            Stands::Frozen if length_s >= limit_s => frozen.push(run.span),
            Stands::Unconfirmed if length_s >= unconfirmed_s => frozen.push(run.span),
            Stands::Still if length_s >= unconfirmed_s => still.push(run.span),
            _ => {}
        }
    }
    let mut seen = Vec::new();
    if !frozen.is_empty() {
        seen.push(tell(frozen, limit_s, Level::Attention));
    }
    if !still.is_empty() {
        seen.push(tell(still, unconfirmed_s, Level::Info));
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// What a stretch is that stands still.
enum Stands {
    /// Alive before, dead within, and a jump at the end.
    Frozen,
    /// The same as far as can be seen: it has no start or no end to compare with.
    Unconfirmed,
    /// A scene in which nothing moves.
    Still,
}

fn verdict(run: &Frozen, video: &Video, case: &Case<'_>) -> Stands {
    let limit = |key| case.limits.get(key);
    let exit_min = limit("freeze_exit_levels");
    let before = run.before_difference.unwrap_or(0.0);
    let quiet = limit("freeze_difference_levels").max(limit("freeze_difference_ratio") * before);
    if run.difference_mean > quiet {
        return Stands::Still;
    }
    match (run.before_difference, run.exit_difference) {
        (Some(before), Some(exit)) => {
            // Motion that begins grows from picture to picture; what a freeze left
            // out comes at once, and is no less than an ordinary step.
            let usual = before.max(run.after_difference.unwrap_or(0.0));
            let jumps = exit >= exit_min.max(limit("freeze_exit_ratio") * usual);
            if jumps && before >= limit("freeze_alive_levels") {
                Stands::Frozen
            } else {
                Stands::Still
            }
        }
        // From the first picture on, a camera that waits looks like a still scene.
        (None, _) if run.span.start_s < START_S => Stands::Still,
        (None, Some(exit)) if exit >= exit_min => Stands::Unconfirmed,
        // To the end: what moved before must have moved for a reason, and more
        // than what slowly comes to rest.
        (Some(before), None) if before >= TO_THE_END_TIMES * exit_min => Stands::Unconfirmed,
        (None, None) if moved_before(video, run.span.start_s) >= exit_min => Stands::Unconfirmed,
        _ => Stands::Still,
    }
}

/// Mean difference from picture to picture before an instant.
fn moved_before(video: &Video, until_s: f64) -> f64 {
    let series = &video.difference_mean;
    let seconds = (until_s / series.step_s) as usize;
    let values: Vec<f32> = series
        .values
        .iter()
        .take(seconds)
        .flatten()
        .copied()
        .collect();
    f64::from(values.iter().sum::<f32>()) / values.len().max(1) as f64
}

fn tell(found: Vec<Span>, limit_s: f64, level: Level) -> Seen {
    let longest_s = longest_s(&found);
    let places = spans(&found);
    let text = if level == Level::Attention {
        Text::new(
            format!(
                "画面在 {} 停住不动,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
                places.zh
            ),
            format!(
                "The picture is frozen at {}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
                places.en
            ),
        )
    } else {
        Text::new(
            format!(
                "画面在 {} 没有变化,最长 {longest_s:.1} 秒,像是静止的场景。",
                places.zh
            ),
            format!(
                "Nothing moves at {}, for {longest_s:.1} s at most; it looks like a still scene.",
                places.en
            ),
        )
    };
    Seen {
        spans: found,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            if level == Level::Attention {
                Strength::Strong
            } else {
                Strength::Information
            },
            text,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;

    /// From 10 s on, in a recording of 60 s.
    fn judged(length_s: f64, run: Frozen) -> Option<Level> {
        let mut trial = Trial::video(60.0);
        let mut video = Video {
            duration_s: 60.0,
            frozen: vec![Frozen {
                span: Span {
                    start_s: 10.0,
                    end_s: 10.0 + length_s,
                },
                pictures: 50,
                ..run
            }],
            ..Video::default()
        };
        video.difference_mean.values = vec![Some(3.0); 60];
        trial.m.video = Some(video);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    fn run(before: f64, within: f64, exit: f64) -> Frozen {
        Frozen {
            difference_mean: within,
            before_difference: Some(before),
            exit_difference: Some(exit),
            ..Frozen::default()
        }
    }

    #[test]
    fn half_a_second_is_the_limit() {
        let frozen = run(2.0, 0.001, 4.0);
        assert_eq!(judged(0.44, frozen), None);
        assert_eq!(judged(0.46, frozen), Some(Level::Attention));
        assert_eq!(judged(5.0, frozen), Some(Level::Attention));
    }

    #[test]
    fn a_still_scene_is_told_if_it_is_long() {
        // Noise goes on; nothing was alive before; it goes on as it was.
        for still in [
            run(0.8, 0.021, 4.0),
            run(0.29, 0.001, 4.0),
            run(0.5, 0.001, 0.99),
            run(8.0, 0.001, 5.5),
            // Somebody enters: the change grows from picture to picture.
            Frozen {
                after_difference: Some(6.0),
                ..run(2.0, 0.001, 4.1)
            },
        ] {
            assert_eq!(judged(1.99, still), None, "{still:?}");
            assert_eq!(judged(2.0, still), Some(Level::Info), "{still:?}");
        }
    }

    #[test]
    fn coding_may_leave_more_where_more_moved() {
        assert_eq!(judged(1.0, run(4.0, 0.099, 8.0)), Some(Level::Attention));
        assert_eq!(judged(1.0, run(4.0, 0.101, 8.0)), None);
    }

    #[test]
    fn without_a_start_or_an_end_it_must_be_longer() {
        let to_the_end = Frozen {
            exit_difference: None,
            ..run(2.0, 0.001, 0.0)
        };
        let calm = Frozen {
            before_difference: Some(1.9),
            ..to_the_end
        };
        // As measured before version 2, or from the first picture on.
        let unknown = Frozen {
            before_difference: None,
            ..run(0.0, 0.001, 9.0)
        };
        for run in [to_the_end, unknown] {
            assert_eq!(judged(1.99, run), None);
            assert_eq!(judged(2.0, run), Some(Level::Attention));
        }
        assert_eq!(judged(50.0, calm), Some(Level::Info));
    }

    #[test]
    fn a_freeze_to_the_end_of_an_older_measurement_counts_if_something_moved_before() {
        let older = Frozen {
            difference_mean: 0.001,
            ..Frozen::default()
        };
        assert_eq!(judged(50.0, older), Some(Level::Attention));
    }

    #[test]
    fn one_still_picture_throughout_is_told_and_a_short_one_is_not() {
        let whole = |duration_s: f64| {
            let mut trial = Trial::video(duration_s);
            trial.m.video = Some(Video {
                duration_s,
                frozen: vec![Frozen {
                    span: Span {
                        start_s: 0.0,
                        end_s: duration_s,
                    },
                    exit_difference: None,
                    ..Frozen::default()
                }],
                ..Video::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].level),
                _ => None,
            }
        };
        assert_eq!(whole(1.99), None);
        assert_eq!(whole(2.0), Some(Level::Info));
        assert_eq!(whole(60.0), Some(Level::Info));
    }

    #[test]
    fn without_pictures_it_does_not_pass() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
