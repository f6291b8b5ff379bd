//! `video_frozen`: the picture stands still while the recording runs.

use crate::check::moments::{longest_s, not_measured, overlap_s, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Frozen, Video};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

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
             **测量方法** 逐帧与前一帧比较全尺寸亮度。平均差不超过 0.25 级为静止;平均差接近零、且结束时画面跳变的为冻结,\
             静止后平稳继续的视为静止场景,只作提示;全程如同一幅静止图像的录像没有可比的动态,也只作提示。黑屏时段另行检查。\n\n\
             **可能含义** 设备卡顿、信号中断,或该时段没有新的画面。\n\n\
             **常见的正常原因** 三脚架拍摄无动静的场景、低码率编码。\n\n\
             **如何确认** 播放该时段,看声音是否继续、画面有无细微噪声。",
        en: "**What it finds** Stretches in which the recording goes on and the picture does not.\n\n\
             **How it is measured** Every picture is compared with the one before at full size. A mean \
             difference of at most 0.25 grey levels is standing still. Where it is nearly nothing and the picture \
             jumps at the end it is frozen; where the picture goes on evenly it is a still scene, told for \
             information. So is a recording that shows one still picture throughout, which has no motion \
             to compare with. Dark stretches are another check's.\n\n\
             **What it can mean** The device or the signal stalled; no new pictures were recorded.\n\n\
             **Usual innocent causes** A tripod before a scene without motion; coding at a very low bit rate.\n\n\
             **What would settle it** Playing the stretch: does the sound go on, is there any noise?",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf freezedetect=n=0.001:d=2 -f null -",
    params: &[
        Param {
            key: "freeze_attention_s",
            unit: "s",
            default: 2.0,
            min: 0.5,
            max: 600.0,
            doc: StaticText {
                zh: "画面停住达到此时长即需复核;越小越严。",
                en: "A picture frozen for this long asks for a person; smaller is stricter.",
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
            key: "freeze_exit_levels",
            unit: "levels",
            default: 1.0,
            min: 0.0,
            max: 100.0,
            doc: StaticText {
                zh: "冻结结束时画面跳变的下限(灰度级);越小越严。",
                en: "Least jump at the end of a frozen stretch, in grey levels; smaller is stricter.",
            },
            source: "named guess: four times the difference that counts as standing still",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let limit_s = case.limits.get("freeze_attention_s");
    let (mut frozen, mut still) = (Vec::new(), Vec::new());
    for run in &video.frozen {
        let length_s = run.span.duration_s();
        let is_dark = overlap_s(&run.span, &video.dark_spans) > length_s / 2.0;
        if length_s < limit_s || is_dark {
            continue;
        }
        if is_frozen(run, video, case) {
            frozen.push(run.span);
        } else {
            still.push(run.span);
        }
    }
    let mut seen = Vec::new();
    if !frozen.is_empty() {
        seen.push(tell(frozen, limit_s, Level::Attention));
    }
    if !still.is_empty() {
        seen.push(tell(still, limit_s, Level::Info));
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

fn is_frozen(run: &Frozen, video: &Video, case: &Case<'_>) -> bool {
    let exit_min = case.limits.get("freeze_exit_levels");
    if run.difference_mean > case.limits.get("freeze_difference_levels") {
        return false;
    }
    match run.exit_difference {
        Some(exit) => exit >= exit_min,
        // To the end: what moved before must have moved for a reason.
        None => moved_before(video, run.span.start_s) >= exit_min,
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

    fn judged(length_s: f64, difference_mean: f64, exit: Option<f64>) -> Option<Level> {
        let mut trial = Trial::video(60.0);
        let mut video = Video {
            duration_s: 60.0,
            frozen: vec![Frozen {
                span: Span {
                    start_s: 10.0,
                    end_s: 10.0 + length_s,
                },
                pictures: 50,
                difference_mean,
                exit_difference: exit,
                ..Frozen::default()
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

    #[test]
    fn two_seconds_are_the_limit() {
        assert_eq!(judged(1.99, 0.001, Some(9.0)), None);
        assert_eq!(judged(2.0, 0.001, Some(9.0)), Some(Level::Attention));
        assert_eq!(judged(2.01, 0.001, Some(9.0)), Some(Level::Attention));
    }

    #[test]
    fn a_still_scene_is_only_told() {
        assert_eq!(judged(5.0, 0.021, Some(9.0)), Some(Level::Info));
        assert_eq!(judged(5.0, 0.001, Some(0.9)), Some(Level::Info));
    }

    #[test]
    fn a_freeze_to_the_end_counts_if_something_moved_before() {
        assert_eq!(judged(50.0, 0.001, None), Some(Level::Attention));
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
