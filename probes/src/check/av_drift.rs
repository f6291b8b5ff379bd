//! `av_drift`: picture and sound run apart.

use crate::check::moments::{has_sound, not_measured, picture_timing, sound_timing};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::timing::Timing;
use crate::measurements::{Kind, Measurements, Span};
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
             **测量方法** 时间戳给出两轨的起止;采样数除以采样率是声音自己的时钟。开头或结尾一致的两轨之间的偏移、编辑列表隐藏的部分不计;短片只是一轨先停的,仅作提示。\n\n\
             **可能含义** 一轨缺少一段,或声画逐渐错位。\n\n\
             **常见的正常原因** 设备先停一轨;采样时钟不准。\n\n\
             **如何确认** 在结尾处看口型与声音。",
        en: "**What it finds** A difference between the lengths of picture and sound, and between the count of \
             sound samples and their timestamps.\n\n\
             **How it is measured** Timestamps give start and end of both; samples over the sampling rate are \
             the sound's own clock. Where both end together, a later start does not count, nor does what an \
             edit list hides; in a short clip one that ends before the other is only told.\n\n\
             **What it can mean** A stretch is missing in one of them, or they drift apart.\n\n\
             **Usual innocent causes** The device ends one before the other; an inexact sampling clock.\n\n\
             **What would settle it** Lips and sound near the end.",
    },
    see_yourself: "ffprobe -v error -show_entries stream=codec_type,start_time,duration {file}",
    params: &[
        Param {
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
        },
        Param {
            key: "drift_length_min_s",
            unit: "s",
            default: 30.0,
            min: 0.0,
            max: 3600.0,
            doc: StaticText {
                zh: "录像达到此时长,声画长度之差才需复核,更短的仅作提示;越小越严。",
                en: "A difference of length asks for a person in recordings of this length and is only told in \
                     shorter ones; smaller is stricter.",
            },
            source: "named guess: in a short clip a trim or a track that stopped first leaves the same trace",
        },
    ],
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
    let (Some(coded_picture), Some(coded_sound)) = (coded(picture), coded(sound)) else {
        return Ruling::NotRun(Text::new("时间戳缺失", "timestamps are missing"));
    };
    let (shown_picture, shown_sound) = (shown(m, picture.track), shown(m, sound.track));
    let picture_s = shown_picture.map_or(coded_picture.duration_s(), |s| s.shown_s);
    let sound_s = shown_sound.map_or(coded_sound.duration_s(), |s| s.shown_s);
    let ends_apart_s = match (shown_picture, shown_sound) {
        (Some(picture), Some(sound)) => (picture.end_s - sound.end_s).abs(),
        (None, None) => (coded_picture.end_s - coded_sound.end_s).abs(),
        // Without a common clock the lengths alone must do.
        _ => f64::INFINITY,
    };
    let limit_s = case.limits.get("drift_attention_s");
    let apart_s = (picture_s - sound_s).abs().min(ends_apart_s);
    let clock_s = sound.sample_clock_s.map_or(0.0, |clock_s| {
        clock_apart_s(sound, coded_sound.duration_s(), sound_s, clock_s)
    });
    let is_long = picture_s.max(sound_s) >= case.limits.get("drift_length_min_s");
    let mut seen = Vec::new();
    if apart_s > limit_s {
        seen.push(tell(
            if is_long {
                Level::Attention
            } else {
                Level::Info
            },
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
            Level::Attention,
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

/// From the first to the last packet, hidden ones too.
fn coded(timing: &Timing) -> Option<Span> {
    Some(Span {
        start_s: timing.start_s?,
        end_s: timing.end_s?,
    })
}

/// What the edit list shows of a track.
#[derive(Clone, Copy)]
struct Shown {
    shown_s: f64,
    /// On the movie's clock.
    end_s: f64,
}

/// `None` without an edit list, or if it cannot be added up: other speeds,
/// open durations, entries left out.
fn shown(m: &Measurements, track: u32) -> Option<Shown> {
    let track = m.tracks.iter().find(|t| t.index == track)?;
    let is_plain = !track.edits.is_empty()
        && track
            .sample_table
            .as_ref()
            .is_none_or(|t| t.edits_left_out == 0)
        && track.edits.iter().all(|e| {
            (e.rate - 1.0).abs() < 1e-6 && (e.media_time_s.is_none() || e.duration_s > 0.0)
        });
    let shown = track.edits.iter().filter(|e| e.media_time_s.is_some());
    let shown_s: f64 = shown.map(|e| e.duration_s).sum();
    (is_plain && shown_s > 0.0).then(|| Shown {
        shown_s,
        end_s: track.edits.iter().map(|e| e.duration_s).sum(),
    })
}

/// How far the count of samples lies outside what the times allow: a decoder
/// may leave out what is hidden, or a part of it, or nothing.
fn clock_apart_s(sound: &Timing, coded_s: f64, shown_s: f64, clock_s: f64) -> f64 {
    let holes_s: f64 = sound.holes.iter().map(|h| h.length_s).sum();
    let most_s = coded_s - holes_s;
    let least_s = most_s.min(shown_s - holes_s);
    (least_s - clock_s).max(clock_s - most_s).max(0.0)
}

fn tell(level: Level, measured_s: f64, limit_s: f64, text: Text) -> Seen {
    Seen {
        measured: Some(measured_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(level, Strength::Fact, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::Audio;
    use crate::measure::video::Video;
    use crate::measurements::{Edit, Track};

    fn judged(sound_s: f64, clock_s: f64) -> Option<Level> {
        level(&mut trial((0.0, 60.0), (0.0, sound_s), clock_s))
    }

    fn level(trial: &mut Trial) -> Option<Level> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    /// Start and end of picture and sound, and the sound's own clock.
    fn trial(picture: (f64, f64), sound: (f64, f64), clock_s: f64) -> Trial {
        let mut trial = Trial::video(picture.1);
        for (index, medium) in [(0, "video"), (1, "audio")] {
            trial.m.tracks.push(Track {
                index,
                medium: medium.to_owned(),
                ..Track::default()
            });
        }
        trial.m.video = Some(Video::default());
        trial.m.audio = Some(Audio {
            track: 1,
            ..Audio::default()
        });
        trial.m.decoding.reached_end = true;
        for (track, (start_s, end_s), clock_s) in [(0, picture, None), (1, sound, Some(clock_s))] {
            trial.m.timing.push(Timing {
                track,
                start_s: Some(start_s),
                end_s: Some(end_s),
                sample_clock_s: clock_s,
                ..Timing::default()
            });
        }
        trial
    }

    fn show(trial: &mut Trial, track: usize, media_time_s: f64, duration_s: f64) {
        trial.m.tracks[track].edits.push(Edit {
            media_time_s: Some(media_time_s),
            duration_s,
            rate: 1.0,
        });
    }

    #[test]
    fn a_short_clip_in_which_one_ends_first_is_only_told() {
        let length = |s: f64| level(&mut trial((0.0, s), (0.0, s - 0.6), s - 0.6));
        assert_eq!(length(29.99), Some(Level::Info));
        assert_eq!(length(30.0), Some(Level::Attention));
        assert_eq!(length(30.01), Some(Level::Attention));
    }

    #[test]
    fn a_later_start_with_a_common_end_is_no_drift() {
        assert_eq!(level(&mut trial((0.0, 60.0), (-1.4, 60.0), 61.4)), None);
    }

    #[test]
    fn what_an_edit_list_hides_does_not_count() {
        let mut copy = trial((-1.74, 40.0), (0.0, 40.0), 40.0);
        show(&mut copy, 0, 1.74, 40.0);
        show(&mut copy, 1, 0.0, 40.0);
        assert_eq!(level(&mut copy), None);
        // The decoder left out what is hidden of the sound, or did not.
        for clock_s in [40.0, 41.0, 41.74] {
            let mut copy = trial((0.0, 40.0), (-1.74, 40.0), clock_s);
            show(&mut copy, 0, 0.0, 40.0);
            show(&mut copy, 1, 1.74, 40.0);
            assert_eq!(level(&mut copy), None, "{clock_s}");
        }
        let mut lost = trial((0.0, 40.0), (-1.74, 40.0), 39.4);
        show(&mut lost, 0, 0.0, 40.0);
        show(&mut lost, 1, 1.74, 40.0);
        assert_eq!(level(&mut lost), Some(Level::Attention));
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
