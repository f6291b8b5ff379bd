//! Words that checks of recordings share: moments, spans, missing facts.

use crate::check::{Level, Ruling, Seen, Strength};
use crate::measure::audio::Audio;
use crate::measure::bitstream::Bitstream;
use crate::measure::timing::Timing;
use crate::measurements::{Measurements, Span};
use crate::text::{StaticText, Text};

/// Spans that a sentence names; the finding itself carries them all.
const NAMED_MAX: usize = 3;

/// `3725.25` → `1:02:05.2`, as players show it.
pub(crate) fn clock(at_s: f64) -> String {
    let tenths = (at_s.max(0.0) * 10.0).round() as u64;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 {
        format!("{h}:{m:02}:{s:02}.{tenth}")
    } else {
        format!("{m:02}:{s:02}.{tenth}")
    }
}

/// The first few spans in both languages.
pub(crate) fn spans(list: &[Span]) -> Text {
    let named: Vec<String> = list
        .iter()
        .take(NAMED_MAX)
        .map(|s| format!("{}–{}", clock(s.start_s), clock(s.end_s)))
        .collect();
    let more = list.len().saturating_sub(NAMED_MAX);
    let rest = |text: String| if more > 0 { text } else { String::new() };
    Text::new(
        named.join("、") + &rest(format!(" 等共 {} 处", list.len())),
        named.join(", ") + &rest(format!(" and {more} more")),
    )
}

/// Seconds of the longest span.
pub(crate) fn longest_s(list: &[Span]) -> f64 {
    list.iter().map(Span::duration_s).fold(0.0, f64::max)
}

/// That stretches longer than the limit show `what`: a fact that anyone can
/// measure again.
pub(crate) fn lasting(found: Vec<Span>, limit_s: f64, level: Level, what: StaticText) -> Seen {
    let longest_s = longest_s(&found);
    let places = spans(&found);
    let StaticText { zh, en } = what;
    Seen {
        spans: found,
        measured: Some(longest_s),
        limit: Some(limit_s),
        unit: "s",
        ..Seen::new(
            level,
            Strength::Fact,
            Text::new(
                format!(
                    "{zh}:{},最长 {longest_s:.1} 秒(限值 {limit_s:.1} 秒)。",
                    places.zh
                ),
                format!(
                    "{en} at {}, for {longest_s:.1} s at most (limit {limit_s:.1} s).",
                    places.en
                ),
            ),
        )
    }
}

/// Seconds of `span` that lie within one of `others`, which do not overlap.
pub(crate) fn overlap_s(span: &Span, others: &[Span]) -> f64 {
    others
        .iter()
        .map(|o| (o.end_s.min(span.end_s) - o.start_s.max(span.start_s)).max(0.0))
        .sum()
}

/// Stretches of samples of which most show something: from one that does to the
/// one after the last that does, as long as they get, in which at least
/// `share_min` of the samples do, and at least `count_min` of them. Each sample
/// stands for the `step_s` to the next.
pub(crate) fn mostly(
    samples: &[(f64, bool)],
    share_min: f64,
    count_min: u32,
    step_s: f64,
) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start_s, shows)) = samples.get(from) {
        let mut next = from + 1;
        if *shows {
            let (mut showing, mut seen, mut end) = (0_u32, 0_u32, None);
            for (at_s, shows) in samples.get(from..).unwrap_or(&[]) {
                seen += 1;
                showing += u32::from(*shows);
                if f64::from(showing) < share_min * f64::from(seen) {
                    break;
                }
                if *shows && showing >= count_min {
                    end = Some((*at_s, from + seen as usize));
                }
            }
            if let Some((end_s, after)) = end {
                found.push(Span {
                    start_s: *start_s,
                    end_s: end_s + step_s,
                });
                next = after;
            }
        }
        from = next;
    }
    found
}

/// The ruling where an instrument did not measure: with its own reason.
pub(crate) fn not_measured(m: &Measurements, instrument: &str) -> Ruling {
    let why = m
        .not_run
        .iter()
        .find(|n| n.instrument == instrument)
        .map(|n| format!(": {}", n.why))
        .unwrap_or_default();
    Ruling::NotRun(Text::new(
        format!("未能完成测量{why}"),
        format!("not measured{why}"),
    ))
}

/// What was measured of the sound; else the ruling: there is none, or it could
/// not be measured.
pub(crate) fn sound_of(m: &Measurements) -> Result<&Audio, Ruling> {
    if !has_sound(m) {
        return Err(Ruling::NotApplicable);
    }
    m.audio.as_ref().ok_or_else(|| not_measured(m, "audio"))
}

/// What was read in the coded pictures; else the ruling: they are of a codec that
/// is not read, or could not be.
pub(crate) fn bitstream_of(m: &Measurements) -> Result<&Bitstream, Ruling> {
    let is_read = m
        .tracks
        .iter()
        .any(|t| matches!(t.codec.as_str(), "h264" | "hevc"));
    m.bitstream.as_ref().ok_or_else(|| {
        if is_read || m.video.is_none() {
            not_measured(m, "bitstream")
        } else {
            Ruling::NotApplicable
        }
    })
}

/// The timing of the main picture track.
pub(crate) fn picture_timing(m: &Measurements) -> Option<&Timing> {
    let track = m.video.as_ref()?.track;
    m.timing.iter().find(|t| t.track == track)
}

/// The timing of the main sound track.
pub(crate) fn sound_timing(m: &Measurements) -> Option<&Timing> {
    let track = m.audio.as_ref()?.track;
    m.timing.iter().find(|t| t.track == track)
}

/// True if the file has a sound track, readable or not.
pub(crate) fn has_sound(m: &Measurements) -> bool {
    m.tracks.iter().any(|t| t.medium == "audio")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_in_a_player() {
        assert_eq!(clock(5.04), "00:05.0");
        assert_eq!(clock(59.96), "01:00.0");
        assert_eq!(clock(3725.25), "1:02:05.3");
        assert_eq!(clock(-1.0), "00:00.0");
    }

    #[test]
    fn a_sentence_names_three_spans_and_counts_the_rest() {
        let list: Vec<Span> = (0..5)
            .map(|n| Span {
                start_s: f64::from(n) * 10.0,
                end_s: f64::from(n) * 10.0 + 2.0,
            })
            .collect();
        let text = spans(&list);
        assert_eq!(
            text.en,
            "00:00.0–00:02.0, 00:10.0–00:12.0, 00:20.0–00:22.0 and 2 more"
        );
        assert!(text.zh.ends_with("等共 5 处"));
        assert!(!spans(&list[..3]).en.contains("more"));
    }

    #[test]
    fn overlap_counts_what_is_common() {
        let span = Span {
            start_s: 1.0,
            end_s: 5.0,
        };
        let others = [
            Span {
                start_s: 0.0,
                end_s: 2.0,
            },
            Span {
                start_s: 4.0,
                end_s: 9.0,
            },
        ];
        assert_eq!(overlap_s(&span, &others), 2.0);
    }

    #[test]
    fn most_of_the_samples_of_a_stretch_show_it() {
        let run = |text: &str| -> Vec<(f64, f64)> {
            let samples: Vec<(f64, bool)> = text
                .chars()
                .enumerate()
                .map(|(n, c)| (n as f64, c == 'x'))
                .collect();
            mostly(&samples, 0.8, 3, 1.0)
                .iter()
                .map(|s| (s.start_s, s.end_s))
                .collect()
        };
        assert_eq!(run("x.x"), []);
        assert_eq!(run(".xx.."), []);
        assert_eq!(run(".xxx."), [(1.0, 4.0)]);
        assert_eq!(run("xxxx.x"), [(0.0, 6.0)]);
        assert_eq!(run("xxxx..x"), [(0.0, 4.0)]);
    }
}
