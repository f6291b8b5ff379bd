//! Every check, one line each. Documentation, config keys, glossary and
//! report texts come from here.

use crate::check::{
    Check, ai_generated_mark, audio_channel_lost, audio_clipped, audio_gap, audio_silent,
    audio_splice, av_drift, c2pa_manifest, capture_time_inconsistent, capture_time_missing,
    clock_in_future, clock_jump, counter_hole, decode_errors, duplicate, editor_trace,
    foreign_jpeg_grid, gop_pattern_broken, gop_phase_shift, hidden_by_edit_list, index_mismatch,
    join_mark, messenger_copy, outside_visit, photo_blurred, photo_compressed_twice,
    photo_copy_move, photo_damaged, photo_edited, photo_exposure, photo_illegible,
    photo_metadata_rewritten, photo_recompressed, photo_reused, photo_screenshot, photo_sequence,
    photo_small, photo_thumbnail_mismatch, place_apart, saved_late, screen_recapture, segment_gap,
    stream_changed, structure_contradicts_metadata, timestamp_gap, trailing_data, truncated,
    unlike_its_model, unreadable, video_black, video_blocky, video_blurred, video_cut,
    video_frozen, video_inserted, video_reencoded, video_stutter, video_trimmed,
};

/// All checks, in the order in which reports show them.
pub static CHECKS: &[&Check] = &[
    &truncated::CHECK,
    &editor_trace::CHECK,
    &structure_contradicts_metadata::CHECK,
    &unlike_its_model::CHECK,
    &photo_edited::CHECK,
    &photo_metadata_rewritten::CHECK,
    &c2pa_manifest::CHECK,
    &trailing_data::CHECK,
    &join_mark::CHECK,
    &counter_hole::CHECK,
    &clock_jump::CHECK,
    &gop_pattern_broken::CHECK,
    &gop_phase_shift::CHECK,
    &video_reencoded::CHECK,
    &hidden_by_edit_list::CHECK,
    &index_mismatch::CHECK,
    &video_trimmed::CHECK,
    &video_cut::CHECK,
    &video_inserted::CHECK,
    &audio_splice::CHECK,
    &ai_generated_mark::CHECK,
    &messenger_copy::CHECK,
    &photo_screenshot::CHECK,
    &saved_late::CHECK,
    &capture_time_missing::CHECK,
    &clock_in_future::CHECK,
    &capture_time_inconsistent::CHECK,
    &outside_visit::CHECK,
    &duplicate::CHECK,
    &photo_damaged::CHECK,
    &photo_reused::CHECK,
    &photo_sequence::CHECK,
    &place_apart::CHECK,
    &photo_blurred::CHECK,
    &photo_exposure::CHECK,
    &photo_illegible::CHECK,
    &photo_small::CHECK,
    &foreign_jpeg_grid::CHECK,
    &photo_thumbnail_mismatch::CHECK,
    &photo_recompressed::CHECK,
    &photo_compressed_twice::CHECK,
    &photo_copy_move::CHECK,
    &screen_recapture::CHECK,
    &unreadable::CHECK,
    &decode_errors::CHECK,
    &video_blurred::CHECK,
    &video_blocky::CHECK,
    &video_black::CHECK,
    &video_frozen::CHECK,
    &video_stutter::CHECK,
    &timestamp_gap::CHECK,
    &segment_gap::CHECK,
    &stream_changed::CHECK,
    &audio_gap::CHECK,
    &audio_silent::CHECK,
    &audio_channel_lost::CHECK,
    &audio_clipped::CHECK,
    &av_drift::CHECK,
];

/// The checks that are asked of the film inside a motion photo too: who wrote
/// it, whether it is in one piece and whether it decodes. How clear, steady or
/// long it is and when it starts are the phone's affair.
pub static FILM_CHECKS: &[&Check] = &[
    &truncated::CHECK,
    &editor_trace::CHECK,
    &structure_contradicts_metadata::CHECK,
    &join_mark::CHECK,
    &stream_changed::CHECK,
    &decode_errors::CHECK,
];

/// The check with this code.
pub fn by_code(code: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::StaticText;

    fn texts(check: &Check) -> Vec<StaticText> {
        let own = [check.title, check.pass, check.doc];
        let params = check.params.iter().map(|p| p.doc);
        own.into_iter().chain(params).collect()
    }

    #[test]
    fn codes_and_keys_are_slugs_and_stand_once() {
        let slug = |s: &str| {
            !s.is_empty()
                && s.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let mut codes = BTreeSet::new();
        for check in CHECKS {
            assert!(
                slug(check.code) && codes.insert(check.code),
                "{}",
                check.code
            );
            let mut keys = BTreeSet::new();
            for param in check.params {
                assert!(
                    slug(param.key) && keys.insert(param.key),
                    "{}: {}",
                    check.code,
                    param.key
                );
            }
        }
    }

    #[test]
    fn defaults_lie_in_range_and_name_their_source() {
        for (check, param) in CHECKS
            .iter()
            .flat_map(|c| c.params.iter().map(move |p| (c, p)))
        {
            let place = format!("{}: {}", check.code, param.key);
            assert!((param.min..=param.max).contains(&param.default), "{place}");
            assert!(
                !param.source.is_empty() && !param.unit.is_empty(),
                "{place}"
            );
        }
    }

    #[test]
    fn both_languages_are_complete_and_accuse_nobody() {
        for check in CHECKS {
            for text in texts(check) {
                assert!(!text.zh.is_empty() && !text.en.is_empty(), "{}", check.code);
                for word in ["伪造", "造假"] {
                    assert!(!text.zh.contains(word), "{}: {word}", check.code);
                }
                // A lost line continuation shows as a run of spaces.
                assert!(
                    !text.zh.contains("   ") && !text.en.contains("   "),
                    "{}",
                    check.code
                );
            }
            assert!(check.see_yourself.contains("{file}"), "{}", check.code);
        }
    }
}
