//! `photo_blurred`: nothing in the picture is sharp.

use crate::check::photo_unmeasured::not_measured;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::photo::MeasuredIn;
use crate::measure::sharpness::{BlurKind, SharpLimits, Sharpness, Summary};
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
             记录;再少则看边缘的陡度(最大一级之差与全部升幅之比):边缘陡的块够数的仅作记录,否则需复核,\
             按放宽的界限仍然如此则不符合。有细节的块太少时无法判断。\n\n\
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
             rest is soft, which is only noted. With less, the steepness of edges decides, which is their \
             largest step over all that they rise: with enough tiles of steep edges it is only noted; \
             otherwise a person should look, and if even wider limits are missed it does not comply. With too few \
             tiles that have detail nothing can be said.\n\n\
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
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let sharpness = match &case.m.photo {
        Some(photo) if photo.measured_in == MeasuredIn::Picture => photo.sharpness.as_ref(),
        _ => None,
    };
    let Some(sharpness) = sharpness else {
        return not_measured(case.m);
    };
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
                soft(&summary),
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
    if is_steep {
        return found(Level::Info, &summary, Some(subject_share), steep(&summary));
    }
    let wide = sharpness.summary(limits(case, "fail_edge_width_px", "fail_blur_ratio"));
    let level = if f64::from(wide.sharp_share) < subject_share {
        Level::Fail
    } else {
        Level::Attention
    };
    found(level, &summary, Some(subject_share), soft(&summary))
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
        format!("大部分画面柔和,但边缘仍陡,不像拍糊:有细节的{all}块中{sharp}块清晰。"),
        format!(
            "Most of the picture is soft, but its edges are steep, which blur does not leave: {sharp} of {all} \
             tiles with detail are sharp."
        ),
    )
}

fn soft(summary: &Summary) -> Text {
    let (sharp, all) = (summary.sharp, summary.textured + summary.vague);
    let kind = match summary.kind {
        BlurKind::Unclear => Text::default(),
        BlurKind::Defocus => Text::new(
            "模糊不分方向,多为对焦不准、镜头脏污或小图放大。",
            " The blur is the same in all directions, as of a missed focus, a smeared lens or an \
             enlarged picture.",
        ),
        BlurKind::Motion { angle_deg } => Text::new(
            format!("模糊沿约{angle_deg:.0}°方向(自水平逆时针计),多为拍摄时移动。"),
            format!(
                " The blur runs along about {angle_deg:.0}° (counter-clockwise from horizontal), as of a \
                 movement."
            ),
        ),
    };
    Text::new(
        format!("画面模糊:有细节的{all}块中只有{sharp}块清晰。{}", kind.zh),
        format!(
            "The picture is blurred: only {sharp} of {all} tiles with detail are sharp.{}",
            kind.en
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::decision_scale::Gray;
    use crate::measure::photo::Photo;
    use crate::measure::recipe::{beside, blur, defocus, motion, picture, stones};
    use crate::measure::sharpness::{Detail, measure};

    fn judged(sharpness: Option<Sharpness>, measured_in: MeasuredIn) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            sharpness,
            measured_in,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn ruling(picture: &Gray) -> Ruling {
        judged(Some(measure(picture.view().unwrap())), MeasuredIn::Picture)
    }

    fn seen(ruling: Ruling) -> Seen {
        match ruling {
            Ruling::Found(mut seen) => seen.remove(0),
            other => panic!("{other:?}"),
        }
    }

    /// Tiles of one row, textured, as wide and as blurred as told.
    fn tiles(widths: &[f32], blur: f32) -> Sharpness {
        Sharpness {
            columns: widths.len() as u32 / 2,
            rows: 2,
            detail: vec![Detail::Textured; widths.len()],
            edge_width_px: widths.iter().map(|w| Some(*w)).collect(),
            blur_ratio: vec![Some(blur); widths.len()],
            blur_direction_ratio: vec![Some(0.0); widths.len()],
            blur_angle_deg: vec![Some(0.0); widths.len()],
            ..Sharpness::default()
        }
    }

    #[test]
    fn pictures_by_recipe_are_judged_as_people_would() {
        let scene = stones(512, 384);
        assert_eq!(ruling(&scene), Ruling::Pass);

        let bokeh = seen(ruling(&beside(&scene, &blur(&scene, &defocus(7.0)), 0.4)));
        assert_eq!(bokeh.level, Level::Info);
        assert!(bokeh.regions.iter().all(|r| r.x > 0.3));

        let shaken = seen(ruling(&blur(&scene, &motion(16.0, 0.0))));
        assert!(shaken.level >= Level::Attention);
        assert!(shaken.text.en.contains("movement"), "{}", shaken.text.en);

        let missed = seen(ruling(&blur(&scene, &defocus(6.0))));
        assert_eq!(missed.level, Level::Fail);
        assert!(missed.text.zh.contains("对焦"), "{}", missed.text.zh);

        let wall = seen(ruling(&picture(512, 384, |_, _| 190.0)));
        assert_eq!(wall.level, Level::Unknown);
        assert!(wall.text.zh.starts_with("细节太少,无法判断清晰度"));
    }

    #[test]
    fn edge_width_at_the_limits_and_either_side() {
        let level = |width: f32| match judged(Some(tiles(&[width; 12], 0.3)), MeasuredIn::Picture) {
            Ruling::Pass => None,
            other => Some(seen(other).level),
        };
        assert_eq!(level(2.99), None);
        assert_eq!(level(3.0), None);
        assert_eq!(level(3.01), Some(Level::Attention));
        assert_eq!(level(5.0), Some(Level::Attention));
        assert_eq!(level(5.01), Some(Level::Fail));
    }

    #[test]
    fn blur_at_the_limits_and_either_side() {
        let level = |blur: f32| match judged(Some(tiles(&[2.0; 12], blur)), MeasuredIn::Picture) {
            Ruling::Pass => None,
            other => Some(seen(other).level),
        };
        assert_eq!(level(0.40), None);
        assert_eq!(level(0.41), Some(Level::Attention));
        assert_eq!(level(0.50), Some(Level::Attention));
        assert_eq!(level(0.51), Some(Level::Fail));
    }

    #[test]
    fn steepness_at_the_limit_and_either_side() {
        let level = |steepness: f32, with_edges: usize| {
            let mut found = tiles(&[4.0; 12], 0.45);
            found.steepness_ratio = vec![Some(0.1); 12];
            found.steepness_ratio[..with_edges].fill(Some(steepness));
            seen(judged(Some(found), MeasuredIn::Picture)).level
        };
        assert_eq!(level(0.31, 5), Level::Info);
        assert_eq!(level(0.30, 5), Level::Info);
        assert_eq!(level(0.29, 5), Level::Attention);
        assert_eq!(level(0.31, 4), Level::Attention);
    }

    #[test]
    fn soft_edges_alone_ask_for_a_person() {
        let level = |with_edges: usize| {
            let mut found = tiles(&[9.0; 12], 0.7);
            found.detail = vec![Detail::Vague; 12];
            found.edge_width_px = vec![None; 12];
            found.steepness_ratio = vec![None; 12];
            found.steepness_ratio[..with_edges].fill(Some(0.1));
            seen(judged(Some(found), MeasuredIn::Picture)).level
        };
        assert_eq!(level(5), Level::Unknown);
        assert_eq!(level(6), Level::Attention);
    }

    #[test]
    fn shares_at_the_limits_and_either_side() {
        let level = |sharp: usize, of: usize| {
            let mut widths = vec![4.0; of];
            // The first columns of both rows, so that squares form.
            for i in 0..sharp {
                widths[i / 2 + (i % 2) * of / 2] = 2.0;
            }
            match judged(Some(tiles(&widths, 0.3)), MeasuredIn::Picture) {
                Ruling::Pass => None,
                other => Some(seen(other).level),
            }
        };
        assert_eq!(level(20, 40), None);
        assert_eq!(level(19, 40), Some(Level::Info));
        assert_eq!(level(6, 40), Some(Level::Info));
        assert_eq!(level(5, 40), Some(Level::Attention));
    }

    #[test]
    fn few_tiles_with_detail_say_nothing_unless_they_are_sharp_together() {
        let plain = |sharp: usize, width: f32| {
            let mut found = tiles(&[width; 48], 0.3);
            found.columns = 8;
            found.rows = 6;
            for tile in (0..48).filter(|t| !(t % 8 < 2 && t / 8 < sharp.div_ceil(2))) {
                found.detail[tile] = Detail::Plain;
                found.edge_width_px[tile] = None;
                found.blur_ratio[tile] = None;
            }
            judged(Some(found), MeasuredIn::Picture)
        };
        assert_eq!(plain(4, 2.0), Ruling::Pass);
        assert_eq!(seen(plain(4, 4.0)).level, Level::Unknown);
        assert_eq!(seen(plain(2, 2.0)).level, Level::Unknown);
        assert_eq!(seen(plain(6, 4.0)).level, Level::Attention);
    }

    #[test]
    fn a_picture_that_was_not_measured_never_passes() {
        assert!(matches!(
            judged(None, MeasuredIn::Picture),
            Ruling::NotRun(_)
        ));
        let sharp = Some(tiles(&[2.0; 12], 0.3));
        assert!(matches!(
            judged(sharp.clone(), MeasuredIn::Preview),
            Ruling::NotRun(_)
        ));
        assert!(matches!(
            judged(sharp, MeasuredIn::Nothing),
            Ruling::NotRun(_)
        ));
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
        let empty = judged(Some(Sharpness::default()), MeasuredIn::Picture);
        assert_eq!(seen(empty).level, Level::Unknown);
    }
}
