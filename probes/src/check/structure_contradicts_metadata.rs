//! `structure_contradicts_metadata`: the metadata name a recorder whose own
//! program does not write files like this one.

use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, Measurements};
use crate::text::{StaticText, Text};
use crate::writers::{self, Who};

/// Fields in which the container's own writer signs, not one of its tracks.
const MUXER_FIELDS: &[&str] = &[
    "ilst.©too",
    "udta.©too",
    "udta.©enc",
    "keys.encoder",
    "mkv.MuxingApp",
    "mkv.WritingApp",
    "avi.ISFT",
    "stream.muxer",
];

/// The declaration.
pub static CHECK: Check = Check {
    code: "structure_contradicts_metadata",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Strong,
    kinds: &[Kind::Video],
    title: StaticText {
        zh: "元数据所称设备与文件结构矛盾",
        en: "The structure contradicts the device that the metadata name",
    },
    pass: StaticText {
        zh: "文件结构与元数据所称设备不矛盾。",
        en: "The structure does not contradict the device that the metadata name.",
    },
    doc: StaticText {
        zh: "**检查内容** 视频元数据或轨道名称称由 Apple、Android、GoPro、索尼设备录制时,文件结构是否出自其他封装、编码软件。\n\n\
             **测量方法** 对照容器写入者(如 Lavf)、文件类型标识、轨道处理器名称、编码器自述(x264/x265)和影片时间。\
             这些设备自己的录像程序不使用 FFmpeg 或 x264;转存时轨道处理器名称常被原样保留。\n\n\
             **可能含义** 文件在录制后被重新封装或编码,同时保留了原设备信息。\n\n\
             **常见的正常原因** 第三方拍摄应用(如水印相机)自带 FFmpeg;传输、采集软件转存时保留设备信息;\
             为缩小体积而转码。\n\n\
             **如何确认** 请提供设备中的原始文件;说明所用拍摄应用。",
        en: "**What it looks at** Where a video's tags or track names say that an Apple, Android, GoPro or Sony \
             device recorded it: whether another muxer or encoder wrote the structure.\n\n\
             **How it is measured** By the container's writer (Lavf …), file type brands, handler names, the encoder's own \
             note (x264, x265) and the movie's times. These devices' own programs use neither FFmpeg nor x264; \
             programs that copy a recording often keep its handler names.\n\n\
             **What it can mean** The file was wrapped or encoded anew after recording, with the device's names \
             kept.\n\n\
             **Usual innocent causes** Third-party camera apps (watermark cameras) that build in FFmpeg; transfer \
             or docking software that keeps the names; conversion to save space.\n\n\
             **What would settle it** The original file from the device; the name of the app used.",
    },
    see_yourself: "exiftool -a -G1 -s -Make -Model -Encoder -HandlerDescription -CompressorName {file}",
    params: &[],
    judge,
};

/// A family of recorders that tags or handler names can name.
#[derive(Clone, Copy, PartialEq)]
enum Claim {
    Apple,
    Android,
    GoPro,
    Sony,
}

/// Handler names that only the recorder's own program writes. Muxers that copy
/// packets keep them (measured: FFmpeg, into MP4 and into Matroska's tags).
const HANDLERS: &[(&str, Claim)] = &[
    ("Core Media Video", Claim::Apple),
    ("Core Media Audio", Claim::Apple),
    ("VideoHandle", Claim::Android),
    ("SoundHandle", Claim::Android),
    ("GoPro AVC", Claim::GoPro),
    ("GoPro AAC", Claim::GoPro),
    ("GoPro H.265", Claim::GoPro),
    ("Video Media Handler", Claim::Sony),
    ("Sound Media Handler", Claim::Sony),
];

impl Claim {
    fn device(self) -> StaticText {
        let (zh, en) = match self {
            Self::Apple => ("Apple 设备", "an Apple device"),
            Self::Android => ("Android 设备", "an Android device"),
            Self::GoPro => ("GoPro 相机", "a GoPro camera"),
            Self::Sony => ("索尼相机", "a Sony camera"),
        };
        StaticText { zh, en }
    }
}

fn claim(m: &Measurements) -> Option<Claim> {
    let names = |prefix: &str| {
        m.traces
            .iter()
            .any(|t| t.field.to_lowercase().contains(prefix))
    };
    let make = m.device.make.as_deref().unwrap_or_default();
    // Other makers write Apple's keys too, with their own names in them.
    let is_apple_key = make.is_empty() && names("com.apple.quicktime.model");
    if make.eq_ignore_ascii_case("apple") || is_apple_key {
        return Some(Claim::Apple);
    }
    if names("com.android.") {
        return Some(Claim::Android);
    }
    let handlers = m
        .traces
        .iter()
        .filter(|t| matches!(t.field.as_str(), "hdlr" | "mkv.tag.HANDLER_NAME"));
    handlers
        .filter_map(|t| HANDLERS.iter().find(|(name, _)| *name == t.written))
        .map(|(_, claim)| *claim)
        .next()
}

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let Some(claim) = claim(m) else {
        return Ruling::NotApplicable;
    };
    let signs = signs(case, claim);
    if signs.is_empty() {
        return Ruling::Pass;
    }
    let StaticText {
        zh: device_zh,
        en: device_en,
    } = claim.device();
    let signs = signs.join("; ");
    let contradiction = Seen::new(
        Level::Attention,
        Strength::Strong,
        Text::new(
            format!(
                "元数据称由{device_zh}录制,而文件由其他软件写成:{signs}。\
                 可能在录制后重新封装或编码,请提供原始文件或说明所用拍摄应用。"
            ),
            format!(
                "The metadata name {device_en}, and other software wrote the file: {signs}. It may have been \
                 wrapped or encoded anew after recording; the original, or the name of the camera app, is \
                 asked for."
            ),
        ),
    );
    Ruling::Found(vec![contradiction.resting_on(Evidence::WrappingProgram)])
}

/// What the claimed recorder does not write, quoted.
fn signs(case: &Case<'_>, claim: Claim) -> Vec<String> {
    let m = case.m;
    let mut signs: Vec<String> = case
        .writers
        .in_file(m)
        .into_iter()
        .filter(|(trace, writer)| {
            let field = trace.field.as_str();
            let is_muxer = MUXER_FIELDS.contains(&field) || field.starts_with("mkv.tag.");
            let is_coder = matches!(field, "h264.sei" | "hevc.sei" | "stsd.compressor");
            // A recorder whose vouched files all bear this name builds it in.
            let is_its_own = writer.who == Who::Encoder && case.exemplars.vouch_for(m, trace);
            matches!(writer.who, Who::Encoder | Who::Editor)
                && (is_muxer || is_coder)
                && !is_its_own
        })
        .map(|(trace, _)| writers::quoted(trace))
        .collect();
    // FFmpeg's muxer names this version in every MP4 and MOV; no recorder of
    // these families does.
    let ftyp = m.traces.iter().find(|t| t.field == "ftyp");
    signs.extend(
        ftyp.filter(|t| writers::is_ffmpegs_file_type(&t.written))
            .map(writers::quoted),
    );
    // Handler and times together: either alone occurs in third-party apps'
    // files that only pass through Apple's own export.
    let foreign_handler = m.traces.iter().find(|t| {
        t.field == "hdlr" && matches!(t.written.as_str(), "VideoHandler" | "SoundHandler")
    });
    let untimed = m
        .traces
        .iter()
        .find(|t| t.field == "mvhd" && t.written.ends_with("creation 0, modification 0"));
    if let (Claim::Apple, Some(handler), Some(mvhd)) = (claim, foreign_handler, untimed) {
        signs.push(writers::quoted(handler));
        signs.push(writers::quoted(mvhd));
    }
    signs.truncate(6);
    signs
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::Trial;
    use crate::container::read_structure;
    use crate::container::tiny::{Movie, cat, itunes_tool, keys};

    const IPHONE: &[(&str, &str)] = &[
        ("com.apple.quicktime.make", "Apple"),
        ("com.apple.quicktime.model", "iPhone 15"),
    ];

    fn judged(movie: &Movie) -> Ruling {
        let bytes = movie.bytes();
        let mut trial = Trial::video(1.0);
        read_structure(&mut Cursor::new(&bytes), bytes.len() as u64, "a.mov").apply(&mut trial.m);
        trial.judge(&CHECK)
    }

    #[test]
    fn a_phones_own_file_passes() {
        let own = Movie {
            extra: keys(IPHONE),
            ..Movie::default()
        };
        assert_eq!(judged(&own), Ruling::Pass);
        let android = Movie {
            video_handler: b"VideoHandle\0",
            extra: keys(&[("com.android.version", "13")]),
            ..Movie::default()
        };
        assert_eq!(judged(&android), Ruling::Pass);
    }

    #[test]
    fn a_phones_names_in_anothers_structure_are_strong() {
        let copied = Movie {
            extra: cat(&[&keys(IPHONE), &itunes_tool("Lavf59.27.100")]),
            ..Movie::default()
        };
        let Ruling::Found(seen) = judged(&copied) else {
            panic!("a contradiction passed")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Attention, Strength::Strong)
        );
        assert!(seen[0].text.zh.contains("Lavf59.27.100"));
    }

    #[test]
    fn another_makers_name_in_apples_keys_claims_no_iphone() {
        let other = Movie {
            video_handler: b"DJI.AVC\0",
            extra: cat(&[
                &keys(&[
                    ("com.apple.quicktime.make", "DJI"),
                    ("com.apple.quicktime.model", "Pocket"),
                ]),
                &itunes_tool("Lavf59.27.100"),
            ]),
            ..Movie::default()
        };
        assert_eq!(judged(&other), Ruling::NotApplicable);
    }

    #[test]
    fn a_foreign_handler_counts_only_with_erased_times() {
        let handled = |created| Movie {
            video_handler: b"VideoHandler\0",
            created,
            modified: created,
            extra: keys(IPHONE),
            ..Movie::default()
        };
        assert_eq!(judged(&handled(3_800_000_000)), Ruling::Pass);
        assert!(matches!(judged(&handled(0)), Ruling::Found(_)));
    }

    #[test]
    fn a_cameras_handler_in_ffmpegs_wrapping_is_strong_even_without_its_name() {
        let kept = |ftyp: &[u8]| Movie {
            ftyp: ftyp.to_vec(),
            video_handler: b"GoPro AVC\0",
            ..Movie::default()
        };
        assert_eq!(judged(&kept(b"mp41\x13\x10\x18\0mp41")), Ruling::Pass);
        let Ruling::Found(seen) = judged(&kept(b"isom\0\0\x02\0isomiso2avc1mp41")) else {
            panic!("a contradiction passed")
        };
        assert_eq!(seen[0].strength, Strength::Strong);
        assert!(seen[0].text.en.contains("a GoPro camera") && seen[0].text.en.contains("isom 512"));
    }

    #[test]
    fn a_file_that_names_no_phone_is_left_out() {
        let converted = Movie {
            video_handler: b"Some Handler\0",
            extra: itunes_tool("Lavf59.27.100"),
            ..Movie::default()
        };
        assert_eq!(judged(&converted), Ruling::NotApplicable);
    }
}
