//! `photo_thumbnail_mismatch`: the thumbnail shows something else.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::thumbnail::ThumbnailDifference;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_thumbnail_mismatch",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "内嵌缩略图与照片不一致",
        en: "The embedded thumbnail does not match the photo",
    },
    pass: StaticText {
        zh: "内嵌缩略图与照片一致。",
        en: "The embedded thumbnail matches the photo.",
    },
    doc: StaticText {
        zh: "**检查内容** 相机写入EXIF的缩略图与照片本身是否为同一画面。\n\n\
             **测量方法** 两者缩到64×48,计算归一化互相关(1为完全一致)。先试各种正常解释:缩略图带黑边、其中一幅\
             是另一幅的局部、照片被旋转过,取最好的结果。147张相机原始照片的中位数为0.994,141张在0.9以上。\
             两者大体一致而局部不同时,先消除曝光和色调的差别,再标出不同的区域,仅供参考;99张原始照片中有1张如此。\n\n\
             **可能含义** 照片在写入缩略图之后又被改动过,而缩略图未更新。\n\n\
             **常见的正常原因** 镜头校正、HDR、人像虚化之前生成的缩略图;水印相机只在照片上加水印;转存软件沿用旧缩略图;\
             较大的裁剪。\n\n\
             **如何确认** 导出缩略图与照片并排查看;请提交设备中的原始文件;与同一设备的其他照片比较。",
        en: "**What it looks at** Whether the thumbnail that the camera wrote into EXIF shows the photo.\n\n\
             **How it is measured** Both are brought to 64×48 and correlated (1 is full agreement). Innocent \
             explanations are tried first: bars in the thumbnail, one being a part of the other, a turned photo; \
             the best result counts. Over 147 camera originals the median is 0.994 and 141 are above 0.9. Where \
             both agree but for a part, exposure and tones are brought together first and the part is marked, for \
             information only; 1 of 99 originals has one.\n\n\
             **What it can mean** The photo was changed after the thumbnail was written, and the thumbnail was \
             not.\n\n\
             **Usual innocent causes** A thumbnail from before lens correction, HDR or portrait blur; a watermark \
             camera that marks the photo alone; a transfer program that keeps the old thumbnail; a large crop.\n\n\
             **What would settle it** Export the thumbnail and look at both; ask for the file from the device; \
             compare with other photos of the same device.",
    },
    see_yourself: "exiftool -b -ThumbnailImage {file} > thumbnail.jpg",
    params: &[
        Param {
            key: "strong_correlation_ratio",
            unit: "ratio",
            default: 0.6,
            min: -1.0,
            max: 1.0,
            doc: StaticText {
                zh: "相关低于此值为强迹象;越大越严。",
                en: "A correlation below this is a strong sign; larger is stricter.",
            },
            source: "research/forensics.md 2e, 5",
        },
        Param {
            key: "notable_correlation_ratio",
            unit: "ratio",
            default: 0.9,
            min: -1.0,
            max: 1.0,
            doc: StaticText {
                zh: "相关低于此值则记录,不影响结论;越大记录越多。",
                en: "A correlation below this is noted and changes no result; larger notes more.",
            },
            source: "research/forensics.md 2e, 5: the 5th percentile of originals is 0.921",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(thumbnail) = case.m.photo.as_ref().and_then(|p| p.thumbnail.as_ref()) else {
        return absent(case.m, "thumbnail");
    };
    let Some(correlation) = thumbnail.correlation.map(f64::from) else {
        return Ruling::NotRun(Text::new(
            "画面过于单一,无法与缩略图比较。",
            "The picture is too plain to be compared with its thumbnail.",
        ));
    };
    let (strong, notable) = (
        case.limits.get("strong_correlation_ratio"),
        case.limits.get("notable_correlation_ratio"),
    );
    let (level, strength, limit) = if correlation < strong {
        (Level::Attention, Strength::Strong, strong)
    } else if correlation < notable {
        (Level::Info, Strength::Information, notable)
    } else {
        let parts: Vec<Seen> = thumbnail.differences.iter().map(part).collect();
        return if parts.is_empty() {
            Ruling::Pass
        } else {
            Ruling::Found(parts)
        };
    };
    Ruling::Found(vec![Seen {
        regions: thumbnail.differences.iter().map(|d| d.region).collect(),
        measured: Some((correlation * 1000.0).round() / 1000.0),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!(
                    "内嵌缩略图({}×{})与照片的相关为{correlation:.2},已试过黑边、裁剪和旋转,仍低于{limit:.2}。",
                    thumbnail.width_px, thumbnail.height_px
                ),
                format!(
                    "The embedded thumbnail ({}×{}) correlates with the photo at {correlation:.2}, below \
                     {limit:.2}, after bars, crops and turns were tried.",
                    thumbnail.width_px, thumbnail.height_px
                ),
            ),
        )
    }])
}

/// A part that differs while the rest agrees: information, for many phones write
/// their watermark on the photo alone.
fn part(difference: &ThumbnailDifference) -> Seen {
    let ThumbnailDifference {
        region,
        levels,
        times_usual,
    } = difference;
    let text = Text::new(
        format!(
            "内嵌缩略图与照片大体一致,但所标区域相差{levels:.0}个灰度级,是其余部分的{times_usual:.0}倍:\
             写入缩略图之后照片此处可能有改动或加了水印。"
        ),
        format!(
            "The embedded thumbnail agrees with the photo, but the marked part differs by {levels:.0} grey levels, \
             {times_usual:.0} times as much as the rest: it may have been changed or stamped after the thumbnail \
             was written."
        ),
    );
    Seen {
        regions: vec![*region],
        ..Seen::new(Level::Info, Strength::Information, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::photo::Photo;
    use crate::measure::thumbnail::Thumbnail;
    use crate::measurements::Region;

    fn ruling(thumbnail: Option<Thumbnail>) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            thumbnail,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn with(correlation: f32) -> Option<(Level, Strength)> {
        let thumbnail = Thumbnail {
            correlation: Some(correlation),
            ..Thumbnail::default()
        };
        match ruling(Some(thumbnail)) {
            Ruling::Pass => None,
            Ruling::Found(seen) => Some((seen[0].level, seen[0].strength)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_limits_and_either_side() {
        assert_eq!(with(0.95), None);
        assert_eq!(with(0.901), None);
        assert_eq!(with(0.899), Some((Level::Info, Strength::Information)));
        assert_eq!(with(0.601), Some((Level::Info, Strength::Information)));
        assert_eq!(with(0.599), Some((Level::Attention, Strength::Strong)));
        assert_eq!(with(-1.0), Some((Level::Attention, Strength::Strong)));
    }

    #[test]
    fn a_part_that_differs_is_told_and_changes_nothing() {
        let difference = ThumbnailDifference {
            region: Region {
                x: 0.5,
                y: 0.5,
                w: 0.2,
                h: 0.1,
            },
            levels: 41.0,
            times_usual: 12.0,
        };
        let Ruling::Found(seen) = ruling(Some(Thumbnail {
            correlation: Some(0.97),
            differences: vec![difference],
            ..Thumbnail::default()
        })) else {
            panic!("nothing found")
        };
        assert_eq!(seen[0].strength, Strength::Information);
        assert_eq!(seen[0].regions, [difference.region]);
        assert!(seen[0].text.en.contains("41 grey levels, 12 times"));
    }

    #[test]
    fn without_a_thumbnail_or_contrast_it_accuses_nobody() {
        assert_eq!(ruling(None), Ruling::NotApplicable);
        assert!(matches!(
            ruling(Some(Thumbnail::default())),
            Ruling::NotRun(_)
        ));
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }
}
