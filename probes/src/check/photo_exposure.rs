//! `photo_exposure`: too dark, too light, without contrast, or noisy.

use crate::check::photo_unmeasured::not_measured;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::exposure::Exposure;
use crate::measure::photo::MeasuredIn;
use crate::measurements::{Kind, Region};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_exposure",
    clause: "photo.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片曝光不当",
        en: "The photo is badly exposed",
    },
    pass: StaticText {
        zh: "曝光正常。",
        en: "The exposure is in order.",
    },
    doc: StaticText {
        zh: "**检查内容** 画面是否全黑、全白、大面积失去层次、整体过暗、灰蒙或噪点过多。\n\n\
             **测量方法** 缩小到长边1024像素后分块统计:灰度5以下为死黑,250以上为死白;并计算平均灰度、5%与95%\
             分位灰度、噪声,以及各块最暗处的灰度(暗通道)。几乎什么也看不见的不符合;多数块死黑或死白的、\
             只见噪点的需复核;其余(过暗、灰蒙、噪点较多)只作记录。\n\n\
             **可能含义** 镜头被遮挡、光线不足、逆光或曝光设置不当。\n\n\
             **常见的正常原因** 夜间或暗室工作;画面中有灯、窗、白纸或屏幕;深色设备;雾天。\n\n\
             **如何确认** 查看原图中应当看清的部分是否能看清。",
        en: "**What it looks at** Whether the picture is all black or white, clipped over a large part, dark, \
             hazy or noisy.\n\n\
             **How it is measured** At a long side of 1024 pixels, by tile: levels up to 5 are black without \
             detail, from 250 white without detail; besides, the mean, the 5 and 95 % levels, the noise, and the \
             darkest level of each tile (the dark channel). A picture in which next to nothing can be seen does \
             not comply; with most tiles clipped, or nothing but noise to see, a person should look; everything \
             else (dark, hazy, noisy) is only noted.\n\n\
             **What it can mean** A covered lens, too little light, light from behind, a wrong setting.\n\n\
             **Usual innocent causes** Work at night or in a dark room; lamps, windows, white paper or screens \
             in the picture; dark equipment; fog.\n\n\
             **What would settle it** Look whether what should be seen can be seen.",
    },
    see_yourself: "ffprobe -f lavfi movie={file},signalstats -show_entries frame_tags",
    params: &[
        Param {
            key: "invisible_dark_levels",
            unit: "levels",
            default: 20.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "95%的画面不超过此灰度即为全黑,不符合;越大越严。",
                en: "If 95 % of the picture do not exceed this level it is black and does not comply; larger is stricter.",
            },
            source: "named guess: below it a screen in a lit room shows nothing",
        },
        Param {
            key: "invisible_light_levels",
            unit: "levels",
            default: 250.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "95%的画面不低于此灰度即为全白,不符合;越小越严。",
                en: "If 95 % of the picture reach this level it is white and does not comply; smaller is stricter.",
            },
            source: "research/forensics.md 2a, 6",
        },
        Param {
            key: "clipped_tile_ratio",
            unit: "ratio",
            default: 0.25,
            min: 0.0,
            max: 1.0,
            doc: StaticText {
                zh: "块内死黑或死白超过此比例即为失去层次;越小越严。",
                en: "A tile is clipped if more than this share of it is black or white; smaller is stricter.",
            },
            source: "research/forensics.md 2a, 6",
        },
        Param {
            key: "clipped_note_ratio",
            unit: "ratio",
            default: 0.34,
            min: 0.0,
            max: 1.0,
            doc: StaticText {
                zh: "失去层次的块达到此比例则记录;越小越严。",
                en: "Share of clipped tiles that is noted; smaller is stricter.",
            },
            source: "research/forensics.md 2a, 6",
        },
        Param {
            key: "clipped_attention_ratio",
            unit: "ratio",
            default: 0.67,
            min: 0.0,
            max: 1.01,
            doc: StaticText {
                zh: "失去层次的块达到此比例需复核;越小越严。",
                en: "Share of clipped tiles at which a person should look; smaller is stricter.",
            },
            source: "named guess: two thirds of the picture",
        },
        Param {
            key: "dark_mean_levels",
            unit: "levels",
            default: 40.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "平均灰度低于此值则记为过暗;越大越严。",
                en: "A mean below this level is noted as dark; larger is stricter.",
            },
            source: "research/forensics.md 2a, 6",
        },
        Param {
            key: "hazy_contrast_levels",
            unit: "levels",
            default: 40.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "5%至95%分位灰度差低于此值且无暗部则记为灰蒙;越大越严。",
                en: "A spread of the 5 to 95 % levels below this, without dark parts, is noted as hazy; larger is stricter.",
            },
            source: "named guess: a sixth of the range",
        },
        Param {
            key: "noise_contrast_ratio",
            unit: "ratio",
            default: 0.25,
            min: 0.0,
            max: 10.0,
            doc: StaticText {
                zh: "噪声与反差之比高于此值则记录;越小越严。",
                en: "Noise over contrast above this is noted; smaller is stricter.",
            },
            source: "research/forensics.md 2a, 6",
        },
        Param {
            key: "hazy_dark_levels",
            unit: "levels",
            default: 85.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "各块最暗处的灰度(中位数)不低于此值则记为灰蒙;越小越严。",
                en: "If the darkest of the tiles does not fall below this level in the middle it is noted as hazy; smaller is stricter.",
            },
            source: "named guess: the lower third of the range",
        },
        Param {
            key: "noise_attention_ratio",
            unit: "ratio",
            default: 0.29,
            min: 0.0,
            max: 10.0,
            doc: StaticText {
                zh: "噪声与反差之比达到此值,即只见噪点,需复核;越小越严。",
                en: "Noise over contrast at which nothing but noise is seen and a person should look; smaller is stricter.",
            },
            source: "noise alone has 0.30 if it is normal (5 to 95 % are 3.29 standard deviations), more if it is not",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let exposure = match &case.m.photo {
        Some(photo) if photo.measured_in == MeasuredIn::Picture => photo.exposure.as_ref(),
        _ => None,
    };
    let Some(exposure) = exposure.filter(|e| !e.black_ratio.is_empty()) else {
        return not_measured(case.m);
    };
    if let Some(seen) = invisible(case, exposure) {
        return Ruling::Found(vec![seen]);
    }
    let seen: Vec<Seen> = [clipped(case, exposure), dark(case, exposure)]
        .into_iter()
        .chain([hazy(case, exposure), noisy(case, exposure)])
        .flatten()
        .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn invisible(case: &Case<'_>, e: &Exposure) -> Option<Seen> {
    let (dark, light) = (
        case.limits.get("invisible_dark_levels"),
        case.limits.get("invisible_light_levels"),
    );
    let (p5, p95) = (f64::from(e.p5_levels), f64::from(e.p95_levels));
    let (measured, limit, text) = if p95 <= dark {
        let text = Text::new(
            format!("画面几乎全黑:95%的画面灰度不超过{p95:.0}(满量程255)。"),
            format!(
                "The picture is next to black: 95 % of it do not exceed level {p95:.0} of 255."
            ),
        );
        (p95, dark, text)
    } else if p5 >= light {
        let text = Text::new(
            format!("画面几乎全白:95%的画面灰度不低于{p5:.0}(满量程255)。"),
            format!("The picture is next to white: 95 % of it reach level {p5:.0} of 255."),
        );
        (p5, light, text)
    } else {
        return None;
    };
    Some(levels(Level::Fail, Strength::Strong, measured, limit, text))
}

fn levels(level: Level, strength: Strength, measured: f64, limit: f64, text: Text) -> Seen {
    Seen {
        measured: Some(measured),
        limit: Some(limit),
        unit: "levels",
        ..Seen::new(level, strength, text)
    }
}

fn clipped(case: &Case<'_>, e: &Exposure) -> Option<Seen> {
    let of_tile = case.limits.get("clipped_tile_ratio");
    let tiles: Vec<bool> = e
        .black_ratio
        .iter()
        .zip(&e.white_ratio)
        .map(|(black, white)| f64::from(black.max(*white)) > of_tile)
        .collect();
    let count = tiles.iter().filter(|is_clipped| **is_clipped).count();
    let share = count as f64 / tiles.len().max(1) as f64;
    let (note, attention) = (
        case.limits.get("clipped_note_ratio"),
        case.limits.get("clipped_attention_ratio"),
    );
    let (level, strength, limit) = if share >= attention {
        (Level::Attention, Strength::Strong, attention)
    } else if share >= note {
        (Level::Info, Strength::Information, note)
    } else {
        return None;
    };
    let all = tiles.len();
    Some(Seen {
        regions: regions(e, &tiles),
        measured: Some((share * 1000.0).round() / 1000.0),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!("{all}块中有{count}块大面积死黑或死白,失去层次。"),
                format!("In {count} of {all} tiles a large part is black or white without detail."),
            ),
        )
    })
}

fn regions(e: &Exposure, tiles: &[bool]) -> Vec<Region> {
    let (columns, rows) = (e.columns.max(1), e.rows.max(1));
    let (w, h) = (1.0 / f64::from(columns), 1.0 / f64::from(rows));
    let marked = tiles
        .iter()
        .enumerate()
        .filter(|(_, is_clipped)| **is_clipped);
    marked
        .map(|(tile, _)| Region {
            x: (tile % columns as usize) as f64 * w,
            y: (tile / columns as usize) as f64 * h,
            w,
            h,
        })
        .collect()
}

fn note(measured: f64, limit: f64, text: Text) -> Seen {
    levels(Level::Info, Strength::Information, measured, limit, text)
}

fn dark(case: &Case<'_>, e: &Exposure) -> Option<Seen> {
    let (mean, limit) = (
        f64::from(e.mean_levels),
        case.limits.get("dark_mean_levels"),
    );
    (mean < limit).then(|| {
        note(
            mean,
            limit,
            Text::new(
                format!("画面整体偏暗:平均灰度{mean:.0}(满量程255)。"),
                format!("The picture is dark: mean level {mean:.0} of 255."),
            ),
        )
    })
}

fn hazy(case: &Case<'_>, e: &Exposure) -> Option<Seen> {
    let contrast = f64::from(e.p95_levels) - f64::from(e.p5_levels);
    let dark = case.limits.get("hazy_dark_levels");
    let limit = case.limits.get("hazy_contrast_levels");
    if contrast < limit && f64::from(e.p5_levels) > dark {
        return Some(note(
            contrast,
            limit,
            Text::new(
                format!(
                    "画面灰蒙、反差小:灰度集中在{}至{}。",
                    e.p5_levels, e.p95_levels
                ),
                format!(
                    "The picture has little contrast: levels lie between {} and {}.",
                    e.p5_levels, e.p95_levels
                ),
            ),
        ));
    }
    let veil = e.veil_levels.map(f64::from).filter(|veil| *veil >= dark)?;
    Some(note(
        veil,
        dark,
        Text::new(
            format!(
                "画面灰蒙,处处没有暗部:各处最暗的灰度为{veil:.0}(满量程255),多为雾、反光或镜头上有水汽。"
            ),
            format!(
                "The picture is hazy, with nothing dark anywhere: the darkest of its parts has level {veil:.0} of 255, \
                 as of fog, reflections or a misted lens."
            ),
        ),
    ))
}

fn noisy(case: &Case<'_>, e: &Exposure) -> Option<Seen> {
    let contrast = f64::from(e.p95_levels) - f64::from(e.p5_levels);
    let ratio = f64::from(e.noise_levels) / contrast.max(1.0);
    let (noted, alone) = (
        case.limits.get("noise_contrast_ratio"),
        case.limits.get("noise_attention_ratio"),
    );
    let (level, strength, limit, zh, en) = if ratio >= alone {
        let words = (
            "画面几乎只有噪点",
            "There is next to nothing but noise to see",
        );
        (Level::Attention, Strength::Strong, alone, words.0, words.1)
    } else if ratio > noted {
        let words = ("噪点较多", "The picture is noisy");
        (Level::Info, Strength::Information, noted, words.0, words.1)
    } else {
        return None;
    };
    let text = Text::new(
        format!("{zh}:噪声{:.1}级,反差{contrast:.0}级。", e.noise_levels),
        format!(
            "{en}: noise of {:.1} levels, contrast of {contrast:.0}.",
            e.noise_levels
        ),
    );
    Some(Seen {
        unit: "ratio",
        ..levels(
            level,
            strength,
            (ratio * 1000.0).round() / 1000.0,
            limit,
            text,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::exposure::{Range, measure};
    use crate::measure::photo::Photo;
    use crate::measure::recipe::{picture, stones};

    fn judged(exposure: Exposure) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            exposure: Some(exposure),
            measured_in: MeasuredIn::Picture,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn levels_seen(ruling: Ruling) -> Vec<Level> {
        match ruling {
            Ruling::Pass => Vec::new(),
            Ruling::Found(seen) => seen.iter().map(|s| s.level).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// A normal picture with `clipped` of 48 tiles a third white.
    fn normal(clipped: usize) -> Exposure {
        Exposure {
            columns: 8,
            rows: 6,
            black_ratio: vec![0.0; 48],
            white_ratio: (0..48)
                .map(|i| if i < clipped { 0.26 } else { 0.25 })
                .collect(),
            mean_levels: 120.0,
            p5_levels: 30,
            p95_levels: 220,
            noise_levels: 2.0,
            veil_levels: Some(30),
        }
    }

    #[test]
    fn haze_at_its_limit_and_either_side() {
        let level = |veil_levels| {
            levels_seen(judged(Exposure {
                veil_levels,
                ..normal(0)
            }))
        };
        assert_eq!((level(Some(84)), level(None)), (vec![], vec![]));
        assert_eq!(level(Some(85)), [Level::Info]);
    }

    #[test]
    fn pictures_by_recipe() {
        let of = |gray: &crate::measure::decision_scale::Gray| {
            levels_seen(judged(measure(gray.view().unwrap(), Range::Full)))
        };
        assert_eq!(of(&stones(400, 300)), []);
        assert_eq!(of(&picture(400, 300, |x, _| x % 7.0)), [Level::Fail]);
        assert_eq!(
            of(&picture(400, 300, |x, _| 252.0 + x % 3.0)),
            [Level::Fail]
        );
        let burnt = picture(400, 300, |x, y| if x < 320.0 { 255.0 } else { y / 2.0 });
        assert_eq!(of(&burnt), [Level::Attention]);
        let haze = picture(400, 300, |x, _| 150.0 + (x % 30.0) / 2.0);
        assert_eq!(of(&haze), [Level::Info]);
    }

    #[test]
    fn clipped_tiles_at_the_limits_and_either_side() {
        let level = |clipped| levels_seen(judged(normal(clipped)));
        assert_eq!(level(16), []);
        assert_eq!(level(17), [Level::Info]);
        assert_eq!(level(32), [Level::Info]);
        assert_eq!(level(33), [Level::Attention]);
    }

    #[test]
    fn black_and_white_at_the_limits_and_either_side() {
        let level = |p5_levels, p95_levels| {
            levels_seen(judged(Exposure {
                p5_levels,
                p95_levels,
                ..normal(0)
            }))
        };
        assert_eq!(level(0, 20), [Level::Fail]);
        assert_eq!(level(0, 21), []);
        assert_eq!(level(250, 255), [Level::Fail]);
        // Not white, but without contrast beside its noise.
        assert_eq!(level(249, 255), [Level::Info, Level::Attention]);
    }

    #[test]
    fn darkness_and_noise_are_noted_and_nothing_but_noise_asks_for_a_person() {
        let dark = |mean_levels| {
            levels_seen(judged(Exposure {
                mean_levels,
                ..normal(0)
            }))
        };
        assert_eq!((dark(40.0), dark(39.9)), (vec![], vec![Level::Info]));
        let noisy = |noise_levels| {
            levels_seen(judged(Exposure {
                noise_levels,
                ..normal(0)
            }))
        };
        assert_eq!((noisy(47.5), noisy(47.6)), (vec![], vec![Level::Info]));
        assert_eq!(
            (noisy(55.0), noisy(55.2)),
            (vec![Level::Info], vec![Level::Attention])
        );
    }

    #[test]
    fn a_picture_that_was_not_measured_never_passes() {
        assert!(matches!(judged(Exposure::default()), Ruling::NotRun(_)));
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
    }
}
