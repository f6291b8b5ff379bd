//! `stream_changed`: the coded parameters change within the recording.

use crate::check::moments::{clock, not_measured};
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::decoding::SPANS_MAX;
use crate::measure::timing::Change;
use crate::measurements::{Container, Decoding, Kind, Measurements, Span};
use crate::text::{StaticText, Text};

/// How far from damage a change may be and still be its effect: damage is dated
/// by its packet, a change by the first picture or sound decoded after it.
/// Half a second, as for any two signs of one instant.
const DAMAGE_REACH_S: f64 = 0.5;

/// The declaration.
pub static CHECK: Check = Check {
    code: "stream_changed",
    clause: "no.insert",
    aspect: Aspect::Integrity,
    family: Family::Bitstream,
    strength: Strength::Strong,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "录制参数中途改变",
        en: "Recording parameters change on the way",
    },
    pass: StaticText {
        zh: "画面尺寸和声音参数自始至终一致。",
        en: "Picture size and sound parameters are the same from start to end.",
    },
    doc: StaticText {
        zh: "**检查内容** 同一文件内画面尺寸、采样率、声道数或编码参数的变化。\n\n\
             **测量方法** 逐帧比较解码后的尺寸和声音参数,并记录容器中途给出的新编码参数、画面改用的参数集,以及 MPEG-TS 节目表(PAT、PMT)的版本变化。\n\n\
             **可能含义** 文件由不同来源的片段连接而成。\n\n\
             **常见的正常原因** 录像机重启编码器、自适应码率的网络录像、手机切换镜头;数据损坏使参数读错,\
             因此损坏处的变化不作为编辑痕迹,只说明无法判断。\n\n\
             **如何确认** 查看变化前后的画面;与同一设备的其他录像比较。",
        en: "**What it finds** Changes of picture size, sampling rate, channels or coding parameters within one \
             file.\n\n\
             **How it is measured** Size and sound parameters are compared from frame to frame; new coding \
             parameters handed over by the container are noted, parameter sets that the pictures use, and new \
             versions of MPEG-TS tables (PAT, PMT).\n\n\
             **What it can mean** The file was joined from parts of different origin.\n\n\
             **Usual innocent causes** A recorder that restarted its encoder; network recording at an adaptive \
             rate; a phone that changed lenses; damaged data, which make a \
             decoder misread its parameters: a change at damage is no sign of editing, it cannot be decided.\n\n\
             **What would settle it** The pictures before and after; other recordings of the same device.",
    },
    see_yourself: "ffprobe -v error -show_entries frame=media_type,pts_time,width,height,channels -of csv {file}",
    params: &[Param {
        key: "change_settling_s",
        unit: "s",
        default: 0.5,
        min: 0.0,
        max: 10.0,
        doc: StaticText {
            zh: "开头此时长内声音参数的变化不计,解码器在此间识别扩展;越小越严。",
            en: "Sound parameters may change for this long at the start, while the decoder finds extensions; \
                 smaller is stricter.",
        },
        source: "HE-AAC implicit signalling (ISO/IEC 14496-3): rate and channels double with the first packets",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    if m.video.is_none() && m.audio.is_none() {
        return not_measured(
            m,
            if m.kind == Kind::Video {
                "video"
            } else {
                "audio"
            },
        );
    }
    let settling_s = case.limits.get("change_settling_s");
    let changes: Vec<&Change> = m
        .timing
        .iter()
        .filter(|t| t.medium == "video" || t.medium == "audio")
        .flat_map(|t| t.changes.iter())
        .filter(|c| c.at_s >= settling_s || c.what == "picture_size")
        .collect();
    let (hard, soft): (Vec<&Change>, Vec<&Change>) =
        changes.into_iter().partition(|c| c.what != "parameters");
    let (damaged, hard): (Vec<&Change>, Vec<&Change>) = hard
        .into_iter()
        .partition(|c| is_at_damage(&m.decoding, c.at_s));
    let mut seen = Vec::new();
    if let Some(first) = damaged.first() {
        let (zh, en) = words(&first.what);
        let text = Text::new(
            format!(
                "{zh}在 {} 由 {} 变为 {},该处数据已损坏,损坏本身即可造成这种变化,无法判断;此类变化共 {} 次。",
                clock(first.at_s),
                first.before,
                first.after,
                damaged.len()
            ),
            format!(
                "{en} changes from {} to {} at {}, where the data are damaged; damage alone can do that, so it \
                 cannot be decided; {} such changes in all.",
                first.before,
                first.after,
                clock(first.at_s),
                damaged.len()
            ),
        );
        seen.push(Seen {
            level: Level::Unknown,
            ..tell(&damaged, Strength::Supporting, text)
        });
    }
    if let Some(first) = hard.first() {
        let (zh, en) = words(&first.what);
        let text = Text::new(
            format!(
                "{zh}在 {} 由 {} 变为 {},全文件共改变 {} 次。",
                clock(first.at_s),
                first.before,
                first.after,
                hard.len()
            ),
            format!(
                "{en} changes from {} to {} at {}; {} changes in all.",
                first.before,
                first.after,
                clock(first.at_s),
                hard.len()
            ),
        );
        seen.push(tell(&hard, Strength::Strong, text));
    }
    if let Some(first) = soft.first() {
        let text = Text::new(
            format!(
                "编码参数在 {} 重新给出,全文件共 {} 次。",
                clock(first.at_s),
                soft.len()
            ),
            format!(
                "New coding parameters at {}; {} times in all.",
                clock(first.at_s),
                soft.len()
            ),
        );
        seen.push(tell(&soft, Strength::Supporting, text));
    }
    seen.extend(parameter_sets(m, settling_s));
    seen.extend(m.container.as_ref().and_then(tables));
    if seen.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(seen)
}

/// Another sequence parameter set in use from some moment on, in the stream
/// itself. What another finding already says of the same moment is not said
/// again.
fn parameter_sets(m: &Measurements, settling_s: f64) -> Option<Seen> {
    let told = |at_s: f64| {
        let changes = m.timing.iter().flat_map(|t| &t.changes);
        changes
            .into_iter()
            .any(|c| (c.at_s - at_s).abs() <= DAMAGE_REACH_S)
    };
    let moments: Vec<f64> = m.bitstream.as_ref()?.parameter_changes_s.clone();
    let moments: Vec<f64> = moments
        .into_iter()
        .filter(|&s| s >= settling_s && !is_at_damage(&m.decoding, s) && !told(s))
        .collect();
    let first = clock(*moments.first()?);
    let count = moments.len();
    let text = Text::new(
        format!(
            "自 {first} 起画面改用另一套编码参数(序列参数集),全文件共改变 {count} 次;一次连续录制通常只有一套。"
        ),
        format!(
            "From {first} on the pictures use another set of coding parameters (sequence parameter set); {count} \
             changes in all. One continuous recording usually has one."
        ),
    );
    Some(Seen {
        spans: moments.into_iter().map(at).collect(),
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, Strength::Strong, text)
    })
}

fn at(at_s: f64) -> Span {
    Span {
        start_s: at_s,
        end_s: at_s,
    }
}

/// Tables of MPEG-TS that give themselves a new version: the stream announces
/// other contents.
fn tables(container: &Container) -> Option<Seen> {
    let changes = &container.table_changes;
    let first = changes.first()?;
    let name = first.table.to_uppercase();
    let (moment, count) = (clock(first.at_s.unwrap_or(0.0)), changes.len());
    let text = Text::new(
        format!(
            "节目表 {name} 的版本在 {moment}(第 {} 字节)由 {} 变为 {},即码流声明内容已改变;共 {count} 处。",
            first.offset_bytes, first.before, first.after
        ),
        format!(
            "At {moment} (byte {}) the version of the table {name} goes from {} to {}: the stream announces other \
             contents; {count} such places.",
            first.offset_bytes, first.before, first.after
        ),
    );
    Some(Seen {
        spans: changes.iter().filter_map(|c| c.at_s).map(at).collect(),
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, Strength::Supporting, text)
    })
}

/// True if damage may have caused a change at this moment. Behind a list that
/// is full there may be damage anywhere.
fn is_at_damage(decoding: &Decoding, at_s: f64) -> bool {
    let spans = &decoding.error_spans;
    let is_within =
        |s: &Span| at_s >= s.start_s - DAMAGE_REACH_S && at_s <= s.end_s + DAMAGE_REACH_S;
    let is_behind_the_list =
        spans.len() >= SPANS_MAX && spans.last().is_some_and(|s| at_s > s.end_s);
    spans.iter().any(is_within) || is_behind_the_list
}

fn words(what: &str) -> (&'static str, &'static str) {
    match what {
        "picture_size" => ("画面尺寸", "The picture size"),
        "sample_rate" => ("声音采样率", "The sampling rate of the sound"),
        _ => ("声道数", "The number of sound channels"),
    }
}

fn tell(changes: &[&Change], strength: Strength, text: Text) -> Seen {
    Seen {
        spans: changes
            .iter()
            .map(|c| Span {
                start_s: c.at_s,
                end_s: c.at_s,
            })
            .collect(),
        measured: Some(changes.len() as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, strength, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;
    use crate::measure::bitstream::Bitstream;
    use crate::measure::timing::Timing;
    use crate::measure::video::Video;
    use crate::measurements::TableChange;

    fn changed(changes: &[(f64, &str)]) -> Trial {
        let mut trial = Trial::video(10.0);
        trial.m.video = Some(Video::default());
        let change = |&(at_s, what): &(f64, &str)| Change {
            at_s,
            what: what.to_owned(),
            ..Change::default()
        };
        trial.m.timing.push(Timing {
            medium: "audio".to_owned(),
            changes: changes.iter().map(change).collect(),
            ..Timing::default()
        });
        trial
    }

    fn judged(what: &str, at_s: f64) -> Option<Strength> {
        match changed(&[(at_s, what)]).judge(&CHECK) {
            Ruling::Found(seen) => Some(seen[0].strength),
            _ => None,
        }
    }

    #[test]
    fn what_changes_decides_the_strength() {
        assert_eq!(judged("picture_size", 5.0), Some(Strength::Strong));
        assert_eq!(judged("parameters", 5.0), Some(Strength::Supporting));
    }

    #[test]
    fn sound_may_settle_for_half_a_second() {
        assert_eq!(judged("sample_rate", 0.49), None);
        assert_eq!(judged("sample_rate", 0.5), Some(Strength::Strong));
        assert_eq!(judged("picture_size", 0.1), Some(Strength::Strong));
    }

    /// The level of a change of picture size at 5 s beside these damages.
    fn level_beside(error_spans: Vec<Span>) -> (Level, Strength) {
        let mut trial = Trial::video(10.0);
        trial.m.video = Some(Video::default());
        trial.m.decoding.error_spans = error_spans;
        trial.m.timing.push(Timing {
            medium: "video".to_owned(),
            changes: vec![Change {
                at_s: 5.0,
                what: "picture_size".to_owned(),
                ..Change::default()
            }],
            ..Timing::default()
        });
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => (seen[0].level, seen[0].strength),
            other => panic!("the change was not told: {other:?}"),
        }
    }

    #[test]
    fn a_change_at_damage_accuses_nobody() {
        let damage = |start_s: f64, end_s: f64| vec![Span { start_s, end_s }];
        let undecided = (Level::Unknown, Strength::Supporting);
        let accused = (Level::Attention, Strength::Strong);
        assert_eq!(level_beside(damage(4.0, 6.0)), undecided);
        assert_eq!(level_beside(damage(3.0, 4.5)), undecided);
        assert_eq!(level_beside(damage(5.5, 6.0)), undecided);
        assert_eq!(level_beside(damage(3.0, 4.4)), accused);
        assert_eq!(level_beside(damage(5.6, 6.0)), accused);
    }

    #[test]
    fn behind_a_full_list_of_damage_nothing_is_certain() {
        let list = |count: usize| {
            let at = |n: usize| n as f64 * 0.01;
            (0..count)
                .map(|n| Span {
                    start_s: at(n),
                    end_s: at(n),
                })
                .collect()
        };
        assert_eq!(level_beside(list(SPANS_MAX)).0, Level::Unknown);
        assert_eq!(level_beside(list(SPANS_MAX - 1)).0, Level::Attention);
    }

    #[test]
    fn another_parameter_set_in_the_stream_is_strong_and_told_once() {
        let with = |at_s: f64| {
            let mut trial = changed(&[]);
            trial.m.bitstream = Some(Bitstream {
                parameter_changes_s: vec![at_s],
                ..Bitstream::default()
            });
            trial
        };
        assert_eq!(with(0.49).judge(&CHECK), Ruling::Pass);
        let Ruling::Found(seen) = with(7.0).judge(&CHECK) else {
            panic!("another parameter set passed")
        };
        assert_eq!((seen.len(), seen[0].strength), (1, Strength::Strong));
        assert_eq!(seen[0].spans, [at(7.0)]);
        // The same moment is told once.
        let mut also_larger = changed(&[(7.2, "picture_size")]);
        also_larger.m.bitstream = with(7.0).m.bitstream;
        let Ruling::Found(seen) = also_larger.judge(&CHECK) else {
            panic!("another size passed")
        };
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn a_table_of_a_new_version_only_supports() {
        let mut trial = changed(&[]);
        trial.m.container.get_or_insert_default().table_changes = vec![TableChange {
            table: "pmt".to_owned(),
            at_s: Some(3.0),
            after: 1,
            ..TableChange::default()
        }];
        let Ruling::Found(seen) = trial.judge(&CHECK) else {
            panic!("a new table passed")
        };
        assert_eq!(seen[0].strength, Strength::Supporting);
        assert!(seen[0].text.zh.contains("PMT"));
    }

    #[test]
    fn nothing_decoded_is_no_pass() {
        assert!(matches!(Trial::video(1.0).judge(&CHECK), Ruling::NotRun(_)));
    }
}
