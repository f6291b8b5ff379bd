//! `segment_gap`: something is missing between this file and the one before it.

use crate::check::{Aspect, Case, Check, Family, Level, Limits, Param, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::segment::whole::SeamLimits;
use crate::segment::{Gap, Segment, gap_before};
use crate::text::{StaticText, Text};
use crate::wording::duration;

/// The declaration.
pub static CHECK: Check = Check {
    code: "segment_gap",
    clause: "no.stop",
    aspect: Aspect::Quality,
    family: Family::Timing,
    strength: Strength::Strong,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "与前一段录像之间有缺口",
        en: "A gap after the recording before",
    },
    pass: StaticText {
        zh: "与前一段录像之间没有异常缺口。",
        en: "No unusual gap after the recording before.",
    },
    doc: StaticText {
        zh: "**检查内容** 同一案件、同一节点、同一设备自动分段的录像,前后两段之间是否缺少一段时间或编号。\n\n\
             **测量方法** 用两个文件中同一时间字段之差减去前一段的时长,得到缺口的区间(时钟误差两者相同,互相抵消)。\
             前一段的时长或大小与该设备其他分段相同时,才认为是设备自动分段;此时缺口超过该设备通常的缺口(中位数,另加其离散程度)加限值即提示。\
             前一段若是人工停止的,只说明停了多久。文件名编号有缺号的一并列出,仅供参考。\n\n\
             **可能含义** 中间的一段没有提交,或录制曾经中断。\n\n\
             **常见的正常原因** 设备写满存储卡、过热、更换电池;中间的文件尚未提交或归在其他节点;设备按事件分段。\n\n\
             **如何确认** 请提供缺少的分段,或说明中断的技术原因。",
        en: "**What it looks at** Whether time or numbers are missing between two recordings of one case, node and \
             device that the device itself split.\n\n\
             **How it is measured** The difference of one time field in both files, less the length of the earlier \
             one, is the gap, as an interval; how far the clock is off cancels out. Only if the earlier one is as \
             long or as large as the device's other segments was it split by the device; then a gap beyond the \
             device's usual one (median, and room for its scatter) by more than the limit is reported. If a person stopped the earlier one, the time \
             between is only told. Numbers left out in the names are listed for information.\n\n\
             **What it can mean** A part in between was not handed in, or recording was interrupted.\n\n\
             **Usual innocent causes** A full card, heat, a change of battery; files in between that are still to \
             come or lie in another node; a device that splits by events.\n\n\
             **What would settle it** The missing segments, or a note on the technical cause.",
    },
    see_yourself: "exiftool -time:all -Duration -n {file}",
    params: &[
        Param {
            key: "beyond_usual_s",
            unit: "s",
            default: 3.0,
            min: 0.5,
            max: 600.0,
            doc: StaticText {
                zh: "缺口超过该设备通常缺口多少秒即提示;越小越严格",
                en: "a gap longer than the device's usual one by more than this is reported; smaller is stricter",
            },
            source: "research/forensics.md 2c: modal gap + 3 s",
        },
        Param {
            key: "gap_unknown_s",
            unit: "s",
            default: 10.0,
            min: 1.0,
            max: 600.0,
            doc: StaticText {
                zh: "尚不知该设备通常缺口时,缺口超过此时长即提示;越小越严格",
                en: "while the device's usual gap is not known, a gap longer than this is reported; smaller is \
                     stricter",
            },
            source: "research/forensics.md 2c: recorders' own gaps of 0.3 to 6.4 s; named guess above them",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let own = Segment::of(&case.context.name, case.m);
    let Some(gap) = own.and_then(|own| gap_before(&own, &case.context.siblings)) else {
        return Ruling::NotApplicable;
    };
    let limit_s = seam_limits(case.limits).longest_s(gap.usual);
    let is_long = gap.low_s > limit_s;
    let mut seen = Vec::new();
    if is_long && gap.was_split {
        seen.push(missing(&gap, limit_s));
    } else if is_long {
        seen.push(stopped(&gap));
    }
    if gap.numbers_left_out > 0 {
        seen.push(left_out(&gap));
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// From which gap on a stretch is missing.
pub fn seam_limits(limits: &Limits) -> SeamLimits {
    SeamLimits {
        beyond_usual_s: limits.get("beyond_usual_s"),
        unknown_s: limits.get("gap_unknown_s"),
    }
}

fn missing(gap: &Gap, limit_s: f64) -> Seen {
    let (low, before) = (duration(gap.low_s.max(0.0).round()), &gap.before);
    let usual = gap.usual.map_or_else(Text::default, |usual| {
        let usual = duration(usual.median_s.abs().round());
        Text::new(
            format!("(该设备通常为 {})", usual.zh),
            format!(" (usually {} with this device)", usual.en),
        )
    });
    let text = Text::new(
        format!(
            "前一段 {before} 由设备自动分段而结束,其后至少 {}没有录像{}。请提供缺少的分段或说明原因。",
            low.zh, usual.zh
        ),
        format!(
            "The device split the recording after {before}, and for at least {} after it there is no recording{}. The \
             missing segments, or the reason, are asked for.",
            low.en, usual.en
        ),
    );
    Seen {
        measured: Some(gap.low_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(Level::Attention, Strength::Strong, text)
    }
}

fn stopped(gap: &Gap) -> Seen {
    let (low, before) = (duration(gap.low_s.max(0.0).round()), &gap.before);
    let text = Text::new(
        format!("前一段 {before} 停止后,至少 {}没有录像。", low.zh),
        format!(
            "After {before} was stopped, nothing was recorded for at least {}.",
            low.en
        ),
    );
    Seen::new(Level::Info, Strength::Information, text)
}

fn left_out(gap: &Gap) -> Seen {
    let (before, count) = (&gap.before, gap.numbers_left_out);
    let text = Text::new(
        format!("文件名编号与前一段 {before} 之间缺 {count} 个号。"),
        format!("{count} numbers are left out between the name of {before} and this one."),
    );
    Seen {
        measured: Some(f64::from(count)),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Info, Strength::Information, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measurements::{Moment, Zone};

    fn clip(name: &str, start_s: i64, duration_s: f64) -> Trial {
        let start = at("2026-04-12T04:00:00Z") + chrono::TimeDelta::seconds(start_s);
        let mut trial =
            Trial::video(duration_s).time("rec.start", start, Zone::Local, Moment::Start);
        trial.context.name = name.to_owned();
        trial.m.size_bytes = (duration_s * 1e6) as u64;
        trial
    }

    /// The last of clips of these starts and lengths, judged beside the others.
    fn last(clips: &[(u32, i64, f64)]) -> Ruling {
        let mut trials: Vec<Trial> = clips
            .iter()
            .map(|(n, start_s, duration_s)| clip(&format!("REC_{n:04}.MP4"), *start_s, *duration_s))
            .collect();
        let mut own = trials.pop().unwrap();
        own.context.siblings = trials
            .iter()
            .filter_map(|t| Segment::of(&t.context.name, &t.m))
            .collect();
        own.judge(&CHECK)
    }

    fn levels(ruling: Ruling) -> Vec<Level> {
        match ruling {
            Ruling::Found(seen) => seen.iter().map(|s| s.level).collect(),
            Ruling::Pass => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_gap_beyond_the_usual_one_is_told_and_the_usual_one_is_not() {
        let with = |gap_s: i64| {
            let fourth = 3 * 301 - 1 + gap_s;
            levels(last(&[
                (1, 0, 300.0),
                (2, 301, 300.0),
                (3, 602, 300.0),
                (4, fourth, 300.0),
            ]))
        };
        assert_eq!(with(1), []);
        // Usual 1 s, limit 3 s, and a second of uncertainty.
        assert_eq!(with(5), []);
        assert_eq!(with(6), [Level::Attention]);
    }

    #[test]
    fn a_missing_file_is_told_with_its_number() {
        let clips = [
            (1, 0, 300.0),
            (2, 301, 300.0),
            (3, 602, 300.0),
            (5, 1204, 300.0),
        ];
        assert_eq!(levels(last(&clips)), [Level::Attention, Level::Info]);
    }

    #[test]
    fn stops_by_hand_are_only_told() {
        assert_eq!(levels(last(&[(1, 0, 47.0), (2, 600, 30.0)])), [Level::Info]);
        assert_eq!(levels(last(&[(1, 0, 47.0), (2, 50, 30.0)])), []);
    }

    #[test]
    fn a_file_alone_is_left_out() {
        assert_eq!(last(&[(1, 0, 300.0)]), Ruling::NotApplicable);
    }
}
