//! `video_black`: black picture or covered lens.

use crate::check::moments::{lasting, not_measured};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Strength};
use crate::measure::video::Video;
use crate::measurements::{Kind, Span};
use crate::text::StaticText;

/// What a stretch shows instead of a scene.
const BLACK: StaticText = StaticText {
    zh: "画面全黑",
    en: "The picture is black",
};
const NOTHING: StaticText = StaticText {
    zh: "画面没有可见内容,镜头可能被遮挡",
    en: "The picture shows nothing, as with a covered lens",
};

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_black",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Fact,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面全黑或镜头被遮挡",
        en: "Black picture or covered lens",
    },
    pass: StaticText {
        zh: "未见黑屏或镜头被遮挡的时段。",
        en: "No black stretch and no covered lens.",
    },
    doc: StaticText {
        zh: "**检查内容** 画面全黑,或明暗几乎没有差别的时段。\n\n\
             **测量方法** 九成像素亮度低于 24(黑为 16)为黑;亮度标准差低于 4 级为无内容。开头和结尾几秒不计,\
             佩戴式设备常在口袋中开关机。前后都明亮而突然变黑的、内容突然全失又突然恢复的,较短即需复核。\n\n\
             **可能含义** 镜头被遮挡、未开盖、光线全无。\n\n\
             **常见的正常原因** 夜间、机柜内部、近距离对着墙面。\n\n\
             **如何确认** 播放该时段,听声音是否继续。",
        en: "**What it finds** Stretches in which the picture is black or shows no differences of brightness.\n\n\
             **How it is measured** Black is nine tenths of the pixels below 24 (black is 16); without content is a \
             standard deviation below 4 levels. The first and last seconds do not count: body cameras are \
             switched in the pocket. Sudden black between bright pictures, and content that is gone and back at once, count \
             from a shorter time on.\n\n\
             **What it can mean** A covered or capped lens; no light at all.\n\n\
             **Usual innocent causes** Night; the inside of a cabinet; a wall close by.\n\n\
             **What would settle it** Playing the stretch and listening.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf blackdetect=d=2:pic_th=0.9 -f null -",
    params: &[
        Param {
            key: "black_attention_s",
            unit: "s",
            default: 2.0,
            min: 0.2,
            max: 600.0,
            doc: StaticText {
                zh: "黑屏达到此时长即需复核;越小越严。",
                en: "A black stretch of this length asks for a person; smaller is stricter.",
            },
            source: "FFmpeg blackdetect, default d=2",
        },
        Param {
            key: "black_sudden_attention_s",
            unit: "s",
            default: 0.4,
            min: 0.2,
            max: 600.0,
            doc: StaticText {
                zh: "前后都明亮时,其间的黑屏达到此时长即需复核;越小越严。",
                en: "Black of this length between bright pictures asks for a person; smaller is stricter.",
            },
            source: "named guess: a dip between two scenes lasts half a second, a shutter or flash does not",
        },
        Param {
            key: "black_bright_levels",
            unit: "levels",
            default: 60.0,
            min: 30.0,
            max: 235.0,
            doc: StaticText {
                zh: "前后一秒中最亮一成像素至少达到此亮度(黑为16)才算明亮;越小越严。",
                en: "The lightest tenth of the seconds before and after must be this bright (black is 16); \
                     smaller is stricter.",
            },
            source: "named guess: night scenes stay below it",
        },
        Param {
            key: "covered_attention_s",
            unit: "s",
            default: 5.0,
            min: 0.2,
            max: 600.0,
            doc: StaticText {
                zh: "画面无内容达到此时长即需复核;越小越严。",
                en: "A stretch without content of this length asks for a person; smaller is stricter.",
            },
            source: "named guess: longer than a pan across a wall",
        },
        Param {
            key: "covered_sudden_attention_s",
            unit: "s",
            default: 2.0,
            min: 0.2,
            max: 600.0,
            doc: StaticText {
                zh: "画面突然失去全部内容、又突然恢复时,其间达到此时长即需复核;越小越严。",
                en: "Where all content is gone at once and back at once, a stretch between of this length asks for \
                     a person; smaller is stricter.",
            },
            source: "as black_attention_s: a pan across a wall begins and ends with the wall's edges in view",
        },
        Param {
            key: "black_edge_s",
            unit: "s",
            default: 5.0,
            min: 0.0,
            max: 60.0,
            doc: StaticText {
                zh: "开头和结尾此时长内的黑屏只作提示;越小越严。",
                en: "Black within this time of the start or the end is only told; smaller is stricter.",
            },
            source: "research on body cameras: switched on and off in the pocket",
        },
        Param {
            key: "black_fail_ratio",
            unit: "ratio",
            default: 0.9,
            min: 0.1,
            max: 1.0,
            doc: StaticText {
                zh: "黑屏占全长的比例达到此值为不符合;越小越严。",
                en: "A recording black for this share of its length fails; smaller is stricter.",
            },
            source: "named guess: nothing is to be seen",
        },
    ],
    judge,
};

/// How near the end of a stretch the change lies that made it.
const COVER_NEAR_S: f64 = 0.2;
/// Share of the blocks that are new there: a lens that is covered or cleared from
/// one picture to the next has 0.79 to 1.0 (measured on three cameras), a hand takes
/// a few pictures.
const COVER_UNFORETOLD: f32 = 0.3;

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let edge_s = case.limits.get("black_edge_s");
    let end_s = video.duration_s;
    let black_limit_s = case.limits.get("black_attention_s");
    let sudden_limit_s = case.limits.get("black_sudden_attention_s");
    let is_sudden = |span: &Span| {
        span.duration_s() >= sudden_limit_s
            && between_bright(span, video, case.limits.get("black_bright_levels"))
    };
    let at_edge = |s: &Span| (s.end_s <= edge_s || s.start_s >= end_s - edge_s) && !is_sudden(s);
    let black: Vec<Span> = longer(&video.dark_spans, black_limit_s);
    let sudden: Vec<Span> = video
        .dark_spans
        .iter()
        .filter(|span| span.duration_s() < black_limit_s && is_sudden(span))
        .copied()
        .collect();
    let black_s: f64 = video.dark_spans.iter().map(Span::duration_s).sum();
    let mut seen = Vec::new();
    let is_whole = end_s > 0.0 && black_s >= case.limits.get("black_fail_ratio") * end_s;
    if is_whole {
        seen.push(lasting(
            black_of(&black, &video.dark_spans),
            black_limit_s,
            Level::Fail,
            BLACK,
        ));
    } else {
        let (edge, inner): (Vec<Span>, Vec<Span>) = black.into_iter().partition(at_edge);
        seen.extend(some(inner).map(|s| lasting(s, black_limit_s, Level::Attention, BLACK)));
        seen.extend(some(sudden).map(|s| lasting(s, sudden_limit_s, Level::Attention, BLACK)));
        seen.extend(some(edge).map(|s| lasting(s, black_limit_s, Level::Info, BLACK)));
    }
    let covered_limit_s = case.limits.get("covered_attention_s");
    let sudden_cover_s = case.limits.get("covered_sudden_attention_s");
    let (sudden, slow): (Vec<Span>, Vec<Span>) = video
        .featureless_spans
        .iter()
        .partition(|span| is_sudden_cover(span, video));
    let sudden = longer(&sudden, sudden_cover_s);
    let covered = longer(&slow, covered_limit_s);
    let (edge, inner): (Vec<Span>, Vec<Span>) = covered.into_iter().partition(at_edge);
    seen.extend(some(sudden).map(|s| lasting(s, sudden_cover_s, Level::Attention, NOTHING)));
    seen.extend(some(inner).map(|s| lasting(s, covered_limit_s, Level::Attention, NOTHING)));
    seen.extend(some(edge).map(|s| lasting(s, covered_limit_s, Level::Info, NOTHING)));
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// True if the whole seconds before and after are bright. A stretch within a
/// second of the start or the end has none on that side.
fn between_bright(span: &Span, video: &Video, bright: f64) -> bool {
    let series = &video.luma_p90;
    let entry = |index: i64| {
        let value = usize::try_from(index)
            .ok()
            .and_then(|i| series.values.get(i));
        value.copied().flatten()
    };
    let first = (span.start_s / series.step_s).floor() as i64;
    let last = (span.end_s / series.step_s).floor() as i64;
    [entry(first - 1), entry(last + 1)]
        .into_iter()
        .all(|level| level.is_some_and(|l| f64::from(l) >= bright))
}

/// True if the picture changes wholly at both ends: something was put before the
/// lens and taken away, where a wall that is passed comes and goes by its edges.
fn is_sudden_cover(span: &Span, video: &Video) -> bool {
    [span.start_s, span.end_s].into_iter().all(|end_s| {
        let mut moments = video.moments.iter();
        moments.any(|m| (m.at_s - end_s).abs() <= COVER_NEAR_S && m.unforetold >= COVER_UNFORETOLD)
    })
}

fn longer(list: &[Span], limit_s: f64) -> Vec<Span> {
    list.iter()
        .filter(|s| s.duration_s() >= limit_s)
        .copied()
        .collect()
}

/// A recording may be black in short stretches only.
fn black_of(long: &[Span], all: &[Span]) -> Vec<Span> {
    if long.is_empty() {
        all.to_vec()
    } else {
        long.to_vec()
    }
}

fn some(list: Vec<Span>) -> Option<Vec<Span>> {
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::video::Moment;

    fn judged(dark: &[(f64, f64)], featureless: &[(f64, f64)]) -> Vec<Level> {
        let list = |l: &[(f64, f64)]| {
            l.iter()
                .map(|(start_s, end_s)| Span {
                    start_s: *start_s,
                    end_s: *end_s,
                })
                .collect()
        };
        let mut trial = Trial::video(60.0);
        trial.m.video = Some(Video {
            duration_s: 60.0,
            dark_spans: list(dark),
            featureless_spans: list(featureless),
            ..Video::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| s.level).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn two_seconds_of_black_are_the_limit() {
        assert!(judged(&[(20.0, 21.99)], &[]).is_empty());
        assert_eq!(judged(&[(20.0, 22.0)], &[]), [Level::Attention]);
        assert_eq!(judged(&[(20.0, 22.01)], &[]), [Level::Attention]);
    }

    #[test]
    fn a_lens_covered_and_cleared_at_once_counts_from_two_seconds_on() {
        let judged = |length_s: f64, out_unforetold: f32, back_off_s: f64| {
            let moment = |at_s, unforetold| Moment {
                at_s,
                unforetold,
                ..Moment::default()
            };
            let mut trial = Trial::video(20.0);
            trial.m.video = Some(Video {
                duration_s: 20.0,
                featureless_spans: vec![Span {
                    start_s: 2.0,
                    end_s: 2.0 + length_s,
                }],
                moments: vec![
                    moment(2.0, out_unforetold),
                    moment(2.0 + length_s + back_off_s, 0.9),
                ],
                ..Video::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].level),
                _ => None,
            }
        };
        assert_eq!(judged(2.01, 0.3, 0.19), Some(Level::Attention));
        assert_eq!(judged(1.99, 0.9, 0.0), None);
        assert_eq!(judged(4.0, 0.29, 0.0), None);
        assert_eq!(judged(4.0, 0.9, 0.21), None);
    }

    #[test]
    fn sudden_black_between_bright_pictures_counts_from_less_on() {
        let judged = |start_s: f64, end_s: f64, before: f32, after: f32| {
            let mut trial = Trial::video(20.0);
            let mut video = Video {
                duration_s: 20.0,
                dark_spans: vec![Span { start_s, end_s }],
                ..Video::default()
            };
            let level = |s: usize| if (s as f64) < start_s { before } else { after };
            video.luma_p90.values = (0..20).map(|s| Some(level(s))).collect();
            trial.m.video = Some(video);
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].level),
                _ => None,
            }
        };
        assert_eq!(judged(10.2, 10.6, 60.0, 60.0), Some(Level::Attention));
        assert_eq!(judged(10.2, 10.59, 60.0, 60.0), None);
        // Night before or after, as when a light is switched on.
        assert_eq!(judged(10.2, 10.9, 59.0, 200.0), None);
        assert_eq!(judged(10.2, 10.9, 200.0, 59.0), None);
        // Neither the pocket at the start nor the one at the end.
        assert_eq!(judged(2.0, 4.5, 200.0, 200.0), Some(Level::Attention));
        assert_eq!(judged(0.5, 0.9, 200.0, 200.0), None);
        assert_eq!(judged(19.2, 19.9, 200.0, 200.0), None);
    }

    #[test]
    fn the_pocket_at_start_and_end_is_only_told() {
        assert_eq!(judged(&[(0.0, 5.0)], &[]), [Level::Info]);
        assert_eq!(judged(&[(0.0, 5.01)], &[]), [Level::Attention]);
        assert_eq!(judged(&[(55.0, 60.0)], &[]), [Level::Info]);
    }

    #[test]
    fn nine_tenths_of_black_fail() {
        assert_eq!(judged(&[(0.0, 54.0)], &[]), [Level::Fail]);
        assert_eq!(judged(&[(0.0, 53.9)], &[]), [Level::Attention]);
    }

    #[test]
    fn five_seconds_without_content_are_the_limit() {
        assert!(judged(&[], &[(20.0, 24.99)]).is_empty());
        assert_eq!(judged(&[], &[(20.0, 25.0)]), [Level::Attention]);
    }
}
