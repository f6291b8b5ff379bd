//! `outside_visit`: recorded before or after the declared visit.

use crate::capture::seconds_between;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::deadline::deciding_ends;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::{duration, instant};

/// The declaration.
pub static CHECK: Check = Check {
    code: "outside_visit",
    clause: "no.retake",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "拍摄时间不在现场时段内",
        en: "Recorded outside the visit",
    },
    pass: StaticText {
        zh: "拍摄时间在申报的现场时段内。",
        en: "Recorded within the declared visit.",
    },
    doc: StaticText {
        zh: "**检查内容** 拍摄结束时间是否落在申报的现场评审(检查)时段之外。\n\n\
             **测量方法** 拍摄结束时间的整个区间都早于时段开始或晚于时段结束,且超出宽限,才予提示;\
             区间与时段有任何重叠即不提示。\n\n\
             **可能含义** 可能为事后拍摄,也可能只是时段或时钟有出入。仅提示人工复核,不判为不符合。\n\n\
             **常见的正常原因** 评审提前开始或延后结束而未更新时段;设备时钟或时区不准;拍摄门牌、途中情况。\n\n\
             **如何确认** 由评审组作出书面说明,或更正申报时段。不要求、也不接受补拍。",
        en: "**What it looks at** Whether the recording ended outside the declared time of the visit.\n\n\
             **How it is measured** Only if the whole interval of possible ends lies before the visit's start or \
             after its end, beyond a grace. Any overlap is enough for silence.\n\n\
             **What it can mean** A recording made afterwards, or just a window or a clock that is off. A person \
             is asked to look; it is never a failure by machine.\n\n\
             **Usual innocent causes** The visit began earlier or ended later than declared; the device's clock \
             or zone; a picture of the gate on the way in.\n\n\
             **What would settle it** A written note from the team, or a corrected window. Never a new picture.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[Param {
        key: "grace_s",
        unit: "s",
        default: 600.0,
        min: 0.0,
        max: 86_400.0,
        doc: StaticText {
            zh: "时段两端的宽限;越小越严。",
            en: "How far outside either end is still silent; smaller is stricter.",
        },
        source: "named guess: the ten minutes by which an opening meeting may start late",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let (Some(visit), Some((earliest, latest))) = (case.context.visit, deciding_ends(case.capture))
    else {
        return Ruling::NotApplicable;
    };
    let grace_s = case.limits.get("grace_s");
    let before_s = seconds_between(latest, visit.start);
    let after_s = seconds_between(visit.end, earliest);
    let zone_s = case.context.default_offset_s;
    let (off_s, side) = if before_s > grace_s {
        let start = instant(visit.start, zone_s);
        let words = Text::new(
            format!("早于现场开始时间 {start} "),
            format!("before the visit's start at {start}"),
        );
        (before_s, words)
    } else if after_s > grace_s {
        let end = instant(visit.end, zone_s);
        let words = Text::new(
            format!("晚于现场结束时间 {end} "),
            format!("after the visit's end at {end}"),
        );
        (after_s, words)
    } else {
        return Ruling::Pass;
    };
    let off = duration(off_s);
    Ruling::Found(vec![Seen {
        measured: Some(off_s),
        limit: Some(grace_s),
        unit: "s",
        ..Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!(
                    "拍摄时间{}至少{}。请评审组作出说明,无需补拍。",
                    side.zh, off.zh
                ),
                format!(
                    "Recorded at least {} {}. The team is asked for a note, not for a new picture.",
                    off.en, side.en
                ),
            ),
        )
    }])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::check::Visit;
    use crate::check::trial::{Trial, at};

    fn trial(from_start_s: i64) -> Trial {
        let start = at("2026-04-12T01:00:00Z");
        let mut trial = Trial::photo(start + TimeDelta::seconds(from_start_s), 300.0);
        trial.context.visit = Some(Visit {
            start,
            end: start + TimeDelta::hours(8),
        });
        trial
    }

    #[test]
    fn the_limits_and_either_side() {
        let end_s = 8 * 3600;
        // Drift 300 s and grace 600 s.
        for quiet in [-899, -900, 0, end_s, end_s + 900] {
            assert_eq!(trial(quiet).judge(&CHECK), Ruling::Pass, "{quiet}");
        }
        for loud in [-901, end_s + 901] {
            let Ruling::Found(seen) = trial(loud).judge(&CHECK) else {
                panic!("nothing found at {loud}")
            };
            assert_eq!(
                (seen[0].level, seen[0].measured),
                (Level::Attention, Some(601.0))
            );
            assert!(seen[0].text.zh.contains("说明"));
        }
    }

    #[test]
    fn without_window_or_time_it_does_not_speak() {
        let mut no_window = trial(-7200);
        no_window.context.visit = None;
        assert_eq!(no_window.judge(&CHECK), Ruling::NotApplicable);
        let mut no_time = trial(-7200);
        no_time.m.times.clear();
        assert_eq!(no_time.judge(&CHECK), Ruling::NotApplicable);
    }
}
