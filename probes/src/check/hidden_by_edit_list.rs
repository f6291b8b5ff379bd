//! `hidden_by_edit_list`: the file holds material that players do not show.

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Span, Track};
use crate::text::{StaticText, Text};

/// Longest start-up of an AAC encoder that an edit list takes away, in samples
/// (Apple's; FFmpeg's has 1024).
const AAC_PRIMING_SAMPLES: f64 = 2112.0;

/// Longest film of a live photo, in seconds: they last about 3 s.
const LIVE_PHOTO_S: f64 = 4.0;

/// The declaration.
pub static CHECK: Check = Check {
    code: "hidden_by_edit_list",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "文件中有播放时不显示的内容",
        en: "The file holds material that is not shown",
    },
    pass: StaticText {
        zh: "编辑列表未隐藏内容。",
        en: "No edit list hides anything.",
    },
    doc: StaticText {
        zh: "**检查内容** MP4/MOV 的编辑列表是否让播放器跳过文件中仍然存在的画面或声音。\n\n\
             **测量方法** 比较编辑列表的起点、终点与样本表的总时长。解码延迟(首个合成偏移)和\
             音频起始填充(至多 2112 个采样)属正常,予以扣除;超出限值的时长即被隐藏的时长。\n\n\
             **可能含义** 录制后未重新编码而修剪了开头或结尾,被剪去的部分仍在文件中,可以取出查看。\n\n\
             **常见的正常原因** 在手机相册中修剪;分享或导出时修剪;实况照片。\n\n\
             **如何确认** 用下方命令忽略编辑列表播放全部内容,或提供设备中的原始文件。",
        en: "**What it looks at** Whether the edit list of an MP4 or MOV makes players skip pictures or sound that \
             are still in the file.\n\n\
             **How it is measured** Start and end of the edit list are held against the length of the sample \
             tables. The decoder's delay (first composition offset) and the sound encoder's start-up (at most \
             2112 samples) are normal and taken off; what is longer than the limit is hidden.\n\n\
             **What it can mean** The beginning or end was trimmed after recording without encoding anew. The \
             part trimmed off is still in the file and can be viewed.\n\n\
             **Usual innocent causes** Trimming in a phone's gallery; trimming on sharing or export; live \
             photos.\n\n\
             **What would settle it** Playing everything with the command below, or the original file from the \
             device.",
    },
    see_yourself: "ffmpeg -ignore_editlist 1 -i {file} -c copy all.mkv",
    params: &[
        Param {
            key: "hidden_start_s",
            unit: "s",
            default: 0.25,
            min: 0.05,
            max: 10.0,
            doc: StaticText {
                zh: "开头被隐藏的内容超过此时长即提示;越小越严格",
                en: "hidden material at the start longer than this is reported; smaller is stricter",
            },
            source: "measured: untouched phone files hide at most 0.02 s beyond their delay, an FFmpeg copy \
                     with input seek hides 0.3 s; the value lies under the latter (named guess)",
        },
        Param {
            key: "hidden_end_s",
            unit: "s",
            default: 0.5,
            min: 0.1,
            max: 10.0,
            doc: StaticText {
                zh: "结尾或中间被隐藏的内容超过此时长即提示;越小越严格",
                en: "hidden material at the end or between edits longer than this is reported; smaller is \
                     stricter",
            },
            source: "measured: an untouched iPhone file leaves 0.06 s of sound unshown at its end; named guess \
                     with a wide margin",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let tracks = || {
        let shown = |t: &&Track| matches!(t.medium.as_str(), "video" | "audio");
        case.m.tracks.iter().filter(shown)
    };
    if !tracks().any(|t| t.sample_table.is_some()) {
        return Ruling::NotApplicable;
    }
    let seen: Vec<Seen> = tracks()
        .filter_map(|track| {
            let hidden = hidden(track)?;
            says(track, &hidden, case)
        })
        .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// How much of a track is not shown, in seconds.
struct Hidden {
    start_s: f64,
    rest_s: f64,
    shown_s: f64,
}

fn hidden(track: &Track) -> Option<Hidden> {
    let table = track.sample_table.as_ref()?;
    let total_s = table.duration_s?;
    let shown: Vec<(f64, f64)> = track
        .edits
        .iter()
        .filter_map(|e| Some((e.media_time_s?, e.duration_s)))
        .collect();
    let (first_s, _) = *shown.first()?;
    let priming_s = match (track.medium.as_str(), track.sample_rate_hz) {
        ("audio", Some(rate)) if rate > 0 => AAC_PRIMING_SAMPLES / f64::from(rate),
        _ => 0.0,
    };
    let delay_s = table.first_composition_s.unwrap_or(0.0).max(0.0);
    let start_s = (first_s - delay_s - priming_s).max(0.0);
    // A dwell or another speed, an open duration (fragments), or a list that
    // was not read whole: what is shown cannot be added up.
    let plain = track.edits.iter().all(|e| (e.rate - 1.0).abs() < 1e-6)
        && shown.iter().all(|(_, d)| *d > 0.0)
        && table.edits_left_out == 0;
    let shown_s: f64 = shown.iter().map(|(_, d)| d).sum();
    let rest_s = if plain {
        (total_s - first_s - shown_s).max(0.0)
    } else {
        0.0
    };
    Some(Hidden {
        start_s,
        rest_s,
        shown_s,
    })
}

fn says(track: &Track, hidden: &Hidden, case: &Case<'_>) -> Option<Seen> {
    let start_limit_s = case.limits.get("hidden_start_s");
    let rest_limit_s = case.limits.get("hidden_end_s");
    let at_start = hidden.start_s > start_limit_s;
    let at_end = hidden.rest_s > rest_limit_s;
    if !at_start && !at_end {
        return None;
    }
    let (medium_zh, medium_en) = match track.medium.as_str() {
        "audio" => ("音频", "sound"),
        _ => ("视频", "picture"),
    };
    let start_s = if at_start { hidden.start_s } else { 0.0 };
    let rest_s = if at_end { hidden.rest_s } else { 0.0 };
    let place = |at_s: f64| Span {
        start_s: at_s,
        end_s: at_s,
    };
    let mut spans = Vec::new();
    if at_start {
        spans.push(place(0.0));
    }
    if at_end {
        spans.push(place(hidden.shown_s));
    }
    // Apple's own programs write such lists on trimming and for live photos:
    // the material is hidden all the same, and who asks should know where to
    // look.
    let is_apples = track
        .handler
        .as_deref()
        .is_some_and(|h| h.starts_with("Core Media"));
    let (apple_zh, apple_en) = if is_apples {
        (
            "此文件由 Apple 的程序写成,在“照片”中修剪、导出,或实况照片,都会留下这样的列表。",
            " Apple's own program wrote this file: trimming or exporting in Photos, and live photos, leave such a list.",
        )
    } else {
        ("", "")
    };
    // A live photo's film hides its ends as it comes from the phone: no more than a
    // question.
    let strength = if is_apples && hidden.shown_s <= LIVE_PHOTO_S {
        Strength::Supporting
    } else {
        Strength::Fact
    };
    let text = Text::new(
        format!(
            "{medium_zh}轨(第 {} 轨)有 {:.2} 秒内容仍在文件中而播放时不显示:\
             开头 {start_s:.2} 秒,其后 {rest_s:.2} 秒。可能在录制后修剪过,被隐藏部分可以取出查看。{apple_zh}",
            track.index,
            start_s + rest_s,
        ),
        format!(
            "{:.2} s of the {medium_en} track (no. {}) are still in the file and not shown: {start_s:.2} s at \
             the start, {rest_s:.2} s later. It may have been trimmed after recording; the hidden part can be \
             viewed.{apple_en}",
            start_s + rest_s,
            track.index,
        ),
    );
    Some(Seen {
        spans,
        measured: Some(start_s + rest_s),
        limit: Some(if at_start {
            start_limit_s
        } else {
            rest_limit_s
        }),
        unit: "s",
        ..Seen::new(Level::Attention, strength, text).asking_alone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measurements::{Edit, SampleTable};

    fn clip(medium: &str, media_time_s: f64, shown_s: f64, delay_s: f64) -> Trial {
        let mut trial = Trial::video(10.0);
        trial.m.tracks.push(Track {
            medium: medium.to_owned(),
            sample_rate_hz: Some(48_000),
            edits: vec![Edit {
                duration_s: shown_s,
                media_time_s: Some(media_time_s),
                rate: 1.0,
            }],
            sample_table: Some(SampleTable {
                duration_s: Some(10.0),
                first_composition_s: Some(delay_s),
                ..SampleTable::default()
            }),
            ..Track::default()
        });
        trial
    }

    fn hides(trial: &Trial) -> Option<f64> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen[0].measured,
            _ => None,
        }
    }

    #[test]
    fn the_start_is_hidden_beyond_delay_and_limit() {
        assert_eq!(hides(&clip("video", 0.25, 9.75, 0.0)), None);
        assert!(hides(&clip("video", 0.26, 9.74, 0.0)).is_some());
        assert_eq!(hides(&clip("video", 0.33, 9.67, 0.08)), None);
        let priming_s = 2112.0 / 48_000.0;
        assert_eq!(hides(&clip("audio", priming_s + 0.249, 9.7, 0.0)), None);
        assert!(hides(&clip("audio", priming_s + 0.251, 9.7, 0.0)).is_some());
    }

    #[test]
    fn the_end_is_hidden_beyond_its_limit() {
        assert_eq!(hides(&clip("video", 0.0, 9.5, 0.0)), None);
        let hidden = hides(&clip("video", 0.0, 9.4, 0.0)).unwrap();
        assert!((hidden - 0.6).abs() < 1e-9);
    }

    #[test]
    fn other_speeds_and_open_durations_are_not_added_up() {
        let mut trial = clip("video", 0.0, 5.0, 0.0);
        trial.m.tracks[0].edits[0].rate = 0.5;
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        assert_eq!(clip("video", 0.0, 0.0, 0.0).judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn apples_own_lists_are_told_as_such() {
        let mut trial = clip("video", 0.46, 9.5, 0.0);
        let text = |trial: &Trial| match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen[0].text.clone(),
            other => panic!("{other:?}"),
        };
        assert!(!text(&trial).en.contains("Apple"));
        trial.m.tracks[0].handler = Some("Core Media Video".to_owned());
        let text = text(&trial);
        assert!(text.zh.contains("Apple") && text.en.contains("live photos"));
    }

    #[test]
    fn a_live_photos_film_is_asked_about_and_not_accused() {
        let strength = |handler: &str, shown_s| {
            let mut trial = clip("video", 0.46, shown_s, 0.0);
            trial.m.tracks[0].handler = Some(handler.to_owned());
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => seen[0].strength,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(strength("Core Media Video", 4.0), Strength::Supporting);
        assert_eq!(strength("Core Media Video", 4.1), Strength::Fact);
        assert_eq!(strength("VideoHandler", 2.0), Strength::Fact);
    }

    #[test]
    fn a_file_without_sample_tables_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
