//! `editor_trace`: the file itself names a program that wrote it after capture.

use crate::check::{Alone, Aspect, Case, Check, Evidence, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, Trace};
use crate::text::{StaticText, Text};
use crate::writers::{self, Who, Writer};

/// Quotations shown of one program.
const QUOTATIONS_MAX: usize = 3;

/// The declaration.
pub static CHECK: Check = Check {
    code: "editor_trace",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Metadata,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "文件中有编辑或转码软件的记录",
        en: "The file names a program that edited or converted it",
    },
    pass: StaticText {
        zh: "文件中未发现已知编辑或转码软件的名称。",
        en: "No known editor or converter is named in the file.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件的元数据、容器和码流中是否写有已知编辑软件、转码软件的名称。\n\n\
             **测量方法** 逐字引用文件中的写入者字段(EXIF、XMP、QuickTime、Matroska、AVI、\
             编码器自述等)及其字节偏移,与签名数据对照(内置的和管理员自有的)。没有名称而文件类型标识为 FFmpeg 写法的也列出。\
             同型号可信文件都带有的名称视为设备自带,不列。\n\n\
             **可能含义** 编辑软件自己的记录是确定的事实:该软件写过这个文件,至于改动了什么,\
             该记录本身不作说明。转码、封装软件的名称只说明“拍摄之后由某软件写成”:录像中单独出现时请人工查看,\
             不作与原始录像不符的认定;照片中单独出现仅供参考。\n\n\
             **常见的正常原因** 执法记录仪、行车记录仪、手机应用自带 FFmpeg 或 x264;\
             采集站导出;传输时转码;在看图软件中旋转或添加说明。\n\n\
             **如何确认** 请提供设备中的原始文件,与本文件比较。",
        en: "**What it looks at** Whether metadata, container or coded data name a known editor or converter.\n\n\
             **How it is measured** Every field in which a writer names itself (EXIF, XMP, QuickTime, Matroska, \
             AVI, the encoder's own note) is quoted literally with its byte offset and held against the \
             signature data, shipped and the admin's own. A file type box as FFmpeg writes it is listed where no \
             name is. A name that all vouched files of the model bear is the device's own and not listed.\n\n\
             **What it can mean** An editor's own record is a fact: that program wrote this file. What it \
             changed, the record does not say. The name of a converter or muxer says only “written by it after \
             capture”: alone in a recording it asks for a person and calls nothing inconsistent; alone in a photo \
             it is for information.\n\n\
             **Usual innocent causes** Body cameras, dash cameras and phone apps that build in FFmpeg or x264; \
             export by a docking station; conversion in transfer; rotation or a caption in a viewer.\n\n\
             **What would settle it** The original file from the device, compared with this one.",
    },
    see_yourself: "exiftool -a -G1 -s {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let mut programs: Vec<(&Writer, Vec<&Trace>)> = Vec::new();
    for (trace, writer) in case.writers.in_file(case.m) {
        // A recorder whose vouched files all bear this name builds it in.
        if writer.who == Who::Encoder && case.exemplars.vouch_for(case.m, trace) {
            continue;
        }
        match programs.iter_mut().find(|(w, _)| w.name == writer.name) {
            Some((_, traces)) => traces.push(trace),
            None => programs.push((writer, vec![trace])),
        }
    }
    let mut seen: Vec<Seen> = programs
        .iter()
        .filter_map(|(writer, traces)| says(writer, traces, case.m.kind))
        .collect();
    if programs.is_empty() {
        seen.extend(nameless_muxer(case));
    }
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// A step of the history that changed what is said of the picture and not the
/// picture; a caption program's, or Lightroom's on saving a rating.
fn is_metadata_step(trace: &Trace) -> bool {
    trace.field == "xmpMM.History" && trace.written.contains("stEvt:changed=/metadata")
}

/// The converter's name and another mark of the same save or wrapping are one.
fn rests_on(traces: &[&Trace], kind: Kind) -> Option<Evidence> {
    match kind {
        Kind::Photo => {
            let in_comment = traces.iter().all(|t| t.field == "com");
            in_comment.then_some(Evidence::LibrarySave)
        }
        _ => Some(Evidence::WrappingProgram),
    }
}

/// A camera that wraps its recordings with a converter's library is rare, and
/// what a person asks for then is the device's own file. Photos pass through
/// such libraries on their honest way into every other album.
fn alone(kind: Kind) -> Alone {
    match kind {
        Kind::Photo => Alone::Told,
        _ => Alone::AsksForAPerson,
    }
}

/// FFmpeg's file type box in a file that does not name FFmpeg: a program that
/// builds it in may leave the name out, and so may who wants it not seen.
fn nameless_muxer(case: &Case<'_>) -> Option<Seen> {
    let ftyp = case.m.traces.iter().find(|t| t.field == "ftyp")?;
    let is_ffmpegs = case.m.kind != Kind::Photo && writers::is_ffmpegs_file_type(&ftyp.written);
    if !is_ffmpegs || case.exemplars.vouch_for_file_type(case.m, &ftyp.written) {
        return None;
    }
    let quoted = writers::quoted(ftyp);
    let text = Text::new(
        format!(
            "文件未写明写入程序,而文件类型标识是 FFmpeg 的写法:{quoted}。可能是拍摄后重新封装,也可能是设备自带。"
        ),
        format!(
            "The file names no program, and its file type box is as FFmpeg writes it: {quoted}. It may have been \
             wrapped anew after capture, or the device may use FFmpeg itself."
        ),
    );
    let seen = Seen::new(Level::Attention, Strength::Supporting, text);
    Some(seen.resting_on(Evidence::WrappingProgram).asking_alone())
}

fn says(writer: &Writer, traces: &[&Trace], kind: Kind) -> Option<Seen> {
    let quotations: Vec<String> = traces
        .iter()
        .take(QUOTATIONS_MAX)
        .map(|t| writers::quoted(t))
        .collect();
    let quotations = quotations.join("; ");
    let name = &writer.name;
    Some(match writer.who {
        Who::Editor if traces.iter().all(|t| is_metadata_step(t)) => Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!("软件 {name} 记录其修改过文字信息而非画面:{quotations}。"),
                format!(
                    "{name} records that it changed the metadata, not the picture: {quotations}."
                ),
            ),
        ),
        Who::Editor if !writer.is_measured() => Seen {
            evidence: (kind != Kind::Photo).then_some(Evidence::WrappingProgram),
            alone: alone(kind),
            ..Seen::new(
                Level::Attention,
                Strength::Supporting,
                Text::new(
                    format!(
                        "文件中出现编辑软件 {name} 的名称:{quotations}。该写法尚未经实际文件核实。"
                    ),
                    format!(
                        "The file holds the name of the editor {name}: {quotations}. That it signs so has not been \
                     measured on its files."
                    ),
                ),
            )
        },
        Who::Editor => Seen::new(
            Level::Attention,
            Strength::Fact,
            Text::new(
                format!(
                    "文件中有编辑软件 {name} 自己的记录:{quotations}。请提供设备中的原始文件。"
                ),
                format!(
                    "The editor {name} left its own record: {quotations}. The original file from the \
                     device is asked for."
                ),
            ),
        ),
        Who::Encoder => Seen {
            evidence: rests_on(traces, kind),
            alone: alone(kind),
            ..Seen::new(
                Level::Attention,
                Strength::Supporting,
                Text::new(
                    format!(
                        "文件写有 {name} 的名称:{quotations}。可能是拍摄后转码或重新封装,\
                     也可能是设备或采集软件自带。"
                    ),
                    format!(
                        "The file names {name}: {quotations}. It may have been converted or wrapped anew after \
                     capture, or the device or docking software may use it itself."
                    ),
                ),
            )
        },
        Who::MetadataEditor => Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!(
                    "软件 {name} 写过文件的元数据:{quotations}。时间、地点、设备等信息可能已非拍摄时所写。"
                ),
                format!(
                    "{name} wrote metadata of the file: {quotations}. Time, place or device may not be as they \
                     were when it was taken."
                ),
            ),
        )
        .asking_alone(),
        Who::OsExport | Who::Messenger => Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!("文件由 {name} 写成或另存:{quotations}。"),
                format!("The file was written or saved by {name}: {quotations}."),
            ),
        ),
        Who::CaptureApp | Who::Camera => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;

    fn with(field: &str, written: &str) -> Trial {
        let mut trial = Trial::video(10.0);
        trial.m.traces.push(Trace {
            field: field.to_owned(),
            written: written.to_owned(),
            offset_bytes: Some(42),
        });
        trial
    }

    fn seen(trial: &Trial) -> Vec<Seen> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen,
            _ => Vec::new(),
        }
    }

    #[test]
    fn an_editors_own_record_is_a_fact_and_is_quoted() {
        let found = seen(&with("xmp.CreatorTool", "Adobe Photoshop 25.0 (Windows)"));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].level, found[0].strength),
            (Level::Attention, Strength::Fact)
        );
        for text in [&found[0].text.zh, &found[0].text.en] {
            assert!(text.contains("Adobe Photoshop 25.0 (Windows)") && text.contains("@42"));
        }
    }

    #[test]
    fn a_converters_name_only_supports() {
        let found = seen(&with("ilst.©too", "Lavf59.27.100"));
        assert_eq!(found[0].strength, Strength::Supporting);
    }

    #[test]
    fn ffmpegs_structure_without_its_name_only_supports() {
        let found = seen(&with("ftyp", "isom 512 [isom iso2 avc1 mp41]"));
        assert_eq!(found[0].strength, Strength::Supporting);
        for own in [
            "qt   0 [qt  ]",
            "isom 131072 [isom iso2 mp41]",
            "mp42 1 [512 ]",
        ] {
            assert_eq!(with("ftyp", own).judge(&CHECK), Ruling::Pass, "{own}");
        }
        let mut named = with("ftyp", "isom 512 [isom]");
        named.m.traces.push(Trace {
            field: "ilst.©too".to_owned(),
            written: "Lavf59.27.100".to_owned(),
            offset_bytes: None,
        });
        assert_eq!(seen(&named).len(), 1, "one program is one sign");
    }

    #[test]
    fn an_editor_known_by_hearsay_only_supports() {
        let found = seen(&with("exif.Software", "VSCO 300"));
        assert_eq!(found[0].strength, Strength::Supporting);
        assert_eq!(
            seen(&with("exif.Software", "GIMP 2.10"))[0].strength,
            Strength::Fact
        );
    }

    #[test]
    fn a_metadata_editor_asks_for_a_person_and_calls_nothing_edited() {
        let found = seen(&with("xmp.toolkit", "Image::ExifTool 12.57"));
        assert_eq!(found[0].strength, Strength::Supporting);
        assert_eq!(found[0].alone, Alone::AsksForAPerson);
        assert_eq!(
            with("xmp.toolkit", "XMP Core 6.0.0").judge(&CHECK),
            Ruling::Pass
        );
    }

    #[test]
    fn a_step_that_changed_only_metadata_is_no_edit_of_the_picture() {
        let step =
            "stEvt:action=saved stEvt:softwareAgent=Adobe Photoshop Lightroom 6.0 stEvt:changed=";
        let strength =
            |changed: &str| seen(&with("xmpMM.History", &format!("{step}{changed}")))[0].strength;
        assert_eq!(strength("/metadata"), Strength::Supporting);
        assert_eq!(strength("/"), Strength::Fact);
    }

    #[test]
    fn firmware_and_capture_apps_pass() {
        for own in [
            "16.1.2",
            "今日水印相机 3.0",
            "GoPro AVC encoder",
            "Core Media Video",
        ] {
            assert_eq!(
                with("exif.Software", own).judge(&CHECK),
                Ruling::Pass,
                "{own}"
            );
        }
    }

    #[test]
    fn one_program_is_one_finding_however_often_it_signs() {
        let mut trial = with("xmp.CreatorTool", "Adobe Photoshop 25.0");
        for i in 0..10 {
            trial.m.traces.push(Trace {
                field: "xmpMM.History".to_owned(),
                written: format!("saved {i} Adobe Photoshop 25.0"),
                offset_bytes: None,
            });
        }
        assert_eq!(seen(&trial).len(), 1);
    }
}
