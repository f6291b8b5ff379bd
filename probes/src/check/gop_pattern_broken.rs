//! `gop_pattern_broken`: the encoder's own numbering of its pictures breaks
//! off and goes on elsewhere.

use crate::check::moments::{bitstream_of, clock, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::bitstream::{Bitstream, FrameNumGap, IdrBreak, IdrHabit};
use crate::measurements::{Decoding, Kind, Span};
use crate::text::{StaticText, Text};

/// Damage that starts so soon after a break counts as at its place: the decoder
/// notices a loss some pictures later.
const DAMAGE_NEAR_S: f64 = 0.5;

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
             先从本文件学出规律,再列出每一处不符。开头的稳定时间内不计。\
             只有规律稳定、中断很少、此前无解码损坏、且中断处的编号不是录像开头的编号(重新开始录制即如此)时,\
             才算强迹象;其余均为辅助迹象。\n\n\
             **可能含义** 此处缺少或插入了整组画面,例如不重新编码的删减或拼接。\
             交替编号只能显示奇数组的缺失。\n\n\
             **常见的正常原因** 暂停后继续录制;设备自动合并分段或重启编码器;\
             网络摄像机传输中丢包。标准只要求相邻两个关键画面编号不同,中断并非格式错误。\n\n\
             **如何确认** 查看所示时刻前后的画面和声音;与同一设备的其他录像比较;请提供设备中的原始文件。",
        en: "**What it looks at** Whether the numbers of H.264 key pictures (idr_pic_id) or of reference pictures \
             (frame_num) break off, and whether HEVC holds pictures that mark a splice by definition (BLA).\n\n\
             **How it is measured** The head of every picture is read; nothing is decoded. Most encoders write \
             idr_pic_id as 0 and 1 in turn, or one more each time; the habit is learnt from the file itself, and \
             every step that breaks it is listed. The settling time at the start is left out. A break is a strong \
             sign only if the habit is steady, breaks are few, decoding met no damage before, and the number is \
             not the one that the recording started with, as after a restart; all else is a supporting sign.\n\n\
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
            key: "strong_breaks_max",
            unit: "count",
            default: 3.0,
            min: 1.0,
            max: 100.0,
            doc: StaticText {
                zh: "中断多于此数时只算辅助迹象:反复中断更像设备自身的做法;越大越严。",
                en: "More breaks than this are only a supporting sign: a device breaks off again and again, a cut \
                     seldom does; larger is stricter.",
            },
            source: "named guess: a cut leaves one or two breaks",
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
    let b = match bitstream_of(m) {
        Ok(b) => b,
        Err(ruling) => return ruling,
    };
    let settling_s = case.limits.get("numbering_settling_s");
    let splices: Vec<f64> = b
        .splice_marks_s
        .iter()
        .copied()
        .filter(|s| *s >= settling_s)
        .collect();
    let mut seen = numbers(b, case, settling_s);
    seen.extend(splice_marks(&splices));
    seen.extend(missing_references(b, settling_s));
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

/// Servers and recorders that cut a running stream leave the mark too, so it
/// is no more than supporting.
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
        ..Seen::new(Level::Attention, Strength::Supporting, text).asking_alone()
    })
}

fn numbers(b: &Bitstream, case: &Case<'_>, settling_s: f64) -> Vec<Seen> {
    let pictures = b.idr_steps.saturating_add(1);
    if (pictures as f64) < case.limits.get("idr_min") {
        return Vec::new();
    }
    let held = b.idr_steps.saturating_sub(b.idr_breaks_count);
    let ratio = held as f64 / b.idr_steps.max(1) as f64;
    if ratio < case.limits.get("habit_supporting_ratio") {
        return Vec::new();
    }
    let regular = ratio >= case.limits.get("habit_strong_ratio")
        && b.idr_breaks_count as f64 <= case.limits.get("strong_breaks_max")
        && b.unread_pictures == 0;
    let (strong, supporting): (Vec<&IdrBreak>, Vec<&IdrBreak>) = b
        .idr_breaks
        .iter()
        .filter(|x| x.at_s >= settling_s)
        .partition(|x| {
            regular && !may_be_restart(b, x) && is_whole_until(&case.m.decoding, x.at_s)
        });
    [
        (strong, Strength::Strong),
        (supporting, Strength::Supporting),
    ]
    .into_iter()
    .filter_map(|(breaks, strength)| tell(b, &breaks, strength))
    .collect()
}

/// True if the number is the one that the recording started with: so it is
/// after a pause, or where a device joins its own segments.
fn may_be_restart(b: &Bitstream, found: &IdrBreak) -> bool {
    b.idr_ids.first().is_none_or(|first| *first == found.after)
}

/// True if decoding met no damage at or before `at_s`. Once packets were lost,
/// what came after may have been lost or sent anew as well.
fn is_whole_until(decoding: &Decoding, at_s: f64) -> bool {
    let has_place = decoding.errors == 0 || !decoding.error_spans.is_empty();
    let damaged = |s: &Span| s.start_s <= at_s + DAMAGE_NEAR_S;
    decoding.reached_end && has_place && !decoding.error_spans.iter().any(damaged)
}

fn tell(b: &Bitstream, breaks: &[&IdrBreak], strength: Strength) -> Option<Seen> {
    let (habit_zh, habit_en) = match b.idr_habit {
        IdrHabit::Alternating => ("两个编号交替", "two numbers in turn"),
        IdrHabit::Counting => ("编号逐次加一", "one more each time"),
        IdrHabit::Constant | IdrHabit::Unknown => return None,
    };
    // The groups before and after are whole; what is missing lay between them.
    let first = breaks.first()?;
    let at = clock(first.at_s);
    let (before, after, steps) = (first.before, first.after, b.idr_steps);
    let held = steps.saturating_sub(b.idr_breaks_count);
    let count = breaks.len();
    let (means_zh, means_en) = match strength {
        Strength::Strong => (
            "此处可能缺少或插入了整组画面。",
            "Whole groups of pictures may be missing or inserted here.",
        ),
        _ => (
            "此处可能缺少或插入了整组画面,也可能是暂停后继续、设备重启编码器或传输丢包。",
            "Whole groups of pictures may be missing or inserted here; a pause, an encoder that the device \
             restarted, or loss on the way look the same.",
        ),
    };
    let text = Text::new(
        format!(
            "{at} 处关键画面编号由 {before} 接 {after},而本文件 {steps} 个间隔中有 {held} 个为{habit_zh};\
             这样的中断共 {count} 处。{means_zh}"
        ),
        format!(
            "At {at} the key pictures' number goes from {before} to {after}, while {held} of {steps} steps are \
             {habit_en}; {count} such breaks in all. {means_en}"
        ),
    );
    Some(Seen {
        spans: points(breaks.iter().map(|x| x.at_s)),
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, strength, text).asking_alone()
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
        ..Seen::new(Level::Attention, Strength::Supporting, text).asking_alone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::video::Video;

    fn ruled(b: Bitstream, decoding: Decoding) -> Vec<Strength> {
        let mut trial = Trial::video(60.0);
        trial.m.bitstream = Some(b);
        trial.m.decoding = decoding;
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| s.strength).collect(),
            _ => Vec::new(),
        }
    }

    fn judged(b: Bitstream) -> Option<Strength> {
        ruled(b, whole()).first().copied()
    }

    fn whole() -> Decoding {
        Decoding {
            reached_end: true,
            ..Decoding::default()
        }
    }

    /// Breaks from 1 to 1 in a recording that starts with 0.
    fn stream(habit: IdrHabit, idr_steps: u64, breaks: u64, at_s: f64) -> Bitstream {
        let found = IdrBreak {
            at_s,
            before: 1,
            after: 1,
        };
        Bitstream {
            idr_habit: habit,
            idr_ids: vec![0],
            idr_steps,
            idr_breaks_count: breaks,
            idr_breaks: vec![found; breaks as usize],
            ..Bitstream::default()
        }
    }

    fn broken(habit: IdrHabit, idr_steps: u64, breaks: u64, at_s: f64) -> Option<Strength> {
        judged(stream(habit, idr_steps, breaks, at_s))
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
    fn three_breaks_may_be_cuts_and_four_are_the_devices_way() {
        let many = |breaks| broken(IdrHabit::Alternating, 1000, breaks, 5.0);
        assert_eq!(many(3), Some(Strength::Strong));
        assert_eq!(many(4), Some(Strength::Supporting));
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
    fn a_number_as_at_the_start_may_be_a_restart() {
        let after = |after| {
            let mut b = stream(IdrHabit::Counting, 40, 1, 5.0);
            b.idr_breaks[0].after = after;
            judged(b)
        };
        assert_eq!(after(0), Some(Strength::Supporting));
        assert_eq!(after(7), Some(Strength::Strong));
    }

    #[test]
    fn a_break_at_or_after_damage_only_supports() {
        let damaged = |start_s: f64| {
            let span = Span {
                start_s,
                end_s: start_s + 0.1,
            };
            let decoding = Decoding {
                errors: 1,
                error_spans: vec![span],
                ..whole()
            };
            ruled(stream(IdrHabit::Alternating, 40, 1, 5.0), decoding)
        };
        assert_eq!(damaged(1.0), [Strength::Supporting]);
        assert_eq!(damaged(5.5), [Strength::Supporting]);
        assert_eq!(damaged(5.6), [Strength::Strong]);
    }

    #[test]
    fn where_damage_cannot_be_told_a_break_only_supports() {
        let b = || stream(IdrHabit::Alternating, 40, 1, 5.0);
        let placeless = Decoding {
            errors: 1,
            ..whole()
        };
        assert_eq!(ruled(b(), placeless), [Strength::Supporting]);
        assert_eq!(ruled(b(), Decoding::default()), [Strength::Supporting]);
        let unread = Bitstream {
            unread_pictures: 1,
            ..b()
        };
        assert_eq!(ruled(unread, whole()), [Strength::Supporting]);
    }

    #[test]
    fn breaks_of_two_strengths_are_told_apart() {
        let mut b = stream(IdrHabit::Alternating, 60, 2, 5.0);
        b.idr_breaks[1] = IdrBreak {
            at_s: 9.0,
            before: 0,
            after: 0,
        };
        assert_eq!(ruled(b, whole()), [Strength::Strong, Strength::Supporting]);
    }

    #[test]
    fn lost_references_and_splice_marks_only_support() {
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
        assert_eq!(judged(splice), Some(Strength::Supporting));
    }

    #[test]
    fn a_stream_that_was_not_read_is_no_pass_and_another_codec_is_left_out() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
        let mut other = Trial::video(1.0);
        other.m.video = Some(Video::default());
        assert_eq!(other.judge(&CHECK), Ruling::NotApplicable);
    }
}
