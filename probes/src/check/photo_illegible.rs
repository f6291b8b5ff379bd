//! `photo_illegible`: there is writing in the picture, and none of it can be read;
//! or there ought to be some, and none is found.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::legibility::{Legibility, TextLine};
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
             字高、反差达到下限,且边缘宽不超过笔画宽的给定倍数,为可以辨认;笔画密集的按汉字的下限。\
             竖排或倾斜十度以上的文字不在查找之列。照片须有文字的节点(配置shows_writing,默认为进入现场:铭牌、\
             门牌号)没有一处可辨认的,需复核;其余节点仅作提示。\n\n\
             **可能含义** 拍得太远、对焦不准或手抖,铭牌、门牌、读数看不清;或者铭牌没有拍进去。\n\n\
             **常见的正常原因** 铭牌是竖排的、字很大或只有两三个字;同一节点的另一张照片已拍到铭牌;文字只是背景,\
             不是拍摄的对象;百叶窗、栏杆、书脊、织物的条纹也会像文字。\n\n\
             **如何确认** 按原始大小查看标出的区域,能否读出内容;铭牌在不在这一张或同一节点的其他照片里。",
        en: "**What it looks at** Whether what looks like writing in the photo (nameplates, door numbers, labels, \
             papers) can be read.\n\n\
             **How it is measured** At a long side of at most 2048 pixels, pairs of opposite edges are looked for \
             along rows: strokes. Strokes of one kind side by side make a line; a line with two levels inside and \
             quiet above and below is one of text. Height of characters, width of strokes and of their edges, and \
             contrast are measured; the height counts in pixels of the photo itself. A line that reaches the least \
             height and contrast, and whose edges are no wider than the given multiple of its strokes, can be \
             read; where strokes are dense, the limit of ideographs holds. Text from top to bottom or more than \
             ten degrees askew is not looked for. At a node whose photos must show writing (`shows_writing` in the \
             config; as shipped the entry, for its nameplate and door number) a person should look if nothing can \
             be read; elsewhere it is only noted.\n\n\
             **What it can mean** Taken from too far away, out of focus or shaken: plates, door numbers and \
             readings cannot be made out; or the plate is not in the picture.\n\n\
             **Usual innocent causes** A plate that is written from top to bottom, very large, or of two or three \
             characters; another photo of the node shows it; the writing is in the background and not what was \
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
                zh: "汉字的最低高度,以原照片的像素计;越大越严。",
                en: "Least height of ideographs in pixels of the photo; larger is stricter.",
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
    if found
        .lines
        .iter()
        .any(|line| can_be_read(case, found, line))
    {
        return Ruling::Pass;
    }
    let (level, strength) = if is_asked_for {
        (Level::Attention, Strength::Strong)
    } else if found.lines.is_empty() {
        return Ruling::NotApplicable;
    } else {
        (Level::Info, Strength::Information)
    };
    Ruling::Found(vec![if found.lines.is_empty() {
        Seen::new(level, strength, nothing_found())
    } else {
        nothing_read(case, found, level, strength)
    }])
}

fn nothing_found() -> Text {
    Text::new(
        "本节点的照片须有可辨认的铭牌或门牌号,未找到横排文字;竖排的不在查找之列。",
        "Photos of this node must show a nameplate or a door number that can be read, and no line of writing was \
         found; writing from top to bottom is not looked for.",
    )
}

fn nothing_read(case: &Case<'_>, found: &Legibility, level: Level, strength: Strength) -> Seen {
    let highest_px = found
        .lines
        .iter()
        .map(|line| native_height_px(found, line))
        .fold(0.0, f64::max);
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

fn native_height_px(found: &Legibility, line: &TextLine) -> f64 {
    f64::from(line.height_px) * f64::from(found.reduced_ratio.max(1.0))
}

fn can_be_read(case: &Case<'_>, found: &Legibility, line: &TextLine) -> bool {
    let limit = |key| case.limits.get(key);
    let is_dense = f64::from(line.strokes_per_height) >= limit("ideograph_strokes_count");
    let height_min_px = if is_dense {
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
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::photo::Photo;

    fn line() -> TextLine {
        TextLine {
            height_px: 12.0,
            stroke_width_px: 2.0,
            edge_width_px: 2.0,
            contrast_levels: 30.0,
            strokes_per_height: 2.0,
            ..TextLine::default()
        }
    }

    fn judged(lines: Vec<TextLine>, reduced_ratio: f32) -> Ruling {
        trial(lines, reduced_ratio).judge(&CHECK)
    }

    fn trial(lines: Vec<TextLine>, reduced_ratio: f32) -> Trial {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            measured_in: MeasuredIn::Picture,
            legibility: Some(Legibility {
                reduced_ratio,
                lines_count: lines.len() as u32,
                lines,
                ..Legibility::default()
            }),
            ..Photo::default()
        });
        trial
    }

    #[test]
    fn every_limit_and_either_side() {
        let is_read = |line: TextLine| judged(vec![line], 1.0) == Ruling::Pass;
        assert!(is_read(line()));
        assert!(!is_read(TextLine {
            height_px: 11.9,
            ..line()
        }));
        assert!(!is_read(TextLine {
            contrast_levels: 29.0,
            ..line()
        }));
        assert!(!is_read(TextLine {
            edge_width_px: 2.1,
            ..line()
        }));
        assert!(!is_read(TextLine {
            strokes_per_height: 3.2,
            ..line()
        }));
        let dense = |height_px| TextLine {
            strokes_per_height: 3.2,
            height_px,
            ..line()
        };
        assert!(is_read(dense(20.0)) && !is_read(dense(19.9)));
    }

    #[test]
    fn heights_count_in_pixels_of_the_photo() {
        let low = TextLine {
            height_px: 6.0,
            ..line()
        };
        assert_eq!(judged(vec![low], 2.0), Ruling::Pass);
        match judged(vec![low, low], 1.0) {
            Ruling::Found(seen) => {
                assert_eq!((seen[0].level, seen[0].regions.len()), (Level::Info, 2));
                assert_eq!(seen[0].measured, Some(6.0));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_line_that_can_be_read_is_enough_and_none_at_all_says_nothing() {
        let faint = TextLine {
            contrast_levels: 15.0,
            ..line()
        };
        assert_eq!(judged(vec![faint, line()], 1.0), Ruling::Pass);
        assert_eq!(judged(Vec::new(), 1.0), Ruling::NotApplicable);
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }
    #[test]
    fn where_a_plate_must_be_shown_a_person_looks_unless_one_can_be_read() {
        let asked = |lines: Vec<TextLine>| {
            let mut trial = trial(lines, 1.0);
            trial.context.must_show_writing = true;
            trial.judge(&CHECK)
        };
        assert_eq!(asked(vec![line()]), Ruling::Pass);
        let low = TextLine {
            height_px: 11.9,
            ..line()
        };
        for lines in [Vec::new(), vec![low]] {
            match asked(lines) {
                Ruling::Found(seen) => assert_eq!(
                    (seen[0].level, seen[0].strength),
                    (Level::Attention, Strength::Strong)
                ),
                other => panic!("{other:?}"),
            }
        }
        // What nobody looked for is not missing, and does not pass.
        for (measured_in, legibility) in [
            (MeasuredIn::Picture, None),
            (MeasuredIn::Preview, Some(Legibility::default())),
        ] {
            let mut old = trial(Vec::new(), 1.0);
            old.context.must_show_writing = true;
            old.m.photo = Some(Photo {
                measured_in,
                legibility,
                ..Photo::default()
            });
            assert!(matches!(old.judge(&CHECK), Ruling::NotRun(_)));
        }
    }
}
