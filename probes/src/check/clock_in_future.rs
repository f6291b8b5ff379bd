//! `clock_in_future`: the recording claims to end after it was received.

use crate::capture::{RECEIPT_TOLERANCE_S, seconds_between};
use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::deadline::{clock_in_future, deciding_ends};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::{duration, instant};

/// The declaration.
pub static CHECK: Check = Check {
    code: "clock_in_future",
    clause: "save.24h",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "设备时钟超前",
        en: "The device's clock is ahead",
    },
    pass: StaticText {
        zh: "拍摄时间不晚于收到文件的时间。",
        en: "The capture time is not later than the receipt of the file.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件所载拍摄结束时间是否晚于系统收到该文件的时间。\n\n\
             **测量方法** 取拍摄结束时间区间的最早端(已计入设备时钟允许误差),与收到时间比较,另容许120秒。\
             若某一解读晚于收到时间而另有可能的解读,则只剔除前者,不提示。\n\n\
             **可能含义** 文件不可能在收到之后才拍摄,因此设备时钟有误,无法据以计算24小时,结果为无法判定。\n\n\
             **常见的正常原因** 设备日期、上下午或时区设置错误。这说明时钟不准,并不说明其他问题。\n\n\
             **如何确认** 用同一设备拍摄含有标准时间的画面以求得时钟偏差。",
        en: "**What it looks at** Whether the file says that its recording ended after the system received it.\n\n\
             **How it is measured** The earliest possible end, the clock's tolerance included, is held against \
             the receipt; another 120 s are allowed. Where one reading is later than the receipt and another is \
             not, the former is dropped and nothing is said.\n\n\
             **What it can mean** A file cannot be recorded after it was received, so the device's clock is wrong \
             and no latency can be computed: unknown.\n\n\
             **Usual innocent causes** A wrong date, a.m. for p.m., a wrong zone. It proves a wrong clock and \
             nothing else.\n\n\
             **What would settle it** A picture of true time, taken by the same device, gives its clock's offset.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let received = case
        .context
        .custody
        .map(|c| c.received)
        .or(case.context.received);
    let (Some(received), Some((earliest, _))) = (received, deciding_ends(case.capture)) else {
        return Ruling::NotApplicable;
    };
    if !clock_in_future(case.capture, received) {
        return Ruling::Pass;
    }
    let ahead_s = seconds_between(received, earliest);
    let ahead = duration(ahead_s);
    let zone_s = case.context.default_offset_s;
    let (earliest, received) = (instant(earliest, zone_s), instant(received, zone_s));
    Ruling::Found(vec![Seen {
        measured: Some(ahead_s),
        limit: Some(RECEIPT_TOLERANCE_S),
        unit: "s",
        ..Seen::new(
            Level::Unknown,
            Strength::Fact,
            Text::new(
                format!(
                    "文件所载拍摄结束时间最早为 {earliest},比收到时间 {received} 晚{},设备时钟有误,\
                     无法判定是否按时。",
                    ahead.zh
                ),
                format!(
                    "By its own time the recording ended at {earliest} at the earliest, {} after it was \
                     received at {received}: the device's clock is wrong and the latency unknown.",
                    ahead.en
                ),
            ),
        )
    }])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::check::trial::{Trial, at};

    #[test]
    fn the_limit_and_either_side() {
        let received = at("2026-04-13T01:00:00Z");
        let trial = |ahead_s: i64| {
            Trial::photo(received + TimeDelta::seconds(ahead_s), 300.0).stored(received)
        };
        assert_eq!(trial(419).judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(420).judge(&CHECK), Ruling::Pass);
        let Ruling::Found(seen) = trial(421).judge(&CHECK) else {
            panic!("nothing found")
        };
        assert_eq!(
            (seen[0].level, seen[0].measured),
            (Level::Unknown, Some(121.0))
        );
    }

    #[test]
    fn without_receipt_or_time_it_does_not_speak() {
        let mut trial = Trial::photo(at("2036-04-13T01:00:00Z"), 300.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
        trial.context.received = Some(at("2026-04-13T01:00:00Z"));
        assert!(matches!(trial.judge(&CHECK), Ruling::Found(_)));
        trial.m.times.clear();
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }
}
