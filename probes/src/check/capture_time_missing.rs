//! `capture_time_missing`: the file does not say when it was recorded.

use crate::capture::Grade;
use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};
use crate::wording::instant;

/// The declaration.
pub static CHECK: Check = Check {
    code: "capture_time_missing",
    clause: "save.24h",
    aspect: Aspect::Timeliness,
    family: Family::Metadata,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "没有可用的拍摄时间",
        en: "No usable capture time",
    },
    pass: StaticText {
        zh: "文件中有可用的拍摄时间。",
        en: "The file holds a usable capture time.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件内是否有记录设备写入、可用于判断24小时的拍摄时间。\n\n\
             **测量方法** 读取 EXIF、卫星定位时间、MP4/MOV、Matroska、AVI、AVCHD 等各处时间,\
             剔除未设置的时钟(1904年、1970年及出厂默认日期)。文件名、XMP 和后续写入的时间只作佐证,\
             文件系统的修改时间只作提示,均不单独作出判定。\n\n\
             **可能含义** 无法判断是否按时保存,结果为无法判定,不作按时处理。\n\n\
             **常见的正常原因** 经即时通讯软件转发后时间被去除;截图;设备不写时间或时钟未设置。\n\n\
             **如何确认** 提交设备中的原始文件,或附书面说明。",
        en: "**What it looks at** Whether the file holds a capture time, written by the recording device, that \
             can decide the 24-hour rule.\n\n\
             **How it is measured** Times are read from EXIF, satellite positioning, MP4/MOV, Matroska, AVI and \
             AVCHD. Clocks that were never set (1904, 1970, factory days) do not count. Times in the file name, \
             in XMP and of a later writing only support, the file system's modification time is only a hint: none \
             of them decides alone.\n\n\
             **What it can mean** Whether the file was saved in time cannot be told. That is unknown, never on \
             time.\n\n\
             **Usual innocent causes** A messenger that removed the time; a screenshot; a device that writes no \
             time or whose clock was never set.\n\n\
             **What would settle it** The original file from the device, or a written note.",
    },
    see_yourself: "exiftool -time:all -G1 -a -s {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let text = match case.capture.grade {
        Grade::A | Grade::B | Grade::BPrime => return Ruling::Pass,
        Grade::C => {
            let source = case.capture.source.as_deref().unwrap_or_default();
            let at = case
                .capture
                .latest
                .map(|at| instant(at, case.context.default_offset_s))
                .unwrap_or_default();
            Text::new(
                format!(
                    "拍摄时间仅见于“{source}”({at}),只能佐证,不能据以判定。请提交设备中的原始文件或说明。"
                ),
                format!(
                    "The only time is that in `{source}` ({at}), which supports but does not decide. The \
                     original file from the device or a note is asked for."
                ),
            )
        }
        Grade::D | Grade::None if !case.capture.candidates.is_empty() => {
            let why = case
                .capture
                .candidates
                .iter()
                .map(|c| {
                    format!(
                        "{}: {}",
                        c.field,
                        instant(c.latest, case.context.default_offset_s)
                    )
                })
                .take(3)
                .collect::<Vec<_>>()
                .join("; ");
            Text::new(
                format!(
                    "文件中没有可用的拍摄时间,仅有不能据以判定的时间({why})。请提交设备中的原始文件或说明。"
                ),
                format!(
                    "The file holds no usable capture time, only times that cannot decide ({why}). The \
                     original file from the device or a note is asked for."
                ),
            )
        }
        Grade::D | Grade::None => Text::new(
            "文件中没有拍摄时间。请提交设备中的原始文件或说明。",
            "The file holds no capture time. The original file from the device or a note is asked for.",
        ),
    };
    Ruling::Found(vec![Seen::new(Level::Unknown, Strength::Fact, text)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measurements::{Moment, Zone};

    fn text(trial: &Trial) -> Option<String> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.first().map(|s| {
                assert_eq!(s.level, Level::Unknown);
                s.text.en.clone()
            }),
            _ => None,
        }
    }

    #[test]
    fn a_deciding_time_passes() {
        let trial = Trial::photo(at("2026-04-12T01:00:00Z"), 300.0);
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        let container = Trial::video(10.0).time(
            "mvhd.creation",
            at("2026-04-12T01:00:00Z"),
            Zone::NominallyUtc,
            Moment::StartOrEnd,
        );
        assert_eq!(container.judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn no_time_a_name_only_and_a_hint_only_are_unknown() {
        let mut trial = Trial::video(10.0);
        assert!(text(&trial).unwrap().contains("no capture time"));
        trial.context.mtime = Some(at("2026-04-12T01:00:00Z"));
        assert!(
            text(&trial)
                .unwrap()
                .contains("mtime: 2026-04-12 09:00:00 +08:00")
        );
        trial.context.name = "VID_20260412_090000.mp4".to_owned();
        assert!(text(&trial).unwrap().contains("`name`"));
    }

    #[test]
    fn a_clock_that_was_never_set_is_no_time() {
        let trial = Trial::video(10.0).time(
            "mvhd.creation",
            at("1904-01-01T00:00:00Z"),
            Zone::NominallyUtc,
            Moment::StartOrEnd,
        );
        assert!(text(&trial).is_some());
    }
}
