//! `trailing_data`: something stands behind the end of the photo that no camera
//! puts there.

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "trailing_data",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片结束标记之后另有数据",
        en: "Data follow the photo's end",
    },
    pass: StaticText {
        zh: "照片结束之后没有其他数据。",
        en: "Nothing follows the photo's end.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片结束标记之后是否还有数据,是什么数据。\n\n\
             **测量方法** 已知的附带内容(动态照片的视频、预览画面、三星的附加数据)除外,其余按开头字节辨认。\
             压缩包、文档等相机不会写入的,请人工查看;其余只作提示。\n\n\
             **可能含义** 文件在拍摄后被附加了内容;画面本身不受影响。\n\n\
             **常见的正常原因** 个别手机在照片后写入自己的数据;传输软件补零。\n\n\
             **如何确认** 请提供设备中的原始文件,比较两者长度。",
        en: "**What it looks at** Whether data follow the photo's end mark, and what they are.\n\n\
             **How it is measured** Known attachments are left out (the video of a motion photo, previews, Samsung's \
             trailer); the rest is told by its first bytes. Archives and documents, which no camera writes, ask for \
             a person; anything else is only noted.\n\n\
             **What it can mean** Something was appended to the file after capture; the picture itself is not touched \
             by it.\n\n\
             **Usual innocent causes** Some phones write data of their own behind the photo; transfer programs that \
             pad with zeros.\n\n\
             **What would settle it** The original file from the device; the lengths of both.",
    },
    see_yourself: "exiftool -validate -warning -a {file}",
    params: &[Param {
        key: "noted_bytes",
        unit: "B",
        default: 16.0,
        min: 1.0,
        max: 1_000_000.0,
        doc: StaticText {
            zh: "达到此长度才提示;越小提示越多。",
            en: "Noted from this length on; smaller notes more.",
        },
        source: "named guess: paddings of a few bytes are common",
    }],
    judge,
};

/// What no camera writes.
const FOREIGN: [&str; 5] = ["zip", "rar", "7z", "pdf", "matroska"];

fn judge(case: &Case<'_>) -> Ruling {
    let Some(container) = &case.m.container else {
        return Ruling::NotApplicable;
    };
    let bytes = container.trailing_bytes;
    let kind = container.trailing_kind.as_deref().unwrap_or("unknown");
    let is_foreign = FOREIGN.contains(&kind);
    let limit = case.limits.get("noted_bytes");
    if bytes == 0 || (!is_foreign && (bytes as f64) < limit) {
        return Ruling::Pass;
    }
    let text = Text::new(
        format!("照片结束之后还有 {bytes} 字节({kind})。"),
        format!("{bytes} bytes follow the photo's end ({kind})."),
    );
    let seen = if is_foreign {
        Seen::new(Level::Attention, Strength::Supporting, text).asking_alone()
    } else {
        Seen::new(Level::Info, Strength::Information, text)
    };
    Ruling::Found(vec![Seen {
        measured: Some(bytes as f64),
        limit: Some(limit),
        unit: "B",
        ..seen
    }])
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::container::read_structure;

    fn level(behind: &[u8]) -> Option<Level> {
        let mut file = b"\xff\xd8\xff\xda\0\x02\x01\x02\x03\xff\xd9".to_vec();
        file.extend(behind);
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        read_structure(&mut Cursor::new(&file), file.len() as u64, "a.jpg").apply(&mut trial.m);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn archives_ask_and_a_makers_data_are_noted() {
        assert_eq!(level(b""), None);
        assert_eq!(
            level(b"PK\x03\x04rest of an archive"),
            Some(Level::Attention)
        );
        assert_eq!(level(b"vivo{\"time\":1,\"more\":[2,3]}"), Some(Level::Info));
        assert_eq!(level(b"\x01\x02"), None);
        assert_eq!(level(&[0; 400]), None);
    }
}
