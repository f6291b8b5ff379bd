//! `audio_clipped`: the sound is louder than the recorder can hold.

use crate::check::moments::{sound_of, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "audio_clipped",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Sound,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "声音过大失真",
        en: "The sound is too loud and distorted",
    },
    pass: StaticText {
        zh: "声音没有明显的过载失真。",
        en: "The sound is not noticeably overdriven.",
    },
    doc: StaticText {
        zh: "**检查内容** 声音采样达到满量程(削波)的时段。\n\n\
             **测量方法** 逐秒统计达到满量程的采样比例,1% 以上的秒数相加;不足限值而全程比例较高的仅作提示。\n\n\
             **可能含义** 该时段的说话可能听不清。\n\n\
             **常见的正常原因** 风声、敲击、话筒离声源太近、现场设备噪声大。\n\n\
             **如何确认** 听该时段。",
        en: "**What it finds** Stretches in which samples reach full scale (clipping).\n\n\
             **How it is measured** The share of samples at full scale in every second; the seconds with 1 % and \
             more are added up. Below the limit, a high share of the whole is only told.\n\n\
             **What it can mean** Speech there may be hard to understand.\n\n\
             **Usual innocent causes** Wind; knocks; a microphone too close; loud equipment on site.\n\n\
             **What would settle it** Listening.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -af astats=measure_perchannel=Peak_count+Peak_level -f null -",
    params: &[
        Param {
            key: "clipped_attention_s",
            unit: "s",
            default: 10.0,
            min: 1.0,
            max: 3600.0,
            doc: StaticText {
                zh: "失真的秒数达到此值即需复核;越小越严。",
                en: "This many distorted seconds ask for a person; smaller is stricter.",
            },
            source: "named guess: as long as the silence that `audio_silent` asks about",
        },
        Param {
            key: "clipped_told_ratio",
            unit: "ratio",
            default: 0.001,
            min: 0.0001,
            max: 1.0,
            doc: StaticText {
                zh: "全程达到满量程的采样比例超过此值即作提示;越小越严。",
                en: "A larger share of samples at full scale in the whole is told; smaller is stricter.",
            },
            source: "research/forensics.md 2b: 0.1 %",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let audio = match sound_of(case.m) {
        Ok(audio) => audio,
        Err(ruling) => return ruling,
    };
    let Some(clipped) = &audio.clipped_spans else {
        return Ruling::NotRun(Text::new(
            "测量时尚未逐秒统计满量程采样",
            "samples at full scale were not yet counted by second when it was measured",
        ));
    };
    let limit_s = case.limits.get("clipped_attention_s");
    let clipped_s: f64 = clipped.iter().map(Span::duration_s).sum();
    let level = if clipped_s >= limit_s {
        Level::Attention
    } else if audio.clipped_share > case.limits.get("clipped_told_ratio") {
        Level::Info
    } else {
        return Ruling::Pass;
    };
    let share = audio.clipped_share * 100.0;
    let mut text = Text::new(
        format!(
            "全部采样的 {share:.2}% 达到满量程,失真共 {clipped_s:.1} 秒(限值 {limit_s:.1} 秒)。"
        ),
        format!(
            "{share:.2} % of all samples are at full scale, {clipped_s:.1} s are distorted (limit {limit_s:.1} s)."
        ),
    );
    if !clipped.is_empty() {
        let places = spans(clipped);
        text.zh += &format!("时段:{}。", places.zh);
        text.en += &format!(" At {}.", places.en);
    }
    Ruling::Found(vec![Seen {
        spans: clipped.clone(),
        measured: Some(clipped_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(level, Strength::Fact, text)
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::Audio;
    use crate::measurements::Track;

    fn trial(clipped_spans: Option<Vec<Span>>, clipped_share: f64) -> Trial {
        let mut trial = Trial::video(60.0);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        trial.m.audio = Some(Audio {
            duration_s: 60.0,
            clipped_share,
            clipped_spans,
            ..Audio::default()
        });
        trial
    }

    fn level(clipped_s: f64, share: f64) -> Option<Level> {
        let span = Span {
            start_s: 5.0,
            end_s: 5.0 + clipped_s,
        };
        match trial(Some(vec![span]), share).judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            Ruling::Pass => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ten_seconds_are_the_limit() {
        assert_eq!(level(9.9, 0.0), None);
        assert_eq!(level(10.0, 0.0), Some(Level::Attention));
        assert_eq!(level(10.1, 0.0), Some(Level::Attention));
    }

    #[test]
    fn a_high_share_of_a_short_stretch_is_only_told() {
        assert_eq!(level(2.0, 0.0009), None);
        assert_eq!(level(2.0, 0.001), None);
        assert_eq!(level(2.0, 0.0011), Some(Level::Info));
    }

    #[test]
    fn what_was_not_counted_is_no_pass() {
        let judged = trial(None, 0.0).judge(&CHECK);
        assert!(matches!(judged, Ruling::NotRun(_)), "{judged:?}");
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
