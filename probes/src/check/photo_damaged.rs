//! `photo_damaged`: part of the picture could not be decoded as written.

use crate::check::photo_unmeasured::not_measured;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::photo::MeasuredIn;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_damaged",
    clause: "photo.clear",
    aspect: Aspect::Quality,
    family: Family::Bitstream,
    strength: Strength::Fact,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片部分画面损坏",
        en: "Part of the picture is damaged",
    },
    pass: StaticText {
        zh: "画面全部可以正常解码。",
        en: "The whole picture decodes as written.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片的编码数据能否从头到尾正常解码。\n\n\
             **测量方法** 完整解码一次。JPEG 统计解出的行数;HEIC、AVIF 逐块解码,统计出错和缺失的块。解码器能够\
             自行掩盖的错误也计入。\n\n\
             **可能含义** 画面的一部分缺失或花屏,该部分内容无法辨认。\n\n\
             **常见的正常原因** 存储卡坏块、复制中断、网盘同步未完成。\n\n\
             **如何确认** 从设备重新复制原始文件,再比较两份文件。",
        en: "**What it looks at** Whether the coded picture decodes from start to end.\n\n\
             **How it is measured** It is decoded once as a whole. Of a JPEG the rows that come out are \
             counted; HEIC and AVIF are decoded tile by tile, and broken and missing tiles are counted. Errors \
             that the decoder could cover up count too.\n\n\
             **What it can mean** Part of the picture is missing or garbled and cannot be made out.\n\n\
             **Usual innocent causes** Bad blocks on the card; a copy broken off; a cloud drive that had not \
             finished.\n\n\
             **What would settle it** A new copy of the original from the device, compared with this one.",
    },
    see_yourself: "ffmpeg -v error -i {file} -f null -",
    params: &[Param {
        key: "missing_fail_ratio",
        unit: "ratio",
        default: 0.05,
        min: 0.0,
        max: 1.0,
        doc: StaticText {
            zh: "缺失部分占画面的比例超过此值为不符合,不足则需复核;越小越严。",
            en: "More than this share of the picture missing fails, less asks for a person; smaller is stricter.",
        },
        source: "named guess: a strip at the edge seldom holds the subject",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let photo = case.m.photo.as_ref();
    let Some(photo) = photo.filter(|p| p.measured_in == MeasuredIn::Picture) else {
        return not_measured(case.m);
    };
    // Measurements of older versions do not say.
    let whole = photo.decoded_ratio.map_or(1.0, f64::from);
    let errors = case.m.decoding.errors;
    if whole >= 1.0 && errors == 0 {
        return Ruling::Pass;
    }
    let missing = (1.0 - whole).clamp(0.0, 1.0);
    let limit = case.limits.get("missing_fail_ratio");
    let level = if missing > limit {
        Level::Fail
    } else {
        Level::Attention
    };
    let percent = missing * 100.0;
    let said = case.m.decoding.messages.first();
    let said = said.map(|said| Text::new(format!("({said})"), format!(" ({said})")));
    let said = said.unwrap_or_default();
    let text = if missing > 0.0 {
        Text::new(
            format!(
                "画面约 {percent:.0}% 无法解码{}。请从设备重新复制原始文件。",
                said.zh
            ),
            format!(
                "About {percent:.0} % of the picture could not be decoded{}. A new copy from the device is \
                 asked for.",
                said.en
            ),
        )
    } else {
        Text::new(
            format!(
                "画面解码时有 {errors} 处出错{},部分内容可能花屏。请查看画面。",
                said.zh
            ),
            format!(
                "Decoding met {errors} errors{}; part of the picture may be garbled. Look at it.",
                said.en
            ),
        )
    };
    Ruling::Found(vec![Seen {
        measured: Some(missing),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(level, Strength::Fact, text)
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::photo::Photo;

    fn judged(whole: f32, errors: u64) -> Ruling {
        let mut trial = Trial::photo(at("2024-05-01T02:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            measured_in: MeasuredIn::Picture,
            decoded_ratio: Some(whole),
            ..Photo::default()
        });
        trial.m.decoding.errors = errors;
        trial.judge(&CHECK)
    }

    fn level(whole: f32, errors: u64) -> Level {
        match judged(whole, errors) {
            Ruling::Found(seen) => seen[0].level,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_missing_share_decides() {
        assert_eq!(judged(1.0, 0), Ruling::Pass);
        assert_eq!(level(1.0, 1), Level::Attention);
        assert_eq!(level(0.96, 1), Level::Attention);
        assert_eq!(level(0.94, 1), Level::Fail);
        assert_eq!(level(0.0, 9), Level::Fail);
    }

    #[test]
    fn a_picture_that_was_not_decoded_is_no_pass() {
        let mut trial = Trial::photo(at("2024-05-01T02:00:00Z"), 0.0);
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
        trial.m.photo = Some(Photo {
            measured_in: MeasuredIn::Preview,
            ..Photo::default()
        });
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
    }
}
