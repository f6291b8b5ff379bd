//! `video_blurred`: nothing in the picture is sharp for a while, or it is far
//! less sharp than the recording's own rest.

use crate::check::moments::{longest_s, mostly, not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Clarity, Video};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Soft samples that a stretch has at least, however far apart they are.
/// Named guess: one or two can be a turn of the camera.
const SOFT_MIN: u32 = 3;
/// Samples from which on a recording has a sharpness of its own.
const USUAL_MIN: usize = 6;
/// Which sample stands for how sharp the recording usually is.
const USUAL_QUANTILE: f64 = 0.25;
/// Motion blurs and changes the picture; a lens out of focus only blurs it.
/// Where the picture changes more than this many times as much as elsewhere,
/// the camera was moved. Named guess.
const MOVED_TIMES: f64 = 1.2;
/// The usual sharpness is that of the sharper quarter, which must be left.
const LOST_SHARE_MAX: f64 = 0.75;
/// Long side in pixels of the decision scale; smaller pictures keep their size.
const DECISION_SIDE_PX: f64 = 1024.0;

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
        zh: "**检查内容** 录像中持续没有清晰部分、或明显不如该录像其余部分清晰的时段。\n\n\
             **测量方法** 约每秒抽取一帧(20分钟以上的录像间隔加大),按照片的方法在长边1024像素的尺度上分块测量边缘\
             宽度和模糊度,以最清晰的15%有细节块代表该帧;两项都超过限值为模糊。较小的画面按比例收紧宽度限值,\
             但不低于下限,低分辨率本身不算模糊。与该录像自身较清晰的四分之一相比,两项都超过一定倍数、且画面并未\
             晃动的,为突然失焦。模糊帧占该时段可判断帧的比例及持续时长均达到限值即需复核。细节太少的帧不计;\
             整段录像没有可判断的帧时为无法判断。\n\n\
             **可能含义** 对焦不准、镜头脏污或被遮挡、剧烈晃动、码率过低。\n\n\
             **常见的正常原因** 走动或转动镜头、对焦过程(1至2秒,不计)、夜间切换、雾气和玻璃反光。\n\n\
             **如何确认** 播放标出的时段,看铭牌、门牌、仪器读数能否辨认。",
        en: "**What it finds** Stretches of a recording in which nothing is sharp, or which are far less sharp \
             than its own rest.\n\n\
             **How it is measured** About one picture a second (fewer in recordings above 20 minutes) is brought \
             to a long side of 1024 pixels and measured in tiles as photos are: width of edges, and blur. The \
             sharpest 15 % of the tiles with detail stand for the picture. It is soft if both exceed their \
             limits; for smaller pictures the limit of the width shrinks with them to a least value, so that \
             low resolution alone is no blur. A sudden loss is where both exceed what the sharper quarter of \
             the recording has by certain factors and the camera was not moved. A stretch asks for a person if \
             it lasts, and if enough of its pictures that can be judged are soft. Pictures with little detail \
             do not count; if no picture can be judged, nothing can be said.\n\n\
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
            key: "video_edge_width_least_px",
            unit: "px",
            default: 3.6,
            min: 1.5,
            max: 32.0,
            doc: StaticText {
                zh: "较小画面的边缘宽度限值不低于此值,以画面自身像素计;越小越严。",
                en: "The limit of the width in small pictures is never below this, in pixels of their own; \
                     smaller is stricter.",
            },
            source: "measured: 15 sharp recordings of 320 to 1920 px have 1.4 to 2.9 px, the same blurred by \
                     2.5 px 3.8 px and more",
        },
        Param {
            key: "loss_width_ratio",
            unit: "ratio",
            default: 1.3,
            min: 1.05,
            max: 10.0,
            doc: StaticText {
                zh: "突然失焦:边缘宽度至少为该录像较清晰部分的此倍数;越小越严。",
                en: "A sudden loss: edges at least this many times as wide as where the recording is sharper; \
                     smaller is stricter.",
            },
            source: "measured: a blur of 1.25 px at 640 px widens edges 1.0 to 1.9 times, one of 2.5 px 1.7 times \
                     or more",
        },
        Param {
            key: "loss_blur_ratio",
            unit: "ratio",
            default: 1.25,
            min: 1.05,
            max: 10.0,
            doc: StaticText {
                zh: "突然失焦:模糊度至少为该录像较清晰部分的此倍数;越小越严。",
                en: "A sudden loss: blur at least this many times that of where the recording is sharper; \
                     smaller is stricter.",
            },
            source: "measured: a blur of 1.25 px at 640 px raises it 1.2 to 1.9 times",
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
    let width_max_px = width_max_px(video, case);
    let judged: Vec<(f64, bool)> = samples
        .iter()
        .filter(|s| f64::from(s.textured_tiles) >= tiles_min)
        .map(|s| (s.at_s, is_soft(s, width_max_px, case)))
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
    let share_min = case.limits.get("soft_share_ratio");
    let step_s = step_s(samples);
    let found: Vec<Span> = mostly(&judged, share_min, SOFT_MIN, step_s)
        .into_iter()
        .filter(|span| span.duration_s() >= limit_s)
        .collect();
    if !found.is_empty() {
        return Ruling::Found(vec![soft(found, limit_s)]);
    }
    let lost: Vec<Span> = sudden_loss(video, case)
        .into_iter()
        .filter(|span| span.duration_s() >= limit_s)
        .collect();
    if !lost.is_empty() {
        return Ruling::Found(vec![less_sharp(lost, limit_s)]);
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

/// How wide edges of a sharp picture may be in pixels of what was measured.
fn width_max_px(video: &Video, case: &Case<'_>) -> f64 {
    let limit_px = case.limits.get("video_edge_width_px");
    let sides = video.sizes.iter().map(|s| s.width_px.max(s.height_px));
    let scale = sides
        .max()
        .map_or(1.0, |side_px| f64::from(side_px) / DECISION_SIDE_PX);
    let least_px = case.limits.get("video_edge_width_least_px");
    (limit_px * scale.min(1.0)).max(least_px.min(limit_px))
}

/// Both the width of edges and the blur are beyond their limits in a soft
/// picture. A value that could not be taken from the sharpest tiles means that
/// most of them have no clear edge.
fn is_soft(sample: &Clarity, width_max_px: f64, case: &Case<'_>) -> bool {
    let keeps = |value: Option<f32>, limit| value.is_some_and(|v| f64::from(v) <= limit);
    !(keeps(sample.edge_width_px, width_max_px)
        || keeps(sample.blur_ratio, case.limits.get("video_blur_ratio")))
}

/// Time from sample to sample; each stands for the time to the next.
fn step_s(samples: &[Clarity]) -> f64 {
    match (samples.first(), samples.last()) {
        (Some(first), Some(last)) if samples.len() > 1 => {
            (last.at_s - first.at_s) / (samples.len() - 1) as f64
        }
        _ => 0.0,
    }
}

/// Stretches that are far less sharp than the recording usually is, though the
/// camera was not moved.
fn sudden_loss(video: &Video, case: &Case<'_>) -> Vec<Span> {
    let tiles_min = case.limits.get("detail_tiles_count");
    // Heavy blur leaves shapes and no clear edge.
    let samples: Vec<&Clarity> = video
        .clarity
        .iter()
        .filter(|s| f64::from(s.textured_tiles + s.vague_tiles) >= tiles_min)
        .collect();
    let usual = |value: fn(&Clarity) -> Option<f32>| {
        let mut values: Vec<f32> = samples.iter().filter_map(|s| value(s)).collect();
        values.sort_by(f32::total_cmp);
        let place = (values.len() as f64 * USUAL_QUANTILE) as usize;
        values.get(place).map(|v| f64::from(*v))
    };
    let (Some(width_px), Some(blur)) = (usual(|s| s.edge_width_px), usual(|s| s.blur_ratio)) else {
        return Vec::new();
    };
    let width_max_px = width_px * case.limits.get("loss_width_ratio");
    let blur_max = blur * case.limits.get("loss_blur_ratio");
    let exceeds = |value: Option<f32>, limit: f64| value.is_none_or(|v| f64::from(v) >= limit);
    let judged: Vec<(f64, bool)> = samples
        .iter()
        .map(|s| {
            let is_lost = exceeds(s.edge_width_px, width_max_px) && exceeds(s.blur_ratio, blur_max);
            (s.at_s, is_lost)
        })
        .collect();
    let lost = judged.iter().filter(|(_, is_lost)| *is_lost).count();
    if samples.len() < USUAL_MIN || lost as f64 > LOST_SHARE_MAX * samples.len() as f64 {
        return Vec::new();
    }
    // What most of the recording looks like is a loss only if it was sharp before
    // and is sharp again.
    let is_most = lost * 2 > samples.len();
    let step_s = step_s(&video.clarity);
    let is_sharp_around = |span: &Span| {
        let sharp_s = || judged.iter().filter(|(_, is_lost)| !is_lost).map(|s| s.0);
        sharp_s().any(|at_s| at_s < span.start_s)
            && sharp_s().any(|at_s| at_s + step_s / 2.0 >= span.end_s)
    };
    let share_min = case.limits.get("soft_share_ratio");
    mostly(&judged, share_min, SOFT_MIN, step_s)
        .into_iter()
        .filter(|span| !is_moved(video, span) && (!is_most || is_sharp_around(span)))
        .collect()
}

/// True if the picture changes more within the span than elsewhere.
fn is_moved(video: &Video, span: &Span) -> bool {
    let series = &video.difference_mean;
    let (mut within, mut elsewhere) = (Vec::new(), Vec::new());
    for (n, value) in series.values.iter().enumerate() {
        let start_s = n as f64 * series.step_s;
        let end_s = start_s + series.step_s;
        let Some(value) = value else {
            continue;
        };
        // The seconds in which it begins and ends belong to neither.
        if start_s >= span.start_s && end_s <= span.end_s {
            within.push(*value);
        } else if end_s < span.start_s - series.step_s || start_s > span.end_s + series.step_s {
            elsewhere.push(*value);
        }
    }
    match (middle(within), middle(elsewhere)) {
        (Some(within), Some(elsewhere)) => f64::from(within) > MOVED_TIMES * f64::from(elsewhere),
        _ => true,
    }
}

fn middle(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

fn soft(found: Vec<Span>, limit_s: f64) -> Seen {
    let (places, longest_s) = (spans(&found), longest_s(&found));
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
    tell(found, longest_s, limit_s, text)
}

fn less_sharp(found: Vec<Span>, limit_s: f64) -> Seen {
    let (places, longest_s) = (spans(&found), longest_s(&found));
    let text = Text::new(
        format!(
            "画面在 {} 明显不如该录像其余部分清晰,最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
            places.zh
        ),
        format!(
            "The picture is far less sharp at {} than in the rest of the recording, for {longest_s:.1} s at \
             most (limit {limit_s:.1} s).",
            places.en
        ),
    );
    tell(found, longest_s, limit_s, text)
}

fn tell(found: Vec<Span>, longest_s: f64, limit_s: f64, text: Text) -> Seen {
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
    use crate::measure::video::SizeFrom;

    fn sample(at_s: f64, kind: char) -> Clarity {
        let (textured_tiles, edge_width_px, blur_ratio) = match kind {
            'S' => (40, Some(2.0), Some(0.3)),
            'b' => (40, Some(8.0), Some(0.6)),
            'w' => (40, Some(5.01), Some(0.5)),
            'c' => (40, Some(5.0), Some(0.51)),
            'x' => (40, Some(5.01), Some(0.51)),
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
        assert_eq!(judged("SSSbbbSSS", 0.99), None);
        assert_eq!(judged("SSSbbbSSS", 1.0), Some(Level::Attention));
        assert_eq!(judged("SSSbbbSSS", 1.01), Some(Level::Attention));
        // Turning the camera, searching for focus.
        assert_eq!(judged("SSbbSSbbSSSbbS", 1.0), None);
        // Two samples, however far apart, are too few.
        assert_eq!(judged("SSbbSS", 8.0), None);
    }

    #[test]
    fn four_fifths_of_the_samples_are_the_limit() {
        assert_eq!(judged("SSSSbbbbSbSSSS", 1.0), Some(Level::Attention));
        assert_eq!(judged("SSbbSbSbSSSbbSbbSS", 1.0), None);
    }

    #[test]
    fn a_picture_is_soft_beyond_both_limits() {
        for kinds in ["wwwwwww", "ccccccc"] {
            assert_eq!(judged(kinds, 1.0), None, "{kinds}");
        }
        for kinds in ["xxxxxxx", "vvvvvvv"] {
            assert_eq!(judged(kinds, 1.0), Some(Level::Attention), "{kinds}");
        }
    }

    #[test]
    fn the_limit_of_the_width_shrinks_with_the_picture_to_a_least_value() {
        let soft_from = |side_px: u32, width_px: f32| {
            let mut trial = Trial::video(60.0);
            trial.m.video = Some(Video {
                clarity: (0..8)
                    .map(|n| Clarity {
                        edge_width_px: Some(width_px),
                        ..sample(f64::from(n), 'b')
                    })
                    .collect(),
                sizes: vec![SizeFrom {
                    width_px: side_px,
                    height_px: 240,
                    at_s: 0.0,
                }],
                ..Video::default()
            });
            matches!(trial.judge(&CHECK), Ruling::Found(_))
        };
        assert!(!soft_from(1920, 5.0) && soft_from(1920, 5.01));
        assert!(!soft_from(854, 4.16) && soft_from(854, 4.18));
        assert!(!soft_from(320, 3.6) && soft_from(320, 3.61));
    }

    #[test]
    fn a_sudden_loss_is_told_unless_the_camera_was_moved() {
        let judged = |width_px: f32, blur_ratio: f32, lost: u32, change: f32| {
            let mut trial = Trial::video(20.0);
            let within = |n: u32| (8..8 + lost).contains(&n);
            let mut video = Video {
                clarity: (0..20)
                    .map(|n| Clarity {
                        edge_width_px: Some(if within(n) { width_px } else { 2.0 }),
                        blur_ratio: Some(if within(n) { blur_ratio } else { 0.3 }),
                        ..sample(f64::from(n), 'S')
                    })
                    .collect(),
                ..Video::default()
            };
            video.difference_mean.values = (0..20)
                .map(|n| Some(if within(n) { change } else { 2.0 }))
                .collect();
            trial.m.video = Some(video);
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].level),
                _ => None,
            }
        };
        assert_eq!(judged(2.7, 0.38, 4, 1.5), Some(Level::Attention));
        assert_eq!(judged(2.5, 0.38, 4, 1.5), None);
        assert_eq!(judged(2.7, 0.37, 4, 1.5), None);
        assert_eq!(judged(2.7, 0.38, 2, 1.5), None);
        assert_eq!(judged(2.7, 0.38, 4, 2.5), None);
        // Most of the recording is so: only if it is sharp again.
        assert_eq!(judged(2.7, 0.38, 11, 1.5), Some(Level::Attention));
        assert_eq!(judged(2.7, 0.38, 12, 1.5), None);
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
            (2.0, 7.0)
        );
        assert!(matches!(ruling("", 1.0), Ruling::NotRun(_)));
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
