//! `photo_screenshot`: a picture of what a screen showed, taken by the screen's
//! own system and not by a camera.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, Measurements};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_screenshot",
    clause: "no.retake",
    aspect: Aspect::Integrity,
    family: Family::Provenance,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "像屏幕截图",
        en: "Looks like a screenshot",
    },
    pass: StaticText {
        zh: "不像屏幕截图。",
        en: "It does not look like a screenshot.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件是否为手机或电脑的屏幕截图,而非相机拍摄的照片。\n\n\
             **测量方法** 文件自带的截图记录(EXIF 的 UserComment 为 Screenshot)、各系统截图的文件名;\
             没有任何设备信息且大小恰为常见屏幕大小的 PNG 或 JPEG 只作提示。\n\n\
             **可能含义** 画面来自屏幕显示的内容,拍摄时间和地点无从得知。\n\n\
             **常见的正常原因** 以截图记录电脑系统、仪器软件的界面;截取原始照片后发送。\n\n\
             **如何确认** 请提供截图所示照片的原始文件;如需记录屏幕内容,请用相机拍摄屏幕及其环境。",
        en: "**What it looks at** Whether the file is a screenshot of a phone or computer and not a camera's photo.\n\n\
             **How it is measured** By the file's own record (UserComment “Screenshot” in EXIF) and by the names that \
             systems give to screenshots. A PNG or JPEG that names no device and has exactly the size of a common \
             screen is only noted.\n\n\
             **What it can mean** The picture is of what a screen showed; when and where that was taken cannot be \
             known.\n\n\
             **Usual innocent causes** A screenshot to document software of a computer or an instrument; a photo that \
             was captured from the screen to be sent.\n\n\
             **What would settle it** The original of the photo on the screen; to document a screen, a camera's photo \
             of it in its place.",
    },
    see_yourself: "exiftool -FileName -ImageSize -UserComment -Make -Model {file}",
    params: &[],
    judge,
};

/// Starts of names, in lower case.
const STARTS: [&str; 9] = [
    "screenshot",
    "screen shot",
    "screen_shot",
    "截屏",
    "截图",
    "屏幕截图",
    "屏幕快照",
    "微信截图",
    "企业微信截图",
];

/// Long and short sides of common screens, in pixels. Named guess from makers'
/// data sheets; sides that cameras use too are left out.
const SCREENS_PX: [(u32, u32); 20] = [
    (1334, 750),
    (1792, 828),
    (2208, 1242),
    (2436, 1125),
    (2532, 1170),
    (2556, 1179),
    (2622, 1206),
    (2688, 1242),
    (2778, 1284),
    (2796, 1290),
    (2868, 1320),
    (2340, 1080),
    (2376, 1080),
    (2400, 1080),
    (2408, 1080),
    (2412, 1080),
    (2640, 1200),
    (3088, 1440),
    (3200, 1440),
    (1366, 768),
];

fn judge(case: &Case<'_>) -> Ruling {
    let name = case.context.name.rsplit(['/', '\\']).next();
    let name = name.unwrap_or_default().to_lowercase();
    let m = case.m;
    let asks = |zh: String, en: String| {
        let seen = Seen::new(Level::Attention, Strength::Supporting, Text::new(zh, en));
        Ruling::Found(vec![seen.asking_alone()])
    };
    let is_record = |field: &str, written: &str| {
        field == "exif.UserComment" && written.trim().eq_ignore_ascii_case("screenshot")
    };
    if m.traces.iter().any(|t| is_record(&t.field, &t.written)) {
        return asks(
            "文件自身记录为屏幕截图(UserComment “Screenshot”)。".to_owned(),
            "The file's own record says that it is a screenshot (UserComment “Screenshot”)."
                .to_owned(),
        );
    }
    if STARTS.iter().any(|start| name.starts_with(start)) {
        return asks(
            format!("文件名“{}”是系统截图的命名方式。", case.context.name),
            format!(
                "“{}” is a name that systems give to screenshots.",
                case.context.name
            ),
        );
    }
    match screen_size(m) {
        Some((width, height)) => Ruling::Found(vec![Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!("画面恰为常见屏幕大小({width}×{height})且不带设备信息,可能是屏幕截图。"),
                format!(
                    "It has the size of a common screen ({width}×{height}) and names no device: perhaps a screenshot."
                ),
            ),
        )]),
        None => Ruling::Pass,
    }
}

/// The size, if it is a screen's and nothing says that a camera took it.
fn screen_size(m: &Measurements) -> Option<(u32, u32)> {
    let photo = m.photo.as_ref()?;
    let stated = photo
        .jpeg
        .as_ref()
        .and_then(|j| j.width_px.zip(j.height_px));
    let size = photo
        .width_px
        .zip(photo.height_px)
        .or(stated.map(|(w, h)| (u32::from(w), u32::from(h))))?;
    let names_device = m.device.make.is_some() || m.device.model.is_some();
    let sides = (size.0.max(size.1), size.0.min(size.1));
    (!names_device && SCREENS_PX.contains(&sides)).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::photo::Photo;
    use crate::measurements::Trace;

    fn trial(name: &str, size: (u32, u32)) -> Trial {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.context.name = name.to_owned();
        trial.m.photo = Some(Photo {
            width_px: Some(size.0),
            height_px: Some(size.1),
            ..Photo::default()
        });
        trial
    }

    fn level(trial: &Trial) -> Option<Level> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].level),
            _ => None,
        }
    }

    #[test]
    fn records_and_names_ask_and_a_size_is_only_noted() {
        let camera = (4000, 3000);
        for name in [
            "Screenshot_20260412_093000.jpg",
            "a/屏幕截图 2026-04-12.png",
        ] {
            assert_eq!(
                level(&trial(name, camera)),
                Some(Level::Attention),
                "{name}"
            );
        }
        assert_eq!(level(&trial("IMG_1.JPG", camera)), None);
        assert_eq!(level(&trial("1.png", (1170, 2532))), Some(Level::Info));
        let mut phone = trial("IMG_1.JPG", (1170, 2532));
        phone.m.device.make = Some("Apple".to_owned());
        assert_eq!(level(&phone), None);
        phone.m.traces.push(Trace {
            field: "exif.UserComment".to_owned(),
            written: "Screenshot".to_owned(),
            offset_bytes: None,
        });
        assert_eq!(level(&phone), Some(Level::Attention));
    }
}
