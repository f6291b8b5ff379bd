//! `ai_generated_mark`: the file itself says that a model made or changed it.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, Trace};
use crate::text::{StaticText, Text};
use crate::writers;

/// The declaration.
pub static CHECK: Check = Check {
    code: "ai_generated_mark",
    clause: "no.insert",
    aspect: Aspect::Integrity,
    family: Family::Metadata,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "文件带有人工智能生成标识",
        en: "The file carries a mark of AI generation",
    },
    pass: StaticText {
        zh: "文件中没有人工智能生成标识。",
        en: "The file carries no mark of AI generation.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件中有没有 GB 45438-2025 规定的隐式标识(AIGC)、IPTC 数字来源类型 \
             (trainedAlgorithmicMedia 等,包括内容凭证 C2PA 中的),或常见生成软件写入的参数。\n\n\
             **测量方法** 查找元数据中的标识并逐字引用。没有标识不说明没有使用人工智能。\n\n\
             **可能含义** 文件自称由人工智能生成或合成,属确定的事实;改动范围需人工判断。\n\n\
             **常见的正常原因** 在手机相册中使用智能消除、增强后保存;误用示例图片。\n\n\
             **如何确认** 请提供设备中的原始文件并说明来源。",
        en: "**What it looks at** Whether the file carries the implicit label of GB 45438-2025 (AIGC), the IPTC \
             digital source types of made pictures (also in C2PA's credentials), or the parameters that common generators write.\n\n\
             **How it is measured** The marks are looked for in the metadata and quoted literally. No mark does \
             not mean that no model was used.\n\n\
             **What it can mean** The file says of itself that a model made or changed it: a fact. What was \
             changed is for a person to see.\n\n\
             **Usual innocent causes** A phone's gallery that erases or enhances with a model; a sample picture \
             by mistake.\n\n\
             **What would settle it** The original file from the device, and where this one comes from.",
    },
    see_yourself: "exiftool -a -G1 -s -AIGC -DigitalSourceType -Parameters {file}",
    params: &[],
    judge,
};

/// Text chunks in which image generators keep their settings.
const GENERATOR_TEXTS: &[&str] = &[
    "png.parameters",
    "png.prompt",
    "png.workflow",
    "png.Dream",
    "png.sd-metadata",
    "png.invokeai_metadata",
    "png.generation_data",
];
/// Digital source types of pictures that no camera took or that were composed
/// (IPTC NewsCodes, digitalsourcetype).
const MADE: &[&str] = &[
    "rainedAlgorithmicMedia",
    "/algorithmicMedia",
    "ompositeSynthetic",
];
/// Starts of EXIF and comments in which generators keep the same settings.
const FREE_TEXTS: &[&str] = &[
    "exif.UserComment",
    "exif.ImageDescription",
    "com",
    "png.Comment",
];

/// The settings of a generator as text: steps, sampler and seed together, or
/// the GB 45438 label in JSON.
fn is_generator_text(written: &str) -> bool {
    let lower = written.to_lowercase();
    let settings = ["steps", "sampler", "seed"];
    settings.iter().all(|name| lower.contains(name)) || lower.contains("\"aigc\"")
}

fn is_mark(trace: &Trace) -> bool {
    let field = trace.field.as_str();
    match field {
        "aigc" => true,
        // ByteDance's editors write label_type 0 for "no AI".
        "aigc_info" => labelled(&trace.written),
        "xmp.DigitalSourceType" | "c2pa.digitalSourceType" => {
            MADE.iter().any(|kind| trace.written.contains(kind))
        }
        _ if FREE_TEXTS.contains(&field) => is_generator_text(&trace.written),
        _ if GENERATOR_TEXTS.contains(&field) => true,
        _ => field.ends_with(".digital_source_type") || field.ends_with(".AIGC"),
    }
}

/// True if `aigc_info` gives a label type other than 0.
fn labelled(written: &str) -> bool {
    let Some((_, rest)) = written.split_once("label_type") else {
        return false;
    };
    rest.chars()
        .find(char::is_ascii_digit)
        .is_some_and(|digit| digit != '0')
}

fn judge(case: &Case<'_>) -> Ruling {
    let marks: Vec<String> = case
        .m
        .traces
        .iter()
        .filter(|t| is_mark(t))
        .take(3)
        .map(writers::quoted)
        .collect();
    if marks.is_empty() {
        return Ruling::Pass;
    }
    let marks = marks.join("; ");
    Ruling::Found(vec![Seen::new(
        Level::Attention,
        Strength::Fact,
        Text::new(
            format!("文件自带人工智能生成或合成标识:{marks}。"),
            format!("The file says that a model made or changed it: {marks}."),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};

    fn is_found(field: &str, written: &str) -> bool {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.traces.push(Trace {
            field: field.to_owned(),
            written: written.to_owned(),
            offset_bytes: None,
        });
        matches!(trial.judge(&CHECK), Ruling::Found(_))
    }

    #[test]
    fn marks_are_found() {
        assert!(is_found("aigc", "{\"Label\":\"1\"}"));
        assert!(is_found(
            "xmp.DigitalSourceType",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        ));
        assert!(is_found("png.parameters", "a street, Steps: 20"));
        let settings = "a street\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 12";
        assert!(is_found("exif.UserComment", settings));
        assert!(is_found("exif.UserComment", "{\"AIGC\":{\"Label\":\"1\"}}"));
        assert!(is_found(
            "xmp.DigitalSourceType",
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
        ));
        assert!(is_found(
            "aigc_info",
            "aigc_info\":\"{\\\"aigc_label_type\\\":1}"
        ));
    }

    #[test]
    fn a_camera_and_a_label_of_none_pass() {
        assert!(!is_found(
            "xmp.DigitalSourceType",
            "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
        ));
        assert!(!is_found(
            "aigc_info",
            "aigc_info\":\"{\\\"aigc_label_type\\\":0}"
        ));
        assert!(!is_found("png.Software", "gnome-screenshot"));
        assert!(!is_found(
            "exif.UserComment",
            "test of 3 steps, sampler no. 4"
        ));
        assert!(is_found(
            "c2pa.digitalSourceType",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        ));
        assert!(!is_found("c2pa", "C2PA manifest store (APP11)"));
    }
}
