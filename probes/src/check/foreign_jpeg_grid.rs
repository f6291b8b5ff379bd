//! `foreign_jpeg_grid`: a part of the picture was compressed along another
//! grid than the picture.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::jpeg_grid::{ForeignGrid, GridVotes, JpegGrid};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "foreign_jpeg_grid",
    clause: "no.insert",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片局部带有另一套JPEG压缩网格",
        en: "A part of the photo carries the compression grid of another JPEG",
    },
    pass: StaticText {
        zh: "未发现与整幅照片不一致的JPEG压缩网格。",
        en: "No compression grid was found that differs from the photo's own.",
    },
    doc: StaticText {
        zh: "**检查内容** JPEG按8×8像素的网格压缩,网格从照片左上角开始。从另一张JPEG中取来贴入的部分保留原来的网格,\
             与本照片的网格对齐的可能只有1/64。\n\n\
             **测量方法** ZERO方法(Nikoukhah等,IPOL 11,2021):在每个8×8像素中取一点,比较经过它的64种网格,哪一种的块中\
             为零的DCT系数最多,就投给哪一种。某一区域的投票一致到偶然不可能的程度时才报告;“误报数”是在这样大小的照片中\
             纯属偶然的预期次数,以10的幂表示。\n\n\
             **可能含义** 该区域来自另一张JPEG照片;或整幅照片在压缩之后被裁剪,再次保存。\n\n\
             **常见的正常原因** 相机应用贴上的水印、贴纸、地图或签名图片;手机自带的拼图、全景把已压缩的画面接在一起;\
             画面中周期恰为8像素的纹理(百叶窗、网布、屏幕)。\n\n\
             **不能说明的** 与网格恰好对齐的贴入(1/64)、缩放或旋转过的贴入、从未压缩过的画面、最后以较低质量保存的照片,\
             此方法看不见。\n\n\
             **如何确认** 查看所标区域的内容和边缘;询问是否为相机应用的水印;请提交设备中的原始文件。",
        en: "**What it looks at** JPEG compresses along a grid of 8×8 pixels that starts in the upper left corner of \
             the photo. A part taken from another JPEG and pasted in keeps its old grid, which falls in with the \
             photo's in one case of 64.\n\n\
             **How it is measured** By the method ZERO (Nikoukhah and others, IPOL 11, 2021): one pixel of each 8×8 \
             is asked which of the 64 grids through it has the block with the most zero DCT coefficients. A region \
             is reported only if its votes agree more than chance allows; the number of false alarms says how many \
             such regions chance would give in a photo of this size, as a power of ten.\n\n\
             **What it can mean** The region came from another JPEG photo; or the whole photo was cropped after it \
             had been compressed, and saved again.\n\n\
             **Usual innocent causes** A watermark, sticker, map or signature that the camera app stamped on; a \
             collage or panorama that the phone itself put together from compressed pictures; texture with a \
             period of exactly 8 pixels (blinds, mesh, screens).\n\n\
             **What it cannot say** It is blind to a part that falls in with the grid (1 of 64), that was scaled or \
             turned, that never was compressed, and to photos saved last at a lower quality.\n\n\
             **What would settle it** Look at the marked region and its borders; ask whether it is the camera app's \
             stamp; ask for the file from the device.",
    },
    see_yourself: "zero {file}",
    params: &[
        Param {
            key: "strong_nfa_log10",
            unit: "log10",
            default: -3.0,
            min: -100.0,
            max: 0.0,
            doc: StaticText {
                zh: "误报数不超过10的这一次幂时为强迹象;越大越严。",
                en: "A strong sign if the number of false alarms is at most 10 to this; larger is stricter.",
            },
            source: "research/forensics.md section 3, grade B: NFA below 1e-3",
        },
        Param {
            key: "strong_side_min_px",
            unit: "px",
            default: 64.0,
            min: 8.0,
            max: 10_000.0,
            doc: StaticText {
                zh: "区域的宽和高都不小于此值才为强迹象,更小的只作参考;越小越严。",
                en: "A strong sign if the region is at least so wide and so high; smaller ones are told only. \
                     Smaller is stricter.",
            },
            source: "named guess: eight blocks; smaller than anything that is pasted in to deceive",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(photo) = case.m.photo.as_ref() else {
        return Ruling::NotApplicable;
    };
    let Some(grid) = photo.jpeg_grid.as_ref() else {
        return absent(case.m, "jpeg_grid");
    };
    let is_jpeg = photo.jpeg.is_some();
    let limit = case.limits.get("strong_nfa_log10");
    let side_min_px = case.limits.get("strong_side_min_px");
    let mut seen: Vec<Seen> = grid
        .foreign
        .iter()
        .filter(|part| !(is_jpeg && is_at_corner(&part.grid)))
        .map(|part| {
            let side_px = f64::from(part.width_px.min(part.height_px));
            let is_strong = is_jpeg && part.grid.log10_nfa <= limit && side_px >= side_min_px;
            region(part, grid, is_strong, limit)
        })
        .collect();
    if let Some(main) = grid.main.filter(|main| is_jpeg && !is_at_corner(main)) {
        seen.insert(0, shifted(&main, main.log10_nfa <= limit, limit));
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// True for the grid along which a JPEG file itself is compressed.
fn is_at_corner(grid: &GridVotes) -> bool {
    (grid.x_px, grid.y_px) == (0, 0)
}

fn sign(grid: &GridVotes, is_strong: bool, limit: f64, text: Text) -> Seen {
    let (level, strength) = if is_strong {
        (Level::Attention, Strength::Strong)
    } else {
        (Level::Info, Strength::Information)
    };
    Seen {
        measured: Some(grid.log10_nfa),
        limit: Some(limit),
        unit: "log10",
        ..Seen::new(level, strength, text)
    }
}

fn shifted(main: &GridVotes, is_strong: bool, limit: f64) -> Seen {
    let GridVotes {
        x_px,
        y_px,
        log10_nfa,
        ..
    } = main;
    let text = Text::new(
        format!(
            "整幅照片带有起点为({x_px},{y_px})的压缩网格,而不是文件自身的(0,0),误报数10^{log10_nfa:.0}:\
             照片压缩之后经过裁剪或移位,再次保存。"
        ),
        format!(
            "The whole photo carries a compression grid that starts at ({x_px},{y_px}) and not the file's own at \
             (0,0), false alarms 10^{log10_nfa:.0}: it was cropped or shifted after it had been compressed, and \
             saved again."
        ),
    );
    sign(main, is_strong, limit, text)
}

fn region(part: &ForeignGrid, all: &JpegGrid, is_strong: bool, limit: f64) -> Seen {
    let GridVotes {
        x_px,
        y_px,
        votes_count,
        places_count,
        log10_nfa,
    } = part.grid;
    let (width_px, height_px) = (part.width_px, part.height_px);
    let (whole_zh, whole_en) = match all.main {
        Some(main) => (
            format!("整幅照片的网格起点为({},{})", main.x_px, main.y_px),
            format!("the photo's own starts at ({},{})", main.x_px, main.y_px),
        ),
        None => (
            "其余部分看不出网格".to_owned(),
            "the rest shows none".to_owned(),
        ),
    };
    let text = Text::new(
        format!(
            "{width_px}×{height_px}像素的区域带有起点为({x_px},{y_px})的压缩网格,{whole_zh}:\
             {places_count}处中{votes_count}处一致,误报数10^{log10_nfa:.0}。"
        ),
        format!(
            "A region of {width_px}×{height_px} px carries a compression grid that starts at ({x_px},{y_px}), \
             {whole_en}: {votes_count} of {places_count} places agree, false alarms 10^{log10_nfa:.0}."
        ),
    );
    Seen {
        regions: vec![part.region],
        ..sign(&part.grid, is_strong, limit, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::jpeg_tables::JpegTables;
    use crate::measure::photo::Photo;
    use crate::measurements::Region;

    fn grid(x_px: u8, log10_nfa: f64) -> GridVotes {
        GridVotes {
            x_px,
            y_px: 0,
            votes_count: 90,
            places_count: 256,
            log10_nfa,
        }
    }

    fn ruling(jpeg_grid: Option<JpegGrid>, is_jpeg: bool) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            jpeg: is_jpeg.then(JpegTables::default),
            jpeg_grid,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn with(x_px: u8, side_px: u32, log10_nfa: f64, is_jpeg: bool) -> Option<Strength> {
        let part = ForeignGrid {
            grid: grid(x_px, log10_nfa),
            region: Region {
                x: 0.25,
                y: 0.5,
                w: 0.1,
                h: 0.1,
            },
            width_px: 400,
            height_px: side_px,
        };
        let found = JpegGrid {
            main: Some(grid(0, -400.0)),
            foreign: vec![part],
            ..JpegGrid::default()
        };
        match ruling(Some(found), is_jpeg) {
            Ruling::Pass => None,
            Ruling::Found(seen) => {
                assert_eq!(seen[0].regions, [part.region]);
                Some(seen[0].strength)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_limits_and_either_side() {
        let (strong, told) = (Some(Strength::Strong), Some(Strength::Information));
        assert_eq!(with(3, 64, -3.0, true), strong);
        assert_eq!(with(3, 64, -2.9, true), told);
        assert_eq!(with(3, 63, -3.0, true), told);
        // Outside JPEG, of which no camera original is made, it is only told.
        assert_eq!(with(3, 64, -300.0, false), told);
        // The file's own grid, where it shows only in a part.
        assert_eq!(with(0, 64, -300.0, true), None);
    }

    #[test]
    fn a_grid_that_starts_elsewhere_tells_of_a_crop() {
        let main = |x_px, is_jpeg| {
            let found = JpegGrid {
                main: Some(grid(x_px, -80.0)),
                ..JpegGrid::default()
            };
            ruling(Some(found), is_jpeg)
        };
        assert_eq!(main(0, true), Ruling::Pass);
        assert_eq!(main(5, false), Ruling::Pass);
        let Ruling::Found(seen) = main(5, true) else {
            panic!("nothing found")
        };
        assert_eq!(seen[0].strength, Strength::Strong);
        assert!(seen[0].text.en.contains("(5,0)") && seen[0].text.zh.contains("10^-80"));
    }

    #[test]
    fn without_a_grid_or_a_measurement_nothing_is_said() {
        assert_eq!(ruling(Some(JpegGrid::default()), true), Ruling::Pass);
        assert_eq!(ruling(None, true), Ruling::NotApplicable);
    }
}
