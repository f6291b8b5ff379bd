//! `photo_reused`: the same picture was handed in before, though not the same file.

use chrono::{DateTime, Utc};

use crate::capture::seconds_between;
use crate::check::{Alike, Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::likeness::Position;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::instant;

/// Most earlier pictures of other cases that are told.
const TOLD_MAX: usize = 5;

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_reused",
    clause: "no.retake",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Fact,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "画面与已收照片相同",
        en: "The same picture was handed in before",
    },
    pass: StaticText {
        zh: "未收到过画面相同的照片。",
        en: "No photo with the same picture was received before.",
    },
    doc: StaticText {
        zh: "**检查内容** 此前收到的照片(所有项目)中,是否有画面相同而文件不同的:重新压缩、缩小、裁边、旋转或镜像\
             后再次提交,或只改了拍摄时间等信息。\n\n\
             **测量方法** 取画面中部五分之四,缩至64×64,以其16×16个低频余弦系数的正负为256位特征。两张照片特征相差\
             的位数即距离,毫不相干的照片约差128位。旋转、镜像的八个方位以及裁去边缘不超过一成面积的各种位置均作比较。\
             解码后亮度逐像素相同的,以其摘要认定。细节太少的画面(白墙、全黑)无法比较,会注明。\n\n\
             **可能含义** 出现在另一项目中,可能是联合评审共用的记录,也可能是用了其他项目的照片,提示人工复核;\
             系统不作认定。同一项目内的仅作记录。\n\n\
             **常见的正常原因** 一次现场对应多个编号;同一版式的表格、证书扫描件;固定机位在不同时间拍摄同一静止画面;\
             同一照片的原件与转发件先后提交。\n\n\
             **如何确认** 由有权限的人员并排对照两张照片及其拍摄时间;属联合评审的,将文件关联到各编号。",
        en: "**What it looks at** Whether a photo that was received before, in whatever case, shows the same \
             picture in another file: compressed again, made smaller, cut at its borders, turned or mirrored, or \
             with other times written into it.\n\n\
             **How it is measured** The middle four fifths of the picture are brought to 64 × 64 samples; the \
             signs of the 16 × 16 lowest cosine coefficients are its 256 bits. The distance of two photos is how \
             many bits differ; it is about 128 between photos that have nothing in common. All eight turned and \
             mirrored positions are compared, and those in which up to a tenth of the area was cut away. Luma \
             that is equal pixel by pixel is known by its digest. Pictures with too little detail (a white wall, darkness) \
             cannot be compared, and that is said.\n\n\
             **What it can mean** In another case it may be a photo that a joint review shares, or one that \
             belongs to that other case: a person is asked to look, nothing is decided. Within one case it is only \
             noted.\n\n\
             **Usual innocent causes** One visit for several numbers; scans of forms or certificates with one \
             layout; a fixed camera that saw the same still scene at two times; an original and a copy that was \
             sent on, both handed in.\n\n\
             **What would settle it** Both photos side by side and their times, seen by somebody who may see both; \
             for a joint review, a link to each number.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[
        Param {
            key: "distance_max_bits",
            unit: "bits",
            default: 31.0,
            min: 0.0,
            max: 48.0,
            doc: StaticText {
                zh: "特征相差多少位以内视为同一画面;越大越严。31位以内不会漏查,再大则有极少漏查。",
                en: "Within how many differing bits two pictures are the same; larger is stricter. Up to 31 none is \
                     missed in the search, beyond it next to none.",
            },
            source: "PDQ's limit (Meta, 2019), whose frequencies these are; docs/accuracy-reuse.md: copies saved \
                     again, made smaller, sent on or turned differ in at most 8 bits, one of 273,672 pairs of \
                     unlike ones in 31",
        },
        Param {
            key: "firm_bits_min",
            unit: "bits",
            default: 128.0,
            min: 64.0,
            max: 256.0,
            doc: StaticText {
                zh: "256位特征中至少多少位确有画面细节为据,才作比较;越小比较得越多,也越容易误报。",
                en: "How many of the 256 bits must rest on detail for pictures to be compared; smaller compares more \
                     and errs more often.",
            },
            source: "94 photographs had 169 and more, walls with sensor noise none; half of the bits",
        },
        Param {
            key: "burst_s",
            unit: "s",
            default: 10.0,
            min: 0.0,
            max: 600.0,
            doc: StaticText {
                zh: "同一项目内,同一设备在多少秒内的相似照片视为连拍,不作提示。",
                en: "Within how many seconds like pictures of one device in one case are a burst and are not told.",
            },
            source: "research/forensics.md 2e, 14",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(alike) = &case.context.alike else {
        return Ruling::NotApplicable;
    };
    let photo = case.m.photo.as_ref();
    let likeness = photo.and_then(|photo| photo.likeness.as_ref());
    let firm_bits_min = case.limits.get("firm_bits_min");
    let is_comparable = likeness.is_some_and(|l| f64::from(l.firm_bits) >= firm_bits_min);
    let within_bits = case.limits.get("distance_max_bits");
    let same: Vec<&Alike> = alike
        .iter()
        .filter(|a| {
            a.has_equal_pixels || (is_comparable && f64::from(a.distance_bits) <= within_bits)
        })
        .filter(|a| !is_burst(a, case))
        .collect();
    let (elsewhere, here): (Vec<&Alike>, Vec<&Alike>) =
        same.iter().partition(|a| is_of_another_case(a));
    let mut seen: Vec<Seen> = elsewhere
        .iter()
        .take(TOLD_MAX)
        .map(|a| tell(case, a, Level::Attention))
        .collect();
    // Within one case the nearest is enough.
    seen.extend(here.first().map(|a| tell(case, a, Level::Info)));
    match (seen.is_empty(), likeness) {
        (false, _) => Ruling::Found(seen),
        (true, _) if is_comparable => Ruling::Pass,
        (true, Some(likeness)) => Ruling::NotRun(Text::new(
            format!(
                "画面细节太少(256 位特征中仅 {} 位有据),无法与其他照片比较",
                likeness.firm_bits
            ),
            format!(
                "too little detail to be compared with other photos ({} of 256 bits rest on any)",
                likeness.firm_bits
            ),
        )),
        (true, None) => Ruling::NotRun(Text::new(
            "画面未能完整解码,或在有此项测量之前收到,无法与其他照片比较",
            "the picture could not be wholly decoded, or was measured before this instrument, and cannot be \
             compared with other photos",
        )),
    }
}

fn is_of_another_case(alike: &Alike) -> bool {
    alike.twin.case.is_some() && !alike.twin.same_case
}

/// Pictures of one device within moments are alike without anybody's doing.
pub(super) fn is_burst(alike: &Alike, case: &Case<'_>) -> bool {
    let apart_s = alike
        .captured
        .zip(case.capture.earliest)
        .map(|(a, b)| seconds_between(a, b).abs());
    alike.twin.same_case
        && alike.is_same_device
        && !alike.has_equal_pixels
        && apart_s.is_some_and(|apart_s| apart_s <= case.limits.get("burst_s"))
}

fn tell(case: &Case<'_>, alike: &Alike, level: Level) -> Seen {
    let twin = &alike.twin;
    let place = match (&twin.case, twin.same_case) {
        (_, true) => Text::new("同一项目", "the same case"),
        (Some(number), false) => Text::new(format!("项目{number}"), format!("case {number}")),
        (None, false) => Text::new("待认领文件", "the unclaimed inbox"),
    };
    let how = match (alike.has_equal_pixels, alike.position) {
        (true, _) => Text::new(
            "解码后亮度逐像素相同,文件其余内容不同",
            "luma is equal pixel by pixel, the rest of the file is not",
        ),
        (false, position) => {
            let position = match position {
                Position::AsIs => Text::new("", ""),
                Position::Turned => Text::new("旋转或镜像后", "turned or mirrored, "),
                Position::Cut => Text::new("裁去边缘后", "with its borders cut, "),
            };
            Text::new(
                format!("{}256 位特征中相差 {} 位", position.zh, alike.distance_bits),
                format!("{}{} of 256 bits differ", position.en, alike.distance_bits),
            )
        }
    };
    let zone_s = case.context.default_offset_s;
    let time = |at: Option<DateTime<Utc>>| at.map(|at| instant(at, zone_s));
    let unknown = || Text::new("不详", "unknown");
    let same = |text: String| Text::new(text.clone(), text);
    let own = time(case.capture.earliest).map_or_else(unknown, same);
    let other = time(alike.captured).map_or_else(unknown, same);
    let received = time(alike.received).map_or_else(unknown, same);
    let ask = match level {
        Level::Attention => Text::new(
            "如属联合评审请予关联,否则请说明。",
            " If this is a joint review, link it; otherwise a note is asked for.",
        ),
        _ => Text::new("仅作记录。", " This is only noted."),
    };
    let strength = if alike.has_equal_pixels {
        Strength::Fact
    } else {
        Strength::Strong
    };
    Seen {
        measured: Some(f64::from(alike.distance_bits)),
        limit: Some(case.limits.get("distance_max_bits")),
        unit: "bits",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!(
                    "与{}中的“{}”(文件 {})画面相同:{}。拍摄时间:本照片 {},该照片 {}(收到于 {})。{}",
                    place.zh, twin.name, twin.file, how.zh, own.zh, other.zh, received.zh, ask.zh
                ),
                format!(
                    "The same picture as “{}” (file {}) in {}: {}. Taken: this one {}, that one {} (received {}).{}",
                    twin.name, twin.file, place.en, how.en, own.en, other.en, received.en, ask.en
                ),
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Twin;
    use crate::check::trial::{Trial, at};
    use crate::measure::likeness::Likeness;
    use crate::measure::photo::Photo;

    const TAKEN: &str = "2026-04-12T01:00:00Z";

    fn trial(firm_bits: u32, alike: Vec<Alike>) -> Trial {
        let mut trial = Trial::photo(at(TAKEN), 0.0);
        trial.m.photo = Some(Photo {
            likeness: Some(Likeness {
                firm_bits,
                ..Likeness::default()
            }),
            ..Photo::default()
        });
        trial.context.alike = Some(alike);
        trial
    }

    fn other(case: Option<&str>, same_case: bool, distance_bits: u32) -> Alike {
        Alike {
            twin: Twin {
                file: "F00000017".to_owned(),
                name: "IMG_0001.JPG".to_owned(),
                case: case.map(str::to_owned),
                same_case,
            },
            distance_bits,
            captured: Some(at("2025-04-12T01:00:00Z")),
            ..Alike::default()
        }
    }

    fn levels(trial: &Trial) -> Vec<(Level, Strength)> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| (s.level, s.strength)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn another_case_asks_for_a_person_and_says_where_and_when() {
        let trial = trial(200, vec![other(Some("YW2"), false, 31)]);
        assert_eq!(levels(&trial), [(Level::Attention, Strength::Strong)]);
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("nothing found")
        };
        for part in [
            "YW2",
            "IMG_0001.JPG",
            "F00000017",
            "31",
            "2025-04-12 09:00:00",
            "2026-04-12 09:00:00",
        ] {
            assert!(
                seen[0].text.zh.contains(part) && seen[0].text.en.contains(part),
                "{part}"
            );
        }
    }

    #[test]
    fn beyond_the_limit_nothing_is_the_same() {
        let far = trial(200, vec![other(Some("YW2"), false, 32)]);
        assert_eq!(far.judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(200, vec![]).judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn in_the_same_case_or_without_one_it_is_noted() {
        for alike in [other(Some("YW1"), true, 3), other(None, false, 3)] {
            assert_eq!(
                levels(&trial(200, vec![alike])),
                [(Level::Info, Strength::Strong)]
            );
        }
    }

    #[test]
    fn equal_pixels_are_a_fact_even_of_a_wall() {
        let mut equal = other(Some("YW2"), false, 0);
        equal.has_equal_pixels = true;
        assert_eq!(
            levels(&trial(0, vec![equal])),
            [(Level::Attention, Strength::Fact)]
        );
    }

    #[test]
    fn a_burst_is_expected_and_only_of_one_device_in_one_case() {
        let mut sibling = other(Some("YW1"), true, 9);
        sibling.is_same_device = true;
        sibling.captured = Some(at("2026-04-12T00:59:50Z"));
        assert_eq!(
            trial(200, vec![sibling.clone()]).judge(&CHECK),
            Ruling::Pass
        );
        let mut later = sibling.clone();
        later.captured = Some(at("2026-04-12T00:59:49Z"));
        assert_eq!(levels(&trial(200, vec![later])).len(), 1);
        let mut elsewhere = sibling.clone();
        elsewhere.twin.same_case = false;
        assert_eq!(levels(&trial(200, vec![elsewhere]))[0].0, Level::Attention);
        sibling.is_same_device = false;
        assert_eq!(levels(&trial(200, vec![sibling])).len(), 1);
    }

    #[test]
    fn what_could_not_be_compared_is_no_pass() {
        let near = other(Some("YW2"), false, 0);
        assert!(matches!(
            trial(127, vec![near.clone()]).judge(&CHECK),
            Ruling::NotRun(_)
        ));
        assert_eq!(levels(&trial(128, vec![near])).len(), 1);
        let mut old = trial(200, vec![]);
        old.m.photo = None;
        assert!(matches!(old.judge(&CHECK), Ruling::NotRun(_)));
        old.context.alike = None;
        assert_eq!(old.judge(&CHECK), Ruling::NotApplicable);
    }
}
