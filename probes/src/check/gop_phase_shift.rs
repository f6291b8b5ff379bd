//! `gop_phase_shift`: the beat that an earlier coding left falls out of step.

use crate::check::moments::{not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::group_rhythm::BeatShift;
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Where at least this share of the blocks is new, an encoder may start a group
/// of its own accord, and the first one may have done so.
const NEW_VIEW_UNFORETOLD: f32 = 0.4;
/// How near such a picture still belongs to the shift, in seconds.
const NEW_VIEW_NEAR_S: f64 = 0.1;

/// The declaration.
pub static CHECK: Check = Check {
    code: "gop_phase_shift",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Bitstream,
    strength: Strength::Supporting,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "前一次编码的节拍错位",
        en: "The beat of an earlier coding falls out of step",
    },
    pass: StaticText {
        zh: "未见前一次编码的节拍在某处错位(只编码过一次的录像和看不出节拍的录像无法由此判断)。",
        en: "No beat of an earlier coding was seen to fall out of step (a recording that was coded once, or in \
             which no beat can be seen, shows nothing here).",
    },
    doc: StaticText {
        zh: "**检查内容** 录像若先由摄录设备按固定画面组长度编码,后又重新编码,前一次编码的关键画面会在现有各帧的数据量中\
             留下等间隔的起伏(节拍)。检查这一节拍是否从某处起整体错开。\n\n\
             **测量方法** 不解码,只用各帧数据包的大小与显示顺序。非关键的参考画面按大小在其前后各 8 个中排名;\
             对 6 至 128 帧的每一周期,求全程同步时的得分,以及在某处错开一次(至少 3 帧)时的得分。\
             只有两侧各自得分都高、互换相位后都低、且明显优于任何不错开的节拍(包括现有编码自身的节拍:从其关键画面起算的、\
             或只在其参考画面中的)时才算。方法见 Wang 与 Farid(2006)、Vázquez-Padín 等(2012)、Gironi 等(2014)。\n\n\
             **可能含义** 重新编码前,此处有一段被删去或插入。删去的帧数恰为周期的整数倍时不会显现。\n\n\
             **常见的正常原因** 前一编码器在画面突变处自行开始新的画面组;录制中暂停后继续;转换帧率时有丢帧或重复帧;\
             设备合并自身的分段后再转码。画面突变处的错位因此只作提示。\n\n\
             **如何确认** 逐帧查看并听该处;与声音、画面跳变相互印证;请提供设备中的原始文件。",
        en: "**What it looks at** A recording that a device coded in groups of fixed length and that was coded \
             again later bears the first coding's key pictures as an even beat in the sizes of the present \
             pictures. Does that beat fall out of step from some place on?\n\n\
             **How it is measured** Nothing is decoded: packets tell sizes and the order of showing. Pictures on \
             which others are built, without key pictures, are ranked by size among eight on either side. For \
             every period of 6 to 128 pictures there is a score of a beat that holds all the way and one of a \
             beat that is shifted once, by three pictures at least. A shift counts only if the score is high on \
             both sides, low on both with the phases exchanged, and well above that of any beat without a shift, \
             the present coding's own among them: counted anew from its key pictures, or in its leading pictures \
             alone. Methods: Wang and Farid 2006; Vázquez-Padín et al. 2012; Gironi et al. 2014.\n\n\
             **What it can mean** Before it was coded anew a stretch was left out or put in here. A stretch of a \
             whole number of periods does not show.\n\n\
             **Usual innocent causes** The first encoder started a group of its own accord where the view changed; \
             recording was paused and went on; pictures were left out or shown twice when the rate was converted; \
             a device joined its own segments before they were converted. So where the view changes the shift is \
             for information only.\n\n\
             **What would settle it** Stepping through the place and listening; agreement with the sound or a jump \
             of the picture; the original file from the device.",
    },
    see_yourself: "ffprobe -v error -select_streams v:0 -show_entries frame=pts_time,pict_type,pkt_size -of csv {file}",
    params: &[
        Param {
            key: "beat_score",
            unit: "score",
            default: 4.0,
            min: 3.0,
            max: 20.0,
            doc: StaticText {
                zh: "错开一次的节拍,总得分至少为此值(得分近似标准正态);越小越严。",
                en: "A beat that is shifted once must have at least this score in all (about normal where there is \
                     none); smaller is stricter.",
            },
            source: "measured: recordings in which nothing was left out up to 3.9, otherwise explained",
        },
        Param {
            key: "beat_supporting_score",
            unit: "score",
            default: 4.5,
            min: 3.0,
            max: 20.0,
            doc: StaticText {
                zh: "总得分达到此值才作辅助迹象,否则只作提示;越小越严。",
                en: "From this score in all it is a supporting sign, below it information; smaller is stricter.",
            },
            source: "measured: stretches left out of ten seconds coded twice 3.7 to 5.6",
        },
        Param {
            key: "beat_side_score",
            unit: "score",
            default: 2.2,
            min: 1.5,
            max: 20.0,
            doc: StaticText {
                zh: "较弱一侧的得分至少为此值;越小越严。",
                en: "The weaker side must have at least this score; smaller is stricter.",
            },
            source: "measured: 2.2 to 4.0 where a stretch was left out",
        },
        Param {
            key: "beat_gain_score",
            unit: "score",
            default: 0.7,
            min: 0.5,
            max: 10.0,
            doc: StaticText {
                zh: "总得分须比任何不错开的节拍高出此值;越小越严。",
                en: "The score in all must exceed that of any beat without a shift by this much; smaller is \
                     stricter.",
            },
            source: "measured: 0.6 to 2.9 where a stretch was left out, below 0 in the same without",
        },
        Param {
            key: "beat_contrast_score",
            unit: "score",
            default: 3.0,
            min: 1.0,
            max: 20.0,
            doc: StaticText {
                zh: "每一侧按另一侧的相位计分时,须比按自身相位低此值;越小越严。",
                en: "With the other side's phase either side must score less by this much; smaller is stricter.",
            },
            source: "measured: a beat whose cost two neighbours share 0.1 to 1, a shift 3 to 8",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(rhythm) = &case.m.group_rhythm else {
        return not_measured(case.m, "group_rhythm");
    };
    if rhythm.score.is_none() {
        return Ruling::NotApplicable;
    }
    let supporting_min = case.limits.get("beat_supporting_score");
    let (supporting, weak): (Vec<&BeatShift>, Vec<&BeatShift>) = rhythm
        .shifts
        .iter()
        .filter(|shift| is_shift(shift, case))
        .partition(|shift| shift.score >= supporting_min && !is_new_view(shift, case));
    let seen: Vec<Seen> = [
        (supporting, Level::Attention, Strength::Supporting),
        (weak, Level::Info, Strength::Information),
    ]
    .into_iter()
    .filter_map(|(shifts, level, strength)| tell(&shifts, level, strength, case))
    .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn is_shift(shift: &BeatShift, case: &Case<'_>) -> bool {
    let limit = |key| case.limits.get(key);
    let contrast_min = limit("beat_contrast_score");
    shift.score >= limit("beat_score")
        && shift.score_before.min(shift.score_after) >= limit("beat_side_score")
        && shift.score - shift.score_unshifted >= limit("beat_gain_score")
        && shift.score_before - shift.score_before_unshifted >= contrast_min
        && shift.score_after - shift.score_after_unshifted >= contrast_min
}

/// True if the view changes there so much that the first encoder may have
/// started a group for it.
fn is_new_view(shift: &BeatShift, case: &Case<'_>) -> bool {
    let from_s = shift.span.start_s - NEW_VIEW_NEAR_S;
    let to_s = shift.span.end_s + NEW_VIEW_NEAR_S;
    let video = case.m.video.as_ref();
    video.is_some_and(|video| {
        video
            .moments
            .iter()
            .any(|m| (from_s..=to_s).contains(&m.at_s) && m.unforetold >= NEW_VIEW_UNFORETOLD)
    })
}

fn tell(shifts: &[&BeatShift], level: Level, strength: Strength, case: &Case<'_>) -> Option<Seen> {
    let most = shifts.iter().max_by(|a, b| a.score.total_cmp(&b.score))?;
    let places: Vec<Span> = shifts.iter().map(|shift| shift.span).collect();
    let named = spans(&places);
    let limit = case.limits.get("beat_score");
    let (period, later, score) = (most.period_pictures, most.shift_pictures, most.score);
    let beats = (most.beats_before, most.beats_after);
    Some(Seen {
        spans: places,
        measured: Some(score),
        limit: Some(limit),
        unit: "score",
        ..Seen::new(
            level,
            strength,
            Text::new(
                format!(
                    "数据量中每 {period} 帧一次的节拍(前一次编码所留)在 {} 之间错开 {later} 帧:\
                     之前 {} 拍、之后 {} 拍各自同步,得分 {score:.1}(限值 {limit:.1})。",
                    named.zh, beats.0, beats.1
                ),
                format!(
                    "Between {} the beat of one in {period} pictures that an earlier coding left in their sizes \
                     shifts by {later} pictures: {} beats before and {} after are each in step, score {score:.1} \
                     (limit {limit:.1}).",
                    named.en, beats.0, beats.1
                ),
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::group_rhythm::GroupRhythm;
    use crate::measure::video::{Moment, Video};

    fn shift() -> BeatShift {
        BeatShift {
            span: Span {
                start_s: 9.5,
                end_s: 10.5,
            },
            period_pictures: 15,
            shift_pictures: 6,
            beats_before: 20,
            beats_after: 20,
            score_before: 3.6,
            score_after: 3.8,
            score_before_unshifted: -1.0,
            score_after_unshifted: -0.5,
            score: 5.2,
            score_unshifted: 3.5,
        }
    }

    fn ruling(shift: BeatShift, moments: Vec<Moment>) -> Ruling {
        let mut trial = Trial::video(60.0);
        trial.m.group_rhythm = Some(GroupRhythm {
            pictures: 1800,
            period_pictures: Some(15),
            score: Some(3.5),
            shifts: vec![shift],
        });
        trial.m.video = Some(Video {
            moments,
            ..Video::default()
        });
        trial.judge(&CHECK)
    }

    fn strength(ruling: Ruling) -> Option<Strength> {
        match ruling {
            Ruling::Found(seen) => Some(seen[0].strength),
            _ => None,
        }
    }

    #[test]
    fn every_score_must_reach_its_limit() {
        let told = |shift| strength(ruling(shift, Vec::new()));
        assert_eq!(told(shift()), Some(Strength::Supporting));
        let weak = BeatShift {
            score: 4.4,
            ..shift()
        };
        assert_eq!(told(weak), Some(Strength::Information));
        for (why, changed) in [
            (
                "weak in all",
                BeatShift {
                    score: 3.9,
                    score_unshifted: 2.0,
                    ..shift()
                },
            ),
            (
                "weak on one side",
                BeatShift {
                    score_after: 2.1,
                    score_after_unshifted: -3.0,
                    ..shift()
                },
            ),
            (
                "explained without",
                BeatShift {
                    score_unshifted: 4.6,
                    ..shift()
                },
            ),
            (
                "the same before",
                BeatShift {
                    score_before_unshifted: 0.7,
                    ..shift()
                },
            ),
            (
                "the same after",
                BeatShift {
                    score_after_unshifted: 0.9,
                    ..shift()
                },
            ),
        ] {
            assert_eq!(told(changed), None, "{why}");
        }
    }

    #[test]
    fn where_the_view_changes_it_is_for_information() {
        let moment = |at_s, unforetold| Moment {
            at_s,
            unforetold,
            ..Moment::default()
        };
        let told = |moment| strength(ruling(shift(), vec![moment]));
        assert_eq!(told(moment(10.0, 0.4)), Some(Strength::Information));
        assert_eq!(told(moment(10.0, 0.39)), Some(Strength::Supporting));
        assert_eq!(told(moment(10.7, 0.9)), Some(Strength::Supporting));
    }

    #[test]
    fn where_nothing_is_known_it_does_not_pass() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
        let mut trial = Trial::video(1.0);
        trial.m.group_rhythm = Some(GroupRhythm::default());
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }

    #[test]
    fn a_steady_beat_passes_and_places_are_named() {
        let mut trial = Trial::video(60.0);
        trial.m.group_rhythm = Some(GroupRhythm {
            pictures: 1800,
            period_pictures: Some(15),
            score: Some(9.0),
            shifts: Vec::new(),
        });
        assert!(matches!(trial.judge(&CHECK), Ruling::Pass));
        let Ruling::Found(seen) = ruling(shift(), Vec::new()) else {
            panic!("it is found");
        };
        assert!(
            seen[0].text.en.contains("00:09.5–00:10.5"),
            "{}",
            seen[0].text.en
        );
        assert!(
            seen[0].text.en.contains("one in 15 pictures"),
            "{}",
            seen[0].text.en
        );
    }
}
