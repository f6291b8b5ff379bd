//! `join_mark`: sample durations and descriptions as a joining program leaves
//! them.

mod seams;

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, SampleTable, Span, Track};
use crate::text::{StaticText, Text};

/// Recorders start up unevenly in their first half second
/// (research: five first frames of an Android recording).
const START_UP_S: f64 = 0.5;

/// Samples to a set of parameters below which the sets are a habit of the writer:
/// an old QuickTime export in MJPEG has one for every picture.
const SAMPLES_PER_SET_MIN: u64 = 8;

/// The declaration.
pub static CHECK: Check = Check {
    code: "join_mark",
    clause: "no.insert",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Strong,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "有拼接留下的时间戳痕迹",
        en: "Marks as left where recordings are joined",
    },
    pass: StaticText {
        zh: "样本表中没有拼接痕迹。",
        en: "The sample tables show no mark of joining.",
    },
    doc: StaticText {
        zh: "**检查内容** MP4/MOV 样本表中是否有连续三个以上时长不超过一个时钟单位的画面或声音块,\
             以及同一轨是否有两套以上编码参数。\n\n\
             **测量方法** 逐项读取 stts、stsd、ctts。任何摄像设备都不可能在 1/600 秒内拍下三幅画面;\
             拼接软件在接缝处会写出这样的时长(实测 FFmpeg 拼接:画面 14 个、声音 23 个)。\
             时长本来恒定的画面轨和声音轨在同一时刻出现异常时长,或画面的合成时间偏移从某一时刻起改为另一恒定值\
             (实测经 TS 拼接),也是接缝。\n\n\
             **可能含义** 文件由两段以上记录拼接而成。\n\n\
             **常见的正常原因** 设备自动把分段合并;设备在分段处重启编码器;维修软件重建索引。\n\n\
             **如何确认** 查看所示时刻前后的画面,并提供设备中的原始分段。",
        en: "**What it looks at** Whether the sample tables of an MP4 or MOV hold three or more pictures or blocks \
             of sound in a row that last at most one tick, and whether one track has more than one set of coding \
             parameters.\n\n\
             **How it is measured** stts, stsd and ctts are read entry by entry. No camera takes three pictures within \
             1/600 s; joining programs write such durations at the seam (measured with FFmpeg: 14 pictures, 23 \
             blocks of sound). A seam is also where picture and sound, of constant durations elsewhere, have an odd \
             one at the same moment, or where the composition offset changes from one constant to another (measured \
             on joins through MPEG-TS).\n\n\
             **What it can mean** The file was joined from two or more recordings.\n\n\
             **Usual innocent causes** A device that joins its own segments; a recorder that restarts its encoder \
             between segments; an index rebuilt by repair software.\n\n\
             **What would settle it** The pictures around the moment shown, and the original segments from the \
             device.",
    },
    see_yourself: "ffprobe -v error -show_entries packet=stream_index,pts_time,duration {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let tracks = || {
        let timed = |t: &&Track| matches!(t.medium.as_str(), "video" | "audio");
        case.m.tracks.iter().filter(timed)
    };
    if !tracks().any(|t| t.sample_table.is_some()) {
        return Ruling::NotApplicable;
    }
    let mut seen: Vec<Seen> = tracks().flat_map(says).collect();
    let told: Vec<f64> = seen
        .iter()
        .flat_map(|s| s.spans.iter().map(|p| p.start_s))
        .collect();
    let tracks: Vec<&Track> = tracks().collect();
    seen.extend(seams::in_tracks(&tracks, &told));
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// True if the moment lies in neither the start nor the end of the track.
fn is_within(table: &SampleTable, at_s: f64) -> bool {
    let end_s = table.duration_s.unwrap_or(f64::INFINITY);
    at_s >= START_UP_S && at_s < end_s - START_UP_S
}

fn says(track: &Track) -> Vec<Seen> {
    let Some(table) = &track.sample_table else {
        return Vec::new();
    };
    let mut seen = Vec::new();
    let runs = table
        .one_tick_runs
        .iter()
        .filter(|r| is_within(table, r.start_s));
    let spans: Vec<Span> = runs
        .clone()
        .map(|r| Span {
            start_s: r.start_s,
            end_s: r.start_s,
        })
        .collect();
    if let Some(first) = runs.clone().next() {
        let text = Text::new(
            format!(
                "第 {} 轨在 {:.2} 秒处有连续 {} 个样本,时长均不超过一个时钟单位(共 {} 处),\
                 与拼接软件在接缝处的写法一致。",
                track.index,
                first.start_s,
                first.samples,
                spans.len()
            ),
            format!(
                "Track {} has {} samples in a row at {:.2} s that last at most one tick ({} such places), as \
                 joining programs write at a seam.",
                track.index,
                first.samples,
                first.start_s,
                spans.len()
            ),
        );
        seen.push(Seen {
            spans,
            measured: Some(f64::from(first.samples)),
            limit: Some(2.0),
            unit: "count",
            ..Seen::new(Level::Attention, Strength::Strong, text)
        });
    }
    if table.descriptions > 1 {
        let text = Text::new(
            format!(
                "第 {} 轨有 {} 套编码参数(stsd),一次连续录制通常只有一套。",
                track.index, table.descriptions
            ),
            format!(
                "Track {} has {} sets of coding parameters (stsd); one continuous recording usually has one.",
                track.index, table.descriptions
            ),
        );
        // A set for every few samples is a program's way of writing; joins are few.
        let is_habit =
            u64::from(table.descriptions).saturating_mul(SAMPLES_PER_SET_MIN) > table.samples;
        let (level, strength) = if is_habit && table.descriptions > 2 {
            (Level::Info, Strength::Information)
        } else {
            (Level::Attention, Strength::Strong)
        };
        seen.push(Seen {
            measured: Some(f64::from(table.descriptions)),
            limit: Some(1.0),
            unit: "count",
            ..Seen::new(level, strength, text)
        });
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::Trial;
    use crate::container::{read_structure, tiny::Movie};

    fn judged(movie: &Movie) -> Ruling {
        let bytes = movie.bytes();
        let mut trial = Trial::video(1.0);
        read_structure(&mut Cursor::new(&bytes), bytes.len() as u64, "a.mp4").apply(&mut trial.m);
        trial.judge(&CHECK)
    }

    #[test]
    fn three_squeezed_pictures_are_a_mark_and_two_are_not() {
        let squeezed = |n| Movie {
            stts: vec![(60, 20), (n, 1), (60, 20)],
            ..Movie::default()
        };
        assert_eq!(judged(&squeezed(2)), Ruling::Pass);
        let Ruling::Found(seen) = judged(&squeezed(3)) else {
            panic!("a seam passed")
        };
        assert_eq!(seen[0].strength, Strength::Strong);
        assert_eq!(seen[0].spans[0].start_s, 2.0);
    }

    #[test]
    fn start_up_and_end_are_left_out() {
        for stts in [vec![(3, 1), (60, 20)], vec![(60, 20), (3, 1)]] {
            let movie = Movie {
                stts,
                ..Movie::default()
            };
            assert_eq!(judged(&movie), Ruling::Pass);
        }
    }

    #[test]
    fn two_sets_of_parameters_are_a_mark() {
        let movie = |descriptions| Movie {
            descriptions,
            ..Movie::default()
        };
        assert_eq!(judged(&movie(1)), Ruling::Pass);
        assert!(matches!(judged(&movie(2)), Ruling::Found(_)));
    }

    #[test]
    fn a_set_for_every_picture_is_a_habit_and_no_join() {
        let strength = |descriptions, samples| {
            let mut trial = Trial::video(20.0);
            trial.m.tracks.push(Track {
                medium: "video".to_owned(),
                sample_table: Some(SampleTable {
                    descriptions,
                    samples,
                    ..SampleTable::default()
                }),
                ..Track::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => seen[0].strength,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(strength(500, 500), Strength::Information);
        assert_eq!(strength(500, 4000), Strength::Strong);
        assert_eq!(strength(2, 2), Strength::Strong);
    }

    #[test]
    fn a_file_without_sample_tables_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
