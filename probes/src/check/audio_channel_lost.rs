//! `audio_channel_lost`: one of two sound channels falls silent on the way.

use crate::check::moments::{longest_s, sound_of, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "audio_channel_lost",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Sound,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "一个声道没有声音",
        en: "One channel is silent",
    },
    pass: StaticText {
        zh: "两个声道都有声音。",
        en: "Both channels carry sound.",
    },
    doc: StaticText {
        zh: "**检查内容** 立体声录音中,一个声道静音而另一个声道有声音的时段。\n\n\
             **测量方法** 逐秒比较两个声道的电平:一个低于 −60 dBFS 且比另一个低 20 dB 以上。\
             全程如此的是单话筒设备的写法,仅作提示;单声道和多于两个声道的文件不作此项检查。\n\n\
             **可能含义** 一只话筒断开或损坏。\n\n\
             **常见的正常原因** 无线话筒只接一个声道;话筒中途接入或移走。\n\n\
             **如何确认** 分别听两个声道。",
        en: "**What it finds** Stretches of a stereo recording in which one channel is silent and the other is \
             not.\n\n\
             **How it is measured** The levels of both channels in every second: one below −60 dBFS and at least \
             20 dB below the other. Throughout the recording that is how devices with one microphone write, and \
             only told; files with one channel or more than two are not looked at.\n\n\
             **What it can mean** A microphone was lost or broken.\n\n\
             **Usual innocent causes** A wireless microphone on one channel only; a microphone plugged in or taken \
             away on the way.\n\n\
             **What would settle it** Listening to each channel by itself.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -af silencedetect=n=-60dB:d=10:m=1 -f null -",
    params: &[
        Param {
            key: "channel_lost_attention_s",
            unit: "s",
            default: 10.0,
            min: 1.0,
            max: 3600.0,
            doc: StaticText {
                zh: "一个声道静音达到此时长即需复核;越小越严。",
                en: "One channel silent for this long asks for a person; smaller is stricter.",
            },
            source: "named guess: longer than a pause in talk",
        },
        Param {
            key: "channel_never_ratio",
            unit: "ratio",
            default: 0.95,
            min: 0.5,
            max: 1.0,
            doc: StaticText {
                zh: "静音占全长的比例达到此值即视为从未接话筒,仅作提示;越大越严。",
                en: "Silent for this share of the recording, it never had a microphone and is only told; larger \
                     is stricter.",
            },
            source: "named guess: the same share as silent_whole_ratio",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let audio = match sound_of(case.m) {
        Ok(audio) => audio,
        Err(ruling) => return ruling,
    };
    if audio.channels != 2 {
        return Ruling::NotApplicable;
    }
    let Some(stretches) = &audio.silent_channel_spans else {
        return Ruling::NotRun(Text::new(
            "测量时尚未逐声道比较电平",
            "the channels' levels were not yet compared when it was measured",
        ));
    };
    let limit_s = case.limits.get("channel_lost_attention_s");
    let mut seen = Vec::new();
    for channel in 0..audio.channels {
        let silent: Vec<Span> = stretches
            .iter()
            .filter(|s| s.channel == channel)
            .map(|s| Span {
                start_s: s.start_s,
                end_s: s.end_s,
            })
            .collect();
        let silent_s: f64 = silent.iter().map(Span::duration_s).sum();
        let never_s = case.limits.get("channel_never_ratio") * audio.duration_s;
        if !silent.is_empty() && silent_s >= never_s {
            seen.push(tell(channel, silent, limit_s, Level::Info));
            continue;
        }
        let long: Vec<Span> = silent
            .into_iter()
            .filter(|s| s.duration_s() >= limit_s)
            .collect();
        if !long.is_empty() {
            seen.push(tell(channel, long, limit_s, Level::Attention));
        }
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn tell(channel: u32, silent: Vec<Span>, limit_s: f64, level: Level) -> Seen {
    let longest_s = longest_s(&silent);
    let places = spans(&silent);
    let text = Text::new(
        format!(
            "第 {} 声道在 {} 没有声音而另一声道有,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
            channel + 1,
            places.zh
        ),
        format!(
            "Channel {} is silent at {} while the other is not, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
            channel + 1,
            places.en
        ),
    );
    Seen {
        spans: silent,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(level, Strength::Fact, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::{Audio, ChannelSpan};
    use crate::measurements::Track;

    fn trial(channels: u32, silent: Option<f64>) -> Trial {
        let mut trial = Trial::video(60.0);
        trial.m.tracks.push(Track {
            medium: "audio".to_owned(),
            ..Track::default()
        });
        trial.m.audio = Some(Audio {
            duration_s: 60.0,
            channels,
            silent_channel_spans: silent.map(|silent_s| {
                vec![ChannelSpan {
                    channel: 1,
                    start_s: 0.0,
                    end_s: silent_s,
                }]
            }),
            ..Audio::default()
        });
        trial
    }

    fn level(silent_s: f64) -> Option<Level> {
        match trial(2, Some(silent_s)).judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            Ruling::Pass => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ten_seconds_are_the_limit() {
        assert_eq!(level(9.9), None);
        assert_eq!(level(10.0), Some(Level::Attention));
        assert_eq!(level(10.1), Some(Level::Attention));
    }

    #[test]
    fn a_channel_that_never_had_a_microphone_is_only_told() {
        assert_eq!(level(56.9), Some(Level::Attention));
        assert_eq!(level(57.0), Some(Level::Info));
        assert_eq!(level(57.1), Some(Level::Info));
    }

    #[test]
    fn only_stereo_is_looked_at_and_what_was_not_compared_is_no_pass() {
        assert_eq!(trial(1, Some(30.0)).judge(&CHECK), Ruling::NotApplicable);
        assert_eq!(trial(6, Some(30.0)).judge(&CHECK), Ruling::NotApplicable);
        assert!(matches!(trial(2, None).judge(&CHECK), Ruling::NotRun(_)));
    }
}
