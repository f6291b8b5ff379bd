//! `video_cut`: the picture does not follow from the one before.

use crate::check::cuts::{
    SMALL_JUMP_UNFORETOLD, is_beside_cover, is_clear_jump, is_hard, is_jump, is_local_jump,
    is_small_jump, is_switch,
};
use crate::check::moments::{clock, not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::video::{Dissolve, Moment};
use crate::measurements::{Decoding, Kind, Span};
use crate::text::{StaticText, Text};

/// How near damage a step still belongs to it, in seconds.
const DAMAGE_NEAR_S: f64 = 0.1;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_cut",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Supporting,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面有跳变",
        en: "The picture jumps",
    },
    pass: StaticText {
        zh: "画面前后相接,未见切换或跳跃。",
        en: "Every picture follows from the one before; no cut or jump was seen.",
    },
    doc: StaticText {
        zh: "**检查内容** 画面突然换成另一场景(硬切),同一场景突然向前跳了一段(跳切),或一画面渐变为另一画面(叠化)。\n\n\
             **测量方法** 逐帧与前一帧比较:先求整幅画面的移动,再逐块在其附近寻找;找不到的块所占比例与剩余差异即为结果。\
             每块的剩余差异还与其附近各块在前后各 12 帧中的差异相比:远大于其中任何一个的,即为突然跳到别处的部分;但若只在画面的少数几处(九宫格中不足 5 格,如画面中的屏幕),或前后 10 秒内本来就有同样突然的变化,则不据此请人复核。\
             叠化时,其间每一帧都是前后两画面按渐增比例的混合,摇镜、遮挡、对焦都不会如此;前后两画面越相像,余下的须越少。\
             某处的灯亮起或熄灭时,形状仍在原处而只是明暗不同,如此的画面块占三分之一以上时只作提示。\
             快速摇镜会持续多帧,闪光之后原画面会回来,对焦会改变细节,光线变化会改变亮度,编码器刷新有其惯常幅度,均予排除。\n\n\
             **可能含义** 录制曾停止后继续,或有片段被删去、插入。\n\n\
             **常见的正常原因** 镜头突然被遮挡又移开、开关灯、解码损坏后恢复、拍摄的屏幕本身切换画面。\
             因此单凭此项不作“不符”结论;无常见原因可解释的硬切和明显跳切会请人复核,其余只作提示,须与声音、时间戳或结构上的迹象相符。\n\n\
             **如何确认** 逐帧播放该处,听声音是否连续。",
        en: "**What it finds** The picture changes to another scene at once (a hard cut), the same scene jumps ahead \
             (a jump cut), or one view fades into another (a dissolve).\n\n\
             **How it is measured** Every picture is compared with the one before. The motion of the whole picture \
             is found first, then every block is sought near it; the share that is not found and what is left over \
             are the result. What is left of each block is also held against what is left of all blocks near it in the \
             12 pictures on either side: blocks far beyond all of these are parts of the view that are suddenly \
             elsewhere. If these lie in fewer than five ninths of the picture, as a screen in view would, or if the \
             recording changes as suddenly of itself within 10 seconds, no person is asked for it. In a dissolve every \
             picture between is a mixture of the views on both sides with ever more of the later, as in no pan, \
             behind nothing that passes and in no search for focus; the more alike the views, the less may be \
             left. Where a lamp comes on or goes out, shapes stay where they are and are only lit otherwise: if \
             that holds for a third of the blocks or more, it is told for information. A whip pan goes on for several pictures, after a flash the old view comes back, a \
             focus change alters the detail, a change of light the brightness, and an encoder's refresh has its \
             usual size: these are told apart.\n\n\
             **What it can mean** The recording was stopped and went on, or a piece was taken out or put in.\n\n\
             **Usual innocent causes** The lens was covered and cleared at once; a light was switched; the decoder \
             recovered from damage; a screen in view changed its picture. So this alone calls no file \
             inconsistent: a hard cut, and a clear jump with no usual cause in sight, ask for a person; the rest is \
             told, and sound, timestamps or structure must agree.\n\n\
             **What would settle it** Stepping through the moment picture by picture, and listening to the sound.",
    },
    see_yourself: "ffmpeg -hide_banner -i {file} -vf scdet=t=5 -f null -",
    params: &[
        Param {
            key: "hard_unforetold_ratio",
            unit: "ratio",
            default: 0.75,
            min: 0.3,
            max: 1.0,
            doc: StaticText {
                zh: "硬切:在前一帧中找不到的画面块至少占此比例;越小越严。",
                en: "Hard cut: at least this share of the blocks is not found in the picture before; smaller is \
                     stricter.",
            },
            source: "measured: cuts between recordings of eight cameras 0.83 to 1.0",
        },
        Param {
            key: "hard_residual_ratio",
            unit: "ratio",
            default: 1.3,
            min: 0.5,
            max: 2.0,
            doc: StaticText {
                zh: "硬切:剩余差异与画面自身反差之比至少为此值;越小越严。",
                en: "Hard cut: what is left over is at least this many times the picture's own contrast; smaller \
                     is stricter.",
            },
            source: "measured: cuts 1.46 to 2.0, ends of whip pans up to 1.22",
        },
        Param {
            key: "jump_unforetold_ratio",
            unit: "ratio",
            default: 0.14,
            min: 0.05,
            max: 1.0,
            doc: StaticText {
                zh: "跳切:在前一帧中找不到的画面块至少占此比例;越小越严。",
                en: "Jump cut: at least this share of the blocks is not found in the picture before; smaller is \
                     stricter.",
            },
            source: "measured: 1 s taken out of hand-held and driving recordings 0.22 to 0.80",
        },
        Param {
            key: "jump_detail_ratio",
            unit: "ratio",
            default: 0.75,
            min: 0.5,
            max: 0.95,
            doc: StaticText {
                zh: "跳切:前后细节之比须在此值与其倒数之间,否则视为对焦或移动模糊;越小越严。",
                en: "Jump cut: detail changes by no more than this ratio either way, else it is focus or motion \
                     blur; smaller is stricter.",
            },
            source: "measured: jump cuts 0.79 to 1.21, focus jumps beyond 0.71 and 1.4",
        },
        Param {
            key: "jump_alone_residual_ratio",
            unit: "ratio",
            default: 4.5,
            min: 2.0,
            max: 100.0,
            doc: StaticText {
                zh: "跳切:剩余差异达到前后通常值的此倍数,且无常见原因时,单凭此项即请人复核;越小越严。",
                en: "Jump cut: from this many times the usual remainder on, with no usual cause in sight, it asks for \
                     a person by itself; smaller is stricter.",
            },
            source: "measured: 1 s taken out of moving recordings 4.6 to 15, a beak that struck the camera 4.1",
        },
        Param {
            key: "jump_surprised_ratio",
            unit: "ratio",
            default: 0.05,
            min: 0.02,
            max: 1.0,
            doc: StaticText {
                zh: "局部跳跃:与前一帧之差远大于其附近前后各 12 帧内任何差异的画面块,达到此比例且无常见原因时,\
                     单凭此项即请人复核;越小越严。",
                en: "Jump of a part of the view: from this share of blocks on that differ far more than anything near \
                     them in the 12 pictures on either side, with no usual cause in sight, it asks for a person by \
                     itself; smaller is stricter.",
            },
            source: "measured: 1 s and more taken out of recordings of seven cameras 0.05 to 1.0 in nine of ten \
                     cases, uncut steps up to 0.03",
        },
        Param {
            key: "dissolve_left_ratio",
            unit: "ratio",
            default: 0.08,
            min: 0.0,
            max: 0.1,
            doc: StaticText {
                zh: "叠化:中间画面除去前后两画面的混合后,余下的至多为较弱一方方差的此比例,两画面相像时按相关系数减少;越大越严。",
                en: "Dissolve: what a mixture of both views leaves of the picture between is at most this share of \
                     the fainter one's variance, less by their correlation; larger is stricter.",
            },
            source: "measured: dissolves of 0.3 s and 0.5 s 0.002 to 0.07; stripes that a turning camera passes 0.03 and more, \
                     which are left out by their motion",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(video) = &case.m.video else {
        return not_measured(case.m, "video");
    };
    let all = &video.moments;
    let limit = |key| case.limits.get(key);
    let (hard_min, residual_min) = (limit("hard_unforetold_ratio"), limit("hard_residual_ratio"));
    let (jump_min, detail_min) = (limit("jump_unforetold_ratio"), limit("jump_detail_ratio"));
    let surprised_min = limit("jump_surprised_ratio");
    let is_hard = |m: &&Moment| is_hard(m, all, hard_min, residual_min);
    let key = video.key_unforetold;
    let (damaged, sound): (Vec<&Moment>, Vec<&Moment>) =
        all.iter().partition(|m| is_damaged(m, &case.m.decoding));
    let damaged: Vec<&Moment> = damaged
        .into_iter()
        .filter(|m| {
            is_hard(m)
                || is_jump(m, all, key, jump_min, detail_min)
                || is_local_jump(m, video, key, surprised_min)
        })
        .collect();
    let (hard, rest): (Vec<&Moment>, Vec<&Moment>) = sound.into_iter().partition(is_hard);
    let (jumps, rest): (Vec<&Moment>, Vec<&Moment>) = rest
        .into_iter()
        .partition(|m| is_jump(m, all, key, jump_min, detail_min));
    let is_local =
        |m: &&Moment| is_local_jump(m, video, key, surprised_min) && !is_beside_cover(m, video);
    let alone_min = limit("jump_alone_residual_ratio");
    let (cover, hard): (Vec<&Moment>, Vec<&Moment>) =
        hard.into_iter().partition(|m| is_beside_cover(m, video));
    let is_clear = |m: &&Moment| is_clear_jump(m, video, alone_min) && !is_beside_cover(m, video);
    let (clear, jumps): (Vec<&Moment>, Vec<&Moment>) =
        jumps.into_iter().partition(|m| is_clear(m) || is_local(m));
    let (local, rest): (Vec<&Moment>, Vec<&Moment>) = rest.into_iter().partition(is_local);
    let (small, rest): (Vec<&Moment>, Vec<&Moment>) =
        rest.into_iter().partition(|m| is_small_jump(m, all, key));
    let switched: Vec<&Moment> = rest
        .into_iter()
        .filter(|m| is_switch(m, all, jump_min))
        .collect();
    let lost = |limit: f64, zh: &'static str, en: &'static str| Told {
        limit,
        kind: (zh, en),
        share: |m| m.unforetold,
        blocks: LOST,
    };
    let hard_cut = || lost(hard_min, "切换", "hard cut");
    let jump_cut = || lost(jump_min, "跳跃", "jump cut");
    let elsewhere = Told {
        limit: surprised_min,
        kind: ("局部跳跃", "jump of a part of the view"),
        share: |m| m.surprised.unwrap_or(0.0),
        blocks: SURPRISING,
    };
    let still = lost(
        f64::from(SMALL_JUMP_UNFORETOLD),
        "小跳跃(静止场景)",
        "jump in a still scene",
    );
    let mut seen = Vec::new();
    for (found, told, asks) in [
        (hard, hard_cut(), true),
        (cover, hard_cut(), false),
        (clear, jump_cut(), true),
        (local, elsewhere, true),
        (jumps, jump_cut(), false),
        (small, still, false),
    ] {
        if !found.is_empty() {
            let told = tell(&found, &told);
            seen.push(if asks { told.asking_alone() } else { told });
        }
    }
    if !switched.is_empty() {
        let told = lost(jump_min, "光线突变", "the light changes");
        seen.push(Seen {
            level: Level::Info,
            strength: Strength::Information,
            ..tell(&switched, &told)
        });
    }
    seen.extend(dissolves(&video.dissolves, limit("dissolve_left_ratio")));
    if !damaged.is_empty() {
        seen.push(Seen {
            level: Level::Info,
            strength: Strength::Information,
            ..tell(
                &damaged,
                &lost(jump_min, "跳变(画面损坏处)", "where it is damaged"),
            )
        });
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// True where the decoder had lost pictures or data, or has just found its feet
/// again: what changes there is no sign of a cut.
fn is_damaged(moment: &Moment, decoding: &Decoding) -> bool {
    decoding.error_spans.iter().any(|span| {
        let from_s = span.start_s - DAMAGE_NEAR_S;
        let to_s = span.end_s + moment.step_s + DAMAGE_NEAR_S;
        (from_s..=to_s).contains(&moment.at_s)
    })
}

/// Views that fade into others: no camera does so.
fn dissolves(all: &[Dissolve], left_max: f64) -> Option<Seen> {
    let found: Vec<&Dissolve> = all
        .iter()
        .filter(|d| f64::from(d.left) <= left_max * (1.0 - f64::from(d.likeness).max(0.0)))
        .collect();
    let clearest = found.iter().min_by(|a, b| a.left.total_cmp(&b.left))?;
    let places: Vec<Span> = found.iter().map(|d| d.span).collect();
    let named = spans(&places);
    let (left, limit) = (f64::from(clearest.left) * 100.0, left_max * 100.0);
    let seen = Seen {
        spans: places,
        measured: Some(f64::from(clearest.left)),
        limit: Some(left_max),
        unit: "ratio",
        ..Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!(
                    "画面在 {} 渐变为另一画面:其间各帧均为前后两画面的混合,余下至少 {left:.1}%(限值 {limit:.0}%)。",
                    named.zh
                ),
                format!(
                    "At {} one view fades into another: every picture between is a mixture of both, of which at \
                     least {left:.1} % is left (limit {limit:.0} %).",
                    named.en
                ),
            ),
        )
    };
    Some(seen.asking_alone())
}

/// What is said of moments of one kind.
struct Told {
    limit: f64,
    /// Their name in Chinese and English.
    kind: (&'static str, &'static str),
    share: fn(&Moment) -> f32,
    /// What it is a share of, likewise.
    blocks: (&'static str, &'static str),
}

const LOST: (&str, &str) = (
    "的画面块在前一帧中找不到",
    "of its blocks are not found there",
);
const SURPRISING: (&str, &str) = (
    "的画面块与前一帧之差,远大于其附近前后各 12 帧内的任何差异",
    "of its blocks differ from it far more than anything near them does in the 12 pictures on either side",
);

fn tell(found: &[&Moment], told: &Told) -> Seen {
    let places: Vec<Span> = found
        .iter()
        .map(|m| Span {
            start_s: m.at_s - m.step_s,
            end_s: m.at_s,
        })
        .collect();
    let most = found.iter().map(|m| (told.share)(m)).fold(0.0, f32::max);
    let named = match places.as_slice() {
        [one] => Text::new(clock(one.end_s), clock(one.end_s)),
        _ => spans(&places),
    };
    let (percent, limit) = (f64::from(most) * 100.0, told.limit * 100.0);
    let ((zh, en), (blocks_zh, blocks_en)) = (told.kind, told.blocks);
    Seen {
        spans: places,
        measured: Some(f64::from(most)),
        limit: Some(told.limit),
        unit: "ratio",
        ..Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!(
                    "画面在 {} 处{zh}:至多 {percent:.0}% {blocks_zh}(限值 {limit:.0}%)。",
                    named.zh
                ),
                format!(
                    "At {} the picture does not follow from the one before ({en}): up to {percent:.0} % \
                     {blocks_en} (limit {limit:.0} %).",
                    named.en
                ),
            ),
        )
    }
}

#[cfg(test)]
mod tests;
