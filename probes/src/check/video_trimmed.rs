//! `video_trimmed`: an edit list as programs write it that cut without
//! encoding anew.

use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Edit, Kind, Track};
use crate::text::{StaticText, Text};

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
        zh: "**检查内容** MP4/MOV 视频轨的编辑列表是否由多段组成,或以明显的空白段开头。\n\n\
             **测量方法** 读取 elst。不重新编码的剪切软件常写出这样的列表\
             (实测 FFmpeg 按输出端截取:画面前有 0.7 秒空白)。\n\n\
             **可能含义** 文件可能由较长的录像剪出,或由多段组成。\n\n\
             **常见的正常原因** 设备先开始录音后开始录像;手机导出;慢动作录像。单独出现仅供参考。\n\n\
             **如何确认** 请提供设备中的原始文件,比较时长。",
        en: "**What it looks at** Whether the edit list of an MP4's or MOV's picture track has several pieces, or \
             starts with a clear blank.\n\n\
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
    let seen: Vec<Seen> = tracks().filter_map(|t| says(t, limit_s)).collect();
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

    #[test]
    fn a_file_without_sample_tables_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
