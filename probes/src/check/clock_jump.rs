//! `clock_jump`: a clock recorded beside the pictures leaps against them.

use crate::check::moments::clock;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::clocks::{ClockJump, MetadataClock};
use crate::measurements::{Kind, Span};
use crate::text::{StaticText, Text};

/// Leaps in more than one of so many readings are this writer's way.
const READINGS_A_JUMP_MIN: u64 = 10;

/// The declaration.
pub static CHECK: Check = Check {
    code: "clock_jump",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Metadata,
    strength: Strength::Supporting,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "设备时钟与录像进程不同步",
        en: "The device's clock leaps against the recording",
    },
    pass: StaticText {
        zh: "随录像记录的设备时钟与录像进程一致。",
        en: "The clock that the device recorded keeps step with the recording.",
    },
    doc: StaticText {
        zh: "**检查内容** 设备在录像的同时写入的时钟是否与录像自身的时间同步前进:卫星时间(GoPro GPMF 的 GPSU、GPS9)、\
             AVCHD 摄像机时钟(MDPM)、索尼 XAVC S 的 rtmd、QuickTime 时间码轨(tmcd)。\n\n\
             **测量方法** 每个读数给出时钟领先录像时间多少的区间,没有跳变时所有区间相容,\
             因此精度为 1 秒的时钟也能定到零点几秒。某一读数与此前不相容、且下一读数与它一致,即为跳变;\
             单个离群读数和接收机没有定位时的读数不计。卫星时间刚定位时可能校正闰秒,\
             因此较小的跳变只有与其他类别的痕迹同时出现才作数。跳变成为常态的只作提示;缓慢漂移只作说明。\n\n\
             **可能含义** 该时刻有一段被删去(时钟向前跳),或插入、调换了内容。\n\n\
             **常见的正常原因** 接收机校正闰秒或重新定位;录制中有人调整了时钟;设备把分段或预录合并在一个文件中;暂停后续录。\n\n\
             **如何确认** 查看该时刻前后的画面和声音,并提供设备中的原始文件。",
        en: "**What it looks at** Whether a clock that the device wrote while recording goes on with the recording's \
             own time: satellite time (GPSU and GPS9 in GoPro's GPMF), the camera's clock in AVCHD (MDPM) and in \
             Sony's XAVC S (rtmd), a timecode track of QuickTime (tmcd).\n\n\
             **How it is measured** Each reading says in an interval how far the clock is ahead of the recording. \
             While nothing leaps all intervals agree, so that even a clock of whole seconds is known to a fraction \
             of one. A reading that does not agree with those before it, and with which the next one does, is a \
             leap; single strays and readings of a receiver without a fix do not count. Receivers may correct leap \
             seconds soon after a fix, so that a smaller leap of satellite time only counts beside a sign of \
             another family. Where leaps are usual they are only told, and so is slow drift.\n\n\
             **What it can mean** A stretch was taken out at that moment (the clock leaps ahead), or put in, or \
             moved.\n\n\
             **Usual innocent causes** A receiver that corrects leap seconds or finds its position anew; a clock \
             that was set while recording; a device that joins segments or a pre-recording in one file; a pause.\n\n\
             **What would settle it** Picture and sound around the moment shown, and the original file from the \
             device.",
    },
    see_yourself: "exiftool -ee3 -G3 -SampleTime -GPSDateTime -DateTimeOriginal -TimeCode {file}",
    params: &[
        Param {
            key: "jump_s",
            unit: "s",
            default: 1.0,
            min: 0.3,
            max: 3600.0,
            doc: StaticText {
                zh: "时钟与录像时间相差超过此值(扣除不确定度)即提示;越小越严。",
                en: "A leap longer than this, its uncertainty taken off, is reported; smaller is stricter.",
            },
            source: "untouched GoPro MAX: readings wander by 0.07 s; named guess well above",
        },
        Param {
            key: "satellite_alone_s",
            unit: "s",
            default: 20.0,
            min: 1.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "卫星时间的跳变达到此值,单独出现也需人工查看;越小越严。",
                en: "A leap of satellite time of at least this asks for a person even alone; smaller is stricter.",
            },
            source: "a receiver that does not know the leap seconds is 18 s off (IERS Bulletin C, since 2017)",
        },
        Param {
            key: "drift_told_s",
            unit: "s",
            default: 2.0,
            min: 0.5,
            max: 3600.0,
            doc: StaticText {
                zh: "整段录像中漂移超过此值即说明;越小越严。",
                en: "Drift over the whole recording beyond this is told; smaller is stricter.",
            },
            source: "named guess: two clocks of whole seconds",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let clocks = &case.m.clocks;
    if clocks.iter().all(|c| c.readings < 2) {
        return Ruling::NotApplicable;
    }
    let seen: Vec<Seen> = clocks
        .iter()
        .flat_map(|c| jumps(c, case).into_iter().chain(drift(c, case)))
        .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// How the clock is called in a sentence.
fn name(field: &str) -> StaticText {
    match field {
        "mdpm" => StaticText {
            zh: "摄像机时钟(MDPM)",
            en: "the camera's clock (MDPM)",
        },
        "rtmd" => StaticText {
            zh: "摄像机时钟(rtmd)",
            en: "the camera's clock (rtmd)",
        },
        "tmcd" => StaticText {
            zh: "时间码(tmcd)",
            en: "the timecode (tmcd)",
        },
        "gpmf.SYST" => StaticText {
            zh: "飞行器时钟(SYST)",
            en: "the drone's clock (SYST)",
        },
        _ => StaticText {
            zh: "卫星时间",
            en: "satellite time",
        },
    }
}

fn jumps(clock: &MetadataClock, case: &Case<'_>) -> Vec<Seen> {
    let limit_s = case.limits.get("jump_s");
    let is_usual = clock.jumps_count > 1
        && clock.jumps_count.saturating_mul(READINGS_A_JUMP_MIN) > clock.readings;
    let clear = |jump: &&ClockJump| jump.length_s.abs() - jump.uncertainty_s > limit_s;
    let told = clock.jumps.iter().filter(clear).map(|jump| {
        let seen = Seen {
            spans: vec![Span {
                start_s: jump.after_s,
                end_s: jump.at_s.max(jump.after_s),
            }],
            measured: Some(jump.length_s),
            limit: Some(limit_s),
            unit: "s",
            ..Seen::new(
                if is_usual {
                    Level::Info
                } else {
                    Level::Attention
                },
                if is_usual {
                    Strength::Information
                } else {
                    Strength::Supporting
                },
                words(clock, jump),
            )
        };
        let is_satellite = clock.field.starts_with("gps.");
        let asks = !is_satellite || jump.length_s.abs() >= case.limits.get("satellite_alone_s");
        if asks && !is_usual {
            seen.asking_alone()
        } else {
            seen
        }
    });
    told.collect()
}

fn words(c: &MetadataClock, jump: &ClockJump) -> Text {
    let name = name(&c.field);
    let (after, at) = (clock(jump.after_s), clock(jump.at_s));
    let (length_s, margin_s) = (jump.length_s.abs(), jump.uncertainty_s);
    if jump.length_s > 0.0 {
        Text::new(
            format!(
                "{after} 与 {at} 之间,{}比录像多走了 {length_s:.1} 秒(±{margin_s:.1} 秒)。",
                name.zh
            ),
            format!(
                "Between {after} and {at} {} went {length_s:.1} s further than the recording (±{margin_s:.1} s).",
                name.en
            ),
        )
    } else {
        Text::new(
            format!(
                "{after} 与 {at} 之间,{}比录像少走或倒退了 {length_s:.1} 秒(±{margin_s:.1} 秒)。",
                name.zh
            ),
            format!(
                "Between {after} and {at} {} fell {length_s:.1} s behind the recording (±{margin_s:.1} s).",
                name.en
            ),
        )
    }
}

fn drift(clock: &MetadataClock, case: &Case<'_>) -> Option<Seen> {
    let limit_s = case.limits.get("drift_told_s");
    let drift_s = clock.drift_s.filter(|s| s.abs() > limit_s)?;
    let name = name(&clock.field);
    let text = Text::new(
        format!("整段录像中,{}相对录像时间漂移 {drift_s:.1} 秒。", name.zh),
        format!(
            "Over the whole recording {} drifted by {drift_s:.1} s against it.",
            name.en
        ),
    );
    Some(Seen {
        measured: Some(drift_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(Level::Info, Strength::Information, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Alone;
    use crate::check::trial::Trial;

    fn judged(field: &str, jumps: &[f64], uncertainty_s: f64) -> Ruling {
        let mut trial = Trial::video(60.0);
        trial.m.clocks.push(MetadataClock {
            field: field.to_owned(),
            readings: 60,
            jumps_count: jumps.len() as u64,
            jumps: jumps
                .iter()
                .enumerate()
                .map(|(n, length_s)| ClockJump {
                    after_s: 10.0 + n as f64,
                    at_s: 11.0 + n as f64,
                    length_s: *length_s,
                    uncertainty_s,
                })
                .collect(),
            ..MetadataClock::default()
        });
        trial.judge(&CHECK)
    }

    fn first(ruling: Ruling) -> Option<Seen> {
        match ruling {
            Ruling::Found(seen) => seen.into_iter().next(),
            _ => None,
        }
    }

    #[test]
    fn one_second_beyond_what_is_uncertain_is_the_limit() {
        assert_eq!(judged("mdpm", &[1.0], 0.0), Ruling::Pass);
        assert_eq!(judged("mdpm", &[-1.4], 0.4), Ruling::Pass);
        for jump_s in [1.01, -1.01] {
            let seen = first(judged("mdpm", &[jump_s], 0.0)).unwrap();
            assert_eq!(seen.strength, Strength::Supporting);
            assert_eq!(seen.alone, Alone::AsksForAPerson);
            assert_eq!((seen.spans[0].start_s, seen.spans[0].end_s), (10.0, 11.0));
        }
    }

    #[test]
    fn leap_seconds_do_not_ask_alone() {
        let alone = |jump_s| first(judged("gps.GPSU", &[jump_s], 0.0)).unwrap().alone;
        assert_eq!(alone(18.0), Alone::Told);
        assert_eq!(alone(19.99), Alone::Told);
        assert_eq!(alone(20.0), Alone::AsksForAPerson);
    }

    #[test]
    fn leaps_that_are_usual_are_only_told() {
        let strength = |n: usize| first(judged("mdpm", &vec![5.0; n], 0.0)).unwrap().strength;
        assert_eq!(strength(6), Strength::Supporting);
        assert_eq!(strength(7), Strength::Information);
    }

    #[test]
    fn drift_is_told() {
        let mut trial = Trial::video(60.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
        trial.m.clocks.push(MetadataClock {
            readings: 2,
            drift_s: Some(2.0),
            ..MetadataClock::default()
        });
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        trial.m.clocks[0].drift_s = Some(-2.01);
        assert_eq!(first(trial.judge(&CHECK)).unwrap().level, Level::Info);
    }
}
