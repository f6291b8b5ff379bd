//! `saved_late`: stored more than 24 hours after the recording ended.

use crate::capture::{Grade, seconds_between};
use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::deadline::{Saved, SavedResult, clock_in_future, deciding_ends};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::{duration, instant};

/// The declaration.
pub static CHECK: Check = Check {
    code: "saved_late",
    clause: "save.24h",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "超过24小时保存",
        en: "Saved later than 24 hours after the recording",
    },
    pass: StaticText {
        zh: "音像记录结束后24小时内已保存。",
        en: "Saved within 24 hours after the recording ended.",
    },
    doc: StaticText {
        zh: "**检查内容** 从每个文件自身的拍摄结束时刻起,到该文件写入存储并回读一致为止,是否不超过24小时。\
             24小时含本数,正好24:00:00为按时;按自然时间连续计算,周末和节假日不扣除。\n\n\
             **测量方法** 拍摄结束时刻取一个区间:对文件中的每个时间,按其可能的时区、可能指开始还是结束,\
             并计入设备时钟误差,分别推算。只有最长用时也不超过24小时才判为按时,只有最短用时也超过24小时才判为超时,\
             其余为无法判定。存在延期说明的,另从说明所载的具备条件时间起算24小时。\n\n\
             **可能含义** 超时说明未按时保存;若从拍摄结束到收到文件未超过24小时,则原因在系统,不在评审组。\
             单个文件超时、但在本次现场最后一段记录结束后24小时内保存的,提示人工复核。\n\n\
             **常见的正常原因** 设备时钟不准或时区设置错误;现场无网络;外地连续评审。\n\n\
             **如何确认** 出示含有标准时间的起始牌画面以校准时钟,或提交注明具备条件时间的书面说明。",
        en: "**What it looks at** Whether no more than 24 hours passed from the end of each recording to the \
             instant at which the file was stored and read back. The limit is inclusive: exactly 24:00:00 is on \
             time. Hours run on through weekends and holidays.\n\n\
             **How it is measured** The end of the recording is an interval: every time in the file is read \
             in every zone it may be in, as naming the start or the end where that is open, and widened by what \
             the device's clock may be off. On time only if the largest latency fits, late only if the smallest \
             does not, undecided otherwise. With a statement of deferral, 24 hours are also counted from the \
             instant it gives.\n\n\
             **What it can mean** Late: not saved in time; where the file was received within 24 hours the cause \
             is the system and not the team. Late by its own clock, but within 24 hours of the last recording of \
             the visit, is for a person to weigh.\n\n\
             **Usual innocent causes** A device clock that is off or set to another zone; no network on site; \
             several days away.\n\n\
             **What would settle it** A slate that shows true time, filmed by the same device, or a written \
             statement with the instant from which saving was possible.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(saved) = case.saved else {
        return Ruling::NotApplicable;
    };
    match saved.result {
        SavedResult::Exempt => Ruling::NotApplicable,
        SavedResult::OnTime | SavedResult::DeferredOnTime => Ruling::Pass,
        SavedResult::Unknown => undecided(case, saved),
        SavedResult::Late | SavedResult::DeferredLate => late(case, saved),
    }
}

/// Only what hangs on the reading of the clock is this check's to say; the
/// other reasons have checks of their own.
fn undecided(case: &Case<'_>, saved: &Saved) -> Ruling {
    if deciding_ends(case.capture).is_none() {
        return Ruling::NotRun(Text::new(
            "没有可据以判定的拍摄时间。",
            "There is no capture time that could decide.",
        ));
    }
    if clock_in_future(case.capture, saved.received) {
        return Ruling::NotRun(Text::new(
            "拍摄时间晚于收到时间,设备时钟有误。",
            "The capture time is later than the receipt: the device's clock is wrong.",
        ));
    }
    let (min_s, max_s) = latency_s(saved);
    let (min, max) = (duration(min_s), duration(max_s));
    let limit = duration(case.context.save_limit_s);
    Ruling::Found(vec![Seen {
        measured: Some(max_s),
        limit: Some(case.context.save_limit_s),
        unit: "s",
        ..Seen::new(
            Level::Unknown,
            Strength::Information,
            Text::new(
                format!(
                    "从拍摄结束到保存用时在{}至{}之间,限值{}落在其间,取决于拍摄时间如何解读,无法判定。\
                     可用校时画面或设备时区说明确认。",
                    min.zh, max.zh, limit.zh
                ),
                format!(
                    "Between {} and {} from the end of the recording to its saving; the limit of {} lies \
                     between, so the result depends on how the clock is read. A slate with true time or a \
                     note on the device's zone would settle it.",
                    min.en, max.en, limit.en
                ),
            ),
        )
    }])
}

fn late(case: &Case<'_>, saved: &Saved) -> Ruling {
    let limit_s = case.context.save_limit_s;
    let (min_s, _) = latency_s(saved);
    let within_visit = case
        .context
        .visit_last_end
        .is_some_and(|end| seconds_between(end, saved.stored) <= limit_s);
    let (min, limit) = (duration(min_s), duration(limit_s));
    let stored = instant(saved.stored, case.context.default_offset_s);
    let cause = cause(case, saved, within_visit);
    let strength = if case.capture.grade == Grade::A {
        Strength::Fact
    } else {
        Strength::Strong
    };
    Ruling::Found(vec![Seen {
        measured: Some(min_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            if within_visit {
                Level::Attention
            } else {
                Level::Fail
            },
            strength,
            Text::new(
                format!(
                    "保存于 {stored},距拍摄结束至少{},超过{}。{}",
                    min.zh, limit.zh, cause.zh
                ),
                format!(
                    "Saved at {stored}, at least {} after the recording ended; the limit is {}. {}",
                    min.en, limit.en, cause.en
                ),
            ),
        )
    }])
}

fn cause(case: &Case<'_>, saved: &Saved, within_visit: bool) -> Text {
    if saved.late_by_system {
        let queue = duration(saved.system_s);
        return Text::new(
            format!("评审组已按时提交,系统处理用时{},属系统原因。", queue.zh),
            format!(
                "The team handed it in on time; the system took {}: the cause is the system.",
                queue.en
            ),
        );
    }
    if within_visit {
        return Text::new(
            "但在本次现场最后一段记录结束后24小时之内,请人工复核。".to_owned(),
            "It is within the limit of the last recording of this visit: a person should weigh it."
                .to_owned(),
        );
    }
    match (saved.result, case.context.deferred_until) {
        (SavedResult::DeferredLate, Some(ready)) => {
            let after = duration(seconds_between(ready, saved.stored));
            Text::new(
                format!("距延期说明所载具备条件时间{},亦超过限值。", after.zh),
                format!(
                    "It is also {} after the instant that the statement gives.",
                    after.en
                ),
            )
        }
        _ => Text::new(
            "如当时不具备保存条件,请提交书面说明。",
            "If saving was impossible at the time, a written statement is asked for.",
        ),
    }
}

/// Both are known where a result other than unknown was reached.
fn latency_s(saved: &Saved) -> (f64, f64) {
    (
        saved.latency_min_s.unwrap_or(f64::NAN),
        saved.latency_max_s.unwrap_or(f64::NAN),
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::check::trial::{Trial, at};

    fn level(trial: &Trial) -> Option<Level> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.first().map(|s| s.level),
            _ => None,
        }
    }

    #[test]
    fn the_limit_and_either_side() {
        let trial = |seconds: i64| {
            Trial::photo(at("2026-04-12T01:00:00Z"), 0.0)
                .stored(at("2026-04-13T01:00:00Z") + TimeDelta::seconds(seconds))
        };
        assert_eq!(trial(-1).judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(0).judge(&CHECK), Ruling::Pass);
        assert_eq!(level(&trial(1)), Some(Level::Fail));
    }

    #[test]
    fn inside_the_drift_it_is_unknown_and_says_both_latencies() {
        let trial =
            Trial::photo(at("2026-04-12T01:00:00Z"), 300.0).stored(at("2026-04-13T01:02:00Z"));
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("nothing found")
        };
        assert_eq!(seen[0].level, Level::Unknown);
        assert!(
            seen[0]
                .text
                .en
                .contains("23 h 57 min 0 s and 24 h 7 min 0 s"),
            "{:?}",
            seen[0].text
        );
    }

    #[test]
    fn the_visits_clock_softens_up_to_its_limit() {
        let last_end = at("2026-04-13T08:00:00Z");
        let mut trial =
            Trial::photo(at("2026-04-11T07:00:00Z"), 300.0).stored(last_end + TimeDelta::hours(24));
        trial.context.visit_last_end = Some(last_end);
        assert_eq!(level(&trial), Some(Level::Attention));
        let mut trial = trial.stored(last_end + TimeDelta::hours(24) + TimeDelta::seconds(1));
        assert_eq!(level(&trial), Some(Level::Fail));
        trial.context.visit_last_end = None;
        assert_eq!(level(&trial), Some(Level::Fail));
    }

    #[test]
    fn a_slow_queue_is_named_as_the_cause() {
        let mut trial =
            Trial::photo(at("2026-04-12T01:00:00Z"), 0.0).stored(at("2026-04-13T01:20:00Z"));
        if let Some(custody) = &mut trial.context.custody {
            custody.received = at("2026-04-13T00:50:00Z");
        }
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("nothing found")
        };
        assert!(seen[0].text.zh.contains("系统原因"));
    }

    #[test]
    fn without_a_deciding_time_or_before_storing_it_does_not_speak() {
        let mut trial =
            Trial::photo(at("2026-04-12T01:00:00Z"), 0.0).stored(at("2026-04-14T01:00:00Z"));
        trial.m.times.clear();
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
        trial.context.custody = None;
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }

    #[test]
    fn an_exemption_silences_it() {
        let mut trial =
            Trial::photo(at("2026-04-12T01:00:00Z"), 0.0).stored(at("2026-04-14T01:00:00Z"));
        trial.context.exempt = true;
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }
}
