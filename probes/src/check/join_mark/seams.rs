//! Seams at which the pattern of a sample table breaks once.

use super::is_within;
use crate::check::moments::clock;
use crate::check::{Level, Seen, Strength};
use crate::measurements::{OddDuration, Span, Track};
use crate::text::Text;

/// Odd places in one track up to which they can be seams; a recorder under
/// load has many.
const PLACES_MAX: u64 = 3;
/// Samples from which a track shows that its durations are constant.
const SAMPLES_MIN: u64 = 60;
/// Two tracks break at one moment if they do so within this time: sound is
/// coded in blocks and starts apart from the pictures.
const TOGETHER_S: f64 = 0.5;

/// The seams of a file, but for those at the moments already `told`.
pub(super) fn in_tracks(tracks: &[&Track], told: &[f64]) -> Vec<Seen> {
    let is_new = |at_s: f64| told.iter().all(|t| (t - at_s).abs() > TOGETHER_S);
    let of = |medium: &str| -> Vec<(u32, OddDuration)> {
        let media = tracks.iter().filter(|t| t.medium == medium);
        media
            .flat_map(|t| breaks(t).map(|b| (t.index, b)))
            .collect()
    };
    let mut seen: Vec<Seen> = tracks
        .iter()
        .filter_map(|t| offset_change(t, &is_new))
        .collect();
    let told_so_far: Vec<f64> = seen
        .iter()
        .flat_map(|s| s.spans.iter().map(|p| p.start_s))
        .collect();
    let is_new =
        |at_s: f64| is_new(at_s) && told_so_far.iter().all(|t| (t - at_s).abs() > TOGETHER_S);
    let (pictures, sounds) = (of("video"), of("audio"));
    for &(track, sound) in sounds.iter().filter(|(_, b)| is_new(b.start_s)) {
        let beside = pictures
            .iter()
            .find(|(_, p)| (p.start_s - sound.start_s).abs() <= TOGETHER_S);
        match beside {
            Some((_, picture)) => seen.push(both_break(picture, &sound)),
            None if sound.shortest_ticks <= 1 => seen.push(sound_breaks(track, &sound)),
            None => {}
        }
    }
    seen
}

/// The odd places of a track that is constant but for a few.
fn breaks(track: &Track) -> impl Iterator<Item = OddDuration> {
    let table = track.sample_table.as_ref();
    let steady = table.filter(|t| t.odd_durations_count <= PLACES_MAX && t.samples >= SAMPLES_MIN);
    steady.into_iter().flat_map(|t| {
        t.odd_durations
            .iter()
            .filter(|b| is_within(t, b.start_s))
            .copied()
    })
}

fn at(at_s: f64) -> Span {
    Span {
        start_s: at_s,
        end_s: at_s,
    }
}

fn offset_change(track: &Track, is_new: &dyn Fn(f64) -> bool) -> Option<Seen> {
    let table = track.sample_table.as_ref()?;
    let moments = table.offset_changes_s.iter().copied();
    let moments: Vec<f64> = moments
        .filter(|&s| is_within(table, s) && is_new(s))
        .collect();
    let first = clock(*moments.first()?);
    let count = moments.len();
    let text = Text::new(
        format!(
            "第 {} 轨的合成时间偏移原为恒定,自 {first} 起改为另一恒定值(共 {count} 处),\
             与先后两段录像接在一起的写法一致。",
            track.index
        ),
        format!(
            "The composition offset of track {} is constant up to {first} and another constant from there on \
             ({count} such places), as where one recording was appended to another.",
            track.index
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

fn both_break(picture: &OddDuration, sound: &OddDuration) -> Seen {
    let moment = clock(sound.start_s);
    let text = Text::new(
        format!(
            "画面和声音的样本时长本来恒定,在 {moment} 附近同时出现异常(画面 {} 个样本,声音 {} 个样本),\
             与接缝处的写法一致;录制中途暂停再继续也会如此。",
            picture.samples, sound.samples
        ),
        format!(
            "Picture and sound have constant sample durations but for a break in both near {moment} ({} samples of \
             picture, {} of sound), as at a seam; a recording that was paused and resumed looks so too.",
            picture.samples, sound.samples
        ),
    );
    let is_squeezed = picture.shortest_ticks <= 1 || sound.shortest_ticks <= 1;
    let strength = if is_squeezed {
        Strength::Strong
    } else {
        Strength::Supporting
    };
    let seen = Seen {
        spans: vec![at(sound.start_s)],
        ..Seen::new(Level::Attention, strength, text)
    };
    seen.asking_alone()
}

fn sound_breaks(track: u32, sound: &OddDuration) -> Seen {
    let moment = clock(sound.start_s);
    let text = Text::new(
        format!(
            "第 {track} 轨(声音)的样本时长本来恒定,在 {moment} 出现不超过一个时钟单位的样本,\
             与接缝处的写法一致。"
        ),
        format!(
            "Track {track} (sound) has constant sample durations but for a sample of at most one tick at {moment}, \
             as at a seam."
        ),
    );
    let seen = Seen {
        spans: vec![at(sound.start_s)],
        ..Seen::new(Level::Attention, Strength::Supporting, text)
    };
    seen.asking_alone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::SampleTable;

    fn track(medium: &str, odd: &[(f64, u32)], offsets: &[f64]) -> Track {
        Track {
            medium: medium.to_owned(),
            sample_table: Some(SampleTable {
                samples: 500,
                duration_s: Some(20.0),
                odd_durations: odd
                    .iter()
                    .map(|&(start_s, shortest_ticks)| OddDuration {
                        start_s,
                        samples: 2,
                        duration_s: 0.03,
                        shortest_ticks,
                    })
                    .collect(),
                odd_durations_count: odd.len() as u64,
                offset_changes_s: offsets.to_vec(),
                ..SampleTable::default()
            }),
            ..Track::default()
        }
    }

    fn strengths(tracks: &[Track], told: &[f64]) -> Vec<Strength> {
        let tracks: Vec<&Track> = tracks.iter().collect();
        in_tracks(&tracks, told)
            .iter()
            .map(|s| s.strength)
            .collect()
    }

    #[test]
    fn both_tracks_broken_at_one_moment_are_a_seam() {
        let pair = |picture_s, sound_s, ticks| {
            [
                track("video", &[(picture_s, 40)], &[]),
                track("audio", &[(sound_s, ticks)], &[]),
            ]
        };
        assert_eq!(strengths(&pair(10.0, 10.4, 1), &[]), [Strength::Strong]);
        assert_eq!(
            strengths(&pair(10.0, 10.4, 900), &[]),
            [Strength::Supporting]
        );
        assert_eq!(strengths(&pair(10.0, 10.6, 900), &[]), []);
        assert_eq!(strengths(&pair(10.0, 10.6, 1), &[]), [Strength::Supporting]);
        assert_eq!(strengths(&pair(10.0, 10.4, 1), &[10.2]), [], "told already");
    }

    #[test]
    fn a_lost_picture_start_and_end_are_no_seams() {
        assert_eq!(strengths(&[track("video", &[(10.0, 1)], &[])], &[]), []);
        for s in [0.4, 19.6] {
            let pair = [
                track("video", &[(s, 1)], &[]),
                track("audio", &[(s, 1)], &[]),
            ];
            assert_eq!(strengths(&pair, &[]), []);
        }
    }

    #[test]
    fn a_recorder_under_load_has_no_seams() {
        let many: Vec<(f64, u32)> = (2..6).map(|s| (f64::from(s), 1)).collect();
        let pair = [track("video", &many, &[]), track("audio", &many, &[])];
        assert_eq!(strengths(&pair, &[]), []);
    }

    #[test]
    fn another_offset_from_some_moment_on_is_a_seam() {
        assert_eq!(
            strengths(&[track("video", &[], &[7.0])], &[]),
            [Strength::Strong]
        );
        // The same seam in the sound is told once.
        let pair = [
            track("video", &[], &[7.0]),
            track("audio", &[(7.2, 1)], &[]),
        ];
        assert_eq!(strengths(&pair, &[]), [Strength::Strong]);
    }
}
