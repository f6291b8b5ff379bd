//! `decode_errors`: part of the recording could not be decoded as written.

use crate::check::moments::{not_measured, spans};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Decoding, Kind, Measurements, Span};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "decode_errors",
    clause: "av.smooth",
    aspect: Aspect::Quality,
    family: Family::Bitstream,
    strength: Strength::Fact,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "部分内容解码出错",
        en: "Parts could not be decoded",
    },
    pass: StaticText {
        zh: "全部内容均可正常解码。",
        en: "Everything decodes as written.",
    },
    doc: StaticText {
        zh: "**检查内容** 从头到尾解码一遍,哪些时段出错、是否到达结尾。\n\n\
             **测量方法** 统计解码器报错的数据包和画面,以及(H.264)编号表明已不在流中的参考画面;画面损坏从出错处算到\
             下一个完好的关键帧。\n\n\
             **可能含义** 该时段画面花屏、停顿,或文件后部缺失。\n\n\
             **常见的正常原因** 存储卡坏块、复制中断、无线传输丢包。\n\n\
             **如何确认** 从设备重新复制,再解码一遍。",
        en: "**What it finds** Where decoding from start to end goes wrong, and whether it reaches the end.\n\n\
             **How it is measured** Packets and pictures of which the decoder complains are counted, and places \
             where the numbering (H.264) says that pictures are missing which later ones are built on; damage \
             lasts from there to the next sound key picture.\n\n\
             **What it can mean** The picture is broken or stops there, or the rest of the file is missing.\n\n\
             **Usual innocent causes** Bad blocks on the card; a copy broken off; packets lost on the air.\n\n\
             **What would settle it** A new copy from the device, decoded again.",
    },
    see_yourself: "ffmpeg -v error -i {file} -f null -",
    params: &[
        Param {
            key: "damage_attention_s",
            unit: "s",
            default: 0.5,
            min: 0.0,
            max: 600.0,
            doc: StaticText {
                zh: "损坏时段合计达到此值即需复核;越小越严。",
                en: "Damage of this length in all asks for a person; smaller is stricter.",
            },
            source: "named guess: a shorter blemish does not hide an event",
        },
        Param {
            key: "damage_fail_ratio",
            unit: "ratio",
            default: 0.2,
            min: 0.01,
            max: 1.0,
            doc: StaticText {
                zh: "损坏时段占全长的比例达到此值为不符合;越小越严。",
                en: "Damage of this share of the recording fails; smaller is stricter.",
            },
            source: "named guess",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let d = &m.decoding;
    let main = if m.kind == Kind::Video {
        "video"
    } else {
        "audio"
    };
    if !m.instruments.contains_key("decoding") || m.not_run.iter().any(|n| n.instrument == main) {
        return not_measured(m, main);
    }
    let mut seen = Vec::new();
    if nothing_decoded(m) {
        seen.push(Seen::new(
            Level::Fail,
            Strength::Fact,
            Text::new("没有任何内容可以解码。", "Nothing could be decoded."),
        ));
    } else if !d.reached_end {
        seen.push(Seen::new(
            Level::Fail,
            Strength::Fact,
            Text::new(
                format!("解码未能到达结尾,只得到 {} 幅画面,其后的内容缺失或损坏。", d.frames),
                format!(
                    "Decoding did not reach the end: {} pictures came out, the rest is missing or damaged.",
                    d.frames
                ),
            ),
        ));
    }
    if d.errors + d.missing_references > 0 && !nothing_decoded(m) {
        seen.push(damage(case, d));
    }
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

fn nothing_decoded(m: &Measurements) -> bool {
    if m.kind == Kind::Video {
        m.decoding.frames == 0
    } else {
        m.audio.as_ref().is_none_or(|a| a.samples == 0)
    }
}

fn damage(case: &Case<'_>, d: &Decoding) -> Seen {
    let m = case.m;
    let damaged_s: f64 = d.error_spans.iter().map(Span::duration_s).sum();
    let whole_s = match (&m.video, &m.audio) {
        (Some(video), _) => video.duration_s,
        (None, Some(audio)) => audio.duration_s,
        (None, None) => 0.0,
    };
    let limit_s = case.limits.get("damage_attention_s");
    let level = if whole_s > 0.0 && damaged_s >= case.limits.get("damage_fail_ratio") * whole_s {
        Level::Fail
    } else if damaged_s >= limit_s {
        Level::Attention
    } else {
        Level::Info
    };
    let places = spans(&d.error_spans);
    Seen {
        spans: d.error_spans.clone(),
        measured: Some(damaged_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            Strength::Fact,
            match d.missing_references {
                0 => Text::new(
                    format!(
                        "解码出错 {} 次,涉及 {},合计 {damaged_s:.1} 秒。",
                        d.errors, places.zh
                    ),
                    format!(
                        "{} decoding errors at {}, {damaged_s:.1} s in all.",
                        d.errors, places.en
                    ),
                ),
                missing => Text::new(
                    format!(
                        "解码出错 {} 次,另有 {missing} 处缺少后续画面所依据的画面,涉及 {},合计 {damaged_s:.1} 秒。",
                        d.errors, places.zh
                    ),
                    format!(
                        "{} decoding errors and {missing} places where pictures are missing that the \
                         following ones are built on, at {}, {damaged_s:.1} s in all.",
                        d.errors, places.en
                    ),
                ),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::video::Video;

    fn judged(damaged_s: f64, reached_end: bool, frames: u64) -> Vec<Level> {
        let mut trial = Trial::video(10.0);
        trial.m.instruments.insert("decoding".to_owned(), 1);
        trial.m.video = Some(Video {
            duration_s: 10.0,
            ..Video::default()
        });
        trial.m.decoding = Decoding {
            frames,
            errors: u64::from(damaged_s > 0.0),
            error_spans: vec![Span {
                start_s: 0.0,
                end_s: damaged_s,
            }],
            reached_end,
            ..Decoding::default()
        };
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| s.level).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn length_of_the_damage_decides() {
        assert!(judged(0.0, true, 250).is_empty());
        assert_eq!(judged(0.49, true, 250), [Level::Info]);
        assert_eq!(judged(0.5, true, 250), [Level::Attention]);
        assert_eq!(judged(1.99, true, 250), [Level::Attention]);
        assert_eq!(judged(2.0, true, 250), [Level::Fail]);
    }

    #[test]
    fn missing_references_are_damage_too() {
        let mut trial = Trial::video(10.0);
        trial.m.instruments.insert("decoding".to_owned(), 1);
        trial.m.video = Some(Video {
            duration_s: 10.0,
            ..Video::default()
        });
        trial.m.decoding = Decoding {
            frames: 250,
            missing_references: 1,
            error_spans: vec![Span {
                start_s: 4.0,
                end_s: 4.6,
            }],
            reached_end: true,
            ..Decoding::default()
        };
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("nothing found");
        };
        assert_eq!(seen[0].level, Level::Attention);
        assert!(seen[0].text.en.contains("1 places"), "{}", seen[0].text.en);
    }

    #[test]
    fn an_end_that_is_not_reached_fails() {
        assert_eq!(judged(0.0, false, 250), [Level::Fail]);
        assert_eq!(judged(0.0, true, 0), [Level::Fail]);
    }

    #[test]
    fn not_decoding_is_no_pass() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
