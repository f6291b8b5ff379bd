//! `unlike_its_model`: the file differs from the vouched files of its model in
//! something that is alike in all of them.

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::exemplar::{Comparison, Difference, Model, Weight};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// Differences that the sentence names; the rest are counted.
const NAMED_MAX: usize = 4;
/// Characters shown of one value; a parameter set in hex is long.
const VALUE_CHARS: usize = 60;

/// The declaration.
pub static CHECK: Check = Check {
    code: "unlike_its_model",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Strong,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "与同型号设备的原始文件不同",
        en: "Unlike the original files of its model",
    },
    pass: StaticText {
        zh: "与同型号、同模式的参照文件一致。",
        en: "Like the reference files of its model and mode.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件自称由某型号设备拍摄时,其结构是否与该型号的原始文件一致。\n\n\
             **测量方法** 管理员用 `unbroken calibrate` 从可信的原始文件中学习每个型号、每种模式\
             (尺寸、帧率、编码、有无声音)的固定写法:结构次序、文件类型标识、处理器名称、时钟、元数据字段、\
             写入程序、参数集、图像组长度、JPEG 量化表等。所有参照文件都相同而本文件不同的,逐项列出。\
             参照文件达到规定数量、其中有相同固件且差异属于设备固定写法的,为强;否则仅供佐证。\
             没有该型号或该模式的参照时只说明“尚无参照”,不影响结论。\n\n\
             **可能含义** 文件在拍摄后由其他软件写成:转存、转码、剪切或编辑。\n\n\
             **常见的正常原因** 固件升级;参照文件未包含的拍摄方式(前置镜头、慢动作、第三方拍摄应用);\
             传输或采集软件转存。\n\n\
             **如何确认** 用同一设备、同一模式再拍一段作比较;或请提供设备中的原始文件。",
        en: "**What it looks at** Where a file says which model recorded it: whether it is built as that model's \
             original files are.\n\n\
             **How it is measured** With `unbroken calibrate` the admin lets each model and mode (size, rate, \
             codec, sound) be learnt from originals that he vouches for: order of the structure, file type \
             brands, handler names, timescales, tags, muxer and encoder names, parameter sets, group lengths, \
             JPEG tables and more. What is alike in all of them and other here is listed. It is strong with \
             enough reference files, the same firmware among them, and a difference in what the recorder itself \
             always writes; else it only supports. Without a reference for the model or the mode it says so and \
             changes no result.\n\n\
             **What it can mean** Other software wrote the file after capture: it was copied into another \
             wrapping, converted, cut or edited.\n\n\
             **Usual innocent causes** New firmware; a way of recording that the reference files lack (front \
             camera, slow motion, a third-party camera app); transfer or docking software.\n\n\
             **What would settle it** A fresh clip of the same device in the same mode; the original file from \
             the device.",
    },
    see_yourself: "exiftool -a -G1 -s -v2 {file}",
    params: &[Param {
        key: "strong_from_files",
        unit: "count",
        default: 5.0,
        min: 2.0,
        max: 10_000.0,
        doc: StaticText {
            zh: "同型号同模式的参照文件达到此数,差异才为强;越小越严格",
            en: "reference files of the model and mode from which a difference is strong; smaller is stricter",
        },
        source: "research/forensics.md section 3: camera-exemplar mismatch with at least 5 exemplars",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    if case.exemplars.is_empty() {
        return Ruling::NotRun(Text::new(
            "尚无任何型号的参照文件(可用 unbroken calibrate 建立)",
            "there are no reference files of any model yet (unbroken calibrate makes them)",
        ));
    }
    match case.exemplars.compare(case.m) {
        Comparison::Nameless => Ruling::NotApplicable,
        Comparison::NewModel(model) => Ruling::NotRun(Text::new(
            format!("型号 {model} 尚无参照文件"),
            format!("no reference yet for the model {model}"),
        )),
        Comparison::NewMode(model, mode) => Ruling::NotRun(Text::new(
            format!("型号 {model} 的这种模式({mode})尚无参照文件"),
            format!("no reference yet for this mode ({mode}) of the model {model}"),
        )),
        Comparison::Compared { differences, .. } if differences.is_empty() => Ruling::Pass,
        Comparison::Compared {
            model,
            files,
            is_known_software,
            differences,
        } => Ruling::Found(vec![says(
            case,
            &model,
            files,
            is_known_software,
            &differences,
        )]),
    }
}

fn says(
    case: &Case<'_>,
    model: &Model,
    files: u64,
    is_known_software: bool,
    differences: &[Difference],
) -> Seen {
    let limit = case.limits.get("strong_from_files");
    let is_signature =
        |d: &Difference| d.feature.weight() == Weight::Signature && d.files as f64 >= limit;
    let is_strong = is_known_software && differences.iter().any(is_signature);
    let named: Vec<Text> = differences.iter().take(NAMED_MAX).map(named).collect();
    let more = differences.len().saturating_sub(NAMED_MAX);
    let join = |each: fn(&Text) -> &str| named.iter().map(each).collect::<Vec<_>>().join("; ");
    let (more_zh, more_en) = if more > 0 {
        (format!("; 另有 {more} 项"), format!("; and {more} more"))
    } else {
        Default::default()
    };
    let (software_zh, software_en) = if is_known_software {
        ("", "")
    } else {
        (
            "参照文件中没有此固件版本,差异可能来自升级。",
            " The reference files lack this firmware; it may make the difference.",
        )
    };
    let text = Text::new(
        format!(
            "与型号 {model} 的 {files} 个参照文件不同:{}{more_zh}。{software_zh}请提供设备中的原始文件。",
            join(|t| &t.zh)
        ),
        format!(
            "Unlike {files} reference files of the model {model}: {}{more_en}.{software_en} The original file from \
             the device is asked for.",
            join(|t| &t.en)
        ),
    );
    let strength = if is_strong {
        Strength::Strong
    } else {
        Strength::Supporting
    };
    Seen {
        measured: Some(differences.len() as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, strength, text)
    }
}

/// What was expected, and what is there.
fn named(difference: &Difference) -> Text {
    let title = difference.feature.title();
    let (expected, found) = (list(&difference.expected), list(&difference.found));
    let found = |none: &str| {
        if found.is_empty() {
            none.to_owned()
        } else {
            found.clone()
        }
    };
    Text::new(
        format!("{}应为 {expected},实为 {}", title.zh, found("无")),
        format!(
            "{}: expected {expected}, found {}",
            title.en,
            found("none of it")
        ),
    )
}

fn list(values: &[String]) -> String {
    let cut = |value: &String| {
        let short: String = value.chars().take(VALUE_CHARS).collect();
        let dots = if short.len() < value.len() { "…" } else { "" };
        format!("“{short}{dots}”")
    };
    values.iter().map(cut).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::Trial;
    use crate::container::read_structure;
    use crate::container::tiny::{Movie, cat, itunes_tool, keys};
    use crate::exemplar::Exemplars;

    const PHONE: &[(&str, &str)] = &[
        ("com.apple.quicktime.make", "Apple"),
        ("com.apple.quicktime.model", "iPhone 15"),
        ("com.apple.quicktime.software", "17.1"),
    ];

    fn own() -> Movie {
        Movie {
            extra: keys(PHONE),
            ..Movie::default()
        }
    }

    fn wrapped() -> Movie {
        Movie {
            ftyp: b"isom\0\0\x02\0isomiso2avc1mp41".to_vec(),
            timescale: 1000,
            extra: cat(&[&keys(PHONE), &itunes_tool("Lavf59.27.100")]),
            ..Movie::default()
        }
    }

    fn trial(movie: &Movie) -> Trial {
        let bytes = movie.bytes();
        let mut trial = Trial::video(10.0);
        read_structure(&mut Cursor::new(&bytes), bytes.len() as u64, "a.mov").apply(&mut trial.m);
        trial
    }

    fn judged(movie: &Movie, files: usize) -> Ruling {
        let mut known = Exemplars::default();
        for i in 0..files {
            let of = Movie {
                created: 3_800_000_000 + u32::try_from(i).unwrap(),
                ..own()
            };
            known.learn(&i.to_string(), &trial(&of).m);
        }
        let mut trial = trial(movie);
        trial.exemplars = known;
        trial.judge(&CHECK)
    }

    fn strength(ruling: Ruling) -> Strength {
        match ruling {
            Ruling::Found(seen) => seen[0].strength,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rewrapped_file_is_told_and_an_honest_one_is_not() {
        assert_eq!(judged(&own(), 5), Ruling::Pass);
        let Ruling::Found(seen) = judged(&wrapped(), 5) else {
            panic!("a rewrapped file passed")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Attention, Strength::Strong)
        );
        for text in [&seen[0].text.zh, &seen[0].text.en] {
            assert!(
                text.contains("qt   0") && text.contains("isom 512"),
                "{text}"
            );
            assert!(text.contains("iPhone 15"), "{text}");
        }
    }

    #[test]
    fn few_reference_files_only_support() {
        assert_eq!(strength(judged(&wrapped(), 4)), Strength::Supporting);
        assert_eq!(strength(judged(&wrapped(), 1)), Strength::Supporting);
        assert_eq!(strength(judged(&wrapped(), 5)), Strength::Strong);
    }

    #[test]
    fn new_firmware_only_supports() {
        let newer = [PHONE[0], PHONE[1], ("com.apple.quicktime.software", "18.0")];
        let updated = Movie {
            extra: keys(&newer),
            ftyp: b"qt  \0\0\0\0qt  mp42".to_vec(),
            ..Movie::default()
        };
        assert_eq!(strength(judged(&updated, 9)), Strength::Supporting);
    }

    #[test]
    fn without_a_reference_nothing_is_held_against_the_file() {
        assert!(matches!(judged(&own(), 0), Ruling::NotRun(_)));
        let other = Movie {
            extra: keys(&[PHONE[0], ("com.apple.quicktime.model", "iPhone 16")]),
            ..Movie::default()
        };
        assert!(matches!(judged(&other, 5), Ruling::NotRun(_)));
        assert_eq!(judged(&Movie::default(), 5), Ruling::NotApplicable);
    }

    #[test]
    fn a_habit_alone_only_supports() {
        let shifted = Movie {
            edits: vec![(6000, 20)],
            ..own()
        };
        assert_eq!(strength(judged(&shifted, 9)), Strength::Supporting);
    }
}
