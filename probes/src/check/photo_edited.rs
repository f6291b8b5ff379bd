//! `photo_edited`: structure that picture editors write and cameras do not.

use crate::check::photo_recompressed::Sizes;
use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{JpegParts, Kind, Measurements, Trace};
use crate::text::{StaticText, Text};
use crate::writers;

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_edited",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Fact,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片有图像编辑软件保存的痕迹",
        en: "The photo shows marks of an editor's save",
    },
    pass: StaticText {
        zh: "照片结构中未发现图像编辑软件保存的痕迹。",
        en: "The structure shows no mark of an editor's save.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片文件的结构中有没有相机不写、图像编辑软件才写的部分。\n\n\
             **测量方法** 检查 Photoshop 数据段(APP13)的资源号、XMP 编辑历史和派生记录、Camera Raw 处理标记、\
             Adobe 数据段(APP14)、“存储为 Web 所用格式”的数据段(APP12);画面形状是否与 EXIF 所记相同。\n\n\
             **可能含义** 编辑历史是软件自己的记录,属确定的事实;Photoshop 保存时写入的资源、形状与 EXIF 不符属强迹象;\
             其余单独出现仅供参考。仅有图片说明(IPTC)的,说明添加过文字说明,不等于改动画面。\n\n\
             **常见的正常原因** 旋转、缩小、加文字说明、加水印后另存;由相册或网盘导出。\n\n\
             **如何确认** 请提供相机或手机中的原始照片。",
        en: "**What it looks at** Whether the file has parts that editors write and cameras do not.\n\n\
             **How it is measured** Resource numbers in the Photoshop segment (APP13), the edit history and \
             derivation in XMP, Camera Raw's mark of processing, the Adobe segment (APP14), the segment of “save for \
             web” (APP12); whether the picture has the shape that EXIF says.\n\n\
             **What it can mean** An edit history is the program's own record and a fact; resources that \
             Photoshop writes on saving, and another shape than EXIF says, are strong signs; the rest by itself is for information. A caption \
             (IPTC) alone says that text was added, not that the picture was changed.\n\n\
             **Usual innocent causes** Saving after rotation, reduction, a caption or a watermark; export from an \
             album or cloud drive.\n\n\
             **What would settle it** The original photo from the camera or phone.",
    },
    see_yourself: "exiftool -a -G1 -s -XMP-xmpMM:all -Photoshop:all -APP14:all -EncodingProcess {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let traces = |field: &'static str| m.traces.iter().filter(move |t| t.field == field);
    let mut seen = Vec::new();

    let history: Vec<&Trace> = traces("xmpMM.History").collect();
    // A step that names its program is that program's own record.
    if let Some(step) = history.iter().find(|t| is_saving(&t.written)) {
        seen.push(quote(
            Strength::Fact,
            "XMP 编辑历史",
            "edit history in XMP",
            step,
        ));
    } else if let Some(step) = history.first() {
        seen.push(quote(
            Strength::Supporting,
            "XMP 历史记录",
            "history in XMP",
            step,
        ));
    }
    for trace in traces("app13").take(1) {
        seen.push(if saved_by_photoshop(&trace.written) {
            quote(
                Strength::Strong,
                "Photoshop 保存的数据",
                "data of a save by Photoshop",
                trace,
            )
        } else {
            quote(
                Strength::Supporting,
                "图片说明 (IPTC) 数据",
                "a caption (IPTC)",
                trace,
            )
        });
    }
    for trace in traces("crs.AlreadyApplied").filter(|t| t.written.eq_ignore_ascii_case("true")) {
        seen.push(quote(
            Strength::Strong,
            "Camera Raw 处理标记",
            "Camera Raw processing",
            trace,
        ));
    }
    for trace in traces("xmpMM.DerivedFrom").take(1) {
        seen.push(quote(
            Strength::Supporting,
            "派生记录",
            "a record of derivation",
            trace,
        ));
    }
    for trace in traces("app14").take(1) {
        let segment = quote(
            Strength::Supporting,
            "Adobe 数据段",
            "an Adobe segment",
            trace,
        );
        seen.push(segment.resting_on(Evidence::LibrarySave));
    }
    for trace in traces("app12").take(1) {
        seen.push(quote(
            Strength::Strong,
            "Photoshop“存储为 Web 所用格式”的数据段",
            "Photoshop's segment of “save for web”",
            trace,
        ));
    }
    for trace in m
        .traces
        .iter()
        .filter(|t| {
            matches!(
                t.field.as_str(),
                "photoshop.DocumentAncestors" | "photoshop.History"
            )
        })
        .take(1)
    {
        seen.push(quote(
            Strength::Strong,
            "Photoshop 记录的来源文档或操作历史",
            "source documents or steps that Photoshop recorded",
            trace,
        ));
    }
    seen.extend(reshaped(m));
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// A step that wrote content, by a program that names itself. A step that
/// only touched metadata is none.
fn is_saving(step: &str) -> bool {
    let names_program = step.contains("softwareAgent=");
    let only_metadata = step.contains("stEvt:changed=/metadata");
    names_program && !only_metadata
}

/// Caption (0404), its digest (0425), its address (040B) and copyright mark
/// (040A) come from caption programs too; all others from Photoshop's save.
fn saved_by_photoshop(resources: &str) -> bool {
    resources
        .split_whitespace()
        .skip(2)
        .any(|id| !matches!(id, "0404" | "0425" | "040A" | "040B"))
}

/// A shape that EXIF does not know: something was cut off, or the picture was
/// turned and EXIF was not.
fn reshaped(m: &Measurements) -> Option<Seen> {
    let jpeg = m.photo.as_ref()?.jpeg.as_ref()?;
    let sizes = Sizes::of(m.exif.as_ref()?, jpeg)?;
    let Sizes { exif, picture } = sizes;
    if sizes.is_turned() {
        let text = Text::new(
            format!(
                "画面为 {}×{},而 EXIF 记为 {}×{}:可能由软件旋转后另存,个别设备也这样记。",
                picture.0, picture.1, exif.0, exif.1
            ),
            format!(
                "The picture has {}×{} pixels and EXIF says {}×{}: a program may have turned and saved it; a few \
                 devices write so themselves.",
                picture.0, picture.1, exif.0, exif.1
            ),
        );
        let turned = Seen::new(Level::Attention, Strength::Supporting, text)
            .resting_on(Evidence::LibrarySave);
        // Losslessly turned, the tables stay the camera's and their order is
        // the library's.
        let parts = m.container.as_ref().and_then(|c| c.jpeg.as_ref());
        let is_library = parts.is_some_and(JpegParts::is_coded_as_by_libjpeg);
        return Some(if is_library {
            turned.asking_alone()
        } else {
            turned
        });
    }
    if sizes.change().is_some() {
        return None;
    }
    let text = Text::new(
        format!(
            "画面为 {}×{},与 EXIF 所记 {}×{} 的形状不同:拍摄后被裁剪或拼接并另存。请提供设备中的原始文件。",
            picture.0, picture.1, exif.0, exif.1
        ),
        format!(
            "The picture has {}×{} pixels, another shape than EXIF's {}×{}: it was cropped or extended and saved \
             after capture. The original file from the device is asked for.",
            picture.0, picture.1, exif.0, exif.1
        ),
    );
    Some(Seen::new(Level::Attention, Strength::Strong, text))
}

fn quote(strength: Strength, what_zh: &str, what_en: &str, trace: &Trace) -> Seen {
    let quoted = writers::quoted(trace);
    Seen::new(
        Level::Attention,
        strength,
        Text::new(
            format!("文件中有{what_zh}:{quoted}。"),
            format!("The file holds {what_en}: {quoted}."),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::jpeg_tables::JpegTables;
    use crate::measure::photo::Photo;
    use crate::measurements::Exif;

    fn strength(field: &str, written: &str) -> Option<Strength> {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.traces.push(Trace {
            field: field.to_owned(),
            written: written.to_owned(),
            offset_bytes: Some(7),
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].strength),
            _ => None,
        }
    }

    #[test]
    fn an_edit_history_is_a_fact_and_a_metadata_step_only_supports() {
        let saved = "stEvt:action=saved stEvt:softwareAgent=Adobe Photoshop 25.0 stEvt:changed=/";
        assert_eq!(strength("xmpMM.History", saved), Some(Strength::Fact));
        let noted = "stEvt:action=saved stEvt:softwareAgent=Camera Raw stEvt:changed=/metadata";
        assert_eq!(strength("xmpMM.History", noted), Some(Strength::Supporting));
    }

    #[test]
    fn a_caption_only_supports_and_a_save_is_strong() {
        assert_eq!(
            strength("app13", "Photoshop 3.0 0404 0425"),
            Some(Strength::Supporting)
        );
        assert_eq!(
            strength("app13", "Photoshop 3.0 0404 0425 0406"),
            Some(Strength::Strong)
        );
        assert_eq!(
            strength("crs.AlreadyApplied", "True"),
            Some(Strength::Strong)
        );
        assert_eq!(strength("crs.AlreadyApplied", "False"), None);
    }

    #[test]
    fn a_cameras_own_structure_passes() {
        assert_eq!(strength("jpeg.order", "SOI APP1 DQT SOF0 DHT"), None);
        assert_eq!(strength("app12", "Ducky"), Some(Strength::Strong));
        let ancestors = "xmp.did:1";
        assert_eq!(
            strength("photoshop.DocumentAncestors", ancestors),
            Some(Strength::Strong)
        );
    }

    #[test]
    fn another_shape_than_exif_s_is_strong_and_a_turn_only_supports() {
        let shaped = |exif: (u32, u32), picture: (u16, u16)| {
            let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
            trial.m.exif = Some(Exif {
                width_px: Some(exif.0),
                height_px: Some(exif.1),
                ..Exif::default()
            });
            trial.m.photo = Some(Photo {
                jpeg: Some(JpegTables {
                    width_px: Some(picture.0),
                    height_px: Some(picture.1),
                    ..JpegTables::default()
                }),
                ..Photo::default()
            });
            match trial.judge(&CHECK) {
                Ruling::Found(seen) => Some(seen[0].strength),
                _ => None,
            }
        };
        assert_eq!(shaped((4000, 3000), (2000, 2000)), Some(Strength::Strong));
        assert_eq!(
            shaped((4000, 3000), (3000, 4000)),
            Some(Strength::Supporting)
        );
        assert_eq!(shaped((4000, 3000), (4000, 3000)), None);
        assert_eq!(shaped((4000, 3000), (4000, 2992)), None);
        assert_eq!(shaped((4000, 3000), (1280, 960)), None);
    }
}
