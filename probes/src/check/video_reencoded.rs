//! `video_reencoded`: known encoding software signed the coded pictures.

use crate::check::moments::{bitstream_of, clock};
use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Ruling, Seen, Strength};
use crate::measure::bitstream::EncoderText;
use crate::measurements::{Kind, Measurements, Span};
use crate::text::{StaticText, Text};
use crate::writers::{Who, Writer};

/// Longest quotation in a sentence: the rest of x264's note is its settings.
const QUOTED_MAX: usize = 60;

/// The declaration.
pub static CHECK: Check = Check {
    code: "video_reencoded",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    // A name in the coded pictures is a statement like a tag's.
    family: Family::Metadata,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "画面由编码软件重新编码",
        en: "The pictures were encoded by software",
    },
    pass: StaticText {
        zh: "码流中没有已知编码软件的署名(多数软件不署名)。",
        en: "No known encoding software signed the stream (most leave no name).",
    },
    doc: StaticText {
        zh: "**检查内容** 画面码流中编码器的自述(SEI)是否为已知编码软件(如 x264、x265),\
             以及同一文件中是否有两次编码的自述。\n\n\
             **测量方法** 不解码,读取全文件每一条 SEI 用户数据,与随附的软件名录对照,并原样引用。\
             软件自述只是辅助迹象,文件标签另称由摄像设备录制时亦同,且与容器中同一软件的名称算作一处迹象。\
             程序版本不同的两条自述也是辅助迹象;先后出现两个不同程序的自述为强迹象。\n\n\
             **可能含义** 录像经剪辑、转码或拼接。\n\n\
             **常见的正常原因** 自带 x264 的拍摄应用(如水印相机);为缩小体积而转码;\
             用编码软件直接录制的采集设备。\n\n\
             **如何确认** 请提供设备中的原始文件;说明所用拍摄应用。",
        en: "**What it looks at** Whether the encoder's own note in the coded pictures (SEI) is that of known \
             software (x264, x265), and whether one file holds the notes of two encodings.\n\n\
             **How it is measured** Every user data SEI of the file is read without decoding, held against the \
             list of software that comes with the program, and quoted as written. The software's note is a \
             supporting sign, also where tags name a camera, and one with the same software's name in the \
             container. So are notes of two versions; notes of two programs one after the other are a strong \
             sign.\n\n\
             **What it can mean** The recording was edited, converted or joined.\n\n\
             **Usual innocent causes** Camera apps that build in x264 (watermark cameras); conversion to save \
             space; capture devices that record by software.\n\n\
             **What would settle it** The original file from the device; the name of the app used.",
    },
    see_yourself: "mediainfo --Full {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let b = match bitstream_of(m) {
        Ok(b) => b,
        Err(ruling) => return ruling,
    };
    let signed: Vec<(&EncoderText, &Writer)> = b
        .encoder_texts
        .iter()
        // A recorder whose vouched files all bear this note builds it in.
        .filter(|text| !case.exemplars.vouch_for_note(m, &text.written))
        .filter_map(|text| {
            let writer = case.writers.named("sei", &text.written)?;
            matches!(writer.who, Who::Encoder | Who::Editor).then_some((text, writer))
        })
        .collect();
    let Some((first, others)) = signed.split_first() else {
        return Ruling::Pass;
    };
    let others: Vec<_> = others
        .iter()
        .filter(|other| differs(first, other))
        .collect();
    let mut seen = Vec::new();
    if let Some((second, _)) = others.first() {
        let at = clock(second.at_s);
        let (one, other) = (quoted(first.0), quoted(second));
        let text = Text::new(
            format!(
                "同一文件中有两个编码程序或版本的自述:{one},自 {at} 起为 {other}。可能由两段录像拼接而成。"
            ),
            format!(
                "One file holds the notes of two encoders or versions: {one}, and from {at} on {other}. It may \
                 have been joined from two recordings."
            ),
        );
        let strong = others.iter().any(|other| are_two_programs(first, other));
        let strength = if strong {
            Strength::Strong
        } else {
            Strength::Supporting
        };
        let seen_twice = Seen {
            spans: others.iter().map(|(text, _)| point(text.at_s)).collect(),
            ..Seen::new(Level::Attention, strength, text)
        };
        seen.push(
            seen_twice
                .resting_on(Evidence::WrappingProgram)
                .asking_alone(),
        );
    }
    let (note, name) = (quoted(first.0), &first.1.name);
    let text = match camera(m) {
        Some(camera) => Text::new(
            format!(
                "文件标签称由 {camera} 录制,而画面由编码软件 {name} 编码:{note}。\
                 可能在录制后重新编码,也可能由拍摄应用或设备自带的编码软件直接写成。"
            ),
            format!(
                "The tags name {camera}, and the software {name} coded the pictures: {note}. They may have been \
                 encoded anew after recording, or the camera app or the device itself builds it in."
            ),
        ),
        None => Text::new(
            format!(
                "画面由编码软件 {name} 编码:{note}。可能是转码后的副本,也可能由拍摄应用直接写成。"
            ),
            format!(
                "The software {name} coded the pictures: {note}. It may be a converted copy, or a camera app \
                 may have written it so."
            ),
        ),
    };
    let signed = Seen::new(Level::Attention, Strength::Supporting, text);
    seen.push(signed.resting_on(Evidence::WrappingProgram).asking_alone());
    Ruling::Found(seen)
}

type Signed<'a> = (&'a EncoderText, &'a Writer);

/// True if two notes cannot come from one encoding: another program, or
/// another version of it. Other settings are no other encoding.
fn differs(first: &Signed<'_>, other: &Signed<'_>) -> bool {
    if first.1.name != other.1.name {
        return true;
    }
    match (version(&first.0.written), version(&other.0.written)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}

/// True if the second begins where the first had coded pictures already: two
/// names at one place may be one program built on the other. A name known by
/// hearsay settles nothing.
fn are_two_programs(first: &Signed<'_>, other: &Signed<'_>) -> bool {
    first.1.name != other.1.name
        && first.1.is_measured()
        && other.1.is_measured()
        && other.0.at_s > first.0.at_s
}

/// `x264 - core 164 r3095 baee400`, `x265 (build 199) - 3.5+1-f0c1022b6:…`:
/// what these write before their standard's name; others write no version
/// that could be told from a clock or a setting.
fn version(written: &str) -> Option<&str> {
    if !(written.starts_with("x264 - core ") || written.starts_with("x265 (build ")) {
        return None;
    }
    let (first, rest) = written.split_once(" - ")?;
    let second = rest.split_once(" - ").map_or(rest, |(second, _)| second);
    written.get(..first.len() + " - ".len() + second.len())
}

fn point(at_s: f64) -> Span {
    Span {
        start_s: at_s,
        end_s: at_s,
    }
}

fn quoted(text: &EncoderText) -> String {
    let short: String = text.written.chars().take(QUOTED_MAX).collect();
    format!("“{short}”")
}

/// The recording device that the tags name.
fn camera(m: &Measurements) -> Option<String> {
    let names = [&m.device.make, &m.device.model];
    let names: Vec<&str> = names.into_iter().filter_map(|n| n.as_deref()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::bitstream::Bitstream;
    use crate::measure::video::Video;

    const X264: &str = "x264 - core 164 r3095 baee400 - H.264/MPEG-4 AVC codec";
    const X264_OTHER: &str = "x264 - core 157 r2969 d4099dd - H.264/MPEG-4 AVC codec";

    fn judged(texts: &[&str], make: Option<&str>) -> Ruling {
        let mut trial = Trial::video(10.0);
        trial.m.device.make = make.map(str::to_owned);
        trial.m.bitstream = Some(Bitstream {
            encoder_texts: texts
                .iter()
                .map(|written| EncoderText {
                    at_s: 3.0,
                    written: (*written).to_owned(),
                })
                .collect(),
            ..Bitstream::default()
        });
        trial.judge(&CHECK)
    }

    fn strengths(ruling: Ruling) -> Vec<Strength> {
        match ruling {
            Ruling::Found(seen) => seen.iter().map(|s| s.strength).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn softwares_note_only_supports_whatever_the_tags_name() {
        for make in [None, Some("Apple"), Some("Sony")] {
            assert_eq!(strengths(judged(&[X264], make)), [Strength::Supporting]);
        }
    }

    #[test]
    fn two_versions_support_and_both_are_quoted() {
        let ruling = judged(&[X264, X264_OTHER], None);
        let Ruling::Found(seen) = &ruling else {
            panic!("two encodings passed")
        };
        assert_eq!(seen[0].strength, Strength::Supporting);
        assert!(seen[0].text.zh.contains("core 164") && seen[0].text.en.contains("core 157"));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn other_settings_are_no_other_encoding() {
        let other = format!("{X264} - Copyleft 2003-2022 - options: cabac=1 crf=23.0");
        assert_eq!(strengths(judged(&[X264, &other], None)).len(), 1);
        let x265 = |settings: &str| {
            format!(
                "x265 (build 199) - 3.5+1-f0c1022b6:[Linux][64 bit] - H.265/HEVC codec - {settings}"
            )
        };
        let two = [x265("crf=28.0"), x265("crf=18.0")];
        assert_eq!(strengths(judged(&[&two[0], &two[1]], None)).len(), 1);
    }

    #[test]
    fn two_programs_are_strong_only_one_after_the_other() {
        let at = |second_s: f64| {
            let mut trial = Trial::video(10.0);
            let note = |at_s, written: &str| EncoderText {
                at_s,
                written: written.to_owned(),
            };
            trial.m.bitstream = Some(Bitstream {
                encoder_texts: vec![note(3.0, X264), note(second_s, "Lavc59.37.100 libopenh264")],
                ..Bitstream::default()
            });
            strengths(trial.judge(&CHECK))
        };
        assert_eq!(at(3.0), [Strength::Supporting; 2]);
        assert_eq!(at(3.1), [Strength::Strong, Strength::Supporting]);
    }

    #[test]
    fn all_that_a_note_says_rests_on_the_program_that_wrote_the_file() {
        let Ruling::Found(seen) = judged(&[X264, X264_OTHER], Some("Sony")) else {
            panic!("two encodings passed")
        };
        assert!(
            seen.iter()
                .all(|s| s.evidence == Some(Evidence::WrappingProgram))
        );
    }

    #[test]
    fn a_cameras_own_words_pass() {
        assert_eq!(
            judged(&["Ambarella H.264 2026-04-12 09:00:07"], Some("Sony")),
            Ruling::Pass
        );
        assert_eq!(judged(&[], Some("Apple")), Ruling::Pass);
    }

    #[test]
    fn a_stream_that_was_not_read_is_no_pass_and_another_codec_is_left_out() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
        let mut other = Trial::video(1.0);
        other.m.video = Some(Video::default());
        assert_eq!(other.judge(&CHECK), Ruling::NotApplicable);
    }
}
