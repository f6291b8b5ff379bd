//! `photo_blurred`: nothing in the picture is sharp.

use crate::check::photo_unmeasured::not_measured;
use crate::check::unsharpness::{ENLARGED, MOTION, SMEARED, SMOOTHED, Unsharpness};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::photo::{MeasuredIn, Photo};
use crate::measure::sharpness::{SharpLimits, Sharpness, Summary};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_blurred",
    clause: "photo.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片模糊",
        en: "The photo is blurred",
    },
    pass: StaticText {
        zh: "画面清晰。",
        en: "The picture is sharp.",
    },
    doc: StaticText {
        zh: "**检查内容** 画面中是否有足够的清晰部分。\n\n\
             **测量方法** 把照片统一缩小到长边1024像素,分为8×6块。在有细节的块内,沿四个方向测量边缘由10%升至\
             90%的宽度,以及再次模糊后变化的多少(Crete),各取最差方向,因此不会漏掉单一方向的拖影。两项均达标\
             的块为清晰。清晰块占一半以上为清晰;占比达到下限且至少有相邻的2×2块清晰,说明主体清晰、其余虚化,仅作\
             记录;再少则看整幅的清晰度:频谱中细节(每像素0.1至0.25周)与粗略明暗之比,取最差方向,加上边缘的陡度\
             (最大一级之差与全部升幅之比)。达到下限的仅作记录,否则需复核;按放宽的界限仍然如此、整幅清晰度\
             也远低于下限的,不符合。有细节的块太少时无法判断。模糊的种类由频谱区分:细节随方向而异为拖影,并给出方向\
             和误差;像素之间有周期为小图放大;最粗的明暗突出为光幕(镜头脏污);其余为对焦不准。边缘之间的细纹被抹平(降噪)另作记录。\n\n\
             **可能含义** 手抖、被摄物移动、对焦不准、镜头脏污,或由小图放大而成。\n\n\
             **常见的正常原因** 浅景深的近拍;雾、雨、玻璃反光;夜间降噪;老旧设备的低清晰度镜头;本身就柔和的\
             物体,如云、织物、水面。\n\n\
             **如何确认** 按原始大小查看标出的区域,看铭牌、门牌、仪器读数能否辨认。",
        en: "**What it looks at** Whether enough of the picture is sharp.\n\n\
             **How it is measured** The photo is brought to a long side of 1024 pixels and cut into 8×6 tiles. In \
             tiles with detail, the width of edges from 10 to 90 % of their rise and the change under a second \
             blur (Crete) are measured along four directions, and the worst direction counts, so that blur along \
             one direction is not missed. A tile that keeps both limits is sharp. Half of the tiles or more: \
             clear. At least the lower share with a square of 2×2 sharp tiles: the subject is in focus and the \
             rest is soft, which is only noted. With less, the clarity of the whole decides: fine detail (0.1 to \
             0.25 cycles a pixel) against coarse shapes in the spectrum, along the worst direction, and the \
             steepness of edges, which is their largest step over all that they rise. From the lower limit on it \
             is only noted; otherwise a person should look, and if even wider limits are missed and the clarity \
             is far below as well it does not comply. With too few tiles that have detail nothing can be said. \
             The spectrum tells kinds of blur apart: detail that differs by direction is a movement, whose \
             direction is told with its error; a period of the pixels is an enlargement; coarsest shades that \
             stand out are a veil of light, as of a smeared lens; the rest is a missed focus. Fine texture \
             smoothed away between the edges is noted besides.\n\n\
             **What it can mean** A shaken camera, a moving subject, a missed focus, a smeared lens, or a small \
             picture blown up.\n\n\
             **Usual innocent causes** A close-up with little depth of field; mist, rain, reflections in glass; \
             noise reduction at night; the lens of an old device; things soft by nature such as clouds, cloth, \
             water.\n\n\
             **What would settle it** Look at the marked parts at full size: can nameplates, door numbers and \
             readings be read?",
    },
    see_yourself: "ffplay -vf scale=1024:-1 {file}",
    params: &[
        Param {
            key: "sharp_edge_width_px",
            unit: "px",
            default: 3.0,
            min: 1.5,
            max: 12.0,
            doc: StaticText {
                zh: "清晰块的边缘宽度上限,以长边1024像素计;越小越严。",
                en: "Widest edges of a sharp tile at a long side of 1024 pixels; smaller is stricter.",
            },
            source: "measured: examples/photo_sharpness.rs on 26 camera photos and 572 blurred copies",
        },
        Param {
            key: "sharp_blur_ratio",
            unit: "ratio",
            default: 0.40,
            min: 0.2,
            max: 0.9,
            doc: StaticText {
                zh: "清晰块的模糊度(Crete)上限;越小越严。",
                en: "Highest blur (Crete) of a sharp tile; smaller is stricter.",
            },
            source: "measured: examples/photo_sharpness.rs on 26 camera photos and 572 blurred copies",
        },
        Param {
            key: "clear_share_ratio",
            unit: "ratio",
            default: 0.5,
            min: 0.0,
            max: 1.0,
            doc: StaticText {
                zh: "清晰块占有细节块的比例,达到即为清晰;越大越严。",
                en: "Share of sharp tiles among those with detail that makes a clear picture; larger is stricter.",
            },
            source: "research/forensics.md 2a",
        },
        Param {
            key: "subject_share_ratio",
            unit: "ratio",
            default: 0.15,
            min: 0.0,
            max: 1.0,
            doc: StaticText {
                zh: "主体清晰、其余虚化时清晰块的最低比例;越大越严。",
                en: "Least share of sharp tiles where the subject is in focus and the rest soft; larger is stricter.",
            },
            source: "research/forensics.md 2a",
        },
        Param {
            key: "detail_tiles_count",
            unit: "count",
            default: 6.0,
            min: 1.0,
            max: 48.0,
            doc: StaticText {
                zh: "作出判断所需的有细节块数;越大越常为无法判断。",
                en: "Tiles with detail that a judgement needs; larger says more often that nothing can be said.",
            },
            source: "research/forensics.md 2a",
        },
        Param {
            key: "fail_edge_width_px",
            unit: "px",
            default: 5.0,
            min: 2.0,
            max: 32.0,
            doc: StaticText {
                zh: "放宽的边缘宽度上限,仍不达标即不符合;越小越严。",
                en: "The wider limit of edge width, beyond which a photo does not comply; smaller is stricter.",
            },
            source: "measured: examples/photo_sharpness.rs; no camera photo of either half came near",
        },
        Param {
            key: "fail_blur_ratio",
            unit: "ratio",
            default: 0.5,
            min: 0.2,
            max: 1.0,
            doc: StaticText {
                zh: "放宽的模糊度上限,仍不达标即不符合;越小越严。",
                en: "The wider limit of blur, beyond which a photo does not comply; smaller is stricter.",
            },
            source: "measured: examples/photo_sharpness.rs; no camera photo of either half came near",
        },
        Param {
            key: "sharp_steepness_ratio",
            unit: "ratio",
            default: 0.30,
            min: 0.05,
            max: 1.0,
            doc: StaticText {
                zh: "边缘陡度下限,达到即为陡;越大越严。",
                en: "Steepness of edges that blur does not leave; larger is stricter.",
            },
            source: "measured on the tuning half of `accuracy photo`: 51 photos, 357 blurred copies",
        },
        Param {
            key: "steep_tiles_count",
            unit: "count",
            default: 5.0,
            min: 1.0,
            max: 48.0,
            doc: StaticText {
                zh: "清晰块不足时,边缘陡的块达到此数仅作记录;越大越严。",
                en: "Tiles with steep edges with which a photo that has too few sharp tiles is only noted; larger is stricter.",
            },
            source: "measured likewise: 1 of 347 blurred copies had five, 6 of 8 soft-looking photos had not fewer",
        },
        Param {
            key: "clear_clarity_db",
            unit: "dB",
            default: -25.0,
            min: -80.0,
            max: 40.0,
            doc: StaticText {
                zh: "清晰块不足时,整幅清晰度达到此值仅作记录;越大越严。",
                en: "Clarity of the whole from which on a photo with too few sharp tiles is only noted; larger is stricter.",
            },
            source: "measured likewise: none of 55 sharp photos lies below it, 13 of 990 blurred copies do not",
        },
        Param {
            key: "fail_clarity_db",
            unit: "dB",
            default: -37.0,
            min: -90.0,
            max: 40.0,
            doc: StaticText {
                zh: "整幅清晰度不低于此值,最多为需复核;越大越严。",
                en: "With this clarity of the whole and more a person should look at most; larger is stricter.",
            },
            source: "measured likewise: none of 55 photos with a sharp subject before a soft background lies below it",
        },
        Param {
            key: "steep_sharpness_db",
            unit: "dB",
            default: -48.0,
            min: -90.0,
            max: 0.0,
            doc: StaticText {
                zh: "边缘陡的块够数时,频谱中细节与粗略明暗之比至少须达到此值;越大越严。",
                en: "Fine detail against coarse shapes that is asked for besides enough tiles of steep edges; larger is stricter.",
            },
            source: "measured likewise: 98 % of photos with a sharp subject before a soft background",
        },
        Param {
            key: "noise_sharpness_db",
            unit: "dB",
            default: -8.0,
            min: -40.0,
            max: 40.0,
            doc: StaticText {
                zh: "细节与粗略明暗之比达到此值,且细纹如同噪声,即只见噪点,无法判断;越小越常为无法判断。",
                en: "Fine detail against coarse shapes at which, if its texture is that of noise, nothing else is seen and nothing can be said; smaller says so more often.",
            },
            source: "measured likewise: noise alone has 0, the sharpest of 55 photos -18, and -8 with noise of 40 levels added",
        },
        Param {
            key: "noise_texture_ratio",
            unit: "ratio",
            default: 0.7,
            min: 0.3,
            max: 1.0,
            doc: StaticText {
                zh: "二阶差分的中位数与均值之比达到此值,即细纹如同噪声;越小越常为无法判断。",
                en: "Median over mean of second differences at which texture is that of noise; smaller says more often that nothing can be said.",
            },
            source: "0.845 of normal noise; nine in ten of 55 photos have 0.62 and less",
        },
        MOTION,
        ENLARGED,
        SMEARED,
        SMOOTHED,
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let photo = case.m.photo.as_ref();
    let measured = photo.filter(|photo| photo.measured_in == MeasuredIn::Picture);
    let Some((photo, sharpness)) = measured.and_then(|p| Some((p, p.sharpness.as_ref()?))) else {
        return not_measured(case.m);
    };
    if is_noise(case, photo) {
        return Ruling::Found(vec![Seen::new(
            Level::Unknown,
            Strength::Strong,
            Text::new(
                "画面只见噪点,无法判断清晰度。",
                "There is nothing but noise to see, so that sharpness cannot be judged.",
            ),
        )]);
    }
    match (of_tiles(case, photo, sharpness), smoothed(case, photo)) {
        (Ruling::Pass, Some(smoothed)) => Ruling::Found(vec![smoothed]),
        (Ruling::Found(mut seen), Some(smoothed)) => {
            seen.push(smoothed);
            Ruling::Found(seen)
        }
        (ruling, _) => ruling,
    }
}

/// The edges of noise are as sharp as can be, and there is nothing behind them. Writing
/// has as much fine detail, but only along its strokes.
fn is_noise(case: &Case<'_>, photo: &Photo) -> bool {
    photo.rolloff.as_ref().is_some_and(|rolloff| {
        let texture = rolloff.noise_ratio.map_or(0.0, f64::from);
        f64::from(rolloff.sharpness_db()) >= case.limits.get("noise_sharpness_db")
            && texture >= case.limits.get("noise_texture_ratio")
    })
}

/// Only told: what is smoothed away may have been grain alone.
fn smoothed(case: &Case<'_>, photo: &Photo) -> Option<Seen> {
    Unsharpness::is_smoothed(photo, case.limits).then(|| {
        Seen::new(
            Level::Info,
            Strength::Information,
            Unsharpness::Smoothed.told(),
        )
    })
}

fn of_tiles(case: &Case<'_>, photo: &Photo, sharpness: &Sharpness) -> Ruling {
    let limit = |key| case.limits.get(key);
    let subject_share = limit("subject_share_ratio");
    let summary = sharpness.summary(limits(case, "sharp_edge_width_px", "sharp_blur_ratio"));
    let share = f64::from(summary.sharp_share);
    let is_focused = summary.square && share >= subject_share;
    let steepness = || sharpness.steepness_ratio.iter().flatten();
    let steep_tiles = steepness()
        .filter(|ratio| f64::from(**ratio) >= limit("sharp_steepness_ratio"))
        .count();
    let is_steep = steep_tiles as f64 >= limit("steep_tiles_count");
    if f64::from(summary.textured) < limit("detail_tiles_count") {
        // In a heavily blurred picture tiles that rise far, be it ever so softly,
        // are all that is left.
        let is_soft = steepness().count() as f64 >= limit("detail_tiles_count");
        return if is_focused || is_steep {
            Ruling::Pass
        } else if is_soft {
            found(
                Level::Attention,
                &summary,
                Some(subject_share),
                soft(case, photo, &summary),
            )
        } else {
            found(
                Level::Unknown,
                &summary,
                None,
                little_detail(sharpness, &summary),
            )
        };
    }
    if is_focused {
        return if share >= limit("clear_share_ratio") {
            Ruling::Pass
        } else {
            found(
                Level::Info,
                &summary,
                Some(subject_share),
                in_focus(&summary),
            )
        };
    }
    let is_clear = match (photo.clarity_db(), &photo.rolloff) {
        (Some(clarity_db), Some(rolloff)) => {
            let sharpness_db = f64::from(rolloff.sharpness_db());
            clarity_db >= limit("clear_clarity_db")
                || (is_steep && sharpness_db >= limit("steep_sharpness_db"))
        }
        _ => is_steep,
    };
    if is_clear {
        return found(Level::Info, &summary, Some(subject_share), steep(&summary));
    }
    let wide = sharpness.summary(limits(case, "fail_edge_width_px", "fail_blur_ratio"));
    let is_far_below = photo
        .clarity_db()
        .is_none_or(|clarity_db| clarity_db < limit("fail_clarity_db"));
    let level = if is_far_below && f64::from(wide.sharp_share) < subject_share {
        Level::Fail
    } else {
        Level::Attention
    };
    found(
        level,
        &summary,
        Some(subject_share),
        soft(case, photo, &summary),
    )
}

fn limits(case: &Case<'_>, width: &str, blur: &str) -> SharpLimits {
    SharpLimits {
        edge_width_px: case.limits.get(width) as f32,
        blur_ratio: case.limits.get(blur) as f32,
    }
}

fn found(level: Level, summary: &Summary, limit: Option<f64>, text: Text) -> Ruling {
    Ruling::Found(vec![Seen {
        regions: summary.blurred.clone(),
        measured: limit.map(|_| (f64::from(summary.sharp_share) * 1000.0).round() / 1000.0),
        limit,
        unit: if limit.is_some() { "ratio" } else { "" },
        ..Seen::new(level, Strength::Strong, text)
    }])
}

fn little_detail(sharpness: &Sharpness, summary: &Summary) -> Text {
    let (textured, all) = (summary.textured, sharpness.detail.len());
    Text::new(
        format!("细节太少,无法判断清晰度:{all}块中只有{textured}块有足够的细节。"),
        format!(
            "There is too little detail to judge sharpness: only {textured} of {all} tiles have enough."
        ),
    )
}

fn in_focus(summary: &Summary) -> Text {
    let (sharp, all) = (summary.sharp, summary.textured + summary.vague);
    Text::new(
        format!(
            "局部清晰,其余虚化:有细节的{all}块中{sharp}块清晰,最大的清晰区有{}块。",
            summary.group
        ),
        format!(
            "A part is in focus and the rest is soft: {sharp} of {all} tiles with detail are sharp, \
             {} of them together.",
            summary.group
        ),
    )
}

fn steep(summary: &Summary) -> Text {
    let (sharp, all) = (summary.sharp, summary.textured + summary.vague);
    Text::new(
        format!("大部分画面柔和,但细节和陡的边缘仍在,不像拍糊:有细节的{all}块中{sharp}块清晰。"),
        format!(
            "Most of the picture is soft, but it has fine detail and steep edges, which blur does not leave: \
             {sharp} of {all} tiles with detail are sharp."
        ),
    )
}

fn soft(case: &Case<'_>, photo: &Photo, summary: &Summary) -> Text {
    let (sharp, all) = (summary.sharp, summary.textured + summary.vague);
    let kind = Unsharpness::of(photo, case.limits, summary.kind);
    let kind = kind.map(Unsharpness::told).unwrap_or_default();
    Text::new(
        format!("画面模糊:有细节的{all}块中只有{sharp}块清晰。{}", kind.zh),
        format!(
            "The picture is blurred: only {sharp} of {all} tiles with detail are sharp.{}",
            kind.en
        ),
    )
}

#[cfg(test)]
mod tests;
