//! `photo_recompressed`: the JPEG's headers look like a program's, not a
//! camera's.

use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// What programs write into the comment segment, in lower case
/// (research/forensics.md 2e, 1; the libraries' own sources).
const PROGRAM_COMMENTS: [&str; 3] = ["gd-jpeg", "lavc", "imagemagick"];
/// Number of the progressive frame header, T.81 table B.1.
const PROGRESSIVE: u8 = 2;

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_recompressed",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Bitstream,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片可能经软件重新压缩",
        en: "The photo may have been compressed again by a program",
    },
    pass: StaticText {
        zh: "编码头中未见软件重新压缩的迹象。",
        en: "The coding headers show no sign of a program that compressed it again.",
    },
    doc: StaticText {
        zh: "**检查内容** JPEG编码头是否带有软件而非相机的特征。\n\n\
             **测量方法** 查看注释段是否写有图像软件库的名称,是否采用渐进式编码(相机直接输出几乎都是基线式)。\
             量化表与通用公式完全一致的情况在相机原始照片中占三分之一以上,单独不说明任何问题,因此不作为迹象。\n\n\
             **可能含义** 照片由软件重新保存过;并不说明内容被改动。\n\n\
             **常见的正常原因** 聊天软件或网盘传输;系统相册旋转后保存;水印相机;个别手机直接输出渐进式。\n\n\
             **如何确认** 请提交设备中的原始文件;与同一设备其他照片的编码头比较。",
        en: "**What it looks at** Whether the coding headers of a JPEG are those of a program and not of a camera.\n\n\
             **How it is measured** Whether a comment names an imaging library, and whether the coding is \
             progressive (cameras write baseline, almost without exception). Tables that equal the common \
             formula's are found in more than a third of camera originals; alone they mean nothing and are not \
             taken as a sign.\n\n\
             **What it can mean** A program has saved the photo again; that does not say that it changed it.\n\n\
             **Usual innocent causes** Sent through a chat program or a cloud drive; turned in the phone's \
             gallery; a watermark camera; a few phones write progressive files themselves.\n\n\
             **What would settle it** The file from the device; the headers of other photos of the same device.",
    },
    see_yourself: "exiftool -Comment -EncodingProcess -YCbCrSubSampling {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(jpeg) = case.m.photo.as_ref().and_then(|p| p.jpeg.as_ref()) else {
        return Ruling::NotApplicable;
    };
    let quality = match jpeg.ijg_quality {
        Some(q) => Text::new(
            format!("量化表等于通用公式质量{q}。"),
            format!(" The tables equal the common formula at quality {q}."),
        ),
        None => Text::default(),
    };
    let mut seen = Vec::new();
    let mut add = |zh: String, en: String| {
        let text = Text::new(format!("{zh}{}", quality.zh), format!("{en}{}", quality.en));
        let sign = Seen::new(Level::Attention, Strength::Supporting, text);
        seen.push(sign.resting_on(Evidence::LibrarySave));
    };
    let names_program = |comment: &&String| {
        let comment = comment.to_lowercase();
        PROGRAM_COMMENTS.iter().any(|name| comment.contains(name))
    };
    if let Some(comment) = jpeg.comments.iter().find(names_program) {
        add(
            format!("注释段写有图像软件库的名称:“{comment}”。"),
            format!("A comment names an imaging library: “{comment}”."),
        );
    }
    if jpeg.frame_type == Some(PROGRESSIVE) {
        add(
            "采用渐进式编码,相机直接输出的照片几乎都是基线式。".to_owned(),
            "It is coded progressively; cameras write baseline, almost without exception."
                .to_owned(),
        );
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::jpeg_tables::JpegTables;
    use crate::measure::photo::Photo;

    fn ruling(jpeg: Option<JpegTables>) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            jpeg,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    #[test]
    fn a_common_table_alone_is_nothing() {
        let camera = JpegTables {
            frame_type: Some(0),
            ijg_quality: Some(95),
            standard_huffman: Some(true),
            comments: vec!["LEICA M8".to_owned()],
            ..JpegTables::default()
        };
        assert_eq!(ruling(Some(camera)), Ruling::Pass);
        assert_eq!(ruling(None), Ruling::NotApplicable);
    }

    #[test]
    fn comments_and_progressive_coding_support_and_never_more() {
        let program = JpegTables {
            frame_type: Some(2),
            ijg_quality: Some(82),
            comments: vec!["CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 82".to_owned()],
            ..JpegTables::default()
        };
        let Ruling::Found(seen) = ruling(Some(program)) else {
            panic!("nothing found")
        };
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|s| s.strength == Strength::Supporting));
        assert!(seen[0].text.en.contains("gd-jpeg") && seen[1].text.zh.contains("质量82"));
    }
}
