//! `messenger_copy`: the file looks like a copy that a messenger passed on.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "messenger_copy",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Provenance,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo, Kind::Video],
    title: StaticText {
        zh: "像聊天软件转发的副本",
        en: "Looks like a copy sent through a messenger",
    },
    pass: StaticText {
        zh: "文件名不像聊天软件保存的副本。",
        en: "The name is not one that messengers give to copies.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件名是否为微信、QQ、WhatsApp 等保存接收文件时所用的名称,以及文件是否仍带设备信息。\n\n\
             **测量方法** 对照文件名样式;设备品牌取自元数据。聊天软件默认压缩画面并去除拍摄时间、设备等信息。\n\n\
             **可能含义** 收到的不是原始文件,而是压缩后的副本,无法据此判断是否为原始记录。这不表示编辑过。\n\n\
             **常见的正常原因** 现场人员通过聊天软件汇总照片。以“原图”或文件方式发送的仍带设备信息,仅作提示。\n\n\
             **如何确认** 请从拍摄设备直接提供原始文件。",
        en: "**What it looks at** Whether the name is one under which WeChat, QQ, WhatsApp and others save what was \
             received, and whether the file still names its device.\n\n\
             **How it is measured** By patterns of names; the device's make comes from the metadata. Messengers \
             compress pictures by default and strip the time, the device and more.\n\n\
             **What it can mean** What came is a compressed copy and not the original, so nothing can be said of \
             its being an original record. It does not mean that it was edited.\n\n\
             **Usual innocent causes** A team that gathers its photos through a messenger. What was sent as “full \
             image” or as a file still names its device and is only noted.\n\n\
             **What would settle it** The original file, straight from the device.",
    },
    see_yourself: "exiftool -FileName -ImageSize -Make -Model -DateTimeOriginal {file}",
    params: &[],
    judge,
};

/// Starts of names, in lower case, and the messenger that gives them. WeChat's
/// camera (`wx_camera_`) is left out: what it saves is a first recording.
const STARTS: &[(&str, &str)] = &[
    ("mmexport", "微信"),
    ("微信图片", "微信"),
    ("微信视频", "微信"),
    ("wechatimg", "微信"),
    ("wechatvideo", "微信"),
    ("qq图片", "QQ"),
    ("qq视频", "QQ"),
    ("tb_image_share_", "淘宝"),
    ("whatsapp image", "WhatsApp"),
    ("whatsapp video", "WhatsApp"),
];

/// The messenger after which the file is named.
fn messenger(name: &str) -> Option<&'static str> {
    let name = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(name)
        .to_lowercase();
    let by_start = STARTS.iter().find(|(start, _)| name.starts_with(start));
    by_start.map(|(_, who)| *who).or_else(|| whatsapp(&name))
}

/// `IMG-20260412-WA0007.jpg`.
fn whatsapp(name: &str) -> Option<&'static str> {
    let rest = name
        .strip_prefix("img-")
        .or_else(|| name.strip_prefix("vid-"))?;
    let (date, number) = rest.split_once("-wa")?;
    let is_date = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
    let numbered = number.bytes().next().is_some_and(|b| b.is_ascii_digit());
    (is_date && numbered).then_some("WhatsApp")
}

fn judge(case: &Case<'_>) -> Ruling {
    let Some(who) = messenger(&case.context.name) else {
        return Ruling::Pass;
    };
    let name = &case.context.name;
    if case.m.device.make.is_some() || case.m.device.model.is_some() {
        return Ruling::Found(vec![Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!("文件名“{name}”像经 {who} 传送,但仍带设备信息,可能以原图或文件方式发送。"),
                format!(
                    "By its name “{name}” it came through {who}; it still names its device and was probably \
                     sent in full."
                ),
            ),
        )]);
    }
    Ruling::Found(vec![Seen::new(
        Level::Unknown,
        Strength::Supporting,
        Text::new(
            format!("像聊天软件转发的副本(文件名“{name}”,{who}),且不带设备信息,请提供原始文件。"),
            format!(
                "Looks like a copy sent through a messenger (named “{name}”, {who}) and names no device; the \
                 original file is asked for."
            ),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};

    fn level(name: &str, make: Option<&str>) -> Option<Level> {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.context.name = name.to_owned();
        trial.m.device.make = make.map(str::to_owned);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => {
                assert!(
                    !seen[0].text.zh.contains("已编辑") && !seen[0].text.en.contains("was edited")
                );
                Some(seen[0].level)
            }
            _ => None,
        }
    }

    #[test]
    fn a_stripped_copy_cannot_be_judged() {
        for name in [
            "mmexport1712890000000.jpg",
            "微信图片_20260412093000.jpg",
            "IMG-20260412-WA0007.jpg",
            "WeChatIMG12.jpeg",
        ] {
            assert_eq!(level(name, None), Some(Level::Unknown), "{name}");
        }
    }

    #[test]
    fn a_full_image_is_only_noted() {
        assert_eq!(
            level("微信图片_20260412093000.jpg", Some("HUAWEI")),
            Some(Level::Info)
        );
    }

    #[test]
    fn cameras_names_pass() {
        for name in [
            "IMG_20260412_093000.jpg",
            "IMG-2026-WA.jpg",
            "wx_camera_1712890000000.jpg",
            "VID_1.mp4",
        ] {
            assert_eq!(level(name, None), None, "{name}");
        }
    }
}
