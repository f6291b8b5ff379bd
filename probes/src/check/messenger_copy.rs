//! `messenger_copy`: the file looks like a copy that a messenger passed on.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, Measurements};
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
        zh: "文件名和结构不像聊天软件保存的副本。",
        en: "Name and structure are not those of copies that messengers make.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件名是否为微信、QQ、WhatsApp 等保存接收文件时所用的名称,以及文件是否仍带设备信息。\n\n\
             **测量方法** 对照文件名样式;设备品牌取自元数据。没有 EXIF、没有拍摄时间、由软件库编码且长边为\
             聊天软件常用值(或带有 Facebook 的标记)的照片,无论文件名如何都作此提示。\
             聊天软件默认压缩画面并去除拍摄时间、设备等信息。\n\n\
             **可能含义** 收到的不是原始文件,而是压缩后的副本,无法据此判断是否为原始记录。这不表示编辑过。\n\n\
             **常见的正常原因** 现场人员通过聊天软件汇总照片。以“原图”或文件方式发送的仍带设备信息,仅作提示。\n\n\
             **如何确认** 请从拍摄设备直接提供原始文件。",
        en: "**What it looks at** Whether the name is one under which WeChat, QQ, WhatsApp and others save what was \
             received, and whether the file still names its device.\n\n\
             **How it is measured** By patterns of names; the device's make comes from the metadata. A photo \
             without EXIF and time, coded by a library, whose long side is one to which messengers reduce (or \
             that bears Facebook's mark), is told whatever its name. Messengers \
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

/// Long sides in pixels to which messengers reduce: WeChat 1080, 1280, 1440,
/// WhatsApp 1600 and 2048, DingTalk, QQ 1920 and 2560 (research/forensics.md
/// 2e, 13; others named guesses).
const LONG_SIDES_PX: [u16; 8] = [960, 1080, 1280, 1440, 1600, 1920, 2048, 2560];

/// What is no larger than the largest of them is sent as large as it is.
const UNREDUCED_MAX_PX: u16 = 2560;

/// A JPEG that names neither device nor time and was coded by a library in a
/// size of messengers or below, or bears the mark that Facebook's services leave.
fn stripped(m: &Measurements) -> Option<Seen> {
    let jpeg = m.photo.as_ref()?.jpeg.as_ref()?;
    let names_origin = m.device.make.is_some() || m.device.model.is_some() || !m.times.is_empty();
    if names_origin {
        return None;
    }
    let is_marked = m
        .traces
        .iter()
        .any(|t| t.field == "iptc.SpecialInstructions" && t.written.starts_with("FBMD"));
    let parts = m.container.as_ref()?.jpeg.as_ref()?;
    let long_side_px = jpeg.width_px?.max(jpeg.height_px?);
    let is_coded = parts.is_coded_as_by_libjpeg();
    let is_reduced = is_coded && LONG_SIDES_PX.contains(&long_side_px);
    let is_small = is_coded && long_side_px <= UNREDUCED_MAX_PX;
    if !is_marked && !is_small {
        return None;
    }
    let (width, height) = (jpeg.width_px?, jpeg.height_px?);
    let (by_zh, by_en) = if is_marked || is_reduced {
        ("聊天软件转发的", "a messenger")
    } else {
        (
            "聊天软件或其他程序所存的",
            "a messenger's or another program's",
        )
    };
    let text = Text::new(
        format!(
            "像{by_zh}副本({width}×{height},由软件压缩,没有拍摄时间和设备信息),请提供原始文件。"
        ),
        format!(
            "Looks like {by_en} copy ({width}×{height}, compressed by a program, no capture time, no device); the \
             original file is asked for."
        ),
    );
    Some(Seen::new(Level::Unknown, Strength::Supporting, text))
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
        return match stripped(case.m) {
            Some(seen) => Ruling::Found(vec![seen]),
            None => Ruling::Pass,
        };
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
            format!(
                "像聊天软件转发的副本(文件名“{name}”,{who}),且不带设备信息,没有可靠的拍摄时间,请提供原始文件。"
            ),
            format!(
                "Looks like a messenger copy (named “{name}”, {who}) and names no device: no capture time can be \
                 relied on; the original file is asked for."
            ),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::container::jpeg_parts::JpegParts;
    use crate::measure::jpeg_tables::JpegTables;
    use crate::measure::photo::Photo;
    use crate::measurements::Container;

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

    fn stripped_level(long_side_px: u16, order: &[&str], has_time: bool) -> Option<Level> {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.context.name = "a.jpg".to_owned();
        if !has_time {
            trial.m.times.clear();
        }
        trial.m.photo = Some(Photo {
            jpeg: Some(JpegTables {
                width_px: Some(long_side_px),
                height_px: Some(720),
                ..JpegTables::default()
            }),
            ..Photo::default()
        });
        trial.m.container = Some(Container {
            jpeg: Some(JpegParts {
                order: order.iter().map(|s| (*s).to_owned()).collect(),
                ..JpegParts::default()
            }),
            ..Container::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => {
                assert!(seen[0].text.en.contains("no capture time"));
                Some(seen[0].level)
            }
            _ => None,
        }
    }

    #[test]
    fn a_stripped_copy_is_told_by_its_structure_whatever_its_name() {
        let library = ["APP0 JFIF", "DQT ×2", "SOF0", "DHT ×4"];
        let camera = ["DQT", "SOF0", "DHT"];
        assert_eq!(stripped_level(1280, &library, false), Some(Level::Unknown));
        assert_eq!(stripped_level(1280, &library, true), None);
        assert_eq!(stripped_level(1281, &library, false), Some(Level::Unknown));
        assert_eq!(stripped_level(2561, &library, false), None);
        assert_eq!(stripped_level(1280, &camera, false), None);
    }
}
