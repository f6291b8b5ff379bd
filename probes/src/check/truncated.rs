//! `truncated`: the structure says that part of the file is missing.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "truncated",
    clause: "av.complete",
    aspect: Aspect::Quality,
    family: Family::Structure,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio, Kind::Unreadable],
    title: StaticText {
        zh: "文件不完整",
        en: "Part of the file is missing",
    },
    pass: StaticText {
        zh: "文件结构完整,结尾与应有长度一致。",
        en: "The structure is whole and ends where the file ends.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件结构是否完整:JPEG 有结束标记,MP4/MOV 有索引且各部分长度与文件相符,\
             AVI、Matroska、PNG 等的长度和结束标记无缺。\n\n\
             **测量方法** 只读文件头和长度,不解码。没有结尾标记的格式(如 MPEG-TS)不作判断。\n\n\
             **可能含义** 记录的一部分不在文件中,可能无法播放或缺少结尾。\n\n\
             **常见的正常原因** 复制中断;拍摄中断电或拔卡;存储卡已满或损坏。\n\n\
             **如何确认** 从设备重新复制,比较两份文件的长度。",
        en: "**What it looks at** Whether the structure is whole: a JPEG has its end mark, an MP4 or MOV its \
             index and parts that add up to the file's length, AVI, Matroska, PNG and others their lengths and \
             end marks.\n\n\
             **How it is measured** From headers and lengths, without decoding. Formats that mark no end \
             (MPEG-TS) are not judged.\n\n\
             **What it can mean** Part of the recording is not in the file; it may not play, or lack its end.\n\n\
             **Usual innocent causes** A copy broken off; power or card lost while recording; a full or damaged \
             card.\n\n\
             **What would settle it** A new copy from the device, and the lengths of both.",
    },
    see_yourself: "exiftool -validate -warning -a {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(container) = &case.m.container else {
        return Ruling::NotRun(Text::new("未能读取文件结构", "the structure was not read"));
    };
    match container.complete {
        None => Ruling::NotApplicable,
        Some(true) => Ruling::Pass,
        Some(false) => {
            let why = container.incomplete_why.clone().unwrap_or_default();
            Ruling::Found(vec![Seen::new(
                Level::Fail,
                Strength::Fact,
                Text::new(
                    format!("文件不完整:{}。请从设备重新复制原始文件。", why.zh),
                    format!(
                        "The file is not whole: {}. A new copy from the device is asked for.",
                        why.en
                    ),
                ),
            )])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::Trial;
    use crate::container::{read_structure, tiny};

    fn judged(bytes: &[u8]) -> Ruling {
        let mut trial = Trial::video(1.0);
        read_structure(&mut Cursor::new(bytes), bytes.len() as u64, "a").apply(&mut trial.m);
        trial.judge(&CHECK)
    }

    #[test]
    fn a_whole_file_passes_and_one_byte_less_fails() {
        for bytes in [tiny::Movie::default().bytes(), tiny::phone_jpeg()] {
            assert_eq!(judged(&bytes), Ruling::Pass);
            let Ruling::Found(seen) = judged(&bytes[..bytes.len() - 1]) else {
                panic!("a cut file passed")
            };
            assert_eq!(
                (seen[0].level, seen[0].strength),
                (Level::Fail, Strength::Fact)
            );
        }
    }

    #[test]
    fn an_unread_structure_is_no_pass_and_an_endless_format_is_left_out() {
        let mut trial = Trial::video(1.0);
        trial.m.container = None;
        assert!(matches!(trial.judge(&CHECK), Ruling::NotRun(_)));
        trial.m.container = Some(crate::measurements::Container::default());
        assert_eq!(trial.judge(&CHECK), Ruling::NotApplicable);
    }
}
