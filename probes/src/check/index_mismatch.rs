//! `index_mismatch`: the index of an AVI and its media data do not agree.

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{IndexMatch, Kind};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "index_mismatch",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Structure,
    strength: Strength::Supporting,
    kinds: &[Kind::Video, Kind::Audio],
    title: StaticText {
        zh: "索引与媒体数据不一致",
        en: "The index and the media data do not agree",
    },
    pass: StaticText {
        zh: "索引与媒体数据一致。",
        en: "The index names every chunk of media data, and nothing else.",
    },
    doc: StaticText {
        zh: "**检查内容** AVI 的索引(idx1 或 OpenDML 的 indx)是否逐一指向文件中的画面和声音数据块。\n\n\
             **测量方法** 逐块走过媒体数据,与索引条目按位置对照。索引没有列出的块仍在文件中,但播放器不显示;\
             指向不存在的块的条目说明数据被移动或删除。多个条目指向同一块、长度为零的画面块是设备记录丢帧的写法,只作说明。\n\n\
             **可能含义** 有画面或声音被从索引中去掉而不再播放,或数据被改动后没有重建索引。\n\n\
             **常见的正常原因** 录制中断后由设备或软件修复的文件;索引写入前断电;设备在末尾多写了几块;结尾不完整的文件。\n\n\
             **如何确认** 忽略索引播放(见下面的命令),看多出的画面;并提供设备中的原始文件。",
        en: "**What it looks at** Whether the index of an AVI (idx1, or indx of OpenDML) points one by one to the \
             chunks of picture and sound in the file.\n\n\
             **How it is measured** The media data are walked chunk by chunk and held against the entries by place. \
             A chunk that the index does not name is still in the file, and players do not show it; an entry that \
             points at no chunk says that data were moved or taken out. Several entries for one chunk, and picture \
             chunks without a byte, are how recorders note dropped frames, and are only told.\n\n\
             **What it can mean** Pictures or sound were taken out of the index so that they are not played, or the \
             data were changed and the index was not made anew.\n\n\
             **Usual innocent causes** A file repaired after recording was broken off; power lost before the index \
             was written; a recorder that writes a few chunks more at the end; a file whose end is missing.\n\n\
             **What would settle it** Playing without the index (the command below) and looking at what appears; \
             the original file from the device.",
    },
    see_yourself: "ffplay -fflags +ignidx {file}",
    params: &[
        Param {
            key: "hidden_chunks_count",
            unit: "count",
            default: 0.0,
            min: 0.0,
            max: 10_000.0,
            doc: StaticText {
                zh: "索引末项之前未列出的块多于此数即提示;越小越严。",
                en: "More chunks left out before the last one that the index names are reported; smaller is \
                     stricter.",
            },
            source: "OpenDML 1.02: an index lists every chunk; any left out is not shown",
        },
        Param {
            key: "tail_chunks_count",
            unit: "count",
            default: 25.0,
            min: 0.0,
            max: 10_000.0,
            doc: StaticText {
                zh: "索引末项之后的块多于此数即提示;越小越严。",
                en: "More chunks behind the last one that the index names are reported; smaller is stricter.",
            },
            source: "named guess: what a recorder may still hold in memory when it closes its index, a second",
        },
        Param {
            key: "dropped_told_ratio",
            unit: "ratio",
            default: 0.001,
            min: 0.0,
            max: 1.0,
            doc: StaticText {
                zh: "记为丢帧的画面块超过此比例即说明;越小越严。",
                en: "A larger share of picture chunks noted as dropped is told; smaller is stricter.",
            },
            source: "named guess: one in a thousand",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(index) = case.m.container.as_ref().and_then(|c| c.index.as_ref()) else {
        return Ruling::NotApplicable;
    };
    let is_whole = case.m.container.as_ref().and_then(|c| c.complete) != Some(false);
    let seen: Vec<Seen> = unnamed(index, case, is_whole)
        .into_iter()
        .chain(dangling(index, is_whole))
        .chain(dropped(index, case))
        .collect();
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

fn unnamed(index: &IndexMatch, case: &Case<'_>, is_whole: bool) -> Option<Seen> {
    let first = index.first_unindexed_bytes?;
    let (within, all) = (index.unindexed_before_end, index.unindexed_chunks);
    let tail = all.saturating_sub(within);
    let limit = case.limits.get("hidden_chunks_count");
    let is_hidden = within as f64 > limit || tail as f64 > case.limits.get("tail_chunks_count");
    let text = Text::new(
        format!(
            "{} 索引没有列出文件中的 {all} 个数据块(共 {} 块,其中 {within} 块在索引末项之前),\
             第一块在第 {first} 字节;播放器不显示它们。",
            index.name, index.chunks
        ),
        format!(
            "The {} index does not name {all} of {} chunks ({within} of them before its last one), the first at \
             byte {first}; players do not show them.",
            index.name, index.chunks
        ),
    );
    Some(weighed(is_hidden && is_whole, all, text))
}

fn dangling(index: &IndexMatch, is_whole: bool) -> Option<Seen> {
    let count = index.dangling_entries;
    let text = Text::new(
        format!(
            "{} 索引的 {} 个条目中有 {count} 个没有指向数据块。",
            index.name, index.entries
        ),
        format!(
            "{count} of {} entries of the {} index point at no chunk.",
            index.entries, index.name
        ),
    );
    (count > 0).then(|| weighed(is_whole, count, text))
}

/// A file without its end has no index that could agree.
fn weighed(is_sign: bool, count: u64, text: Text) -> Seen {
    let (level, strength) = if is_sign {
        (Level::Attention, Strength::Supporting)
    } else {
        (Level::Info, Strength::Information)
    };
    let seen = Seen {
        measured: Some(count as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(level, strength, text)
    };
    if is_sign { seen.asking_alone() } else { seen }
}

fn dropped(index: &IndexMatch, case: &Case<'_>) -> Option<Seen> {
    let count = index.empty_pictures.saturating_add(index.repeated_entries);
    let share = count as f64 / index.chunks.max(1) as f64;
    let limit = case.limits.get("dropped_told_ratio");
    let text = Text::new(
        format!(
            "设备记录了丢帧:{} 个空画面块,{} 个重复的索引条目(共 {} 块)。",
            index.empty_pictures, index.repeated_entries, index.chunks
        ),
        format!(
            "The recorder noted dropped frames: {} empty picture chunks and {} repeated entries among {} chunks.",
            index.empty_pictures, index.repeated_entries, index.chunks
        ),
    );
    (share > limit).then(|| Seen {
        measured: Some(share),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(Level::Info, Strength::Information, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Alone;
    use crate::check::trial::Trial;

    fn judged(index: IndexMatch, complete: bool) -> Vec<(Strength, Alone)> {
        let mut trial = Trial::video(60.0);
        let container = trial.m.container.as_mut().unwrap();
        container.complete = Some(complete);
        container.index = Some(index);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen.iter().map(|s| (s.strength, s.alone)).collect(),
            Ruling::Pass => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn unnamed(within: u64, tail: u64) -> IndexMatch {
        IndexMatch {
            name: "idx1".to_owned(),
            entries: 100,
            chunks: 100 + within + tail,
            unindexed_chunks: within + tail,
            unindexed_before_end: within,
            first_unindexed_bytes: (within + tail > 0).then_some(5000),
            ..IndexMatch::default()
        }
    }

    const ASKS: (Strength, Alone) = (Strength::Supporting, Alone::AsksForAPerson);
    const TOLD: (Strength, Alone) = (Strength::Information, Alone::Told);

    #[test]
    fn one_picture_that_is_not_shown_asks_for_a_person() {
        assert_eq!(judged(unnamed(0, 0), true), []);
        assert_eq!(judged(unnamed(1, 0), true), [ASKS]);
        // Without its end a file has no index that could agree.
        assert_eq!(judged(unnamed(1, 0), false), [TOLD]);
    }

    #[test]
    fn a_second_behind_the_index_is_the_limit() {
        assert_eq!(judged(unnamed(0, 25), true), [TOLD]);
        assert_eq!(judged(unnamed(0, 26), true), [ASKS]);
    }

    #[test]
    fn entries_without_a_chunk_ask_too_and_dropped_frames_are_told() {
        let mut index = unnamed(0, 0);
        index.empty_pictures = 1;
        index.chunks = 1000;
        assert_eq!(judged(index.clone(), true), []);
        index.empty_pictures = 2;
        assert_eq!(judged(index.clone(), true), [TOLD]);
        index.dangling_entries = 1;
        assert_eq!(judged(index, true), [ASKS, TOLD]);
    }

    #[test]
    fn a_file_without_an_index_is_left_out() {
        assert_eq!(Trial::video(1.0).judge(&CHECK), Ruling::NotApplicable);
    }
}
