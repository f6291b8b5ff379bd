//! `video_blocky`: coded so coarsely that blocks take the place of the picture.

use crate::check::moments::{longest_s, mostly, not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Clarity, DetachedBlocks};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Share of the samples of a stretch that must be coarse.
const SHARE_MIN: f64 = 0.8;
/// Samples that a stretch has at least.
const SAMPLES_MIN: u32 = 2;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_blocky",
    clause: "av.clear",
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面有明显块状失真",
        en: "The picture is blocky",
    },
    pass: StaticText {
        zh: "抽取的画面没有明显块状失真。",
        en: "The sampled pictures show no coarse blocks.",
    },
    doc: StaticText {
        zh: "**检查内容** 压缩过度、画面被方块代替的时段,以及画面某一部分成片的方块与周围脱离(数据损坏)的时段。\n\n\
             **测量方法** 约每秒抽取一帧,在原始尺寸上测量8像素编码网格处的亮度台阶比其他位置高出多少(两个方向取\
             较小者,其他位置取最高者),并与画面自身的细节相比;H.264和HEVC会抹平台阶,另看码流中的量化参数。\
             瓷砖、百叶窗、网格的纹理很少在两个方向上都正好落在编码网格上。\
             另找内部平坦、四边都有台阶的16像素宏块,取相连最多的一片,标出其位置。\n\n\
             **可能含义** 码率过低或多次压缩,人脸和文字难以辨认;局部成片脱离的是传输或存储中损坏、解码时被补上的部分。\n\n\
             **常见的正常原因** 无线传输、聊天软件转发、设备设置为最低画质。\n\n\
             **如何确认** 播放标出的时段;向设备索取原始文件。",
        en: "**What it finds** Stretches that are compressed so far that blocks take the place of the picture, and \
             those in which a group of blocks in one part of the picture has come loose from the rest (damaged \
             data).\n\n\
             **How it is measured** About one picture a second is looked at in its own size: how much higher the \
             steps of brightness are on the coding grid of 8 pixels than at any other place (the lower of both \
             directions, against the highest of the other places), and how that compares with the detail of the \
             picture itself. H.264 and HEVC smooth the steps; there the quantiser written in the stream counts. \
             The texture of tiles, blinds and meshes seldom lies on that very grid in both directions. Besides, \
             macroblocks of 16 pixels are sought that are even within and step on their borders; the largest \
             group that touches counts, and its place is marked.\n\n\
             **What it can mean** A bit rate too low, or compression again and again: faces and texts can hardly \
             be made out. A loose group was damaged on its way or in storage, and the decoder filled it in.\n\n\
             **Usual innocent causes** A radio link; forwarding by a messenger; a device set to its lowest \
             quality.\n\n\
             **What would settle it** Playing the marked stretches; the original file from the device.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf blockdetect,metadata=print -f null -",
    params: &[
        Param {
            key: "blocky_attention_s",
            unit: "s",
            default: 2.0,
            min: 1.0,
            max: 600.0,
            doc: StaticText {
                zh: "块状失真持续达到此时长才计入;越小越严。",
                en: "Blocks count from this length of a stretch on; smaller is stricter.",
            },
            source: "named guess: the first second of a stream or a fast pan is often coarser",
        },
        Param {
            key: "block_step_levels",
            unit: "levels",
            default: 1.3,
            min: 0.1,
            max: 32.0,
            doc: StaticText {
                zh: "编码网格处的平均台阶(灰度级)达到此值、且与细节之比也达到限值,即需复核;越小越严。",
                en: "Mean step on the coding grid, in grey levels, that asks for a person together with its ratio \
                     to the detail; smaller is stricter.",
            },
            source: "measured: JPEG pictures at q 25 and MPEG-4 at q 31 have 1.5 to 4.4; 15 untouched recordings \
                     0.9 at most",
        },
        Param {
            key: "block_detail_ratio",
            unit: "ratio",
            default: 1.8,
            min: 0.1,
            max: 32.0,
            doc: StaticText {
                zh: "台阶与画面细节之比达到此值即需复核(与上一项同时);越小越严。",
                en: "Ratio of that step to the detail of the picture that asks for a person, together with the \
                     one above; smaller is stricter.",
            },
            source: "measured: likewise 1.9 to 3.2; 15 untouched recordings 0.25 at most",
        },
        Param {
            key: "block_mild_ratio",
            unit: "ratio",
            default: 0.7,
            min: 0.1,
            max: 32.0,
            doc: StaticText {
                zh: "台阶与画面细节之比达到此值即提示;越小越严。",
                en: "Ratio of that step to the detail that is told; smaller is stricter.",
            },
            source: "measured: MPEG-4 at q 12 and more has 0.73 and more",
        },
        Param {
            key: "quantiser_attention",
            unit: "level",
            default: 45.0,
            min: 20.0,
            max: 51.0,
            doc: StaticText {
                zh: "H.264、HEVC平均量化参数(最高51)达到此值即需复核;越小越严。",
                en: "Mean quantiser of H.264 and HEVC (51 at most) that asks for a person; smaller is stricter.",
            },
            source: "measured: x264 at crf 45 has 46.8; 15 untouched recordings 36.8 at most",
        },
        Param {
            key: "quantiser_mild",
            unit: "level",
            default: 40.0,
            min: 20.0,
            max: 51.0,
            doc: StaticText {
                zh: "H.264、HEVC平均量化参数达到此值即提示;越小越严。",
                en: "Mean quantiser of H.264 and HEVC that is told; smaller is stricter.",
            },
            source: "measured: x264 at crf 40 has 42.2; 15 untouched recordings 36.8 at most",
        },
        Param {
            key: "loose_share_ratio",
            unit: "ratio",
            default: 0.06,
            min: 0.01,
            max: 1.0,
            doc: StaticText {
                zh: "相连的脱离宏块占画面至少此比例(且不少于12块)才计入;越小越严。",
                en: "A group of loose blocks counts from this share of the picture on, and from 12 blocks; smaller \
                     is stricter.",
            },
            source: "measured: 14 uncut recordings of cameras 0.004 at most, a very coarse H.263 one 0.048; a ninth \
                     of the picture reduced to means of blocks 0.07 to 0.11",
        },
    ],
    judge,
};

/// Fewer loose blocks are no damage, however small the picture is.
const LOOSE_MIN: u32 = 12;
/// Pictures that show loose blocks before a person is asked: one may be a
/// screen, a mosaic or a card in view.
const LOOSE_SAMPLES_MIN: usize = 2;

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let samples: Vec<(f64, f64)> = video
        .clarity
        .iter()
        .filter_map(|sample| Some((sample.at_s, coarseness(sample, case)?)))
        .collect();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Ruling::NotRun(Text::new(
            "没有测量到编码块的边缘,未检测块状失真",
            "no edges of coding blocks were measured, so blockiness was not checked",
        ));
    };
    let step_s = (last.0 - first.0) / (samples.len() - 1).max(1) as f64;
    let limit_s = case.limits.get("blocky_attention_s");
    let stretches = |least: f64| -> Vec<Span> {
        let judged: Vec<(f64, bool)> = samples
            .iter()
            .map(|(at_s, coarseness)| (*at_s, *coarseness >= least))
            .collect();
        let found = mostly(&judged, SHARE_MIN, SAMPLES_MIN, step_s);
        found
            .into_iter()
            .filter(|span| span.duration_s() >= limit_s)
            .collect()
    };
    let mut seen = Vec::new();
    for (least, level) in [(COARSE, Level::Attention), (MILD, Level::Info)] {
        let found = stretches(least);
        if !found.is_empty() {
            seen.push(tell(found, limit_s, level));
            break;
        }
    }
    seen.extend(loose(&video.clarity, step_s, case));
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// Groups of blocks that have come loose. Where most of the recording shows them
/// they belong to the scene or to its coding, of which the rest speaks.
fn loose(samples: &[Clarity], step_s: f64, case: &Case<'_>) -> Option<Seen> {
    let limit = case.limits.get("loose_share_ratio");
    let found: Vec<(f64, DetachedBlocks)> = samples
        .iter()
        .filter_map(|sample| Some((sample.at_s, sample.detached_blocks?)))
        .filter(|(_, group)| group.blocks >= LOOSE_MIN && f64::from(group.share) >= limit)
        .collect();
    if found.is_empty() || found.len() * 2 > samples.len() {
        return None;
    }
    let level = if found.len() >= LOOSE_SAMPLES_MIN {
        Level::Attention
    } else {
        Level::Info
    };
    let most = found
        .iter()
        .map(|(_, group)| group.share)
        .fold(0.0, f32::max);
    let mut places: Vec<Span> = Vec::new();
    for (at_s, _) in &found {
        let end_s = at_s + step_s.max(0.0);
        match places.last_mut() {
            Some(last) if *at_s <= last.end_s + step_s / 2.0 => last.end_s = end_s,
            _ => places.push(Span {
                start_s: *at_s,
                end_s,
            }),
        }
    }
    let named = spans(&places);
    let percent = most * 100.0;
    Some(Seen {
        spans: places,
        regions: found
            .iter()
            .max_by(|a, b| a.1.share.total_cmp(&b.1.share))
            .map(|(_, group)| group.region)
            .into_iter()
            .collect(),
        measured: Some(f64::from(most)),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(
            level,
            Strength::Strong,
            Text::new(
                format!(
                    "{} 画面的一部分有成片方块与周围脱离,至多占 {percent:.0}%(限值 {:.0}%),像是数据损坏。",
                    named.zh,
                    limit * 100.0
                ),
                format!(
                    "At {} a group of blocks in one part of the picture has come loose from the rest, up to \
                     {percent:.0} % of it (limit {:.0} %), as damaged data leave it.",
                    named.en,
                    limit * 100.0
                ),
            ),
        )
    })
}

/// Blocks can be seen.
const MILD: f64 = 1.0;
/// Blocks take the place of faces and texts.
const COARSE: f64 = 2.0;

/// How coarse a picture is; `None` if nothing says so.
fn coarseness(sample: &Clarity, case: &Case<'_>) -> Option<f64> {
    let limit = |key| case.limits.get(key);
    let by_edges = sample.block_edges.map(|edges| {
        let step = f64::from(edges.excess_levels);
        let detail = f64::from(edges.detail_levels);
        let reaches = |key| step >= limit(key) * detail;
        if step >= limit("block_step_levels") && reaches("block_detail_ratio") {
            COARSE
        } else if step * 2.0 >= limit("block_step_levels") && reaches("block_mild_ratio") {
            MILD
        } else {
            0.0
        }
    });
    let by_quantiser = quantiser(sample.at_s, case).map(|q| {
        if q >= limit("quantiser_attention") {
            COARSE
        } else if q >= limit("quantiser_mild") {
            MILD
        } else {
            0.0
        }
    });
    match (by_edges, by_quantiser) {
        (Some(edges), Some(quantiser)) => Some(edges.max(quantiser)),
        (edges, quantiser) => edges.or(quantiser),
    }
}

fn quantiser(at_s: f64, case: &Case<'_>) -> Option<f64> {
    let series = &case.m.bitstream.as_ref()?.quantiser;
    let place = (at_s / series.step_s) as usize;
    series.values.get(place).copied().flatten().map(f64::from)
}

fn tell(found: Vec<Span>, limit_s: f64, level: Level) -> Seen {
    let longest_s = longest_s(&found);
    let places = spans(&found);
    let (zh, en) = if level == Level::Attention {
        ("块状失真严重", "blocks take the place of the picture")
    } else {
        ("可见块状失真", "blocks can be seen in the picture")
    };
    let text = Text::new(
        format!(
            "{} {zh},最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
            places.zh
        ),
        format!(
            "At {} {en}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
            places.en
        ),
    );
    let strength = if level == Level::Attention {
        Strength::Strong
    } else {
        Strength::Information
    };
    Seen {
        spans: found,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(level, strength, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::bitstream::Bitstream;
    use crate::measure::video::{BlockEdges, Video};
    use crate::measurements::Region;

    fn ruling(edges: Option<(f32, f32)>, quantiser: Option<f32>, samples: u32) -> Ruling {
        let mut trial = Trial::video(20.0);
        trial.m.video = Some(Video {
            clarity: (0..20)
                .map(|n| Clarity {
                    at_s: f64::from(n),
                    block_edges: edges.map(|(excess_levels, detail_levels)| BlockEdges {
                        excess_levels: if (5..5 + samples).contains(&n) {
                            excess_levels
                        } else {
                            0.0
                        },
                        detail_levels,
                    }),
                    ..Clarity::default()
                })
                .collect(),
            ..Video::default()
        });
        trial.m.bitstream = quantiser.map(|q| {
            let mut bitstream = Bitstream::default();
            bitstream.quantiser.values = vec![Some(q); 20];
            bitstream
        });
        trial.judge(&CHECK)
    }

    fn judged(edges: Option<(f32, f32)>, quantiser: Option<f32>, samples: u32) -> Option<Level> {
        match ruling(edges, quantiser, samples) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn steps_on_the_grid_must_be_high_and_exceed_the_detail() {
        assert_eq!(judged(Some((1.4, 0.7)), None, 9), Some(Level::Attention));
        assert_eq!(judged(Some((1.2, 0.5)), None, 9), Some(Level::Info));
        assert_eq!(judged(Some((1.4, 0.8)), None, 9), Some(Level::Info));
        assert_eq!(judged(Some((1.4, 2.1)), None, 9), None);
        assert_eq!(judged(Some((0.6, 0.2)), None, 9), None);
    }

    #[test]
    fn two_seconds_are_the_limit() {
        assert_eq!(judged(Some((3.0, 0.5)), None, 1), None);
        assert_eq!(judged(Some((3.0, 0.5)), None, 2), Some(Level::Attention));
    }

    #[test]
    fn where_steps_are_smoothed_the_quantiser_counts() {
        let clean = Some((0.1, 1.0));
        assert_eq!(judged(clean, Some(39.9), 0), None);
        assert_eq!(judged(clean, Some(40.0), 0), Some(Level::Info));
        assert_eq!(judged(clean, Some(45.0), 0), Some(Level::Attention));
        assert_eq!(judged(None, Some(45.0), 0), Some(Level::Attention));
    }

    #[test]
    fn loose_blocks_are_damage_where_the_rest_is_whole() {
        let judged = |blocks: u32, share: f32, samples: u32| {
            let mut trial = Trial::video(20.0);
            let region = Region {
                x: 0.25,
                y: 0.5,
                w: 0.25,
                h: 0.25,
            };
            trial.m.video = Some(Video {
                clarity: (0..20)
                    .map(|n| Clarity {
                        at_s: f64::from(n),
                        block_edges: Some(BlockEdges::default()),
                        detached_blocks: (5..5 + samples).contains(&n).then_some(DetachedBlocks {
                            blocks,
                            share,
                            region,
                        }),
                        ..Clarity::default()
                    })
                    .collect(),
                ..Video::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => {
                    assert_eq!((seen[0].regions.len(), seen[0].spans[0].start_s), (1, 5.0));
                    Some(seen[0].level)
                }
                _ => None,
            }
        };
        assert_eq!(judged(12, 0.061, 2), Some(Level::Attention));
        assert_eq!(judged(12, 0.061, 1), Some(Level::Info));
        assert_eq!(judged(11, 0.061, 2), None);
        assert_eq!(judged(12, 0.059, 2), None);
        assert_eq!(judged(12, 0.061, 11), None);
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        assert!(matches!(ruling(None, None, 0), Ruling::NotRun(_)));
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
