//! `video_inserted`: a foreign stretch between two cuts or dissolves, after
//! which the old view goes on.

use crate::check::cuts::is_hard;
use crate::check::moments::{longest_s, not_measured, overlap_s, spans};
use crate::check::{Alone, Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::Video;
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// An end of a stretch and the cut there are the same picture.
const SAME_PICTURE_S: f64 = 0.001;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_inserted",
    clause: "no.insert",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "疑似插入其他画面",
        en: "Foreign pictures seem to be inserted",
    },
    pass: StaticText {
        zh: "未见插入的其他画面。",
        en: "No inserted stretch was seen.",
    },
    doc: StaticText {
        zh: "**检查内容** 画面硬切或渐变到另一场景,一段时间后又硬切或渐变回来,并从离开时的画面继续。\n\n\
             **测量方法** 每次离开一个画面时记下该画面;两分钟内又出现的,与离开时逐块比较。两端都须为硬切或渐变,中间不是黑屏。\
             两端均为硬切且亮度没有大变的为较强迹象;亮度大变的可能是开关灯,与渐变一样只作辅助迹象。\
             报告写明每端亮度与细节变了多少。\n\n\
             **可能含义** 插入了其他画面,或录制中途换了画面来源。\n\n\
             **常见的正常原因** 监控主机轮换镜头、录屏时切换窗口、镜头被突然完全遮住又移开。\n\n\
             **如何确认** 播放该段,看画面与声音是否属于同一现场。",
        en: "**What it finds** A hard cut or a dissolve to another scene and, some time later, one back to the view \
             that was left, which then goes on.\n\n\
             **How it is measured** Whenever a view is left it is kept; if it appears again within two minutes it \
             is compared block by block with the one that was left. Both ends must be hard cuts or dissolves and \
             the stretch between not dark. Hard cuts without a large change of light are a strong sign; with one \
             it may be a lamp that was switched, which only supports, as dissolves do. The report says by how \
             much light and detail change at either end.\n\n\
             **What it can mean** Foreign pictures were put in, or the source was switched while recording.\n\n\
             **Usual innocent causes** A recorder that takes turns among cameras; windows switched in a screen \
             recording; a lens covered whole and cleared at once.\n\n\
             **What would settle it** Playing the stretch: do picture and sound belong to the same place?",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf scdet=t=5 -f null -",
    params: &[
        Param {
            key: "resumed_unforetold_ratio",
            unit: "ratio",
            default: 0.2,
            min: 0.02,
            max: 0.45,
            doc: StaticText {
                zh: "回来的画面中,至多此比例的画面块在离开时的画面中找不到;越大越严。",
                en: "Of the view that is back, at most this share of the blocks is not found in the one that was \
                     left; larger is stricter.",
            },
            source: "measured: 1 s and 3 s inserted into recordings of eight cameras 0.0 to 0.05",
        },
        Param {
            key: "light_levels",
            unit: "levels",
            default: 40.0,
            min: 0.0,
            max: 255.0,
            doc: StaticText {
                zh: "两端亮度变化(灰度级)超过此值的只作辅助迹象;越大越严。",
                en: "Ends that change the light by more than this many grey levels only support; larger is \
                     stricter.",
            },
            source: "named guess: a lamp in a room changes the mean by 50 levels and more",
        },
        Param {
            key: "hard_unforetold_ratio",
            unit: "ratio",
            default: 0.75,
            min: 0.3,
            max: 1.0,
            doc: StaticText {
                zh: "两端:在前一帧中找不到的画面块至少占此比例;越小越严。",
                en: "Ends: at least this share of the blocks is not found in the picture before; smaller is \
                     stricter.",
            },
            source: "as video_cut",
        },
        Param {
            key: "hard_residual_ratio",
            unit: "ratio",
            default: 1.3,
            min: 0.5,
            max: 2.0,
            doc: StaticText {
                zh: "两端:剩余差异与画面自身反差之比至少为此值;越小越严。",
                en: "Ends: what is left over is at least this many times the picture's own contrast; smaller is \
                     stricter.",
            },
            source: "as video_cut",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let limit = case.limits.get("resumed_unforetold_ratio");
    let light_max = case.limits.get("light_levels");
    let (mut strong, mut weak) = (Vec::new(), Vec::new());
    for resumed in &video.resumed {
        let length_s = resumed.span.duration_s();
        // A covered lens is no other scene.
        let is_blind = [&video.dark_spans, &video.featureless_spans]
            .iter()
            .any(|spans| overlap_s(&resumed.span, spans) > length_s / 2.0);
        let ends = (
            end_at(video, resumed.span.start_s, case),
            end_at(video, resumed.span.end_s, case),
        );
        let (Some(out), Some(back)) = ends else {
            continue;
        };
        if f64::from(resumed.unforetold) > limit || is_blind {
            continue;
        }
        let light = out
            .brightness_levels
            .abs()
            .max(back.brightness_levels.abs());
        let inserted = Inserted {
            span: resumed.span,
            out,
            back,
        };
        if out.is_hard && back.is_hard && f64::from(light) <= light_max {
            strong.push(inserted);
        } else {
            weak.push(inserted);
        }
    }
    let seen: Vec<Seen> = [(strong, Strength::Strong), (weak, Strength::Supporting)]
        .into_iter()
        .filter(|(found, _)| !found.is_empty())
        .map(|(found, strength)| tell(found, strength))
        .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// A stretch between two ends.
struct Inserted {
    span: Span,
    out: End,
    back: End,
}

/// One end of a stretch: what changes there.
#[derive(Clone, Copy)]
struct End {
    is_hard: bool,
    brightness_levels: f32,
    detail_ratio: f32,
}

/// The hard cut or the dissolve at this instant.
fn end_at(video: &Video, at_s: f64, case: &Case<'_>) -> Option<End> {
    let unforetold_min = case.limits.get("hard_unforetold_ratio");
    let residual_min = case.limits.get("hard_residual_ratio");
    let is_here = |there_s: f64| (there_s - at_s).abs() <= SAME_PICTURE_S;
    let hard = video
        .moments
        .iter()
        .find(|m| is_here(m.at_s) && is_hard(m, &video.moments, unforetold_min, residual_min));
    let soft = || video.dissolves.iter().find(|d| is_here(d.at_s));
    match hard {
        Some(m) => Some(End {
            is_hard: true,
            brightness_levels: m.brightness_levels,
            detail_ratio: m.detail_ratio,
        }),
        None => soft().map(|d| End {
            is_hard: false,
            brightness_levels: d.brightness_levels,
            detail_ratio: d.detail_ratio,
        }),
    }
}

impl End {
    /// What it is and what changes, in Chinese and English.
    fn words(&self) -> Text {
        let (zh, en) = if self.is_hard {
            ("硬切", "a hard cut")
        } else {
            ("渐变", "a dissolve")
        };
        let (levels, times) = (self.brightness_levels, self.detail_ratio);
        Text::new(
            format!("{zh},亮度变化 {levels:+.0} 级、细节变为 {times:.1} 倍"),
            format!("{en}, light {levels:+.0} levels, detail {times:.1} times"),
        )
    }
}

fn tell(found: Vec<Inserted>, strength: Strength) -> Seen {
    let places: Vec<Span> = found.iter().map(|one| one.span).collect();
    let longest_s = longest_s(&places);
    let named = spans(&places);
    let ends = found.first().map(|one| (one.out.words(), one.back.words()));
    let (zh, en) = ends.map_or_else(
        || (String::new(), String::new()),
        |(out, back)| {
            (
                format!("首处离开时为{};回来时为{}。", out.zh, back.zh),
                format!(" The first is left by {} and ends by {}.", out.en, back.en),
            )
        },
    );
    Seen {
        measured: Some(longest_s),
        unit: "s",
        spans: places,
        alone: Alone::AsksForAPerson,
        ..Seen::new(
            Level::Attention,
            strength,
            Text::new(
                format!(
                    "画面在 {} 转到另一场景,之后又从离开时的画面继续,最长 {longest_s:.1} 秒。{zh}",
                    named.zh
                ),
                format!(
                    "At {} the picture changes to another scene and then goes on from where it was left, after \
                     {longest_s:.1} s at most.{en}",
                    named.en
                ),
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::cuts::tests::hard_cut;
    use crate::check::trial::Trial;
    use crate::measure::video::{Dissolve, Moment, Resumed};

    /// A stretch from 10 s to 13 s.
    fn inserted(unforetold: f32, light: f32) -> Video {
        let end = |at_s| Moment {
            at_s,
            brightness_levels: light,
            ..hard_cut()
        };
        Video {
            duration_s: 60.0,
            moments: vec![end(10.0), end(13.0)],
            resumed: vec![Resumed {
                span: Span {
                    start_s: 10.0,
                    end_s: 13.0,
                },
                unforetold,
            }],
            ..Video::default()
        }
    }

    fn found(video: Video) -> Option<Strength> {
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(video);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].strength),
            _ => None,
        }
    }

    #[test]
    fn the_old_view_must_go_on() {
        assert_eq!(found(inserted(0.19, 0.0)), Some(Strength::Strong));
        assert_eq!(found(inserted(0.21, 0.0)), None);
    }

    #[test]
    fn a_lamp_only_supports() {
        assert_eq!(found(inserted(0.0, -40.0)), Some(Strength::Strong));
        assert_eq!(found(inserted(0.0, 40.5)), Some(Strength::Supporting));
    }

    #[test]
    fn soft_ends_support_and_are_named() {
        let mut soft = inserted(0.0, 0.0);
        soft.moments.pop();
        soft.dissolves = vec![Dissolve {
            at_s: 13.0,
            brightness_levels: -12.0,
            detail_ratio: 0.6,
            ..Dissolve::default()
        }];
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(soft);
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("it is found");
        };
        assert_eq!(seen[0].strength, Strength::Supporting);
        let text = &seen[0].text.en;
        assert!(
            text.contains("ends by a dissolve, light -12 levels, detail 0.6 times"),
            "{text}"
        );
    }

    #[test]
    fn both_ends_must_be_cuts_and_the_stretch_lit() {
        let mut one_end = inserted(0.0, 0.0);
        one_end.moments.pop();
        assert_eq!(found(one_end), None);
        let mut dark = inserted(0.0, 0.0);
        dark.dark_spans = vec![Span {
            start_s: 10.0,
            end_s: 12.0,
        }];
        assert_eq!(found(dark), None);
    }

    #[test]
    fn without_pictures_it_does_not_pass() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
        assert_eq!(found(Video::default()), None);
    }
}
