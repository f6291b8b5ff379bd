//! What is done to a file as a whole: encoded anew, or its packets copied.

use super::{Bounds, How, Recipe, base, words};
use crate::accuracy::source::Source;
use crate::accuracy::truth::{Fault, Truth};

/// Pictures that never arrive, in seconds: long enough to be seen.
const DROPPED_S: f64 = 0.7;
/// They start so many pictures after a key, so that others miss them.
const DROPPED_AFTER_KEY: u64 = 2;

fn whole(name: &str, ending: &'static str, fault: Fault, how: How) -> Recipe {
    Recipe {
        name: name.to_owned(),
        ending,
        truth: vec![Truth::whole(fault)],
        pictures: false,
        differ_levels: None,
        how,
    }
}

/// The whole clip decoded and encoded anew.
pub fn encoded(source: &Source, bounds: Bounds) -> Vec<Recipe> {
    let (length_s, base) = base(source, bounds);
    let codecs = [
        ("x264_crf18", "mp4", "-c:v libx264 -preset veryfast -crf 18"),
        ("x264_crf28", "mp4", "-c:v libx264 -preset veryfast -crf 28"),
        (
            "x265_crf24",
            "mp4",
            "-c:v libx265 -preset ultrafast -crf 24 -x265-params log-level=none",
        ),
        (
            "x265_crf32",
            "mp4",
            "-c:v libx265 -preset ultrafast -crf 32 -x265-params log-level=none",
        ),
        ("mpeg4_q3", "mp4", "-c:v mpeg4 -q:v 3"),
        ("mpeg4_q8", "avi", "-c:v mpeg4 -q:v 8"),
        ("mjpeg_q4", "avi", "-c:v mjpeg -q:v 4"),
        ("mjpeg_q10", "mov", "-c:v mjpeg -q:v 10"),
        (
            "vp9_crf34",
            "webm",
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 34 -b:v 0",
        ),
    ];
    let mut recipes: Vec<Recipe> = codecs
        .into_iter()
        .map(|(name, ending, codec)| {
            let format = if name.starts_with("mjpeg") {
                "yuvj420p"
            } else {
                "yuv420p"
            };
            let after = words("-an -vf")
                .into_iter()
                .chain([base.clone()])
                .chain(words("-pix_fmt"))
                .chain(words(format))
                .chain(words(codec))
                .collect();
            whole(
                &format!("reencode_{name}"),
                ending,
                Fault::Reencoded,
                How::after(after),
            )
        })
        .collect();
    // As one who wants the file to pass for the camera's own: size, sound and
    // every note of it are kept.
    if matches!(source.ending().to_lowercase().as_str(), "mp4" | "mov") {
        let after = format!(
            "-t {length_s:.3} -map 0:v:0 -map 0:a? -map_metadata 0 \
             -movflags use_metadata_tags -c:a aac -c:v libx264 -preset veryfast -crf 20 \
             -pix_fmt yuv420p"
        );
        recipes.push(whole(
            "reencode_metadata_kept",
            "",
            Fault::Reencoded,
            How::after(words(&after)),
        ));
    }
    recipes
}

/// Packets copied, not one decoded.
pub fn copied(source: &Source) -> Vec<Recipe> {
    let end_s = source.duration_s;
    let start = words(&format!("-ss {:.3}", end_s * 0.3));
    let copy = || words("-map 0:v:0 -map 0:a? -c copy");
    let mut recipes = vec![
        whole(
            "trim_start_input_seek",
            "",
            Fault::Trimmed,
            How::Once {
                before: start.clone(),
                after: copy(),
            },
        ),
        whole(
            "trim_start_output_seek",
            "",
            Fault::Trimmed,
            How::after(start.into_iter().chain(copy()).collect()),
        ),
        whole(
            "trim_end",
            "",
            Fault::Trimmed,
            How::after(
                words(&format!("-t {:.3}", end_s * 0.6))
                    .into_iter()
                    .chain(copy())
                    .collect(),
            ),
        ),
    ];
    for ending in ["mp4", "mov", "mkv", "ts"] {
        if carries(ending, &source.codec) {
            recipes.push(whole(
                &format!("remux_{ending}"),
                ending,
                Fault::Remuxed,
                How::after(copy()),
            ));
        }
    }
    recipes.extend(dropped(source));
    recipes.extend(parts(source));
    recipes.push(whole("end_missing", "", Fault::Truncated, How::Bytes(0.6)));
    recipes
}

/// True if a player can be expected to know the codec in this container.
fn carries(ending: &str, codec: &str) -> bool {
    match ending {
        "ts" => matches!(codec, "h264" | "hevc" | "mpeg4" | "mpeg2video"),
        "mp4" => matches!(codec, "h264" | "hevc" | "mpeg4" | "mjpeg" | "vp9"),
        "mov" => matches!(codec, "h264" | "hevc" | "mpeg4" | "mjpeg" | "h263"),
        _ => true,
    }
}

/// A run of packets that never arrived, the others as they were.
fn dropped(source: &Source) -> Option<Recipe> {
    let middle_s = source.duration_s / 2.0;
    let key = source.keys.iter().rfind(|key| key.at_s <= middle_s)?;
    let from = key.packet + DROPPED_AFTER_KEY;
    let count = (DROPPED_S * source.rate_fps).ceil();
    let from_s = key.at_s + DROPPED_AFTER_KEY as f64 / source.rate_fps;
    let after = format!(
        "-map 0:v:0 -map 0:a? -c copy -bsf:v noise=drop=between(n\\,{from}\\,{})",
        from + count as u64 - 1
    );
    Some(Recipe {
        truth: vec![Truth::at(
            Fault::Dropped,
            from_s,
            from_s + count / source.rate_fps,
        )],
        ..whole(
            "packets_dropped",
            "",
            Fault::Dropped,
            How::after(words(&after)),
        )
    })
}

/// Pieces put together again.
fn parts(source: &Source) -> Vec<Recipe> {
    let end_s = source.duration_s;
    let of = |name: &str, parts: Vec<(f64, f64)>, as_streams: bool, fault: Fault| {
        whole(name, "", fault, How::Parts { parts, as_streams })
    };
    let twice = vec![(0.0, end_s), (0.0, end_s)];
    let mut recipes = vec![of("join_by_list", twice.clone(), false, Fault::Joined)];
    if carries("ts", &source.codec) {
        recipes.push(of("join_as_streams", twice, true, Fault::Joined));
    }
    // One whole group goes, neither the first nor the last.
    if let [_, .., from, to] = &source.keys[..] {
        let name = if source.has_sound {
            "groups_deleted_with_sound"
        } else {
            "groups_deleted_without_sound"
        };
        let kept = vec![(0.0, from.at_s), (to.at_s, end_s)];
        recipes.push(of(name, kept, false, Fault::GroupsDeleted));
        if source.has_sound {
            recipes.push(silent_deletion(from.at_s, to.at_s));
        }
    }
    recipes
}

/// A group of a recording without its sound: dropped by the time of its
/// packets, and what follows moved up.
fn silent_deletion(from_s: f64, to_s: f64) -> Recipe {
    let length = to_s - from_s;
    let inside = format!("gte(pts*tb\\,{from_s:.4})*lt(pts*tb\\,{to_s:.4})");
    let moved =
        |stamp: &str| format!("if(gte({stamp}*TB\\,{to_s:.4})\\,{stamp}-{length:.6}/TB\\,{stamp})");
    whole(
        "groups_deleted_without_sound",
        "",
        Fault::GroupsDeleted,
        How::after(vec![
            "-an".to_owned(),
            "-c".to_owned(),
            "copy".to_owned(),
            "-bsf:v".to_owned(),
            format!(
                "noise=drop={inside},setts=pts={}:dts={}",
                moved("PTS"),
                moved("DTS")
            ),
        ]),
    )
}
