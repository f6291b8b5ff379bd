//! `audio_gap`: the sound stops for a while although the picture goes on.

use crate::check::moments::{has_sound, lasting, not_measured, picture_timing, sound_timing};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Strength};
use crate::measurements::{Kind, Span};
use crate::text::StaticText;

/// The first half second, in which recorders start up, and the last.
const EDGE_S: f64 = 0.5;

/// The declaration.
pub static CHECK: Check = Check {
    code: "audio_gap",
    clause: "av.complete",
    aspect: Aspect::Quality,
    family: Family::Sound,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "声音中断",
        en: "The sound is interrupted",
    },
    pass: StaticText {
        zh: "声音连续。",
        en: "The sound is continuous.",
    },
    doc: StaticText {
        zh: "**检查内容** 声音时间戳的空缺,以及采样值恰为零的时段。\n\n\
             **测量方法** 比较每个声音数据包的起点与前一个的终点;统计所有声道均为零的连续采样。画面同时中断的由\
             “时间轴中断”报告。零值时段很多的是设备降噪的习惯,只作提示。\n\n\
             **可能含义** 该段声音没有录到或被静音。\n\n\
             **常见的正常原因** 蓝牙话筒断开、隐私静音、降噪门限。\n\n\
             **如何确认** 听该时段。",
        en: "**What it finds** Holes in the times of the sound, and stretches in which every sample is exactly \
             zero.\n\n\
             **How it is measured** Where each packet of sound starts against where the one before ended; runs of \
             samples that are zero in all channels. Where the picture stops too, `timestamp_gap` tells. Many zero \
             stretches are a device's noise gate and only told.\n\n\
             **What it can mean** The sound was not recorded there, or was muted.\n\n\
             **Usual innocent causes** A wireless microphone lost; a privacy switch; a noise gate.\n\n\
             **What would settle it** Listening.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -af silencedetect=n=-90dB:d=0.2 -f null -",
    params: &[
        Param {
            key: "sound_gap_attention_s",
            unit: "s",
            default: 0.2,
            min: 0.05,
            max: 60.0,
            doc: StaticText {
                zh: "声音缺失达到此时长即需复核;越小越严。",
                en: "A hole in the sound of this length asks for a person; smaller is stricter.",
            },
            source: "named guess: a syllable",
        },
        Param {
            key: "gate_count",
            unit: "count",
            default: 5.0,
            min: 0.0,
            max: 1000.0,
            doc: StaticText {
                zh: "零值时段多于此数视为设备降噪,只作提示;越大越严。",
                en: "More zero stretches than this are a noise gate and only told; larger is stricter.",
            },
            source: "named guess: interruptions are few, a gate closes in every pause",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    if !has_sound(m) {
        return Ruling::NotApplicable;
    }
    let (Some(audio), Some(timing)) = (&m.audio, sound_timing(m)) else {
        return not_measured(m, "audio");
    };
    let limit_s = case.limits.get("sound_gap_attention_s");
    let end_s = audio.duration_s + timing.start_s.unwrap_or(0.0);
    let picture_steps = picture_timing(m).map_or(&[][..], |t| &t.steps);
    let holes: Vec<Span> = timing
        .holes
        .iter()
        .filter(|h| h.length_s >= limit_s && h.at_s >= EDGE_S)
        .filter(|h| {
            // A step of the picture of about the same length at this place.
            !picture_steps.iter().any(|s| {
                s.at_s < h.at_s + h.length_s
                    && s.at_s + s.step_s > h.at_s
                    && s.step_s >= h.length_s * 0.8
            })
        })
        .map(|h| Span {
            start_s: h.at_s,
            end_s: h.at_s + h.length_s,
        })
        .collect();
    let zeros: Vec<Span> = audio
        .zero_spans
        .iter()
        .filter(|s| s.duration_s() >= limit_s && s.start_s >= EDGE_S && s.end_s <= end_s - EDGE_S)
        .copied()
        .collect();
    let mut seen = Vec::new();
    if !holes.is_empty() {
        seen.push(lasting(
            holes,
            limit_s,
            Level::Attention,
            StaticText {
                zh: "声音时间戳缺失",
                en: "Sound is missing",
            },
        ));
    }
    if !zeros.is_empty() {
        let is_gate = zeros.len() as f64 > case.limits.get("gate_count");
        let level = if is_gate {
            Level::Info
        } else {
            Level::Attention
        };
        seen.push(lasting(
            zeros,
            limit_s,
            level,
            StaticText {
                zh: "声音采样恰为零",
                en: "The sound is exactly zero",
            },
        ));
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
    use crate::measure::audio::Audio;
    use crate::measure::timing::{Hole, Timing};
    use crate::measurements::Track;

    fn judged(hole_s: f64, zeros: &[(f64, f64)]) -> Option<Level> {
        let mut trial = Trial::video(60.0);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        trial.m.audio = Some(Audio {
            duration_s: 60.0,
            zero_spans: zeros
                .iter()
                .map(|(a, b)| Span {
                    start_s: *a,
                    end_s: *b,
                })
                .collect(),
            ..Audio::default()
        });
        trial.m.timing.push(Timing {
            holes: vec![Hole {
                at_s: 10.0,
                length_s: hole_s,
            }],
            ..Timing::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn two_tenths_are_the_limit() {
        assert_eq!(judged(0.19, &[]), None);
        assert_eq!(judged(0.2, &[]), Some(Level::Attention));
        assert_eq!(judged(0.0, &[(5.0, 5.19)]), None);
        assert_eq!(judged(0.0, &[(5.0, 5.21)]), Some(Level::Attention));
    }

    #[test]
    fn start_end_and_a_noise_gate_are_let_be() {
        assert_eq!(judged(0.0, &[(0.0, 1.0), (59.0, 60.0)]), None);
        let gate: Vec<(f64, f64)> = (1..8).map(|n| (f64::from(n), f64::from(n) + 0.5)).collect();
        assert_eq!(judged(0.0, &gate), Some(Level::Info));
    }
}
