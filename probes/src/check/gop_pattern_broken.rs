//! `gop_pattern_broken`: the encoder's own numbering of its pictures breaks
//! off and goes on elsewhere.

use crate::check::moments::{clock, not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::bitstream::{Bitstream, FrameNumGap, IdrHabit};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "gop_pattern_broken",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Bitstream,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "编码器的画面编号中断",
        en: "The encoder's numbering of pictures breaks off",
    },
    pass: StaticText {
        zh: "可读出的画面编号自始至终符合编码器自身的规律(编号恒定不变的编码器无法由此判断)。",
        en: "As far as numbers can be read they follow the encoder's own habit from start to end (an encoder \
             that always writes the same number shows nothing here).",
    },
    doc: StaticText {
        zh: "**检查内容** H.264 关键画面的编号(idr_pic_id)、参考画面的编号(frame_num)是否中断,\
             HEVC 中是否有按标准定义表示拼接的画面(BLA)。\n\n\
             **测量方法** 不解码,逐幅读取片头。多数编码器的 idr_pic_id 为 0、1 交替或逐次加一;\
             先从本文件学出规律,再列出每一处不符。开头的稳定时间内不计。\n\n\
             **可能含义** 此处缺少或插入了整组画面,例如不重新编码的删减或拼接。\
             交替编号只能显示奇数组的缺失。\n\n\
             **常见的正常原因** 暂停后继续录制;设备自动合并分段或重启编码器;\
             网络摄像机传输中丢包。标准只要求相邻两个关键画面编号不同,中断并非格式错误。\n\n\
             **如何确认** 查看所示时刻前后的画面和声音;与同一设备的其他录像比较;请提供设备中的原始文件。",
        en: "**What it looks at** Whether the numbers of H.264 key pictures (idr_pic_id) or of reference pictures \
             (frame_num) break off, and whether HEVC holds pictures that mark a splice by definition (BLA).\n\n\
             **How it is measured** The head of every picture is read; nothing is decoded. Most encoders write \
             idr_pic_id as 0 and 1 in turn, or one more each time; the habit is learnt from the file itself, and \
             every step that breaks it is listed. The settling time at the start is left out.\n\n\
             **What it can mean** Whole groups of pictures are missing or were inserted here, as by cutting or \
             joining without encoding anew. Numbers in turn show only an odd count of missing groups.\n\n\
             **Usual innocent causes** Recording that was paused and went on; a device that joins its own segments \
             or restarts its encoder; packets lost on the way from a network camera. The standard only asks that \
             two neighbouring key pictures differ, so a break is no fault of format.\n\n\
             **What would settle it** The pictures and the sound around the moment shown; other recordings of the \
             same device; the original file from the device.",
    },
    see_yourself: "ffmpeg -v trace -i {file} -c copy -bsf:v trace_headers -f null - 2>&1 | grep -E \"idr_pic_id|frame_num|nal_unit_type\"",
    params: &[
        Param {
            key: "idr_min",
            unit: "count",
            default: 10.0,
            min: 4.0,
            max: 1000.0,
            doc: StaticText {
                zh: "关键画面少于此数时规律不可靠,不作判断;越小越严。",
                en: "With fewer key pictures no habit is trusted; smaller is stricter.",
            },
            source: "research/forensics.md 2c: at least 10 IDR pictures",
        },
        Param {
            key: "habit_strong_ratio",
            unit: "ratio",
            default: 0.95,
            min: 0.5,
            max: 1.0,
            doc: StaticText {
                zh: "规律至少在此比例的间隔中成立,中断才算强迹象;越小越严。",
                en: "A break is a strong sign if the habit holds in at least this share of steps; smaller is stricter.",
            },
            source: "research/forensics.md 2c: 95 % of steps",
        },
        Param {
            key: "habit_supporting_ratio",
            unit: "ratio",
            default: 0.85,
            min: 0.5,
            max: 1.0,
            doc: StaticText {
                zh: "规律至少在此比例的间隔中成立,中断才算辅助迹象;越小越严。",
                en: "A break is a supporting sign if the habit holds in at least this share of steps; smaller is \
                     stricter.",
            },
            source: "named guess: one break in ten key pictures leaves 0.88",
        },
        Param {
            key: "numbering_settling_s",
            unit: "s",
            default: 0.5,
            min: 0.0,
            max: 10.0,
            doc: StaticText {
                zh: "开头此时长内的中断不计;越小越严。",
                en: "Breaks within this long from the start are left out; smaller is stricter.",
            },
            source: "research/forensics.md 2c: phones start up unevenly in their first half second",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let Some(b) = &m.bitstream else {
        let is_read = m
            .tracks
            .iter()
            .any(|t| matches!(t.codec.as_str(), "h264" | "hevc"));
        return if is_read || m.video.is_none() {
            not_measured(m, "bitstream")
        } else {
            Ruling::NotApplicable
        };
    };
    let settling_s = case.limits.get("numbering_settling_s");
    let splices: Vec<f64> = b
        .splice_marks_s
        .iter()
        .copied()
        .filter(|s| *s >= settling_s)
        .collect();
    let seen: Vec<Seen> = [
        splice_marks(&splices),
        numbers(b, case, settling_s),
        missing_references(b, settling_s),
    ]
    .into_iter()
    .flatten()
    .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn points(moments_s: impl IntoIterator<Item = f64>) -> Vec<Span> {
    let point = |at_s| Span {
        start_s: at_s,
        end_s: at_s,
    };
    moments_s.into_iter().map(point).collect()
}

fn splice_marks(moments_s: &[f64]) -> Option<Seen> {
    let first = clock(*moments_s.first()?);
    let count = moments_s.len();
    let text = Text::new(
        format!("{first} 处有按 HEVC 标准表示拼接的画面(BLA),全文件共 {count} 处。"),
        format!(
            "A picture that by the HEVC standard marks a splice (BLA) stands at {first}; {count} in all."
        ),
    );
    Some(Seen {
        spans: points(moments_s.iter().copied()),
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, Strength::Strong, text)
    })
}

fn numbers(b: &Bitstream, case: &Case<'_>, settling_s: f64) -> Option<Seen> {
    let (habit_zh, habit_en) = match b.idr_habit {
        IdrHabit::Alternating => ("两个编号交替", "two numbers in turn"),
        IdrHabit::Counting => ("编号逐次加一", "one more each time"),
        IdrHabit::Constant | IdrHabit::Unknown => return None,
    };
    let pictures = b.idr_steps.saturating_add(1);
    if (pictures as f64) < case.limits.get("idr_min") {
        return None;
    }
    let held = b.idr_steps.saturating_sub(b.idr_breaks_count);
    let ratio = held as f64 / b.idr_steps.max(1) as f64;
    let strong = case.limits.get("habit_strong_ratio");
    let strength = if ratio >= strong {
        Strength::Strong
    } else if ratio >= case.limits.get("habit_supporting_ratio") {
        Strength::Supporting
    } else {
        return None;
    };
    let breaks: Vec<_> = b
        .idr_breaks
        .iter()
        .filter(|x| x.at_s >= settling_s)
        .collect();
    let first = breaks.first()?;
    // The groups before and after are whole; what is missing lay between them.
    let list = points(breaks.iter().map(|x| x.at_s));
    let at = clock(first.at_s);
    let (before, after, steps) = (first.before, first.after, b.idr_steps);
    let text = Text::new(
        format!(
            "{at} 处关键画面编号由 {before} 接 {after},而本文件 {steps} 个间隔中有 {held} 个为{habit_zh};共中断 {} 处。\
             此处可能缺少或插入了整组画面。",
            breaks.len()
        ),
        format!(
            "At {at} the key pictures' number goes from {before} to {after}, while {held} of {steps} steps are \
             {habit_en}; {} breaks in all. Whole groups of pictures may be missing or inserted here.",
            breaks.len()
        ),
    );
    Some(Seen {
        spans: list,
        measured: Some(ratio),
        limit: Some(strong),
        unit: "ratio",
        ..Seen::new(Level::Attention, strength, text)
    })
}

/// Packets lost on the way leave the same gap, so it is no more than
/// supporting.
fn missing_references(b: &Bitstream, settling_s: f64) -> Option<Seen> {
    let gaps: Vec<&FrameNumGap> = b
        .frame_num_gaps
        .iter()
        .filter(|g| g.at_s >= settling_s)
        .collect();
    let first = gaps.first()?;
    let list = points(gaps.iter().map(|g| g.at_s));
    let places = spans(&list);
    let (due, came) = (first.due, first.came);
    let text = Text::new(
        format!(
            "参考画面编号有缺:应为 {due},实为 {came}({}),缺少编码过的画面。",
            places.zh
        ),
        format!(
            "Numbers of reference pictures are left out: {due} was due and {came} came ({}); pictures that were \
             coded are not there.",
            places.en
        ),
    );
    Some(Seen {
        spans: list,
        measured: Some(gaps.len() as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, Strength::Supporting, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::bitstream::IdrBreak;
    use crate::measure::video::Video;

    fn judged(b: Bitstream) -> Option<Strength> {
        let mut trial = Trial::video(60.0);
        trial.m.bitstream = Some(b);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].strength),
            _ => None,
        }
    }

    fn broken(habit: IdrHabit, idr_steps: u64, breaks: u64, at_s: f64) -> Option<Strength> {
        judged(Bitstream {
            idr_habit: habit,
            idr_steps,
            idr_breaks_count: breaks,
            idr_breaks: vec![
                IdrBreak {
                    at_s,
                    before: 0,
                    after: 0
                };
                breaks as usize
            ],
            ..Bitstream::default()
        })
    }

    #[test]
    fn how_regular_the_habit_was_decides_the_strength() {
        use IdrHabit::{Alternating, Constant, Counting, Unknown};
        assert_eq!(broken(Alternating, 20, 1, 5.0), Some(Strength::Strong));
        assert_eq!(broken(Counting, 20, 1, 5.0), Some(Strength::Strong));
        assert_eq!(broken(Alternating, 19, 1, 5.0), Some(Strength::Supporting));
        assert_eq!(broken(Alternating, 20, 3, 5.0), Some(Strength::Supporting));
        assert_eq!(broken(Alternating, 20, 4, 5.0), None);
        assert_eq!(broken(Alternating, 20, 0, 5.0), None);
        assert_eq!(broken(Constant, 20, 1, 5.0), None);
        assert_eq!(broken(Unknown, 20, 1, 5.0), None);
    }

    #[test]
    fn ten_key_pictures_make_a_habit_and_nine_do_not() {
        assert_eq!(
            broken(IdrHabit::Alternating, 9, 1, 5.0),
            Some(Strength::Supporting)
        );
        assert_eq!(broken(IdrHabit::Alternating, 8, 1, 5.0), None);
    }

    #[test]
    fn a_phone_may_settle_for_half_a_second() {
        assert_eq!(broken(IdrHabit::Alternating, 40, 1, 0.49), None);
        assert_eq!(
            broken(IdrHabit::Alternating, 40, 1, 0.5),
            Some(Strength::Strong)
        );
    }

    #[test]
    fn lost_references_support_and_a_splice_mark_is_strong() {
        let gap = |at_s| Bitstream {
            frame_num_gaps: vec![FrameNumGap {
                at_s,
                due: 3,
                came: 5,
                at_key: false,
            }],
            ..Bitstream::default()
        };
        assert_eq!(judged(gap(3.0)), Some(Strength::Supporting));
        assert_eq!(judged(gap(0.2)), None);
        let splice = Bitstream {
            splice_marks_s: vec![2.0],
            ..Bitstream::default()
        };
        assert_eq!(judged(splice), Some(Strength::Strong));
    }

    #[test]
    fn a_stream_that_was_not_read_is_no_pass_and_another_codec_is_left_out() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
        let mut other = Trial::video(1.0);
        other.m.video = Some(Video::default());
        assert_eq!(other.judge(&CHECK), Ruling::NotApplicable);
    }
}
