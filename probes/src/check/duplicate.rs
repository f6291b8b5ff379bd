//! `duplicate`: the same bytes were handed in before.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "duplicate",
    clause: "no.retake",
    aspect: Aspect::Timeliness,
    family: Family::Provenance,
    strength: Strength::Fact,
    kinds: &[
        Kind::Photo,
        Kind::Video,
        Kind::Audio,
        Kind::Other,
        Kind::Unreadable,
    ],
    title: StaticText {
        zh: "与已收文件完全相同",
        en: "The same file was handed in before",
    },
    pass: StaticText {
        zh: "未收到过内容相同的文件。",
        en: "No file with the same content was received before.",
    },
    doc: StaticText {
        zh: "**检查内容** 此前是否收到过逐字节相同的文件。\n\n\
             **测量方法** 比较文件内容摘要;摘要相同即内容相同。只存一份,每次收到均有记录。\n\n\
             **可能含义** 同一项目内重复提交仅作记录。出现在另一项目中,可能是联合评审共用的记录,\
             也可能是误用了其他项目的记录,提示人工复核。\n\n\
             **常见的正常原因** 重复拷贝;放错文件夹;一次现场对应多个编号。\n\n\
             **如何确认** 对照另一文件及其项目;属联合评审的,将文件关联到各编号。",
        en: "**What it looks at** Whether a file with the very same bytes was received before.\n\n\
             **How it is measured** By the digest of the content: equal digests are equal content. One copy is \
             stored, every arrival is on record.\n\n\
             **What it can mean** Within one case it is only noted. In another case it may be a recording that a \
             joint review shares, or one that belongs to that other case: a person is asked to look.\n\n\
             **Usual innocent causes** Copied twice; the wrong folder; one visit for several numbers.\n\n\
             **What would settle it** The other file and its case; for a joint review, a link to each number.",
    },
    see_yourself: "sha256sum {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(twin) = &case.context.duplicate_of else {
        // Judged in place there is nothing to compare with.
        let looked = case.context.custody.is_some() || case.context.received.is_some();
        return if looked {
            Ruling::Pass
        } else {
            Ruling::NotApplicable
        };
    };
    let (level, zh, en) = if twin.same_case {
        (
            Level::Info,
            "同一项目".to_owned(),
            "the same case".to_owned(),
        )
    } else {
        match &twin.case {
            Some(number) => (
                Level::Attention,
                format!("项目{number}"),
                format!("case {number}"),
            ),
            // Neither is another case: one of them still waits for its number.
            None => (
                Level::Info,
                "待认领文件".to_owned(),
                "the unclaimed inbox".to_owned(),
            ),
        }
    };
    let ask = match level {
        Level::Attention => Text::new(
            "如属联合评审请予关联,否则请说明。",
            " If this is a joint review, link it; otherwise a note is asked for.",
        ),
        _ => Text::new("仅作记录。", " This is only noted."),
    };
    Ruling::Found(vec![Seen::new(
        level,
        Strength::Fact,
        Text::new(
            format!(
                "与{zh}中的“{}”(文件 {})逐字节相同。{}",
                twin.name, twin.file, ask.zh
            ),
            format!(
                "Byte for byte the same as “{}” (file {}) in {en}.{}",
                twin.name, twin.file, ask.en
            ),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Twin;
    use crate::check::trial::{Trial, at};

    fn level(case: Option<&str>, same_case: bool) -> Level {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.context.duplicate_of = Some(Twin {
            file: "17".to_owned(),
            name: "IMG_0001.JPG".to_owned(),
            case: case.map(str::to_owned),
            same_case,
        });
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("nothing found")
        };
        assert!(seen[0].text.zh.contains("IMG_0001.JPG"));
        seen[0].level
    }

    #[test]
    fn another_case_asks_for_a_person_and_the_same_case_does_not() {
        assert_eq!(level(Some("YW1"), true), Level::Info);
        assert_eq!(level(Some("YW2"), false), Level::Attention);
        assert_eq!(level(None, false), Level::Info);
    }

    #[test]
    fn a_first_arrival_passes_and_a_file_judged_in_place_has_none() {
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
        let trial = trial.stored(at("2026-04-12T02:00:00Z"));
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
    }
}
