//! `video_trimmed`: an edit list as programs write it that cut without
//! encoding anew.

use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Edit, Kind, Span, Track};
use crate::text::{StaticText, Text};

/// By how much a media header may exceed its samples: a second, which is what
/// writers that close their file in a hurry round to (named guess).
const HEADER_SLACK_S: f64 = 1.0;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_trimmed",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Supporting,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "编辑列表与剪切后的写法相似",
        en: "The edit list looks as after a trim",
    },
    pass: StaticText {
        zh: "编辑列表没有剪切的写法。",
        en: "The edit list does not look as after a trim.",
    },
    doc: StaticText {
        zh: "**检查内容** MP4/MOV 视频轨的编辑列表是否由多段组成,或以明显的空白段开头;\
             首个样本是否为关键画面;媒体头所写时长与样本总时长是否相符。\n\n\
             **测量方法** 读取 elst。不重新编码的剪切软件常写出这样的列表\
             (实测 FFmpeg 按输出端截取:画面前有 0.7 秒空白)。\n\n\
             **可能含义** 文件可能由较长的录像剪出,或由多段组成。\n\n\
             **常见的正常原因** 设备先开始录音后开始录像;手机导出;慢动作录像。单独出现仅供参考。\n\n\
             **如何确认** 请提供设备中的原始文件,比较时长。",
        en: "**What it looks at** Whether the edit list of an MP4's or MOV's picture track has several pieces, or \
             starts with a clear blank; whether the first sample is a key picture; whether the media header's \
             length is that of the samples.\n\n\
             **How it is measured** elst is read. Programs that cut without encoding anew often write such lists \
             (measured with FFmpeg's output seek: 0.7 s of blank before the pictures).\n\n\
             **What it can mean** The file may have been cut out of a longer recording, or put together.\n\n\
             **Usual innocent causes** A device that starts its sound before its pictures; a phone's export; slow \
             motion. By itself it is for information.\n\n\
             **What would settle it** The original file from the device, and its length.",
    },
    see_yourself: "exiftool -ee3 -v3 {file}",
    params: &[Param {
        key: "blank_start_s",
        unit: "s",
        default: 0.25,
        min: 0.05,
        max: 10.0,
        doc: StaticText {
            zh: "画面前的空白超过此时长即提示;越小越严格",
            en: "a blank before the pictures longer than this is reported; smaller is stricter",
        },
        source: "measured: an untouched Apple export has 0.02 s, FFmpeg's output seek 0.7 s; named guess between \
                 them",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let tracks = || case.m.tracks.iter().filter(|t| t.medium == "video");
    if !tracks().any(|t| t.sample_table.is_some()) {
        return Ruling::NotApplicable;
    }
    let limit_s = case.limits.get("blank_start_s");
    let mut seen: Vec<Seen> = tracks().filter_map(|t| says(t, limit_s)).collect();
    seen.extend(tracks().filter_map(starts_between_keys));
    seen.extend(tracks().filter_map(header_differs));
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn says(track: &Track, limit_s: f64) -> Option<Seen> {
    let is_blank = |e: &&Edit| e.media_time_s.is_none();
    let blank_s: f64 = track
        .edits
        .iter()
        .take_while(is_blank)
        .map(|e| e.duration_s)
        .sum();
    let pieces = track.edits.iter().filter(|e| !is_blank(e)).count();
    // Slow motion is a list of pieces at different speeds.
    let plain = track.edits.iter().all(|e| (e.rate - 1.0).abs() < 1e-6);
    if pieces > 1 && plain {
        let text = Text::new(
            format!("第 {} 轨的编辑列表由 {pieces} 段组成。", track.index),
            format!(
                "The edit list of track {} has {pieces} pieces.",
                track.index
            ),
        );
        return Some(Seen {
            measured: Some(pieces as f64),
            limit: Some(1.0),
            unit: "count",
            ..Seen::new(Level::Attention, Strength::Supporting, text).asking_alone()
        });
    }
    (blank_s > limit_s).then(|| {
        let text = Text::new(
            format!(
                "第 {} 轨(视频)开头有 {blank_s:.2} 秒空白编辑段。",
                track.index
            ),
            format!(
                "Track {} (picture) starts with a blank edit of {blank_s:.2} s.",
                track.index
            ),
        );
        Seen {
            measured: Some(blank_s),
            limit: Some(limit_s),
            unit: "s",
            ..Seen::new(Level::Attention, Strength::Supporting, text)
        }
        .resting_on(Evidence::WrappingProgram)
    })
}

/// Every recorder starts with a key picture; a cut that did not look for one
/// leaves pictures that cannot be shown.
fn starts_between_keys(track: &Track) -> Option<Seen> {
    let first = track
        .sample_table
        .as_ref()?
        .first_key_sample
        .filter(|&n| n > 1)?;
    let index = track.index;
    let text = Text::new(
        format!(
            "第 {index} 轨(视频)的首个关键画面是第 {first} 个样本:录像从图像组中间开始,前面的部分已不在文件中。"
        ),
        format!(
            "The first key picture of track {index} is sample no. {first}: the recording starts within a group of \
             pictures, whose beginning is not in the file."
        ),
    );
    let seen = Seen {
        spans: vec![Span::default()],
        measured: Some(first as f64),
        limit: Some(1.0),
        unit: "count",
        ..Seen::new(Level::Attention, Strength::Supporting, text)
    };
    Some(seen.asking_alone())
}

/// Writers take the media header's length from the samples that they wrote.
fn header_differs(track: &Track) -> Option<Seen> {
    let table = track.sample_table.as_ref().filter(|t| t.samples > 0)?;
    let (stated_s, held_s) = (track.duration_s?, table.duration_s?);
    let missing_s = stated_s - held_s;
    let index = track.index;
    (missing_s > HEADER_SLACK_S).then(|| {
        let text = Text::new(
            format!("第 {index} 轨的媒体头写明 {stated_s:.2} 秒,而样本只有 {held_s:.2} 秒,相差 {missing_s:.2} 秒。"),
            format!(
                "The media header of track {index} says {stated_s:.2} s, and its samples last {held_s:.2} s: \
                 {missing_s:.2} s are missing."
            ),
        );
        Seen {
            measured: Some(missing_s),
            limit: Some(HEADER_SLACK_S),
            unit: "s",
            ..Seen::new(Level::Attention, Strength::Supporting, text)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measurements::SampleTable;

    fn clip(edits: &[(f64, Option<f64>, f64)]) -> Trial {
        let mut trial = Trial::video(10.0);
        let edit = |&(duration_s, media_time_s, rate): &(f64, Option<f64>, f64)| Edit {
            duration_s,
            media_time_s,
            rate,
        };
        trial.m.tracks.push(Track {
            medium: "video".to_owned(),
            edits: edits.iter().map(edit).collect(),
            sample_table: Some(SampleTable::default()),
            ..Track::default()
        });
        trial
    }

    #[test]
    fn a_blank_start_beyond_the_limit_is_seen() {
        let blank = |s| clip(&[(s, None, 1.0), (9.0, Some(0.0), 1.0)]).judge(&CHECK);
        assert_eq!(blank(0.25), Ruling::Pass);
        let Ruling::Found(seen) = blank(0.26) else {
            panic!("a blank start passed")
        };
        assert_eq!(seen[0].strength, Strength::Supporting);
    }

    #[test]
    fn two_pieces_are_seen_and_slow_motion_is_not() {
        let pieces = |rate| clip(&[(1.0, Some(0.0), 1.0), (1.0, Some(3.0), rate)]).judge(&CHECK);
        assert!(matches!(pieces(1.0), Ruling::Found(_)));
        assert_eq!(pieces(0.25), Ruling::Pass);
        assert_eq!(clip(&[(1.0, Some(0.0), 1.0)]).judge(&CHECK), Ruling::Pass);
    }

    fn dressed(dress: impl Fn(&mut Track)) -> Ruling {
        let mut trial = clip(&[]);
        let track = &mut trial.m.tracks[0];
        track.duration_s = Some(10.0);
        track.sample_table = Some(SampleTable {
            samples: 250,
            duration_s: Some(10.0),
            ..SampleTable::default()
        });
        dress(track);
        trial.judge(&CHECK)
    }

    #[test]
    fn a_start_between_key_pictures_is_seen() {
        let first = |n| dressed(|t| t.sample_table.as_mut().unwrap().first_key_sample = Some(n));
        assert_eq!(first(1), Ruling::Pass);
        assert!(matches!(first(2), Ruling::Found(_)));
    }

    #[test]
    fn a_header_longer_than_its_samples_is_seen_and_a_shorter_one_is_not() {
        let stated = |s| dressed(|t| t.duration_s = Some(s));
        assert_eq!(stated(11.0), Ruling::Pass);
        assert!(matches!(stated(11.01), Ruling::Found(_)));
        assert_eq!(stated(5.0), Ruling::Pass);
    }

    #[test]
    fn a_file_without_sample_tables_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
