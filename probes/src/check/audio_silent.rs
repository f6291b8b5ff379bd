//! `audio_silent`: there is nothing to hear.

use crate::check::moments::{longest_s, sound_of, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "audio_silent",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Sound,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "没有声音",
        en: "Nothing is to be heard",
    },
    pass: StaticText {
        zh: "全程有声音。",
        en: "There is sound throughout.",
    },
    doc: StaticText {
        zh: "**检查内容** 声音轨长时间低于 −60 dBFS。\n\n\
             **测量方法** 每 0.05 秒计算一次均方根电平。全程静音的短片只作提示;没有声音轨的文件不作此项检查。\n\n\
             **可能含义** 话筒未开、被遮住或损坏。\n\n\
             **常见的正常原因** 不带话筒的摄像机;极安静的房间加降噪。\n\n\
             **如何确认** 听该时段。",
        en: "**What it finds** A sound track with long stretches below −60 dBFS.\n\n\
             **How it is measured** The root mean square level of every 0.05 s. A short clip that is silent \
             throughout is only told; a file without a sound track is not looked at.\n\n\
             **What it can mean** The microphone was off, covered or broken.\n\n\
             **Usual innocent causes** Cameras without a microphone; a very quiet room with noise reduction.\n\n\
             **What would settle it** Listening.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -af silencedetect=n=-60dB:d=10 -f null -",
    params: &[
        Param {
            key: "silent_attention_s",
            unit: "s",
            default: 10.0,
            min: 1.0,
            max: 3600.0,
            doc: StaticText {
                zh: "静音达到此时长即需复核;越小越严。",
                en: "Silence of this length asks for a person; smaller is stricter.",
            },
            source: "named guess: longer than a pause in talk",
        },
        Param {
            key: "silent_whole_ratio",
            unit: "ratio",
            default: 0.95,
            min: 0.1,
            max: 1.0,
            doc: StaticText {
                zh: "静音占全长的比例达到此值即作提示,不论时长;越小越严。",
                en: "Silence of this share of the recording is told however short; smaller is stricter.",
            },
            source: "named guess: nothing is to be heard",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let audio = match sound_of(case.m) {
        Ok(audio) => audio,
        Err(ruling) => return ruling,
    };
    let limit_s = case.limits.get("silent_attention_s");
    let is_whole = audio.duration_s > 0.0
        && audio.silent_s >= case.limits.get("silent_whole_ratio") * audio.duration_s;
    let mut found: Vec<Span> = audio
        .silent_spans
        .iter()
        .filter(|s| s.duration_s() >= limit_s)
        .copied()
        .collect();
    let level = if found.is_empty() {
        Level::Info
    } else {
        Level::Attention
    };
    if found.is_empty() && is_whole {
        found.clone_from(&audio.silent_spans);
    }
    if found.is_empty() {
        return Ruling::Pass;
    }
    let longest_s = longest_s(&found);
    let places = spans(&found);
    let text = Text::new(
        format!(
            "{} 没有可闻的声音,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
            places.zh
        ),
        format!(
            "Nothing is to be heard at {}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
            places.en
        ),
    );
    Ruling::Found(vec![Seen {
        spans: found,
        measured: Some(longest_s),
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

    fn judged(silent_s: f64, duration_s: f64) -> Option<Level> {
        let mut trial = Trial::video(duration_s);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        trial.m.audio = Some(Audio {
            duration_s,
            silent_s,
            silent_spans: vec![Span {
                start_s: 0.0,
                end_s: silent_s,
            }],
            ..Audio::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn ten_seconds_are_the_limit() {
        assert_eq!(judged(9.99, 60.0), None);
        assert_eq!(judged(10.0, 60.0), Some(Level::Attention));
        assert_eq!(judged(10.01, 60.0), Some(Level::Attention));
    }

    #[test]
    fn a_short_recording_that_is_silent_as_a_whole_is_only_told() {
        assert_eq!(judged(3.8, 4.0), Some(Level::Info));
        assert_eq!(judged(3.7, 4.0), None);
        assert_eq!(judged(9.99, 9.99), Some(Level::Info));
        assert_eq!(judged(10.0, 10.0), Some(Level::Attention));
    }

    #[test]
    fn without_a_track_there_is_nothing_to_say_and_an_unmeasured_one_is_no_pass() {
        let mut trial = Trial::video(60.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
    }
}
