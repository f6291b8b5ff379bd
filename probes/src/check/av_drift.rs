//! `av_drift`: picture and sound run apart.

use crate::check::moments::{has_sound, not_measured, picture_timing, sound_timing};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "av_drift",
    clause: "av.smooth",
    aspect: Aspect::Quality,
    family: Family::Timing,
    strength: Strength::Fact,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "声音与画面长度不一致",
        en: "Picture and sound run apart",
    },
    pass: StaticText {
        zh: "声音与画面的长度一致。",
        en: "Picture and sound are equally long.",
    },
    doc: StaticText {
        zh: "**检查内容** 声音和画面从开始到结束的时长之差,以及声音采样数与其时间戳之差。\n\n\
             **测量方法** 时间戳给出两轨的起止;采样数除以采样率是声音自己的时钟。开头的偏移不计。\n\n\
             **可能含义** 一轨缺少一段,或声画逐渐错位。\n\n\
             **常见的正常原因** 设备先停一轨;采样时钟不准。\n\n\
             **如何确认** 在结尾处看口型与声音。",
        en: "**What it finds** A difference between the lengths of picture and sound, and between the count of \
             sound samples and their timestamps.\n\n\
             **How it is measured** Timestamps give start and end of both; samples over the sampling rate are \
             the sound's own clock. An offset at the start does not count.\n\n\
             **What it can mean** A stretch is missing in one of them, or they drift apart.\n\n\
             **Usual innocent causes** The device ends one before the other; an inexact sampling clock.\n\n\
             **What would settle it** Lips and sound near the end.",
    },
    see_yourself: "ffprobe -v error -show_entries stream=codec_type,start_time,duration {file}",
    params: &[Param {
        key: "drift_attention_s",
        unit: "s",
        default: 0.5,
        min: 0.05,
        max: 60.0,
        doc: StaticText {
            zh: "声画时长之差超过此值即需复核;越小越严。",
            en: "A larger difference asks for a person; smaller is stricter.",
        },
        source: "named guess, four times the 0.125 s at which ITU-R BT.1359 finds lag detectable",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    if !has_sound(m) {
        return Ruling::NotApplicable;
    }
    let (Some(picture), Some(sound)) = (picture_timing(m), sound_timing(m)) else {
        return not_measured(m, if m.video.is_none() { "video" } else { "audio" });
    };
    if !m.decoding.reached_end {
        return Ruling::NotRun(Text::new(
            "未能解码到结尾,无法比较声画长度",
            "decoding did not reach the end, so lengths cannot be compared",
        ));
    }
    let length_s = |start: Option<f64>, end: Option<f64>| Some(end? - start?);
    let (Some(picture_s), Some(sound_s)) = (
        length_s(picture.start_s, picture.end_s),
        length_s(sound.start_s, sound.end_s),
    ) else {
        return Ruling::NotRun(Text::new("时间戳缺失", "timestamps are missing"));
    };
    let limit_s = case.limits.get("drift_attention_s");
    let apart_s = (picture_s - sound_s).abs();
    let holes_s: f64 = sound.holes.iter().map(|h| h.length_s).sum();
    let clock_s = sound
        .sample_clock_s
        .map_or(0.0, |clock| (sound_s - holes_s - clock).abs());
    let mut seen = Vec::new();
    if apart_s > limit_s {
        seen.push(tell(
            apart_s,
            limit_s,
            Text::new(
                format!("画面长 {picture_s:.2} 秒,声音长 {sound_s:.2} 秒,相差 {apart_s:.2} 秒(限值 {limit_s:.2} 秒)。"),
                format!(
                    "The picture lasts {picture_s:.2} s, the sound {sound_s:.2} s: {apart_s:.2} s apart \
                     (limit {limit_s:.2} s)."
                ),
            ),
        ));
    }
    if clock_s > limit_s {
        seen.push(tell(
            clock_s,
            limit_s,
            Text::new(
                format!("声音的采样数与其时间戳相差 {clock_s:.2} 秒(限值 {limit_s:.2} 秒)。"),
                format!(
                    "The count of sound samples and their timestamps are {clock_s:.2} s apart \
                     (limit {limit_s:.2} s)."
                ),
            ),
        ));
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

fn tell(measured_s: f64, limit_s: f64, text: Text) -> Seen {
    Seen {
        measured: Some(measured_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(Level::Attention, Strength::Fact, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::Audio;
    use crate::measure::timing::Timing;
    use crate::measure::video::Video;
    use crate::measurements::Track;

    fn judged(sound_s: f64, clock_s: f64) -> Option<Level> {
        let mut trial = Trial::video(60.0);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        trial.m.video = Some(Video::default());
        trial.m.audio = Some(Audio {
            track: 1,
            ..Audio::default()
        });
        trial.m.decoding.reached_end = true;
        for (track, end_s, sample_clock_s) in [(0, 60.0, None), (1, sound_s, Some(clock_s))] {
            trial.m.timing.push(Timing {
                track,
                start_s: Some(0.0),
                end_s: Some(end_s),
                sample_clock_s,
                ..Timing::default()
            });
        }
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn half_a_second_is_the_limit() {
        assert_eq!(judged(59.51, 59.51), None);
        assert_eq!(judged(59.5, 59.5), None);
        assert_eq!(judged(59.49, 59.49), Some(Level::Attention));
        assert_eq!(judged(60.51, 60.51), Some(Level::Attention));
    }

    #[test]
    fn the_samples_must_agree_with_their_times() {
        assert_eq!(judged(60.0, 59.5), None);
        assert_eq!(judged(60.0, 59.49), Some(Level::Attention));
    }
}
