//! Real recordings by recipe, made with the `ffmpeg` program, through the
//! whole pass.

// The helpers of a test may fail it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::probe::{Probed, Wants, probe};
use unbroken_probes::time_series::TimeSeries;

struct Studio {
    folder: tempfile::TempDir,
}

impl Studio {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `ffmpeg` with these words; the last is the file to make.
    fn make(&self, words: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        let done = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
            .args(words.split_whitespace())
            .arg(&path)
            .current_dir(self.folder.path())
            .output()
            .expect("these tests need the ffmpeg program");
        assert!(
            done.status.success(),
            "{words}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        path
    }
}

fn look(path: &Path) -> Probed {
    probe(
        &mut File::open(path).unwrap(),
        &Wants {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            still_long_side_px: 160,
            stills_count: 5,
            depth: unbroken_probes::probe::Depth::Full,
        },
    )
}

fn measure(path: &Path) -> Measurements {
    look(path).measurements
}

const MOVING: &str = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=6";
const TONE: &str = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=6";

#[test]
fn a_clean_clip_measures_clean_in_every_wrapping() {
    let studio = Studio::new();
    for (name, codecs) in [
        ("clean.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        ("clean.mov", "-c:v libx264 -pix_fmt yuv420p -c:a pcm_s16le"),
        ("clean.mkv", "-c:v libx264 -pix_fmt yuv420p -c:a libopus"),
        ("clean.ts", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        (
            "clean.avi",
            "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le",
        ),
        ("clean.flv", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
        ("clean.wmv", "-c:v wmv2 -q:v 3 -c:a wmav2"),
        ("old.asf", "-c:v wmv1 -q:v 3 -c:a wmav1"),
    ] {
        let path = studio.make(&format!("{MOVING} {TONE} {codecs}"), name);
        let Probed {
            measurements: m,
            stills,
            series,
        } = look(&path);
        assert_eq!(m.kind, Kind::Video, "{name}");
        let series = TimeSeries::read(&series).unwrap();
        for clock in ["picture", "packet"] {
            let rows = series.clock(clock).unwrap().at_steps.len();
            assert_eq!(rows, 150, "{name} {clock}");
        }
        let levels = series.clock("sound").unwrap().column("level").unwrap();
        assert!(
            levels
                .values()
                .flatten()
                .any(|level| (level + 21.0).abs() < 1.0),
            "{name}"
        );
        let video = m.video.as_ref().unwrap();
        let audio = m.audio.as_ref().unwrap();
        assert_eq!(video.pictures, 150, "{name}");
        assert!(
            (video.duration_s - 6.0).abs() < 0.05,
            "{name} {}",
            video.duration_s
        );
        assert!(
            video.frozen.is_empty() && video.dark_spans.is_empty(),
            "{name}"
        );
        assert!(
            (audio.duration_s - 6.0).abs() < 0.1,
            "{name} {}",
            audio.duration_s
        );
        assert!(
            audio.zero_s < 0.1 && audio.silent_s == 0.0,
            "{name} {audio:?}"
        );
        assert!(
            (audio.level_dbfs.unwrap() + 21.0).abs() < 1.0,
            "{name} {:?}",
            audio.level_dbfs
        );
        assert_eq!(
            (m.decoding.errors, m.decoding.reached_end),
            (0, true),
            "{name}"
        );
        let timing = m.timing.iter().find(|t| t.medium == "video").unwrap();
        assert_eq!(timing.packets, 150, "{name}");
        assert_eq!(
            (timing.irregular_steps, timing.missing_pictures),
            (0, 0),
            "{name}"
        );
        assert!(
            (timing.step_median_s.unwrap() - 0.04).abs() < 0.002,
            "{name}"
        );
        assert!(
            timing.backwards_s.is_empty() && timing.squeezes.is_empty(),
            "{name}"
        );
        assert!(timing.changes.is_empty(), "{name} {:?}", timing.changes);
        assert_eq!(stills.len(), 5, "{name}");
        for still in &stills {
            assert_eq!(image::load_from_memory(&still.jpeg).unwrap().width(), 160);
        }
    }
}

#[test]
fn a_frozen_a_black_and_a_silent_stretch_are_where_they_were_put() {
    let studio = Studio::new();
    let path = studio.make(
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=9 \
         -f lavfi -i sine=frequency=440:sample_rate=48000:duration=9 \
         -filter_complex [0:v]split[a][b];[b]trim=start_frame=50:end_frame=51,loop=49:1,\
setpts=N/25/TB+2/TB[f];[a][f]overlay=enable='between(t,2,3.97)':eof_action=pass,\
drawbox=enable='between(t,6,7.97)':color=black:t=fill[v] -map [v] -map 1:a \
         -af volume=enable='between(t,3,5)':volume=0 -c:v libx264 -pix_fmt yuv420p -c:a pcm_s16le",
        "spans.mkv",
    );
    let m = measure(&path);
    let video = m.video.unwrap();
    let frozen: Vec<_> = video
        .frozen
        .iter()
        .filter(|f| f.span.start_s < 5.0)
        .collect();
    assert_eq!(frozen.len(), 1, "{:?}", video.frozen);
    assert!(
        (frozen[0].span.start_s - 2.0).abs() < 0.1,
        "{:?}",
        frozen[0]
    );
    assert!((frozen[0].span.end_s - 4.0).abs() < 0.15, "{:?}", frozen[0]);
    assert!(frozen[0].difference_mean < 0.02, "{:?}", frozen[0]);
    assert!(frozen[0].exit_difference.unwrap() > 1.0);
    assert_eq!(video.dark_spans.len(), 1);
    assert!(
        (video.dark_spans[0].start_s - 6.0).abs() < 0.1,
        "{:?}",
        video.dark_spans
    );
    assert!(
        (video.dark_spans[0].end_s - 8.0).abs() < 0.1,
        "{:?}",
        video.dark_spans
    );
    let audio = m.audio.unwrap();
    assert_eq!(audio.zero_spans.len(), 1, "{:?}", audio.zero_spans);
    assert!(
        (audio.zero_spans[0].start_s - 3.0).abs() < 0.05,
        "{:?}",
        audio.zero_spans
    );
    assert!((audio.zero_s - 2.0).abs() < 0.05);
}

#[test]
fn a_hole_in_time_is_found_in_picture_and_sound() {
    let studio = Studio::new();
    let path = studio.make(
        &format!(
            "{MOVING} {TONE} -vf select='lt(t,2)+gte(t,4)' -af aselect='lt(t,2)+gte(t,4)' \
             -fps_mode passthrough -c:v libx264 -pix_fmt yuv420p -c:a pcm_s16le"
        ),
        "hole.mkv",
    );
    let m = measure(&path);
    let video = m.timing.iter().find(|t| t.medium == "video").unwrap();
    let hole = video
        .steps
        .iter()
        .find(|s| s.step_s > 1.0)
        .expect("the hole");
    assert!(
        (hole.at_s - 1.96).abs() < 0.05 && (hole.step_s - 2.04).abs() < 0.05,
        "{hole:?}"
    );
    let audio = m.timing.iter().find(|t| t.medium == "audio").unwrap();
    assert!(
        audio.holes.iter().any(|h| (h.length_s - 2.0).abs() < 0.1),
        "{:?}",
        audio.holes
    );
}

#[test]
fn a_cut_off_file_says_that_its_end_was_not_reached() {
    let studio = Studio::new();
    let whole = studio.make(
        &format!("{MOVING} {TONE} -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart"),
        "whole.mp4",
    );
    let bytes = fs::read(&whole).unwrap();
    let cut = studio.path("cut.mp4");
    fs::write(&cut, &bytes[..bytes.len() * 6 / 10]).unwrap();
    let m = measure(&cut);
    assert_eq!(m.kind, Kind::Video);
    assert!(!m.decoding.reached_end);
    assert!(m.video.unwrap().pictures < 120);

    let no_index = studio.make(
        &format!("{MOVING} -c:v libx264 -pix_fmt yuv420p"),
        "index-last.mp4",
    );
    let bytes = fs::read(&no_index).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let m = measure(&cut);
    assert_eq!(m.kind, Kind::Unreadable);
    assert!(
        m.not_run.iter().any(|n| n.instrument == "decoding"),
        "{:?}",
        m.not_run
    );
}

#[test]
fn damage_in_the_middle_is_told_to_the_next_key_picture() {
    let studio = Studio::new();
    let whole = studio.make(
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=8 -c:v libx264 -pix_fmt yuv420p -g 25 \
         -sc_threshold 0",
        "damaged.ts",
    );
    let mut bytes = fs::read(&whole).unwrap();
    let middle = bytes.len() / 2 / 188 * 188;
    for packet in 0..6 {
        let start = middle + packet * 188;
        bytes[start + 20..start + 180].fill(0x55);
    }
    fs::write(&whole, &bytes).unwrap();
    let m = measure(&whole);
    assert!(m.decoding.errors > 0, "{:?}", m.decoding);
    let span = m.decoding.error_spans.first().unwrap();
    assert!(
        span.start_s > 2.0 && span.end_s < 7.0,
        "{:?}",
        m.decoding.error_spans
    );
    assert!(!m.decoding.messages.is_empty());
}

#[test]
fn a_playlist_that_calls_itself_a_video_opens_nothing() {
    let studio = Studio::new();
    let secret = studio.make(
        &format!("{MOVING} -c:v libx264 -pix_fmt yuv420p"),
        "secret.mp4",
    );
    let secret = secret.to_string_lossy().into_owned();
    for (name, text) in [
        (
            "concat.mp4",
            format!("ffconcat version 1.0\nfile '{secret}'\n"),
        ),
        (
            "hls.mp4",
            format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{secret}\n#EXT-X-ENDLIST\n"),
        ),
        ("words.mov", "not a video at all\n".repeat(200)),
    ] {
        let path = studio.path(name);
        fs::write(&path, text).unwrap();
        let Probed {
            measurements: m,
            stills,
            series,
        } = look(&path);
        assert!(series.is_empty(), "{name}");
        assert_eq!(m.kind, Kind::Unreadable, "{name}");
        assert!(
            m.video.is_none() && m.tracks.is_empty() && stills.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn ten_bits_are_read_as_eight() {
    let studio = Studio::new();
    let path = studio.make(
        "-f lavfi -i color=c=0x808080:size=320x240:rate=25:duration=2 -c:v libx265 -pix_fmt yuv420p10le \
         -x265-params log-level=error",
        "ten.mp4",
    );
    let m = measure(&path);
    let video = m.video.unwrap();
    assert_eq!(video.pictures, 50);
    let mean = video.luma_mean.values[0].unwrap();
    assert!((f64::from(mean) - 126.0).abs() < 2.0, "{mean}");
}

#[test]
fn sound_alone_is_a_sound_recording() {
    let studio = Studio::new();
    for (name, codec) in [
        ("a.wav", "pcm_s16le"),
        ("a.m4a", "aac"),
        ("a.mp3", "libmp3lame"),
    ] {
        let m = measure(&studio.make(&format!("{TONE} -c:a {codec}"), name));
        assert_eq!(m.kind, Kind::Audio, "{name}");
        assert!(m.video.is_none(), "{name}");
        assert!((m.audio.unwrap().duration_s - 6.0).abs() < 0.1, "{name}");
    }
}

#[test]
fn a_picture_size_that_changes_on_the_way_is_told() {
    let studio = Studio::new();
    let first = studio.make(
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v libx264 -pix_fmt yuv420p",
        "first.ts",
    );
    let second = studio.make(
        "-f lavfi -i testsrc2=size=640x480:rate=25:duration=2 -c:v libx264 -pix_fmt yuv420p \
         -output_ts_offset 2",
        "second.ts",
    );
    let mut bytes = fs::read(first).unwrap();
    bytes.extend(fs::read(second).unwrap());
    let joined = studio.path("joined.ts");
    fs::write(&joined, bytes).unwrap();
    let m = measure(&joined);
    assert_eq!(m.video.unwrap().sizes.len(), 2);
    let video = m.timing.iter().find(|t| t.medium == "video").unwrap();
    assert!(
        video.changes.iter().any(|c| c.what == "picture_size"),
        "{:?}",
        video.changes
    );
}

#[test]
fn every_start_of_a_file_is_survived() {
    let studio = Studio::new();
    for (name, codecs) in [
        (
            "a.mp4",
            "-c:v libx264 -pix_fmt yuv420p -movflags +faststart",
        ),
        ("a.mkv", "-c:v mpeg4"),
        ("a.avi", "-c:v mjpeg -pix_fmt yuvj420p"),
        ("a.ts", "-c:v mpeg2video"),
    ] {
        let whole = studio.make(
            &format!("-f lavfi -i testsrc2=size=64x64:rate=25:duration=1 {codecs}"),
            name,
        );
        let bytes = fs::read(&whole).unwrap();
        let cut = studio.path(&format!("cut-{name}"));
        for part in 0..40 {
            fs::write(&cut, &bytes[..bytes.len() * part / 40]).unwrap();
            let m = measure(&cut);
            assert!(
                matches!(m.kind, Kind::Video | Kind::Unreadable),
                "{name} {part} {:?}",
                m.kind
            );
        }
    }
}

#[test]
fn the_pictures_on_either_side_of_a_cut_are_kept() {
    let studio = Studio::new();
    let path = studio.make(
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=3 \
         -f lavfi -i mandelbrot=size=320x240:rate=25 -t 6 \
         -filter_complex [0][1]concat=n=2:v=1:a=0,format=yuv420p -c:v libx264 -crf 20",
        "cut.mp4",
    );
    let pairs: Vec<(String, u64)> = look(&path)
        .stills
        .into_iter()
        .filter(|still| still.label != "frame")
        .map(|still| (still.label, still.at_ms))
        .collect();
    let before = pairs.iter().position(|p| *p == ("before".to_owned(), 2960));
    let before = before.unwrap_or_else(|| panic!("{pairs:?}"));
    assert_eq!(pairs[before + 1], ("after".to_owned(), 3000));
    // Of five stills at most three pairs.
    assert!(pairs.len() <= 6, "{pairs:?}");
}

/// One second of pictures as an AVCHD camera writes them: H.264 with the
/// camera's clock (MDPM) beside the key picture.
fn camera_second(studio: &Studio, number: u8, minute: char) -> String {
    let name = format!("{number}.ts");
    // Packed decimal: 2026-04-12 09:minute:1n, eight hours east of UTC. No byte is
    // zero, so that the words can be handed over.
    let second = char::from(0x11 + number);
    let note = format!("MDPM\u{2}\u{18}\u{10}\u{20}\u{26}\u{4}\u{19}\u{12}\u{9}{minute}{second}");
    let filter = format!("h264_metadata=sei_user_data=17ee8c60f84d11d98cd60800200c9a66+{note}");
    let source = "testsrc2=size=320x240:rate=25:duration=1";
    let start = number.to_string();
    let done = Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            source,
        ])
        .args([
            "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "25",
        ])
        .args(["-bsf:v", &filter, "-output_ts_offset", &start, &name])
        .current_dir(studio.folder.path())
        .status()
        .unwrap();
    assert!(done.success());
    name
}

#[test]
fn a_stretch_that_is_missing_shows_in_the_cameras_own_clock() {
    let studio = Studio::new();
    let joined = |minutes: [char; 8], name: &str| {
        let parts: Vec<String> = (0..8)
            .zip(minutes)
            .map(|(n, minute)| camera_second(&studio, n, minute))
            .collect();
        let words = format!("-i concat:{} -c copy", parts.join("|"));
        measure(&studio.make(&words, name))
    };
    // A minute is missing after four seconds.
    let cut = joined(
        [
            '\u{10}', '\u{10}', '\u{10}', '\u{10}', '\u{11}', '\u{11}', '\u{11}', '\u{11}',
        ],
        "cut.mp4",
    );
    let clock = &cut.clocks[0];
    assert_eq!(
        (clock.field.as_str(), clock.readings),
        ("mdpm", 8),
        "{clock:?}"
    );
    assert_eq!(clock.jumps.len(), 1, "{clock:?}");
    let jump = clock.jumps[0];
    assert!(
        (jump.length_s - 60.0).abs() <= jump.uncertainty_s + 0.1,
        "{jump:?}"
    );
    assert!(
        (jump.after_s - 3.0).abs() < 0.1 && (jump.at_s - 4.0).abs() < 0.1,
        "{jump:?}"
    );
    let start = cut.times.iter().find(|t| t.field == "mdpm").unwrap();
    assert!(
        start.written.starts_with("2026:04:12 09:10:11+08:00"),
        "{start:?}"
    );

    let whole = joined(['\u{10}'; 8], "whole.ts");
    assert_eq!(whole.clocks[0].readings, 8);
    assert_eq!(whole.clocks[0].jumps_count, 0, "{:?}", whole.clocks);
}

#[test]
fn a_timecode_track_is_read() {
    let studio = Studio::new();
    let path = studio.make(
        &format!("{MOVING} -c:v libx264 -pix_fmt yuv420p -timecode 10:20:30:05"),
        "code.mov",
    );
    let m = measure(&path);
    let clock = m.clocks.iter().find(|c| c.field == "tmcd").unwrap();
    assert_eq!(clock.first.as_ref().unwrap().written, "10:20:30:05");
    assert_eq!((clock.readings, clock.jumps_count), (1, 0));
}

#[test]
fn the_index_of_a_clean_avi_names_every_chunk() {
    let studio = Studio::new();
    let path = studio.make(
        &format!("{MOVING} {TONE} -c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le"),
        "clean.avi",
    );
    let index = measure(&path).container.unwrap().index.unwrap();
    assert!(index.chunks > 150, "{index:?}");
    assert_eq!(index.entries, index.chunks);
    assert_eq!((index.unindexed_chunks, index.dangling_entries), (0, 0));
    // One entry less, as if a picture were not to be shown.
    let mut bytes = fs::read(&path).unwrap();
    let idx1 = bytes.windows(4).rposition(|w| w == b"idx1").unwrap();
    let third = idx1 + 8 + 2 * 16;
    bytes[third..third + 4].copy_from_slice(b"JUNK");
    let hidden = studio.path("hidden.avi");
    fs::write(&hidden, &bytes).unwrap();
    let index = measure(&hidden).container.unwrap().index.unwrap();
    assert_eq!((index.unindexed_chunks, index.unindexed_before_end), (1, 1));
}
