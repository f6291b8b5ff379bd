//! `timestamp_gap`: time passes in the recording and nothing was recorded.

use crate::check::moments::{
    has_sound, longest_s, not_measured, picture_timing, sound_timing, spans,
};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::timing::{Step, Timing};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Where more than this share of the steps is irregular, the camera's rate
/// varies by itself and a long step alone says little: a named guess.
const VARIABLE_SHARE: f64 = 0.1;
/// Where no more than this share of the other steps is irregular, the pictures come
/// evenly, and one long step stands out by itself: a named guess.
const EVEN_SHARE: f64 = 0.02;
/// A step of fewer usual ones is no gap where pictures come unevenly, as cameras
/// lower their rate in the dark (research/forensics.md 2c).
const STEPS_MIN: f64 = 8.0;
/// The same where all others are even: a camera of 7 pictures a second misses a
/// whole second in 8.
const STEPS_EVEN_MIN: f64 = 5.0;

/// The declaration.
pub static CHECK: Check = Check {
    code: "timestamp_gap",
    clause: "av.complete",
    aspect: Aspect::Quality,
    family: Family::Timing,
    strength: Strength::Fact,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "时间轴中断",
        en: "A gap in time",
    },
    pass: StaticText {
        zh: "画面和声音的时间连续。",
        en: "Picture and sound are continuous in time.",
    },
    doc: StaticText {
        zh: "**检查内容** 时间戳跳过一段、或向回跳,而该段没有记录。\n\n\
             **测量方法** 读取每个数据包的时间。画面间隔超过限值且声音同时缺同样长的一段(无声音轨时画面间隔超过 1 秒,其余间隔都均匀时超过 0.5 秒)\
             才算中断;声音继续的只是画面停顿。开头半秒和动态照片不计。\n\n\
             **可能含义** 该段时间没有被记录,或记录被去掉。\n\n\
             **常见的正常原因** 暂停后续录、卡写入过慢、无线传输中断。\n\n\
             **如何确认** 比较前后画面和声音;查设备日志;请团队书面说明原因。",
        en: "**What it finds** Places where time jumps ahead or back and nothing was recorded.\n\n\
             **How it is measured** From the time of every packet. A gap is a step of the picture beyond the limit \
             with the same stretch missing in the sound (without sound: more than 1 s, or 0.5 s if all \
             other steps are even); where the sound goes on, \
             only the picture stalled. The first half second and motion photos do not count.\n\n\
             **What it can mean** That time was not recorded, or what was recorded is gone.\n\n\
             **Usual innocent causes** Pause and resume; a slow card; an interrupted radio link.\n\n\
             **What would settle it** Picture and sound before and after; the device's log; the team's written \
             reason.",
    },
    see_yourself: "ffprobe -v error -show_entries packet=stream_index,pts_time,duration_time -of csv {file}",
    params: &[
        Param {
            key: "gap_attention_s",
            unit: "s",
            default: 0.5,
            min: 0.1,
            max: 60.0,
            doc: StaticText {
                zh: "画面和声音同时缺失达到此时长即需复核;越小越严。",
                en: "This long without picture and sound asks for a person; smaller is stricter.",
            },
            source: "measured on phone clips: natural steps reach 0.18 s; named guess above it",
        },
        Param {
            key: "gap_silent_attention_s",
            unit: "s",
            default: 1.0,
            min: 0.1,
            max: 60.0,
            doc: StaticText {
                zh: "没有声音轨时,画面缺失达到此时长即需复核;越小越严。",
                en: "Without a sound track, this long without picture asks for a person; smaller is stricter.",
            },
            source: "named guess: sound cannot confirm it, so twice as long",
        },
        Param {
            key: "gap_even_attention_s",
            unit: "s",
            default: 0.5,
            min: 0.1,
            max: 60.0,
            doc: StaticText {
                zh: "没有声音轨、而其余画面间隔都均匀时,画面缺失达到此时长即需复核;越小越严。",
                en: "Without a sound track, where all other steps of the picture are even, this long without \
                     picture asks for a person; smaller is stricter.",
            },
            source: "measured on phone clips: natural steps reach 0.18 s; named guess above it",
        },
        Param {
            key: "gap_agreement_s",
            unit: "s",
            default: 0.1,
            min: 0.01,
            max: 1.0,
            doc: StaticText {
                zh: "画面与声音缺失时长允许相差的值;越大越严。",
                en: "How far the gaps of picture and sound may differ; larger is stricter.",
            },
            source: "named guess: a few sound packets",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let Some(picture) = picture_timing(m) else {
        return not_measured(m, "video");
    };
    if m.container
        .as_ref()
        .is_some_and(|c| c.motion_photo_offset_bytes.is_some())
    {
        return Ruling::NotApplicable;
    }
    let median_s = picture.step_median_s.unwrap_or(0.0);
    // The others count: in a short recording one step is a large share.
    let others = picture.irregular_steps.saturating_sub(1);
    let is_even = others as f64 <= EVEN_SHARE * picture.packets as f64;
    let limit_s = if has_sound(m) {
        case.limits.get("gap_attention_s")
    } else if is_even {
        case.limits.get("gap_even_attention_s")
    } else {
        case.limits.get("gap_silent_attention_s")
    };
    let steps_min = if is_even { STEPS_EVEN_MIN } else { STEPS_MIN };
    let long_s = limit_s.max(steps_min * median_s);
    let long: Vec<&Step> = picture
        .steps
        .iter()
        .filter(|s| s.step_s > long_s && s.at_s >= 0.5)
        .collect();
    let sound = sound_timing(m);
    let agreement_s = case.limits.get("gap_agreement_s").max(2.0 * median_s);
    let (gaps, unsure): (Vec<Span>, Vec<Span>) = match sound {
        Some(sound) => (
            long.iter()
                .filter(|s| sound_stops_too(sound, s, agreement_s))
                .map(|s| missing(s, median_s))
                .collect(),
            Vec::new(),
        ),
        None => {
            let found = long.iter().map(|s| missing(s, median_s)).collect();
            let varies = picture.irregular_steps as f64 > VARIABLE_SHARE * picture.packets as f64;
            if varies {
                (Vec::new(), found)
            } else {
                (found, Vec::new())
            }
        }
    };
    let mut seen = Vec::new();
    if !gaps.is_empty() {
        seen.push(tell(gaps, limit_s, Level::Attention));
    }
    if !unsure.is_empty() {
        seen.push(tell(unsure, limit_s, Level::Info));
    }
    if !picture.backwards_s.is_empty() {
        seen.push(backwards(&picture.backwards_s));
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// True if the sound has a hole as long as the picture's at about its place.
fn sound_stops_too(sound: &Timing, step: &Step, agreement_s: f64) -> bool {
    let end_s = step.at_s + step.step_s;
    sound.holes.iter().any(|hole| {
        let overlaps =
            hole.at_s < end_s + agreement_s && hole.at_s + hole.length_s > step.at_s - agreement_s;
        overlaps && (hole.length_s - step.step_s).abs() <= agreement_s
    })
}

/// What is missing: the step without the picture that it began with.
fn missing(step: &Step, median_s: f64) -> Span {
    Span {
        start_s: step.at_s + median_s.min(step.step_s),
        end_s: step.at_s + step.step_s,
    }
}

fn tell(found: Vec<Span>, limit_s: f64, level: Level) -> Seen {
    let longest_s = longest_s(&found);
    let places = spans(&found);
    Seen {
        spans: found,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            Strength::Fact,
            Text::new(
                format!(
                    "时间轴在 {} 没有任何记录,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
                    places.zh
                ),
                format!(
                    "Nothing was recorded at {}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
                    places.en
                ),
            ),
        )
    }
}

fn backwards(at_s: &[f64]) -> Seen {
    let found: Vec<Span> = at_s
        .iter()
        .map(|s| Span {
            start_s: *s,
            end_s: *s,
        })
        .collect();
    Seen {
        measured: Some(found.len() as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen {
            spans: found.clone(),
            ..Seen::new(
                Level::Attention,
                Strength::Fact,
                Text::new(
                    format!("时间戳向回跳 {} 次。", found.len()),
                    format!("Time runs backwards {} times.", found.len()),
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::Audio;
    use crate::measure::timing::Hole;
    use crate::measure::video::Video;
    use crate::measurements::Track;

    fn judged(step_s: f64, hole_s: Option<f64>, irregular: u64) -> Option<Level> {
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(Video::default());
        trial.m.timing.push(Timing {
            packets: 1000,
            step_median_s: Some(0.04),
            irregular_steps: irregular,
            steps: vec![Step { at_s: 10.0, step_s }],
            ..Timing::default()
        });
        if let Some(length_s) = hole_s {
            trial.m.audio = Some(Audio {
                track: 1,
                ..Audio::default()
            });
            trial.m.tracks.push(Track {
                medium: "audio".to_owned(),
                ..Track::default()
            });
            trial.m.timing.push(Timing {
                track: 1,
                holes: vec![Hole {
                    at_s: 10.03,
                    length_s,
                }],
                ..Timing::default()
            });
        }
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn half_a_second_without_both_is_the_limit() {
        assert_eq!(judged(0.49, Some(0.49), 1), None);
        assert_eq!(judged(0.5, Some(0.5), 1), None);
        assert_eq!(judged(0.51, Some(0.5), 1), Some(Level::Attention));
    }

    #[test]
    fn a_slow_camera_misses_a_second_in_eight_steps() {
        let judged = |steps: f64, irregular| {
            let mut trial = Trial::video(60.0);
            trial.m.video = Some(Video::default());
            trial.m.timing.push(Timing {
                packets: 1000,
                step_median_s: Some(0.135),
                irregular_steps: irregular,
                steps: vec![Step {
                    at_s: 10.0,
                    step_s: steps * 0.135,
                }],
                ..Timing::default()
            });
            matches!(trial.judge(&CHECK), Ruling::Found(_))
        };
        assert!(judged(8.0, 1) && judged(5.1, 21) && !judged(4.9, 21));
        assert!(!judged(7.9, 22) && judged(8.1, 22));
    }

    #[test]
    fn one_gap_makes_no_short_recording_uneven() {
        let mut trial = Trial::video(8.0);
        trial.m.video = Some(Video::default());
        trial.m.timing.push(Timing {
            packets: 35,
            step_median_s: Some(0.2),
            irregular_steps: 1,
            steps: vec![Step {
                at_s: 3.8,
                step_s: 1.2,
            }],
            ..Timing::default()
        });
        assert!(matches!(trial.judge(&CHECK), Ruling::Found(_)));
    }

    #[test]
    fn where_the_sound_goes_on_there_is_no_gap() {
        assert_eq!(judged(2.0, Some(0.02), 1), None);
        assert_eq!(judged(2.0, Some(1.91), 1), Some(Level::Attention));
        assert_eq!(judged(2.0, Some(1.8), 1), None);
    }

    #[test]
    fn without_sound_the_limit_depends_on_how_even_the_other_steps_are() {
        assert_eq!(judged(0.5, None, 21), None);
        assert_eq!(judged(0.51, None, 21), Some(Level::Attention));
        assert_eq!(judged(1.0, None, 22), None);
        assert_eq!(judged(1.01, None, 22), Some(Level::Attention));
        assert_eq!(judged(1.01, None, 101), Some(Level::Info));
    }
}
