//! `video_blurred`: nothing in the picture is sharp for a while.

use crate::check::moments::{longest_s, not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::Clarity;
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Soft samples that a stretch has at least, however far apart they are.
/// Named guess: one or two can be a turn of the camera.
const SOFT_MIN: u32 = 3;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_blurred",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面模糊",
        en: "The picture is blurred",
    },
    pass: StaticText {
        zh: "抽取的画面清晰。",
        en: "The sampled pictures are sharp.",
    },
    doc: StaticText {
        zh: "**检查内容** 录像中持续没有清晰部分的时段。\n\n\
             **测量方法** 约每秒抽取一帧(20分钟以上的录像间隔加大),按照片的方法在长边1024像素的尺度上分块测量边缘\
             宽度和模糊度,以最清晰的15%有细节块代表该帧;两项都在限值内为清晰,否则为模糊。模糊帧占该时段可判断\
             帧的比例及持续时长均达到限值即需复核。细节太少的帧不计;整段录像没有可判断的帧时为无法判断。\n\n\
             **可能含义** 对焦不准、镜头脏污或被遮挡、剧烈晃动、码率过低。\n\n\
             **常见的正常原因** 走动或转动镜头、对焦过程(1至2秒,不计)、夜间切换、雾气和玻璃反光。\n\n\
             **如何确认** 播放标出的时段,看铭牌、门牌、仪器读数能否辨认。",
        en: "**What it finds** Stretches of a recording in which nothing is sharp.\n\n\
             **How it is measured** About one picture a second (fewer in recordings above 20 minutes) is brought \
             to a long side of 1024 pixels and measured in tiles as photos are: width of edges, and blur. The \
             sharpest 15 % of the tiles with detail stand for the picture. It is sharp if both keep their \
             limits, else soft. A stretch asks for a person if it lasts, and if enough of its pictures that can \
             be judged are soft. Pictures with little detail do not count; if no picture can be judged, nothing \
             can be said.\n\n\
             **What it can mean** A missed focus, a smeared or covered lens, a shaken camera, a very low bit \
             rate.\n\n\
             **Usual innocent causes** Walking and panning, the search for focus (1 to 2 s, which does not \
             count), the switch to night vision, mist, reflections in glass.\n\n\
             **What would settle it** Play the marked stretches: can nameplates, door numbers and readings be \
             read?",
    },
    see_yourself: "ffplay -vf scale=1024:-1 {file}",
    params: &[
        Param {
            key: "blur_attention_s",
            unit: "s",
            default: 3.0,
            min: 1.0,
            max: 600.0,
            doc: StaticText {
                zh: "模糊持续达到此时长即需复核;越小越严。",
                en: "Blur that lasts this long asks for a person; smaller is stricter.",
            },
            source: "research/forensics.md 2b: a search for focus lasts 1 to 2 s",
        },
        Param {
            key: "soft_share_ratio",
            unit: "ratio",
            default: 0.8,
            min: 0.1,
            max: 1.0,
            doc: StaticText {
                zh: "时段内模糊帧占可判断帧的最低比例;越小越严。",
                en: "Least share of soft pictures among those of the stretch that can be judged; smaller is \
                     stricter.",
            },
            source: "research/forensics.md 2b",
        },
        Param {
            key: "video_edge_width_px",
            unit: "px",
            default: 5.0,
            min: 1.5,
            max: 32.0,
            doc: StaticText {
                zh: "清晰帧的边缘宽度上限,以长边1024像素计;越小越严。",
                en: "Widest edges of a sharp picture at a long side of 1024 pixels; smaller is stricter.",
            },
            source: "the wider limit of photo_blurred (measured there on photos), since coding softens videos",
        },
        Param {
            key: "video_blur_ratio",
            unit: "ratio",
            default: 0.5,
            min: 0.2,
            max: 1.0,
            doc: StaticText {
                zh: "清晰帧的模糊度(Crete)上限;越小越严。",
                en: "Highest blur (Crete) of a sharp picture; smaller is stricter.",
            },
            source: "the wider limit of photo_blurred (measured there on photos), since coding softens videos",
        },
        Param {
            key: "detail_tiles_count",
            unit: "count",
            default: 6.0,
            min: 1.0,
            max: 48.0,
            doc: StaticText {
                zh: "判断一帧所需的有细节块数;越大越常为无法判断。",
                en: "Tiles with detail that a picture needs to be judged; larger says more often that nothing \
                     can be said.",
            },
            source: "research/forensics.md 2a",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let samples = &video.clarity;
    if samples.is_empty() {
        return Ruling::NotRun(Text::new(
            "没有抽取到画面,未检测清晰度",
            "no picture was sampled, so sharpness was not measured",
        ));
    }
    let tiles_min = case.limits.get("detail_tiles_count");
    let judged: Vec<(f64, bool)> = samples
        .iter()
        .filter(|s| f64::from(s.textured_tiles) >= tiles_min)
        .map(|s| (s.at_s, is_soft(s, case)))
        .collect();
    let (all, little) = (samples.len(), samples.len() - judged.len());
    if judged.is_empty() {
        let text = Text::new(
            format!("细节太少,无法判断清晰度:抽取的{all}帧都没有足够的细节。"),
            format!(
                "There is too little detail to judge sharpness: none of the {all} sampled pictures has \
                 enough."
            ),
        );
        return Ruling::Found(vec![Seen::new(Level::Unknown, Strength::Strong, text)]);
    }
    let limit_s = case.limits.get("blur_attention_s");
    let found: Vec<Span> = soft_spans(&judged, case.limits.get("soft_share_ratio"))
        .into_iter()
        .filter(|span| span.duration_s() >= limit_s)
        .collect();
    if !found.is_empty() {
        return Ruling::Found(vec![soft(found, limit_s)]);
    }
    if little * 2 > all {
        let text = Text::new(
            format!("抽取的{all}帧中{little}帧细节太少,未计入清晰度判断。"),
            format!(
                "{little} of {all} sampled pictures have too little detail and were left out of the \
                 judgement of sharpness."
            ),
        );
        return Ruling::Found(vec![Seen::new(Level::Info, Strength::Information, text)]);
    }
    Ruling::Pass
}

/// Neither the width of edges nor the blur may be beyond its limit in a sharp
/// picture. A value that could not be taken from the sharpest tiles means that
/// most of them have no clear edge.
fn is_soft(sample: &Clarity, case: &Case<'_>) -> bool {
    let keeps =
        |value: Option<f32>, key| value.is_some_and(|v| f64::from(v) <= case.limits.get(key));
    !(keeps(sample.edge_width_px, "video_edge_width_px")
        && keeps(sample.blur_ratio, "video_blur_ratio"))
}

/// Stretches from a soft picture to a soft picture, as long as they get, in
/// which at least `share_min` of the pictures are soft.
fn soft_spans(judged: &[(f64, bool)], share_min: f64) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start_s, is_soft)) = judged.get(from) {
        let mut next = from + 1;
        if *is_soft {
            let (mut soft, mut seen, mut end) = (0_u32, 0_u32, None);
            for (at_s, is_soft) in judged.get(from..).unwrap_or(&[]) {
                seen += 1;
                soft += u32::from(*is_soft);
                if f64::from(soft) < share_min * f64::from(seen) {
                    break;
                }
                if *is_soft && soft >= SOFT_MIN {
                    end = Some((*at_s, from + seen as usize));
                }
            }
            if let Some((end_s, after)) = end {
                found.push(Span {
                    start_s: *start_s,
                    end_s,
                });
                next = after;
            }
        }
        from = next;
    }
    found
}

fn soft(found: Vec<Span>, limit_s: f64) -> Seen {
    let longest_s = longest_s(&found);
    let places = spans(&found);
    let text = Text::new(
        format!(
            "画面在 {} 持续模糊,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
            places.zh
        ),
        format!(
            "The picture is blurred at {}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
            places.en
        ),
    );
    Seen {
        spans: found,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(Level::Attention, Strength::Strong, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::video::Video;

    fn sample(at_s: f64, kind: char) -> Clarity {
        let (textured_tiles, edge_width_px, blur_ratio) = match kind {
            'S' => (40, Some(2.0), Some(0.3)),
            'b' => (40, Some(8.0), Some(0.6)),
            'w' => (40, Some(5.01), Some(0.3)),
            'c' => (40, Some(2.0), Some(0.51)),
            'l' => (40, Some(5.0), Some(0.5)),
            'v' => (40, None, None),
            _ => (5, Some(8.0), Some(0.6)),
        };
        Clarity {
            at_s,
            textured_tiles,
            edge_width_px,
            blur_ratio,
            ..Clarity::default()
        }
    }

    fn ruling(kinds: &str, step_s: f64) -> Ruling {
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(Video {
            clarity: kinds
                .chars()
                .enumerate()
                .map(|(n, kind)| sample(n as f64 * step_s, kind))
                .collect(),
            ..Video::default()
        });
        trial.judge(&CHECK)
    }

    fn judged(kinds: &str, step_s: f64) -> Option<Level> {
        match ruling(kinds, step_s) {
            Ruling::Found(seen) => Some(seen[0].level),
            Ruling::Pass => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn three_seconds_are_the_limit() {
        assert_eq!(judged("SSSbbbbSSS", 0.99), None);
        assert_eq!(judged("SSSbbbbSSS", 1.0), Some(Level::Attention));
        assert_eq!(judged("SSSbbbbSSS", 1.01), Some(Level::Attention));
        // Turning the camera, searching for focus.
        assert_eq!(judged("SSbbSSbbbSSSbbS", 1.0), None);
        // Two samples, however far apart, are too few.
        assert_eq!(judged("SSbbSS", 8.0), None);
    }

    #[test]
    fn four_fifths_of_the_samples_are_the_limit() {
        assert_eq!(judged("SSSSbbbbSbSSSS", 1.0), Some(Level::Attention));
        assert_eq!(judged("SSbbbSbSSSbbSbbSS", 1.0), None);
        assert_eq!(
            soft_spans(&[(0.0, true), (1.0, false), (2.0, true)], 0.8),
            []
        );
        let run = |text: &str| -> Vec<(f64, bool)> {
            text.chars()
                .enumerate()
                .map(|(n, c)| (n as f64, c == 'b'))
                .collect()
        };
        assert_eq!(soft_spans(&run("bbbbSb"), 0.8)[0].end_s, 5.0);
        assert_eq!(soft_spans(&run("bbbbSSb"), 0.8)[0].end_s, 3.0);
    }

    #[test]
    fn a_picture_is_sharp_up_to_both_limits() {
        assert_eq!(judged("lllllll", 1.0), None);
        for kinds in ["wwwwwww", "ccccccc", "vvvvvvv"] {
            assert_eq!(judged(kinds, 1.0), Some(Level::Attention), "{kinds}");
        }
    }

    #[test]
    fn little_detail_is_counted_apart() {
        assert_eq!(judged("......", 1.0), Some(Level::Unknown));
        assert_eq!(judged("S.....", 1.0), Some(Level::Info));
        assert_eq!(judged("SSS...", 1.0), None);
        assert_eq!(judged("SSbb...S", 1.0), None);
    }

    #[test]
    fn the_stretch_is_told_and_without_pictures_it_does_not_pass() {
        let Ruling::Found(seen) = ruling("SSbbbbbSS", 1.0) else {
            panic!("nothing found");
        };
        assert_eq!(
            (seen[0].spans[0].start_s, seen[0].spans[0].end_s),
            (2.0, 6.0)
        );
        assert!(matches!(ruling("", 1.0), Ruling::NotRun(_)));
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
