//! `unreadable`: the file claims to be a recording and cannot be read as one.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measurements::{Kind, PROBE_STOPPED};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "unreadable",
    clause: "av.complete",
    aspect: Aspect::Quality,
    family: Family::Structure,
    strength: Strength::Fact,
    kinds: &[Kind::Photo, Kind::Video, Kind::Audio, Kind::Unreadable],
    title: StaticText {
        zh: "文件无法读取",
        en: "The file cannot be read",
    },
    pass: StaticText {
        zh: "文件可以按照片、视频或录音读取。",
        en: "The file can be read as a photo, a video or a sound recording.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件名是照片、视频或录音,而内容无法按任何一种读取。\n\n\
             **测量方法** 以文件内容(而非扩展名)判断格式,再实际读取;播放列表、文本等不作为录像打开。\n\n\
             **可能含义** 文件未写完、损坏、被加密,或内容不是记录。\n\n\
             **常见的正常原因** 复制中断;拍摄中断电;扩展名有误。\n\n\
             **如何确认** 在原设备上播放;重新复制原始文件。",
        en: "**What it finds** A file that is named as a photo, video or sound recording and whose content can \
             be read as none of them.\n\n\
             **How it is measured** The format is told by the content, not by the name, and then read in \
             earnest; playlists and texts are not opened as recordings.\n\n\
             **What it can mean** The file was not finished, is damaged or encrypted, or holds something else.\n\n\
             **Usual innocent causes** A copy broken off; power lost while recording; a wrong file name.\n\n\
             **What would settle it** Playing it on the device; a new copy of the original.",
    },
    see_yourself: "ffprobe -hide_banner {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    if case.m.kind != Kind::Unreadable {
        return Ruling::Pass;
    }
    if let Some(stopped) = case
        .m
        .not_run
        .iter()
        .find(|n| n.instrument == PROBE_STOPPED)
    {
        return Ruling::NotRun(Text::new(
            format!(
                "未能在限额内完成检查,不说明文件有误({})。请放宽限额后重新检查,或由人工查看。",
                stopped.why
            ),
            format!(
                "could not be examined within the limits, which says nothing against the file ({}). Examine \
                 it again with wider limits, or have a person look",
                stopped.why
            ),
        ));
    }
    let format = case.m.container.as_ref().map_or("", |c| c.format.as_str());
    let (zh, en) = match format {
        "" | "unknown" => (
            "内容不是已知的格式".to_owned(),
            "its content is of no known format".to_owned(),
        ),
        "zeros" => (
            "内容全为零".to_owned(),
            "its content is all zeros".to_owned(),
        ),
        format => (
            format!("内容类型为 {format}"),
            format!("its content is of type {format}"),
        ),
    };
    Ruling::Found(vec![Seen::new(
        Level::Fail,
        Strength::Fact,
        Text::new(
            format!("文件无法按照片、视频或录音读取({zh})。请从设备重新复制原始文件。"),
            format!(
                "The file cannot be read as a photo, video or sound recording ({en}). A new copy from the \
                 device is asked for."
            ),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measurements::NotRun;

    #[test]
    fn only_the_unreadable_fails() {
        let mut trial = Trial::video(1.0);
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
        trial.m.kind = Kind::Unreadable;
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("an unreadable file passed")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Fail, Strength::Fact)
        );
    }

    #[test]
    fn a_limit_of_ours_is_no_fault_of_the_file() {
        let mut trial = Trial::video(1.0);
        trial.m.kind = Kind::Unreadable;
        trial.m.not_run.push(NotRun {
            instrument: PROBE_STOPPED.to_owned(),
            why: "took longer than 600 s".to_owned(),
        });
        let Ruling::NotRun(why) = trial.judge(&CHECK) else {
            panic!("our own limit was held against the file")
        };
        assert!(why.zh.contains("600 s") && why.en.contains("600 s"));
    }
}
