//! `photo_sequence`: bursts, and holes in the camera's own numbering.

use chrono::{DateTime, Utc};

use crate::capture::seconds_between;
use crate::check::{
    Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength, photo_reused,
};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::duration;

/// Most missing numbers that are named.
const NAMED_MAX: u32 = 8;

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_sequence",
    clause: "no.select",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Information,
    kinds: &[Kind::Photo, Kind::Video],
    title: StaticText {
        zh: "相机编号有空缺或次序不合",
        en: "The camera's numbers have a hole or another order",
    },
    pass: StaticText {
        zh: "相机编号前后相接,次序与拍摄时间相合。",
        en: "The camera's numbers go on without a hole, in the order of time.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件名仍为相机自编号(如 IMG_1234、DSC01234、MVI_0013)时,同一项目内编号是否相接,编号次序\
             与拍摄时间是否一致;并说明连拍。\n\n\
             **测量方法** 按 DCF 规则读出编号(四位字符加四位数字;索尼五位),照片与视频共用一个编号序列,9999 之后回到\
             0001。只看紧接在本文件之前的空缺;空缺很大时多半是另一台设备或另一次拍摄,不作提示。连拍指同一设备在数秒内的\
             相似照片。\n\n\
             **可能含义** 中间拍过的照片没有提交。仅供参考,不影响任何结论,也不说明有人挑选。\n\n\
             **常见的正常原因** 拍糊了在机内删除;拍摄了与评审无关的内容;照片还在路上;两台同型号相机;只交了连拍中的一张;\
             相机时钟调整过。\n\n\
             **如何确认** 询问评审组;查看存储卡。",
        en: "**What it looks at** Where files still have the names that the camera gave them (IMG_1234, DSC01234, \
             MVI_0013): whether the numbers within one case go on without a hole, and in the order of time; and \
             bursts.\n\n\
             **How it is measured** Numbers are read by the rule of DCF (four characters and four digits; Sony has \
             five). Photos and videos share one series; 9999 is followed by 0001. Only the hole right before this \
             file counts. A large one rather means another device or another day and is not told. A burst is like \
             pictures of one device within seconds.\n\n\
             **What it can mean** Pictures taken in between were not handed in. It is for information, changes no \
             result, and does not say that anybody chose.\n\n\
             **Usual innocent causes** A blurred picture deleted in the camera; pictures of something else; pictures \
             still on their way; two cameras of one model; one picture of a burst was enough; the clock was set.\n\n\
             **What would settle it** Asking the team; the memory card.",
    },
    see_yourself: "exiftool -FileName -DateTimeOriginal -SerialNumber {file}",
    params: &[
        Param {
            key: "hole_max",
            unit: "count",
            default: 50.0,
            min: 1.0,
            max: 5000.0,
            doc: StaticText {
                zh: "空缺多于此数时视为另一台设备或另一次拍摄,不作提示。",
                en: "A hole of more numbers than this is another device or another day and is not told.",
            },
            source: "named guess: fewer than a visit's photos",
        },
        Param {
            key: "order_s",
            unit: "s",
            default: 60.0,
            min: 1.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "编号在前而拍摄时间在后,相差多少秒以上才作提示。",
                en: "How many seconds later a picture with an earlier number must have been taken to be told.",
            },
            source: "named guess: two pictures of one camera are saved within a minute of being taken",
        },
        Param {
            key: "burst_s",
            unit: "s",
            default: 10.0,
            min: 0.0,
            max: 600.0,
            doc: StaticText {
                zh: "同一项目内,同一设备在多少秒内的相似照片视为连拍。",
                en: "Within how many seconds like pictures of one device in one case are a burst.",
            },
            source: "research/forensics.md 2e, 14",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let mut seen: Vec<Seen> = burst(case).into_iter().collect();
    let own = CameraNumber::of(&case.context.name);
    let beside = case.context.beside.as_ref();
    let Some((own, beside)) = own.zip(beside) else {
        return if seen.is_empty() {
            Ruling::NotApplicable
        } else {
            Ruling::Found(seen)
        };
    };
    let hole_max = case.limits.get("hole_max");
    let before = beside
        .iter()
        .filter_map(|other| {
            let number = CameraNumber::of(&other.name)?;
            let steps = own.steps_after(&number)?;
            (steps > 0 && f64::from(steps) <= hole_max + 1.0).then_some((steps, other))
        })
        .min_by_key(|(steps, _)| *steps);
    if let Some((steps, other)) = before {
        if steps > 1 {
            seen.push(hole(&own, steps - 1, &other.name, hole_max));
        }
        let order_s = case.limits.get("order_s");
        let turned = case.capture.earliest.zip(other.captured);
        seen.extend(turned.and_then(|times| order(times, &other.name, order_s)));
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn burst(case: &Case<'_>) -> Option<Seen> {
    let alike = case.context.alike.iter().flatten();
    let names: Vec<&str> = alike
        .filter(|a| photo_reused::is_burst(a, case))
        .map(|a| a.twin.name.as_str())
        .collect();
    let (first, count) = (names.first()?, names.len());
    let limit_s = case.limits.get("burst_s");
    Some(Seen {
        measured: Some(count as f64),
        unit: "count",
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!(
                    "连拍:本项目中同一设备在 {limit_s:.0} 秒内另有 {count} 张相似照片(如“{first}”)。仅供参考。"
                ),
                format!(
                    "A burst: {count} more like pictures of the same device within {limit_s:.0} s in this case (such \
                     as “{first}”). For information."
                ),
            ),
        )
    })
}

fn hole(own: &CameraNumber, missing: u32, before: &str, hole_max: f64) -> Seen {
    let numbers = (1..=missing.min(NAMED_MAX)).rev().map(|n| own.earlier(n));
    let first = (missing > NAMED_MAX).then(|| "…".to_owned());
    let names: Vec<String> = first.into_iter().chain(numbers).collect();
    let names = names.join(", ");
    Seen {
        measured: Some(f64::from(missing)),
        limit: Some(hole_max),
        unit: "count",
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!("相机编号在“{before}”与本文件之间空缺 {missing} 个({names})。仅供参考。"),
                format!(
                    "Between “{before}” and this file {missing} of the camera's numbers are missing ({names}). For \
                     information."
                ),
            ),
        )
    }
}

fn order((own, other): (DateTime<Utc>, DateTime<Utc>), before: &str, limit_s: f64) -> Option<Seen> {
    let later_s = seconds_between(own, other);
    let later = duration(later_s);
    (later_s > limit_s).then(|| Seen {
        measured: Some(later_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!(
                    "编号在前的“{before}”拍摄时间反而晚 {}:可能是另一台设备,或时钟调整过。仅供参考。",
                    later.zh
                ),
                format!(
                    "“{before}” has an earlier number and was taken {} later: another device, or the clock was set. For \
                     information.",
                    later.en
                ),
            ),
        )
    })
}

/// The number that a camera gave a file, by DCF 2.0 (JEITA CP-3461B): four
/// characters, then 0001 to 9999; Sony's DSC has five digits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CameraNumber {
    /// What all files of one series share.
    series: &'static str,
    /// As written before the number.
    prefix: String,
    number: u32,
    /// The last number before 1 comes again.
    last: u32,
}

/// Prefixes of cameras; those in one line share one counter. Canon writes `_MG_`
/// and Nikon `_DSC` for another colour space.
const SERIES: [(&str, &[&str]); 10] = [
    ("IMG_", &["IMG_", "_MG_", "MVI_", "MOV_", "VID_"]),
    ("DSC_", &["DSC_", "_DSC"]),
    ("DSCN", &["DSCN"]),
    ("DSCF", &["DSCF", "_DSF"]),
    ("P100", &["PANA", "P100", "P101", "P102", "P103"]),
    ("DJI_", &["DJI_"]),
    ("GOPR", &["GOPR"]),
    ("SAM_", &["SAM_"]),
    ("HPIM", &["HPIM"]),
    ("PICT", &["PICT"]),
];

impl CameraNumber {
    fn of(name: &str) -> Option<Self> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let stem = stem.to_ascii_uppercase();
        let digits = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().ok()).flatten()
        };
        // Sony: DSC and five digits, one counter up to 99999.
        if let Some(rest) = stem.strip_prefix("DSC").filter(|rest| rest.len() == 5)
            && let Some(number) = digits(rest).filter(|n| *n > 0)
        {
            return Some(Self {
                series: "DSC",
                prefix: "DSC".to_owned(),
                number,
                last: 99_999,
            });
        }
        let (prefix, rest) = stem
            .split_at_checked(4)
            .filter(|(_, rest)| rest.len() == 4)?;
        let number = digits(rest).filter(|n| *n > 0)?;
        let (series, _) = SERIES.iter().find(|(_, all)| all.contains(&prefix))?;
        Some(Self {
            series,
            prefix: prefix.to_owned(),
            number,
            last: 9_999,
        })
    }

    /// How many steps this number comes after `other`; `None` for another series.
    fn steps_after(&self, other: &Self) -> Option<u32> {
        (self.series == other.series).then(|| (self.number + self.last - other.number) % self.last)
    }

    /// The name so many steps before.
    fn earlier(&self, steps: u32) -> String {
        let number = (self.number + self.last - 1 - steps % self.last) % self.last + 1;
        let width = if self.last > 9_999 { 5 } else { 4 };
        format!("{}{number:0width$}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::check::{Alike, Beside, Twin};

    fn trial(name: &str, others: &[(&str, Option<&str>)]) -> Trial {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.context.name = name.to_owned();
        let beside = others.iter().map(|(name, captured)| Beside {
            name: (*name).to_owned(),
            captured: captured.map(at),
        });
        trial.context.beside = Some(beside.collect());
        trial
    }

    fn told(trial: &Trial) -> Vec<(Level, Option<f64>, String)> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen
                .into_iter()
                .map(|s| (s.level, s.measured, s.text.en))
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_hole_is_told_by_the_file_after_it() {
        let others = [("IMG_0010.JPG", None), ("IMG_0020.JPG", None)];
        let told = told(&trial("IMG_0013.JPG", &others));
        assert_eq!((told[0].0, told[0].1), (Level::Info, Some(2.0)));
        assert!(told[0].2.contains("(IMG_0011, IMG_0012)"), "{}", told[0].2);
        let first = trial("IMG_0010.JPG", &[("IMG_0013.JPG", None)]);
        assert_eq!(first.judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn photos_and_videos_share_a_counter_that_comes_round() {
        for (own, other) in [
            ("IMG_0013.JPG", "MVI_0012.MP4"),
            ("IMG_0001.JPG", "IMG_9999.JPG"),
            ("DSC10000.JPG", "DSC09999.JPG"),
            ("img_0002.heic", "IMG_0001.HEIC"),
        ] {
            let trial = trial(own, &[(other, None)]);
            assert_eq!(trial.judge(&CHECK), Ruling::Pass, "{own}");
        }
        let round = told(&trial("IMG_0002.JPG", &[("IMG_9998.JPG", None)]));
        assert!(round[0].2.contains("(IMG_9999, IMG_0001)"), "{round:?}");
    }

    #[test]
    fn the_limit_and_either_side() {
        let hole = |number: u32| {
            let other = format!("IMG_{number:04}.JPG");
            told(&trial("IMG_0100.JPG", &[(&other, None)]))
        };
        assert_eq!(hole(49)[0].1, Some(50.0));
        assert!(hole(49)[0].2.contains("(…, IMG_0092"));
        assert!(hole(48).is_empty());
        assert!(hole(99).is_empty());
    }

    #[test]
    fn other_names_have_no_numbers() {
        for name in [
            "IMG_20240102_101112.jpg",
            "微信图片_0001.jpg",
            "照片0001.jpg",
            "IMG_0000.JPG",
            "IMG_E1234.JPG",
            "ABCD1234.JPG",
            "",
        ] {
            let trial = trial(name, &[("IMG_0001.JPG", None)]);
            assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable, "{name}");
        }
        let other_series = trial("IMG_0005.JPG", &[("DSCN0001.JPG", None)]);
        assert_eq!(other_series.judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn an_earlier_number_that_was_taken_later_is_told() {
        let order = |captured| told(&trial("IMG_0002.JPG", &[("IMG_0001.JPG", Some(captured))]));
        assert!(order("2026-04-12T01:01:00Z").is_empty());
        let later = order("2026-04-12T01:01:01Z");
        assert_eq!((later[0].0, later[0].1), (Level::Info, Some(61.0)));
    }

    #[test]
    fn a_burst_is_told_and_never_more() {
        let mut trial = trial("a.jpg", &[]);
        trial.context.alike = Some(vec![Alike {
            twin: Twin {
                name: "b.jpg".to_owned(),
                same_case: true,
                ..Twin::default()
            },
            captured: Some(at("2026-04-12T01:00:03Z")),
            is_same_device: true,
            ..Alike::default()
        }]);
        let told = told(&trial);
        assert_eq!((told[0].0, told[0].1), (Level::Info, Some(1.0)));
        assert!(told[0].2.contains("b.jpg"));
    }
}
