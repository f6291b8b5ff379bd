//! `photo_illegible`: there is writing in the picture, and none of it can be read;
//! or there ought to be some, and none is found.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::legibility::{Direction, Legibility, TextLine};
use crate::measure::photo::MeasuredIn;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_illegible",
    clause: "photo.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片中的文字无法辨认",
        en: "Writing in the photo cannot be read",
    },
    pass: StaticText {
        zh: "照片中有可以辨认的文字。",
        en: "There is writing in the photo that can be read.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片中像文字的区域(铭牌、门牌、标签、文件)能否辨认。\n\n\
             **测量方法** 把照片缩小到长边不超过2048像素,逐行寻找成对的相反边缘,即笔画;同类笔画相连成行,\
             行内只有深浅两级、上下留白的为文字行。量出字高、笔画宽、边缘宽和反差,字高按原照片的像素计。\
             自上而下的文字(竖排的字,或横卧的行)另行查找:有笔画处自上而下连成窄条、两侧留白的,拉直后细看,\
             须只有深浅两级,笔画细,横竖笔画都有,每行每列都有数画,且前后不重复(窗格、栏杆、砖墙不算);\
             竖排与横卧仅凭笔画分不清,不加区分;其字高为条宽。\
             字高、反差达到下限,且边缘宽不超过笔画宽的给定倍数,为可以辨认;笔画密集的和自上而下的按汉字的下限。\
             倾斜十度以上的文字不在查找之列。照片须有文字的节点(配置shows_writing,默认为进入现场:铭牌、\
             门牌号)没有一处可辨认的,需复核;有的则指出在何处、朝何方向;其余节点仅作提示。\n\n\
             **可能含义** 拍得太远、对焦不准或手抖,铭牌、门牌、读数看不清;或者铭牌没有拍进去。\n\n\
             **常见的正常原因** 铭牌的字很大、只有两三个字,或竖排的字紧挨着牌边、字距很宽;同一节点的另一张照片已拍到铭牌;文字只是背景,\
             不是拍摄的对象;百叶窗、栏杆、书脊、织物的条纹也会像文字。\n\n\
             **如何确认** 按原始大小查看标出的区域,能否读出内容;铭牌在不在这一张或同一节点的其他照片里。",
        en: "**What it looks at** Whether what looks like writing in the photo (nameplates, door numbers, labels, \
             papers) can be read.\n\n\
             **How it is measured** At a long side of at most 2048 pixels, pairs of opposite edges are looked for \
             along rows: strokes. Strokes of one kind side by side make a line; a line with two levels inside and \
             quiet above and below is one of text. Height of characters, width of strokes and of their edges, and \
             contrast are measured; the height counts in pixels of the photo itself. What runs from top to bottom \
             (characters one above the other, or a line on its side) is looked for by itself: a narrow part in which \
             something stands all the way down, with quiet on both sides, is set straight and must have two levels, \
             thin strokes that run both ways, several in every row and column, and no part like the next (windows, \
             railings and bricks do not count); strokes alone do not tell upright characters from a line on its \
             side, so that the two are not told apart; the height is the width of the part there. A line that \
             reaches the least height and contrast, and whose edges are no wider than the given multiple of its \
             strokes, can be read; where strokes are dense, and from top to bottom, the limit of ideographs holds. \
             Text more than ten degrees askew is not looked for. At a node whose photos must show writing \
             (`shows_writing` in the config; as shipped the entry, for its nameplate and door number) a person \
             should look if nothing can be read, and where something can it is said where and which way it runs; \
             elsewhere it is only noted.\n\n\
             **What it can mean** Taken from too far away, out of focus or shaken: plates, door numbers and \
             readings cannot be made out; or the plate is not in the picture.\n\n\
             **Usual innocent causes** A plate whose characters are very large, two or three, or from top to bottom and \
             close to the edge of the board or far apart; another photo of the node shows it; the writing is in the background and not what was \
             taken; blinds, railings, backs of books and stripes of cloth look like writing too.\n\n\
             **What would settle it** Look at the marked parts at full size: can they be read? Is the plate in this \
             photo, or in another of the same node?",
    },
    see_yourself: "ffplay {file}",
    params: &[
        Param {
            key: "character_height_px",
            unit: "px",
            default: 12.0,
            min: 4.0,
            max: 200.0,
            doc: StaticText {
                zh: "字母和数字的最低高度,以原照片的像素计;越大越严。",
                en: "Least height of letters and figures in pixels of the photo; larger is stricter.",
            },
            source: "research/forensics.md 2a: engineering practice, no standard found",
        },
        Param {
            key: "ideograph_height_px",
            unit: "px",
            default: 20.0,
            min: 4.0,
            max: 200.0,
            doc: StaticText {
                zh: "汉字及自上而下的文字的最低高度,以原照片的像素计;越大越严。",
                en: "Least height of ideographs, and of writing from top to bottom, in pixels of the photo; larger is stricter.",
            },
            source: "research/forensics.md 2a: engineering practice, no standard found",
        },
        Param {
            key: "ideograph_strokes_count",
            unit: "count",
            default: 3.2,
            min: 1.0,
            max: 20.0,
            doc: StaticText {
                zh: "每一字高的长度内笔画数达到此值,按汉字论;越小越严。",
                en: "Strokes over a length of the line's height from which on it counts as ideographs; smaller is stricter.",
            },
            source: "named guess: letters have two or three, most ideographs four and more",
        },
        Param {
            key: "edge_per_stroke_ratio",
            unit: "ratio",
            default: 1.0,
            min: 0.2,
            max: 4.0,
            doc: StaticText {
                zh: "边缘宽与笔画宽之比的上限;越小越严。",
                en: "Widest edges beside the width of strokes; smaller is stricter.",
            },
            source: "named guess: beyond it the edges of a stroke meet and its level is never reached",
        },
        Param {
            key: "contrast_levels",
            unit: "levels",
            default: 30.0,
            min: 5.0,
            max: 255.0,
            doc: StaticText {
                zh: "笔画与底色的最小反差,灰度级;越大越严。",
                en: "Least contrast of strokes in grey levels; larger is stricter.",
            },
            source: "research/forensics.md 2a: engineering practice, no standard found",
        },
    ],
    judge,
};

/// Most places that are shown.
const REGIONS_MAX: usize = 12;

fn judge(case: &Case<'_>) -> Ruling {
    let is_asked_for = case.context.must_show_writing;
    let Some(photo) = case.m.photo.as_ref() else {
        return Ruling::NotApplicable;
    };
    let found = match (photo.measured_in, &photo.legibility) {
        (MeasuredIn::Picture, Some(found)) => found,
        _ => {
            return match absent(case.m, "legibility") {
                Ruling::NotApplicable if is_asked_for => Ruling::NotRun(Text::new(
                    "测量时尚未查找文字。",
                    "It was measured before writing was looked for.",
                )),
                ruling => ruling,
            };
        }
    };
    let can_be_read = |line: &&TextLine| can_be_read(case, found, line);
    let read: Vec<&TextLine> = found.lines.iter().filter(can_be_read).collect();
    if !read.is_empty() {
        return if is_asked_for {
            Ruling::Found(vec![where_it_is_read(found, &read)])
        } else {
            Ruling::Pass
        };
    }
    let (level, strength) = if is_asked_for {
        (Level::Attention, Strength::Strong)
    } else if found.lines.is_empty() {
        return Ruling::NotApplicable;
    } else {
        (Level::Info, Strength::Information)
    };
    Ruling::Found(vec![if found.lines.is_empty() {
        Seen::new(level, strength, nothing_found(found))
    } else {
        nothing_read(case, found, level, strength)
    }])
}

/// Says where a person finds the plate that was asked for.
fn where_it_is_read(found: &Legibility, read: &[&TextLine]) -> Seen {
    let columns = read
        .iter()
        .filter(|line| line.direction == Direction::TopToBottom)
        .count();
    let rows = read.len() - columns;
    let (zh, en) = match (rows, columns) {
        (rows, 0) => (
            format!("横排{rows}处"),
            format!("{rows} from left to right"),
        ),
        (0, columns) => (
            format!("自上而下(竖排或横卧){columns}处"),
            format!("{columns} from top to bottom (upright or on its side)"),
        ),
        (rows, columns) => (
            format!("横排{rows}处,自上而下(竖排或横卧){columns}处"),
            format!(
                "{rows} from left to right and {columns} from top to bottom (upright or on its side)"
            ),
        ),
    };
    let highest_px = highest_px(found, read.iter().copied());
    Seen {
        regions: read
            .iter()
            .take(REGIONS_MAX)
            .map(|line| line.region)
            .collect(),
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!(
                    "可辨认的文字:{zh};最高的字高约{highest_px:.0}像素。是否为铭牌或门牌号,请看标出的区域。"
                ),
                format!(
                    "Writing that can be read: {en}; the highest characters have about {highest_px:.0} pixels. The \
                     marked parts show whether it is the nameplate or the door number."
                ),
            ),
        )
    }
}

fn nothing_found(found: &Legibility) -> Text {
    if found.columns_count.is_none() {
        return Text::new(
            "本节点的照片须有可辨认的铭牌或门牌号,未找到横排文字;测量时尚未查找自上而下的文字。",
            "Photos of this node must show a nameplate or a door number that can be read, and no line of writing \
             was found; it was measured before writing from top to bottom was looked for.",
        );
    }
    Text::new(
        "本节点的照片须有可辨认的铭牌或门牌号,横排和自上而下的文字均未找到。",
        "Photos of this node must show a nameplate or a door number that can be read, and no writing was found, \
         neither from left to right nor from top to bottom.",
    )
}

fn nothing_read(case: &Case<'_>, found: &Legibility, level: Level, strength: Strength) -> Seen {
    let highest_px = highest_px(found, found.lines.iter());
    let count = found.lines_count;
    let (zh, en) = match level {
        Level::Info => ("", ""),
        _ => (
            "本节点的照片须有可辨认的铭牌或门牌号。",
            "Photos of this node must show a nameplate or a door number that can be read. ",
        ),
    };
    Seen {
        regions: found
            .lines
            .iter()
            .take(REGIONS_MAX)
            .map(|line| line.region)
            .collect(),
        measured: Some(highest_px.round()),
        limit: Some(case.limits.get("character_height_px")),
        unit: "px",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!(
                    "{zh}发现{count}处像文字的区域,均太小、太淡或太模糊,难以辨认;最高的字高约{highest_px:.0}像素。"
                ),
                format!(
                    "{en}{count} places look like writing, and all are too small, too faint or too blurred to be \
                     read; the highest characters have about {highest_px:.0} pixels."
                ),
            ),
        )
    }
}

fn highest_px<'a>(found: &Legibility, lines: impl Iterator<Item = &'a TextLine>) -> f64 {
    lines
        .map(|line| native_height_px(found, line))
        .fold(0.0, f64::max)
}

fn native_height_px(found: &Legibility, line: &TextLine) -> f64 {
    f64::from(line.height_px) * f64::from(found.reduced_ratio.max(1.0))
}

fn can_be_read(case: &Case<'_>, found: &Legibility, line: &TextLine) -> bool {
    let limit = |key| case.limits.get(key);
    let is_dense = f64::from(line.strokes_per_height) >= limit("ideograph_strokes_count");
    let is_ideographs = is_dense || line.direction == Direction::TopToBottom;
    let height_min_px = if is_ideographs {
        limit("ideograph_height_px")
    } else {
        limit("character_height_px")
    };
    native_height_px(found, line) >= height_min_px
        && f64::from(line.contrast_levels) >= limit("contrast_levels")
        && f64::from(line.edge_width_px)
            <= limit("edge_per_stroke_ratio") * f64::from(line.stroke_width_px)
}

#[cfg(test)]
mod tests;
