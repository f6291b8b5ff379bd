//! `audio_splice`: the waveform of the sound breaks off.

use crate::check::moments::{clock, picture_timing, sound_of, sound_timing, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::audio::WaveformBreak;
use crate::measurements::{Kind, Measurements, Span};
use crate::text::{StaticText, Text};

/// A finding names the instant and this much on either side.
const HALF_SPAN_S: f64 = 0.005;
/// A loss that the times or the decoder tell of explains breaks this near: the
/// distance at which signs count as one instant.
const LOSS_NEAR_S: f64 = 0.5;
/// A picture is missing from this many usual steps on (research/forensics.md 2c).
const MISSING_STEPS: f64 = 1.5;
/// Holes up to this length in the sound's times are rounding.
const HOLE_MIN_S: f64 = 0.005;

/// The declaration.
pub static CHECK: Check = Check {
    code: "audio_splice",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Sound,
    strength: Strength::Supporting,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "声音波形有断点",
        en: "The waveform of the sound breaks off",
    },
    pass: StaticText {
        zh: "声音波形连续,未见断点。",
        en: "The waveform of the sound goes on without a break.",
    },
    doc: StaticText {
        zh: "**检查内容** 声音波形在某一瞬间突然接到另一处,而该瞬间本身并没有声响。\n\n\
             **测量方法** 以2.5毫秒为一块,比较采样的四阶差分(波形的粗糙程度)与前后各0.1秒内最粗糙处;\
             超过限值、只持续数毫秒、响度没有同时升高、其后也没有余响的为断点。敲击、说话、开关等真实声响会更响并有余响,\
             予以排除。断点频繁的录音,断点是其自身特点,只作提示;断点附近0.5秒内时间戳有空缺或解码有误的,说明是录制\
             设备丢失了数据,也只作提示。首尾0.3秒不计。\n\n\
             **可能含义** 该处有一段声音被删去,或接入了另一段声音。\n\n\
             **常见的正常原因** 录音程序丢失数据、暂停后继续录制、话筒或接头接触不良、静电。因此单凭此项只作提示,\
             须在0.5秒内有画面、时间戳或结构上的迹象相符。底噪中高频较强的录音、经淡入淡出的剪接测不出,\
             未见断点不等于未剪接。\n\n\
             **如何确认** 用声谱图查看该处是否有一条贯穿高频的竖线,并听前后环境声是否一致。",
        en: "**What it finds** Instants at which the waveform goes on from somewhere else, though nothing sounds \
             there.\n\n\
             **How it is measured** In blocks of 2.5 ms the fourth difference of the samples (how rough the \
             waveform is) is held against the roughest place within 0.1 s on either side. A break is beyond the \
             limit, over within milliseconds, no louder than what surrounds it, and does not ring on. What \
             sounds itself, such as a knock, speech or a switch, is louder and rings on. Where breaks are \
             frequent they are a habit of the recording and told for information; so are those within 0.5 s of a \
             hole in the timestamps or of damage, where the recorder itself lost data. The first and last 0.3 s \
             are left out.\n\n\
             **What it can mean** A piece of the sound was taken out there, or another was put in.\n\n\
             **Usual innocent causes** A recorder that lost data, or was paused; a loose microphone or plug; \
             static. So this alone is only told, and pictures, timestamps or structure must agree within 0.5 s. \
             A recording whose noise is strong at high frequencies shows no breaks, and a splice that was faded \
             leaves none: none found does not mean none made.\n\n\
             **What would settle it** A spectrogram: a vertical line through the high frequencies; and \
             listening whether the room sounds the same before and after.",
    },
    see_yourself: "ffplay -f lavfi \"amovie={file},showspectrum=mode=combined:scale=log:slide=scroll\"",
    params: &[
        Param {
            key: "roughness_db",
            unit: "dB",
            default: 8.0,
            min: 6.0,
            max: 60.0,
            doc: StaticText {
                zh: "断点处的粗糙程度至少比前后0.1秒高出此值;越小越严。",
                en: "At a break the waveform is at least this much rougher than within 0.1 s on either side; \
                     smaller is stricter.",
            },
            source: "measured: cuts in phones' and cameras' sound, coded anew as AAC at 96 kbit/s, 9 to 41 dB",
        },
        Param {
            key: "loudness_db",
            unit: "dB",
            default: -1.0,
            min: -10.0,
            max: 3.0,
            doc: StaticText {
                zh: "断点处的响度与前后0.1秒最响处之差不得高于此值;越大越严。",
                en: "A break is at most this much louder than the loudest within 0.1 s on either side; larger \
                     is stricter.",
            },
            source: "measured: the same cuts -18 to -1.3 dB; knocks and clicks of the uncut 3 to 14 dB",
        },
        Param {
            key: "width_ms",
            unit: "ms",
            default: 5.0,
            min: 2.5,
            max: 10.0,
            doc: StaticText {
                zh: "断点持续时间上限;越大越严。",
                en: "A break lasts at most this long; larger is stricter.",
            },
            source: "measured: the same cuts 2.5 ms, in AAC at 48 kbit/s up to 7.5 ms",
        },
        Param {
            key: "ringing_db",
            unit: "dB",
            default: 10.0,
            min: 0.0,
            max: 60.0,
            doc: StaticText {
                zh: "断点之后20毫秒比其后至多粗糙此值,否则为有余响的声响;越大越严。",
                en: "In the 20 ms after a break it is at most this much rougher than later, or it is a sound \
                     that rings on; larger is stricter.",
            },
            source: "measured: the same cuts -4 to 7 dB; beginnings and ends of sounds 10 to 64 dB",
        },
        Param {
            key: "habit_per_minute",
            unit: "count",
            default: 20.0,
            min: 1.0,
            max: 1000.0,
            doc: StaticText {
                zh: "每分钟断点超过此数即视为该录音自身的特点,只作提示;越大越严。",
                en: "More breaks a minute are a habit of the recording and told for information; larger is \
                     stricter.",
            },
            source: "named guess: nobody cuts every three seconds",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let audio = match sound_of(case.m) {
        Ok(audio) => audio,
        Err(ruling) => return ruling,
    };
    let Some(breaks) = &audio.waveform_breaks else {
        return Ruling::NotRun(Text::new(
            "测量时尚未查找声音波形的断点",
            "breaks of the waveform were not yet looked for when it was measured",
        ));
    };
    let limit = case.limits.get("roughness_db");
    let found: Vec<&WaveformBreak> = breaks.iter().filter(|b| is_break(b, case)).collect();
    let minutes = (audio.duration_s / 60.0).max(1.0);
    let is_habit = found.len() as f64 > case.limits.get("habit_per_minute") * minutes;
    let (lost, unexplained): (Vec<&WaveformBreak>, Vec<&WaveformBreak>) = found
        .into_iter()
        .partition(|b| is_loss_near(case.m, b.at_s));
    let why = if is_habit { Why::Habit } else { Why::Unknown };
    let seen: Vec<Seen> = [(unexplained, why), (lost, Why::Loss)]
        .into_iter()
        .filter_map(|(found, why)| tell(&found, why, limit))
        .collect();
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// What there is to explain breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Unknown,
    Habit,
    Loss,
}

/// True if the recorder or the way to us lost data near this instant.
fn is_loss_near(m: &Measurements, at_s: f64) -> bool {
    let near =
        |start_s: f64, end_s: f64| (start_s - LOSS_NEAR_S..=end_s + LOSS_NEAR_S).contains(&at_s);
    let missing = picture_timing(m).is_some_and(|timing| {
        let least_s = timing.step_median_s.unwrap_or(f64::INFINITY) * MISSING_STEPS;
        let mut steps = timing.steps.iter().filter(|s| s.step_s > least_s);
        steps.any(|s| near(s.at_s, s.at_s + s.step_s))
    });
    let silent = sound_timing(m).is_some_and(|timing| {
        let mut holes = timing.holes.iter().filter(|h| h.length_s > HOLE_MIN_S);
        holes.any(|h| near(h.at_s, h.at_s + h.length_s))
    });
    let mut damage = m.decoding.error_spans.iter();
    missing || silent || damage.any(|span| near(span.start_s, span.end_s))
}

fn tell(found: &[&WaveformBreak], why: Why, limit: f64) -> Option<Seen> {
    let clearest = found.iter().map(|b| b.roughness_db).reduce(f32::max)?;
    let (level, strength) = match why {
        Why::Unknown => (Level::Attention, Strength::Supporting),
        Why::Habit | Why::Loss => (Level::Info, Strength::Information),
    };
    let places: Vec<Span> = found
        .iter()
        .map(|b| Span {
            start_s: (b.at_s - HALF_SPAN_S).max(0.0),
            end_s: b.at_s + HALF_SPAN_S,
        })
        .collect();
    let named = match places.as_slice() {
        [one] => Text::new(clock(one.end_s), clock(one.end_s)),
        _ => spans(&places),
    };
    let mut text = Text::new(
        format!(
            "声音波形在 {} 处断开:比前后0.1秒内粗糙至多 {clearest:.1} 分贝(限值 {limit:.1} 分贝),而没有更响。",
            named.zh
        ),
        format!(
            "At {} the waveform of the sound breaks off: up to {clearest:.1} dB rougher than within 0.1 s around \
             (limit {limit:.1} dB), though no louder.",
            named.en
        ),
    );
    let (zh, en) = match why {
        Why::Unknown => ("", ""),
        Why::Habit => (
            "断点频繁,应为该录音自身的特点。",
            " They are so frequent that they seem to be a habit of this recording.",
        ),
        Why::Loss => (
            "附近的时间戳有空缺或解码有误,应为录制时丢失数据所致。",
            " Timestamps have a hole or data are damaged there, so that the recorder seems to have lost data.",
        ),
    };
    text.zh += zh;
    text.en += en;
    Some(Seen {
        spans: places,
        measured: Some(f64::from(clearest)),
        limit: Some(limit),
        unit: "dB",
        ..Seen::new(level, strength, text)
    })
}

fn is_break(found: &WaveformBreak, case: &Case<'_>) -> bool {
    f64::from(found.roughness_db) >= case.limits.get("roughness_db")
        && f64::from(found.loudness_db) <= case.limits.get("loudness_db")
        && f64::from(found.width_ms) <= case.limits.get("width_ms")
        && f64::from(found.ringing_db.abs()) <= case.limits.get("ringing_db")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::audio::Audio;
    use crate::measure::timing::{Hole, Step, Timing};
    use crate::measure::video::Video;
    use crate::measurements::Track;

    fn splice() -> WaveformBreak {
        WaveformBreak {
            at_s: 10.0,
            roughness_db: 12.0,
            loudness_db: -5.0,
            width_ms: 2.5,
            ringing_db: 0.5,
        }
    }

    fn ruling(breaks: Option<Vec<WaveformBreak>>) -> Ruling {
        trial(breaks).judge(&CHECK)
    }

    fn trial(breaks: Option<Vec<WaveformBreak>>) -> Trial {
        let mut trial = Trial::video(60.0);
        trial.m.tracks = vec![Track {
            medium: "audio".to_owned(),
            ..Track::default()
        }];
        trial.m.audio = Some(Audio {
            duration_s: 60.0,
            waveform_breaks: breaks,
            ..Audio::default()
        });
        trial
    }

    fn is_found(found: WaveformBreak) -> bool {
        matches!(ruling(Some(vec![found])), Ruling::Found(_))
    }

    #[test]
    fn each_limit_holds_on_either_side() {
        assert!(is_found(splice()));
        let rough = |roughness_db| WaveformBreak {
            roughness_db,
            ..splice()
        };
        assert!(is_found(rough(8.0)) && !is_found(rough(7.9)));
        let loud = |loudness_db| WaveformBreak {
            loudness_db,
            ..splice()
        };
        assert!(is_found(loud(-1.0)) && !is_found(loud(-0.9)));
        let wide = |width_ms| WaveformBreak {
            width_ms,
            ..splice()
        };
        assert!(is_found(wide(5.0)) && !is_found(wide(7.5)));
        let ringing = |ringing_db| WaveformBreak {
            ringing_db,
            ..splice()
        };
        assert!(is_found(ringing(10.0)) && !is_found(ringing(10.1)));
    }

    #[test]
    fn what_is_frequent_is_a_habit_and_only_information() {
        let strength = |count: u32| {
            let many = (0..count).map(|n| WaveformBreak {
                at_s: f64::from(n),
                ..splice()
            });
            let Ruling::Found(seen) = ruling(Some(many.collect())) else {
                panic!("told in any case");
            };
            seen[0].strength
        };
        assert_eq!(strength(20), Strength::Supporting);
        assert_eq!(strength(21), Strength::Information);
    }

    #[test]
    fn where_the_recorder_lost_data_a_break_is_information() {
        let strength = |trial: &Trial| match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen[0].strength,
            other => panic!("told in any case: {other:?}"),
        };
        let missing = |at_s, step_s| {
            let mut trial = trial(Some(vec![splice()]));
            trial.m.video = Some(Video {
                track: 1,
                ..Video::default()
            });
            trial.m.timing.push(Timing {
                track: 1,
                step_median_s: Some(0.04),
                steps: vec![Step { at_s, step_s }],
                ..Timing::default()
            });
            strength(&trial)
        };
        assert_eq!(missing(9.4, 0.12), Strength::Information);
        assert_eq!(missing(9.3, 0.12), Strength::Supporting);
        assert_eq!(missing(9.9, 0.05), Strength::Supporting);
        let mut damaged = trial(Some(vec![splice()]));
        damaged.m.decoding.error_spans = vec![Span {
            start_s: 10.4,
            end_s: 11.0,
        }];
        assert_eq!(strength(&damaged), Strength::Information);
        damaged.m.decoding.error_spans[0].start_s = 10.6;
        assert_eq!(strength(&damaged), Strength::Supporting);
        let mut holed = trial(Some(vec![splice()]));
        holed.m.timing.push(Timing {
            holes: vec![Hole {
                at_s: 10.0,
                length_s: 0.2,
            }],
            ..Timing::default()
        });
        assert_eq!(strength(&holed), Strength::Information);
    }

    #[test]
    fn the_sentence_and_the_span_name_the_instant() {
        let Ruling::Found(seen) = ruling(Some(vec![splice()])) else {
            panic!("found");
        };
        assert!(seen[0].text.en.contains("00:10.0"), "{}", seen[0].text.en);
        assert!(seen[0].spans[0].start_s < 10.0 && seen[0].spans[0].end_s > 10.0);
    }

    #[test]
    fn unknown_and_absent_are_no_pass() {
        assert!(matches!(ruling(None), Ruling::NotRun(_)));
        assert!(matches!(ruling(Some(Vec::new())), Ruling::Pass));
        assert!(matches!(
            Trial::video(60.0).judge(&CHECK),
            Ruling::NotApplicable
        ));
    }
}
