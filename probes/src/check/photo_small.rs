//! `photo_small`: the picture has too few pixels to be legible, or holds less detail
//! than they could.

use crate::check::unsharpness::{ENLARGED, Unsharpness};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::photo::MeasuredIn;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_small",
    clause: "photo.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Fact,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片像素过少",
        en: "The photo has few pixels",
    },
    pass: StaticText {
        zh: "像素数足够。",
        en: "The photo has enough pixels.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片的宽与高之积是否达到下限;像素虽多,其中的细节相当于多少像素。\n\n\
             **测量方法** 读取编码的宽和高。下限按一页A4纸每英寸100点计,再少则页上的正文无法辨认。另取全画面九处\
             128×128像素求频谱:自然画面的能量随频率平缓下降,突然跌落之处以上没有细节;其下所占的比例即有效分辨率\
             (误差约五分之一)。有效像素少于下限的只作记录。像素之间的周期说明照片曾被放大(Gallagher 2005)。\n\n\
             **可能含义** 交来的是缩略图、截图的一部分或经聊天软件压缩的副本,或由小图放大而成。\n\n\
             **常见的正常原因** 专用设备(内窥镜、热像仪、老式相机)本身像素少;有意只裁取铭牌;对焦、手抖、降噪和\
             廉价镜头也使细节少于像素,模糊另由photo_blurred判断。\n\n\
             **如何确认** 查看该设备其他照片的大小;如有原始照片,请补交原件。",
        en: "**What it looks at** Whether width times height reaches a lower limit, and how many pixels the detail in \
             it would fill.\n\n\
             **How it is measured** Width and height as coded. The limit is a page of A4 at 100 dots an inch, \
             below which body text on it cannot be read. Besides, the spectra of nine squares of 128×128 pixels \
             from all over the picture: the power of natural scenes falls evenly with frequency, and beyond a \
             sudden fall there is no detail; the share below it is the effective resolution, to about a fifth. \
             Fewer effective pixels than the limit are only noted. A period of the pixels tells of an enlargement \
             (Gallagher 2005).\n\n\
             **What it can mean** A thumbnail, a part of a screenshot, or a copy made small by a chat program \
             was handed in, or a small picture was enlarged.\n\n\
             **Usual innocent causes** Special devices (endoscopes, thermal cameras, old cameras) have few \
             pixels; a nameplate was cut out on purpose; focus, shaking, noise reduction and cheap lenses leave \
             less detail than pixels too, and blur is `photo_blurred`'s to judge.\n\n\
             **What would settle it** The size of the device's other photos; hand in the original if there is one.",
    },
    see_yourself: "exiftool -ImageSize -Megapixels {file}",
    params: &[
        Param {
            key: "attention_megapixels",
            unit: "megapixels",
            default: 0.96,
            min: 0.0,
            max: 100.0,
            doc: StaticText {
                zh: "低于此值需复核,单位百万像素;越大越严。",
                en: "Below this a person should look, in millions of pixels; larger is stricter.",
            },
            source: "A4 (ISO 216) at 100 dots an inch: 827 × 1169 px",
        },
        Param {
            key: "fail_megapixels",
            unit: "megapixels",
            default: 0.0768,
            min: 0.0,
            max: 100.0,
            doc: StaticText {
                zh: "低于此值不符合,单位百万像素;越大越严。",
                en: "Below this the photo does not comply, in millions of pixels; larger is stricter.",
            },
            source: "named guess: 320 × 240 px",
        },
        Param {
            key: "effective_note_megapixels",
            unit: "megapixels",
            default: 0.96,
            min: 0.0,
            max: 100.0,
            doc: StaticText {
                zh: "像素足够,但细节只相当于少于此值的像素时记录,单位百万像素;越大越严。",
                en: "Noted if there are enough pixels and their detail would fill fewer than this, in millions; larger is stricter.",
            },
            source: "as attention_megapixels",
        },
        ENLARGED,
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let size = case
        .m
        .photo
        .as_ref()
        .and_then(|p| p.width_px.zip(p.height_px));
    let Some((width, height)) = size else {
        return Ruling::NotRun(Text::new(
            "照片大小未能读出。",
            "The size of the picture could not be read.",
        ));
    };
    let megapixels = f64::from(width) * f64::from(height) / 1e6;
    let (attention, fail) = (
        case.limits.get("attention_megapixels"),
        case.limits.get("fail_megapixels"),
    );
    let (level, limit) = if megapixels < fail {
        (Level::Fail, fail)
    } else if megapixels < attention {
        (Level::Attention, attention)
    } else {
        return effective(case, (width, height)).map_or(Ruling::Pass, |s| Ruling::Found(vec![s]));
    };
    Ruling::Found(vec![Seen {
        measured: Some(megapixels),
        limit: Some(limit),
        unit: "megapixels",
        ..Seen::new(
            level,
            Strength::Fact,
            Text::new(
                format!(
                    "照片只有{width}×{height}像素({megapixels:.2}百万),少于{limit:.2}百万,\
                     文字和铭牌可能无法辨认。"
                ),
                format!(
                    "The photo has only {width}×{height} pixels ({megapixels:.2} million), less than \
                     {limit:.2} million: text and plates may not be legible."
                ),
            ),
        )
    }])
}

/// What is said if the detail would fill fewer pixels than the limit.
fn effective(case: &Case<'_>, (width, height): (u32, u32)) -> Option<Seen> {
    let photo = case.m.photo.as_ref()?;
    let resolution = photo.resolution.as_ref();
    let resolution = resolution.filter(|_| photo.measured_in == MeasuredIn::Picture)?;
    let effective = resolution.effective_megapixels(width, height)?;
    let limit = case.limits.get("effective_note_megapixels");
    if effective >= limit {
        return None;
    }
    let period = resolution.period_px.zip(resolution.period_db);
    let enlarged = period
        .filter(|(_, db)| f64::from(*db) >= case.limits.get(ENLARGED.key))
        .map(|(px, _)| Unsharpness::Enlarged { period_px: px }.told())
        .unwrap_or_default();
    let megapixels = f64::from(width) * f64::from(height) / 1e6;
    Some(Seen {
        measured: Some((effective * 100.0).round() / 100.0),
        limit: Some(limit),
        unit: "megapixels",
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!(
                    "照片有{width}×{height}像素({megapixels:.1}百万),其中的细节只相当于约{effective:.2}百万像素。{}",
                    enlarged.zh
                ),
                format!(
                    "The photo has {width}×{height} pixels ({megapixels:.1} million), and the detail in it would fill \
                     about {effective:.2} million.{}",
                    enlarged.en
                ),
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::photo::Photo;
    use crate::measure::resolution::Resolution;

    #[test]
    fn effective_pixels_at_the_limit_and_either_side_are_only_told() {
        let seen = |effective_ratio, period_db| {
            let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
            trial.m.photo = Some(Photo {
                width_px: Some(4000),
                height_px: Some(3000),
                measured_in: MeasuredIn::Picture,
                resolution: Some(Resolution {
                    effective_ratio,
                    period_px: Some(3.0),
                    period_db: Some(period_db),
                }),
                ..Photo::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Pass => None,
                Ruling::Found(mut seen) => seen.pop(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(seen(None, 30.0), None);
        assert_eq!(seen(Some(0.29), 30.0), None);
        let found = seen(Some(0.28), 15.9).unwrap();
        assert_eq!((found.level, found.measured), (Level::Info, Some(0.94)));
        assert!(!found.text.en.contains("period"));
        assert!(seen(Some(0.28), 16.0).unwrap().text.en.contains("period"));
    }

    fn level(width_px: u32, height_px: u32) -> Option<Level> {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            width_px: Some(width_px),
            height_px: Some(height_px),
            ..Photo::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Pass => None,
            Ruling::Found(seen) => Some(seen[0].level),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_limits_and_either_side() {
        assert_eq!(level(4000, 3000), None);
        assert_eq!(level(1200, 800), None);
        assert_eq!(level(1200, 799), Some(Level::Attention));
        assert_eq!(level(240, 320), Some(Level::Attention));
        assert_eq!(level(240, 319), Some(Level::Fail));
        assert_eq!(level(u32::MAX, u32::MAX), None);
    }

    #[test]
    fn an_unknown_size_never_passes() {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
        trial.m.photo = Some(Photo::default());
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
    }
}
