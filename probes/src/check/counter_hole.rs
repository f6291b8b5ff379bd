//! `counter_hole`: numbers that the recorder counts up skip or start over.

mod clusters;

use std::collections::BTreeSet;

use crate::check::moments::clock;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Container, Counter, CounterBreak, Kind, Span, TimeJump};
use crate::text::{StaticText, Text};

/// How far a break and a jump of the clock may lie apart and still be one
/// place: the clock comes every 0.1 s, and a sparse PID less often.
const SAME_PLACE_S: f64 = 0.5;
/// Parts of a stream that must break together: two count 0 to 15 by themselves,
/// so that one lost packet breaks only one of them.
const PARTS_TOGETHER: usize = 2;

/// The declaration.
pub static CHECK: Check = Check {
    code: "counter_hole",
    clause: "av.complete",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Strong,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "文件自身的编号不连续",
        en: "The file's own numbering has holes",
    },
    pass: StaticText {
        zh: "文件自身的编号连续。",
        en: "The file's own numbering goes on without a hole.",
    },
    doc: StaticText {
        zh: "**检查内容** 录制设备写入文件、逐一递增的编号:分片 MP4 的分片序号(mfhd),\
             MPEG-TS 每个 PID 的连续计数(continuity_counter)和包的位置,Matroska 数据簇写明的前一簇长度(PrevSize)。\n\n\
             **测量方法** 从头到尾逐个读取。分片序号只有在文件中一向逐一递增时才据以判断,重复的序号不计。\
             MPEG-TS 须两个以上 PID 在同一处同时中断、且节目时钟(PCR)在该处跳变,才是强迹象;\
             只有个别 PID 中断的是丢包,仅作辅助。写入者自己标明的中断(discontinuity_indicator)不计。\n\n\
             **可能含义** 整段数据被从文件中移除,或几份记录首尾相接。\n\n\
             **常见的正常原因** 无线传输中断;存储卡写入过慢;由流媒体分片拼成的文件;设备断电后续录在同一文件中。\n\n\
             **如何确认** 查看所示时刻前后的画面和声音,并提供设备中的原始文件和日志。",
        en: "**What it looks at** Numbers that a recorder writes into the file and counts up one by one: the \
             fragments of a fragmented MP4 (mfhd), and in MPEG-TS the count of packets of each PID \
             (continuity_counter) and the places of the packets; and the length of the cluster before that Matroska \
             notes in each cluster (PrevSize).\n\n\
             **How it is measured** All are read from the first to the last. Fragment numbers are held against \
             the file's own habit of counting one by one; repeated numbers do not count. In MPEG-TS it is a \
             strong sign if two or more PIDs break at one place and the program's clock (PCR) jumps there; where \
             single PIDs break, packets were lost, which is only supporting. Breaks that the writer itself \
             declares (discontinuity_indicator) do not count.\n\n\
             **What it can mean** A stretch of data was taken out of the file, or recordings were put one behind \
             the other.\n\n\
             **Usual innocent causes** An interrupted radio link; a slow card; a file put together from the \
             segments of a stream; a recorder that lost power and went on in the same file.\n\n\
             **What would settle it** Picture and sound around the moment shown, and the original file and the \
             log from the device.",
    },
    see_yourself: "ffmpeg -hide_banner -loglevel verbose -i {file} -map 0 -c copy -f null -",
    params: &[
        Param {
            key: "habit_steps_min",
            unit: "count",
            default: 3.0,
            min: 1.0,
            max: 1000.0,
            doc: StaticText {
                zh: "分片序号至少有这么多次逐一递增,才据以判断;越小越严。",
                en: "Fragment numbers are judged if they go up by one at least this often; smaller is stricter.",
            },
            source: "named guess: fewer may be chance",
        },
        Param {
            key: "habit_breaks_ratio",
            unit: "ratio",
            default: 0.1,
            min: 0.0,
            max: 0.5,
            doc: StaticText {
                zh: "中断多于此比例的分片序号不是该设备的习惯,仅作提示;仅有一处中断时不适用;越大越严。",
                en: "Where a larger share of the fragment numbers breaks, counting is not this writer's habit and \
                     it is only told; a lone break always counts; larger is stricter.",
            },
            source: "named guess: a cut leaves one or two breaks among many steps",
        },
        Param {
            key: "lossy_places_count",
            unit: "count",
            default: 5.0,
            min: 1.0,
            max: 1000.0,
            doc: StaticText {
                zh: "MPEG-TS 中断处多于此数视为传输丢失,仅作辅助;越大越严。",
                en: "More broken places in a transport stream than this are a lossy link and only supporting; \
                     larger is stricter.",
            },
            source: "named guess: cuts are few, a bad link breaks again and again",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let counted = case.m.container.as_ref().filter(|c| !c.counters.is_empty());
    let Some(container) = counted else {
        return Ruling::NotApplicable;
    };
    let mut seen = Vec::new();
    for counter in &container.counters {
        match counter.name.as_str() {
            "mfhd.sequence_number" => seen.extend(fragments(counter, container, case)),
            "mkv.PrevSize" => seen.extend(clusters::broken(counter, case)),
            _ => {}
        }
    }
    seen.extend(transport(container, case));
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// True if a counter that breaks so often has a habit to break.
fn has_habit(counter: &Counter, case: &Case<'_>) -> bool {
    let breaks = counter.breaks.len() as u64 + counter.breaks_left_out;
    let most = case.limits.get("habit_breaks_ratio") * counter.steps as f64;
    counter.regular_steps as f64 >= case.limits.get("habit_steps_min")
        && (breaks == 1 || breaks as f64 <= most)
}

fn fragments(counter: &Counter, container: &Container, case: &Case<'_>) -> Option<Seen> {
    let first = counter.breaks.first()?;
    let breaks = counter.breaks.len() as u64 + counter.breaks_left_out;
    let (level, strength) = if has_habit(counter, case) {
        (Level::Attention, Strength::Strong)
    } else {
        (Level::Info, Strength::Information)
    };
    let skipped_s: f64 = container
        .time_jumps
        .iter()
        .filter(|j| {
            counter
                .breaks
                .iter()
                .any(|b| b.offset_bytes == j.offset_bytes)
        })
        .map(|j| j.length_s)
        .fold(0.0, f64::max);
    let at = first.at_s.unwrap_or(0.0);
    let mut text = Text::new(
        format!(
            "分片序号在 {} 处(第 {} 字节)由 {} 变为 {},应为 {};共 {breaks} 处,另有 {} 次逐一递增。",
            clock(at),
            first.offset_bytes,
            first.expected.saturating_sub(1),
            first.found,
            first.expected,
            counter.regular_steps,
        ),
        format!(
            "At {} (byte {}) the fragment number goes from {} to {} and not to {}; {breaks} such places, and {} \
             steps by one.",
            clock(at),
            first.offset_bytes,
            first.expected.saturating_sub(1),
            first.found,
            first.expected,
            counter.regular_steps,
        ),
    );
    if skipped_s > 0.0 {
        text.zh += &format!("该处时间同时跳过 {skipped_s:.2} 秒。");
        text.en += &format!(" Time jumps ahead there by {skipped_s:.2} s.");
    }
    Some(Seen {
        spans: places(&counter.breaks),
        measured: Some(breaks as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(level, strength, text)
    })
}

/// Where the breaks are; on the container's clock a hole has no length.
fn places(breaks: &[CounterBreak]) -> Vec<Span> {
    let at = breaks.iter().filter_map(|b| b.at_s);
    at.map(|at_s| Span {
        start_s: at_s,
        end_s: at_s,
    })
    .collect()
}

fn transport(container: &Container, case: &Case<'_>) -> Vec<Seen> {
    let counters = || {
        let ours = |c: &&Counter| c.name.starts_with("ts.");
        container.counters.iter().filter(ours)
    };
    let breaks: Vec<(Option<u32>, CounterBreak)> = counters()
        .flat_map(|c| c.breaks.iter().map(|b| (c.part, *b)))
        .collect();
    let left_out: u64 = counters().map(|c| c.breaks_left_out).sum();
    let together: Vec<&TimeJump> = container
        .time_jumps
        .iter()
        .filter(|jump| {
            let parts: BTreeSet<Option<u32>> = breaks
                .iter()
                .filter(|(_, b)| is_at(jump, b))
                .map(|(part, _)| *part)
                .collect();
            parts.len() >= PARTS_TOGETHER
        })
        .collect();
    let lone: Vec<CounterBreak> = breaks
        .iter()
        .filter(|(_, b)| !together.iter().any(|jump| is_at(jump, b)))
        .map(|(_, b)| *b)
        .collect();
    let is_lossy = (together.len() + lone.len()) as f64 > case.limits.get("lossy_places_count");
    let mut seen = Vec::new();
    if let Some(first) = together.first() {
        let strength = if is_lossy {
            Strength::Supporting
        } else {
            Strength::Strong
        };
        seen.push(cut(first, &together, strength));
    }
    if !lone.is_empty() {
        seen.push(lost(&lone, left_out));
    }
    seen
}

/// A break may be met before the clock shows its jump, or after.
fn is_at(jump: &TimeJump, b: &CounterBreak) -> bool {
    b.at_s.is_some_and(|at_s| {
        let before_s = (at_s - jump.at_s).abs();
        let behind_s = (at_s - jump.at_s - jump.length_s).abs();
        before_s.min(behind_s) <= SAME_PLACE_S
    })
}

fn cut(first: &TimeJump, all: &[&TimeJump], strength: Strength) -> Seen {
    let spans = all
        .iter()
        .map(|jump| Span {
            start_s: jump.at_s,
            end_s: jump.at_s + jump.length_s.max(0.0),
        })
        .collect();
    let text = Text::new(
        format!(
            "在 {} 处(第 {} 字节附近)多个 PID 的连续计数同时中断,节目时钟跳变 {:+.2} 秒;共 {} 处。",
            clock(first.at_s),
            first.offset_bytes,
            first.length_s,
            all.len()
        ),
        format!(
            "At {} (about byte {}) the counts of several PIDs break together and the program's clock jumps by \
             {:+.2} s; {} such places.",
            clock(first.at_s),
            first.offset_bytes,
            first.length_s,
            all.len()
        ),
    );
    Seen {
        spans,
        measured: Some(all.len() as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(Level::Attention, strength, text).asking_alone()
    }
}

fn lost(breaks: &[CounterBreak], left_out: u64) -> Seen {
    let count = breaks.len() as u64 + left_out;
    Seen {
        spans: places(breaks),
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(
            Level::Attention,
            Strength::Supporting,
            Text::new(
                format!("MPEG-TS 包的连续计数有 {count} 处中断而节目时钟不跳,可能是传输中丢包。"),
                format!(
                    "The count of transport packets breaks at {count} places where the program's clock goes on: \
                     packets may have been lost on the way."
                ),
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::Trial;

    fn broken(at_s: &[f64]) -> Vec<CounterBreak> {
        at_s.iter()
            .map(|at_s| CounterBreak {
                at_s: Some(*at_s),
                offset_bytes: 1000,
                expected: 3,
                found: 5,
            })
            .collect()
    }

    fn judged(counters: Vec<Counter>, jumps: &[(f64, f64)]) -> Vec<(Level, Strength)> {
        let mut trial = Trial::video(60.0);
        let container = trial.m.container.as_mut().unwrap();
        container.counters = counters;
        container.time_jumps = jumps
            .iter()
            .map(|(at_s, length_s)| TimeJump {
                part: 256,
                at_s: *at_s,
                length_s: *length_s,
                offset_bytes: 1000,
            })
            .collect();
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| (s.level, s.strength)).collect(),
            Ruling::Pass => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn numbers(regular_steps: u64, breaks: usize) -> Vec<Counter> {
        vec![Counter {
            name: "mfhd.sequence_number".to_owned(),
            steps: regular_steps + breaks as u64,
            regular_steps,
            breaks: broken(&vec![2.0; breaks]),
            ..Counter::default()
        }]
    }

    fn pid(part: u32, at_s: &[f64]) -> Counter {
        Counter {
            name: "ts.continuity_counter".to_owned(),
            part: Some(part),
            steps: 5000,
            regular_steps: 5000 - at_s.len() as u64,
            breaks: broken(at_s),
            ..Counter::default()
        }
    }

    const STRONG: [(Level, Strength); 1] = [(Level::Attention, Strength::Strong)];
    const TOLD: [(Level, Strength); 1] = [(Level::Info, Strength::Information)];
    const LOST: [(Level, Strength); 1] = [(Level::Attention, Strength::Supporting)];

    #[test]
    fn a_lone_hole_in_fragment_numbers_counts_from_three_regular_steps_on() {
        assert_eq!(judged(numbers(2, 1), &[]), TOLD);
        assert_eq!(judged(numbers(3, 1), &[]), STRONG);
        assert_eq!(judged(numbers(4, 1), &[]), STRONG);
        assert_eq!(judged(numbers(100, 0), &[]), []);
    }

    #[test]
    fn more_than_a_tenth_of_breaks_is_another_way_of_counting() {
        assert_eq!(judged(numbers(18, 2), &[]), STRONG);
        assert_eq!(judged(numbers(19, 2), &[]), STRONG);
        assert_eq!(judged(numbers(17, 2), &[]), TOLD);
    }

    #[test]
    fn a_cut_breaks_several_pids_where_the_clock_jumps() {
        // One PID met it before the clock showed the jump, the other behind.
        let cut = || vec![pid(256, &[10.0]), pid(257, &[13.0])];
        assert_eq!(judged(cut(), &[(10.0, 3.0)]), STRONG);
        assert_eq!(judged(cut(), &[]), LOST);
        assert_eq!(
            judged(vec![pid(256, &[10.0]), pid(257, &[])], &[(10.0, 3.0)]),
            LOST
        );
        let near = |at_s| vec![pid(256, &[10.0]), pid(257, &[at_s])];
        assert_eq!(judged(near(10.5), &[(10.0, 3.0)]), STRONG);
        assert_eq!(judged(near(10.51), &[(10.0, 3.0)]), LOST);
    }

    #[test]
    fn a_link_that_breaks_again_and_again_is_only_supporting() {
        let at: Vec<f64> = (1..=5).map(|n| f64::from(n) * 10.0).collect();
        let jumps: Vec<(f64, f64)> = at.iter().map(|at_s| (*at_s, 1.0)).collect();
        assert_eq!(judged(vec![pid(256, &at), pid(257, &at)], &jumps), STRONG);
        let at: Vec<f64> = (1..=6).map(|n| f64::from(n) * 8.0).collect();
        let jumps: Vec<(f64, f64)> = at.iter().map(|at_s| (*at_s, 1.0)).collect();
        assert_eq!(judged(vec![pid(256, &at), pid(257, &at)], &jumps), LOST);
    }

    #[test]
    fn a_file_that_counts_nothing_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
